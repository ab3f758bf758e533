#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the module shows and drags into the programs that load it.

`exports.py MODULE` looks at the built file; `--self-check` feeds the judgement made-up answers.
"""

import subprocess
import sys

EXPORTS = {"C_GetFunctionList", "C_GetInterface", "C_GetInterfaceList"}
# libc, and the loader that glibc's thread-local storage may name.
NEEDED = {"libc.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}
# Once loaded it stays: dlclose() under a thread that is inside would unmap its code.
FLAGS = {"NODELETE", "NOW"}


def judge(symbols, dynamic):
    """`symbols` from nm -D --defined-only, `dynamic` from readelf -d."""
    shown = {line.split()[-1].partition("@")[0] for line in symbols.splitlines() if line.split()}
    if shown != EXPORTS:
        yield f"exports {sorted(shown)}, not exactly {sorted(EXPORTS)}"
    needed = {line.split("[")[1].rstrip("]") for line in dynamic.splitlines() if "NEEDED" in line}
    if needed - NEEDED:
        yield f"needs {sorted(needed - NEEDED)}; only libc is given in every program"
    flags = {word for line in dynamic.splitlines() if "FLAGS" in line for word in line.split()}
    for flag in sorted(FLAGS - flags):
        yield f"is not linked with {flag}"
    if "TEXTREL" in dynamic:
        yield "has text relocations"


def output(*argv):
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


GOOD = "".join(f"0000000000001000 T {name}\n" for name in sorted(EXPORTS))
DYNAMIC = (
    " 0x01 (NEEDED)  Shared library: [libc.so.6]\n"
    " 0x1e (FLAGS)   BIND_NOW\n"
    " 0x6ffffffb (FLAGS_1) Flags: NOW NODELETE\n"
)

PLANTS = [
    (GOOD + "0000000000001000 T meishi_buf_new\n", DYNAMIC, "exports"),
    (GOOD.replace("C_GetInterfaceList", "x"), DYNAMIC, "exports"),
    (GOOD, DYNAMIC.replace("libc.so.6", "libglib-2.0.so.0"), "needs"),
    (GOOD, DYNAMIC.replace("NODELETE", ""), "NODELETE"),
    (GOOD, DYNAMIC.replace("NOW NODELETE", "NODELETE").replace("BIND_NOW", ""), "NOW"),
    (GOOD, DYNAMIC + " 0x16 (TEXTREL) 0x0\n", "text relocations"),
]


def self_check():
    assert not list(judge(GOOD, DYNAMIC)), "the good module is found wanting"
    for symbols, dynamic, expected in PLANTS:
        findings = list(judge(symbols, dynamic))
        assert any(expected in finding for finding in findings), f"not found: {expected}"


def main():
    if sys.argv[1] == "--self-check":
        self_check()
        return
    module = sys.argv[1]
    findings = list(judge(output("nm", "-D", "--defined-only", module),
                          output("readelf", "-d", "-W", module)))  # fmt: skip
    for finding in findings:
        print(f"{module}: {finding}")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
