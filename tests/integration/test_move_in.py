# SPDX-License-Identifier: LGPL-2.1-or-later
"""`meishi import --from`: identities that other programs have, taken over without a trace there."""

import contextlib
import json
import os
import re
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from harness.mozilla import Profiles
from harness.pki import PASSWORD, openssl
from harness.process import peer_pid
from harness.terminal import Terminal

PRIMARY = "Häuptling 1!"
EXIT_FAILED, EXIT_USAGE, EXIT_NOT_FOUND, EXIT_SECRET = 1, 2, 3, 4
RSA, EC = ("Hana Ito", "rsa2048"), ("Ken Abe", "p256")


def snapshot(directory):
    """Everything that may not change: names, kinds, modes, times, content."""
    seen = {}
    for path in sorted(directory.rglob("*")):
        info = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(info.st_mode) else None
        target = os.readlink(path) if path.is_symlink() else None
        seen[str(path)] = (info.st_mode, info.st_mtime_ns, info.st_uid, content, target)
    return seen


def take(person, *args, check=True, **kwargs):
    """What `meishi import --from ... --json` says; with check=False, the finished process."""
    done = person.meishi("import", "--json", "--from", *args, check=check, **kwargs)
    return json.loads(done.stdout) if check else done


def outcomes(report):
    """What became of each identity."""
    return {item["label"]: item["outcome"] for item in report["items"] if item["key"]}


def issuers(report):
    return {item["label"] for item in report["items"] if item["outcome"] == "issuer"}


def reasons(report):
    return {one["name"]: one["reason"] for one in report["refused"]}


def leftovers(person):
    """Copies of databases that somebody forgot."""
    return list(person.runtime.rglob("*import-*"))


def assert_works(person, certified):
    """Its key signs, its chain is whole, and it is the same certificate."""
    chain = person.meishi("export", certified.name).stdout
    expected = [path.read_text().strip() for path in (certified.cert, *certified.issuers[:1])]
    assert all(text in chain for text in expected)
    key = person.home / "exported.pem"
    person.meishi(
        "export", "--key", "-f", "-o", person.home / "exported.p12", "--password-file",
        person.write("export-password", "export"), certified.name,
    )  # fmt: skip
    openssl("pkcs12", "-in", person.home / "exported.p12", "-passin", "pass:export", "-nocerts",
            "-nodes", "-out", key)  # fmt: skip
    assert openssl("pkey", "-in", key, "-pubout") == openssl("pkey", "-in", certified.key, "-pubout")


@pytest.fixture
def identities(pki):
    return [pki.identity(*RSA), pki.identity(*EC)]


def make_database(person, directory, pki, identities, password=None):
    """An NSS database by NSS's own tools."""
    directory.mkdir(mode=0o700, parents=True)
    os.chown(directory, person.uid, person.gid)
    person.write("nss-password", password or "")
    database = ("-d", f"sql:{directory}")
    secret = ("-f", person.home / "nss-password") if password else ("--empty-password",)
    person.run("certutil", "-N", *database, *secret)
    for identity in identities:
        person.run(
            "pk12util", "-i", pki.p12(identity), *database, "-k", person.home / "nss-password",
            "-W", PASSWORD,
        )  # fmt: skip
    return directory


@pytest.fixture
def database(person, pki, identities):
    return make_database(person, person.home / "db", pki, identities)


# ---- Firefox ----------------------------------------------------------------------------------


