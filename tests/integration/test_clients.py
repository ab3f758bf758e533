# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real TLS programs log in with keys that live in Meishi; the server says whom it saw."""

import json
import os
import subprocess

import pytest
from harness.person import ORDINARY_UID, Person, describe
from harness.pki import ALGORITHMS

VERSIONS = ["1.2", "1.3"]

# engine_pkcs11 0.4 knows no Edwards curves.
WITHOUT_EDWARDS = [name for name in ALGORITHMS if name != "ed25519"]

# wget offers Ed25519 in TLS 1.3 only, from a key file as well.
WGET = [(n, v) for n in ALGORITHMS for v in VERSIONS if (n, v) != ("ed25519", "1.2")]


class Vault:
    """A person with one identity of each kind, and a daemon."""

    def __init__(self, person, pki):
        self.person = person
        self.pki = pki
        person.use_p11_kit()
        self.identities = {name: pki.identity(f"Client {name}", name) for name in ALGORITHMS}
        for one in self.identities.values():
            person.import_files(pki.p12(one), password="correct horse")
        listed = json.loads(person.meishi("list", "--json").stdout)
        self.uris = {one["label"]: one["uri"] for one in listed}

    def uri(self, name):
        return self.uris[self.identities[name].name]


@pytest.fixture(scope="module")
def vault(tree, scratch, pki):
    person = Person(tree, scratch / "clients", ORDINARY_UID if os.getuid() == 0 else None)
    person.start_daemon()
    yield Vault(person, pki)
    person.close()


# ---- clients: each asks for a page and returns what it got ------------------------------------


def curl(vault, name, url, ca=None, env=None):
    return vault.person.run(
        "curl", "-sS", "--max-time", "30", "--cacert", ca or vault.pki.root.cert,
        "--cert", vault.uri(name), url, env=env,
    ).stdout  # fmt: skip


def curl_by_p11_kit(vault, name, url):
    return curl(vault, name, url, env={"PKCS11_MODULE_PATH": None})


def wget(vault, name, url):
    return vault.person.run(
        "wget", "-nv", "-T", "30", "-t", "1", "-O", "-",
        f"--ca-certificate={vault.pki.root.cert}",
        f"--certificate={vault.uri(name)}", f"--private-key={vault.uri(name)}", url,
    ).stdout  # fmt: skip


def converse(vault, expected, *argv):
    """Sends a request into an interactive client and waits for what should come back."""
    client = vault.person.background(*argv, stdin=subprocess.PIPE)
    try:
        client.child.stdin.write(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
        client.child.stdin.flush()
        client.wait_ready(lambda: expected in client.output(), f"says {expected}")
    finally:
        client.child.stdin.close()
        client.kill()


def s_client(vault, name, port, expected):
    identity = vault.identities[name]
    converse(
        vault, expected,
        "openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", "localhost",
        "-CAfile", vault.pki.root.cert, "-engine", "pkcs11", "-keyform", "engine",
        "-key", vault.uri(name), "-cert", identity.cert, "-ign_eof",
    )  # fmt: skip


def gnutls_cli(vault, name, port, expected):
    converse(
        vault, expected,
        "gnutls-cli", "--x509cafile", vault.pki.root.cert, "--x509certfile", vault.uri(name),
        "--x509keyfile", vault.uri(name), "-p", str(port), "127.0.0.1",
    )  # fmt: skip


# ---- against nginx: the page is the proof -----------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", WITHOUT_EDWARDS)
@pytest.mark.parametrize("client", [curl, curl_by_p11_kit], ids=["module-path", "p11-kit"])
def test_curl_nginx(vault, nginx, client, name, version):
    page = client(vault, name, nginx.url(version))
    assert nginx.page(vault.identities[name], version) in page


@pytest.mark.parametrize("name,version", WGET)
def test_wget_nginx(vault, nginx, name, version):
    page = wget(vault, name, nginx.url(version))
    assert nginx.page(vault.identities[name], version) in page


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", WITHOUT_EDWARDS)
def test_s_client_nginx(vault, nginx, name, version):
    page = nginx.page(vault.identities[name], version)
    s_client(vault, name, nginx.port(version), page)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ALGORITHMS)
def test_gnutls_cli_nginx(vault, nginx, name, version):
    page = nginx.page(vault.identities[name], version)
    gnutls_cli(vault, name, nginx.port(version), page)


# ---- against openssl s_server: its log is the proof -------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", WITHOUT_EDWARDS)
def test_curl_s_server(vault, s_server, name, version):
    server = s_server(version)
    assert "s_server" in curl(vault, name, server.url())
    assert server.saw(vault.identities[name])


