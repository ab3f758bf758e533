/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The desktop's Secret Service, at arm's length.
 *
 * libsecret blocks for 25 seconds or for ever and shows "locked" as an empty answer.  So it runs
 * in a process of its own, meishi-keyring (helper.c), which is given one request on a private
 * socket, has a deadline, and is killed at it; the daemon never links libsecret.  The vault's key,
 * 32 bytes, is named by its attribute "item", a random text that the caller chose; the PIN of a
 * token by its attribute "token", a digest of what the token is known by.
 *
 * All calls are asynchronous, for the main loop, and report:
 *   UNAVAILABLE  no session bus or nobody provides the Secret Service: it may be passed over
 *   LOCKED       the keyring is locked, or the answer cannot be told from that; never "absent"
 *   NOT_FOUND    an unlocked keyring that surely has no such item
 *   TIMEOUT, CANCELLED, FAILED
 */
#pragma once

#include <gio/gio.h>

#include "daemon/base/secret.h"

#define MEISHI_KEYRING_SECRET_LEN 32
#define MEISHI_KEYRING_MAX_PIN    256 /* bytes */

/* A call with a deadline above the first one may make the keyring ask the person to unlock it. */
#define MEISHI_KEYRING_DEADLINE_MS        20000  /* nobody needs to do anything */
#define MEISHI_KEYRING_PROMPT_DEADLINE_MS 120000 /* a person may have to type */

/* Puts @deadline_ms in the place of every longer deadline (tests, impatient administrators). */
void meishi_keyring_set_deadline(guint deadline_ms);

/* Takes the helper from @path (tests); NULL: beside the daemon, else where it was installed. */
void meishi_keyring_set_helper(const char *path);

/* Reads the secret of @vault_id (hex). */
void meishi_keyring_lookup_async(const char *item, guint deadline_ms, GCancellable *cancellable,
                                 GAsyncReadyCallback callback, gpointer user_data);
MeishiSecret *
meishi_keyring_lookup_finish(GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Stores @secret (32 bytes) and reads it back; success means that it is there. */
void meishi_keyring_store_async(const char *item, MeishiSecret *secret, guint deadline_ms,
                                GCancellable *cancellable, GAsyncReadyCallback callback,
                                gpointer user_data);
gboolean
meishi_keyring_store_finish(GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes @item; NOT_FOUND where it is not there. */
void meishi_keyring_clear_async(const char *item, guint deadline_ms, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data);
gboolean
meishi_keyring_clear_finish(GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- PINs ------------------------------------------------------------------------------------
 * The same for the PIN of @token (at most 255 bytes); nobody is ever asked to unlock a keyring for
 * it.  Each ends with the finish function above. */

void meishi_keyring_lookup_pin_async(const char *token, GCancellable *cancellable,
                                     GAsyncReadyCallback callback, gpointer user_data);

/* @pin: 1 to MEISHI_KEYRING_MAX_PIN bytes; INVALID_ARGUMENT for another one.  @title: what programs
 * that show the keyring say of it. */
void meishi_keyring_store_pin_async(const char *token, const char *title, MeishiSecret *pin,
                                    GCancellable *cancellable, GAsyncReadyCallback callback,
                                    gpointer user_data);

void meishi_keyring_clear_pin_async(const char *token, GCancellable *cancellable,
                                    GAsyncReadyCallback callback, gpointer user_data);
