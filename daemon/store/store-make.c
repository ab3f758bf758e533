/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How a vault comes into being, empty or from an image: beside the place, then into the place in
 * one rename.  In front of the rename stands the note MAKING, behind it MADE, so that at every
 * moment what is on the disk reads as "no vault" or as the whole of it.
 */
#include "daemon/store/store-private.h"

#include "daemon/base/error.h"
#include "daemon/store/store-file.h"
#include "daemon/store/store-lock.h"

char *
meishi_store_new_path(MeishiStore *store)
{
    return g_strconcat(store->path, ".new", NULL);
}

char *
meishi_store_hex(GBytes *bytes)
{
    const guint8 *data = g_bytes_get_data(bytes, NULL);
    GString *hex = g_string_new(NULL);

    for (gsize i = 0; i < g_bytes_get_size(bytes); i++)
        g_string_append_printf(hex, "%02x", data[i]);
    return g_string_free(hex, FALSE);
}

static gboolean
put_vault(sqlite3 *db, GBytes *vault_id, GError **error)
{
    return meishi_store_schema_migrate(db, &meishi_store_schema, 0, error) &&
           meishi_sql_put_row(db,
                              "INSERT INTO vault (one, vault_id, created, sum)"
                              " VALUES (?1, ?2, ?3, ?4)",
                              MEISHI_SQL_VALUES(meishi_sql_integer(1), meishi_sql_bytes(vault_id),
                                                meishi_sql_integer(g_get_real_time() / 1000000)),
                              error);
}

/* An image's own slots belong to another machine. */
static gboolean
drop_slots(sqlite3 *db, GError **error)
{
    return meishi_sql_run(db, "DELETE FROM slots", MEISHI_SQL_NO_VALUES, error);
}

static gboolean
fill(sqlite3 *db, GBytes *vault_id, const MeishiStoreSlot *slot, GError **error)
{
    g_autoptr(MeishiSqlTransaction) transaction = meishi_sql_begin(db, error);
    gint64 id;

    if (transaction == NULL ||
        !(vault_id != NULL ? put_vault(db, vault_id, error) : drop_slots(db, error)) ||
        !meishi_store_put_slot(db, slot, &id, error))
        return FALSE;
    return meishi_sql_commit(g_steal_pointer(&transaction), error);
}

static gboolean
check_image(sqlite3 *db, GError **error)
{
    g_autoptr(GPtrArray) findings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GBytes) vault_id = meishi_store_get_vault_id(db, error);

    if (vault_id == NULL || !meishi_store_inspect(db, findings, error))
        return FALSE;
    return findings->len == 0 || meishi_sql_set_corrupt(db, g_ptr_array_index(findings, 0), error);
}

/* What is wrong with an image is nothing that the person can mend in the vault's directory.
 * SQLite has several names for damage, "out of memory" among them; the disk's troubles are few. */
static void
blame_image(GError **error)
{
    int code = (*error)->code;

    if (code == MEISHI_ERROR_IO || code == MEISHI_ERROR_NO_SPACE ||
        code == MEISHI_ERROR_PERMISSIONS)
        return;
    g_clear_error(error);
    if (code == MEISHI_ERROR_NEWER_VERSION)
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_NEWER_VERSION,
                    "What is to be restored was written by a newer Meishi. Nothing was changed; "
                    "restore it with that version.");
    else
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE,
                    "What is to be restored is damaged or no Meishi vault. Nothing was changed; "
                    "use another backup.");
}

static sqlite3 *
open_image(const char *path, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autoptr(sqlite3) db = meishi_store_file_open_image(path, &meishi_store_schema, &problem);

    if (db != NULL && check_image(db, &problem))
        return g_steal_pointer(&db);
    blame_image(&problem);
    g_propagate_error(error, g_steal_pointer(&problem));
    return NULL;
}

/* A complete database at @path, closed to nobody's eyes yet but ours. */
static sqlite3 *
build(const char *path, GBytes *image, GBytes *vault_id, const MeishiStoreSlot *slot,
      GError **error)
{
    g_autoptr(sqlite3) db = NULL;

    if (!meishi_store_file_start(path, image, error))
        return NULL;
    db = image != NULL ? open_image(path, error) : meishi_store_file_connect(path, error);
    return db != NULL && fill(db, vault_id, slot, error) ? g_steal_pointer(&db) : NULL;
}

static gboolean
put_in_place(MeishiStore *store, sqlite3 *db, const char *path, GError **error)
{
    g_autoptr(sqlite3) connection = db;
    g_autoptr(GBytes) vault_id = meishi_store_get_vault_id(db, error);
    g_autofree char *id = vault_id != NULL ? meishi_store_hex(vault_id) : NULL;

    if (id == NULL ||
        !meishi_store_lock_write(store->lock_fd, MEISHI_STORE_NOTE_MAKING, id, error) ||
        !meishi_store_file_finish(g_steal_pointer(&connection), path, store->path, error))
        return FALSE;
    if (meishi_store_attach(store, error))
        return TRUE;
    meishi_store_file_remove(store->path);
    return FALSE;
}

gboolean
meishi_store_make(MeishiStore *store, GBytes *image, GBytes *vault_id, const MeishiStoreSlot *slot,
                  GError **error)
{
    g_autofree char *path = meishi_store_new_path(store);
    g_autoptr(sqlite3) db = NULL;

    if (store->db != NULL) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_EXISTS, "There is a vault in %s already",
                    store->dir);
        return FALSE;
    }
    db = build(path, image, vault_id, slot, error);
    if (db != NULL && put_in_place(store, g_steal_pointer(&db), path, error))
        return TRUE;
    g_clear_pointer(&db, sqlite3_close);
    meishi_store_file_remove(path);
    return FALSE;
}
