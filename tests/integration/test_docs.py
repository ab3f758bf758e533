# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every command of the pages for readers, and of the README, does what the page says it does.

Each page has a world of its own: a home, the files that its reader has, the company's servers.
What is not there when a page begins is not there for its reader either.  The notation of pages is
that of harness/documented.py.
"""

import os
import re
import time
from pathlib import Path

import pytest
from harness.cards import remembers, sees
from harness.company import Company
from harness.documented import Page, blocks, is_as_shown
from harness.process import wait_until
from harness.smartcard import find_module
from harness.softhsm import PIN, Card
from harness.sshd import Sshd
from harness.world import World

SOURCE = Path(os.environ.get("MEISHI_SOURCE_DIR", Path(__file__).parents[2]))
PASSWORD, NEW_PIN = "correct horse", "654321"
HOSTS = ("intranet.example", "git.example", "build.example")

# What the reader types where a program asks.
ANSWERS = {
    "Password for alice.p12: ": PASSWORD,
    "Password for alice-admin.p12: ": PASSWORD,
    "Password for alice-next.p12: ": PASSWORD,
    "New passphrase for the backup: ": PASSWORD,
    "New passphrase for the backup, once more: ": PASSWORD,
    "PIN of “Corp card”: ": PIN,
    "PIN for the security officer, who can set a forgotten one anew: ": PIN,
    "PIN for using it: ": PIN,
    "New PIN: ": NEW_PIN,
    "New PIN, once more: ": NEW_PIN,
    "PIN for the security officer, who can set a forgotten one anew, once more: ": PIN,
    "PIN for using it, once more: ": PIN,
    "PIN of “Spare card”: ": PIN,
    "Use [1]: ": "1",
    "Remember: o)nce s)ession a)lways; +h every port [o]: ": "a",
}

# Where the pages have the module.
MODULE = "/usr/local/lib/x86_64-linux-gnu/pkcs11/meishi-pkcs11.so"

# Commands that no test runs, and why.
NOT_RUN = {
    "meishi agent --tty": "stays until Ctrl-C; test_terminal_remote.py answers questions in it",
    "data/package && sudo apt install ./build-package/*.deb": "tests/package does that",
}


class Setting:
    """What the reader of a page has when the page begins."""

    def __init__(self, person, pki, company, bus):
        self.person, self.pki, self.bus = person, pki, bus
        self.world = World(person, pki, HOSTS)
        module = person.tree.final_path(person.tree.module)
        self.replace = {"8443": str(company.port), MODULE: str(module)}
        self.answers = dict(ANSWERS)
        self.events = {}
        self.ends = []  # what is to be called in the end

    def p12(self, file, name, algorithm="p256"):
        """A .p12 file in the home directory."""
        self.world.put(file, self.pki.p12(self.pki.identity(name, algorithm)).read_bytes())

    def sshd(self):
        """build.example lets in whoever has the key of alice.pub."""
        sshd = Sshd(self.person, under=self.world.command())
        self.ends.append(sshd.stop)
        (sshd.directory / "authorized").symlink_to("../alice.pub")
        options = {
            "Host": "build.example", "Port": sshd.port, "User": sshd.destination.split("@")[0],
            "StrictHostKeyChecking": "no", "LogLevel": "ERROR",
        }  # fmt: skip
        self.world.put(".ssh/config", "".join(f"{k} {v}\n" for k, v in options.items()), 0o600)

    def firefox_profile(self, certified):
        """Firefox has run once, and has a certificate of its own."""
        world, database = self.world, "sql:.mozilla/firefox/abcd1234.default"
        world.put(".mozilla/firefox/profiles.ini", PROFILES)
        world.put(".mozilla/firefox/abcd1234.default/prefs.js", "")
        file = world.put("old.p12", self.pki.p12(certified).read_bytes())
        world.run("certutil", "-N", "-d", database, "--empty-password")
        world.run("pk12util", "-d", database, "-W", PASSWORD, "-K", "", "-i", file.name)
        file.unlink()

    def start_daemon_outside(self, card):
        """Where the modules of cards belong to root, as they have to: in the world only the person
        is somebody."""
        home, modules = self.person.home, card.directory / "modules"
        self.person.start_daemon(env={"HOME": str(home), "MEISHI_TOKEN_MODULES": str(modules)})

    def close(self):
        for end in self.ends:
            end()


PROFILES = """\
[Install4F96D1932A9F858E]
Default=abcd1234.default
Locked=1

