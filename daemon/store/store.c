/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Opening and closing: one process per directory, and a vault that was there is never taken for
 * one that never was.  The files and their order are in doc/store-format.md.
 */
#include "daemon/store/store.h"

#include "daemon/base/error.h"
#include "daemon/base/paths.h"
#include "daemon/store/store-file.h"
#include "daemon/store/store-lock.h"
#include "daemon/store/store-private.h"

#include <sys/stat.h>
#include <unistd.h>

#define DATABASE_NAME "vault.db"
#define LOCK_NAME     "lock"

/* ---- shared by the store's files ----------------------------------------------------------- */

GBytes *
meishi_store_sha256(GBytes *bytes)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    guint8 digest[32];
    gsize len = sizeof digest;

    g_checksum_update(sum, g_bytes_get_data(bytes, NULL), (gssize)g_bytes_get_size(bytes));
    g_checksum_get_digest(sum, digest, &len);
    return g_bytes_new(digest, len);
}

MeishiSqlTransaction *
meishi_store_begin(MeishiStore *store, GError **error)
{
    if (store->db != NULL)
        return meishi_sql_begin(store->db, error);
    g_set_error(
        error, MEISHI_ERROR, MEISHI_ERROR_NO_VAULT,
        "There is no vault in %s yet, and nothing can be kept. `meishi vault init` makes one.",
        store->dir);
    return NULL;
}

GPtrArray *
meishi_store_list(MeishiStore *store, const char *sql, MeishiSqlReadRow read,
                  GDestroyNotify free_func, GError **error)
{
    if (store->db == NULL)
        return g_ptr_array_new_with_free_func(free_func);
    return meishi_sql_list_rows(store->db, sql, MEISHI_SQL_NO_VALUES, read, free_func, error);
}

GPtrArray *
meishi_store_list_remembered(MeishiStore *store, const char *sql, MeishiSqlReadRow read,
                             GDestroyNotify free_func, GError **error)
{
    const MeishiSqlReader reader = {read, free_func};
    guint n_damaged = 0;
    GPtrArray *list;

    if (store->db == NULL)
        return g_ptr_array_new_with_free_func(free_func);
    list = meishi_sql_list_intact_rows(store->db, sql, MEISHI_SQL_NO_VALUES, &reader, &n_damaged,
                                       error);
    store->n_passed_over += n_damaged;
    return list;
}

guint
meishi_store_n_passed_over(const MeishiStore *store)
{
    return store->n_passed_over;
}

/* ---- opening ------------------------------------------------------------------------------- */

static gpointer
read_vault_id(sqlite3_stmt *row)
{
    return meishi_sql_column_bytes(row, 1);
}

GBytes *
meishi_store_get_vault_id(sqlite3 *db, GError **error)
{
    g_autoptr(GPtrArray) ids = meishi_sql_list_rows(
        db, "SELECT one, vault_id, created, sum FROM vault", MEISHI_SQL_NO_VALUES, read_vault_id,
        (GDestroyNotify)g_bytes_unref, error);

    if (ids == NULL)
        return NULL;
    if (ids->len == 1)
        return g_bytes_ref(g_ptr_array_index(ids, 0));
    meishi_sql_set_corrupt(db, "it does not say which vault it is", error);
    return NULL;
}

/* Whoever wrote MAKING and did not come to MADE is completed here.  Best effort: the vault is
 * there, and the next start tries again. */
static void
note_made(MeishiStore *store)
{
    g_autofree char *id = meishi_store_hex(store->vault_id);
    g_autofree char *noted = NULL;
    MeishiStoreNote note;

    if (meishi_store_lock_read(store->lock_fd, &note, &noted, NULL) &&
        note == MEISHI_STORE_NOTE_MADE && g_str_equal(noted, id))
        return;
    (void)!meishi_store_lock_write(store->lock_fd, MEISHI_STORE_NOTE_MADE, id, NULL);
}

gboolean
meishi_store_attach(MeishiStore *store, GError **error)
{
    g_autoptr(sqlite3) db = meishi_store_file_open(store->path, &meishi_store_schema, error);
    GBytes *vault_id = db != NULL ? meishi_store_get_vault_id(db, error) : NULL;

    if (vault_id == NULL)
        return FALSE;
    store->db = g_steal_pointer(&db);
    store->vault_id = vault_id;
    note_made(store);
    return TRUE;
}

/* The database is not there. */
static gboolean
check_never_made(MeishiStore *store, GError **error)
{
    g_autofree char *id = NULL;
    g_autofree char *log = g_strconcat(store->path, "-wal", NULL);
    MeishiStoreNote note;
    gboolean log_exists;

    if (!meishi_store_lock_read(store->lock_fd, &note, &id, error) ||
        !meishi_store_file_check_private(log, S_IFREG, &log_exists, error))
        return FALSE;
    if (!log_exists && (note == MEISHI_STORE_NOTE_NONE || note == MEISHI_STORE_NOTE_MAKING))
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_CORRUPT,
                "The vault %s was made in %s, and its file " DATABASE_NAME
                " is gone. Put the file back; or, to give it up, move the directory out of the "
                "way and then restore a backup with `meishi vault restore` or start anew.",
                id != NULL ? id : "(unknown)", store->dir);
    return FALSE;
}

static gboolean
lock_directory(MeishiStore *store, GError **error)
{
    g_autofree char *lock = g_build_filename(store->dir, LOCK_NAME, NULL);
    gboolean exists;

    if (!meishi_paths_ensure_private_dir(store->dir, error) ||
        !meishi_store_file_check_private(store->dir, S_IFDIR, NULL, error) ||
        !meishi_store_file_check_private(lock, S_IFREG, &exists, error))
        return FALSE;
    store->lock_fd = meishi_store_lock_open(lock, error);
    return store->lock_fd >= 0;
}

static gboolean
open_database(MeishiStore *store, GError **error)
{
    g_autofree char *unfinished = meishi_store_new_path(store);
    gboolean exists;

    meishi_store_file_remove(unfinished);
    if (!meishi_store_file_check_private(store->path, S_IFREG, &exists, error))
        return FALSE;
    return exists ? meishi_store_attach(store, error) : check_never_made(store, error);
}

MeishiStore *
meishi_store_open(const char *dir, GError **error)
{
    g_autoptr(MeishiStore) store = g_new0(MeishiStore, 1);

    store->dir = g_strdup(dir);
    store->path = g_build_filename(dir, DATABASE_NAME, NULL);
    store->lock_fd = -1;
    if (!lock_directory(store, error) || !open_database(store, error))
        return NULL;
    return g_steal_pointer(&store);
}

void
meishi_store_close(MeishiStore *store)
{
    if (store == NULL)
        return;
    g_clear_pointer(&store->db, sqlite3_close);
    g_clear_pointer(&store->vault_id, g_bytes_unref);
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    g_free(store->path);
    g_free(store->dir);
    g_free(store);
}

const char *
meishi_store_dir(MeishiStore *store)
{
    return store->dir;
}

gboolean
meishi_store_has_vault(MeishiStore *store)
{
    return store->db != NULL;
}

GBytes *
meishi_store_vault_id(MeishiStore *store)
{
    return store->vault_id != NULL ? g_bytes_ref(store->vault_id) : NULL;
}
