# SPDX-License-Identifier: LGPL-2.1-or-later
"""The selecting interfaces on the session bus and on the private socket."""

import os
import sys
import time
from pathlib import Path

import pytest
from gi.repository import Gio, GLib
from harness.dbus import (
    AGENTS, CHOICES, IDENTITY, NAME, POLICY, PROPERTIES, REQUEST, ROOT, SELECTOR, TOKEN, Door,
    RemoteError,
)  # fmt: skip
from harness.process import wait_until
from harness.prompter import (
    CANCELLED, DISMISSED, NO_AGENT, NONE, PERSON, PROMPT, SELECTED, TIMED_OUT, Prompter, Selection,
    settle, variants,
)  # fmt: skip

ERROR = f"{NAME}.Error"
HOST = "www.example.com"
POLICIES = "etc/meishi/policy.d"


@pytest.fixture
def alice(pki):
    return pki.identity("Alice")
from harness.raw import Raw


@pytest.fixture
def work(pki):
    return pki.identity("Work")


@pytest.fixture
def policy(person):
    """The directory that stands for /, with an empty directory for the administrator's files."""
    root = person.home / "root"
    (root / POLICIES).mkdir(parents=True)
    for path in (root, *root.rglob("*")):
        os.chown(path, person.uid, person.gid)
    return root


@pytest.fixture
def connect(person, bus, policy, request):
    """connect() is a connection of its own through the door of the test."""
    made = []
    is_private = request.param == "private"
    if not is_private:
        bus.start(person)
    person.start_daemon("--policy-root", policy)
    address = f"unix:path={person.bus_socket}" if is_private else bus.address

    def new():
        made.append(Door(address, None if is_private else NAME))
        return made[-1]

    if not is_private:
        wait_until(lambda: is_served(new()), f"{NAME} on the bus")
    yield new
    for one in made:
        one.close()


def is_served(door):
    try:
        door.objects()
    except RemoteError:
        door.close()
        return False
    return True


@pytest.fixture
def door(connect):
    return connect()


@pytest.fixture
def cards(person, door, pki, alice, work):
    """Two identities, by label: enough for a question."""
    for one in (alice, work):
        person.import_files(pki.p12(one), password="correct horse")
    return door.identities()


both_doors = pytest.mark.parametrize("connect", ["private", "session"], indirect=True)
private_door = pytest.mark.parametrize("connect", ["private"], indirect=True)
session_door = pytest.mark.parametrize("connect", ["session"], indirect=True)


def assert_fails(name, call, *args, **kwargs):
    with pytest.raises(RemoteError) as caught:
        call(*args, **kwargs)
    assert caught.value.name == f"{ERROR}.{name}", caught.value
    return str(caught.value)


def match(door, host=HOST, constraints=None, options=None, method="Match"):
    return door.call(
        ROOT, f"{SELECTOR}.{method}", "((ssq)a{sv}a{sv})", ("https", host, 443),
        constraints or {}, PERSON if options is None else options,
    )  # fmt: skip


def choices(door):
    return door.call(ROOT, f"{CHOICES}.List")[0]


def choose(door, path, host=HOST, reach="host-port", scope="always", **options):
    return door.call(
        ROOT, f"{CHOICES}.Set", "(ssqosa{sv})", reach, host, 443, path, scope, variants(**options)
    )[0]


def report(door, selection_id, outcome, **details):
    details = {name: GLib.Variant("y", value) for name, value in details.items()}
    door.call(ROOT, f"{SELECTOR}.ReportOutcome", "(ssa{sv})", selection_id, outcome, details)


def zeros(n):
    """In one piece: GLib.Variant() would make a variant of each byte."""
    return GLib.Variant.new_from_bytes(GLib.VariantType("ay"), GLib.Bytes(bytes(n)), True)


def available(door):
    return door.get(ROOT, SELECTOR, "AgentAvailable")


# ---- a question and its ends --------------------------------------------------------------------


