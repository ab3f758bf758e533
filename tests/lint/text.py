#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What every file owes its reader: a licence line, an opening comment, clean white space, and
nothing that belongs to the machine it was written on."""

import re
from pathlib import Path

from common import files, main, read

SOURCES = (".c", ".h", ".py", ".sh", ".in", ".xml")
TEXTS = (*SOURCES, ".md", ".build", ".1", ".5", ".7", ".8")
SPDX = "SPDX-License-Identifier: LGPL-2.1-or-later"

# Somebody's home, mount or work directory.
PRIVATE_PATH = re.compile(r"(?<![\w.~$}/-])/(home|root|mnt|media|Users|work)/[\w.-]")

LINK = re.compile(r"\]\((?!https?:)([^)\s]+)\)")

COMMENT = re.compile(r"/\*.*?\*/", re.S)


def check_head(path, text):
    head = "\n".join(text.splitlines()[:8])
    if path.name.endswith(SOURCES) and SPDX not in head and text.strip():
        yield f"{path}: no line with {SPDX}"
    if path.suffix in (".c", ".h") and path.parts[0] != "tests":
        opening = COMMENT.match(text)
        lines = opening.group().count("\n") + 1 if opening else 0
        if lines < 4:
            yield f"{path}: does not open with a comment that says what the file is for"
    if path.suffix == ".h" and "#pragma once" not in text:
        yield f"{path}: no #pragma once"


def check_lines(path, text):
    if text and not text.endswith("\n"):
        yield f"{path}: no newline at the end"
    for number, line in enumerate(text.splitlines(), 1):
        if line != line.rstrip() and path.suffix != ".md":
            yield f"{path}:{number}: white space at the end of the line"
        if "\t" in line:
            yield f"{path}:{number}: a tab"
        found = PRIVATE_PATH.search(line)
        if found:
            yield f"{path}:{number}: a path of some machine: {found.group()}"


def check_links(root, path, text):
    for target in LINK.findall(text):
        if not (root / path).parent.joinpath(target.partition("#")[0]).exists():
            yield f"{path}: links to {target}, which is not there"


def check(root):
    top = [Path("README.md")] if (root / "README.md").exists() else []
    for path in [*top, *files(root, *TEXTS)]:
        text = read(root, path)
        yield from check_head(path, text)
        yield from check_lines(path, text)
        if path.suffix == ".md":
            yield from check_links(root, path, text)


HEAD = f"/* {SPDX}\n *\n * What it is for.\n */\n"

PLANTS = [
    ("cli/a.c", "int a;\n", "no line with"),
    ("cli/a.c", f"/* {SPDX} */\nint a;\n", "does not open with a comment"),
    ("cli/a.h", HEAD, "no #pragma once"),
    ("cli/a.c", HEAD + "int a; \n", "white space"),
    ("cli/a.c", HEAD + "\tint a;\n", "a tab"),
    ("cli/a.c", HEAD + "int a;", "no newline"),
    ("doc/a.md", "See " + "/ho" + "me/me/x.\n", "a path of some machine"),
    ("doc/a.md", "See [b](b.md).\n", "links to b.md"),
]

if __name__ == "__main__":
    main(check, PLANTS)
