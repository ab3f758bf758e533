# SPDX-License-Identifier: LGPL-2.1-or-later
"""How a file manager finds the import: what kind of file each of ours is, which program opens it,
and that this program is the installed one, started by the session bus."""

import os
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from gi.repository import GLib
from harness.dbus import NAME, Door
from harness.desktop import Desktop
from harness.pki import PASSWORD
from harness.process import commands_with, end, wait_until
from harness.window import Window

PROMPTER = "org.meishi.Prompter"
MIME = Path("/usr/share/mime/packages")
FREEDESKTOP, GCR = MIME / "freedesktop.org.xml", MIME / "gcr-crypto-types.xml"
SVG = "{http://www.w3.org/2000/svg}"


def prompters(person):
    return [pid for pid, _ in commands_with(str(person.tree.find("meishi-prompter")))]


def here(tree, name, program):
    """The installed file of that name, whose program lies where this tree has it."""
    content, path = tree.find(name).read_text(), tree.find(program)
    assert f"Exec={tree.final_path(path)}" in content
    return content.replace(str(tree.final_path(path)), str(path))


@pytest.fixture
def share(person, tree):
    """share(package, ...): the data directory that a person sees who has these MIME packages and
    Meishi installed, with the lists that an installation writes."""

    def make(*packages):
        place = person.home / "share"
        for directory in ("mime/packages", "applications"):
            (place / directory).mkdir(parents=True)
        for package in (*packages, tree.find("org.meishi.xml")):
            shutil.copy(package, place / "mime" / "packages")
        entry = here(tree, f"{PROMPTER}.desktop", "meishi-prompter")
        (place / "applications" / f"{PROMPTER}.desktop").write_text(entry)
        for path in (place, *place.rglob("*")):
            os.chown(path, person.uid, person.gid)
        person.env["XDG_DATA_DIRS"] = str(place)
        for program, directory in (("mime", "mime"), ("desktop", "applications")):
            done = person.run(f"update-{program}-database", place / directory)
            assert done.stdout + done.stderr == ""
        return place

    return make


def kind_of(person, path):
    done = person.run("gio", "info", "-a", "standard::content-type", path)
    return done.stdout.rpartition(" ")[2].strip()


def opener_of(person, kind):
    done = person.run("gio", "mime", kind)
    return PROMPTER if f"{kind}”: {PROMPTER}.desktop" in done.stdout else done.stdout


# ---- the files ----------------------------------------------------------------------------------


