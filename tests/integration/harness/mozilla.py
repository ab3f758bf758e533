# SPDX-License-Identifier: LGPL-2.1-or-later
"""Profiles that Firefox makes itself, where it makes them, with certificates that it was given.

    profiles = Profiles(person)
    work = profiles.new("work")             # its directory is work.path
    with work.started() as firefox:
        firefox.import_p12(file, password)
        firefox.set_primary_password("secret")
"""

import contextlib
import json

from .firefox import PREFERENCES, find_program
from .marionette import Marionette, MarionetteError
from .process import PATIENCE, wait_until

QUIET = {"MOZ_CRASHREPORTER_DISABLE": "1"}

IMPORT = """
let [path, password] = args;
let file = Cc["@mozilla.org/file/local;1"].createInstance(Ci.nsIFile);
file.initWithPath(path);
return Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB)
  .importPKCS12File(file, password);
"""

SET_PASSWORD = """
let [password] = args;
let kept = Cc["@mozilla.org/security/internalkeytoken;1"];
let token = kept ? kept.createInstance(Ci.nsIPKCS11Token ?? Ci.nsIPK11Token)
  : Cc["@mozilla.org/security/pk11tokendb;1"].getService(Ci.nsIPK11TokenDB).getInternalKeyToken();
token.changePassword("", password);
"""


class Started:
    """A Firefox that runs."""

    def __init__(self, process, marionette):
        self.process = process
        self.marionette = marionette

    def import_p12(self, path, password):
        assert self.marionette.chrome(IMPORT, str(path), password) == 0

    def set_primary_password(self, password):
        self.marionette.chrome(SET_PASSWORD, password)

    def stop(self):
        with contextlib.suppress(MarionetteError):  # gone before it could answer
            self.marionette.command("Marionette:Quit", flags=["eForceQuit"])
        self.marionette.close()
        assert self.process.wait(PATIENCE) == 0


class Profile:
    def __init__(self, person, name, path):
        self.person, self.name, self.path = person, name, path
        lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in PREFERENCES.items()]
        person.write(path.relative_to(person.home) / "user.js", "".join(lines))

    def _port(self):
        try:
            return int((self.path / "MarionetteActivePort").read_text())
        except (FileNotFoundError, ValueError):
            return None

    @contextlib.contextmanager
    def started(self):
        process = self.person.background(
            find_program(), "--headless", "--no-remote", "--marionette",
            "-remote-allow-system-access", "-P", self.name, "about:blank", env=QUIET,
        )  # fmt: skip
        try:
            firefox = Started(process, Marionette(process.wait_ready(self._port, "can be driven")))
            yield firefox
            firefox.stop()
        finally:
            process.kill()


class Profiles:
    def __init__(self, person):
        self.person = person

    def _directories(self):
        """Of the profiles that are there, by name."""
        found = {}
        for ini in self.person.home.rglob("profiles.ini"):
            for section in ini.read_text().split("\n\n"):
                values = dict(line.split("=", 1) for line in section.splitlines() if "=" in line)
                if "Path" in values:
                    found[values["Name"]] = ini.parent / values["Path"]
        return found

    def new(self, name):
        self.person.run(
            find_program(), "--headless", "--no-remote", "-CreateProfile", name, env=QUIET
        )
        path = wait_until(lambda: self._directories().get(name), f"there is a profile {name}")
        return Profile(self.person, name, path)
