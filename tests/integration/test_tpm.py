# SPDX-License-Identifier: LGPL-2.1-or-later
"""A TPM behind tpm2-pkcs11, through Meishi: what does not work in one process with the module works
here, and a TPM that went away and came back is used again."""

import time

import pytest
from harness.clients import EVERY_CLIENT, Curl, SClient
from harness.holder import VERSIONS
from harness.process import wait_until
from harness.prompter import settle
from harness.tpm import PIN

LABEL = "Laptop"
DEADLINE = 30  # seconds that a token has for an operation


@pytest.fixture(scope="module")
def identities(tpm, pki):
    """Two keys of one token."""
    made = {"rsa": pki.identity("Taro RSA", "rsa2048"), "ec": pki.identity("Taro EC", "p256")}
    tpm.token(LABEL)
    for algorithm, one in made.items():
        tpm.add(LABEL, one, algorithm)
    return made


@pytest.fixture
def holder(holds, tpm, identities):
    made = holds(tpm2=tpm)
    made.start(*identities.values())
    return made


def test_listed_without_a_question(holder, identities):
    prompter = holder.prompter()
    shown = holder.person.meishi("token", "show", LABEL).stdout
    assert all(one.name in shown for one in identities.values())
    assert (holder.tokens()[LABEL]["kind"], holder.tokens()[LABEL]["pin"]) == ("tpm", "ok")
    settle()
    assert prompter.questions == []


def test_every_client_and_one_pin(holder, identities, pki, nginx):
    prompter = holder.prompter()
    for one in identities.values():
        for _ in holder.handshakes(pki, nginx, one, EVERY_CLIENT, VERSIONS):
            if prompter.questions == []:
                cookie, kind, question = prompter.question()
                assert (kind, question["token"]) == ("pin", LABEL)
                prompter.give(cookie, PIN)
    settle()
    assert len(prompter.questions) == 1


@pytest.mark.parametrize("name", ["rsa", "ec"])
def test_openssl_with_the_module_itself(holder, tpm, identities, pki, nginx, name):
    """Why there is a wall: module and program share one OpenSSL, and what the module computes with it
    ends up in the engine that the program has set."""
    one = identities[name]
    uri = f"pkcs11:token={LABEL};object={one.name.replace(' ', '%20')}?pin-value={PIN}"
    command = (
        "openssl", "s_client", "-connect", f"127.0.0.1:{nginx.port('1.3')}", "-CAfile",
        pki.root.cert, "-engine", "pkcs11", "-keyform", "engine", "-key", uri, "-cert", one.cert,
    )  # fmt: skip
    alone = tpm.environment | {"PKCS11_MODULE_PATH": str(tpm.module)}
    done = holder.person.run(*command, env=alone, check=False)
    assert done.returncode != 0 and "operation not supported for this keytype" in done.stderr
    prompter = holder.prompter()
    for _ in holder.handshakes(pki, nginx, one, [SClient], ["1.3"]):
        prompter.give(prompter.question()[0], PIN)


@pytest.fixture
def shaken(holder, tpm, identities, pki, nginx):
    """A holder and a prompter, after a first handshake."""
    prompter = holder.prompter()
    for _ in holder.handshakes(pki, nginx, identities["ec"], [Curl], ["1.3"]):
        prompter.give(prompter.question()[0], PIN)
    return holder, prompter


def shake_again(shaken, one, pki, nginx):
    """The login was the old process's."""
    holder, prompter = shaken
    for _ in holder.handshakes(pki, nginx, one, [Curl], ["1.3"]):
        prompter.give(prompter.question(2)[0], PIN)


def test_gone_and_back(shaken, tpm, identities, pki, nginx):
    """Its module still shows the token when the TPM is gone, and finds the new one only when it is
    initialized anew."""
    holder, _ = shaken
    one = identities["ec"]
    before = holder.token_hosts()
    tpm.power_off()
    Curl(holder.person, pki, nginx.url("1.3"), one, holder.uri(one)).assert_failed()
    wait_until(lambda: holder.tokens() == {}, "the TPM is missed")
    tpm.power_on()
    holder.wait_for(*identities.values())
    shake_again(shaken, one, pki, nginx)
    assert holder.token_hosts() != before


def test_restarted_unseen(shaken, tpm, identities, pki, nginx):
    """Off and on again between two uses: nobody has to do anything about it but, where the module
    forgot it, type the PIN again."""
    holder, prompter = shaken
    tpm.power_off()
    tpm.power_on()

    def is_over(program):
        settle()
        return len(prompter.questions) > 1 or not program.process.is_alive()

    for one in identities.values():
        for program in holder.handshakes(pki, nginx, one, [Curl], ["1.3"]):
            wait_until(lambda program=program: is_over(program), "an end or a question")
            if program.process.is_alive():
                prompter.give(prompter.questions[-1][0], PIN)


def test_hangs(shaken, tpm, identities, pki, nginx):
    """The module waits as long as the TPM takes; the program is told after the deadline."""
    holder, _ = shaken
    one = identities["ec"]
    tpm.stop()
    began = time.monotonic()
    Curl(holder.person, pki, nginx.url("1.3"), one, holder.uri(one)).assert_failed()
    assert time.monotonic() - began < DEADLINE + 15
    tpm.go_on()
    holder.wait_for(*identities.values())
    shake_again(shaken, one, pki, nginx)
