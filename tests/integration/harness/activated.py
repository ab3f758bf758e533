# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program that the session bus starts as org.meishi.Prompter, in several tempers.

Started with the file's name as a program, this is that program; its arguments are the temper, the
file in which each start leaves a line, and the passphrase that it knows.
"""

import os
import signal
import sys
import time
from pathlib import Path

NAME = "org.meishi.Prompter"


class Activated:
    """Call before the bus is started.  `temper`: "exits" at once, as without a screen, "silent" (takes the name and
    registers nothing), "late" (registers after two seconds), "prompt"."""

    def __init__(self, person, bus, temper, passphrase=""):
        self.log = person.write("starts", b"")
        command = (sys.executable, "-B", "-m", "harness.activated", temper, self.log, passphrase)
        quoted = " ".join(f'"{word}"' for word in command)
        path = os.path.dirname(os.path.dirname(__file__))
        service = f"[D-BUS Service]\nName={NAME}\nExec=/usr/bin/env PYTHONPATH={path} {quoted}\n"
        bus.add_service(NAME, service)

    def starts(self):
        """The processes that were started."""
        return [int(line) for line in self.log.read_text().split()]

    def stop(self):
        for pid in self.starts():
            if is_ours(pid):
                os.kill(pid, signal.SIGKILL)


def is_ours(pid):
    try:
        return b"harness.activated" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


# ---- the process ----------------------------------------------------------------------------


def serve(temper, log, passphrase):
    from gi.repository import Gio, GLib  # pylint: disable=import-outside-toplevel

    from .dbus import NAME as DAEMON  # pylint: disable=import-outside-toplevel
    from .dbus import Door
    from .prompter import Prompter

    with open(log, "a", encoding="ascii") as file:
        file.write(f"{os.getpid()}\n")
    if temper == "exits":
        sys.exit(1)
    door = Door(os.environ["DBUS_SESSION_BUS_ADDRESS"], DAEMON)
    Gio.bus_own_name_on_connection(door.connection, NAME, Gio.BusNameOwnerFlags.NONE, None, None)
    if temper == "silent":
        GLib.MainLoop().run()
    time.sleep(2 if temper == "late" else 0)
    prompter = Prompter(door)
    done = 0
    while not door.connection.is_closed():
        GLib.MainContext.default().iteration(True)
        for cookie, _, _ in prompter.questions[done:]:
            prompter.give(cookie, passphrase)
            done += 1


if __name__ == "__main__":
    serve(*sys.argv[1:])
