/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiChoiceBook: what was chosen, and what each identity met at each target.  Choices "always"
 * and all history lie in the store; "session" and "once" live here, and so does everything of a
 * context "private:...".  Forgetting can be taken back for 30 days.
 *
 * A shorter-lived choice stands beside a longer-lived one for the same target and counts before
 * it, so that "this once" does not cost what was said for good.
 *
 * What a choice is and which one counts is said in daemon/policy/{choice,memory}.h.
 */
#pragma once

#include <glib.h>

#include "daemon/policy/memory.h"
#include "daemon/store/store.h"

#define MEISHI_CHOICE_ONCE_SECONDS 120
#define MEISHI_CHOICE_UNDO_SECONDS (G_GINT64_CONSTANT(30) * 86400)
#define MEISHI_CHOICE_MAX          10000 /* "always"; the least recently used makes room */

typedef struct MeishiChoiceBook MeishiChoiceBook;

/* Borrows @store.  CORRUPT and the like from it. */
MeishiChoiceBook *
meishi_choice_book_new(MeishiStore *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void meishi_choice_book_free(MeishiChoiceBook *book); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiChoiceBook, meishi_choice_book_free)

/* For the engine; borrowed until the next change. */
const MeishiMemory *meishi_choice_book_memory(MeishiChoiceBook *book);

/* MeishiChoice of every scope, by host, port, application; copies. */
GPtrArray *meishi_choice_book_list(MeishiChoiceBook *book, gint64 now);

/* Takes @choice, which replaces those of the same reach, protocol class, host, port (where its
 * reach is one port), application and context that live no longer than it.  "Once" holds for
 * MEISHI_CHOICE_ONCE_SECONDS unless it says otherwise; "always" in a private context becomes
 * "session".  @ret_id (may be NULL) is its number.  NO_VAULT where "always" has nowhere to lie. */
gboolean meishi_choice_book_set(MeishiChoiceBook *book, MeishiChoice *choice, gint64 now,
                                gint64 *ret_id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Which choices; a member that is NULL or 0 does not narrow. */
typedef struct {
    gint64 id;
    const char *host; /* normal form */
    guint port;
    const char *application;
    const char *lineage;
    const char *context; /* "" is the empty context */
} MeishiChoiceFilter;

gboolean meishi_choice_filter_fits(const MeishiChoiceFilter *filter, const MeishiChoice *choice);

/* Forgets those that fit and what identities met at their targets; where @filter says no more than
 * host and port, all that was met there; where it says nothing, what is damaged in the store goes
 * too.  @ret_count: how many choices. */
gboolean
meishi_choice_book_forget(MeishiChoiceBook *book, const MeishiChoiceFilter *filter, gint64 now,
                          guint *ret_count, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Takes the last forgetting or replacing back, then the one before it, and so on.  NOT_FOUND where
 * there is nothing left to take back.  A choice made since then for the same target stays, unless
 * it is the one that took the place.  "Once" choices and what was met do not come back. */
gboolean meishi_choice_book_undo(MeishiChoiceBook *book, gint64 now, guint *ret_count,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Two lineages have become one: the choices of @from, forgotten ones too, are of @to. */
gboolean meishi_choice_book_move(MeishiChoiceBook *book, const char *from, const char *to,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The choice was followed: counts it.  Counts reach the store with a delay. */
void meishi_choice_book_used(MeishiChoiceBook *book, gint64 id, gint64 now);

/* What a handshake met: @id is the identity that was sent (NULL: none), @choice_id the choice that
 * was followed (0: none). */
typedef struct {
    const MeishiRequest *request;
    const char *id;
    gint64 choice_id;
    MeishiOutcomeClass class;
    guint8 alert;
} MeishiMeeting;

gboolean meishi_choice_book_report(MeishiChoiceBook *book, const MeishiMeeting *meeting, gint64 now,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What choice @id was followed for failed on this side of the connection: the choice stays, and the
 * person is asked once more before it is followed, until FALSE is said or it was good after all.
 * FALSE where that is no news. */
gboolean meishi_choice_book_ask_once(MeishiChoiceBook *book, gint64 id, gboolean ask_once);

/* Drops the "session" and "once" choices of @context, forgotten ones too, and what was met in it in
 * private; NULL: of every context.  How many were in force.  Only a program that says so ends a
 * context: locking the vault drops nothing. */
guint meishi_choice_book_end_context(MeishiChoiceBook *book, const char *context);

/* Drops "once" choices that have expired, and for good what cannot be had back any more; returns
 * the first second at which there will be more of that; G_MAXINT64. */
gint64 meishi_choice_book_expire(MeishiChoiceBook *book, gint64 now);
