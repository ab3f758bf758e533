# SPDX-License-Identifier: LGPL-2.1-or-later
"""Importing onto a token: what is written to SoftHSM, what it is good for then, and what tokens
say that take nothing."""

import json

import pytest
from harness.clients import EVERY_CLIENT
from harness.pki import PASSWORD
from harness.process import wait_until
from harness.prompter import settle
from harness.smartcard import OPENSC
from harness.softhsm import PIN, SoftHsm
from harness.terminal import Terminal
from harness.tpm import PIN as TPM_PIN

TOKEN = "Corp card"


@pytest.fixture
def softhsm(person):
    made = SoftHsm(person.home / "hsm")
    made.token(TOKEN)
    return made


@pytest.fixture
def holder(holds, softhsm):
    """With an empty token in, and no vault at all."""
    made = holds(softhsm=softhsm)
    made.start()
    wait_until(lambda: TOKEN in made.tokens(), "the token is seen")
    return made


@pytest.fixture
def put(holder):
    """put(FILE, ...) imports onto the token, with the PIN and the password from files."""
    person = holder.person
    pin, password = person.write("pin", PIN), person.write("password", PASSWORD)

    def run(*files, options=(), token=TOKEN, check=True):
        return person.meishi(
            "import", "--to", token, "--pin-file", pin, "--password-file", password, *options,
            *files, check=check,
        )  # fmt: skip

    return run


def objects(softhsm):
    """What is on the token, as another program sees it: (class, label, id) in no order."""
    listed = softhsm.tool(TOKEN, "--list-objects").stdout
    found, one = [], {}
    for line in listed.splitlines():
        if " Object" in line and not line.startswith(" "):
            one = {"class": line.split(";")[0].split(" Object")[0]}
            found.append(one)
        elif ":" in line:
            name, _, value = line.strip().partition(":")
            one[name.strip()] = value.strip()
    return found


def classes(softhsm):
    return sorted(one["class"] for one in objects(softhsm))


@pytest.mark.parametrize("algorithm", ["rsa2048", "p256", "p384", "ed25519"])
def test_import(holder, softhsm, put, pki, algorithm):
    identity = pki.identity(f"Written {algorithm}", algorithm)
    said = put(pki.p12(identity)).stdout
    assert f"“{identity.name}”" in said and f"“{TOKEN}”" in said, said
    (shown,) = json.loads(holder.person.meishi("list", "--json").stdout)
    assert shown["label"] == identity.name and shown["location"] == "token"
    assert classes(softhsm) == ["Certificate"] * 2 + ["Private Key", "Public Key"]
    (key,) = [one for one in objects(softhsm) if one["class"] == "Private Key"]
    assert key["ID"] == shown["key_id"] and key["label"] == identity.name
    assert "sensitive" in key["Access"] and "extractable" not in key["Access"].replace("never extractable", "")


def test_handshakes(holder, put, pki, nginx):
    """Real programs show it to a real server; the PIN that wrote it is the only one."""
    identity = pki.identity("Shaking", "rsa2048")
    put(pki.p12(identity))
    prompter = holder.prompter()
    for _ in holder.handshakes(pki, nginx, identity, EVERY_CLIENT):
        pass
    settle()
    assert prompter.questions == []
