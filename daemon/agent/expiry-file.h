/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiExpiryFile: what was told of which certificate's end, beside the vault, so that a daemon
 * that starts does not say it again.  Not in the vault: it is worth no migration, no place in a
 * backup, and its loss costs a sentence said twice.
 */
#pragma once

#include <glib.h>

typedef struct MeishiExpiryFile MeishiExpiryFile;

/* Reads DIR/notices; what cannot be read has not been told. */
MeishiExpiryFile *meishi_expiry_file_new(const char *dir);
void meishi_expiry_file_free(MeishiExpiryFile *file); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiExpiryFile, meishi_expiry_file_free)

/* The last step that was told of certificate @id (hex); MEISHI_EXPIRY_FAR. */
guint meishi_expiry_file_told(const MeishiExpiryFile *file, const char *id);

/* Writes that @step was told of @id, and drops what is known of certificates that are not in
 * @known (a set of ids).  Holds until the end of the process where it cannot be written; IO,
 * NO_SPACE. */
gboolean meishi_expiry_file_tell(MeishiExpiryFile *file, const char *id, guint step,
                                 GHashTable *known, GError **error) G_GNUC_WARN_UNUSED_RESULT;
