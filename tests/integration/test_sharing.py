# SPDX-License-Identifier: LGPL-2.1-or-later
"""One card and many programs: they take turns, and the card sees one PIN."""

import pytest
from harness.clients import Curl, GnutlsCli, SClient
from harness.dbus import MANAGER, ROOT
from harness.process import wait_until
from harness.prompter import settle
from harness.smartcard import PIN
from harness.softhsm import SoftHsm

OK = 0x0
KEYS = {"9a": "Certificate for PIV Authentication", "9e": "Certificate for Card Authentication"}


@pytest.fixture
def identities(pki):
    return {"9a": pki.identity("Ten RSA", "rsa2048"), "9e": pki.identity("Ten EC", "p256")}


@pytest.fixture
def inserted(holds, reader, identities):
    """inserted(*options of the card) -> holder, card"""

    def insert(*options):
        card = reader.card(identities, options=options).insert()
        holder = holds(opensc=reader)
        holder.start(*identities.values())
        return holder, card

    return insert


@pytest.fixture
def signers(client):
    """signers(holder, n, place) are programs that have found the key."""

    def new(holder, n, place="9a"):
        made = [client(holder.person) for _ in range(n)]
        for one in made:
            mechanism = "SHA256_RSA_PKCS" if place == "9a" else "ECDSA_SHA256"
            one.job = {"mechanism": mechanism, "data": "00" * 32} | one.open_key(KEYS[place])
        return made

    return new


class Crowd:
    """Ten programs that have just started to log in, of all kinds."""

    def __init__(self, holder, plain, identity, pki, nginx):
        uri = holder.uri(identity)
        self.plain = plain
        self.talking = [
            (client(holder.person, pki, nginx.url(version), identity, uri),
             nginx.page(identity, version))
            for client in (Curl, GnutlsCli, SClient) for version in ("1.2", "1.3")
        ]  # fmt: skip
        for program in plain:
            program.send("sign", **program.job)

    @property
    def pids(self):
        talking = [program.process.pid for program, _ in self.talking]
        return talking + [program.pid for program in self.plain]

    def assert_done(self):
        for program, page in self.talking:
            program.assert_page(page)
        assert [program.receive()["rv"] for program in self.plain] == [OK] * len(self.plain)

    def assert_failed(self):
        for program, _ in self.talking:
            program.assert_failed()
        assert all(program.receive()["rv"] != OK for program in self.plain)


def n_connected(door):
    return door.call(ROOT, f"{MANAGER}.Statistics")[0]["clients"]


@pytest.fixture
def ten(signers, identities, pki, nginx):
    """ten(holder) all wait for one PIN."""

    def start(holder):
        made = Crowd(holder, signers(holder, 4), identities["9a"], pki, nginx)
        door = holder.door()
        wait_until(lambda: n_connected(door) >= 10, "all ten are there")
        return made

    return start


def test_ten_programs_and_one_pin(inserted, ten):
    """curl, gnutls-cli, openssl and plain PKCS#11, all at once, before anybody has given a PIN."""
    holder, card = inserted()
    prompter = holder.prompter()
    crowd = ten(holder)
    cookie, _, question = prompter.question()
    assert question["pid"] in crowd.pids
    prompter.give(cookie, PIN)
    crowd.assert_done()
    settle()
    assert len(prompter.questions) == 1
    assert card.journal() == ["verify right"] + ["sign 9a"] * 10


def test_ten_programs_and_a_wrong_pin(inserted, ten):
    """It goes to the card once, not once for each."""
    holder, card = inserted()
    prompter = holder.prompter()
    crowd = ten(holder)
    prompter.give(prompter.question()[0], "000000")
    cookie, _, question = prompter.question(2)
    assert question["wrong"] is True
    prompter.give(cookie, PIN)
    crowd.assert_done()
    assert card.journal() == ["verify wrong", "verify right"] + ["sign 9a"] * 10


def test_ten_programs_and_not_now(inserted, ten):
    holder, card = inserted()
    prompter = holder.prompter()
    crowd = ten(holder)
    prompter.respond(prompter.question()[0], 1)
    crowd.assert_failed()
    settle()
    assert len(prompter.questions) == 1 and card.journal() == []


def test_ten_programs_and_the_card_is_pulled(inserted, ten, identities):
    holder, card = inserted()
    prompter = holder.prompter()
    crowd = ten(holder)
    prompter.question()
    card.pull()
    prompter.end()
    crowd.assert_failed()
    card.insert()
    holder.wait_for(*identities.values())
    assert card.journal() == []


