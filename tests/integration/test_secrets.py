# SPDX-License-Identifier: LGPL-2.1-or-later
"""What must not be readable: keys in memory and on disk, passwords anywhere."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from harness.wiretap import Wiretap

PASSWORD = "Tr0ub4dor and three"


def prime_of(identity):
    """One prime of an RSA key, big-endian: whoever has it has the key."""
    text = subprocess.run(
        ["openssl", "rsa", "-in", identity.key, "-noout", "-text"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    digits = re.search(r"prime1:\n((?:\s+[0-9a-f:]+\n)+)", text).group(1)
    return bytes.fromhex(re.sub(r"[\s:]", "", digits)).lstrip(b"\0")


@pytest.fixture
def identity(pki):
    return pki.identity("Secret", "rsa2048")


@pytest.fixture
def holder(ordinary, pki, identity):
    """An ordinary person whose daemon holds an unsealed key: it has just signed with it."""
    ordinary.start_daemon()
    ordinary.import_files(pki.p12(identity, password=PASSWORD), password=PASSWORD)
    sign(ordinary)
    return ordinary


def sign(person):
    person.write("data.bin", b"x" * 32)
    person.run(
        "pkcs11-tool", "--module", person.tree.module, "--token-label", "Meishi", "--sign",
        "--mechanism", "SHA256-RSA-PKCS", "--label", "Secret",
        "--input-file", "data.bin", "--output-file", "signature.bin",
    )  # fmt: skip


def test_memory_is_closed_to_programs_of_the_same_user(holder):
    done = holder.run(
        "/usr/bin/python3", "-c", f"open('/proc/{holder.daemon.pid}/mem', 'rb')", check=False
    )
    assert "Permission denied" in done.stderr


def test_debuggers_are_refused(holder):
    done = holder.run("strace", "-p", holder.daemon.pid, check=False, timeout=20)
    assert done.returncode != 0
    assert "Operation not permitted" in done.stderr


def test_environment_of_the_daemon_is_closed(holder):
    done = holder.run("cat", f"/proc/{holder.daemon.pid}/environ", check=False)
    assert done.returncode != 0


def test_no_core_files(holder):
    limits = Path(f"/proc/{holder.daemon.pid}/limits").read_text()
    assert re.search(r"^Max core file size\s+0\s+0\s", limits, re.M)


def test_no_key_on_disk_in_clear(holder, identity):
    prime = prime_of(identity)
    files = [path for top in (holder.data, holder.config) for path in top.rglob("*")]
    files = [path for path in files if path.is_file() and path.name != "data.bin"]
    assert files
    for path in files:
        content = path.read_bytes()
        assert prime not in content and prime[::-1] not in content, path


def test_password_is_in_no_log_and_no_command_line(ordinary, pki, identity):
    daemon = ordinary.start_daemon()
    p12 = pki.p12(identity, password=PASSWORD)
    wrong = ordinary.import_files(p12, password="wrong " + PASSWORD, check=False)
    right = ordinary.import_files(p12, password=PASSWORD)
    for text in (wrong.stdout, wrong.stderr, right.stdout, right.stderr, daemon.output()):
        assert PASSWORD not in text
    assert PASSWORD not in Path(f"/proc/{daemon.pid}/cmdline").read_text()


def test_password_does_not_cross_the_bus(people, pki, identity):
    """Byte for byte what meishi and the daemon say to each other; passwords are descriptors."""
    owner, elsewhere = people(), people()
    owner.start_daemon()
    (elsewhere.runtime / "meishi").mkdir(mode=0o700)
    tap = Wiretap(elsewhere.bus_socket, owner.bus_socket)
    elsewhere.import_files(pki.p12(identity, password=PASSWORD), password=PASSWORD)
    heard = tap.stop()
    assert b"org.meishi.Agent1" in heard and identity.name.encode() in heard
    assert tap.descriptors >= 2
    assert PASSWORD.encode() not in heard
    assert prime_of(identity) not in heard


if os.getuid() == 0:  # only root can look into a process that is not dumpable

    def memory(pid):
        """Everything readable in the memory of a process."""
        with open(f"/proc/{pid}/maps", encoding="utf-8") as maps:
            ranges = [line.split()[:2] for line in maps]
        with open(f"/proc/{pid}/mem", "rb") as mem:
            for area, rights in ranges:
                first, last = (int(part, 16) for part in area.split("-"))
                if not rights.startswith("rw"):
                    continue
                mem.seek(first)
                try:
                    yield mem.read(last - first)
                except OSError:  # secret memory is closed to root, too
                    continue

    def occurs(pid, prime):
        # OpenSSL keeps numbers as little-endian words.
        return any(prime in part or prime[::-1] in part for part in memory(pid))

    def test_lock_wipes_keys_from_memory(holder, identity):
        prime = prime_of(identity)
        pid = holder.daemon.pid
        assert occurs(pid, prime), "the search does not even find a key in use"
        holder.meishi("lock")
        assert not occurs(pid, prime)

    def test_import_leaves_no_key_and_no_password_in_memory(ordinary, pki, identity):
        """Before any use the key exists only sealed."""
        daemon = ordinary.start_daemon()
        ordinary.import_files(pki.p12(identity, password=PASSWORD), password=PASSWORD)
        ordinary.meishi("lock")
        assert not occurs(daemon.pid, prime_of(identity))
        assert not any(PASSWORD.encode() in part for part in memory(daemon.pid))
