/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A server of Node's that lets in whoever has a certificate of the company's.
 *
 *     node node_server.js PKI-DIRECTORY PAGES-DIRECTORY ACCESS-LOG PORT-OF-1.2 PORT-OF-1.3
 *
 * "/" says whom it sees, as nginx does; other paths are files.
 */
"use strict";
const fs = require("fs");
const https = require("https");
const path = require("path");

const [pki, pages, log, ...ports] = process.argv.slice(2);
const read = (name) => fs.readFileSync(path.join(pki, name));

function answer(request, response) {
  const { subject } = request.socket.getPeerCertificate();
  const line = `SUCCESS [CN=${subject.CN},O=${subject.O}] ${request.socket.getProtocol()}\n`;
  const { pathname } = new URL(request.url, "https://localhost");
  fs.appendFileSync(log, line);
  if (pathname === "/") {
    response.end(line);
    return;
  }
  fs.readFile(path.join(pages, pathname), (error, content) => {
    response.writeHead(error ? 404 : 200);
    response.end(content);
  });
}

["TLSv1.2", "TLSv1.3"].forEach((version, i) => {
  const options = {
    key: read("localhost.key"),
    cert: read("localhost.crt"),
    ca: [read("Example-Root-CA.crt"), read("Example-User-CA.crt")],
    minVersion: version,
    maxVersion: version,
    requestCert: true,
    rejectUnauthorized: true,
  };
  https.createServer(options, answer).listen(Number(ports[i]), "127.0.0.1");
});
