# SPDX-License-Identifier: LGPL-2.1-or-later
"""The far ends of tunnels: an OpenVPN server, and a gateway that openconnect logs in to."""

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape

from .process import Background, find_server
from .servers import free_port

TLS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}

# What a gateway answers that needs nothing but the certificate.
LOGGED_IN = """\
<?xml version="1.0" encoding="UTF-8"?>
<config-auth client="vpn" type="complete" aggregate-auth-version="2">
<session-id>1</session-id><session-token>{token}</session-token>
<auth id="success"><message id="0" param1="" param2=""></message></auth>
</config-auth>
"""


class _Login(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):  # pylint: disable=invalid-name
        self.rfile.read(int(self.headers["Content-Length"]))
        names = dict(pair for (pair,) in self.connection.getpeercert()["subject"])
        token = f"{names['commonName']}/{self.connection.version()}"
        body = LOGGED_IN.format(token=escape(token)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/xml; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        pass


class Gateway:
    """The login of AnyConnect, by certificate alone, which comes with its intermediate: the gateway
    knows the root.  The session that it gives is called "NAME/TLSv1.3", after the certificate."""

    def __init__(self, pki, version):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = context.maximum_version = TLS[version]
        context.load_cert_chain(pki.server.cert, pki.server.key)
        context.load_verify_locations(pki.root.cert)
        context.verify_mode = ssl.CERT_REQUIRED
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Login)
        # The handshake is the affair of the thread that reads first, not of the one that accepts.
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def url(self):
        return f"https://localhost:{self._server.server_address[1]}/"

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class OpenVpn:
    """One end of a tunnel between two, which has no device: what comes out of it goes nowhere.  It
    speaks one version of TLS and waits for one peer, who has to prove who he is to one who trusts
    the authorities in `trust`; the company's if nothing is said."""

    def __init__(self, directory, pki, version, trust=None):
        self._directory = directory
        self._directory.mkdir()
        self._trust = trust or pki.bundle("both.pem", pki.intermediate, pki.root)
        self._pki = pki
        self._version = version
        for number in range(5):
            if self._starts(number):
                return
        self.process.assert_alive()

    def saw(self, identity, peer):
        """Whether this identity was verified, and the session of `peer`, the other end, is up."""
        log = self.process.output()
        wanted = (
            f"VERIFY OK: depth=0, O=Example Corp, CN={identity.name}\n",
            f"Control Channel: TLSv{self._version},",
            f"[{identity.name}] Peer Connection Initiated",
            "Initialization Sequence Completed",
        )
        return all(text in log for text in wanted) and wanted[-1] in peer.output()

    def stop(self):
        self.process.stop()

    def _starts(self, number):
        """False where somebody else has the port."""
        self.port = free_port()
        pki = self._pki
        self.process = Background(
            [
                find_server("openvpn"), "--dev", "null", "--proto", "udp", "--local", "127.0.0.1",
                "--lport", self.port, "--tls-server", "--dh", "none", "--ca", self._trust,
                "--cert", pki.server.cert, "--key", pki.server.key, "--verb", "3",
                "--tls-version-min", self._version, "--tls-version-max", self._version,
            ],
            self._directory / f"server{number}.log",
        )  # fmt: skip
        try:
            self.process.wait_ready(
                lambda: "UDPv4 link remote: [AF_UNSPEC]" in self.process.output(), "listens"
            )
        except AssertionError:
            return False
        return True
