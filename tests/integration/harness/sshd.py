# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real sshd that lets one person in."""

import os
import shlex

from .process import find_server
from .servers import free_port
from .terminal import Terminal

CONFIG = """\
ListenAddress {address}:{port}
HostKey {dir}/host
AuthorizedKeysFile {dir}/key.pub {dir}/authorized
LogLevel VERBOSE
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
PrintMotd no
"""
CLIENT = ("-F", "/dev/null", "-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR")
NAME = "hana"


class Sshd:
    """Runs as `person` himself, to whom libnss_wrapper gives a name and a shell, at `address`; `under`:
    the command line of a program that runs it there; `config`: more for its configuration.

    `key`, or any key in the file `authorized`, opens it."""

    def __init__(self, person, address="127.0.0.1", under=(), config=""):
        self.person = person
        self.address = address
        self.directory = person.home / "ssh"
        self.directory.mkdir(mode=0o700)
        os.chown(self.directory, person.uid, person.gid)
        for key in ("host", "key"):
            person.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.directory / key,
                       env=self.names())  # fmt: skip
        for _ in range(5):
            if self._starts(under, config):
                return
        self.process.assert_alive()

    @property
    def key(self):
        return self.directory / "key"

    @property
    def known_hosts(self):
        return self.directory / "known"

    def log(self):
        return self.process.output()

    def options(self, key=None):
        """What an ssh needs to know of the server, and the one key (its file, or that of its public
        half) that it is to offer."""
        options = [*CLIENT, "-o", f"UserKnownHostsFile={self.known_hosts}", "-p", str(self.port)]
        if key:
            options += ["-o", "IdentitiesOnly=yes", "-i", str(key)]
        return options

    @property
    def destination(self):
        return f"{NAME}@{self.address}"

    def login(self, *argv):
        """The terminal of an ssh that runs a program with this person's environment."""
        person = self.person
        inside = [f"{name}={value}" for name, value in person.env.items()]
        command = shlex.join(["exec", "env", *inside, *map(str, argv)])
        return Terminal(
            ["ssh", "-tt", *self.options(self.key), self.destination, command],
            person.env | self.names(), person.home, **person.identity(),
        )  # fmt: skip

    def stop(self):
        self.process.stop()

    def names(self):
        """Variables of libnss_wrapper."""
        person = self.person
        entry = f"{NAME}:x:{person.uid}:{person.gid}::{self.directory}:/bin/sh\n"
        return {
            "LD_PRELOAD": "libnss_wrapper.so",
            "NSS_WRAPPER_PASSWD": str(person.write("passwd", entry)),
            "NSS_WRAPPER_GROUP": str(person.write("group", f"{NAME}:x:{person.gid}:\n")),
        }

    def _starts(self, under, config):
        """False where somebody else has the port."""
        self.port = free_port()
        text = CONFIG.format(dir=self.directory, address=self.address, port=self.port)
        self.person.write("ssh/config", text + config)
        self.process = self.person.background(
            *under, find_server("sshd"), "-D", "-e", "-f", self.directory / "config",
            env=self.names(),
        )  # fmt: skip
        # Not by the port: it may be in a network that is not ours.
        try:
            self.process.wait_ready(lambda: "Server listening on" in self.log(), "listens")
        except AssertionError:
            return False
        return True
