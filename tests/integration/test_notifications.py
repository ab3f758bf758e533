# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the person is told without having asked, through the desktop's notification server: ours,
which is absent, slow, dies or lies as the test wants it, and a real one on a screen."""

import json
import os
import sys
import time
from pathlib import Path

import pytest
from gi.repository import GLib
from harness.dbus import CHOICES, NAME, ROOT, SELECTOR, Door, RemoteError
from harness.notifications import NAME as NOTIFICATIONS
from harness.notifications import NotificationServer, plain
from harness.process import wait_until
from harness.prompter import NO_AGENT, NONE, SELECTED, Prompter, Selection, settle, variants

HOST = "www.example.com"
ALONE = variants(interactive=False)  # nobody can be asked
ASKED = f"{HOST}:443 asked who you are and got no answer."
UNKNOWN_CA = 48
REAL_SERVER = "/usr/lib/notification-daemon/notification-daemon"


@pytest.fixture
def server(owner, bus):
    """server(...) is there from then on."""
    made = []

    def start(**options):
        made.append(NotificationServer(bus.address, **options))
        return made[-1]

    yield start
    for one in made:
        one.stop()


@pytest.fixture
def owner(person, bus):
    """A person on the bus, with nothing else yet."""
    if bus.process is None:
        bus.start(person)
    yield person
    if person.daemon is not None:
        assert person.daemon.stop() == 0, person.daemon.output()
        assert "CRITICAL" not in person.daemon.output(), person.daemon.output()


@pytest.fixture
def world(owner, bus, pki):
    """world() starts the daemon, with two certificates to choose from, and gives a connection."""
    made = []

    def start(*args, env=None):
        catalogues = owner.tree.find("ja/LC_MESSAGES/meishi.mo").parents[2]
        owner.start_daemon("--locale-dir", catalogues, *args, env=env)
        if not made:
            owner.import_files(
                *(pki.p12(pki.identity(name)) for name in ("Alice", "Work")),
                password="correct horse",
            )
        return connect()

    def connect():
        made.append(Door(bus.address, NAME))
        wait_until(lambda: is_served(made[-1]), "the daemon on the bus")
        return made[-1]

    start.connect = connect
    yield start
    for one in made:
        one.close()


def ask_with(door, kinds=("choose", "explain")):
    """Somebody who can be asked."""
    prompter = Prompter(door, register=False)
    prompter.register(kinds=kinds)
    return prompter


def is_served(door):
    try:
        return bool(door.get(ROOT, SELECTOR, "Version") is not None)
    except RemoteError:
        return False


def select(door, host=HOST, options=ALONE):
    """A program in the background asks."""
    result, decision = Selection(door, host=host, options=options).response()
    return result, decision


def report(door, decision, alert):
    details = {"alert": GLib.Variant("y", alert)}
    door.call(ROOT, f"{SELECTOR}.ReportOutcome", "(ssa{sv})", decision["selection-id"], "alert",
              details)  # fmt: skip


def assert_quiet(server, n):
    """`n` came, and no other is about to."""
    if n:
        server.notification(n)
    time.sleep(0.3)
    settle()
    assert len(server.shown) == n


# ---- what is shown ------------------------------------------------------------------------------


def test_needs_user_and_choose_now(world, server):
    notifications, door = server(), world()
    prompter = ask_with(world.connect())
    assert select(door)[0] == NONE
    shown = notifications.notification()
    assert shown.app == "Meishi" and shown.replaces == 0
    assert plain(shown.summary).endswith(" needs a certificate")
    assert plain(shown.body) == f"{ASKED} Choose a certificate for the next time."
    assert shown.buttons == {"default": "Choose now", "choose": "Choose now", "explain": "Why?"}
    assert shown.hints == {"desktop-entry": "org.meishi.Prompter"}
    assert select(door)[0] == NONE  # the same again is not told again
    assert_quiet(notifications, 1)

    notifications.press(shown.id, "choose")
    cookie, kind, question = prompter.question()
    assert kind == "choose" and question["host"] == HOST and question["awaited"] is False
    assert question["scope"] == "session"  # "once" would be over before the next time
    assert notifications.closing() == shown.id
    [alice] = [one["identity"] for one in question["candidates"] if one["label"] == "Alice"]
    prompter.choose(cookie, alice, scope="session")
    result, decision = select(door)
    assert result == SELECTED and decision["label"] == "Alice"
    assert_quiet(notifications, 1)


def test_why(world, server):
    notifications, door = server(), world()
    prompter = ask_with(world.connect())
    select(door)
    notifications.press(notifications.notification().id, "explain")
    cookie, kind, question = prompter.question()
    assert kind == "explain" and question["result-name"] == "none"
    assert question["code"] == "NEEDS_USER" and question["row"]
    assert sorted(one["label"] for one in question["candidates"]) == ["Alice", "Work"]
    assert all(one["identity"].startswith("/") for one in question["candidates"])
    prompter.respond(cookie, 0)


def test_refused_and_another(world, server):
    notifications, door = server(), world()
    prompter = ask_with(world.connect())
    selection = Selection(door)
    cookie, _, question = prompter.question()
    paths = {one["label"]: one["identity"] for one in question["candidates"]}
    prompter.choose(cookie, paths["Alice"], scope="always")
    _, decision = selection.response()
    report(door, decision, UNKNOWN_CA)
    shown = notifications.notification()
    assert plain(shown.summary) == "“Alice” was refused"
    assert f"could not sign in at {HOST}:443: the server does not know" in plain(shown.body)
    notifications.press(shown.id, "default")
    cookie, kind, question = prompter.question(2)
    assert kind == "choose" and question["last-label"] == "Alice"
    prompter.choose(cookie, paths["Work"], scope="always")
    result, decision = select(door)
    assert result == SELECTED and decision["label"] == "Work"


def test_settled_elsewhere(world, server):
    notifications, door = server(), world()
    select(door)
    shown = notifications.notification()
    path = door.identities()["Work"]
    door.call(ROOT, f"{CHOICES}.Set", "(ssqosa{sv})", "host-port", HOST, 443, path, "session", {})
    assert notifications.closing() == shown.id


def test_nobody_can_ask(world, server):
    """No prompter anywhere: no button that does nothing, and the way that there is."""
    notifications, door = server(), world()
    assert select(door, options=variants(user_activation=True))[0] == NO_AGENT
    shown = notifications.notification()
    assert shown.buttons == {}
    assert "“meishi choices set”" in shown.body


def test_what_is_done_in_private(world, server):
    notifications, door = server(), world()
    ask_with(world.connect())
    private = ALONE | variants(context="private:7")
    select(door, host="secret.example", options=private)
    shown = notifications.notification()
    assert "secret" not in repr(shown) and shown.hints["transient"] is True
    door.call(ROOT, f"{CHOICES}.EndContext", "(s)", "private:7")
    assert notifications.closing() == shown.id


def test_in_japanese(world, server):
    notifications = server()
    door = world(env={"LANG": "C.UTF-8", "LANGUAGE": "ja"})
    ask_with(world.connect())
    select(door)
    shown = notifications.notification()
    assert plain(shown.summary).endswith(" に証明書が必要です")
    assert shown.buttons == {"default": "今すぐ選ぶ", "choose": "今すぐ選ぶ", "explain": "理由"}
    with pytest.raises(RemoteError) as caught:  # the daemon's errors stay as they are everywhere
        Selection(door, host="")
    assert "is not a host: it is empty" in str(caught.value)


def day(offset):
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + 86400 * offset))


def test_expiring_is_told_once(owner, world, server, pki):
    notifications = server()
    world()
    soon = pki.dated("Soon", day(-300), day(5), "soon")
    owner.import_files(pki.p12(soon), password="correct horse")
    assert_quiet(notifications, 0)  # nothing uses it
    owner.meishi("choices", "set", HOST, "--use=Soon")
    shown = notifications.notification()
    # By the calendar, so that midnight may have passed in between.
    assert plain(shown.summary) in [f"“Soon” expires in {n} days" for n in (5, 4)]
    assert plain(shown.body).startswith("It is valid until ") and shown.buttons == {}
    wait_until((owner.data / "meishi" / "notices").exists, "what was told is written")
    owner.stop_daemon()
    assert notifications.closed == []  # a word that stays true
    world()
    assert_quiet(notifications, 1)


# ---- servers of all kinds -----------------------------------------------------------------------


def test_no_server(world, server):
    """Nobody to show it: nothing waits, and nothing is kept for whoever comes."""
    door = world()
    began = time.monotonic()
    for n in range(3):
        assert select(door, host=f"h{n}.example")[0] == NONE
    assert time.monotonic() - began < 5
    assert_quiet(server(), 0)


def test_server_comes_later(world, server):
    door = world()
    select(door, host="early.example")
    notifications = server()
    settle()
    select(door)
    assert plain(notifications.notification().body).startswith(ASKED)


def test_server_is_started_by_the_bus(owner, bus, world):
    log = owner.home / "shown"
    program = Path(__file__).parent
    bus.stop()
    bus.add_service(NOTIFICATIONS, (
        f"[D-BUS Service]\nName={NOTIFICATIONS}\n"
        f"Exec=/usr/bin/env PYTHONPATH={program} PYTHONDONTWRITEBYTECODE=1 {sys.executable} -m "
        f"harness.notifications {bus.address} {log}\n"))  # fmt: skip
    bus.start(owner)
    select(world())
    [line] = wait_until(lambda: log.exists() and whole_lines(log), "a notification")
    assert plain(json.loads(line)["body"]).startswith(ASKED)


def whole_lines(path):
    return [line for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]


@pytest.mark.parametrize("method", ["GetCapabilities", "Notify"])
def test_server_hangs(owner, world, server, method):
    notifications, door = server(silent=(method,)), world()
    began = time.monotonic()
    for n in range(5):
        assert select(door, host=f"h{n}.example")[0] == NONE
    assert time.monotonic() - began < 5
    notifications.wait_asked()
    owner.stop_daemon()  # which waits for nobody either
    assert time.monotonic() - began < 8


def test_server_dies_and_another_comes(world, server):
    first, door = server(), world()
    prompter = ask_with(world.connect())
    select(door)
    number = first.notification().id
    first.stop()
    second = server()
    second.press(number, "choose")  # what the first one showed is gone
    select(door, host="b.example")
    assert plain(second.notification().body).startswith("b.example:443")
    assert prompter.questions == []
    second.press(second.shown[0].id, "choose")
    assert prompter.question()[2]["host"] == "b.example"


def test_server_without_buttons(world, server):
    notifications, door = server(capabilities=("body",)), world()
    ask_with(world.connect())
    select(door)
    assert notifications.notification().buttons == {}


@pytest.mark.parametrize("capabilities, name", [
    (("body",), "ssid:<i>&"), (("body", "body-markup"), "ssid:&lt;i&gt;&amp;"),
])  # fmt: skip
def test_markup(world, server, capabilities, name):
    """A name that looks like markup is shown as it is, whatever the server makes of markup."""
    notifications, door = server(capabilities=capabilities), world()
    select(door, host="ssid:<i>&")
    assert plain(notifications.notification().body).startswith(name)


def test_signals_that_lie(world, server, bus):
    """Numbers that are nobody's, other types, and somebody who is not the server."""
    notifications, door = server(), world()
    prompter = ask_with(world.connect())
    select(door)
    shown = notifications.notification()
    stranger = Door(bus.address, NAME)
    stranger.connection.emit_signal(
        None, "/org/freedesktop/Notifications", NOTIFICATIONS, "ActionInvoked",
        GLib.Variant("(us)", (shown.id, "choose")),
    )  # fmt: skip
    stranger.connection.flush_sync(None)
    notifications.press(shown.id + 7, "choose")
    notifications.press(shown.id, "delete-everything")
    notifications.emit("ActionInvoked", GLib.Variant("(ss)", ("1", "choose")))
    notifications.emit("NotificationClosed", GLib.Variant("(u)", (shown.id,)))
    assert_quiet(notifications, 1)
    assert prompter.questions == []
    notifications.dismiss(shown.id)
    notifications.press(shown.id, "choose")  # too late
    assert_quiet(notifications, 1)
    assert prompter.questions == []
    stranger.close()