@both_doors
def test_person_chooses(connect, door, cards, pki, alice):
    prompter = Prompter(connect())
    door.await_signal("PropertiesChanged", lambda p, a: a[1].get("AgentAvailable") is True)
    selection = Selection(door)
    assert selection.path == selection.expected
    cookie, kind, question = prompter.question()
    assert kind == "choose" and question["host"] == HOST and question["port"] == 443
    assert question["application"].startswith("exe:") and question["pid"] == os.getpid()
    assert {one["identity"]: one["label"] for one in question["candidates"]} == {
        path: label for label, path in cards.items()
    }
    prompter.choose(cookie, cards["Alice"])
    result, decision = selection.response()
    assert result == SELECTED and decision["result-name"] == "selected"
    assert decision["identity"] == cards["Alice"] and decision["label"] == "Alice"
    assert decision["id"] == door.get(cards["Alice"], IDENTITY, "Id")
    assert decision["uri"] == door.get(cards["Alice"], IDENTITY, "Uri")
    assert decision["key-uri"] == decision["uri"] + ";type=private"
    assert [bytes(one) for one in decision["chain"]] == [alice.der(), pki.intermediate.der()]
    assert decision["scope"] == "once" and not decision["will-confirm"]
    assert prompter.cancelled == []


@both_doors
def test_person_sends_none(connect, door, cards):
    prompter = Prompter(connect())
    selection = Selection(door)
    prompter.choose(prompter.question()[0], "/")
    result, decision = selection.response()
    assert result == NONE and "identity" not in decision and len(decision["selection-id"]) == 32


@both_doors
def test_person_dismisses(connect, door, cards):
    prompter = Prompter(connect())
    selection = Selection(door)
    prompter.respond(prompter.question()[0], 1)
    assert selection.response()[0] == DISMISSED


@both_doors
def test_nobody_to_ask(door, cards):
    assert available(door) is False
    result, decision = Selection(door).response()
    assert result == NO_AGENT and decision["code"] == "NEEDS_USER"
    question = decision["question"]
    assert {one["identity"] for one in question["candidates"]} == set(cards.values())


@both_doors
def test_prompter_dies_and_the_next_is_asked(connect, door, cards):
    first, second = Prompter(connect()), Prompter(connect())
    selection = Selection(door)
    second.question()
    second.door.close()
    cookie, _, question = first.question()
    assert question["host"] == HOST
    first.choose(cookie, cards["Work"])
    assert selection.response()[1]["label"] == "Work"


@both_doors
def test_last_prompter_dies(connect, door, cards):
    prompter = Prompter(connect())
    selection = Selection(door)
    prompter.question()
    prompter.door.close()
    assert selection.response()[0] in (DISMISSED, NO_AGENT)
    wait_until(lambda: available(door) is False, "nobody is there")


@both_doors
def test_prompter_that_cannot_begin_is_dropped(connect, door, cards):
    other = connect()
    other.call(ROOT, f"{AGENTS}.Register", "(oa{sv})", "/nothing/here", {})
    assert available(door) is True
    assert Selection(door).response()[0] in (DISMISSED, NO_AGENT)
    wait_until(lambda: available(door) is False, "nobody is there")
    Prompter(other)
    assert available(door) is True


@private_door
def test_prompter_that_hangs_is_dropped(connect, door, cards):
    Prompter(connect(), answers=False)
    selection = Selection(door)
    assert selection.response()[0] in (DISMISSED, NO_AGENT)
    assert available(door) is False


@both_doors
def test_prompter_that_retires_hands_its_question_over(connect, door, cards):
    first, second = Prompter(connect()), Prompter(connect())
    selection = Selection(door)
    second.question()
    second.door.call(ROOT, f"{AGENTS}.Unregister")
    assert_fails("NotFound", second.choose, second.questions[0][0], cards["Work"])
    first.choose(first.question()[0], cards["Work"])
    assert selection.response()[1]["label"] == "Work"


@both_doors
def test_caller_cancels(connect, door, cards):
    prompter = Prompter(connect())
    selection = Selection(door)
    cookie = prompter.question()[0]
    selection.cancel()
    assert prompter.end()[0] == cookie
    assert selection.response()[0] == CANCELLED
    assert_fails("NotFound", prompter.choose, cookie, cards["Work"])
    with pytest.raises(RemoteError):
        selection.cancel()
    assert len(selection.responses()) == 1


