# SPDX-License-Identifier: LGPL-2.1-or-later
"""`meishi probe` and `meishi test` against nginx, OpenSSL, GnuTLS, Apache, and mail and directory
servers that begin in clear: what is asked for, whether it is required, and what became of it."""

import json
import os
import time

import pytest
from harness.apache import Apache
from harness.askers import ClearServer, FacedNginx, GnutlsServer, Mumbler
from harness.pki import PASSWORD, SERVER_EXTENSIONS
from harness.servers import OpensslServer, free_port

VERSIONS = ("1.2", "1.3")
ASK = "[Policy]\nVersion=1\n[Defaults]\nSingle-Match-Silent=yes\n"


@pytest.fixture(scope="module")
def alice(pki):
    return pki.identity("Alice")


@pytest.fixture(scope="module")
def mallory(pki):
    """Whose certificate is revoked."""
    made = pki.identity("Mallory")
    pki.revocations(made)
    return made


@pytest.fixture(scope="module")
def faces(scratch, pki, mallory):
    server = FacedNginx(scratch / "faces", pki)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def apache(scratch, pki):
    server = Apache(scratch / "probed-apache", pki)
    yield server
    server.stop()


@pytest.fixture
def clear_server(pki):
    made = []

    def start(protocol, version="1.3", **how):
        made.append(ClearServer(pki, protocol, version, **how))
        return made[-1]

    yield start
    for server in made:
        server.stop()


@pytest.fixture
def mumbler():
    made = []

    def start(words):
        made.append(Mumbler(words))
        return f"localhost:{made[-1].port}"

    yield start
    for server in made:
        server.stop()


class Prober:
    """A person with the company's root at hand."""

    def __init__(self, person, pki):
        self.person, self.pki = person, pki

    def add(self, *certified):
        for one in certified:
            self.person.import_files(self.pki.p12(one), password=PASSWORD)

    def policy(self, text):
        directory = self.person.config / "meishi" / "policy.d"
        for path in (directory.parent, directory):
            path.mkdir(mode=0o700, exist_ok=True)
            os.chown(path, self.person.uid, self.person.gid)
        self.person.write("config/meishi/policy.d/10-person.conf", text)

    def run(self, command, target, *options, trust=True, **kwargs):
        trusted = ("--ca-file", self.pki.root.cert) if trust else ()
        return self.person.meishi(command, target, *trusted, *options, check=False, **kwargs)

    def probe(self, target, *options):
        """All that was found out, and what was found out about each version."""
        done = self.run("probe", target, "--json", *options)
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        return found, {one["version"].removeprefix("TLS "): one for one in found["versions"]}

    def test(self, target, *options, module=True):
        """Exit status and JSON."""
        path = ("--module", self.person.tree.module) if module else ()
        done = self.run("test", target, "--json", *path, *options)
        return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


@pytest.fixture
def prober(person, pki):
    return Prober(person, pki)


@pytest.fixture
def tester(prober, alice):
    """The same with Alice's certificate, which goes without asking where it alone fits."""
    prober.policy(ASK)
    prober.person.start_daemon()
    prober.add(alice)
    return prober


# ---- probe ----------------------------------------------------------------------------------


def other(version):
    return next(one for one in VERSIONS if one != version)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "face, certificate, status",
    [
        ("open", "not-asked", 200),
        ("optional", "optional", 200),
        ("required", "wanted", 400),
        ("unlisted", "optional", 200),
    ],
)
def test_nginx(prober, faces, face, version, certificate, status):
    found, versions = prober.probe(faces.target(face, version))
    assert found["server"]["trusted"]
    assert found["server"]["subject"] == "CN=localhost,O=Example Corp"
    assert found["server"]["issuer"] == "CN=Example Root CA,O=Example Corp"
    assert not versions[other(version)]["spoken"]
    one = versions[version]
    assert one["spoken"] and one["outcome"] == "accepted"
    assert (one["certificate"], one["http_status"]) == (certificate, status)
    assert one["alpn"] == "http/1.1"


