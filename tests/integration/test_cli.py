# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command line: every command, what it says, what it exits with, what it asks."""

import json
import os
import signal
import stat
import subprocess
import time
from pathlib import Path

import pytest
from harness.person import ORDINARY_UID
from harness.pki import PASSWORD, openssl
from harness.terminal import Terminal

EXIT_FAILED, EXIT_USAGE, EXIT_NOT_FOUND, EXIT_SECRET = 1, 2, 3, 4


def lines(text):
    return text.strip().splitlines()


@pytest.fixture
def alice(pki):
    return pki.identity("Alice", "rsa2048")


@pytest.fixture
def bob(pki):
    return pki.identity("Bob", "p256")


@pytest.fixture
def owner(person, pki, alice, bob):
    """A person with two identities in a vault that a key file opens."""
    person.import_files(pki.p12(alice), pki.p12(bob), password=PASSWORD)
    return person


def refuse(person, *args, status, says, **kwargs):
    done = person.meishi(*args, check=False, **kwargs)
    assert done.returncode == status, done.stdout + done.stderr
    assert says in done.stderr, done.stderr
    assert done.stdout == ""
    return done


def to_json(person, *args, **kwargs):
    return json.loads(person.meishi(*args, "--json", **kwargs).stdout)


def terminal(person, *args, columns=80, env=None):
    argv = [person.tree.meishi, *args]
    return Terminal(argv, person.env | (env or {}), person.home, columns=columns)


# ---- calling it ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "args, says",
    [
        (["imprt"], "Did you mean `meishi import`?"),
        (["xyzzy"], "`meishi help` shows all"),
        (["vault", "chekc"], "Did you mean `meishi vault check`?"),
        (["help", "lsit"], "Did you mean `meishi list`?"),
        (["list", "--jsn"], "Did you mean --json?"),
        (["list", "--frobnicate"], "`meishi list --help` shows all"),
        (["--jsno", "list"], "Did you mean --json?"),
        (["list", "-q"], "-q"),
        (["show"], "Usage: meishi show NAME"),
        (["rename", "a", "b", "c"], "Usage: meishi rename NAME NEW-LABEL"),
        (["list", "--color=maybe"], "auto, always or never"),
        (["import", "--password-fd=x", "f"], "x"),
        (["vault", "remove-slot", "first"], "no number of a key slot"),
        (["vault", "init", "pasphrase"], "did you mean “passphrase”"),
        (["vault", "init", "--key-file=x"], "only for a key slot of kind key-file"),
        (["export", "x", "--password-fd=0"], "only for --key"),
        (["set", "x"], "--allow-raw-rsa"),
        (["set", "x", "--allow-raw-rsa=maybe"], "--allow-raw-rsa"),
    ],
)
def test_wrong_calls_say_what_was_meant(person, args, says):
    refuse(person, *args, status=EXIT_USAGE, says=says)
    assert person.daemon_pid() is None


def test_help_of_every_command(person):
    overview = person.meishi("help").stdout
    commands = overview.partition("Commands:\n")[2].partition("\n\n")[0]
    for line in lines(commands):
        name = line.split()[0]
        text = person.meishi("help", name).stdout
        assert f"meishi {name}" in text
        assert text == person.meishi(name, "--help").stdout
        assert "Example" in text or "\nCommands:\n" in text
    assert person.meishi().stdout == overview == person.meishi("--help").stdout


def test_version(person):
    assert person.meishi("--version").stdout.startswith("meishi ")


# ---- the daemon ---------------------------------------------------------------------------------


def test_starts_the_daemon_where_nobody_listens(person):
    assert person.daemon_pid() is None
    assert person.meishi("list").stderr.startswith("There are no identities yet.")
    pid = person.daemon_pid()
    person.meishi("list")
    assert person.daemon_pid() == pid
    # It has left the command's session, and with it the terminal.
    assert os.getsid(pid) == pid


def test_many_commands_at_once_start_one_daemon(person):
    command = [str(person.tree.meishi), "status", "--json"]
    children = [
        subprocess.Popen(command, env=person.env, stdout=subprocess.PIPE, cwd=person.home)
        for _ in range(6)
    ]
    pids = {json.loads(child.communicate()[0])["pid"] for child in children}
    assert all(child.returncode == 0 for child in children)
    assert pids == {person.daemon_pid()}


def test_says_why_the_daemon_does_not_start(person):
    (person.data / "meishi").mkdir(mode=0o700)
    person.write("data/meishi/vault.db", "this is no database")
    began = time.monotonic()
    done = refuse(person, "list", status=EXIT_FAILED, says="The daemon could not start.")
    # Nobody else is starting one, so there is nothing to wait for (two seconds, else).
    assert time.monotonic() - began < 1.5
    assert "vault.db" in done.stderr or "damaged" in done.stderr


