# SPDX-License-Identifier: LGPL-2.1-or-later
"""A screen without anybody in front of it: Xvfb, a keyboard (xdotool), and what a screen reader sees
(AT-SPI, in a process of its own, because the accessibility bus is the person's).

Started with the file's name as a program, this is that process: one JSON request per line.
"""

import json
import os
import subprocess
import sys
import time

from .picture import Picture
from .process import PATIENCE, wait_until

A11Y_SERVICE = """\
[D-BUS Service]
Name=org.a11y.Bus
Exec=/usr/libexec/at-spi-bus-launcher
"""


_PASTE = """
import os
import gi
gi.require_version("Gdk", "4.0")
from gi.repository import Gdk, GLib

def on_text(clipboard, result):
    try:
        print(clipboard.read_text_finish(result) or "", end="")
    except GLib.Error:
        pass
    loop.quit()

loop = GLib.MainLoop()
Gdk.Display.open(os.environ["DISPLAY"]).get_clipboard().read_text_async(None, on_text)
loop.run()
"""


# Actions that close or hide a window, and those with which GTK 4.8 dies (of labels without links).
LEFT_OUT = ("window.close", "window.minimize", "link.open", "link.copy", "menu.popup")


# A picture is still after so many looks in so many seconds, whatever turns in so many lines.
LOOKS, STILL, SMALL = 15, 1.5, 30


class Desktop:
    """Needs `bus` before its start, to make accessibility activatable there."""

    def __init__(self, person, bus, size="1024x900"):
        self.person = person
        self.size = size
        bus.add_service("org.a11y.Bus", A11Y_SERVICE)
        bus.start(person)
        self._start_screen()
        self.reader = self.listener = None

    @property
    def env(self):
        return {
            "DISPLAY": self.display, "GDK_BACKEND": "x11", "GSK_RENDERER": "cairo",
            "LANG": "C.UTF-8", "LANGUAGE": "en", "TZ": "UTC",
        }  # fmt: skip

    def key(self, *keys):
        self.person.run("xdotool", "key", "--delay", "30", *keys, env=self.env)

    def picture(self):
        """What can be seen now."""
        return Picture.of_screen(self.frame_buffer)

    def still_picture(self, shows):
        """What can be seen when shows(picture) has been true and nothing has moved for a while, but
        for something small that turns round and round."""
        seen = []

        def is_still():
            time.sleep(STILL / LOOKS)
            seen.append(self.picture())
            if not shows(seen[-1]) or seen[-1].changed_lines(seen[max(0, len(seen) - 2)]) > SMALL:
                seen.clear()
            return len(seen) > LOOKS

        wait_until(is_still, "the picture is still")
        return seen[-1]

    def windows(self):
        """The windows that somebody could see."""
        found = self.person.run(
            "xdotool", "search", "--onlyvisible", "--name", ".", check=False, env=self.env
        )
        return found.stdout.split()

    def focus(self, window):
        self.person.run("xdotool", "windowfocus", window, env=self.env)

    def see(self):
        """What a screen reader sees of our windows, flat: dictionaries with role, name,
        description and states."""
        if self.reader is None:
            self.reader = Reader(self.person, self.env)
        return self.reader.see()

    def find(self, role, name):
        """The one thing of that role whose name begins so, once it is there."""

        def look():
            return [o for o in self.see() if o["role"] == role and o["name"].startswith(name)]

        return wait_until(look, f"{role} “{name}”")[0]

    def press(self, name):
        """What a screen reader does to press the button."""
        return self.reader.press(name)

    def texts(self):
        """Every text that any interface of anything in our windows gives away."""
        return self.reader.ask(method="texts")

    def put(self, name, text):
        """What a screen reader does to write into a field; whether it was told that it could."""
        return self.reader.ask(method="put", name=name, text=text)

    def press_all(self, *but):
        """Does every action that anything has, the buttons called so and LEFT_OUT left out; returns
        which."""
        return self.reader.ask(method="press_all", but=but)

    def set_resource(self, name, value):
        """What xrdb(1) does, for programs that start from now on."""
        self.person.run(
            "xprop", "-root", "-format", "RESOURCE_MANAGER", "8s", "-set", "RESOURCE_MANAGER",
            f"{name}:\t{value}\n", env=self.env,
        )  # fmt: skip

    def clipboard(self):
        """The text that a program would paste; "" for none."""
        return self.person.run(sys.executable, "-B", "-c", _PASTE, env=self.env).stdout

    def select(self, number):
        """What a screen reader does to choose the row of that number in a list."""
        return self.reader.ask(method="select", number=number)

    def boxes(self):
        """The buttons that are shown, each with its "name", its "box" in the window (x, y, width,
        height), and whether it "scrolls"."""
        if self.reader is None:
            self.reader = Reader(self.person, self.env)
        return self.reader.ask(method="boxes")

    def out_of_sight(self):
        """What can be scrolled and is not wholly in what can be seen: "name", "focused", the
        rows of pixels above or below, "hidden", and whether it "fits" at all."""
        if self.reader is None:
            self.reader = Reader(self.person, self.env)
        return self.reader.ask(method="out_of_sight")

    def heard(self):
        """What a screen reader has spoken by itself since it was first asked for this: how the
        description of what has the focus became another (Orca does so)."""
        if self.listener is None:
            self.listener = Reader(self.person, self.env, "listen")
        return self.listener.ask()

    def stop(self):
        for reader in (self.reader, self.listener):
            if reader is not None:
                reader.stop()
        self.screen.stop()

    @property
    def frame_buffer(self):
        return self.person.home / "screen" / "Xvfb_screen0"

    def _start_screen(self):
        self.person._mkdir(self.frame_buffer.parent)
        ready, tell = os.pipe()
        self.screen = self.person.background(
            "Xvfb", "-displayfd", str(tell), "-screen", "0", f"{self.size}x24", "-nolisten", "tcp",
            "-noreset", "-fbdir", self.frame_buffer.parent, pass_fds=[tell],
        )  # fmt: skip
        os.close(tell)
        with os.fdopen(ready) as number:
            self.display = f":{number.readline().strip()}"
        self.screen.assert_alive()