# ---- turns --------------------------------------------------------------------------------------


def test_equal_shares(inserted, signers):
    """Programs that sign without a pause get as many signatures each."""
    holder, _ = inserted("--delay=20")
    programs = signers(holder, 5, "9e")
    for one in programs:
        one.send("sign_for", seconds=4, **one.job)
    made = [one.receive()["calls"] for one in programs]
    assert all(rv == OK for calls in made for _, rv in calls)
    counts = [len(calls) for calls in made]
    assert min(counts) > 10 and max(counts) < 1.5 * min(counts), counts


def test_a_greedy_program(inserted, signers):
    """However much one asks for at once, another waits for one signature and not for all."""
    holder, card = inserted("--delay=100")
    greedy, polite = signers(holder, 2, "9e")
    job = {name: value for name, value in greedy.job.items() if name != "session"}
    greedy.send("sign_in_threads", threads=12, seconds=4, slot=greedy.slot, **job)
    wait_until(lambda: len(card.journal()) > 3, "the greedy one is at it")
    for _ in range(5):
        before = len(card.journal())
        assert polite.sign(**polite.job)["rv"] == OK
        assert len(card.journal()) - before <= 4  # what is under way, ours, and a slow look
    assert greedy.receive()["rv"] == OK


def test_who_is_gone_needs_no_signature(inserted, signers):
    """A program that was killed while it waited is left out."""
    holder, card = inserted("--delay=400")
    programs = signers(holder, 6, "9e")
    for one in programs:
        one.send("sign", **one.job)
    wait_until(lambda: card.journal() == ["sign 9e"], "the first has its turn")
    for one in programs[3:]:
        one.process.kill()
        one.process.wait()
    answers = [one.receive()["rv"] for one in programs[:3]]
    assert answers == [OK] * 3
    assert programs[0].sign(**programs[0].job)["rv"] == OK
    assert len(card.journal()) <= 5


# ---- a PIN for each use -------------------------------------------------------------------------


def test_each_program_asks_for_its_use(holds, reader, client, pki):
    """One question after the other, each with the program that it is about."""
    identity = pki.identity("Ten each use", "p256")
    card = reader.card({"9c": identity}).insert()
    holder = holds(opensc=reader)
    holder.start(identity)
    prompter = holder.prompter()
    programs = [client(holder.person) for _ in range(3)]
    for one in programs:
        key = one.open_key("Certificate for Digital Signature")
        one.send("sign", mechanism="ECDSA_SHA256", data="00" * 32, **key)
    prompter.give(prompter.question()[0], PIN)  # to see the key at all
    asked = []
    for number in (2, 3, 4):
        cookie, _, question = prompter.question(number)
        assert question["each-use"] is True
        asked.append(question["pid"])
        prompter.give(cookie, PIN)
    assert sorted(asked) == sorted(one.pid for one in programs)
    assert [one.receive()["rv"] for one in programs] == [OK] * 3
    assert card.journal() == ["verify right"] + ["verify right", "sign 9c"] * 3


# ---- several tokens -----------------------------------------------------------------------------


def test_tokens_side_by_side(holds, reader, tpm, scratch, pki, nginx):
    """A card, a TPM and SoftHSM, three programs each: one question for each token, and a program
    waits for its own token alone."""
    names = {"card": "Side card", "tpm": "Side TPM", "soft": "Side soft"}
    identities = {stack: pki.identity(name, "rsa2048") for stack, name in names.items()}
    softhsm = SoftHsm(scratch / "side")
    softhsm.add(softhsm.token(names["soft"]), identities["soft"], "01")
    tpm.add(tpm.token(names["tpm"]), identities["tpm"])
    card = reader.card({"9a": identities["card"]}, options=["--delay=500"]).insert()
    holder = holds(softhsm=softhsm, opensc=reader, tpm2=tpm)
    holder.start(*identities.values())
    prompter = holder.prompter()
    programs = {
        stack: [Curl(holder.person, pki, nginx.url("1.3"), one, holder.uri(one)) for _ in range(3)]
        for stack, one in identities.items()
    }
    asked = []
    for number in (1, 2, 3):
        cookie, _, question = prompter.question(number)
        asked.append(question["token"])
        prompter.give(cookie, PIN)
    assert sorted(asked) == sorted(names.values())
    for stack, started in programs.items():
        for program in started:
            program.assert_page(nginx.page(identities[stack], "1.3"))
    settle()
    assert len(prompter.questions) == 3
    assert card.journal() == ["verify right"] + ["sign 9a"] * 3
