# SPDX-License-Identifier: LGPL-2.1-or-later
"""sandboxed.py ROOT SOCKET NAME: makes ROOT its root directory, connects to the D-Bus socket that
lies at SOCKET below it (NAME: on a bus, else empty), and prints what came of its calls.
ROOT /: stays where it is.  ROOT alone: only sees whether it may go there."""

import ctypes
import json
import os
import sys

from gi.repository import Gio, GLib

CLONE_NEWUSER = 0x10000000
ROOT, PREFIX = "/org/meishi/Agent1", "org.meishi.Agent1."
PROPERTIES = "org.freedesktop.DBus.Properties"
OBJECTS = "org.freedesktop.DBus.ObjectManager"
TARGET = ("((ssq)a{sv}a{sv})", (("https", "www.example.com", 443), {}, {}))

CALLS = {
    "Selector.Match": (f"{PREFIX}Selector", "Match", *TARGET),
    "Selector.Explain": (f"{PREFIX}Selector", "Explain", *TARGET),
    "Selector properties": (PROPERTIES, "GetAll", "(s)", (f"{PREFIX}Selector",)),
    "Vault.Lock": (f"{PREFIX}Vault", "Lock", None, None),
    "Vault properties": (PROPERTIES, "GetAll", "(s)", (f"{PREFIX}Vault",)),
    "Policy.Describe": (f"{PREFIX}Policy", "Describe", None, None),
    "Choices.List": (f"{PREFIX}Choices", "List", None, None),
    "objects": (OBJECTS, "GetManagedObjects", None, None),
}


def enter(root):
    """Root may; everybody else becomes root of a namespace of one user first."""
    uid, gid = os.getuid(), os.getgid()
    if uid != 0:
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{uid} {uid} 1"),
            ("gid_map", f"{gid} {gid} 1"),
        ):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)
    os.chroot(root)
    os.chdir("/")


def call(connection, name, interface, method, signature, arguments):
    parameters = GLib.Variant(signature, arguments) if signature else None
    try:
        connection.call_sync(
            name, ROOT, interface, method, parameters, None, Gio.DBusCallFlags.NONE, 30000, None
        )
    except GLib.Error as error:
        return Gio.DBusError.get_remote_error(error) or error.message
    return "ok"


def connect(socket, name):
    flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
    if name:
        flags |= Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
    return Gio.DBusConnection.new_for_address_sync(f"unix:path=/{socket}", flags, None, None)


def main(root, socket=None, name=None):
    if root != "/" or socket is None:
        enter(root)
    if socket is None:
        return
    try:
        connection = connect(socket, name)
    except GLib.Error as error:
        print(json.dumps({"connect": error.message}))
        return
    results = {what: call(connection, name or None, *how) for what, how in CALLS.items()}
    print(json.dumps(results))


main(*sys.argv[1:])
