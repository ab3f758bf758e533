# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program of GnuTLS's, by way of GIO, that fetches pages: certificate and key are named by URIs.

Started by start() with a module's path and the authority to trust.  The module is given to GnuTLS by
hand, because p11-kit does not read the configuration of root.
"""

import ctypes
import sys
from pathlib import Path
from urllib.parse import urlsplit

from gi.repository import Gio, GLib, GObject

REQUEST = b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n"


class Program:
    def __init__(self, module, authority):
        gnutls = ctypes.CDLL("libgnutls.so.30")
        assert gnutls.gnutls_pkcs11_init(0, None) == 0
        assert gnutls.gnutls_pkcs11_add_provider(str(module).encode(), None) == 0
        self.trust = Gio.TlsFileDatabase.new(str(authority))

    def page(self, url, uri):
        """The page, or what GnuTLS says."""
        try:
            mine = Gio.TlsCertificate.new_from_pkcs11_uris(f"{uri};type=cert", f"{uri};type=private")
            return {"page": self._fetch(urlsplit(url).port, mine)}
        except GLib.Error as error:
            return {"error": error.message}

    def _fetch(self, port, mine):
        client = Gio.SocketClient(tls=True)
        GObject.Object.connect(client, "event", self._on_event, mine)  # it has another connect()
        connection = client.connect_to_host("127.0.0.1", port, None)
        connection.get_output_stream().write_all(REQUEST, None)
        stream, page = connection.get_input_stream(), b""
        while chunk := stream.read_bytes(4096, None).get_data():
            page += chunk
        return page.decode()

    def _on_event(self, _client, event, _target, connection, mine):
        if event == Gio.SocketClientEvent.TLS_HANDSHAKING:
            connection.set_database(self.trust)
            connection.set_certificate(mine)


def start(person, pki):
    from .running import Running  # pylint: disable=import-outside-toplevel

    return Running(
        person, sys.executable, "-B", __file__, person.tree.module, pki.root.cert
    )  # fmt: skip


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    from running import serve

    serve(Program(sys.argv[1], sys.argv[2]))
