# SPDX-License-Identifier: LGPL-2.1-or-later
"""Something for git to clone from a server that knows nothing but files."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

GREETING = "Hello from the repository\n"  # in the file "greeting"


def publish_repository(pages):
    """git/hello.git below `pages`, for git's plain way over HTTP."""
    home = {"PATH": os.environ["PATH"], "HOME": str(pages), "GIT_CONFIG_NOSYSTEM": "1"}
    repository, work = pages / "git" / "hello.git", Path(tempfile.mkdtemp(dir="/tmp"))
    repository.parent.mkdir(parents=True)
    (work / "greeting").write_text(GREETING)
    someone = ("-c", "user.name=Hana", "-c", "user.email=hana@example.com")
    for command in (
        ("init", "-q", "-b", "main", work),
        ("-C", work, "add", "greeting"),
        ("-C", work, *someone, "commit", "-q", "-m", "greeting"),
        ("clone", "-q", "--bare", work, repository),
        ("-C", repository, "update-server-info"),
    ):
        subprocess.run(["git", *command], env=home, check=True)
    shutil.rmtree(work)
