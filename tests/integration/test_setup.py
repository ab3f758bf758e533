# SPDX-License-Identifier: LGPL-2.1-or-later
"""`meishi setup`: the real programs find the module, and undoing it leaves nothing behind."""

import json
import os
import shutil
import subprocess

import pytest
from harness.chromium import Chromium, make_database
from harness.firefox import TOKENS
from harness.mozilla import Profiles
from harness.process import wait_until
from harness.smartcard import find_module
from harness.snapshot import differences, snapshot
from harness.sshd import Sshd

FAILED, USAGE = 1, 2
PASSWORD = "correct horse"
NAMES = ("p11-kit", "firefox", "chromium", "java")

# What changes a directory; a machine has some of these calls and not others.
RENAMING, MAKING = "?rename,?renameat,?renameat2", "?mkdir,?mkdirat"
REMOVING, EMPTYING = "?unlink,?unlinkat", "?rmdir"


@pytest.fixture
def user(ordinary):
    """Whose p11-kit knows nothing of what this machine has."""
    for path in (ordinary.config / "pkcs11", ordinary.home / ".ssh"):
        ordinary._mkdir(path)
    ordinary.write("config/pkcs11/pkcs11.conf", "user-config: only\n", 0o644)
    return ordinary


def set_up(user, *args, status=0, **kwargs):
    """What became of each file, by its path; programs without one by their names."""
    done = user.meishi("setup", "--json", *args, check=False, **kwargs)
    assert done.returncode == status, done.stdout + done.stderr
    return {one["path"] or one["program"]: one for one in json.loads(done.stdout)}


def results(outcomes):
    return {one["result"] for one in outcomes.values()}


def changed(outcomes):
    return [path for path, one in outcomes.items() if one["result"] == "done"]


def assert_as_before(user, before):
    assert not differences(before, snapshot(user.home))


def chromium_list(user):
    return user.home / ".pki" / "nssdb" / "pkcs11.txt"


# ---- there and back -----------------------------------------------------------------------------


@pytest.fixture
def lived_in(user, pki):
    """A home with a Firefox that has run, Chromium's database and settings for Java."""
    with Profiles(user).new("work").started():
        pass
    make_database(user, pki, {})
    for path in (user.config / "meishi", user.config / "meishi" / "java"):
        user._mkdir(path)
    user.write("config/meishi/java/own.properties", "mine=yes\n", 0o640)
    user.write(".ssh/config", "Host work\n    User hana", 0o644)
    return user


def test_undo_leaves_no_trace(lived_in):
    """Not in a byte, a mode or a time; with ssh, too."""
    before = snapshot(lived_in.home)
    first = set_up(lived_in, *NAMES, "ssh")
    assert results(first) == {"done"} and {one["program"] for one in first.values()} > set(NAMES)
    assert set(changed(first)) <= {
        str(lived_in.home / name) for name in differences(before, snapshot(lived_in.home))
    }
    assert results(set_up(lived_in, *NAMES, "ssh")) == {"already"}
    assert results(set_up(lived_in, "--undo")) == {"restored"}
    assert_as_before(lived_in, before)
    assert set_up(lived_in, "--undo") == {}


def test_undo_of_one_program(lived_in):
    before = snapshot(lived_in.home)
    outcomes = set_up(lived_in, *NAMES)
    undone = set_up(lived_in, "--undo", "java")
    assert undone and all("java" in path for path in undone)
    assert (lived_in.config / "meishi" / "java" / "own.properties").exists()
    assert set(set_up(lived_in, "--undo")) == set(changed(outcomes)) - set(undone)
    assert_as_before(lived_in, before)


def test_dry_run_touches_nothing(lived_in):
    before = snapshot(lived_in.home)
    would = set_up(lived_in, "--dry-run")
    assert_as_before(lived_in, before)
    assert changed(would) == changed(set_up(lived_in))
    there = snapshot(lived_in.home)
    assert results(set_up(lived_in, "--dry-run", "--undo")) == {"restored"}
    assert_as_before(lived_in, there)


