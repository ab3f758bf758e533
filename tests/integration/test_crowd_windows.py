# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many programs that need the person at once, and the windows that ask: one after the other, and
killed in the middle."""

import pytest
from harness.crowd import CARDS, HOSTS
from harness.dbus import ROOT, SELECTOR
from harness.process import wait_until
from harness.prompter import Prompter
from harness.window import CHOOSE, Window, start_prompter, text_on


@pytest.fixture
def prompter(person, desktop, crowd):
    running = start_prompter(person, desktop)
    wait_until(lambda: crowd.door.get(ROOT, SELECTOR, "AgentAvailable"), "it is registered")
    yield running
    running.stop()


def next_host(desktop, *seen):
    """The server that a window is about, once there is one for none of the `seen`."""

    def look():
        text = text_on(desktop)
        return [host for host in HOSTS if host not in seen and f"{host}:443 asks" in text]

    return wait_until(look, "a window")[0]


def choose_by_keyboard(desktop, host):
    """By the first letter of the name, as type-ahead finds it."""
    window = Window(desktop, CHOOSE, f"{host}:443 asks who you are")
    assert len(desktop.windows()) == 1
    desktop.key(CARDS[host][0].lower())
    window.press("Use", "Return")


def test_three_windows_one_after_the_other(desktop, crowd, prompter):
    programs = crowd.start()
    seen = []
    for _ in HOSTS:
        seen.append(next_host(desktop, *seen))
        choose_by_keyboard(desktop, seen[-1])
    crowd.assert_all_answered(programs)
    assert sorted(seen) == HOSTS
    wait_until(lambda: desktop.windows() == [], "no window is left")
    crowd.assert_nothing_left()


def test_windows_killed_in_the_middle(desktop, crowd, prompter):
    """SIGKILL with the second window up: its question, too, goes to who else is there, once."""
    programs = crowd.start()
    first = next_host(desktop)
    choose_by_keyboard(desktop, first)
    next_host(desktop, first)
    other = Prompter(crowd.connect())
    prompter.kill()
    assert sorted((crowd.answer(other, 1), crowd.answer(other, 2))) == sorted({*HOSTS} - {first})
    crowd.assert_all_answered(programs)
    assert len(other.questions) == 2
    crowd.assert_nothing_left()
