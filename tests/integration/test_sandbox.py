# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs in a sandbox, as far as the daemon can see one: another root directory, in which a file
says which application it is.  They may select, and nothing else, by either door."""

import json
import subprocess
from pathlib import Path

import pytest
from harness.bus import Bus
from harness.dbus import NAME
from harness.pki import PASSWORD

DENIED = f"{NAME}.Error.Denied"
CALLER = Path(__file__).parent / "harness" / "sandboxed.py"
PYTHON = "/usr/bin/python3"
INFO = "[Application]\nname=org.example.Browser\n"


@pytest.fixture(params=["session", "private"])
def enter(person, request, pki):
    """enter(info) runs the calls of harness/sandboxed.py in a sandbox that shows `info`; None: in
    none."""
    bus = Bus(person.home / "bus")
    if request.param == "session":
        bus.start(person)
    person.start_daemon()
    person.import_files(pki.p12(pki.identity("Alice")), password=PASSWORD)
    path = bus.directory / "bus" if request.param == "session" else person.bus_socket

    def run(info):
        root = person.home if info is not None else Path("/")
        if info is not None:
            (person.home / ".flatpak-info").write_text(info)
            (person.home / ".flatpak-info").chmod(0o644)
        done = person.run(
            PYTHON, CALLER, root, path.relative_to(root),
            NAME if request.param == "session" else "", check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    yield run
    bus.stop()


def test_any_program_of_the_user_may_call(enter):
    results = enter(None)
    assert set(results.values()) == {"ok"}, results


def test_sandboxed_programs_select_and_no_more(enter):
    results = enter(INFO)
    assert results.pop("Selector.Match") == "ok"
    assert results.pop("Selector properties") == "ok"
    assert set(results.values()) == {DENIED}, results


def test_nameless_sandboxes_get_nothing(enter, person):
    assert "ok" not in enter("[Application]\n").values()
    assert "sandbox" in person.daemon.output()


# A container may keep an ordinary user from making a sandbox.
if subprocess.run([PYTHON, CALLER, "/"], check=False, capture_output=True).returncode != 0:
    del test_sandboxed_programs_select_and_no_more, test_nameless_sandboxes_get_nothing