@both_doors
def test_caller_leaves(connect, door, cards):
    prompter = Prompter(connect())
    caller = connect()
    Selection(caller)
    cookie = prompter.question()[0]
    caller.close()
    assert prompter.end()[0] == cookie
    # What was asked for one caller is not in the way of the next.
    selection = Selection(door, "other.example.com")
    prompter.choose(prompter.question(2)[0], cards["Work"])
    assert selection.response()[0] == SELECTED


@both_doors
def test_time_is_limited(connect, door, cards):
    prompter = Prompter(connect())
    selection = Selection(door, options=PERSON | variants(timeout_ms=300))
    cookie = prompter.question()[0]
    assert selection.response()[0] == TIMED_OUT
    assert not prompter.cancelled or prompter.cancelled[0][0] == cookie


@both_doors
def test_policy_and_callers_decide_whether_to_ask(connect, door, cards, person):
    prompter = Prompter(connect())
    result, decision = Selection(door, options=variants(interactive=False)).response()
    assert result == NONE and decision["code"] in ("NEEDS_USER", "OPTIONAL")
    options = PERSON | {"shared-hosts": GLib.Variant("as", ["b.example"])}
    assert Selection(door, options=options).response()[1]["code"] == "SHARED"
    constraints = variants(server_verified="failed")
    assert Selection(door, constraints=constraints).response()[1]["code"] == "UNVERIFIED"
    settle()
    assert prompter.questions == []


# ---- whose question it is -----------------------------------------------------------------------


@both_doors
def test_own_prompter_is_asked_first(connect, cards):
    other, own = connect(), connect()
    mine, theirs = Prompter(own), Prompter(other)
    selection = Selection(own)
    cookie = mine.question()[0]
    assert theirs.questions == []
    # Nor can the other one answer, though it knows the cookie.
    assert_fails("NotFound", theirs.choose, cookie, cards["Work"])
    mine.choose(cookie, cards["Alice"])
    assert selection.response()[1]["label"] == "Alice"


@both_doors
def test_one_prompter_for_each_connection(connect, door):
    prompter = Prompter(door)
    assert_fails("Busy", prompter.register)
    door.call(ROOT, f"{AGENTS}.Unregister")
    assert_fails("NotFound", door.call, ROOT, f"{AGENTS}.Unregister")
    assert available(door) is False
    prompter.register()
    assert available(connect()) is True


@both_doors
def test_bad_answers(connect, door, cards):
    prompter = Prompter(connect())
    selection = Selection(door)
    cookie = prompter.question()[0]
    assert_fails("InvalidArgument", prompter.respond, cookie, 2)
    assert_fails("NotFound", prompter.choose, cookie, f"{ROOT}/identity/4711")
    assert_fails("NotFound", prompter.choose, cookie, "/not/ours")
    assert_fails("NotFound", prompter.choose, "0" * 32, cards["Alice"])
    settle()
    assert selection.responses() == []
    prompter.choose(cookie, cards["Alice"])
    assert selection.response()[0] == SELECTED
    assert_fails("NotFound", prompter.choose, cookie, cards["Alice"])


@session_door
def test_nobody_else_cancels_or_hears(connect, door, cards):
    prompter, other = Prompter(connect()), connect()
    selection = Selection(door)
    cookie = prompter.question()[0]
    assert_fails("Denied", other.call, selection.path, f"{REQUEST}.Cancel")
    prompter.choose(cookie, cards["Alice"])
    selection.response()
    assert not [one for one in other.signals if one[1] == "Response"]


@private_door
def test_requests_of_others_are_not_there(connect, door, cards):
    prompter, other = Prompter(connect()), connect()
    selection = Selection(door)
    prompter.question()
    with pytest.raises(RemoteError):
        other.call(selection.path, f"{REQUEST}.Cancel")
    settle()
    assert selection.responses() == []


# ---- the reply and the Response -----------------------------------------------------------------