def test_firefox_running_and_ended(person, pki, identities):
    """Its own profile, made and filled by itself; first while it runs, then to the byte."""
    profile = Profiles(person).new("work")
    with profile.started() as firefox:
        for identity in identities:
            firefox.import_p12(pki.p12(identity), PASSWORD)
        before = [(profile.path / name).read_bytes() for name in ("cert9.db", "key4.db")]
        planned = take(person, "firefox", "--dry-run")
        assert [(profile.path / name).read_bytes() for name in ("cert9.db", "key4.db")] == before
        firefox.process.assert_alive()
    expected = {identity.name: "added" for identity in identities}
    assert (outcomes(planned), planned["dry_run"]) == (expected, True)

    before = snapshot(profile.path)
    report = take(person, "firefox")
    assert snapshot(profile.path) == before
    assert outcomes(report) == expected and issuers(report) == {"Example User CA", "Example Root CA"}
    (place,) = report["places"]
    assert place == {
        "title": "Firefox, profile work", "path": str(profile.path), "found": 2,
        "links_not_followed": 0, "trouble": None,
    }  # fmt: skip
    for identity in identities:
        assert_works(person, identity)

    again = take(person, "firefox")
    assert set(outcomes(again).values()) == {"unchanged"}
    assert snapshot(profile.path) == before and not leftovers(person)


def test_firefox_with_a_primary_password(person, pki, identities):
    """Of two profiles one is open: that one is taken whatever happens to the other."""
    profiles = Profiles(person)
    home, work = profiles.new("home"), profiles.new("work")
    with home.started() as firefox:
        firefox.import_p12(pki.p12(identities[0]), PASSWORD)
    with work.started() as firefox:
        firefox.import_p12(pki.p12(identities[1]), PASSWORD)
        firefox.set_primary_password(PRIMARY)
    before = snapshot(work.path)

    done = take(person, "firefox", check=False)
    assert done.returncode == EXIT_SECRET and done.stderr == ""
    report = json.loads(done.stdout)
    assert outcomes(report) == {identities[0].name: "added"}
    troubles = {place["title"]: place["trouble"] for place in report["places"]}
    assert troubles["Firefox, profile home"] is None
    assert "--password-file" in troubles["Firefox, profile work"]

    wrong = person.write("wrong", "Haeuptling 1!")
    done = take(person, "firefox", "--profile", "work", "--password-file", wrong, check=False)
    assert done.returncode == EXIT_SECRET
    assert "is not the primary password" in json.loads(done.stdout)["places"][0]["trouble"]

    right = person.write("right", PRIMARY)
    report = take(
        person, "firefox", "--profile", work.path.name, "--password-file", wrong,
        "--password-file", right,
    )  # fmt: skip
    assert outcomes(report) == {identities[1].name: "added"}
    assert_works(person, identities[1])
    assert snapshot(work.path) == before and not leftovers(person)


def test_no_such_profile(person):
    Profiles(person).new("work")
    done = take(person, "firefox", "--profile", "play", check=False)
    assert done.returncode == EXIT_NOT_FOUND
    assert "no profile “play”" in done.stderr and "profile work" in done.stderr
    done = take(person, "thunderbird", check=False)
    assert done.returncode == EXIT_NOT_FOUND and "nssdb DIRECTORY" in done.stderr


def test_a_profile_without_certificates(person):
    """A profile that Firefox has never been started with has no database at all."""
    Profiles(person).new("new")
    report = take(person, "firefox")
    assert [(place["found"], place["trouble"]) for place in report["places"]] == [(0, None)]
    text = person.meishi("import", "--from", "firefox").stdout
    assert text == "Firefox, profile new: nothing found.\n"


@pytest.mark.parametrize(
    "path", ["snap/firefox/common/.mozilla/firefox", ".var/app/org.mozilla.firefox/.mozilla/firefox",
             ".mozilla/firefox"],
)  # fmt: skip
def test_places_of_firefox(person, pki, identities, path):
    directory = person.home / path
    make_database(person, directory / "p", pki, identities[:1])
    (directory / "profiles.ini").write_text("[Profile0]\nName=mine\nIsRelative=1\nPath=p\n")
    report = take(person, "firefox", "--profile", "mine")
    assert outcomes(report) == {identities[0].name: "added"}


# ---- Chromium ---------------------------------------------------------------------------------


def test_chromium_while_it_runs(person, pki, identities, chromium):
    browser = chromium(person, modules={})
    directory = next(person.home.rglob("cert9.db")).parent
    assert directory.name == "nssdb"
    for identity in identities:
        person.run(
            "pk12util", "-i", pki.p12(identity), "-d", f"sql:{directory}", "-W", PASSWORD, "-K", ""
        )
    before = snapshot(directory)
    report = take(person, "chromium")
    browser.process.assert_alive()
    assert snapshot(directory) == before
    assert outcomes(report) == {identity.name: "added" for identity in identities}
    for identity in identities:
        assert_works(person, identity)