def test_needs_no_daemon_and_says_what_it_did(lived_in):
    done = lived_in.meishi("setup")
    assert lived_in.daemon_pid() is None
    for words in ("Firefox, profile work", "set up", "pkcs11.txt", "--undo", "ssh:"):
        assert words in done.stdout, done.stdout
    assert "left alone" in done.stdout and not done.stderr
    assert "There is nothing to undo" not in lived_in.meishi("setup", "--undo").stdout
    assert "There is nothing to undo" in lived_in.meishi("setup", "--undo").stdout


def test_says_little_to_whoever_asks_about_everything(user):
    """A row for Java, however many JDKs; how a program is used is said where it is named."""
    said = user.meishi("setup").stdout
    [row] = [line for line in said.splitlines() if line.startswith("Java")]
    assert row.endswith("config/meishi/java") and " set up " in row
    assert ".args" not in said and "sslCert" not in said and "s_client" not in said
    assert "`meishi setup java openssl git curl` says how" in said
    named = user.meishi("setup", "java", "git").stdout
    assert "-jar PROGRAM.jar" in named and "sslCert" in named and "sunpkcs11.cfg" in named
    [row] = [
        line for line in user.meishi("setup", "--undo").stdout.splitlines() if line.startswith("Java")
    ]
    assert row.endswith("config/meishi/java") and " as before " in row


def test_what_others_added_stays(user, pki):
    make_database(user, pki, {})
    set_up(user, "chromium")
    configuration = user.write("softhsm2.conf", f"directories.tokendir = {user.home}\n")
    user.run(
        "modutil", "-dbdir", f"sql:{chromium_list(user).parent}", "-force", "-add", "Other",
        "-libfile", find_module("softhsm/libsofthsm2.so"), env={"SOFTHSM2_CONF": str(configuration)},
    )  # fmt: skip
    assert results(set_up(user, "--undo")) == {"taken-out"}
    text = chromium_list(user).read_text()
    assert "name=Other" in text and "meishi-pkcs11.so" not in text


def test_another_prefix_is_replaced(user, pki, tree):
    """A person's own registration of a Meishi that is gone, and p11-kit's."""
    make_database(user, pki, {})
    old = "/opt/old/meishi-pkcs11.so"
    with open(chromium_list(user), "a", encoding="utf-8") as text:
        text.write(f"library={old}\nname=My cards\n\n")
    user._mkdir(user.config / "pkcs11" / "modules")
    user.write("config/pkcs11/modules/cards.module", f"module: {old}\npriority: 3\n", 0o644)
    before = snapshot(user.home)
    assert results(set_up(user, "chromium", "p11-kit")) == {"done"}
    for path in (chromium_list(user), user.config / "pkcs11" / "modules" / "cards.module"):
        assert old not in path.read_text() and str(tree.module) in path.read_text()
    set_up(user, "--undo")
    assert_as_before(user, before)


# ---- the programs -------------------------------------------------------------------------------


def test_p11_kit(user, tree):
    listing = ("p11-kit", "list-modules")
    assert "meishi" not in user.run(*listing).stdout
    set_up(user, "p11-kit")
    assert str(tree.module) in user.run(*listing).stdout
    set_up(user, "--undo")
    assert "meishi" not in user.run(*listing).stdout
    # What the administrator's file says counts as well.
    user.use_p11_kit()
    assert results(set_up(user, "p11-kit")) == {"already"}


def test_gnutls_logs_in(user, pki, nginx):
    """Through p11-kit, with nothing but what setup wrote."""
    identity = pki.identity("Hana at setup", "p256")
    user.import_files(pki.p12(identity), password=PASSWORD)
    set_up(user, "p11-kit")
    (listed,) = json.loads(user.meishi("list", "--json").stdout)
    done = user.run("wget", "-q", "-O", "-", f"--ca-certificate={pki.root.cert}",
                    f"--certificate={listed['uri']}", f"--private-key={listed['uri']}",
                    nginx.url("1.3"))  # fmt: skip
    assert nginx.page(identity, "1.3") in done.stdout