[Profile0]
Name=default
IsRelative=1
Path=abcd1234.default
Default=1

[General]
StartWithLastProfile=1
Version=2
"""

FLEET = """\
[desktops]
localhost ansible_connection=local ansible_become=false meishi_package=
"""


# ---- worlds -----------------------------------------------------------------------------------


def command_line(setting):
    setting.p12("alice.p12", "Alice Example")
    setting.p12("build-server.p12", "Build server", "rsa2048")
    setting.world.put("password.txt", PASSWORD, 0o600)
    setting.sshd()


def pull(setting, card):
    card.pull()
    wait_until(lambda: remembers(setting.person, "Alice Example"), "the card is missed")


def insert(setting, card):
    card.insert()
    wait_until(lambda: sees(setting.person, "Alice Example"), "the card is seen")


def smart_cards(setting):
    setting.p12("alice-admin.p12", "Alice Admin")
    card = Card(setting.person)
    card.add(setting.pki.identity("Alice Example"), 1)
    setting.start_daemon_outside(card)
    setting.replace["/usr/lib/libvendor-pkcs11.so"] = str(find_module("opensc-pkcs11.so"))
    setting.events["The card is pulled."] = lambda: pull(setting, card)
    setting.events["The card is inserted."] = lambda: insert(setting, card)


def administrator(setting):
    setting.p12("alice.p12", "Alice Example")
    setting.world.put("alice.crt", setting.pki.identity("Alice Example").cert.read_bytes())
    for path in (SOURCE / "doc/examples/ansible").rglob("*.yml"):
        setting.world.put(path.relative_to(SOURCE / "doc/examples/ansible"), path.read_bytes())
    # A fleet of one machine, whose image has the package and where we are root already.
    setting.world.put("hosts", FLEET)


def clients(setting):
    setting.p12("alice.p12", "Alice Example")
    for path in (SOURCE / "doc" / "examples").glob("get_*"):
        setting.world.put(f"examples/{path.name}", path.read_bytes(), 0o755)


def client_developer(setting):
    setting.p12("alice.p12", "Alice Example")
    setting.world.put("password.txt", PASSWORD, 0o600)
    for path in (SOURCE / "doc/examples").glob("select*"):
        setting.world.put(path.name, path.read_bytes())
    setting.bus.start(setting.person)


def desktop_user(setting):
    pki = setting.pki
    for stem, begin in (("alice", -300), ("alice-next", -1)):  # the second when the first was due
        certified = pki.dated("Alice Example", utc(begin), utc(begin + 365), stem)
        setting.world.put(f"{stem}.p12", pki.p12(certified).read_bytes())
    setting.firefox_profile(setting.pki.identity("Alice Admin"))


def utc(days):
    """So many days from now, as `openssl ca` writes it."""
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + days * 86400))


def readme(setting):
    setting.p12("alice.p12", "Alice Example")
    setting.firefox_profile(setting.pki.identity("Alice Admin"))


PAGES = {
    "README.md": readme,
    "doc/desktop-user.md": desktop_user,
    "doc/client-developer.md": client_developer,
    "doc/clients.md": clients,
    "doc/administrator.md": administrator,
    "doc/smart-cards.md": smart_cards,
    "doc/command-line.md": command_line,
}


@pytest.fixture(scope="module")
def company(scratch, pki):
    made = Company(scratch / "company", pki, HOSTS)
    yield made
    made.stop()


@pytest.fixture
def setting(ordinary, pki, company, bus):
    made = Setting(ordinary, pki, company, bus)
    yield made
    made.close()


@pytest.mark.parametrize("name", PAGES)
def test_page(setting, name):
    page = Page(SOURCE / name, setting.replace)
    assert page.steps(), f"{name} has no commands"
    PAGES[name](setting)
    page.run(setting.world, setting.answers, setting.events)


@pytest.mark.parametrize("name", PAGES)
def test_what_is_not_run_has_a_reason(name):
    assert set(Page(SOURCE / name).not_run()) <= NOT_RUN.keys()


# Pages with other tests for what they say.
ELSEWHERE = {"doc/remote.md": "test_remote.py", "doc/sandbox.md": "test_flatpak.py"}
PICTURE = re.compile(r"(?:!\[.*?\]\(|<img src=\")([^)\"]+)")
OPENING = "# Meishi\n\n```\ndata/quickstart  "


def every_page():
    return ["README.md", *(f"doc/{path.name}" for path in sorted((SOURCE / "doc").glob("*.md")))]


@pytest.mark.parametrize("name", every_page())
def test_no_command_is_forgotten(name):
    """Whoever shows a terminal has it run."""
    page = Page(SOURCE / name)
    is_terminal = [block.line for block in page.blocks if block.language == "console"]
    assert name in PAGES or name in ELSEWHERE or not is_terminal
    for block in page.blocks:
        if block.language != "console":
            assert not [line for line in block.lines if line.startswith("$ ")], block.line
    for other in ELSEWHERE.values():
        assert (SOURCE / "tests/integration" / other).exists()


@pytest.mark.parametrize("name", every_page())
def test_pictures_are_there_and_small(name):
    for target in PICTURE.findall((SOURCE / name).read_text()):
        picture = (SOURCE / name).parent / target
        assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
        assert picture.stat().st_size < 150_000


def test_the_readme_opens_with_what_shows_it():
    text = (SOURCE / "README.md").read_text()
    assert text.startswith(OPENING)
    first = blocks(text)[0]
    programs = [line.split()[0] for line in first.lines]
    assert programs == ["data/quickstart", "tests/run"]
    assert all(os.access(SOURCE / program, os.X_OK) for program in programs)


# ---- the notation -----------------------------------------------------------------------------

# What a page says, what a program says, and whether that is the same.
SAYINGS = [
    (["Added “Alice”"], "Added “Alice”\n", True),
    (["Added “Alice”"], "Added “Bob”\n", False),
    (["Added “Alice”"], "Added “Alice”\nand more\n", False),
    (["Added “Alice”"], "", False),
    ([], "Something\n", False),
    ([], "", True),
    (["until …, (yes)"], "until 2027-11-22, (yes)\n", True),
    (["until …, (yes)"], "until 2027-11-22,\n(yes)\n", False),
    (["…"], "", True),
    (["first", "…", "last"], "first\n1\n\n2\nlast\n", True),
    (["first", "…", "last"], "first\n1\nlast but not least\n", False),
    (["a.c"], "abc\n", False),
]


@pytest.mark.parametrize("expected,output,same", SAYINGS)
def test_notation(expected, output, same):
    assert is_as_shown(output, expected) is same


# Pages that are wrong, and the line of each with which it is.
WRONG = [
    ("```console\n$ echo a\nb\n```\n", 2),
    ("```console\n$ echo a\na\n$ false\n```\n", 4),
    ("```console\n$ true\n[exit status 1]\n```\n", 2),
    ("```console\n$ echo \\\n  a\na\n$ cat <<END\na\nEND\n```\n", 5),
    ("```text a file\nOne\n```\n\n```console\n$ cat 'a file'\nTwo\n```\n", 6),
    ("```console\n$ x=1\n```\n\n```console\n$ echo $x\n2\n```\n", 6),
    ("```console\n$ read -p 'Who? '\nWho? Bob\n```\n", 2),
]


@pytest.mark.parametrize("text,line", WRONG)
def test_a_wrong_page_is_found_out(setting, scratch, text, line):
    path = scratch / "wrong.md"
    path.write_text(text)
    with pytest.raises(AssertionError, match=rf"^wrong.md:{line}: should"):
        Page(path).run(setting.world, {"Who? ": "Alice"})
