# SPDX-License-Identifier: LGPL-2.1-or-later
"""Flatpak itself, without a network: applications that are shells, on a runtime made from programs
of this machine.

    repository = Repository(directory)                       once
    browser = repository.application("org.example.Browser")  before anybody installs
    flatpak = Flatpak(person, bus, repository)               installed for the person alone
    flatpak.run(browser, "pkcs11-tool", ...)
"""

import os
import shutil
import subprocess
from pathlib import Path

from .process import find_server

PROGRAMS = ("bash", "cat", "gdbus", "gnutls-cli", "ls", "pkcs11-tool", "rm", "sleep")
PLATFORM = "org.example.Platform"
BRANCH = "1"

# A person's XDG_RUNTIME_DIR lies in their home here.  In a sandbox it is always /run/user/UID, and
# what is exposed of it keeps its path: so that is where it has to be outside, too.
HOUSE = ("bwrap", "--dev-bind", "/", "/", "--tmpfs", "/run/user")


def can_run(**identity):
    """Whether whoever runs this, or `identity` (of a Person), may make a sandbox; a container may
    keep people from it."""
    command = (*HOUSE, "--unshare-user", "--unshare-pid", "true")
    done = subprocess.run(command, check=False, capture_output=True, cwd="/", **identity)
    return done.returncode == 0


def libraries(program):
    """What the loader finds for it, the loader itself included."""
    said = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    return {word for word in said.split() if word.startswith("/")}


class Repository:
    def __init__(self, directory):
        self.directory = Path(directory)
        self.directory.mkdir(mode=0o755)
        self.path = self.directory / "repo"
        self.arch = self._flatpak("--default-arch").strip()
        self._export(PLATFORM, "Runtime", self._fill_runtime, "--runtime")

    def application(self, name):
        self._export(name, "Application", lambda build: (build / "export").mkdir())
        return name

    def _fill_runtime(self, build):
        usr = build / "usr"
        (usr / "bin").mkdir(parents=True)
        for program in map(find_server, PROGRAMS):
            shutil.copy(program, usr / "bin")
            for library in libraries(program):
                # The loader's own path is in every program; the other directories it knows.
                place = "lib64" if library.startswith("/lib64") else f"lib/{self.arch}-linux-gnu"
                (usr / place).mkdir(parents=True, exist_ok=True)
                shutil.copy(library, usr / place)
        (usr / "bin" / "sh").symlink_to("bash")

    def _export(self, name, kind, fill, *options):
        build = self.directory / name
        (build / "files").mkdir(parents=True)
        fill(build)
        platform = f"{PLATFORM}/{self.arch}/{BRANCH}"
        (build / "metadata").write_text(
            f"[{kind}]\nname={name}\nruntime={platform}\nsdk={platform}\ncommand=sh\n"
        )
        self._flatpak("build-export", "--disable-sandbox", *options, self.path, build, BRANCH)
        self._flatpak("build-update-repo", self.path)

    def _flatpak(self, *arguments):
        done = subprocess.run(
            ["flatpak", *map(str, arguments)], capture_output=True, text=True, check=False,
            env={"PATH": os.environ["PATH"], "HOME": str(self.directory)},
        )  # fmt: skip
        assert done.returncode == 0, f"{done.args}\n{done.stdout}{done.stderr}"
        return done.stdout


class Flatpak:
    def __init__(self, person, bus, repository):
        self.person = person
        # Whom it asks about parental controls is not there, which is no answer on any bus.
        self.env = {"DBUS_SYSTEM_BUS_ADDRESS": bus.address}
        self("remote-add", "--user", "--no-gpg-verify", "here", repository.path)

    def __call__(self, *arguments, check=True):
        """As the person would type it."""
        return self.person.run(*self.argv(*arguments), check=check, env=self.env)

    def install(self, *names):
        self("install", "--user", "--noninteractive", "here", f"{PLATFORM}//{BRANCH}", *names)

    def argv(self, *arguments):
        runtime = f"/run/user/{self.person.uid}"
        return (*HOUSE, "--bind", self.person.runtime, runtime, "--setenv", "XDG_RUNTIME_DIR",
                runtime, "--die-with-parent", "flatpak", *arguments)  # fmt: skip

    def command(self, name, *command, options=()):
        """The command line that runs `command` in the sandbox of `name`."""
        program, *arguments = command
        return self.argv("run", "--user", *options, f"--command={program}", name, *arguments)

    def run(self, name, *command, options=(), check=False):
        """Without `check`, whatever comes of it: the finished process."""
        return self.person.run(
            *self.command(name, *command, options=options), check=check, env=self.env
        )
