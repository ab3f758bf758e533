/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One key per certificate: its SHA-256, and the step of expiry.h that was told.
 */
#include "daemon/agent/expiry-file.h"

#include "daemon/agent/expiry.h"
#include "daemon/base/error.h"

#include <errno.h>

#define GROUP "Expiring"

struct MeishiExpiryFile {
    char *path;
    GKeyFile *steps;
};

MeishiExpiryFile *
meishi_expiry_file_new(const char *dir)
{
    MeishiExpiryFile *file = g_new0(MeishiExpiryFile, 1);

    file->path = g_build_filename(dir, "notices", NULL);
    file->steps = g_key_file_new();
    (void)!g_key_file_load_from_file(file->steps, file->path, G_KEY_FILE_NONE, NULL);
    return file;
}

void
meishi_expiry_file_free(MeishiExpiryFile *file)
{
    if (file == NULL)
        return;
    g_key_file_unref(file->steps);
    g_free(file->path);
    g_free(file);
}

guint
meishi_expiry_file_told(const MeishiExpiryFile *file, const char *id)
{
    int step = g_key_file_get_integer(file->steps, GROUP, id, NULL);

    return (guint)CLAMP(step, MEISHI_EXPIRY_FAR, MEISHI_EXPIRY_PAST);
}

/* Everything else that somebody may have written there goes as well. */
static GKeyFile *
copy_known(const MeishiExpiryFile *file, GHashTable *known)
{
    g_auto(GStrv) ids = g_key_file_get_keys(file->steps, GROUP, NULL, NULL);
    GKeyFile *copy = g_key_file_new();

    for (guint i = 0; ids != NULL && ids[i] != NULL; i++) {
        if (g_hash_table_contains(known, ids[i]))
            g_key_file_set_integer(copy, GROUP, ids[i], (int)meishi_expiry_file_told(file, ids[i]));
    }
    return copy;
}

gboolean
meishi_expiry_file_tell(MeishiExpiryFile *file, const char *id, guint step, GHashTable *known,
                        GError **error)
{
    g_autoptr(GKeyFile) steps = copy_known(file, known);
    g_autofree char *text = NULL;
    gsize len;

    g_key_file_set_integer(steps, GROUP, id, (int)step);
    text = g_key_file_to_data(steps, &len, NULL);
    g_key_file_unref(file->steps);
    file->steps = g_steal_pointer(&steps);
    errno = 0;
    if (g_file_set_contents_full(file->path, text, (gssize)len, G_FILE_SET_CONTENTS_CONSISTENT,
                                 0600, NULL))
        return TRUE;
    g_set_error(error, MEISHI_ERROR, meishi_error_code_of_errno(errno),
                "What was told of certificates that expire cannot be written to %s: %s", file->path,
                g_strerror(errno));
    return FALSE;
}
