# SPDX-License-Identifier: LGPL-2.1-or-later
"""A TLS client and a prompter, as programs on the bus would be them."""

import itertools
import os

from gi.repository import Gio, GLib

from .dbus import AGENTS, PROMPTER, REQUEST, ROOT, SELECTOR, memory
from .process import wait_until

_XML = f"""
<node>
  <interface name="{PROMPTER}">
    <method name="Begin">
      <arg type="s" direction="in"/><arg type="s" direction="in"/>
      <arg type="a{{sv}}" direction="in"/>
    </method>
    <method name="Update"><arg type="s" direction="in"/><arg type="a{{sv}}" direction="in"/></method>
    <method name="Cancel"><arg type="s" direction="in"/><arg type="s" direction="in"/></method>
  </interface>
</node>
"""
SELECTED, NONE, DISMISSED, DENIED, TIMED_OUT, NO_AGENT, CANCELLED, PROMPT = 0, 1, 2, 4, 5, 6, 7, 8

_tokens = itertools.count(1)


def settle():
    """Lets everything that has arrived be heard."""
    while GLib.MainContext.default().iteration(False):
        pass


class Prompter:
    """Registered with its connection; keeps what it is asked in `questions`, as (cookie, kind,
    question), what it is told about that in `updates`, as (cookie, changes), and what is taken back
    in `cancelled`, as (cookie, reason)."""

    PATH = "/org/example/Prompter"

    def __init__(self, door, register=True, answers=True):
        self.door = door
        self.answers = answers
        self.questions, self.updates, self.cancelled, self._held = [], [], [], []
        interface = Gio.DBusNodeInfo.new_for_xml(_XML).interfaces[0]
        self.id = door.connection.register_object(self.PATH, interface, self._on_call, None, None)
        if register:
            self.register()

    def register(self, kinds=("choose", "confirm", "unlock"), **options):
        options = variants(**options) | {"kinds": GLib.Variant("as", kinds)}
        self.door.call(ROOT, f"{AGENTS}.Register", "(oa{sv})", self.PATH, options)

    def question(self, n=1):
        """The `n`th question, once it has come."""

        def arrived():
            settle()
            return len(self.questions) >= n

        wait_until(arrived, f"question {n}")
        return self.questions[n - 1]

    def update(self, n=1):
        """The `n`th change of a question, once it has come: cookie and changes."""

        def arrived():
            settle()
            return len(self.updates) >= n

        wait_until(arrived, f"update {n}")
        return self.updates[n - 1]

    def end(self, n=1):
        """Why the `n`th question to be taken back was."""

        def arrived():
            settle()
            return len(self.cancelled) >= n

        wait_until(arrived, f"cancelled question {n}")
        return self.cancelled[n - 1]

    def respond(self, cookie, result, **answer):
        self.door.call(ROOT, f"{AGENTS}.Respond", "(sua{sv})", cookie, result, answer)

    def choose(self, cookie, path, scope="once", reach="host-port", any_application=False):
        self.respond(
            cookie, 0, **{
                "identity": GLib.Variant("o", path), "scope": GLib.Variant("s", scope),
                "reach": GLib.Variant("s", reach),
                "any-application": GLib.Variant("b", any_application),
            },
        )  # fmt: skip

    def give(self, cookie, secret):
        """Answers with a secret, by descriptor; `secret` may be one that is open already."""
        fd = secret if isinstance(secret, int) else memory(secret)
        answer = {"secret": GLib.Variant("h", 0)}
        try:
            self.door.call(
                ROOT, f"{AGENTS}.Respond", "(sua{sv})", cookie, 0, answer, fds=[fd]
            )
        finally:
            os.close(fd)

    def extend(self, cookie):
        self.door.call(ROOT, f"{AGENTS}.Extend", "(s)", cookie)

    def _on_call(self, _connection, _sender, _path, _interface, method, parameters, invocation):
        heard = {"Begin": self.questions, "Update": self.updates, "Cancel": self.cancelled}
        heard[method].append(parameters.unpack())
        if self.answers:
            invocation.return_value(None)
        else:
            self._held.append(invocation)


class Selection:
    """One SelectIdentity; its Response is awaited by response()."""

    def __init__(self, door, host="www.example.com", port=443, constraints=None, options=None,
                 token=None):  # fmt: skip
        self.door = door
        token = f"t{next(_tokens)}" if token is None else token
        sender = "peer" if door.name is None else door.unique_name[1:].replace(".", "_")
        self.expected = f"{ROOT}/request/{sender}/{token}"
        self.path = door.call(
            ROOT, f"{SELECTOR}.SelectIdentity", "((ssq)a{sv}sa{sv})", ("https", host, port),
            constraints or {}, token, PERSON if options is None else options,
        )[0]  # fmt: skip

    def responses(self):
        settle()
        return [args for path, member, args in self.door.signals
                if path == self.path and member == "Response"]  # fmt: skip

    def response(self):
        """(result, decision); fails where there is more than one."""
        wait_until(self.responses, "Response")
        [(result, decision)] = self.responses()
        assert decision["result"] == result
        return result, decision

    def cancel(self):
        self.door.call(self.path, f"{REQUEST}.Cancel")

    def update(self, timeout_ms):
        self.door.call(self.path, f"{REQUEST}.Update", "(u)", timeout_ms)


def variants(**values):
    """A dictionary of variants: booleans and texts, keys with underscores for hyphens."""
    types = {bool: "b", str: "s", int: "u"}
    return {
        name.replace("_", "-"): value if isinstance(value, GLib.Variant)
        else GLib.Variant(types[type(value)], value)
        for name, value in values.items()
    }  # fmt: skip


# Somebody sits there and has just done something.
PERSON = variants(user_activation=True)
