#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The systemd units as systemd reads them.

`systemd-analyze verify` exits 0 on unknown settings, so whatever it prints counts.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

UNITS = ("meishid.service", "meishid.socket", "meishid-bus.socket")


def verify(directory):
    """Findings of systemd about the units in `directory`."""
    with tempfile.TemporaryDirectory() as runtime:
        done = subprocess.run(
            ["systemd-analyze", "--user", "--man=no", "--recursive-errors=yes", "verify",
             *(Path(directory) / unit for unit in UNITS)],
            capture_output=True, text=True, check=False,
            env=os.environ | {"XDG_RUNTIME_DIR": runtime},
        )  # fmt: skip
    lines = (done.stdout + done.stderr).splitlines()
    return lines or ([f"exit status {done.returncode}"] if done.returncode else [])


def check(build):
    """The generated units; the daemon they start is not installed yet, so a stand-in runs."""
    with tempfile.TemporaryDirectory() as directory:
        for unit in UNITS:
            lines = (Path(build) / unit).read_text().splitlines(keepends=True)
            lines = ["ExecStart=/bin/true\n" if x.startswith("ExecStart=") else x for x in lines]
            (Path(directory) / unit).write_text("".join(lines))
        return verify(directory)


def self_check(build):
    with tempfile.TemporaryDirectory() as directory:
        for unit in UNITS:
            text = (Path(build) / unit).read_text()
            (Path(directory) / unit).write_text(text.replace("RemoveOnStop", "RemoveOnStopp"))
        findings = verify(directory)
    assert any("RemoveOnStopp" in finding for finding in findings), findings


if __name__ == "__main__":
    if sys.argv[1] == "--self-check":
        self_check(sys.argv[2])
    else:
        problems = check(sys.argv[1])
        print("\n".join(problems))
        sys.exit(1 if problems else 0)
