# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files that a person opens: the import dialog from the first page to the last, with the real
daemon, by keyboard, and as a screen reader meets it.  Nothing is stored before "Import"."""

import json
import re

import pytest
from harness.desktop import Desktop
from harness.pki import PASSWORD
from harness.process import wait_until
from harness.secrets import GnomeKeyring
from harness.window import Window, start_prompter, text_on

TITLE = "Import Certificates"
PASSPHRASE = "four words of mine"


@pytest.fixture
def desktop(person, bus):
    made = Desktop(person, bus, "1024x1100")
    yield made
    made.stop()


@pytest.fixture
def daemon(person, desktop):
    person.start_daemon()


class Page(Window):
    """The page of the import's window that says `words`."""

    def __init__(self, desktop, words, title=TITLE):
        super().__init__(desktop, title, words)

    def turned(self, words):
        """The next page."""
        return Page(self.desktop, words)

    def type(self, text):
        self.desktop.person.run(
            "xdotool", "type", "--delay", "15", text, env=self.desktop.env
        )  # fmt: skip

    def answer(self, text):
        """Types a secret and goes on, once the page takes it."""
        self.type(text)
        self.desktop.key("Return")

    def go_on(self, button, *keys):
        self.press(button, *keys)

    def buttons(self):
        return {
            one["name"] for one in self.desktop.see()
            if one["role"] == "push button" and "showing" in one["states"] and one["name"]
        }  # fmt: skip


@pytest.fixture
def opened(person, desktop):
    """opened(file, ...) has `meishi-prompter` open them; opened.pages(words) is the page there."""
    made = []

    def start(*files, words, **env):
        made.append(start_prompter(person, desktop, *files, **env))
        return Page(desktop, words)

    yield start
    for one in made:
        output = one.output()
        one.stop()
        assert "CRITICAL" not in output and "ERROR" not in output, output


def labels(person):
    return sorted(one["label"] for one in json.loads(person.meishi("list", "--json").stdout))


def vault_state(person):
    return json.loads(person.meishi("vault", "slots", "--json", check=False).stdout or "[]")


def assert_nothing_stored(person):
    assert labels(person) == []
    assert vault_state(person) == []


# ---- from the password to the result ------------------------------------------------------------


@pytest.mark.usefixtures("daemon")
def test_password_then_import_into_a_new_vault(person, pki, desktop, opened):
    page = opened(pki.p12(pki.identity("Hana Sato")), words="Password of “Hana-Sato.p12”")
    page.answer(PASSWORD)
    page = page.turned("Import “Hana Sato”?")
    assert "Example User CA" in page.text() and "EC P-256" in page.text()
    assert "There is none yet" in page.text()
    assert_nothing_stored(person)
    page.go_on("Import", "alt+i")
    page = page.turned("Choose a Passphrase for Your Vault")
    assert_nothing_stored(person)
    page.answer(PASSPHRASE)
    page.answer(PASSPHRASE)
    page = page.turned("“Hana Sato” Was Imported")
    assert "Its passphrase alone opens it" in page.text()
    assert labels(person) == ["Hana Sato"]
    desktop.key("alt+d")
    page.gone()