def test_says_how_to_make_the_vault_writable(ordinary, pki):
    ordinary.import_files(pki.p12(pki.identity("Alice", "rsa2048")), password=PASSWORD)
    ordinary.stop_daemon()
    store = ordinary.data / "meishi" / "vault.db"
    store.chmod(0o400)
    refuse(ordinary, "list", status=EXIT_FAILED, says=f"`chmod u+w '{store}'`")


def test_output_that_cannot_be_written(owner):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [owner.tree.meishi, "list"], env=owner.env, stdout=full, stderr=subprocess.PIPE
        )
    assert done.returncode == EXIT_FAILED and b"output" in done.stderr


def test_reader_who_has_seen_enough(owner):
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w") as pipe:
        done = subprocess.run(
            [owner.tree.meishi, "list"], env=owner.env, stdout=pipe, stderr=subprocess.PIPE
        )
    assert (done.returncode, done.stderr) == (0, b"")


def test_closed_output_is_nobody_elses_file(owner):
    given = owner.write("passphrase", "for the backup")
    owner.meishi("vault", "backup", "whole", "--passphrase-file", given)
    command = f"{owner.tree.meishi} vault backup b --passphrase-file {given} >&-"
    owner.run("sh", "-c", command, check=False)
    assert b"Wrote" not in (owner.home / "b").read_bytes()
    assert (owner.home / "b").stat().st_size == (owner.home / "whole").stat().st_size


def test_runtime_directory_of_others_is_refused(person):
    person.runtime.joinpath("meishi").mkdir()
    person.runtime.joinpath("meishi").chmod(0o777)
    refuse(person, "list", status=EXIT_FAILED, says="can be written to by others")


def test_too_long_runtime_directory(person):
    long = person.home / ("x" * 110)
    long.mkdir(mode=0o700)
    refuse(person, "list", status=EXIT_FAILED, says="XDG_RUNTIME_DIR",
           env={"XDG_RUNTIME_DIR": str(long)})  # fmt: skip


def tells_nothing_to_another_users_daemon(person, people):
    stranger = people(ORDINARY_UID)
    stranger.start_daemon()
    refuse(person, "import", "/dev/null", status=EXIT_FAILED, says="another user",
           env={"XDG_RUNTIME_DIR": str(stranger.runtime)})  # fmt: skip


# Only root can be somebody else.
if os.getuid() == 0:
    test_tells_nothing_to_another_users_daemon = tells_nothing_to_another_users_daemon


def test_status(person, pki, alice):
    empty = to_json(person, "status")
    assert empty["vault"] == "absent" and empty["identities"] == 0 and empty["slots"] == []
    assert "none yet" in person.meishi("status").stdout
    person.import_files(pki.p12(alice), password=PASSWORD)
    soon = pki.identity("Soon", "p256", days=7)
    person.import_files(pki.p12(soon), password=PASSWORD)
    full = to_json(person, "status")
    assert full["vault"] == "unlocked" and full["identities"] == 2
    assert full["pid"] == person.daemon_pid()
    assert full["bus_socket"] == str(person.bus_socket)
    assert full["module_socket"] == str(person.module_socket)
    assert full["store"] == str(person.data / "meishi")
    assert full["old_copies"] == []
    assert [one["label"] for one in full["expiring"]] == ["Soon"]
    assert full["expired"] == []
    text = person.meishi("status").stdout
    assert "“Soon” expires on" in text and "unlocked; opened by key file" in text


# ---- import -------------------------------------------------------------------------------------


def test_import_asks_without_echo(person, pki, alice):
    asked = terminal(person, "import", pki.p12(alice))
    asked.expect_question("Password for .*Alice.p12: ")
    asked.send("wrong\n")
    asked.expect("The password does not fit")
    asked.expect_question("Password for .*Alice.p12: ")
    asked.send(PASSWORD + "\n")
    asked.expect("Added “.*Alice.*” \\(RSA 2048, valid until ")
    assert asked.finish() == 0
    assert PASSWORD not in asked.text and "wrong\n" not in asked.text


def test_import_gives_up_after_three_wrong_passwords(person, pki, alice):
    asked = terminal(person, "import", pki.p12(alice))
    for _ in range(3):
        asked.expect_question("Password for ")
        asked.send("wrong\n")
    assert asked.finish() == EXIT_SECRET
    assert to_json(person, "list") == []


def test_interrupt_restores_the_terminal(person, pki, alice):
    asked = terminal(person, "import", pki.p12(alice))
    asked.expect_question("Password for ")
    asked.send("\x03")
    asked.expect("\n")
    status = asked.child.wait(60)
    assert status == -signal.SIGINT
    assert asked.is_echoing()
    os.close(asked.master)


def test_end_of_input_is_no_password(person, pki, alice):
    asked = terminal(person, "import", pki.p12(alice))
    asked.expect_question("Password for ")
    asked.send("\x04")
    assert asked.finish() == EXIT_SECRET
    assert "Nothing was typed." in asked.text


