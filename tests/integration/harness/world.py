# SPDX-License-Identifier: LGPL-2.1-or-later
"""The machine of somebody who has installed Meishi: the tree lies where it belongs, p11-kit knows the
module and no other, the company's servers have names, and its authority is trusted by everything.

    world = World(person, pki, hosts=["intranet.example"])
    world.run("meishi", "list")                  # what Person.run() does, there
    world.shell()                                # a terminal with a shell, harness/documented.py

That is a mount namespace of the person's own (bubblewrap), so that no file of this machine is
touched and no right is needed.  The home directory is the person's, with the places in it that a
home has when no variable says otherwise; programs outside see the same files and sockets.
"""

import os
from pathlib import Path

from .person import Person, describe

USER = "alice"
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
MODULES = "/usr/share/p11-kit/modules"
PREFIX = "/usr/local"

# What a person has set who has set nothing.
UNSET = ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "PKCS11_MODULE_PATH",
         "MEISHI_TOKEN_MODULES")  # fmt: skip


class World:
    """`hosts`: names of this machine."""

    def __init__(self, person: Person, pki, hosts=()):
        self.person = person
        assert person.tree.option("prefix") == PREFIX, f"this needs a build for {PREFIX}"
        person.data = person.home / ".local" / "share"
        person.config = person.home / ".config"
        for name in UNSET:
            person.env.pop(name, None)
        for name in ("data", "config", "cache"):
            (person.home / name).rmdir()
        person.env |= {
            "HOME": self.home, "USER": USER, "LOGNAME": USER, "NO_COLOR": "1", "PAGER": "cat",
            "PATH": f"{PREFIX}/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        }  # fmt: skip
        self._place = person.home.with_name(person.home.name + ".machine")
        self._write({
            "hosts": f"127.0.0.1 localhost {' '.join(hosts)}\n",
            "passwd": f"{USER}:x:{person.uid}:{person.gid}:Alice:{self.home}:/bin/bash\n",
            "group": f"{USER}:x:{person.gid}:\n",
            "authorities": Path(AUTHORITIES).read_text() + pki.root.cert.read_text(),
        })  # fmt: skip

    @property
    def home(self):
        return f"/home/{USER}"

    def run(self, *argv, check=True, env=None, **kwargs):
        done = self.person.run(*self.command(*argv), check=False, env=env, **kwargs)
        assert not check or done.returncode == 0, describe(done)
        return done

    def command(self, *argv):
        """The command line that runs another one there."""
        options = self._place / "bwrap"
        options.write_bytes(b"".join(os.fsencode(word) + b"\0" for word in self._mounts()))
        return ["sh", "-c", 'exec bwrap --args 9 -- "$@" 9<"$0"', options, *argv]

    def put(self, name, content, mode=0o644):
        """A file in the home directory, with the directories above it."""
        parent = Path(name).parent
        for directory in reversed([parent, *parent.parents]):
            self.person._mkdir(self.person.home / directory)
        return self.person.write(name, content, mode)

    def add_module(self, path):
        """p11-kit has this one, too, as the package of a card's driver would say."""
        name = Path(path).with_suffix(".module").name
        (self._place / "modules" / name).write_text(f"module: {path}\n")

    # ---- inside -----------------------------------------------------------------------------

    def _write(self, files):
        (self._place / "modules").mkdir(mode=0o755, parents=True)
        for name, content in files.items():
            (self._place / name).write_text(content)
        trust = Path(MODULES) / "p11-kit-trust.module"
        if trust.exists():
            (self._place / "modules" / trust.name).write_text(trust.read_text())

    def _mounts(self):
        tree = self.person.tree
        installed = tree.dest / PREFIX.lstrip("/")
        yield from ("--die-with-parent", "--dev-bind", "/", "/", "--ro-bind", installed, PREFIX)
        yield from ("--tmpfs", "/home", "--bind", self.person.home, self.home)
        yield from ("--ro-bind", self._place / "modules", MODULES)
        yield from self._etc()
        yield from ("--chdir", self.home)

    def _etc(self):
        """The machine's, but for what is ours."""
        tree = self.person.tree
        ours = {"hosts", "passwd", "group", "pkcs11", "meishi", "ssl"}
        yield from ("--tmpfs", "/etc")
        for entry in sorted(set(os.listdir("/etc")) - ours):
            path = Path("/etc") / entry
            if path.is_symlink():
                yield from ("--symlink", os.readlink(path), path)
            else:
                yield from ("--ro-bind-try", path, path)
        for name in ("hosts", "passwd", "group"):
            yield from ("--ro-bind", self._place / name, f"/etc/{name}")
        yield from ("--ro-bind", "/etc/ssl", "/etc/ssl")
        yield from ("--ro-bind", self._place / "authorities", AUTHORITIES)
        for file in tree.files:
            final = tree.final_path(file)
            if final.parts[1] == "etc":
                yield from ("--ro-bind", file, final)
