# SPDX-License-Identifier: LGPL-2.1-or-later
"""Browsers under policy reach a protected page with no dialog and the right certificate out of five:
Chromium by the AutoSelectCertificateForUrls that `meishi policy export` writes, Firefox by what it is
shown and by taking the first that fits."""

import json

import pytest
from harness.firefox import ASK, Application
from harness.mounted import can_mount, mounted
from harness.pki import PASSWORD

CHROMIUM_POLICY = "/etc/chromium"  # of Debian's package, which puts a file there
NAMES = ("Hana", "Hana at work", "Hana the admin", "Hana in the lab", "Hana at home")
NO_CERTIFICATE = "No required SSL certificate was sent"

HEAD = "[Policy]\nVersion=1\n"
FOR_HOSTS = """
[Rule work]
Match-Host=127.0.0.1
Identity-Subject-CN==Hana at work
Action=select

[Rule lab]
Match-Host=localhost
Match-Port={port}
Identity-Issuer-O==Example Corp
Identity-Subject-CN==Hana in the lab
Action=select
"""
SHOWN = "Hana the admin"
IN_FIREFOX = f"""
[Rule firefox-alone]
Identity-Subject-CN=={SHOWN}
Match-Application=!exe:{{directory}}/firefox*
Match-Application-Trust=any
Action=restrict
"""
NOT_IN_FIREFOX = """
[Rule not-in-firefox]
Identity-Subject-CN={others}
Match-Application=exe:{directory}/firefox*
Action=restrict
"""
FIRST_IN_FIREFOX = """
[Rule first-in-firefox]
Identity-Subject-CN=={name}
Match-Application=exe:{{directory}}/firefox*
Action=select
"""


@pytest.fixture
def five(person, pki):
    """The identities of a person, by name; and nothing tells a browser which comes first."""
    made = {name: pki.identity(name, "rsa2048") for name in NAMES}
    person.start_daemon()
    for one in made.values():
        person.import_files(pki.p12(one), password=PASSWORD)
    return made


def export(person, browser, text, *options):
    """What `meishi policy export` makes of a policy file."""
    rules = person.write("rules.conf", HEAD + text)
    return json.loads(person.meishi("policy", "export", browser, *options, rules).stdout)


# ---- Chromium -----------------------------------------------------------------------------------


def assert_right_ones(browser, nginx, five):
    """By both rules, and by the one that names no port in both versions of TLS."""
    for version in ("1.2", "1.3"):
        page = browser.load(nginx.url(version))
        assert nginx.page(five["Hana at work"], version) in page.text, page
    page = browser.load(nginx.url("1.3").replace("127.0.0.1", "localhost"))
    assert nginx.page(five["Hana in the lab"], "1.3") in page.text, page


def test_chromium(person, five, chromium, nginx):
    """Its policies are below /etc, whoever runs it: administrators write them."""
    policy = export(person, "chromium", FOR_HOSTS.format(port=nginx.port("1.3")))
    assert list(policy) == ["AutoSelectCertificateForUrls"]
    directory = person.home / "etc-chromium"
    for path in (directory, directory / "policies", directory / "policies" / "managed"):
        person._mkdir(path)
    person.write("etc-chromium/policies/managed/meishi.json", json.dumps(policy))
    browser = chromium(person, under=mounted(directory, CHROMIUM_POLICY))
    assert_right_ones(browser, nginx, five)
    assert browser.stop() == 0


# Chromium looks nowhere else for policies.
if not can_mount():
    del test_chromium


def test_chromium_of_a_person_without_rights(person, five, chromium, nginx):
    """The same patterns and filters in the profile, for whoever cannot write policies."""
    policy = export(person, "chromium", FOR_HOSTS.format(port=nginx.port("1.3")))
    browser = chromium(person, select=policy["AutoSelectCertificateForUrls"])
    assert_right_ones(browser, nginx, five)
    assert browser.stop() == 0


# ---- Firefox ------------------------------------------------------------------------------------


class Owner:
    """A person with a Firefox of their own, which has policies beside it: those exported, but for
    where the module lies, which is staged."""

    def __init__(self, person, rules):
        self.person = person
        self.directory = person.home / "firefox-esr"
        self.rules(rules)
        policies = export(person, "firefox", self._text, "--select-automatically")
        devices = policies["policies"]["SecurityDevices"]["Add"]
        assert devices == {"Meishi": str(person.tree.final_path(person.tree.module))}
        devices["Meishi"] = str(person.tree.module)
        self.program = Application(person, self.directory, policies).program

    def rules(self, text):
        """From now on."""
        self._text = text.format(directory=self.directory)
        for path in (self.person.config / "meishi", self.person.config / "meishi" / "policy.d"):
            self.person._mkdir(path)
        self.person.write("config/meishi/policy.d/10-firefox.conf", HEAD + self._text)
        self.person.stop_daemon()
        self.person.start_daemon()


@pytest.fixture
def owner(person, five):
    """Whose Firefox sees one identity."""
    others = [name for name in five if name != SHOWN]
    return Owner(person, IN_FIREFOX + NOT_IN_FIREFOX.replace("{others}", ";".join(others)))


def test_firefox(owner, five, firefox, nginx):
    """Nothing in its profile says a word of Meishi."""
    browser = firefox(owner.person, modules={}, select=None, program=owner.program)
    browser.answer_dialogs(None)
    assert browser.tokens("Meishi") == ["Meishi"]
    for version in ("1.2", "1.3"):
        browser.forget()
        page = browser.load(nginx.url(version))
        assert nginx.page(five[SHOWN], version) in page.text, page
    assert browser.dialogs() == []


def test_another_firefox_sees_the_others(owner, firefox, nginx):
    """The view is that of one program: where no policy applies, there are four to choose from."""
    browser = firefox(owner.person, select=ASK)
    browser.answer_dialogs(None)
    assert NO_CERTIFICATE in browser.load(nginx.url("1.3")).text
    [dialog] = browser.dialogs()
    assert len(dialog["entries"]) == len(NAMES) - 1
    assert not any(SHOWN in entry for entry in dialog["entries"])


@pytest.mark.parametrize("name", ["Hana", "Hana in the lab"])
def test_firefox_takes_the_first(person, five, firefox, nginx, name):
    """It sees all of them, in the order that the rules make."""
    owner = Owner(person, FIRST_IN_FIREFOX.format(name=name))
    browser = firefox(person, modules={}, select=None, program=owner.program)
    assert nginx.page(five[name], "1.3") in browser.load(nginx.url("1.3")).text