def test_import_without_terminal_says_so(person, pki, alice):
    refuse(person, "import", pki.p12(alice), status=EXIT_SECRET, says="--password-file")


def test_import_wrong_password_file_is_not_asked_again(person, pki, alice):
    done = person.import_files(pki.p12(alice), password="wrong", check=False)
    assert done.returncode == EXIT_SECRET


def test_import_asks_by_the_name_of_the_file(person, pki, alice, bob):
    """A question is not an error: nothing red before somebody typed something wrong."""
    first = pki.p12(alice, "first", file="first.p12")
    second = pki.p12(bob, "second", file="second.p12")
    asked = terminal(person, "import", first, second)
    asked.expect_question("Password for .*first.p12: ")
    asked.send("first\n")
    asked.expect_question("Password for .*second.p12: ")
    asked.send("wrong\n")
    asked.expect("second.p12: The password does not fit")
    asked.expect_question("Password for .*second.p12: ")
    asked.send("second\n")
    assert asked.finish() == 0
    assert asked.text.count("meishi:") == 1


def test_import_of_a_certificate_and_a_file_with_a_password(person, pki, alice, bob):
    asked = terminal(person, "import", bob.cert, bob.key, pki.p12(alice))
    asked.expect_question("Password for .*Alice.p12: ")
    asked.send(PASSWORD + "\n")
    assert asked.finish() == 0
    assert "meishi:" not in asked.text


KEY_DIFFERS = Path(os.environ["MEISHI_SOURCE_DIR"]) / "tests/fixtures/pkcs12/pw-key-differs.p12"


def test_import_asks_for_the_password_of_the_key(person):
    asked = terminal(person, "import", KEY_DIFFERS)
    asked.expect_question("Password for .*pw-key-differs.p12: ")
    asked.send("secret\n")
    asked.expect_question("Password for the private key in .*pw-key-differs.p12: ")
    asked.send("wrong\n")
    asked.expect("password of its own")
    asked.expect_question("Password for the private key in .*pw-key-differs.p12: ")
    asked.send("other\n")
    asked.expect("Added “")
    assert asked.finish() == 0


def test_import_takes_several_passwords(person):
    secret, other = person.write("secret", "secret"), person.write("other", "other")
    one = ["import", KEY_DIFFERS, "--password-file", secret]
    refuse(person, *one, status=EXIT_SECRET, says="use a further --password-file or --password-fd")
    asked = terminal(person, *one)
    asked.expect_question("Password for the private key in ")
    asked.send("\x04")
    assert asked.finish() == EXIT_SECRET
    with open(other, "rb") as file:
        person.meishi(*one, f"--password-fd={file.fileno()}", pass_fds=[file.fileno()])
    person.meishi(*one, "--password-file", other)
    assert len(to_json(person, "list")) == 1


def test_import_of_what_does_not_belong_together(person, alice, bob):
    done = person.meishi("import", alice.key, bob.cert)
    warning, added = lines(done.stdout)[:2]
    assert warning.startswith("Warning: The private key in ") and "“Bob”" in warning
    assert added.startswith("Added the key")
    refuse(person, "import", alice.key, bob.cert, status=EXIT_FAILED, says="Nothing was imported.")
    shown = json.loads(person.meishi("import", bob.key, alice.cert, "--json").stdout)
    assert shown["warnings"] == []  # Alice's certificate found her key in the vault


def test_import_of_a_further_certificate_names_the_identity(owner, pki, bob):
    late = pki.renewal(bob, "Bob renewed")
    done = owner.meishi("import", late.cert)
    assert done.stdout.startswith("Added the certificate “Bob renewed” for the key of “Bob” (")
    again = pki.renewal(bob, "Bob again")
    item = json.loads(owner.meishi("import", again.cert, "--json").stdout)["items"][0]
    assert item["label"] == "Bob again" and item["key_of"] in ("Bob", "Bob renewed")


def test_import_by_descriptor_and_standard_input(person, pki, alice):
    reader, writer = os.pipe()
    os.write(writer, PASSWORD.encode())
    os.close(writer)
    with open(pki.p12(alice), "rb") as file:
        done = subprocess.run(
            [person.tree.meishi, "import", "-", f"--password-fd={reader}"], stdin=file,
            env=person.env, cwd=person.home, pass_fds=[reader], capture_output=True, text=True,
        )  # fmt: skip
    os.close(reader)
    assert done.returncode == 0, done.stderr
    assert to_json(person, "list")[0]["label"] == "Alice"


def test_import_from_a_pipe(person, bob):
    pem = bob.cert.read_text() + bob.key.read_text()
    done = person.meishi("import", "-", stdin=pem)
    assert "Added “Bob” (EC P-256" in done.stdout
    again = person.meishi("import", "-", stdin=pem)
    assert "Nothing to do for “Bob” (it is here already)" in again.stdout


