# SPDX-License-Identifier: LGPL-2.1-or-later
"""Setting up tokens: blank ones of SoftHSM and of a TPM, and a PIV card, which is set up otherwise."""

import json

import pytest
from harness.process import wait_until
from harness.softhsm import PIN, SO_PIN, SoftHsm
from harness.terminal import Terminal

LABEL = "Corp card"


@pytest.fixture
def softhsm(person):
    return SoftHsm(person.home / "hsm")


@pytest.fixture
def holder(holds, softhsm):
    """With a blank token: SoftHSM always has one."""
    made = holds(softhsm=softhsm)
    made.start()
    wait_until(lambda: blank(made), "the blank token is seen")
    return made


@pytest.fixture
def init(holder):
    """init(...) sets a token up, with the PINs from files."""
    person = holder.person
    person.write("pin", PIN), person.write("so-pin", SO_PIN)

    def run(*args, pin="pin", so_pin="so-pin", **kwargs):
        return person.meishi(
            "token", "init", "--pin-file", person.home / pin, "--so-pin-file",
            person.home / so_pin, *args, **kwargs,
        )  # fmt: skip

    return run


def blank(holder):
    listed = json.loads(holder.person.meishi("token", "list", "--json").stdout)
    return [one["label"] for one in listed if one["pin"] == "uninitialized"]


def test_blank(holder, softhsm, init):
    assert f"Set up “{LABEL}”" in init("--label", LABEL).stdout
    assert holder.tokens()[LABEL]["pin"] == "ok"
    softhsm.tool(LABEL, "--list-objects")  # which logs in with PIN
    softhsm.run(
        "pkcs11-tool", "--module", softhsm.module, "--token-label", LABEL, "--init-pin", "--login",
        "--login-type", "so", "--so-pin", SO_PIN, "--new-pin", PIN,
    )  # fmt: skip


def test_named(holder, init):
    (name,) = blank(holder)
    assert json.loads(init(name, "--label", LABEL, "--json").stdout) == {"initialized": LABEL}
    assert LABEL in holder.tokens()


def test_same_name(holder, softhsm, init):
    """A token that is called as the new one keeps its PIN."""
    pins = [PIN, "9999"]
    init("--label", LABEL)
    holder.person.write("other", pins[1])
    wait_until(lambda: blank(holder), "the next blank token is seen")
    init(*blank(holder), "--label", LABEL, pin="other")

    def opens(index, pin):
        done = softhsm.run(
            "pkcs11-tool", "--module", softhsm.module, "--slot-index", str(index), "--login",
            "--pin", pin, "--list-objects", check=False,
        )  # fmt: skip
        return done.returncode == 0

    opened = [[pin for pin in pins if opens(index, pin)] for index in range(2)]
    assert sorted(opened) == sorted([pin] for pin in pins)


def test_twice(holder, softhsm, init):
    """What is on it stays, unless the person types what it is called."""
    init("--label", LABEL)
    softhsm.tool(LABEL, "--keypairgen", "--key-type", "ec:secp256r1", "--label", "Precious")
    done = init(LABEL, "--label", "Other", check=False)
    assert done.returncode == 1 and "--force" in done.stderr, done
    done = init(LABEL, "--label", "Other", "--force", check=False, start_new_session=True)
    assert done.returncode == 2 and "--confirm" in done.stderr, done
    done = init(LABEL, "--label", "Other", "--force", "--confirm", "corp card", check=False)
    assert done.returncode != 0 and "is called “Corp card”" in done.stderr, done
    assert "Precious" in softhsm.tool(LABEL, "--list-objects").stdout
    init(LABEL, "--label", "Other", "--force", "--confirm", LABEL)
    assert set(holder.tokens()) == {"Other"}
    assert "Precious" not in softhsm.tool("Other", "--list-objects").stdout


def test_force_on_the_terminal(holder, init):
    init("--label", LABEL)
    person = holder.person
    for typed, status in (("yes", 1), (LABEL, 0)):
        terminal = Terminal(
            [person.tree.meishi, "token", "init", LABEL, "--label", LABEL, "--force"],
            person.env, person.home, **person.identity(),
        )  # fmt: skip
        terminal.expect("Type its name to go on: ")
        assert terminal.is_echoing()
        terminal.send(typed + "\n")
        if status == 0:
            terminal.expect_question("Security officer's PIN of “Corp card”: ")
            terminal.send(SO_PIN + "\n")
            for question in ("PIN for using it: ", "PIN for using it, once more: "):
                terminal.expect_question(question)
                terminal.send("4711\n")
        assert (terminal.finish() == 0) == (status == 0), terminal.text
    assert "erased" in terminal.text and "Set up" in terminal.text


def test_wrong_officer(holder, softhsm, init):
    init("--label", LABEL)
    holder.person.write("wrong", "00000000")
    done = init(LABEL, "--label", "Other", "--force", "--confirm", LABEL, so_pin="wrong",
                check=False)  # fmt: skip
    assert done.returncode == 4 and "security officer's PIN" in done.stderr, done
    assert LABEL in holder.tokens()


@pytest.mark.parametrize("label", ["", "x" * 33, " Corp"])
def test_labels(holder, init, label):
    done = init("--label", label, check=False)
    assert done.returncode != 0 and "label" in done.stderr.lower(), done
    assert holder.tokens() == {}


def test_short_pin(holder, init):
    holder.person.write("short", "1")
    done = init("--label", LABEL, pin="short", check=False)
    assert done.returncode != 0 and "4 to 255 characters" in done.stderr, done
    assert holder.tokens() == {}


def test_tpm(holds, tpm):
    """tpm2-pkcs11 has a blank token for each that is wanted."""
    holder = holds(tpm2_pkcs11=tpm)
    person = holder.person
    holder.start()
    wait_until(lambda: blank(holder), "the blank token is seen")
    before = set(holder.tokens())
    done = person.meishi(
        "token", "init", "--label", "New TPM token", "--pin-file", person.write("pin", "123456"),
        "--so-pin-file", person.write("so-pin", SO_PIN),
    )  # fmt: skip
    assert "Set up" in done.stdout
    assert set(holder.tokens()) == before | {"New TPM token"}
    tpm.run("pkcs11-tool", "--module", tpm.module, "--token-label", "New TPM token", "--login",
            "--pin", "123456", "-O")  # fmt: skip


def test_piv_card(holds, reader, pki):
    on_it = pki.identity("Hana", "rsa2048")
    reader.card({"9a": on_it}).insert()
    holder = holds(opensc=reader)
    holder.start(on_it)
    (label,) = holder.tokens()
    person = holder.person
    done = person.meishi(
        "token", "init", label, "--label", "Mine", "--force", "--confirm", label, "--pin-file",
        person.write("pin", "123456"), "--so-pin-file", person.write("so-pin", "12345678"),
        check=False,
    )  # fmt: skip
    assert done.returncode == 1 and "Use the program that came with it" in done.stderr, done
    assert holder.sees(on_it)
