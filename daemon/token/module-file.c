/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads what p11-kit reads, and more forgivingly: where p11-kit gives up on everything, one file is
 * left out and said.
 */
#include "daemon/token/module-file.h"

#include "daemon/base/error.h"

#include <string.h>

#define SUFFIX    ".module"
#define MAX_BYTES 65536

static gboolean
add_line(GHashTable *settings, char *line, GError **error)
{
    char *colon;

    g_strstrip(line);
    if (line[0] == '\0' || line[0] == '#')
        return TRUE;
    colon = strchr(line, ':');
    if (colon == NULL) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE, "the line \"%.40s\" has no colon",
                    line);
        return FALSE;
    }
    *colon = '\0';
    g_hash_table_replace(settings, g_strdup(g_strchomp(line)), g_strdup(g_strchug(colon + 1)));
    return TRUE;
}

GHashTable *
meishi_module_file_parse(const char *text, GError **error)
{
    g_autoptr(GHashTable) settings = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_auto(GStrv) lines = NULL;

    if (!g_utf8_validate(text, -1, NULL)) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE, "it is not UTF-8 text");
        return NULL;
    }
    lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++) {
        if (!add_line(settings, lines[i], error))
            return NULL;
    }
    return g_steal_pointer(&settings);
}

GHashTable *
meishi_module_file_read(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) cause = NULL;
    gsize len;

    if (!g_file_get_contents(path, &text, &len, &cause)) {
        gboolean is_absent = g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT) ||
                             g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOTDIR);

        g_set_error_literal(error, MEISHI_ERROR,
                            is_absent ? MEISHI_ERROR_NOT_FOUND : MEISHI_ERROR_IO, cause->message);
        return NULL;
    }
    if (len > MAX_BYTES || strlen(text) != len) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE, "it is not a configuration file");
        return NULL;
    }
    return meishi_module_file_parse(text, error);
}

/* ---- directories ---------------------------------------------------------------------------- */

GHashTable *
meishi_module_files_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                 (GDestroyNotify)g_hash_table_unref);
}

/* p11-kit reads files of any name, whatever its manual says, so an editor's backup counts. */
static char *
name_module(const char *file)
{
    gsize len = strlen(file);

    if (g_str_has_suffix(file, SUFFIX) && len > strlen(SUFFIX))
        len -= strlen(SUFFIX);
    return g_strndup(file, len);
}

static void
merge_settings(GHashTable *settings, GHashTable *defaults)
{
    GHashTableIter iter;
    gpointer name, value;

    g_hash_table_iter_init(&iter, defaults);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        if (!g_hash_table_contains(settings, name))
            g_hash_table_insert(settings, g_strdup(name), g_strdup(value));
    }
}

static void
merge_file(GHashTable *modules, const char *path, const char *file, GPtrArray *remarks)
{
    g_autofree char *name = name_module(file);
    g_autoptr(GError) error = NULL;
    g_autoptr(GHashTable) settings = meishi_module_file_read(path, &error);
    GHashTable *known = g_hash_table_lookup(modules, name);

    if (settings == NULL && remarks != NULL)
        g_ptr_array_add(remarks, g_strdup_printf("%s is passed over: %s.", path, error->message));
    if (settings == NULL)
        return;
    if (known != NULL)
        merge_settings(known, settings);
    else
        g_hash_table_insert(modules, g_steal_pointer(&name), g_steal_pointer(&settings));
}

void
meishi_module_files_merge(GHashTable *modules, const char *dir, GPtrArray *remarks)
{
    g_autoptr(GDir) stream = g_dir_open(dir, 0, NULL);
    const char *file;

    while (stream != NULL && (file = g_dir_read_name(stream)) != NULL) {
        g_autofree char *path = g_build_filename(dir, file, NULL);

        if (!g_file_test(path, G_FILE_TEST_IS_DIR))
            merge_file(modules, path, file, remarks);
    }
}

gboolean
meishi_module_file_has_word(const char *list, const char *word)
{
    g_auto(GStrv) words = g_strsplit_set(list, ", \t", -1);

    return g_strv_contains((const char *const *)words, word);
}
