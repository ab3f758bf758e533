# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real TLS servers on loopback that demand a client certificate and say whose they saw."""

import contextlib
import itertools
import os
import re
import socket
from pathlib import Path

from .process import Background

NGINX = """\
daemon off;
master_process off;
pid {dir}/nginx.pid;
error_log {dir}/error.log info;
{user}
events {{ worker_connections 256; }}
http {{
  log_format subject "$ssl_client_verify [$ssl_client_s_dn] $ssl_protocol $ssl_cipher";
  access_log {dir}/access.log subject;
  client_body_temp_path {dir}/body;
  proxy_temp_path {dir}/proxy;
  fastcgi_temp_path {dir}/fastcgi;
  uwsgi_temp_path {dir}/uwsgi;
  scgi_temp_path {dir}/scgi;
  ssl_certificate {pki}/localhost.crt;
  ssl_certificate_key {pki}/localhost.key;
  ssl_session_cache off;
  ssl_session_tickets off;
{servers}
}}
"""

NGINX_SERVER = """\
  server {{
    listen 127.0.0.1:{port} ssl;
    server_name localhost;
    ssl_protocols TLSv{version};
    ssl_client_certificate {trust};
    ssl_verify_client on;
    ssl_verify_depth 4;
    location / {{
      default_type text/plain;
      return 200 "$ssl_client_verify [$ssl_client_s_dn] $ssl_protocol\\n";
    }}
    location /git/ {{ root {dir}/pages; }}
  }}
"""


def free_ports(names):
    """A port for each of them, no two the same."""
    with contextlib.ExitStack() as stack:
        probes = {name: stack.enter_context(socket.socket()) for name in names}
        for probe in probes.values():
            probe.bind(("127.0.0.1", 0))
        return {name: probe.getsockname()[1] for name, probe in probes.items()}


def free_port():
    return free_ports(["any"])["any"]


def is_listening(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class PortServer:
    """A server that has to be told its ports.  configure() chooses `ports` and writes them down;
    argv() starts it."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.directory.mkdir(mode=0o755)
        self.output = self.directory / "server.log"
        self.ports = {}
        self.process = None

    def configure(self):
        raise NotImplementedError

    def argv(self):
        raise NotImplementedError

    def start(self):
        # A port that was free a moment ago may be somebody else's by now: try again.
        for _ in range(5):
            self.configure()
            self.process = Background(self.argv(), self.output)
            if self._came_up():
                return
            self.process.stop()
        raise AssertionError(f"{self.argv()[0]} does not start:\n{self.process.output()}")

    def stop(self):
        self.process.stop()

    def _came_up(self):
        try:
            self.process.wait_ready(
                lambda: all(is_listening(port) for port in self.ports.values()), "listens"
            )
        except AssertionError:
            return False
        # Who answers may be somebody else, to whom the port was given meanwhile.
        return self.process.is_alive()


class Nginx(PortServer):
    """nginx for TLS 1.2 and 1.3, each once with root and intermediate as trusted CAs and once
    with the root alone, where only a client that sends the intermediate gets in.

    A page reads `SUCCESS [CN=...,O=...] TLSv1.3`; the access log holds the same."""

    VERSIONS = ("1.2", "1.3")
    TRUST = ("both", "root")

    def __init__(self, directory, pki):
        super().__init__(directory)
        self.pki = pki
        pki.bundle("both.pem", pki.intermediate, pki.root)
        pki.bundle("root.pem", pki.root)
        self.start()

    def port(self, version, trust="both"):
        return self.ports[version, trust]

    def url(self, version, trust="both"):
        return f"https://127.0.0.1:{self.port(version, trust)}/"

    @property
    def pages(self):
        return self.directory / "pages"

    def page(self, certified, version):
        """What the page of a successful request says."""
        return f"SUCCESS [{certified.subject}] TLSv{version}"

    def log(self):
        return (self.directory / "access.log").read_text(errors="replace")

    def argv(self):
        return ["nginx", "-e", self.output, "-c", self.directory / "nginx.conf"]

    def configure(self):
        self.ports = free_ports(itertools.product(self.VERSIONS, self.TRUST))
        servers = "".join(
            NGINX_SERVER.format(
                port=port, version=v, trust=self.pki.directory / f"{t}.pem", dir=self.directory
            )
            for (v, t), port in self.ports.items()
        )
        config = NGINX.format(
            dir=self.directory,
            pki=self.pki.directory,
            user="user root;" if os.getuid() == 0 else "",
            servers=servers,
        )
        (self.directory / "nginx.conf").write_text(config)


class OpensslServer:
    """`openssl s_server -www` for one TLS version; its log names whom it verified.  `trust`: the
    authorities that it believes, the company's if nothing is said; it names them to its clients
    unless `is_silent`.  `under`: the command line of a program that runs it."""

    def __init__(self, directory, pki, version, *options, trust=None, is_silent=False, under=()):
        self.directory = Path(directory)
        self.directory.mkdir(mode=0o755)
        trust = trust or pki.bundle("both.pem", pki.intermediate, pki.root)
        self.process = Background(
            [
                *under, "openssl", "s_server", "-accept", "127.0.0.1:0", "-www",
                "-tls" + version.replace(".", "_"),
                "-cert", pki.server.cert, "-key", pki.server.key,
                "-verifyCAfile" if is_silent else "-CAfile", trust, "-Verify", "4",
                "-verify_return_error", *options,
            ],
            self.directory / "s_server.log",
        )  # fmt: skip
        self.port = int(self.process.wait_ready(self._listening, "listens").group(1))

    def _listening(self):
        return re.search(r"ACCEPT .*:(\d+)", self.process.output())

    def url(self):
        return f"https://127.0.0.1:{self.port}/"

    def saw(self, certified):
        """Whether a client proved to be `certified`."""
        return self.n_seen(certified) > 0

    def n_seen(self, certified):
        """How often."""
        wanted = rf"depth=0 O = [^\n]*, CN = {re.escape(certified.name)}\nverify return:1"
        return len(re.findall(wanted, self.process.output()))

    def stop(self):
        self.process.stop()
