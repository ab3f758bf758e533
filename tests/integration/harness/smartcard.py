# SPDX-License-Identifier: LGPL-2.1-or-later
"""A smart card reader of one's own: pcscd with vpcd's virtual reader, and PIV cards for it.

pcscd's socket and vpcd's port are the same for everybody on a machine, so both get a mount and a
network namespace of their own; the socket is seen from outside in `reader.directory`.
"""

import itertools
import os
import signal
from pathlib import Path

from .process import Background, wait_until

OPENSC = "opensc-pkcs11.so"
DRIVER = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
PORT = 35963  # of vpcd's first slot; the second has the next one
PIN, PUK = "123456", "12345678"

READER = """\
FRIENDLYNAME "Virtual PCD"
DEVICENAME /dev/null:0x{port:X}
LIBPATH {driver}
CHANNELID 0x{port:X}
"""

# Runs in the namespaces: /run of its own with the socket's directory in it, loopback up.
INSIDE = """\
import fcntl, os, socket, struct, subprocess, sys
directory = sys.argv[1]
subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
os.mkdir("/run/pcscd")
subprocess.run(["mount", "--bind", directory, "/run/pcscd"], check=True)
with socket.socket() as any_socket:
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 0x41))
os.execvp("pcscd", ["pcscd", "-f", "-c", directory + "/reader.conf"])
"""


def find_module(name):
    """Where Debian and others put PKCS#11 modules."""
    for pattern in ("*/", "*/pkcs11/", "pkcs11/", ""):
        found = sorted(Path("/usr/lib").glob(pattern + name))
        if found:
            return found[0]
    raise AssertionError(f"{name} is not installed")


def piv_card():
    """Our own emulator, out of the build directory: it is not installed."""
    return os.path.join(os.environ["MEISHI_BUILD_DIR"], "tests", "card", "piv-card")


class Card:
    """A PIV card.  It remembers PIN and tries when it is pulled out and inserted again."""

    def __init__(self, reader, keys, slot=0, options=()):
        self._reader = reader
        self._keys = keys
        self._options = list(options)
        self._port = PORT + slot
        number = next(reader.numbers)
        self._memory = reader.directory / f"card{number}.memory"
        self._log = reader.directory / f"card{number}.log"
        self.process = None

    @property
    def environment(self):
        return self._reader.environment

    def insert(self):
        assert self.process is None or not self.process.is_alive()
        words = [f"{slot}:{one.key}:{one.cert}" for slot, one in self._keys.items()]
        self.process = self._reader.inside(
            [piv_card(), f"--port={self._port}", f"--memory={self._memory}",
             *self._options, *words],
            self._log,
        )  # fmt: skip
        return self

    def pull(self):
        """Out of the reader, in the middle of whatever it does."""
        self.process.stop()

    def journal(self):
        """What it was asked to do that costs something, in the order: "verify right", "verify wrong",
        "sign 9a", "change right" (a PIN by the old one), "unblock right" (by the PUK)."""
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        return [line for line in lines if line.startswith(("verify ", "sign ", "change ", "unblock "))]

    def stop(self):
        """Does not answer any more, and is still there."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def go_on(self):
        os.kill(self.process.pid, signal.SIGCONT)


class Reader:
    def __init__(self, directory):
        self.directory = Path(directory)
        self.directory.mkdir()
        self.numbers = itertools.count(1)
        self._cards = []
        self._pcscd = None
        self.start()

    def start(self):
        namespaces = ["--mount", "--net"]
        if os.getuid() != 0:
            namespaces += ["--user", "--map-root-user"]
        (self.directory / "reader.conf").write_text(READER.format(port=PORT, driver=DRIVER))
        self._pcscd = Background(
            ["unshare", *namespaces, "--kill-child", "--fork",
             "/usr/bin/python3", "-c", INSIDE, self.directory],
            self.directory / "pcscd.log",
        )  # fmt: skip
        self._pcscd.wait_ready((self.directory / "pcscd.comm").exists, "pcscd listens")

    @property
    def module(self):
        return find_module(OPENSC)

    @property
    def environment(self):
        """For programs that are to see this reader."""
        return {"PCSCLITE_CSOCK_NAME": str(self.directory / "pcscd.comm")}

    def _pid(self):
        """Of pcscd itself, which unshare has forked."""
        children = Path(f"/proc/{self._pcscd.pid}/task/{self._pcscd.pid}/children")
        return int(wait_until(children.read_text, "pcscd runs").split()[0])

    def inside(self, argv, log):
        enter = ["nsenter", "--target", self._pid(), "--net"]
        if os.getuid() != 0:
            enter += ["--user", "--preserve-credentials"]
        return Background([*enter, "--", *argv], log)

    def card(self, keys, slot=0, options=()):
        """`keys`: a Certified for each PIV slot (9a: PIN once, 9c: each time, 9e: none)."""
        self._cards.append(Card(self, keys, slot, options))
        return self._cards[-1]

    def crash(self):
        """pcscd is gone, with its socket."""
        self._pcscd.kill()
        (self.directory / "pcscd.comm").unlink(missing_ok=True)

    def close(self):
        for card in self._cards:
            if card.process is not None:
                card.process.stop()
        self._pcscd.kill()  # unshare, which takes pcscd with it; to SIGTERM it does not listen
