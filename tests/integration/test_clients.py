# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real TLS programs with all kinds of keys in a vault, and the tools of PKCS#11.

Which program logs in to which server is tested in test_clients_openssl.py, test_clients_gnutls.py
and others that fill the matrix of doc/clients.md.
"""

import json
import os

import pytest
from harness.clients import Curl, P11KitGnutlsCli, SClient, Wget
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

    def visit(self, client, name, url, page):
        """Sees the page with the identity `name`."""
        client(self.person, self.pki, url, self.identities[name], self.uri(name)).assert_page(page)


@pytest.fixture(scope="module")
def vault(tree, scratch, pki):
    person = Person(tree, scratch / "clients", ORDINARY_UID if os.getuid() == 0 else None)
    person.start_daemon()
    yield Vault(person, pki)
    person.close()


# ---- all kinds of keys ------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", WITHOUT_EDWARDS)
@pytest.mark.parametrize("client", [Curl, SClient])
def test_openssl(vault, nginx, client, name, version):
    page = nginx.page(vault.identities[name], version)
    vault.visit(client, name, nginx.url(version), page)


@pytest.mark.parametrize("name,version", WGET)
def test_wget(vault, nginx, name, version):
    page = nginx.page(vault.identities[name], version)
    vault.visit(Wget, name, nginx.url(version), page)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ALGORITHMS)
def test_gnutls_cli(vault, nginx, name, version):
    page = nginx.page(vault.identities[name], version)
    vault.visit(P11KitGnutlsCli, name, nginx.url(version), page)


# ---- servers with tastes of their own ---------------------------------------------------------

# wget has no certificate for servers that want PSS with more than SHA-256, key file or not.
TASTES = [
    (Curl, "rsa2048", "1.2", "RSA+SHA256"),
    (Wget, "rsa2048", "1.2", "RSA+SHA256"),
    (Curl, "rsa2048", "1.2", "RSA+SHA512"),
    (Wget, "rsa2048", "1.2", "RSA+SHA512"),
    (Curl, "rsa2048", "1.3", "rsa_pss_rsae_sha384"),
    (Curl, "rsa3072", "1.3", "rsa_pss_rsae_sha512"),
    (Curl, "p384", "1.2", "ECDSA+SHA384"),
    (Wget, "p384", "1.2", "ECDSA+SHA384"),
]


@pytest.mark.parametrize("client,name,version,algorithm", TASTES)
def test_signature_algorithm(vault, s_server, client, name, version, algorithm):
    """RSA PKCS#1 v1.5, PSS and ECDSA with each hash, as the server demands."""
    server = s_server(version, "-client_sigalgs", algorithm)
    vault.visit(client, name, server.url(), "s_server")
    assert server.saw(vault.identities[name])


# ---- the intermediate -------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_curl_sends_the_intermediate_from_cacert(vault, nginx, version):
    """What doc/clients.md tells people whose server wants the chain: curl takes it from there."""
    both = vault.pki.bundle("cacert.pem", vault.pki.root, vault.pki.intermediate)
    page = vault.person.run(
        "curl", "-sS", "--cacert", both, "--cert", vault.uri("rsa2048"),
        nginx.url(version, "root"),
    ).stdout  # fmt: skip
    assert nginx.page(vault.identities["rsa2048"], version) in page


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
        for client in (Curl, Wget, P11KitGnutlsCli):
            program = client(ordinary, pki, nginx.url("1.3"), one, two.uri(name))
            program.assert_page(nginx.page(one, "1.3"))
        done = ordinary.run("p11tool", "--test-sign", two.uri(name), check=False)
        assert "Verifying against public key in the token... ok" in done.stdout + done.stderr
        assert ordinary.meishi("show", two.uri(name)).stdout.startswith(one.name)
    only_id = two.uri("early").partition(";object=")[0]
    for client in (Curl, Wget):
        either = client(ordinary, pki, nginx.url("1.3"), two.identities["early"], only_id)
        either.assert_page("SUCCESS")


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
