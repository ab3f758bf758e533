# SPDX-License-Identifier: LGPL-2.1-or-later
"""A PIV card in a PC/SC reader, behind OpenSC, through Meishi: real programs show its certificates
to a real server, and the person is asked for the PIN once."""

import os

import pytest
from harness.clients import EVERY_CLIENT, Curl, GnutlsCli
from harness.holder import VERSIONS, Holder, pins
from harness.process import wait_until
from harness.prompter import settle
from harness.smartcard import PIN, Reader
from harness.softhsm import SoftHsm

OK, DEVICE_REMOVED = 0x0, 0x32
RSA, EACH_USE, NO_PIN = "Hana RSA", "Hana each use", "Hana no PIN"
# What OpenSC calls the objects of every PIV card.
NAMES = {
    "9a": "Certificate for PIV Authentication",
    "9c": "Certificate for Digital Signature",
    "9e": "Certificate for Card Authentication",
}


@pytest.fixture
def reader(scratch, request):
    program = os.path.join(os.environ["MEISHI_BUILD_DIR"], "tests", "card", "piv-card")
    made = Reader(scratch / f"r{abs(hash(request.node.name)) % 10**8}", program)
    yield made
    made.close()


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
def holder(person, reader, card, identities):
    """With the card in, and no vault at all."""
    made = Holder(person, opensc=reader)
    made.start(*identities.values())
    yield made
    made.close()


def test_listed_without_a_question(holder, identities):
    prompter = holder.prompter()
    shown = holder.person.meishi("token", "show", RSA).stdout
    assert all(name in shown for name in NAMES.values())
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
    print(card.journal())
