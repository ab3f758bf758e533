# SPDX-License-Identifier: LGPL-2.1-or-later
"""Identities on a token behind a foreign module: SoftHSM in a meishi-tokenhost."""

import json
import os
import signal

import pytest
from harness.cards import sees, tokens
from harness.dbus import Door
from harness.process import wait_until
from harness.prompter import Prompter, settle
from harness.softhsm import PIN, Card

OK, PIN_INCORRECT, NOT_LOGGED_IN, DEVICE_REMOVED = 0x0, 0xA0, 0x101, 0x32
RSA, EC = "Card RSA", "Card EC"
TOKEN = "org.meishi.Agent1.Token"


@pytest.fixture
def card(person, pki):
    card = Card(person)
    card.add(pki.identity(RSA, "rsa2048"), 1)
    card.add(pki.identity(EC, "p256"), 2)
    return card


@pytest.fixture
def owner(person, card):
    """A person with a card in, and no vault at all."""
    person.start_daemon(*card.options)
    wait_until(lambda: sees(person, RSA), "the card is seen")
    return person


@pytest.fixture
def door(owner):
    made = Door(f"unix:path={owner.bus_socket}")
    yield made
    made.close()


@pytest.fixture
def prompter(door):
    made = Prompter(door, register=False)
    made.register(kinds=("pin",))
    return made


@pytest.fixture
def program(owner, client):
    """program(label) is one that has found that key, for begin() and result()."""

    def new(label=RSA):
        one = client(owner)
        key = one.open_key(label)
        mechanism = "ECDSA_SHA256" if label == EC else "SHA256_RSA_PKCS"
        one.begin = lambda: one.send("sign", mechanism=mechanism, data="00" * 32, **key)
        return one

    return new


def pins(door):
    """What a connection that was there before is told."""
    return [one[TOKEN]["Pin"] for one in door.objects(TOKEN).values()]


def result(program):
    return program.receive()["rv"]


def token_host(person):
    """The process in which the module is loaded."""
    listed = person.run("ps", "-o", "pid=,args=", "--ppid", person.daemon_pid()).stdout
    pids = [int(line.split()[0]) for line in listed.splitlines() if "meishi-tokenhost" in line]
    assert len(pids) == 1, listed
    return pids[0]


def test_listed_without_a_question(owner, prompter):
    shown = owner.meishi("list").stdout
    assert RSA in shown and EC in shown
    assert all("Corp card" in line for line in shown.splitlines()[1:])
    settle()
    assert prompter.questions == []


@pytest.mark.parametrize("only", [None, "softhsm/modules"])
def test_where_modules_are_said(person, card, only):
    """With all that p11-kit has on this machine, SoftHSM among it, or a directory instead."""
    person.start_daemon(env={"MEISHI_TOKEN_MODULES": only and str(person.home / only)})
    wait_until(lambda: sees(person, RSA), "the card is seen")


def test_no_modules_but_ones_own(person, card):
    person.start_daemon()
    settle()
    assert not sees(person, RSA)
    assert person.meishi("token", "list").stderr == "No card and no token is there.\n"
    children = person.run("ps", "-o", "args=", "--ppid", person.daemon_pid(), check=False)
    assert "meishi-tokenhost" not in children.stdout


def test_token_list_and_show(owner, prompter):
    (token,) = tokens(owner)
    assert token["label"] == token["own_label"] == "Corp card"
    assert (token["kind"], token["pin"], token["logged_in"]) == ("card", "ok", False)
    assert token["module"] == "softhsm" and token["model"] == "SoftHSM v2"
    (line,) = [
        line.split() for line in owner.meishi("token", "list").stdout.splitlines()
        if line.startswith("Corp card")
    ]  # fmt: skip
    assert line[2] == "card" and line[-3:] == ["asked", "when", "needed"]
    for name in ("Corp card", "corp CARD", token["serial_number"]):
        shown = json.loads(owner.meishi("token", "show", name, "--json").stdout)
        assert shown | token == shown
        assert {"initialized", "login-required", "pin-set"} <= set(shown["flags"])
        assert [one["label"] for one in shown["objects"] if one["class"] == "certificate"] != []
        (pss,) = [one for one in shown["mechanisms"] if one["name"] == "RSA_PKCS_PSS"]
        assert "sign" in pss["uses"] and pss["max"] >= 4096
    shown = owner.meishi("token", "show", "Corp card").stdout
    assert RSA in shown and EC in shown and "pkcs11:token=Corp%20card" in shown
    assert "RSA_PKCS_PSS: sign, verify" in shown and f"certificate “{RSA}”" in shown
    absent = owner.meishi("token", "show", "Other", check=False)
    assert absent.returncode == 3 and "There is no card" in absent.stderr
    settle()
    assert prompter.questions == []


