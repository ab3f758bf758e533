# SPDX-License-Identifier: LGPL-2.1-or-later
"""Looking for a secret where none may be: what crosses a bus, and what a process remembers."""

import os
import time
from pathlib import Path

from .dbus import NAME

SOON = 5  # seconds
ENCODINGS = ("utf-8", "utf-16-le", "utf-32-le")


def needles(secret):
    """The secret and each half of it, in every form in which a program might keep text."""
    half = len(secret) // 2
    assert half >= 8, "too short for its halves to be told from chance"
    texts = (secret, secret[:half], secret[half:])
    return [text.encode(encoding) for text in texts for encoding in ENCODINGS]


def assert_clean(content, secret, where):
    for needle in needles(secret):
        position = content.find(needle)
        assert position < 0, (
            f"{where} holds {needle!r}, in {content[max(position - 200, 0):position + 200]!r}"
        )


class BusMonitor:
    """Keeps every message that crosses a bus, as its bytes.  A secret passed as a descriptor is not
    among them, one in a message's body is."""

    def __init__(self, person, address):
        self.process = person.background("dbus-monitor", "--binary", "--address", address)
        self.process.wait_ready(lambda: self.heard(), "hears the bus")

    def heard(self):
        return self.process.log.read_bytes()

    def stop(self):
        """All that it heard."""
        self.process.stop()
        return self.heard()


def accessibility_address(door):
    """Of the bus on which screen readers listen; `door`: on the session bus."""
    reply = door.connection.call_sync(
        "org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress", None, None, 0, -1, None
    )
    return reply.unpack()[0]


def memory(pid):
    """Everything in the memory of a process but what is the content of a file, as (line of maps,
    content).  Only for root where the process is not dumpable."""
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps:
        lines = maps.read().splitlines()
    with open(f"/proc/{pid}/mem", "rb") as mem:
        for line in lines:
            area, rights = line.split()[:2]
            first, last = (int(part, 16) for part in area.split("-"))
            is_file = len(line.split()) > 5 and line.split()[5].startswith("/usr")
            if not rights.startswith("r") or (is_file and "w" not in rights):
                continue
            try:
                mem.seek(first)
                yield line, mem.read(last - first)
            except (OSError, OverflowError):  # [vvar]; secret memory is closed to root, too
                continue


def find(pid, *sought):
    """Where in the memory of a process one of these is, and what stands around it."""
    return [
        (line, part[max(part.find(needle) - 100, 0) : part.find(needle) + 100])
        for line, part in memory(pid)
        for needle in sought
        if needle in part
    ]


def assert_forgotten(process, *secrets, known=NAME):
    """Nothing of the secrets is in the process's memory.  `known`: a text that is, as the proof that
    the search finds what is there.  Whoever is not root cannot even look, and that is the proof."""
    if os.getuid() != 0:
        try:
            with open(f"/proc/{process.pid}/mem", "rb"):
                raise AssertionError(f"process {process.pid} lets its memory be read")
        except PermissionError:
            return
    assert find(process.pid, known.encode()), f"the search does not even find “{known}”"
    # What is freed late (an idle turn, a worker that ends) is freed soon.
    deadline = time.monotonic() + SOON
    sought = [needle for secret in secrets for needle in needles(secret)]
    while places := find(process.pid, *sought):
        assert time.monotonic() < deadline, f"process {process.pid} remembers: {places}"
        time.sleep(0.1)


def end_with_abort(process):
    """SIGABRT; whether the kernel wrote a core file."""
    process.is_to_crash = True
    os.kill(process.pid, 6)
    _, status = os.waitpid(process.pid, 0)
    process.child.returncode = -os.WTERMSIG(status)
    return os.WCOREDUMP(status)


def files_with(directory, secret):
    """Files below a directory that hold some of the secret."""
    found = []
    for path in Path(directory).rglob("*"):
        if path.is_file() and any(needle in path.read_bytes() for needle in needles(secret)):
            found.append(path)
    return found
