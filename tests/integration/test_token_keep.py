# SPDX-License-Identifier: LGPL-2.1-or-later
"""For how long a PIN holds that was given: until the token goes, for what waits for it, stored in
the keyring; and that policy may allow less."""

import itertools
import select

import pytest
from harness.process import wait_until
from harness.prompter import settle
from harness.secrets import ITEM, GnomeKeyring
from harness.smartcard import PIN
from harness.softhsm import SoftHsm

_numbers = itertools.count(1)
OK = 0x0
HANA = "Hana"
NEW = "654321"
SECRET, USAGE = 4, 2


@pytest.fixture
def hana(pki):
    return pki.identity(HANA, "rsa2048")


@pytest.fixture
def softhsm(scratch, hana):
    made = SoftHsm(scratch / f"keep{next(_numbers)}")
    made.add(made.token(HANA), hana, "01")
    return made


@pytest.fixture
def keyring(person, bus):
    bus.start(person)
    made = GnomeKeyring(person, bus)
    yield made
    made.stop()


@pytest.fixture
def holder(request, holds, softhsm, hana):
    if "keyring" in request.fixturenames:
        request.getfixturevalue("keyring")  # which the daemon is to find
    made = holds(softhsm=softhsm)
    made.start(hana)
    return made


class Signer:
    """A program that signs, and a prompter."""

    def __init__(self, holder, client, label):
        self.prompter = holder.prompter()
        self._client = client(holder.person)
        self._key = self._client.open_key(label)

    def begin(self):
        self._client.send("sign", mechanism="SHA256_RSA_PKCS", data="00" * 32, **self._key)

    def end(self):
        assert self._client.receive()["rv"] == OK

    def has_ended(self):
        return select.select([self._client.process.stdout], [], [], 0)[0]

    def is_asked(self, pin=PIN):
        """Signs once; whether the PIN was asked for, which is given then."""
        questions = self.prompter.questions
        before = len(questions)
        self.begin()
        wait_until(lambda: settle() or len(questions) > before or self.has_ended(), "it goes on")
        for cookie, _, _ in questions[before:]:
            self.prompter.give(cookie, pin)
        self.end()
        return len(questions) > before


@pytest.fixture
def signer(holder, client):
    """Anew after each start of the daemon."""
    return lambda label=HANA: Signer(holder, client, label)


def keep(holder, what, check=True):
    return holder.person.meishi("token", "pin", HANA, f"--keep={what}", check=check)


def token(holder):
    return holder.tokens()[HANA]


def restart(holder, hana):
    """Everything that was in memory is gone."""
    holder.person.stop_daemon()
    holder.start(hana)


# ---- in memory


def test_until_removal(holder, signer):
    one = signer()
    assert (token(holder)["pin_keep"], token(holder)["pin_minutes"]) == ("removal", 0)
    assert [one.is_asked() for _ in range(3)] == [True, False, False]
    assert token(holder)["logged_in"]


def test_never(holder, signer):
    one = signer()
    assert keep(holder, "never").stdout == f"The PIN of “{HANA}” is asked for each time.\n"
    assert [one.is_asked() for _ in range(3)] == [True, True, True]
    wait_until(lambda: not token(holder)["logged_in"], "the login is over")
    assert "asked for each time" in holder.person.meishi("token", "show", HANA).stdout


def test_never_asks_once_for_all_who_wait(holder, signer):
    keep(holder, "never")
    signers = [signer() for _ in range(6)]
    for one in signers:
        one.begin()
    (first,) = wait_until(lambda: settle() or all_asked(signers), "somebody is asked")
    first.prompter.give(first.prompter.questions[0][0], PIN)
    for one in signers:
        one.end()
    settle()
    assert all_asked(signers) == [first] and len(first.prompter.questions) == 1
    wait_until(lambda: not token(holder)["logged_in"], "the login is over")


def all_asked(signers):
    return [one for one in signers if one.prompter.questions]


def test_said_while_it_holds(holder, signer):
    one = signer()
    assert one.is_asked()
    assert "holds for 10 min" in keep(holder, "10m").stdout
    assert (token(holder)["pin_keep"], token(holder)["pin_minutes"]) == ("minutes", 10)
    assert not one.is_asked()
    keep(holder, "never")
    wait_until(lambda: not token(holder)["logged_in"], "the login is over")
    keep(holder, "removal")
    assert [one.is_asked() for _ in range(2)] == [True, False]


@pytest.mark.parametrize("has_vault", [True, False])
def test_lock(holder, signer, has_vault):
    if has_vault:
        holder.person.meishi("vault", "init", "key-file")
    one = signer()
    assert one.is_asked()
    holder.person.meishi("lock")
    wait_until(lambda: not token(holder)["logged_in"], "the login is over")
    assert [one.is_asked() for _ in range(2)] == [True, False]


