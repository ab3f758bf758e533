# SPDX-License-Identifier: LGPL-2.1-or-later
"""The vault and the desktop's Secret Service: the real gnome-keyring open, locked and without our
item, and services that are silent, vanish, ask for ever or lie.  The rule under test: an answer
that is not surely "yes" never leads to a new vault, and nothing waits longer than our deadline."""

import time

import pytest
from harness.management import Management, ManagementError
from harness.process import wait_until
from harness.secrets import BadKeyring, GnomeKeyring

DEADLINE_MS = 3000
SLACK = 15  # seconds, for a machine under load


@pytest.fixture
def key_file(person):
    """A private key in a file that needs no password."""
    path = person.home / "key.pem"
    person.run(
        "openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
        "-out", path,
    )  # fmt: skip
    return path


@pytest.fixture
def keyring(person, bus):
    bus.start(person)
    made = GnomeKeyring(person, bus)
    yield made
    made.stop()


@pytest.fixture
def bad_keyring(person, bus):
    made = []

    def start(mode):
        if bus.process is None:
            bus.start(person)
        made.append(BadKeyring(person, bus, mode))
        return made[-1]

    yield start
    for one in made:
        one.stop()


def daemon(person):
    person.start_daemon("--keyring-deadline-ms", str(DEADLINE_MS))
    return Management(person)


def restart(person):
    person.stop_daemon()
    return daemon(person)


def refused(call, *arguments):
    """The error of a call that must fail, within the deadline."""
    started = time.monotonic()
    with pytest.raises(ManagementError) as caught:
        call(*arguments)
    assert time.monotonic() - started < DEADLINE_MS / 1000 + SLACK
    return caught.value


def vault_files(person):
    return sorted(path.name for path in person.data.rglob("*") if path.is_file())


def assert_no_vault(person, agent):
    assert agent.state == "absent"
    assert not (person.config / "meishi" / "vault.key").exists()


def assert_no_helper_left(person):
    children = f"/proc/{person.daemon.pid}/task/{person.daemon.pid}/children"
    wait_until(lambda: not open(children, encoding="ascii").read().strip(), "no helper is left")


@pytest.fixture
def kept(person, keyring, key_file):
    """A daemon whose vault was made by an import and has its key in the keyring."""
    report = daemon(person).import_file(key_file)
    assert report["vault-created"] == "secret-service"
    return keyring


def test_first_import_uses_an_open_keyring(person, keyring, key_file):
    agent = daemon(person)
    report = agent.import_file(key_file)
    assert report["vault-created"] == "secret-service"
    assert "keyring" in report["vault-message"]
    assert [slot["kind"] for slot in agent.slots] == ["secret-service"]
    assert len(keyring.items()) == 1
    assert not (person.config / "meishi" / "vault.key").exists()


def test_a_new_daemon_opens_the_vault_by_itself(person, kept):
    agent = restart(person)
    assert agent.state == "locked"
    agent.unlock()
    assert agent.state == "unlocked"
    assert_no_helper_left(person)


def test_a_second_slot_does_not_touch_the_first(person, kept):
    agent = Management(person)
    agent.add_slot("secret-service")
    assert len(kept.items()) == 2
    first, second = agent.slots
    agent.remove_slot(first["id"])
    wait_until(lambda: len(kept.items()) == 1, "the item of the removed slot is gone")
    agent = restart(person)
    agent.unlock()
    assert [slot["id"] for slot in agent.slots] == [second["id"]]


def test_locked_keyring_refuses_the_first_import(person, keyring, key_file):
    keyring.lock()
    agent = daemon(person)
    error = refused(agent.import_file, key_file)
    assert error.name == "Locked"
    for choice in ("nlock your keyring", "meishi vault init passphrase", "init key-file"):
        assert choice in error.message
    assert_no_vault(person, agent)
    keyring.unlock()
    assert agent.import_file(key_file)["vault-created"] == "secret-service"


def test_locked_keyring_never_means_a_new_vault(person, kept, key_file):
    before = vault_files(person)
    kept.lock()
    agent = restart(person)
    error = refused(agent.unlock)
    assert error.name == "Locked"
    assert "keyring is locked" in error.message
    key_file.unlink()
    person.run("openssl", "genpkey", "-algorithm", "ED25519", "-out", key_file)
    assert refused(agent.import_file, key_file).name == "Locked"
    assert refused(agent.init, "").name == "Exists"
    assert agent.state == "locked"
    assert vault_files(person) == before
    kept.unlock()
    assert [item["outcome"] for item in agent.import_file(key_file)["items"]] == ["key-added"]