@private_door
@pytest.mark.parametrize("purpose", ["navigation", "preflight"])
def test_reply_comes_before_the_response(person, connect, purpose):
    connect()
    raw = Raw(person.bus_socket)
    raw.send(SELECTOR, "SelectIdentity", GLib.Variant(
        "((ssq)a{sv}sa{sv})", (("https", HOST, 443), {}, "", variants(purpose=purpose)),
    ))  # fmt: skip
    reply, response = raw.receive(), raw.receive()
    raw.socket.close()
    assert reply.get_message_type() == Gio.DBusMessageType.METHOD_RETURN
    assert response.get_member() == "Response"
    assert response.get_path() == reply.get_body().unpack()[0]


@both_doors
def test_tokens(connect, door, cards):
    prompter = Prompter(connect())
    first = Selection(door, token="mine")
    text = assert_fails("Exists", Selection, door, "b.example", token="mine")
    assert "another" in text
    assert_fails("InvalidArgument", Selection, door, token="a/b")
    assert_fails("InvalidArgument", Selection, door, token="x" * 65)
    # Somebody else's tokens are not in the way, nor those that we make.
    second = Selection(connect(), "b.example", token="mine")
    third = Selection(door, "c.example", token="")
    assert third.path.startswith(first.expected.rpartition("/")[0] + "/")
    for n, selection in enumerate((first, second, third), 1):
        prompter.choose(prompter.question(n)[0], cards["Alice"])
        assert selection.response()[0] == SELECTED
    # Over, so its token is free again.
    Selection(door, "d.example", token="mine")


@both_doors
def test_number_of_open_requests_is_limited(connect, door, cards):
    """They wait for one answer together, as those of a browser do."""
    prompter = Prompter(connect())
    opened = [Selection(door) for _ in range(16)]
    assert "16" in assert_fails("Busy", Selection, door)
    other = Selection(connect())
    opened[0].cancel()
    assert opened[0].response()[0] == CANCELLED
    opened.append(Selection(door))
    prompter.choose(prompter.question()[0], cards["Work"])
    for selection in (*opened[1:], other):
        assert selection.response()[1]["label"] == "Work"
    assert len(prompter.questions) == 1


@both_doors
def test_dictionaries_of_open_requests_are_limited(connect, door, cards):
    Prompter(connect())
    large = {"unknown": zeros(1024 * 1024)}
    opened = [Selection(door, constraints=large) for _ in range(3)]
    assert_fails("Busy", Selection, door, constraints=large)
    opened[0].cancel()
    opened[0].response()
    Selection(door, constraints=large)


@both_doors
def test_rate_is_limited(door):
    """The daemon goes on serving, and the caller is served again when it slows down."""

    def ask():
        Selection(door, options=variants(purpose="preflight"))
        return True

    began = time.monotonic()
    with pytest.raises(RemoteError) as caught:
        while time.monotonic() - began < 60:
            ask()
    assert caught.value.name == f"{ERROR}.Busy"
    wait_until(lambda: not_busy(ask), "served again")


def not_busy(ask):
    try:
        return ask()
    except RemoteError as error:
        assert error.name == f"{ERROR}.Busy"
        time.sleep(0.05)
        return False


# ---- dictionaries -------------------------------------------------------------------------------


@both_doors
def test_malformed_dictionaries(door):
    def refused(name, constraints=None, options=None):
        texts = {
            assert_fails(name, match, door, HOST, constraints, options),
            assert_fails(name, match, door, HOST, constraints, options, "Explain"),
            assert_fails(name, Selection, door, HOST, 443, constraints, options),
        }
        [text] = texts
        return text

    ca_names = {"ca-names": GLib.Variant("as", ["CN=x"])}
    assert "“ca-names” has to be" in refused("InvalidArgument", ca_names)
    many = {"ca-names": GLib.Variant("aay", [b"0\0"] * 4097)}
    assert "4096" in refused("InvalidArgument", many)
    huge = {"unknown": zeros(4 * 1024 * 1024)}
    assert "4 MiB" in refused("InvalidArgument", huge)
    assert "600000" in refused("InvalidArgument", None, variants(timeout_ms=600001))
    require = {"require": GLib.Variant("as", ["telepathy"])}
    assert "telepathy" in refused("Unsupported", None, require)
    for host in ("", "a b", "https://a", "a" * 300):
        assert_fails("InvalidArgument", match, door, host)


