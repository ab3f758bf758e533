/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A file as it is: its bytes and what belongs to it, so that it can be put back.
 */
#pragma once

#include <glib.h>
#include <sys/stat.h>

typedef struct {
    char *path;    /* the file itself: links are followed, so that they stay */
    GBytes *bytes; /* NULL: there is none */
    struct stat st;
} MeishiFileState;

/* @path as it is now.  @root: "" or a directory that it has to lie in wherever links lead.
 * PERMISSIONS, IO, BAD_FILE (a directory; too large; a link to nowhere). */
MeishiFileState *meishi_file_state_read(const char *path, const char *root,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
void meishi_file_state_free(MeishiFileState *state); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiFileState, meishi_file_state_free)

/* Its text, "" for no file; BAD_FILE where it is no text.  New. */
char *
meishi_file_state_text(const MeishiFileState *state, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether @path, as it is now, is still @state's file and was not written since. */
gboolean meishi_file_state_is_current(const MeishiFileState *state);

/* SHA-256 in hexadecimal; "absent" for NULL; new. */
char *meishi_file_state_digest(GBytes *bytes);

/* Whether both are one file, by whatever names. */
gboolean meishi_file_state_is_same(const char *a, const char *b);
