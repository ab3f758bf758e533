/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads directories of small files, of which administrators, packages and people add some each.
 * Says what lies there and whose it is; what the files mean is for others.
 */
#pragma once

#include <glib.h>

#define MEISHI_DROP_IN_MAX_FILES 4096
#define MEISHI_DROP_IN_MAX_BYTES (1024 * 1024) /* of one file */

typedef struct {
    char *name; /* "10-corp.conf" */
    char *path;
    GBytes *text;  /* empty for a link to /dev/null; NULL where it could not be read */
    guint owner;   /* uid; of the directory where that is the less trustworthy one */
    guint mode;    /* permission bits, those by which others may write to the directory included */
    char *problem; /* why there is no text, as a sentence; NULL */
} MeishiDropIn;

void meishi_drop_in_free(MeishiDropIn *file); /* NULL is fine */

/* Every file of @dir whose name ends with @suffix and does not begin with a dot (MeishiDropIn), by
 * name; none where the directory is not there.  Links are not followed.  What is wrong with the
 * directory itself comes as one file with a problem and the directory's path. */
GPtrArray *meishi_drop_in_list(const char *dir, const char *suffix);