def test_desktop_file_is_valid(tree):
    path = tree.find(f"{PROMPTER}.desktop")
    done = subprocess.run(
        ["desktop-file-validate", path], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    content = path.read_text()
    assert f"Exec={tree.final_path(tree.find('meishi-prompter'))} %U\n" in content
    for key in ("Name", "Comment", "Keywords"):
        assert f"\n{key}[ja]=" in content


def test_desktop_file_and_bus_agree_on_the_name(tree):
    """D-Bus activation goes by the name of the desktop file."""
    assert "DBusActivatable=true\n" in tree.find(f"{PROMPTER}.desktop").read_text()
    assert f"Name={PROMPTER}\n" in tree.find(f"{PROMPTER}.service").read_text()


@pytest.mark.parametrize("name", [PROMPTER, f"{PROMPTER}-symbolic"])
def test_icon_is_a_square(tree, name):
    path = tree.find(f"{name}.svg")
    assert f"/hicolor/{'symbolic' if 'symbolic' in name else 'scalable'}/apps/" in str(path)
    root = ElementTree.parse(path).getroot()
    assert root.tag == f"{SVG}svg"
    _, _, width, height = root.get("viewBox").split()
    assert width == height == root.get("width") == root.get("height")


# ---- what a file is, and who opens it -----------------------------------------------------------

# With shared-mime-info alone, and with what GNOME's crypto library brings.
FILES = {
    "hana.p12": ("application/pkcs12", "application/x-pkcs12"),
    "hana.pfx": ("application/pkcs12", "application/x-pkcs12"),
    "hana.pem": ("application/x-x509-ca-cert", None),
    "hana.crt": ("application/x-x509-ca-cert", "application/pkix-cert"),
    "hana.cer": ("application/pkix-cert", "application/pkix-cert"),
    "pkcs8-key": ("application/pkcs8+pem", "application/pkcs8+pem"),
    "ec-key": ("application/x-pem-key", "application/x-pem-key"),
}


@pytest.mark.parametrize("packages", [(FREEDESKTOP,), (FREEDESKTOP, GCR)], ids=["plain", "gcr"])
def test_every_file_is_known_and_opened(person, pki, share, packages):
    share(*(package for package in packages if package.exists()))
    hana = pki.identity("Hana")
    content = {
        "p12": pki.p12(hana).read_bytes(), "pfx": pki.p12(hana).read_bytes(),
        "pem": hana.cert.read_bytes() + hana.key.read_bytes(),
        "crt": hana.cert.read_bytes(), "cer": hana.der(), "pkcs8-key": hana.key.read_bytes(),
        "ec-key": subprocess.run(
            ["openssl", "ec", "-in", hana.key], capture_output=True, check=True
        ).stdout,
    }  # fmt: skip
    for name, kinds in FILES.items():
        path = person.write(name, content[name.rpartition(".")[2]])
        kind = kind_of(person, path)
        assert kinds[len(packages) - 1] in (kind, None), name
        assert opener_of(person, kind) == PROMPTER, (name, kind)


def test_what_servers_call_a_certificate_for_its_user(person, share):
    share(FREEDESKTOP)
    assert opener_of(person, "application/x-x509-user-cert") == PROMPTER


def test_every_type_is_one_that_somebody_describes(person, tree, share):
    """So that a slip in a name is found."""
    place = share(*(package for package in (FREEDESKTOP, GCR) if package.exists()))
    known = set((place / "mime" / "types").read_text().split())
    known |= {line.split()[0] for line in (place / "mime" / "aliases").read_text().splitlines()}
    [line] = [
        line for line in tree.find(f"{PROMPTER}.desktop").read_text().splitlines()
        if line.startswith("MimeType=")
    ]  # fmt: skip
    optional = set() if GCR.exists() else {"application/pkcs12+pem", "application/x-pem-file",
                                           "application/pkix-cert+pem"}  # fmt: skip
    assert set(line.removeprefix("MimeType=").strip(";").split(";")) - optional <= known


# ---- opening ------------------------------------------------------------------------------------


@pytest.fixture
def desktop(person, bus, share):
    """A session as a display manager leaves it: the bus knows the screen."""
    tree = person.tree
    # What the system has besides, such as the settings of the accessibility bus, comes after ours.
    person.env["XDG_DATA_DIRS"] = f"{share(FREEDESKTOP)}:/usr/share"
    for name, program in ((PROMPTER, "meishi-prompter"), (NAME, "meishid")):
        bus.add_service(name, here(tree, f"{name}.service", program))
    made = Desktop(person, bus)
    door = Door(bus.address, NAME)
    door.connection.call_sync(
        "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
        "UpdateActivationEnvironment", GLib.Variant("(a{ss})", (made.env,)), None, 0, -1, None,
    )  # fmt: skip
    door.close()
    yield made
    for pid in prompters(person):
        end(pid)
    made.stop()


def test_opening_a_file_opens_the_import(person, pki, desktop):
    """Daemon and prompter are both started by the bus, for this."""
    path = pki.p12(pki.identity("Hana"))
    assert prompters(person) == []
    person.run("gio", "open", path, env=desktop.env)
    window = Window(desktop, "Import Certificates", "Password of “Hana.p12”")
    person.run("xdotool", "type", "--delay", "15", PASSWORD, env=desktop.env)
    desktop.key("Return")
    wait_until(lambda: "Import “Hana”?" in window.text(), "what the file holds")
    assert len(prompters(person)) == 1
    desktop.key("Escape")
    window.gone()
    assert len(prompters(person)) == 1


def test_two_files_open_two_windows_of_one_process(person, pki, desktop):
    for name in ("Hana", "Work"):
        person.run("gio", "open", pki.p12(pki.identity(name)), env=desktop.env)
    wait_until(lambda: len(desktop.windows()) == 2, "two windows")
    assert len(prompters(person)) == 1