def test_three_at_once_and_a_flood(world, server):
    notifications, door = server(), world()
    for n in range(6):
        select(door, host=f"h{n}.example")
    assert_quiet(notifications, 3)


def test_daemon_ends(owner, world, server):
    """A button that nobody would answer is taken away."""
    notifications, door = server(), world()
    ask_with(world.connect())
    select(door)
    shown = notifications.notification()
    select(door)  # by now the daemon knows the number
    owner.stop_daemon()
    assert notifications.closing() == shown.id


def test_policy_switches_off(owner, world, server):
    notifications = server()
    root = owner.home / "root"
    directory = root / "etc/meishi/policy.d"
    directory.mkdir(parents=True)
    (directory / "10-quiet.conf").write_text("[Defaults]\nNotify=no\n")
    for path in (root, *root.rglob("*")):
        os.chown(path, owner.uid, owner.gid)
    select(world("--policy-root", root))
    assert_quiet(notifications, 0)


# ---- a real one ---------------------------------------------------------------------------------


@pytest.fixture
def shower(desktop, owner, bus):
    """shower() starts GNOME's old notification daemon on the screen."""
    made = []

    def start():
        made.append(owner.background(REAL_SERVER, env=desktop.env))
        made[-1].wait_ready(lambda: has_owner(bus, NOTIFICATIONS), "is on the bus")

    yield start
    for one in made:
        one.stop()


