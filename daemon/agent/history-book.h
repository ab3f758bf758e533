/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiHistoryBook: what each identity met at each target, in the store, or here alone where it
 * happened in a context "private:...".  Part of MeishiChoiceBook, which is the door.
 */
#pragma once

#include "daemon/policy/memory.h"
#include "daemon/store/store.h"

/* Beyond it, what was met longest ago makes room. */
#define MEISHI_HISTORY_MAX 10000

typedef struct MeishiHistoryBook MeishiHistoryBook;

/* Borrows @store. */
MeishiHistoryBook *meishi_history_book_new(MeishiStore *store);
void meishi_history_book_free(MeishiHistoryBook *book); /* NULL is fine */

/* Reads the store; once, when there is a vault. */
gboolean
meishi_history_book_load(MeishiHistoryBook *book, GError **error) G_GNUC_WARN_UNUSED_RESULT;

void meishi_history_book_fill(MeishiHistoryBook *book, MeishiMemory *memory);

/* @identity met this at the target of @request.  Where the store fails it holds here
 * nevertheless: what a server refused must not be sent again because a disk is full. */
gboolean meishi_history_book_report(MeishiHistoryBook *book, const MeishiRequest *request,
                                    const char *identity, const MeishiHistory *history,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* New to everything: all zero. */
MeishiHistory meishi_history_book_lookup(MeishiHistoryBook *book, const MeishiRequest *request,
                                         const char *identity);

/* Forgets what any identity met at @host (NULL: anywhere), @port (0: any), and at all names below
 * @host where @below. */
gboolean meishi_history_book_forget(MeishiHistoryBook *book, const char *host, guint port,
                                    gboolean below, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Forgets what was met in the private @context; NULL: in any. */
void meishi_history_book_end_context(MeishiHistoryBook *book, const char *context);
