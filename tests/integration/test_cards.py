# SPDX-License-Identifier: LGPL-2.1-or-later
"""A PIV card in a PC/SC reader, behind OpenSC, through Meishi: real programs show its certificates
to a real server, and the person is asked for the PIN once."""

import contextlib
import itertools
import json
import time

import pytest
from harness.clients import EVERY_CLIENT, Curl, GnutlsCli
from harness.dbus import RemoteError
from harness.holder import VERSIONS
from harness.process import wait_until
from harness.prompter import settle
from harness.smartcard import OPENSC, PIN
from harness.softhsm import PIN as SOFT_PIN
from harness.softhsm import SoftHsm

_numbers = itertools.count(1)
OK = 0x0
DEADLINE = 30  # seconds that a token has for an operation
RSA, EACH_USE, NO_PIN = "Hana RSA", "Hana each use", "Hana no PIN"
# What OpenSC calls the objects of every PIV card.
NAMES = {
    "9a": "Certificate for PIV Authentication",
    "9c": "Certificate for Digital Signature",
    "9e": "Certificate for Card Authentication",
}


@pytest.fixture
def identities(pki):
    """What is on the card, by its place there."""
    return {
        "9a": pki.identity(RSA, "rsa2048"),
        "9c": pki.identity(EACH_USE, "p256"),
        "9e": pki.identity(NO_PIN, "p256"),
    }


@pytest.fixture
def card(reader, identities):
    return reader.card(identities).insert()


@pytest.fixture
def holder(holds, reader, card, identities):
    """With the card in, and no vault at all."""
    made = holds(opensc=reader)
    made.start(*identities.values())
    return made


def test_listed_without_a_question(holder, identities):
    prompter = holder.prompter()
    shown = holder.person.meishi("token", "show", RSA).stdout
    assert all(name in shown for name in NAMES.values())
    assert "“”" not in shown and " profile\n" in shown
    (token,) = holder.tokens().values()
    assert (token["label"], token["kind"], token["pin"]) == (RSA, "card", "ok")
    assert token["reader"].startswith("Virtual PCD") and token["module"] == "opensc"
    settle()
    assert prompter.questions == []


def test_every_client_and_one_pin(holder, card, identities, pki, nginx):
    prompter = holder.prompter()
    for number, _ in enumerate(holder.handshakes(pki, nginx, identities["9a"])):
        if number == 0:
            cookie, kind, question = prompter.question()
            assert (kind, question["token"], question["label"]) == ("pin", RSA, NAMES["9a"])
            prompter.give(cookie, PIN)
    settle()
    assert len(prompter.questions) == 1
    n = len(EVERY_CLIENT) * len(VERSIONS)
    assert card.journal() == ["verify right"] + ["sign 9a"] * n


def test_a_key_without_a_pin(holder, card, identities, pki, nginx):
    prompter = holder.prompter()
    for _ in holder.handshakes(pki, nginx, identities["9e"]):
        pass
    settle()
    assert prompter.questions == []
    assert set(card.journal()) == {"sign 9e"}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_pin_for_each_use(holder, card, identities, pki, nginx, version):
    """The engine in curl would ask by itself, and fail, if it knew that the key is such a one."""
    prompter = holder.prompter()
    given = 0
    for _ in holder.handshakes(pki, nginx, identities["9c"], versions=[version]):
        for each_use in (False, True) if given == 0 else (True,):
            given += 1
            cookie, _, question = prompter.question(given)
            assert question["each-use"] is each_use
            prompter.give(cookie, PIN)
    settle()
    assert len(prompter.questions) == given
    n = len(EVERY_CLIENT)
    assert card.journal() == ["verify right"] + ["verify right", "sign 9c"] * n


def test_selected_and_used(holder, card, identities, pki, nginx):
    """A server that knows all three: the person chooses once, and types a PIN once."""
    prompter = holder.prompter("choose")
    person, url, one = holder.person, nginx.url("1.3"), identities["9a"]
    select = (person.tree.meishi, "select", "--ca-file", pki.root.cert, url)
    asking = person.background(*select)
    cookie, kind, question = prompter.question()
    offered = {each["subject"]: each for each in question["candidates"]}
    assert kind == "choose" and offered.keys() == {each.subject for each in identities.values()}
    prompter.choose(cookie, offered[one.subject]["identity"], scope="always")
    assert asking.wait() == 0
    uri = asking.output().strip()
    assert uri == holder.uri(one)
    program = Curl(person, pki, url, one, uri)
    prompter.give(prompter.question(2)[0], PIN)
    program.assert_page(nginx.page(one, "1.3"))
    card.pull()
    wait_until(lambda: holder.tokens() == {}, "the card is missed")
    card.insert()
    holder.wait_for(*identities.values())
    assert person.run(*select).stdout.strip() == uri
    assert len(prompter.questions) == 2


