# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program that sends key presses to a window of an X display with XSendEvent(3), which the X server
marks as sent.  (xdotool takes XTest where the window has the focus, which looks like a keyboard.)

Started with the file's name as a program, this is that program: window, then key codes.
"""

import ctypes
import ctypes.util
import os
import sys

KEY_PRESS, KEY_RELEASE = 2, 3
TO_ITS_OWNER = 0  # the event mask that no window can decline
RETURN, KP_ENTER, SPACE, ESCAPE = 36, 104, 65, 9  # as every server of ours numbers them


def send(person, env, window, *codes):
    person.run(
        sys.executable, "-B", "-m", "harness.sender", window, *codes,
        env=env | {"PYTHONPATH": os.path.dirname(os.path.dirname(__file__))},
    )  # fmt: skip


class Key(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int), ("serial", ctypes.c_ulong), ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p), ("window", ctypes.c_ulong), ("root", ctypes.c_ulong),
        ("subwindow", ctypes.c_ulong), ("time", ctypes.c_ulong), ("x", ctypes.c_int),
        ("y", ctypes.c_int), ("x_root", ctypes.c_int), ("y_root", ctypes.c_int),
        ("state", ctypes.c_uint), ("keycode", ctypes.c_uint), ("same_screen", ctypes.c_int),
        ("pad", ctypes.c_long * 24),
    ]  # fmt: skip


def main(window, codes):
    x11 = ctypes.CDLL(ctypes.util.find_library("X11"))
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XDefaultRootWindow.restype = ctypes.c_ulong
    display = ctypes.c_void_p(x11.XOpenDisplay(None))
    root = x11.XDefaultRootWindow(display)
    for code in codes:
        for kind in (KEY_PRESS, KEY_RELEASE):
            key = Key(kind, 0, 0, display, window, root, 0, 0, 9, 9, 9, 9, 0, code, 1)
            assert x11.XSendEvent(
                display, ctypes.c_ulong(window), 0, ctypes.c_long(TO_ITS_OWNER), ctypes.byref(key)
            )
    x11.XSync(display, 0)


if __name__ == "__main__":
    main(int(sys.argv[1]), [int(code) for code in sys.argv[2:]])
