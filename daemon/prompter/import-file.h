/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiImportFile: a file as it was when it was opened.  It is copied into sealed memory at once,
 * so that what the person is shown is what is stored, whatever becomes of the file meanwhile.
 */
#pragma once

#include <gio/gio.h>

typedef struct {
    char *name; /* as it is shown, and told to the daemon; UTF-8 */
    int fd;     /* a sealed memfd */
} MeishiImportFile;

void meishi_import_file_free(MeishiImportFile *file); /* NULL is fine */

/* What @file is called among others. */
char *meishi_import_file_name(GFile *file);

/* Reads @files (GFile), each at most 16 MiB, on a worker thread.  Returns MeishiImportFile; fails
 * as a whole with G_IO_ERROR, and @ret_name, new, is the one that could not be read. */
void meishi_import_file_read_async(GPtrArray *files, GCancellable *cancellable,
                                   GAsyncReadyCallback callback, gpointer data);
GPtrArray *meishi_import_file_read_finish(GAsyncResult *result, char **ret_name,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
