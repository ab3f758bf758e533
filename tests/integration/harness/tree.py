# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tree under test: what `meson install` puts on disk, in a place of its own.

Tests never run programs out of the build directory: a file that meson.build forgets to install
is then missing here too.
"""

import fcntl
import json
import os
import subprocess
from pathlib import Path


class Files:
    """An installed Meishi: `files` are its paths."""

    @property
    def meishi(self):
        return self.find("bin/meishi")

    @property
    def meishid(self):
        return self.find("meishid")

    @property
    def module(self):
        return self.find("meishi-pkcs11.so")

    def find(self, name):
        """The installed file whose path ends in `name`."""
        found = [path for path in self.files if f"/{path}".endswith(f"/{name}")]
        assert found, f"no file called {name} is installed"
        assert len(found) == 1, f"{name} is installed more than once: {found}"
        return found[0]


class Tree(Files):
    """An installed Meishi below `dest`, made from the build directory `build`."""

    def __init__(self, build, dest):
        self.build = Path(build)
        self.dest = Path(dest)
        self._install()
        self.files = self._installed_files()

    def final_path(self, path):
        """Where `path` would lie without the staging directory."""
        return Path("/") / Path(path).relative_to(self.dest)

    def option(self, name):
        """The value of a build option."""
        for option in self._introspect("buildoptions"):
            if option["name"] == name:
                return option["value"]
        raise KeyError(name)

    def _introspect(self, what):
        return json.loads((self.build / "meson-info" / f"intro-{what}.json").read_text())

    def _installed_files(self):
        return sorted(
            self.dest / Path(path).relative_to("/")
            for path in self._introspect("installed").values()
        )

    def _install(self):
        command = ["meson", "install", "-C", self.build, "--no-rebuild", "--destdir", self.dest]
        # meson writes a log into the build directory: one at a time.
        with open(self.build / "meson-info" / "install.lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, env=dict(os.environ)
            )
        assert done.returncode == 0, f"meson install failed:\n{done.stdout}{done.stderr}"
