#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Adds up what `meson test` wrote: `summary.py TESTLOG.json...` prints "N passed, N failed".

Cases count where a test reports them as TAP, else the test itself.  A test that failed without a
failed case (a crash, a timeout) is one failure.
"""

import json
import re
import sys

CASE = re.compile(r"^(not )?ok\b(?!.*#\s*skip)", re.M | re.I)
GOOD = ("OK", "EXPECTEDFAIL")


def count(test):
    cases = [match.group(1) is None for match in CASE.finditer(test.get("stdout") or "")]
    passed, failed = cases.count(True), cases.count(False)
    if test["result"] in GOOD:
        return max(passed, 1), failed
    return passed, max(failed, 1)


def add_up(path):
    """(passed, failed) of one log; a log that was never written is a failure."""
    try:
        with open(path, encoding="utf-8") as log:
            tests = [json.loads(line) for line in log]
    except FileNotFoundError:
        print(f"failed: no test was run for {path}")
        return 0, 1
    passed = failed = 0
    for test in tests:
        ok, bad = count(test)
        passed, failed = passed + ok, failed + bad
        if bad:
            print(f"failed: {test['name']} ({test['result']}, {bad} cases)")
    return passed, failed


def main(paths):
    sums = [add_up(path) for path in paths]
    passed, failed = (sum(column) for column in zip(*sums))
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
    assert add_up("/nowhere/at/all") == (0, 1)


if __name__ == "__main__":
    if sys.argv[1:] == ["--self-check"]:
        self_check()
        sys.exit()
    sys.exit(main(sys.argv[1:]))
