# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tunnels whose near end logs in with a key that lives in Meishi: stunnel, OpenVPN, openconnect."""

import re

import pytest
from harness.matrix import VERSIONS
from harness.process import end, find_server, wait_until
from harness.servers import free_port, is_listening
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
[web]
client = yes
accept = 127.0.0.1:{port}
connect = 127.0.0.1:{server}
engineId = pkcs11
cert = {uri}
key = {uri}
CAfile = {authority}
verifyChain = yes
checkHost = localhost
"""


class Stunnel:
    """The near end of a tunnel to port `server`, which speaks no TLS: url()."""

    def __init__(self, wallet, key, place, server, in_foreground=True):
        self.person = wallet.person
        self.pid_file = self.person.home / "stunnel.pid"
        self._facts = {
            "module": self.person.tree.module, "uri": wallet.uri(key, place), "server": server,
            "authority": wallet.pki.root.cert, "foreground": "yes" if in_foreground else "no",
            "pid": "" if in_foreground else self.pid_file,
        }  # fmt: skip
        self.port = None
        self.process = None
        for _ in range(5):
            if self._starts(in_foreground):
                return
        raise AssertionError(f"stunnel does not start:\n{self.process.output()}")

    def url(self):
        return f"http://127.0.0.1:{self.port}/"

    def _starts(self, in_foreground):
        """False where somebody else has the port."""
        self.port = free_port()
        file = self.person.write("stunnel.conf", STUNNEL.format(port=self.port, **self._facts))
        self.process = self.person.background(find_server("stunnel4"), file)
        if in_foreground:
            wait_until(lambda: is_listening(self.port) or not self.process.is_alive(), "stunnel")
            return self.process.is_alive()
        return self.process.wait() == 0


def fetch(wallet, url):
    return wallet.person.run("curl", "-sS", "--max-time", "60", url).stdout


@CHOSEN
def test_stunnel(wallet, nginx, matrix, key, place):
    for version in VERSIONS:
        stunnel = Stunnel(wallet, key, place, nginx.port(version))
        with matrix.cell("stunnel", "nginx", key, version, place):
            page = nginx.page(wallet.identity(key, place), version)
            assert page in fetch(wallet, stunnel.url())
            assert page in fetch(wallet, stunnel.url())
        stunnel.process.stop()


def test_stunnel_in_the_background(wallet, nginx):
    """It loads the module, and becomes another process afterwards."""
    stunnel = Stunnel(wallet, "RSA", "vault", nginx.port("1.3"), in_foreground=False)
    pid = int(wait_until(lambda: stunnel.pid_file.exists() and stunnel.pid_file.read_text(), "pid"))
    try:
        wait_until(lambda: is_listening(stunnel.port), "stunnel listens")
        page = nginx.page(wallet.identity("RSA", "vault"), "1.3")
        assert page in fetch(wallet, stunnel.url())
    finally:
        end(pid)


# ---- OpenVPN ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ids(wallet):
    """What OpenVPN calls the identities: by the names of their certificates."""
    person = wallet.person
    shown = person.run(find_server("openvpn"), "--show-pkcs11-ids", person.tree.module).stdout
    return dict(re.findall(r"CN=([^\n]+)\n.*?Serialized id: +([^\n]+)", shown, re.S))


def openvpn(wallet, server, pkcs11_id):
    """The near end of a tunnel to `server`."""
    return wallet.person.background(
        find_server("openvpn"), "--dev", "null", "--proto", "udp", "--remote", "127.0.0.1",
        server.port, "--nobind", "--tls-client", "--ca", wallet.pki.root.cert,
        "--verify-x509-name", "localhost", "name", "--tls-exit", "--verb", "3",
        "--pkcs11-providers", wallet.person.tree.module, "--pkcs11-id", pkcs11_id,
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


def test_openvpn_knows_them_by_names_that_stay(wallet, ids):
    """They stand in people's configurations."""
    wanted = r"Meishi/Meishi\\x20{0}/{1}/{2}/[0-9A-F]{{40}}"
    for name, text in (("EC in the vault", wanted.format("vault", "1", "Meishi")),
                       ("EC in the token", wanted.format("token", "[0-9a-f]+", r"Corp\\x20card"))):  # fmt: skip
        assert re.fullmatch(text, ids[name]), ids[name]
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
