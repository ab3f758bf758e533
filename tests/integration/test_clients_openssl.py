# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs that use OpenSSL log in everywhere, with keys of the vault and of a token: a part of the
matrix in doc/clients.md."""

import pytest
from harness.clients import WITH_OPENSSL, Curl, CurlByP11Kit, NodeClient
from harness.matrix import KEYS, PLACES, VERSIONS
from harness.sites import APACHE_DIRECTORY, NGINX, NGINX_ROOT, SITES

LEAF = (
    "The SSL certificate error",
    "curl sends the certificate alone, unless the others are in the --cacert file",
)
LIMITS = {
    (client, NGINX_ROOT, version): LEAF for client in (Curl, CurlByP11Kit) for version in VERSIONS
} | {
    (NodeClient, APACHE_DIRECTORY, "1.3"): (
        "Cannot perform Post-Handshake Authentication",
        "Node does no post-handshake authentication",
    ),
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("site_name", SITES)
@pytest.mark.parametrize("program", WITH_OPENSSL, ids=lambda one: one.title())
def test_login(login, program, site_name, key, version, place):
    login(program, site_name, key, version, place)


PYTHON = """\
import ssl, sys
ssl.create_default_context().load_cert_chain(sys.argv[1])
"""


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("key", KEYS)
def test_python_ssl(matrix, wallet, key, version, place):
    """And with it http.client, urllib, requests, httpx, aiohttp: no URI gets through."""
    why_not = "Python's ssl takes names of files and nothing else: use pycurl or GLib"
    with matrix.cell("Python (ssl)", NGINX, key, version, place, why_not=why_not):
        done = wallet.person.run("python3", "-c", PYTHON, wallet.uri(key, place), check=False)
        assert done.returncode == 1 and "FileNotFoundError" in done.stderr
