# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many programs that need the person at once: as few questions as there are things to ask, an answer
for everybody, and nothing that stays behind in the daemon."""

import re

import pytest
from harness.crowd import Crowd
from harness.process import wait_until
from harness.prompter import Prompter, settle

GLIB_SUPPRESSIONS = "/usr/share/glib-2.0/valgrind/glib.supp"
VALGRIND = (
    "valgrind", "--quiet", "--leak-check=full", "--show-leak-kinds=definite",
    "--errors-for-leak-kinds=definite", "--error-exitcode=99",
    f"--suppressions={GLIB_SUPPRESSIONS}",
)  # fmt: skip


def test_fifty_requests_three_questions(crowd):
    prompter = Prompter(crowd.connect())
    programs = crowd.start()
    assert crowd.statistics()["questions"] == 3
    crowd.answer_all(prompter)
    crowd.assert_all_answered(programs)
    settle()
    assert len(prompter.questions) == 3 and prompter.cancelled == []
    crowd.assert_nothing_left()


@pytest.fixture
def watched(person, bus, pki):
    """The same in a daemon that is watched: by its own AddressSanitizer where it is built with that,
    by valgrind where it is not."""
    under, env = VALGRIND, {}
    if "address" in person.tree.option("b_sanitize"):
        # Random generators hang on OpenSSL's locked memory, where LeakSanitizer does not look.
        known = person.write("lsan.supp", "leak:EVP_RAND_instantiate\n")
        under, env = (), {
            "ASAN_OPTIONS": "fast_unwind_on_malloc=0", "UBSAN_OPTIONS": "halt_on_error=1",
            "LSAN_OPTIONS": f"suppressions={known}:print_suppressions=0",
        }  # fmt: skip
    made = Crowd(person, bus, pki, under=under, env=env)
    yield made
    made.stop()


def test_leaks_nothing(watched):
    """Two crowds that are answered and one that dies."""
    prompter = Prompter(watched.connect())
    for port in (443, 8443):
        programs = watched.start(port)
        prompter.questions.clear()
        watched.answer_all(prompter)
        watched.assert_all_answered(programs)
        watched.assert_nothing_left()
    for one in watched.start(9443):
        one.process.kill()
    wait_until(lambda: watched.statistics()["questions"] == 0, "nothing is asked any more")
    watched.assert_nothing_left()
    watched.stop()
    daemon = watched.person.daemon
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
