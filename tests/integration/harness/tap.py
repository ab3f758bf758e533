# SPDX-License-Identifier: LGPL-2.1-or-later
"""A pytest plugin that writes TAP, so that meson counts cases and not files.

Used in the place of pytest's own report: python3 -m pytest -p no:terminal -p harness.tap
"""

import sys


class Tap:
    def __init__(self):
        self.number = 0
        self.failed_setup = set()

    def say(self, line):
        sys.__stdout__.write(line + "\n")
        sys.__stdout__.flush()

    def case(self, ok, name, details):
        self.number += 1
        for line in details.splitlines():
            self.say(f"# {line}")
        if details:
            # meson reads standard output alone, and shows standard error alone.
            print(f"{name}:\n{details}", file=sys.__stderr__, flush=True)
        self.say(f"{'ok' if ok else 'not ok'} {self.number} - {name.replace('#', ' ')}")

    def pytest_collectreport(self, report):
        if report.failed:
            self.case(False, report.nodeid or "collection", report.longreprtext)

    def pytest_runtest_logreport(self, report):
        name = report.nodeid.split("::", 1)[-1]
        if report.when == "call":
            self.case(not report.failed, name, report.longreprtext if report.failed else "")
        elif report.failed:
            self.case(False, f"{name} ({report.when})", report.longreprtext)
        elif report.skipped:
            # The project skips nothing: what cannot run here is a failure to be looked at.
            self.case(False, f"{name} (skipped)", report.longreprtext)

    def pytest_sessionfinish(self):
        self.say(f"1..{self.number}")


def pytest_addoption(parser):
    """Options of the terminal plugin that others ask for."""
    parser.addoption("--verbose", type=int, default=0, dest="verbose")
    parser.addoption("--tb", default="short", dest="tbstyle")


def pytest_configure(config):
    config.pluginmanager.register(Tap(), "meishi-tap")
