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


def test_again(holder, softhsm, put, pki):
    """Nothing is written twice, and what is missing is added."""
    identity = pki.identity("Twice", "p256")
    put(pki.p12(identity))
    before = objects(softhsm)
    said = put(pki.p12(identity)).stdout
    assert "Nothing to do" in said and objects(softhsm) == before
    softhsm.tool(TOKEN, "--delete-object", "--type", "cert", "--label", identity.name)
    holder.person.stop_daemon()
    holder.start()
    wait_until(lambda: TOKEN in holder.tokens(), "the token is seen")
    assert "Added" in put(pki.p12(identity)).stdout
    assert classes(softhsm) == sorted(one["class"] for one in before)


def test_dry_run(holder, softhsm, put, pki):
    said = put(pki.p12(pki.identity("Dry", "p256")), options=["--dry-run"]).stdout
    assert "Would add “Dry” to “Corp card”" in said and classes(softhsm) == []
    assert not holder.tokens()[TOKEN]["logged_in"]


def test_key_made_on_the_token(holder, softhsm, put, pki):
    """The usual way with cards: the key never was anywhere else, and only its certificate comes."""
    softhsm.tool(TOKEN, "--keypairgen", "--key-type", "rsa:2048", "--id", "77", "--label", "Made")
    der = holder.person.write("public.der", "")
    softhsm.tool(TOKEN, "--read-object", "--type", "pubkey", "--id", "77", "--output-file", der)
    identity = pki.certificate_for(der, "Certified")
    holder.person.stop_daemon()
    holder.start()
    wait_until(lambda: TOKEN in holder.tokens(), "the token is seen")
    assert "Added the certificate for the key" in put(identity.cert).stdout
    assert {one["ID"] for one in objects(softhsm) if one["class"] != "Certificate"} == {"77"}
    (shown,) = json.loads(holder.person.meishi("list", "--json").stdout)
    assert shown["label"] == "Made" and shown["subject"] == identity.subject


def test_vault_is_left_alone(holder, put, pki):
    put(pki.p12(pki.identity("On the card", "p256")))
    assert json.loads(holder.person.meishi("status", "--json").stdout)["vault"] == "absent"


def test_key_without_certificate(softhsm, put, pki):
    done = put(pki.identity("Bare", "p256").key, check=False)
    assert done.returncode == 1 and "without its certificate" in done.stderr, done.stderr
    assert classes(softhsm) == []


def test_no_such_token(put, pki):
    done = put(pki.p12(pki.identity("Nowhere", "p256")), token="Other", check=False)
    assert done.returncode == 3 and "There is no card" in done.stderr, done.stderr


def test_pin_without_token(holder):
    pin = holder.person.write("pin", PIN)
    done = holder.person.meishi("import", "--pin-file", pin, "x.p12", check=False)
    assert done.returncode == 2 and "--to" in done.stderr, done.stderr


# ---- the PIN ---------------------------------------------------------------------------------


def test_wrong_pin(holder, softhsm, pki):
    person = holder.person
    done = person.meishi(
        "import", "--to", TOKEN, "--pin-file", person.write("pin", "000000"), "--password-file",
        person.write("password", PASSWORD), pki.p12(pki.identity("Wrong", "p256")), check=False,
    )  # fmt: skip
    assert done.returncode == 4 and "is not the PIN" in done.stderr, done
    assert classes(softhsm) == []


def test_nobody_to_ask(holder, softhsm, pki):
    person = holder.person
    done = person.meishi(
        "import", "--to", TOKEN, "--password-file", person.write("password", PASSWORD),
        pki.p12(pki.identity("Nobody", "p256")), check=False,
    )  # fmt: skip
    assert done.returncode == 4 and "--pin-file" in done.stderr, done
    assert classes(softhsm) == []


def test_asked_on_the_terminal(holder, softhsm, pki):
    person = holder.person
    terminal = Terminal(
        [person.tree.meishi, "import", "--to", TOKEN, pki.p12(pki.identity("Typed", "p256"))],
        person.env, person.home, **person.identity(),
    )  # fmt: skip
    terminal.expect_question("Password for ")
    terminal.send(PASSWORD + "\n")
    terminal.expect_question("PIN of “Corp card”: ")
    terminal.send("000000\n")
    terminal.expect("That PIN is wrong")
    terminal.expect_question("PIN of “Corp card”: ")
    terminal.send(PIN + "\n")
    terminal.expect("Kept 1 issuer certificate")
    assert terminal.finish() == 0
    assert "Private Key" in classes(softhsm)


def test_not_now(holder, softhsm, pki):
    person = holder.person
    prompter = holder.prompter()
    importing = person.background(
        person.tree.meishi, "import", "--to", TOKEN, "--password-file",
        person.write("password", PASSWORD), pki.p12(pki.identity("Later", "p256")),
    )  # fmt: skip
    cookie, _, question = prompter.question()
    assert question["token"] == TOKEN and question["label"] == ""
    prompter.respond(cookie, 1)
    assert importing.wait(30) == 4 and "not now" in importing.output()
    assert classes(softhsm) == []


# ---- tokens that take nothing ----------------------------------------------------------------


def refused(holder, pki, token, pin):
    person = holder.person
    done = person.meishi(
        "import", "--to", token, "--pin-file", person.write("pin", pin), "--password-file",
        person.write("password", PASSWORD), pki.p12(pki.identity("Refused", "p256")), check=False,
    )  # fmt: skip
    assert done.returncode == 1, done
    return done.stderr


def test_tpm(holds, tpm, pki):
    """tpm2-pkcs11 takes no private key from outside."""
    label = tpm.token("tpm-import")
    holder = holds(tpm2_pkcs11=tpm)
    holder.start()
    wait_until(lambda: label in holder.tokens(), "the token is seen")
    said = refused(holder, pki, label, TPM_PIN)
    assert "CKR_ATTRIBUTE_VALUE_INVALID" in said and "tpm2_ptool import" in said, said
    listed = tpm.run("pkcs11-tool", "--module", tpm.module, "--token-label", label, "-O").stdout
    assert "Certificate" not in listed, listed


def test_piv_card(holds, reader, pki):
    """PIV cards are written by other means than PKCS#11."""
    on_it = pki.identity("Hana", "rsa2048")
    reader.card({"9a": on_it}).insert()
    holder = holds(opensc=reader)
    holder.start(on_it)
    (label,) = holder.tokens()
    said = refused(holder, pki, label, "123456")
    assert "can only be read" in said and "piv-tool" in said, said
