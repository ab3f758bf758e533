# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs that need a locked vault through the module, and the person who has its passphrase."""

import os
import time

import pytest
from harness.dbus import AGENTS, ROOT, VAULT, Door, RemoteError
from harness.prompter import TIMED_OUT, Prompter, Selection, settle
from harness.process import wait_until
from harness.terminal import Terminal
from harness.wiretap import Wiretap

PASSPHRASE = "Sesame, open thyself 4711"
LABEL = "Alice"
OK, PIN_INCORRECT, NOT_LOGGED_IN = 0x0, 0xA0, 0x101


@pytest.fixture
def owner(person, pki):
    """A person whose vault has a passphrase and nothing else, and is locked."""
    person.start_daemon()
    given = person.write("passphrase", PASSPHRASE)
    person.meishi("vault", "init", "passphrase", "--passphrase-file", given)
    person.import_files(pki.p12(pki.identity(LABEL, "p256")), password="correct horse")
    person.meishi("lock")
    return person


@pytest.fixture
def connect(owner):
    made = []

    def new(path=None):
        made.append(Door(f"unix:path={path or owner.bus_socket}"))
        return made[-1]

    yield new
    for one in made:
        one.close()


@pytest.fixture
def door(connect):
    return connect()


@pytest.fixture
def signer(owner, client):
    """A program that has found its key: signer() begins a signature, for receive() to end."""

    def new():
        one = client(owner)
        key = one.open_key(LABEL)
        one.begin = lambda: one.send("sign", mechanism="ECDSA_SHA256", data="00" * 32, **key)
        return one

    return new


def state(door):
    return door.get(ROOT, VAULT, "State")


def result(program):
    return program.receive()["rv"]


# ---- a prompter ---------------------------------------------------------------------------------


def test_ten_programs_one_question(connect, door, signer):
    prompter = Prompter(connect())
    programs = [signer() for _ in range(10)]
    for program in programs:
        program.begin()
    cookie, kind, question = prompter.question()
    assert kind == "unlock" and question["wrong"] is False and question["tries-left"] == 3
    assert question["pid"] in [program.pid for program in programs]
    assert question["application"].startswith("exe:")
    prompter.give(cookie, PASSPHRASE)
    assert [result(program) for program in programs] == [OK] * 10
    settle()
    assert len(prompter.questions) == 1 and prompter.cancelled == []
    assert state(door) == "unlocked"


def test_wrong_passphrases(connect, door, signer):
    prompter = Prompter(connect())
    program = signer()
    program.begin()
    for n in (1, 2, 3):
        cookie, _, question = prompter.question(n)
        assert (question["wrong"], question["tries-left"]) == (n > 1, 4 - n)
        prompter.give(cookie, "Sesame")
    assert result(program) == NOT_LOGGED_IN
    program.begin()  # the person has had enough for now
    assert result(program) == NOT_LOGGED_IN
    settle()
    assert len(prompter.questions) == 3 and state(door) == "locked"


def test_second_try(connect, signer):
    prompter = Prompter(connect())
    program = signer()
    program.begin()
    prompter.give(prompter.question()[0], "Sesame")
    prompter.give(prompter.question(2)[0], PASSPHRASE)
    assert result(program) == OK


def test_dismissed_for_all(connect, signer):
    prompter = Prompter(connect())
    programs = [signer(), signer()]
    for program in programs:
        program.begin()
    cookie = prompter.question()[0]
    time.sleep(0.2)  # until both wait
    prompter.respond(cookie, 1)
    assert [result(program) for program in programs] == [NOT_LOGGED_IN] * 2
    programs[0].begin()
    assert result(programs[0]) == NOT_LOGGED_IN
    settle()
    assert len(prompter.questions) == 1


def test_nobody_to_ask(signer):
    program = signer()
    program.begin()
    assert result(program) == NOT_LOGGED_IN


def test_program_that_dies_takes_its_question_along(connect, signer):
    prompter = Prompter(connect())
    dying, staying = signer(), signer()
    dying.begin()
    prompter.question()
    dying.process.kill()
    assert prompter.end() == (prompter.questions[0][0], "caller-gone")
    staying.begin()
    prompter.give(prompter.question(2)[0], PASSPHRASE)
    assert result(staying) == OK


def test_question_stays_for_the_other_program(connect, signer):
    prompter = Prompter(connect())
    dying, staying = signer(), signer()
    dying.begin()
    cookie = prompter.question()[0]
    staying.begin()
    time.sleep(0.2)  # until both wait
    dying.process.kill()
    time.sleep(0.2)
    settle()
    assert prompter.cancelled == []
    prompter.give(cookie, PASSPHRASE)
    assert result(staying) == OK


def test_unlocked_elsewhere(owner, connect, signer):
    prompter = Prompter(connect())
    program = signer()
    program.begin()
    prompter.question()
    owner.meishi("unlock", "--passphrase-file", owner.home / "passphrase")
    assert prompter.end()[1] == "answered"
    assert result(program) == OK


