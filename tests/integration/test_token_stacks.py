# SPDX-License-Identifier: LGPL-2.1-or-later
"""The token stacks that other tests stand on, without Meishi: each shows its certificate, signs with
its PIN, and fails in the way that is its own."""

import os
import subprocess

import pytest
from harness.process import wait_until
from harness.smartcard import PIN, PUK, find_module
from harness.softhsm import SoftHsm


def tool(stack, module, *argv):
    return subprocess.run(
        ["pkcs11-tool", "--module", str(module), *argv], env={**os.environ, **stack.environment},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def sign(stack, module, directory, *argv, pin=PIN, mechanism="SHA256-RSA-PKCS"):
    """The signature; None where there was none, with the reason in `sign.error`."""
    (directory / "data").write_bytes(b"data")
    out = directory / "signature"
    out.unlink(missing_ok=True)
    done = tool(
        stack, module, "--login", "--pin", pin, "--sign", "--mechanism", mechanism,
        "--input-file", directory / "data", "--output-file", out, *argv,
    )  # fmt: skip
    sign.error = done.stderr
    return out.read_bytes() if out.exists() and done.returncode == 0 else None


def assert_verifies(certified, directory, signature):
    key, file = directory / "public.pem", directory / "verified"
    file.write_bytes(signature)
    with open(key, "wb") as out:
        subprocess.run(
            ["openssl", "x509", "-in", certified.cert, "-noout", "-pubkey"], stdout=out, check=True
        )
    subprocess.run(
        ["openssl", "dgst", "-sha256", "-verify", key, "-signature", file, directory / "data"],
        check=True,
    )


# ---- PC/SC


def test_a_card_lists_and_signs(reader, pki, tmp_path):
    one = pki.identity("On a card", "rsa2048")
    reader.card({"9a": one}).insert()
    module = find_module("opensc-pkcs11.so")
    listed = tool_until(reader, module, "CN=On a card", "--list-objects", "--type", "cert")
    assert "ID:         01" in listed
    signature = sign(reader, module, tmp_path, "--id", "01")
    assert_verifies(one, tmp_path, signature)


def tool_until(stack, module, text, *argv):
    def look():
        out = tool(stack, module, *argv).stdout
        return out if text in out else None

    return wait_until(look, text)


def test_a_card_comes_and_goes(reader, pki):
    card = reader.card({"9e": pki.identity("Goes", "p256")}).insert()
    module = find_module("opensc-pkcs11.so")
    tool_until(reader, module, "CN=Goes", "--list-objects", "--type", "cert")
    card.pull()
    tool_until(reader, module, "(empty)", "--list-slots")
    card.insert()
    tool_until(reader, module, "CN=Goes", "--list-objects", "--type", "cert")


def test_a_card_blocks_after_three_wrong_pins_and_remembers(reader, pki, tmp_path):
    card = reader.card({"9a": pki.identity("On a card", "rsa2048")}).insert()
    module = find_module("opensc-pkcs11.so")
    tool_until(reader, module, "On a card", "--list-objects", "--type", "cert")
    for expected in ("CKR_PIN_INCORRECT", "CKR_PIN_INCORRECT", "CKR_PIN_LOCKED"):
        assert sign(reader, module, tmp_path, "--id", "01", pin="000000") is None
        assert expected in sign.error
    card.pull()
    card.insert()
    tool_until(reader, module, "user PIN locked", "--list-slots")
    assert sign(reader, module, tmp_path, "--id", "01") is None
    subprocess.run(
        ["pkcs15-tool", "--unblock-pin", "--auth-id", "01", "--puk", PUK, "--new-pin", "654321"],
        env={**os.environ, **reader.environment}, check=True, capture_output=True,
    )  # fmt: skip
    assert sign(reader, module, tmp_path, "--id", "01", pin="654321") is not None


def test_a_card_signs_each_time_with_its_pin(reader, pki, tmp_path):
    one = pki.identity("Each time", "p256")
    reader.card({"9c": one}).insert()
    module = find_module("opensc-pkcs11.so")
    tool_until(reader, module, "CN=Each time", "--list-objects", "--type", "cert")
    signature = sign(
        reader, module, tmp_path, "--id", "02", "--signature-format", "openssl",
        mechanism="ECDSA-SHA256",
    )  # fmt: skip
    assert_verifies(one, tmp_path, signature)


def test_two_cards(reader, pki):
    reader.card({"9e": pki.identity("First", "p256")}).insert()
    reader.card({"9e": pki.identity("Second", "p256")}, slot=1).insert()
    module = find_module("opensc-pkcs11.so")
    for name in ("First", "Second"):
        tool_until(
            reader, module, f"CN={name}", "--list-objects", "--type", "cert", "--token-label", name
        )


# ---- TPM


@pytest.mark.parametrize("algorithm, mechanism", [("rsa2048", "SHA256-RSA-PKCS"), ("p256", None)])
def test_a_tpm_lists_and_signs(tpm, pki, tmp_path, algorithm, mechanism):
    one = pki.identity(f"In a TPM {algorithm}", algorithm)
    label = tpm.token(f"tpm-{algorithm}")
    tpm.add(label, one, "rsa" if mechanism else "ecc")
    listed = tool(tpm, tpm.module, "--token-label", label, "--list-objects", "--type", "cert")
    assert one.name in listed.stdout
    signature = sign(
        tpm, tpm.module, tmp_path, "--token-label", label, "--label", one.name,
        "--signature-format", "openssl", mechanism=mechanism or "ECDSA-SHA256",
    )  # fmt: skip
    assert_verifies(one, tmp_path, signature)


# ---- SoftHSM


def test_softhsm_lists_and_signs(scratch, pki, tmp_path):
    stack = SoftHsm(scratch / "softhsm")
    one = pki.identity("In software", "rsa2048")
    label = stack.token("soft")
    stack.add(label, one, "01")
    signature = sign(stack, stack.module, tmp_path, "--token-label", label, "--id", "01")
    assert_verifies(one, tmp_path, signature)
    stack.pull()
    assert sign(stack, stack.module, tmp_path, "--token-label", label, "--id", "01") is None
    stack.insert()
    assert sign(stack, stack.module, tmp_path, "--token-label", label, "--id", "01") is not None
