# SPDX-License-Identifier: LGPL-2.1-or-later
"""A question may end from every side: by whoever asks, by the prompter, by the daemon, by what changes
meanwhile.  However it does, whoever asked hears it exactly once, and the window is taken back."""

import os
import time

import pytest
from gi.repository import GLib
from harness.dbus import MANAGER, NAME, POLICY, ROOT, Door, RemoteError
from harness.process import wait_until
from harness.prompter import (
    CANCELLED,
    DENIED,
    DISMISSED,
    NO_AGENT,
    PERSON,
    SELECTED,
    TIMED_OUT,
    Prompter,
    Selection,
    settle,
    variants,
)
from harness.raw import Raw
from harness.tls_program import TlsProgram

HEAD = "[Policy]\nVersion=1\n"
CKR_OK, CKR_FUNCTION_REJECTED = 0x0, 0x200
SIGN = {"mechanism": "ECDSA_SHA256", "data": "00" * 32}


@pytest.fixture
def owner(person, bus, pki):
    """A person with two identities and a daemon on a session bus."""
    bus.start(person)
    person.start_daemon()
    for name in ("Alice", "Bob"):
        person.import_files(pki.p12(pki.identity(name)), password="correct horse")
    return person


@pytest.fixture
def connect(owner, bus):
    made = []

    def new():
        made.append(Door(bus.address, NAME))
        return made[-1]

    wait_until(lambda: is_served(new()), "the daemon on the bus")
    yield new
    for one in made:
        one.close()


@pytest.fixture
def door(connect):
    return connect()


@pytest.fixture
def prompter(connect):
    return Prompter(connect())


def is_served(door):
    try:
        return bool(door.objects())
    except RemoteError:
        return False


def n_questions(door):
    return door.call(ROOT, f"{MANAGER}.Statistics")[0]["questions"]


def set_policy(owner, door, text):
    directory = owner.config / "meishi" / "policy.d"
    directory.mkdir(parents=True, exist_ok=True)
    for path in (directory.parent, directory):
        os.chown(path, owner.uid, owner.gid)
    owner.write("config/meishi/policy.d/10-person.conf", HEAD + text)
    door.call(ROOT, f"{POLICY}.Reload")


def ends_once(selection, *results):
    """The one Response, and no other comes after it; returns the decision."""
    result, decision = selection.response()
    assert result in results, decision
    selection.door.call(ROOT, f"{MANAGER}.Statistics")
    assert len(selection.responses()) == 1
    return decision


def assert_too_late(call, *arguments):
    with pytest.raises(RemoteError, match="not open with this prompter"):
        call(*arguments)


# ---- selections -----------------------------------------------------------------------------------


def test_caller_cancels(door, prompter):
    selection = Selection(door)
    cookie = prompter.question()[0]
    selection.cancel()
    ends_once(selection, CANCELLED)
    assert prompter.end() == (cookie, "caller-gone")
    assert_too_late(prompter.choose, cookie, door.identities()["Alice"])
    ends_once(selection, CANCELLED)
    assert n_questions(door) == 0


def test_caller_cancels_twice(door, prompter):
    selection = Selection(door)
    prompter.question()
    selection.cancel()
    with pytest.raises(RemoteError):
        selection.cancel()
    ends_once(selection, CANCELLED)


def test_caller_dies(owner, bus, door, prompter):
    program = TlsProgram(owner, bus, 443, "www.example.com")
    cookie = prompter.question()[0]
    program.process.kill()
    assert prompter.end() == (cookie, "caller-gone")
    assert_too_late(prompter.respond, cookie, 1)
    assert n_questions(door) == 0


def test_caller_disconnects(connect, door, prompter):
    caller = connect()
    Selection(caller)
    cookie = prompter.question()[0]
    caller.close()
    assert prompter.end() == (cookie, "caller-gone")
    assert n_questions(door) == 0


def test_caller_times_out_and_the_answer_is_kept(door, prompter):
    selection = Selection(door, options=PERSON | variants(timeout_ms=300))
    cookie = prompter.question()[0]
    ends_once(selection, TIMED_OUT)
    assert n_questions(door) == 1
    prompter.choose(cookie, door.identities()["Bob"])
    ends_once(selection, TIMED_OUT)
    assert ends_once(Selection(door), SELECTED)["label"] == "Bob"
    settle()
    assert len(prompter.questions) == 1 and n_questions(door) == 0


