# SPDX-License-Identifier: LGPL-2.1-or-later
"""`meishi token pin`: another PIN for a PIV card, a TPM and SoftHSM, and what each does when it is
not to be had."""

import itertools
import json

import pytest
from harness.dbus import TOKEN, RemoteError, memory
from harness.holder import pins
from harness.process import wait_until
from harness.prompter import settle
from harness.smartcard import PIN, PUK
from harness.softhsm import SO_PIN, SoftHsm
from harness.terminal import Terminal
from harness.tpm import SO_PIN as TPM_SO_PIN

_numbers = itertools.count(1)
OK = 0x0
NEW, WRONG = "654321", "000000"
HANA = "Hana"
FAILED, SECRET, USAGE = 1, 4, 2
UNBLOCKS = "app opensc-pkcs11 { pkcs11 { user_pin_unblock_style = set_pin_in_unlogged_session; } }\n"


@pytest.fixture
def hana(pki):
    return pki.identity(HANA, "rsa2048")


@pytest.fixture
def hold(holds, hana):
    """hold(name=stack) is a person with these, a daemon, and no vault at all."""

    def start(env=None, **stacks):
        holder = holds(**stacks)
        holder.env |= env or {}
        holder.start(hana)
        return holder

    return start


@pytest.fixture
def card(reader, hana):
    return reader.card({"9a": hana}).insert()


@pytest.fixture
def softhsm(scratch, hana):
    made = SoftHsm(scratch / f"pin{next(_numbers)}")
    made.add(made.token(HANA), hana, "01")
    return made


@pytest.fixture(scope="module")
def tpm_of_hana(tpm, pki):
    tpm.add(tpm.token(HANA), pki.identity(HANA, "rsa2048"))
    return tpm


def set_pin(holder, new=NEW, pin=None, puk=None, *options, name=HANA):
    """`meishi token pin` with its secrets in files."""
    write = holder.person.write
    argv = ["--new-pin-file", write("new", new)]
    argv += ["--pin-file", write("old", pin)] if pin is not None else []
    argv += ["--unblock", "--puk-file", write("puk", puk)] if puk is not None else []
    return holder.person.meishi("token", "pin", name, *argv, *options, check=False)


def state(holder, name=HANA):
    return holder.tokens()[name]["pin"]


def block(holder, tries=3):
    for _ in range(tries):
        done = set_pin(holder, NEW, WRONG, None, "--yes")
        assert done.returncode == SECRET, done.stderr
    return done


# ---- giving it


def login(holder, pin, *options):
    written = holder.person.write("pin", pin)
    return holder.person.meishi(
        "token", "login", HANA, "--pin-file", written, *options, check=False
    )


def test_given_before_it_is_asked_for(hold, softhsm, client):
    holder = hold(softhsm=softhsm)
    prompter = holder.prompter()
    done = login(holder, PIN, "--json")
    assert json.loads(done.stdout) == {"token": HANA, "state": "open"}
    assert holder.tokens()[HANA]["logged_in"]
    assert login(holder, WRONG).returncode == 0  # nothing is tried at an open one
    one = client(holder.person)
    arguments = {"mechanism": "SHA256_RSA_PKCS", "data": "00" * 32} | one.open_key(HANA)
    assert one.sign(**arguments)["rv"] == OK
    settle()
    assert prompter.questions == []
    assert holder.person.meishi("token", "logout", HANA).stdout == f"“{HANA}” is closed.\n"
    one.send("sign", **arguments)
    prompter.give(prompter.question()[0], PIN)
    assert one.receive()["rv"] == OK


def test_given_while_it_is_asked_for(hold, softhsm, client):
    holder = hold(softhsm=softhsm)
    prompter = holder.prompter()
    one = client(holder.person)
    one.send("sign", mechanism="SHA256_RSA_PKCS", data="00" * 32, **one.open_key(HANA))
    prompter.question()
    assert login(holder, PIN).returncode == 0
    assert one.receive()["rv"] == OK


def test_wrong_ones_are_counted_and_the_last_is_not_spent_unasked(hold, reader, card):
    holder = hold(card=reader)
    for _ in range(2):
        wrong = login(holder, WRONG)
        assert wrong.returncode == SECRET
    assert "One try is left: a wrong PIN then blocks it." in wrong.stderr, wrong.stderr
    wait_until(lambda: state(holder) == "last", "the last try")
    assert login(holder, WRONG).returncode not in (0, SECRET)
    assert state(holder) == "last"
    assert login(holder, PIN, "--yes").returncode == 0


