# SPDX-License-Identifier: LGPL-2.1-or-later
"""A person who has cards and tokens, and a daemon that loads their modules."""

import json

from .clients import EVERY_CLIENT
from .dbus import TOKEN, Door
from .process import wait_until
from .prompter import Prompter

VERSIONS = ("1.2", "1.3")


class Holder:
    """`stacks`: by the module's name, what has `module` and `environment`, and `options` for its
    file, perhaps.  The environment is the daemon's alone: no program but the token's host has to
    find the token."""

    def __init__(self, person, **stacks):
        self.person = person
        self.env = {}
        self._doors = []
        person._mkdir(person.home / "token-modules")
        for name, stack in stacks.items():
            options = getattr(stack, "options", "")
            person.write(f"token-modules/{name}.module", f"module: {stack.module}\n{options}")
            self.env |= stack.environment

    def start(self, *identities):
        """Until these are listed."""
        self.person.start_daemon(env=self.env)
        self.wait_for(*identities)

    def listed(self):
        """What is there, by whose it is: the names of objects are the token's affair."""
        listed = json.loads(self.person.meishi("list", "--json").stdout)
        return {one["subject"]: one for one in listed if one["present"]}

    def sees(self, *identities):
        return {one.subject for one in identities} <= self.listed().keys()

    def wait_for(self, *identities):
        names = [one.name for one in identities]
        wait_until(lambda: self.sees(*identities), f"{names} are seen", 90)

    def uri(self, identity):
        return self.listed()[identity.subject]["uri"]

    def tokens(self):
        """Those that are there with something on them, by their labels."""
        listed = json.loads(self.person.meishi("token", "list", "--json").stdout)
        return {one["label"]: one for one in listed
                if one["pin"] != "uninitialized" and one["present"]}  # fmt: skip

    def door(self):
        self._doors.append(Door(f"unix:path={self.person.bus_socket}"))
        return self._doors[-1]

    def prompter(self, *kinds):
        """One that is asked for PINs, or for other things as well."""
        made = Prompter(self.door(), register=False)
        made.register(kinds=("pin", *kinds))
        return made

    def handshakes(self, pki, nginx, identity, clients=EVERY_CLIENT, versions=VERSIONS):
        """Starts each client with each version of TLS, one after the other is done; yields after
        each start, so that whoever holds this can answer questions, and checks the page after."""
        uri = self.uri(identity)
        for client in clients:
            for version in versions:
                one = client(self.person, pki, nginx.url(version), identity, uri)
                yield one
                one.assert_page(nginx.page(identity, version))

    def token_hosts(self):
        """The processes in which modules are loaded: by the module's file name, their pids."""
        listed = self.person.run(
            "ps", "-ww", "-o", "pid=,args=", "--ppid", self.person.daemon_pid(), check=False
        ).stdout
        hosts = [line.split() for line in listed.splitlines() if "meishi-tokenhost" in line]
        return {words[-1].rpartition("/")[2]: int(words[0]) for words in hosts}

    def close(self):
        for door in self._doors:
            door.close()
        self._doors = []


def pins(door):
    """What a connection that was there before is told of the PINs of all tokens."""
    return [one[TOKEN]["Pin"] for one in door.objects(TOKEN).values()]
