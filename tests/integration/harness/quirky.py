# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tokens of the quirky module (tests/lib/quirky-module.c), which has the quirks that it is told."""

import os
from pathlib import Path

PIN = "1234"


class Quirky:
    """With these identities, under CKA_IDs from 01 on."""

    environment = {}

    def __init__(self, directory, words, *identities):
        self.directory = Path(directory)
        self.directory.mkdir(mode=0o755)
        self.module = Path(os.environ["MEISHI_BUILD_DIR"]) / "tests/lib/quirky-module.so"
        self.options = f"x-init-reserved: dir={self.directory} {words}\n"
        for number, one in enumerate(identities, 1):
            self.add(number, one)

    def add(self, number, certified):
        path = self.directory / f"{number:02x}.pem"
        path.write_text(certified.cert.read_text() + certified.key.read_text())
