# SPDX-License-Identifier: LGPL-2.1-or-later
"""Care for foreign modules: what may be loaded, what is tried before it is added, and what a person
is told of one that is in trouble.  A profile of NSS, as browsers have them, is a module as well."""

import json
import os
from pathlib import Path

import pytest
from harness.dbus import ROOT, Door
from harness.pki import PASSWORD
from harness.process import wait_until
from harness.prompter import settle
from harness.smartcard import find_module
from harness.softhsm import Card

MANAGER = "org.meishi.Agent1.Manager"


@pytest.fixture
def card(person, pki):
    made = Card(person)
    made.add(pki.identity("Card EC", "p256"), 1)
    return made


def sees(person, label="Card EC"):
    return label in person.meishi("list").stdout


def modules(person):
    """What the daemon says of its modules, by name, and of others."""
    door = Door(f"unix:path={person.bus_socket}")
    listed, remarks = door.call(ROOT, f"{MANAGER}.ListModules")
    door.close()
    return {one["name"]: one for one in listed}, remarks


# ---- adding ----------------------------------------------------------------------------------


def test_no_module(person):
    """A library that is none is told at once, and not at every start."""
    person.start_daemon()
    for path in ("/bin/true", find_module("libm.so.6")):
        done = person.meishi("token", "add-module", path, check=False)
        assert done.returncode == 1 and "cannot be loaded as a PKCS#11 module" in done.stderr, done
    assert modules(person) == ({}, [])
    assert list((person.config / "meishi").glob("modules/*")) == []


def test_added(person, card):
    person.start_daemon()
    person.meishi("token", "add-module", card.module)
    wait_until(lambda: sees(person), "the card is seen")
    (one,) = modules(person)[0].values()
    assert one["state"] == "running" and one["path"] == os.path.realpath(card.module)
    assert one["tokens"] == 2 and "trouble" not in one


# ---- trouble ---------------------------------------------------------------------------------


def test_trouble(person, card):
    """Beside one that is well."""
    person.write("softhsm/modules/bad.module", "module: /bin/true\n")
    person.write("softhsm/modules/absent.module", f"module: {person.home}/no.so\n")
    person.start_daemon(*card.options)
    wait_until(lambda: sees(person), "the card is seen")
    wait_until(lambda: "does not run" in person.meishi("token", "list").stderr, "it is told")
    done = person.meishi("token", "list")
    assert "Corp card" in done.stdout
    assert "The module “bad” does not run: " in done.stderr, done.stderr
    assert "next try is in" in done.stderr or "is being started anew" in done.stderr, done.stderr
    assert f"no PKCS#11 module {person.home}/no.so" in done.stderr, done.stderr
    known, remarks = modules(person)
    assert known["softhsm"]["state"] == "running" and known["bad"]["state"] != "running"
    assert len(remarks) == 1


# ---- policy ----------------------------------------------------------------------------------


@pytest.fixture
def policy(person):
    """policy(TEXT) is the administrator's word from now on."""
    root = person.home / "root"

    def write(text):
        directory = root / "etc" / "meishi" / "policy.d"
        for path in (root, root / "etc", root / "etc" / "meishi", directory):
            if not path.exists():
                person._mkdir(path)
        path = directory / "10-corp.conf"
        path.write_text(text)
        path.chmod(0o644)
        os.chown(path, person.uid, person.gid)

    write.options = ("--policy-root", root)
    return write


def test_policy(person, card, policy):
    module = os.path.realpath(card.module)
    policy(f"[Modules]\nDeny={module}\n")
    person.start_daemon(*card.options, *policy.options)
    settle()
    assert not sees(person) and modules(person)[0] == {}
    assert "policy forbids it" in person.meishi("token", "list").stderr
    done = person.meishi("token", "add-module", card.module, check=False)
    assert done.returncode == 4 and "policy forbids it" in done.stderr, done
    policy("[Modules]\nP11-Kit=no\n")
    wait_until(lambda: modules(person)[1] == [], "the policy is in force")
    assert not sees(person)
    policy("")
    wait_until(lambda: sees(person), "the card is seen")


def test_allowed_by_policy(person, card, policy):
    """A library that its owner could change is loaded where policy says so."""
    person._mkdir(person.home / "lib")
    mine = person.write("lib/mine.so", card.module.read_bytes(), 0o777)
    policy("")
    person.start_daemon(*policy.options)
    done = person.meishi("token", "add-module", mine, check=False)
    assert done.returncode == 1 and "allow it by policy" in done.stderr, done
    policy(f"[Modules]\nAllow={mine.parent}\n")
    wait_until(
        lambda: person.meishi("token", "add-module", mine, check=False).returncode == 0,
        "the policy is in force",
    )
    wait_until(lambda: sees(person), "the card is seen")


# ---- NSS -------------------------------------------------------------------------------------


@pytest.fixture
def profile(person, pki):
    """A browser's profile with an identity in it, configured as a module."""
    directory = person.home / "profile"
    person._mkdir(directory)
    password = person.write("nss-password", "")
    identity = pki.identity("Browser RSA", "rsa2048")

    def run(*argv):
        return person.run(*argv, stdin="")

    run("certutil", "-N", "-d", f"sql:{directory}", "--empty-password")
    run("pk12util", "-i", pki.p12(identity), "-d", f"sql:{directory}", "-k", password, "-W", PASSWORD)
    person._mkdir(person.home / "modules")
    # Firefox has one of its own, which needs what lies beside it.
    (module,) = [
        path for path in Path("/usr/lib").glob("*/libsoftokn3.so") if "firefox" not in str(path)
    ]
    person.write(
        "modules/nss.module",
        f"module: {module}\n"
        f"x-init-reserved: configdir='sql:{directory}' certPrefix='' keyPrefix='' "
        "secmod='secmod.db' flags=readOnly\n",
    )
    return identity


def test_nss_profile(person, pki, nginx, profile):
    person.start_daemon("--token-modules", person.home / "modules")
    wait_until(lambda: sees(person, profile.name), "the profile is seen")
    (shown,) = [
        one for one in json.loads(person.meishi("list", "--json").stdout)
        if one["subject"] == profile.subject
    ]  # fmt: skip
    assert shown["location"] == "token"
    for version in ("1.2", "1.3"):
        page = person.run(
            "curl", "-sS", "--cacert", pki.root.cert, "--cert", shown["uri"], nginx.url(version)
        ).stdout
        assert nginx.page(profile, version) in page
