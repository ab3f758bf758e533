# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tunnels whose near end logs in with a key that lives in Meishi: stunnel, OpenVPN, openconnect."""

import re
from contextlib import closing
from functools import partial
from urllib.parse import urlsplit

import pytest
from harness.matrix import VERSIONS
from harness.process import end, find_server, wait_until
from harness.servers import free_ports, is_listening
from harness.sites import APACHE_DIRECTORY, NGINX_ROOT, SITES
from harness.tunnels import Gateway, OpenVpn
from harness.wallet import HELD

CHOSEN = pytest.mark.parametrize("key,place", HELD)
EACH_VERSION = pytest.mark.parametrize("version", VERSIONS)

# ---- stunnel ------------------------------------------------------------------------------------

STUNNEL = """\
foreground = {foreground}
pid = {pid}
engine = pkcs11
engineCtrl = MODULE_PATH:{module}
"""

SERVICE = """\
[{name}]
client = yes
accept = 127.0.0.1:{port}
connect = 127.0.0.1:{server}
engineId = pkcs11
cert = {cert}
key = {uri}
CAfile = {authority}
verifyChain = yes
checkHost = localhost
sessionResume = no
"""


class Stunnel:
    """The near ends of tunnels to `servers`, which are ports by any names.  `cert`: a file that has
    the certificate, and perhaps more."""

    def __init__(self, wallet, key, place, servers, in_foreground=True, cert=None):
        self.person = wallet.person
        self.pid_file = self.person.home / "stunnel.pid"
        self._head = STUNNEL.format(
            module=self.person.tree.module, foreground="yes" if in_foreground else "no",
            pid="" if in_foreground else self.pid_file,
        )  # fmt: skip
        uri = wallet.uri(key, place)
        self._facts = {"uri": uri, "cert": cert or uri, "authority": wallet.pki.root.cert}
        self._servers = servers
        for _ in range(5):
            if self._starts(in_foreground):
                return
        raise AssertionError(f"stunnel does not start:\n{self.process.output()}")

    def close(self):
        self.process.stop()

    def fetch(self, name, path="/"):
        """What there is behind a tunnel."""
        url = f"http://127.0.0.1:{self._ports[name]}{path}"
        return self.person.run("curl", "-sS", "--max-time", "60", url, check=False).stdout

    def _starts(self, in_foreground):
        """False where somebody else has one of the ports."""
        self._ports = free_ports(self._servers)
        services = "".join(
            SERVICE.format(name=number, port=self._ports[name], server=server, **self._facts)
            for number, (name, server) in enumerate(self._servers.items())
        )
        file = self.person.write("stunnel.conf", self._head + services)
        self.process = self.person.background(find_server("stunnel4"), file)
        ports = self._ports.values()
        if in_foreground:
            wait_until(
                lambda: all(map(is_listening, ports)) or not self.process.is_alive(), "stunnel"
            )
            return self.process.is_alive()
        return self.process.wait() == 0


# Where stunnel does not get in: what comes back, and why.
ALONE = (
    "The SSL certificate error",
    "stunnel sends the certificate alone, unless the others are in the file for cert",
)
STUNNEL_LIMITS = {
    (NGINX_ROOT, "1.2"): ALONE,
    (NGINX_ROOT, "1.3"): ALONE,
    (APACHE_DIRECTORY, "1.3"): (
        "Cannot perform Post-Handshake Authentication",
        "stunnel does no post-handshake authentication",
    ),
}


@CHOSEN
def test_stunnel(wallet, site, matrix, key, place):
    identity = wallet.identity(key, place)
    urls = {(name, version): urlsplit(site(name).url(version))
            for name in SITES for version in VERSIONS}  # fmt: skip
    servers = {where: url.port for where, url in urls.items()}
    with closing(Stunnel(wallet, key, place, servers)) as stunnel:
        for (name, version), url in urls.items():
            said, why = STUNNEL_LIMITS.get((name, version), (None, None))
            n_seen = site(name).n_seen(identity, version)
            with matrix.cell("stunnel", name, key, version, place, why_not=why):
                page = stunnel.fetch((name, version), url.path)
                assert (said or site(name).page(identity, version)) in page
                seen = partial(site(name).n_seen, identity, version)
                # The log may come after the page.
                wait_until(lambda s=seen, n=n_seen, w=why: s() > n or w, "the server has seen it")
                assert why is None or seen() == n_seen


