# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program of Java's that runs all the time: Java.java, told by lines."""

from pathlib import Path

from .running import Running

CONFIGURATION = """\
name = Meishi
library = {module}
slot = {slot}
"""


class Java(Running):
    """With what is in `slot`.  page(url=...): {"page": ...}, or {"error": ...} with what Java says;
    has_key(): {"key": ...}."""

    def __init__(self, person, pki, slot):
        configuration = person.write(
            "sunpkcs11.cfg", CONFIGURATION.format(module=person.tree.module, slot=slot)
        )
        program = Path(__file__).with_name("Java.java")
        super().__init__(
            person, "java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", program, configuration,
            pki.root.cert,
        )  # fmt: skip

    def send(self, name, **arguments):
        self.process.stdin.write(arguments.get("url", "keys") + "\n")
        self.process.stdin.flush()
