# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many programs that need the person at once: as few questions as there are things to ask, an answer
for everybody, and nothing that stays behind in the daemon."""

import os
import re
import signal
from pathlib import Path

import pytest
from harness.dbus import INTROSPECTABLE, MANAGER, NAME, ROOT, Door, RemoteError
from harness.process import wait_until
from harness.prompter import SELECTED, Prompter, settle
from harness.tls_program import TlsProgram

# Who is meant for which server.
CARDS = {"a.example.com": "Alice", "b.example.com": "Bob", "c.example.com": "Carol"}
HOSTS = sorted(CARDS)
N_PROGRAMS, N_EACH = 10, 5

GLIB_SUPPRESSIONS = "/usr/share/glib-2.0/valgrind/glib.supp"
VALGRIND = (
    "valgrind", "--quiet", "--leak-check=full", "--show-leak-kinds=definite",
    "--errors-for-leak-kinds=definite", "--error-exitcode=99",
    f"--suppressions={GLIB_SUPPRESSIONS}",
)  # fmt: skip


class Crowd:
    """The daemon with three identities on a bus of its own, and what a test starts there."""

    def __init__(self, person, bus, pki, under=()):
        self.person, self.bus, self.pki = person, bus, pki
        self.doors, self.programs = [], []
        if bus.process is None:
            bus.start(person)
        person.start_daemon(under=under)
        self.door = self.connect()
        wait_until(self._is_served, "the daemon on the bus")
        for name in CARDS.values():
            person.import_files(pki.p12(pki.identity(name)), password="correct horse")
        self.identities = self.door.identities()
        self.n_descriptors = self._count_descriptors()

    def connect(self):
        self.doors.append(Door(self.bus.address, NAME))
        return self.doors[-1]

    def start(self, port=443):
        """Ten programs, each with five requests, for all hosts in turn; all of them are open."""
        for number in range(N_PROGRAMS):
            hosts = [HOSTS[(number + i) % len(HOSTS)] for i in range(N_EACH)]
            self.programs.append(TlsProgram(self.person, self.bus, port, *hosts))
        started = self.programs[-N_PROGRAMS:]
        wait_until(lambda: all(one.has_asked() for one in started), "all have asked")
        return started

    def statistics(self):
        return self.door.call(ROOT, f"{MANAGER}.Statistics")[0]

    def assert_all_answered(self, programs):
        """Each has for each host exactly one answer, the one that was meant for it."""
        wait_until(lambda: all(one.has_heard() for one in programs), "all have their answers")
        self.statistics()  # whatever came twice has come by now
        for one in programs:
            got = sorted((e["host"], e["result"], e["label"]) for e in one.responses())
            assert got == sorted((host, SELECTED, CARDS[host]) for host in one.hosts)

    def assert_nothing_left(self):
        """No question, no request object, no descriptor."""
        assert self.statistics()["questions"] == 0
        xml = self.door.call(ROOT, f"{INTROSPECTABLE}.Introspect")[0]
        assert 'node name="request"' not in xml
        wait_until(
            lambda: self._count_descriptors() <= self.n_descriptors, "descriptors are closed"
        )

    def stop(self):
        for one in (*self.programs, *self.doors):
            one.stop() if isinstance(one, TlsProgram) else one.close()

    def _is_served(self):
        try:
            self.door.objects()
            return True
        except RemoteError:
            return False

    def _count_descriptors(self):
        return len(os.listdir(f"/proc/{self.person.daemon.pid}/fd"))


@pytest.fixture
def crowd(person, bus, pki):
    made = Crowd(person, bus, pki)
    yield made
    made.stop()


def answer(prompter, crowd, n):
    """Answers the `n`th question with the identity that is meant for its host; returns the host."""
    cookie, kind, question = prompter.question(n)
    assert kind == "choose"
    prompter.choose(cookie, crowd.identities[CARDS[question["host"]]])
    return question["host"]


def answer_all(prompter, crowd):
    """Three questions and no more."""
    assert sorted(answer(prompter, crowd, n) for n in (1, 2, 3)) == HOSTS


# ---- selections ---------------------------------------------------------------------------------


def test_fifty_requests_three_questions(crowd):
    prompter = Prompter(crowd.connect())
    programs = crowd.start()
    assert crowd.statistics()["questions"] == 3
    answer_all(prompter, crowd)
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
            answer_all(prompter, crowd)
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
    answer_all(prompter, crowd)
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
    answer(dying, crowd, 1)
    dying.question(2)
    dying.door.close()
    hosts = [answer(next_one, crowd, n) for n in (1, 2)]
    assert hosts[0] == dying.questions[1][2]["host"]
    crowd.assert_all_answered(programs)
    assert len(next_one.questions) == 2
    crowd.assert_nothing_left()