def test_firefox(user, pki, tree):
    """Loads the module, in a profile of its own making, and leaves our change as it is."""
    identity = pki.identity("Hana")
    user.import_files(pki.p12(identity), password=PASSWORD)
    profile = Profiles(user).new("work")
    with profile.started():
        pass
    text = (profile.path / "pkcs11.txt").read_bytes()
    set_up(user, "firefox")
    listed = user.run("modutil", "-dbdir", f"sql:{profile.path}", "-list").stdout
    assert f"library name: {tree.module}" in listed
    with profile.started() as firefox:
        tokens = firefox.marionette.chrome(TOKENS)
        assert "Meishi" in [one["label"] for one in tokens if one["is_present"]]
    set_up(user, "--undo")
    assert (profile.path / "pkcs11.txt").read_bytes() == text


def test_firefox_that_never_ran(user):
    (one,) = set_up(user, "firefox").values()
    assert one["result"] == "left" and "start it once" in one["message"]
    profile = Profiles(user).new("work")
    assert not (profile.path / "pkcs11.txt").exists()
    assert results(set_up(user, "firefox")) == {"done"}
    with profile.started() as firefox:
        tokens = firefox.marionette.chrome(TOKENS)
        assert {one["slot"] for one in tokens if one["module"] == "Meishi"}


def loads(browser, module):
    """Whether the process has the library in its memory."""
    with open(f"/proc/{browser.pid}/maps", encoding="utf-8") as maps:
        return str(module) in maps.read()


@pytest.fixture
def browsers(pki):
    made = []

    def start(user, **options):
        made.append(Chromium(user, pki, **options))
        return made[-1]

    yield start
    for one in made:
        one.process.kill()


def test_chromium(user, pki, tree, nginx, browsers):
    """The page names who logged in; and a running browser is left alone."""
    identity = pki.identity("Hana")
    user.import_files(pki.p12(identity), password=PASSWORD)
    make_database(user, pki, {})
    before = chromium_list(user).read_bytes()
    set_up(user, "chromium")
    url = nginx.url("1.3")
    pick = json.dumps({"pattern": url.rstrip("/"), "filter": {}})
    chromium = browsers(user, select=[pick])
    assert nginx.page(identity, "1.3") in chromium.load(url).text
    assert loads(chromium, tree.module)
    (one,) = set_up(user, "--undo", status=FAILED).values()
    assert one["result"] == "busy" and "Close chromium" in one["message"]
    assert str(tree.module) in chromium_list(user).read_text()
    chromium.stop()
    set_up(user, "--undo")
    assert chromium_list(user).read_bytes() == before


def test_chromium_that_never_ran(user, tree, nginx, browsers):
    """It takes the database that setup began for its own, and keeps it."""
    set_up(user, "chromium")
    assert [path.name for path in chromium_list(user).parent.iterdir()] == ["pkcs11.txt"]
    chromium = browsers(user)
    assert "CERT_AUTHORITY_INVALID" in chromium.load(nginx.url("1.3")).error
    wait_until(lambda: loads(chromium, tree.module), "the module is loaded")
    chromium.stop()
    assert (chromium_list(user).parent / "cert9.db").exists()
    set_up(user, "--undo")
    assert not chromium_list(user).exists()
    assert (chromium_list(user).parent / "cert9.db").exists()


def test_chromium_where_it_has_its_database_now(user):
    """Without ~/.pki, it is below XDG_DATA_HOME."""
    directory = user.data / "pki" / "nssdb"
    for path in (directory.parent, directory):
        user._mkdir(path)
    user.run("certutil", "-N", "-d", f"sql:{directory}", "--empty-password")
    assert changed(set_up(user, "chromium")) == [str(directory / "pkcs11.txt")]


def test_running_browsers_are_left_alone(user):
    profile = Profiles(user).new("work")
    with profile.started():
        text = (profile.path / "pkcs11.txt").read_bytes()
        (one,) = set_up(user, "firefox", status=FAILED).values()
        assert one["result"] == "busy" and "Close firefox" in one["message"]
        assert (profile.path / "pkcs11.txt").read_bytes() == text
        done = user.meishi("setup", "firefox", check=False)
        assert done.returncode == FAILED and "Not everything could be set up" in done.stderr
    assert results(set_up(user, "firefox")) == {"done"}


