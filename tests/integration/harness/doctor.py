# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `meishi doctor` finds, and the commands that it names, typed into the same shell."""

import json
import shlex
from pathlib import Path

from .person import describe

# What a stub stands for is said where it is made: a machine that runs the tests has no systemd for
# each person, no sudo and no package manager to spare.
SUDO = '#!/bin/sh\nexec "$@"\n'


class Doctor:
    def __init__(self, person):
        self.person = person
        self.bin = person.home / "bin"
        person._mkdir(self.bin)
        person.env["PATH"] = f"{self.bin}:{person.env['PATH']}"

    def stub(self, name, script):
        """A program `name` before all others."""
        self.person.write(f"bin/{name}", script, 0o755)

    def findings(self, env=None):
        """All that is said, by code."""
        return self._read(self.person.meishi("doctor", "--json", check=False, env=env))

    def problem(self, code, env=None):
        """The finding `code`, which has to be a problem."""
        return self._one(code, "problem", env)

    def note(self, code, env=None):
        return self._one(code, "note", env)

    def mend(self, finding, env=None, FILE=None, ends=None):
        """Types the command that `finding` names; it is gone then.  Returns all that is left.
        `FILE` stands for the word FILE in the command, `ends` is a process that it ends, which a
        shell does not wait for."""
        command = finding["command"]
        if FILE is not None:
            command = command.replace("FILE", shlex.quote(str(FILE)))
        status = f"/proc/{ends}/status"
        # In the same shell, whose variables it may be about.
        # A child of ours is there until somebody asks how it ended, but has let everything go, once
        # its other threads have.
        over = f"grep -qs '^State:.[ZX]' {status} && grep -qs '^Threads:.1$' {status}"
        wait = f"while [ -e {status} ] && ! {{ {over}; }}; do sleep 0.01; done"
        script = f"{command}\n[ $? = 0 ] || exit 99\n{wait}\nexec meishi doctor --json"
        done = self.person.run("sh", "-c", script, check=False, env=env)
        assert done.returncode in (0, 1), f"{command}\n{describe(done)}"
        # What the command itself has printed comes first.
        text = done.stdout[done.stdout.index("{\n") :]
        left = self._judge(json.loads(text), done)
        assert not self._is_there(left, finding), f"{command}\n{left}"
        return left

    def _one(self, code, level, env):
        found = self.findings(env)
        assert code in found, found
        assert found[code]["level"] == level, found[code]
        assert found[code]["meaning"]
        return found[code]

    def _read(self, done):
        return self._judge(json.loads(done.stdout), done)

    @staticmethod
    def _is_there(left, finding):
        one = left.get(finding["code"])
        return one is not None and one["text"] == finding["text"]

    @staticmethod
    def _judge(told, done):
        findings = told["findings"]
        problems = [one for one in findings if one["level"] == "problem"]
        notes = [one for one in findings if one["level"] == "note"]
        assert (told["problems"], told["notes"]) == (len(problems), len(notes))
        assert done.returncode == (1 if problems else 0), describe(done)
        assert all(one["check"] and one["text"] for one in findings)
        return {one["code"]: one for one in findings}


def tree_of(directory):
    """Every entry below `directory` with what it is, to be compared; sockets and logs aside."""
    return {
        path: (path.lstat().st_mode, path.lstat().st_mtime_ns, path.lstat().st_size)
        for path in Path(directory).rglob("*")
    }
