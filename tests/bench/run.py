#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Meishi beside its peers and beside what cannot be beaten, with the same keys, in one run.

    run.py BUILD [--rounds N] [--seconds S] [--json FILE] [--smoke]

Starts a daemon of its own out of the build directory, below a temporary directory, and ends it
again.  All candidates take turns in every round, so that whatever else the machine does hits each
of them alike; what counts are the ratios, and the spread says how far to trust them.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from peers import KEYS, Keys, Meishi, run, start, stop
from table import Table

DAEMON_CPU_LIMIT_US = 1000

# A packet there and one back wake two processes: by a mere switch where both share a processor, by
# waking another processor where they do not.
MANY_PROCESSORS = min(2, len(os.sched_getaffinity(0)))


def wake_ups(processors):
    return f"OpenSSL + 2 wake-ups, {processors} CPU"


class Bench:
    def __init__(self, build, options):
        self.programs = build / "tests" / "bench"
        self.options = options
        self.table = Table()

    def ask(self, *command, env=None):
        return json.loads(run(*command, env=env))

    def limits(self, *arguments):
        return self.ask(self.programs / "limits", "-s", self.options.seconds, *arguments)

    def p11(self, command, peer, key_id, *arguments):
        how = ["-p", peer.pin] if peer.pin else []
        how += ["-a", peer.parameters] if peer.parameters else []
        return self.ask(
            self.programs / "p11bench", command, peer.module, "-t", peer.token, *how, "-i", key_id,
            "-s", self.options.seconds, "-r", self.options.runs, *arguments,
            env=peer.env,
        )  # fmt: skip

    def signatures(self, mechanism, keys, peers):
        measurement = f"signature, {mechanism} (us)"
        raw = self.limits("raw", "-m", mechanism, keys.path(mechanism, "key"))["p50_us"]
        self.table.note(measurement, "OpenSSL", raw)
        for processors in range(1, MANY_PROCESSORS + 1):
            packet = self.limits("packet", "-c", processors)["p50_us"]
            self.table.note(measurement, wake_ups(processors), raw + packet)
        for peer in peers:
            got = self.p11("sign", peer, peer.key_id(keys, mechanism), "-m", mechanism)
            self.table.note(measurement, peer.name, got["p50_us"])

    def rates(self, flag, what, keys, peers):
        measurement = f"P-256 signatures per ms, 4 {what}"
        raw = self.limits("raw", flag, 4, keys.path("ec256", "key"))
        self.table.note(measurement, "OpenSSL", raw["rate"] / 1000)
        for peer in peers:
            got = self.p11("sign", peer, peer.key_id(keys, "ec256"), flag, 4)
            self.table.note(measurement, peer.name, got["rate"] / 1000)

    def starts(self, keys, peers):
        measurement = "process with one P-256 signature (us)"
        runs = ("-r", self.options.runs)
        self.table.note(measurement, "a process", self.limits("exec", *runs)["total_us"])
        for peer in peers:
            got = self.p11("cold", peer, peer.key_id(keys, "ec256"))
            self.table.note(measurement, peer.name, got["total_us"])

    def searches(self, keys, peers):
        for peer in peers:
            got = self.p11("find", peer, peer.key_id(keys, "ec256"))
            self.table.note("one key by CKA_ID (us)", peer.name, got["one_us"])

    def without_daemon(self, module, env):
        got = self.ask(self.programs / "p11bench", "init", module, "-r", self.options.runs, env=env)
        self.table.note("no daemon: C_Initialize + C_GetSlotList (us CPU)", "Meishi", got["cpu_us"])

    def round(self, keys, peers, module, nowhere):
        for mechanism in KEYS:
            self.signatures(mechanism, keys, peers)
        self.rates("-n", "threads", keys, peers)
        self.rates("-j", "processes", keys, peers)
        self.starts(keys, peers)
        self.searches(keys, peers)
        self.without_daemon(module, nowhere)

    def verdicts(self):
        sign = "signature, ec256 (us)"
        limit = self.table.median(sign, wake_ups(MANY_PROCESSORS))
        ours = self.table.median(sign, "Meishi")
        cpu = self.table.median("no daemon: C_Initialize + C_GetSlotList (us CPU)", "Meishi")
        yield (ours <= limit, f"warm P-256 signature {ours:.1f} us, at most {limit:.1f}")
        yield (
            cpu < DAEMON_CPU_LIMIT_US,
            f"start without a daemon {cpu:.0f} us of CPU, below {DAEMON_CPU_LIMIT_US}",
        )


def print_verdicts(bench):
    for holds, text in bench.verdicts():
        print(f"{'holds' if holds else 'DOES NOT HOLD'}: {text}")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("build", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--json", type=Path)
    parser.add_argument(
        "--smoke", action="store_true", help="once, briefly: does it run?  The figures mean nothing"
    )
    options = parser.parse_args()
    if options.smoke:
        options.rounds, options.seconds, options.runs = 1, 0.01, 1
    return options


def measure(bench, keys, peers, place):
    nowhere = Meishi.environment(place / "nowhere")
    for number in range(bench.options.rounds):
        if not bench.options.smoke:
            print(f"round {number + 1} of {bench.options.rounds}", file=sys.stderr)
        bench.round(keys, peers, peers[0].module, nowhere)


def main():
    options = parse_arguments()
    build = options.build.resolve()
    bench = Bench(build, options)
    with tempfile.TemporaryDirectory(prefix="meishi-bench-") as name:
        place = Path(name)
        keys = Keys(place)
        peers = start(build, place, keys)
        print("measured:", ", ".join(peer.name for peer in peers), file=sys.stderr)
        try:
            measure(bench, keys, peers, place)
        finally:
            stop(peers)
    bench.table.print()
    if not options.smoke:
        print_verdicts(bench)
    if options.json:
        bench.table.write(options.json)


if __name__ == "__main__":
    main()
