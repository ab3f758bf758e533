# SPDX-License-Identifier: LGPL-2.1-or-later
"""A notification server (org.freedesktop.Notifications) of our own, which shows nothing and tells
the test what it was to show.

Started with the file's name as a program it is one that the bus can start: it writes a line of JSON
for each notification to the file given.
"""

import itertools
import json
import sys
from collections import namedtuple

from gi.repository import Gio, GLib

from .process import wait_until

NAME = "org.freedesktop.Notifications"
PATH = "/org/freedesktop/Notifications"
_XML = f"""
<node>
  <interface name="{NAME}">
    <method name="GetCapabilities"><arg type="as" direction="out"/></method>
    <method name="Notify">
      <arg type="s" direction="in"/><arg type="u" direction="in"/><arg type="s" direction="in"/>
      <arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="as" direction="in"/>
      <arg type="a{{sv}}" direction="in"/><arg type="i" direction="in"/>
      <arg type="u" direction="out"/>
    </method>
    <method name="CloseNotification"><arg type="u" direction="in"/></method>
    <signal name="ActionInvoked"><arg type="u"/><arg type="s"/></signal>
    <signal name="NotificationClosed"><arg type="u"/><arg type="u"/></signal>
  </interface>
</node>
"""
ALL = ("body", "actions", "persistence")

Shown = namedtuple("Shown", "id app replaces icon summary body buttons hints")


def plain(text):
    """Without the marks that keep directions apart."""
    return text.replace("\u2068", "").replace("\u2069", "")


class NotificationServer:
    """`shown`: what came, each a Shown; `closed`: the numbers that were to be closed.  `silent`:
    methods that get no answer."""

    def __init__(self, address, capabilities=ALL, silent=()):
        self.capabilities, self.silent = capabilities, silent
        self.shown, self.closed, self.asked, self._held = [], [], 0, []
        self._numbers = itertools.count(1)
        flags = Gio.DBusConnectionFlags
        self.connection = Gio.DBusConnection.new_for_address_sync(
            address, flags.AUTHENTICATION_CLIENT | flags.MESSAGE_BUS_CONNECTION, None, None
        )
        self.connection.set_exit_on_close(False)
        interface = Gio.DBusNodeInfo.new_for_xml(_XML).interfaces[0]
        self.connection.register_object(PATH, interface, self._on_call, None, None)
        self.connection.call_sync(
            "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
            GLib.Variant("(su)", (NAME, 4)), None, Gio.DBusCallFlags.NONE, -1, None,
        )  # fmt: skip

    def notification(self, n=1):
        """The `n`th one, once it has come."""
        self._wait(lambda: len(self.shown) >= n, f"notification {n}")
        return self.shown[n - 1]

    def closing(self, n=1):
        """The number that was closed as the `n`th."""
        self._wait(lambda: len(self.closed) >= n, f"closing {n}")
        return self.closed[n - 1]

    def wait_asked(self, n=1):
        self._wait(lambda: self.asked >= n, "GetCapabilities")

    def press(self, number, button):
        self._emit("ActionInvoked", GLib.Variant("(us)", (number, button)))

    def dismiss(self, number, reason=2):
        self._emit("NotificationClosed", GLib.Variant("(uu)", (number, reason)))

    def emit(self, signal, parameters):
        self._emit(signal, parameters)

    def stop(self):
        if not self.connection.is_closed():
            self.connection.close_sync(None)

    def _emit(self, signal, parameters):
        self.connection.emit_signal(None, PATH, NAME, signal, parameters)
        self.connection.flush_sync(None)

    @staticmethod
    def _wait(condition, what):
        def settled():
            while GLib.MainContext.default().iteration(False):
                pass
            return condition()

        wait_until(settled, what)

    def _on_call(self, _connection, _sender, _path, _interface, method, parameters, invocation):
        answer = getattr(self, f"_{method}")(*parameters.unpack())
        if method in self.silent:
            self._held.append(invocation)
        else:
            invocation.return_value(answer)

    # By the names of the interface, pylint: disable=invalid-name

    def _GetCapabilities(self):
        self.asked += 1
        return GLib.Variant("(as)", (self.capabilities,))

    def _Notify(self, app, replaces, icon, summary, body, buttons, hints, _timeout):
        number = replaces or next(self._numbers)
        pairs = dict(zip(buttons[::2], buttons[1::2]))
        self.shown.append(Shown(number, app, replaces, icon, summary, body, pairs, hints))
        return GLib.Variant("(u)", (number,))

    def _CloseNotification(self, number):
        self.closed.append(number)


def serve(address, path):
    server = NotificationServer(address)
    told = 0
    while not server.connection.is_closed():
        GLib.MainContext.default().iteration(True)
        for one in server.shown[told:]:
            with open(path, "a", encoding="utf-8") as out:
                out.write(json.dumps({"summary": one.summary, "body": one.body}) + "\n")
            told += 1


if __name__ == "__main__":
    serve(*sys.argv[1:])
