# SPDX-License-Identifier: LGPL-2.1-or-later
"""`meishi doctor`: each thing that can be wrong is made so, is found, and is gone after the command
that the finding names."""

import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from harness.doctor import SUDO, Doctor, tree_of
from harness.pki import PASSWORD
from harness.process import commands_with, end, wait_until
from harness.secrets import GnomeKeyring
from harness.softhsm import Card

DAY = 24 * 60 * 60


@pytest.fixture
def doctor(person):
    return Doctor(person)


@pytest.fixture
def vault(person, pki):
    """A daemon with an identity, whose vault is opened by a key file."""
    person.start_daemon()
    person.import_files(pki.p12(pki.identity("Alice")), password=PASSWORD)


# ---- all of it -------------------------------------------------------------------------------


def test_changes_nothing_and_starts_nothing(person, doctor):
    before = tree_of(person.home)
    found = doctor.findings()
    assert tree_of(person.home) == before
    assert person.daemon_pid() is None
    assert found["daemon-absent"]["command"] == "meishi status"


def test_all_is_well(ordinary, pki):
    """After what the README says, nothing is wrong."""
    doctor = Doctor(ordinary)
    ordinary.use_p11_kit()
    ordinary.start_daemon()
    ordinary.import_files(pki.p12(pki.identity("Alice")), password=PASSWORD)
    ordinary.meishi("setup")
    done = ordinary.meishi("doctor")
    assert "Nothing is wrong" in done.stdout and "problem" not in done.stdout, done.stdout
    assert doctor.findings()["identities"]["text"] == "1 without remarks"


def test_on_a_terminal(person, doctor, vault):
    """One line for each check, and below a problem what it means and its command."""
    person.meishi("lock")
    done = person.meishi("doctor", check=False)
    assert done.returncode == 1 and done.stderr == ""
    lines = done.stdout.splitlines()
    (at,) = [i for i, line in enumerate(lines) if line.startswith("problem Vault")]
    assert lines[at].split() == ["problem", "Vault", "locked"]
    assert "refused until it is unlocked" in lines[at + 1]
    assert lines[at + 2].strip() == "→ meishi unlock"
    assert done.stdout.splitlines()[-1].startswith("1 problem") or "problems" in lines[-1]


# ---- sockets ---------------------------------------------------------------------------------


def test_runtime_directory_missing(person, doctor):
    env = {"XDG_RUNTIME_DIR": str(person.home / "gone")}
    doctor.mend(doctor.problem("runtime-missing", env), env)
    assert (person.home / "gone").stat().st_mode & 0o777 == 0o700


def test_runtime_directory_open(person, doctor):
    person.runtime.chmod(0o777)
    doctor.mend(doctor.problem("runtime-open"))
    assert person.runtime.stat().st_mode & 0o777 == 0o700


def test_runtime_directory_relative(person, doctor):
    env = {"XDG_RUNTIME_DIR": "run"}
    doctor.mend(doctor.problem("runtime-relative", env), env)


def test_runtime_directory_of_somebody_else(ordinary):
    doctor = Doctor(ordinary)
    env = {"XDG_RUNTIME_DIR": "/usr"}
    doctor.mend(doctor.problem("runtime-foreign", env), env)


def test_runtime_directory_too_long(person, doctor):
    path = person.home / ("x" * 100)
    person._mkdir(path)
    env = {"XDG_RUNTIME_DIR": str(path)}
    doctor.mend(doctor.problem("runtime-long", env), env)


def test_runtime_directory_with_a_file_in_the_way(person, doctor):
    person.write("run/meishi", "not a directory")
    doctor.mend(doctor.problem("runtime-obstacle"))
    person.meishi("status")


# A manager of the person's own is there where it has made this file; the stub does what systemctl
# would have it do.
SYSTEMCTL = """#!/bin/sh
set -e
units=$XDG_CONFIG_HOME/systemd/user
case "$*" in
"--user enable --now meishid.socket")
    mkdir -p $units/sockets.target.wants
    ln -s $units/meishid.socket $units/sockets.target.wants/meishid.socket
    meishi status ;;
"--user unmask meishid.socket")
    rm $units/meishid.socket
    mv $units/masked $units/meishid.socket ;;
"--user restart meishid.socket"|"--user restart meishid.socket meishid-bus.socket")
    meishi status ;;
*)
    exit 1 ;;
esac
"""


