/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiTokenBook: the tokens that were seen, what lay on them, and what the person set about them.
 * Knows one again when it comes back.  In the store as far as there is a vault; without one it is
 * good for as long as the daemon runs.  Knows no token that is there and no clock.  Main loop.
 */
#pragma once

#include "daemon/store/store.h"
#include "daemon/token/token-content.h"

#define MEISHI_TOKEN_BOOK_MAX            64 /* the one that was away longest makes room */
#define MEISHI_TOKEN_BOOK_MAX_IDENTITIES 64 /* that are remembered of one */
#define MEISHI_TOKEN_BOOK_MAX_ISSUERS    64

/* The book's, until it is forgotten; only what is said to be may be changed, and then by the
 * book. */
typedef struct {
    guint number; /* of no other, as long as the daemon runs; 1 and above */
    MeishiStoreToken *facts;
    GPtrArray *identities; /* MeishiStoreTokenIdentity: when it was there last */
    GPtrArray *issuers;    /* MeishiStoreTokenIssuer: the same */
    gboolean is_there;     /* somebody holds it, see below */
    gboolean is_twin;      /* the same token in a second slot: is not kept */
    gboolean is_changed;   /* the store does not have it so */
    gboolean has_other_content;
} MeishiKnownToken;

typedef struct MeishiTokenBook MeishiTokenBook;

MeishiTokenBook *
meishi_token_book_new(MeishiStore *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void meishi_token_book_free(MeishiTokenBook *book); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiTokenBook, meishi_token_book_free)

/* MeishiKnownToken, in the order they were met; borrowed. */
GPtrArray *meishi_token_book_list(const MeishiTokenBook *book);

/* What is to be remembered of a token that is there: @facts as its module tells them, and the
 * certificates on it. */
typedef struct {
    const MeishiTokenContent *facts;
    gint kind;
    MeishiStoreTokenContent on_it;
} MeishiTokenSeen;

/* Which one that is, and that it is there from now on.  Never NULL: a new one where it is none of
 * those that are away.  Recognized are a serial number that says something, with model and maker;
 * without one, the same label and a certificate in common. */
MeishiKnownToken *meishi_token_book_meet(MeishiTokenBook *book, const MeishiTokenSeen *seen);

/* What it shows now. */
void meishi_token_book_note(MeishiTokenBook *book, MeishiKnownToken *known,
                            const MeishiTokenSeen *seen, gint64 now);

/* It went.  A twin, and one that nothing is kept of, is forgotten. */
void meishi_token_book_part(MeishiTokenBook *book, MeishiKnownToken *known, gint64 now);

/* The number that the identity of the certificate @der has had; 0: none. */
gint64 meishi_token_book_find_number(const MeishiTokenBook *book, GBytes *der);
/* Whether @number is that of another certificate. */
gboolean meishi_token_book_is_taken(const MeishiTokenBook *book, gint64 number, GBytes *der);

/* What the person set about the PIN; 0: nothing, and no minutes.  The store's errors; NO_VAULT is
 * none, since it is good for as long as the daemon runs. */
gboolean meishi_token_book_set_pin(MeishiTokenBook *book, MeishiKnownToken *known, gint keep,
                                   guint minutes, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* It never was.  For one that is away. */
gboolean meishi_token_book_forget(MeishiTokenBook *book, MeishiKnownToken *known,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes what the store does not have yet.  Best effort: what could not be written now is the next
 * time.  Also after a vault was made or restored: then what that remembers is taken in, and TRUE
 * returned where it was anything. */
gboolean meishi_token_book_save(MeishiTokenBook *book);
