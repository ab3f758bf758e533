# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the lints share: which files there are, code without its comments, and the frame of a lint.

A lint is check(root), which yields findings as text, and PLANTS, small violations that it must
find.  `lint.py ROOT` runs the check, `lint.py --self-check` plants each violation in an empty tree
and fails where one goes unnoticed: a check that cannot fail is none.
"""

import os
import re
import sys
import tempfile
from pathlib import Path

PARTS = ("module", "daemon", "cli", "tests", "data", "doc", ".ci")


def files(root, *suffixes, parts=PARTS):
    """Files below the parts of the tree with one of these suffixes, as paths from the root."""
    found = []
    for part in parts:
        for directory, names, filenames in os.walk(Path(root) / part):
            names[:] = [n for n in names if n not in ("__pycache__", "corpus", "fixtures")]
            here = Path(directory).relative_to(root)
            found += [here / n for n in filenames if not suffixes or n.endswith(suffixes)]
    return sorted(found)


def read(root, path):
    return (Path(root) / path).read_text(encoding="utf-8", errors="replace")


_COMMENT_OR_STRING = re.compile(
    r"""/\*.*?\*/ | //[^\n]* | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'""", re.S | re.X
)


def code_only(text):
    """C source without comments and with empty strings; lines keep their numbers."""

    def blank(match):
        kept = "\n" * match.group().count("\n")
        return '""' if match.group()[0] in "\"'" else " " + kept

    return _COMMENT_OR_STRING.sub(blank, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def main(check, plants):
    """`plants`: (path, content, a part of the finding it must lead to)."""
    if sys.argv[1:] == ["--self-check"]:
        _self_check(check, plants)
        return
    findings = list(check(Path(sys.argv[1])))
    for finding in findings:
        print(finding)
    sys.exit(1 if findings else 0)


def _self_check(check, plants):
    for path, content, expected in plants:
        with tempfile.TemporaryDirectory() as directory:
            planted = Path(directory) / path
            planted.parent.mkdir(parents=True)
            planted.write_text(content, encoding="utf-8")
            findings = list(check(Path(directory)))
        if not any(expected in finding for finding in findings):
            sys.exit(f"not found: {expected!r} in {path}:\n{content}\nonly: {findings}")
        print(f"found: {expected}")
