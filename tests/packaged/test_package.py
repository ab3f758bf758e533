# SPDX-License-Identifier: LGPL-2.1-or-later
"""The packages on a machine: installed, used, upgraded, purged.  In this order, and one builds on
the one before."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from conftest import NAMES, run
from harness.clients import Wget
from harness.flatpak import Flatpak, Repository, can_run
from harness.person import ORDINARY_UID
from harness.pki import PASSWORD

# Not an upload to Debian: there is no bug to close.
SUPPRESSED = "initial-upload-closes-no-bugs"
PREFIX = "/opt/some where/meishi"
SOCKETS = ("meishid.socket", "meishid-bus.socket")
RSA, DATA = "SHA256_RSA_PKCS", b"the transcript of a handshake".hex()
OURS = re.compile("meishi", re.I)
KEPT = Path("/var/lib/meishi/setup")
FIREFOX = Path("/etc/firefox/policies/policies.json")


# ---- what was built ---------------------------------------------------------------------------


def test_lintian_finds_nothing_wrong(packages):
    said = run(
        "lintian", "--allow-root", "--fail-on", "error,warning", "--suppress-tags", SUPPRESSED,
        packages.changes,
    )  # fmt: skip
    assert not re.search("^[EW]:", said, re.M), said


def test_software_centres_can_read_what_we_are(packages):
    (metainfo,) = packages.tree.glob("debian/meishi/usr/share/metainfo/*.xml")
    run("appstreamcli", "validate", "--no-net", metainfo)


def test_release_can_be_installed_with_any_prefix(packages, scratch):
    """All of it goes below the prefix, and what names a program of ours names it there."""
    build = scratch / "prefix"
    run("meson", "setup", f"--prefix={PREFIX}", "-Dtests=disabled", build, packages.tree)
    listed = run("meson", "introspect", "--installed", build)
    places = re.findall(r'": "([^"]*)"', listed)
    assert len(places) > 30
    assert all(place.startswith(f"{PREFIX}/") for place in places), places
    for name in ("meishid.service", "org.meishi.Agent1.service", "meishi.module"):
        assert PREFIX in (build / "data" / name).read_text(), name


# ---- installed --------------------------------------------------------------------------------


def test_installs(installed):
    assert installed.meishi == Path("/usr/bin/meishi")
    status = run("dpkg-query", "--show", "--showformat=${db:Status-Status}\\n", *NAMES)
    assert status.split() == ["installed"] * 3


def test_sockets_are_enabled_for_everybody(installed, person):
    assert run("systemctl", "--global", "is-enabled", *SOCKETS).split() == ["enabled"] * 2
    units = [path for path in installed.files if path.parent.name == "user" and path.suffix]
    assert len(units) == 3
    said = person.run("systemd-analyze", "--user", "--man=no", "verify", *units)
    assert said.stdout + said.stderr == ""


def test_preset_enables_them_where_others_are_not(installed, scratch):
    """As on distributions that enable nothing but by a preset."""
    root = scratch / "image"
    presets = root / "usr" / "lib" / "systemd" / "user-preset"
    for path in installed.files:
        if path.is_file() and "systemd" in path.parts:
            copy = root / path.relative_to("/")
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(path.read_text())
    (presets / "99-default.preset").write_text("disable *\n")
    run("systemctl", f"--root={root}", "--global", "preset-all")
    wanted = root / "etc" / "systemd" / "user" / "sockets.target.wants"
    assert sorted(os.listdir(wanted)) == sorted(SOCKETS)


def test_p11_kit_finds_the_module(person):
    found = person.run("p11-kit", "list-modules").stdout
    # By its name alone: each architecture has its own directory.
    assert re.search("^meishi: meishi-pkcs11.so\n +library-description: Meishi", found, re.M), found


def test_shells_complete_its_words(person):
    bash = "source /usr/share/bash-completion/bash_completion; _completion_loader meishi; complete -p meishi"
    assert "-F _meishi meishi" in person.run("bash", "-c", bash).stdout
    zsh = "autoload -Uz compinit; compinit -D -u; print -- $_comps[meishi]; autoload +X _meishi"
    assert person.run("zsh", "-f", "-c", zsh).stdout == "_meishi\n"
    assert "import\t" in person.run("fish", "-c", "complete -C 'meishi impo'").stdout


def test_program_logs_in(person, pki, server):
    alice = pki.identity("Alice", "rsa2048")
    person.import_files(pki.p12(alice), password=PASSWORD)
    assert os.readlink(f"/proc/{person.daemon_pid()}/exe") == str(person.tree.meishid)
    program = Wget(person, pki, server.url(), alice, "pkcs11:token=Meishi;object=Alice")
    program.assert_page("Client certificate")
    assert server.saw(alice)


def test_sandboxed_program_finds_the_module_of_the_host(person, bus, scratch):
    """As doc/sandbox.md says: below /run/host."""
    repository = Repository(scratch / "flatpak")
    flatpak = Flatpak(person, bus, repository)
    flatpak.install(repository.application("org.example.Browser"))
    for share in ("xdg-run/meishi:ro", "host-os:ro"):
        flatpak("override", "--user", f"--filesystem={share}", "org.example.Browser")
    listed = flatpak.run(
        "org.example.Browser", "pkcs11-tool", "--module", f"/run/host{person.tree.module}", "-O"
    )
    assert "Alice" in listed.stdout, listed.stderr


if not can_run(user=ORDINARY_UID, group=ORDINARY_UID, extra_groups=[]):
    del test_sandboxed_program_finds_the_module_of_the_host


def test_other_programs_were_set_up(installed):
    """All that `meishi setup --system` does has been done, and Firefox is told by a policy."""
    places = json.loads(run(installed.meishi, "setup", "--system", "--json", "--dry-run"))
    assert {place["result"] for place in places} <= {"already", "left"}, places
    if shutil.which("firefox") or shutil.which("firefox-esr"):
        assert str(installed.module) in FIREFOX.read_text()


# ---- upgraded ---------------------------------------------------------------------------------


def test_upgrade_disturbs_no_program(packages, person, client, scratch):
    """The daemon that runs goes on, what comes after it finds all there, and no program notices."""
    key = client.open_key("Alice")
    assert client.sign(**key, mechanism=RSA, data=DATA)["rv"] == 0
    before = person.daemon_pid()
    run("dpkg", "--install", *packages.next_version(scratch))
    assert person.daemon_pid() == before
    assert json.loads(person.meishi("status", "--json").stdout)["replaced"]
    assert "before an upgrade" in person.meishi("status").stdout
    assert client.sign(**key, mechanism=RSA, data=DATA)["rv"] == 0
    person.stop_daemon()
    assert "Alice" in person.meishi("list").stdout
    assert not json.loads(person.meishi("status", "--json").stdout)["replaced"]
    assert os.readlink(f"/proc/{person.daemon_pid()}/exe") == str(person.tree.meishid)
    assert client.sign(**key, mechanism=RSA, data=DATA)["rv"] == 0


# ---- purged -----------------------------------------------------------------------------------


def left_behind():
    """Files of ours anywhere that packages and administrators write to, but for dpkg's own log."""
    found = []
    for top in ("/etc", "/usr", "/var", "/run/systemd", "/lib"):
        for directory, names, files in os.walk(top):
            names[:] = [name for name in names if f"{directory}/{name}" not in ("/usr/local", "/usr/src")]
            found += [f"{directory}/{name}" for name in names + files if OURS.search(name)]
    return [path for path in found if "/apt/" not in path]


def test_removed_package_leaves_the_person_alone(installed, person, client):
    """Programs that have the module loaded do not fall over, and the vault stays."""
    key = client.open_key("Alice")
    run("dpkg", "--remove", *NAMES)
    assert not any(path.is_file() for path in installed.files if OURS.search(path.name))
    assert client.sign(**key, mechanism=RSA, data=DATA)["rv"] in (0, 0x32)
    assert (person.data / "meishi" / "vault.db").exists()
    assert "meishi" not in person.run("p11-kit", "list-modules").stdout


def test_package_that_comes_back_is_set_up_again(packages, installed):
    run("dpkg", "--install", *packages.debs())
    test_other_programs_were_set_up(installed)
    run("dpkg", "--remove", *NAMES)
    assert not FIREFOX.exists() or "meishi" not in FIREFOX.read_text()


def test_purge_leaves_nothing_behind():
    # As where something could not be put back.
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / "backup").touch()
    run("dpkg", "--purge", *NAMES)
    assert left_behind() == []
    assert not FIREFOX.exists() or "meishi" not in FIREFOX.read_text()
    assert "deinstall" not in subprocess.run(
        ["dpkg", "--get-selections", *NAMES], capture_output=True, text=True, check=False
    ).stdout
