#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Adds up what `meson test` wrote: `summary.py TESTLOG.json...` prints "N passed, N failed".

Cases count where a test reports them as TAP, else the test itself.  A test that failed without a
failed case (a crash, a timeout) is one failure.  NAME.tap, which a program wrote by itself, is one
such test; without the line that ends it ("1..N"), it failed.

An again.json beside the log holds what failed and was run once more, alone.  A test that passed
there counts by that run, and is named as unsteady.  `summary.py --failed TESTLOG.json` prints what
is to be run again; nothing where that is so much that it cannot be chance.
"""

import json
import re
import sys
from pathlib import Path

CASE = re.compile(r"^(not )?ok\b(?!.*#\s*skip)", re.M | re.I)
GOOD = ("OK", "EXPECTEDFAIL")
CHANCE = 5  # tests that may fail by chance in one run


def count(test):
    cases = [match.group(1) is None for match in CASE.finditer(test.get("stdout") or "")]
    passed, failed = cases.count(True), cases.count(False)
    if test["result"] in GOOD:
        return max(passed, 1), failed
    return passed, max(failed, 1)


def from_tap(name, text):
    """A program's own report, as meson would have logged it."""
    cases = len(CASE.findall(text))
    is_whole = re.search(rf"^1\.\.{cases}$", text, re.M) is not None and cases > 0
    return {"name": name, "result": "OK" if is_whole else "FAIL", "stdout": text}


def read(path):
    with open(path, encoding="utf-8") as log:
        if Path(path).suffix == ".tap":
            return [from_tap(Path(path).stem, log.read())]
        return [json.loads(line) for line in log]


def merge(tests, again):
    """The tests as they count, and the names of the unsteady ones."""
    later = {test["name"]: test for test in again}
    unsteady = [
        test["name"] for test in tests
        if count(test)[1] and test["name"] in later and not count(later[test["name"]])[1]
    ]  # fmt: skip
    return [later[test["name"]] if test["name"] in unsteady else test for test in tests], unsteady


def add_up(path):
    """(passed, failed, unsteady) of one log; a log that was never written is a failure."""
    again = Path(path).with_name("again.json")
    try:
        tests, unsteady = merge(read(path), read(again) if again.exists() else [])
    except FileNotFoundError:
        print(f"failed: no test was run for {path}")
        return 0, 1, 0
    passed = failed = 0
    for test in tests:
        ok, bad = count(test)
        passed, failed = passed + ok, failed + bad
        if bad:
            print(f"failed: {test['name']} ({test['result']}, {bad} cases)")
    for name in unsteady:
        print(f"unsteady: {name} failed beside others and passed alone")
    return passed, failed, len(unsteady)


def print_failed(path):
    try:
        failed = [test["name"] for test in read(path) if count(test)[1]]
    except FileNotFoundError:
        return
    # `meson test` writes "suite / name" and takes the name alone.
    if len(failed) <= CHANCE:
        print("".join(f"{name.rpartition(' / ')[2]}\n" for name in failed), end="")


def main(paths):
    sums = [add_up(path) for path in paths]
    passed, failed, unsteady = (sum(column) for column in zip(*sums))
    if unsteady:
        print(f"{unsteady} unsteady")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


def self_check():
    """Made-up tests and what they count as."""
    expected = [
        ({"result": "OK"}, (1, 0)),
        ({"result": "FAIL"}, (0, 1)),
        ({"result": "TIMEOUT", "stdout": "ok 1 - a\nok 2 - b\n"}, (2, 1)),
        ({"result": "OK", "stdout": "ok 1 - a\n# not ok\nok 2 - b # SKIP\n"}, (1, 0)),
        ({"result": "FAIL", "stdout": "ok 1\nnot ok 2 - b\nnot ok 3\n1..3\n"}, (1, 2)),
    ]
    for test, sums in expected:
        assert count(test) == sums, (test, count(test))
    reports = [
        ("ok 1 - a\nok 2 - b\n1..2\n", (2, 0)),
        ("ok 1 - a\nnot ok 2 - b\n1..2\n", (1, 1)),
        ("ok 1 - a\n", (1, 1)),
        ("ok 1 - a\n1..2\n", (1, 1)),
        ("1..0\n", (0, 1)),
        ("", (0, 1)),
    ]
    for text, sums in reports:
        assert count(from_tap("a", text)) == sums, text
    assert add_up("/nowhere/at/all") == (0, 1, 0)
    broken, lucky = {"name": "a", "result": "FAIL"}, {"name": "b", "result": "TIMEOUT"}
    good = {"name": "b", "result": "OK"}
    assert merge([broken, lucky], [broken, good]) == ([broken, good], ["b"])
    assert merge([broken, good], []) == ([broken, good], [])


if __name__ == "__main__":
    if sys.argv[1:] == ["--self-check"]:
        self_check()
        sys.exit()
    if sys.argv[1:2] == ["--failed"]:
        print_failed(sys.argv[2])
        sys.exit()
    sys.exit(main(sys.argv[1:]))