@pytest.fixture
def units(person, doctor):
    directory = person.config / "systemd" / "user"
    for path in (person.runtime / "systemd", directory.parent, directory):
        person._mkdir(path)
    person.write("run/systemd/private", "")
    person.write(
        "config/systemd/user/meishid.socket", person.tree.find("meishid.socket").read_text()
    )
    doctor.stub("systemctl", SYSTEMCTL)
    return directory


def test_socket_not_enabled(doctor, units):
    left = doctor.mend(doctor.problem("socket-disabled"))
    assert left["socket"]["level"] == "ok"


def test_socket_stopped(doctor, units):
    doctor.mend(doctor.problem("socket-disabled"))
    doctor.person.stop_daemon()
    left = doctor.mend(doctor.problem("socket-stopped"))
    assert left["socket"]["level"] == "ok" and left["daemon"]["level"] == "ok"


def test_socket_masked(doctor, units):
    (units / "meishid.socket").rename(units / "masked")
    (units / "meishid.socket").symlink_to("/dev/null")
    doctor.mend(doctor.problem("socket-masked"))


# ---- the daemon ------------------------------------------------------------------------------


def test_daemon_absent(doctor):
    left = doctor.mend(doctor.problem("daemon-absent"))
    assert left["daemon"]["level"] == "ok"


def test_daemon_left_its_socket(person, doctor):
    person.start_daemon().kill()
    left = doctor.mend(doctor.problem("daemon-stale"))
    assert left["daemon"]["level"] == "ok"


def test_daemon_that_an_upgrade_has_replaced(person, doctor):
    """As package managers do it: the new file is moved over the old one."""
    daemon = person.start_daemon()
    fresh = person.tree.meishid.with_name("meishid.new")
    shutil.copy(person.tree.meishid, fresh)
    fresh.rename(person.tree.meishid)
    doctor.mend(doctor.problem("daemon-replaced"), ends=daemon.pid)


def test_daemon_of_another_version(person, doctor):
    """The real one, with another number in it."""
    version = person.meishi("--version").stdout.split()[-1]
    older = "".join("9" if letter.isdigit() else letter for letter in version)
    program = person.tree.meishid.read_bytes()
    assert program.count(version.encode()) >= 1
    path = person.write("meishid", program.replace(version.encode(), older.encode()), 0o755)
    old = person.background(path)
    old.wait_ready(lambda: person.daemon_pid() == old.pid, "serves its sockets")
    found = doctor.problem("daemon-version")
    assert older in found["text"] and version in found["text"]
    assert found["command"] == f"kill {old.pid}"
    doctor.mend(found, ends=old.pid)


def test_module_socket_gone(person, doctor):
    """Somebody else's module would not find the daemon either."""
    person.start_daemon()
    assert doctor.findings()["daemon"]["level"] == "ok"
    person.module_socket.unlink()
    # The daemon ends by itself then; what is found depends on whether it has already.
    wait_until(lambda: person.daemon_pid() is None, "the daemon has ended")
    doctor.mend(doctor.problem("daemon-absent"))
    assert person.module_socket.is_socket()


def test_daemon_that_hangs(person, doctor):
    daemon = person.start_daemon()
    os.kill(daemon.pid, signal.SIGSTOP)
    left = doctor.mend(doctor.problem("daemon-unreachable"), ends=daemon.pid)
    assert "daemon-stale" in left


def test_socket_of_another_user(ordinary):
    doctor = Doctor(ordinary)
    ordinary._mkdir(ordinary.runtime / "meishi")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(ordinary.bus_socket))
        ordinary.bus_socket.chmod(0o666)
        listener.listen()
        found = doctor.problem("daemon-foreign")
        doctor.mend(found)


# Only root can be somebody else.
if os.getuid() != 0:
    del test_socket_of_another_user


# ---- the vault -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["vault.db", ""])
def test_store_open_to_others(person, doctor, vault, name):
    path = person.data / "meishi" / name
    path.chmod(0o755 if path.is_dir() else 0o644)
    doctor.mend(doctor.problem("store-open"))
    person.stop_daemon()
    person.meishi("status")  # it starts


def test_store_not_writable(person, doctor, vault):
    (person.data / "meishi" / "vault.db").chmod(0o400)
    doctor.mend(doctor.problem("store-closed"))


