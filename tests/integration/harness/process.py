# SPDX-License-Identifier: LGPL-2.1-or-later
"""Starting, watching and ending processes, always by the pid we know."""

import os
import select
import signal
import socket
import struct
import subprocess
import time

# A machine under load is slow, not broken: every wait ends in a failure only after this.
PATIENCE = 60


def wait_until(condition, what, timeout=PATIENCE):
    """Polls `condition` until it returns something true, which is returned."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"{what}: not within {timeout} s"
        time.sleep(0.01)


def peer_pid(path, kind=socket.SOCK_STREAM):
    """The process that listens on the unix socket `path`; None where nobody does."""
    with socket.socket(socket.AF_UNIX, kind) as client:
        try:
            client.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        credentials = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return struct.unpack("3i", credentials)[0]


def find_server(name, beside="."):
    """A program of the system's, which may lie where tests/run has put it; `beside`: what has to
    be there as well, seen from its directory."""
    for directory in f"{os.environ['PATH']}:/usr/sbin:/sbin".split(":"):
        path = os.path.join(directory, name)
        if os.access(path, os.X_OK) and os.path.exists(os.path.join(directory, beside)):
            return path
    raise AssertionError(f"there is no {name}: see NEEDS_TEST in data/needs.sh")


def commands_with(text):
    """Running programs with `text` in their command lines, as (pid, command line)."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            with open(f"/proc/{int(entry)}/cmdline", "rb") as file:
                line = file.read().replace(b"\0", b" ").decode(errors="replace")
        except (ValueError, OSError):
            continue
        if text in line and int(entry) != os.getpid():
            found.append((int(entry), line))
    return found


def end(pid, signum=signal.SIGTERM, timeout=PATIENCE):
    """Sends `signum` and waits for the end of a process that need not be our child."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        signal.pidfd_send_signal(fd, signum)
        ready, _, _ = select.select([fd], [], [], timeout)
        assert ready, f"process {pid} does not end after {signum!r}"
    except ProcessLookupError:
        pass
    finally:
        os.close(fd)


CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE)


class Background:
    """A child in the background whose output goes to a file.  It dies with us, whatever ends us."""

    def __init__(self, argv, log, **kwargs):
        self.argv = [str(arg) for arg in argv]
        self.log = log
        self.is_to_crash = False  # a test sends it a signal of CRASHES
        with open(log, "ab") as out:
            self.child = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *self.argv],
                stdin=kwargs.pop("stdin", subprocess.DEVNULL),
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **kwargs,
            )

    @property
    def pid(self):
        return self.child.pid

    def is_alive(self):
        return self.child.poll() is None

    def output(self):
        return self.log.read_text(errors="replace")

    def assert_alive(self):
        assert self.is_alive(), (
            f"{self.argv[0]} ended with {self.child.returncode}:\n{self.output()}"
        )

    def assert_no_crash(self):
        """However it ended: not by a fault of its own.  What ended it may have been a test."""
        status = self.child.poll()
        assert self.is_to_crash or status is None or -status not in CRASHES, (
            f"{self.argv[0]} crashed with signal {-status}:\n{self.output()}"
        )

    def wait_ready(self, condition, what):
        """Like wait_until(), but a child that ended is a failure at once."""

        def check():
            alive = self.is_alive()
            value = condition()
            if not value and not alive:
                self.assert_alive()
            return value

        return wait_until(check, f"{self.argv[0]}: {what}")

    def wait(self, timeout=PATIENCE):
        return self.child.wait(timeout)

    def kill(self):
        """SIGKILL: what a crash looks like from outside."""
        if self.is_alive():
            self.child.kill()
        self.child.wait(PATIENCE)

    def stop(self):
        """SIGTERM; returns the exit status."""
        if self.is_alive():
            self.child.terminate()
        return self.child.wait(PATIENCE)
