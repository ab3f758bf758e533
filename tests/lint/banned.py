#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Calls that have no place in the product, with the reason and what to use instead."""

import re

from common import code_only, files, line_of, main, read


def calls(*names):
    return re.compile(r"(?<![\w.>])(" + "|".join(names) + r")\s*\(")


PRODUCT = ("module/", "daemon/", "cli/")

# (directories, what, why)
RULES = [
    (PRODUCT, calls("strcpy", "strcat", "sprintf", "vsprintf", "gets", "strncpy", "strncat"),
     "knows no bounds: g_strdup_printf(), snprintf() or memcpy() with a length"),
    (PRODUCT, calls("strtok", "atoi", "atol", "atoll", "alloca", "g_alloca", "mktemp", "tmpnam"),
     "cannot report a failure or keep one apart from a value"),
    (PRODUCT, calls("system", "popen"), "hands text to a shell: g_spawn_*() with an argv"),
    (PRODUCT, calls("rand", "srand", "random", "srandom", "g_random_int", "g_rand_int"),
     "is no source of secrets: getrandom() or meishi_crypto_random()"),
    (PRODUCT, calls("abort", "assert", "g_assert", "g_assert_not_reached"),
     "ends the process on input: return an error"),
    (("module/wire/", "daemon/"), calls("realloc", "reallocarray"),
     "leaves the old bytes behind: allocate, copy, wipe"),
    (("daemon/", "cli/"), re.compile(r"\bgoto\b"), "cleanup is scope-bound here: g_autoptr"),
    (("module/",), calls("exit", "_exit", "atexit", "signal", "sigaction", "setlocale", "setenv",
                         "putenv", "pthread_create", "raise", "kill", "fork", "dlopen"),
     "is not a guest's to do in a foreign process"),
    (("module/",), calls("getenv"), "obeys the environment of a set-uid program: secure_getenv()"),
    (("module/",), calls("printf", "puts", "perror", "fprintf", "fopen", "syslog"),
     "writes to streams that belong to the host"),
    (("module/",), re.compile(r"\btypedef\s+struct\b[^{};]*\{[^{}]*\}(?!\s*CK_)"),
     "module/ names its structs in full"),
    (("daemon/base/", "daemon/policy/", "daemon/crypto/", "daemon/store/", "daemon/token/",
      "daemon/agent/"),
     calls("g_warning", "g_critical", "g_message", "g_print", "g_printerr"),
     "libraries return errors; only server, bus and main turn them into a line of the log"),
]  # fmt: skip

# Unfinished work is an issue, not a comment.
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX)\b")


def check(root):
    for path in files(root, ".c", ".h"):
        text = read(root, path)
        code = code_only(text)
        for match in UNFINISHED.finditer(text):
            yield f"{path}:{line_of(text, match.start())}: {match.group()}"
        for parts, pattern, why in RULES:
            if str(path).startswith(tuple(parts)):
                for match in pattern.finditer(code):
                    yield f"{path}:{line_of(code, match.start())}: {match.group().splitlines()[0]} {why}"


PLANTS = [
    ("daemon/store/a.c", "int f(void) { strcpy(a, b); }\n", "strcpy( knows no bounds"),
    ("daemon/store/a.c", "int f(void) { goto out; }\n", "scope-bound"),
    ("daemon/store/a.c", 'int f(void) { g_warning("x"); }\n', "libraries return errors"),
    ("module/a.c", "int f(void) { return atoi(a); }\n", "cannot report"),
    ("module/a.c", 'int f(void) { getenv("A"); }\n', "secure_getenv()"),
    ("module/a.c", "int f(void) { abort(); }\n", "ends the process"),
    ("module/a.c", "int f(void) { pthread_create(a); }\n", "foreign process"),
    ("module/a.c", 'int f(void) { fprintf(stderr, "x"); }\n', "belong to the host"),
    ("module/wire/a.h", "typedef struct { int a; } A;\n", "in full"),
    ("module/wire/a.c", "int f(void) { p = realloc(p, 2); }\n", "leaves the old bytes"),
    ("cli/a.c", 'int f(void) { system("ls"); }\n', "shell"),
    ("cli/a.c", "/* TO" + "DO: later */\n", "TO" + "DO"),
]

if __name__ == "__main__":
    main(check, PLANTS)
