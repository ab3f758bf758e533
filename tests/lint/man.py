#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Manual pages: clean mdoc, each installed, and whatever a program offers is in its page."""

import re
import subprocess
from pathlib import Path

from common import files, main, read


def check_mdoc(root, path):
    done = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "warning", str(Path(root) / path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    for line in done.stdout.splitlines():
        yield f"{path}:{line.partition(str(path) + ':')[2]}"


def check_installed(path, build):
    if path.name not in build:
        yield f"{path}: doc/meson.build does not install it"


def check_options(root, page, source):
    """Long options of the option tables in `source` stand in `page`."""
    text = read(root, page).replace("\\-", "-")
    for option in re.findall(r'^\s*\{"([a-z-]+)", *(?:\'\w\'|0),(?!.*HIDDEN)', source, re.M):
        if f"-{option}" not in text:
            yield f"{page}: says nothing of --{option}"


def check(root):
    pages = files(root, ".1", ".5", ".7", ".8", parts=("doc",))
    build = read(root, "doc/meson.build") if (root / "doc/meson.build").exists() else ""
    for page in pages:
        yield from check_mdoc(root, page)
        yield from check_installed(page, build)
    programs = {"doc/man/meishid.8": "daemon/main.c", "doc/man/meishi.1": "cli"}
    for page, where in programs.items():
        if (root / where).is_file():
            sources = [where]
        else:
            sources = files(root, ".c", parts=(where,))
        if sources and not (root / page).exists():
            yield f"{page}: is missing"
            continue
        for source in sources:
            yield from check_options(root, page, read(root, source))


PAGE = ".Dd $Mdocdate$\n.Dt X 8\n.Os\n.Sh NAME\n.Nm x\n.Nd x\n"

PLANTS = [
    ("doc/man/x.8", PAGE + ".Bl -tag\n.It a\n", "missing end of block"),
    ("doc/man/x.8", PAGE, "does not install it"),
    ("daemon/main.c", 'a[] = {\n{"fast", 0, 0}};\n', "is missing"),
]

if __name__ == "__main__":
    main(check, PLANTS)
