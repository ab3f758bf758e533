/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Firefox and Thunderbird bring an NSS of their own, which is newer than the system's, and what it
 * writes an older one cannot always read: since NSS 3.110 or so, a primary password's key is
 * derived with another hash.  Which libraries wrote a profile stands in its compatibility.ini
 * (nsAppRunner.cpp, WriteVersion()).
 *
 * Whoever can write to a profile says what is loaded: a browser in its sandbox, or who sent it.  So
 * it is only ever what an administrator installed.
 */
#include "cli/move-in/nss-library.h"

#include "cli/setup/text-lines.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_INI 65536
#define KEY     "LastPlatformDir"

/* What meishi-nss-export loads. */
static const char *const libraries[] = {
    "libnss3.so", "libnssutil3.so", "libsmime3.so", "libsoftokn3.so", "libfreeblpriv3.so",
};

static char *
read_ini(const char *profile)
{
    g_autofree char *path = g_build_filename(profile, "compatibility.ini", NULL);
    char *text = NULL;
    struct stat st;

    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > MAX_INI ||
        !g_file_get_contents(path, &text, NULL, NULL))
        return NULL;
    return text;
}

static char *
find_value(const char *text)
{
    MeishiTextLine line = {.next = text};
    char *value = NULL;

    while (value == NULL && meishi_text_line_read(line.next, &line))
        value = meishi_text_line_value(&line, KEY, '=');
    return value;
}

/* Whether nobody but root and @owner can change what is at @path.  A sticky directory keeps each
 * entry for whoever owns it. */
static gboolean
is_trusted(const char *path, uid_t owner)
{
    struct stat st;

    if (stat(path, &st) != 0 || (st.st_uid != 0 && st.st_uid != owner))
        return FALSE;
    return (st.st_mode & (S_IWGRP | S_IWOTH)) == 0 ||
           (S_ISDIR(st.st_mode) && (st.st_mode & S_ISVTX) != 0);
}

/* With all that leads there: whoever can rename a directory can put another in its place. */
static gboolean
is_trusted_directory(const char *real, uid_t owner)
{
    g_autofree char *path = g_strdup(real);

    while (is_trusted(path, owner)) {
        char *parent = g_path_get_dirname(path);
        gboolean is_top = strcmp(parent, path) == 0;

        g_free(path);
        path = parent;
        if (is_top)
            return TRUE;
    }
    return FALSE;
}

static gboolean
has_libraries(const char *directory, uid_t owner)
{
    for (gsize i = 0; i < G_N_ELEMENTS(libraries); i++) {
        g_autofree char *path = g_build_filename(directory, libraries[i], NULL);

        if (!is_trusted(path, owner))
            return FALSE;
    }
    return is_trusted_directory(directory, owner);
}

/* @path without links, which could lead elsewhere later. */
static char *
find_real(const char *path)
{
    char *real = g_path_is_absolute(path) ? realpath(path, NULL) : NULL;
    char *copy = g_strdup(real);

    free(real);
    return copy;
}

char *
meishi_nss_library_find(const char *profile, uid_t owner)
{
    g_autofree char *text = read_ini(profile);
    g_autofree char *named = text != NULL ? find_value(text) : NULL;
    g_autofree char *directory = named != NULL ? find_real(named) : NULL;

    /* A colon would separate it from another directory, and the loader replaces "$ORIGIN". */
    if (directory == NULL || strpbrk(directory, ":;$") != NULL || !has_libraries(directory, owner))
        return NULL;
    return g_steal_pointer(&directory);
}