def test_stunnel_sends_the_intermediate_from_a_file(wallet, nginx):
    """What doc/clients.md says of it; the key is where it was."""
    identity = wallet.identity("EC", "token")
    chain = wallet.person.meishi("export", identity.name).stdout
    file = wallet.person.write("chain.pem", chain + wallet.pki.intermediate.cert.read_text())
    servers = {version: nginx.port(version, "root") for version in VERSIONS}
    with closing(Stunnel(wallet, "EC", "token", servers, cert=file)) as stunnel:
        for version in VERSIONS:
            assert nginx.page(identity, version) in stunnel.fetch(version)


def test_stunnel_in_the_background(wallet, nginx):
    """It loads the module, and becomes another process afterwards."""
    servers = {version: nginx.port(version) for version in VERSIONS}
    stunnel = Stunnel(wallet, "RSA", "vault", servers, in_foreground=False)
    pid = int(wait_until(lambda: stunnel.pid_file.exists() and stunnel.pid_file.read_text(), "pid"))
    try:
        identity = wallet.identity("RSA", "vault")
        for version in VERSIONS:
            wait_until(lambda v=version: stunnel.fetch(v), "stunnel listens")
            assert nginx.page(identity, version) in stunnel.fetch(version)
    finally:
        end(pid)


# ---- OpenVPN ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ids(wallet):
    """What OpenVPN calls the identities: by the names of their certificates."""
    person = wallet.person
    shown = person.run(find_server("openvpn"), "--show-pkcs11-ids", person.tree.module).stdout
    return dict(re.findall(r"CN=([^\n]+)\n.*?Serialized id: +([^\n]+)", shown, re.S))


def openvpn(wallet, server, pkcs11_id, *options):
    """The near end of a tunnel to `server`."""
    return wallet.person.background(
        find_server("openvpn"), "--dev", "null", "--proto", "udp", "--remote", "127.0.0.1",
        server.port, "--nobind", "--tls-client", "--ca", wallet.pki.root.cert,
        "--verify-x509-name", "localhost", "name", "--tls-exit", "--verb", "3",
        "--pkcs11-providers", wallet.person.tree.module, "--pkcs11-id", pkcs11_id,
        *options,
    )  # fmt: skip


@EACH_VERSION
@CHOSEN
def test_openvpn(wallet, pki, ids, scratch, matrix, key, place, version):
    """The whole session, though nothing goes through it."""
    identity = wallet.identity(key, place)
    server = OpenVpn(scratch / f"openvpn-{place}-{key}-{version}", pki, version)
    with matrix.cell("OpenVPN", "OpenVPN", key, version, place):
        client = openvpn(wallet, server, ids[identity.name])
        client.wait_ready(lambda: server.saw(identity, client), "the session is up")
    assert client.stop() == 0
    server.stop()


def test_openvpn_sends_the_intermediate_from_a_file(wallet, pki, ids, scratch):
    """To one who knows the root alone; without the file it is refused."""
    identity = wallet.identity("RSA", "vault")
    server = OpenVpn(scratch / "openvpn-root", pki, "1.3", trust=pki.root.cert)
    client = openvpn(wallet, server, ids[identity.name])
    log = server.process.output
    wait_until(lambda: "unable to get local issuer certificate" in log(), "it is refused")
    client.stop()
    options = ("--extra-certs", pki.intermediate.cert)
    client = openvpn(wallet, server, ids[identity.name], *options)
    client.wait_ready(lambda: server.saw(identity, client), "the session is up")
    client.stop()
    server.stop()


def test_openvpn_knows_them_by_names_that_stay(wallet, ids):
    """They stand in people's configurations."""
    wanted = r"Meishi/Meishi\\x20{0}/{1}/{2}/[0-9A-F]{{40}}"
    in_vault = wanted.format("vault", "1", "Meishi")
    in_token = wanted.format("token", "[0-9a-f]+", r"Corp\\x20card")
    assert re.fullmatch(in_vault, ids["EC in the vault"]), ids
    assert re.fullmatch(in_token, ids["EC in the token"]), ids
    assert len(ids) == len(HELD)


# ---- openconnect --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def gateways(pki):
    made = {version: Gateway(pki, version) for version in VERSIONS}
    yield made
    for one in made.values():
        one.stop()


@EACH_VERSION
@CHOSEN
def test_openconnect(wallet, gateways, matrix, key, place, version):
    """Up to the cookie of the session; the tunnel itself would take rights."""
    with matrix.cell("openconnect", "AnyConnect gateway", key, version, place):
        done = wallet.person.run(
            find_server("openconnect"), "--authenticate", "--non-inter", "--no-system-trust",
            "--cafile", wallet.pki.root.cert, "--certificate", wallet.uri(key, place),
            gateways[version].url(),
        )  # fmt: skip
        session = f"{wallet.identity(key, place).name}/TLSv{version}"
        assert f"webvpn={session}'" in done.stdout
