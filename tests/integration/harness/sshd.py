# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real sshd on loopback that lets one person in, with a terminal."""

import os
import shlex
import shutil

from .process import wait_until
from .servers import free_port, is_listening
from .terminal import Terminal

CONFIG = """\
ListenAddress 127.0.0.1:{port}
HostKey {dir}/host
AuthorizedKeysFile {dir}/key.pub
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
PrintMotd no
"""
CLIENT = (
    "-tt", "-F", "/dev/null", "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no",
    "-o", "LogLevel=ERROR",
)  # fmt: skip
NAME = "hana"


class Sshd:
    """Runs as `person` himself, to whom libnss_wrapper gives a name and a shell."""

    def __init__(self, person):
        self.person = person
        self.directory = person.home / "ssh"
        self.directory.mkdir(mode=0o700)
        os.chown(self.directory, person.uid, person.gid)
        for key in ("host", "key"):
            person.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.directory / key,
                       env=self._names())  # fmt: skip
        for _ in range(5):
            self.port = free_port()
            person.write("ssh/config", CONFIG.format(dir=self.directory, port=self.port))
            self.process = person.background(
                shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin"), "-D", "-e", "-f",
                self.directory / "config", env=self._names(),
            )  # fmt: skip
            wait_until(lambda: is_listening(self.port) or not self.process.is_alive(), "sshd")
            if self.process.is_alive():
                return
        self.process.assert_alive()

    def login(self, *argv):
        """The terminal of an ssh that runs a program with this person's environment."""
        person = self.person
        inside = [f"{name}={value}" for name, value in person.env.items()]
        command = shlex.join(["exec", "env", *inside, *map(str, argv)])
        return Terminal(
            ["ssh", *CLIENT, "-o", f"UserKnownHostsFile={self.directory}/known",
             "-i", self.directory / "key", "-p", str(self.port), f"{NAME}@127.0.0.1", command],
            person.env | self._names(), person.home, **person.identity(),
        )  # fmt: skip

    def stop(self):
        self.process.stop()

    def _names(self):
        """Variables of libnss_wrapper."""
        person = self.person
        entry = f"{NAME}:x:{person.uid}:{person.gid}::{self.directory}:/bin/sh\n"
        return {
            "LD_PRELOAD": "libnss_wrapper.so",
            "NSS_WRAPPER_PASSWD": str(person.write("passwd", entry)),
            "NSS_WRAPPER_GROUP": str(person.write("group", f"{NAME}:x:{person.gid}:\n")),
        }
