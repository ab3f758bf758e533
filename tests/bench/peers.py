# SPDX-License-Identifier: LGPL-2.1-or-later
"""The PKCS#11 modules that are measured: Meishi and its peers, each with the same keys in a place of
its own.

Each has `name`, `module`, `token`, `pin`, `parameters` (for C_Initialize) and `env`; fill() puts the
keys in, key_id() says by which CKA_ID one is found, stop() ends what was started.
"""

import hashlib
import os
import shutil
import subprocess
import time
from pathlib import Path

PIN = "1234"
KEYS = {
    "ec256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "rsa2048": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
}


def run(*command, env=None):
    done = subprocess.run(
        [str(part) for part in command], env=env, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"{command[0]} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def find_library(*names):
    """The first of the libraries that is installed; None."""
    places = [Path("/usr/lib"), Path("/usr/lib64"), *sorted(Path("/usr/lib").glob("*-linux-gnu"))]
    found = [place / name for name in names for place in places if (place / name).exists()]
    return found[0] if found else None


class Keys:
    """One key of each kind with a certificate, as files."""

    def __init__(self, place):
        self.place = place
        for name, options in KEYS.items():
            run("openssl", "genpkey", *options, "-out", self.path(name, "key"))
            run("openssl", "req", "-new", "-x509", "-key", self.path(name, "key"), "-days", "30",
                "-subj", f"/CN=bench {name}", "-out", self.path(name, "crt"))  # fmt: skip

    def path(self, name, suffix):
        return self.place / f"{name}.{suffix}"

    def bits(self, name):
        """Of the public key: an RSAPublicKey, or a point."""
        spki = self.path(name, "spki")
        run("openssl", "pkey", "-in", self.path(name, "key"), "-pubout", "-outform", "DER",
            "-out", spki)  # fmt: skip
        return spki.read_bytes()[24:] if name == "rsa2048" else spki.read_bytes()[-65:]

    def modulus(self, name):
        said = run("openssl", "rsa", "-in", self.path(name, "key"), "-noout", "-modulus")
        return bytes.fromhex(said.strip().partition("=")[2])

    def pkcs12(self, name):
        path = self.path(name, "p12")
        run("openssl", "pkcs12", "-export", "-inkey", self.path(name, "key"), "-in",
            self.path(name, "crt"), "-name", name, "-passout", "pass:", "-out", path)  # fmt: skip
        return path


class Meishi:
    """A daemon out of the build directory, and its module."""

    name = "Meishi"
    token = "Meishi"
    pin = parameters = None

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

    @staticmethod
    def key_id(keys, name):
        return hashlib.sha1(keys.bits(name)).hexdigest()

    def stop(self):
        self.daemon.terminate()
        self.daemon.wait(30)


class SoftHsm:
    """A token of SoftHSM2 below a directory of our own."""

    name = "SoftHSM2"
    token = "bench"
    pin = PIN
    parameters = None

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
        return shutil.which("softhsm2-util") and find_library("softhsm/libsofthsm2.so")

    def fill(self, keys):
        for name in KEYS:
            run("softhsm2-util", "--import", keys.path(name, "key"), "--token", self.token,
                "--label", name, "--id", self.key_id(keys, name), "--pin", PIN,
                env=self.env)  # fmt: skip

    key_id = staticmethod(Meishi.key_id)

    def stop(self):
        pass


class Softokn:
    """NSS's own token, in a database without a password as browsers make it."""

    name = "NSS softokn"
    token = "NSS Certificate DB"
    pin = None
    env = None

    def __init__(self, module, place):
        self.module = module
        self.database = f"sql:{place}"
        self.parameters = (
            f"configDir='{self.database}' certPrefix='' keyPrefix='' secmod='secmod.db' flags="
        )
        place.mkdir()
        run("certutil", "-N", "-d", self.database, "--empty-password")

    @staticmethod
    def find():
        tools = shutil.which("certutil") and shutil.which("pk12util")
        return tools and find_library("libsoftokn3.so", "nss/libsoftokn3.so")

    def fill(self, keys):
        for name in KEYS:
            run("pk12util", "-d", self.database, "-i", keys.pkcs12(name), "-W", "")

    @staticmethod
    def key_id(keys, name):
        return hashlib.sha1(
            keys.modulus(name) if name == "rsa2048" else keys.bits(name)
        ).hexdigest()

    def stop(self):
        pass


class Remoted:
    """SoftHSM2 behind `p11-kit server`: a module and a process, as Meishi is."""

    name = "p11-kit server"
    parameters = None
    fill = staticmethod(lambda keys: None)  # the token is another peer's, with its keys
    key_id = staticmethod(SoftHsm.key_id)

    def __init__(self, client, softhsm, place):
        place.mkdir()
        socket = place / "socket"
        self.module, self.token, self.pin = client, softhsm.token, softhsm.pin
        self.env = {**softhsm.env, "P11_KIT_SERVER_ADDRESS": f"unix:path={socket}"}
        self.server = subprocess.Popen(
            [shutil.which("p11-kit"), "server", "--foreground", "--name", socket,
             "--provider", softhsm.module, f"pkcs11:token={softhsm.token}"],
            env=softhsm.env, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        while not socket.exists():
            if self.server.poll() is not None:
                raise SystemExit("p11-kit server does not start")
            time.sleep(0.02)

    @staticmethod
    def find():
        return shutil.which("p11-kit") and find_library("pkcs11/p11-kit-client.so")

    def stop(self):
        self.server.terminate()
        self.server.wait(30)


def start(build, place, keys):
    """Meishi, and those of its peers that are installed, with the keys in."""
    peers = [Meishi(build, place / "meishi")]
    try:
        if SoftHsm.find():
            peers.append(SoftHsm(SoftHsm.find(), place / "softhsm"))
        if Softokn.find():
            peers.append(Softokn(Softokn.find(), place / "nss"))
        for peer in peers:
            peer.fill(keys)
        if SoftHsm.find() and Remoted.find():
            peers.append(Remoted(Remoted.find(), peers[1], place / "p11-kit"))
    except BaseException:
        stop(peers)
        raise
    return peers


def stop(peers):
    for peer in reversed(peers):
        peer.stop()