def test_copy_from_before_an_upgrade(person, doctor, vault):
    copy = person.write("data/meishi/vault.db.v1", "old")
    doctor.mend(doctor.note("store-old-copy"))
    assert not copy.exists()


def test_vault_locked(person, doctor, vault):
    person.meishi("lock")
    left = doctor.mend(doctor.problem("vault-locked"))
    assert left["vault"]["text"] == "unlocked"


def test_vault_that_opens_by_itself(person, doctor, vault):
    person.stop_daemon()
    person.start_daemon()
    assert doctor.findings()["vault-sleeps"]["level"] == "ok"


def test_no_secret_service(person, doctor, bus, pki):
    bus.start(person)
    keyring = GnomeKeyring(person, bus)
    person.start_daemon()
    person.import_files(pki.p12(pki.identity("Alice")), password=PASSWORD)
    assert doctor.findings()["keyring"]["level"] == "ok"
    person.stop_daemon()
    keyring.stop()
    person.start_daemon()
    found = doctor.problem("keyring-absent")
    try:
        left = doctor.mend(found)
        assert left["keyring"]["text"] == "running"
    finally:
        # It has left us, as daemons do.
        for pid, line in commands_with("gnome-keyring-daemon --start"):
            if f"DBUS_SESSION_BUS_ADDRESS={bus.address}" in environment(pid):
                end(pid)


def environment(pid):
    try:
        return Path(f"/proc/{pid}/environ").read_text(errors="replace").split("\0")
    except OSError:
        return []


def test_no_bus_and_no_vault(person, doctor):
    person.start_daemon()
    found = doctor.note("keyring-absent")
    assert found["command"] == "meishi vault init passphrase"
    given = person.write("given", "open sesame")
    command = f"{found['command']} --passphrase-file {given}"  # there is no terminal to ask on
    doctor.mend(found | {"command": command})


# ---- identities ------------------------------------------------------------------------------


def date(days):
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + days * DAY))


def test_expired(person, doctor, pki):
    """A certificate that renews the one that has expired is all that is needed."""
    person.start_daemon()
    old = pki.dated("Old", date(-400), date(-30), "old")
    person.import_files(pki.p12(old), password=PASSWORD)
    found = doctor.problem("expired")
    assert "expired on" in found["meaning"] and found["text"] == "“Old”"
    new = pki.dated("Old", date(-1), date(365), "new")
    password = person.write("password", PASSWORD)
    found["command"] += f" --password-file {password}"
    doctor.mend(found, FILE=pki.p12(new))


def test_expires_soon(person, doctor, pki):
    person.start_daemon()
    soon = pki.dated("Soon", date(-300), date(5), "soon")
    person.import_files(pki.p12(soon), password=PASSWORD)
    found = doctor.note("expires-soon")
    new = pki.dated("Soon", date(-1), date(365), "later")
    found["command"] += f" --password-file {person.write('password', PASSWORD)}"
    doctor.mend(found, FILE=pki.p12(new))


def test_not_yet_valid(person, doctor, pki):
    """Time mends it."""
    person.start_daemon()
    person.import_files(pki.p12(pki.dated("Early", date(5), date(365), "early")), password=PASSWORD)
    found = doctor.note("not-yet-valid")
    assert "not valid before" in found["meaning"] and found["command"] is None


def test_key_without_certificate(person, doctor, pki):
    person.start_daemon()
    alice = pki.identity("Alice")
    person.import_files(alice.key)
    doctor.mend(doctor.note("no-certificate"), FILE=alice.cert)


def test_certificate_without_its_issuer(person, doctor, pki):
    person.start_daemon()
    alice = pki.identity("Alice")
    person.import_files(alice.key, alice.cert)
    doctor.mend(doctor.note("missing-issuer"), FILE=pki.intermediate.cert)


def test_none_yet(person, doctor, pki):
    person.start_daemon()
    found = doctor.note("identities-none")
    found["command"] += f" --password-file {person.write('password', PASSWORD)}"
    doctor.mend(found, FILE=pki.p12(pki.identity("Alice")))


# ---- the clock -------------------------------------------------------------------------------


