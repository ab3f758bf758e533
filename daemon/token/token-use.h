/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiTokenUse: the keys of one token in use, by everybody at once.
 *
 * One thing at a time goes to the token, programs taking turns; one login serves them all, and
 * nobody but whoever holds this logs in.  It says what is missing (a PIN) and asks nobody: who
 * types a PIN, and how long it holds, is the agent's business.
 *
 * For one token that was put in once.  When it goes, everything under way and everything later ends
 * with UNAVAILABLE.  Main loop.
 */
#pragma once

#include "daemon/token/module-watch.h"
#include "daemon/token/pairing.h"

typedef struct MeishiTokenUse MeishiTokenUse;

/* Borrows @watch until meishi_token_use_lose(). */
MeishiTokenUse *meishi_token_use_new(MeishiModuleWatch *watch, MeishiTokenContent *token);
MeishiTokenUse *meishi_token_use_ref(MeishiTokenUse *use);
void meishi_token_use_unref(MeishiTokenUse *use); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiTokenUse, meishi_token_use_unref)

/* The token went. */
void meishi_token_use_lose(MeishiTokenUse *use);
gboolean meishi_token_use_is_lost(const MeishiTokenUse *use);

/* The token as it is now: flags change with wrong PINs.  Borrowed. */
MeishiTokenContent *meishi_token_use_token(const MeishiTokenUse *use);
/* It was looked at again, and is the same one. */
void meishi_token_use_set_token(MeishiTokenUse *use, MeishiTokenContent *token);

/* How many tries are left at its PIN, as far as the token says, and what it says is not refuted by
 * a PIN that was right. */
MeishiPinTries meishi_token_use_pin_tries(const MeishiTokenUse *use);

/* ---- the login ------------------------------------------------------------------------------ */

gboolean meishi_token_use_is_logged_in(const MeishiTokenUse *use);

/* @pin NULL: at the token's own keys.  WRONG_SECRET where the PIN is wrong and can be tried again,
 * LOCKED where it is blocked, INVALID_ARGUMENT where no such PIN can be right (its length), DENIED
 * where others left it the last try meanwhile, CANCELLED by the person at the keys, UNAVAILABLE,
 * TIMEOUT, FAILED. */
void meishi_token_use_login_async(MeishiTokenUse *use, MeishiSecret *pin,
                                  GAsyncReadyCallback callback, gpointer user_data);
/* At the token's own keys, until it is cancelled: that ends the waiting, at the price of a new
 * start of the module, so that all its tokens lose their logins. */
void meishi_token_use_login_at_reader_async(MeishiTokenUse *use, GCancellable *cancellable,
                                            GAsyncReadyCallback callback, gpointer user_data);
gboolean
meishi_token_use_login_finish(GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The PIN that the token took by a login or another PIN that went well; borrowed from @result.
 * NULL: it was typed at the token, or nobody looked at it, as the token was open by then. */
MeishiSecret *meishi_token_use_taken_pin(GAsyncResult *result);

/* Ends it when all who are in line have had their turn; nobody is told. */
void meishi_token_use_logout(MeishiTokenUse *use);
/* The same before the next one has its turn. */
void meishi_token_use_logout_first(MeishiTokenUse *use);

/* ---- another PIN ---------------------------------------------------------------------------- */

/* Takes the place of @old; both NULL: at the token's own keys.  Errors as of a login, and
 * UNSUPPORTED.  TRUE: the token was opened with the new one, or says that it has it; who was logged
 * in is, with the new one, unless it was typed at the token. */
void meishi_token_use_change_pin_async(MeishiTokenUse *use, MeishiSecret *old, MeishiSecret *new,
                                       GAsyncReadyCallback callback, gpointer user_data);

/* The same for a PIN that is blocked or was forgotten; @puk: what the token's maker calls PUK, or
 * the security officer's PIN.  WRONG_SECRET where that is wrong, LOCKED where it is blocked too. */
void meishi_token_use_unblock_pin_async(MeishiTokenUse *use, MeishiSecret *puk, MeishiSecret *new,
                                        GAsyncReadyCallback callback, gpointer user_data);

gboolean
meishi_token_use_set_pin_finish(GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- operations ----------------------------------------------------------------------------- */

/* One way to a result. */
typedef struct {
    struct meishi_msg_mechanism mechanism;
    struct meishi_bytes data;
} MeishiTokenWay;

#define MEISHI_TOKEN_MAX_WAYS 3

typedef struct {
    gconstpointer who;                   /* takes turns with others; compared by address */
    const MeishiTokenIdentity *identity; /* whose key; copied */
    guint operation;                     /* enum meishi_wire_operation */
    /* Ways to the same result, the best first; the first that the token has is taken. */
    MeishiTokenWay ways[MEISHI_TOKEN_MAX_WAYS];
    guint n_ways;
    MeishiSecret *pin; /* for this use alone: keys with CKA_ALWAYS_AUTHENTICATE; NULL */
    gboolean use_pad;  /* the same at the token's own keys */
    /* Whether a result is what the identity's public key makes of it: the proof that the right key
     * was found.  NULL: cannot be told. */
    gboolean (*verify)(struct meishi_bytes result, gpointer user_data);
    gpointer verify_data;
    GDestroyNotify verify_free;
} MeishiTokenJob;

/* Takes @job->verify_data over, copies the rest.  LOCKED: a login is missing; PASSWORD_REQUIRED:
 * the key wants a PIN for each use; WRONG_SECRET, as above, for that one; NOT_FOUND: no such key;
 * MECHANISM: none of the ways; KEY_MISMATCH: no key made a result that verifies; UNAVAILABLE,
 * TIMEOUT, CANCELLED, FAILED.  A result that is lost by cancelling is made all the same, except at
 * the token's own keys, as above. */
void meishi_token_use_operate_async(MeishiTokenUse *use, const MeishiTokenJob *job,
                                    GCancellable *cancellable, GAsyncReadyCallback callback,
                                    gpointer user_data);
MeishiSecret *
meishi_token_use_operate_finish(GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- writing -------------------------------------------------------------------------------- */

/* Makes the object that @template (template.h) describes; @who takes turns with others.  LOCKED: a
 * login is missing; UNSUPPORTED: the token takes nothing, or not this; NO_SPACE; UNAVAILABLE,
 * TIMEOUT, FAILED. */
void meishi_token_use_create_async(MeishiTokenUse *use, gconstpointer who, MeishiSecret *template,
                                   GAsyncReadyCallback callback, gpointer user_data);
gboolean meishi_token_use_create_finish(GAsyncResult *result, guint64 *ret_object,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Takes an object away again; the same errors. */
void meishi_token_use_destroy_async(MeishiTokenUse *use, gconstpointer who, guint64 object,
                                    GAsyncReadyCallback callback, gpointer user_data);
gboolean
meishi_token_use_destroy_finish(GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Everything on the token (new array of MeishiTokenObject), as the login shows it that there is. */
void meishi_token_use_list_async(MeishiTokenUse *use, gconstpointer who,
                                 GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *
meishi_token_use_list_finish(GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Something was written: what everybody sees of the token is read anew. */
void meishi_token_use_read_again(MeishiTokenUse *use);