# ---- databases --------------------------------------------------------------------------------


def test_what_meishi_itself_shows_there_is_not_taken(person, database, identities):
    """A profile that was set up to load the module has the same identities in two places."""
    person.run(
        "modutil", "-dbdir", f"sql:{database}", "-force", "-add", "Meishi", "-libfile",
        person.tree.module,
    )  # fmt: skip
    take(person, "nssdb", database)
    person.meishi("import", "--json", "--from", "nssdb", database)
    report = take(person, "nssdb", database)
    assert report["places"][0]["found"] == len(identities)


def test_typed_at_a_terminal(person, pki, identities):
    directory = make_database(person, person.home / "db", pki, identities, PRIMARY)
    before = snapshot(directory)
    terminal = Terminal(
        [person.tree.meishi, "import", "--color=never", "--from", "nssdb", directory], person.env, person.home,
        **person.identity(),
    )  # fmt: skip
    terminal.expect_question("Primary password of ")
    terminal.send("wrong\n")
    terminal.expect("is not the primary password")
    terminal.expect_question("Primary password of ")
    terminal.send(f"{PRIMARY}\n")
    assert terminal.finish() == 0
    assert "2 found." in terminal.text and "Added “Hana Ito”" in terminal.text
    assert PRIMARY not in terminal.text
    assert snapshot(directory) == before and not leftovers(person)


def test_interrupted_at_the_question(person, pki, identities):
    directory = make_database(person, person.home / "db", pki, identities, PRIMARY)
    before = snapshot(directory)
    terminal = Terminal(
        [person.tree.meishi, "import", "--color=never", "--from", "nssdb", directory], person.env, person.home,
        **person.identity(),
    )  # fmt: skip
    terminal.expect_question("Primary password of ")
    terminal.send("\x03")
    assert terminal.finish() == -signal.SIGINT
    assert snapshot(directory) == before and not leftovers(person)


WRITER = """
import sqlite3, sys, time
path, how = sys.argv[1:]
connection = sqlite3.connect(path, isolation_level=None)
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN " + how)
if how == "IMMEDIATE":
    connection.execute("CREATE TABLE more (a)")
if how == "DEFERRED":  # until pages of it are in the file
    connection.execute("CREATE TABLE more (a)")
    for number in range(2000):
        connection.execute("INSERT INTO more VALUES (?)", ("x" * 1000,))
print("in the middle", flush=True)
time.sleep(600)
"""


@pytest.fixture
def writer(person):
    """writer(path, how): a program that is in the middle of writing to a database."""
    made = []

    def start(path, how):
        script = person.write("writer.py", WRITER)
        child = person.background(sys.executable, script, path, how)
        made.append(child)
        child.wait_ready(lambda: "in the middle" in child.output(), "writes")
        return child

    yield start
    for child in made:
        child.kill()


def test_while_somebody_begins_to_write(person, database, identities, writer):
    """A transaction that has not come to the file yet is not seen, and not disturbed."""
    writer(database / "cert9.db", "IMMEDIATE")
    report = take(person, "nssdb", database)
    assert outcomes(report) == {identity.name: "added" for identity in identities}


def test_while_somebody_writes(person, database, writer):
    """Half of a transaction is in the file: there is nothing to be read until it ends."""
    writer(database / "key4.db", "DEFERRED")
    done = take(person, "nssdb", database, check=False)
    assert done.returncode == EXIT_FAILED and "keeps writing" in done.stderr
    assert not leftovers(person)


