/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Files that meishi writes: private, whole or not at all, never over another by accident.
 */
#pragma once

#include <glib.h>

typedef struct MeishiOutFile MeishiOutFile;

/* Begins to write @path; the file appears with meishi_out_file_commit() and not before.  Refuses
 * at once where there is one already, unless @force. */
MeishiOutFile *
meishi_out_file_new(const char *path, gboolean force, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Drops what was not committed. */
void meishi_out_file_free(MeishiOutFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiOutFile, meishi_out_file_free)

int meishi_out_file_fd(MeishiOutFile *file);
gboolean meishi_out_file_write(MeishiOutFile *file, gconstpointer data, gsize len,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean meishi_out_file_commit(MeishiOutFile *file, GError **error) G_GNUC_WARN_UNUSED_RESULT;
