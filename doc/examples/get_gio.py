#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fetches a page with a certificate and key in Meishi, by GLib's GTlsConnection.

    get_gio.py HOST PORT PATH PKCS11-URI [CA-FILE [INTERMEDIATE-FILE]]

GIO's TLS (glib-networking, with GnuTLS) takes the URI that `meishi show` prints for both, and p11-kit
finds the module.  GIO sends the certificate alone unless it is told of the issuer, which servers that
know nothing but the root want.  select_gio.py lets Meishi choose instead.
"""

import sys

from gi.repository import Gio, GObject


def find_certificate(uri, intermediate):
    if not intermediate:
        return Gio.TlsCertificate.new_from_pkcs11_uris(uri, None)
    issuer = Gio.TlsCertificate.new_from_file(intermediate)
    kind = Gio.TlsBackend.get_default().get_certificate_type()
    return GObject.new(kind, pkcs11_uri=uri, issuer=issuer)


def connect(host, port, certificate, trust):
    connection = Gio.SocketClient().connect_to_host(host, port, None)
    tls = Gio.TlsClientConnection.new(connection, Gio.NetworkAddress.new(host, port))
    tls.set_certificate(certificate)
    if trust:
        tls.set_database(trust)
    tls.handshake(None)
    return tls


def main(host, port, path, uri, authorities=None, intermediate=None):
    trust = Gio.TlsFileDatabase.new(authorities) if authorities else None
    tls = connect(host, int(port), find_certificate(uri, intermediate), trust)
    request = f"GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n"
    tls.get_output_stream().write_all(request.encode(), None)
    while chunk := tls.get_input_stream().read_bytes(4096, None).get_data():
        sys.stdout.write(chunk.decode())


if __name__ == "__main__":
    main(*sys.argv[1:])
