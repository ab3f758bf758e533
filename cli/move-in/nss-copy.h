/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A private copy of an NSS database, as it was at one moment, while its owner may be writing to it.
 */
#pragma once

#include <glib.h>

typedef struct MeishiNssCopy MeishiNssCopy;

/* Copies the database in @directory into the runtime directory.  NOT_FOUND where there is none,
 * UNSUPPORTED for the format of before 2018, BUSY where somebody keeps writing, BAD_FILE, IO.
 * Nothing is written to @directory, not even the time of a last access where that can be helped. */
MeishiNssCopy *meishi_nss_copy_new(const char *directory, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Takes it away again. */
void meishi_nss_copy_free(MeishiNssCopy *copy); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiNssCopy, meishi_nss_copy_free)

const char *meishi_nss_copy_path(const MeishiNssCopy *copy);
