# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program of Java's that knows nothing of PKCS#11 logs in with what `meishi setup java` wrote, and
nothing but properties on its command line."""

import subprocess
from pathlib import Path

import pytest
from harness.matrix import VERSIONS
from harness.wallet import HELD

PROGRAM = Path(__file__).parent / "harness" / "Get.java"
WAYS = ("HttpsURLConnection", "HttpClient")


class Jdks:
    """Those of this machine, set up for the wallet's owner."""

    def __init__(self, wallet, directory):
        self.person = wallet.person
        self.directory = directory
        self.directory.mkdir(mode=0o755)
        self.trust = self.directory / "trust.p12"
        self._run("javac", "--release", "17", "-d", self.directory, PROGRAM)
        self._run(
            "keytool", "-importcert", "-noprompt", "-file", wallet.pki.root.cert, "-keystore",
            self.trust, "-storetype", "PKCS12", "-storepass", "changeit", "-alias", "company",
        )  # fmt: skip
        self.person.meishi("setup", "java")
        arguments = (self.person.config / "meishi" / "java").glob("*.args")
        self.found = {path.stem: path for path in arguments}
        assert self.found, "setup has found no JDK"

    def commands(self, *urls):
        """For each JDK, its name and the command line that fetches `urls` both ways."""
        for name, arguments in self.found.items():
            yield name, [
                f"/usr/lib/jvm/{name}/bin/java", f"@{arguments}", "-Xshare:auto",
                "-XX:TieredStopAtLevel=1", f"-Djavax.net.ssl.trustStore={self.trust}",
                "-Djavax.net.ssl.trustStorePassword=changeit", "-cp", self.directory, "Get", *urls,
            ]  # fmt: skip

    def _run(self, *argv):
        done = subprocess.run(
            [str(arg) for arg in argv], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{argv[0]}:\n{done.stdout}{done.stderr}"


@pytest.fixture(scope="module")
def jdks(wallet, scratch):
    return Jdks(wallet, scratch / "java")


@pytest.mark.parametrize("key,place", HELD)
def test_java(wallet, jdks, nginx, matrix, key, place):
    """With the identity that Meishi chooses, in the one slot that the program sees."""
    identity = wallet.identity(key, place)
    target = nginx.url("1.3")
    wallet.person.meishi("choices", "set", target, "--use", identity.name)
    pages = {}
    for name, command in jdks.commands(*(nginx.url(version) for version in VERSIONS)):
        done = wallet.person.meishi(
            "exec", "--target", target, "--no-probe", "--no-prompt", "--", *command,
            env={"MEISHI_LAYOUT": "slot-per-identity"}, check=False,
        )  # fmt: skip
        pages[name] = done.stdout + done.stderr
    for way in WAYS:
        for version in VERSIONS:
            with matrix.cell(f"Java ({way})", "nginx", key, version, place):
                for name, shown in pages.items():
                    expected = f"{way}: {nginx.page(identity, version)}\n"
                    assert expected in shown, f"{name}:\n{shown}"


def test_java_without_a_choice(wallet, jdks, nginx):
    """It sees the vault, and takes from there what fits."""
    names = [wallet.identity(key, "vault") for key in ("RSA", "EC")]
    pages = [f"{way}: {nginx.page(one, '1.3')}" for way in WAYS for one in names]
    for _, command in jdks.commands(nginx.url("1.3")):
        shown = wallet.person.run(*command).stdout.splitlines()
        assert len(shown) == len(WAYS) and set(shown) <= set(pages)
