# SPDX-License-Identifier: LGPL-2.1-or-later
"""A D-Bus client on a private socket that is in no hurry to read."""

import socket

from gi.repository import Gio

from .dbus import ROOT


class Raw:
    """A caller that sees the messages in the order in which they were sent."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(str(path))
        self.socket.sendall(b"\0AUTH EXTERNAL\r\nDATA\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n")
        self.bytes = b""
        while self.bytes.count(b"\r\n") < 3:
            self.bytes += self.socket.recv(4096)
        self.bytes = self.bytes.split(b"\r\n", 3)[3]

    def send(self, interface, member, arguments):
        message = Gio.DBusMessage.new_method_call(None, ROOT, interface, member)
        message.set_serial(1)
        message.set_body(arguments)
        self.socket.sendall(message.to_blob(Gio.DBusCapabilityFlags.NONE))

    def receive(self):
        while len(self.bytes) < 16:
            self.bytes += self.socket.recv(65536)
        size = Gio.DBusMessage.bytes_needed(self.bytes)
        while len(self.bytes) < size:
            self.bytes += self.socket.recv(65536)
        message = Gio.DBusMessage.new_from_blob(
            self.bytes[:size], Gio.DBusCapabilityFlags.UNIX_FD_PASSING
        )
        self.bytes = self.bytes[size:]
        return message

    def stuff(self, n=500):
        """Requests of which each has a long answer, more than a socket holds; reads none of it."""
        message = Gio.DBusMessage.new_method_call(
            None, ROOT, "org.freedesktop.DBus.Introspectable", "Introspect"
        )
        message.set_serial(2)
        self.socket.sendall(message.to_blob(Gio.DBusCapabilityFlags.NONE) * n)
