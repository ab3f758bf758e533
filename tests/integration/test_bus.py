# SPDX-License-Identifier: LGPL-2.1-or-later
"""The management interface on the session bus and on the private socket."""

import os
import signal
import socket
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest
from gi.repository import GLib
from harness.bus import CONFIG
from harness.dbus import (
    AGENTS, CHOICES, IDENTITY, INTROSPECTABLE, MANAGER, NAME, POLICY, PROPERTIES, ROOT, SELECTOR,
    TOKEN, VAULT, Door, RemoteError, memory,
)  # fmt: skip
from harness.person import ORDINARY_UID
from harness.pki import PASSWORD
from harness.process import wait_until

ERROR = f"{NAME}.Error"


@pytest.fixture
def alice(pki):
    return pki.identity("Alice", "rsa2048")


@pytest.fixture
def private(person):
    person.start_daemon()
    door = Door(f"unix:path={person.bus_socket}")
    yield door
    door.close()


@pytest.fixture
def session(person, bus):
    """The same on a session bus, once the daemon has its name there."""
    bus.start(person)
    person.start_daemon()
    bus.wait_for(NAME)
    door = Door(bus.address, NAME)
    yield door
    door.close()


@pytest.fixture(params=["private", "session"])
def door(request):
    return request.getfixturevalue(request.param)


def send_import(door, *files, passwords=(), options=None):
    fds = [*(memory(content) for _, content in files), *(memory(word) for word in passwords)]
    try:
        return door.call(
            ROOT, f"{MANAGER}.Import", "(a(sh)aha{sv})",
            [(name, index) for index, (name, _) in enumerate(files)],
            list(range(len(files), len(fds))), options or {}, fds=fds,
        )[0]  # fmt: skip
    finally:
        for fd in fds:
            os.close(fd)


def import_alice(door, pki, alice, **kwargs):
    p12 = pki.p12(alice).read_bytes()
    return send_import(door, ("alice.p12", p12), passwords=[PASSWORD], **kwargs)


def assert_fails(name, call, *args, **kwargs):
    with pytest.raises(RemoteError) as caught:
        call(*args, **kwargs)
    assert caught.value.name == f"{ERROR}.{name}", caught.value
    return str(caught.value)


# ---- both doors ---------------------------------------------------------------------------------


def interfaces_of(xml):
    """Interfaces with their methods' and properties' signatures."""
    return {
        interface.get("name"): {
            (member.tag, member.get("name"), member.get("type"),
             tuple((arg.get("type"), arg.get("direction")) for arg in member.iter("arg")))
            for member in interface
            if member.tag in ("method", "property", "signal")
        }
        for interface in ElementTree.fromstring(xml).iter("interface")
    }  # fmt: skip


def test_serves_what_is_described(door, pki, alice):
    import_alice(door, pki, alice)
    [path] = door.objects()
    root = interfaces_of(door.call(ROOT, f"{INTROSPECTABLE}.Introspect")[0])
    leaf = interfaces_of(door.call(path, f"{INTROSPECTABLE}.Introspect")[0])
    source = Path(os.environ["MEISHI_SOURCE_DIR"], "data/dbus/org.meishi.Agent1.xml")
    described = interfaces_of(source.read_text())
    token = interfaces_of(door.call(f"{ROOT}/token/vault", f"{INTROSPECTABLE}.Introspect")[0])
    for interface in (SELECTOR, CHOICES, POLICY, AGENTS, MANAGER, VAULT):
        assert root[interface] == described[interface]
    assert leaf[IDENTITY] == described[IDENTITY]
    assert token[TOKEN] == described[TOKEN]