def test_prompter_dies(door, prompter):
    selection = Selection(door)
    prompter.question()
    prompter.door.close()
    ends_once(selection, DISMISSED, NO_AGENT)
    assert n_questions(door) == 0


def test_prompter_dismisses_and_then_answers(door, prompter):
    selection = Selection(door)
    cookie = prompter.question()[0]
    prompter.respond(cookie, 1)
    assert_too_late(prompter.choose, cookie, door.identities()["Alice"])
    ends_once(selection, DISMISSED)


def test_prompter_answers_twice(door, prompter):
    selection = Selection(door)
    cookie = prompter.question()[0]
    prompter.choose(cookie, door.identities()["Alice"])
    assert_too_late(prompter.choose, cookie, door.identities()["Bob"])
    assert ends_once(selection, SELECTED)["label"] == "Alice"


def test_everybody_at_once(owner, connect, door, prompter):
    """The caller cancels while the answer is on its way: one of the two was first, and none came
    second."""
    path = door.identities()["Alice"]
    results = set()
    for n in range(20):
        selection = Selection(door, f"host{n}.example.com")
        cookie = prompter.question(n + 1)[0]
        answer = variants(scope="once", reach="host-port", any_application=False)
        answer["identity"] = GLib.Variant("o", path)
        ways = [
            (selection.door, selection.path, "Request.Cancel", None),
            (prompter.door, ROOT, "Agents.Respond", GLib.Variant("(sua{sv})", (cookie, 0, answer))),
        ]
        for way, place, method, arguments in ways if n % 2 else reversed(ways):
            way.connection.call(
                NAME, place, *f"{NAME}.{method}".rsplit(".", 1), arguments, None, 0, -1, None, None
            )
        results.add(selection.response()[0])
        ends_once(selection, SELECTED, CANCELLED)
    assert results <= {SELECTED, CANCELLED}
    assert n_questions(door) == 0


def test_policy_decides_meanwhile(owner, door, prompter):
    """What is denied now needs no answer any more."""
    selection = Selection(door)
    cookie = prompter.question()[0]
    set_policy(owner, door, "[Rule no]\nMatch-Host=www.example.com\nAction=deny\n")
    ends_once(selection, DENIED)
    assert prompter.end()[0] == cookie
    assert_too_late(prompter.choose, cookie, door.identities()["Alice"])
    assert n_questions(door) == 0


def test_policy_changes_something_else(owner, door, prompter):
    selection = Selection(door)
    cookie = prompter.question()[0]
    set_policy(owner, door, "[Rule no]\nMatch-Host=elsewhere.example.com\nAction=deny\n")
    settle()
    assert prompter.cancelled == []
    prompter.choose(cookie, door.identities()["Alice"])
    ends_once(selection, SELECTED)


def test_identity_goes_meanwhile(owner, door, prompter):
    """Of two one is left, and that is still a question; the answer cannot be the other one."""
    selection = Selection(door)
    cookie = prompter.question()[0]
    identities = door.identities()
    owner.meishi("remove", "--yes", "Alice")
    with pytest.raises(RemoteError):
        prompter.choose(cookie, identities["Alice"])
    prompter.choose(prompter.questions[-1][0], identities["Bob"])
    assert ends_once(selection, SELECTED)["label"] == "Bob"


@pytest.mark.parametrize("is_private", [False, True], ids=["session", "private"])
@pytest.mark.parametrize("how", ["quit", "signal"])
def test_daemon_ends(owner, connect, prompter, how, is_private):
    """Whoever waits is told, once, before the connection or the name is gone."""
    caller = Door(f"unix:path={owner.bus_socket}") if is_private else connect()
    selection = Selection(caller)
    prompter.question()
    if how == "quit":
        prompter.door.call(ROOT, f"{MANAGER}.Quit")
    else:
        owner.daemon.child.terminate()
    assert owner.daemon.wait() == 0
    assert selection.response()[0] == CANCELLED
    caller.close()


def test_daemon_ends_beside_a_program_that_does_not_read(owner, connect):
    """It is not kept from ending by what it cannot say."""
    raw = Raw(owner.bus_socket)
    raw.stuff()
    began = time.monotonic()
    assert owner.daemon.stop() == 0 and time.monotonic() - began < 10
    raw.socket.close()