def test_authorities_in_words(prober, faces):
    """With and without a list; TLS 1.2 has types, TLS 1.3 has none."""
    listed = prober.probe(faces.target("required", "1.2"))[1]["1.2"]
    assert listed["authorities"] == [
        "CN=Example User CA,O=Example Corp",
        "CN=Example Root CA,O=Example Corp",
    ]
    assert "ecdsa_sign" in listed["certificate_types"]
    assert "ecdsa_secp256r1_sha256" in listed["signature_schemes"]
    assert listed["phase"] == "initial"
    unlisted = prober.probe(faces.target("unlisted", "1.3"))[1]["1.3"]
    assert unlisted["authorities"] == []
    assert unlisted["certificate_types"] == []
    assert "rsa_pss_rsae_sha256" in unlisted["signature_schemes"]


@pytest.mark.parametrize("version, alert", [("1.2", 40), ("1.3", 116)])
def test_openssl_requires(prober, s_server, version, alert):
    one = prober.probe(f"localhost:{s_server(version).port}", "--tls", version)[1][version]
    assert (one["outcome"], one["alert"], one["certificate"]) == ("alert", alert, "required")
    assert len(one["authorities"]) == 2


@pytest.mark.parametrize("version", VERSIONS)
def test_openssl_schemes(prober, s_server, version):
    """As the server was told, in its order."""
    server = s_server(version, "-client_sigalgs", "RSA-PSS+SHA384:ECDSA+SHA256")
    one = prober.probe(f"localhost:{server.port}", "--tls", version)[1][version]
    assert one["signature_schemes"] == ["rsa_pss_rsae_sha384", "ecdsa_secp256r1_sha256"]


@pytest.mark.parametrize("version", VERSIONS)
def test_gnutls_requires(prober, pki, scratch, version):
    server = GnutlsServer(scratch / f"gnutls-{version}", pki, version)
    try:
        one = prober.probe(server.target(), "--tls", version)[1][version]
    finally:
        server.stop()
    assert one["certificate"] == "required"
    assert "CN=Example Root CA,O=Example Corp" in one["authorities"]


