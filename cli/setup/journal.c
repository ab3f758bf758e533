/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A directory of small files.  Order is everything: what was there before is on disk before the
 * entry that names it, the entry before the change, and the change is undone before its entry goes.
 * Whenever power fails, what is in the journal is enough to put everything back.
 */
#include "cli/setup/journal-private.h"

#include "daemon/base/error.h"
#include "daemon/base/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX        ".change"
#define BEFORE_SUFFIX ".before"
#define DIGEST_LEN    24 /* of a digest, in names of files */

gboolean
meishi_journal_fail(const char *path, GError **error)
{
    int saved = errno;

    g_set_error(error, MEISHI_ERROR, meishi_error_code_of_errno(saved),
                "Cannot keep the record of setup in %s: %s", path, g_strerror(saved));
    return FALSE;
}

/* ---- names ----------------------------------------------------------------------------------- */

static char *
name_file(MeishiJournal *journal, const char *path)
{
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, path, -1);
    g_autofree char *name = g_strdup_printf("%.*s" SUFFIX, DIGEST_LEN, digest);

    return g_build_filename(journal->dir, name, NULL);
}

/* By its content, so that a new one never takes the place of one that is still named. */
static char *
name_before(MeishiJournal *journal, const MeishiJournalEntry *entry)
{
    g_autofree char *name = g_strdup_printf("%.*s" BEFORE_SUFFIX, DIGEST_LEN, entry->before);

    return g_build_filename(journal->dir, name, NULL);
}

static char *
strip_root(MeishiJournal *journal, const char *path)
{
    gsize len = strlen(journal->root);

    return g_strdup(strncmp(path, journal->root, len) == 0 ? path + len : path);
}

char *
meishi_journal_path(MeishiJournal *journal, const MeishiJournalEntry *entry)
{
    return g_strconcat(journal->root, entry->path, NULL);
}

/* ---- opening --------------------------------------------------------------------------------- */

static int
compare_entries(gconstpointer a, gconstpointer b)
{
    const MeishiJournalEntry *x = *(MeishiJournalEntry *const *)a;
    const MeishiJournalEntry *y = *(MeishiJournalEntry *const *)b;

    return strcmp(x->path, y->path);
}

static gboolean
load_file(MeishiJournal *journal, const char *name, GError **error)
{
    g_autofree char *path = g_build_filename(journal->dir, name, NULL);
    g_autoptr(MeishiFileState) file = meishi_file_state_read(path, "", error);
    MeishiJournalEntry *entry;
    const char *text;
    gsize len;

    if (file == NULL)
        return FALSE;
    if (file->bytes == NULL)
        return TRUE;
    text = g_bytes_get_data(file->bytes, &len);
    entry = meishi_journal_entry_parse(text != NULL ? text : "", len, error);
    if (entry == NULL) {
        g_prefix_error(error, "%s: ", path);
        return FALSE;
    }
    g_ptr_array_add(journal->entries, entry);
    return TRUE;
}

static gboolean
load(MeishiJournal *journal, GError **error)
{
    g_autoptr(GDir) stream = g_dir_open(journal->dir, 0, error);
    const char *name;

    while (stream != NULL && (name = g_dir_read_name(stream)) != NULL) {
        if (g_str_has_suffix(name, SUFFIX) && !load_file(journal, name, error))
            return FALSE;
    }
    g_ptr_array_sort(journal->entries, compare_entries);
    journal->is_loaded = stream != NULL;
    return stream != NULL;
}

/* Whether an entry names the file called @name. */
static gboolean
is_named(MeishiJournal *journal, const char *name)
{
    for (guint i = 0; i < journal->entries->len; i++) {
        const MeishiJournalEntry *entry = journal->entries->pdata[i];

        if (!entry->is_directory && g_str_has_suffix(name, BEFORE_SUFFIX) &&
            strncmp(name, entry->before, DIGEST_LEN) == 0)
            return TRUE;
    }
    return FALSE;
}

/* What was there when power failed between a file and the entry that would have named it. */
static void
remove_leftovers(MeishiJournal *journal)
{
    g_autoptr(GDir) stream = g_dir_open(journal->dir, 0, NULL);
    const char *name;

    while (stream != NULL && (name = g_dir_read_name(stream)) != NULL) {
        g_autofree char *path = g_build_filename(journal->dir, name, NULL);

        if (!g_str_has_suffix(name, SUFFIX) && !is_named(journal, name))
            unlink(path);
    }
}

/* Whether the directory that is locked still is where it was. */
static gboolean
is_in_place(MeishiJournal *journal)
{
    struct stat ours, st;

    return fstat(journal->fd, &ours) == 0 && lstat(journal->dir, &st) == 0 &&
           ours.st_dev == st.st_dev && ours.st_ino == st.st_ino;
}