def test_import_pairs_up_and_takes_a_label(person, pki, alice):
    done = person.meishi("import", alice.cert, alice.key, "--label=work", "--json")
    report = json.loads(done.stdout)
    assert report["dry_run"] is False and report["vault_created"] == "key-file"
    [added] = [item for item in report["items"] if item["outcome"] == "added"]
    assert added["label"] == "work" and added["key"] == "RSA 2048"
    assert added["not_after"].endswith("Z")


def test_dry_run_changes_nothing(person, pki, alice):
    password = person.write("pw", PASSWORD)
    done = person.meishi("import", "-n", "--password-file", password, pki.p12(alice))
    assert "Would add “Alice”" in done.stdout and "dry run" in done.stdout
    status = to_json(person, "status")
    assert status["identities"] == 0 and status["vault"] == "absent"


@pytest.mark.parametrize(
    "name, says",
    [
        ("nothing.p12", "No such file"),
        (".", "directory"),
        ("/dev/tty", "Cannot read"),
        ("/dev/zero", "Cannot read /dev/zero: it does not end"),
    ],
)
def test_import_of_what_is_no_file(person, name, says):
    refuse(person, "import", name, status=EXIT_FAILED, says=says)


def test_password_of_what_is_no_file(person, bob):
    (person.home / "passwords").mkdir()
    refuse(person, "import", "--password-file", "passwords", bob.cert, status=EXIT_FAILED,
           says="passwords: ")  # fmt: skip


def test_import_of_too_much(person):
    person.write("large.p12", b"x" * (16 * 1024 * 1024 + 1))
    refuse(person, "import", "large.p12", status=EXIT_FAILED, says="larger than")


# ---- names --------------------------------------------------------------------------------------


def test_names(owner):
    alice, bob = to_json(owner, "list")
    names = ["alice", "ALICE", alice["id"], alice["id"][:8], "CN=Alice", alice["uri"]]
    for name in names:
        assert to_json(owner, "show", name)["id"] == alice["id"]
    assert to_json(owner, "show", bob["uri"])["id"] == bob["id"]


def test_ambiguous_name_lists_the_candidates(owner):
    done = refuse(owner, "remove", "--yes", "example corp", status=EXIT_NOT_FOUND, says="fits 2")
    for one in to_json(owner, "list"):
        assert f"{one['id'][:8]}  {one['label']}" in done.stderr


def test_unknown_name_suggests(owner):
    refuse(owner, "show", "alcie", status=EXIT_NOT_FOUND, says="Did you mean “Alice”?")
    refuse(owner, "show", "mallory", status=EXIT_NOT_FOUND, says="`meishi list` shows all")


# ---- looking ------------------------------------------------------------------------------------


def test_list(owner, alice):
    header, first, second = lines(owner.meishi("list").stdout)
    assert header.split() == ["LABEL", "SUBJECT", "ISSUER", "KEY", "WHERE", "VALID", "UNTIL"]
    assert header.index("SUBJECT") == first.index("CN=Alice") == second.index("CN=Bob")
    assert "Example User CA" in first and "RSA 2048" in first and "vault" in first


def test_list_fits_the_terminal(owner):
    shown = terminal(owner, "list", columns=60)
    assert shown.finish() == 0
    assert "…" in shown.text and "\033[1m" in shown.text
    plain = terminal(owner, "list", columns=60, env={"NO_COLOR": "1"})
    assert plain.finish() == 0
    assert "\033" not in plain.text
    assert max(map(len, lines(plain.text))) <= 60


def test_list_keeps_the_label_longest(person, pki):
    label = "the certificate for the office"
    one = pki.identity("Somebody with quite a long name", "p256")
    person.meishi("import", one.cert, one.key, "--label", label)
    shown = terminal(person, "list", columns=90)
    assert shown.finish() == 0
    assert label in shown.text and "CN=Some" in shown.text and "…" in shown.text


def test_colours_on_demand(owner):
    assert "\033" not in owner.meishi("list").stdout
    assert "\033[1mLABEL" in owner.meishi("list", "--color=always").stdout
    never = terminal(owner, "--color=never", "list")
    assert never.finish() == 0 and "\033" not in never.text


def test_show(owner, alice):
    shown = to_json(owner, "show", "alice")
    fingerprint = openssl("x509", "-in", alice.cert, "-noout", "-fingerprint", "-sha256")
    sha256 = fingerprint.strip().partition("=")[2].replace(":", "").lower()
    assert shown["certificate_sha256"] == shown["id"] == sha256
    assert shown["subject"] == alice.subject and shown["key"] == "RSA 2048"
    assert shown["uri"].startswith("pkcs11:token=Meishi;id=%")
    assert shown["extended_key_usage"] == ["1.3.6.1.5.5.7.3.2"]
    assert [one.partition(",")[0] for one in shown["chain"]] == [
        "CN=Example User CA", "CN=Example Root CA"]  # fmt: skip
    assert shown["allow_raw_rsa"] is False
    text = owner.meishi("show", "alice").stdout
    for key in ("uri", "certificate_sha256", "spki_sha256", "x5t_s256", "subject", "issuer"):
        assert shown[key] in text
    assert "TLS client" in text