def test_remembered(holder, hana):
    holder.person.meishi("vault", "init", "key-file")
    keep(holder, "never")
    restart(holder, hana)
    assert token(holder)["pin_keep"] == "never"


def test_bad_words(holder):
    for what in ("always", "0m", "1441m"):
        done = keep(holder, what, check=False)
        assert done.returncode == USAGE and "none of never" in done.stderr, done.stderr
    done = holder.person.meishi("token", "pin", HANA, "--keep=never", "--unblock", check=False)
    assert done.returncode == USAGE, done.stderr


# ---- in the keyring


@pytest.fixture
def stored(keyring, holder, signer):
    """What the keyring has besides, once the PIN is stored."""
    holder.person.meishi("vault", "init", "key-file")
    before = keyring.items()
    assert "is stored" in keep(holder, "keyring").stdout
    assert signer().is_asked()

    def items():
        return [item for item in keyring.items() if item not in before]

    wait_until(lambda: len(items()) == 1, "it is stored")
    return items


def test_stored(stored, keyring, holder, signer, hana):
    (item,) = stored()
    assert keyring._get(item, ITEM, "Label") == f"Meishi: PIN of the token “{HANA}”"
    attributes = keyring._get(item, ITEM, "Attributes")
    assert attributes["xdg:schema"] == "org.meishi.TokenPin" and len(attributes["token"]) == 64
    restart(holder, hana)
    assert not signer().is_asked()
    keep(holder, "removal")
    wait_until(lambda: stored() == [], "it is removed")
    restart(holder, hana)
    assert signer().is_asked()
    assert stored() == []


def test_many_at_once(stored, holder, signer, hana):
    restart(holder, hana)
    signers = [signer() for _ in range(6)]
    for one in signers:
        one.begin()
    for one in signers:
        one.end()
    settle()
    assert [one.prompter.questions for one in signers] == [[]] * 6


def test_locked_by_hand(stored, holder, signer):
    """Whoever locks is asked again, whatever is stored, until a PIN or the vault opens it."""
    holder.person.meishi("lock")
    one = signer()
    assert one.is_asked()
    holder.person.meishi("lock")
    holder.person.meishi("unlock")
    assert not one.is_asked()


def test_a_locked_keyring(stored, keyring, holder, signer, hana):
    holder.person.stop_daemon()
    keyring.lock()
    holder.start(hana)
    assert signer().is_asked()


def test_a_wrong_one_is_forgotten(stored, holder, softhsm, signer, hana):
    holder.person.stop_daemon()
    softhsm.tool(HANA, "--change-pin", "--new-pin", NEW)
    holder.start(hana)
    one = signer()
    one.begin()
    cookie, _, question = one.prompter.question()
    assert question["wrong"] is False  # nobody has typed a wrong one
    assert question["tries"] == "few"
    wait_until(lambda: stored() == [], "it is forgotten before anybody answers")
    one.prompter.give(cookie, NEW)
    one.end()
    wait_until(lambda: len(stored()) == 1, "the right one is stored")
    restart(holder, hana)
    assert not signer().is_asked()


def test_changed_with_meishi(stored, holder, signer, hana):
    write = holder.person.write
    holder.person.meishi(
        "token", "pin", HANA, "--pin-file", write("old", PIN), "--new-pin-file", write("new", NEW)
    )
    (item,) = stored()
    restart(holder, hana)
    assert not signer().is_asked()


def test_another_card_of_the_same_name(stored, holder, softhsm, signer, pki, hana):
    """Which has another certificate."""
    holder.person.stop_daemon()
    other = pki.identity("Other", "rsa2048")
    softhsm.run("softhsm2-util", "--delete-token", "--token", HANA)
    softhsm.add(softhsm.token(HANA), other, "01")
    holder.start(other)
    keep(holder, "keyring")
    assert signer("Other").is_asked()


# ---- policy


def policy(holder, text):
    directory = holder.person.config / "meishi" / "policy.d"
    holder.person._mkdir(directory)
    holder.person.write(directory / "10-pin.conf", text, 0o644)


def test_policy(stored, holder, signer):
    assert token(holder)["pin_keep"] == "keyring"
    policy(holder, "[Token Cards]\nToken-Label=Ha*\nPIN-Keep=10m\n")
    wait_until(lambda: token(holder)["pin_keep"] == "minutes", "policy is in force")
    assert token(holder)["pin_minutes"] == 10
    wait_until(lambda: stored() == [], "what may not be stored is removed")
    done = keep(holder, "removal", check=False)
    assert done.returncode == SECRET and "at most" in done.stderr and "Cards" in done.stderr
    keep(holder, "5m")
    assert token(holder)["pin_minutes"] == 5
    policy(holder, "[Token Cards]\nToken-Kind=tpm\nPIN-Keep=never\n")
    wait_until(lambda: keep(holder, "removal", check=False).returncode == 0, "it is allowed")
