/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A place: one file in which one program looks for PKCS#11 modules, and what stands there now.
 * A value; finding it has changed nothing.  `meishi setup` writes to places, `meishi doctor` judges
 * them.
 */
#pragma once

#include <glib.h>

/* What a place is, and so who reads and writes it. */
typedef enum {
    MEISHI_PLACE_P11_KIT,  /* p11-kit's configuration: GnuTLS, GLib, wget, the OpenSSL engine */
    MEISHI_PLACE_NSS,      /* an NSS database: Firefox, Thunderbird, Chromium */
    MEISHI_PLACE_LIBRARY,  /* a copy of the module where a Flatpak sees it */
    MEISHI_PLACE_JAVA,     /* files of ours that a Java program is started with */
    MEISHI_PLACE_SSH,      /* ~/.ssh/config */
    MEISHI_PLACE_POLICIES, /* Firefox's policies.json, for all users */
    MEISHI_PLACE_UNITS,    /* the user socket, enabled for all users */
    MEISHI_PLACE_NOTHING,  /* a program that is told on its command line, or finds us elsewhere */
} MeishiPlaceKind;

typedef enum {
    MEISHI_PLACE_READY,       /* the program finds the module */
    MEISHI_PLACE_MISSING,     /* nothing here leads to us */
    MEISHI_PLACE_STALE,       /* leads to another Meishi, or to a file that is gone */
    MEISHI_PLACE_DISABLED,    /* leads to us, and the person or administrator has switched us off */
    MEISHI_PLACE_UNREACHABLE, /* a sandbox that the socket cannot be reached from (Snap) */
    MEISHI_PLACE_BROKEN,      /* cannot be read, is malformed, or of a kind that is not written */
    MEISHI_PLACE_ADVICE,      /* never written: hint says what to do */
} MeishiPlaceState;

typedef struct {
    MeishiPlaceKind kind;
    MeishiPlaceState state;
    char *program; /* as `meishi setup PROGRAM` names it: "firefox" */
    char *title;   /* for people: "Firefox, profile default-esr" */
    char *path;    /* the file that is read, and written by setup; NULL for NOTHING */
    char *sandbox; /* "flatpak:org.mozilla.firefox", "snap:firefox"; NULL */
    char *within;  /* who is inside of it can make links: none may lead out of here; NULL */
    char *module;  /* the library of ours that is named there now; NULL */
    char *wanted;  /* the one that should be */
    char *detail;  /* a sentence: why the state is what it is; NULL where it says everything */
    char *hint;    /* lines: what the person types to use it, or to mend it; NULL */
    char *
        in_use_by; /* what has the place open and may overwrite it: "Firefox (process 123)"; NULL */
    GBytes *whole; /* what the file has to be, where all of it is ours (JAVA, LIBRARY); NULL */
    gboolean is_default; /* `meishi setup` without names writes here */
    gboolean is_usage;   /* hint is how to use it where all is well, nothing that mends */
} MeishiPlace;

/* All else is empty; a place that is READY until somebody says otherwise. */
MeishiPlace *meishi_place_new(MeishiPlaceKind kind, const char *program, const char *title);
void meishi_place_free(MeishiPlace *place); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiPlace, meishi_place_free)

/* "ready", "missing", ...; "p11-kit", "nss", ...: for --json; static. */
const char *meishi_place_state_name(MeishiPlaceState state);
const char *meishi_place_kind_name(MeishiPlaceKind kind);
gboolean
meishi_place_kind_parse(const char *name, MeishiPlaceKind *ret_kind) G_GNUC_WARN_UNUSED_RESULT;

/* Whether setup has something to write here. */
gboolean meishi_place_is_to_do(const MeishiPlace *place);