@pytest.mark.parametrize("usage", [
    ["digitalSignature", "keyAgreement", "encipherOnly"],
    ["digitalSignature", "keyAgreement", "decipherOnly"],
])  # fmt: skip
def test_show_names_every_key_usage(person, pki, usage):
    extensions = [f"keyUsage=critical,{','.join(usage)}", "extendedKeyUsage=clientAuth"]
    one = pki.identity(usage[-1], extensions=extensions)
    person.import_files(pki.p12(one), password=PASSWORD)
    assert to_json(person, "show", one.name)["key_usage"] == usage
    assert ", ".join(usage) in person.meishi("show", one.name).stdout


def test_thumbprint_is_that_of_rfc_8705(owner, alice):
    import base64
    import hashlib

    digest = hashlib.sha256(alice.der()).digest()
    expected = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert to_json(owner, "show", "alice")["x5t_s256"] == expected


def test_hostile_names_do_not_reach_the_terminal(person, pki):
    evil = pki.identity("evil\u202e\u0085[31m", "p256")
    person.meishi("import", evil.cert, evil.key)
    for args in (["list"], ["show", "evil"], ["list", "--color=always"]):
        text = person.meishi(*args).stdout
        assert "\u202e" not in text and "\u0085" not in text


# ---- changing -----------------------------------------------------------------------------------


def test_rename(owner):
    assert "is called “work” now" in owner.meishi("rename", "alice", "work").stdout
    assert [one["label"] for one in to_json(owner, "list")] == ["Bob", "work"]
    assert to_json(owner, "rename", "work", "travail é")["label"] == "travail é"
    refuse(owner, "rename", "bob", "travail é", status=EXIT_FAILED, says="already")
    refuse(owner, "rename", "bob", "", status=EXIT_FAILED, says="label")


def test_labels_are_utf8_in_every_locale(owner, pki, alice):
    plain = {"LC_ALL": "C"}
    refuse(owner, "rename", "bob", b"b\xfcro".decode(errors="surrogateescape"),
           status=EXIT_USAGE, says="UTF-8")  # fmt: skip
    owner.meishi("rename", "bob", "büro", env=plain)
    carol = pki.identity("Carol", "p256")
    owner.meishi("import", carol.cert, carol.key, "--label=größe", env=plain)
    labels = [one["label"] for one in to_json(owner, "list", env=plain)]
    assert sorted(labels) == ["Alice", "büro", "größe"]


def test_labels_like_options(owner):
    owner.meishi("rename", "--", "alice", "--yes")
    owner.meishi("rename", "bob", "--", "--")
    assert [one["label"] for one in to_json(owner, "list")] == ["--", "--yes"]
    assert json.loads(owner.meishi("--json", "show", "--", "--yes").stdout)["label"] == "--yes"


def test_raw_rsa(owner):
    assert to_json(owner, "set", "alice", "--allow-raw-rsa=yes")["allow_raw_rsa"] is True
    assert to_json(owner, "show", "alice")["allow_raw_rsa"] is True
    assert "Raw RSA" in owner.meishi("show", "alice").stdout
    assert "no longer" in owner.meishi("set", "alice", "--allow-raw-rsa=no").stdout
    refuse(owner, "set", "bob", "--allow-raw-rsa=yes", status=EXIT_FAILED, says="RSA")


def test_renewal_is_settled_at_import(person, pki):
    old = pki.dated("Hana", "20240101000000Z", "20270101000000Z", "hana-old")
    new = pki.dated("Hana", "20260101000000Z", "20360101000000Z", "hana-new")
    person.meishi("import", old.cert, old.key, "--label=old")
    tried = person.meishi("import", new.cert, new.key, "--label=new", "--dry-run").stdout
    done = person.meishi("import", new.cert, new.key, "--label=new").stdout
    for text in (tried, done):
        assert "“new” renews “old”" in text.replace("\n", " ")
    assert "superseded by “new”" in person.meishi("list").stdout
    assert "Superseded by new" in " ".join(person.meishi("show", "old").stdout.split())
    newer, older = to_json(person, "show", "new"), to_json(person, "show", "old")
    assert older["superseded_by"] == newer["id"] and newer["superseded_by"] is None
    assert newer["lineage"] == older["lineage"] == older["id"]


