# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real TLS programs on their way to a page, with a key that is named by its URI.  The module is all
that they know: no program of these has ever heard of the token, the vault or the person behind it.

OpenSSL's find the module by PKCS11_MODULE_PATH, GnuTLS's by p11-kit, which does not read the user
configuration of root; those of EVERY_CLIENT work for root as well.
"""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from .repository import GREETING

SOURCE = Path(os.environ.get("MEISHI_SOURCE_DIR", Path(__file__).parents[3]))
EXAMPLES = SOURCE / "doc" / "examples"


class Client:
    """Runs from its making on; `uri` names certificate and key, `identity` is whose they are."""

    NAME = ""  # of the program
    TITLE = ""  # in the matrix; the same, if there is no other
    PATH = ""  # what it asks for below the URL
    OPTIONS = ()
    ENV = {}
    STDIN = subprocess.DEVNULL

    def __init__(self, owner, pki, url, identity, uri, env=None):
        self.owner, self.ca = owner, pki.root.cert
        self.url = urlsplit(url + self.PATH)
        self.port = str(self.url.port)
        self.process = owner.background(
            *self._argv(identity, uri), stdin=self.STDIN, env=self.ENV | (env or {})
        )

    @classmethod
    def title(cls):
        return cls.TITLE or cls.NAME

    def _argv(self, identity, uri):
        raise NotImplementedError

    def ended(self):
        """Its exit status, and what it said."""
        return self.process.wait(120), self.process.output()

    def assert_page(self, page):
        status, output = self.ended()
        assert status == 0 and page in output, output

    def assert_refused(self, reason):
        """It did not see the page, and says this about it."""
        _, output = self.ended()
        assert reason in output and "SUCCESS [CN" not in output, output


# ---- OpenSSL and its engine -------------------------------------------------------------------


class Curl(Client):
    NAME = "curl"

    def _argv(self, identity, uri):
        return ("curl", "-sS", "--max-time", "90", "--cacert", self.ca, "--cert", uri,
                self.url.geturl())  # fmt: skip

    def assert_failed(self):
        status, output = self.ended()
        assert status in (35, 55, 56, 58) and "curl: (" in output, output


class CurlByP11Kit(Curl):
    """Without a variable, the engine asks p11-kit."""

    TITLE = "curl (p11-kit)"
    ENV = {"PKCS11_MODULE_PATH": None}


def engines_directory():
    done = subprocess.run(["openssl", "version", "-e"], capture_output=True, text=True, check=True)
    return done.stdout.split('"')[1]


class NodeClient(Client):
    """doc/examples/get_https.js, with the certificate from a file."""

    NAME = "node"
    TITLE = "Node https"
    ENV = {
        "OPENSSL_ENGINES": engines_directory(),  # for a Node with an OpenSSL of its own
        # Before version 20 it tries one address of localhost, and servers here have no other.
        "NODE_OPTIONS": "--dns-result-order=ipv4first",
    }

    def _argv(self, identity, uri):
        chain = self.owner.home / f"{identity.key.stem}.pem"
        self.owner.meishi("export", "--force", "-o", chain, identity.name)
        return ("node", EXAMPLES / "get_https.js", self.url.geturl(), uri, chain, self.ca)


class Talker(Client):
    """Takes its request from standard input, and stays when the page has come."""

    STDIN = subprocess.PIPE

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        request = f"GET {self.url.path or '/'} HTTP/1.0\r\nHost: localhost\r\n\r\n"
        self.process.child.stdin.write(request.encode())
        self.process.child.stdin.flush()

    def assert_page(self, page):
        self.process.wait_ready(lambda: page in self.process.output(), f"says {page}")
        self.process.child.stdin.close()
        self.process.kill()

    def assert_refused(self, reason):
        self.assert_page(reason)
        assert "SUCCESS [CN" not in self.process.output(), self.process.output()

    def assert_failed(self):
        status, output = self.ended()
        self.process.child.stdin.close()
        assert status != 0 and self.FAILURE in output, output


class SClient(Talker):
    """Takes the key from the engine, and from files the certificate and its issuer."""

    NAME = "openssl"
    TITLE = "openssl s_client"
    FAILURE = ""

    def _argv(self, identity, uri):
        return ("openssl", "s_client", "-connect", f"127.0.0.1:{self.port}",
                "-servername", "localhost", "-CAfile", self.ca, "-engine", "pkcs11",
                "-keyform", "engine", "-key", uri, "-cert", identity.cert,
                "-cert_chain", identity.issuers[0], "-enable_pha", "-ign_eof")  # fmt: skip


# ---- GnuTLS -----------------------------------------------------------------------------------


class P11KitGnutlsCli(Talker):
    NAME = "gnutls-cli"
    FAILURE = "Fatal error: PKCS #11"

    def _argv(self, identity, uri):
        return ("gnutls-cli", *self.OPTIONS, *self._provider(), "--post-handshake-auth",
                "--x509cafile", self.ca, "--x509certfile", uri, "--x509keyfile", uri,
                "-p", self.port, "127.0.0.1")  # fmt: skip

    def _provider(self):
        return ()


class GnutlsCli(P11KitGnutlsCli):
    """With the module by its name: this way is root's as well."""

    def _provider(self):
        return ("--provider", self.owner.tree.module)