/* Not *@ret_is_there: it disappeared, by the run that we waited for. */
static gboolean
lock(MeishiJournal *journal, gboolean *ret_is_there, GError **error)
{
    *ret_is_there = FALSE;
    if (journal->fd >= 0)
        close(journal->fd);
    journal->fd = open(journal->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (journal->fd < 0)
        return errno == ENOENT || meishi_journal_fail(journal->dir, error);
    while (flock(journal->fd, LOCK_EX) != 0) {
        if (errno != EINTR)
            return meishi_journal_fail(journal->dir, error);
    }
    *ret_is_there = is_in_place(journal);
    return TRUE;
}

static gboolean
load_and_tidy(MeishiJournal *journal, GError **error)
{
    if (!load(journal, error))
        return FALSE;
    remove_leftovers(journal);
    return TRUE;
}

static MeishiJournal *
new_journal(const MeishiSurroundings *around)
{
    MeishiJournal *journal = g_new0(MeishiJournal, 1);

    journal->root = g_strdup(around->root);
    journal->dir = g_strdup(around->state);
    journal->fd = -1;
    journal->is_system = around->is_system;
    journal->entries = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_journal_entry_free);
    return journal;
}

/* Those of the system are everybody's to see, but for the journal itself. */
static gboolean
make_own_dir(MeishiJournal *journal, GError **error)
{
    g_autofree char *meishi = g_path_get_dirname(journal->dir);

    if (journal->is_system && g_mkdir_with_parents(meishi, 0755) != 0)
        return meishi_journal_fail(meishi, error);
    return meishi_paths_ensure_private_dir(journal->dir, error);
}

/* Makes and locks the directory; *@ret_missing: what there was not of the way to it. */
static gboolean
make_and_lock(MeishiJournal *journal, GPtrArray **ret_missing, GError **error)
{
    gboolean is_there = FALSE;

    *ret_missing = NULL;
    while (!is_there) {
        g_clear_pointer(ret_missing, g_ptr_array_unref);
        *ret_missing = meishi_journal_dirs_missing(journal->dir);
        if (!make_own_dir(journal, error) || !lock(journal, &is_there, error))
            return FALSE;
    }
    return TRUE;
}

MeishiJournal *
meishi_journal_open(const MeishiSurroundings *around, GError **error)
{
    g_autoptr(MeishiJournal) journal = new_journal(around);
    g_autoptr(GPtrArray) missing = NULL;

    if (!make_and_lock(journal, &missing, error) || !load_and_tidy(journal, error))
        return NULL;
    /* Its own directories are noted in itself. */
    for (guint i = 0; i < missing->len; i++) {
        if (!meishi_journal_dirs_note(journal, missing->pdata[i], error))
            return NULL;
    }
    return g_steal_pointer(&journal);
}

MeishiJournal *
meishi_journal_open_existing(const MeishiSurroundings *around, GError **error)
{
    g_autoptr(MeishiJournal) journal = new_journal(around);
    g_autofree char *parent = g_path_get_dirname(journal->dir);
    gboolean is_there;

    if (!g_file_test(journal->dir, G_FILE_TEST_IS_DIR)) {
        /* A run that was cut off may have made no more than this. */
        (void)rmdir(parent);
        return NULL;
    }
    if (!lock(journal, &is_there, error) || !is_there || !load_and_tidy(journal, error))
        return NULL;
    return g_steal_pointer(&journal);
}

/* ---- reading --------------------------------------------------------------------------------- */

GPtrArray *
meishi_journal_list(MeishiJournal *journal)
{
    GPtrArray *list = g_ptr_array_new();

    for (guint i = 0; i < journal->entries->len; i++) {
        MeishiJournalEntry *entry = journal->entries->pdata[i];

        if (!entry->is_directory)
            g_ptr_array_add(list, entry);
    }
    return list;
}

static MeishiJournalEntry *
find_stripped(MeishiJournal *journal, const char *path)
{
    for (guint i = 0; i < journal->entries->len; i++) {
        MeishiJournalEntry *entry = journal->entries->pdata[i];

        if (strcmp(entry->path, path) == 0)
            return entry;
    }
    return NULL;
}

MeishiJournalEntry *
meishi_journal_find(MeishiJournal *journal, const char *path)
{
    g_autofree char *stripped = strip_root(journal, path);

    return find_stripped(journal, stripped);
}

MeishiJournalEntry *
meishi_journal_new_entry(MeishiJournal *journal, const char *path)
{
    g_autofree char *stripped = strip_root(journal, path);

    return meishi_journal_entry_new(stripped);
}