def test_renewal_is_said(person, pki):
    one = pki.dated("Taro", "20260101000000Z", "20360101000000Z", "taro-one")
    two = pki.dated("Taro", "20260102000000Z", "20360101000000Z", "taro-two")
    person.meishi("import", one.cert, one.key, "--label=one")
    done = person.meishi("import", two.cert, two.key, "--label=two").stdout.replace("\n", " ")
    assert "“two” may renew “one”" in done and "meishi set 'two' --renews 'one'" in done
    assert "superseded" not in person.meishi("list").stdout
    said = to_json(person, "set", "two", "--renews", "one")
    assert said["renews"] == to_json(person, "show", "one")["id"]
    person.stop_daemon()
    assert "superseded by “two”" in person.meishi("list").stdout
    assert "“two” renews no other." in person.meishi("set", "two", "--renews=none").stdout
    assert to_json(person, "set", "two", "--renews=none")["renews"] is None
    assert "superseded" not in person.meishi("list").stdout
    refuse(person, "set", "one", "--renews=two", status=EXIT_FAILED, says="not issued later")
    refuse(person, "set", "one", "--renews=nobody", status=EXIT_NOT_FOUND, says="nobody")


def test_remove_asks(owner):
    asked = terminal(owner, "remove", "alice")
    asked.expect("Remove “Alice” .* for good\\? \\[y/N\\] ")
    asked.send("n\n")
    assert asked.finish() == EXIT_FAILED
    assert "Nothing was done." in asked.text
    refuse(owner, "remove", "alice", status=EXIT_USAGE, says="--yes")
    asked = terminal(owner, "remove", "alice")
    asked.expect("\\[y/N\\] ")
    asked.send("y\n")
    assert asked.finish() == 0
    assert [one["label"] for one in to_json(owner, "list")] == ["Bob"]
    owner.meishi("remove", "-y", "bob")
    assert to_json(owner, "list") == []


# ---- export -------------------------------------------------------------------------------------


def test_export_certificates(owner, pki, alice):
    pem = owner.meishi("export", "alice").stdout
    assert pem.count("BEGIN CERTIFICATE") == 3 and "PRIVATE" not in pem
    assert to_json(owner, "export", "alice")["pem"] == pem
    owner.meishi("export", "alice", "-o", "alice.pem")
    written = owner.home / "alice.pem"
    assert written.read_text() == pem
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    refuse(owner, "export", "alice", "-o", "alice.pem", status=EXIT_FAILED, says="--force")
    owner.meishi("export", "bob", "-f", "-o", "alice.pem")
    assert written.read_text() != pem
    refuse(owner, "export", "alice", "-o", "no/where", status=EXIT_FAILED, says="no/where")


def test_export_key(owner, alice):
    password = owner.write("new", "new one\n")
    owner.meishi("export", "--key", "alice", "--password-file", password, "-o", "out.p12")
    out = owner.home / "out.p12"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    key = openssl("pkcs12", "-in", out, "-passin", "pass:new one", "-nodes", "-nocerts")
    public = openssl("pkey", "-pubout", input=key)
    assert public == openssl("pkey", "-in", alice.key, "-pubout")
    command = [owner.tree.meishi, "export", "--key", "alice", "--password-file", password]
    piped = subprocess.run(command, env=owner.env, cwd=owner.home, capture_output=True, check=True)
    assert piped.stdout[:1] == b"\x30"


def test_export_key_not_to_a_terminal(owner):
    shown = terminal(owner, "export", "--key", "alice")
    assert shown.finish() == EXIT_USAGE
    assert "-o FILE" in shown.text


def test_export_key_asks_for_what_it_needs(owner):
    make_passphrase_only(owner, "open sesame")
    refuse(owner, "export", "--key", "alice", "-o", "x", "--password-file", "new",
           status=EXIT_SECRET, says="terminal")  # fmt: skip
    asked = terminal(owner, "export", "--key", "alice", "-o", "out.p12")
    asked.expect_question("Passphrase of the vault: ")
    asked.send("not it\n")
    asked.expect_question("New password for the file: ")
    asked.send("one\n")
    asked.expect_question("New password for the file, once more: ")
    asked.send("two\n")
    asked.expect("not alike")
    for question in ("New password for the file: ", "once more: "):
        asked.expect_question(question)
        asked.send("three\n")
    asked.expect("does not open the vault")
    asked.expect_question("Passphrase of the vault: ")
    asked.send("open sesame\n")
    assert asked.finish() == 0, asked.text
    openssl("pkcs12", "-in", owner.home / "out.p12", "-passin", "pass:three", "-noout")
    assert not (owner.home / "x").exists()


def make_passphrase_only(person, passphrase):
    given = person.write("passphrase", passphrase)
    person.meishi("vault", "add-slot", "passphrase", "--passphrase-file", given)
    person.meishi("vault", "remove-slot", "1", "--yes")
    return given


# ---- the vault ----------------------------------------------------------------------------------


def test_lock_without_daemon_or_vault(person):
    assert "not running" in person.meishi("lock").stdout
    assert person.daemon_pid() is None
    person.meishi("list")
    assert to_json(person, "lock") == {"state": "absent"}
    refuse(person, "unlock", status=EXIT_FAILED, says="There is no vault yet")


