#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fetches a page with a certificate and key in Meishi, by libsoup 3.

    get_soup.py URL PKCS11-URI [CA-FILE]

libsoup asks its message for a certificate when the server wants one; the URI is the one that `meishi
show` prints, and p11-kit finds the module.
"""

import sys

import gi

gi.require_version("Soup", "3.0")
from gi.repository import Gio, Soup  # noqa: E402  pylint: disable=wrong-import-position


def main(url, uri, authorities=None):
    session = Soup.Session()
    if authorities:
        session.set_tls_database(Gio.TlsFileDatabase.new(authorities))
    message = Soup.Message.new("GET", url)
    message.set_tls_client_certificate(Gio.TlsCertificate.new_from_pkcs11_uris(uri, None))
    page = session.send_and_read(message, None)
    sys.stdout.write(page.get_data().decode())
    return 0 if message.get_status() == Soup.Status.OK else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
