#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""From a request to the window that asks, beside the least that a libadwaita window can be.

    windows.py BUILD [--rounds N] [--json FILE] [--smoke]

On a screen (Xvfb) and a session bus of its own.  All candidates take turns in every round.  The
time of a candidate begins where a program sends its D-Bus message: SelectIdentity to meishid, which
asks meishi-prompter, or Activate to the bare window; "mapped" is the X server's MapNotify, "painted"
the moment at which half of the window has been drawn.

  cold   the session bus starts the program with the window
  first  it is running, and this is its first window
  warm   it has shown one before
"""

import argparse
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "integration"))

# pylint: disable=wrong-import-position
from gi.repository import Gio, GLib  # noqa: E402
from harness.bus import Bus  # noqa: E402
from harness.dbus import NAME, Door, RemoteError  # noqa: E402
from harness.desktop import Desktop  # noqa: E402
from harness.person import Person  # noqa: E402
from harness.pki import Pki  # noqa: E402
from harness.process import end, wait_until  # noqa: E402
from harness.prompter import Selection  # noqa: E402
from harness.tree import Tree  # noqa: E402

WARM_LIMIT_MS = 300
SETTLING_S = 0.5
BUS = "org.freedesktop.DBus"
PROMPTER, BARE, BARE_CAIRO = "org.meishi.Prompter", "org.meishi.Bare", "org.meishi.BareCairo"


class Screen:
    """What watch-windows tells, and when."""

    def __init__(self, person, desktop, program):
        self.child = subprocess.Popen(
            [program], env=person.env | desktop.env, stdout=subprocess.PIPE, text=True
        )
        assert self.child.stdout.readline() == "watching\n"

    def wait(self, what):
        """The moment, in ns, of the next line of that kind."""
        while True:
            line = self.child.stdout.readline().split()
            assert line, "watch-windows has ended"
            if line[0] == what:
                return int(line[2])

    def stop(self):
        self.child.terminate()
        self.child.wait()


class Bench:
    """The bus, the screen, the daemon with two certificates, and a program that asks it."""

    def __init__(self, build, place):
        tree = Tree(build, place / "tree")
        self.person = Person(tree, place / "person")
        self.bus = Bus(place / "bus")
        env = "/usr/bin/env GSK_RENDERER=cairo"
        bare = build / "tests" / "bench" / "bare-window"
        self._add_service(PROMPTER, f"{tree.find('meishi-prompter')}")
        self._add_service(BARE, f"{bare} {BARE}")
        self._add_service(BARE_CAIRO, f"{env} {bare} {BARE_CAIRO}")
        self.desktop = Desktop(self.person, self.bus)
        self.screen = Screen(self.person, self.desktop, build / "tests/bench/watch-windows")
        self.person.start_daemon()
        self.bus_door = Door(self.bus.address, BUS)
        self.daemon = Door(self.bus.address, NAME)
        wait_until(lambda: self.pid(NAME), "the daemon on the bus")
        self._set_environment()
        self._fill(place)
        self.rows = {}  # (state, candidate, event): ms, one per round

    def call(self, method, signature, *arguments):
        return self.bus_door.call("/org/freedesktop/DBus", f"{BUS}.{method}", signature, *arguments)

    def pid(self, name):
        """None where nobody has the name."""
        try:
            return self.call("GetConnectionUnixProcessID", "(s)", name)[0]
        except RemoteError:
            return None

    def end(self, name):
        """Ends the program behind the name, and whatever window it shows."""
        if self.pid(name) is not None:
            end(self.pid(name))
            wait_until(lambda: self.pid(name) is None, f"{name} is gone")

    def start(self, name):
        """Running, and it has nothing more to do."""
        self.end(name)
        self.call("StartServiceByName", "(su)", name, 0)
        time.sleep(SETTLING_S)

    def note(self, state, name, window):
        for event in ("mapped", "painted"):
            took = (window.moments[event] - window.began) / 1e6
            self.rows.setdefault((state, name, event), []).append(took)

    def round(self):
        for name, candidate in CANDIDATES.items():
            self.start(name)
            self.note("first", name, candidate(self).take())
            self.note("warm", name, candidate(self).take())
            self.end(name)
            self.note("cold", name, candidate(self).take())

    def stop(self):
        for name in CANDIDATES:
            self.end(name)
        for door in (self.daemon, self.bus_door):
            door.close()
        self.screen.stop()
        self.desktop.stop()
        self.person.close()
        self.bus.stop()

    def _add_service(self, name, command):
        self.bus.add_service(name, f"[D-BUS Service]\nName={name}\nExec={command}\n")

    def _set_environment(self):
        """Of what the bus starts: the screen, and GTK as it is without a word from us."""
        env = self.desktop.env
        del env["GSK_RENDERER"]
        self.call("UpdateActivationEnvironment", "(a{ss})", env)

    def _fill(self, place):
        pki = Pki(place / "pki")
        for name in ("Alice", "Bob"):
            self.person.import_files(pki.p12(pki.identity(name)), password="correct horse")


class Window:
    """One that appears at a request and is taken away again; `moments` in ns."""

    def __init__(self, bench):
        self.bench = bench
        self.began, self.moments = 0, {}

    def take(self):
        self.began = time.monotonic_ns()
        self.ask()
        for event in ("mapped", "painted"):
            self.moments[event] = self.bench.screen.wait(event)
        self.take_back()
        self.bench.screen.wait("unmapped")
        return self


class Question(Window):
    """A program selects, for a server that it has not talked to."""

    hosts = itertools.count(1)

    def ask(self):
        self.selection = Selection(self.bench.daemon, f"host{next(self.hosts)}.example.com")

    def take_back(self):
        self.selection.cancel()


class Bare(Window):
    name = BARE

    def ask(self):
        self._call("Activate", "(a{sv})", {})

    def take_back(self):
        self._call("ActivateAction", "(sava{sv})", "close", [], {})

    def _call(self, method, signature, *arguments):
        path = "/" + self.name.replace(".", "/")
        self.bench.bus_door.connection.call(
            self.name, path, "org.freedesktop.Application", method,
            GLib.Variant(signature, arguments), None, Gio.DBusCallFlags.NONE, -1, None, None,
        )  # fmt: skip


class BareCairo(Bare):
    name = BARE_CAIRO


CANDIDATES = {BARE: Bare, BARE_CAIRO: BareCairo, PROMPTER: Question}
LABELS = {BARE: "bare window", BARE_CAIRO: "bare window, drawn by cairo", PROMPTER: "Meishi"}


def print_table(rows):
    heading = None
    for (state, name, event), values in sorted(rows.items(), key=lambda row: (row[0][2], row[0][0])):
        if heading != (state, event):
            heading = state, event
            print(f"\n{state}, until it is {event} (ms)")
            print(f"{'':30}{'median':>10}{'from':>10}{'to':>10}{'ratio':>8}")
            base = rows[state, BARE, event]
        ratio = statistics.median(value / b for value, b in zip(values, base))
        median = statistics.median(values)
        print(f"  {LABELS[name]:28}{median:10.1f}{min(values):10.1f}{max(values):10.1f}{ratio:8.2f}")


def write_json(rows, path):
    listed = [
        {"state": state, "candidate": LABELS[name], "until": event, "ms": values}
        for (state, name, event), values in rows.items()
    ]
    path.write_text(json.dumps(listed, indent=1) + "\n")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("build", type=Path)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--smoke", action="store_true", help="once: does it run?")
    options = parser.parse_args()
    if options.smoke:
        options.rounds = 1
    return options


def main():
    options = parse_arguments()
    # Short, because a unix socket's path has 107 bytes.
    with tempfile.TemporaryDirectory(prefix="meishi-bench-", dir="/tmp") as name:
        place = Path(name)
        place.chmod(0o755)
        bench = Bench(options.build.resolve(), place)
        try:
            for number in range(options.rounds):
                if not options.smoke:
                    print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
                bench.round()
        finally:
            bench.stop()
    print_table(bench.rows)
    if not options.smoke:
        print()
        for state in ("first", "warm"):
            took = statistics.median(bench.rows[state, PROMPTER, "painted"])
            holds = "holds" if took < WARM_LIMIT_MS else "DOES NOT HOLD"
            print(f"{holds}: {state}, from the request to the window {took:.0f} ms, at most {WARM_LIMIT_MS}")
    if options.json:
        write_json(bench.rows, options.json)


if __name__ == "__main__":
    main()