def has_owner(bus, name):
    door = Door(bus.address, "org.freedesktop.DBus")
    owned = door.call("/org/freedesktop/DBus", "org.freedesktop.DBus.NameHasOwner", "(s)", name)[0]
    door.close()
    return owned


def click(desktop, button):
    """With the pointer: this server listens to nothing else."""

    def place():
        """Where it is; None before the window has been laid out."""
        [box] = [one["box"] for one in desktop.boxes() if one["name"] == button]
        return box if box[0] >= 0 and box[2] > 0 else None

    def settled():
        """The same twice: a window that has just come may still be moved."""
        box = place()
        time.sleep(0.2)
        return box if box is not None and box == place() else None

    box = wait_until(settled, f"“{button}” has a place")
    x, y = box[0] + box[2] // 2, box[1] + box[3] // 2
    [window] = desktop.windows()
    desktop.person.run("xdotool", "mousemove", "--window", window, str(x), str(y), "click", "1",
                       env=desktop.env)  # fmt: skip


@pytest.mark.parametrize("language, summary, button", [
    ("en", "needs a certificate", "Choose now"), ("ja", "に証明書が必要です", "今すぐ選ぶ"),
])  # fmt: skip
def test_real_server(desktop, shower, world, language, summary, button):
    """What it says can be seen, and its button pressed."""
    shower()
    door = world(env={"LANG": "C.UTF-8", "LANGUAGE": language})
    prompter = ask_with(world.connect())
    select(door)
    desktop.find("push button", button)
    assert any(summary in one["name"] for one in desktop.see())
    click(desktop, button)
    assert prompter.question()[2]["host"] == HOST
    wait_until(lambda: not desktop.windows(), "the notification is gone")
