# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is installed, and every way in which the installed daemon is started and ended."""

import json
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from harness.person import STRANGER_UID
from harness.process import end, peer_pid, wait_until

INSTALLED = {
    "meishi", "meishid", "meishi-keyring", "meishi-tokenhost", "meishi-pkcs11.so", "meishi.module",
    "meishid.service", "meishid.socket", "meishid-bus.socket", "80-meishi.preset",
    "org.meishi.Agent1.service", "org.meishi.Agent1.xml", "org.meishi.Meishi.metainfo.xml",
    "meishi.bash", "_meishi", "meishi.fish",
    "meishi.1", "meishid.8", "meishi-pkcs11.7", "meishi-policy.5",
    "30-device-certificates.conf",
}  # fmt: skip
PROMPTER = {
    "meishi-prompter", "org.meishi.Prompter.service",
    "org.meishi.Prompter.desktop", "org.meishi.xml",
    "org.meishi.Prompter.svg", "org.meishi.Prompter-symbolic.svg",
}  # fmt: skip
CATALOGUE = {"meishi.mo"}
NSS = {"meishi-nss-export"}

# A launcher as a service manager is one: sockets as descriptors 3 and up, and their names.
LAUNCHER = """
import os, socket, sys
os.makedirs(os.path.dirname(sys.argv[1]), 0o700, exist_ok=True)
for number, (path, kind) in enumerate(zip(sys.argv[1:3], (socket.SOCK_SEQPACKET, socket.SOCK_STREAM))):
    s = socket.socket(socket.AF_UNIX, kind)
    s.bind(path)
    s.listen(16)
    os.dup2(s.fileno(), 10 + number)
for number in range(2):
    os.dup2(10 + number, 3 + number, inheritable=True)
    os.close(10 + number)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="2", LISTEN_FDNAMES="pkcs11:bus")
os.execv(sys.argv[3], sys.argv[3:])
"""


# ---- files ------------------------------------------------------------------------------------


def test_exactly_these_files(tree):
    read_only = {path for path in tree.files if "doc/meishi" in str(path)}
    names = {path.name for path in set(tree.files) - read_only}
    # The window is there where GTK was when this was built, and then all of it, and what it says
    # in other languages where gettext was, too.  NSS, likewise.
    if "meishi-prompter" in names:
        assert names - NSS == INSTALLED | PROMPTER | CATALOGUE
    else:
        assert names - NSS - CATALOGUE == INSTALLED
    assert {"architecture.md", "threat-model.md", "10-corp.conf"} < {path.name for path in read_only}
    assert all(path.exists() for path in tree.files)


def test_nothing_is_writable_for_others_or_runs_as_somebody_else(tree):
    for path in tree.files:
        mode = path.stat().st_mode
        assert not mode & (stat.S_IWOTH | stat.S_ISUID | stat.S_ISGID), path