def test_java(user, pki):
    """keytool sees the key, with each JDK; test_java.py has a program that logs in."""
    user.import_files(pki.p12(pki.identity("Hana")), password=PASSWORD)
    outcomes = set_up(user, "java")
    arguments = [path for path in changed(outcomes) if path.endswith(".args")]
    assert arguments
    for path in arguments:
        java = outcomes[path]["hint"].partition(" ")[0]
        security = path.replace(".args", ".security")
        listed = user.run(
            java.replace("/bin/java", "/bin/keytool"), f"-J-Djava.security.properties={security}",
            "-list", "-keystore", "NONE", "-storetype", "PKCS11", "-storepass", "",
        )  # fmt: skip
        assert "Hana, PrivateKeyEntry" in listed.stdout


def test_ssh(user, tree):
    """Only where it is named; what a person has for a host comes first."""
    user.write(".ssh/config", "Host work\n    PKCS11Provider none\n", 0o600)

    def provider(host):
        done = user.run("ssh", "-F", user.home / ".ssh" / "config", "-G", host)
        return dict(line.split(" ", 1) for line in done.stdout.splitlines()).get("pkcs11provider")

    assert set_up(user)[str(user.home / ".ssh" / "config")]["result"] == "left"
    assert provider("anywhere") != str(tree.module)
    stale = user.write(".ssh/stale", "PKCS11Provider /gone/meishi-pkcs11.so\n", 0o600)
    (user.home / ".ssh" / "config").rename(user.home / ".ssh" / "kept")
    stale.rename(user.home / ".ssh" / "config")
    one = set_up(user)[str(user.home / ".ssh" / "config")]
    assert one["result"] == "left" and "setup ssh" in one["message"]
    (user.home / ".ssh" / "kept").rename(user.home / ".ssh" / "config")
    said = user.meishi("setup", "ssh").stdout
    assert "set up" in said and "setup ssh" not in said
    assert provider("anywhere") == str(tree.module)
    assert provider("work") in (None, "none")  # which ssh -G says of no module


@pytest.fixture
def sshd(user):
    server = Sshd(user)
    yield server
    server.stop()


def test_ssh_logs_in(user, pki, tree, sshd):
    """By nothing but what setup wrote: the server knows no other key of hers."""
    user.import_files(pki.p12(pki.identity("Hana")), password=PASSWORD)
    user.write("ssh/authorized", user.run("ssh-keygen", "-D", tree.module).stdout)
    known = ("-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={sshd.known_hosts}")
    config = user.home / ".ssh" / "config"
    login = ("ssh", "-F", config, "-p", sshd.port, *known, sshd.destination, "echo", "in")
    user.write(".ssh/config", "BatchMode yes\n")
    assert user.run(*login, env=sshd.names(), check=False).returncode != 0
    set_up(user, "ssh")
    assert user.run(*login, env=sshd.names()).stdout == "in\n"


def test_names_of_others_do_nothing_to_a_terminal(user):
    """A browser names its profiles, and in JSON they are characters."""
    profile = user.home / ".mozilla" / "firefox" / "p"
    for path in (profile.parent.parent, profile.parent, profile, profile / "pkcs11.txt"):
        user._mkdir(path)
    ini = profile.parent / "profiles.ini"
    ini.write_bytes(b"[Profile0]\nName=a\x1b]0;b\x07\xff\nIsRelative=1\nPath=p\n")
    shown = user.meishi("setup", "--dry-run", "firefox", check=False).stdout
    assert "profile a" in shown and not {"\x1b", "\x07"} & set(shown), shown
    user.run("sh", "-c", "meishi setup --json --dry-run firefox | iconv -f UTF-8 -t UTF-8")
    (one,) = set_up(user, "--dry-run", "firefox", status=FAILED).values()
    assert one["result"] == "failed" and one["title"].startswith("Firefox, profile a\x1b]0;b\x07")


def test_programs_that_are_told(user):
    """Shown, never written."""
    before = snapshot(user.home)
    outcomes = set_up(user, "git", "curl", "openssl")
    assert results(outcomes) == {"left"}
    assert "sslCert" in outcomes["git"]["hint"] and ".curlrc" in outcomes["curl"]["hint"]
    assert_as_before(user, before)


# ---- Flatpak and Snap ---------------------------------------------------------------------------