class Reader:
    """`what`: whether it sees or listens."""

    def __init__(self, person, env, what="see"):
        self.child = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", sys.executable, "-B", "-W", "ignore", "-m",
             "harness.desktop", what],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=person.home,
            env=person.env | env | {"PYTHONPATH": os.path.dirname(os.path.dirname(__file__))},
            start_new_session=True, **person.identity(),
        )  # fmt: skip

    def ask(self, **request):
        self.child.stdin.write(json.dumps(request) + "\n")
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        assert line, "the screen reader has ended"
        return json.loads(line)

    def see(self):
        return self.ask(method="see")

    def press(self, name):
        return self.ask(method="press", name=name)

    def stop(self):
        self.child.stdin.close()
        self.child.wait(PATIENCE)
        self.child.stdout.close()


# ---- the process ----------------------------------------------------------------------------


def serve():
    import gi  # pylint: disable=import-outside-toplevel

    gi.require_version("Atspi", "2.0")
    from gi.repository import Atspi, GLib  # pylint: disable=import-outside-toplevel

    def walk(thing):
        if thing is None:
            return
        yield thing
        for index in range(thing.get_child_count()):
            yield from walk(thing.get_child_at_index(index))

    def all_of():
        Atspi.get_desktop(0).clear_cache()
        for thing in walk(Atspi.get_desktop(0)):
            try:
                states = [state.value_nick for state in thing.get_state_set().get_states()]
                yield thing, {
                    "role": thing.get_role_name(), "name": thing.get_name() or "",
                    "description": thing.get_description() or "", "states": states,
                    "children": thing.get_child_count(),
                }  # fmt: skip
            except GLib.Error:
                continue  # it has left meanwhile

    def see(_request):
        return [facts for _, facts in all_of()]

    def press(request):
        for thing, facts in all_of():
            if facts["name"] == request["name"] and thing.get_n_actions() > 0:
                return Atspi.Action.do_action(thing, 0)
        return False

    def texts(_request):
        found = []
        for thing, facts in all_of():
            found += [facts["name"], facts["description"], *(thing.get_attributes() or {}).values()]
            if "Text" in thing.get_interfaces():
                count = Atspi.Text.get_character_count(thing)
                found += [Atspi.Text.get_text(thing, 0, end) for end in (-1, count, 1000)]
                at = Atspi.Text.get_string_at_offset(thing, 0, Atspi.TextGranularity.LINE)
                found += [at.content, f"{facts['role']}: {count} characters"]
            if "Value" in thing.get_interfaces():
                found.append(Atspi.Value.get_text(thing))
        return found

    def put(request):
        for thing, facts in all_of():
            if facts["name"] == request["name"] and "EditableText" in thing.get_interfaces():
                return Atspi.EditableText.set_text_contents(thing, request["text"])
        return False

    def select(request):
        for thing, _ in all_of():
            if "Selection" in thing.get_interfaces() and thing.get_child_count() > 1:
                return Atspi.Selection.select_child(thing, request["number"])
        return False

    def act(thing):
        for index in range(thing.get_n_actions()):
            action = Atspi.Action.get_action_name(thing, index)
            if action not in LEFT_OUT:
                Atspi.Action.do_action(thing, index)
                yield action

    def press_all(request):
        done = []
        for thing, facts in list(all_of()):
            try:
                if facts["name"] not in request["but"]:
                    done += [f"{facts['name']}: {action}" for action in act(thing)]
            except GLib.Error:
                continue  # gone by what was done before
        return done

    def around(thing, role):
        parent = thing.get_parent()
        if parent is None or parent.get_role_name() == role:
            return parent
        return around(parent, role)

    def is_within(thing, role):
        return around(thing, role) is not None

    def out_of_sight(_request):
        found = []
        for thing, facts in all_of():
            pane = around(thing, "scroll pane")
            if pane is None or "visible" not in facts["states"]:
                continue
            box = thing.get_extents(Atspi.CoordType.WINDOW)
            seen = pane.get_extents(Atspi.CoordType.WINDOW)
            hidden = max(seen.y - box.y, box.y + box.height - seen.y - seen.height)
            if hidden > 0 and box.height > 0:
                found.append({
                    "name": facts["name"], "hidden": hidden, "focused": "focused" in facts["states"],
                    "fits": box.height <= seen.height,
                })  # fmt: skip
        return found

    def boxes(_request):
        found = []
        for thing, facts in all_of():
            if facts["role"] == "push button" and "visible" in facts["states"]:
                box = thing.get_extents(Atspi.CoordType.WINDOW)
                found.append({
                    "name": facts["name"], "box": [box.x, box.y, box.width, box.height],
                    "scrolls": is_within(thing, "scroll pane"),
                })  # fmt: skip
        return found

    methods = {
        "see": see, "press": press, "boxes": boxes, "texts": texts, "put": put,
        "press_all": press_all, "select": select, "out_of_sight": out_of_sight,
    }  # fmt: skip
    for line in sys.stdin:
        request = json.loads(line)
        method = methods[request["method"]]
        try:
            print(json.dumps(method(request)), flush=True)
        except GLib.Error:
            time.sleep(0.05)
            print(json.dumps([]), flush=True)


def listen():
    """In a process that looks at nothing: what comes in between leaves libatspi with objects that
    are gone."""
    import gi  # pylint: disable=import-outside-toplevel

    gi.require_version("Atspi", "2.0")
    from gi.repository import Atspi, GLib  # pylint: disable=import-outside-toplevel

    spoken = []

    def on_described(event):
        if event.source.get_state_set().contains(Atspi.StateType.FOCUSED) and event.any_data:
            spoken.append(event.any_data)

    def on_line(_channel, _condition):
        if not sys.stdin.readline():
            loop.quit()
            return False
        print(json.dumps(spoken), flush=True)
        return True

    listener = Atspi.EventListener.new(on_described)
    listener.register("object:property-change:accessible-description")
    loop = GLib.MainLoop()
    GLib.io_add_watch(sys.stdin.fileno(), GLib.PRIORITY_DEFAULT, GLib.IO_IN | GLib.IO_HUP, on_line)
    loop.run()


if __name__ == "__main__":
    {"see": serve, "listen": listen}[sys.argv[1]]()
