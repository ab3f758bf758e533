# SPDX-License-Identifier: LGPL-2.1-or-later
"""A daemon that only asks: it owns org.meishi.Agent1 on the session bus, takes a prompter's
registration, and keeps its answers.  For questions that the real one asks only in rare worlds."""

import itertools
import time

from gi.repository import Gio, GLib

from .dbus import AGENTS, NAME, PROMPTER, ROOT
from .process import wait_until

_XML = f"""
<node>
  <interface name="{AGENTS}">
    <method name="Register"><arg type="o" direction="in"/><arg type="a{{sv}}" direction="in"/></method>
    <method name="Unregister"/>
    <method name="Respond">
      <arg type="s" direction="in"/><arg type="u" direction="in"/>
      <arg type="a{{sv}}" direction="in"/>
    </method>
    <method name="Extend"><arg type="s" direction="in"/></method>
  </interface>
</node>
"""
_cookies = itertools.count(1)


class AskingDaemon:
    """`answers`: what came to Respond, as (cookie, result, answer); `extended`: the cookies that
    came to Extend."""

    def __init__(self, door):
        self.door = door
        self.prompter = None
        self.answers = []
        self.extended = []
        interface = Gio.DBusNodeInfo.new_for_xml(_XML).interfaces[0]
        door.connection.register_object(ROOT, interface, self._on_call, None, None)
        flags = GLib.Variant("(su)", (NAME, 4))
        door.connection.call_sync(
            "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
            flags, None, Gio.DBusCallFlags.NONE, -1, None,
        )  # fmt: skip

    def ask(self, kind, question):
        """Asks; `question`: the text form of a{sv}.  Returns the cookie."""
        cookie = f"cookie{next(_cookies)}"
        wait_until(self._settled(lambda: self.prompter), "a prompter")
        facts = GLib.Variant.parse(GLib.VariantType("a{sv}"), question, None, None)
        self._call("Begin", GLib.Variant.new_tuple(
            GLib.Variant("s", cookie), GLib.Variant("s", kind), facts))  # fmt: skip
        return cookie

    def cancel(self, cookie, reason="withdrawn"):
        self._call("Cancel", GLib.Variant("(ss)", (cookie, reason)))

    def update(self, cookie, changes):
        """`changes`: the text form of a{sv}."""
        facts = GLib.Variant.parse(GLib.VariantType("a{sv}"), changes, None, None)
        self._call("Update", GLib.Variant.new_tuple(GLib.Variant("s", cookie), facts))

    def extension(self, n=1):
        """The cookie of the `n`th Extend."""
        wait_until(self._settled(lambda: len(self.extended) >= n), f"extension {n}")
        return self.extended[n - 1]

    def answer(self, n=1):
        """The `n`th answer: cookie, result, and what was said."""
        wait_until(self._settled(lambda: len(self.answers) >= n), f"answer {n}")
        return self.answers[n - 1]

    def assert_silent(self):
        """Nothing was said, and nothing is about to be."""
        time.sleep(0.3)
        self._settled(lambda: True)()
        assert self.answers == []

    def _call(self, method, parameters):
        name, path = self.prompter
        self.door.connection.call_sync(
            name, path, PROMPTER, method, parameters, None, Gio.DBusCallFlags.NONE, 10000, None
        )

    @staticmethod
    def _settled(condition):
        def check():
            while GLib.MainContext.default().iteration(False):
                pass
            return condition()

        return check

    def _on_call(self, _connection, sender, _path, _interface, method, parameters, invocation):
        if method == "Register":
            self.prompter = (sender, parameters.unpack()[0])
        elif method == "Respond":
            self.answers.append(parameters.unpack())
        elif method == "Extend":
            self.extended.append(parameters.unpack()[0])
        invocation.return_value(None)