@pytest.fixture
def clock(person, doctor):
    """clock(days) has meishi believe that it is that much later; "timedatectl" sets it right."""
    library = Path(os.environ["MEISHI_BUILD_DIR"]) / "tests/lib/other-clock.so"
    setting = person.write("clock", "0")
    person.env |= {
        "LD_PRELOAD": f"{person.env.get('LD_PRELOAD', '')} {library}".strip(),
        "OTHER_CLOCK": str(setting),
    }
    doctor.stub("sudo", SUDO)
    doctor.stub("timedatectl", f'#!/bin/sh\n[ "$*" = "set-ntp true" ] && echo 0 > {setting}\n')
    return lambda days: person.write("clock", str(days * DAY))


def test_clock_before_the_vault(person, doctor, vault, clock):
    assert doctor.findings()["clock"]["level"] == "ok"
    # Programs of the build directory are newer than any vault.
    os.utime(person.tree.meishi, (time.time() - 50 * DAY,) * 2)
    clock(-3)
    found = doctor.problem("clock-before-store")
    assert "meishi" in found["text"]
    doctor.mend(found)


def test_clock_before_the_build(person, doctor, clock):
    os.utime(person.tree.meishi)
    clock(-1000)
    doctor.mend(doctor.problem("clock-before-build"))


def test_clock_before_all_certificates(person, doctor, pki, clock):
    person.start_daemon()
    for name in ("Alice", "Work"):
        person.import_files(pki.p12(pki.identity(name)), password=PASSWORD)
    for path in (*(person.data / "meishi").iterdir(), person.tree.meishi):
        os.utime(path, (time.time() - 2000 * DAY,) * 2)
    clock(-1000)
    doctor.mend(doctor.problem("clock-before-certificates"))


# ---- policy ----------------------------------------------------------------------------------


@pytest.fixture
def policy(person):
    directory = person.config / "meishi" / "policy.d"
    person._mkdir(directory.parent)
    person._mkdir(directory)
    return directory / "10-mine.conf"


def test_policy_with_a_mistake(person, doctor, policy):
    person.write(policy.relative_to(person.home), "[Rule a]\nActoin=allow\n", 0o644)
    doctor.stub("edit", '#!/bin/sh\nprintf "" > "$1"\n')
    person.env["EDITOR"] = "edit"
    person.env["VISUAL"] = None
    found = doctor.problem("policy-error")
    assert "10-mine.conf:2" in found["text"]
    doctor.mend(found)


def test_policy_that_others_may_write(person, doctor, policy):
    person.write(policy.relative_to(person.home), "", 0o666)
    doctor.mend(doctor.problem("policy-error"))


def test_policy_directory_that_others_may_write(person, doctor, policy):
    person.write(policy.relative_to(person.home), "", 0o644)
    policy.parent.chmod(0o777)
    doctor.mend(doctor.problem("policy-error"))


# ---- the module ------------------------------------------------------------------------------


def for_another_machine(content):
    """An ELF file with the header of one for 32 bits of Intel's: nothing here loads it."""
    changed = bytearray(content)
    changed[4] = 1  # EI_CLASS: ELFCLASS32
    changed[18:20] = (3).to_bytes(2, sys.byteorder)  # e_machine: EM_386
    return bytes(changed)


def test_module_closed_to_others(person, doctor):
    directory = person.tree.module.parent
    before = directory.stat().st_mode & 0o7777
    try:
        directory.chmod(0o700)
        found = doctor.note("module-closed")
        assert str(directory) in found["text"]
        doctor.mend(found)
    finally:
        directory.chmod(before)


def test_module_closed_to_us(ordinary):
    doctor = Doctor(ordinary)
    module = ordinary.tree.module
    before = module.stat().st_mode & 0o7777
    try:
        module.chmod(0o600)
        found = doctor.problem("module-closed")
        assert found["command"] == f"sudo chmod a+rX {module}"
        # Root is who runs this test.
        subprocess.run(found["command"].split()[1:], check=True)
        assert "module-closed" not in doctor.findings()
    finally:
        module.chmod(before)


def test_module_for_another_machine(person, doctor):
    """The stub installs it again, as the package manager would."""
    module = person.tree.module
    before = module.read_bytes()
    kept = person.write("kept.so", before)
    doctor.stub("sudo", f"#!/bin/sh\ncat {kept} > {module}\n")
    try:
        module.write_bytes(for_another_machine(before))
        found = doctor.problem("module-architecture")
        assert "is for i386" in found["text"]
        assert found["command"].startswith("sudo apt install meishi-pkcs11:")
        doctor.mend(found)
    finally:
        module.write_bytes(before)