@both_doors
def test_capabilities(door):
    assert door.get(ROOT, SELECTOR, "Version") == 1
    known = door.get(ROOT, SELECTOR, "Capabilities")
    options = {"require": GLib.Variant("as", [one for one in known if "application" not in one])}
    assert {"ca-names", "oid-filters", "timeout-ms"} <= set(known)
    assert match(door, options=options)[1]["result"] == NONE


# ---- Match and Explain --------------------------------------------------------------------------


@both_doors
def test_dry_runs_change_nothing(connect, door, cards):
    prompter = Prompter(connect())
    identities, decision = match(door)
    assert set(identities) == set(cards.values())
    assert decision["result"] == PROMPT and decision["result-name"] == "prompt"
    assert decision["row"] and "selection-id" not in decision and "question" not in decision
    verdicts, same, text = match(door, method="Explain")
    assert same == decision
    assert {one["identity"]: one["label"] for one in verdicts} == {
        path: label for label, path in cards.items()
    }
    assert [one["place"] for one in verdicts] == [1, 2]
    assert all(one["kind"] == "ok" and one["code"] == "OK" for one in verdicts)
    assert HOST in text and "PROMPT" in text
    settle()
    assert prompter.questions == [] and choices(door) == []


@both_doors
def test_dry_runs_tell_what_a_selection_gets(door, cards):
    choose(door, cards["Work"])
    identities, decision = match(door)
    assert identities[0] == cards["Work"]
    assert (decision["result"], decision["label"]) == (SELECTED, "Work")
    assert decision["choice"] == choices(door)[0]["id"] and decision["scope"] == "always"
    result, real = Selection(door).response()
    real.pop("selection-id")
    assert result == SELECTED and real == decision


@both_doors
def test_dry_run_for_another_program(door, cards):
    application = "exe:/usr/bin/other"
    choose(door, cards["Work"], application=application)
    assert match(door)[1]["result"] == PROMPT
    options = PERSON | variants(application=application, application_trust="exe")
    assert match(door, options=options)[1]["label"] == "Work"


# ---- ReportOutcome ------------------------------------------------------------------------------


@both_doors
def test_outcomes_are_learned_from(door, cards):
    choose(door, cards["Work"])
    _, decision = Selection(door).response()
    report(door, decision["selection-id"], "accepted")
    assert match(door)[1]["label"] == "Work"
    _, decision = Selection(door).response()
    report(door, decision["selection-id"], "alert", alert=48)
    [choice] = choices(door)
    assert (choice["suspicion"], choice["alert"]) == ("suspect", 48)
    assert "issuer" in choice["alert-text"]
    assert match(door)[1]["result"] == PROMPT


@both_doors
def test_bad_reports(door, cards):
    choose(door, cards["Work"])
    selection_id = Selection(door).response()[1]["selection-id"]
    assert_fails("NotFound", report, door, "0" * 32, "accepted")
    assert_fails("NotFound", report, door, "", "accepted")
    assert "accepted, alert" in assert_fails(
        "InvalidArgument", report, door, selection_id, "splendid"
    )
    assert_fails("InvalidArgument", report, door, selection_id, "alert")
    assert_fails("InvalidArgument", report, door, selection_id, "closed", alert=48)
    assert_fails("InvalidArgument", report, door, selection_id, "closed", colour=1)
    report(door, selection_id, "closed")


STRANGER = """
import sys
sys.path.insert(0, sys.argv[1])
from harness.dbus import ROOT, SELECTOR, Door, RemoteError
door = Door(sys.argv[2], sys.argv[3] or None)
for call in (("ReportOutcome", "(ssa{sv})", sys.argv[4], "accepted", {}),
             ("Bind", "(s)", sys.argv[4])):
    try:
        door.call(ROOT, f"{SELECTOR}.{call[0]}", *call[1:])
        print("taken")
    except RemoteError as error:
        print(error.name)
"""


