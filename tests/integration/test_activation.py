# SPDX-License-Identifier: LGPL-2.1-or-later
"""Nobody is there to ask the person, and the session bus starts somebody, or does not."""

import time

import pytest
from gi.repository import Gio, GLib
from harness.activated import NAME as PROMPTER_NAME
from harness.activated import Activated
from harness.dbus import NAME, ROOT, SELECTOR, Door, RemoteError
from harness.process import wait_until
from harness.prompter import NO_AGENT, Prompter, Selection
from harness.terminal import Terminal

PASSPHRASE = "Sesame, open thyself 4711"
LABEL = "Alice"
OK, NOT_LOGGED_IN = 0x0, 0x101


@pytest.fixture
def activated(person, bus):
    """activated(temper) makes such a prompter startable."""
    made = []

    def make(temper):
        made.append(Activated(person, bus, temper, PASSPHRASE))
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture
def owner(person, pki):
    """owner(bus) is a person on that bus, whose vault has a passphrase and is locked."""

    def make(bus):
        bus.start(person)
        person.start_daemon()
        given = person.write("passphrase", PASSPHRASE)
        person.meishi("vault", "init", "passphrase", "--passphrase-file", given)
        for name in (LABEL, "Work"):
            person.import_files(pki.p12(pki.identity(name)), password="correct horse")
        person.meishi("lock")
        return person

    return make


@pytest.fixture
def connect(bus):
    """connect() is a connection to the daemon through the bus."""
    made = []

    def new():
        made.append(Door(bus.address, NAME))
        wait_until(lambda: is_available(made[-1]) is not None, "the daemon on the bus")
        return made[-1]

    yield new
    for one in made:
        one.close()


def is_available(door):
    try:
        return door.get(ROOT, SELECTOR, "AgentAvailable")
    except RemoteError:
        return None


def wait_until_gone(door):
    """The prompter that was stopped is off the bus, and the daemon knows: what the bus tells it
    comes before what we tell it afterwards."""
    has_owner = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")

    def is_gone():
        parameters = GLib.Variant("(s)", (PROMPTER_NAME,))
        reply = door.connection.call_sync(
            *has_owner, "NameHasOwner", parameters, None, Gio.DBusCallFlags.NONE, 60000, None
        )
        return not reply.unpack()[0]

    wait_until(is_gone, "the prompter has left the bus")
    is_available(door)


class Signer:
    """A program that has found its key; each sign() needs the locked vault."""

    def __init__(self, client, owner):
        self.client = client(owner)
        self.key = self.client.open_key(LABEL)

    def sign(self):
        self.client.send("sign", mechanism="ECDSA_SHA256", data="00" * 32, **self.key)

    def result(self):
        return self.client.receive()["rv"]


@pytest.mark.parametrize("temper", ["prompt", "late"])
def test_started_and_asked(activated, owner, bus, client, connect, temper):
    service = activated(temper)
    signer = Signer(client, owner(bus))
    assert is_available(connect()) is True and service.starts() == []
    signer.sign()
    assert signer.result() == OK
    assert len(service.starts()) == 1


def test_one_start_for_all(activated, owner, bus, client):
    service = activated("late")
    person = owner(bus)
    signers = [Signer(client, person) for _ in range(3)]
    for one in signers:
        one.sign()
    assert [one.result() for one in signers] == [OK] * 3
    assert len(service.starts()) == 1


def test_started_anew_after_it_was_there(activated, owner, bus, client, connect):
    service = activated("prompt")
    person = owner(bus)
    signer = Signer(client, person)
    door = connect()
    for n in (1, 2):
        signer.sign()
        assert signer.result() == OK
        assert len(service.starts()) == n
        service.stop()
        wait_until_gone(door)
        person.meishi("lock")


def test_fails_at_once_and_is_not_tried_again(activated, owner, bus, client, connect):
    service = activated("exits")
    signer = Signer(client, owner(bus))
    began = time.monotonic()
    for _ in range(2):
        signer.sign()
        assert signer.result() == NOT_LOGGED_IN
    assert time.monotonic() - began < 8
    assert len(service.starts()) == 1
    time.sleep(2)  # within which not even a person who acts has it tried again
    for _ in range(2):
        result, decision = Selection(connect()).response()
        assert result == NO_AGENT and decision["question"]["n-candidates"] == 2
    assert len(service.starts()) == 2


def test_never_registers(activated, owner, bus, client, connect):
    """It has ten seconds; another one that comes meanwhile takes the question."""
    service = activated("silent")
    signer = Signer(client, owner(bus))
    signer.sign()
    wait_until(service.starts, "a start")
    other = Prompter(connect())
    other.respond(other.question()[0], 1)
    assert signer.result() == NOT_LOGGED_IN
    other.door.close()
    began = time.monotonic()
    request = Selection(connect())
    assert request.response()[0] == NO_AGENT
    assert 8 < time.monotonic() - began < 20
    assert len(service.starts()) == 1


def test_unknown_to_the_bus(owner, bus, client, connect):
    signer = Signer(client, owner(bus))
    door = connect()
    assert is_available(door) is False
    signer.sign()
    assert signer.result() == NOT_LOGGED_IN
    assert Selection(door).response()[0] == NO_AGENT


def test_installed_while_the_daemon_runs(activated, owner, bus, client, connect):
    signer = Signer(client, owner(bus))
    door = connect()
    assert is_available(door) is False
    activated("prompt")
    door.connection.call_sync(
        "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "ReloadConfig",
        None, None, 0, -1, None,
    )  # fmt: skip
    wait_until(lambda: is_available(door), "it can be started")
    signer.sign()
    assert signer.result() == OK


def test_daemon_without_bus(owner, bus, activated, client):
    """The bus comes to an end, and with it whoever it could start."""
    activated("prompt")
    signer = Signer(client, owner(bus))
    bus.stop()
    signer.sign()
    assert signer.result() == NOT_LOGGED_IN


def test_own_terminal_comes_first(activated, owner, bus):
    """A program on a terminal whose agent asks: no window is started for it."""
    service = activated("prompt")
    person = owner(bus)
    person.write("digest", b"x" * 32)
    sign = (
        f"pkcs11-tool --module {person.tree.module} --token-label Meishi --sign --mechanism ECDSA"
        f" --label {LABEL} --input-file digest --output-file signature"
    )
    command = (
        f"{person.tree.meishi} agent --tty & agent=$!;"
        f" until test -e go; do sleep 0.1; done; {sign}; kill $agent; wait"
    )
    terminal = Terminal(["sh", "-c", command], person.env, person.home, **person.identity())
    terminal.expect("until you press Ctrl-C")
    person.write("go", b"")
    terminal.expect_question("Passphrase of the vault: ")
    terminal.send(PASSPHRASE + "\n")
    terminal.finish()
    assert (person.home / "signature").stat().st_size == 64
    assert service.starts() == []


def test_window_before_somebody_elses_terminal(activated, owner, bus, client, connect):
    """An agent on a terminal where the program is not."""
    service = activated("prompt")
    person = owner(bus)
    elsewhere = Terminal(
        [person.tree.meishi, "agent", "--tty"], person.env, person.home, **person.identity()
    )
    elsewhere.expect("until you press Ctrl-C")
    signer = Signer(client, person)
    signer.sign()
    assert signer.result() == OK
    assert len(service.starts()) == 1
    elsewhere.send("\x03")
    assert elsewhere.finish() == 0
    assert "Passphrase" not in elsewhere.text
