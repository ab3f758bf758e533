# SPDX-License-Identifier: LGPL-2.1-or-later
"""Marionette, Firefox's own remote protocol: what its tests and geckodriver speak.

A message is its length, a colon and JSON: [0, number, command, parameters] one way, and [1, number,
error, result] the other.  Commands are answered in any order, so that one can be under way while the
browser is busy.
"""

import json
import socket

from .process import PATIENCE

# In the browser scripts are the bodies of async functions: much of it has to be awaited.
ASYNC = """
let done = arguments[arguments.length - 1];
(async (...args) => {%s})(...Array.from(arguments).slice(0, -1)).then(
  value => done({value}), error => done({error: String(error)}));
"""


class MarionetteError(Exception):
    """The browser refused a command, or a script failed."""


class Marionette:
    """A session in the browser that listens on `port`."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self._socket.settimeout(PATIENCE)
        self._unread = b""
        self._last = 0
        self._replies = {}
        self._receive()  # who is there
        self.command(
            "WebDriver:NewSession", pageLoadStrategy="none", unhandledPromptBehavior="ignore"
        )
        self.command("WebDriver:SetTimeouts", script=PATIENCE * 1000)

    # ---- commands -------------------------------------------------------------------------------

    def command(self, name, **parameters):
        return self.finish(self.begin(name, **parameters))

    def begin(self, name, **parameters):
        """Sends a command; returns what finish() wants."""
        self._last += 1
        message = json.dumps([0, self._last, name, parameters]).encode()
        self._socket.sendall(b"%d:%s" % (len(message), message))
        return self._last

    def finish(self, number):
        """The result of a command that was begun."""
        while number not in self._replies:
            _, replied, error, result = self._receive()
            self._replies[replied] = (error, result)
        error, result = self._replies.pop(number)
        if error:
            raise MarionetteError(f"{error.get('error')}: {error.get('message')}")
        return result

    # ---- scripts --------------------------------------------------------------------------------

    def chrome(self, script, *args):
        """Runs the body of an async function in the browser itself; its arguments are `args`."""
        self.command("Marionette:SetContext", value="chrome")
        try:
            done = self.command(
                "WebDriver:ExecuteAsyncScript", script=ASYNC % script, args=list(args),
                newSandbox=True, sandbox="system",
            )["value"]  # fmt: skip
        finally:
            self.command("Marionette:SetContext", value="content")
        if "error" in done:
            raise MarionetteError(done["error"])
        return done.get("value")

    def content(self, script):
        """Runs the body of a function in the page."""
        return self.command("WebDriver:ExecuteScript", script=script, args=[])["value"]

    def close(self):
        self._socket.close()

    # ---- messages -------------------------------------------------------------------------------

    def _receive(self):
        while b":" not in self._unread:
            self._read()
        length, _, self._unread = self._unread.partition(b":")
        while len(self._unread) < int(length):
            self._read()
        message, self._unread = self._unread[: int(length)], self._unread[int(length) :]
        return json.loads(message)

    def _read(self):
        data = self._socket.recv(65536)
        if not data:
            raise MarionetteError("the browser ended")
        self._unread += data
