/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Key slots as rows.  What a slot's fields mean is the agent's; kept here is only that a vault
 * never loses its last one.
 */
#include "daemon/store/store-private.h"

#include "daemon/base/error.h"

void
meishi_store_slot_free(MeishiStoreSlot *slot)
{
    if (slot == NULL)
        return;
    g_clear_pointer(&slot->salt, g_bytes_unref);
    g_clear_pointer(&slot->wrapped, g_bytes_unref);
    g_free(slot->location);
    g_free(slot);
}

static gpointer
read_slot(sqlite3_stmt *row)
{
    MeishiStoreSlot *slot = g_new0(MeishiStoreSlot, 1);

    slot->id = sqlite3_column_int64(row, 0);
    slot->kind = (MeishiSlotKind)sqlite3_column_int(row, 1);
    slot->salt = meishi_sql_column_bytes(row, 2);
    slot->scrypt_log2n = (guint)sqlite3_column_int64(row, 3);
    slot->scrypt_r = (guint)sqlite3_column_int64(row, 4);
    slot->scrypt_p = (guint)sqlite3_column_int64(row, 5);
    slot->location = meishi_sql_column_text(row, 6);
    slot->wrapped = meishi_sql_column_bytes(row, 7);
    slot->created = sqlite3_column_int64(row, 8);
    return slot;
}

GPtrArray *
meishi_store_list_slots(MeishiStore *store, GError **error)
{
    return meishi_store_list(store,
                             "SELECT id, kind, salt, scrypt_log2n, scrypt_r, scrypt_p, location,"
                             " wrapped, created, sum FROM slots ORDER BY id",
                             read_slot, (GDestroyNotify)meishi_store_slot_free, error);
}

gboolean
meishi_store_put_slot(sqlite3 *db, const MeishiStoreSlot *slot, gint64 *ret_id, GError **error)
{
    gint64 id;

    if (!meishi_sql_get_integer(db, MEISHI_SQL_NEXT_ID("slots"), MEISHI_SQL_NO_VALUES, &id, error))
        return FALSE;
    if (!meishi_sql_put_row(
            db,
            "INSERT INTO slots (id, kind, salt, scrypt_log2n, scrypt_r, scrypt_p, location,"
            " wrapped, created, sum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            MEISHI_SQL_VALUES(meishi_sql_integer(id), meishi_sql_integer(slot->kind),
                              meishi_sql_bytes(slot->salt), meishi_sql_integer(slot->scrypt_log2n),
                              meishi_sql_integer(slot->scrypt_r),
                              meishi_sql_integer(slot->scrypt_p), meishi_sql_text(slot->location),
                              meishi_sql_bytes(slot->wrapped), meishi_sql_integer(slot->created)),
            error))
        return FALSE;
    *ret_id = id;
    return TRUE;
}

gboolean
meishi_store_create_vault(MeishiStore *store, GBytes *vault_id, const MeishiStoreSlot *slot,
                          GError **error)
{
    g_return_val_if_fail(g_bytes_get_size(vault_id) == MEISHI_STORE_VAULT_ID_LEN, FALSE);

    return meishi_store_make(store, NULL, vault_id, slot, error);
}

gboolean
meishi_store_add_slot(MeishiStore *store, const MeishiStoreSlot *slot, gint64 *ret_id,
                      GError **error)
{
    g_autoptr(MeishiSqlTransaction) transaction = meishi_store_begin(store, error);
    gint64 id;

    if (transaction == NULL || !meishi_store_put_slot(store->db, slot, &id, error) ||
        !meishi_sql_commit(g_steal_pointer(&transaction), error))
        return FALSE;
    *ret_id = id;
    return TRUE;
}

static gboolean
check_not_last(sqlite3 *db, GError **error)
{
    gint64 n;

    if (!meishi_sql_get_integer(db, "SELECT count(*) FROM slots", MEISHI_SQL_NO_VALUES, &n, error))
        return FALSE;
    if (n > 1)
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_DENIED,
                "This is the last key slot: without it, nothing opens the vault. Add another with "
                "`meishi vault add-slot` first.");
    return FALSE;
}

gboolean
meishi_store_remove_slot(MeishiStore *store, gint64 id, GError **error)
{
    g_autoptr(MeishiSqlTransaction) transaction = meishi_store_begin(store, error);
    gint64 found;

    if (transaction == NULL)
        return FALSE;
    if (!meishi_sql_get_integer(store->db, "SELECT id FROM slots WHERE id = ?1",
                                MEISHI_SQL_VALUES(meishi_sql_integer(id)), &found, error)) {
        g_prefix_error(error, "Key slot %" G_GINT64_FORMAT ": ", id);
        return FALSE;
    }
    if (!check_not_last(store->db, error) ||
        !meishi_sql_run(store->db, "DELETE FROM slots WHERE id = ?1",
                        MEISHI_SQL_VALUES(meishi_sql_integer(id)), error) ||
        !meishi_sql_commit(g_steal_pointer(&transaction), error))
        return FALSE;
    meishi_sql_truncate_log(store->db); /* overwrites it in the database too */
    return TRUE;
}
