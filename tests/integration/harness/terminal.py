# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program on a terminal of its own: what it asks there, and whether the answer is echoed."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

from .process import PATIENCE


class Terminal:
    """`columns` wide; everything that was shown is in `text`, with "\\n" as line ends.  `kwargs` are
    for Popen, such as person.identity()."""

    def __init__(self, argv, env, cwd, columns=80, **kwargs):
        self.text = ""
        self._seen = 0
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
        self.child = subprocess.Popen(
            [str(arg) for arg in argv], env=env | {"TERM": "xterm"}, cwd=cwd, stdin=slave,
            stdout=slave, stderr=slave, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0), **kwargs,
        )  # fmt: skip
        os.close(slave)

    def is_echoing(self):
        return bool(termios.tcgetattr(self.master)[3] & termios.ECHO)

    def expect(self, pattern):
        """Waits until something that matches appears after what was expected before."""
        deadline = time.monotonic() + PATIENCE
        while True:
            match = re.compile(pattern).search(self.text, self._seen)
            if match:
                self._seen = match.end()
                return match
            left = deadline - time.monotonic()
            assert left > 0 and self._read(left), f"no {pattern!r} in:\n{self.text}"

    def expect_question(self, pattern):
        """A question whose answer must not be shown."""
        self.expect(pattern)
        assert not self.is_echoing()

    def send(self, text):
        os.write(self.master, text.encode())

    def finish(self):
        """Waits for the end; returns the exit status (negative for a signal)."""
        while self._read(PATIENCE):
            pass
        status = self.child.wait(PATIENCE)
        os.close(self.master)
        return status

    def _read(self, timeout):
        ready, _, _ = select.select([self.master], [], [], timeout)
        assert ready, f"nothing more after:\n{self.text}"
        try:
            data = os.read(self.master, 65536)
        except OSError:  # EIO: the last process left the terminal
            data = b""
        self.text += data.decode(errors="replace").replace("\r\n", "\n")
        return data
