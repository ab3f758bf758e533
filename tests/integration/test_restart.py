# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program with open sessions outlives the daemon and does not notice."""

import hashlib
import shutil
import time

import pytest
from harness.pki import openssl
from harness.process import wait_until

DATA = b"the transcript of a handshake".hex()
RSA = "SHA256_RSA_PKCS"
CPU_BUDGET_US = 1000


@pytest.fixture
def owner(person, pki):
    """Somebody with an RSA identity in the vault and a daemon started by hand."""
    person.start_daemon()
    person.import_files(pki.p12(pki.identity("Restart", "rsa2048")), password="correct horse")
    return person


def verify(pki, signature, scratch):
    """openssl accepts the signature over DATA; nothing of ours takes part."""
    identity = pki.identity("Restart", "rsa2048")
    digest = scratch / "digest"
    digest.write_bytes(hashlib.sha256(bytes.fromhex(DATA)).digest())
    (scratch / "signature").write_bytes(bytes.fromhex(signature))
    openssl(
        "pkeyutl", "-verify", "-certin", "-inkey", identity.cert, "-in", digest,
        "-sigfile", scratch / "signature", "-pkeyopt", "digest:sha256",
    )  # fmt: skip


def test_session_survives_kill_9_and_restart(owner, client, pki, scratch):
    one = client(owner)
    key = one.open_key("Restart")
    for _ in range(10):
        signed = one.sign(**key, mechanism=RSA, data=DATA)
        assert signed["rv"] == 0, hex(signed["rv"])
        verify(pki, signed["signature"], scratch)
        owner.daemon.kill()
        owner.start_daemon()


def test_operation_begun_before_the_crash_is_finished_after_it(owner, client, pki, scratch):
    one = client(owner)
    key = one.open_key("Restart")
    assert one.sign_init(**key, mechanism=RSA)["rv"] == 0
    owner.daemon.kill()
    owner.start_daemon()
    signed = one.sign_rest(session=key["session"], data=DATA)
    assert signed["rv"] == 0, hex(signed["rv"])
    verify(pki, signed["signature"], scratch)


def test_without_daemon_a_signature_fails_soon_and_works_again_later(owner, client):
    one = client(owner)
    key = one.open_key("Restart")
    owner.daemon.kill()
    before = time.monotonic()
    assert one.sign(**key, mechanism=RSA, data=DATA)["rv"] != 0
    assert time.monotonic() - before < 10
    owner.start_daemon()
    assert one.sign(**key, mechanism=RSA, data=DATA)["rv"] == 0


def test_clean_stop_and_start(owner, client):
    one = client(owner)
    key = one.open_key("Restart")
    assert owner.daemon.stop() == 0
    owner.start_daemon()
    assert one.sign(**key, mechanism=RSA, data=DATA)["rv"] == 0


def test_runtime_directory_made_anew(owner, client):
    """As by logout and login: the daemon that nobody can reach makes way for the next."""
    one = client(owner)
    key = one.open_key("Restart")
    shutil.rmtree(owner.runtime / "meishi")
    assert owner.daemon.wait(timeout=10) == 0
    owner.start_daemon()
    assert one.sign(**key, mechanism=RSA, data=DATA)["rv"] == 0


def test_identity_imported_by_the_next_daemon_is_found(owner, client, pki):
    """Old handles stay, new objects come, in one session."""
    one = client(owner)
    key = one.open_key("Restart")
    owner.daemon.kill()
    owner.start_daemon()
    owner.import_files(pki.p12(pki.identity("Later")), password="correct horse")
    found = wait_until(
        lambda: one.find_key(session=key["session"], label="Later")["key"], "the new key is found"
    )
    assert found != key["key"]
    assert one.find_key(session=key["session"], label="Restart")["key"] == key["key"]


def test_program_that_was_there_first_finds_the_token_later(person, client, pki):
    one = client(person)
    assert one.initialize_and_list() | {"cpu_us": 0} == {"rv": 0, "init": 0, "slots": [], "cpu_us": 0}
    person.start_daemon()
    person.import_files(pki.p12(pki.identity("Late daemon")), password="correct horse")
    slots = wait_until(lambda: one.slots()["slots"], "a token is there")
    session = one.open(slot=slots[0])["session"]
    assert one.find_key(session=session, label="Late daemon")["key"]


def test_no_daemon_costs_less_than_a_millisecond(people, client):
    """The best of several processes: others may need the processor as well."""
    person = people()
    costs = []
    for _ in range(10):
        answer = client(person).initialize_and_list()
        assert (answer["init"], answer["rv"], answer["slots"]) == (0, 0, [])
        costs.append(answer["cpu_us"])
    assert min(costs) < CPU_BUDGET_US, costs