gboolean
meishi_journal_read_before(MeishiJournal *journal, const MeishiJournalEntry *entry,
                           GBytes **ret_before, GError **error)
{
    g_autofree char *path = name_before(journal, entry);
    g_autoptr(MeishiFileState) file = NULL;
    g_autofree char *digest = NULL;

    *ret_before = NULL;
    if (strcmp(entry->before, "absent") == 0)
        return TRUE;
    file = meishi_file_state_read(path, "", error);
    if (file == NULL)
        return FALSE;
    digest = meishi_file_state_digest(file->bytes);
    if (strcmp(digest, entry->before) != 0) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_CORRUPT,
                    "%s is not what it was when setup kept it.", path);
        return FALSE;
    }
    *ret_before = g_bytes_ref(file->bytes);
    return TRUE;
}

/* ---- writing --------------------------------------------------------------------------------- */

static gboolean
write_file(const char *path, GBytes *bytes, GError **error)
{
    g_autoptr(MeishiFileState) old = meishi_file_state_read(path, "", error);
    MeishiFileLook look;

    meishi_file_look_init_new(&look, 0600);
    return old != NULL && meishi_file_replace(old, bytes, &look, error);
}

static gboolean
write_entry(MeishiJournal *journal, const MeishiJournalEntry *entry, GError **error)
{
    g_autofree char *path = name_file(journal, entry->path);
    g_autofree char *text = meishi_journal_entry_format(entry);
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));

    return write_file(path, bytes, error);
}

/* Whether an entry still needs the file that @before would be kept in. */
static gboolean
is_needed(MeishiJournal *journal, const char *before)
{
    for (guint i = 0; i < journal->entries->len; i++) {
        const MeishiJournalEntry *entry = journal->entries->pdata[i];

        if (!entry->is_directory && strcmp(entry->before, before) == 0)
            return TRUE;
    }
    return FALSE;
}

static void
drop_before(MeishiJournal *journal, const MeishiJournalEntry *entry)
{
    g_autofree char *path = entry->is_directory ? NULL : name_before(journal, entry);

    if (path != NULL && !is_needed(journal, entry->before))
        unlink(path);
}

/* Puts @entry where @old was. */
static void
take_in(MeishiJournal *journal, MeishiJournalEntry *entry, MeishiJournalEntry *old)
{
    g_autoptr(MeishiJournalEntry) gone = NULL;
    guint index;

    if (old != NULL && g_ptr_array_find(journal->entries, old, &index))
        gone = g_ptr_array_steal_index(journal->entries, index);
    g_ptr_array_add(journal->entries, entry);
    if (gone != NULL)
        drop_before(journal, gone);
}

gboolean
meishi_journal_write(MeishiJournal *journal, MeishiJournalEntry *entry, GBytes *before,
                     GError **error)
{
    MeishiJournalEntry *old = find_stripped(journal, entry->path);
    g_autoptr(MeishiJournalEntry) owned = old != entry ? entry : NULL;

    if (before != NULL) {
        g_autofree char *path = name_before(journal, entry);

        if (!write_file(path, before, error))
            return FALSE;
    }
    if (!write_entry(journal, entry, error))
        return FALSE;
    if (owned != NULL)
        take_in(journal, g_steal_pointer(&owned), old);
    return TRUE;
}

void
meishi_journal_forget(MeishiJournal *journal, MeishiJournalEntry *entry)
{
    g_autofree char *path = name_file(journal, entry->path);
    g_autoptr(MeishiJournalEntry) gone = NULL;
    guint index;

    unlink(path);
    meishi_file_replace_sync(journal->dir);
    if (!g_ptr_array_find(journal->entries, entry, &index))
        return;
    gone = g_ptr_array_steal_index(journal->entries, index);
    drop_before(journal, gone);
}

/* ---- closing --------------------------------------------------------------------------------- */

static gboolean
is_empty(MeishiJournal *journal)
{
    for (guint i = 0; i < journal->entries->len; i++) {
        const MeishiJournalEntry *entry = journal->entries->pdata[i];
        g_autofree char *path = meishi_journal_path(journal, entry);

        if (!entry->is_directory || !meishi_journal_dirs_is_own(journal, path))
            return FALSE;
    }
    return TRUE;
}

void
meishi_journal_close(MeishiJournal *journal)
{
    if (journal == NULL)
        return;
    if (journal->is_loaded && is_empty(journal))
        meishi_journal_dirs_disappear(journal);
    if (journal->fd >= 0)
        close(journal->fd);
    g_ptr_array_unref(journal->entries);
    g_free(journal->root);
    g_free(journal->dir);
    g_free(journal);
}
