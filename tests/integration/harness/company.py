# SPDX-License-Identifier: LGPL-2.1-or-later
"""The company's servers as documentation has them: nginx under some names, at one port, for whoever
shows a certificate of the company.  A page greets its visitor by the certificate's subject; below
/git there is a repository."""

import os
import random
import subprocess

from .servers import PortServer, is_listening

CONFIGURATION = """\
daemon off;
master_process off;
pid {dir}/nginx.pid;
error_log {dir}/error.log info;
{user}
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {dir}/body;
  proxy_temp_path {dir}/proxy;
  fastcgi_temp_path {dir}/fastcgi;
  uwsgi_temp_path {dir}/uwsgi;
  scgi_temp_path {dir}/scgi;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_certificate {server.cert};
    ssl_certificate_key {server.key};
    ssl_client_certificate {trust};
    ssl_verify_client on;
    ssl_verify_depth 4;
    location / {{
      default_type text/plain;
      return 200 "Hello, $ssl_client_s_dn\\n";
    }}
    location /git/ {{
      root {dir};
    }}
  }}
}}
"""

EXTENSIONS = ("basicConstraints=CA:FALSE", "extendedKeyUsage=serverAuth")


def ports():
    """In no order, so that two companies rarely meet; no year and no size of a key, because a page
    has another number in the place of the port."""
    while True:
        yield random.randint(5000, 9999)


class Company(PortServer):
    def __init__(self, directory, pki, names):
        super().__init__(directory)
        self.names = names
        self._pki = pki
        alternatives = ",".join(f"DNS:{name}" for name in ("localhost", *names))
        extensions = [*EXTENSIONS, f"subjectAltName={alternatives}"]
        self._server = pki.identity(names[0], issuer=pki.root, extensions=extensions)
        self._trust = pki.bundle("company.pem", pki.intermediate, pki.root)
        self._make_repository()
        self.start()

    @property
    def port(self):
        return self.ports["https"]

    def configure(self):
        # Of four digits, as the one that is documented, so that tables have its width.
        self.ports = {"https": next(port for port in ports() if not is_listening(port))}
        configuration = CONFIGURATION.format(
            dir=self.directory, port=self.port, server=self._server, trust=self._trust,
            user="user root;" if os.getuid() == 0 else "",
        )  # fmt: skip
        (self.directory / "nginx.conf").write_text(configuration)

    def argv(self):
        return ["nginx", "-e", self.output, "-c", self.directory / "nginx.conf"]

    def _make_repository(self):
        """notes.git with one commit, for a server of files."""
        bare = self.directory / "git" / "notes.git"
        who = ("-c", "user.name=Bob", "-c", "user.email=bob@example.com")
        for command in (
            ("init", "-q", "--bare", "-b", "main", bare),
            ("init", "-q", "-b", "main", self.directory / "notes"),
            ("-C", self.directory / "notes", *who, "commit", "-q", "--allow-empty", "-m", "Begin"),
            ("-C", self.directory / "notes", "push", "-q", bare, "main"),
            ("-C", bare, "update-server-info"),
        ):
            environment = {**os.environ, "HOME": str(self.directory), "GIT_CONFIG_NOSYSTEM": "1"}
            subprocess.run(["git", *command], check=True, env=environment)
