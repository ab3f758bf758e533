/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Directories that setup made: noted before they are made, and removed once they are empty.  The
 * journal's own directory is among them, and goes last.
 */
#include "cli/setup/journal-private.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

GPtrArray *
meishi_journal_dirs_missing(const char *dir)
{
    GPtrArray *missing = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *path = g_canonicalize_filename(dir, NULL);

    while (!g_file_test(path, G_FILE_TEST_EXISTS | G_FILE_TEST_IS_SYMLINK)) {
        char *parent = g_path_get_dirname(path);

        g_ptr_array_insert(missing, 0, g_steal_pointer(&path));
        path = parent;
    }
    return missing;
}

gboolean
meishi_journal_dirs_note(MeishiJournal *journal, const char *path, GError **error)
{
    MeishiJournalEntry *entry = meishi_journal_new_entry(journal, path);

    entry->is_directory = TRUE;
    return meishi_journal_write(journal, entry, NULL, error);
}

gboolean
meishi_journal_make_dir(MeishiJournal *journal, const char *dir, GError **error)
{
    g_autoptr(GPtrArray) missing = meishi_journal_dirs_missing(dir);

    for (guint i = 0; i < missing->len; i++) {
        const char *path = missing->pdata[i];
        g_autofree char *parent = g_path_get_dirname(path);

        if (!meishi_journal_dirs_note(journal, path, error))
            return FALSE;
        if (mkdir(path, journal->is_system ? 0755 : 0700) != 0 && errno != EEXIST)
            return meishi_journal_fail(path, error);
        meishi_file_replace_sync(parent);
    }
    return TRUE;
}

/* Longer paths first: what is inside goes before what it is in. */
static int
compare_depth(gconstpointer a, gconstpointer b)
{
    const MeishiJournalEntry *x = a, *y = b;

    return strcmp(y->path, x->path);
}

static GList *
list_dirs(MeishiJournal *journal)
{
    GList *dirs = NULL;

    for (guint i = 0; i < journal->entries->len; i++) {
        MeishiJournalEntry *entry = journal->entries->pdata[i];

        if (entry->is_directory)
            dirs = g_list_prepend(dirs, entry);
    }
    return g_list_sort(dirs, compare_depth);
}

gboolean
meishi_journal_dirs_is_own(MeishiJournal *journal, const char *path)
{
    gsize len = strlen(path);

    return strncmp(journal->dir, path, len) == 0 &&
           (journal->dir[len] == '/' || journal->dir[len] == '\0');
}

/* One that somebody else uses now is not ours any more once nothing of ours is below it. */
void
meishi_journal_remove_dirs(MeishiJournal *journal)
{
    g_autoptr(GPtrArray) files = meishi_journal_list(journal);
    g_autoptr(GList) dirs = list_dirs(journal);

    for (GList *dir = dirs; dir != NULL; dir = dir->next) {
        g_autofree char *path = meishi_journal_path(journal, dir->data);

        if (meishi_journal_dirs_is_own(journal, path))
            continue;
        if (rmdir(path) == 0 || errno == ENOENT || files->len == 0)
            meishi_journal_forget(journal, dir->data);
    }
}

/* The directories that were made for the journal, innermost first. */
static GPtrArray *
forget_own(MeishiJournal *journal)
{
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GList) dirs = list_dirs(journal);

    for (GList *dir = dirs; dir != NULL; dir = dir->next) {
        g_ptr_array_add(paths, meishi_journal_path(journal, dir->data));
        meishi_journal_forget(journal, dir->data);
    }
    return paths;
}

void
meishi_journal_dirs_disappear(MeishiJournal *journal)
{
    g_autoptr(GPtrArray) dirs = forget_own(journal);
    g_autofree char *parent = g_path_get_dirname(journal->dir); /* Meishi's own, too */

    (void)rmdir(journal->dir);
    (void)rmdir(parent);
    for (guint i = 0; i < dirs->len; i++)
        (void)rmdir(dirs->pdata[i]);
}