# ---- cards that come and go ---------------------------------------------------------------------


def test_pulled_and_inserted(holder, card, identities, pki, nginx):
    """The same again, with its PIN asked for again, and nothing had to be started anew."""
    prompter = holder.prompter()
    for number in (1, 2):
        for _ in holder.handshakes(pki, nginx, identities["9a"], [Curl, GnutlsCli], ["1.3"]):
            if len(prompter.questions) < number:
                prompter.give(prompter.question(number)[0], PIN)
        card.pull()
        wait_until(lambda: holder.tokens() == {}, "the card is missed")
        card.insert()
        holder.wait_for(*identities.values())
    settle()
    assert len(prompter.questions) == 2


class Beside:
    """Something else that the daemon does meanwhile: signing with a token of another module."""

    def __init__(self, holder, prompter, client, label):
        self.client = client(holder.person)
        self.arguments = {"mechanism": "ECDSA_SHA256", "data": "00" * 32}
        self.arguments |= self.client.open_key(label)
        self.client.send("sign", **self.arguments)
        prompter.give(prompter.question()[0], SOFT_PIN)
        assert self.client.receive()["rv"] == OK

    def assert_works(self):
        began = time.monotonic()
        assert self.client.sign(**self.arguments)["rv"] == OK
        assert time.monotonic() - began < DEADLINE / 2  # whoever waits for the card waits longer


@pytest.fixture
def beside(holds, reader, card, identities, scratch, pki, client):
    """A holder of the card and of another token, which has had its PIN already."""
    soft = SoftHsm(scratch / f"s{next(_numbers)}")
    other = pki.identity("Soft EC", "p256")
    soft.add(soft.token("Soft"), other, "01")
    holder = holds(opensc=reader, softhsm=soft)
    holder.start(other, *identities.values())
    return holder, Beside(holder, holder.prompter(), client, "Soft EC")


@pytest.fixture
def signer(client, identities):
    """signer(holder) is a program that has found the card's key without a PIN."""

    def new(holder):
        program = client(holder.person)
        program.key = program.open_key(NAMES["9e"])
        return program

    return new


def test_hangs_in_a_signature(beside, signer, card, identities, pki, nginx):
    """The module waits for ever.  Its host ends at the deadline, whoever waits is told, and the other
    token never notices."""
    holder, other = beside
    program = signer(holder)
    before = holder.token_hosts()
    card.stop()
    began = time.monotonic()
    program.send("sign", mechanism="ECDSA_SHA256", data="00" * 32, **program.key)
    while not program.has_answered():
        other.assert_works()
        assert time.monotonic() - began < DEADLINE + 10
        time.sleep(0.2)
    assert program.receive()["rv"] != OK
    card.go_on()
    holder.wait_for(*identities.values())
    for _ in holder.handshakes(pki, nginx, identities["9e"], [Curl], ["1.3"]):
        other.assert_works()
    after = holder.token_hosts()
    assert after["libsofthsm2.so"] == before["libsofthsm2.so"]
    assert after[OPENSC] != before[OPENSC]
    assert "did not finish OPERATE" in holder.person.daemon.output()


def test_pulled_in_a_signature(beside, signer, card, identities, pki, nginx):
    """OpenSC 0.23 hangs for ever in three of four cases, and answers in the others: both end, and
    the card works again when it is back."""
    holder, other = beside
    for _ in range(3):
        program = signer(holder)
        program.send(
            "sign_until_failure", mechanism="ECDSA_SHA256", data="00" * 32, **program.key
        )
        wait_until(lambda: len(card.journal()) > 20, "the card is busy")
        card.pull()
        began = time.monotonic()
        while not program.has_answered():
            other.assert_works()
            assert time.monotonic() - began < DEADLINE + 20
            time.sleep(0.2)
        assert program.receive()["rv"] != OK
        wait_until(lambda: not holder.sees(identities["9e"]), "the card is missed")
        card.insert()
        holder.wait_for(*identities.values())
        for _ in holder.handshakes(pki, nginx, identities["9e"], [Curl], ["1.3"]):
            other.assert_works()
        if "did not finish OPERATE" in holder.person.daemon.output():
            break


def test_dies_in_a_signature(holds, person, reader, identities, pki, nginx):
    card = reader.card(identities, options=["--dies-at=2"]).insert()
    holder = holds(opensc=reader)
    holder.start(*identities.values())
    one = identities["9e"]
    for _ in holder.handshakes(pki, nginx, one, [Curl], ["1.3"]):
        pass
    Curl(person, pki, nginx.url("1.3"), one, holder.uri(one)).assert_failed()
    card.insert()
    holder.wait_for(*identities.values())
    for _ in holder.handshakes(pki, nginx, one, [Curl], ["1.3"]):
        pass


