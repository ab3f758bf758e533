/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiHints: what a process is about to connect to.  PKCS#11 has no word for a target, so it
 * comes on another way: `meishi exec` binds one to the process that it becomes, and a program that
 * has just selected over D-Bus finds its selection first.
 */
#pragma once

#include "daemon/agent/application.h"

#define MEISHI_HINT_RECENT_SECONDS 120

typedef enum {
    MEISHI_HINT_BOUND,  /* the process and its children see this identity and no other */
    MEISHI_HINT_RECENT, /* the process sees it first, for MEISHI_HINT_RECENT_SECONDS */
} MeishiHintKind;

typedef struct {
    MeishiHintKind kind;
    MeishiApplication *process;
    char *protocol;
    MeishiHost host;
    guint port;
    char *id;       /* of the identity; NULL: none is to be seen */
    gint64 expires; /* 0: with the process */
} MeishiHint;

typedef struct MeishiHints MeishiHints;

MeishiHints *meishi_hints_new(void);
void meishi_hints_free(MeishiHints *hints); /* NULL is fine */

/* Replaces what is known of @process; its request says the target.  @id may be NULL for BOUND.
 * FALSE where @process has ended, is bound and @kind is not, or there are too many: whoever is
 * bound makes room for nobody, because that would set it free. */
gboolean meishi_hints_add(MeishiHints *hints, MeishiHintKind kind, MeishiApplication *process,
                          const MeishiRequest *request, const char *id, gint64 now);

/* TRUE where @process has that very hint already; it is as if it were given now, then. */
gboolean
meishi_hints_renew(MeishiHints *hints, MeishiHintKind kind, const MeishiApplication *process,
                   const MeishiRequest *request, const char *id, gint64 now);

/* The hint for @process: its own, or the one that is bound to its nearest ancestor; NULL.  Borrowed
 * until the next call that adds or sweeps. */
const MeishiHint *
meishi_hints_find(MeishiHints *hints, const MeishiApplication *process, gint64 now);

/* Forgets what has expired and whose process has ended; TRUE where there was any. */
gboolean meishi_hints_sweep(MeishiHints *hints, gint64 now);

/* The first second at which a hint expires; G_MAXINT64: none does. */
gint64 meishi_hints_next_expiry(const MeishiHints *hints);

/* Every hint, oldest first; @func may not change them. */
typedef void (*MeishiHintFunc)(const MeishiHint *hint, gpointer user_data);
void meishi_hints_foreach(const MeishiHints *hints, MeishiHintFunc func, gpointer user_data);
