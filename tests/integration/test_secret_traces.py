# SPDX-License-Identifier: LGPL-2.1-or-later
"""No secret leaves a trace: in a message on a bus, in a log, on a terminal, in a file, in a core
file, or in memory once it has been used.  What is typed into windows: test_secret_windows.py."""

import os
import resource
import signal
from pathlib import Path

import pytest
from harness.dbus import NAME, Door
from harness.process import wait_until
from harness.prompter import Prompter
from harness.secrets import GnomeKeyring
from harness.softhsm import SoftHsm
from harness.terminal import Terminal
from harness.traces import (
    BusMonitor,
    assert_clean,
    assert_forgotten,
    end_with_abort,
    files_with,
    find,
)
from harness.wiretap import Wiretap

PASSPHRASE = "Kastanienallee 77, Hinterhof"
WRONG = "Wermutstropfen im Kirschlikör"
LABEL = "Alice"
# Core files as large as whoever runs the tests may have them.
HARD_LIMIT = resource.getrlimit(resource.RLIMIT_CORE)[1]
LIMIT = ("prlimit", f"--core={'unlimited' if HARD_LIMIT < 0 else HARD_LIMIT}")
OK = 0


@pytest.fixture
def monitor(person, bus):
    bus.start(person)
    return BusMonitor(person, bus.address)


@pytest.fixture
def owner(person, monitor, pki):
    """A person whose vault has a passphrase and nothing else, and is locked.  The daemon is a new
    one, which has never heard the passphrase."""
    given = person.write("given", PASSPHRASE)
    person.start_daemon()
    person.meishi("vault", "init", "passphrase", "--passphrase-file", given)
    person.import_files(pki.p12(pki.identity(LABEL)), password="correct horse")
    person.stop_daemon()
    given.unlink()
    person.start_daemon(under=LIMIT)
    return person


@pytest.fixture
def door(owner, bus):
    door = Door(bus.address, NAME)
    wait_until(lambda: has_owner(door), "the daemon on the bus")
    yield door
    door.close()


def has_owner(door):
    return door.connection.call_sync(
        "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "ListNames",
        None, None, 0, -1, None,
    ).unpack()[0].count(NAME)  # fmt: skip


@pytest.fixture
def signer(owner, client):
    """signer() is a program that signs, which the locked vault holds up."""

    def begin():
        one = client(owner)
        one.send("sign", mechanism="ECDSA_SHA256", data="00" * 32, **one.open_key(LABEL))
        return one

    return begin


def unlock(door, signer):
    prompter = Prompter(door)
    program = signer()
    prompter.give(prompter.question()[0], PASSPHRASE)
    assert program.receive()["rv"] == OK


def assert_no_trace(owner, monitor, *secrets):
    heard = monitor.stop()
    assert_forgotten(owner.daemon, *secrets)
    for secret in secrets:
        assert_clean(heard, secret, "the session bus")
        assert files_with(owner.home, secret) == []  # the daemon's log is there, too
    return heard


def test_search_finds_what_is_there(owner):
    """Each way of looking, on something that is there: a text in every form, in memory and in a file."""
    for encoding in ("utf-8", "utf-16-le", "utf-32-le"):
        with pytest.raises(AssertionError, match="there holds"):
            assert_clean(b"\0" + PASSPHRASE[:14].encode(encoding), PASSPHRASE, "there")
    assert_clean(PASSPHRASE[:13].encode(), PASSPHRASE, "there")
    assert find(os.getpid(), PASSPHRASE.encode())
    path = owner.write("planted", "x" + PASSPHRASE[14:])
    assert files_with(owner.home, PASSPHRASE) == [path]


def test_passphrase_for_a_prompter_of_the_bus(owner, monitor, door, signer):
    """A wrong one, and then the right one."""
    prompter = Prompter(door)
    program = signer()
    prompter.give(prompter.question()[0], WRONG)
    prompter.give(prompter.question(2)[0], PASSPHRASE)
    assert program.receive()["rv"] == OK
    heard = assert_no_trace(owner, monitor, PASSPHRASE, WRONG)
    assert b"Respond" in heard and b"unlock" in heard and b"secret" in heard


