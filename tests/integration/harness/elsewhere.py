# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two machines of one person: the near one, where Meishi is, and a far one with an sshd.

Root has two network namespaces with a wire between them, and another user at the far end, who
reaches nothing of the near one but by that wire.  Everybody else has loopback, and two homes.
"""

import os
import shutil
import subprocess

from .person import ORDINARY_UID, STRANGER_UID, Person
from .process import Background, wait_until
from .sshd import NAME, Sshd

NEAR_ADDRESS, FAR_ADDRESS = "10.73.0.1", "10.73.0.2"
LOOPBACK = "127.0.0.1"


class Network:
    """A machine's own: `enter` is the command line that runs another one in it."""

    def __init__(self, directory, name):
        self._holder = Background(
            ["unshare", "--net", "sleep", "infinity"], directory / f"{name}.log"
        )
        self.path = f"/proc/{self._holder.pid}/ns/net"
        ours = os.readlink("/proc/self/ns/net")
        self._holder.wait_ready(lambda: os.readlink(self.path) != ours, "has its network")
        self.enter = ["nsenter", f"--net={self.path}"]
        self.ip("link", "set", "lo", "up")

    def ip(self, *args):
        subprocess.run([*self.enter, shutil.which("ip") or "/sbin/ip", *args], check=True)

    def wire(self, other, address, other_address):
        self.ip("link", "add", "wire", "type", "veth", "peer", "name", "wire", "netns",
                str(other._holder.pid))  # fmt: skip
        for network, its in ((self, address), (other, other_address)):
            network.ip("address", "add", f"{its}/30", "dev", "wire")
            network.ip("link", "set", "wire", "up")

    def stop(self):
        self._holder.kill()


class Resident(Person):
    """A person on a machine with a network of its own, or on this one."""

    def __init__(self, tree, home, uid=None, network=None):
        super().__init__(tree, home, uid)
        self._enter = []
        if network:
            become = ["setpriv", "--reuid", str(self.uid), "--regid", str(self.gid)]
            self._enter = [*network.enter, *become, "--clear-groups", "--pdeathsig", "KILL"]

    def command(self, *argv):
        """The command line that runs another one there, as this person."""
        return [*self._enter, *argv]

    def run(self, *argv, **kwargs):
        return super().run(*self.command(*argv), **kwargs)

    def background(self, *argv, **kwargs):
        return super().background(*self.command(*argv), **kwargs)

    def identity(self):
        # Who enters has to be root until then.
        return {} if self._enter else super().identity()


def can_have_networks():
    if os.getuid() != 0:
        return False
    return subprocess.run(["unshare", "--net", "true"], check=False).returncode == 0


class Machines:
    """`near` and `far`: the person at each; `sshd` at the far one."""

    def __init__(self, tree, directory):
        directory.mkdir(mode=0o755)
        self._networks = []
        uids, address = (None, None), LOOPBACK
        if os.getuid() == 0:
            uids = (ORDINARY_UID, STRANGER_UID)
        if can_have_networks():
            address = FAR_ADDRESS
            self._networks = [Network(directory, name) for name in ("near", "far")]
            self._networks[0].wire(self._networks[1], NEAR_ADDRESS, FAR_ADDRESS)
        near_network, far_network = self._networks or (None, None)
        self.near = Resident(tree, directory / "near", uids[0], near_network)
        self.far = Resident(tree, directory / "far", uids[1], far_network)
        self.enter_far = far_network.enter if far_network else []
        self.sshd = Sshd(self.far, address)

    def ssh_config(self):
        """How near reaches "far"."""
        key = self.near.write("key", self.sshd.key.read_bytes())
        options = {
            "HostName": self.sshd.address, "Port": self.sshd.port, "User": NAME,
            "IdentityFile": key, "IdentitiesOnly": "yes", "StrictHostKeyChecking": "no",
            "UserKnownHostsFile": self.near.home / "known_hosts", "LogLevel": "ERROR",
        }  # fmt: skip
        lines = "".join(f"    {name} {value}\n" for name, value in options.items())
        return f"Host far\n{lines}"

    def close(self):
        self.sshd.stop()
        self.far.close()
        for network in self._networks:
            network.stop()
