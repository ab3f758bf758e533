# SPDX-License-Identifier: LGPL-2.1-or-later
"""Chromium, without a screen or on one, in a profile of its own, driven from outside by its DevTools
protocol: JSON messages on a pipe, each with a NUL at its end.

    chromium = Chromium(person, pki, modules={"Meishi": person.tree.module})
    page = chromium.load(url)       # page.text, or page.error where there is none
    chromium.open(url)              # comes back at once: what follows may need a person
    page = chromium.page()

Without a screen and without anything that picks a certificate, Chromium waits for ever for an answer
to a question that nobody sees: load() of such a page never ends.  What picks is the policy
AutoSelectCertificateForUrls, which is the administrator's, or the same in a profile: `select`.
"""

import itertools
import json
import os
import select
import time

from .firefox import Page
from .picture import is_dimmed
from .process import PATIENCE, wait_until

_numbers = itertools.count(1)

# Nothing may leave the machine, and nothing may appear that nobody asked for.  It could not make
# its own sandbox where the tests run in one, nor as root; Meishi's module is outside of it anyway.
OPTIONS = """
--no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --no-default-browser-check
--disable-background-networking --disable-component-update --disable-sync --disable-extensions
--disable-default-apps --disable-features=HttpsUpgrades,OptimizationHints,Translate
--password-store=basic --use-mock-keychain --disable-crash-reporter --noerrdialogs
--remote-debugging-pipe --no-startup-window
""".split()

# A window that fills the screen, and a screen reader's view of all that is in it.
ON_SCREEN = """
--window-position=0,0 --force-renderer-accessibility --force-prefers-reduced-motion
""".split()

# Its end of the pipe is where the browser looks for it: descriptors 3 and 4.
ON_DESCRIPTORS = 'in=$1 out=$2; shift 2; exec "$@" 3<&"$in" 4>&"$out"'

NOTHING = "about:blank#nothing"
PAGE = "[document.readyState, location.href, document.body?.innerText ?? '']"


class DevToolsError(Exception):
    """The browser refused a command."""


