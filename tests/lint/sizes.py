#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Functions of at most 80 lines and 6 parameters, four levels deep; files of at most 600
lines.

A buffer and its length are one parameter, and so are GIO's cancellable, callback and user_data;
`GError **error` is none.  Signatures that others prescribe (the standard's C_ calls, handlers of
generated D-Bus code and of D-Bus signals, GnuTLS's callbacks) are left alone.

Relies on the layout that .clang-format prescribes: a function's name and its opening and closing
braces each stand at the start of a line.
"""

import re

from common import code_only, files, main, read

MAX_LINES = 80
MAX_FILE = 600
MAX_TEST_FILE = 1000  # a list of cases reads well at any length, up to a point
MAX_PARAMETERS = 6
MAX_DEPTH = 4  # the function's own braces count

DEFINITION = re.compile(r"^(\w+)\(([^;{}]*?)\)\s*(?:G_GNUC_\w+\s*)?\n\{\n(.*?)^\}", re.M | re.S)


LENGTH = re.compile(r"(size_t|gsize|CK_ULONG|guint|uint32_t)\b.*?\b((\w+_)?len|n_\w+)$")
ASYNC_REST = re.compile(r"GAsyncReadyCallback |gpointer user_data$")
PRESCRIBED = re.compile(
    r"\bGDBusMethodInvocation \*"
    r"|^GDBusConnection \*\w+,\s+const char \*sender,\s+const char \*\w*path,"
    r"|\bconst struct gnutls_cert_retr_st \*"
)


def split(text):
    """A parameter list as a list, commas of function types left alone."""
    depth = 0
    parts = [""]
    for char in text:
        depth += char == "("
        depth -= char == ")"
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return [" ".join(part.split()) for part in parts]


def counts(parts, index):
    part = parts[index]
    if part in ("", "void") or part.startswith("GError **") or ASYNC_REST.match(part):
        return False
    return not (index > 0 and "*" in parts[index - 1] and LENGTH.match(part))


def parameters(name, text):
    if name.startswith("C_") or PRESCRIBED.search(text):
        return 0
    parts = split(text)
    return sum(counts(parts, index) for index in range(len(parts)))


def depth_of(body):
    """Nested blocks, the function's own included; the braces of initializers do not count."""
    deepest = 1
    open_braces = [True]  # whether each is a block
    before = "{"
    for char in body:
        if char == "{":
            open_braces.append(open_braces[-1] and before not in "=,(")
            deepest = max(deepest, sum(open_braces))
        elif char == "}":
            open_braces.pop()
        if not char.isspace():
            before = char
    return deepest


def check_function(path, match):
    name, declared, body = match.groups()
    lines = match.group().count("\n") + 1
    if lines > MAX_LINES:
        yield f"{path}: {name}() has {lines} lines, more than {MAX_LINES}"
    number = parameters(name, declared)
    if number > MAX_PARAMETERS:
        yield f"{path}: {name}() has {number} parameters, more than {MAX_PARAMETERS}"
    if depth_of(body) > MAX_DEPTH:
        yield f"{path}: {name}() nests {depth_of(body)} deep, more than {MAX_DEPTH}"


def check(root):
    for path in files(root, ".c", ".h", ".py"):
        text = read(root, path)
        lines = text.count("\n")
        limit = MAX_TEST_FILE if path.parts[0] == "tests" else MAX_FILE
        if lines > limit:
            yield f"{path}: {lines} lines, more than {limit}"
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
    ("tests/unit/a.c", "\n" * 1001, "1001 lines"),
]

if __name__ == "__main__":
    main(check, PLANTS)
