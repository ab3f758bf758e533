# SPDX-License-Identifier: LGPL-2.1-or-later
"""The examples of doc/examples select a certificate and complete a handshake, as they stand."""

import os
import subprocess
from pathlib import Path

from urllib.parse import urlsplit

import pytest
from harness.sites import APACHE_DIRECTORY

EXAMPLES = Path(os.environ.get("MEISHI_SOURCE_DIR", Path(__file__).parents[2])) / "doc" / "examples"


@pytest.fixture
def alice(ordinary, pki, nginx):
    """A person who has chosen for both servers."""
    ordinary.start_daemon()
    ordinary.use_p11_kit()
    for name in ("alice", "bob"):
        ordinary.import_files(pki.p12(pki.identity(name)), password="correct horse")
    for version in nginx.VERSIONS:
        ordinary.meishi("choices", "set", f"localhost:{nginx.port(version)}", "--use", "alice")
    return ordinary


def build_line(source):
    """The command that the example gives for itself."""
    [line] = [line for line in source.read_text().splitlines() if " cc -o " in line]
    return line.removeprefix(" *").strip()


def c_example(person, scratch, *args):
    program = scratch / "select-openssl"
    if not program.exists():
        command = build_line(EXAMPLES / "select-openssl.c")
        command = command.replace("-o select-openssl ", f"-o {program} ")
        subprocess.run(["sh", "-c", command], cwd=EXAMPLES, check=True)
        program.chmod(0o755)
    return person.run(program, *args)


def python_example(person, _scratch, *args):
    return person.run("/usr/bin/python3", EXAMPLES / "select_gio.py", *args)


@pytest.mark.parametrize("door", ["session bus", "private socket"])
@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("example", [c_example, python_example], ids=["c", "python"])
def test_example(alice, pki, nginx, scratch, bus, example, version, door):
    if door == "session bus":
        bus.start(alice)
        alice.stop_daemon()
        alice.start_daemon()
        bus.wait_for("org.meishi.Agent1")
    done = example(alice, scratch, "localhost", nginx.port(version), "/", pki.root.cert)
    assert nginx.page(pki.identity("alice"), version) in done.stdout


def staff(alice, pki, site, version):
    """What an example is told to see a directory for which the server asks in the middle."""
    url = urlsplit(site(APACHE_DIRECTORY).url(version))
    alice.meishi("choices", "set", f"localhost:{url.port}", "--use", "alice")
    return ("localhost", url.port, url.path, pki.root.cert)


@pytest.mark.parametrize("version", ["1.2", "1.3"], ids=["renegotiation", "post-handshake"])
def test_c_example_is_asked_in_the_middle(alice, pki, site, scratch, version):
    done = c_example(alice, scratch, *staff(alice, pki, site, version))
    assert f"X-Client: [{pki.identity('alice').subject}] TLSv{version}" in done.stdout


# What GIO cannot do, as doc/clients.md has it.
MIDDLE = {
    "1.2": "An unexpected TLS packet was received",
    "1.3": "Cannot perform Post-Handshake Authentication",
}


@pytest.mark.parametrize("version", MIDDLE)
def test_python_example_is_asked_in_the_middle(alice, pki, site, version):
    arguments = staff(alice, pki, site, version)
    done = alice.run("/usr/bin/python3", EXAMPLES / "select_gio.py", *arguments, check=False)
    assert MIDDLE[version] in done.stdout + done.stderr


def test_python_example_renegotiates_without_tickets(alice, pki, site, scratch):
    alice.env["G_TLS_GNUTLS_PRIORITY"] = "NORMAL:%COMPAT:%NO_TICKETS"
    done = python_example(alice, scratch, *staff(alice, pki, site, "1.2"))
    assert f"X-Client: [{pki.identity('alice').subject}] TLSv1.2" in done.stdout
