# SPDX-License-Identifier: LGPL-2.1-or-later
"""A card that is put in, pulled and put in again while programs run: what the standard says of slots,
sessions and events, and what NSS, GnuTLS and Java make of it."""

import pytest
from harness import gnutls, nss
from harness.java import Java
from harness.process import wait_until
from harness.prompter import settle
from harness.smartcard import PIN

OK, NO_EVENT = 0x0, 0x8
DEVICE_REMOVED, SESSION_HANDLE_INVALID = 0x32, 0xB3
TOKEN_NOT_PRESENT, NOT_INITIALIZED = 0xE0, 0x190
PRESENT, REMOVABLE = 1, 2
NAME = "Hana RSA"
KEY = "Certificate for PIV Authentication"
SIGN = {"mechanism": "SHA256_RSA_PKCS", "data": "00" * 32}
STANDING = [1, 2, 48, 49, 50, 51]


@pytest.fixture
def identity(pki):
    return pki.identity(NAME, "rsa2048")


@pytest.fixture
def card(reader, identity):
    """One that lies beside the reader."""
    return reader.card({"9a": identity})


@pytest.fixture
def holder(holds, reader):
    made = holds(opensc=reader)
    made.start()
    return made


@pytest.fixture
def hands(holder, card, identity):
    return Hands(holder, card, identity)


class Hands:
    def __init__(self, holder, card, identity):
        self.holder, self.card, self.identity = holder, card, identity

    def insert(self):
        self.card.insert()
        self.holder.wait_for(self.identity)

    def pull(self):
        self.card.pull()
        wait_until(lambda: not self.holder.sees(self.identity), "the card is missed")


@pytest.fixture
def program(holder, client):
    """One that looked at the slots while there was no card."""
    made = client(holder.person)
    assert made.initialize()["rv"] == OK
    assert made.slots(present=False)["slots"] == STANDING
    assert made.slots()["slots"] == [1]
    return made


# ---- the standard


def test_slots_stay(hands, program):
    for _ in range(2):
        hands.insert()
        (slot,) = set(program.slots()["slots"]) - {1}
        assert slot in STANDING
        assert program.slot_flags(slot=slot) == {"rv": OK, "flags": PRESENT | REMOVABLE}
        assert program.token_info(slot=slot) == {"rv": OK, "label": NAME}
        hands.pull()
        assert program.slot_flags(slot=slot) == {"rv": OK, "flags": REMOVABLE}
        assert program.token_info(slot=slot)["rv"] == TOKEN_NOT_PRESENT
        assert program.open(slot=slot)["rv"] == TOKEN_NOT_PRESENT
        assert program.slots(present=False)["slots"] == STANDING


def test_events_without_blocking(hands, program):
    assert program.event()["rv"] == NO_EVENT
    hands.insert()
    came = program.event()
    assert came["rv"] == OK and came["slot"] in STANDING
    assert program.event()["rv"] == NO_EVENT
    hands.pull()
    assert program.event() == came
    assert program.event()["rv"] == NO_EVENT


def test_events_blocking(hands, program):
    program.event_aside()
    assert program.slots()["slots"] == [1]  # in nobody's way
    hands.insert()
    came = program.end_aside()
    assert came["rv"] == OK and came["slot"] in STANDING
    program.event_aside()
    hands.pull()
    assert program.end_aside() == came


def test_finalized_while_waiting(hands, program):
    program.event_aside()
    assert program.finalize()["rv"] == OK
    assert program.end_aside()["rv"] == NOT_INITIALIZED
    assert program.initialize()["rv"] == OK
    hands.insert()
    assert len(program.slots()["slots"]) == 2


@pytest.mark.parametrize("looks", [True, False], ids=["looked-meanwhile", "never-looked"])
def test_sessions_end_and_keys_are_the_same_again(hands, program, looks):
    prompter = hands.holder.prompter()
    hands.insert()
    slot = program.slots()["slots"][-1]
    session = program.open(slot=slot)["session"]
    key = program.find_key(session=session, label=KEY)["key"]
    program.send("sign", session=session, key=key, **SIGN)
    prompter.give(prompter.question()[0], PIN)
    assert program.receive()["rv"] == OK
    hands.pull()
    if looks:
        assert program.session_info(session=session)["rv"] == SESSION_HANDLE_INVALID
    hands.insert()
    assert program.session_info(session=session)["rv"] == SESSION_HANDLE_INVALID
    assert program.sign(session=session, key=key, **SIGN)["rv"] == SESSION_HANDLE_INVALID
    again = program.open(slot=slot)["session"]
    assert program.find_key(session=again, label=KEY)["key"] == key
    program.send("sign", session=again, key=key, **SIGN)
    prompter.give(prompter.question(2)[0], PIN)
    assert program.receive()["rv"] == OK


