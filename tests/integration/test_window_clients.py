# SPDX-License-Identifier: LGPL-2.1-or-later
"""curl and gnutls-cli before real windows: each use of a key is confirmed, or the vault is locked.
What the person does at the keyboard decides how the handshake ends, and the server says whom it saw."""

import json
import os

import pytest
from harness.clients import Curl, GnutlsCli
from harness.dbus import MANAGER, NAME, POLICY, ROOT, Door
from harness.process import wait_until
from harness.window import CONFIRM, Window, wait_until_windows

PASSPHRASE = "Sesame, open thyself 4711"
UNLOCK = "Unlock Your Keys"
CONFIRM_ALICE = """\
[Policy]
Version=1
[Rule sign]
Identity-Subject-CN=Alice
Confirm=each-use
"""


@pytest.fixture
def owner(person, desktop, pki):
    """A person with one identity in a vault that a passphrase opens, and opened."""
    person.start_daemon()
    given = person.write("given", PASSPHRASE)
    person.meishi("vault", "init", "passphrase", "--passphrase-file", given)
    person.import_files(pki.p12(pki.identity("Alice")), password="correct horse")
    return person


@pytest.fixture
def confirming(owner):
    """Each use of the key is confirmed from now on."""
    directory = owner.config / "meishi" / "policy.d"
    directory.mkdir(parents=True, exist_ok=True)
    for path in (directory.parent, directory):
        os.chown(path, owner.uid, owner.gid)
    owner.write("config/meishi/policy.d/10-person.conf", CONFIRM_ALICE)
    door = Door(f"unix:path={owner.bus_socket}")
    door.call(ROOT, f"{POLICY}.Reload")
    door.close()


@pytest.fixture
def door(owner, prompter, bus):
    """The daemon, for which the windows are there."""
    prompter()
    door = Door(bus.address, NAME)
    wait_until_windows(door)
    yield door
    door.close()


def nothing_is_open(door, desktop):
    wait_until(lambda: desktop.windows() == [], "no window is left")
    assert door.call(ROOT, f"{MANAGER}.Statistics")[0]["questions"] == 0


@pytest.fixture
def start(owner, pki, nginx):
    """start(client, version="1.3") sends it to the server with Alice's key."""

    def run(client, version="1.3"):
        uri = json.loads(owner.meishi("list", "--json").stdout)[0]["uri"]
        return client(owner, pki, nginx.url(version), pki.identity("Alice"), uri)

    return run


both = pytest.mark.parametrize("client", [Curl, GnutlsCli], ids=["curl", "gnutls-cli"])
both_versions = pytest.mark.parametrize("version", ["1.2", "1.3"])


@both
@both_versions
@pytest.mark.usefixtures("confirming")
def test_allowed(start, desktop, door, pki, nginx, client, version):
    program = start(client, version)
    window = Window(desktop, CONFIRM, f"May {client.NAME} use your key?")
    assert f"process {program.process.pid}" in window.text() and "Alice" in window.text()
    window.press("Allow", "alt+a")
    program.assert_page(nginx.page(pki.identity("Alice"), version))
    nothing_is_open(door, desktop)


@both
@pytest.mark.parametrize("key", ["alt+d", "Escape"])
@pytest.mark.usefixtures("confirming")
def test_refused(start, desktop, door, client, key):
    """The program says that it has failed, and no page comes."""
    program = start(client)
    Window(desktop, CONFIRM, f"May {client.NAME} use your key?")
    desktop.key(key)
    program.assert_failed()
    nothing_is_open(door, desktop)


@both
@pytest.mark.usefixtures("confirming")
def test_killed_meanwhile(start, desktop, door, client):
    program = start(client)
    Window(desktop, CONFIRM, f"May {client.NAME} use your key?")
    program.process.kill()
    nothing_is_open(door, desktop)


@both
@both_versions
def test_locked_vault(owner, start, desktop, door, pki, nginx, client, version):
    owner.meishi("lock")
    program = start(client, version)
    window = Window(desktop, UNLOCK, f"{client.NAME} needs your keys")
    owner.run("xdotool", "type", "--delay", "15", PASSPHRASE, env=desktop.env)
    window.press("Unlock", "Return")
    program.assert_page(nginx.page(pki.identity("Alice"), version))
    nothing_is_open(door, desktop)


@pytest.mark.usefixtures("confirming")
def test_locked_and_confirmed(owner, start, desktop, door, pki, nginx):
    """Both questions, one after the other, and one handshake."""
    owner.meishi("lock")
    program = start(Curl)
    page = nginx.page(pki.identity("Alice"), "1.3")
    seen = []
    for _ in range(2):
        title = wait_until(lambda: next_title(desktop, seen), "a window")
        seen.append(title)
        window = Window(desktop, title, "curl")
        if title == UNLOCK:
            owner.run("xdotool", "type", "--delay", "15", PASSPHRASE, env=desktop.env)
            window.press("Unlock", "Return")
        else:
            window.press("Allow", "alt+a")
    assert sorted(seen) == sorted((UNLOCK, CONFIRM))
    program.assert_page(page)
    nothing_is_open(door, desktop)


def next_title(desktop, seen):
    titles = [one["name"] for one in desktop.see() if one["role"] == "dialog"]
    return next((title for title in titles if title not in seen), None)