def test_after_a_crash(person, database, identities, writer):
    """Half of a transaction was left, with the journal that takes it back: in the copy alone."""
    child = writer(database / "key4.db", "DEFERRED")
    child.kill()
    assert (database / "key4.db-journal").stat().st_size > 0
    before = snapshot(database)
    report = take(person, "nssdb", database)
    assert outcomes(report) == {identity.name: "added" for identity in identities}
    assert snapshot(database) == before and not leftovers(person)
    assert sqlite3.connect(database / "key4.db").execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_databases_that_cannot_be_read(person, database):
    empty = person.home / "empty"
    empty.mkdir()
    done = take(person, "nssdb", empty, check=False)
    assert done.returncode == EXIT_NOT_FOUND and "no NSS database" in done.stderr
    (empty / "cert8.db").write_bytes(b"old")
    done = take(person, "nssdb", empty, check=False)
    assert done.returncode == EXIT_FAILED and "before 2018" in done.stderr
    done = take(person, "nssdb", person.home / "nowhere", check=False)
    assert done.returncode == EXIT_NOT_FOUND
    (database / "cert9.db").write_bytes(b"SQLite format 3\0" + bytes(5000))
    done = take(person, "nssdb", database, check=False)
    assert done.returncode == EXIT_FAILED and "NSS cannot read" in done.stderr
    (database / "cert9.db").unlink()
    os.mkfifo(database / "cert9.db")
    done = take(person, "nssdb", database, check=False)
    assert done.returncode == EXIT_FAILED and "no database of NSS" in done.stderr
    assert not leftovers(person)


def test_a_key_that_the_vault_cannot_use(person, pki, identities, database):
    """One that spoils an import as a whole is left out of it, and said why."""
    key, cert = person.home / "dsa.key", person.home / "dsa.crt"
    parameters, p12 = person.home / "dsa.pem", person.home / "dsa.p12"
    openssl("dsaparam", "-out", parameters, "1024")
    openssl("gendsa", "-out", key, parameters)
    openssl("req", "-x509", "-new", "-key", key, "-subj", "/CN=Old DSA", "-out", cert)
    openssl("pkcs12", "-export", "-inkey", key, "-in", cert, "-name", "Old DSA", "-passout",
            f"pass:{PASSWORD}", "-out", p12)  # fmt: skip
    p12.chmod(0o644)
    person.run("pk12util", "-i", p12, "-d", f"sql:{database}", "-W", PASSWORD, "-K", "")
    done = take(person, "nssdb", database, check=False)
    assert done.returncode == EXIT_FAILED and done.stderr == ""
    report = json.loads(done.stdout)
    assert outcomes(report) == {identity.name: "added" for identity in identities}
    assert list(reasons(report)) == ["Old DSA"] and "DSA" in reasons(report)["Old DSA"]


WRAPPER = """\
#!/bin/sh
{ echo "called with $*"; env; } >>"$HOME/calls"
exec %s "$@"
"""


def test_secrets_go_by_descriptor(person, pki, identities):
    """Neither the primary password nor that of what comes out stands in argv or the environment."""
    directory = make_database(person, person.home / "db", pki, identities, PRIMARY)
    real = person.tree.find("meishi-nss-export")
    meishi = person.home / "moved" / "bin" / "meishi"
    helper = meishi.parent / os.path.relpath(real, person.tree.meishi.parent)
    helper = Path(os.path.normpath(helper))
    for parent in (meishi.parent, helper.parent):
        parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(person.tree.meishi, meishi)
    helper.write_text(WRAPPER % real)
    helper.chmod(0o755)
    person.start_daemon()
    person.write("calls", "")
    person.run(
        meishi, "import", "--from", "nssdb", directory, "--password-file",
        person.write("right", PRIMARY),
    )  # fmt: skip
    calls = (person.home / "calls").read_text()
    without, with_password = re.findall("called with (.*)", calls)
    assert without.split()[1:] == ["3"] and with_password.split()[1:] == ["3", "4"]
    assert PRIMARY not in calls and not re.search("[0-9a-f]{64}", calls)
    # Not beside the sockets: that directory is shared with sandboxes (doc/sandbox.md).
    assert Path(without.split()[0]).parent == person.runtime


# ---- GNOME Keyring ----------------------------------------------------------------------------


