# SPDX-License-Identifier: LGPL-2.1-or-later
"""A private session bus.  Nothing can be activated on it but what a test puts there."""

import os
from pathlib import Path

from .process import PATIENCE, Background, peer_pid

CONFIG = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={directory}/bus</listen>
  <auth>EXTERNAL</auth>
  <servicedir>{directory}/services</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


class Bus:
    """Starts with start(person): the bus runs as that person and in its environment, which
    activated services inherit, and the person's programs find it from then on."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.services = self.directory / "services"
        self.person = self.process = None

    @property
    def address(self):
        return f"unix:path={self.directory}/bus"

    def add_service(self, name, content):
        """A D-Bus activation file; call before start()."""
        self.services.mkdir(parents=True, exist_ok=True)
        self.directory.chmod(0o755)
        (self.services / f"{name}.service").write_text(content)

    def start(self, person):
        self.services.mkdir(parents=True, exist_ok=True)
        os.chown(self.directory, person.uid, person.gid)
        config = self.directory / "bus.conf"
        config.write_text(CONFIG.format(directory=self.directory))
        self.person = person
        person.env["DBUS_SESSION_BUS_ADDRESS"] = self.address
        self.process = person.background("dbus-daemon", "--nofork", f"--config-file={config}")
        self.process.wait_ready(lambda: peer_pid(self.directory / "bus"), "listens")
        return self

    def wait_for(self, name):
        """Until somebody has `name`: a daemon serves its own sockets some moments before."""
        self.person.run("gdbus", "wait", "--session", "--timeout", str(PATIENCE), name)

    def stop(self):
        if self.process is not None:
            self.process.stop()
            self.process = None
