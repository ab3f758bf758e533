/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Files that meishi hands to the daemon.
 */
#pragma once

#include <glib.h>

typedef struct {
    char *name; /* for messages, UTF-8 */
    int fd;
} MeishiInputFile;

/* Opens @path for reading; "-" and everything else that is no regular file (pipes, <(...)) is
 * copied, so that it can be sent more than once.  A directory is an error, and so is a terminal. */
MeishiInputFile *meishi_input_file_new(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A regular file that is open already; takes @fd over. */
MeishiInputFile *meishi_input_file_new_for_fd(const char *name, int fd);
/* What is no file at all. */
MeishiInputFile *meishi_input_file_new_for_bytes(const char *name, gconstpointer bytes, gsize len,
                                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
void meishi_input_file_free(MeishiInputFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiInputFile, meishi_input_file_free)