@both_doors
def test_selection_id_is_good_for_its_own_process_only(person, bus, door, cards):
    choose(door, cards["Work"])
    selection_id = Selection(door).response()[1]["selection-id"]
    address = bus.address if door.name else f"unix:path={person.bus_socket}"
    done = person.run(sys.executable, "-B", "-c", STRANGER, Path(__file__).parent, address,
                      door.name or "", selection_id)  # fmt: skip
    assert done.stdout.split() == [f"{ERROR}.NotFound"] * 2
    report(door, selection_id, "accepted")
    assert_fails("NotFound", door.call, ROOT, f"{SELECTOR}.Bind", "(s)", "0" * 32)


def labels_shown(child):
    """Which of the two cards a new process is shown through PKCS#11."""
    found = set()
    child.initialize()
    for slot in child.slots()["slots"]:
        session = child.open(slot=slot)["session"]
        for label in ("Alice", "Work"):
            if child.find_key(session=session, label=label)["key"]:
                found.add(label)
    return found


@private_door
def test_bound_process_and_its_children_see_what_was_selected(person, door, cards, client):
    choose(door, cards["Work"])
    assert labels_shown(client(person)) == {"Alice", "Work"}
    door.call(ROOT, f"{SELECTOR}.Bind", "(s)", Selection(door).response()[1]["selection-id"])
    assert labels_shown(client(person)) == {"Work"}
    choose(door, "/")
    door.call(ROOT, f"{SELECTOR}.Bind", "(s)", Selection(door).response()[1]["selection-id"])
    assert labels_shown(client(person)) == set()


# ---- Choices ------------------------------------------------------------------------------------


@both_doors
def test_choices(door, cards):
    first = choose(door, cards["Alice"])
    second = choose(door, "/", host="Other.Example.com.", reach="host", scope="session")
    door.await_signal("Changed")
    by_id = {one["id"]: one for one in choices(door)}
    assert set(by_id) == {first, second}
    one, other = by_id[first], by_id[second]
    assert (one["reach"], one["protocol"], one["host"], one["port"]) == (
        "host-port", "web", HOST, 443
    )  # fmt: skip
    assert (one["identity"], one["label"], one["scope"]) == (cards["Alice"], "Alice", "always")
    assert one["identity-id"] == door.get(cards["Alice"], IDENTITY, "Id")
    assert (one["application"], one["context"], one["suspicion"]) == ("", "", "clear")
    assert (other["host"], other["identity"], other["label"]) == ("other.example.com", "/", "")
    assert match(door)[1]["label"] == "Alice"
    assert match(door, "other.example.com")[1]["result"] == NONE


@both_doors
def test_forget_and_undo(door, cards):
    for host in ("a.example.com", "b.example.com", "c.example.com"):
        choose(door, cards["Alice"], host=host)
    choose(door, cards["Work"], host="c.example.com", application="exe:/usr/bin/curl")

    def forget(**wanted):
        return door.call(ROOT, f"{CHOICES}.Forget", "(a{sv})", variants(**wanted))[0]

    def undo():
        return door.call(ROOT, f"{CHOICES}.Undo")[0]

    assert forget(host="A.example.com") == 1
    assert forget(host="nowhere.example.com") == 0
    assert forget(identity=GLib.Variant("o", cards["Work"])) == 1
    assert [one["host"] for one in choices(door)] == ["b.example.com", "c.example.com"]
    assert undo() == 1 and len(choices(door)) == 3
    assert forget() == 3 and choices(door) == []
    assert undo() == 3 and undo() == 1 and len(choices(door)) == 4
    assert_fails("NotFound", undo)
    assert forget(id=GLib.Variant("x", choices(door)[0]["id"])) == 1
    # What is not understood must not forget more than was meant.
    assert "no option" in assert_fails("InvalidArgument", forget, hosts="a.example.com")
    assert "type" in assert_fails("InvalidArgument", forget, host=True)
    assert_fails("InvalidArgument", forget, host="a b")
    assert_fails("NotFound", forget, identity=GLib.Variant("o", f"{ROOT}/identity/4711"))
    assert len(choices(door)) == 3


