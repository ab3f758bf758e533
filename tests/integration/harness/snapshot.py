# SPDX-License-Identifier: LGPL-2.1-or-later
"""A directory as it is, to be compared with what it was: everything but when directories were
written to."""

import hashlib
import os
import stat
from pathlib import Path


def _describe(path):
    st = os.lstat(path)
    common = (oct(st.st_mode), st.st_uid, st.st_gid)
    if stat.S_ISLNK(st.st_mode):
        return (*common, os.readlink(path))
    if stat.S_ISREG(st.st_mode):
        digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
        return (*common, st.st_nlink, st.st_mtime_ns, digest)
    return common


def snapshot(directory):
    """Every name below `directory`, and what is there: mode, owner, content, time of files."""
    directory = Path(directory)
    found = {".": _describe(directory)}
    for path in directory.rglob("*"):
        found[str(path.relative_to(directory))] = _describe(path)
    return found


def differences(before, after):
    """Names that are not what they were."""
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
