# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fixtures of the integration tests.

    tree        the installed programs, once per test file: tree.meishi, .meishid, .module, .find()
    scratch     a directory for this test file below /tmp that other users may enter
    pki         pki.identity(name, algorithm), pki.p12(identity), pki.root, pki.intermediate
    person      private HOME and XDG directories: person.run(), .meishi(), .import_files(),
                .start_daemon(), .stop_daemon(), .daemon_pid(), .write()
    ordinary    the same, never root (drops to nobody where the tests run as root)
    people      people(uid=None): as many persons as a test wants
    bus         a private session bus: bus.add_service(), bus.start(person)
    client      client(person) -> a PKCS#11 client in a process of its own: harness/cryptoki.py
    firefox     firefox(person, select=ASK) -> a Firefox with the module: harness/firefox.py
    chromium    chromium(person, select=[...]) -> a Chromium with the module: harness/chromium.py
    nginx       nginx.url("1.3"), .url("1.3", "root"), .page(identity, "1.3"), .log()
    s_server    s_server("1.3", *options) -> .url(), .port, .saw(identity)
    matrix      matrix.cell("curl", "nginx", "RSA", "1.3", "vault"): harness/matrix.py
    reader      a card reader with PC/SC and nothing in it: reader.card({"9a": identity}).insert()
    tpm         a TPM, once per test file: tpm.token(label), tpm.add(label, identity)
    holds       holds(opensc=reader, ...) -> a person with tokens: harness/holder.py; start() it
    crowd       a daemon and the programs that ask it all at once: harness/crowd.py

Those of the tests with windows are in harness/screen.py.

Everything a test starts ends with it.  Run one file by hand with

    MEISHI_BUILD_DIR=build python3 -m pytest tests/integration/test_clients.py
"""

import contextlib
import itertools
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

# pylint: disable=wrong-import-position,redefined-outer-name
from harness.bus import Bus  # noqa: E402
from harness.chromium import Chromium  # noqa: E402
from harness.crowd import Crowd  # noqa: E402
from harness.cryptoki import Client  # noqa: E402
from harness.firefox import Firefox  # noqa: E402
from harness.holder import Holder  # noqa: E402
from harness.matrix import Matrix  # noqa: E402
from harness.person import ORDINARY_UID, Person  # noqa: E402
from harness.pki import Pki  # noqa: E402
from harness.process import commands_with, wait_until  # noqa: E402
from harness.servers import Nginx, OpensslServer  # noqa: E402
from harness.smartcard import Reader  # noqa: E402
from harness.tpm import Tpm  # noqa: E402
from harness.tree import Tree  # noqa: E402

pytest_plugins = ["harness.screen", "harness.sites", "harness.wallet"]
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def scratch():
    # Short on purpose: a unix socket's path has 107 bytes.  Not TMPDIR, which may be long.
    path = Path(tempfile.mkdtemp(prefix="meishi-", dir="/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)
    # What a test started ends with it, and a daemon whose directories are gone ends by itself.
    wait_until(lambda: not commands_with(str(path)), "everything has ended")


@pytest.fixture(scope="session")
def tree(scratch):
    build = os.environ.get("MEISHI_BUILD_DIR")
    if not build:
        pytest.exit("set MEISHI_BUILD_DIR to the build directory", returncode=2)
    return Tree(Path(build).absolute(), scratch / "tree")


@pytest.fixture(scope="session")
def pki(scratch):
    return Pki(scratch / "pki")


@pytest.fixture
def people(tree, scratch):
    made = []

    def make(uid=None):
        made.append(Person(tree, scratch / f"p{next(_numbers)}", uid))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def person(people):
    return people()


@pytest.fixture
def ordinary(people):
    return people(ORDINARY_UID if os.getuid() == 0 else None)


@pytest.fixture
def bus(scratch):
    made = Bus(scratch / f"bus{next(_numbers)}")
    yield made
    made.stop()


@pytest.fixture
def reader(scratch):
    made = Reader(scratch / f"reader{next(_numbers)}")
    yield made
    made.close()


@pytest.fixture(scope="module")
def tpm(scratch):
    made = Tpm(scratch / f"tpm{next(_numbers)}")
    yield made
    made.close()


@pytest.fixture
def holds(person):
    made = []

    def new(**stacks):
        made.append(Holder(person, **stacks))
        return made[-1]

    yield new
    for one in made:
        one.close()


@pytest.fixture
def crowd(person, bus, pki):
    made = Crowd(person, bus, pki)
    yield made
    made.stop()


@pytest.fixture
def client():
    made = []

    def start(person):
        made.append(Client(person))
        return made[-1]

    yield start
    for one in made:
        one.close()


@contextlib.contextmanager
def browsers(kind, pki):
    made = []

    def start(person, modules=None, **options):
        modules = {"Meishi": person.tree.module} if modules is None else modules
        made.append(kind(person, pki, modules, **options))
        return made[-1]

    yield start
    for one in made:
        one.process.kill()


@pytest.fixture
def firefox(pki):
    with browsers(Firefox, pki) as start:
        yield start


@pytest.fixture
def chromium(pki):
    with browsers(Chromium, pki) as start:
        yield start


@pytest.fixture(scope="module")
def matrix(tree, request):
    return Matrix(tree.build, request.module.__name__)


@pytest.fixture(scope="session")
def nginx(scratch, pki):
    server = Nginx(scratch / "nginx", pki)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def s_server(scratch, pki):
    made = {}

    def start(version, *options):
        if (version, options) not in made:
            directory = scratch / f"s_server{next(_numbers)}"
            made[version, options] = OpensslServer(directory, pki, version, *options)
        return made[version, options]

    yield start
    for server in made.values():
        server.stop()
