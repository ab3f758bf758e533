# SPDX-License-Identifier: LGPL-2.1-or-later
"""What selecting is for, told with real servers: each of these goes wrong in programs that keep
certificates of their own.  The client is doc/examples/select-openssl.c, which knows a server's words
and asks Meishi, or curl with what `meishi select` says."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from harness.apache import Apache
from harness.pki import openssl
from harness.servers import OpensslServer

SOURCE = Path(os.environ.get("MEISHI_SOURCE_DIR", Path(__file__).parents[2]))

# A person who does not want to be asked where one certificate fits.
SILENT = "[Policy]\nVersion=1\n[Defaults]\nSingle-Match-Silent=yes\n"


@pytest.fixture(scope="module")
def example(scratch):
    """The C example, built as its first lines say."""
    program = scratch / "select-openssl"
    flags = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "gio-unix-2.0", "openssl"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    source = SOURCE / "doc" / "examples" / "select-openssl.c"
    subprocess.run(["cc", "-Wall", "-Werror", "-o", program, source, *flags], check=True)
    program.chmod(0o755)
    return program


@pytest.fixture(scope="module")
def apache(scratch, pki):
    server = Apache(scratch / "apache", pki)
    yield server
    server.stop()


class Visitor:
    """A person with identities and the example client."""

    def __init__(self, person, pki, example):
        self.person, self.pki, self.example = person, pki, example
        person.start_daemon()

    def add(self, *certified, label=None):
        for one in certified:
            options = ("--label", label) if label else ()
            self.person.import_files(self.pki.p12(one), password="correct horse", options=options)

    def policy(self, text):
        directory = self.person.config / "meishi" / "policy.d"
        for path in (directory.parent, directory):
            path.mkdir(mode=0o700, exist_ok=True)
            os.chown(path, self.person.uid, self.person.gid)
        self.person.write("config/meishi/policy.d/10-person.conf", text)
        self.person.stop_daemon()
        self.person.start_daemon()

    def visit(self, port, path="/", host="localhost", check=True):
        return self.person.run(
            self.example, host, port, path, self.pki.root.cert, check=check
        )

    def choose(self, port, name, *options):
        return self.person.meishi("choices", "set", f"localhost:{port}", "--use", name, *options)

    def choices(self):
        return json.loads(self.person.meishi("choices", "list", "--json").stdout)

    def uri(self, name):
        return json.loads(self.person.meishi("show", name, "--json").stdout)["uri"]


@pytest.fixture
def visitor(ordinary, pki, example):
    return Visitor(ordinary, pki, example)


# ---- two ports of one host ---------------------------------------------------------------------


def test_two_ports_keep_two_choices(visitor, pki, nginx):
    alice, bob = pki.identity("alice"), pki.identity("bob")
    visitor.add(alice, bob)
    visitor.choose(nginx.port("1.2"), "alice")
    visitor.choose(nginx.port("1.3"), "bob")
    for _ in range(2):
        assert nginx.page(alice, "1.2") in visitor.visit(nginx.port("1.2")).stdout
        assert nginx.page(bob, "1.3") in visitor.visit(nginx.port("1.3")).stdout
    assert {c["port"]: c["label"] for c in visitor.choices()} == {
        nginx.port("1.2"): "alice",
        nginx.port("1.3"): "bob",
    }


def test_curl_with_what_select_says(visitor, pki, nginx):
    alice, bob = pki.identity("alice"), pki.identity("bob")
    visitor.add(alice, bob)
    for version, one in (("1.2", alice), ("1.3", bob)):
        url = f"https://localhost:{nginx.port(version)}/"
        visitor.choose(nginx.port(version), one.name)
        uri = visitor.person.meishi("select", "--ca-file", pki.root.cert, url).stdout.strip()
        assert uri == visitor.uri(one.name)
        page = visitor.person.run(
            "curl", "-sS", "--cacert", pki.root.cert, "--cert", uri, url
        ).stdout
        assert nginx.page(one, version) in page


# ---- Apache asks when it comes to the directory ------------------------------------------------


@pytest.mark.parametrize("version", ["1.2", "1.3"], ids=["renegotiation", "post-handshake"])
def test_apache_asks_for_one_directory(visitor, pki, apache, version):
    partner = pki.authority("Partner CA")
    other = pki.identity("carol at partner", issuer=partner)
    alice = pki.identity("alice")
    visitor.add(other, alice)
    visitor.policy(SILENT)
    port = apache.port(version)
    assert f"X-Client: [] TLSv{version}" in visitor.visit(port).stdout
    staff = visitor.visit(port, "/staff/").stdout
    assert f"X-Client: [{alice.subject}] TLSv{version}" in staff
    assert "page staff" in staff


# ---- a certificate that was refused ------------------------------------------------------------


@pytest.fixture(scope="module")
def strict(scratch, pki):
    """A server that knows which certificates were revoked."""
    revoked = pki.revocations(pki.identity("alice"))
    server = OpensslServer(
        scratch / "strict", pki, "1.3", "-CRL", revoked, "-crl_check", "-verify_quiet"
    )
    yield server
    server.stop()


def test_refused_is_not_repeated(visitor, pki, strict):
    """Remembered, refused by the server as revoked: nothing goes silently afterwards, neither the
    same nor another one."""
    visitor.add(pki.identity("alice"), pki.identity("bob"))
    visitor.choose(strict.port, "alice", "--scope", "always")
    first = visitor.visit(strict.port, check=False)
    assert first.returncode == 1 and "revoked" in first.stderr
    [choice] = visitor.choices()
    assert choice["suspicion"] == "suspect"
    assert "revoked" in choice["alert_text"]
    asked = strict.process.output().count("certificate revoked")
    again = visitor.visit(strict.port, check=False)
    assert "no certificate is sent" in again.stderr
    assert strict.process.output().count("certificate revoked") == asked
    # Nobody can be asked here, so the person says it by hand, and that is taken.
    visitor.choose(strict.port, "bob")
    assert "HTTP/1.0 200" in visitor.visit(strict.port).stdout


def test_unknown_authority_is_not_repeated(visitor, pki, s_server):
    stranger = pki.identity("stranger", issuer=pki.authority("Unknown CA"))
    visitor.add(stranger)
    server = s_server("1.2")
    visitor.policy(
        "[Policy]\nVersion=1\n[Rule sent anyway]\nMatch-Host=localhost\n"
        "Identity-Subject-CN=stranger\nAction=select\n"
    )
    before = visitor.visit(server.port, check=False)
    assert before.returncode != 0
    log = server.process.output()
    visitor.visit(server.port, check=False)
    assert log.count("unable to get") == server.process.output().count("unable to get")


# ---- a server that names nobody ----------------------------------------------------------------


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_no_list_pulls_nothing_out(visitor, pki, scratch, version):
    alice = pki.identity("alice")
    visitor.add(alice)
    visitor.policy(SILENT)
    server = OpensslServer(scratch / f"silent{version}", pki, version, is_silent=True)
    try:
        done = visitor.visit(server.port, check=False)
        assert "no certificate is sent" in done.stderr
        assert not server.saw(alice)
        # It would have been taken: what was missing is somebody who wants it.
        visitor.choose(server.port, "alice")
        visitor.visit(server.port)
        assert server.saw(alice)
    finally:
        server.stop()


# ---- names that are equal ----------------------------------------------------------------------


def test_twins_are_told_apart(visitor, pki, scratch):
    """Two authorities of one name, and two people of one name: what was chosen is what is sent,
    with its own chain."""
    first = pki.authority("Twin CA", stem="twin-a")
    second = pki.authority("Twin CA", stem="twin-b")
    one = pki.identity("dora one", issuer=first)
    two = pki.identity("dora two", issuer=second)
    visitor.add(one, label="one")
    visitor.add(two, label="two")
    trust = pki.directory / "twins.pem"
    trust.write_text(second.cert.read_text())
    server = OpensslServer(scratch / "twins", pki, "1.3", trust=trust)
    try:
        explained = json.loads(
            visitor.person.meishi(
                "why", "--json", "--from-server", "--ca-file", pki.root.cert,
                f"localhost:{server.port}", check=False,
            ).stdout
        )  # fmt: skip
        assert sorted(v["label"] for v in explained["verdicts"] if v["kind"] == "ok") == [
            "one", "two",
        ]  # fmt: skip
        visitor.choose(server.port, "two")
        assert "HTTP/1.0 200" in visitor.visit(server.port).stdout
        visitor.choose(server.port, "one")
        assert visitor.visit(server.port, check=False).returncode == 1
        visitor.choose(server.port, "two")
        assert "HTTP/1.0 200" in visitor.visit(server.port).stdout
    finally:
        server.stop()


def test_equal_subject_and_issuer(visitor, pki, nginx):
    """Two certificates of one person from one authority differ in their serial numbers alone."""
    first = pki.dated("erin", "20260101000000Z", "20360101000000Z", "erin-1")
    second = pki.dated("erin", "20260102000000Z", "20360101000000Z", "erin-2")
    visitor.add(first, label="laptop")
    visitor.add(second, label="desktop")
    for label, one in (("laptop", first), ("desktop", second)):
        uri = visitor.uri(label)
        visitor.choose(nginx.port("1.3"), label)
        chosen = visitor.person.meishi(
            "select", "--ca-file", pki.root.cert, f"https://localhost:{nginx.port('1.3')}/"
        ).stdout.strip()  # fmt: skip
        assert chosen == uri
        shown = visitor.person.meishi("export", label).stdout
        assert openssl("x509", "-noout", "-serial", input=shown) == openssl(
            "x509", "-noout", "-serial", "-in", one.cert
        )


# ---- time passes -------------------------------------------------------------------------------


def test_successor_goes_and_the_expired_one_never(visitor, pki, nginx):
    old = pki.dated("frank", "20240101000000Z", "20250101000000Z", "frank-old")
    visitor.add(old, label="frank")
    visitor.policy(SILENT)
    port = nginx.port("1.3")
    alone = visitor.visit(port, check=False)
    assert "no certificate is sent" in alone.stderr
    visitor.choose(port, "frank")
    assert "no certificate is sent" in visitor.visit(port, check=False).stderr
    new = pki.dated("frank", "20260101000000Z", "20360101000000Z", "frank-new")
    visitor.add(new, label="frank renewed")
    assert nginx.page(new, "1.3") in visitor.visit(port).stdout
    # What was remembered for the old one is followed by the new one.
    [choice] = visitor.choices()
    assert choice["label"] == "frank renewed"