def test_import_rename_remove_are_announced(door, pki, alice):
    report = import_alice(door, pki, alice)
    assert report["vault-created"] == "key-file"
    [added] = [item for item in report["items"] if item["outcome"] == "added"]
    [path] = door.objects()
    seen, _, (_, interfaces) = door.await_signal("InterfacesAdded", lambda _, a: a[0] == path)
    assert seen == ROOT and interfaces[IDENTITY]["Id"] == added["id"]
    door.await_signal("PropertiesChanged", lambda p, a: p == ROOT and "State" in a[1])

    door.call(path, f"{IDENTITY}.Rename", "(s)", "work")
    changed = door.await_signal("PropertiesChanged", lambda p, a: p == path)
    assert changed[2][:2] == (IDENTITY, {"Label": "work"})
    assert door.get(path, IDENTITY, "Label") == "work"

    door.call(path, f"{IDENTITY}.Remove")
    door.await_signal("InterfacesRemoved", lambda _, a: a == (path, [IDENTITY]))
    assert door.objects() == {}
    with pytest.raises(RemoteError):
        door.call(path, f"{IDENTITY}.Remove")


def test_waiting_key_becomes_another_object(door, alice):
    send_import(door, ("key.pem", alice.key.read_bytes()))
    [waiting] = door.objects()
    assert door.get(waiting, IDENTITY, "Warnings") == ["no-certificate"]
    assert door.get(waiting, IDENTITY, "Subject") == ""
    report = send_import(door, ("cert.pem", alice.cert.read_bytes()))
    assert "completed" in [item["outcome"] for item in report["items"]]
    [whole] = door.objects()
    assert whole != waiting
    door.await_signal("InterfacesRemoved", lambda _, a: a[0] == waiting)


def test_vault(door):
    assert door.get(ROOT, VAULT, "State") == "absent"
    word = memory("open sesame")
    options = {"secret": GLib.Variant("h", 0)}
    made = door.call(ROOT, f"{VAULT}.Init", "(sa{sv})", "passphrase", options, fds=[word])
    assert made[0] == "passphrase" and "alone opens it" in made[1]
    assert door.get(ROOT, VAULT, "State") == "unlocked"
    [slot] = door.get(ROOT, VAULT, "Slots")
    assert slot["kind"] == "passphrase" and "cost" in slot
    door.call(ROOT, f"{VAULT}.Lock")
    door.await_signal(
        "PropertiesChanged", lambda p, a: p == ROOT and a[1].get("State") == "locked"
    )
    assert_fails("Locked", door.call, ROOT, f"{VAULT}.Unlock", "(a{sv})", {})
    door.call(ROOT, f"{VAULT}.Unlock", "(a{sv})", options, fds=[word])
    door.call(ROOT, f"{VAULT}.Lock")
    wrong = memory("sesame")
    assert_fails("WrongSecret", door.call, ROOT, f"{VAULT}.Unlock", "(a{sv})", options, fds=[wrong])
    os.close(word)
    os.close(wrong)


def test_statistics(door):
    settled = {"clients": 0, "questions": 0, "settled": True, "replaced": False}
    wait_until(lambda: door.call(ROOT, f"{MANAGER}.Statistics")[0] == settled, "modules are seen")


def test_quit_answers_first(person, door):
    assert door.call(ROOT, f"{MANAGER}.Quit") == ()
    assert person.daemon.wait() == 0


# ---- bad calls ----------------------------------------------------------------------------------


def test_errors_have_names(door, pki, alice):
    p12 = pki.p12(alice).read_bytes()
    assert_fails("PasswordRequired", send_import, door, ("a", p12))
    assert_fails("WrongPassword", send_import, door, ("a", p12), passwords=["x"])
    assert_fails("BadFile", send_import, door, ("a", b"\0\1\2"))
    assert_fails("NoVault", door.call, ROOT, f"{VAULT}.Check")
    import_alice(door, pki, alice)
    [path] = door.objects()
    assert_fails("InvalidArgument", door.call, path, f"{IDENTITY}.Rename", "(s)", "")
    assert_fails("NotFound", door.call, ROOT, f"{VAULT}.RemoveSlot", "(x)", 7)
    assert_fails("Denied", door.call, ROOT, f"{VAULT}.RemoveSlot", "(x)", 1)


