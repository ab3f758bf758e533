# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a daemon could ask a prompter, in the text form of a{sv}."""

import time

DAY = 86400


def days(number):
    """The moment so many days from now."""
    return f"int64 {int(time.time()) + number * DAY}"


def dictionary(entries):
    return "{" + ", ".join(f"'{name}': <{value}>" for name, value in entries.items()) + "}"


def with_facts(entries, facts):
    """`facts`: replace or complete them, "_" standing for "-" in names."""
    return entries | {name.replace("_", "-"): value for name, value in facts.items()}


def candidate(number, label, **facts):
    """One certificate."""
    return dictionary(with_facts({
        "identity": f"objectpath '/i/{number}'", "id": f"'{number:02x}{'ab' * 31}'",
        "label": f"'{label}'", "subject": f"'CN={label},O=Example Corp'",
        "issuer": "'CN=Issuing CA 3,O=Example Corp'", "serial": f"'0{number}4f2a'",
        "key": "'EC P-256'", "place": "'software'", "kind": "'ok'", "code": "'OK'",
        "not-before": days(-100), "not-after": days(400),
    }, facts))  # fmt: skip


def question(*candidates, **facts):
    """A program wants to know which certificate."""
    entries = {
        "application": "'exe:/usr/bin/curl'", "application-trust": "'exe'", "pid": "uint32 4711",
        "host": "'git.example.com'", "port": "uint32 8443", "kind": "'choose'",
        "accepts": "['CN=Issuing CA 3,O=Example Corp']", "n-accepts": "uint32 1",
        "scopes": "['once', 'session', 'always']", "reaches": "['host-port', 'host']",
        "any-application": "true",
    }  # fmt: skip
    if candidates:
        entries |= {"preselected": "objectpath '/i/1'", "candidates": f"[{', '.join(candidates)}]"}
    return dictionary(with_facts(entries, facts))
