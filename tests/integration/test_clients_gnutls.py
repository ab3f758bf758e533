# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs that use GnuTLS log in everywhere, with keys of the vault and of a token: a part of the
matrix in doc/clients.md."""

import itertools

import pytest
from harness.apache import Apache
from harness.clients import (
    WITH_GNUTLS,
    Gio,
    Git,
    Lynx,
    P11KitGnutlsCli,
    PyCurl,
    Soup,
    Wget,
)
from harness.matrix import KEYS, PLACES, VERSIONS
from harness.sites import APACHE_DIRECTORY, NGINX_ROOT, SITES, WITH_FILES

NO_PHA = "does no post-handshake authentication"
FORBIDDEN = "Cannot perform Post-Handshake Authentication"
REHANDSHAKE = "An unexpected TLS packet was received"
TICKET = "waits for a session ticket when Apache renegotiates, unless tickets are off"
ALONE = "sends the certificate alone, unless it is told the others"
LEAF = "The SSL certificate error"

LIMITS = {
    (P11KitGnutlsCli, APACHE_DIRECTORY, "1.2"): (REHANDSHAKE, f"gnutls-cli {TICKET}"),
    (Wget, APACHE_DIRECTORY, "1.2"): (REHANDSHAKE, f"wget {TICKET}"),
    (Lynx, APACHE_DIRECTORY, "1.2"): ("Unexpected network read error", f"lynx {TICKET}"),
    (Lynx, APACHE_DIRECTORY, "1.3"): (FORBIDDEN, f"lynx {NO_PHA}"),
    (Git, APACHE_DIRECTORY, "1.3"): ("error: 403", f"libcurl with GnuTLS {NO_PHA}"),
    (PyCurl, APACHE_DIRECTORY, "1.3"): ("error: 403", f"libcurl with GnuTLS {NO_PHA}"),
    (Gio, APACHE_DIRECTORY, "1.2"): (REHANDSHAKE, f"glib-networking {TICKET}"),
    (Gio, APACHE_DIRECTORY, "1.3"): (FORBIDDEN, f"glib-networking {NO_PHA}"),
    (Soup, APACHE_DIRECTORY, "1.2"): (REHANDSHAKE, f"glib-networking {TICKET}"),
    (Soup, APACHE_DIRECTORY, "1.3"): (FORBIDDEN, f"glib-networking {NO_PHA}"),
} | {
    (program, NGINX_ROOT, version): (LEAF, f"{name} {ALONE}")
    for program, name in ((P11KitGnutlsCli, "gnutls-cli"), (Gio, "glib-networking"),
                          (Soup, "glib-networking"))
    for version in VERSIONS
}  # fmt: skip

# s_server has no files to clone.
TRIED = [
    (program, site)
    for program, site in itertools.product(WITH_GNUTLS, SITES)
    if program is not Git or site in WITH_FILES
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    "program, site_name", TRIED, ids=[f"{program.title()}-{site}" for program, site in TRIED]
)
def test_login(login, program, site_name, key, version, place):
    login(program, site_name, key, version, place)


# ---- what helps ---------------------------------------------------------------------------------


class WgetWithoutTickets(Wget):
    OPTIONS = ("--ciphers=NORMAL:%NO_TICKETS",)


class GnutlsCliWithoutTickets(P11KitGnutlsCli):
    OPTIONS = ("--priority", "NORMAL:%NO_TICKETS")


class GioWithoutTickets(Gio):
    ENV = {"G_TLS_GNUTLS_PRIORITY": "NORMAL:%COMPAT:%NO_TICKETS"}


class SoupWithoutTickets(Soup):
    ENV = GioWithoutTickets.ENV


class GnutlsCliWithChain(P11KitGnutlsCli):
    """The certificates from a file, the key from Meishi."""

    def _argv(self, identity, uri):
        chain = self.owner.home / "chain.pem"
        self.owner.meishi("export", "--force", "-o", chain, identity.name)
        argv = list(super()._argv(identity, uri))
        argv[argv.index("--x509certfile") + 1] = chain
        return argv


class GioWithChain(Gio):
    def _argv(self, identity, uri):
        return (*super()._argv(identity, uri), identity.issuers[0])


@pytest.mark.parametrize("program", [GnutlsCliWithChain, GioWithChain])
def test_the_intermediate_is_sent(login, program):
    login.gets_in(program, NGINX_ROOT, "EC", "1.3", "vault")


@pytest.mark.parametrize(
    "program", [WgetWithoutTickets, GnutlsCliWithoutTickets, GioWithoutTickets, SoupWithoutTickets]
)
def test_renegotiation_without_tickets(login, program):
    """What the person can do about it."""
    login.gets_in(program, APACHE_DIRECTORY, "EC", "1.2", "vault")


@pytest.fixture(scope="module")
def ticketless(scratch, pki):
    server = Apache(scratch / "no-tickets", pki, "SSLSessionTickets off")
    yield server
    server.stop()


@pytest.mark.parametrize("program", [P11KitGnutlsCli, Wget, Lynx, Gio, Soup])
def test_renegotiation_with_a_server_without_tickets(wallet, pki, ticketless, program):
    """What the administrator can do about it."""
    identity, uri = wallet.identity("RSA", "vault"), wallet.uri("RSA", "vault")
    one = program(wallet.person, pki, ticketless.url("1.2", "/staff/"), identity, uri)
    one.assert_page(ticketless.page(identity, "1.2"))
