# SPDX-License-Identifier: LGPL-2.1-or-later
"""A daemon that only asks: it owns org.meishi.Agent1 on the session bus, takes a prompter's
registration, and keeps its answers.  For questions that the real one asks only in rare worlds."""

import itertools
import os
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
    came to Extend; `secrets`: what was given beside the answers, as text."""

    def __init__(self, door):
        self.door = door
        self.prompter = None
        self.answers = []
        self.extended = []
        self.secrets = []
        self.parted = []
        interface = Gio.DBusNodeInfo.new_for_xml(_XML).interfaces[0]
        door.connection.register_object(ROOT, interface, self._on_call, None, None)
        door.connection.signal_subscribe(
            "org.freedesktop.DBus", "org.freedesktop.DBus", "NameOwnerChanged", None,
            "org.meishi.Prompter", Gio.DBusSignalFlags.NONE, self._on_owner,
        )  # fmt: skip
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

    def wait_parted(self):
        """How a prompter has left: "released" (its name), "unregistered", in this order or not."""
        wait_until(self._settled(lambda: len(self.parted) >= 2), "the prompter has left")
        return self.parted

    def answer(self, n=1):
        """The `n`th answer: cookie, result, and what was said."""
        wait_until(self._settled(lambda: len(self.answers) >= n), f"answer {n}")
        return self.answers[n - 1]

    def so_far(self):
        """The answers that have come."""
        self._settled(lambda: True)()
        return self.answers

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

    def _on_owner(self, _connection, _sender, _path, _interface, _signal, parameters):
        if not parameters.unpack()[2]:
            self.parted.append("released")

    def _on_call(self, _connection, sender, _path, _interface, method, parameters, invocation):
        if method == "Register":
            self.prompter = (sender, parameters.unpack()[0])
        elif method == "Respond":
            self.answers.append(parameters.unpack())
            fds = invocation.get_message().get_unix_fd_list()
            self.secrets += [read_whole(fds.get(i)) for i in range(fds.get_length() if fds else 0)]
        elif method == "Unregister":
            self.parted.append("unregistered")
        elif method == "Extend":
            self.extended.append(parameters.unpack()[0])
        invocation.return_value(None)


def read_whole(fd):
    with os.fdopen(fd, "rb") as secret:
        return os.pread(secret.fileno(), 1 << 20, 0).decode()