def keyring_module():
    for directory in f"{os.environ['PATH']}:/usr/bin".split(":"):
        for found in Path(directory).parent.glob("lib/*/pkcs11/gnome-keyring-pkcs11.so"):
            return found
    raise AssertionError("there is no gnome-keyring-pkcs11.so: see NEEDS_TEST in data/needs.sh")


LOGIN = "the login password"
# An iteration count whose last byte is zero is written as 0 by GNOME Keyring 42, which cannot read
# the key itself after that: one key in 256.
ZERO_ITERATIONS = bytes.fromhex("020100")


def write_object(person, kind, path):
    der = person.home / "object.der"
    tool = ["rsa", "-traditional"] if kind == "privkey" else ["x509"]
    openssl(*tool, "-in", path, "-outform", "DER", "-out", der)
    der.chmod(0o644)
    person.run(
        "pkcs11-tool", "--module", keyring_module(), "--token-label", "Gnome2 Key Storage",
        "--login", "--pin", LOGIN, "--write-object", der, "--type", kind,
        env={"GNOME_KEYRING_CONTROL": str(person.runtime / "keyring")},
    )  # fmt: skip


@contextlib.contextmanager
def keyring_daemon(person):
    with open(person.write("login", LOGIN), "rb") as stdin:
        daemon = person.background(
            "gnome-keyring-daemon", "--foreground", "--unlock", "--components=pkcs11,secrets",
            stdin=stdin,
        )  # fmt: skip
    control = person.runtime / "keyring"
    try:
        daemon.wait_ready(lambda: peer_pid(control / "pkcs11") == daemon.pid, "listens")
        yield
    finally:
        daemon.stop()


@pytest.fixture
def keyring(person, bus, pki, identities):
    """The directory of GNOME Keyring, which has put an identity and its issuer there."""
    bus.start(person)
    directory = person.data / "keyrings"
    for _ in range(10):
        with keyring_daemon(person):
            write_object(person, "privkey", identities[0].key)
            write_object(person, "cert", identities[0].cert)
            write_object(person, "cert", pki.intermediate.cert)
        (key,) = directory.glob("*.pkcs8")
        if ZERO_ITERATIONS not in key.read_bytes()[:64]:
            return directory
        shutil.rmtree(directory)
    raise AssertionError("no key of GNOME Keyring can be read")


def test_gnome_keyring(person, keyring, identities):
    before = snapshot(keyring)
    done = take(person, "gnome-keyring", check=False)
    assert done.returncode == EXIT_SECRET
    (reason,) = reasons(json.loads(done.stdout)).values()
    assert "--password-file" in reason
    report = take(person, "gnome-keyring", "--password-file", person.write("pw", LOGIN))
    assert outcomes(report) == {identities[0].name: "added"}
    assert issuers(report) == {"Example User CA"}
    assert report["places"][0]["title"] == "GNOME Keyring"
    assert_works(person, identities[0])
    assert snapshot(keyring) == before


def test_gnome_keyring_asks_and_explains(person, keyring, identities):
    terminal = Terminal(
        [person.tree.meishi, "import", "--color=never", "--from", "gnome-keyring"], person.env, person.home,
        **person.identity(),
    )  # fmt: skip
    terminal.expect("the one that you log in with")
    terminal.expect_question("Password for ")
    terminal.send(f"{LOGIN}\n")
    assert terminal.finish() == 0
    assert "Added “Hana Ito”" in terminal.text


def test_gnome_keyring_that_never_was(person):
    done = take(person, "gnome-keyring", check=False)
    assert done.returncode == EXIT_NOT_FOUND and "has stored nothing" in done.stderr


# ---- directories ------------------------------------------------------------------------------


@pytest.fixture
def certs(person):
    """A directory of files, and how to fill it."""
    directory = person.home / "certs"

    def put(name, content):
        path = directory / name
        for parent in (directory, path.parent):
            parent.mkdir(mode=0o755, exist_ok=True, parents=True)
            os.chown(parent, person.uid, person.gid)
        path.write_bytes(content.read_bytes() if isinstance(content, Path) else content.encode())
        os.chown(path, person.uid, person.gid)
        return path

    put.directory = directory
    return put