@pytest.mark.parametrize("name,version", WGET)
def test_wget_s_server(vault, s_server, name, version):
    server = s_server(version, "-num_tickets", "0")
    assert "s_server" in wget(vault, name, server.url())
    assert server.saw(vault.identities[name])


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ALGORITHMS)
def test_gnutls_cli_s_server(vault, s_server, name, version):
    server = s_server(version, "-num_tickets", "1")
    gnutls_cli(vault, name, server.port, "s_server")
    assert server.saw(vault.identities[name])


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", WITHOUT_EDWARDS)
def test_s_client_s_server(vault, s_server, name, version):
    server = s_server(version, "-num_tickets", "3")
    s_client(vault, name, server.port, "s_server")
    assert server.saw(vault.identities[name])


# ---- servers with tastes of their own ---------------------------------------------------------

# wget has no certificate for servers that want PSS with more than SHA-256, key file or not.
TASTES = [
    (curl, "rsa2048", "1.2", "RSA+SHA256"),
    (wget, "rsa2048", "1.2", "RSA+SHA256"),
    (curl, "rsa2048", "1.2", "RSA+SHA512"),
    (wget, "rsa2048", "1.2", "RSA+SHA512"),
    (curl, "rsa2048", "1.3", "rsa_pss_rsae_sha384"),
    (curl, "rsa3072", "1.3", "rsa_pss_rsae_sha512"),
    (curl, "p384", "1.2", "ECDSA+SHA384"),
    (wget, "p384", "1.2", "ECDSA+SHA384"),
]


@pytest.mark.parametrize("client,name,version,algorithm", TASTES)
def test_signature_algorithm(vault, s_server, client, name, version, algorithm):
    """RSA PKCS#1 v1.5, PSS and ECDSA with each hash, as the server demands."""
    server = s_server(version, "-client_sigalgs", algorithm)
    assert "s_server" in client(vault, name, server.url())
    assert server.saw(vault.identities[name])


# ---- the intermediate -------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["rsa2048", "p256"])
def test_wget_sends_the_intermediate(vault, nginx, name, version):
    """The server knows the root only, so it has to come from the token."""
    page = wget(vault, name, nginx.url(version, "root"))
    assert nginx.page(vault.identities[name], version) in page


@pytest.mark.parametrize("version", VERSIONS)
def test_curl_sends_the_intermediate_from_cacert(vault, nginx, version):
    """What the README tells people whose server wants the chain: curl takes it from there."""
    both = vault.pki.bundle("cacert.pem", vault.pki.root, vault.pki.intermediate)
    page = curl(vault, "rsa2048", nginx.url(version, "root"), ca=both)
    assert nginx.page(vault.identities["rsa2048"], version) in page


def test_gnutls_cli_sends_the_leaf_alone(vault, nginx):
    """As the README says: a server that knows the root only refuses it."""
    refused = "The SSL certificate error"
    gnutls_cli(vault, "p256", nginx.port("1.3", "root"), refused)


def test_nginx_without_certificate_lets_nobody_in(vault, nginx):
    """The servers of these tests do demand one."""
    done = vault.person.run("curl", "-sS", "--cacert", vault.pki.root.cert, nginx.url("1.3"))
    assert "No required SSL certificate was sent" in done.stdout


# ---- ways to name an identity -----------------------------------------------------------------


def test_wget_finds_it_by_id_alone(vault, nginx):
    """GnuTLS looks into the first token only: ours comes before p11-kit's trust store."""
    uri = vault.uri("p256").replace("token=Meishi;", "")
    vault.uris["Client p256 by id"] = uri
    done = vault.person.run(
        "wget", "-nv", "-O", "-", f"--ca-certificate={vault.pki.root.cert}",
        f"--certificate={uri}", f"--private-key={uri}", nginx.url("1.3"),
    )  # fmt: skip
    assert nginx.page(vault.identities["p256"], "1.3") in done.stdout


def test_curl_finds_it_by_label(vault, nginx):
    done = vault.person.run(
        "curl", "-sS", "--cacert", vault.pki.root.cert,
        "--cert", "pkcs11:token=Meishi;object=Client%20p384", nginx.url("1.3"),
    )  # fmt: skip
    assert nginx.page(vault.identities["p384"], "1.3") in done.stdout


