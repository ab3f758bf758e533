# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every dialog in every style on a small screen: it is there, fits, and clips none of its buttons.

With MEISHI_LOOK=DIRECTORY each becomes a picture there, DIALOG.STYLE.png, for a person to look at
(needs ImageMagick); MEISHI_LOOK_AT="two confirm" draws these only.  MEISHI_PICTURE=doc/images/chooser.png
makes the picture of the README anew.
"""

import os
import subprocess
import time
from pathlib import Path

import pytest
from harness.desktop import Desktop
from harness.process import wait_until
from harness.scenes import README, SCENES, STYLES
from harness.window import start_prompter

SOURCE = Path(os.environ.get("MEISHI_SOURCE_DIR", Path(__file__).parents[2]))
WIDTH, HEIGHT = 1024, 768
PICTURES = os.environ.get("MEISHI_LOOK")
WANTED = os.environ.get("MEISHI_LOOK_AT", "").split()


@pytest.fixture
def desktop(person, bus):
    made = Desktop(person, bus, f"{WIDTH}x{HEIGHT}")
    yield made
    made.stop()


def wait_alone(desktop):
    """The one window, and the buttons that can be seen of it."""
    [window] = wait_until(desktop.windows, "a window")
    desktop.focus(window)
    return window, wait_until(desktop.boxes, "its buttons")


def size_of(desktop, window):
    lines = desktop.person.run("xdotool", "getwindowgeometry", "--shell", window, env=desktop.env)
    values = dict(line.split("=") for line in lines.stdout.split())
    return int(values["WIDTH"]), int(values["HEIGHT"])


def take_picture(desktop, name):
    directory = Path(PICTURES)
    directory.mkdir(parents=True, exist_ok=True)
    picture = desktop.person.home / "picture.png"
    desktop.person.run("import", "-window", "root", picture, env=desktop.env)
    (directory / name).write_bytes(picture.read_bytes())


def assert_whole(buttons, width, height, scene):
    assert len(buttons) >= 2, scene
    for button in buttons:
        x, y, w, h = button["box"]
        assert x >= 0 and x + w <= width, (scene, button)
        assert button["scrolls"] or (y >= 0 and y + h <= height), (scene, button)


def assert_focus_in_sight(desktop, scene):
    """Where it scrolls, it has scrolled to what has the focus."""

    def hidden():
        return [one for one in desktop.out_of_sight() if one["focused"] and one["fits"]]

    wait_until(lambda: not hidden(), f"the focus of {scene} in sight")


@pytest.fixture(scope="session")
def arabic(scratch):
    """A language that is written from the right: a locale, which the machine need not have, and a
    catalogue without texts, because GTK does not speak one that the program does not."""
    directory = scratch / "arabic"
    messages = directory / "ar" / "LC_MESSAGES"
    messages.mkdir(mode=0o755, parents=True)
    for command, text in (
        (["localedef", "-i", "ar_EG", "-f", "UTF-8", directory / "ar_EG.UTF-8"], ""),
        (["msgfmt", "-", "-o", messages / "meishi.mo"], CATALOGUE),
    ):
        subprocess.run(command, check=True, input=text, text=True)
    return directory


CATALOGUE = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n'


@pytest.mark.parametrize("style", [name for name, (_, _, laid) in STYLES.items() if laid or PICTURES])
def test_every_dialog(desktop, asking, person, arabic, style):
    env, dpi, _ = STYLES[style]
    catalogues = ["--locale-dir", arabic] if style == "rtl" else []
    desktop.set_resource("Xft.dpi", dpi)
    prompter = start_prompter(person, desktop, *catalogues, **env, LOCPATH=str(arabic))
    for name, (kind, question, keys) in SCENES.items():
        if WANTED and name not in WANTED:
            continue
        cookie = asking.ask(kind, question)
        window, buttons = wait_alone(desktop)
        width, height = size_of(desktop, window)
        assert width <= WIDTH and height <= HEIGHT, name
        assert_whole(buttons, width, height, name)
        if kind in ("pin", "unlock"):
            assert_focus_in_sight(desktop, name)
        if PICTURES:
            time.sleep(0.6)
            if keys:
                desktop.key(*keys)
            time.sleep(0.3)
            take_picture(desktop, f"{name}.{style}.png")
        asking.cancel(cookie)
        wait_until(lambda: not desktop.windows(), "the window is gone")
    output = prompter.output()
    assert prompter.stop() == 0, output
    assert "CRITICAL" not in output and "WARNING" not in output, output


def test_the_picture_of_the_readme(desktop, asking, person):
    """What is seen on it is what the window says."""
    start_prompter(person, desktop)
    asking.ask("choose", README)
    window, _ = wait_alone(desktop)
    rows = [one["name"] for one in desktop.see() if one["role"] == "radio button"]
    assert [row.partition(",")[0] for row in rows] == ["Alice Example", "Alice (admin)"]
    picture = os.environ.get("MEISHI_PICTURE")
    if picture:
        time.sleep(0.6)
        file = person.home / "picture.png"
        # Without the frame by which a pointer resizes the window.
        person.run("import", "-window", window, file, env=desktop.env)
        person.run("convert", file, "-shave", "5x5", "-strip", file)
        Path(SOURCE, picture).write_bytes(file.read_bytes())