@both_doors
def test_bad_choices(door, cards):
    assert "host-port" in assert_fails("InvalidArgument", choose, door, "/", reach="world")
    assert "session" in assert_fails("InvalidArgument", choose, door, "/", scope="ever")
    assert_fails("InvalidArgument", choose, door, "/", host="")
    assert_fails("InvalidArgument", choose, door, "/", colour="red")
    assert_fails("NotFound", choose, door, f"{ROOT}/identity/4711")
    assert choices(door) == []


@both_doors
def test_another_choice_flushes_connections(door, cards):
    choose(door, cards["Alice"])
    choose(door, cards["Work"])
    door.await_signal("FlushConnections", lambda _, a: a == (HOST, 443))


@both_doors
def test_end_of_a_context(door, cards):
    choose(door, cards["Alice"], scope="session", context="private:1")
    choose(door, cards["Alice"], scope="session")
    assert door.call(ROOT, f"{CHOICES}.EndContext", "(s)", "private:1")[0] == 1
    assert [one["context"] for one in choices(door)] == [""]


# ---- Policy, tokens -----------------------------------------------------------------------------

RULES = """\
[Policy]
Version=1

[Rule work]
Match-Host=work.example.com
Identity-Subject-CN=Work
Action=select

[Role vpn]
Label=Corp VPN
Rule=work
"""


def write_policy(policy, person, name, text):
    path = policy / POLICIES / name
    path.write_text(text)
    path.chmod(0o644)
    os.chown(path, person.uid, person.gid)


@both_doors
def test_policy(door, cards, person, policy):
    before = door.get(ROOT, POLICY, "Generation")
    assert door.call(ROOT, f"{POLICY}.Describe") == ([], [], [])
    write_policy(policy, person, "10-work.conf", RULES)
    door.call(ROOT, f"{POLICY}.Reload")
    _, _, (generation, remarks) = door.await_signal("Reloaded", lambda _, a: a[0] > before)
    assert door.get(ROOT, POLICY, "Generation") == generation
    [rule], [role], lints = door.call(ROOT, f"{POLICY}.Describe")
    assert len(lints) == remarks
    assert (rule["name"], rule["layer"], rule["action"]) == ("work", "admin", "select")
    assert (rule["line"], rule["priority"], rule["locked"]) == (4, 500, False)
    assert rule["file"].endswith("10-work.conf") and "Action=select" in rule["text"]
    assert (role["name"], role["label"], role["rule"]) == ("vpn", "Corp VPN", "work")
    assert role["uri"] == "pkcs11:token=Corp%20VPN" and role["identity"] == cards["Work"]
    _, decision = match(door, "work.example.com")
    assert decision["label"] == "Work" and "10-work.conf:4" in decision["rule"]


@both_doors
def test_policy_with_an_error_changes_nothing(door, cards, person, policy):
    write_policy(policy, person, "10-work.conf", RULES)
    door.call(ROOT, f"{POLICY}.Reload")
    generation = door.get(ROOT, POLICY, "Generation")
    write_policy(policy, person, "10-work.conf", RULES.replace("Action=select", "Action=maybe"))
    assert "10-work.conf" in assert_fails("BadFile", door.call, ROOT, f"{POLICY}.Reload")
    assert door.get(ROOT, POLICY, "Failed") is True
    assert door.get(ROOT, POLICY, "Generation") == generation
    assert match(door, "work.example.com")[1]["label"] == "Work"
    remarks = door.call(ROOT, f"{POLICY}.Describe")[2]
    [error] = [one for one in remarks if one["severity"] == "error"]
    assert (error["line"], error["key"]) == (7, "Action") and error["message"]
    write_policy(policy, person, "10-work.conf", RULES)
    door.call(ROOT, f"{POLICY}.Reload")
    assert door.get(ROOT, POLICY, "Failed") is False


