#!/usr/bin/env node
/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Fetches a page with a key in Meishi, by Node's https module.
 *
 *     PKCS11_MODULE_PATH=/usr/lib/MULTIARCH/pkcs11/meishi-pkcs11.so \
 *         node get_https.js URL PKCS11-URI CERTIFICATE-FILE [CA-FILE]
 *
 * The key is used through OpenSSL's engine "pkcs11" (Debian: libengine-pkcs11-openssl); without the
 * variable the engine asks p11-kit for modules.  The certificate comes from a file, for Node has no
 * way to name it: `meishi export` writes one, and with the issuers in it they are sent as well.
 */
"use strict";
const fs = require("fs");
const https = require("https");

const [url, uri, certificate, authorities] = process.argv.slice(2);
const options = {
  privateKeyEngine: "pkcs11",
  privateKeyIdentifier: uri,
  cert: fs.readFileSync(certificate),
  ca: authorities && fs.readFileSync(authorities),
};

https
  .get(url, options, (response) => response.pipe(process.stdout))
  .on("error", (error) => {
    console.error(`${url}: ${error.message}`);
    process.exitCode = 1;
  });
