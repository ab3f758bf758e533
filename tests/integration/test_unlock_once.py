# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ten real programs that need the same key of a locked vault at the same time: one passphrase, or
none where the desktop's keyring is open."""

import json
import subprocess

import pytest
from harness.dbus import MANAGER, ROOT, VAULT, Door
from harness.process import wait_until
from harness.prompter import Prompter, settle
from harness.secrets import GnomeKeyring

PASSPHRASE = "Sesame, open thyself 4711"



class Signers:
    """Ten programs that need one key at the same time: curl, gnutls-cli and plain PKCS#11."""

    def __init__(self, person, pki, nginx, client):
        self.person, self.pki, self.nginx = person, pki, nginx
        self.uri = json.loads(person.meishi("list", "--json").stdout)[0]["uri"]
        self.page = nginx.page(pki.identity("Alice"), "1.3")
        self.curls = [self._curl() for _ in range(4)]
        self.talkers = [self._gnutls_cli() for _ in range(3)]
        self.clients = [self._client(client) for _ in range(3)]

    @property
    def pids(self):
        return [one.pid for one in (*self.curls, *self.talkers, *self.clients)]

    def assert_done(self):
        for one in self.curls:
            assert one.wait() == 0 and self.page in one.output(), one.output()
        for one in self.talkers:
            one.wait_ready(lambda one=one: self.page in one.output(), f"says {self.page}")
            one.child.stdin.close()
            one.kill()
        assert [one.receive()["rv"] for one in self.clients] == [0] * 3

    def _curl(self):
        return self.person.background(
            "curl", "-sS", "--max-time", "60", "--cacert", self.pki.root.cert,
            "--cert", self.uri, self.nginx.url("1.3"),
        )  # fmt: skip

    def _gnutls_cli(self):
        talker = self.person.background(
            "gnutls-cli", "--provider", self.person.tree.module, "--x509cafile",
            self.pki.root.cert, "--x509certfile", self.uri, "--x509keyfile", self.uri,
            "-p", self.nginx.port("1.3"), "127.0.0.1", stdin=subprocess.PIPE,
        )  # fmt: skip
        talker.child.stdin.write(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
        talker.child.stdin.flush()
        return talker

    def _client(self, client):
        one = client(self.person)
        one.send("sign", mechanism="ECDSA_SHA256", data="00" * 32, **one.open_key("Alice"))
        return one


@pytest.fixture
def connect(person, bus):
    made = []

    def new():
        made.append(Door(f"unix:path={person.bus_socket}"))
        return made[-1]

    yield new
    for one in made:
        one.close()


def n_connected(door):
    return door.call(ROOT, f"{MANAGER}.Statistics")[0]["clients"]


def test_ten_programs_one_passphrase(person, connect, pki, nginx, client):
    person.start_daemon()
    given = person.write("passphrase", PASSPHRASE)
    person.meishi("vault", "init", "passphrase", "--passphrase-file", given)
    person.import_files(pki.p12(pki.identity("Alice")), password="correct horse")
    person.meishi("lock")
    door, prompter = connect(), Prompter(connect())
    signers = Signers(person, pki, nginx, client)
    cookie, kind, question = prompter.question()
    assert kind == "unlock" and question["pid"] in signers.pids
    wait_until(lambda: n_connected(door) >= 10, "all ten wait")
    prompter.give(cookie, PASSPHRASE)
    signers.assert_done()
    settle()
    assert len(prompter.questions) == 1 and prompter.cancelled == []


def test_open_keyring_asks_nobody(person, bus, connect, pki, nginx, client):
    bus.start(person)
    keyring = GnomeKeyring(person, bus)
    try:
        person.start_daemon()
        person.import_files(pki.p12(pki.identity("Alice")), password="correct horse")
        person.stop_daemon()
        person.start_daemon()
        door, prompter = connect(), Prompter(connect())
        assert [slot["kind"] for slot in door.get(ROOT, VAULT, "Slots")] == ["secret-service"]
        assert door.get(ROOT, VAULT, "State") == "locked"
        Signers(person, pki, nginx, client).assert_done()
        settle()
        assert prompter.questions == []
    finally:
        keyring.stop()
