# SPDX-License-Identifier: LGPL-2.1-or-later
"""Apache, which can ask for a certificate only below certain paths: by renegotiation in TLS 1.2,
after the handshake in TLS 1.3."""

import itertools
import os

from .servers import PortServer, free_ports

MODULES = ("mpm_event", "authz_core", "dir", "headers", "include", "mime", "ssl")

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
{option}
TypesConfig /dev/null
AddType text/html .html
AddOutputFilter INCLUDES .html
LogFormat "%{{SSL_CLIENT_VERIFY}}x [%{{SSL_CLIENT_S_DN}}x] %{{SSL_PROTOCOL}}x %r" client
CustomLog {dir}/access.log client
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
  SSLVerifyClient {verify}
  SSLOptions +StdEnvVars
  <Directory {dir}/pages>
    Options +Includes
  </Directory>
  <Location /staff>
    SSLVerifyClient {verify_staff}
  </Location>
</VirtualHost>
"""

PAGE = """\
page {name}
<!--#echo encoding="none" var="SSL_CLIENT_VERIFY" -->\
 [<!--#echo encoding="none" var="SSL_CLIENT_S_DN" -->]\
 <!--#echo encoding="none" var="SSL_PROTOCOL" -->
"""

# For the whole server and for /staff.
DIRECTORY, OPTIONAL, REQUIRED = "per directory", "optional", "required"
MODES = {
    DIRECTORY: ("none", "require"),
    OPTIONAL: ("optional", "optional"),
    REQUIRED: ("require", "require"),
}


class Apache(PortServer):
    """`/` is for everybody, `/staff/` for people of the company; there is one that asks everybody,
    and one that wants to know everybody.  An answer's X-Client says who was seen, as does the page.
    (mod_ssl cannot name other authorities per directory with OpenSSL 1.1 and later.)"""

    def __init__(self, directory, pki, option=""):
        super().__init__(directory)
        self.pki = pki
        self.option = option
        pki.bundle("both.pem", pki.intermediate, pki.root)
        self._write_pages()
        self.start()

    @property
    def pages(self):
        return self.directory / "pages"

    def port(self, version, mode=DIRECTORY):
        return self.ports[version, mode]

    def url(self, version, path="/", mode=DIRECTORY):
        return f"https://localhost:{self.port(version, mode)}{path}"

    def page(self, certified, version):
        """What pages say, and the access log with them."""
        return f"SUCCESS [{certified.subject}] TLSv{version}"

    def log(self):
        log = self.directory / "error.log"
        return log.read_text(errors="replace") if log.exists() else ""

    def access_log(self):
        return (self.directory / "access.log").read_text(errors="replace")

    def _write_pages(self):
        for name in ("", "staff"):
            page = self.pages / name / "index.html"
            page.parent.mkdir(mode=0o755)
            page.write_text(PAGE.format(name=name))

    def argv(self):
        return ["apache2", "-d", self.directory, "-f", self.directory / "apache.conf", "-X"]

    def configure(self):
        self.ports = free_ports(itertools.product(("1.2", "1.3"), MODES))
        servers = "".join(
            SERVER.format(
                port=port,
                version=version,
                pki=self.pki.directory,
                dir=self.directory,
                verify=MODES[mode][0],
                verify_staff=MODES[mode][1],
            )
            for (version, mode), port in self.ports.items()
        )
        modules = "\n".join(
            f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in MODULES
        )
        user = "User nobody\nGroup nogroup" if os.getuid() == 0 else ""
        config = APACHE.format(
            dir=self.directory, modules=modules, user=user, option=self.option, servers=servers
        )
        (self.directory / "apache.conf").write_text(config)