def test_answers_that_are_none(connect, signer):
    """The secret belongs into a descriptor, and the question to who was asked."""
    asked, other = Prompter(connect()), None
    program = signer()
    program.begin()
    cookie = asked.question()[0]
    other = Prompter(connect())
    with pytest.raises(RemoteError, match="not open with this prompter"):
        other.give(cookie, PASSPHRASE)
    with pytest.raises(RemoteError, match="neither a file nor a pipe"):
        asked.give(cookie, os.open("/dev/null", os.O_RDONLY))
    with pytest.raises(RemoteError, match="larger than"):
        asked.give(cookie, "x" * 4097)
    asked.respond(cookie, 0)  # not understood: "not now"
    assert result(program) == NOT_LOGGED_IN


def test_nothing_is_read_for_who_was_not_asked(connect, signer):
    """A pipe that says nothing holds a thread for as long as is waited for it."""
    Prompter(connect())
    signer().begin()
    silent, kept_open = os.pipe()
    with pytest.raises(RemoteError, match="not open with this prompter"):
        Prompter(connect(), register=False).give("1-0", silent)
    os.close(kept_open)


def test_prompter_that_dies_hands_over(connect, signer):
    first, second = Prompter(connect()), Prompter(connect())
    program = signer()
    program.begin()
    second.question()
    second.door.close()
    first.give(first.question()[0], PASSPHRASE)
    assert result(program) == OK


def test_login_without_a_pin(connect, client, owner, door):
    prompter = Prompter(connect())
    program = client(owner)
    key = program.open_key(LABEL)
    program.send("login", session=key["session"])
    prompter.give(prompter.question()[0], PASSPHRASE)
    assert result(program) == OK and state(door) == "unlocked"


def test_wrong_pin_asks_nobody(owner, connect):
    prompter = Prompter(connect())
    command = ("pkcs11-tool", "--module", owner.tree.module, "--token-label", "Meishi")
    tool = owner.background(*command, "--login", "--pin", "wrong", "--list-objects")
    tool.wait()
    settle()
    assert prompter.questions == []
    assert "CKR_PIN_INCORRECT" in tool.output()


def test_finalize_withdraws(connect, client, owner):
    prompter = Prompter(connect())
    program = client(owner)
    key = program.open_key(LABEL)
    program.sign_aside(mechanism="ECDSA_SHA256", data="00" * 32, **key)
    prompter.question()
    assert program.finalize()["rv"] == OK
    assert prompter.end()[1] == "caller-gone"
    assert program.end_aside()["rv"] != OK


def test_passphrase_is_in_no_message(owner, connect, signer):
    tapped = owner.runtime / "tapped"
    wire = Wiretap(tapped, owner.bus_socket)
    prompter = Prompter(connect(tapped))
    program = signer()
    program.begin()
    cookie = prompter.question()[0]
    assert state(prompter.door) == "locked"  # by itself: the tap must not join two messages
    prompter.give(cookie, PASSPHRASE)
    assert result(program) == OK
    prompter.door.close()
    said = wire.stop()
    assert b"unlock" in said and b"secret" in said and wire.descriptors >= 1
    assert PASSPHRASE.encode() not in said
    assert PASSPHRASE not in owner.daemon.output()


# ---- time ---------------------------------------------------------------------------------------


def seconds_left(changes):
    return changes["deadline"] - time.time()


def test_person_takes_time(connect, signer):
    prompter = Prompter(connect())
    program = signer()
    program.begin()
    cookie, _, question = prompter.question()
    time.sleep(1.1)
    prompter.extend(cookie)
    assert prompter.update()[0] == cookie
    changes = prompter.update()[1]
    assert changes["deadline"] > question["deadline"] and 55 < seconds_left(changes) <= 61
    with pytest.raises(RemoteError, match="not open with this prompter"):
        prompter.extend("1-0")
    other = Prompter(connect())
    with pytest.raises(RemoteError, match="not open with this prompter"):
        other.extend(cookie)
    prompter.give(cookie, PASSPHRASE)
    assert result(program) == OK


@pytest.fixture
def cards(owner, pki, connect):
    """Another identity, so that there is a choice, and where they are on the bus."""
    owner.meishi("unlock", "--passphrase-file", owner.home / "passphrase")
    owner.import_files(pki.p12(pki.identity("Work")), password="correct horse")
    return connect().identities()


def test_caller_has_less_time_after_all(connect, cards):
    """3.9: the question stays, says that nobody waits, and its answer is for the next time."""
    prompter, program = Prompter(connect()), connect()
    request = Selection(program)
    cookie = prompter.question()[0]
    with pytest.raises(RemoteError, match="from 1 to 600000") as caught:
        request.update(0)
    assert caught.value.name.endswith(".Error.InvalidArgument")
    request.update(200000)
    assert 190 < seconds_left(prompter.update()[1]) <= 201
    request.update(100)
    assert request.response()[0] == TIMED_OUT
    said = [changes["awaited"] for _, changes in (prompter.update(2), prompter.update(3))]
    assert said == [True, False] and prompter.cancelled == []
    again = Selection(program)
    assert prompter.update(4)[1]["awaited"] is True
    prompter.choose(cookie, cards["Work"])
    assert again.response()[1]["label"] == "Work"
    assert Selection(program).response()[1]["label"] == "Work"
    assert len(prompter.questions) == 1


