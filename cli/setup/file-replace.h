/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Writing a file so that at every moment the old one or the new one is there, whole, and on disk
 * once we return.
 */
#pragma once

#include "cli/setup/file-state.h"

/* What a file has besides its bytes. */
typedef struct {
    guint mode;
    uid_t uid;
    gid_t gid;
    gboolean has_time; /* else it is now */
    struct timespec time;
} MeishiFileLook;

/* That of @st, without its time. */
void meishi_file_look_init(MeishiFileLook *look, const struct stat *st);

/* That of a new file of ours. */
void meishi_file_look_init_new(MeishiFileLook *look, guint mode);

/* @bytes in the place of @old, which keeps its extended attributes; NULL removes the file.  Fails
 * where the file is no longer the one that was read, cannot be written by us, or has other names
 * that would keep the old content. */
gboolean meishi_file_replace(const MeishiFileState *old, GBytes *bytes, const MeishiFileLook *look,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether that can be tried at all. */
gboolean
meishi_file_replace_check(const MeishiFileState *old, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes what a run that was cut off may have left beside @path. */
void meishi_file_replace_clean(const char *path);

/* Puts the entries of @dir on disk; as good as the file system can. */
void meishi_file_replace_sync(const char *dir);
