#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fetches a page with a certificate and key in Meishi, by Python with libcurl.

    get_pycurl.py URL PKCS11-URI [CA-FILE]

Python's own ssl module takes names of files and nothing else.  pycurl takes the URI that `meishi show`
prints; p11-kit finds the module (Debian's pycurl uses GnuTLS).
"""

import sys

import pycurl


def main(url, uri, authorities=None):
    curl = pycurl.Curl()
    curl.setopt(pycurl.URL, url)
    curl.setopt(pycurl.SSLCERT, uri)
    curl.setopt(pycurl.SSLKEY, uri)
    if authorities:
        curl.setopt(pycurl.CAINFO, authorities)
    curl.setopt(pycurl.FAILONERROR, True)
    curl.perform()


if __name__ == "__main__":
    main(*sys.argv[1:])
