#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A TLS client that lets Meishi choose its certificate, with GIO.

    select_gio.py HOST PORT PATH [CA-FILE]

GIO's TLS (glib-networking) asks its interaction object when the server wants a certificate; that
object passes the names of the acceptable authorities on to org.meishi.Agent1.Selector and answers
with the PKCS#11 URIs that come back.  Afterwards the program tells how it went, so that a
certificate that was refused is not sent again.

p11-kit's configuration has to name Meishi's module, as an installed Meishi does.
"""

import os
import sys
from secrets import token_hex

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # noqa: E402  pylint: disable=wrong-import-position

PATH = "/org/meishi/Agent1"
SELECTED, NONE, DISMISSED = 0, 1, 2


class Meishi:
    """The session bus, or the daemon's own socket where there is none."""

    def __init__(self):
        self.name = None
        if "DBUS_SESSION_BUS_ADDRESS" in os.environ:
            self.bus = Gio.bus_get_sync(Gio.BusType.SESSION)
            self.name = "org.meishi.Agent1"
        else:
            self.bus = Gio.DBusConnection.new_for_address_sync(
                f"unix:path={GLib.get_user_runtime_dir()}/meishi/bus",
                Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT,
            )

    def select(self, protocol, host, port, constraints):
        """(result, decision), as the XML of the interface describes them.  Waits for the person."""
        response = []
        # The path of the request is known beforehand, so that its Response cannot be missed.
        token = "r" + token_hex(8)
        sender = (self.bus.get_unique_name() or "").lstrip(":").replace(".", "_") or "peer"
        watch = self.bus.signal_subscribe(
            self.name,
            "org.meishi.Agent1.Request",
            "Response",
            f"{PATH}/request/{sender}/{token}",
            None,
            Gio.DBusSignalFlags.NONE,
            lambda _bus, _sender, _path, _interface, _signal, values: response.append(values),
        )
        options = {"user-activation": GLib.Variant("b", True)}
        arguments = ((protocol, host, port), constraints, token, options)
        self._call("SelectIdentity", GLib.Variant("((ssq)a{sv}sa{sv})", arguments))
        while not response:
            GLib.MainContext.default().iteration(True)
        self.bus.signal_unsubscribe(watch)
        return response[0].unpack()

    def report(self, selection_id, outcome):
        """How it ended: "accepted", "closed", "alert", "sign-failed", "app-refused"."""
        self._call("ReportOutcome", GLib.Variant("(ssa{sv})", (selection_id, outcome, {})))

    def _call(self, method, arguments):
        return self.bus.call_sync(
            self.name, PATH, "org.meishi.Agent1.Selector", method, arguments, None,
            Gio.DBusCallFlags.NONE, -1, None,
        )  # fmt: skip


class Chooser(Gio.TlsInteraction):
    """Answers GIO's question for a certificate with Meishi's choice."""

    def __init__(self, meishi, host, port):
        super().__init__()
        self.meishi = meishi
        self.target = ("https", host, port)
        self.selection_id = None

    def do_request_certificate(self, connection, _flags, _cancellable):
        constraints = {"ca-names": GLib.Variant("aay", connection.get_accepted_cas() or [])}
        result, decision = self.meishi.select(*self.target, constraints)
        self.selection_id = decision.get("selection-id")
        if result == SELECTED:
            connection.set_certificate(
                Gio.TlsCertificate.new_from_pkcs11_uris(decision["uri"], decision["key-uri"])
            )
            return Gio.TlsInteractionResult.HANDLED
        print(f"no certificate is sent: {decision.get('row', '')}", file=sys.stderr)
        if result == DISMISSED:
            return Gio.TlsInteractionResult.FAILED
        return Gio.TlsInteractionResult.UNHANDLED


def fetch(connection, host, path):
    """The whole answer.  In TLS 1.3 this is where a refusal shows."""
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    connection.get_output_stream().write_all(request.encode())
    answer = b""
    while True:
        part = connection.get_input_stream().read_bytes(65536).get_data()
        if not part:
            return answer
        answer += part


def main(host, port, path, ca_file=None):
    meishi = Meishi()
    chooser = Chooser(meishi, host, int(port))
    identity = Gio.NetworkAddress.new(host, int(port))
    stream = Gio.SocketClient().connect(identity)
    connection = Gio.TlsClientConnection.new(stream, identity)
    if ca_file:
        connection.set_database(Gio.TlsFileDatabase.new(os.path.abspath(ca_file)))
    connection.set_interaction(chooser)
    outcome = "closed"
    try:
        connection.handshake()
        answer = fetch(connection, host, path)
        outcome = "accepted" if answer else "closed"
        sys.stdout.buffer.write(answer)
    except GLib.Error as error:
        print(error.message, file=sys.stderr)
    if chooser.selection_id:
        meishi.report(chooser.selection_id, outcome)
    return 0 if outcome == "accepted" else 1


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