def test_module_exports_and_needs_nothing_more(tree):
    lint = Path(os.environ["MEISHI_SOURCE_DIR"]) / "tests" / "lint" / "exports.py"
    done = subprocess.run(
        [sys.executable, "-B", lint, tree.module], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_nothing_depends_on_the_build_directory(tree):
    for name in ("meishi", "meishid", "meishi-keyring", "meishi-tokenhost", "meishi-pkcs11.so"):
        dynamic = subprocess.run(
            ["readelf", "-d", tree.find(name)], capture_output=True, text=True, check=True
        ).stdout
        assert "RUNPATH" not in dynamic and "RPATH" not in dynamic, name


@pytest.mark.parametrize("name", ["meishid.service", "org.meishi.Agent1.service"])
def test_activation_names_the_installed_daemon(tree, name):
    assert f"={tree.final_path(tree.meishid)}\n" in re.sub("Exec(Start)?", "", tree.find(name).read_text())


def test_versions_agree(tree, person):
    project = json.loads((tree.build / "meson-info" / "intro-projectinfo.json").read_text())
    for program in (tree.meishi, tree.meishid):
        assert project["version"] in person.run(program, "--version").stdout


def test_manual_pages_are_clean(tree):
    pages = [path for path in tree.files if path.parent.parent.name == "man"]
    assert len(pages) == 4
    for page in pages:
        subprocess.run(["mandoc", "-T", "lint", "-W", "error", page], check=True)


# ---- ways to start ----------------------------------------------------------------------------


def test_meishi_starts_the_daemon_where_nobody_else_does(person):
    assert person.daemon_pid() is None
    person.meishi("list")
    assert person.daemon_pid() is not None


def test_daemon_started_by_meishi_is_of_nobody_s_session(person):
    """It outlives the terminal, holds no descriptor of it, and stands in no foreign directory."""
    person.meishi("list")
    pid = person.daemon_pid()
    assert os.getsid(pid) != os.getsid(0)
    descriptors = {os.readlink(f"/proc/{pid}/fd/{n}") for n in range(3)} if os.getuid() == 0 else set()
    assert not any(target.startswith(("pipe:", "/dev/pts")) for target in descriptors)


def test_two_first_commands_at_once_share_one_daemon(person):
    running = [person.background(person.tree.meishi, "list") for _ in range(8)]
    assert [one.wait() for one in running] == [0] * 8, [one.output() for one in running]
    assert person.daemon_pid() is not None


def test_sockets_of_a_service_manager(person, client, pki):
    launched = person.background(
        sys.executable, "-c", LAUNCHER, person.module_socket, person.bus_socket,
        person.tree.meishid,
    )  # fmt: skip
    launched.wait_ready(lambda: person.daemon_pid() == launched.pid, "has its sockets")
    person.import_files(pki.p12(pki.identity("Activated")), password="correct horse")
    assert client(person).open_key("Activated")
    assert launched.stop() == 0
    # They belong to the manager, who goes on listening for the next start.
    assert person.module_socket.exists() and person.bus_socket.exists()


def test_systemd_starts_it_for_the_first_connection(person):
    person.runtime.joinpath("meishi").mkdir(mode=0o700)
    os.chown(person.runtime / "meishi", person.uid, person.gid)
    activator = person.background(
        "systemd-socket-activate", "--fdname=bus", "-E", "XDG_RUNTIME_DIR", "-E", "XDG_DATA_HOME",
        "-E", "XDG_CONFIG_HOME", "-E", "HOME", "-E", "MEISHI_TOKEN_MODULES",
        "-l", person.bus_socket, person.tree.meishid,
    )  # fmt: skip
    activator.wait_ready(person.bus_socket.exists, "listens")
    status = json.loads(person.meishi("status", "--json").stdout)
    assert status["pid"] == activator.pid
    assert activator.stop() == 0


def test_d_bus_starts_it_for_the_first_call(person, bus):
    tree = person.tree
    service = tree.find("org.meishi.Agent1.service").read_text()
    service = service.replace(str(tree.final_path(tree.meishid)), str(tree.meishid))
    bus.add_service("org.meishi.Agent1", service)
    bus.start(person)
    done = person.run(
        "gdbus", "call", "--session", "-d", "org.meishi.Agent1", "-o", "/org/meishi/Agent1",
        "-m", "org.freedesktop.DBus.Properties.Get", "org.meishi.Agent1.Manager", "Pid",
    )  # fmt: skip
    assert str(person.wait_for_daemon()) in done.stdout
    assert json.loads(person.meishi("list", "--json").stdout) == []


# ---- one at a time, for one user --------------------------------------------------------------


def test_second_daemon_leaves_the_first_alone(person):
    first = person.start_daemon()
    second = person.run(person.tree.meishid, check=False)
    assert second.returncode == 75
    assert "Another meishid has the vault" in second.stderr
    assert person.daemon_pid() == first.pid
    person.meishi("list")


def test_sockets_are_private(person):
    person.start_daemon()
    for path, mode in (
        (person.runtime / "meishi", 0o700), (person.module_socket, 0o600), (person.bus_socket, 0o600)
    ):  # fmt: skip
        assert stat.S_IMODE(path.stat().st_mode) == mode, path


def test_vault_is_private(person, pki):
    person.import_files(pki.p12(pki.identity("Private")), password="correct horse")
    for top in (person.data / "meishi", person.config / "meishi"):
        assert stat.S_IMODE(top.stat().st_mode) == 0o700
        for path in top.iterdir():
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def ended(probe):
    """Whether the other end closes the connection without a word, before or after ours."""
    try:
        probe.send(bytes(16))
        return probe.recv(100) == b""
    except (BrokenPipeError, ConnectionResetError):
        return True


if os.getuid() == 0:  # nobody else can be two users

    def test_another_user_is_refused(people):
        """Even where the sockets' directory would let him in."""
        owner, stranger = people(), people(STRANGER_UID)
        owner.start_daemon()
        owner.home.chmod(0o755)
        owner.runtime.chmod(0o755)
        (owner.runtime / "meishi").chmod(0o777)
        owner.module_socket.chmod(0o666)
        owner.bus_socket.chmod(0o666)
        there = {"XDG_RUNTIME_DIR": str(owner.runtime)}
        listing = ("pkcs11-tool", "--module", owner.tree.module, "-L")
        assert "token label" not in stranger.run(*listing, check=False, env=there).stdout
        assert stranger.meishi("list", check=False, env=there).returncode != 0
        assert owner.meishi("list").returncode == 0

    def test_root_is_no_exception(people):
        owner, root = people(STRANGER_UID), people()
        owner.start_daemon()
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as probe:
            probe.connect(str(owner.module_socket))
            probe.settimeout(10)
            assert ended(probe)
        there = {"XDG_RUNTIME_DIR": str(owner.runtime)}
        assert root.meishi("list", check=False, env=there).returncode != 0


# ---- the end ----------------------------------------------------------------------------------


@pytest.mark.parametrize("signum", ["TERM", "INT"])
def test_stop_is_clean(person, signum):
    daemon = person.start_daemon()
    person.run("kill", f"-{signum}", daemon.pid)
    assert daemon.wait() == 0
    assert not person.module_socket.exists() and not person.bus_socket.exists()


def test_stop_and_start_lose_no_signature(person, client, pki):
    """What has begun is finished, what comes meanwhile waits for the next daemon."""
    person.start_daemon()
    person.import_files(pki.p12(pki.identity("Busy", "rsa4096")), password="correct horse")
    clients = [client(person) for _ in range(4)]
    for one in clients:
        key = one.open_key("Busy")
        one.send("sign_for", seconds=2, **key, mechanism="SHA256_RSA_PKCS", data="00")
    time.sleep(1)
    assert person.daemon.stop() == 0
    person.start_daemon()
    for one in clients:
        results = [rv for _, rv in one.receive()["calls"]]
        assert len(results) > 5
        assert set(results) == {0}, [hex(rv) for rv in results if rv]


def test_upgrade_leaves_the_daemon_alone_and_it_says_so(person):
    """As package managers do it: the new file is moved over the old one."""
    person.start_daemon()
    assert not json.loads(person.meishi("status", "--json").stdout)["replaced"]
    fresh = person.tree.meishid.with_name("meishid.new")
    shutil.copy(person.tree.meishid, fresh)
    fresh.rename(person.tree.meishid)
    status = json.loads(person.meishi("status", "--json").stdout)
    assert status["replaced"] and status["pid"] == person.daemon.pid
    assert "started before an upgrade" in person.meishi("status").stdout
    findings = json.loads(person.meishi("doctor", "--json", check=False).stdout)
    assert "daemon-replaced" in str(findings), findings
    person.stop_daemon()
    assert not json.loads(person.meishi("status", "--json").stdout)["replaced"]


def test_bare_socket_of_a_dead_daemon_is_replaced(person):
    person.start_daemon().kill()
    assert person.module_socket.exists() and peer_pid(person.bus_socket) is None
    person.start_daemon()
    person.meishi("list")
    end(wait_until(person.daemon_pid, "serves"))
