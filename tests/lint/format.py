#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tree is formatted the way clang-format 14 with our .clang-format would."""

import shutil
import subprocess
from pathlib import Path

from common import files, main

PROJECT_STYLE = Path(__file__).resolve().parents[2] / ".clang-format"


def check(root):
    style = PROJECT_STYLE.read_text(encoding="utf-8")
    assert "ColumnLimit" in style
    if not (root / ".clang-format").exists():
        shutil.copy(PROJECT_STYLE, root)
    sources = [str(root / path) for path in files(root, ".c", ".h")]
    done = subprocess.run(
        ["clang-format", "--dry-run", "-Werror", "--style=file", *sources],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    for line in done.stderr.splitlines():
        if "error:" in line:
            yield line


PLANTS = [("cli/a.c", "int  main( void ) { return 0 ; }\n", "code should be clang-formatted")]

if __name__ == "__main__":
    main(check, PLANTS)
