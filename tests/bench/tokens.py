#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the way through daemon and host costs a token: each signature beside the same one by the
token's module, loaded by the program itself.

    tokens.py BUILD [--rounds N] [--seconds S] [--runs N] [--json FILE] [--smoke]

SoftHSM, a PIV card (our own emulator, in pcscd's virtual reader, behind OpenSC) and a TPM (swtpm,
behind its resource manager and tpm2-pkcs11), with the same keys for both ways.  Both take turns in
every round; what counts are the ratios.  A fresh process pays with the module for its start, and for
logging in, which the daemon did once.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "integration"))

# pylint: disable=wrong-import-position
from harness.holder import Holder  # noqa: E402
from harness.person import Person  # noqa: E402
from harness.pki import Pki  # noqa: E402
from harness.smartcard import PIN, Reader  # noqa: E402
from harness.softhsm import SoftHsm  # noqa: E402
from harness.tpm import Tpm  # noqa: E402
from harness.tree import Tree  # noqa: E402
from table import Table  # noqa: E402

# By what p11bench calls them, the algorithms of our PKI.
KEYS = {"rsa2048": "rsa2048", "ec256": "p256"}
ALONE, THROUGH = "its module alone", "through Meishi"


def label(stack, key):
    """Of a token.  Each has one key, so that nobody has to choose."""
    return f"{stack} {key}"


class Tokens:
    """All stacks, each with a token for each kind of key, and a daemon that has been given every PIN."""

    def __init__(self, build, place, options):
        self.program = build / "tests" / "bench" / "p11bench"
        self.options = options
        self.person = Person(Tree(build, place / "tree"), place / "person")
        self.pki = Pki(place / "pki")
        self.reader, self.tpm = Reader(place / "reader"), Tpm(place / "tpm")
        self.softhsm = SoftHsm(place / "softhsm")
        self.stacks = {"SoftHSM": self.softhsm, "PIV card": self.reader, "TPM": self.tpm}
        self._fill()
        self.holder = Holder(self.person, softhsm=self.softhsm, opensc=self.reader, tpm2=self.tpm)
        everybody = [self._identity(stack, key) for stack in self.stacks for key in KEYS]
        self.holder.start(*everybody)
        self._log_in()

    def measure(self, command, stack, key, way, *arguments):
        """What p11bench says."""
        if way == THROUGH:
            module, pin, env = self.person.tree.module, (), {}
        else:
            module, pin, env = self.stacks[stack].module, ("-p", PIN), self.stacks[stack].environment
        argv = (command, module, "-t", label(stack, key), "-m", key, *pin, *arguments)
        return json.loads(self.person.run(self.program, *argv, env=env).stdout)

    def round(self, table):
        for stack in self.stacks:
            for key in KEYS:
                self._compare(table, stack, key)

    def _compare(self, table, stack, key):
        seconds, runs = ("-s", self.options.seconds), ("-r", self.options.runs)
        for way in (ALONE, THROUGH):
            got = self.measure("sign", stack, key, way, *seconds)
            table.note(f"{stack}, {key}: a signature (us)", way, got["p50_us"])
        for way in (ALONE, THROUGH):
            got = self.measure("sign", stack, key, way, "-j", 4, *seconds)
            table.note(f"{stack}, {key}: signatures per s, 4 processes", way, got["rate"])
        for way in (ALONE, THROUGH):
            got = self.measure("cold", stack, key, way, *runs)
            table.note(f"{stack}, {key}: a process with one signature (us)", way, got["total_us"])

    def _identity(self, stack, key):
        """A card calls itself after its certificate."""
        return self.pki.identity(label(stack, key), KEYS[key])

    def _fill(self):
        for slot, key in enumerate(KEYS):
            one = self._identity("SoftHSM", key)
            self.softhsm.add(self.softhsm.token(one.name), one, "01")
            one = self._identity("TPM", key)
            self.tpm.add(self.tpm.token(one.name), one, key.rstrip("0123456789"))
            self.reader.card({"9a": self._identity("PIV card", key)}, slot).insert()

    def _log_in(self):
        prompter = self.holder.prompter()
        tokens = [(stack, key) for stack in self.stacks for key in KEYS]
        for number, (stack, key) in enumerate(tokens, 1):
            one = self.person.background(
                self.program, "sign", self.person.tree.module, "-t", label(stack, key), "-m", key,
                "-s", "0.001",
            )  # fmt: skip
            prompter.give(prompter.question(number)[0], PIN)
            assert one.wait() == 0, one.output()

    def stop(self):
        self.holder.close()
        self.person.close()
        self.reader.close()
        self.tpm.close()


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("build", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--json", type=Path)
    parser.add_argument(
        "--smoke", action="store_true", help="once, briefly: does it run?  The figures mean nothing"
    )
    options = parser.parse_args()
    if options.smoke:
        options.rounds, options.seconds, options.runs = 1, 0.01, 1
    return options


def main():
    options = parse_arguments()
    build = options.build.resolve()
    os.environ["MEISHI_BUILD_DIR"] = str(build)  # where the card is, for the harness
    table = Table()
    with tempfile.TemporaryDirectory(prefix="meishi-bench-", dir="/tmp") as name:
        tokens = Tokens(build, Path(name), options)
        try:
            for _ in range(options.rounds):
                tokens.round(table)
        finally:
            tokens.stop()
    table.print()
    if options.json:
        table.write(options.json)


if __name__ == "__main__":
    main()
