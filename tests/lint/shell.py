#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Shell scripts as shellcheck reads them."""

import subprocess

from common import files, main, read


def check(root):
    for path in files(root):
        if path.suffix == ".sh" or (not path.suffix and "bash" in read(root, path)[:40]):
            done = subprocess.run(
                ["shellcheck", "-x", "-f", "gcc", path],
                capture_output=True, text=True, check=False, cwd=root,
            )  # fmt: skip
            yield from done.stdout.splitlines()


PLANTS = [
    ("data/a.sh", "# shellcheck shell=bash\nrm -r $1\n", "SC2086"),
    ("data/start", '#!/usr/bin/env bash\nx=1\n', "SC2034"),
]

if __name__ == "__main__":
    main(check, PLANTS)
