/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiChoiceBook from inside: for the choice-book*.c files only.
 */
#pragma once

#include "daemon/agent/choice-book.h"
#include "daemon/agent/choice-row.h"
#include "daemon/agent/history-book.h"

/* Passing choices are numbered from here, out of the way of those in a vault that is restored
 * while the daemon runs. */
#define FIRST_PASSING_ID G_GINT64_CONSTANT(1000000000)

struct MeishiChoiceBook {
    MeishiStore *store;
    MeishiHistoryBook *history;
    GPtrArray *rows; /* MeishiChoiceRow, in force and forgotten */
    gboolean is_loaded;
    gint64 last_stored_id, last_passing_id, last_batch;
    gint64 flushed;       /* when counters were written */
    MeishiMemory *memory; /* the last that was handed out; NULL */
    gboolean is_stale;    /* it is out of date */
};

/* Reads the store where that was not done yet: a vault may come into being, or be restored, while
 * the book is open. */
gboolean meishi_choice_book_load(MeishiChoiceBook *book, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The choice with that number, unless it was forgotten; borrowed, NULL. */
MeishiChoiceRow *meishi_choice_book_find(MeishiChoiceBook *book, gint64 id);
