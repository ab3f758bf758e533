# SPDX-License-Identifier: LGPL-2.1-or-later
"""One person: a private home with its own XDG directories, vault and daemon.

The environment is made from nothing, so that neither the bus nor the keyring of whoever runs the
tests is ever touched.  Root can be any person; everybody else only himself.
"""

import itertools
import os
import shutil
import subprocess
from pathlib import Path

from .process import PATIENCE, Background, end, peer_pid, wait_until

# Users without rights: nobody, and one who is not even in passwd.
ORDINARY_UID = 65534
STRANGER_UID = 65533

_numbers = itertools.count(1)

PASSED_ON = ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "LD_PRELOAD", "MEISHI_TRACE")


class Person:
    def __init__(self, tree, home, uid=None):
        self.tree = tree
        self.home = Path(home)
        self.uid = os.getuid() if uid is None else uid
        self.data = self.home / "data"
        self.config = self.home / "config"
        self.runtime = self.home / "run"
        self.daemon = None
        self._children = []  # all that ran in the background, ended or not
        self._make_directories()
        self.env = self._make_environment()

    # ---- programs ---------------------------------------------------------------------------

    def run(self, *argv, check=True, env=None, timeout=PATIENCE, stdin=None, **kwargs):
        """Runs a program as this person; text in `stdin` is its input, None in `env` takes a
        variable away.  Returns what subprocess.run() returns, after checking the exit status
        unless `check` is False."""
        argv = [str(arg) for arg in argv]
        done = subprocess.run(
            argv,
            env=self._with(env),
            cwd=self.home,
            input=stdin if stdin is not None else "",
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
            **self.identity(),
            **kwargs,
        )
        assert not check or done.returncode == 0, describe(done)
        return done

    def background(self, *argv, env=None, **kwargs):
        """Starts a program as this person; the caller ends it."""
        log = self.home / f"{Path(str(argv[0])).name}{next(_numbers)}.log"
        child = Background(
            argv, log, env=self._with(env), cwd=self.home, **self.identity(), **kwargs
        )
        self._children.append(child)
        return child

    def meishi(self, *args, **kwargs):
        return self.run(self.tree.meishi, *args, **kwargs)

    def import_files(self, *files, password=None, options=(), **kwargs):
        """`meishi import`, with the password from a file."""
        if password is not None:
            options = ("--password-file", self.write("password", password), *options)
        return self.meishi("import", *options, *files, **kwargs)

    def write(self, name, content, mode=0o600):
        """A file of this person's in the home directory."""
        path = self.home / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(mode)
        os.chown(path, self.uid, self.gid)
        return path

    # ---- the daemon -------------------------------------------------------------------------

    @property
    def bus_socket(self):
        return self.runtime / "meishi" / "bus"

    @property
    def module_socket(self):
        return self.runtime / "meishi" / "pkcs11"

    def start_daemon(self, *args, env=None, under=()):
        """Starts meishid by hand and waits until it serves both sockets.  `under`: the command line
        of a program that runs it, such as valgrind."""
        daemon = self.background(*under, self.tree.meishid, *args, env=env)
        self.daemon = daemon
        daemon.wait_ready(lambda: self.daemon_pid() == daemon.pid, "serves its sockets")
        return daemon

    def daemon_pid(self):
        """The daemon that serves this person now, whoever started it; None without one."""
        return peer_pid(self.bus_socket)

    def stop_daemon(self):
        """Ends the daemon, whoever started it."""
        if self.daemon is not None:
            self.daemon.stop()
            self.daemon = None
        pid = self.daemon_pid()
        if pid is not None and pid != os.getpid():
            end(pid)

    def wait_for_daemon(self):
        return wait_until(self.daemon_pid, "the daemon serves")

    def close(self):
        """Ends what is left and forgets the home."""
        self.stop_daemon()
        for child in self._children:
            child.assert_no_crash()
        shutil.rmtree(self.home, ignore_errors=True)

    # ---- PKCS#11 ----------------------------------------------------------------------------

    def use_p11_kit(self):
        """Lets p11-kit find the module through this person's own configuration, and nothing
        else that the machine may have.  p11-kit ignores that of root."""
        assert self.uid != 0, "p11-kit ignores the user configuration of root"
        modules = self.config / "pkcs11" / "modules"
        self._mkdir(self.config / "pkcs11")
        self._mkdir(modules)
        self.write("config/pkcs11/pkcs11.conf", "user-config: only\n", 0o644)
        installed = self.tree.find("meishi.module").read_text()
        final = str(self.tree.final_path(self.tree.module))
        assert final in installed, f"meishi.module does not name {final}"
        self.write(
            "config/pkcs11/modules/meishi.module",
            installed.replace(final, str(self.tree.module)),
            0o644,
        )

    # ---- inside -----------------------------------------------------------------------------

    @property
    def gid(self):
        return os.getgid() if self.uid == os.getuid() else self.uid

    def _with(self, env):
        merged = self.env | (env or {})
        return {name: value for name, value in merged.items() if value is not None}

    def identity(self):
        if self.uid == os.getuid():
            return {}
        assert os.getuid() == 0, "only root can be somebody else"
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def _mkdir(self, path):
        path.mkdir(mode=0o700, exist_ok=True)
        os.chown(path, self.uid, self.gid)

    def _make_directories(self):
        for path in (self.home, self.data, self.config, self.runtime, self.home / "cache"):
            self._mkdir(path)

    def _make_environment(self):
        env = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        return env | {
            "PATH": f"{self.tree.meishi.parent}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "LANG": "C.UTF-8",
            "HOME": str(self.home),
            "XDG_DATA_HOME": str(self.data),
            "XDG_CONFIG_HOME": str(self.config),
            "XDG_CACHE_HOME": str(self.home / "cache"),
            "XDG_RUNTIME_DIR": str(self.runtime),
            "PKCS11_MODULE_PATH": str(self.tree.module),
            # Whatever modules this machine has are none of the tests' business.
            "MEISHI_TOKEN_MODULES": str(self.home / "token-modules"),
        }


def describe(done):
    """A finished process as text for a failure."""
    command = " ".join(str(arg) for arg in done.args)
    return f"$ {command}\n[exit status {done.returncode}]\n{done.stdout}{done.stderr}"
