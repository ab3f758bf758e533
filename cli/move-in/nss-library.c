/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Firefox and Thunderbird bring an NSS of their own, which is newer than the system's, and what it
 * writes an older one cannot always read: since NSS 3.110 or so, a primary password's key is
 * derived with another hash.  Which libraries wrote a profile stands in its compatibility.ini
 * (nsAppRunner.cpp, WriteVersion()).
 */
#include "cli/move-in/nss-library.h"

#include "cli/setup/text-lines.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* Whoever could write there could run in our name. */
static gboolean
is_trusted(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && (st.st_uid == 0 || st.st_uid == getuid()) &&
           (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static gboolean
has_libraries(const char *directory)
{
    for (gsize i = 0; i < G_N_ELEMENTS(libraries); i++) {
        g_autofree char *path = g_build_filename(directory, libraries[i], NULL);

        if (!is_trusted(path))
            return FALSE;
    }
    return is_trusted(directory);
}

char *
meishi_nss_library_find(const char *profile)
{
    g_autofree char *text = read_ini(profile);
    g_autofree char *directory = text != NULL ? find_value(text) : NULL;

    /* A colon would separate it from another directory. */
    if (directory == NULL || !g_path_is_absolute(directory) || strchr(directory, ':') != NULL ||
        !has_libraries(directory))
        return NULL;
    return g_steal_pointer(&directory);
}