def test_token_list_follows(owner, card, door, prompter, program):
    one = program()
    one.begin()
    prompter.give(prompter.question()[0], "000000")
    prompter.question(2)
    assert [token["pin"] for token in tokens(owner)] == ["few"] and "few" in pins(door)
    prompter.give(prompter.questions[1][0], PIN)
    assert result(one) == OK
    assert [token["logged_in"] for token in tokens(owner)] == [True]
    assert "given" in owner.meishi("token", "list").stdout
    card.pull()
    wait_until(lambda: tokens(owner) == [], "the card is missed")


def test_add_and_remove_a_module(person, card):
    person.start_daemon()
    added = person.meishi("token", "add-module", card.module, "--json").stdout
    assert json.loads(added) == {"added": str(card.module)}
    wait_until(lambda: sees(person, RSA), "the card is seen")
    twice = person.meishi("token", "add-module", card.module, check=False)
    assert twice.returncode == 1 and "is there already" in twice.stderr
    person.stop_daemon()
    wait_until(lambda: sees(person, RSA), "the next daemon sees it, too")
    person.meishi("token", "remove-module", card.module)
    wait_until(lambda: not sees(person, RSA), "the card is missed")
    absent = person.meishi("token", "remove-module", card.module, check=False)
    assert absent.returncode == 3 and "was not added" in absent.stderr


def test_modules_that_do_not_load(person):
    person.start_daemon()
    done = person.meishi("token", "add-module", "no.so", check=False)
    assert done.returncode == 3 and f"{person.home}/no.so" in done.stderr
    own = person.meishi("token", "add-module", person.write("evil.so", b"x", 0o666), check=False)
    assert own.returncode == 1, own.stderr
    assert list((person.config / "meishi").glob("modules/*")) == []


@pytest.mark.parametrize("command", [("rename", RSA, "Other"), ("remove", "--yes", RSA)])
def test_what_is_on_a_card_is_not_the_vaults(owner, command):
    done = owner.meishi(*command, check=False)
    assert done.returncode != 0 and "lies on the token" in done.stderr, done.stderr
    assert sees(owner, RSA)


def test_same_certificate_in_the_vault(person, card, pki):
    """One identity: the vault's key works without a card and a PIN."""
    person.start_daemon(*card.options)
    wait_until(lambda: sees(person, RSA), "the card is seen")
    given = person.write("passphrase", "Sesame")
    person.meishi("vault", "init", "passphrase", "--passphrase-file", given)
    person.import_files(pki.p12(pki.identity(RSA, "rsa2048")), password="correct horse")
    lines = person.meishi("list").stdout.splitlines()
    assert sum(line.startswith(RSA) for line in lines) == 1


def test_ten_programs_one_pin(prompter, program):
    programs = [program(RSA if n % 2 else EC) for n in range(10)]
    for one in programs:
        one.begin()
    cookie, kind, question = prompter.question()
    assert kind == "pin" and question["token"] == "Corp card" and question["wrong"] is False
    prompter.give(cookie, PIN)
    assert [result(one) for one in programs] == [OK] * 10
    programs[0].begin()
    assert result(programs[0]) == OK
    settle()
    assert len(prompter.questions) == 1


