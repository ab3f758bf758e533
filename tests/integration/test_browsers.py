# SPDX-License-Identifier: LGPL-2.1-or-later
"""Firefox and Chromium log in everywhere, with keys of the vault and of a token: a part of the matrix
in doc/clients.md; and a person at the screen chooses the certificate."""

import json
from pathlib import Path

import pytest
from harness.chromium import Chooser, Chromium
from harness.desktop import Desktop
from harness.firefox import ASK, Firefox
from harness.matrix import KEYS, PLACES, VERSIONS
from harness.picture import is_dimmed
from harness.pki import PASSWORD
from harness.process import wait_until
from harness.prompter import settle
from harness.sites import APACHE_DIRECTORY, SITES
from harness.softhsm import PIN, SoftHsm
from harness.wallet import TOKEN

WIDTH, HEIGHT = 900, 700
NO_CERTIFICATE = "No required SSL certificate was sent"
NO_PHA = "Cannot perform Post-Handshake Authentication"
PHA_PREFERENCE = "security.tls.enable_post_handshake_auth"

# {(browser, site, version): (what the page says, why)}
LIMITS = {
    ("Firefox", APACHE_DIRECTORY, "1.3"): (
        NO_PHA, f"Firefox does no post-handshake authentication unless {PHA_PREFERENCE} is true"
    ),
    ("Chromium", APACHE_DIRECTORY, "1.3"): (
        NO_PHA, "Chromium does no post-handshake authentication"
    ),
}  # fmt: skip


def visit(browser, server, identity, version):
    """Loads the page that names its visitor; the server has seen this one."""
    n_seen = server.n_seen(identity, version)
    page = browser.load(server.url(version))
    assert server.page(identity, version) in page.text + "\n", page
    wait_until(lambda: server.n_seen(identity, version) > n_seen, "the server has seen it")


def prove(matrix, browser, server, identity, cell):
    """A cell of the matrix: (name of the browser, site, key, version, place)."""
    said, why = LIMITS.get((cell[0], cell[1], cell[3]), (None, None))
    with matrix.cell(*cell, why_not=why):
        if why is None:
            visit(browser, server, identity, cell[3])
        else:
            page = browser.load(server.url(cell[3]))
            assert said in page.text, page


# ---- every server -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def headless_firefox(wallet, pki):
    """It asks which certificate each time, and is answered."""
    browser = Firefox(wallet.person, pki, {"Meishi": wallet.person.tree.module}, select=ASK)
    yield browser
    browser.process.kill()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("site_name", SITES)
def test_firefox(headless_firefox, wallet, site, matrix, site_name, key, place):
    browser, identity = headless_firefox, wallet.identity(key, place)
    browser.answer_dialogs(identity.name)
    for version in VERSIONS:
        browser.forget()
        cell = ("Firefox", site_name, key, version, place)
        prove(matrix, browser, site(site_name), identity, cell)


def automatically(identity):
    """What the policy AutoSelectCertificateForUrls says for one certificate everywhere."""
    chosen = {"SUBJECT": {"CN": identity.name}}
    hosts = ("https://localhost", "https://127.0.0.1")
    return [json.dumps({"pattern": host, "filter": chosen}) for host in hosts]


@pytest.fixture(scope="module", params=[(key, place) for key in KEYS for place in PLACES])
def headless_chromium(request, wallet, pki):
    """It takes the certificate for a key of this kind at this place."""
    key, place = request.param
    person, select = wallet.person, automatically(wallet.identity(key, place))
    browser = Chromium(person, pki, {"Meishi": person.tree.module}, select=select)
    browser.cell = request.param
    yield browser
    assert browser.stop() == 0


@pytest.mark.parametrize("site_name", SITES)
def test_chromium(headless_chromium, wallet, site, matrix, site_name):
    key, place = headless_chromium.cell
    for version in VERSIONS:
        cell = ("Chromium", site_name, key, version, place)
        prove(matrix, headless_chromium, site(site_name), wallet.identity(key, place), cell)