# Whoever owns the tree is not kept from it.
if os.getuid() != 0:
    del test_module_closed_to_us


# ---- programs --------------------------------------------------------------------------------


@pytest.fixture
def shared(ordinary):
    """Chromium's database."""
    directory = ordinary.home / ".pki" / "nssdb"
    ordinary._mkdir(directory.parent)
    ordinary._mkdir(directory)
    ordinary.run("certutil", "-N", "-d", f"sql:{directory}", "--empty-password")
    return directory


def name_module(ordinary, directory, library, name="Meishi"):
    path = directory / "pkcs11.txt"
    text = path.read_text()
    ordinary.write(
        path.relative_to(ordinary.home), f"{text.rstrip()}\n\nlibrary={library}\nname={name}\n\n"
    )


def wrong_machine(ordinary):
    """The module, as if for another machine: nothing loads it."""
    ordinary._mkdir(ordinary.home / "other")
    content = for_another_machine(ordinary.tree.module.read_bytes())
    return ordinary.write("other/meishi-pkcs11.so", content, 0o755)


def test_program_that_was_never_told(ordinary, shared):
    doctor = Doctor(ordinary)
    found = {one["text"]: one for one in all_of(doctor, "program-missing")}
    found = found["The module is not known to Chromium"]
    assert found["command"] == "meishi setup chromium"
    doctor.mend(found)
    assert str(ordinary.tree.module) in (shared / "pkcs11.txt").read_text()


def all_of(doctor, code):
    done = doctor.person.meishi("doctor", "--json", check=False)
    return [one for one in json.loads(done.stdout)["findings"] if one["code"] == code]


@pytest.mark.parametrize("kind", ["gone", "wrong-machine"])
def test_program_that_is_told_of_another_module(ordinary, shared, kind):
    doctor = Doctor(ordinary)
    if kind == "gone":
        library = ordinary.home / "gone" / "meishi-pkcs11.so"
    else:
        library = wrong_machine(ordinary)
    name_module(ordinary, shared, library)
    found = doctor.problem("program-stale")
    assert str(library) in found["text"] and ("gone" in found["text"]) == (kind == "gone")
    doctor.mend(found)
    text = (shared / "pkcs11.txt").read_text()
    assert str(library) not in text and str(ordinary.tree.module) in text


def test_program_for_another_machine(ordinary, shared):
    """A browser that could not load the module, although it is named in the right place.  What
    installs the other one needs a network, so it is only read."""
    doctor = Doctor(ordinary)
    ordinary.meishi("setup", "chromium")
    browser = for_another_machine(Path("/bin/true").read_bytes())
    ordinary.write("bin/chromium", browser, 0o755)
    found = doctor.problem("program-architecture")
    assert "is for i386" in found["text"]
    assert found["command"] == "sudo apt install meishi-pkcs11:i386"
    (ordinary.home / "bin" / "chromium").unlink()
    assert "program-architecture" not in doctor.findings()


# ---- p11-kit ---------------------------------------------------------------------------------


@pytest.fixture
def p11_kit(ordinary, pki):
    """A person whose p11-kit knows our module and nothing else."""
    ordinary.use_p11_kit()
    ordinary.start_daemon()
    ordinary.import_files(pki.p12(pki.identity("Alice")), password=PASSWORD)
    assert "token=Meishi" in tokens(ordinary)
    return Doctor(ordinary)


def tokens(ordinary):
    """What p11-kit itself says."""
    return ordinary.run("p11tool", "--list-token-urls", check=False).stdout


@pytest.mark.parametrize(
    "line, code",
    [
        ("disable-in: p11tool, wget", "p11-kit-disabled"),
        ("enable-in: firefox", "p11-kit-enabled-elsewhere"),
    ],
)
def test_p11_kit_told_to_keep_us_from_programs(p11_kit, line, code):
    person = p11_kit.person
    path = person.config / "pkcs11" / "modules" / "meishi.module"
    before = path.read_text()
    person.write(path.relative_to(person.home), f"{before}{line}\n", 0o644)
    assert "token=Meishi" not in tokens(person)
    p11_kit.mend(p11_kit.problem(code))
    assert "token=Meishi" in tokens(person)
    assert path.read_text() == before


