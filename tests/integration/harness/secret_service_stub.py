#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""secret_service_stub.py MODE: a Secret Service that misbehaves.

    silent    answers nothing
    vanish    ends in the middle of the first call
    prompt    every item is locked; the prompt to unlock it never completes
    dismiss   the same, but the person closes the prompt at once
    hide      a locked collection whose items cannot be seen at all
    forget    accepts every secret and keeps none
"""

import os
import sys

from gi.repository import Gio, GLib

MODE = sys.argv[1]
ROOT = "/org/freedesktop/secrets"
COLLECTION = ROOT + "/collection/default"
ITEM = COLLECTION + "/1"
PROMPT = ROOT + "/prompt/1"
NOTHING = "/"

XML = """
<node>
  <interface name="org.freedesktop.Secret.Service">
    <method name="OpenSession">
      <arg type="s" direction="in"/><arg type="v" direction="in"/>
      <arg type="v" direction="out"/><arg type="o" direction="out"/>
    </method>
    <method name="SearchItems">
      <arg type="a{ss}" direction="in"/>
      <arg type="ao" direction="out"/><arg type="ao" direction="out"/>
    </method>
    <method name="Unlock">
      <arg type="ao" direction="in"/><arg type="ao" direction="out"/><arg type="o" direction="out"/>
    </method>
    <method name="ReadAlias"><arg type="s" direction="in"/><arg type="o" direction="out"/></method>
    <property name="Collections" type="ao" access="read"/>
  </interface>
  <interface name="org.freedesktop.Secret.Collection">
    <method name="CreateItem">
      <arg type="a{sv}" direction="in"/><arg type="(oayays)" direction="in"/>
      <arg type="b" direction="in"/>
      <arg type="o" direction="out"/><arg type="o" direction="out"/>
    </method>
    <property name="Items" type="ao" access="read"/>
    <property name="Label" type="s" access="read"/>
    <property name="Locked" type="b" access="read"/>
    <property name="Created" type="t" access="read"/>
    <property name="Modified" type="t" access="read"/>
  </interface>
  <interface name="org.freedesktop.Secret.Item">
    <property name="Label" type="s" access="read"/>
    <property name="Locked" type="b" access="read"/>
    <property name="Attributes" type="a{ss}" access="read"/>
    <property name="Created" type="t" access="read"/>
    <property name="Modified" type="t" access="read"/>
  </interface>
  <interface name="org.freedesktop.Secret.Prompt">
    <method name="Prompt"><arg type="s" direction="in"/></method>
    <method name="Dismiss"/>
    <signal name="Completed"><arg type="b"/><arg type="v"/></signal>
  </interface>
</node>
"""

HAS_ITEM = MODE in ("prompt", "dismiss")
IS_LOCKED = MODE in ("prompt", "dismiss", "hide")


def complete_dismissed(connection):
    result = GLib.Variant("(bv)", (True, GLib.Variant("ao", [])))
    connection.emit_signal(None, PROMPT, "org.freedesktop.Secret.Prompt", "Completed", result)
    return GLib.SOURCE_REMOVE


def answer(connection, method, arguments):
    """The reply to one call; None for an empty one."""
    if method == "OpenSession":
        assert arguments[0] == "plain"
        return GLib.Variant("(vo)", (GLib.Variant("s", ""), ROOT + "/session/1"))
    if method == "SearchItems":
        return GLib.Variant("(aoao)", ([], [ITEM] if HAS_ITEM else []))
    if method == "Unlock":
        return GLib.Variant("(aoo)", ([], PROMPT))
    if method == "ReadAlias":
        return GLib.Variant("(o)", (COLLECTION,))
    if method == "CreateItem":
        return GLib.Variant("(oo)", (ITEM, NOTHING))
    if method == "Prompt" and MODE == "dismiss":
        GLib.idle_add(complete_dismissed, connection)
    return None


def on_call(connection, _sender, _path, _interface, method, arguments, invocation):
    if MODE == "silent":
        return
    if MODE == "vanish":
        os._exit(0)
    try:
        invocation.return_value(answer(connection, method, arguments.unpack()))
    except AssertionError:
        invocation.return_dbus_error("org.freedesktop.DBus.Error.NotSupported", "plain only")


def on_get(_connection, _sender, _path, _interface, name):
    return {
        "Collections": GLib.Variant("ao", [COLLECTION]),
        "Items": GLib.Variant("ao", [ITEM] if HAS_ITEM else []),
        "Attributes": GLib.Variant("a{ss}", {}),
        "Label": GLib.Variant("s", "stub"),
        "Locked": GLib.Variant("b", IS_LOCKED),
        "Created": GLib.Variant("t", 0),
        "Modified": GLib.Variant("t", 0),
    }[name]


def main():
    connection = Gio.bus_get_sync(Gio.BusType.SESSION)
    node = Gio.DBusNodeInfo.new_for_xml(XML)
    objects = zip((ROOT, COLLECTION, ITEM, PROMPT), node.interfaces)
    for path, interface in objects:
        connection.register_object(path, interface, on_call, on_get, None)
    Gio.bus_own_name_on_connection(
        connection, "org.freedesktop.secrets", Gio.BusNameOwnerFlags.NONE, None, None
    )
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