class TwoCertificates:
    """One key with two certificates, "Early" and "Late": one CKA_ID, two labels."""

    def __init__(self, person, pki, algorithm):
        self.person = person
        self.pki = pki
        early = pki.identity(f"Early {algorithm}", algorithm)
        late = pki.renewal(early, f"Late {algorithm}", days=700)
        self.identities = {"early": early, "late": late}
        person.use_p11_kit()
        person.meishi("import", early.cert, early.key)
        person.meishi("import", late.cert)
        self.shown = {
            name: json.loads(person.meishi("show", one.name, "--json").stdout)
            for name, one in self.identities.items()
        }

    def uri(self, name):
        return self.shown[name]["uri"]


@pytest.mark.parametrize("algorithm", ["rsa2048", "p256"])
def test_two_certificates_of_one_key(ordinary, pki, nginx, algorithm):
    """The URI that is shown picks its certificate, and the key with it, in every program."""
    two = TwoCertificates(ordinary, pki, algorithm)
    assert two.shown["early"]["key_id"] == two.shown["late"]["key_id"]
    assert two.uri("early") != two.uri("late")
    for name, one in two.identities.items():
        for client in (curl, wget):
            assert nginx.page(one, "1.3") in client(two, name, nginx.url("1.3"))
        gnutls_cli(two, name, nginx.port("1.3"), nginx.page(one, "1.3"))
        done = ordinary.run("p11tool", "--test-sign", two.uri(name), check=False)
        assert "Verifying against public key in the token... ok" in done.stdout + done.stderr
        assert ordinary.meishi("show", two.uri(name)).stdout.startswith(one.name)
    only_id = two.uri("early").partition(";object=")[0]
    two.shown["either"] = {"uri": only_id}
    assert "SUCCESS" in curl(two, "either", nginx.url("1.3"))
    assert "SUCCESS" in wget(two, "either", nginx.url("1.3"))


# ---- tools ------------------------------------------------------------------------------------


def test_p11_kit_lists_the_module(vault):
    listed = vault.person.run("p11-kit", "list-modules").stdout
    assert "meishi" in listed
    assert "token: Meishi" in listed


def test_p11tool_lists_everything(vault):
    tokens = vault.person.run("p11tool", "--list-token-urls").stdout
    assert "token=Meishi;" in tokens + ";" or "token=Meishi\n" in tokens
    listed = vault.person.run("p11tool", "--list-all", "pkcs11:token=Meishi").stdout
    for name in WITHOUT_EDWARDS:
        assert f"Label: {vault.identities[name].name}" in listed
    assert "Client ed25519" not in listed


@pytest.mark.parametrize("name", WITHOUT_EDWARDS)  # p11tool signs with SHA-256 only
def test_p11tool_signs(vault, name):
    done = vault.person.run("p11tool", "--test-sign", vault.uri(name), check=False)
    output = done.stdout + done.stderr
    assert done.returncode == 0, describe(done)
    assert "Verifying against public key in the token... ok" in output


@pytest.mark.parametrize("name", ALGORITHMS)
def test_p11tool_exports_the_certificate(vault, name):
    exported = vault.person.run("p11tool", "--export", vault.uri(name) + ";type=cert").stdout
    assert exported.strip() in vault.identities[name].cert.read_text()


def test_pkcs11_tool_test(vault):
    """OpenSC's own test of a token: digests, signatures, verification, decryption."""
    done = vault.person.run(
        "pkcs11-tool", "--module", vault.person.tree.module, "--token-label", "Meishi", "--test",
        check=False, timeout=180,
    )  # fmt: skip
    output = done.stdout + done.stderr
    assert done.returncode == 0, describe(done)
    assert "No errors" in output


def test_pkcs11_tool_lists_objects(vault):
    done = vault.person.run(
        "pkcs11-tool", "--module", vault.person.tree.module, "--token-label", "Meishi", "-O"
    )
    for name in WITHOUT_EDWARDS:
        assert vault.identities[name].name in done.stdout


# ---- no harm ----------------------------------------------------------------------------------


def test_without_a_daemon_clients_go_on(ordinary, nginx, pki):
    """curl with another certificate, and the module loaded in vain."""
    ordinary.use_p11_kit()
    assert ordinary.daemon_pid() is None
    other = pki.identity("Somebody else")
    done = ordinary.run(
        "curl", "-sS", "--engine", "pkcs11", "--cacert", pki.root.cert, "--cert", other.cert,
        "--key", other.key, "--key-type", "PEM", nginx.url("1.3"),
    )  # fmt: skip
    assert nginx.page(other, "1.3") in done.stdout
    listed = ordinary.run("p11-kit", "list-modules").stdout
    assert "meishi" in listed