def test_flatpak_and_snap(user, tree, pki):
    """A Flatpak gets a copy of the module where it sees one; a Snap could not reach the socket."""
    inside = user.home / ".var" / "app" / "org.mozilla.firefox"
    for base in (inside, user.home / "snap" / "firefox" / "common"):
        profile = base / ".mozilla" / "firefox" / "work"
        profile.mkdir(parents=True)
        (profile.parent / "profiles.ini").write_text("[Profile0]\nName=work\nPath=work\n")
    for path in user.home.rglob("*"):
        os.chown(path, user.uid, user.gid)
    before = snapshot(user.home)
    outcomes = set_up(user, "firefox")
    copy = inside / "data" / "meishi" / "meishi-pkcs11.so"
    assert copy.read_bytes() == tree.module.read_bytes()
    database = inside / ".mozilla" / "firefox" / "work" / "pkcs11.txt"
    assert f"library={copy}\n" in database.read_text()
    assert "--filesystem=xdg-run/meishi:ro org.mozilla.firefox" in outcomes[str(database)]["hint"]
    (snap,) = [one for one in outcomes.values() if "(Snap)" in one["title"]]
    assert snap["result"] == "left" and "cannot reach" in snap["message"]
    set_up(user, "--undo")
    assert_as_before(user, before)
    # An upgrade of Meishi comes there, too.
    set_up(user, "firefox")
    copy.write_bytes(b"of an older version")
    assert results(set_up(user, "firefox")) == {"done", "already", "left"}
    assert copy.read_bytes() == tree.module.read_bytes()


# ---- accidents ----------------------------------------------------------------------------------


def killed_at(user, calls, number, *args):
    """Whether `meishi setup` was killed at its n-th system call of `calls`, or had no more of them."""
    done = user.run(
        "strace", "-f", "-o", "/dev/null", "-e", f"trace={calls}",
        "-e", f"inject={calls}:signal=KILL:when={number}", user.tree.meishi, "setup", *args,
        check=False, env={"ASAN_OPTIONS": "detect_leaks=0"},
    )  # fmt: skip
    assert done.returncode in (0, -9, 128 + 9), done.stdout + done.stderr
    return done.returncode != 0


@pytest.mark.parametrize("calls", [RENAMING, MAKING])
def test_power_cut_while_setting_up(user, pki, calls):
    """At every step that changes a directory."""
    make_database(user, pki, {})
    before = snapshot(user.home)
    number = 1
    while killed_at(user, calls, number, "chromium", "p11-kit"):
        set_up(user, "--undo")
        assert not differences(before, snapshot(user.home)), f"killed at step {number}"
        number += 1
    assert number > 2
    set_up(user, "--undo")
    assert_as_before(user, before)


def test_power_cut_and_again(user, pki):
    """What was begun is finished by the next run, and undone by the one after that."""
    make_database(user, pki, {})
    before = snapshot(user.home)
    number = 1
    while killed_at(user, RENAMING, number, "chromium", "p11-kit"):
        assert results(set_up(user, "chromium", "p11-kit")) <= {"done", "already"}
        set_up(user, "--undo")
        assert not differences(before, snapshot(user.home)), f"killed at step {number}"
        number += 1
    assert number > 5


@pytest.mark.parametrize("calls", [RENAMING, REMOVING, EMPTYING])
def test_power_cut_while_undoing(user, pki, calls):
    make_database(user, pki, {})
    before = snapshot(user.home)
    number, is_killed = 1, True
    while is_killed:
        set_up(user, "chromium", "p11-kit")
        is_killed = killed_at(user, calls, number, "--undo")
        set_up(user, "--undo")
        assert not differences(before, snapshot(user.home)), f"killed at step {number}"
        number += 1
    assert number > 2


def test_what_cannot_be_changed_is_said(user, pki):
    make_database(user, pki, {})
    other = chromium_list(user).with_name("other")
    other.hardlink_to(chromium_list(user))
    (one,) = set_up(user, "chromium", status=FAILED).values()
    assert one["result"] == "failed" and "other names" in one["message"]
    other.unlink()
    chromium_list(user).rename(other)
    chromium_list(user).symlink_to("other")
    set_up(user, "chromium")
    assert chromium_list(user).is_symlink() and "meishi" in other.read_text()