def test_passphrase_at_a_terminal(owner, monitor, door, signer):
    agent = Terminal(
        [owner.tree.meishi, "agent", "--tty"], owner.env, owner.home, **owner.identity()
    )
    agent.expect("until you press Ctrl-C")
    program = signer()
    for secret in (WRONG, PASSPHRASE):
        agent.expect_question("Passphrase of the vault: ")
        agent.send(secret + "\n")
    assert program.receive()["rv"] == OK
    assert agent.child.poll() is None, agent.text
    assert_forgotten(agent.child, WRONG, PASSPHRASE)
    for secret in (WRONG, PASSPHRASE):
        assert_clean(agent.text.encode(), secret, "the terminal")
    agent.send("\x03")
    assert agent.finish() == 0
    assert_no_trace(owner, monitor, PASSPHRASE, WRONG)


def test_passphrase_of_a_new_vault(person, monitor):
    """Typed twice at a terminal; between `meishi` and the daemon goes everything but the passphrase."""
    person.start_daemon()
    tapped = person.runtime / "tapped"
    tapped.mkdir(mode=0o700)
    (tapped / "meishi").mkdir(mode=0o700)
    tap = Wiretap(tapped / "meishi" / "bus", person.bus_socket)
    terminal = Terminal(
        [person.tree.meishi, "vault", "init", "passphrase"],
        person.env | {"XDG_RUNTIME_DIR": str(tapped)}, person.home, **person.identity(),
    )  # fmt: skip
    for _ in range(2):
        terminal.expect_question("assphrase")
        terminal.send(PASSPHRASE + "\n")
    assert terminal.finish() == 0, terminal.text
    said = tap.stop()
    assert b"Init" in said and tap.descriptors >= 1
    assert_clean(said, PASSPHRASE, "the socket")
    assert_clean(terminal.text.encode(), PASSPHRASE, "the terminal")
    person.meishi("lock")
    assert_no_trace(person, monitor, PASSPHRASE)


def test_no_core_file(owner, door, signer):
    """It is killed as by a failed assertion, right after it used the passphrase.  A program that is
    started in the same way does leave a core file."""
    unlock(door, signer)
    other = owner.background(*LIMIT, "sleep", "60")
    other.wait_ready(lambda: b"sleep" in Path(f"/proc/{other.pid}/comm").read_bytes(), "runs")
    assert end_with_abort(other)
    for path in owner.home.glob("core*"):
        path.unlink()
    daemon, owner.daemon = owner.daemon, None
    assert not end_with_abort(daemon)
    assert [path for path in owner.home.iterdir() if "core" in path.name] == []
    assert_clean(daemon.log.read_bytes(), PASSPHRASE, "the daemon's log")


# ---- PINs ----------------------------------------------------------------------------------------

PIN, NEW_PIN = "Wacholder-und-Wermut", "Kirschkern-Weitspuck"
CARD = "Alice on a card"
WRONG_PIN = "Mirabellen-ohne-Kern"


@pytest.fixture
def holder(person, monitor, bus, scratch, pki, holds):
    """A token with a PIN that can be told from chance, a keyring, and no vault."""
    keyring = GnomeKeyring(person, bus)
    identity = pki.identity(CARD, "rsa2048")
    softhsm = SoftHsm(scratch / "traces")
    softhsm.add(softhsm.token(CARD), identity, "01")
    softhsm.tool(CARD, "--change-pin", "--new-pin", PIN)
    made = holds(softhsm=softhsm)
    made.start(identity)
    yield made
    keyring.stop()


def sign_with(holder, client, prompter, *pins):
    one = client(holder.person)
    one.send("sign", mechanism="SHA256_RSA_PKCS", data="00" * 32, **one.open_key(CARD))
    for pin in pins:
        prompter.give(prompter.question(len(prompter.questions) + 1)[0], pin)
    assert one.receive()["rv"] == OK


def test_pin(holder, monitor, bus, client):
    """Wrong and right, stored and taken out again, changed."""
    person = holder.person
    door = Door(bus.address, NAME)
    wait_until(lambda: has_owner(door), "the daemon on the bus")
    prompter = Prompter(door, register=False)
    prompter.register(kinds=("pin",))
    person.meishi("token", "pin", CARD, "--keep=keyring")
    sign_with(holder, client, prompter, WRONG_PIN, PIN)
    (host,) = holder.token_hosts().values()
    os.kill(host, signal.SIGKILL)  # with the login; the next one is with what is stored
    sign_with(holder, client, prompter)
    old, new = person.write("old", PIN), person.write("new", NEW_PIN)
    person.meishi("token", "pin", CARD, "--pin-file", old, "--new-pin-file", new)
    old.unlink()
    new.unlink()
    door.close()
    (host,) = holder.token_hosts().values()
    assert_no_trace(person, monitor, PIN, WRONG_PIN, NEW_PIN)
