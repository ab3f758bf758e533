# SPDX-License-Identifier: LGPL-2.1-or-later
"""A card: a SoftHSM token of one person's, with identities on it, that can be pulled."""

import subprocess

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN, SO_PIN = "123456", "87654321"


class Card:
    """`person` gets a token `label`; meishid finds it with `options`."""

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
            f"directories.tokendir = {self.tokens}\nobjectstore.backend = file\n"
            "log.level = ERROR\nslots.removable = true\n",
        )
        person.write("softhsm/modules/softhsm.module", f"module: {MODULE}\n")
        person.env["SOFTHSM2_CONF"] = str(self.directory / "softhsm2.conf")
        self._util("--init-token", "--free", "--label", label, "--so-pin", SO_PIN)

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
            "pkcs11-tool", "--module", MODULE, "--token-label", self.label, "--login", "--pin",
            PIN, *args,
        )  # fmt: skip

    @staticmethod
    def _convert(command, path):
        done = subprocess.run(
            ["openssl", command, "-in", path], capture_output=True, check=True
        )
        return done.stdout
