# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of the packages share.  Started by tests/package, which has built them.

    packages    the directory with them: packages.debs(), packages.tree (the sources they are made of)
    installed   the programs as dpkg put them there, with the names of harness.tree
    person      an ordinary user with a home for all tests of the file
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from harness.bus import Bus
from harness.cryptoki import Client
from harness.person import ORDINARY_UID, Person
from harness.pki import Pki
from harness.servers import OpensslServer
from harness.tree import Files

# pylint: disable=redefined-outer-name

NAMES = ("meishi", "meishi-pkcs11", "meishi-prompter")


def run(*argv, check=True, **kwargs):
    done = subprocess.run(
        [str(arg) for arg in argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, check=False, stdin=subprocess.DEVNULL,
        env=os.environ | {"LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}, **kwargs,
    )  # fmt: skip
    assert not check or done.returncode == 0, f"$ {done.args}\n{done.stdout}"
    return done.stdout


class Packages:
    def __init__(self, directory):
        self.directory = Path(directory)
        (self.changes,) = self.directory.glob("*.changes")
        (self.tree,) = (path.parent for path in self.directory.glob("meishi-*/meson.build"))

    def debs(self):
        return [self._deb(name) for name in NAMES]

    def _deb(self, name):
        (path,) = self.directory.glob(f"{name}_*.deb")
        return path

    def next_version(self, directory):
        """The same packages as a version later."""
        for deb in self.debs():
            root = directory / deb.stem
            run("dpkg-deb", "--raw-extract", deb, root)
            control = root / "DEBIAN" / "control"
            version = run("dpkg-deb", "--field", deb, "Version").strip()
            text = control.read_text().replace(version, f"{version}+next")
            control.write_text(text)
            run("dpkg-deb", "--root-owner-group", "-Znone", "--build", root, directory)
        return sorted(directory.glob("*.deb"))


class Installed(Files):
    """Where dpkg says that the files are."""

    def __init__(self):
        lines = run("dpkg", "-L", *NAMES).splitlines()
        self.files = sorted({Path(line) for line in lines if line})

    def final_path(self, path):
        return path


@pytest.fixture(scope="session")
def packages():
    return Packages(os.environ["MEISHI_PACKAGES"])


@pytest.fixture(scope="session")
def scratch():
    path = Path(tempfile.mkdtemp(prefix="meishi-", dir="/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def pki(scratch):
    return Pki(scratch / "pki")


@pytest.fixture(scope="session")
def installed(packages):
    """Installed by whoever asks first, which the tests see to that it is the one about that."""
    run("dpkg", "--install", *packages.debs())
    return Installed()


@pytest.fixture(scope="session")
def person(installed, scratch):
    one = Person(installed, scratch / "person", ORDINARY_UID)
    # What p11-kit finds is what the packages have put there.
    del one.env["PKCS11_MODULE_PATH"]
    yield one
    one.close()


@pytest.fixture
def bus(person, scratch):
    one = Bus(scratch / "bus").start(person)
    yield one
    one.stop()
    del person.env["DBUS_SESSION_BUS_ADDRESS"]


@pytest.fixture
def client(person):
    one = Client(person)
    yield one
    one.close()


@pytest.fixture
def server(scratch, pki):
    one = OpensslServer(scratch / "server", pki, "1.3")
    yield one
    one.stop()