def to_der(path):
    return subprocess.run(
        ["openssl", "x509", "-in", path, "-outform", "DER"], capture_output=True, check=True
    ).stdout


def test_directory(person, pki, identities, certs):
    """Keys find certificates, and those their issuers, wherever each of them lies."""
    hana, ken = identities
    certs("a.key", hana.key)
    certs("there/it is.crt", hana.cert)
    certs("issuer.der", "").write_bytes(to_der(pki.intermediate.cert))
    certs("root.pem", "Root of the company\n\n" + pki.root.cert.read_text())
    certs("ken.p12", pki.p12(ken, with_root=False))
    certs("deeper/and/deeper.key", pki.identity("Nobody").key)
    certs("README", "Nothing to see here.\n-----BEGIN GEESE-----\n")
    certs("request.csr", "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n")
    password = person.write("pw", PASSWORD)
    before = snapshot(certs.directory)
    planned = take(person, "openssl", certs.directory, "--dry-run", "--password-file", password)
    report = take(person, "openssl", certs.directory, "--password-file", password)
    assert outcomes(planned) == outcomes(report) == {hana.name: "added", ken.name: "added"}
    assert issuers(report) == {"Example User CA", "Example Root CA"}
    assert report["refused"] == [] and report["places"][0]["found"] == 2
    for identity in identities:
        assert_works(person, identity)
    again = take(person, "openssl", certs.directory, "--password-file", password)
    assert set(outcomes(again).values()) == {"unchanged"}
    assert snapshot(certs.directory) == before


