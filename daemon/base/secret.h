/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiSecret: the only form in which the daemon holds secret bytes outside OpenSSL.
 *
 * One private mapping per secret: locked (best effort), left out of core files, not inherited by
 * fork, wiped on the last unref.  Immutable once it is shared; reference counting is thread-safe.
 * There is no function that prints or copies one out.
 */
#pragma once

#include <glib.h>

typedef struct MeishiSecret MeishiSecret;

/* A secret of @len zero bytes (0 is allowed); the caller fills it through
 * meishi_secret_writable() before anybody else sees it.  Never NULL: aborts without memory. */
MeishiSecret *meishi_secret_new(gsize len);
MeishiSecret *meishi_secret_new_copy(gconstpointer data, gsize len);

/* Reads @fd to its end, at most @max bytes.  Fails with INVALID_ARGUMENT above that and IO on a
 * read error; leaves @fd open.  Blocks: call it on a worker thread or with a file or pipe whose
 * writer is done. */
MeishiSecret *
meishi_secret_new_from_fd(int fd, gsize max, GError **error) G_GNUC_WARN_UNUSED_RESULT;

MeishiSecret *meishi_secret_ref(MeishiSecret *secret);
void meishi_secret_unref(MeishiSecret *secret); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiSecret, meishi_secret_unref)

const guint8 *meishi_secret_data(const MeishiSecret *secret); /* never NULL, also when empty */
gsize meishi_secret_len(const MeishiSecret *secret);

/* For the creator only, before the secret is shared. */
guint8 *meishi_secret_writable(MeishiSecret *secret);

/* Shortens the secret to @len bytes and wipes the rest; creator only. */
void meishi_secret_truncate(MeishiSecret *secret, gsize len);

/* Compares in time that depends on the lengths alone. */
gboolean meishi_secret_equal(const MeishiSecret *a, const MeishiSecret *b);
