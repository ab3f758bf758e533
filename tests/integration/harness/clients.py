# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real TLS programs on their way to a page, with a key that is named by its URI.  The module is all
that they know: no program of these has ever heard of the token, the vault or the person behind it."""

import subprocess

REQUEST = b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n"


class Client:
    """Runs from its making on; `uri` names certificate and key, `identity` is whose they are."""

    NAME = ""

    def __init__(self, owner, pki, url, identity, uri):
        port = url.rpartition(":")[2].rstrip("/")
        argv = self._argv(owner, pki, url, port, identity, uri)
        self.process = owner.background(*argv, stdin=subprocess.PIPE)

    def _argv(self, owner, pki, url, port, identity, uri):
        raise NotImplementedError

    def assert_page(self, page):
        raise NotImplementedError

    def assert_failed(self):
        raise NotImplementedError


class Curl(Client):
    NAME = "curl"

    def _argv(self, owner, pki, url, port, identity, uri):
        return ("curl", "-sS", "--max-time", "90", "--cacert", pki.root.cert, "--cert", uri, url)

    def ended(self):
        """Its exit status, and what it said."""
        return self.process.wait(120), self.process.output()

    def assert_page(self, page):
        status, output = self.ended()
        assert status == 0 and page in output, output

    def assert_failed(self):
        status, output = self.ended()
        assert status in (35, 55, 56, 58) and "curl: (" in output, output


class Talker(Client):
    """Takes its request from standard input, and stays when the page has come."""

    def __init__(self, *args):
        super().__init__(*args)
        self.process.child.stdin.write(REQUEST)
        self.process.child.stdin.flush()

    def assert_page(self, page):
        self.process.wait_ready(lambda: page in self.process.output(), f"says {page}")
        self.process.child.stdin.close()
        self.process.kill()


class GnutlsCli(Talker):
    NAME = "gnutls-cli"

    def _argv(self, owner, pki, url, port, identity, uri):
        return ("gnutls-cli", "--provider", owner.tree.module, "--x509cafile", pki.root.cert,
                "--x509certfile", uri, "--x509keyfile", uri, "-p", port, "127.0.0.1")  # fmt: skip

    def assert_failed(self):
        status, output = self.process.wait(), self.process.output()
        self.process.child.stdin.close()
        assert status != 0 and "Fatal error: PKCS #11" in output, output


class SClient(Talker):
    """openssl s_client, which takes the key from the engine and the certificate from a file."""

    NAME = "openssl"

    def _argv(self, owner, pki, url, port, identity, uri):
        return ("openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", "localhost",
                "-CAfile", pki.root.cert, "-engine", "pkcs11", "-keyform", "engine",
                "-key", uri, "-cert", identity.cert, "-ign_eof")  # fmt: skip

    def assert_failed(self):
        status, output = self.process.wait(), self.process.output()
        self.process.child.stdin.close()
        assert status != 0, output


EVERY_CLIENT = (Curl, GnutlsCli, SClient)