def test_directory_with_what_cannot_be_taken(person, pki, identities, certs):
    """Each has its reason, and the others are imported all the same."""
    hana, ken = identities
    certs("good.crt", hana.cert)
    certs("good.key", hana.key)
    certs("lonely.key", pki.new_key("lonely", "p256"))
    certs("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    openssl("pkey", "-in", ken.key, "-aes256", "-passout", "pass:other", "-out", certs("ken.key", ""))
    certs("ken.crt", ken.cert)
    done = take(person, "openssl", certs.directory, check=False)
    assert done.returncode in (EXIT_FAILED, EXIT_SECRET) and done.stderr == ""
    report = json.loads(done.stdout)
    assert outcomes(report) == {hana.name: "added"}
    why = reasons(report)
    assert set(why) == {"broken.pem", "ken.key", "lonely.key"}
    assert "no certificate" in why["lonely.key"] and "--password-file" in why["ken.key"]
    text = person.meishi("import", "--from", "openssl", certs.directory, check=False).stdout
    assert "Could not take “lonely.key” from " in " ".join(text.split())


def test_password_of_a_key_file_is_asked(person, identities, certs):
    ken = identities[1]
    openssl("pkey", "-in", ken.key, "-aes256", "-passout", "pass:other", "-out", certs("ken.key", ""))
    os.chown(certs.directory / "ken.key", person.uid, person.gid)
    certs("ken.crt", ken.cert)
    terminal = Terminal(
        [person.tree.meishi, "import", "--color=never", "--from", "openssl", certs.directory], person.env,
        person.home, **person.identity(),
    )  # fmt: skip
    terminal.expect_question("Password for ken.key")
    terminal.send("other\n")
    assert terminal.finish() == 0
    assert f"Added “{ken.name}”" in terminal.text


def test_links(person, pki, identities, certs):
    """Those that lead out are not followed, those within count once, circles lead nowhere."""
    hana, ken = identities
    certs("hana.key", hana.key)
    certs("hana.crt", hana.cert)
    outside = person.home / "outside"
    outside.mkdir()
    (outside / "ken.p12").write_bytes(pki.p12(ken, password="").read_bytes())
    (certs.directory / "ken.p12").symlink_to(outside / "ken.p12")
    (certs.directory / "up.p12").symlink_to("../outside/ken.p12")
    (certs.directory / "within.key").symlink_to("hana.key")
    (certs.directory / "circle").symlink_to(certs.directory)
    (certs.directory / "self.pem").symlink_to("self.pem")
    (certs.directory / "gone.pem").symlink_to("gone")
    os.mkfifo(certs.directory / "fifo.pem")
    report = take(person, "openssl", certs.directory)
    assert outcomes(report) == {hana.name: "added"} and report["refused"] == []
    assert report["places"][0]["links_not_followed"] >= 3
    text = person.meishi("import", "--from", "openssl", certs.directory).stdout
    assert "out of it were not followed" in text


def test_a_directory_of_many_certificates(person, pki, identities, certs):
    """More files than one call of the daemon takes."""
    certs("z.key", identities[0].key)
    certs("z.crt", identities[0].cert)
    for number in range(80):
        certs(f"ca{number:02}.pem", pki.self_signed(f"/CN=Authority {number}"))
    report = take(person, "openssl", certs.directory)
    assert outcomes(report) == {identities[0].name: "added"} and report["refused"] == []


def test_the_wrong_directory(person, certs):
    for number in range(520):
        certs(f"{number}.pem", "-----BEGIN CERTIFICATE-----\n")
    done = take(person, "openssl", certs.directory, check=False)
    assert done.returncode == EXIT_FAILED and "further down" in done.stderr
    done = take(person, "openssl", person.home / "nowhere", check=False)
    assert done.returncode == EXIT_FAILED and "No such file" in done.stderr


def test_unreadable_files(ordinary, identities):
    directory = ordinary.home / "certs"
    directory.mkdir(mode=0o755)
    for name, source in (("hana.key", identities[0].key), ("hana.crt", identities[0].cert)):
        (directory / name).write_bytes(source.read_bytes())
        (directory / name).chmod(0o644)
    (directory / "secret.key").write_bytes(identities[1].key.read_bytes())
    (directory / "secret.key").chmod(0)
    (directory / "private").mkdir(mode=0)
    done = take(ordinary, "openssl", directory, check=False)
    report = json.loads(done.stdout)
    assert done.returncode == EXIT_SECRET or done.returncode == EXIT_FAILED
    assert outcomes(report) == {identities[0].name: "added"}
    assert set(reasons(report)) == {"private/", "secret.key"}
    assert all("Permission denied" in reason for reason in reasons(report).values())
    (directory / "private").chmod(0o700)


# ---- the command ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "args, says",
    [
        (["--from", "opera"], "not from “opera”"),
        (["--from", "nssdb"], "--from nssdb DIRECTORY"),
        (["--from", "openssl"], "--from openssl DIRECTORY"),
        (["--from", "openssl", "a", "b"], "too much"),
        (["--from", "firefox", "somewhere"], "--profile"),
        (["--from", "gnome-keyring", "somewhere"], "without a path"),
        (["--from", "openssl", "a", "--profile", "x"], "have profiles"),
        (["--profile", "x", "a.p12"], "name it with --from"),
        ([], "Something is missing"),
    ],
)
def test_called_wrongly(person, args, says):
    done = person.meishi("import", *args, check=False)
    assert done.returncode == EXIT_USAGE and says in done.stderr
    assert person.daemon_pid() is None


def test_locked_vault_is_opened_by_its_passphrase(person, database, identities):
    """As with any import: it is asked for where there is a terminal, and then once."""
    passphrase = person.write("passphrase", "open sesame")
    person.meishi("vault", "init", "passphrase", "--passphrase-file", passphrase)
    person.meishi("lock")
    done = take(person, "nssdb", database, check=False)
    assert done.returncode == EXIT_SECRET
    terminal = Terminal(
        [person.tree.meishi, "import", "--color=never", "--from", "nssdb", database], person.env, person.home,
        **person.identity(),
    )  # fmt: skip
    terminal.expect_question("[Pp]assphrase")
    terminal.send("open sesame\n")
    assert terminal.finish() == 0
    assert "Added “Hana Ito”" in terminal.text


def test_completion(person):
    words = person.meishi("__complete", "import", "--from", "").stdout.split()
    assert words == ["firefox", "chromium", "thunderbird", "gnome-keyring", "nssdb", "openssl"]