# ---- a person at the screen ---------------------------------------------------------------------


@pytest.fixture
def desktop(person, bus):
    made = Desktop(person, bus, f"{WIDTH}x{HEIGHT}")
    yield made
    made.stop()


@pytest.fixture
def three(person, pki):
    """Whoever sits there has three certificates."""
    made = [pki.identity(name, "rsa2048") for name in ("Hana", "Hana at work", "Hana the admin")]
    person.start_daemon()
    for one in made:
        person.import_files(pki.p12(one), password=PASSWORD)
    return made


@pytest.fixture
def keep(tree):
    """keep(picture, name): for people to look at, below the build directory."""

    def save(picture, name):
        assert picture.colours() > 100, "there is hardly anything to be seen"
        directory = Path(tree.build) / "screenshots"
        directory.mkdir(exist_ok=True)
        picture.save(directory / f"{name}.png")

    return save


def test_firefox_asks(person, three, firefox, desktop, nginx, keep):
    browser = firefox(person, desktop=desktop, select=ASK)
    browser.resize(WIDTH, HEIGHT)
    chosen = three[1]
    browser.leave_dialogs(f"{chosen.name} [")
    browser.open(nginx.url("1.3"))
    [dialog] = wait_until(browser.dialogs, "Firefox asks")
    assert len(dialog["entries"]) == 3 and dialog["stored_on"] == "Stored on: Meishi"
    keep(desktop.still_picture(is_dimmed), "firefox-certificate")
    desktop.key("Return")
    assert nginx.page(chosen, "1.3") in browser.page().text
    assert not is_dimmed(desktop.still_picture(lambda picture: not is_dimmed(picture)))


def test_chromium_asks(person, three, chromium, desktop, nginx, keep):
    browser = chromium(person, desktop=desktop)
    names = sorted(one.name for one in three)
    for chosen in three:
        browser.open(nginx.url("1.3"))
        chooser = Chooser(desktop)
        assert sorted(chooser.names()) == names
        assert f"127.0.0.1:{nginx.port('1.3')}" in chooser.text()
        chooser.choose(chosen.name)
        keep(chooser.picture(), "chromium-certificate")
        chooser.press("Return")
        assert nginx.page(chosen, "1.3") in browser.page().text


def test_chromium_refused(person, three, chromium, desktop, nginx):
    browser = chromium(person, desktop=desktop)
    browser.open(nginx.url("1.3"))
    Chooser(desktop).press("Escape")
    assert NO_CERTIFICATE in browser.page().text


# ---- besides ------------------------------------------------------------------------------------


def test_chromium_waits_for_the_pin(holds, scratch, pki, chromium, nginx):
    """Which Meishi asks for, and Chromium does not: without a screen it could not."""
    softhsm, identity = SoftHsm(scratch / "softhsm"), pki.identity("Hana", "rsa2048")
    softhsm.add(softhsm.token(TOKEN), identity, "01")
    holder = holds(softhsm=softhsm)
    holder.start(identity)
    prompter = holder.prompter()
    browser = chromium(holder.person, select=automatically(identity))
    browser.open(nginx.url("1.3"))
    cookie, kind, question = prompter.question()
    assert (kind, question["token"]) == ("pin", TOKEN)
    prompter.give(cookie, PIN)
    assert nginx.page(identity, "1.3") in browser.page().text
    assert nginx.page(identity, "1.2") in browser.load(nginx.url("1.2")).text
    settle()
    assert len(prompter.questions) == 1


def test_firefox_with_post_handshake_authentication(wallet, firefox, site):
    server, identity = site(APACHE_DIRECTORY), wallet.identity("EC", "vault")
    browser = firefox(wallet.person, select=ASK, preferences={PHA_PREFERENCE: True})
    browser.answer_dialogs(identity.name)
    visit(browser, server, identity, "1.3")