def test_wrong_pin(prompter, program):
    one = program()
    one.begin()
    cookie, _, _ = prompter.question()
    prompter.give(cookie, "000000")
    cookie, _, question = prompter.question(2)
    assert question["wrong"] is True
    prompter.give(cookie, PIN)
    assert result(one) == OK


def test_nobody_there(owner, program):
    one = program()
    one.begin()
    assert result(one) == NOT_LOGGED_IN


def test_a_pin_for_each_use(person, card, pki, client):
    label = "Card always"
    card.add(pki.identity(label, "rsa2048"), 3, login_always=True)
    person.start_daemon(*card.options)
    wait_until(lambda: sees(person, label), "the card is seen")
    door = Door(f"unix:path={person.bus_socket}")
    prompter = Prompter(door, register=False)
    prompter.register(kinds=("pin",))
    one = client(person)
    key = one.open_key(label)
    one.send("sign", mechanism="SHA256_RSA_PKCS", data="00" * 32, **key)
    prompter.give(prompter.question()[0], PIN)  # to see the key at all
    for n in (2, 3):
        cookie, _, question = prompter.question(n)
        assert question["each-use"] is True
        if n == 3:
            prompter.give(cookie, "000000")
            cookie, _, question = prompter.question(4)
            assert question["each-use"] is True and question["wrong"] is True
            assert "few" in pins(door)
        prompter.give(cookie, PIN)
        assert result(one) == OK
        if n == 2:
            one.send("sign", mechanism="SHA256_RSA_PKCS", data="00" * 32, **key)
    door.close()


def test_pulled_and_inserted(owner, card, prompter, program):
    one = program()
    one.begin()
    prompter.give(prompter.question()[0], PIN)
    assert result(one) == OK
    assert 48 <= one.slot < 64  # a slot of its own, and not the vault's
    card.pull()
    one.begin()
    assert result(one) in (DEVICE_REMOVED, 0x60, 0x82)
    wait_until(lambda: not sees(owner, RSA), "the card is missed")
    settle()
    n_asked = len(prompter.questions)  # once more, where the login was missed before the card
    assert one.slot not in one.slots()["slots"]
    card.insert()
    wait_until(lambda: sees(owner, RSA), "the card is seen again", 60)
    assert one.slot in one.slots()["slots"]
    again = one.open(slot=one.slot)["session"]
    key = one.find_key(session=again, label=RSA)["key"]
    one.send("sign", session=again, key=key, mechanism="SHA256_RSA_PKCS", data="00" * 32)
    prompter.give(prompter.question(n_asked + 1)[0], PIN)
    assert result(one) == OK


def test_pulled_before_its_pin_is_given(card, prompter, program):
    """A program is told of the card then, and not of a PIN that nobody could give."""
    one = program()
    one.begin()
    prompter.question()
    card.pull()
    assert prompter.end()[1] == "answered"
    assert result(one) in (DEVICE_REMOVED, 0x60, 0x82)


@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("label", [RSA, EC])
def test_curl(owner, pki, nginx, prompter, program, label, version):
    """TLS 1.3 wants PSS, and the engine knows nothing of cards and PINs."""
    one = program(label)
    one.begin()
    prompter.give(prompter.question()[0], PIN)
    assert result(one) == OK
    uri = f"pkcs11:token=Corp%20card;object={label.replace(' ', '%20')}"
    page = owner.run(
        "curl", "-sS", "--engine", "pkcs11", "--cacert", pki.root.cert, "--cert-type", "ENG",
        "--cert", uri, "--key-type", "ENG", "--key", uri, nginx.url(version),
    ).stdout  # fmt: skip
    assert nginx.page(pki.identity(label), version) in page
    settle()
    assert len(prompter.questions) == 1


def test_host_dies(owner, prompter, program):
    one = program()
    one.begin()
    prompter.give(prompter.question()[0], PIN)
    assert result(one) == OK
    before = token_host(owner)
    os.kill(before, signal.SIGKILL)
    one.begin()
    prompter.give(prompter.question(2)[0], PIN)  # the login was its own
    assert result(one) == OK
    assert token_host(owner) != before