def test_locked_keyring_says_what_to_do(person, kept):
    """Nobody is sent from one command to the other: what has to be unlocked is the keyring."""
    kept.lock()
    restart(person)
    other = person.home / "other.pem"
    person.run("openssl", "genpkey", "-algorithm", "ED25519", "-out", other)
    for args in (["unlock"], ["import", other]):
        said = person.meishi(*args, check=False).stderr
        assert "keyring is locked. Unlock the keyring (log in to the desktop" in said
        assert "meishi unlock" not in said


def test_locked_keyring_beside_a_passphrase(person, kept):
    given = person.write("given", "open sesame")
    person.meishi("vault", "add-slot", "passphrase", "--passphrase-file", given)
    kept.lock()
    restart(person)
    said = person.meishi("unlock", check=False).stderr
    assert "Unlock the keyring" in said and "or give the vault's passphrase to" in said
    person.meishi("unlock", "--passphrase-file", given)


def test_slots_in_words(person, kept):
    """What the keyring calls its item is for programs."""
    [slot] = Management(person).slots
    shown = person.meishi("vault", "slots").stdout
    assert "in the desktop's login keyring" in shown and slot["location"] not in shown
    assert slot["location"] in person.meishi("vault", "slots", "--json").stdout


def test_an_item_that_is_gone_is_said(person, kept):
    kept.delete_items()
    agent = restart(person)
    error = refused(agent.unlock)
    assert error.name == "Locked"
    assert "does not have the vault's key" in error.message
    assert refused(agent.init, "key-file").name == "Exists"


@pytest.mark.parametrize("mode, name", [("prompt", "Locked"), ("dismiss", "Locked"),
                                        ("hide", "Locked"), ("silent", "Locked"),
                                        ("vanish", "Locked")])  # fmt: skip
def test_a_vault_stays_locked_behind_a_bad_keyring(person, kept, bad_keyring, mode, name):
    before = vault_files(person)
    kept.stop()
    bad_keyring(mode)
    agent = restart(person)
    assert refused(agent.unlock).name == name
    assert agent.state == "locked"
    assert vault_files(person) == before
    assert_no_helper_left(person)


@pytest.mark.parametrize("mode, name", [("prompt", "Locked"), ("dismiss", "Locked"),
                                        ("hide", "Locked"), ("silent", "Timeout"),
                                        ("vanish", "Failed"), ("forget", "Failed")])  # fmt: skip
def test_no_vault_is_made_with_a_bad_keyring(person, bad_keyring, key_file, mode, name):
    bad_keyring(mode)
    agent = daemon(person)
    error = refused(agent.import_file, key_file)
    assert error.name == name, error.message
    assert_no_vault(person, agent)
    assert_no_helper_left(person)


def test_a_prompt_that_never_ends_is_cut_off(person, bad_keyring):
    bad_keyring("prompt")
    agent = daemon(person)
    assert refused(agent.init, "secret-service").name == "Timeout"
    assert_no_vault(person, agent)
    assert_no_helper_left(person)


def test_nobody_on_the_bus(person, bus, key_file):
    bus.start(person)
    agent = daemon(person)
    started = time.monotonic()
    report = agent.import_file(key_file)
    assert time.monotonic() - started < DEADLINE_MS / 1000
    assert report["vault-created"] == "key-file"
    assert refused(agent.add_slot, "secret-service").name == "Unavailable"


def test_no_bus(person, key_file):
    report = daemon(person).import_file(key_file)
    assert report["vault-created"] == "key-file"
    path = person.config / "meishi" / "vault.key"
    assert path.stat().st_mode & 0o7777 == 0o600
    assert str(path) in report["vault-message"]


def test_a_service_that_cannot_be_started(person, bus, key_file):
    bus.add_service(
        "org.freedesktop.secrets",
        "[D-BUS Service]\nName=org.freedesktop.secrets\nExec=/bin/false\n",
    )
    bus.start(person)
    assert daemon(person).import_file(key_file)["vault-created"] == "key-file"