def test_daemon_is_killed(owner, connect, door, prompter):
    """Nobody is left who could tell; the next daemon knows nothing of it and serves."""
    selection = Selection(door)
    cookie = prompter.question()[0]
    owner.daemon.kill()
    owner.start_daemon()
    other = connect()
    wait_until(lambda: is_served(other), "the daemon on the bus")
    assert_too_late(Prompter(other).respond, cookie, 1)
    assert n_questions(other) == 0 and selection.responses() == []


# ---- signatures through the module ------------------------------------------------------------------


@pytest.fixture
def signer(owner, door, client, prompter):
    """A program with Alice's key, each use of which is confirmed, and Bob's, which is not."""
    set_policy(owner, door, "[Rule sign]\nIdentity-Subject-CN=Alice\nConfirm=each-use\n")
    one = client(owner)
    one.alice = one.open_key("Alice")
    one.bob = one.alice | {"key": one.find_key(session=one.alice["session"], label="Bob")["key"]}
    return one


def ask_aside(signer, prompter):
    """Alice's signature, in a thread of its own, which waits for the person; the cookie."""
    signer.sign_aside(**signer.alice, **SIGN)
    cookie, kind, question = prompter.question()
    assert kind == "confirm" and question["pid"] == signer.pid
    return cookie


def withdrawn(door, prompter, cookie):
    assert prompter.end() == (cookie, "caller-gone")
    assert n_questions(door) == 0
    assert_too_late(allow, prompter, cookie)


def allow(prompter, cookie):
    prompter.respond(cookie, 0, allow=GLib.Variant("s", "once"))


def test_program_is_killed(door, prompter, signer):
    cookie = ask_aside(signer, prompter)
    signer.process.kill()
    withdrawn(door, prompter, cookie)


def test_only_that_call_is_blocked(door, prompter, signer):
    """In a session of its own, as threads have them, the program goes on with another key."""
    cookie = ask_aside(signer, prompter)
    session = signer.open(slot=signer.slot)["session"]
    calls = signer.sign_for(seconds=0.3, session=session, key=signer.bob["key"], **SIGN)["calls"]
    assert len(calls) > 20 and {rv for _, rv in calls} == {CKR_OK}
    assert n_questions(door) == 1
    allow(prompter, cookie)
    assert signer.end_aside()["rv"] == CKR_OK


def test_person_refuses(door, prompter, signer):
    cookie = ask_aside(signer, prompter)
    prompter.respond(cookie, 0, allow=GLib.Variant("s", "no"))
    assert signer.end_aside()["rv"] == CKR_FUNCTION_REJECTED
    assert n_questions(door) == 0


def test_finalize_in_another_thread(door, prompter, signer):
    cookie = ask_aside(signer, prompter)
    assert signer.finalize()["rv"] == CKR_OK
    assert signer.end_aside()["rv"] != CKR_OK
    withdrawn(door, prompter, cookie)


def test_finalize_in_a_child(door, prompter, signer):
    """The child's own affair: the parent goes on waiting and gets its signature."""
    cookie = ask_aside(signer, prompter)
    signer.finalize_in_child()
    assert n_questions(door) == 1 and prompter.cancelled == []
    allow(prompter, cookie)
    assert signer.end_aside()["rv"] == CKR_OK


@pytest.mark.parametrize("how", ["close_session", "close_all_sessions"])
def test_session_is_closed(door, prompter, signer, how):
    """Another thread closes the session in which the signature waits."""
    cookie = ask_aside(signer, prompter)
    if how == "close_session":
        signer.close_session(session=signer.alice["session"])
    else:
        signer.close_all_sessions(slot=signer.slot)
    assert signer.end_aside()["rv"] != CKR_OK
    withdrawn(door, prompter, cookie)


def test_policy_withholds_the_key_meanwhile(owner, door, prompter, signer):
    """What is agreed to after that does not bring it back."""
    cookie = ask_aside(signer, prompter)
    set_policy(owner, door, "[Rule no]\nIdentity-Subject-CN=Alice\nMatch-Host=a\nAction=restrict\n")
    settle()
    if prompter.cancelled == []:
        allow(prompter, cookie)
    assert signer.end_aside()["rv"] != CKR_OK
    assert n_questions(door) == 0


def test_daemon_ends_under_a_signature(owner, prompter, signer):
    ask_aside(signer, prompter)
    assert owner.daemon.stop() == 0
    assert signer.end_aside()["rv"] != CKR_OK
