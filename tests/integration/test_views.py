# SPDX-License-Identifier: LGPL-2.1-or-later
"""What each program sees through the module and may use: policy at the signature, roles, layouts."""

import os
import shutil
from pathlib import Path

import pytest
from harness.process import wait_until

DATA = b"the transcript of a handshake".hex()
SIGN = {"mechanism": "ECDSA_SHA256", "data": DATA}
CKR_OK = 0
CKR_FUNCTION_REJECTED = 0x200
FIRST_ROLE_SLOT = 16
FIRST_IDENTITY_SLOT = 64

HEAD = "[Policy]\nVersion=1\n"
LISTER = f"exe:{Path(shutil.which('pkcs11-tool')).resolve()}"


class Owner:
    """A person with identities and a policy of their own."""

    def __init__(self, person, pki):
        self.person, self.pki = person, pki
        person.start_daemon()

    def add(self, *names, **options):
        for name in names:
            one = self.pki.p12(self.pki.identity(name, **options))
            self.person.import_files(one, password="correct horse")

    def policy(self, text):
        directory = self.person.config / "meishi" / "policy.d"
        directory.mkdir(parents=True, exist_ok=True)
        for path in (directory.parent, directory):
            os.chown(path, self.person.uid, self.person.gid)
        self.person.write("config/meishi/policy.d/10-person.conf", HEAD + text)

    def listing(self, *arguments, env=None):
        return self.person.run(
            "pkcs11-tool", "--module", self.person.tree.module, *arguments, env=env
        ).stdout


@pytest.fixture
def owner(person, pki):
    return Owner(person, pki)


def becomes(one, key, rv):
    """The same handle, until it answers `rv`."""
    wait_until(lambda: one.sign(**key, **SIGN)["rv"] == rv, f"C_Sign answers {rv:#x}")


# ---- policy ---------------------------------------------------------------------------------------


def test_change_between_search_and_signature(owner, client):
    owner.add("Viewed", "Other")
    one = client(owner.person)
    viewed = one.open_key("Viewed")
    other = viewed | {"key": one.find_key(session=viewed["session"], label="Other")["key"]}
    assert one.sign(**viewed, **SIGN)["rv"] == CKR_OK
    owner.policy(
        "[Rule elsewhere]\nIdentity-Subject-CN=Viewed\nMatch-Host=!intranet.example.com\n"
        "Action=restrict\n"
    )
    becomes(one, viewed, CKR_FUNCTION_REJECTED)
    assert one.find_key(session=viewed["session"], label="Viewed")["key"] == 0
    assert one.sign(**other, **SIGN)["rv"] == CKR_OK
    owner.policy("")
    becomes(one, viewed, CKR_OK)
    assert one.find_key(session=viewed["session"], label="Viewed")["key"] == viewed["key"]


def test_programs_are_told_apart(owner, client):
    owner.add("Viewed", "Other")
    owner.policy(
        f"[Rule lister-alone]\nIdentity-Subject-CN=Viewed\nMatch-Application=!{LISTER}\n"
        "Match-Application-Trust=any\nAction=restrict\n"
    )
    one = client(owner.person)
    session = one.open_key("Other")["session"]
    wait_until(lambda: not one.find_key(session=session, label="Viewed")["key"], "it is hidden")
    assert "Viewed" in owner.listing("--token-label", "Meishi", "-O")


def test_nobody_to_ask(owner, client):
    owner.add("Viewed")
    one = client(owner.person)
    viewed = one.open_key("Viewed")
    owner.policy("[Rule ask]\nIdentity-Subject-CN=Viewed\nConfirm=each-use\n")
    becomes(one, viewed, CKR_FUNCTION_REJECTED)
    assert one.find_key(session=viewed["session"], label="Viewed")["key"] == viewed["key"]


# ---- roles ----------------------------------------------------------------------------------------


def role_slot(one):
    slots = one.slots()["slots"]
    return next((slot for slot in slots if FIRST_ROLE_SLOT <= slot < FIRST_IDENTITY_SLOT), None)


def test_role_follows_in_a_running_program(owner, client):
    """The session stays, what it shows is the successor."""
    owner.add("Viewed", days=200)
    owner.policy(
        "[Rule vpn]\nMatch-Host=vpn.example.com\nIdentity-Subject-CN=Viewed;Successor\n"
        "Action=select\nOn-Multiple=best\n[Role vpn]\nLabel=Corp VPN\nRule=vpn\n"
    )
    one = client(owner.person)
    assert one.initialize()["rv"] == 0
    slot = wait_until(lambda: role_slot(one), "there is a token for the role")
    session = one.open(slot=slot)["session"]
    first = one.find_key(session=session, label="Viewed")["key"]
    assert one.sign(session=session, key=first, **SIGN)["rv"] == CKR_OK
    owner.person.meishi("remove", "--yes", "Viewed")
    wait_until(lambda: not one.find_key(session=session, label="Viewed")["key"], "it is gone")
    owner.add("Successor")
    second = wait_until(
        lambda: one.find_key(session=session, label="Successor")["key"], "the next one is there"
    )
    assert second != first
    assert one.sign(session=session, key=second, **SIGN)["rv"] == CKR_OK
    listed = owner.listing("--token-label", "Corp VPN", "-O")
    assert "Successor" in listed


# ---- layouts --------------------------------------------------------------------------------------


def token_labels(listing):
    return [line.partition(":")[2].strip() for line in listing.splitlines() if "token label" in line]


def test_slot_per_identity(owner):
    owner.add("Viewed", "Other")
    usual = owner.listing("-L")
    apart = owner.listing("-L", env={"MEISHI_LAYOUT": "slot-per-identity"})
    assert token_labels(usual) == ["Meishi"]
    assert sorted(token_labels(apart)) == ["Other", "Viewed"]
    for name in ("Viewed", "Other"):
        data = owner.person.write("data-to-sign", "some data")
        owner.listing(
            "--token-label", name, "--login", "--pin", "whatever", "--sign", "--mechanism",
            "ECDSA-SHA256", "--label", name, "-i", data, "-o", owner.person.home / "signature",
            env={"MEISHI_LAYOUT": "slot-per-identity"},
        )  # fmt: skip
        assert (owner.person.home / "signature").stat().st_size == 64


def test_slot_per_identity_through_p11_kit(ordinary, pki):
    owner = Owner(ordinary, pki)
    owner.add("Viewed", "Other")
    ordinary.use_p11_kit()
    module = ordinary.config / "pkcs11" / "modules" / "meishi.module"
    module.write_text(module.read_text() + "x-init-reserved: layout=slot-per-identity\n")
    tokens = ordinary.run("p11-kit", "list-modules").stdout  # p11tool's GnuTLS passes nothing on
    assert "token: Viewed" in tokens and "token: Other" in tokens
    assert "token: Meishi\n" not in tokens


def test_slot_per_identity_through_nss(owner):
    owner.add("Viewed", "Other")
    place = owner.person.home / "nss"
    place.mkdir(mode=0o700)
    os.chown(place, owner.person.uid, owner.person.gid)
    database = f"sql:{place}"
    owner.person.run("certutil", "-N", "-d", database, "--empty-password")
    owner.person.run(
        "modutil", "-force", "-dbdir", database, "-add", "Meishi",
        "-libfile", owner.person.tree.module, "-string", "layout=slot-per-identity",
    )  # fmt: skip
    listed = owner.person.run("certutil", "-L", "-d", database, "-h", "all").stdout
    assert "Viewed:Viewed" in listed and "Other:Other" in listed
