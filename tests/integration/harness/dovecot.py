# SPDX-License-Identifier: LGPL-2.1-or-later
"""Dovecot, which lets in whoever has a certificate of the company, as whom it names."""

import grp
import os
import pwd
from pathlib import Path

from .mounted import laid_over
from .process import find_server
from .servers import PortServer, free_port

CONFIG = """\
base_dir = {dir}/run
state_dir = {dir}/state
log_path = /dev/stderr
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_min_protocol = TLSv1.2
ssl_cert = <{pki}/localhost.crt
ssl_key = <{pki}/localhost.key
ssl_ca = <{pki}/both.pem
ssl_require_crl = no
ssl_verify_client_cert = yes
auth_ssl_require_client_cert = yes
auth_ssl_username_from_cert = yes
ssl_cert_username_field = commonName
auth_username_chars =
auth_username_format = %u
auth_mechanisms = external
mail_location = maildir:{dir}/mail/%u
first_valid_uid = 1
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={dir}/mail
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
"""


class Dovecot(PortServer):
    """IMAP over TLS; a client says which version.  It may lie where tests/run has put it."""

    def __init__(self, directory, pki):
        super().__init__(directory)
        self.pki = pki
        pki.bundle("both.pem", pki.intermediate, pki.root)
        self.program = Path(find_server("dovecot", beside="../lib/dovecot/imap-login"))
        self.start()

    def url(self):
        return f"imaps://localhost:{self.ports['imaps']}/"

    def log(self):
        return self.process.output()

    def argv(self):
        start = ("/usr/sbin/dovecot", "-F", "-c", self.directory / "dovecot.conf")
        return [*self._in_place(), *start]

    def configure(self):
        self.ports = {"imaps": free_port()}
        # Root's servers want to become somebody else; everybody else's cannot.
        user = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        for name in ("run", "state", "mail"):
            (self.directory / name).mkdir(exist_ok=True)
        os.chown(self.directory / "mail", user.pw_uid, user.pw_gid)
        config = CONFIG.format(
            dir=self.directory, pki=self.pki.directory,
            port=self.ports["imaps"], user=user.pw_name, uid=user.pw_uid, gid=user.pw_gid,
            group=grp.getgrgid(user.pw_gid).gr_name,
        )  # fmt: skip
        (self.directory / "dovecot.conf").write_text(config)

    def _in_place(self):
        """It finds its parts by the paths that it was built with."""
        usr = self.program.parents[1]
        return () if str(usr) == "/usr" else laid_over(usr, "/usr")