def test_bad_arguments(door):
    def bad_import(files, fds, options=None, passwords=()):
        arguments = "(a(sh)aha{sv})", files, list(passwords), options or {}
        return assert_fails(
            "InvalidArgument", door.call, ROOT, f"{MANAGER}.Import", *arguments, fds=fds
        )

    null = os.open("/dev/null", os.O_RDONLY)
    empty = memory("")
    assert "No file" in bad_import([], [])
    assert "descriptor" in bad_import([("a", 0)], [])
    assert "descriptor" in bad_import([("a", 1)], [empty])
    assert "neither a file nor a pipe" in bad_import([("a", 0)], [null])
    assert "neither" in bad_import([("a", 1)], [null, empty], passwords=[0])
    assert "64 files" in bad_import([("a", 0)] * 65, [empty])
    assert "no option" in bad_import([("a", 0)], [empty], {"frob": GLib.Variant("b", True)})
    assert "type" in bad_import([("a", 0)], [empty], {"dry-run": GLib.Variant("s", "yes")})
    slot = {"path": GLib.Variant("s", "relative")}
    for kind, options, says in (("", slot, "absolute"), ("lock", {}, "kind")):
        text = assert_fails(
            "InvalidArgument", door.call, ROOT, f"{VAULT}.Init", "(sa{sv})", kind, options
        )
        assert says in text
    os.close(null)
    os.close(empty)


def test_limits_of_size(door):
    large = memory(b"x" * (16 * 1024 * 1024 + 1))
    arguments = "(a(sh)aha{sv})", [("large", 0)], [], {}
    text = assert_fails(
        "InvalidArgument", door.call, ROOT, f"{MANAGER}.Import", *arguments, fds=[large]
    )
    assert "16" in text
    os.close(large)
    assert_fails("InvalidArgument", send_import, door, ("a", b"x"), passwords=["x" * 5000])


def test_caller_that_leaves_is_forgotten(person, private):
    """A silent pipe holds a call; its caller's end ends the call, and others are served."""
    reader, writer = os.pipe()
    other = Door(f"unix:path={person.bus_socket}")
    with pytest.raises(RemoteError):
        other.call(ROOT, f"{MANAGER}.Import", "(a(sh)aha{sv})", [("a", 0)], [], {},
                   fds=[reader], timeout=200)  # fmt: skip
    assert private.objects() == {}
    other.close()
    os.close(reader)
    # The daemon's end of the pipe is closed once it has let go of the call.
    wait_until(lambda: is_broken(writer), "the daemon drops the descriptor", timeout=20)
    os.close(writer)


def is_broken(writer):
    try:
        os.write(writer, b"x")
    except BrokenPipeError:
        return True
    time.sleep(0.05)
    return False


# ---- the private socket -------------------------------------------------------------------------


def test_only_external_authentication(person, private):
    with socket.socket(socket.AF_UNIX) as raw:
        raw.connect(str(person.bus_socket))
        raw.sendall(b"\0AUTH ANONYMOUS\r\n")
        assert raw.recv(100) == b"REJECTED EXTERNAL\r\n"


def test_many_commands_at_once_are_all_served(person, private):
    """More than may authenticate at a time, none of them a nuisance."""
    for _ in range(3):
        at_once = [person.background(person.tree.meishi, "status") for _ in range(24)]
        assert [one.wait() for one in at_once] == [0] * len(at_once), at_once[0].output()


def test_silent_clients_do_not_keep_others_out(person, private):
    """Not for a moment: each of them may be silent for ten seconds."""
    silent = [socket.socket(socket.AF_UNIX) for _ in range(200)]
    for one in silent:
        one.connect(str(person.bus_socket))
    start = time.monotonic()
    assert private.objects() == {}
    other = Door(f"unix:path={person.bus_socket}")
    assert other.objects() == {}
    assert time.monotonic() - start < 5
    other.close()
    for one in silent:
        one.close()


def test_number_of_connections_is_limited(person, private):
    address = f"unix:path={person.bus_socket}"
    doors = [Door(address) for _ in range(63)]
    assert all(door.objects() == {} for door in doors)
    with pytest.raises((RemoteError, GLib.Error)):
        Door(address).objects()
    for door in doors:
        door.close()
    wait_until(lambda: serves(address), "a place is free again")


def serves(address):
    try:
        door = Door(address)
        door.objects()
    except (RemoteError, GLib.Error):
        return False
    door.close()
    return True


# ---- the session bus ----------------------------------------------------------------------------