def test_a_slow_card(holds, reader, identities, pki, nginx):
    """Each signature takes two seconds, and nobody gives up."""
    reader.card(identities, options=["--delay=2000"]).insert()
    holder = holds(opensc=reader)
    holder.start(*identities.values())
    for _ in holder.handshakes(pki, nginx, identities["9e"]):
        pass


def test_pcscd_restarts(holder, reader, card, identities, pki, nginx):
    reader.crash()
    wait_until(lambda: holder.tokens() == {}, "the card is missed")
    reader.start()
    card.process.stop()
    card.insert()
    holder.wait_for(*identities.values())
    for _ in holder.handshakes(pki, nginx, identities["9e"], [Curl], ["1.3"]):
        pass


def test_swapped_while_the_pin_is_asked_for(holder, reader, card, identities, pki, nginx):
    """A PIN that was meant for one card is never given to another."""
    prompter = holder.prompter()
    other = reader.card({"9a": pki.identity("Other card", "rsa2048")})
    one = identities["9a"]
    program = Curl(holder.person, pki, nginx.url("1.3"), one, holder.uri(one))
    cookie, _, _ = prompter.question()
    card.pull()
    other.insert()
    with contextlib.suppress(RemoteError):  # the question may have been taken back by now
        prompter.give(cookie, PIN)
    program.assert_failed()
    holder.wait_for(pki.identity("Other card"))
    assert card.journal() == [] and other.journal() == []


def test_beside_a_program_that_has_the_card_itself(holder, reader, identities, pki, nginx):
    """It logs in and signs as it pleases, and ours goes on; when it resets the card, ours may have to
    ask for the PIN once more."""
    prompter = holder.prompter()
    data = holder.person.write("digest", "x" * 32)
    sign = (
        "pkcs11-tool", "--module", reader.module, "--login", "--pin", PIN, "--sign", "--id", "01",
        "--mechanism", "SHA256-RSA-PKCS", "--input-file", data,
        "--output-file", holder.person.home / "out",
    )  # fmt: skip
    allowed = {("true",): 1, sign: 1, ("opensc-tool", "--reset"): 2}
    given = 0
    for neighbour, most in allowed.items():
        holder.person.run(*neighbour, env=reader.environment)
        for program in holder.handshakes(pki, nginx, identities["9a"], [Curl], ["1.3"]):
            while program.process.is_alive():
                settle()
                for cookie, _, _ in prompter.questions[given:]:
                    prompter.give(cookie, PIN)
                    given += 1
                time.sleep(0.01)
        assert given <= most, neighbour


# ---- two cards ----------------------------------------------------------------------------------


def test_two_cards_with_one_name(holds, person, reader, pki, nginx):
    """Cards take their label from the certificate: those of one person are all called alike.  Each
    has its own PIN question, and its own key."""
    old = pki.dated("Taro", "20240101000000Z", "20490101000000Z", "taro-old")
    new = pki.dated("Taro", "20250101000000Z", "20490601000000Z", "taro-new")
    cards = {slot: reader.card({"9a": one}, slot).insert() for slot, one in enumerate((old, new))}
    holder = holds(opensc=reader)
    holder.start(old)
    wait_until(lambda: len(holder.tokens()) == 2, "both cards are seen")
    assert {one["own_label"] for one in holder.tokens().values()} == {"Taro"}
    prompter = holder.prompter()
    listed = json.loads(person.meishi("list", "--json").stdout)
    assert len({one["token"] for one in listed}) == 2 and len({one["uri"] for one in listed}) == 2
    for number, one in enumerate(listed, 1):
        program = Curl(person, pki, nginx.url("1.3"), old, one["uri"])
        cookie, _, question = prompter.question(number)
        assert question["reader"] == holder.tokens()[one["token"]]["reader"]
        prompter.give(cookie, PIN)
        program.assert_page(nginx.page(old, "1.3"))
    assert [card.journal() for card in cards.values()] == [["verify right", "sign 9a"]] * 2


def test_one_identity_on_two_cards(holds, reader, pki, nginx):
    """One is pulled, the other goes on."""
    one = pki.identity("Twice", "p256")
    cards = [reader.card({"9e": one}, slot).insert() for slot in (0, 1)]
    holder = holds(opensc=reader)
    holder.start(one)
    wait_until(lambda: len(holder.tokens()) == 2, "both cards are seen")
    for _ in holder.handshakes(pki, nginx, one, [Curl], ["1.3"]):
        pass
    used = next(card for card in cards if card.journal())
    (other,) = [card for card in cards if card is not used]
    used.pull()
    wait_until(lambda: len(holder.tokens()) == 1, "the card is missed")
    for _ in holder.handshakes(pki, nginx, one, [Curl], ["1.3"]):
        pass
    assert other.journal() == ["sign 9e"]
