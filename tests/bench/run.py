#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Meishi beside SoftHSM2 and beside what cannot be beaten, with the same keys, in one run.

    run.py BUILD [--rounds N] [--seconds S] [--json FILE] [--smoke]

Starts a daemon of its own out of the build directory, below a temporary directory, and ends it
again.  All candidates take turns in every round, so that whatever else the machine does hits each
of them alike; what counts are the ratios, and the spread says how far to trust them.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from table import Table

SOFTHSM_PLACES = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    *Path("/usr/lib").glob("*/softhsm/libsofthsm2.so"),
]
PIN = "1234"
KEYS = {
    "ec256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "rsa2048": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
}
DAEMON_CPU_LIMIT_US = 1000


# A packet there and one back wake two processes: by a mere switch where both share a processor, by
# waking another processor where they do not.
MANY_PROCESSORS = min(2, len(os.sched_getaffinity(0)))


def wake_ups(processors):
    return f"OpenSSL + 2 wake-ups, {processors} CPU"


def run(*command, env=None):
    done = subprocess.run(
        [str(part) for part in command], env=env, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"{command[0]} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


class Keys:
    """One key of each kind with a certificate, as files, and its CKA_ID."""

    def __init__(self, place):
        self.place = place
        self.ids = {}
        for name, options in KEYS.items():
            run("openssl", "genpkey", *options, "-out", self.path(name, "key"))
            run("openssl", "req", "-new", "-x509", "-key", self.path(name, "key"), "-days", "30",
                "-subj", f"/CN=bench {name}", "-out", self.path(name, "crt"))  # fmt: skip
            self.ids[name] = self._id(name)

    def path(self, name, suffix):
        return self.place / f"{name}.{suffix}"

    def _id(self, name):
        """SHA-1 of the public key's bits, which follow the algorithm in a SubjectPublicKeyInfo."""
        spki = self.path(name, "spki")
        run("openssl", "pkey", "-in", self.path(name, "key"), "-pubout", "-outform", "DER",
            "-out", spki)  # fmt: skip
        bits = spki.read_bytes()[24:] if name == "rsa2048" else spki.read_bytes()[-65:]
        return hashlib.sha1(bits).hexdigest()


class Meishi:
    """A daemon out of the build directory, and its module."""

    name = "Meishi"
    token = "Meishi"
    pin = None

    def __init__(self, build, place):
        self.module = build / "module" / "meishi-pkcs11.so"
        self.env = self.environment(place)
        log = open(place / "log", "w", encoding="utf-8")
        self.daemon = subprocess.Popen(
            [build / "daemon" / "meishid"], env=self.env, stdout=log, stderr=log
        )
        self.cli = build / "cli" / "meishi"
        self._wait_for(Path(self.env["XDG_RUNTIME_DIR"]) / "meishi" / "bus", place / "log")

    @staticmethod
    def environment(place):
        env = {key: value for key, value in os.environ.items() if key != "DBUS_SESSION_BUS_ADDRESS"}
        for variable, name in (
            ("XDG_RUNTIME_DIR", "run"),
            ("XDG_DATA_HOME", "data"),
            ("XDG_CONFIG_HOME", "config"),
        ):
            (place / name).mkdir(mode=0o700, parents=True)
            env[variable] = str(place / name)
        env["MEISHI_TOKEN_MODULES"] = str(place / "token-modules")
        return env

    def _wait_for(self, socket, log):
        for _ in range(500):
            if socket.exists():
                return
            if self.daemon.poll() is not None:
                break
            time.sleep(0.02)
        raise SystemExit(f"the daemon does not start:\n{log.read_text()}")

    def fill(self, keys):
        for name in KEYS:
            run(self.cli, "import", keys.path(name, "key"), keys.path(name, "crt"), env=self.env)

    def stop(self):
        self.daemon.terminate()
        self.daemon.wait(30)


class SoftHsm:
    """A token of SoftHSM2 below a directory of our own."""

    name = "SoftHSM2"
    token = "bench"
    pin = PIN

    def __init__(self, module, place):
        tokens = place / "tokens"
        tokens.mkdir(parents=True)
        config = place / "softhsm2.conf"
        config.write_text(
            f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n"
        )
        self.module = module
        self.place = place
        self.env = {**os.environ, "SOFTHSM2_CONF": str(config)}
        run("softhsm2-util", "--init-token", "--free", "--label", self.token, "--so-pin", PIN,
            "--pin", PIN, env=self.env)  # fmt: skip

    @staticmethod
    def find():
        """The module, where it and its tool are installed."""
        modules = [path for path in SOFTHSM_PLACES if Path(path).exists()]
        return modules[0] if modules and shutil.which("softhsm2-util") else None

    def fill(self, keys):
        for name in KEYS:
            run("softhsm2-util", "--import", keys.path(name, "key"), "--token", self.token,
                "--label", name, "--id", keys.ids[name], "--pin", PIN, env=self.env)  # fmt: skip

    def stop(self):
        pass


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
        pin = ["-p", peer.pin] if peer.pin else []
        return self.ask(
            self.programs / "p11bench", command, peer.module, "-t", peer.token, *pin, "-i", key_id,
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
            got = self.p11("sign", peer, keys.ids[mechanism], "-m", mechanism)
            self.table.note(measurement, peer.name, got["p50_us"])

    def rates(self, flag, what, keys, peers):
        measurement = f"P-256 signatures per ms, 4 {what}"
        raw = self.limits("raw", flag, 4, keys.path("ec256", "key"))
        self.table.note(measurement, "OpenSSL", raw["rate"] / 1000)
        for peer in peers:
            got = self.p11("sign", peer, keys.ids["ec256"], flag, 4)
            self.table.note(measurement, peer.name, got["rate"] / 1000)

    def starts(self, keys, peers):
        measurement = "process with one P-256 signature (us)"
        runs = ("-r", self.options.runs)
        self.table.note(measurement, "a process", self.limits("exec", *runs)["total_us"])
        for peer in peers:
            got = self.p11("cold", peer, keys.ids["ec256"])
            self.table.note(measurement, peer.name, got["total_us"])

    def searches(self, keys, peers):
        for peer in peers:
            got = self.p11("find", peer, keys.ids["ec256"])
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
        peers = [Meishi(build, place / "meishi")]
        try:
            softhsm = SoftHsm.find()
            if softhsm:
                peers.append(SoftHsm(softhsm, place / "softhsm"))
            else:
                print("SoftHSM2 is not installed: Meishi stands alone", file=sys.stderr)
            for peer in peers:
                peer.fill(keys)
            measure(bench, keys, peers, place)
        finally:
            for peer in peers:
                peer.stop()
    bench.table.print()
    if not options.smoke:
        print_verdicts(bench)
    if options.json:
        bench.table.write(options.json)


if __name__ == "__main__":
    main()
