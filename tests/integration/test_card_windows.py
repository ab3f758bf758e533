# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real programs log in with a card, and the person types the PIN into a real window, once."""

import pytest
from harness.dbus import MANAGER, NAME, ROOT, Door
from harness.process import wait_until
from harness.smartcard import PIN
from harness.window import Window, wait_until_windows

PIN_NEEDED = "PIN Needed"


@pytest.fixture
def identity(pki):
    return pki.identity("Hana", "rsa2048")


@pytest.fixture
def card(reader, identity):
    return reader.card({"9a": identity}).insert()


@pytest.fixture
def holder(holds, reader, card, identity, prompter, bus):
    made = holds(opensc=reader)
    made.start(identity)
    prompter()
    door = Door(bus.address, NAME)
    wait_until_windows(door)
    yield made
    assert door.call(ROOT, f"{MANAGER}.Statistics")[0]["questions"] == 0
    door.close()


def type_pin(desktop, window, pin):
    desktop.person.run("xdotool", "type", "--delay", "15", pin, env=desktop.env)
    window.press("Use PIN", "Return")


def test_one_window_for_all(holder, desktop, card, identity, pki, nginx):
    for number, program in enumerate(holder.handshakes(pki, nginx, identity)):
        if number == 0:
            window = Window(desktop, PIN_NEEDED, "Hana")
            assert program.NAME in window.text() and "Virtual PCD" in window.text()
            type_pin(desktop, window, PIN)
            window.gone()
        assert desktop.windows() == []
    assert card.journal() == ["verify right"] + ["sign 9a"] * (number + 1)


def test_wrong_and_then_right(holder, desktop, card, identity, pki, nginx):
    for number, _ in enumerate(holder.handshakes(pki, nginx, identity)):
        if number == 0:
            window = Window(desktop, PIN_NEEDED)
            type_pin(desktop, window, "000000")
            wait_until(lambda: "wrong" in window.text(), "it says so")
            type_pin(desktop, window, PIN)
            window.gone()
    assert card.journal()[:2] == ["verify wrong", "verify right"]
    assert set(card.journal()[2:]) == {"sign 9a"}


def test_pulled_while_the_window_is_open(holder, desktop, card, identity, pki, nginx):
    """The question is closed, and the program told."""
    program = next(holder.handshakes(pki, nginx, identity))
    window = Window(desktop, PIN_NEEDED)
    card.pull()
    window.gone()
    program.assert_failed()
    assert card.journal() == []
