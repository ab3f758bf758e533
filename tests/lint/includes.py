#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds the include lines to the arrows of doc/architecture.md.

Which directory may include which, and which foreign library each may know.  Where a library has
no header of its own (GDBus is part of GIO), its names are looked for instead.
"""

import re

from common import code_only, files, line_of, main, read

# Headers of other projects, by family; everything else in <> has to look like libc or Linux.
FAMILIES = {
    "glib": re.compile(r"glib(-unix)?\.h$|glib/|glib-object\.h$"),
    "gio": re.compile(r"gio/"),
    "openssl": re.compile(r"openssl/"),
    "sqlite": re.compile(r"sqlite3\.h$"),
    "p11-kit": re.compile(r"p11-kit/"),
    "libsecret": re.compile(r"libsecret/"),
    "json": re.compile(r"json-glib/"),
    "gnutls": re.compile(r"gnutls/"),
    "assuan": re.compile(r"assuan\.h$"),
    "gtk": re.compile(r"gtk/|gdk/"),
    "adwaita": re.compile(r"adwaita\.h$"),
    "nss": re.compile(r"(nss|cert|keyhi|p12|pk11pub|prerror|secerr|secport)\.h$"),
    "libc": re.compile(r"[a-z0-9_]+\.h$|(sys|linux|netinet|arpa)/"),
}

# Names that betray a library whatever was included.
NAMES = {
    "gdbus": re.compile(r"\bg_dbus_\w+|\bGDBus\w+|\bg_bus_(get|own|watch)\w*"),
}

BASE = ["daemon/base/"]
# What the command line knows of the daemon's insides: values and readers, no state.
PURE = ["daemon/policy/", "daemon/crypto/crypto.h"]
CRYPTOKI = "module/wire/cryptoki.h"  # names and numbers only
# What words are made from: facts that somebody else has read.
PROMPTER_WORDS = [
    "daemon/asking/differences.h", "daemon/asking/distinguished.h", "daemon/asking/imported.h",
    "daemon/asking/question.h", "daemon/base/error.h", "daemon/base/untrusted.h",
]  # fmt: skip

# directory: (libraries, project headers by prefix).  The longest matching directory counts; its
# own headers and config.h are always allowed.
MATRIX = {
    "module/wire": (["libc"], []),
    "module/wire/cryptoki.h": (["libc", "p11-kit"], []),
    "module": (["libc"], ["module/wire/"]),
    "daemon/base": (["libc", "glib"], []),
    "daemon/policy": (["libc", "glib"], ["daemon/base/error.h"]),
    "daemon/rules": (["libc", "glib"], [*BASE, "daemon/policy/"]),
    "daemon/crypto": (["libc", "glib", "openssl"], [*BASE, "daemon/policy/", CRYPTOKI]),
    "daemon/store": (["libc", "glib", "sqlite"], BASE),
    "daemon/keyring": (["libc", "glib", "gio", "libsecret", "gdbus"], BASE),
    # A process of its own that loads foreign modules; knows nothing of what the daemon keeps.
    "daemon/tokenhost": (["libc", "glib"], [*BASE, "module/wire/"]),
    "daemon/token": (
        ["libc", "glib", "gio", "p11-kit"],
        [*BASE, "daemon/policy/cert.h", "module/wire/", "daemon/tokenhost/message.h",
         "daemon/tokenhost/protocol.h"],
    ),
    "daemon/agent": (
        ["libc", "glib", "gio"],
        [*BASE, "daemon/policy/", "daemon/rules/", "daemon/crypto/crypto.h", "daemon/store/store.h",
         "daemon/keyring/keyring.h", "daemon/token/", CRYPTOKI],
    ),
    "daemon/server": (
        ["libc", "glib", "gio"],
        [*BASE, "daemon/agent/", "daemon/policy/", "daemon/crypto/crypto.h", "module/wire/"],
    ),
    "daemon/bus": (
        ["libc", "glib", "gio", "gdbus"],
        [*BASE, "daemon/agent/", "daemon/policy/", "daemon/crypto/crypto.h",
         "daemon/token/uri.h", "daemon/server/peer.h"],
    ),
    # Windows; what they say, without a window and with nothing that could answer; and the bus.
    "daemon/prompter": (
        ["libc", "glib", "gtk", "adwaita"],
        ["daemon/asking/imported.h", "daemon/asking/question.h", *BASE, "daemon/prompter/words/"],
    ),
    # What the desktop knows of a program.
    "daemon/prompter/installed-program.h": (["glib", "gio"], []),
    "daemon/prompter/installed-program.c": (["libc", "glib", "gio"], []),
    "daemon/prompter/words": (["libc", "glib"], PROMPTER_WORDS),
    "daemon/prompter/words/import-trouble.c": (["libc", "glib", "gio"], PROMPTER_WORDS),
    # Files that a person opened, and the daemon that they are sent to.
    **{
        f"daemon/prompter/{name}": (
            ["libc", "glib", "gio", "gdbus"],
            ["daemon/asking/", *BASE, "daemon/bus/error.h", "daemon/prompter/"],
        )
        for name in ("import-client.c", "import-client.h")
    },
    **{
        f"daemon/prompter/{name}": (
            ["libc", "glib", "gio"], ["daemon/base/fd.h", "daemon/prompter/"]
        )
        for name in ("import-file.c", "import-file.h", "import-window.c", "import-window.h")
    },
    **{
        f"daemon/prompter/{name}": (
            ["libc", "glib", "gio", "gdbus", "adwaita"],
            ["daemon/asking/", *BASE, "daemon/bus/agent1.h", "daemon/prompter/"],
        )
        for name in ("prompter.c", "prompter.h", "main.c")
    },
    "daemon/main.c": (["libc", "glib", "gio"], ["daemon/"]),
    "cli": (
        ["libc", "glib", "gio", "gdbus", "json"],
        [*BASE, *PURE, "daemon/asking/", "daemon/rules/", "daemon/bus/agent1.h",
         "daemon/bus/error.h", "cli/setup/", "cli/move-in/move-in.h", "cli/doctor/"],
    ),
    # A process of its own, the only one with NSS in it.
    "cli/nss": (["libc", "glib", "nss"], BASE),
    "cli/move-in": (
        ["libc", "glib", "gio", "json"],
        [*BASE, *PURE, "daemon/asking/", "cli/"],
    ),
    # Where programs look for modules, and what is written there; needs no daemon.
    "cli/setup": (
        ["libc", "glib", "json"], [*BASE, "cli/policy-json.h", "daemon/token/module-file.h"]
    ),
    # What is wrong: seeing it, and judging what was seen, which knows nothing else.
    "cli/doctor": (
        ["libc", "glib", "json"],
        ["cli/doctor/", "cli/json.h", "cli/style.h", "cli/table.h", "cli/text.h"],
    ),
    "cli/doctor/judge": (["libc", "glib"], ["cli/old-copies.h"]),
    "cli/doctor/gather": (
        ["libc", "glib", "gio", "gdbus"],
        [*BASE, *PURE, "cli/client.h", "cli/doctor/judge/facts.h", "cli/modules.h",
         "cli/old-copies.h", "cli/policy-state.h", "cli/setup/", "daemon/asking/dict.h",
         "daemon/rules/rule-files.h", "daemon/token/module-file.h"],
    ),
    **{
        f"cli/{name}": (["libc", "glib", "gio", "gnutls"], [*BASE, *PURE])
        for name in ("tls.c", "tls-judge.c", "tls-judge.h", "tls-session.c", "tls-session.h")
    },
    "cli/pinentry-talk.c": (["libc", "glib", "assuan"], BASE),
}  # fmt: skip

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+([<"])([^>"]+)[>"]', re.M)


def rule_for(path):
    """The longest entry of MATRIX that `path` lies in; None for tests and the like."""
    fitting = [key for key in MATRIX if path == key or path.startswith(key + "/")]
    return max(fitting, key=len, default=None)


def check_foreign(header, libraries):
    for family, pattern in FAMILIES.items():
        if pattern.match(header):
            return None if family in libraries else f"may not include {family} <{header}>"
    return f"includes <{header}>, which belongs to no known library"


def check_own(header, directory, prefixes):
    if header in ("config.h",) or header.rpartition("/")[0] == directory:
        return None
    if "/" not in header:
        return f'includes "{header}", which is not written from the project root'
    if any(header.startswith(prefix) for prefix in prefixes):
        return None
    return f'may not include "{header}"'


def check_file(root, path):
    key = rule_for(path)
    if key is None:
        return
    text = read(root, path)
    libraries, prefixes = MATRIX[key]
    directory = path.rpartition("/")[0]
    for match in INCLUDE.finditer(text):
        mark, header = match.groups()
        if mark == "<":
            problem = check_foreign(header, libraries)
        else:
            problem = check_own(header, directory, prefixes)
        if problem:
            yield f"{path}:{line_of(text, match.start())}: {problem}"
    code = code_only(text)
    for family, pattern in NAMES.items():
        found = None if family in libraries else pattern.search(code)
        if found:
            yield f"{path}:{line_of(code, found.start())}: may not use {family} ({found.group()})"


def check(root):
    for path in files(root, ".c", ".h"):
        yield from check_file(root, str(path))


PLANTS = [
    ("module/sign.c", "#include <glib.h>\n", "may not include glib"),
    ("module/wire/msg.c", '#include "module/sock.h"\n', 'may not include "module/sock.h"'),
    ("module/wire/msg.c", "#include <p11-kit/pkcs11.h>\n", "may not include p11-kit"),
    ("daemon/agent/agent.c", "#include <openssl/evp.h>\n", "may not include openssl"),
    ("daemon/agent/agent.c", '#include "daemon/store/sql.h"\n', "may not include"),
    ("daemon/agent/agent.c", "static GDBusConnection *c;\n", "may not use gdbus"),
    ("daemon/policy/check.c", "#include <gio/gio.h>\n", "may not include gio"),
    ("daemon/rules/rule-files.c", '#include "daemon/agent/agent.h"\n', "may not include"),
    ("daemon/store/store.c", '#include "daemon/crypto/crypto.h"\n', "may not include"),
    ("daemon/server/conn.c", "#include <sqlite3.h>\n", "may not include sqlite"),
    ("daemon/bus/bus.c", '#include "bus.h"\n', "not written from the project root"),
    ("daemon/tokenhost/main.c", '#include "daemon/store/store.h"\n', "may not include"),
    ("daemon/tokenhost/foreign.c", "#include <p11-kit/p11-kit.h>\n", "may not include p11-kit"),
    ("daemon/token/host.c", '#include "daemon/tokenhost/foreign.h"\n', "may not include"),
    ("daemon/bus/bus.c", "#include <libsecret/secret.h>\n", "may not include libsecret"),
    ("daemon/prompter/words/row.c", "#include <gtk/gtk.h>\n", "may not include gtk"),
    ("daemon/prompter/shell.c", "static GDBusConnection *c;\n", "may not use gdbus"),
    ("daemon/prompter/main.c", '#include "daemon/store/store.h"\n', "may not include"),
    ("cli/main.c", "#include <adwaita.h>\n", "may not include adwaita"),
    ("cli/main.c", '#include "daemon/agent/agent.h"\n', "may not include"),
    ("cli/cmd-probe.c", "#include <gnutls/gnutls.h>\n", "may not include gnutls"),
    ("cli/tls.c", '#include "daemon/agent/agent.h"\n', "may not include"),
    ("cli/move-in/nss-source.c", "#include <pk11pub.h>\n", "may not include nss"),
    ("cli/nss/main.c", '#include "cli/client.h"\n', "may not include"),
    ("cli/setup/places.c", '#include "cli/client.h"\n', "may not include"),
    ("cli/policy-input.c", '#include "daemon/crypto/ossl.h"\n', "may not include"),
    ("cli/main.c", "#include <curl/curl.h>\n", "no known library"),
]

if __name__ == "__main__":
    main(check, PLANTS)