def test_pulled_while_the_pin_is_asked(hands, program):
    prompter = hands.holder.prompter()
    hands.insert()
    session = program.open(slot=program.slots()["slots"][-1])["session"]
    key = program.find_key(session=session, label=KEY)["key"]
    program.send("sign", session=session, key=key, **SIGN)
    cookie, _, _ = prompter.question()
    hands.pull()
    assert program.receive()["rv"] == DEVICE_REMOVED
    assert prompter.end()[0] == cookie
    assert program.session_info(session=session)["rv"] == SESSION_HANDLE_INVALID


def test_a_login_to_the_card_is_none_to_the_vault(hands, program):
    """The PIN of a card is no passphrase, and programs that log in by habit burn no tries."""
    person = hands.holder.person
    given = person.write("passphrase", "Sesame, open thyself 4711")
    person.meishi("vault", "init", "passphrase", "--passphrase-file", given)
    person.meishi("lock")
    prompter = hands.holder.prompter("unlock")
    hands.insert()
    session = program.open(slot=program.slots()["slots"][-1])["session"]
    assert program.login(session=session)["rv"] == OK
    settle()
    assert prompter.questions == []


# ---- programs


@pytest.fixture
def running():
    made = []
    yield made.append
    for one in made:
        one.close()


def test_nss(hands, running):
    prompter = hands.holder.prompter()
    program = nss.start(hands.holder.person)
    running(program)
    subject = hands.identity.subject
    assert program.subjects() == []
    for n in (1, 2):
        hands.insert()
        wait_until(lambda: program.subjects() == [subject], "NSS sees the card")
        program.send("sign", subject=subject)
        prompter.give(prompter.question(n)[0], PIN)
        assert program.receive() == {"length": 256}
        assert program.sign(subject=subject) == {"length": 256}
        hands.pull()
        wait_until(lambda: program.subjects() == [], "NSS misses the card")
    settle()
    assert len(prompter.questions) == 2


def test_nss_waits(hands, running):
    program = nss.start(hands.holder.person)
    running(program)
    for is_present, move in ((True, hands.insert), (False, hands.pull)):
        program.wait_aside()
        move()
        assert program.end_wait() == {"token": NAME, "is_present": is_present}
    program.wait_aside()
    assert program.cancel_wait() == 0
    assert program.end_wait() is None
    hands.insert()
    wait_until(lambda: program.subjects() == [hands.identity.subject], "NSS sees the card")


def test_gnutls(hands, running, pki, nginx):
    prompter = hands.holder.prompter()
    hands.insert()
    request = {"url": nginx.url("1.3"), "uri": hands.holder.uri(hands.identity)}
    hands.pull()
    program = gnutls.start(hands.holder.person, pki)
    running(program)
    assert "error" in program.page(**request)
    for n in (1, 2):
        hands.insert()
        program.send("page", **request)
        prompter.give(prompter.question(n)[0], PIN)
        assert nginx.page(hands.identity, "1.3") in program.receive()["page"]
        assert nginx.page(hands.identity, "1.3") in program.page(**request)["page"]
        hands.pull()
        assert "error" in program.page(**request)
    settle()
    assert len(prompter.questions) == 2


def test_java(hands, running, program, pki, nginx):
    """Java looks every five seconds for what has come into the slot of its configuration."""
    prompter = hands.holder.prompter()
    hands.insert()
    slot = program.slots()["slots"][-1]
    hands.pull()
    java = Java(hands.holder.person, pki, slot)
    running(java)
    url, expected = nginx.url("1.3"), nginx.page(hands.identity, "1.3")
    assert expected not in java.page(url=url).get("page", "")
    for n in (1, 2):
        hands.insert()
        wait_until(lambda: java.has_key()["key"], "Java sees the card")
        java.send("page", url=url)
        prompter.give(prompter.question(n)[0], PIN)
        assert expected in java.receive()["page"]
        assert expected in java.page(url=url)["page"]
        hands.pull()
        wait_until(lambda: not java.has_key()["key"], "Java misses the card")
    settle()
    assert len(prompter.questions) == 2
