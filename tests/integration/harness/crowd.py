# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fifty selections at once: ten programs with five requests each, for three servers, each of which is
meant to get another certificate."""

import os

from .dbus import INTROSPECTABLE, MANAGER, NAME, ROOT, Door, RemoteError
from .process import wait_until
from .prompter import SELECTED
from .tls_program import TlsProgram

# Who is meant for which server.
CARDS = {"a.example.com": "Alice", "b.example.com": "Bob", "c.example.com": "Carol"}
HOSTS = sorted(CARDS)
N_PROGRAMS, N_EACH = 10, 5


class Crowd:
    """The daemon with three identities on a bus of its own, and what a test starts there."""

    def __init__(self, person, bus, pki, under=(), env=None):
        self.person, self.bus, self.pki = person, bus, pki
        self.doors, self.programs = [], []
        if bus.process is None:
            bus.start(person)
        person.start_daemon(under=under, env=env)
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

    def answer(self, prompter, n):
        """Answers the `n`th question with the identity that is meant for its host, which is
        returned."""
        cookie, kind, question = prompter.question(n)
        assert kind == "choose"
        prompter.choose(cookie, self.identities[CARDS[question["host"]]])
        return question["host"]

    def answer_all(self, prompter):
        """One question for each host."""
        assert sorted(self.answer(prompter, n + 1) for n in range(len(HOSTS))) == HOSTS

    def assert_nothing_left(self):
        """No question, no request object, no descriptor."""
        assert self.statistics()["questions"] == 0
        xml = self.door.call(ROOT, f"{INTROSPECTABLE}.Introspect")[0]
        assert 'node name="request"' not in xml
        wait_until(
            lambda: self._count_descriptors() <= self.n_descriptors, "descriptors are closed"
        )

    def stop(self):
        for one in self.programs:
            one.stop()
        for one in self.doors:
            one.close()

    def _is_served(self):
        try:
            self.door.objects()
            return True
        except RemoteError:
            return False

    def _count_descriptors(self):
        """The daemon has closed itself to all but root; for others it is always the same number."""
        if os.getuid() != 0:
            return 0
        return len(os.listdir(f"/proc/{self.person.daemon.pid}/fd"))
