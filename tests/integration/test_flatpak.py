# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs in the sandbox of Flatpak, let in as doc/sandbox.md says: what they reach, who they are
to the daemon, and what policy leaves them."""

import os
import re
from pathlib import Path

import pytest
from harness.dbus import NAME, ROOT, Door
from harness.flatpak import Flatpak, Repository, can_run
from harness.pki import PASSWORD
from harness.process import wait_until
from harness.prompter import Prompter

BROWSER, OTHER = "org.mozilla.firefox", "org.example.Other"
NOT_NOW = 1
CKR_FUNCTION_REJECTED = "0x200"  # as pkcs11-tool prints it
SOURCE = Path(os.environ["MEISHI_SOURCE_DIR"])
PAGE = SOURCE / "doc" / "sandbox.md"
GET_ALL = ("gdbus", "call", "--session", "--dest", NAME, "--object-path", ROOT,
           "--method", "org.freedesktop.DBus.Properties.GetAll")  # fmt: skip


@pytest.fixture(scope="module")
def repository(scratch):
    made = Repository(scratch / "flatpak")
    for name in (BROWSER, OTHER):
        made.application(name)
    return made


class Household:
    """A person with two certificates, a daemon on a bus, and two applications."""

    def __init__(self, person, bus, pki, repository):
        self.person, self.bus, self.pki = person, bus, pki
        bus.start(person)
        person.start_daemon()
        bus.wait_for(NAME)
        for name in ("Web", "Private"):
            person.import_files(pki.p12(pki.identity(name, "rsa2048")), password=PASSWORD)
        self.flatpak = Flatpak(person, bus, repository)
        self.flatpak.install(BROWSER, OTHER)
        self.module = person.tree.module

    def restart(self):
        """The daemon, which knows every policy file from the start."""
        self.person.daemon.stop()
        self.person.start_daemon()
        self.bus.wait_for(NAME)

    def documented(self, pattern):
        """The commands of the page that fit `pattern`, as they are typed on this machine."""
        found = [
            # What is installed for a test lies outside /usr; tests/packaged has the real thing.
            line.replace("host-os", str(self.module.parent))
            for line in re.findall(r"^\$ flatpak (.*)$", PAGE.read_text(), re.M)
            if re.search(pattern, line)
        ]
        assert found, f"{PAGE.name} has no command like {pattern}"
        return found

    def let_in(self, name):
        """The socket and the module."""
        for line in self.documented("override .*--filesystem"):
            self.flatpak(*line.replace(BROWSER, name).split())

    def listing(self, name):
        """What the application says to which objects there are."""
        return self.tool(name, "--list-objects")

    def tool(self, name, *arguments):
        done = self.flatpak.run(name, "pkcs11-tool", "--module", self.module, *arguments)
        return done.stdout + done.stderr

    def policy(self, *texts):
        directory = self.person.config / "meishi" / "policy.d"
        directory.mkdir(parents=True, exist_ok=True)
        for path in (directory.parent, directory):
            os.chown(path, self.person.uid, self.person.gid)
        self.person.write("config/meishi/policy.d/50-sandboxes.conf", "\n".join(texts), 0o644)


@pytest.fixture
def household(person, bus, pki, repository):
    return Household(person, bus, pki, repository)


def file_of_page(name):
    (text,) = re.findall(rf"^```ini {name}\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    return text


def is_shown(listing, label):
    return re.search(rf"Private Key Object.*\n +label: +{label}\n", listing) is not None


# ---- what they reach --------------------------------------------------------------------------


def test_sandbox_that_nobody_let_in(household):
    """Not even the module is there; where it is, it shows empty slots."""
    assert "cannot open shared object" in household.listing(BROWSER)
    share = f"--filesystem={household.module.parent}:ro"
    done = household.flatpak.run(
        BROWSER, "pkcs11-tool", "--module", household.module, "--list-slots", options=[share]
    )
    assert done.returncode == 0 and "(empty)" in done.stdout, done.stdout + done.stderr


def test_sandbox_that_was_let_in_logs_in(household, s_server):
    household.let_in(BROWSER)
    assert is_shown(household.listing(BROWSER), "Web")
    server = s_server("1.3")
    uri = "pkcs11:token=Meishi;object=Web"
    done = household.flatpak.run(
        BROWSER, "bash", "-c",
        f"echo | gnutls-cli --provider {household.module} --insecure --x509certfile '{uri}' "
        f"--x509keyfile '{uri}' -p {server.port} 127.0.0.1",
        options=["--share=network"],
    )  # fmt: skip
    assert "Handshake was completed" in done.stdout, done.stdout + done.stderr
    wait_until(lambda: server.saw(household.pki.identity("Web", "rsa2048")), "it logged in")


def test_copy_in_the_directory_of_the_application(household):
    """As `meishi setup` makes it: only the socket has to be shared."""
    (line,) = household.documented("override .*xdg-run")
    household.flatpak(*line.split())
    person = household.person
    copy = person.home / ".var" / "app" / BROWSER / "data" / "meishi" / household.module.name
    person.run("install", "-D", household.module, copy)
    done = household.flatpak.run(BROWSER, "pkcs11-tool", "--module", copy, "--list-objects")
    assert is_shown(done.stdout, "Web"), done.stdout + done.stderr


def test_sandbox_cannot_put_itself_in_the_place_of_the_daemon(household):
    household.let_in(BROWSER)
    done = household.flatpak.run(
        BROWSER, "bash", "-c", "rm -f $XDG_RUNTIME_DIR/meishi/pkcs11; ls $XDG_RUNTIME_DIR/meishi"
    )
    assert "Read-only file system" in done.stderr and "pkcs11" in done.stdout, done.stderr
    assert household.person.daemon_pid() == household.person.daemon.pid
    assert is_shown(household.listing(BROWSER), "Web")


def test_daemon_that_starts_anew_is_found(household):
    """What is shared is the directory, so a socket that is made anew in it is there as well."""
    household.let_in(BROWSER)
    gate = household.person.runtime / "gate"
    gate.mkdir()
    listing = f"pkcs11-tool --module {household.module} --list-objects"
    inside = household.person.background(
        *household.flatpak.command(
            BROWSER, "bash", "-c",
            f"cd $XDG_RUNTIME_DIR/gate; {listing}; until [ -e open ]; do sleep 0.1; done; {listing}",
            options=["--filesystem=xdg-run/gate:ro"],
        ), env=household.flatpak.env,
    )  # fmt: skip
    inside.wait_ready(lambda: is_shown(inside.output(), "Web"), "runs")
    household.restart()
    inside.log.write_bytes(b"")
    (gate / "open").touch()
    assert inside.wait() == 0, inside.output()
    assert is_shown(inside.output(), "Web"), inside.output()


# ---- who they are, and what they may ----------------------------------------------------------


def test_policy_of_the_page_tells_them_apart(household):
    """One application sees one certificate, the other none, and programs outside see both."""
    for name in (BROWSER, OTHER):
        household.let_in(name)
    assert is_shown(household.listing(OTHER), "Private")
    household.policy(file_of_page("50-sandboxes.conf"))
    wait_until(lambda: not is_shown(household.listing(OTHER), "Private"), "the policy is in force")
    assert "label:" not in household.listing(OTHER)
    assert is_shown(household.listing(BROWSER), "Web")
    assert not is_shown(household.listing(BROWSER), "Private")
    outside = household.person.run("pkcs11-tool", "--module", household.module, "-O").stdout
    assert is_shown(outside, "Web") and is_shown(outside, "Private")


def test_question_names_the_application(household):
    household.let_in(BROWSER)
    household.policy(
        "[Policy]\nVersion=1\n[Rule ask]\nMatch-Application=flatpak:*\n"
        "Match-Application-Trust=any\nConfirm=each-use\n"
    )
    household.restart()
    prompter = Prompter(Door(household.bus.address, NAME))
    household.person.write("data-to-sign", b"transcript", 0o644)
    signing = household.person.background(
        *household.flatpak.command(
            BROWSER, "pkcs11-tool", "--module", household.module, "--sign", "--mechanism",
            "SHA256-RSA-PKCS", "--label", "Web", "--input-file",
            household.person.home / "data-to-sign",
            options=[f"--filesystem={household.person.home}/data-to-sign:ro"],
        ), env=household.flatpak.env,
    )  # fmt: skip
    cookie, kind, question = prompter.question()
    assert kind == "confirm"
    assert f"flatpak:{BROWSER}" in str(question), question
    prompter.respond(cookie, NOT_NOW)
    assert signing.wait() != 0
    assert CKR_FUNCTION_REJECTED in signing.output(), signing.output()


def test_bus_is_filtered_and_then_for_selecting_alone(household):
    """Through xdg-dbus-proxy, which is whom the daemon sees."""
    selector = (*GET_ALL, f"{NAME}.Selector")
    done = household.flatpak.run(BROWSER, *selector)
    assert done.returncode != 0 and "ServiceUnknown" in done.stderr, done.stderr
    for line in household.documented("override .*--talk-name"):
        household.flatpak(*line.split())
    household.flatpak.run(BROWSER, *selector, check=True)
    for interface in ("Vault", "Policy", "Choices"):
        done = household.flatpak.run(BROWSER, *GET_ALL, f"{NAME}.{interface}")
        assert f"{NAME}.Error.Denied" in done.stderr, (interface, done.stdout, done.stderr)


def test_what_was_let_in_can_be_shut_out(household):
    household.let_in(BROWSER)
    for line in household.documented("override .*--reset"):
        household.flatpak(*line.split())
    assert "cannot open shared object" in household.listing(BROWSER)


def test_sandbox_by_hand_is_who_its_file_says(household):
    """bubblewrap alone, as the page has it."""
    (command,) = re.findall(r"^\$ (bwrap (?:.*\\\n)*.*)\n", PAGE.read_text(), re.M)
    person = household.person
    command = re.sub(r"/usr/lib/\S*/meishi-pkcs11.so", str(household.module), command)
    person.write("confined.info", file_of_page("confined.info"), 0o644)
    assert is_shown(person.run("bash", "-c", command).stdout, "Web")
    household.policy(
        "[Policy]\nVersion=1\n[Rule confined]\nMatch-Application=flatpak:org.example.Confined\n"
        "Match-Application-Trust=any\nAction=deny\n"
    )
    wait_until(
        lambda: not is_shown(person.run("bash", "-c", command, check=False).stdout, "Web"),
        "the policy is in force",
    )
    assert is_shown(person.run("pkcs11-tool", "--module", household.module, "-O").stdout, "Web")


if not can_run():
    for name in [name for name in globals() if name.startswith("test_")]:
        del globals()[name]
