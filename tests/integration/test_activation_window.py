# SPDX-License-Identifier: LGPL-2.1-or-later
"""The session bus starts meishi-prompter, as it is installed, when a question needs it."""

import pytest
from gi.repository import GLib
from harness.dbus import NAME, ROOT, SELECTOR, Door
from harness.desktop import Desktop
from harness.process import commands_with, end, wait_until
from harness.prompter import DISMISSED, SELECTED, Selection
from harness.window import CHOOSE, Window

SERVICE = "org.meishi.Prompter"


def prompters(person):
    return [pid for pid, _ in commands_with(str(person.tree.find("meishi-prompter")))]


@pytest.fixture
def desktop(person, bus):
    """A session as a display manager leaves it: the bus knows the screen."""
    tree = person.tree
    program = str(tree.find("meishi-prompter"))
    service = tree.find(f"{SERVICE}.service").read_text()
    final = str(tree.final_path(tree.find("meishi-prompter")))
    assert f"Exec={final}\n" in service
    bus.add_service(SERVICE, service.replace(final, program))
    made = Desktop(person, bus)
    yield made
    for pid in prompters(person):
        end(pid)
    made.stop()


@pytest.fixture
def door(person, desktop, bus, pki):
    person.start_daemon()
    for name in ("Alice", "Work"):
        person.import_files(pki.p12(pki.identity(name)), password="correct horse")
    made = Door(bus.address, NAME)
    made.connection.call_sync(
        "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
        "UpdateActivationEnvironment", GLib.Variant("(a{ss})", (desktop.env,)), None, 0, -1, None,
    )  # fmt: skip
    yield made
    made.close()


def test_the_window_comes(person, desktop, door):
    assert door.get(ROOT, SELECTOR, "AgentAvailable") is True
    assert prompters(person) == []
    request = Selection(door)
    window = Window(desktop, CHOOSE, "www.example.com:443 asks who you are")
    desktop.key("w")
    window.press("Use", "Return")
    result, decision = request.response()
    assert (result, decision["label"]) == (SELECTED, "Work")
    assert len(prompters(person)) == 1
    other = Selection(door, host="other.example.com")
    window = Window(desktop, CHOOSE, "other.example.com:443 asks who you are")
    desktop.key("Escape")
    assert other.response()[0] == DISMISSED
    assert len(prompters(person)) == 1


def test_killed_and_started_anew(person, desktop, door):
    """Its question was closed with it; the next one brings it back."""
    first = Selection(door)
    Window(desktop, CHOOSE, "www.example.com:443")
    [pid] = prompters(person)
    end(pid, 9)
    assert first.response()[0] == DISMISSED
    wait_until(lambda: desktop.windows() == [], "no window is left")
    second = Selection(door, host="other.example.com")
    Window(desktop, CHOOSE, "other.example.com:443")
    desktop.key("Escape")
    assert second.response()[0] == DISMISSED
