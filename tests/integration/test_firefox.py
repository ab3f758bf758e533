# SPDX-License-Identifier: LGPL-2.1-or-later
"""Firefox, running all the time, while a card is put in, used, pulled and put in again."""

import time

import pytest
from harness.firefox import ASK
from harness.process import wait_until
from harness.prompter import settle
from harness.smartcard import PIN

NAME = "Hana RSA"
NSS_BELIEVES = 1.1  # seconds, and a little: what it was told of a slot last
NO_CERTIFICATE = "No required SSL certificate was sent"


@pytest.fixture
def identity(pki):
    return pki.identity(NAME, "rsa2048")


@pytest.fixture
def card(reader, identity):
    """One that lies beside the reader."""
    return reader.card({"9a": identity})


@pytest.fixture
def holder(holds, reader):
    made = holds(opensc=reader)
    made.start()
    return made


@pytest.fixture
def desk(holder, card, identity, nginx):
    return Desk(holder, card, identity, nginx)


class Desk:
    """A card, a person who knows its PIN, and a server that wants to see it."""

    def __init__(self, holder, card, identity, nginx):
        self.holder, self.card, self.identity = holder, card, identity
        self.url = nginx.url("1.3")
        self.expected = nginx.page(identity, "1.3")
        self.prompter = holder.prompter()
        self.n_questions = 0

    def insert(self):
        self.card.insert()
        self.holder.wait_for(self.identity)

    def pull(self):
        self.card.pull()
        wait_until(lambda: not self.holder.sees(self.identity), "the card is missed")

    @staticmethod
    def wait_for(browser, *labels):
        expected = ["Meishi", *labels]
        wait_until(lambda: browser.tokens("Meishi") == expected, f"Firefox sees {expected}")

    def await_question(self):
        self.n_questions += 1
        cookie, kind, question = self.prompter.question(self.n_questions)
        assert (kind, question["token"]) == ("pin", NAME)
        return cookie

    def load_with_pin(self, browser):
        browser.forget()
        browser.open(self.url)
        self.prompter.give(self.await_question(), PIN)
        assert self.expected in browser.page().text

    def load_without_pin(self, browser):
        browser.forget()
        assert self.expected in browser.load(self.url).text
        settle()
        assert len(self.prompter.questions) == self.n_questions

    def load_without_card(self, browser):
        browser.forget()
        assert NO_CERTIFICATE in browser.load(self.url).text


def test_a_card_comes_and_goes(desk, firefox):
    """Each insertion takes one PIN, which Meishi asks for and Firefox does not."""
    browser = firefox(desk.holder.person)
    desk.load_without_card(browser)
    for _ in range(2):
        desk.insert()
        desk.wait_for(browser, NAME)
        desk.load_with_pin(browser)
        desk.load_without_pin(browser)
        desk.pull()
        desk.wait_for(browser)
        desk.load_without_card(browser)
    assert browser.stop() == 0


def test_put_in_again(desk, firefox):
    browser = firefox(desk.holder.person)
    desk.insert()
    desk.wait_for(browser, NAME)
    desk.load_with_pin(browser)
    desk.pull()
    desk.insert()
    time.sleep(NSS_BELIEVES)  # or it goes on with the sessions that ended with the pull
    desk.load_with_pin(browser)


def test_pulled_while_the_pin_is_asked(desk, firefox):
    browser = firefox(desk.holder.person)
    desk.insert()
    desk.wait_for(browser, NAME)
    browser.open(desk.url)
    cookie = desk.await_question()
    desk.pull()
    assert desk.prompter.end()[0] == cookie
    assert browser.page().error is not None
    desk.wait_for(browser)
    desk.insert()
    desk.wait_for(browser, NAME)
    desk.load_with_pin(browser)


def test_the_dialog(desk, firefox):
    """As most people have it: Firefox asks which certificate, and Meishi for the PIN."""
    browser = firefox(desk.holder.person, select=ASK)
    browser.answer_dialogs(NAME)
    desk.load_without_card(browser)
    assert browser.dialogs() == []
    desk.insert()
    desk.wait_for(browser, NAME)
    desk.load_with_pin(browser)
    desk.load_without_pin(browser)
    first, second = browser.dialogs()
    assert first == second
    (entry,) = first["entries"]
    assert first["answer"] == entry and NAME in entry
    assert "127.0.0.1" in first["site"] and first["stored_on"].endswith(NAME)
    assert f"CN={NAME}" in first["issued_to"]


def test_the_dialog_refused(desk, firefox):
    browser = firefox(desk.holder.person, select=ASK)
    browser.answer_dialogs(None)
    desk.insert()
    desk.wait_for(browser, NAME)
    desk.load_without_card(browser)
    assert len(browser.dialogs()) == 1
    settle()
    assert desk.prompter.questions == []