def test_lock_and_unlock(owner):
    assert to_json(owner, "lock") == {"state": "locked"}
    assert to_json(owner, "status")["vault"] == "locked"
    assert to_json(owner, "unlock") == {"state": "unlocked"}
    assert "already" in owner.meishi("unlock").stdout


def test_unlock_with_passphrase(owner):
    given = make_passphrase_only(owner, "open sesame")
    owner.meishi("lock")
    wrong = owner.write("wrong", "sesame")
    refuse(owner, "unlock", "--passphrase-file", wrong, status=EXIT_SECRET, says="does not open")
    refuse(owner, "unlock", status=EXIT_SECRET, says="no terminal")
    owner.meishi("unlock", "--passphrase-file", given)
    assert to_json(owner, "status")["vault"] == "unlocked"
    owner.meishi("lock")
    asked = terminal(owner, "unlock")
    asked.expect_question("Passphrase of the vault: ")
    asked.send("open sesame\n")
    assert asked.finish() == 0
    assert "open sesame" not in asked.text


def test_import_unlocks_on_the_way(owner, pki):
    make_passphrase_only(owner, "open sesame")
    owner.meishi("lock")
    carol = pki.identity("Carol", "p256")
    refuse(owner, "import", carol.cert, carol.key, status=EXIT_SECRET, says="meishi unlock")
    asked = terminal(owner, "import", carol.cert, carol.key)
    asked.expect_question("Passphrase of the vault: ")
    asked.send("open sesame\n")
    asked.expect("Added “.*Carol.*”")
    assert asked.finish() == 0


def test_nothing_is_remembered_without_a_vault(person):
    done = person.meishi("choices", "set", "a.example.com", "--none", check=False)
    assert done.returncode == 1 and "`meishi vault init` makes one." in done.stderr, done.stderr


def test_vault_init(person):
    key = person.home / "keys" / "vault.key"
    key.parent.mkdir(mode=0o700)
    os.chown(key.parent, person.uid, person.gid)
    made = to_json(person, "vault", "init", "key-file", "--key-file", key)
    assert made["kind"] == "key-file" and str(key) in made["message"]
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    [slot] = to_json(person, "vault", "slots")
    assert slot["kind"] == "key-file" and slot["location"] == str(key)
    refuse(person, "vault", "init", status=EXIT_FAILED, says="already")


def test_vault_init_asks_for_a_passphrase(person):
    asked = terminal(person, "vault", "init", "passphrase")
    asked.expect_question("New passphrase for the vault: ")
    asked.send("\n")
    asked.expect("at least one character")
    for question in ("New passphrase for the vault: ", "once more: "):
        asked.expect_question(question)
        asked.send("open sesame\n")
    assert asked.finish() == 0
    [slot] = to_json(person, "vault", "slots")
    assert slot["kind"] == "passphrase" and "scrypt" in slot["cost"]


def test_vault_slots(owner):
    refuse(owner, "vault", "remove-slot", "1", "-y", status=EXIT_SECRET, says="last key slot")
    for args in ([], ["-y"]):
        refuse(owner, "vault", "remove-slot", "7", *args, status=EXIT_NOT_FOUND, says="no key slot")
    refuse(owner, "vault", "remove-slot", "1", status=EXIT_USAGE, says="key slot 1, the key file /")
    make_passphrase_only(owner, "open sesame")
    header, row = lines(owner.meishi("vault", "slots").stdout)
    assert header.split() == ["ID", "KIND", "CREATED", "DETAILS"]
    assert row.startswith("2   passphrase")
    # Open or locked, it takes a new slot and gives a backup against proof only.
    proof = ("--proof-file", owner.home / "passphrase")
    for state in ("unlock", "lock"):
        owner.meishi(state, *(("--passphrase-file", proof[1]) if state == "unlock" else ()))
        refuse(owner, "vault", "add-slot", "key-file", status=EXIT_SECRET, says="assphrase")
        refuse(owner, "vault", "backup", "b", "--passphrase-file", proof[1], status=EXIT_SECRET,
               says="assphrase")  # fmt: skip
    owner.meishi("vault", "backup", "b", "--passphrase-file", proof[1], *proof)
    owner.meishi("vault", "add-slot", "key-file", *proof)
    assert [slot["kind"] for slot in to_json(owner, "vault", "slots")] == ["passphrase", "key-file"]


ALONE = "against stolen copies of the vault alone"


