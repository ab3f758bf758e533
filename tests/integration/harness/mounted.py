# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs that see a directory of ours where the machine has one of its own: mounted in a namespace
that ends with them.  Root makes one as he is; anybody else in a namespace of users with himself
alone, where the machine lets him."""

import functools
import os
import subprocess

_MOUNT = 'mount --bind "$1" "$2" && shift 2 && exec "$@"'
_LAY = 'mount -t overlay -o "lowerdir=$1:$2" overlay "$2" && shift 2 && exec "$@"'
_OF_ROOT = ("unshare", "--mount", "--propagation", "private")
_OF_USER = ("unshare", "--user", "--map-current-user", "--keep-caps", "--mount")


def mounted(source, target):
    """The beginning of a command line: what follows sees the directory `source` at `target`, which
    exists."""
    return _command(_MOUNT, source, target)


def laid_over(source, target):
    """The same, with what is at `target` still to be seen below it."""
    return _command(_LAY, source, target)


def _command(script, source, target):
    unshare = _OF_ROOT if os.getuid() == 0 else _OF_USER
    return (*unshare, "sh", "-c", script, "sh", str(source), str(target))


@functools.cache
def can_mount():
    """A container may keep everybody from it, root as well."""
    done = subprocess.run([*mounted("/tmp", "/mnt"), "true"], capture_output=True, check=False)
    return done.returncode == 0
