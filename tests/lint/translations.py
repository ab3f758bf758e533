#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every text of the prompter is in the catalogues, and the catalogues say nothing that is gone.

Needs gettext.  data/po/POTFILES names the sources; one that has texts and is not named is found.
"""

import re
import subprocess
import tempfile
from pathlib import Path

from common import files, main, read

KEYWORDS = ("--keyword=_", "--keyword=N_", "--keyword=C_:1c,2")
SAYS = re.compile(r"(?<!\w)(?:_|N_|ngettext)\(\"")


def named(root):
    return [line for line in read(root, "data/po/POTFILES").splitlines() if line]


def check_sources(root):
    sources = named(root)
    for path in files(root, ".c", parts=("daemon", "cli")):
        if str(path) not in sources and SAYS.search(read(root, path)):
            yield f"{path}: has texts for people and is not in data/po/POTFILES"


def check_catalogue(root, template, catalogue):
    for command in (
        ["msgfmt", "--check", "--output-file=/dev/null", str(catalogue)],
        ["msgcmp", str(catalogue), template],
    ):
        done = subprocess.run(
            command, cwd=root, capture_output=True, text=True, check=False,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        if done.returncode != 0 or "warning" in done.stderr:
            yield f"{catalogue}: {command[0]}: {done.stderr.strip()}"


def check(root):
    if not (root / "data/po/POTFILES").exists():
        return
    yield from check_sources(root)
    with tempfile.TemporaryDirectory() as directory:
        template = str(Path(directory) / "meishi.pot")
        subprocess.run(
            ["xgettext", "--from-code=UTF-8", *KEYWORDS, "--files-from=data/po/POTFILES",
             f"--output={template}"], cwd=root, check=True,
        )  # fmt: skip
        for language in read(root, "data/po/LINGUAS").split():
            yield from check_catalogue(root, template, Path("data/po") / f"{language}.po")


HEADER = (
    'msgid ""\nmsgstr "Project-Id-Version: m\\nPO-Revision-Date: 2026-11-21 12:00+0000\\n'
    "Last-Translator: m\\nLanguage-Team: m\\nLanguage: ja\\nMIME-Version: 1.0\\n"
    'Content-Type: text/plain; charset=UTF-8\\nContent-Transfer-Encoding: 8bit\\n"\n\n'
)


def self_check():
    """A tree of several files each, so not by common.main()."""
    cases = [
        ('_("a");', "", "a.c", "a.po: msgcmp"),
        ('_("a");', 'msgid "a"\nmsgstr ""\n', "a.c", "a.po: msgcmp"),
        ('_("a");', '#, fuzzy\nmsgid "a"\nmsgstr "b"\n', "a.c", "a.po: msgcmp"),
        ('_("a");', 'msgid "a"\nmsgstr "b"\n\nmsgid "c"\nmsgstr "d"\n', "a.c", "a.po: msgcmp"),
        ('f(_("%s"));', '#, c-format\nmsgid "%s"\nmsgstr "%d"\n', "a.c", "a.po: msgfmt"),
        ('_("a");', 'msgid "a"\nmsgstr "b"\n', "b.c", "a.c: has texts"),
    ]
    for code, catalogue, source, expected in cases:
        with tempfile.TemporaryDirectory() as directory:
            root = Path(directory)
            for path, content in (
                ("daemon/a.c", code), ("daemon/b.c", "int b;"),
                ("data/po/POTFILES", f"daemon/{source}\n"), ("data/po/LINGUAS", "a\n"),
                ("data/po/a.po", HEADER + catalogue),
            ):  # fmt: skip
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(content, encoding="utf-8")
            findings = list(check(root))
        if not any(expected in finding for finding in findings):
            raise SystemExit(f"not found: {expected!r} in {code} {catalogue}; only: {findings}")
        print(f"found: {expected}")


if __name__ == "__main__":
    import sys

    if sys.argv[1:] == ["--self-check"]:
        self_check()
    else:
        main(check, [])
