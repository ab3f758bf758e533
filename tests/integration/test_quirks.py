# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tokens with the quirks of real ones, through Meishi: a program finds the identities that are on
them, asks for the signatures that TLS wants, and gets right ones after one PIN."""

import select
import subprocess

import pytest
from harness.clients import Curl
from harness.process import wait_until
from harness.prompter import settle
from harness.quirky import PIN, Quirky

OK, NOT_LOGGED_IN, DATA = 0x0, 0x101, b"to be signed"
SECRET = 4
NOT_NOW = 1  # what a person answers to a question
PSS = ("-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32")

# What a token may do without anybody noticing.  tests/unit/token/test-token-quirks.c has more.
HARMLESS = [
    "none",
    "no-ids",
    "one-id",
    "one-id no-public-keys no-key-values",
    "no-ids no-labels no-public-keys no-key-values",
    "plain-point",
    "point-in-bits",
    "explicit-curve",
    "other-handles keys-shown",
    "padded",
    "nul-padded",
    "short-numbers",
    "sizes-first",
    "one-by-one",
    "raw-only",
    "no-pss",
    "pss-only-said",
    "own-salt",
    "hashing-only",
    "no-mechanisms-said",
    "short-keys-said",
    "read-only",
    "sessions=1",
    "initialized",
    "always sessions=1",
    "slow-token=300",
    "twins",
    "split",
]


@pytest.fixture
def identities(pki):
    return pki.identity("Rie", "rsa2048"), pki.identity("Ren", "rsa2048"), pki.identity("Emi")


@pytest.fixture
def token(holds, scratch, request, identities):
    """token(words, *identities) -> a person who holds a token with such quirks."""

    def new(words, *given):
        directory = scratch / f"quirky{abs(hash(request.node.name))}"
        holder = holds(quirky=Quirky(directory, words, *(given or identities)))
        return holder

    return new


def der(signature):
    """An ECDSA signature of PKCS#11, r and s, as everybody else has it."""

    def integer(raw):
        raw = raw.lstrip(b"\0")
        raw = b"\0" + raw if raw[0] & 0x80 else raw
        return bytes([2, len(raw)]) + raw

    half = len(signature) // 2
    body = integer(signature[:half]) + integer(signature[half:])
    return bytes([0x30, len(body)]) + body


def assert_verifies(directory, identity, mechanism, signature):
    key = directory / "public.pem"
    raw = bytes.fromhex(signature)
    (directory / "signature").write_bytes(der(raw) if mechanism == "ECDSA_SHA256" else raw)
    (directory / "data").write_bytes(DATA)
    with key.open("wb") as out:
        subprocess.run(
            ["openssl", "x509", "-in", identity.cert, "-noout", "-pubkey"], stdout=out, check=True
        )
    subprocess.run(
        ["openssl", "dgst", "-sha256", "-verify", key, *(PSS if "PSS" in mechanism else ()),
         "-signature", directory / "signature", directory / "data"],
        check=True, capture_output=True,
    )  # fmt: skip


class Program:
    """Signs with whatever key it finds by its name; the person gives each PIN that is asked for."""

    def __init__(self, client, holder, prompter):
        self.client, self.holder, self.prompter = client, holder, prompter
        self.n_given = 0
        assert client.initialize()["rv"] == OK

    def find(self, identity):
        label = self.holder.listed()[identity.subject]["label"]
        for slot in self.client.slots()["slots"]:
            session = self.client.open(slot=slot)["session"]
            key = self.client.find_key(session=session, label=label)["key"]
            if key:
                return {"session": session, "key": key}
        raise AssertionError(f"no key called {label}")

    def sign(self, identity, mechanism):
        key = self.find(identity)
        self.client.send("sign", mechanism=mechanism, data=DATA.hex(), **key)
        wait_until(self._has_answer, "a signature", 60)
        return self.client.receive()

    def _has_answer(self):
        settle()
        while self.n_given < len(self.prompter.questions):
            self.prompter.give(self.prompter.questions[self.n_given][0], PIN)
            self.n_given += 1
        return select.select([self.client.process.stdout], [], [], 0)[0]


def mechanisms_of(identity):
    is_ec = identity.name == "Emi"
    return ["ECDSA_SHA256"] if is_ec else ["SHA256_RSA_PKCS", "SHA256_RSA_PKCS_PSS"]


