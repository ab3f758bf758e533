# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is typed into a window leaves no trace either: on the session bus, on the accessibility bus
while a screen reader reads along, in a log, in a file, in a core file, in the memory of the prompter
and of the daemon."""

import pytest
from harness.asking import AskingDaemon
from harness.dbus import NAME, ROOT, VAULT, Door
from harness.desktop import Desktop
from harness.process import wait_until
from harness.traces import (
    BusMonitor,
    accessibility_address,
    assert_clean,
    assert_forgotten,
    end_with_abort,
    files_with,
)
from harness.window import Window, start_prompter, wait_until_windows

WRONG = "Wermutstropfen im Likoer"
PASSPHRASE = "Kastanienallee 77 Hinterhof"
PASSWORD = "Zitronenfalter nach Mitternacht"
PIN = "4711081547110815"
UNLOCK, IMPORT = "Unlock Your Keys", "Import Certificates"
LABEL = "Alice"
ANSWERED = 0


class Watched:
    """A screen, with the session bus and the accessibility bus listened to from the beginning."""

    def __init__(self, person, bus):
        self.person = person
        self.desktop = Desktop(person, bus)
        session = Door(bus.address, "org.freedesktop.DBus")
        self.monitors = {
            "the session bus": BusMonitor(person, bus.address),
            "the accessibility bus": BusMonitor(person, accessibility_address(session)),
        }
        session.close()
        self.processes = []

    def type(self, text, *keys):
        """As the keyboard does; afterwards, what a screen reader sees of it is read."""
        env = self.desktop.env
        self.person.run("xdotool", "type", "--delay", "15", text, env=env)
        seen = self.desktop.see()
        assert text not in str(seen) and text[: len(text) // 2] not in str(seen)
        if keys:
            self.desktop.key(*keys)

    def start_prompter(self, *files):
        self.processes.append(start_prompter(self.person, self.desktop, *files))
        return self.processes[-1]

    def assert_no_trace(self, *secrets):
        """`secrets` have been typed, and what they were for is over."""
        heard = {bus: monitor.stop() for bus, monitor in self.monitors.items()}
        assert b"org.meishi" in heard["the session bus"]
        assert b"meishi-prompter" in heard["the accessibility bus"]
        for process in self.processes:
            assert_forgotten(process, *secrets)
        for secret in secrets:
            for bus, messages in heard.items():
                assert_clean(messages, secret, bus)
            assert files_with(self.person.home, secret) == []  # the logs are there, too

    def stop(self):
        for process in self.processes:
            process.stop()
        for monitor in self.monitors.values():
            monitor.stop()
        self.desktop.stop()


@pytest.fixture
def watched(person, bus):
    made = Watched(person, bus)
    yield made
    made.stop()


@pytest.fixture
def owner(person, watched, pki):
    """A person whose vault has a passphrase and nothing else, and is locked.  The daemon is a new
    one, which has never heard the passphrase."""
    given = person.write("given", PASSPHRASE)
    person.start_daemon()
    person.meishi("vault", "init", "passphrase", "--passphrase-file", given)
    person.import_files(pki.p12(pki.identity(LABEL)), password="correct horse")
    person.stop_daemon()
    given.unlink()
    watched.processes.append(person.start_daemon())
    return person


@pytest.fixture
def signing(owner, bus, watched, client):
    """A program that signs, and the window that it raises."""
    watched.start_prompter()
    door = Door(bus.address, NAME)
    wait_until_windows(door)
    door.close()
    program = client(owner)
    program.send("sign", mechanism="ECDSA_SHA256", data="00" * 32, **program.open_key(LABEL))
    return program


def test_passphrase(owner, watched, signing):
    """A wrong one, and then the right one."""
    window = Window(watched.desktop, UNLOCK)
    watched.type(WRONG)
    window.press("Unlock", "Return")
    wait_until(lambda: "That passphrase is wrong." in window.text(), "it says so")
    watched.type(PASSPHRASE)
    window.press("Unlock", "Return")
    assert signing.receive()["rv"] == 0
    wait_until(lambda: watched.desktop.windows() == [], "the window is gone")
    watched.assert_no_trace(WRONG, PASSPHRASE)


@pytest.mark.parametrize("how", ["Escape", "withdrawn"])
def test_passphrase_that_is_never_used(owner, watched, signing, how):
    """Typed, and then the person or the program thinks better of it."""
    Window(watched.desktop, UNLOCK)
    watched.type(PASSPHRASE)
    if how == "Escape":
        watched.desktop.key("Escape")
    else:
        signing.process.kill()
    wait_until(lambda: watched.desktop.windows() == [], "the window is gone")
    watched.assert_no_trace(PASSPHRASE)


def test_pin(person, bus, watched):
    door = Door(bus.address, NAME)
    daemon = AskingDaemon(door)
    watched.start_prompter()
    daemon.ask("pin", (
        "{'application': <'exe:/usr/bin/curl'>, 'application-trust': <'exe'>, 'pid': <uint32 4711>,"
        " 'token': <'Corp card'>, 'reader': <'Reader 0'>, 'label': <'Hana'>, 'tries': <'enough'>,"
        " 'min-length': <uint32 4>, 'max-length': <uint32 16>}"
    ))  # fmt: skip
    window = Window(watched.desktop, "PIN Needed")
    watched.type(PIN)
    window.press("Use PIN", "Return")
    assert daemon.answer()[1] == ANSWERED
    wait_until(lambda: watched.desktop.windows() == [], "the window is gone")
    watched.assert_no_trace(PIN)
    door.close()


def test_import_into_a_new_vault(person, pki, watched):
    """The password of the file, a wrong one before it, and the passphrase of the vault, twice."""
    file = pki.p12(pki.identity(LABEL), password=PASSWORD)
    watched.processes.append(person.start_daemon())
    watched.start_prompter(file)
    window = Window(watched.desktop, IMPORT, "Password of")
    watched.type(WRONG, "Return")
    wait_until(lambda: "That is not the password of the file." in window.text(), "it says so")
    watched.type(PASSWORD, "Return")
    Window(watched.desktop, IMPORT, f"Import “{LABEL}”?").press("Import", "alt+i")
    Window(watched.desktop, IMPORT, "Choose a Passphrase")
    watched.type(PASSPHRASE, "Return")
    watched.type(PASSPHRASE, "Return")
    Window(watched.desktop, IMPORT, "Was Imported")
    door = Door(f"unix:path={person.bus_socket}")
    assert [slot["kind"] for slot in door.get(ROOT, VAULT, "Slots")] == ["passphrase"]
    door.call(ROOT, f"{VAULT}.Lock")
    door.close()
    watched.assert_no_trace(WRONG, PASSWORD, PASSPHRASE)


def test_no_core_file_of_the_prompter(owner, watched, signing):
    """It is killed as by a failed assertion with the passphrase typed and not yet given."""
    Window(watched.desktop, UNLOCK)
    watched.type(PASSPHRASE)
    prompter = watched.processes.pop()
    assert not end_with_abort(prompter)
    assert files_with(owner.home, PASSPHRASE) == []
    assert signing.receive()["rv"] != 0