def test_given_on_a_terminal(hold, softhsm):
    holder = hold(softhsm=softhsm)
    person = holder.person
    argv = [person.tree.meishi, "token", "login", HANA]
    terminal = Terminal(argv, person.env, person.home, **person.identity())
    terminal.expect_question(f"PIN of “{HANA}”: ")
    terminal.send(f"{PIN}\n")
    terminal.expect("is open")
    assert terminal.finish() == 0
    assert PIN not in terminal.text


# ---- changing


def test_changed_and_used(hold, softhsm, client):
    holder = hold(softhsm=softhsm)
    prompter = holder.prompter()
    done = set_pin(holder, NEW, PIN)
    assert (done.returncode, done.stdout) == (0, f"“{HANA}” has a new PIN.\n"), done.stderr
    one = client(holder.person)
    arguments = {"mechanism": "SHA256_RSA_PKCS", "data": "00" * 32} | one.open_key(HANA)
    assert one.sign(**arguments)["rv"] == OK
    settle()
    assert prompter.questions == []  # who has just typed the PIN is not asked for it


def test_json(hold, softhsm):
    holder = hold(softhsm=softhsm)
    done = set_pin(holder, NEW, PIN, None, "--json")
    assert json.loads(done.stdout) == {"changed": HANA}


@pytest.mark.parametrize(
    "new, pin, status, words",
    [
        (NEW, WRONG, SECRET, "not the PIN"),
        ("123", PIN, FAILED, "4 to 8 characters"),
        ("123456789", PIN, FAILED, "4 to 8 characters"),
        (NEW, "123456789", SECRET, "was not tried"),
        (PIN, PIN, FAILED, "another one"),
    ],
)
def test_refused_by_a_card(hold, reader, card, new, pin, status, words):
    holder = hold(opensc=reader)
    done = set_pin(holder, new, pin)
    assert done.returncode == status and words in done.stderr, done.stderr
    assert card.journal() == (["verify wrong"] if pin == WRONG else [])
    assert set_pin(holder, NEW, PIN).returncode == 0


def test_a_card_is_changed_once(hold, reader, card):
    """Whatever OpenSC is told of unblocking: the old PIN is no PUK."""
    conf = reader.directory / "opensc.conf"
    conf.write_text(UNBLOCKS)
    holder = hold({"OPENSC_CONF": str(conf)}, opensc=reader)
    assert set_pin(holder, NEW, PIN).returncode == 0
    assert set_pin(holder, PIN, NEW).returncode == 0
    done = set_pin(holder, NEW, WRONG)
    assert done.returncode == SECRET and "not the PIN" in done.stderr
    assert card.journal().count("change right") == 2
    assert not any(line.startswith("unblock") for line in card.journal())


def test_a_tpm(hold, tpm_of_hana):
    """Which takes a wrong old PIN from somebody who is not logged in, and is lost then."""
    holder = hold(tpm=tpm_of_hana)
    done = set_pin(holder, NEW, WRONG)
    assert done.returncode == SECRET and "not the PIN" in done.stderr, done.stderr
    assert set_pin(holder, NEW, PIN).returncode == 0
    assert set_pin(holder, PIN, NEW).returncode == 0


def test_at_the_terminal(hold, softhsm):
    holder = hold(softhsm=softhsm)
    person = holder.person
    argv = [person.tree.meishi, "token", "pin", HANA]
    terminal = Terminal(argv, person.env, person.home, **person.identity())
    terminal.expect_question(f"PIN of “{HANA}”: ")
    terminal.send(f"{PIN}\n")
    for question in ("New PIN: ", "New PIN, once more: "):
        terminal.expect_question(question)
        terminal.send(f"{NEW}\n")
    terminal.expect("has a new PIN")
    assert terminal.finish() == 0
    assert PIN not in terminal.text and NEW not in terminal.text


def test_the_last_try(hold, reader, card):
    holder = hold(opensc=reader)
    block(holder, tries=2)
    wait_until(lambda: state(holder) == "last", "one try is left")
    done = set_pin(holder, NEW, WRONG)  # nobody to say yes
    assert done.returncode == USAGE and "One try is left" in done.stderr
    assert state(holder) == "last"
    door = holder.door()
    (path,) = [path for path, one in door.objects(TOKEN).items() if one[TOKEN]["Label"] == HANA]
    assert pins(door).count("last") == 1
    with pytest.raises(RemoteError, match="One try is left") as refused:
        door.call(path, f"{TOKEN}.ChangePin", "(hha{sv})", 0, 1, {}, fds=[memory(WRONG), memory(NEW)])
    assert refused.value.name.endswith(".Denied")
    person = holder.person
    argv = [person.tree.meishi, "token", "pin", HANA]
    terminal = Terminal(argv, person.env, person.home, **person.identity())
    terminal.expect("One try is left: a wrong PIN blocks “Hana”. Go on\\? \\[y/N\\] ")
    terminal.send("y\n")
    for question, answer in (("PIN of", PIN), ("New PIN: ", NEW), ("once more: ", NEW)):
        terminal.expect_question(question)
        terminal.send(f"{answer}\n")
    assert terminal.finish() == 0, terminal.text
    assert state(holder) == "ok"