def test_late_answer(connect, cards):
    prompter, program = Prompter(connect()), connect()
    request = Selection(program)
    cookie = prompter.question()[0]
    request.update(100)
    assert request.response()[0] == TIMED_OUT
    assert prompter.update(2)[1]["awaited"] is False
    prompter.choose(cookie, cards["Work"])
    assert Selection(program).response()[1]["label"] == "Work"
    assert len(prompter.questions) == 1


# ---- which prompter -----------------------------------------------------------------------------


def test_only_who_can_ask_is_asked(connect, signer):
    unable = Prompter(connect(), register=False)
    unable.register(kinds=["choose", "confirm"])
    silent = Prompter(connect(), register=False)
    silent.door.call(ROOT, f"{AGENTS}.Register", "(oa{sv})", silent.PATH, {})
    program = signer()
    program.begin()
    assert result(program) == NOT_LOGGED_IN
    able = Prompter(connect(), register=False)
    able.register(kinds=["unlock", "something-new"], something_new=True)
    program.begin()
    able.give(able.question()[0], PASSPHRASE)
    assert result(program) == OK
    settle()
    assert unable.questions == silent.questions == []


@pytest.mark.parametrize(
    "options, error, says",
    [
        ({"session": "no such session"}, "Denied", "not in the login session"),
        ({"tty": "/dev/null"}, "Denied", "not your controlling terminal"),
        ({"tty": "tty1"}, "Denied", "not your controlling terminal"),
        ({"tty": True}, "InvalidArgument", "“tty” has the wrong type"),
    ],
)
def test_place_that_is_not_ones_own(connect, options, error, says):
    prompter = Prompter(connect(), register=False)
    with pytest.raises(RemoteError, match=says) as caught:
        prompter.register(**options)
    assert caught.value.name.endswith(f".Error.{error}")
    prompter.register()


def test_own_terminal_before_another(owner):
    """Two agents, on two terminals; a program on the first one, which registered first."""
    sign = (
        f"pkcs11-tool --module {owner.tree.module} --token-label Meishi --sign --mechanism ECDSA"
        f" --label {LABEL} --input-file digest --output-file signature"
    )
    owner.write("digest", b"x" * 32)
    command = (
        f"{owner.tree.meishi} agent --tty & agent=$!;"
        f" until test -e go; do sleep 0.1; done; {sign}; kill $agent; wait"
    )
    first = Terminal(["sh", "-c", command], owner.env, owner.home, **owner.identity())
    first.expect("until you press Ctrl-C")
    second = Terminal(
        [owner.tree.meishi, "agent", "--tty"], owner.env, owner.home, **owner.identity()
    )
    second.expect("until you press Ctrl-C")
    owner.write("go", b"")
    first.expect_question("Passphrase of the vault: ")
    first.send(PASSPHRASE + "\n")
    first.finish()
    assert (owner.home / "signature").stat().st_size == 64
    second.send("\x03")
    assert second.finish() == 0
    assert "Passphrase" not in second.text


# ---- a terminal ---------------------------------------------------------------------------------


@pytest.fixture
def terminal(owner):
    one = Terminal(
        [owner.tree.meishi, "agent", "--tty"], owner.env, owner.home, **owner.identity()
    )
    one.expect("until you press Ctrl-C")
    yield one
    if one.child.poll() is None:
        one.send("\x03")
        assert one.finish() == 0
    else:
        os.close(one.master)


def test_terminal(signer, terminal):
    program = signer()
    program.begin()
    terminal.expect("The vault is locked, and this program needs a key.\n")
    terminal.expect(rf"  program: python\S*, pid {program.pid}, ")
    terminal.expect_question("Passphrase of the vault: ")
    terminal.send("Sesame\n")
    terminal.expect("That passphrase does not open the vault; 2 tries are left.")
    terminal.expect_question("Passphrase of the vault: ")
    terminal.send(PASSPHRASE + "\n")
    assert result(program) == OK
    wait_until(terminal.is_echoing, "echo again")
    assert "Sesame" not in terminal.text


@pytest.mark.parametrize("keys", ["\n", "\x04", "\x03"])
def test_terminal_dismissed(signer, terminal, keys):
    program = signer()
    program.begin()
    terminal.expect_question("Passphrase of the vault: ")
    terminal.send(keys)
    assert result(program) == NOT_LOGGED_IN
    wait_until(terminal.is_echoing, "echo again")


def test_terminal_withdrawn(signer, terminal):
    program = signer()
    program.begin()
    terminal.expect_question("Passphrase of the vault: ")
    program.process.kill()
    terminal.expect("The program does not wait for an answer any more.")
    wait_until(terminal.is_echoing, "echo again")


def test_terminal_of_an_agent_that_is_ended(signer, terminal):
    program = signer()
    program.begin()
    terminal.expect_question("Passphrase of the vault: ")
    terminal.child.terminate()
    terminal.child.wait(60)
    assert terminal.is_echoing()
    assert result(program) == NOT_LOGGED_IN
