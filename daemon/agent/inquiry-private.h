/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An inquiry from inside: for the inquiry*.c files of this directory only.
 */
#pragma once

#include "daemon/agent/selector-private.h"

struct MeishiInquiry {
    MeishiAgent *agent; /* NULL: it has ended */
    char *key;
    GPtrArray *waiters;   /* MeishiWaiter */
    GHashTable *ids;      /* of the identities that could be chosen */
    GHashTable *ready;    /* those of them that were strong when it was asked */
    gboolean is_for_card; /* it asks to insert one */
    GVariant *question;
    const char *row; /* static */
    gint64 ask_once; /* the choice because of which it is asked only this once; 0 */
    gboolean was_shown;
    gboolean is_kept_open; /* somebody timed out and may come back for the answer */
    GCancellable *cancellable;
    /* As prompters know it. */
    gboolean is_awaited; /* somebody waits */
    gint64 deadline;     /* of the most patient of them; seconds since 1970 */
    gint64 ends_at;      /* the whole question, likewise */
};

gboolean meishi_inquiry_is_waiting(const MeishiWaiter *waiter);

/* ---- inquiry-time.c: who waits for how long */

/* For the sources of a waiter. */
gboolean meishi_inquiry_on_timeout(gpointer waiter);
gboolean meishi_inquiry_on_cancelled(GCancellable *cancellable, gpointer waiter);

/* The person sees it; wants time.  MeishiAsker. */
void meishi_inquiry_begun(gpointer inquiry);
void meishi_inquiry_extend(gint64 deadline, gpointer inquiry);

/* Tells whoever shows the question, where that is news, whether anybody waits and until when. */
void meishi_inquiry_tell_time(MeishiInquiry *inquiry);

/* ---- inquiry-end.c */

/* The end of the asking; a GAsyncReadyCallback. */
void meishi_inquiry_on_asked(GObject *source, GAsyncResult *result, gpointer inquiry);

/* Whether the card came that the question asks for, which is answered by that; then it is gone. */
gboolean meishi_inquiry_take_card(MeishiInquiry *inquiry);

void meishi_inquiry_free(MeishiInquiry *inquiry);
