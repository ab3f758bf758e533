# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many programs that need the person at once: as few questions as there are things to ask, an answer
for everybody, and nothing that stays behind in the daemon."""

import json
import re
import subprocess

import pytest
from harness.crowd import Crowd
from harness.dbus import MANAGER, ROOT, VAULT, Door
from harness.process import wait_until
from harness.prompter import Prompter, settle
from harness.secrets import GnomeKeyring

PASSPHRASE = "Sesame, open thyself 4711"

GLIB_SUPPRESSIONS = "/usr/share/glib-2.0/valgrind/glib.supp"
VALGRIND = (
    "valgrind", "--quiet", "--leak-check=full", "--show-leak-kinds=definite",
    "--errors-for-leak-kinds=definite", "--error-exitcode=99",
    f"--suppressions={GLIB_SUPPRESSIONS}",
)  # fmt: skip


@pytest.fixture
def crowd(person, bus, pki):
    made = Crowd(person, bus, pki)
    yield made
    made.stop()


# ---- selections ---------------------------------------------------------------------------------


def test_fifty_requests_three_questions(crowd):
    prompter = Prompter(crowd.connect())
    programs = crowd.start()
    assert crowd.statistics()["questions"] == 3
    crowd.answer_all(prompter)
    crowd.assert_all_answered(programs)
    settle()
    assert len(prompter.questions) == 3 and prompter.cancelled == []
    crowd.assert_nothing_left()


def test_leaks_nothing(person, bus, pki):
    """The same, twice, and once with a crowd that dies, in a daemon that is watched: by its own
    AddressSanitizer where it is built with that, by valgrind where it is not."""
    is_sanitized = "address" in person.tree.option("b_sanitize")
    crowd = Crowd(person, bus, pki, under=() if is_sanitized else VALGRIND)
    try:
        prompter = Prompter(crowd.connect())
        for port in (443, 8443):
            programs = crowd.start(port)
            prompter.questions.clear()
            crowd.answer_all(prompter)
            crowd.assert_all_answered(programs)
            crowd.assert_nothing_left()
        for one in crowd.start(9443):
            one.process.kill()
        wait_until(lambda: crowd.statistics()["questions"] == 0, "nothing is asked any more")
        crowd.assert_nothing_left()
    finally:
        crowd.stop()
    daemon = person.daemon
    assert daemon.stop() == 0, daemon.output()
    assert not re.search(r"ERROR SUMMARY: [1-9]|Sanitizer|runtime error:", daemon.output())


def test_half_of_them_die(crowd):
    prompter = Prompter(crowd.connect())
    programs = crowd.start()
    prompter.question()
    for one in programs[::2]:
        one.process.kill()
    crowd.answer_all(prompter)
    crowd.assert_all_answered(programs[1::2])
    settle()
    assert prompter.cancelled == []
    crowd.assert_nothing_left()


def test_all_of_them_die(crowd):
    prompter = Prompter(crowd.connect())
    programs = crowd.start()
    prompter.question()
    for one in programs:
        one.process.kill()
    assert prompter.end() == (prompter.questions[0][0], "caller-gone")
    wait_until(lambda: crowd.statistics()["questions"] == 0, "nothing is asked any more")
    settle()
    assert len(prompter.questions) == len(prompter.cancelled) == 1
    crowd.assert_nothing_left()


def test_prompter_dies_in_the_middle(crowd):
    """What it showed goes to the next one, once; what waited comes there in its turn."""
    next_one, dying = Prompter(crowd.connect()), Prompter(crowd.connect())
    programs = crowd.start()
    crowd.answer(dying, 1)
    dying.question(2)
    dying.door.close()
    hosts = [crowd.answer(next_one, n) for n in (1, 2)]
    assert hosts[0] == dying.questions[1][2]["host"]
    crowd.assert_all_answered(programs)
    assert len(next_one.questions) == 2
    crowd.assert_nothing_left()


# ---- one passphrase -----------------------------------------------------------------------------


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
