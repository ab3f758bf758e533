# SPDX-License-Identifier: LGPL-2.1-or-later
"""`meishi import` of every file that people were ever sent: tests/fixtures and its manifests."""

import json
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from harness.person import Person, describe

FIXTURES = Path(os.environ["MEISHI_SOURCE_DIR"]) / "tests" / "fixtures"

# Nothing may take longer, whatever the file asks for; the slowest good file derives 65536 blocks
# of scrypt, and the machine may be busy.
MAX_SECONDS = 30
MAX_MEMORY_KIB = 512 * 1024

EXIT_FAILED, EXIT_NOT_FOUND, EXIT_SECRET = 1, 3, 4
SECRETS = ("WRONG_PASSWORD", "PASSWORD_REQUIRED")


@dataclass
class Case:
    """A row of a manifest."""

    directory: Path
    names: str
    password: str
    keys: str
    expect: str

    @property
    def files(self):
        return [self.directory / name for name in self.names.split(",")]

    @property
    def password_bytes(self):
        if self.password == "-absent-":
            return None
        return b"" if self.password == "-empty-" else unquote_to_bytes(self.password)

    @property
    def identities(self):
        """How many pairs it holds; None where it has to be refused."""
        return int(self.expect[3:]) if self.expect.startswith("ok:") else None


def read_manifest(directory):
    lines = (directory / "MANIFEST.tsv").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("#file\tpassword\tclass\tkeys\tcerts\texpect\t")
    for line in lines[1:]:
        name, password, _, keys, _, expect, _ = line.split("\t")
        yield Case(directory, name, password, keys, expect)


CASES = [case for name in ("pkcs12", "pem") for case in read_manifest(FIXTURES / name)]


@pytest.fixture(scope="module")
def importer(tree, scratch):
    """One person and one daemon for all files: each has to leave them as it found them."""
    person = Person(tree, scratch / "importer")
    person.start_daemon()
    yield person
    person.close()


def run_import(person, case, *options):
    """The finished process and how long it took."""
    before = time.monotonic()
    done = person.import_files(
        *case.files, password=case.password_bytes, options=("--json", *options), check=False
    )
    taken = time.monotonic() - before
    assert taken < MAX_SECONDS, f"{case.names}: {taken:.1f} s"
    return done


def identities(person):
    return json.loads(person.meishi("list", "--json").stdout)


def forget_everything(person):
    for one in identities(person):
        person.meishi("remove", "--yes", one["id"])
    assert identities(person) == []


def check_certificates_only(person, done):
    """Nothing to keep: said as an error, because it is not what a person meant."""
    assert done.returncode == EXIT_NOT_FOUND, describe(done)
    assert "no private key" in done.stderr
    assert identities(person) == []


def check_read(person, case, done):
    assert done.returncode == 0, describe(done)
    report = json.loads(done.stdout)
    kept = identities(person)
    paired = [one for one in kept if one["subject"]]
    assert len(paired) == case.identities, kept
    assert len(kept) == int(case.keys) or "x25519" in case.names, kept
    outcomes = [item["outcome"] for item in report["items"]]
    assert outcomes.count("added") == len(paired)
    assert outcomes.count("key-added") == len(kept) - len(paired)
    # What nothing was kept of has been said.
    assert kept or report["notes"] or "passed-over" in outcomes


def check_refused(person, case, done):
    assert done.returncode == (EXIT_SECRET if case.expect in SECRETS else EXIT_FAILED) or (
        case.expect == "refused" and done.returncode in (EXIT_FAILED, EXIT_SECRET)
    ), describe(done)
    assert identities(person) == []
    message = done.stderr.strip()
    assert re.match(r"meishi: .{10,}[.!?)]$", message, re.S), describe(done)
    if case.expect not in (*SECRETS, "refused"):
        assert not re.search(r"wrong password|password is wrong", message, re.I), message


@pytest.mark.parametrize("case", CASES, ids=[case.names for case in CASES])
def test_file(importer, case):
    done = run_import(importer, case)
    if case.identities is None:
        check_refused(importer, case, done)
    elif case.keys == "0":
        check_certificates_only(importer, done)
    else:
        check_read(importer, case, done)
    forget_everything(importer)


def test_memory_stayed_bounded(importer):
    """The last of the file: the daemon has seen everything by now."""
    status = Path(f"/proc/{importer.daemon_pid()}/status").read_text()
    peak = int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1))
    assert peak < MAX_MEMORY_KIB


# ---- what holds for any import ----------------------------------------------------------------


def test_second_import_changes_nothing_and_says_so(person, pki):
    p12 = pki.p12(pki.identity("Twice"))
    person.import_files(p12, password="correct horse")
    before = identities(person)
    again = person.import_files(p12, password="correct horse")
    assert "already" in again.stdout
    assert identities(person) == before


def test_dry_run_tells_and_does_nothing(person, pki):
    p12 = pki.p12(pki.identity("Rehearsal"))
    done = person.import_files(p12, password="correct horse", options=("--dry-run",))
    assert "Would add" in done.stdout and "Rehearsal" in done.stdout
    assert identities(person) == []


def test_one_bad_file_among_good_ones_stores_nothing(person, pki):
    good = pki.identity("Innocent")
    bad = person.write("bad.p12", b"no PKCS#12 at all")
    done = person.import_files(good.cert, good.key, bad, check=False)
    assert done.returncode == EXIT_FAILED
    assert "bad.p12" in done.stderr
    assert identities(person) == []


def test_certificate_that_arrives_later_completes_its_key(person, pki):
    one = pki.identity("Requested")
    person.import_files(one.key)
    assert [i["subject"] for i in identities(person)] in ([""], [None])
    der = person.write("answer.crt", one.der())
    person.import_files(der)
    assert [i["subject"] for i in identities(person)] == [one.subject]


def test_password_over_a_descriptor(person, pki):
    p12 = pki.p12(pki.identity("Descriptor"))
    secret = person.write("secret", "correct horse")
    with open(secret, "rb") as stream:
        person.meishi(
            "import", "--password-fd", stream.fileno(), p12, pass_fds=(stream.fileno(),)
        )
    assert len(identities(person)) == 1


def test_no_password_as_an_argument(person, pki):
    p12 = pki.p12(pki.identity("Argument"))
    done = person.meishi("import", "--password", "correct horse", p12, check=False)
    assert done.returncode == 2
    assert identities(person) == []


WARNINGS = [
    ("odd-expired.p12", "expired"),
    ("odd-not-yet.p12", "not-yet-valid"),
    ("odd-server-only.p12", "no-client-auth"),
    ("odd-sha1.p12", "weak-signature"),
    ("key-rsa1024.p12", "weak-key"),
    ("key-ec-P-384.p12", "missing-issuer"),
]


@pytest.mark.parametrize("name,warning", WARNINGS)
def test_what_a_person_should_know(person, name, warning):
    done = person.import_files(
        FIXTURES / "pkcs12" / name, password="secret", options=("--json",)
    )
    items = json.loads(done.stdout)["items"]
    assert warning in items[0]["warnings"]
    assert len(items[0]["messages"]) == len(items[0]["warnings"])


def test_good_file_warns_of_nothing(person):
    done = person.import_files(
        FIXTURES / "pkcs12" / "ok-openssl3-default.p12", password="secret", options=("--json",)
    )
    assert json.loads(done.stdout)["items"][0]["warnings"] == []
