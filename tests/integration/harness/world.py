# SPDX-License-Identifier: LGPL-2.1-or-later
"""The machine of somebody who has installed Meishi: the tree lies where it belongs, p11-kit knows
the module and no other, the company's servers have names, and its authority is trusted.

    world = World(person, pki, hosts=["intranet.example"])
    world.run("meishi", "list")             # what Person.run() does, there
    Shell(world)                            # a terminal: harness/documented.py

That is a mount namespace of the person's own (bubblewrap), so that no file of this machine is
touched and no right is needed.  /etc and /var/lib are the person's in it, and so is root: whoever
runs there with `is_root` is the person outside.  The home directory has the places that a home has
where no variable says otherwise; programs outside see the same files and sockets.

Files of root's belong to nobody there, and so a daemon that is started there loads no modules of
cards: where these are wanted, it is started outside.
"""

import json
import os
import shutil
from pathlib import Path

from .person import Person, describe

USER = "alice"
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
MODULES = "/usr/share/p11-kit/modules"
PREFIX = "/usr/local"

ETC, STATE = Path("/etc"), Path("/var/lib")
# In /etc, what an administrator changes.
CHANGED = ("chromium", "firefox", "firefox-esr", "pkcs11", "systemd")
AS_ROOT = ("--unshare-user", "--uid", "0", "--gid", "0")

# What a person has set who has set nothing.
UNSET = ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "PKCS11_MODULE_PATH",
         "MEISHI_TOKEN_MODULES")  # fmt: skip


def lent(machine, ours):
    """What the directory `ours`, in the place of `machine`, gets from there: links as they are, and
    the paths that are returned as mounts."""
    there = set(os.listdir(ours))
    paths = [path for path in sorted(machine.iterdir()) if path.name not in there]
    for path in paths:
        if path.is_symlink():
            (ours / path.name).symlink_to(os.readlink(path))
    return [path for path in paths if not path.is_symlink()]


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
        self._modules = self._place / "modules"
        self._authorities = self._place / "authorities"
        self.etc = self._place / "etc"
        self.state = self._place / "state"
        for path in (self._place, self._modules, self.etc, self.state):
            person._mkdir(path)
        self._authorities.write_text(Path(AUTHORITIES).read_text() + pki.root.cert.read_text())
        self._fill_etc(hosts)
        self._tell_firefox(pki.root.cert)
        self._fill_modules()
        self._of_machine = [*lent(ETC, self.etc), *lent(STATE, self.state)]
        self._give(self.etc)

    @property
    def home(self):
        return f"/home/{USER}"

    def run(self, *argv, is_root=False, check=True, **kwargs):
        done = self.person.run(*self.command(*argv, is_root=is_root), check=False, **kwargs)
        assert not check or done.returncode == 0, describe(done)
        return done

    def command(self, *argv, is_root=False):
        """The command line that runs another one there."""
        options = self._place / f"bwrap.{'root' if is_root else USER}"
        words = [*self._mounts(), *(AS_ROOT if is_root else ())]
        options.write_bytes(b"".join(os.fsencode(word) + b"\0" for word in words))
        return ["sh", "-c", 'exec bwrap --args 9 -- "$@" 9<"$0"', options, *argv]

    def put(self, name, content, mode=0o644):
        """A file in the home directory, with the directories above it."""
        parent = Path(name).parent
        for directory in reversed([parent, *parent.parents]):
            self.person._mkdir(self.person.home / directory)
        return self.person.write(name, content, mode)

    # ---- inside -----------------------------------------------------------------------------

    def _fill_etc(self, hosts):
        """What is not the machine's: copies, which may be changed there."""
        person, tree = self.person, self.person.tree
        for name in CHANGED:
            if (ETC / name).is_dir():
                shutil.copytree(ETC / name, self.etc / name, symlinks=True)
        for file in tree.files:
            if (final := tree.final_path(file)).is_relative_to(ETC):
                copy = self.etc / final.relative_to(ETC)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, copy)
        for name, text in {
            "hosts": f"127.0.0.1 localhost {' '.join(hosts)}\n",
            "group": f"root:x:0:\n{USER}:x:{person.gid}:\n",
            "passwd": f"root:x:0:0:root:/root:/bin/bash\n"
            f"{USER}:x:{person.uid}:{person.gid}:Alice:{self.home}:/bin/bash\n",
        }.items():
            (self.etc / name).write_text(text)

    def _tell_firefox(self, cert):
        """Firefox has authorities of its own, and an administrator's words for more."""
        policies = self.etc / "firefox" / "policies"
        policies.mkdir(parents=True, exist_ok=True)
        shutil.copy(cert, self.etc / "company.crt")
        told = {"policies": {"Certificates": {"Install": ["/etc/company.crt"]}}}
        (policies / "policies.json").write_text(json.dumps(told))

    def _fill_modules(self):
        trust = Path(MODULES) / "p11-kit-trust.module"
        if trust.exists():
            shutil.copy(trust, self._modules)

    def _give(self, top):
        for directory, _, files in os.walk(top):
            for path in (directory, *(os.path.join(directory, name) for name in files)):
                os.chown(path, self.person.uid, self.person.gid, follow_symlinks=False)

    def _mounts(self):
        installed = self.person.tree.dest / PREFIX.lstrip("/")
        yield from ("--die-with-parent", "--dev-bind", "/", "/", "--ro-bind", installed, PREFIX)
        yield from ("--tmpfs", "/home", "--bind", self.person.home, self.home)
        yield from ("--ro-bind", self._modules, MODULES, "--bind", self.etc, ETC)
        yield from ("--bind", self.state, STATE)
        for entry in self._of_machine:
            yield from ("--ro-bind-try", entry, entry)
        yield from ("--ro-bind", self._authorities, AUTHORITIES, "--chdir", self.home)
