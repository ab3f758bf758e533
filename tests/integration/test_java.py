# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program of Java's that knows nothing of PKCS#11 logs in with what `meishi setup java` wrote, and
nothing but properties on its command line."""

import itertools
import subprocess
from pathlib import Path

import pytest
from harness.matrix import VERSIONS
from harness.sites import APACHE_DIRECTORY, NGINX, WITH_FILES
from harness.wallet import HELD

PROGRAM = Path(__file__).parent / "harness" / "Get.java"
WAYS = ("HttpsURLConnection", "HttpClient")

# Where Java does not get in: what comes back, and why.
LIMITS = {
    (APACHE_DIRECTORY, "1.3"): (
        "Cannot perform Post-Handshake Authentication",
        "Java does no post-handshake authentication",
    ),
}


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


def fetched(output):
    """{(way, url): page}"""
    lines = [line.split(" ", 2) for line in output.splitlines()]
    return {(way, url): page for way, url, page in lines}


@pytest.mark.parametrize("key,place", HELD)
def test_java(wallet, jdks, site, matrix, key, place):
    """With the identity that Meishi chooses, in the one slot that the program sees.  Not with openssl
    s_server, which takes no connection before the last one has ended: Java keeps them."""
    identity = wallet.identity(key, place)
    urls = {(name, v): site(name).url(v) for name in WITH_FILES for v in VERSIONS}
    target = urls[NGINX, "1.3"]
    wallet.person.meishi("choices", "set", target, "--use", identity.name)
    pages = {}
    for jdk, command in jdks.commands(*urls.values()):
        done = wallet.person.meishi(
            "exec", "--target", target, "--no-probe", "--no-prompt", "--", *command,
            env={"MEISHI_LAYOUT": "slot-per-identity"}, timeout=180,
        )  # fmt: skip
        pages[jdk] = fetched(done.stdout)
    for (name, version), way in itertools.product(urls, WAYS):
        said, why = LIMITS.get((name, version), (None, None))
        with matrix.cell(f"Java ({way})", name, key, version, place, why_not=why):
            for jdk in pages:
                page = pages[jdk][way, urls[name, version]]
                assert (said or site(name).page(identity, version)) in page, f"{jdk}: {page}"


def test_java_without_a_choice(wallet, jdks, nginx):
    """It sees the vault, and takes from there what fits."""
    expected = {nginx.page(wallet.identity(key, "vault"), "1.3") for key in ("RSA", "EC")}
    for _, command in jdks.commands(nginx.url("1.3")):
        pages = fetched(wallet.person.run(*command).stdout)
        assert {way for way, _ in pages} == set(WAYS)
        assert {page.strip() for page in pages.values()} <= expected
