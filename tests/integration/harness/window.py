# SPDX-License-Identifier: LGPL-2.1-or-later
"""meishi-prompter on a screen of its own, and its windows as a person at the keyboard meets them."""

from .dbus import ROOT, SELECTOR, RemoteError
from .process import wait_until

CHOOSE, CONFIRM = "Choose a Client Certificate", "Use of a Key"
_ISOLATES = str.maketrans("", "", "\u2066\u2067\u2068\u2069")


def start_prompter(person, desktop, *files, **env):
    """Starts it by hand; it registers with the daemon that is on the bus, and opens `files`."""
    catalogues = person.tree.find("ja/LC_MESSAGES/meishi.mo").parents[2]
    return person.background(
        person.tree.find("meishi-prompter"), "--locale-dir", catalogues, *files,
        env=desktop.env | env,
    )  # fmt: skip


def wait_until_windows(door):
    """Until the daemon behind `door`, which may not be on the bus yet, has a prompter to ask with."""

    def can_ask():
        try:
            return door.get(ROOT, SELECTOR, "AgentAvailable")
        except RemoteError:
            return False

    wait_until(can_ask, "the prompter is registered")


def text_on(desktop):
    """All that is written, without the marks that keep directions apart."""
    lines = [one["name"] for one in desktop.see() if one["role"] in ("label", "list item")]
    return "\n".join(lines).translate(_ISOLATES)


class Window:
    """The window called so that says `words`, once it is there; it has the focus."""

    def __init__(self, desktop, title, words=""):
        self.desktop = desktop
        desktop.find("dialog", title)
        wait_until(lambda: words in self.text(), f"“{words}” in the window")
        [self.id] = wait_until(desktop.windows, "a window")
        desktop.focus(self.id)

    def text(self):
        return text_on(self.desktop)

    def wait_armed(self, button="Use"):
        """Until the button takes input: what comes in the first half second is not meant for it."""

        def is_armed():
            return "sensitive" in self.desktop.find("push button", button)["states"]

        wait_until(is_armed, f"{button} can be pressed")

    def press(self, button, *keys):
        """The keys, once `button` takes input."""
        self.wait_armed(button)
        self.desktop.key(*keys)

    def gone(self):
        wait_until(lambda: self.id not in self.desktop.windows(), "the window is gone")
