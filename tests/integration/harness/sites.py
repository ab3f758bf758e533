# SPDX-License-Identifier: LGPL-2.1-or-later
"""The servers that every client is tried with, behind one face: a client that asks for
site.url("1.3") and logs in sees site.page(identity, "1.3"), and site.n_seen() counts it.

A pytest plugin: site(NAME) is one of SITES, started when a test first wants it.  Each has the
repository git/hello.git as well, except s_server, which has no files.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from .apache import DIRECTORY, OPTIONAL, REQUIRED, Apache
from .repository import publish_repository
from .servers import OpensslServer, PortServer, free_ports

NGINX, NODE, S_SERVER = "nginx", "Node https", "openssl s_server"
# Only who sends the intermediate with his certificate gets in.
NGINX_ROOT = "nginx (knows the root alone)"
APACHE = {f"Apache ({mode})": mode for mode in (REQUIRED, OPTIONAL, DIRECTORY)}
APACHE_DIRECTORY = f"Apache ({DIRECTORY})"
SITES = (NGINX, NGINX_ROOT, *APACHE, NODE, S_SERVER)
WITH_FILES = SITES[:-1]


class Node(PortServer):
    """Node's https module; node_server.js."""

    VERSIONS = ("1.2", "1.3")

    def __init__(self, directory, pki):
        super().__init__(directory)
        self.pki = pki
        self.pages = self.directory / "pages"
        self.start()

    def log(self):
        return (self.directory / "access.log").read_text(errors="replace")

    def argv(self):
        program = Path(__file__).with_name("node_server.js")
        return [
            "node", program, self.pki.directory, self.pages, self.directory / "access.log",
            *(self.ports[version] for version in self.VERSIONS),
        ]  # fmt: skip

    def configure(self):
        (self.directory / "access.log").touch()
        self.ports = free_ports(self.VERSIONS)


@dataclass
class Site:
    """`url`: a function of the version of TLS; `log`: one that says what was logged."""

    name: str
    url: callable
    log: callable

    def page(self, identity, version):
        """What the page says to whom it knows."""
        return f"SUCCESS [{identity.subject}] TLSv{version}"

    def n_seen(self, identity, version):
        """How often this certificate was seen with a key that belongs to it."""
        return self.log().count(self.page(identity, version))


class SServer(Site):
    """`openssl s_server -www`, one for each version: its log says whom it verified; its page is
    about the connection, and not about the certificate."""

    def __init__(self, start):
        self.servers = {version: start(version) for version in ("1.2", "1.3")}
        super().__init__(S_SERVER, lambda v: f"https://localhost:{self.servers[v].port}/", None)

    def page(self, identity, version):
        return "server accepts that finished"

    def n_seen(self, identity, version):
        wanted = rf"depth=0 O = [^\n]*, CN = {re.escape(identity.name)}\nverify return:1"
        return len(re.findall(wanted, self.servers[version].process.output()))


class Sites:
    """Each server is started when it is first asked for."""

    def __init__(self, directory, pki, nginx, s_server):
        self.directory = directory
        self.pki = pki
        self._s_server = s_server
        self._nginx = nginx
        self._started = {}
        directory.mkdir(mode=0o755)

    def __call__(self, name):
        if name in (NGINX, NGINX_ROOT):
            nginx, trust = self._server(NGINX), "root" if name == NGINX_ROOT else "both"
            return Site(name, lambda v: f"https://localhost:{nginx.port(v, trust)}/", nginx.log)
        if name in APACHE:
            return self._apache_site(name)
        if name == NODE:
            node = self._server(NODE)
            return Site(name, lambda v: f"https://localhost:{node.ports[v]}/", node.log)
        return self._server(S_SERVER)

    def stop(self):
        for name in {NODE, *APACHE} & self._started.keys():
            self._started[name].stop()

    def _apache_site(self, name):
        apache, mode = self._server(APACHE_DIRECTORY), APACHE[name]
        path = "/staff/" if mode == DIRECTORY else "/"
        return Site(name, lambda v: apache.url(v, path, mode), apache.access_log)

    def _server(self, name):
        if name not in self._started:
            self._started[name] = self._start(name)
        return self._started[name]

    def _start(self, name):
        if name == S_SERVER:
            return SServer(self._s_server)
        if name == APACHE_DIRECTORY:
            server = Apache(self.directory / "apache", self.pki)
            publish_repository(server.pages / "staff")
        elif name == NODE:
            server = Node(self.directory / "node", self.pki)
        else:
            server = self._nginx
        publish_repository(server.pages)
        return server


@pytest.fixture(scope="session")
def site(scratch, pki, nginx, s_server):
    made = Sites(scratch / "sites", pki, nginx, s_server)
    yield made
    made.stop()
