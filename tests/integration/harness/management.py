# SPDX-License-Identifier: LGPL-2.1-or-later
"""The management interface of a person's daemon, called directly: for what a test wants to know
exactly, such as the name of an error."""

import os

from gi.repository import Gio, GLib

OBJECT = "/org/meishi/Agent1"
ERROR_PREFIX = "org.meishi.Agent1.Error."
TIMEOUT_MS = 60000


class ManagementError(Exception):
    """`name` is the last part of the D-Bus error name, `message` the sentence."""

    def __init__(self, name, message):
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message


class Management:
    """A connection to the socket beside the module's; the person must be us."""

    def __init__(self, person):
        self.connection = Gio.DBusConnection.new_for_address_sync(
            f"unix:path={person.bus_socket}",
            Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT,
            None,
            None,
        )

    def call(self, interface, method, arguments=None, fds=()):
        fd_list = Gio.UnixFDList()
        for fd in fds:
            fd_list.append(fd)
        try:
            reply, _ = self.connection.call_with_unix_fd_list_sync(
                None, OBJECT, interface, method, arguments, None,
                Gio.DBusCallFlags.NONE, TIMEOUT_MS, fd_list, None,
            )  # fmt: skip
        except GLib.Error as error:
            name = Gio.DBusError.get_remote_error(error) or "?"
            Gio.DBusError.strip_remote_error(error)
            raise ManagementError(name.removeprefix(ERROR_PREFIX), error.message) from None
        return reply.unpack()

    def get(self, interface, name):
        return self.call(
            "org.freedesktop.DBus.Properties", "Get", GLib.Variant("(ss)", (interface, name))
        )[0]

    # ---- the vault ----------------------------------------------------------------------------

    @property
    def state(self):
        return self.get("org.meishi.Agent1.Vault", "State")

    @property
    def slots(self):
        return self.get("org.meishi.Agent1.Vault", "Slots")

    def vault(self, method, arguments=None):
        return self.call("org.meishi.Agent1.Vault", method, arguments)

    def unlock(self):
        return self.vault("Unlock", GLib.Variant("(a{sv})", ({},)))

    def init(self, kind):
        return self.vault("Init", GLib.Variant("(sa{sv})", (kind, {})))[0]

    def add_slot(self, kind):
        return self.vault("AddSlot", GLib.Variant("(sa{sv})", (kind, {})))

    def remove_slot(self, slot):
        return self.vault("RemoveSlot", GLib.Variant("(x)", (slot,)))

    # ---- identities ---------------------------------------------------------------------------

    def import_file(self, path):
        """Imports one file that needs no password; returns the report."""
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            arguments = GLib.Variant("(a(sh)aha{sv})", ([(str(path), 0)], [], {}))
            return self.call("org.meishi.Agent1.Manager", "Import", arguments, [fd])[0]
        finally:
            os.close(fd)
