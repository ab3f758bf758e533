/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The text of an entry, a GKeyFile, so that a person can read what was done.  Undo has to work
 * after an upgrade: what is written here is read by every later version.
 */
#include "cli/setup/journal-entry.h"

#include "daemon/base/error.h"

#include <string.h>

#define GROUP   "Meishi setup"
#define VERSION 1

MeishiJournalEntry *
meishi_journal_entry_new(const char *path)
{
    MeishiJournalEntry *entry = g_new0(MeishiJournalEntry, 1);

    entry->path = g_strdup(path);
    entry->after = g_ptr_array_new_with_free_func(g_free);
    return entry;
}

void
meishi_journal_entry_free(MeishiJournalEntry *entry)
{
    if (entry == NULL)
        return;
    g_free(entry->path);
    g_free(entry->program);
    g_free(entry->title);
    g_free(entry->before);
    g_ptr_array_unref(entry->after);
    g_free(entry);
}

gboolean
meishi_journal_entry_has_written(const MeishiJournalEntry *entry, const char *digest)
{
    return g_ptr_array_find_with_equal_func(entry->after, digest, g_str_equal, NULL);
}

void
meishi_journal_entry_add_written(MeishiJournalEntry *entry, const char *digest)
{
    if (!meishi_journal_entry_has_written(entry, digest))
        g_ptr_array_add(entry->after, g_strdup(digest));
}

/* ---- writing --------------------------------------------------------------------------------- */

/* A path is bytes, a key file is UTF-8. */
static void
set_bytes(GKeyFile *file, const char *key, const char *value)
{
    g_autofree char *escaped = g_strescape(value, NULL);

    g_key_file_set_value(file, GROUP, key, escaped);
}

static void
set_look(GKeyFile *file, const MeishiFileLook *look)
{
    g_autofree char *mode = g_strdup_printf("%04o", look->mode);
    g_autofree char *owner = g_strdup_printf("%u:%u", (guint)look->uid, (guint)look->gid);
    g_autofree char *time = g_strdup_printf("%" G_GINT64_FORMAT ".%09ld", (gint64)look->time.tv_sec,
                                            look->time.tv_nsec);

    g_key_file_set_value(file, GROUP, "Mode", mode);
    g_key_file_set_value(file, GROUP, "Owner", owner);
    g_key_file_set_value(file, GROUP, "Time", time);
}

char *
meishi_journal_entry_format(const MeishiJournalEntry *entry)
{
    g_autoptr(GKeyFile) file = g_key_file_new();

    g_key_file_set_integer(file, GROUP, "Version", VERSION);
    set_bytes(file, "Path", entry->path);
    if (entry->is_directory) {
        g_key_file_set_value(file, GROUP, "Kind", "directory");
        return g_key_file_to_data(file, NULL, NULL);
    }
    g_key_file_set_value(file, GROUP, "Kind", meishi_place_kind_name(entry->kind));
    set_bytes(file, "Program", entry->program);
    set_bytes(file, "Title", entry->title);
    g_key_file_set_value(file, GROUP, "Before", entry->before);
    g_key_file_set_string_list(file, GROUP, "After", (const char *const *)entry->after->pdata,
                               entry->after->len);
    set_look(file, &entry->look);
    return g_key_file_to_data(file, NULL, NULL);
}

/* ---- reading --------------------------------------------------------------------------------- */

static char *
get_bytes(GKeyFile *file, const char *key)
{
    g_autofree char *escaped = g_key_file_get_value(file, GROUP, key, NULL);

    return escaped != NULL ? g_strcompress(escaped) : NULL;
}

/* Reads the number at *@text in @base, which ends with @stop; goes behind that. */
static gboolean
read_number(const char **text, guint base, char stop, gint64 *ret_number)
{
    char *end;

    if (*text == NULL || !g_ascii_isdigit(**text))
        return FALSE;
    *ret_number = (gint64)g_ascii_strtoull(*text, &end, base);
    if (*end != stop)
        return FALSE;
    *text = end + (stop != '\0');
    return TRUE;
}

/* Times before 1970 are rare, and then it is 1970. */
static gboolean
read_time(const char *text, struct timespec *ret_time)
{
    gint64 seconds = 0, nanoseconds = 0;

    if (text != NULL && text[0] == '-')
        return TRUE;
    if (!read_number(&text, 10, '.', &seconds) || !read_number(&text, 10, '\0', &nanoseconds))
        return FALSE;
    if (nanoseconds >= G_GINT64_CONSTANT(1000000000))
        return FALSE;
    *ret_time = (struct timespec){.tv_sec = seconds, .tv_nsec = (long)nanoseconds};
    return TRUE;
}

static gboolean
get_look(GKeyFile *file, MeishiFileLook *look)
{
    g_autofree char *mode = g_key_file_get_value(file, GROUP, "Mode", NULL);
    g_autofree char *owner = g_key_file_get_value(file, GROUP, "Owner", NULL);
    g_autofree char *time = g_key_file_get_value(file, GROUP, "Time", NULL);
    const char *mode_at = mode, *owner_at = owner;
    gint64 bits, uid, gid;

    if (!read_number(&mode_at, 8, '\0', &bits) || !read_number(&owner_at, 10, ':', &uid) ||
        !read_number(&owner_at, 10, '\0', &gid) || !read_time(time, &look->time))
        return FALSE;
    look->mode = (guint)bits & 07777;
    look->uid = (uid_t)uid;
    look->gid = (gid_t)gid;
    look->has_time = TRUE;
    return TRUE;
}

static gboolean
fill_file(MeishiJournalEntry *entry, GKeyFile *file, const char *kind)
{
    g_auto(GStrv) after = g_key_file_get_string_list(file, GROUP, "After", NULL, NULL);

    entry->program = get_bytes(file, "Program");
    entry->title = get_bytes(file, "Title");
    entry->before = g_key_file_get_value(file, GROUP, "Before", NULL);
    for (guint i = 0; after != NULL && after[i] != NULL; i++)
        meishi_journal_entry_add_written(entry, after[i]);
    return meishi_place_kind_parse(kind, &entry->kind) && entry->program != NULL &&
           entry->title != NULL && entry->before != NULL && get_look(file, &entry->look);
}

static MeishiJournalEntry *
read_entry(GKeyFile *file)
{
    g_autofree char *path = get_bytes(file, "Path");
    g_autofree char *kind = g_key_file_get_value(file, GROUP, "Kind", NULL);
    g_autoptr(MeishiJournalEntry) entry = meishi_journal_entry_new(path);

    if (path == NULL || !g_path_is_absolute(path) || kind == NULL)
        return NULL;
    entry->is_directory = strcmp(kind, "directory") == 0;
    if (!entry->is_directory && !fill_file(entry, file, kind))
        return NULL;
    return g_steal_pointer(&entry);
}

MeishiJournalEntry *
meishi_journal_entry_parse(const char *text, gsize len, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    MeishiJournalEntry *entry = NULL;
    int version = 0;

    if (g_key_file_load_from_data(file, text, len, G_KEY_FILE_NONE, NULL))
        version = g_key_file_get_integer(file, GROUP, "Version", NULL);
    if (version > VERSION) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_NEWER_VERSION,
                    "It was written by a newer Meishi, which has to undo it.");
        return NULL;
    }
    if (version == VERSION)
        entry = read_entry(file);
    if (entry == NULL)
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE, "It is no record of setup.");
    return entry;
}
