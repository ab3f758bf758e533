#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Functions of at most 80 lines and 6 parameters, four levels deep; files of at most 600 lines.

Relies on the layout that .clang-format prescribes: a function's name and its opening and closing
braces each stand at the start of a line.
"""

import re

from common import code_only, files, main, read

MAX_LINES = 80
MAX_FILE = 600
MAX_PARAMETERS = 6
MAX_DEPTH = 4  # the function's own braces count

DEFINITION = re.compile(r"^(\w+)\(([^;{}]*?)\)\s*(?:G_GNUC_\w+\s*)?\n\{\n(.*?)^\}", re.M | re.S)


def parameters(text):
    """How many; `GError **error` is not counted."""
    depth = 0
    names = [""]
    for char in text:
        depth += char == "("
        depth -= char == ")"
        if char == "," and depth == 0:
            names.append("")
        else:
            names[-1] += char
    names = [name.strip() for name in names]
    return len([n for n in names if n not in ("", "void") and not n.startswith("GError **")])


def depth_of(body):
    deepest = depth = 1
    for char in body:
        if char == "{":
            depth += 1
            deepest = max(deepest, depth)
        elif char == "}":
            depth -= 1
    return deepest


def check_function(path, match):
    name, declared, body = match.groups()
    lines = match.group().count("\n") + 1
    if lines > MAX_LINES:
        yield f"{path}: {name}() has {lines} lines, more than {MAX_LINES}"
    if parameters(declared) > MAX_PARAMETERS:
        yield f"{path}: {name}() has {parameters(declared)} parameters, more than {MAX_PARAMETERS}"
    if depth_of(body) > MAX_DEPTH:
        yield f"{path}: {name}() nests {depth_of(body)} deep, more than {MAX_DEPTH}"


def check(root):
    for path in files(root, ".c", ".h", ".py"):
        text = read(root, path)
        lines = text.count("\n")
        if lines > MAX_FILE:
            yield f"{path}: {lines} lines, more than {MAX_FILE}"
        if path.suffix == ".c":
            for match in DEFINITION.finditer(code_only(text)):
                yield from check_function(path, match)


LONG = "static void\nlong_one(void)\n{\n" + "    f();\n" * 80 + "}\n"
MANY = "void\nmany(int a, int (*b)(int, int), int c, int d, int e, int f, int g)\n{\n    f();\n}\n"
DEEP = "void\ndeep(void)\n{\n  if (a) {\n if (b) {\n if (c) {\n if (d) {\n }\n }\n }\n }\n}\n"

PLANTS = [
    ("daemon/a.c", LONG, "long_one() has 83 lines"),
    ("daemon/a.c", MANY, "many() has 7 parameters"),
    ("daemon/a.c", DEEP, "deep() nests 5 deep"),
    ("module/a.h", "\n" * 601, "601 lines"),
]

if __name__ == "__main__":
    main(check, PLANTS)