class Wget(Client):
    NAME = "wget"

    def _argv(self, identity, uri):
        return ("wget", *self.OPTIONS, "-nv", "-T", "90", "-t", "1", "-O", "-",
                f"--ca-certificate={self.ca}", f"--certificate={uri}", f"--private-key={uri}",
                self.url.geturl())  # fmt: skip


class Lynx(Client):
    """What its configuration names."""

    NAME = "lynx"

    def _argv(self, identity, uri):
        configuration = self.owner.write(
            "lynx.cfg",
            f"SSL_CERT_FILE:{self.ca}\nSSL_CLIENT_CERT_FILE:{uri}\nSSL_CLIENT_KEY_FILE:{uri}\n",
        )
        return ("lynx", f"-cfg={configuration}", "-source", "-noredir", self.url.geturl())


class Git(Client):
    """Clones hello.git.  Debian's libcurl for git is the one with GnuTLS."""

    NAME = "git"
    PATH = "git/hello.git"

    def _argv(self, identity, uri):
        self.work = self.owner.home / f"clone-{self.port}-{id(self)}"
        return ("env", f"GIT_SSL_CERT={uri}", f"GIT_SSL_KEY={uri}", f"GIT_SSL_CAINFO={self.ca}",
                "GIT_TERMINAL_PROMPT=0", "git", "clone", "-q", self.url.geturl(),
                self.work)  # fmt: skip

    def assert_page(self, page):
        status, output = self.ended()
        assert status == 0, output
        assert (self.work / "greeting").read_text() == GREETING


class Gio(Client):
    """doc/examples/get_gio.py: GTlsConnection."""

    NAME = "python3"
    TITLE = "GLib (GTlsConnection)"

    def _argv(self, identity, uri):
        return (sys.executable, "-B", EXAMPLES / "get_gio.py", "localhost", self.port,
                self.url.path or "/", uri, self.ca)  # fmt: skip


class Soup(Client):
    """doc/examples/get_soup.py."""

    NAME = "python3"
    TITLE = "libsoup 3"

    def _argv(self, identity, uri):
        return (sys.executable, "-B", EXAMPLES / "get_soup.py", self.url.geturl(), uri, self.ca)


class PyCurl(Client):
    """doc/examples/get_pycurl.py."""

    NAME = "python3"
    TITLE = "Python (pycurl)"

    def _argv(self, identity, uri):
        return (sys.executable, "-B", EXAMPLES / "get_pycurl.py", self.url.geturl(), uri, self.ca)


EVERY_CLIENT = (Curl, GnutlsCli, SClient)
WITH_OPENSSL = (Curl, CurlByP11Kit, SClient, NodeClient)
WITH_GNUTLS = (P11KitGnutlsCli, Wget, Lynx, Git, Gio, Soup, PyCurl)