def test_p11_kit_with_a_bad_file(p11_kit):
    """An editor's backup, in which a line is broken."""
    person = p11_kit.person
    person.write("config/pkcs11/modules/card.module~", "module /usr/lib/card.so\n", 0o644)
    assert "token=Meishi" not in tokens(person)
    p11_kit.mend(p11_kit.problem("p11-kit-bad-file"))
    assert "token=Meishi" in tokens(person)


def test_p11_kit_told_of_a_module_that_is_gone(p11_kit):
    person = p11_kit.person
    person.write(
        "config/pkcs11/modules/meishi.module", "module: /gone/meishi-pkcs11.so\n", 0o644
    )
    assert "token=Meishi" not in tokens(person)
    found = p11_kit.problem("program-stale")
    assert "/gone/meishi-pkcs11.so" in found["text"]
    p11_kit.mend(found)
    assert "token=Meishi" in tokens(person)


def test_p11_kit_without_us(p11_kit):
    person = p11_kit.person
    (person.config / "pkcs11" / "modules" / "meishi.module").unlink()
    found = {one["command"]: one for one in all_of(p11_kit, "program-missing")}
    p11_kit.mend(found["meishi setup p11-kit"])
    assert "token=Meishi" in tokens(person)


# What belongs to the whole machine, made by root where nothing is anybody's.
MACHINE = (
    "bwrap", "--dev-bind", "/", "/", "--tmpfs", "/var/lib", "--tmpfs", "/etc",
    "--ro-bind", "/etc/passwd", "/etc/passwd", "--dir", "/etc/pkcs11/modules",
)  # fmt: skip


UNITS = ("meishid.service", "meishid.socket", "meishid-bus.socket")


