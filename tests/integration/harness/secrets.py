# SPDX-License-Identifier: LGPL-2.1-or-later
"""Secret Services for a private bus: the real gnome-keyring, and one that misbehaves on demand."""

import sys
from pathlib import Path

from gi.repository import Gio, GLib

from .process import wait_until

NAME = "org.freedesktop.secrets"
ROOT = "/org/freedesktop/secrets"
LOGIN = ROOT + "/collection/login"
PASSWORD = "the login password"

SERVICE = "org.freedesktop.Secret.Service"
COLLECTION = "org.freedesktop.Secret.Collection"
ITEM = "org.freedesktop.Secret.Item"
# gnome-keyring's own way to unlock without a dialog, which its PAM module uses too.
INTERNAL = "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface"

STUB = Path(__file__).parent / "secret_service_stub.py"


class _Provider:
    def __init__(self, person, bus):
        self.person = person
        self.connection = Gio.DBusConnection.new_for_address_sync(
            bus.address,
            Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
            | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION,
            None,
            None,
        )
        self.process = None

    def call(self, path, interface, method, arguments=None, name=NAME):
        reply = self.connection.call_sync(
            name, path, interface, method, arguments, None, Gio.DBusCallFlags.NO_AUTO_START,
            20000, None,
        )  # fmt: skip
        return reply.unpack()

    def is_owned(self):
        return self.call(
            "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameHasOwner",
            GLib.Variant("(s)", (NAME,)), "org.freedesktop.DBus",
        )[0]  # fmt: skip

    def stop(self):
        if self.process is not None:
            self.process.stop()
            self.process = None
            wait_until(lambda: not self.is_owned(), "the name is free again")


class GnomeKeyring(_Provider):
    """gnome-keyring with its login keyring, made and unlocked."""

    def __init__(self, person, bus):
        super().__init__(person, bus)
        self.start()

    def start(self):
        """All of stdin is the password; it makes the login keyring at the first time."""
        password = self.person.write("login-password", PASSWORD)
        with open(password, "rb") as stdin:
            self.process = self.person.background(
                "gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets",
                stdin=stdin,
            )  # fmt: skip
        wait_until(self.is_owned, "gnome-keyring is on the bus")
        wait_until(lambda: LOGIN in self._collections(), "the login keyring is there")
        wait_until(lambda: not self.is_locked(), "the login keyring is open")

    def _get(self, path, interface, name):
        return self.call(
            path, "org.freedesktop.DBus.Properties", "Get",
            GLib.Variant("(ss)", (interface, name)),
        )[0]  # fmt: skip

    def _collections(self):
        return self._get(ROOT, SERVICE, "Collections")

    def is_locked(self):
        return self._get(LOGIN, COLLECTION, "Locked")

    def items(self):
        return self._get(LOGIN, COLLECTION, "Items")

    def lock(self):
        self.call(ROOT, SERVICE, "Lock", GLib.Variant("(ao)", ([LOGIN],)))
        assert self.is_locked()

    def unlock(self):
        session = self.call(
            ROOT, SERVICE, "OpenSession", GLib.Variant("(sv)", ("plain", GLib.Variant("s", "")))
        )[1]
        secret = (session, b"", PASSWORD.encode(), "text/plain")
        self.call(
            ROOT, INTERNAL, "UnlockWithMasterPassword",
            GLib.Variant("(o(oayays))", (LOGIN, secret)),
        )  # fmt: skip
        assert not self.is_locked()

    def delete_items(self):
        for path in self.items():
            self.call(path, ITEM, "Delete")


class BadKeyring(_Provider):
    """A Secret Service that does what `mode` says: see secret_service_stub.py."""

    def __init__(self, person, bus, mode):
        super().__init__(person, bus)
        self.process = person.background(sys.executable, STUB, mode)
        wait_until(self.is_owned, "the stub is on the bus")