def test_whoever_makes_a_vault_is_told_what_it_protects_from(people, pki, alice):
    """One text for the first import, init and restore."""
    first, second, third, fourth = people(), people(), people(), people()
    imported = first.meishi("import", alice.cert, alice.key).stdout
    made = second.meishi("vault", "init").stdout
    key_file = str(second.config / "meishi" / "vault.key")
    assert made.replace(str(second.home), str(first.home)) in imported
    assert key_file in made and ALONE in made and "No desktop keyring answered" in made
    given = first.write("given", "for the backup")
    first.meishi("vault", "backup", "b", "--passphrase-file", given)
    restore = [
        "vault", "restore", third.write("b", (first.home / "b").read_bytes()),
        "--passphrase-file", third.write("given", "for the backup"), "--kind=key-file",
    ]  # fmt: skip
    restored = third.meishi(*restore).stdout
    assert "Restored the vault from" in restored and ALONE in restored
    assert str(third.config / "meishi" / "vault.key") in restored
    assert "No desktop keyring answered" not in restored
    word = fourth.write("word", "open sesame")
    shown = to_json(fourth, "vault", "init", "passphrase", "--passphrase-file", word)
    assert shown["kind"] == "passphrase" and "alone opens it" in shown["message"]


def test_vault_slots_without_vault(person):
    refuse(person, "vault", "slots", status=EXIT_FAILED, says="There is no vault yet")


def test_vault_check(owner):
    assert "all is well" in owner.meishi("vault", "check").stdout
    assert to_json(owner, "vault", "check")["findings"] == []


def test_backup_and_restore(owner, people):
    given = owner.write("passphrase", "for the backup")
    owner.meishi("vault", "backup", "b", "--passphrase-file", given)
    backup = owner.home / "b"
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    refuse(owner, "vault", "backup", "b", "--passphrase-file", given, status=EXIT_FAILED,
           says="--force")  # fmt: skip
    refuse(owner, "vault", "restore", "b", "--passphrase-file", given, status=EXIT_FAILED,
           says="already")  # fmt: skip
    other = people()
    copy = other.write("b", backup.read_bytes())
    wrong = other.write("wrong", "not it")
    refuse(other, "vault", "restore", copy, "--passphrase-file", wrong, status=EXIT_SECRET,
           says="does not open")  # fmt: skip
    assert to_json(other, "status")["vault"] == "absent"
    asked = terminal(other, "vault", "restore", copy)
    asked.expect_question("Passphrase of the backup: ")
    asked.send("for the backup\n")
    asked.expect("Restored the vault from")
    assert asked.finish() == 0
    assert to_json(other, "list") == [
        one | {"created": there["created"]}
        for one, there in zip(to_json(owner, "list"), to_json(other, "list"))
    ]
    assert to_json(other, "vault", "check")["findings"] == []


def test_restore_into_a_passphrase(owner, people):
    given = owner.write("passphrase", "for the backup")
    owner.meishi("vault", "backup", "b", "--passphrase-file", given)
    other = people()
    copy = other.write("b", (owner.home / "b").read_bytes())
    other.meishi(
        "vault", "restore", copy, "--passphrase-file", other.write("old", "for the backup"),
        "--kind=passphrase", "--new-passphrase-file", other.write("new", "here"),
    )  # fmt: skip
    assert [slot["kind"] for slot in to_json(other, "vault", "slots")] == ["passphrase"]


def test_backup_of_nothing(person):
    refuse(person, "vault", "backup", "b", status=EXIT_FAILED, says="no vault")
    assert not (person.home / "b").exists()
    refuse(person, "vault", "restore", "/dev/null", status=EXIT_SECRET, says="terminal")


# ---- completion ---------------------------------------------------------------------------------


def complete(person, line):
    """What bash offers for the last word of `line`."""
    script = """
        source "$1"; COMP_WORDS=($2); [[ $2 == *' ' ]] && COMP_WORDS+=('')
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _meishi; printf '%s\\n' "${COMPREPLY[@]}"
    """
    done = person.run("bash", "-c", script, "bash", person.tree.find("meishi.bash"), line)
    return done.stdout.split("\n")[:-1]


def test_bash_completion(owner):
    owner.meishi("rename", "alice", "Alice at work")
    assert "import" in complete(owner, "meishi ")
    assert complete(owner, "meishi vault add") == ["add-slot"]
    assert complete(owner, "meishi show Al") == ["Alice\\ at\\ work"]
    assert complete(owner, "meishi import --dry") == ["--dry-run"]
    assert complete(owner, "meishi list --color = ne") == ["never"]
    assert complete(owner, "meishi vault init k") == ["key-file"]
    assert complete(owner, "meishi list --color =") == ["auto", "always", "never"]
    owner.meishi("choices", "set", "a.example.com:8443", "--none")
    assert complete(owner, "meishi why a") == ["a.example.com:8443"]
    assert complete(owner, "meishi why a.example.com : 84") == ["8443"]
    assert complete(owner, "meishi why a.example.com :") == ["8443"]
    assert complete(owner, "meishi choices forget a.example.com : 8443 --ap") == ["--app"]
    assert complete(owner, "meishi choices set x --use = Al") == ["Alice\\ at\\ work"]


def test_completion_starts_nothing(person):
    assert complete(person, "meishi show ") == [""]
    assert person.daemon_pid() is None
