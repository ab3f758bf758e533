# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tokens of SoftHSM2 below a directory of one's own."""

import os
import subprocess
from pathlib import Path

from .pki import openssl
from .smartcard import find_module

PIN, SO_PIN = "123456", "87654321"

CONFIGURATION = """\
directories.tokendir = {directory}/tokens
objectstore.backend = file
log.level = ERROR
slots.removable = true
"""


class SoftHsm:
    def __init__(self, directory):
        self.directory = Path(directory)
        self.directory.mkdir(mode=0o755)
        (self.directory / "tokens").mkdir()
        self._configuration = self.directory / "softhsm2.conf"
        self._configuration.write_text(CONFIGURATION.format(directory=self.directory))

    @property
    def module(self):
        return find_module("softhsm/libsofthsm2.so")

    @property
    def environment(self):
        return {"SOFTHSM2_CONF": str(self._configuration)}

    def run(self, *argv, check=True):
        done = subprocess.run(
            [str(arg) for arg in argv], env={**os.environ, **self.environment},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{argv[0]}:\n{done.stdout}\n{done.stderr}"
        return done

    def tool(self, label, *argv):
        """pkcs11-tool, logged in."""
        return self.run(
            "pkcs11-tool", "--module", self.module, "--token-label", label, "--login", "--pin", PIN,
            *argv,
        )  # fmt: skip

    def token(self, label):
        self.run(
            "softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN,
            "--so-pin", SO_PIN,
        )  # fmt: skip
        return label

    def add(self, label, certified, number, name=None):
        """Key and certificate of `certified` on token `label` under CKA_ID `number` (hex)."""
        name = name or certified.name
        key, cert = self.directory / "key.p8", self.directory / "cert.der"
        openssl("pkcs8", "-topk8", "-nocrypt", "-in", certified.key, "-out", key)
        cert.write_bytes(certified.der())
        self.run(
            "softhsm2-util", "--import", key, "--token", label, "--label", name, "--id", number,
            "--pin", PIN,
        )  # fmt: skip
        self.tool(
            label, "--write-object", cert, "--type", "cert", "--id", number, "--label", name
        )
        key.unlink()

    def add_always_authenticate(self, label, number, name):
        """A key pair made on the token whose every use takes the PIN."""
        self.tool(
            label, "--keypairgen", "--key-type", "rsa:2048", "--always-auth", "--id", number,
            "--label", name,
        )  # fmt: skip

    def pull(self):
        """What "removed" looks like here: the files are gone."""
        (self.directory / "tokens").rename(self.directory / "tokens.away")

    def insert(self):
        (self.directory / "tokens.away").rename(self.directory / "tokens")


class Card:
    """A token `label` of `person`'s, with identities on it; meishid finds it with `options`."""

    def __init__(self, person, label="Corp card"):
        self.person = person
        self.label = label
        self.directory = person.home / "softhsm"
        self.tokens = self.directory / "tokens"
        self.away = self.directory / "away"
        for path in (self.directory, self.tokens, self.directory / "modules"):
            person._mkdir(path)
        person.write(
            "softhsm/softhsm2.conf",
            CONFIGURATION.format(directory=self.directory),
        )
        person.write("softhsm/modules/softhsm.module", f"module: {self.module}\n")
        person.env["SOFTHSM2_CONF"] = str(self.directory / "softhsm2.conf")
        self._util("--init-token", "--free", "--label", label, "--so-pin", SO_PIN)

    @property
    def module(self):
        return find_module("softhsm/libsofthsm2.so")

    @property
    def options(self):
        return ("--token-modules", self.directory / "modules")

    def add(self, certified, number, login_always=False):
        """Key and certificate of an identity."""
        name, key_id = certified.name, f"{number:02x}"
        key = self.person.write(f"softhsm/{number}.key", self._convert("pkey", certified.key))
        der = self.person.write(f"softhsm/{number}.der", certified.der())
        if login_always:
            self._tool("--write-object", key, "--type", "privkey", "--id", key_id, "--label", name,
                       "--always-auth")  # fmt: skip
        else:
            self._util("--import", key, "--token", self.label, "--label", name, "--id", key_id)
        self._tool("--write-object", der, "--type", "cert", "--id", key_id, "--label", name)
        return certified

    def pull(self):
        self.tokens.rename(self.away)

    def insert(self):
        self.away.rename(self.tokens)

    def change_pin(self, new):
        self._tool("--change-pin", "--new-pin", new)

    def _util(self, *args):
        self.person.run("softhsm2-util", *args, "--pin", PIN)

    def _tool(self, *args):
        self.person.run(
            "pkcs11-tool", "--module", self.module, "--token-label", self.label, "--login", "--pin",
            PIN, *args,
        )  # fmt: skip

    @staticmethod
    def _convert(command, path):
        done = subprocess.run(["openssl", command, "-in", path], capture_output=True, check=True)
        return done.stdout