# ---- unblocking


def test_a_blocked_card(hold, reader, card):
    """OpenSC unblocks where it is configured to."""
    conf = reader.directory / "opensc.conf"
    conf.write_text(UNBLOCKS)
    holder = hold({"OPENSC_CONF": str(conf)}, opensc=reader)
    done = block(holder)
    assert "is blocked" in done.stderr and "token pin 'Hana' --unblock" in done.stderr, done.stderr
    assert state(holder) == "locked"
    refused = set_pin(holder, NEW, PIN)
    assert refused.returncode == SECRET and "token pin 'Hana' --unblock" in refused.stderr
    wrong = set_pin(holder, NEW, puk="00000000")
    assert wrong.returncode == SECRET and "not the PUK" in wrong.stderr, wrong.stderr
    assert set_pin(holder, NEW, puk=PUK).returncode == 0
    assert state(holder) == "ok"
    assert set_pin(holder, PIN, NEW).returncode == 0


def test_a_card_that_opensc_does_not_unblock(hold, reader, card):
    holder = hold(opensc=reader)
    early = set_pin(holder, NEW, puk=PUK)
    assert early.returncode == FAILED and "not blocked" in early.stderr, early.stderr
    assert state(holder) == "ok"
    block(holder)
    done = set_pin(holder, NEW, puk=PUK)
    assert done.returncode == SECRET, done.stderr
    assert "user_pin_unblock_style" in done.stderr and "pkcs15-tool --unblock-pin" in done.stderr
    holder.person.run("pkcs15-tool", "--unblock-pin", "--auth-id", "01", "--puk", PUK, "--new-pin",
                      NEW, env=reader.environment)  # fmt: skip
    wait_until(lambda: state(holder) == "ok", "it is seen that somebody else has unblocked it")
    assert set_pin(holder, PIN, NEW).returncode == 0


def test_security_officer(hold, softhsm):
    holder = hold(softhsm=softhsm)
    wrong = set_pin(holder, NEW, puk="00000000")
    assert wrong.returncode == SECRET and "not the PUK" in wrong.stderr
    assert set_pin(holder, NEW, puk=SO_PIN).returncode == 0
    assert set_pin(holder, PIN, NEW).returncode == 0


def test_security_officer_of_a_tpm(hold, tpm_of_hana):
    holder = hold(tpm=tpm_of_hana)
    assert set_pin(holder, NEW, puk=TPM_SO_PIN).returncode == 0
    assert set_pin(holder, PIN, NEW).returncode == 0
    try:
        for _ in range(9):  # it forgives one in ten seconds
            done = set_pin(holder, NEW, WRONG)
            assert done.returncode == SECRET
            if "blocked" in done.stderr:
                break
        assert "A TPM takes PINs again by itself" in done.stderr, done.stderr
        refused = set_pin(holder, NEW, puk=TPM_SO_PIN)
        assert refused.returncode == SECRET and "for now" in refused.stderr
    finally:
        tpm_of_hana.run("tpm2_dictionarylockout", "-c")


# ---- what is said before anything is tried


def test_options(hold, softhsm):
    holder = hold(softhsm=softhsm)
    person = holder.person
    for argv in (["--puk-file", "x"], ["--unblock", "--pin-file", "x"]):
        done = person.meishi("token", "pin", HANA, *argv, check=False)
        assert done.returncode == USAGE, done.stderr
    absent = person.meishi("token", "pin", "Nobody", check=False)
    assert absent.returncode == 3 and "There is no card" in absent.stderr
    blank = [one["label"] for one in json.loads(person.meishi("token", "list", "--json").stdout)
             if one["pin"] == "uninitialized"]  # fmt: skip
    done = person.meishi("token", "pin", blank[0], check=False)
    assert done.returncode == FAILED and "not been set up" in done.stderr, done.stderr
    assert HANA in person.meishi("__complete", "token", "pin", "H").stdout