@pytest.mark.parametrize(
    "version, phase", [("1.2", "renegotiation"), ("1.3", "post-handshake")]
)
def test_apache_asks_for_a_path(prober, apache, version, phase):
    open_page = prober.probe(apache.url(version), "--tls", version)[1][version]
    assert open_page["certificate"] == "not-asked" and open_page["http_status"] == 200
    staff = prober.probe(apache.url(version, "/staff/"), "--tls", version)[1][version]
    assert staff["phase"] == phase
    assert staff["certificate"] in ("required", "wanted")
    assert "CN=Example User CA,O=Example Corp" in staff["authorities"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("protocol", ["smtp", "imap", "pop3", "ldap"])
def test_starttls(prober, clear_server, protocol, version):
    optional = clear_server(protocol, version)
    found, versions = prober.probe(optional.target, "--tls", version)
    assert found["starttls"] and found["server"]["trusted"]
    assert versions[version]["certificate"] == "optional"
    assert versions[version]["outcome"] == "accepted"
    assert optional.seen == [None] and optional.errors == []
    required = clear_server(protocol, version, required=True)
    assert prober.probe(required.target, "--tls", version)[1][version]["certificate"] == "required"


def test_text(prober, faces):
    """What a person reads; nothing of it depends on a terminal."""
    text = prober.run("probe", faces.target("optional", "1.3")).stdout
    assert "Trusted         yes" in text
    assert "optional: the server goes on without one" in text
    assert "Authorities (2) CN=Example User CA,O=Example Corp\n" in text
    assert "TLS 1.2\n" in text and "refuses this version of TLS" in text
    text = prober.run("probe", faces.target("open", "1.3"), "--tls=1.3").stdout
    assert "not asked for" in text and "TLS 1.2" not in text


def test_answers_once(prober, pki, scratch):
    """What a server said before it went away is shown."""
    server = OpensslServer(scratch / "once", pki, "1.3", "-naccept", "1")
    versions = prober.probe(f"localhost:{server.port}")[1]
    server.stop()
    assert versions["1.3"]["certificate"] == "required"
    assert not versions["1.2"]["spoken"] and "Nobody listens" in versions["1.2"]["message"]


def test_many_authorities(prober, pki, scratch):
    """More than one record holds (RFC 9846 "Record Layer": 2^14 bytes)."""
    names = [f"/O={'Example Corp ' * 4}{number}/CN=CA {number}" for number in range(250)]
    bundle = scratch / "many.pem"
    bundle.write_text("".join(pki.self_signed(name) for name in names))
    for version in VERSIONS:
        server = OpensslServer(scratch / f"many-{version}", pki, version, "-CAfile", bundle)
        one = prober.probe(f"localhost:{server.port}", "--tls", version)[1][version]
        server.stop()
        assert len(one["authorities"]) == len(names)
        assert one["authorities"][-1].startswith("CN=CA 249,O=Example Corp Example")


def test_untrusted_is_told(prober, faces):
    done = prober.run("probe", faces.target("open", "1.3"), "--json", trust=False)
    server = json.loads(done.stdout)["server"]
    assert not server["trusted"]
    assert server["not_trusted_because"] == "The certificate issuer is unknown."
    text = prober.run("probe", faces.target("open", "1.3"), trust=False).stdout
    assert "Trusted         no: The certificate issuer is unknown.\n" in text


def test_wrong_name(prober, pki, clear_server):
    """The authority is known, the name is another; an address has to be in the certificate too."""
    names = [*SERVER_EXTENSIONS[:-1], "subjectAltName=DNS:elsewhere.example.com,IP:127.0.0.1"]
    elsewhere = pki.identity("elsewhere", issuer=pki.root, extensions=names)
    target = clear_server("imap", certified=elsewhere).target
    server = prober.probe(target)[0]["server"]
    assert not server["trusted"] and "name" in server["not_trusted_because"]
    assert prober.probe(target.replace("localhost", "127.0.0.1"))[0]["server"]["trusted"]


# ---- where nobody is --------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["probe", "test"])
def test_nobody_listens(prober, command):
    done = prober.run(command, f"localhost:{free_port()}")
    assert done.returncode == 1
    assert "Nobody listens at localhost:" in done.stderr


def test_unknown_name(prober):
    done = prober.run("probe", "no-such-host.invalid")
    assert done.returncode == 1
    assert "no-such-host.invalid" in done.stderr


def test_no_tls(prober, mumbler):
    done = prober.run("probe", mumbler(b"SSH-2.0-OpenSSH_9.2\r\n"))
    assert done.returncode == 1
    assert "There is no TLS at localhost:" in done.stderr
    assert "is not TLS" in done.stderr


def test_closes_at_once(prober, mumbler):
    done = prober.run("test", mumbler(b""))
    assert done.returncode == 1
    assert "closes the connection when TLS begins" in done.stderr


def test_deadline(prober, mumbler):
    """Nobody waits for a server that says nothing, in TLS or before it."""
    silent = mumbler(None)
    for target in (silent, f"imap://{silent}", f"ldap://{silent}"):
        done = prober.run("probe", target, "--timeout", "1")
        assert done.returncode == 1
        assert "did not answer in time" in done.stderr


def test_wrong_protocol(prober, mumbler):
    done = prober.run("probe", f"imap://{mumbler(b'220 smtp.example.com ESMTP')}", "--timeout", "5")
    assert done.returncode == 1, done.stdout


@pytest.mark.parametrize(
    "args, text",
    [
        (["http://localhost"], "has no TLS"),
        (["localhost:0"], "a port is a number"),
        (["localhost", "--tls", "1.1"], "--tls is 1.2 or 1.3"),
        (["localhost", "--timeout", "-1"], "from 1 to 600"),
        (["localhost", "--timeout", "0"], "from 1 to 600"),
        ([], "Something is missing"),
    ],
)
def test_usage(prober, args, text):
    for command in ("probe", "test"):
        done = prober.person.meishi(command, *args, check=False)
        assert done.returncode == 2
        assert text in done.stderr


def test_ca_file_without_certificates(prober, faces):
    empty = prober.person.write("empty.pem", "nothing\n")
    done = prober.person.meishi(
        "probe", faces.target("open", "1.3"), "--ca-file", empty, check=False
    )
    assert done.returncode == 1
    assert "no certificates in PEM" in done.stderr


# ---- test -----------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("face", ["required", "optional"])
def test_accepted(tester, faces, alice, face, version):
    status, result = tester.test(faces.target(face, version), "--no-prompt")
    assert (status, result["verdict"], result["label"]) == (0, "accepted", "Alice")
    assert result["sent"] and result["http_status"] == 200
    assert result["version"] == f"TLS {version}"
    assert result["selection"]["result"] == "selected"
    assert f"SUCCESS [{alice.subject}] TLSv{version}" in faces.log()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("algorithm", ["rsa2048", "p384", "ed25519"])
def test_algorithms(prober, pki, faces, algorithm, version):
    """Each kind of key signs, through PKCS#11, what each version wants to be signed."""
    prober.person.start_daemon()
    prober.add(pki.identity(f"Carol {algorithm}", algorithm))
    target = faces.target("required", version)
    status, result = prober.test(target, "--identity", f"Carol {algorithm}")
    assert (status, result["verdict"], result["sent"]) == (0, "accepted", True)


def test_locked(tester, faces):
    """A key that nobody may use now is no verdict of the server."""
    tester.person.meishi("lock")
    target = faces.target("required", "1.3")
    status, result = tester.test(target, "--no-prompt")
    assert (status, result["verdict"]) == (1, "sign-failed")
    assert "`meishi unlock` opens the vault" in result["text"]
    tester.person.meishi("unlock")
    status, result = tester.test(target, "--no-prompt")
    assert (status, result["verdict"]) == (0, "accepted")


def test_nobody_confirms(tester, faces):
    """Selected, but policy wants a person at each signature, and there is none."""
    tester.policy(ASK + "[Rule sign]\nMatch-Host=localhost\nConfirm=each-use\n")
    tester.person.stop_daemon()
    status, result = tester.test(faces.target("required", "1.3"), "--no-prompt")
    assert (status, result["verdict"]) == (1, "sign-failed")
    assert "nobody confirmed" in result["text"]


def test_accepted_in_words(tester, faces):
    done = tester.run(
        "test", faces.target("required", "1.3"), "--module", tester.person.tree.module
    )
    assert done.returncode == 0, done.stderr
    assert "accepted “Alice” (TLS 1.3, HTTP 200).\n" in done.stdout


@pytest.mark.parametrize("version", VERSIONS)
def test_apache_path(tester, apache, version):
    """Asked after the handshake, answered then."""
    status, result = tester.test(apache.url(version, "/staff/"), "--no-prompt")
    assert (status, result["verdict"], result["http_status"]) == (0, "accepted", 200)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("protocol", ["smtp", "imap", "pop3", "ldap"])
def test_starttls_accepted(tester, clear_server, protocol, version):
    server = clear_server(protocol, version, required=True)
    status, result = tester.test(server.target, "--identity", "Alice")
    assert (status, result["verdict"]) == (0, "accepted")
    assert server.seen == ["Alice"]


@pytest.mark.parametrize("version", VERSIONS)
def test_silent_server(tester, s_server, version):
    """`s_server -www` answers no HEAD: it shook hands, and that is all that can be said."""
    target = f"tls://localhost:{s_server(version).port}"
    status, result = tester.test(target, "--no-prompt")
    assert (status, result["verdict"]) == (0, "silent")


def test_silence_is_not_waited_for_until_the_end(prober, s_server):
    """No more is to be learnt from a web server that answers no HEAD: this one knows GET alone."""
    server = s_server("1.3", "-verify", "4")
    began = time.monotonic()
    done = prober.run("probe", f"https://localhost:{server.port}", "--timeout", "16")
    assert done.returncode == 0, done.stderr
    assert 8 <= time.monotonic() - began < 15


@pytest.mark.parametrize("version", VERSIONS)
def test_revoked(prober, pki, s_server, mallory, version):
    """Said in words, and not sent again unless a person says so."""
    prober.policy(ASK)
    prober.person.start_daemon()
    prober.add(mallory)
    revoked = pki.directory / "revoked.pem"
    server = s_server(version, "-CRL", revoked, "-crl_check")
    status, result = prober.test(f"localhost:{server.port}", "--no-prompt")
    assert (status, result["verdict"], result["alert"]) == (13, "refused", 44)
    assert "the server says that the certificate is revoked" in result["text"]
    status, result = prober.test(f"localhost:{server.port}", "--no-prompt")
    assert (status, result["verdict"], result["sent"]) == (13, "none-refused", False)
    status, result = prober.test(f"localhost:{server.port}", "--identity", "Mallory")
    assert (status, result["alert"]) == (13, 44)


def test_no_report(prober, pki, s_server, mallory):
    """Nothing is learned, so it is tried again."""
    prober.policy(ASK)
    prober.person.start_daemon()
    prober.add(mallory)
    server = s_server("1.3", "-CRL", pki.directory / "revoked.pem", "-crl_check")
    for _ in range(2):
        status, result = prober.test(f"localhost:{server.port}", "--no-prompt", "--no-report")
        assert (status, result["sent"], result["alert"]) == (13, True, 44)


@pytest.mark.parametrize("version", VERSIONS)
def test_revoked_by_nginx(prober, faces, mallory, version):
    """nginx shakes hands and then answers 400."""
    prober.policy(ASK)
    prober.person.start_daemon()
    prober.add(mallory)
    status, result = prober.test(faces.target("revoking", version), "--no-prompt")
    assert (status, result["verdict"], result["http_status"]) == (13, "answered", 400)


@pytest.mark.parametrize("version", VERSIONS)
def test_unknown_authority(tester, pki, s_server, version):
    """A certificate that the server did not ask for; only who insists sends it."""
    stranger = pki.authority("Stranger CA")
    trust = pki.bundle("stranger.pem", stranger)
    server = s_server(version, "-CAfile", trust)
    status, result = tester.test(f"localhost:{server.port}", "--no-prompt")
    assert (status, result["verdict"], result["sent"]) == (13, "none-refused", False)
    status, result = tester.test(f"localhost:{server.port}", "--identity", "Alice")
    assert (status, result["alert"]) == (13, 48)
    assert "does not know the certificate's issuer" in result["text"]
    assert result["selection"] is None


def test_none_and_the_server_does_not_mind(tester, pki, faces):
    target = faces.target("optional", "1.3")
    tester.person.meishi("choices", "set", target, "--none")
    status, result = tester.test(target, "--no-prompt")
    assert (status, result["verdict"], result["sent"]) == (10, "none", False)
    assert "optional" in result["text"]


def test_not_asked(prober, faces):
    """Then nobody has to be asked either: no daemon is started."""
    status, result = prober.test(faces.target("open", "1.3"))
    assert (status, result["verdict"]) == (10, "not-asked")
    assert prober.person.daemon_pid() is None


def test_needs_user(tester, faces, pki):
    """Two that fit, and nobody to say which."""
    tester.add(pki.identity("Bob"))
    status, text = tester.test(faces.target("required", "1.3"), "--no-prompt")
    assert status == 11
    assert "meishi choices set" in text


def test_denied(tester, faces):
    tester.policy(ASK + "[Rule never]\nMatch-Host=localhost\nAction=deny\n")
    tester.person.stop_daemon()
    status, text = tester.test(faces.target("required", "1.3"), "--no-prompt")
    assert status == 12, text


def test_untrusted_gets_nothing(tester, faces):
    done = tester.run(
        "test", faces.target("required", "1.3"), "--identity", "Alice",
        "--module", tester.person.tree.module, trust=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "not trusted, so nothing was sent" in done.stderr
    assert "--ca-file" in done.stderr and "--insecure" in done.stderr
    insecure = tester.run(
        "test", faces.target("required", "1.3"), "--identity", "Alice", "--insecure",
        "--module", tester.person.tree.module, trust=False,
    )  # fmt: skip
    assert insecure.returncode == 0, insecure.stderr


def test_named(tester, faces, pki, mallory):
    """Whatever would be chosen."""
    tester.add(mallory)
    status, result = tester.test(faces.target("required", "1.3"), "--identity", "Mallory")
    assert (status, result["label"]) == (0, "Mallory")
    status, text = tester.test(faces.target("required", "1.3"), "--identity", "Nobody")
    assert status == 3


def test_module_that_is_not_there(tester, faces):
    status, text = tester.test(
        faces.target("required", "1.3"), "--identity", "Alice", "--module", "/nowhere.so",
        module=False,
    )  # fmt: skip
    assert status == 1
    assert "The PKCS#11 module “/nowhere.so” cannot be loaded" in text
