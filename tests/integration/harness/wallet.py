# SPDX-License-Identifier: LGPL-2.1-or-later
"""A person with an RSA and an EC key in the vault, and as many on a token that Meishi uses, whose
PIN was given; and logging in with them.

A pytest plugin: wallet.identity("RSA", "vault"), wallet.uri("RSA", "vault"), and `login`.
"""

import itertools
import json
import os

import pytest

from .matrix import KEYS, PLACES
from .person import ORDINARY_UID, Person
from .process import wait_until
from .softhsm import PIN, Card

ALGORITHMS = {"RSA": "rsa2048", "EC": "p256"}
TOKEN = "Corp card"
HELD = tuple(itertools.product(KEYS, PLACES))


class Wallet:
    def __init__(self, person, pki):
        self.person = person
        self.pki = pki
        person.use_p11_kit()
        self._identities = {
            (key, place): pki.identity(f"{key} in the {place}", ALGORITHMS[key])
            for key, place in HELD
        }
        self.card = Card(person, TOKEN)
        for number, key in enumerate(KEYS, 1):
            self.card.add(self.identity(key, "token"), number)
        person.start_daemon(*self.card.options)
        for key in KEYS:
            person.import_files(pki.p12(self.identity(key, "vault")), password="correct horse")
        self._shown = None
        self.give_pin()

    def identity(self, key, place):
        return self._identities[key, place]

    def give_pin(self):
        """When the token is there."""
        self._shown = wait_until(self._all_shown, "all are there")
        self.person.meishi("token", "login", TOKEN, "--pin-file", self.person.write("pin", PIN))

    def uri(self, key, place):
        return self._shown[self.identity(key, place).subject]["uri"]

    def _all_shown(self):
        listed = json.loads(self.person.meishi("list", "--json").stdout)
        shown = {one["subject"]: one for one in listed if one["present"]}
        wanted = {one.subject for one in self._identities.values()}
        return shown if wanted <= shown.keys() else None


class Login:
    """login(CLIENT, SITE, key, version, place) proves a cell of the matrix.  `limits`: where one
    does not get in, {(CLIENT, SITE, version): (what it says then, why)}."""

    def __init__(self, wallet, pki, site, matrix, limits):
        self.wallet = wallet
        self.pki = pki
        self.site = site
        self.matrix = matrix
        self.limits = limits

    def __call__(self, client, site, key, version, place):
        said, why = self.limits.get((client, site, version), (None, None))
        with self.matrix.cell(client.title(), site, key, version, place, why_not=why):
            if why is None:
                self.gets_in(client, site, key, version, place)
            else:
                self.start(client, site, key, version, place).assert_refused(said)

    def start(self, client, site, key, version, place):
        identity, uri = self.wallet.identity(key, place), self.wallet.uri(key, place)
        return client(self.wallet.person, self.pki, self.site(site).url(version), identity, uri)

    def gets_in(self, client, site, key, version, place):
        """Proves it without the matrix: both sides say so."""
        identity, server = self.wallet.identity(key, place), self.site(site)
        n_seen = server.n_seen(identity, version)
        one = self.start(client, site, key, version, place)
        one.assert_page(server.page(identity, version))
        wait_until(lambda: server.n_seen(identity, version) > n_seen, "the server has seen it")


@pytest.fixture(scope="module")
def wallet(tree, scratch, pki):
    person = Person(tree, scratch / "wallet", ORDINARY_UID if os.getuid() == 0 else None)
    yield Wallet(person, pki)
    person.close()


@pytest.fixture(scope="module")
def login(request, wallet, pki, site, matrix):
    """With the LIMITS of the test file."""
    return Login(wallet, pki, site, matrix, request.module.LIMITS)
