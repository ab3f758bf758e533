# SPDX-License-Identifier: LGPL-2.1-or-later
"""A software TPM 2.0 with a token of tpm2-pkcs11.

Between TPM and module stands the resource manager, on a bus of its own: a client that leaves without
C_Finalize would fill the TPM's three places for objects for good.
"""

import os
import random
import signal
import socket
import subprocess
from pathlib import Path

from .pki import openssl
from .process import Background, wait_until
from .servers import is_listening
from .smartcard import find_module

PIN, SO_PIN = "123456", "sopin12"


def is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def two_free_ports():
    """The first of two: commands, and the control channel, which libtss2 expects right above.  From
    below those that the system gives to connections, so that they are still free when the TPM is
    switched on again."""
    while True:
        port = random.randrange(10000, 32000, 2)
        if is_free(port) and is_free(port + 1):
            return port


class Tpm:
    def __init__(self, directory):
        self.directory = Path(directory)
        for name in (".", "state", "store"):
            (self.directory / name).mkdir(mode=0o700)
        self._bus = self._manager = self._tpm = None
        self._power_on_somewhere()
        self._start_bus()
        self._start_manager()
        # Five wrong PINs, one forgiven every ten seconds; by itself a TPM forgives one in 1000.
        self.run("tpm2_dictionarylockout", "-s", "-n", "5", "-t", "10", "-l", "10")
        self.run("tpm2_ptool", "init")

    @property
    def module(self):
        return find_module("libtpm2_pkcs11.so")

    @property
    def environment(self):
        return {
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={self.directory}/bus",
            "TPM2_PKCS11_STORE": str(self.directory / "store"),
            "TPM2TOOLS_TCTI": "tabrmd:bus_type=session",
            "TPM2_PKCS11_TCTI": "tabrmd:bus_type=session",
            "TSS2_LOG": "all+none",
        }

    def run(self, *argv, check=True, **extra):
        done = subprocess.run(
            [str(arg) for arg in argv], env={**os.environ, **self.environment, **extra},
            cwd=self.directory, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{argv[0]}:\n{done.stdout}\n{done.stderr}"
        return done

    # ---- the machine

    def _power_on_somewhere(self):
        # A port that was free a moment ago may be somebody else's by now: try again.
        for _ in range(5):
            self.port = two_free_ports()
            try:
                self.power_on()
            except AssertionError:
                self._tpm.stop()
            else:
                return
        raise AssertionError(f"swtpm does not start:\n{self._tpm.output()}")

    def power_on(self):
        self._tpm = Background(
            ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.directory}/state",
             "--server", f"type=tcp,port={self.port},bindaddr=127.0.0.1",
             "--ctrl", f"type=tcp,port={self.port + 1},bindaddr=127.0.0.1",
             "--flags", "not-need-init,startup-clear"],
            self.directory / "swtpm.log",
        )  # fmt: skip
        self._tpm.wait_ready(lambda: is_listening(self.port + 1), "the TPM is there")

    def power_off(self, orderly=True):
        """Not orderly: as if pulled out.  The TPM counts that as a wrong PIN where a key was in
        use."""
        if orderly:
            self.run("tpm2_shutdown", check=False)
        self._tpm.kill()

    def stop(self):
        """Does not answer any more, and is still there."""
        os.kill(self._tpm.pid, signal.SIGSTOP)

    def go_on(self):
        os.kill(self._tpm.pid, signal.SIGCONT)

    def _start_bus(self):
        self._bus = Background(
            ["dbus-daemon", "--session", "--nofork", f"--address=unix:path={self.directory}/bus"],
            self.directory / "bus.log",
        )
        self._bus.wait_ready((self.directory / "bus").exists, "the bus listens")

    def _start_manager(self):
        as_root = ["--allow-root"] if os.getuid() == 0 else []
        self._manager = Background(
            ["tpm2-abrmd", "--session", *as_root,
             f"--tcti=swtpm:host=127.0.0.1,port={self.port}"],
            self.directory / "abrmd.log",
            env={**os.environ, **self.environment},
        )  # fmt: skip
        wait_until(
            lambda: self.run("tpm2_getcap", "properties-fixed", check=False).returncode == 0,
            "the resource manager answers",
        )

    def close(self):
        self.run("tpm2_shutdown", check=False)
        for one in (self._manager, self._tpm, self._bus):
            one.stop()

    # ---- tokens

    def token(self, label):
        self.run(
            "tpm2_ptool", "addtoken", "--pid=1", f"--sopin={SO_PIN}", f"--userpin={PIN}",
            f"--label={label}",
        )  # fmt: skip
        return label

    def add(self, label, certified, algorithm="rsa"):
        """Brings the key of `certified` in; the certificate beside it."""
        plain = self.directory / "key.pem"
        kind = ["rsa", "-traditional"] if algorithm == "rsa" else ["ec"]
        openssl(*kind, "-in", certified.key, "-out", plain)
        self.run(
            "tpm2_ptool", "import", f"--label={label}", f"--userpin={PIN}",
            f"--privkey={plain}", f"--algorithm={algorithm if algorithm == 'rsa' else 'ecc'}",
            f"--key-label={certified.name}",
        )  # fmt: skip
        plain.unlink()
        self.run(
            "tpm2_ptool", "addcert", f"--label={label}", f"--key-label={certified.name}",
            certified.cert,
        )  # fmt: skip
