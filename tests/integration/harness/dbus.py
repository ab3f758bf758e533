# SPDX-License-Identifier: LGPL-2.1-or-later
"""The management interface as a D-Bus program sees it, on either door."""

import os

from gi.repository import Gio, GLib

from .process import wait_until

NAME = "org.meishi.Agent1"
ROOT = "/org/meishi/Agent1"
MANAGER, VAULT, IDENTITY = f"{NAME}.Manager", f"{NAME}.Vault", f"{NAME}.Identity"
SELECTOR, REQUEST, CHOICES = f"{NAME}.Selector", f"{NAME}.Request", f"{NAME}.Choices"
POLICY, AGENTS, PROMPTER = f"{NAME}.Policy", f"{NAME}.Agents", f"{NAME}.Prompter"
TOKEN = f"{NAME}.Token"
OBJECTS, PROPERTIES = "org.freedesktop.DBus.ObjectManager", "org.freedesktop.DBus.Properties"
INTROSPECTABLE = "org.freedesktop.DBus.Introspectable"


class RemoteError(Exception):
    def __init__(self, error):
        super().__init__(error.message)
        self.name = Gio.DBusError.get_remote_error(error) or ""


class Door:
    """A connection; signals that came are in `signals` as (path, member, arguments)."""

    def __init__(self, address, name=None):
        flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
        if name is not None:
            flags |= Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
        self.name = name
        self.connection = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
        self.signals = []
        self.connection.signal_subscribe(
            name, None, None, None, None, Gio.DBusSignalFlags.NONE, self._on_signal
        )

    @property
    def unique_name(self):
        """Ours on the bus; None on a private connection."""
        return self.connection.get_unique_name()

    def call(self, path, method, signature=None, *args, fds=(), timeout=60000):
        """`method`: interface and member, with a dot.  Returns the results as a tuple."""
        interface, _, member = method.rpartition(".")
        fd_list = Gio.UnixFDList.new()
        for fd in fds:
            fd_list.append(fd)
        parameters = GLib.Variant(signature, args) if signature else None
        try:
            reply, _ = self.connection.call_with_unix_fd_list_sync(
                self.name, path, interface, member, parameters, None,
                Gio.DBusCallFlags.NONE, timeout, fd_list, None,
            )  # fmt: skip
        except GLib.Error as error:
            raise RemoteError(error) from error
        return reply.unpack()

    def get(self, path, interface, name):
        return self.call(path, f"{PROPERTIES}.Get", "(ss)", interface, name)[0]

    def objects(self, interface=IDENTITY):
        """What is below the root and has `interface`, by path."""
        managed = self.call(ROOT, f"{OBJECTS}.GetManagedObjects")[0]
        return {path: one for path, one in managed.items() if interface in one}

    def identities(self):
        """Object paths by label."""
        return {one[IDENTITY]["Label"]: path for path, one in self.objects().items()}

    def await_signal(self, member, matches=lambda path, args: True):
        def arrived():
            while GLib.MainContext.default().iteration(False):
                pass
            return [s for s in self.signals if s[1] == member and matches(s[0], s[2])]

        return wait_until(arrived, f"signal {member}")[0]

    def close(self):
        if not self.connection.is_closed():
            self.connection.close_sync(None)

    def _on_signal(self, _connection, _sender, path, _interface, member, parameters):
        self.signals.append((path, member, parameters.unpack()))


def memory(content):
    """A descriptor whose content is the bytes or text given."""
    fd = os.memfd_create("test")
    os.write(fd, content if isinstance(content, bytes) else content.encode())
    return fd
