# SPDX-License-Identifier: LGPL-2.1-or-later
"""Mail is read with a certificate in the place of a password: Dovecot takes its name for the
user's."""

import pytest
from harness.dovecot import Dovecot
from harness.matrix import VERSIONS
from harness.process import wait_until
from harness.wallet import HELD

TLS = {"1.2": ("--tls-max", "1.2"), "1.3": ("--tlsv1.3",)}


@pytest.fixture(scope="module")
def dovecot(scratch, pki):
    made = Dovecot(scratch / "dovecot", pki)
    yield made
    made.stop()


def read_mail(wallet, dovecot, *options):
    """The folders of whoever the certificate names."""
    return wallet.person.run(
        "curl", "-sSv", "--max-time", "60", "--cacert", wallet.pki.root.cert, "--user", ":",
        "--login-options", "AUTH=EXTERNAL", *options, dovecot.url(), check=False,
    )  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("key,place", HELD)
def test_curl(wallet, dovecot, matrix, key, place, version):
    with matrix.cell("curl", "Dovecot (IMAP)", key, version, place):
        done = read_mail(wallet, dovecot, "--cert", wallet.uri(key, place), *TLS[version])
        assert '* LIST (\\HasNoChildren) "." INBOX' in done.stdout, done.stderr
        assert f"SSL connection using TLSv{version}" in done.stderr
        login = f"Login: user=<{wallet.identity(key, place).name}>, method=EXTERNAL"
        wait_until(lambda: login in dovecot.log(), "the server says who it was")


def test_nobody_reads_mail_without(wallet, dovecot):
    """The server of these tests does demand one."""
    done = read_mail(wallet, dovecot)
    assert done.returncode != 0 and "INBOX" not in done.stdout
