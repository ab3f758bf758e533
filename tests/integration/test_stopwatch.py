# SPDX-License-Identifier: LGPL-2.1-or-later
"""From a fresh machine to a page that only the right certificate opens, in a real Firefox: as many
commands, and as many questions, as the README tells."""

import json
import os
import re
from pathlib import Path

import pytest
from harness.company import Company
from harness.documented import Page
from harness.firefox import ASK, PREFERENCES, Firefox, Profile, find_program
from harness.marionette import Marionette
from harness.world import World

SOURCE = Path(os.environ.get("MEISHI_SOURCE_DIR", Path(__file__).parents[2]))
README = SOURCE / "README.md"
SECTION = "From a fresh machine to the page"
PASSWORD = {"Password for alice.p12: ": "correct horse"}
NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}


class OwnProfile(Profile):
    """The one that Firefox has made for itself when it ran for the first time."""

    def __init__(self, world):  # pylint: disable=super-init-not-called
        world.run(find_program(), "--headless", "--screenshot", "blank.png", "about:blank")
        [self.path] = {path.parent for path in world.person.home.rglob("cert9.db")}
        lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in PREFERENCES.items()]
        world.put(self.path.relative_to(world.person.home) / "user.js", "".join(lines))


class OwnFirefox(Firefox):
    """As a person starts it, whose profile it finds by itself."""

    def __init__(self, world, profile):  # pylint: disable=super-init-not-called
        self.profile = profile
        self._url = self._navigation = None
        self.process = world.person.background(
            *world.command(
                find_program(), "--headless", "--marionette", "-remote-allow-system-access",
                "about:blank",
            )
        )  # fmt: skip
        self.marionette = Marionette(self.process.wait_ready(self.profile.port, "can be driven"))


@pytest.fixture
def company(scratch, pki):
    made = Company(scratch / "stopwatch", pki, ["intranet.example"])
    yield made
    made.stop()


def numbers_told():
    """(commands, questions) of the README."""
    told = re.search(r"That is (\w+) commands and (\w+)\s+questions", README.read_text())
    return NUMBERS[told[1]], NUMBERS[told[2]]


def test_the_story(ordinary, pki, company):
    alice = pki.identity("Alice Example")
    world = World(ordinary, pki, company.names)
    world.put("alice.p12", pki.p12(alice).read_bytes())
    profile = OwnProfile(world)
    page = Page(README, section=SECTION)
    [installing] = page.not_run()
    questions = page.run(world, PASSWORD)
    assert "apt install" in installing  # tests/package does that
    browser = OwnFirefox(world, profile)
    browser.answer_dialogs("Alice Example")
    seen = browser.load(f"https://intranet.example:{company.port}/")
    assert alice.subject in seen.text
    questions += browser.dialogs()
    assert browser.stop() == 0
    assert (1 + len(page.steps()), len(questions)) == numbers_told()
