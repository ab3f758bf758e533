# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program that has something in the clipboard of an X display: both that of Ctrl+V and that of the
middle button.

Started with the file's name as a program, this is that program; the text is its standard input.
Xlib through ctypes, because no tool for it is sure to be there.
"""

import ctypes
import ctypes.util
import os
import sys

SELECTION_REQUEST, SELECTION_NOTIFY = 30, 31
XA_PRIMARY, XA_ATOM = 1, 4


def start(person, env, text):
    path = person.write("clip", text)
    return person.background(
        sys.executable, "-B", "-m", "harness.clipboard", path,
        env=env | {"PYTHONPATH": os.path.dirname(os.path.dirname(__file__))},
    )  # fmt: skip


class Request(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int), ("serial", ctypes.c_ulong), ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p), ("owner", ctypes.c_ulong), ("requestor", ctypes.c_ulong),
        ("selection", ctypes.c_ulong), ("target", ctypes.c_ulong), ("property", ctypes.c_ulong),
        ("time", ctypes.c_ulong),
    ]  # fmt: skip


class Notify(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int), ("serial", ctypes.c_ulong), ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p), ("requestor", ctypes.c_ulong),
        ("selection", ctypes.c_ulong), ("target", ctypes.c_ulong), ("property", ctypes.c_ulong),
        ("time", ctypes.c_ulong),
    ]  # fmt: skip


class Event(ctypes.Union):
    _fields_ = [("type", ctypes.c_int), ("request", Request), ("notify", Notify),
                ("pad", ctypes.c_long * 24)]  # fmt: skip


class Owner:
    def __init__(self, text):
        self.x11 = ctypes.CDLL(ctypes.util.find_library("X11"))
        self.x11.XOpenDisplay.restype = ctypes.c_void_p
        self.x11.XInternAtom.restype = ctypes.c_ulong
        self.x11.XCreateSimpleWindow.restype = ctypes.c_ulong
        self.x11.XDefaultRootWindow.restype = ctypes.c_ulong
        self.text = text
        self.display = ctypes.c_void_p(self.x11.XOpenDisplay(None))
        root = ctypes.c_ulong(self.x11.XDefaultRootWindow(self.display))
        self.window = ctypes.c_ulong(self.x11.XCreateSimpleWindow(
            self.display, root, 0, 0, 1, 1, 0, ctypes.c_ulong(0), ctypes.c_ulong(0)))  # fmt: skip
        self.utf8, self.targets = self.atom("UTF8_STRING"), self.atom("TARGETS")

    def atom(self, name):
        return self.x11.XInternAtom(self.display, name.encode(), 0)

    def own(self):
        for selection in (XA_PRIMARY, self.atom("CLIPBOARD")):
            self.x11.XSetSelectionOwner(
                self.display, ctypes.c_ulong(selection), self.window, ctypes.c_ulong(0)
            )
        self.x11.XFlush(self.display)

    def answer(self, request):
        if request.target == self.targets:
            atoms = (ctypes.c_ulong * 2)(self.targets, self.utf8)
            self.put(request, XA_ATOM, 32, atoms, 2)
        elif request.target == self.utf8:
            self.put(request, self.utf8, 8, self.text, len(self.text))
        else:
            request.property = 0
        event = Event(notify=Notify(
            SELECTION_NOTIFY, 0, 0, self.display, request.requestor, request.selection,
            request.target, request.property, request.time))  # fmt: skip
        self.x11.XSendEvent(self.display, ctypes.c_ulong(request.requestor), 0, ctypes.c_long(0),
                            ctypes.byref(event))  # fmt: skip
        self.x11.XFlush(self.display)

    def put(self, request, kind, bits, data, count):
        self.x11.XChangeProperty(
            self.display, ctypes.c_ulong(request.requestor), ctypes.c_ulong(request.property),
            ctypes.c_ulong(kind), bits, 0, data, count,
        )  # fmt: skip

    def serve(self):
        event = Event()
        while True:
            self.x11.XNextEvent(self.display, ctypes.byref(event))
            if event.type == SELECTION_REQUEST:
                self.answer(event.request)


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as content:
        owner = Owner(content.read())
    owner.own()
    print("owns it", flush=True)
    owner.serve()