def test_end_of_the_bus_is_not_the_daemons(person, bus, session):
    bus.stop()
    assert person.meishi("status", "--json").returncode == 0
    assert person.daemon.is_alive()
    bus.start(person)
    # The next command makes it look for the bus again.
    person.meishi("status")
    door = Door(bus.address, NAME)
    bus.wait_for(NAME)
    assert door.objects() == {}
    door.close()


def test_name_that_somebody_else_has(person, bus):
    """The private socket serves meanwhile, and the name is ours when it is free."""
    bus.start(person)
    other, door = Door(bus.address, NAME), Door(bus.address, NAME)
    other.connection.call_sync(
        "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
        GLib.Variant("(su)", (NAME, 0)), None, 0, -1, None,
    )  # fmt: skip
    daemon = person.start_daemon()
    wait_until(lambda: f"somebody else is {NAME}" in daemon.output(), "that is said")
    assert person.meishi("list").returncode == 0
    other.close()
    wait_until(lambda: is_ours(door), "the daemon has the name")
    door.close()


def is_ours(door):
    try:
        return door.objects() == {}
    except RemoteError:
        return False


def test_bus_that_hangs_does_not_keep_the_daemon(person, bus, session):
    """It is asked to take the name back, and not waited for as long as it may take."""
    os.kill(bus.process.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert person.daemon.stop() == 0
        assert time.monotonic() - began < 20
    finally:
        os.kill(bus.process.pid, signal.SIGCONT)


def test_dead_bus_is_no_bus(person):
    env = {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={person.home}/nothing"}
    daemon = person.start_daemon(env=env)
    assert person.meishi("list").returncode == 0
    assert daemon.output() == ""


def test_both_doors_show_the_same(person, session, pki, alice):
    import_alice(session, pki, alice)
    private = Door(f"unix:path={person.bus_socket}")
    assert private.objects() == session.objects()
    [path] = private.objects()
    private.call(path, f"{IDENTITY}.Rename", "(s)", "work")
    session.await_signal("PropertiesChanged", lambda p, a: p == path)
    assert session.identities() == {"work": path}
    private.close()
    # A closed connection takes its objects with it and leaves those of the other.
    assert session.call(path, f"{PROPERTIES}.GetAll", "(s)", IDENTITY)[0]["Label"] == "work"
    assert list(session.objects()) == [path]


# ---- other users --------------------------------------------------------------------------------


def call_as_stranger(person, *where):
    """Lock, called by somebody else whom the file system would let in."""
    done = person.run(
        "setpriv", f"--reuid={ORDINARY_UID}", f"--regid={ORDINARY_UID}", "--clear-groups",
        "gdbus", "call", *where, "--object-path", ROOT, "--method", f"{VAULT}.Lock", check=False,
    )  # fmt: skip
    assert done.returncode != 0, done.stdout
    return done.stdout + done.stderr


def refused_on_the_private_socket(person):
    person.start_daemon()
    for path in (person.home, person.runtime, person.runtime / "meishi"):
        path.chmod(0o755)
    person.bus_socket.chmod(0o666)
    call_as_stranger(person, "--address", f"unix:path={person.bus_socket}")
    assert "which is not ours" in person.daemon.output()
    person.runtime.joinpath("meishi").chmod(0o700)
    assert person.meishi("status").returncode == 0


def refused_on_the_session_bus(person, bus, monkeypatch):
    open_to_all = CONFIG.replace('<allow own="*"/>', '<allow own="*"/><allow user="*"/>')
    monkeypatch.setattr("harness.bus.CONFIG", open_to_all)
    person.home.chmod(0o755)
    bus.start(person)
    person.start_daemon()
    bus.wait_for(NAME)
    door = Door(bus.address, NAME)
    text = call_as_stranger(person, "--address", bus.address, "--dest", NAME)
    assert f"{ERROR}.Denied" in text
    door.call(ROOT, f"{VAULT}.Lock")
    door.close()


# Only root can be somebody else.
if os.getuid() == 0:
    test_another_user_is_refused_on_the_private_socket = refused_on_the_private_socket
    test_another_user_is_refused_on_the_session_bus = refused_on_the_session_bus