class DevTools:
    """The browser's end is `theirs`, a pair of descriptors that it inherits."""

    def __init__(self):
        read_theirs, self._write = os.pipe()
        self._read, write_theirs = os.pipe()
        self.theirs = (read_theirs, write_theirs)
        self._unread = b""
        self._last = 0
        self._replies = {}

    def started(self):
        """The browser has its end now."""
        for fd in self.theirs:
            os.close(fd)

    # ---- commands -------------------------------------------------------------------------------

    def command(self, name, session=None, **parameters):
        return self.finish(self.begin(name, session, **parameters))

    def begin(self, name, session=None, **parameters):
        """Sends a command; returns what finish() wants."""
        self._last += 1
        message = {"id": self._last, "method": name, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        return self._last

    def finish(self, number):
        """The result of a command that was begun."""
        while number not in self._replies:
            message = self._receive()
            if "id" in message:  # and not an event
                self._replies[message["id"]] = message
        reply = self._replies.pop(number)
        if "error" in reply:
            raise DevToolsError(reply["error"].get("message"))
        return reply["result"]

    def close(self):
        for fd in (self._read, self._write):
            os.close(fd)

    # ---- messages -------------------------------------------------------------------------------

    def _receive(self):
        deadline = time.monotonic() + PATIENCE
        while b"\0" not in self._unread:
            ready, _, _ = select.select([self._read], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                raise DevToolsError(f"the browser said nothing for {PATIENCE} s")
            data = os.read(self._read, 65536)
            if not data:
                raise DevToolsError("the browser ended")
            self._unread += data
        message, _, self._unread = self._unread.partition(b"\0")
        return json.loads(message)


def automatic(policy):
    """The preferences of a profile in which Chromium selects as it does with `policy`, the list in
    AutoSelectCertificateForUrls."""
    filters = {}
    for line in policy:
        entry = json.loads(line)
        filters.setdefault(f"{entry['pattern']},*", []).append(entry["filter"])
    settings = {pattern: {"setting": {"filters": found}} for pattern, found in filters.items()}
    exceptions = {"auto_select_certificate": settings}
    return {"profile": {"content_settings": {"exceptions": exceptions}}}


def make_database(person, pki, modules):
    """~/.pki/nssdb, which all of a person's Chromium-like browsers share."""
    directory = person.home / ".pki" / "nssdb"
    if directory.exists():
        return
    for path in (directory.parent, directory):
        person._mkdir(path)
    database = f"sql:{directory}"
    person.run("certutil", "-N", "-d", database, "--empty-password")
    person.run("certutil", "-A", "-d", database, "-n", "CA", "-t", "C,,", "-i", pki.root.cert)
    for label, path in modules.items():
        person.run("modutil", "-dbdir", database, "-force", "-add", label, "-libfile", path)


class Chromium:
    """Running from the first moment.  `modules`: paths of PKCS#11 modules by name, for the database
    of a person who has none; None: there is to be none.  `desktop`: the screen to be on.  `select`:
    see automatic().  `under`: the command line of a program that runs it."""

    def __init__(self, person, pki, modules=None, desktop=None, select=(), under=()):
        if modules is not None:
            make_database(person, pki, modules)
        self.profile = person.home / f"chromium{next(_numbers)}"
        if select:
            for path in (self.profile, self.profile / "Default"):
                person._mkdir(path)
            preferences = f"{self.profile.name}/Default/Preferences"
            person.write(preferences, json.dumps(automatic(select)))
        self.devtools = DevTools()
        screen, env = ["--headless=new"], {}
        if desktop is not None:
            screen = [*ON_SCREEN, f"--window-size={desktop.size.replace('x', ',')}"]
            env = desktop.env | {"ACCESSIBILITY_ENABLED": "1"}
        self.process = person.background(
            *under, "bash", "-c", ON_DESCRIPTORS, "chromium", *self.devtools.theirs,
            "chromium", *OPTIONS, *screen, f"--user-data-dir={self.profile}",
            env=env, pass_fds=self.devtools.theirs,
        )  # fmt: skip
        self.devtools.started()
        self._url = self._session = self._context = self._navigation = None
        self.version = self.devtools.command("Browser.getVersion")["product"]

    @property
    def pid(self):
        return self.process.pid

    def open(self, url):
        """Goes to `url` in a window that shares nothing with those before it, and does not wait:
        no connection, no TLS session, nothing that was answered."""
        before = self._context
        self._context = self.devtools.command("Target.createBrowserContext")["browserContextId"]
        target = self.devtools.command(
            "Target.createTarget", url=NOTHING, browserContextId=self._context
        )["targetId"]
        self._session = self.devtools.command(
            "Target.attachToTarget", targetId=target, flatten=True
        )["sessionId"]
        if before is not None:  # not sooner: the browser would be without a window
            self.devtools.command("Target.disposeBrowserContext", browserContextId=before)
        # A page that comes to be takes the question for the one before it away.
        self._url = NOTHING
        wait_until(self._look, "Chromium has a window")
        self._url = url
        self._navigation = self.devtools.begin("Page.navigate", self._session, url=url)

    def page(self):
        """What open() came to."""
        error = self.devtools.finish(self._navigation).get("errorText")
        if error:
            return Page(self._url, "", error)
        return wait_until(self._look, f"Chromium shows {self._url}")

    def load(self, url):
        self.open(url)
        return self.page()

    def _look(self):
        self.process.assert_alive()
        seen = self.devtools.command(
            "Runtime.evaluate", self._session, expression=PAGE, returnByValue=True
        )["result"].get("value")
        if seen is None:
            return None
        state, url, text = seen
        return Page(url, text.strip(), None) if state == "complete" and url == self._url else None

    def stop(self):
        """Quits as a person would; the exit status."""
        try:
            self.devtools.command("Browser.close")
        except DevToolsError:  # gone before it could answer
            pass
        self.devtools.close()
        return self.process.wait(PATIENCE)


class Chooser:
    """The window in which Chromium asks for a certificate, once it is there, as whoever sits at
    `desktop` meets it."""

    TITLE = "Select a certificate"

    def __init__(self, desktop):
        self.desktop = desktop
        desktop.find("dialog", self.TITLE)
        wait_until(lambda: self._focused() == 0, "the first certificate has the focus")

    def names(self):
        """The subjects that it lists."""
        return [cell["name"] for cell in self._subjects()]

    def text(self):
        return "\n".join(one["name"] for one in self.desktop.see() if one["role"] == "static")

    def picture(self):
        return self.desktop.still_picture(is_dimmed)

    def choose(self, name):
        """By the arrow keys."""
        row = self.names().index(name)
        for _ in range(row):
            self.desktop.key("Down")
        wait_until(lambda: self._focused() == row, f"{name} has the focus")

    def press(self, key):
        self.desktop.key(key)
        wait_until(lambda: not self._is_there(), "the window is gone")

    def _subjects(self):
        """The first cells of the rows but for the heading."""
        seen = self.desktop.see()
        pairs = zip(seen, seen[1:], strict=False)
        return [cell for row, cell in pairs
                if row["role"] == "table row" and cell["role"] == "table cell"]  # fmt: skip

    def _focused(self):
        states = [cell["states"] for cell in self._subjects()]
        return next((row for row, state in enumerate(states) if "focused" in state), None)

    def _is_there(self):
        return any(one["name"] == self.TITLE for one in self.desktop.see())
