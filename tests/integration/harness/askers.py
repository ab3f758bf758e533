# SPDX-License-Identifier: LGPL-2.1-or-later
"""Servers that ask for a certificate in different ways: nginx with several faces, gnutls-serv, and a
small server that speaks SMTP, IMAP, POP3 or LDAP in clear until it is asked for TLS."""

import contextlib
import itertools
import os
import socket
import socketserver
import ssl
import threading

from .process import PATIENCE
from .servers import NGINX, PortServer, free_port, free_ports

VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}

# The faces of nginx; {pki} holds both.pem and revoked.pem.
FACES = {
    "open": "ssl_verify_client off;",
    "optional": "ssl_verify_client optional; ssl_client_certificate {pki}/both.pem;",
    "required": "ssl_verify_client on; ssl_client_certificate {pki}/both.pem;",
    "unlisted": "ssl_verify_client optional_no_ca;",
    "revoking": "ssl_verify_client on; ssl_client_certificate {pki}/both.pem; "
    "ssl_crl {pki}/revoked.pem;",
}

FACE = """\
  server {{
    listen 127.0.0.1:{port} ssl;
    server_name localhost;
    ssl_protocols TLSv{version};
    ssl_verify_depth 4;
    {face}
    location / {{
      default_type text/plain;
      return 200 "$ssl_client_verify [$ssl_client_s_dn]\\n";
    }}
  }}
"""


class FacedNginx(PortServer):
    """nginx, one port for each face and version of TLS.  Needs pki.revocations() to have been."""

    def __init__(self, directory, pki):
        super().__init__(directory)
        self.pki = pki
        pki.bundle("both.pem", pki.intermediate, pki.root)
        self.start()

    def target(self, face, version):
        return f"localhost:{self.ports[face, version]}"

    def log(self):
        """A line for each request: how nginx judged the certificate, whose it was, which TLS."""
        return (self.directory / "access.log").read_text(errors="replace")

    def argv(self):
        return ["nginx", "-e", self.output, "-c", self.directory / "nginx.conf"]

    def configure(self):
        self.ports = free_ports(itertools.product(FACES, VERSIONS))
        servers = "".join(
            FACE.format(
                port=port, version=version, face=FACES[face].format(pki=self.pki.directory)
            )
            for (face, version), port in self.ports.items()
        )
        config = NGINX.format(
            dir=self.directory,
            pki=self.pki.directory,
            user="user root;" if os.getuid() == 0 else "",
            servers=servers,
        )
        (self.directory / "nginx.conf").write_text(config)


class GnutlsServer(PortServer):
    """`gnutls-serv --http` for one version of TLS, which requires a certificate."""

    def __init__(self, directory, pki, version):
        super().__init__(directory)
        self.pki, self.version = pki, version
        pki.bundle("both.pem", pki.intermediate, pki.root)
        self.start()

    def target(self):
        return f"localhost:{self.ports[self.version]}"

    def argv(self):
        return [
            "gnutls-serv", "--http", "--port", self.ports[self.version], "--require-client-cert",
            "--x509certfile", self.pki.server.cert, "--x509keyfile", self.pki.server.key,
            "--x509cafile", self.pki.directory / "both.pem", "--verify-client-cert",
            "--priority", f"NORMAL:-VERS-ALL:+VERS-TLS{self.version}",
        ]  # fmt: skip

    def configure(self):
        self.ports = {self.version: free_port()}


# ---- clear text first -----------------------------------------------------------------------

LDAP_STARTTLS = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037"
LDAP_AGREED = b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00"
# SearchResultDone for message 2.
LDAP_FOUND = b"\x30\x0c\x02\x01\x02\x65\x07\x0a\x01\x00\x04\x00\x04\x00"

# What is said in clear: a greeting, then pairs of what is awaited (its beginning) and the answer.
# Then what comes first inside TLS, awaited and answered.
DIALOGUES = {
    "smtp": (
        b"220 localhost ESMTP\r\n",
        [(b"EHLO ", b"250-localhost\r\n250-STARTTLS\r\n250 HELP\r\n"), (b"STARTTLS", b"220 go\r\n")],
        (b"NOOP", b"250 OK\r\n"),
    ),
    "imap": (
        b"* OK localhost ready\r\n",
        [(b"m1 STARTTLS", b"m1 OK begin TLS\r\n")],
        (b"m2 NOOP", b"m2 OK\r\n"),
    ),
    "pop3": (b"+OK ready\r\n", [(b"STLS", b"+OK begin TLS\r\n")], (b"CAPA", b"+OK\r\n.\r\n")),
    "ldap": (b"", [(LDAP_STARTTLS, LDAP_AGREED)], (b"\x30", LDAP_FOUND)),
}


class ClearServer:
    """Speaks `protocol` ("smtp", "imap", "pop3", "ldap") until STARTTLS, then TLS of `version`, and
    demands a certificate where it is `required`, asks for one otherwise.  It is `certified`, usually
    as localhost.  `seen` lists the common names of its guests, None for one without a certificate;
    what went wrong is in `errors`."""

    def __init__(self, pki, protocol, version="1.3", required=False, certified=None):
        self.greeting, self.clear, self.inside = DIALOGUES[protocol]
        self.protocol = protocol
        self.context = self._make_context(pki, version, required)
        certified = certified or pki.server
        self.context.load_cert_chain(certified.cert, certified.key)
        self.seen, self.errors = [], []
        self.server = socketserver.ThreadingTCPServer(
            ("127.0.0.1", 0), self._make_handler(), bind_and_activate=True
        )
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def target(self):
        return f"{self.protocol}://localhost:{self.server.server_address[1]}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(PATIENCE)

    @staticmethod
    def _make_context(pki, version, required):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = context.maximum_version = VERSIONS[version]
        context.load_verify_locations(pki.bundle("both.pem", pki.intermediate, pki.root))
        context.verify_mode = ssl.CERT_REQUIRED if required else ssl.CERT_OPTIONAL
        return context

    def _make_handler(self):
        serve = self._serve

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                serve(self.request)

        return Handler

    def _serve(self, connection):
        connection.settimeout(PATIENCE)
        try:
            self._talk(connection, self.greeting, self.clear)
            with self.context.wrap_socket(connection, server_side=True) as tls:
                self.seen.append(common_name(tls.getpeercert()))
                self._talk(tls, b"", [self.inside])
                with contextlib.suppress(OSError):
                    tls.recv(1024)
        except (OSError, AssertionError) as error:
            self.errors.append(error)

    @staticmethod
    def _talk(connection, greeting, pairs):
        connection.sendall(greeting)
        for awaited, answer in pairs:
            got = connection.recv(4096)
            assert got.startswith(awaited), f"got {got!r} instead of {awaited!r}"
            connection.sendall(answer)


def common_name(certificate):
    """Of what ssl makes of a certificate; None without one."""
    subject = (certificate or {}).get("subject", ())
    return next((value for rdn in subject for key, value in rdn if key == "commonName"), None)


class Mumbler:
    """Accepts connections, says `words` and closes them, or waits where `words` is None."""

    def __init__(self, words):
        self.words = words
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.held = []
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    @property
    def port(self):
        return self.listener.getsockname()[1]

    def stop(self):
        # Wakes the thread up, which close() alone does not.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join(PATIENCE)
        for connection in (*self.held, self.listener):
            connection.close()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                if self.words is None:
                    self.held.append(connection)
                    continue
                with connection:
                    connection.recv(1)
                    connection.sendall(self.words)
