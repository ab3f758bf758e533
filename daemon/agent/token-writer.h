/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiTokenWriter: writes what belongs together to a token, all of it or nothing.
 *
 * Logs in first, asking the person where nobody gave a PIN.  What was written has to prove itself
 * by a signature; what does not, or was begun and could not be finished, is taken away again.  One
 * call at a time.  Main loop.
 */
#pragma once

#include "daemon/agent/token-piece.h"
#include "daemon/agent/token-shelf.h"

typedef struct MeishiTokenWriter MeishiTokenWriter;

/* Takes references.  @pin NULL: the person is asked, in the name of @application. */
MeishiTokenWriter *
meishi_token_writer_new(MeishiTokenLock *lock, MeishiApplication *application, MeishiSecret *pin);
void meishi_token_writer_free(MeishiTokenWriter *writer); /* NULL is fine */

/* UNSUPPORTED where nothing can be written to it, as far as the token says. */
gboolean meishi_token_writer_check(const MeishiTokenWriter *writer,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Logs in.  What is on the token, as who is logged in sees it: a new array of MeishiTokenObject.
 * LOCKED, WRONG_SECRET (the @pin), UNAVAILABLE ... */
void meishi_token_writer_open_async(MeishiTokenWriter *writer, GCancellable *cancellable,
                                    GAsyncReadyCallback callback, gpointer user_data);
GPtrArray *
meishi_token_writer_open_finish(GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes the objects; TRUE when each certificate's key has signed.  @ret_n_left_out: how many that
 * are optional the token did not take. */
void meishi_token_writer_write_async(MeishiTokenWriter *writer, const MeishiTokenPieces *pieces,
                                     GCancellable *cancellable, GAsyncReadyCallback callback,
                                     gpointer user_data);
gboolean meishi_token_writer_write_finish(GAsyncResult *result, guint *ret_n_left_out,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
