# SPDX-License-Identifier: LGPL-2.1-or-later
"""A daemon that only asks, on a person's private socket: for questions to a terminal that the real
one asks only in rare worlds, and for ends that it would not come to."""

import contextlib
import itertools
import os
import time

from gi.repository import Gio, GLib

from .dbus import AGENTS, MANAGER, PROMPTER, ROOT, VAULT
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
  <interface name="{MANAGER}"/>
  <interface name="{VAULT}"/>
</node>
"""
_cookies = itertools.count(1)
ANSWERED, NOT_NOW = 0, 1


class ScriptedDaemon:
    """`answers`: what came to Respond, as (cookie, result, answer), a secret in the place of its
    descriptor; `extended`: cookies; `registered`: options, one for each time."""

    def __init__(self, person):
        directory = person.runtime / "meishi"
        directory.mkdir(mode=0o700, exist_ok=True)
        os.chown(directory, person.uid, person.gid)
        self.answers, self.extended, self.registered = [], [], []
        self.connection = self.path = None
        with _being(person):
            self.server = Gio.DBusServer.new_sync(
                f"unix:path={person.bus_socket}", Gio.DBusServerFlags.NONE,
                Gio.dbus_generate_guid(), None, None,
            )  # fmt: skip
        self.server.connect("new-connection", self._on_connection)
        self.server.start()

    def ask(self, kind, question="@a{sv} {}"):
        """Asks; `question`: the text form of a{sv}.  Returns the cookie."""
        cookie = f"cookie{next(_cookies)}"
        wait_until(lambda: settle() or self.path, "a prompter")
        facts = GLib.Variant.parse(GLib.VariantType("a{sv}"), question, None, None)
        self._call("Begin", GLib.Variant("s", cookie), GLib.Variant("s", kind), facts)
        return cookie

    def update(self, cookie, changes):
        facts = GLib.Variant.parse(GLib.VariantType("a{sv}"), changes, None, None)
        self._call("Update", GLib.Variant("s", cookie), facts)

    def cancel(self, cookie, reason="withdrawn"):
        self._call("Cancel", GLib.Variant("s", cookie), GLib.Variant("s", reason))

    def answer(self, n=1):
        """The `n`th answer: result, and what was said."""
        wait_until(lambda: settle() or len(self.answers) >= n, f"answer {n}")
        return self.answers[n - 1][1:]

    def assert_silent(self):
        time.sleep(0.3)
        settle()
        assert self.answers == []

    def die(self):
        """All at once, as a daemon that is killed."""
        self.server.stop()
        if self.connection is not None:
            # The prompter may have been quicker, between any look at it and this.
            with contextlib.suppress(GLib.Error):
                self.connection.close_sync(None)

    def _call(self, method, *arguments):
        self.connection.call_sync(
            None, self.path, PROMPTER, method, GLib.Variant.new_tuple(*arguments), None,
            Gio.DBusCallFlags.NONE, 10000, None,
        )  # fmt: skip

    def _on_connection(self, _server, connection):
        for interface in Gio.DBusNodeInfo.new_for_xml(_XML).interfaces:
            connection.register_object(ROOT, interface, self._on_call, None, None)
        self.connection, self.path = connection, None
        return True

    def _on_call(self, _connection, _sender, _path, _interface, method, parameters, invocation):
        arguments = parameters.unpack()
        if method == "Register":
            self.path = arguments[0]
            self.registered.append(arguments[1])
        elif method == "Respond":
            self.answers.append(_with_secret(*arguments, invocation))
        elif method == "Extend":
            self.extended.append(arguments[0])
        invocation.return_value(None)


@contextlib.contextmanager
def _being(person):
    """Whoever connects sees by the kernel's word who listens: it has to be the person."""
    uid = os.geteuid()
    os.seteuid(person.uid)
    try:
        yield
    finally:
        os.seteuid(uid)


def _with_secret(cookie, result, answer, invocation):
    if "secret" in answer:
        fds = invocation.get_message().get_unix_fd_list()
        fd = fds.get(answer["secret"])
        answer["secret"] = os.pread(fd, 4097, 0)
        os.close(fd)
    return cookie, result, answer


def settle():
    """Hears everything that has arrived."""
    while GLib.MainContext.default().iteration(False):
        pass
