# SPDX-License-Identifier: LGPL-2.1-or-later
"""A TLS client in a process of its own, which selects an identity for each of several servers at once.

Started by TlsProgram with the bus, a port and the hosts, it writes a line for each thing that happens: that
all have been asked for, and each Response.  It stays until it is ended, and would tell a Response
that comes twice.
"""

import json
import sys

from gi.repository import Gio, GLib

NAME, ROOT = "org.meishi.Agent1", "/org/meishi/Agent1"


class TlsProgram:
    """The other end."""

    def __init__(self, person, bus, port, *hosts):
        self.hosts = hosts
        self.process = person.background(
            sys.executable, "-B", __file__, bus.address, port, *hosts
        )

    @property
    def pid(self):
        return self.process.pid

    def events(self, what):
        """Those of a kind, "asked" or "response", in the order in which they came."""
        lines = self.process.output().splitlines()
        parsed = [json.loads(line) for line in lines if line.startswith("{")]
        return [event for event in parsed if event["event"] == what]

    def has_asked(self):
        self.process.assert_alive()
        return bool(self.events("asked"))

    def responses(self):
        return self.events("response")

    def has_heard(self):
        return len(self.responses()) >= len(self.hosts)

    def stop(self):
        self.process.stop()


def tell(event, **facts):
    print(json.dumps({"event": event, **facts}), flush=True)


def serve(address, port, hosts):
    flags = Gio.DBusConnectionFlags
    bus = Gio.DBusConnection.new_for_address_sync(
        address, flags.AUTHENTICATION_CLIENT | flags.MESSAGE_BUS_CONNECTION, None, None
    )
    paths = {}
    open_calls = len(hosts)

    def on_response(_bus, _sender, path, _interface, _member, parameters):
        result, decision = parameters.unpack()
        tell("response", host=paths.get(path), result=result, label=decision.get("label"))

    def on_asked(_bus, reply):
        nonlocal open_calls
        bus.call_finish(reply)
        open_calls -= 1
        if open_calls == 0:
            tell("asked")

    bus.signal_subscribe(
        NAME, f"{NAME}.Request", "Response", None, None, Gio.DBusSignalFlags.NONE, on_response
    )
    person = {"user-activation": GLib.Variant("b", True)}
    sender = bus.get_unique_name()[1:].replace(".", "_")
    for number, host in enumerate(hosts):
        paths[f"{ROOT}/request/{sender}/t{number}"] = host
        request = (("https", host, port), {}, f"t{number}", person)
        bus.call(
            NAME, ROOT, f"{NAME}.Selector", "SelectIdentity",
            GLib.Variant("((ssq)a{sv}sa{sv})", request), None, Gio.DBusCallFlags.NONE, -1, None,
            on_asked,
        )  # fmt: skip
    GLib.MainLoop().run()


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
