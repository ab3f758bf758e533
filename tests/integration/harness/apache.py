# SPDX-License-Identifier: LGPL-2.1-or-later
"""Apache, which asks for a certificate only below certain paths: by renegotiation in TLS 1.2, after
the handshake in TLS 1.3."""

import os

from .servers import PortServer, free_port

MODULES = ("mpm_event", "authz_core", "dir", "headers", "ssl")

APACHE = """\
ServerName localhost
PidFile {dir}/pid
ErrorLog {dir}/error.log
LogLevel info
DefaultRuntimeDir {dir}
Mutex posixsem
{modules}
{user}
StartServers 1
DocumentRoot {dir}/pages
SSLSessionCache none
Header always set X-Client "expr=[%{{SSL_CLIENT_S_DN}}] %{{SSL_PROTOCOL}}"
{servers}
"""

SERVER = """\
Listen 127.0.0.1:{port}
<VirtualHost 127.0.0.1:{port}>
  SSLEngine on
  SSLProtocol TLSv{version}
  SSLCertificateFile {pki}/localhost.crt
  SSLCertificateKeyFile {pki}/localhost.key
  SSLCACertificateFile {pki}/both.pem
  SSLVerifyDepth 4
  SSLVerifyClient none
  <Location /staff>
    SSLVerifyClient require
  </Location>
</VirtualHost>
"""


class Apache(PortServer):
    """`/` is for everybody, `/staff/` for people of the company.  An answer's X-Client says who was
    seen.  (mod_ssl cannot name other authorities per directory with OpenSSL 1.1 and later.)"""

    def __init__(self, directory, pki):
        super().__init__(directory)
        self.pki = pki
        pki.bundle("both.pem", pki.intermediate, pki.root)
        self._write_pages()
        self.start()

    def url(self, version, path="/"):
        return f"https://localhost:{self.ports[version]}{path}"

    def log(self):
        log = self.directory / "error.log"
        return log.read_text(errors="replace") if log.exists() else ""

    def _write_pages(self):
        for name in ("", "staff"):
            page = self.directory / "pages" / name / "index.html"
            page.parent.mkdir(mode=0o755)
            page.write_text(f"page {name}\n")

    def argv(self):
        return ["apache2", "-d", self.directory, "-f", self.directory / "apache.conf", "-X"]

    def configure(self):
        self.ports = {version: free_port() for version in ("1.2", "1.3")}
        servers = "".join(
            SERVER.format(
                port=port,
                version=version,
                pki=self.pki.directory,
            )
            for version, port in self.ports.items()
        )
        modules = "\n".join(
            f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in MODULES
        )
        user = "User nobody\nGroup nogroup" if os.getuid() == 0 else ""
        config = APACHE.format(dir=self.directory, modules=modules, user=user, servers=servers)
        (self.directory / "apache.conf").write_text(config)
