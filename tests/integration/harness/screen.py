# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fixtures of the tests with windows; a file that wants another screen has its own `desktop`.

    desktop     a screen with a keyboard and a screen reader, on the person's session bus
    prompter    prompter(arguments, **env) starts meishi-prompter there, which has to end well
    asking      a daemon that only asks, on the same bus
"""

import pytest

from .asking import AskingDaemon
from .dbus import NAME, Door
from .desktop import Desktop
from .window import start_prompter


@pytest.fixture
def desktop(person, bus):
    made = Desktop(person, bus)
    yield made
    made.stop()


@pytest.fixture
def prompter(person, desktop):
    made = []

    def start(*arguments, **env):
        made.append(start_prompter(person, desktop, *arguments, **env))
        return made[-1]

    yield start
    for one in made:
        output = one.output()
        assert one.stop() == 0, output
        assert "CRITICAL" not in output and "ERROR" not in output, output


@pytest.fixture
def asking(desktop, bus):
    door = Door(bus.address, NAME)
    yield AskingDaemon(door)
    door.close()