@pytest.mark.parametrize("words", HARMLESS)
def test_harmless(token, identities, client, tmp_path, words):
    holder = token(words)
    holder.start(*identities)
    prompter = holder.prompter()
    program = Program(client(holder.person), holder, prompter)
    assert len(holder.listed()) == len(identities)
    n_signed = 0
    for one in identities:
        for mechanism in mechanisms_of(one):
            done = program.sign(one, mechanism)
            assert done["rv"] == OK
            assert_verifies(tmp_path, one, mechanism, done["signature"])
            n_signed += 1
    settle()
    assert len(prompter.questions) == 1 + (n_signed if "always" in words else 0)


@pytest.mark.parametrize("words", ["raw-only", "pss-only-said", "own-salt", "sessions=1 one-id"])
def test_curl(token, identities, pki, nginx, words):
    """TLS 1.3 wants PSS, whatever the token has."""
    holder = token(words)
    holder.start(*identities)
    prompter = holder.prompter()
    for number, _ in enumerate(holder.handshakes(pki, nginx, identities[0], [Curl])):
        if number == 0:
            prompter.give(prompter.question()[0], PIN)
    settle()
    assert len(prompter.questions) == 1


def test_keys_in_another_slot(token, identities, client, tmp_path):
    """As cards show with a PIN for each key: one slot has certificates alone, and does not say so."""
    holder = token("split no-public-keys")
    holder.start(*identities)
    program = Program(client(holder.person), holder, holder.prompter())
    for one in identities:
        done = program.sign(one, mechanisms_of(one)[0])
        assert done["rv"] == OK
        assert_verifies(tmp_path, one, mechanisms_of(one)[0], done["signature"])
    assert program.n_given == 2  # of either slot


def test_nobody_types_at_the_reader(token, identities, client):
    """Closing the question ends the waiting, and with it the process that cannot be told so."""
    holder = token("pad=60000")
    holder.start(*identities)
    prompter = holder.prompter()
    one = client(holder.person)
    key = Program(one, holder, prompter).find(identities[0])
    (before,) = holder.token_hosts().values()
    one.send("sign", mechanism="SHA256_RSA_PKCS", data=DATA.hex(), **key)
    cookie, _, question = prompter.question()
    assert question["pad"] is True and question["trying"] is True
    prompter.respond(cookie, NOT_NOW)
    assert one.receive()["rv"] == NOT_LOGGED_IN
    wait_until(lambda: set(holder.token_hosts().values()) - {before}, "the module starts anew")
    holder.wait_for(*identities)


def test_somebody_types_at_the_reader(token, identities, client, tmp_path):
    holder = token("pad=300")
    holder.start(*identities)
    prompter = holder.prompter()
    one = client(holder.person)
    key = Program(one, holder, prompter).find(identities[0])
    one.send("sign", mechanism="SHA256_RSA_PKCS", data=DATA.hex(), **key)
    prompter.question()
    done = one.receive()
    assert done["rv"] == OK
    assert_verifies(tmp_path, identities[0], "SHA256_RSA_PKCS", done["signature"])


def test_two_that_look_the_same(token, identities, client, tmp_path):
    """One label, one serial number: each keeps what is its own, under a name of its own."""
    holder = token("clones")
    holder.start(*identities)
    assert holder.tokens().keys() == {"Card", "Card (2)"}
    program = Program(client(holder.person), holder, holder.prompter())
    for one in identities:
        done = program.sign(one, mechanisms_of(one)[0])
        assert done["rv"] == OK
        assert_verifies(tmp_path, one, mechanisms_of(one)[0], done["signature"])
    assert program.n_given == 2


def test_login_shows_what_is_hidden(token, identities):
    """What nobody ever saw has no slot at which a program could ask for its PIN."""
    holder = token("private-certificates")
    holder.start()
    wait_until(holder.tokens, "the token")
    [label] = holder.tokens()
    assert holder.listed() == {}
    login = ("token", "login", label, "--pin-file")
    wrong = holder.person.meishi(*login, holder.person.write("wrong", "0000"), check=False)
    assert (wrong.returncode, holder.listed()) == (SECRET, {})
    right = holder.person.meishi(*login, holder.person.write("right", PIN))
    assert right.stdout == f"“{label}” is open.\n"
    holder.wait_for(*identities)
    assert holder.tokens()[label]["logged_in"]
    holder.person.meishi("token", "logout", label)
    assert not holder.tokens()[label]["logged_in"]
    assert set(holder.listed()) == {identity.subject for identity in identities}