def test_wrong_calls(user, people):
    for args, words in (
        (("firfox",), "Did you mean firefox?"),
        (("lynx",), "It knows p11-kit, firefox"),
        (("--root", "/"), "--root goes with --system"),
        (("--system",), "Only root"),
    ):
        done = user.meishi("setup", *args, check=False)
        assert done.returncode == USAGE and words in done.stderr, done.stderr
    if os.getuid() == 0:
        done = people(0).meishi("setup", check=False)
        assert done.returncode == USAGE and "as yourself" in done.stderr
    (one,) = set_up(user, "systemd").values()
    assert one["result"] == "left" and "--system" in one["message"]


def test_completion(user):
    words = user.meishi("__complete", "setup", "").stdout.split()
    assert set(NAMES) | {"ssh", "git"} <= set(words)


# ---- for all users ------------------------------------------------------------------------------


@pytest.fixture
def image(tree, scratch):
    """A directory that an image is built in: Meishi, and a Firefox."""
    root = scratch / "image"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(tree.dest, root, symlinks=True)
    firefox = root / "usr" / "bin" / "firefox-esr"
    firefox.parent.mkdir(parents=True, exist_ok=True)
    firefox.write_text("#!/bin/sh\n")
    firefox.chmod(0o755)
    return root


def system_setup(image, tree, *args, status=0):
    program = image / tree.meishi.relative_to(tree.dest)
    done = subprocess.run(
        [program, "setup", "--system", "--root", image, "--json", *args],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == status, done.stdout + done.stderr
    return {one["program"]: one for one in json.loads(done.stdout)}


def test_for_all_users(image, tree):
    """p11-kit, Firefox's policies and the socket, named as they will be; and back."""
    policies = image / "etc" / "firefox" / "policies" / "policies.json"
    policies.parent.mkdir(parents=True)
    policies.write_text('{"policies": {"DisableTelemetry": true,\n  "Certificates": {}}}')
    (image / tree.find("meishi.module").relative_to(tree.dest)).unlink()
    before = snapshot(image)
    assert results(system_setup(image, tree)) == {"done"}
    module = str(tree.final_path(tree.module))
    assert f"module: {module}\n" in (image / "etc/pkcs11/modules/meishi.module").read_text()
    policy = json.loads(policies.read_text())["policies"]
    assert policy["SecurityDevices"] == {"Add": {"Meishi": module}} and policy["DisableTelemetry"]
    wants = image / "etc" / "systemd" / "user" / "sockets.target.wants"
    assert {path.name for path in wants.iterdir()} == {"meishid.socket", "meishid-bus.socket"}
    assert results(system_setup(image, tree)) == {"already"}
    assert results(system_setup(image, tree, "--undo")) == {"restored"}
    assert not differences(before, snapshot(image))


def test_policies_of_an_installation_stay_in_force(image, tree):
    """A new file in /etc would hide them from Firefox."""
    policies = image / "usr" / "lib" / "firefox-esr" / "distribution" / "policies.json"
    policies.parent.mkdir(parents=True)
    policies.write_text('{"policies": {"BlockAboutConfig": true}}')
    assert system_setup(image, tree, "firefox")["firefox"]["path"] == str(policies)
    assert not (image / "etc" / "firefox").exists()
    policies.write_text("{")
    (image / "etc" / "firefox" / "policies").mkdir(parents=True)
    policies.rename(image / "etc" / "firefox" / "policies" / "policies.json")
    one = system_setup(image, tree, "firefox", status=FAILED)["firefox"]
    assert one["result"] == "failed" and "not JSON" in one["message"]


def test_presets_decide(image, tree):
    preset = image / "etc" / "systemd" / "user-preset" / "00-none.preset"
    preset.parent.mkdir(parents=True)
    preset.write_text("disable *\n")
    one = system_setup(image, tree, "systemd", status=FAILED)["systemd"]
    assert "systemctl --user enable --now meishid.socket" in one["message"]


def test_nothing_leads_out_of_an_image(image, tree, scratch):
    outside = scratch / "outside"
    shutil.rmtree(outside, ignore_errors=True)
    outside.mkdir()
    (image / "etc" / "firefox").symlink_to(outside)
    one = system_setup(image, tree, "firefox", status=FAILED)["firefox"]
    assert "leads out" in one["message"] and not list(outside.iterdir())