def on_a_machine(person, before, command, become=""):
    """After `before`, the doctor is asked by whom `become` makes of root, then root types
    `command`; what is found before and after."""
    ask = f"{become} meishi doctor --json"
    reports = [person.home / "first", person.home / "last"]
    # As an administrator links them whose prefix systemd does not know.
    units = shlex.join(str(person.tree.find(name)) for name in UNITS)
    before = f"mkdir -p /etc/systemd/user && ln -s {units} /etc/systemd/user\n{before}"
    script = f"{before}\n{ask} > {reports[0]}\n{command} || exit 99\n{ask} > {reports[1]}; true"
    done = subprocess.run(
        [*MACHINE, "sh", "-c", script], env=person.env, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [
        {one["code"]: one for one in json.loads(path.read_text())["findings"]} for path in reports
    ]


def test_p11_kit_of_root(person):
    """p11-kit does not read what root has in his home."""
    person._mkdir(person.config / "pkcs11")
    person._mkdir(person.config / "pkcs11" / "modules")
    person.write(
        "config/pkcs11/modules/meishi.module", f"module: {person.tree.module}\n", 0o644
    )
    command = "meishi setup --system p11-kit"
    first, last = on_a_machine(person, "", command)
    assert first["p11-kit-root"]["level"] == "problem"
    assert first["p11-kit-root"]["command"] == command
    assert "p11-kit-root" not in last and last["p11-kit"]["level"] == "ok"


def test_p11_kit_told_to_read_nothing_of_persons(ordinary):
    ordinary.use_p11_kit()
    become = f"setpriv --reuid {ordinary.uid} --regid {ordinary.gid} --clear-groups"
    before = "echo 'user-config: none' > /etc/pkcs11/pkcs11.conf"
    first, last = on_a_machine(ordinary, before, "meishi setup --system", become)
    assert first["program-broken"]["level"] == "problem"
    assert first["program-broken"]["command"] == "sudo meishi setup --system"
    assert "program-broken" not in last


# Only root may change a machine.
if os.getuid() != 0:
    del test_p11_kit_of_root, test_p11_kit_told_to_read_nothing_of_persons


# ---- twice -----------------------------------------------------------------------------------


@pytest.fixture
def card(p11_kit, pki):
    """A card whose module p11-kit shows beside ours; the daemon reads the same configuration."""
    person = p11_kit.person
    person.stop_daemon()
    made = Card(person)
    made.add(pki.identity("Card EC", "p256"), 1)
    person.write("config/pkcs11/modules/softhsm.module", f"module: {made.module}\n", 0o644)
    person.env["MEISHI_TOKEN_MODULES"] = str(person.config / "pkcs11" / "modules")
    person.start_daemon()
    wait_until(lambda: "Card EC" in person.meishi("list").stdout, "the card is seen")
    return made


def test_card_seen_twice(p11_kit, card):
    person = p11_kit.person
    assert tokens(person).count("Corp%20card") == 2
    found = p11_kit.problem("twice")
    assert "Corp card" in found["text"] and "softhsm" in found["text"]
    p11_kit.mend(found)
    assert tokens(person).count("Corp%20card") == 1
    person.stop_daemon()
    person.start_daemon()
    wait_until(lambda: "Card EC" in person.meishi("list").stdout, "the daemon still loads it")


def test_card_seen_twice_by_a_browser(p11_kit, card, shared):
    person = p11_kit.person
    p11_kit.mend(p11_kit.problem("twice"))
    name_module(person, shared, card.module, "My card")
    person.meishi("setup", "chromium")
    found = p11_kit.problem("twice")
    assert "Chromium" in found["text"]
    p11_kit.mend(found)
    text = (shared / "pkcs11.txt").read_text()
    assert str(card.module) not in text and str(person.tree.module) in text


# ---- sandboxes -------------------------------------------------------------------------------


def test_flatpak_that_cannot_reach_the_socket(person, doctor):
    """Flatpak itself writes what it is told; the browser is there by name only."""
    directory = person.data / "flatpak" / "app" / "org.mozilla.firefox" / "current" / "active"
    for path in reversed([directory, *list(directory.parents)[:4]]):
        person._mkdir(path)
    metadata = directory / "metadata"
    person.write(
        metadata.relative_to(person.home),
        "[Application]\nname=org.mozilla.firefox\n\n[Context]\nfilesystems=xdg-download;\n",
    )
    doctor.mend(doctor.problem("flatpak-closed"))
    assert doctor.findings()["flatpak"]["level"] == "ok"
    person.run("flatpak", "override", "--user", "--nofilesystem=xdg-run/meishi",
               "org.mozilla.firefox")  # fmt: skip
    assert doctor.problem("flatpak-closed")


def test_snap_that_cannot_reach_the_socket(person, doctor):
    """What installs the Flatpak needs a network: the stub leaves what it would."""
    for name in ("snap", "snap/firefox", "snap/firefox/current"):
        person._mkdir(person.home / name)
    doctor.stub(
        "flatpak",
        '#!/bin/sh\n[ "$*" = "install --user flathub org.mozilla.firefox" ] &&'
        " mkdir -p $XDG_DATA_HOME/flatpak/app/org.mozilla.firefox\n",
    )
    found = doctor.findings()["snap"]
    assert found["level"] == "problem"
    left = json_of(person, found["command"])
    assert left["snap"]["level"] == "note" and left["flatpak-closed"]["level"] == "problem"


def json_of(person, command):
    person.run("sh", "-c", command)
    return Doctor(person).findings()


# ---- modules of tokens -----------------------------------------------------------------------


def test_module_of_a_token_in_trouble(person, doctor):
    person._mkdir(person.home / "token-modules")
    person.write("token-modules/absent.module", f"module: {person.home}/no.so\n")
    person.start_daemon()
    found = doctor.note("token-module")
    assert f"no PKCS#11 module {person.home}/no.so" in found["meaning"]


# ---- the shell's variables -------------------------------------------------------------------


def test_variable_that_names_another_module(person, doctor):
    for value in ("/gone.so", find_other()):
        env = {"PKCS11_MODULE_PATH": str(value)}
        doctor.mend(doctor.problem("environment-module", env), env)


def find_other():
    (path,) = Path("/usr/lib").glob("*/softhsm/libsofthsm2.so")
    return path


def test_variable_that_names_another_configuration(person, doctor):
    other = person.write(
        "openssl.cnf", f"[pkcs11]\nengine_id = pkcs11\nMODULE_PATH = {find_other()} # mine\n"
    )
    for value in ("/gone.cnf", other):
        env = {"OPENSSL_CONF": str(value)}
        doctor.mend(doctor.problem("environment-openssl", env), env)
    ours = person.write("ours.cnf", f"[pkcs11]\nMODULE_PATH = {person.tree.module}\n")
    assert "environment-openssl" not in doctor.findings({"OPENSSL_CONF": str(ours)})


def test_variable_that_keeps_p11_kit_from_us(ordinary):
    doctor = Doctor(ordinary)
    env = {"P11_KIT_NO_USER_CONFIG": "1"}
    doctor.mend(doctor.problem("environment-p11-kit", env), env)