@both_doors
@pytest.mark.parametrize("name", [b"10-\xff.conf", b"10-.conf"])
def test_files_of_any_name_and_content_can_be_talked_of(door, person, policy, name):
    """Names of files are bytes, and so is what stands in them; texts on the bus are UTF-8."""
    write_policy(policy, person, os.fsdecode(name), RULES)
    (policy / POLICIES / os.fsdecode(name)).write_bytes(b"[Rule \xfe]\n\xfd=\xfc\n")
    shown = name.decode(errors="replace")
    assert shown in assert_fails("BadFile", door.call, ROOT, f"{POLICY}.Reload")
    remarks = door.call(ROOT, f"{POLICY}.Describe")[2]
    assert any(shown in one["file"] and one["severity"] == "error" for one in remarks)


@both_doors
def test_tokens_follow_policy_and_identities(door, cards, person, policy):
    vault = f"{ROOT}/token/vault"
    assert door.get(vault, TOKEN, "Label") == "Meishi"
    assert door.get(vault, TOKEN, "Uri") == "pkcs11:token=Meishi"
    shown = door.objects(TOKEN)
    assert {one[TOKEN]["Kind"] for one in shown.values()} == {"vault"}
    assert shown[vault][TOKEN]["Present"] and shown[vault][TOKEN]["Identity"] == "/"
    write_policy(policy, person, "10-work.conf", RULES)
    door.call(ROOT, f"{POLICY}.Reload")
    path = door.await_signal("InterfacesAdded", lambda _, a: TOKEN in a[1])[2][0]
    role = door.call(path, f"{PROPERTIES}.GetAll", "(s)", TOKEN)[0]
    # What is told of hardware says nothing here.
    assert {name: value for name, value in role.items() if value} == {
        "Label": "Corp VPN", "Kind": "role", "Role": "vpn", "Present": True,
        "Uri": "pkcs11:token=Corp%20VPN", "Identity": cards["Work"],
    }  # fmt: skip
    door.call(cards["Work"], f"{IDENTITY}.Remove")
    door.await_signal("PropertiesChanged", lambda p, a: p == path and a[1].get("Identity") == "/")
    assert door.get(path, TOKEN, "Present") is False
    (policy / POLICIES / "10-work.conf").unlink()
    door.call(ROOT, f"{POLICY}.Reload")
    door.await_signal("InterfacesRemoved", lambda _, a: a[0] == path)


@both_doors
def test_policy_limits_choices(door, cards, person, policy):
    write_policy(policy, person, "10.conf", "[Policy]\nVersion=1\n[Defaults]\nRemember=none\n")
    door.call(ROOT, f"{POLICY}.Reload")
    assert_fails("Denied", choose, door, cards["Work"])
    assert choices(door) == []


# ---- renewals -----------------------------------------------------------------------------------


@both_doors
def test_renewals(door, person, pki, cards, alice):
    """Choices of the one that is renewed are the renewal's from then on, and back again."""
    late = pki.renewal(alice, "Alice late", days=800)
    person.import_files(late.cert)
    cards = door.identities()
    old, new = cards["Alice"], cards["Alice late"]
    choose(door, old)
    door.call(new, f"{IDENTITY}.SetRenews", "(o)", old)
    door.await_signal(
        "PropertiesChanged", lambda p, a: p == old and a[1].get("SupersededBy") == new
    )
    assert door.get(new, IDENTITY, "SupersededBy") == "/"
    lineage = door.get(old, IDENTITY, "Lineage")
    assert door.get(new, IDENTITY, "Lineage") == lineage
    [choice] = choices(door)
    assert (choice["identity"], choice["lineage"]) == (new, lineage)
    assert match(door)[1]["label"] == "Alice late"
    assert_fails("InvalidArgument", door.call, old, f"{IDENTITY}.SetRenews", "(o)", new)
    assert_fails("NotFound", door.call, new, f"{IDENTITY}.SetRenews", "(o)", "/nothing")
    door.call(new, f"{IDENTITY}.SetRenews", "(o)", "/")
    assert door.get(old, IDENTITY, "SupersededBy") == "/"
    assert match(door)[1]["label"] == "Alice"
