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


def main(paths):
    passed = failed = 0
    for path in paths:
        with open(path, encoding="utf-8") as log:
            for line in log:
                test = json.loads(line)
                ok, bad = count(test)
                passed, failed = passed + ok, failed + bad
                if bad:
                    print(f"failed: {test['name']} ({test['result']})")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
