/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Renaming and removing, each one transaction.  What is removed is overwritten, in the database at
 * once and not when the log happens to be moved there.
 */
#include "daemon/store/store-rows.h"

#include "daemon/base/error.h"

static void
set_label(char **label, const char *to)
{
    g_free(*label);
    *label = g_strdup(to);
}

gboolean
meishi_store_rename_cert(MeishiStore *store, gint64 id, const char *label, GError **error)
{
    g_autoptr(MeishiSqlTransaction) transaction = meishi_store_begin(store, error);
    g_autoptr(MeishiStoreCert) cert =
        transaction != NULL ? meishi_store_get_cert(store->db, id, error) : NULL;

    if (cert == NULL)
        return FALSE;
    set_label(&cert->label, label);
    return meishi_store_update_cert(store->db, cert, error) &&
           meishi_sql_commit(g_steal_pointer(&transaction), error);
}

gboolean
meishi_store_rename_key(MeishiStore *store, gint64 id, const char *label, GError **error)
{
    g_autoptr(MeishiSqlTransaction) transaction = meishi_store_begin(store, error);
    g_autoptr(MeishiStoreKey) key =
        transaction != NULL ? meishi_store_get_key(store->db, id, error) : NULL;

    if (key == NULL)
        return FALSE;
    set_label(&key->label, label);
    return meishi_store_update_key(store->db, key, error) &&
           meishi_sql_commit(g_steal_pointer(&transaction), error);
}

gboolean
meishi_store_set_allow_raw(MeishiStore *store, gint64 key_id, gboolean allow, GError **error)
{
    g_autoptr(MeishiSqlTransaction) transaction = meishi_store_begin(store, error);
    g_autoptr(MeishiStoreKey) key =
        transaction != NULL ? meishi_store_get_key(store->db, key_id, error) : NULL;

    if (key == NULL)
        return FALSE;
    key->allow_raw = allow;
    return meishi_store_update_key(store->db, key, error) &&
           meishi_sql_commit(g_steal_pointer(&transaction), error);
}

/* In this order: the issuers while it is still known which came with the certificate, the key when
 * the certificate does not refer to it any more. */
static gboolean
delete_cert(sqlite3 *db, const MeishiStoreCert *cert, GError **error)
{
    return meishi_sql_run(db,
                          "DELETE FROM issuers WHERE id IN ("
                          " SELECT issuer_id FROM cert_issuers WHERE cert_id = ?1"
                          " EXCEPT SELECT issuer_id FROM cert_issuers WHERE cert_id <> ?1)",
                          MEISHI_SQL_VALUES(meishi_sql_integer(cert->id)), error) &&
           meishi_sql_run(db, "DELETE FROM certs WHERE id = ?1",
                          MEISHI_SQL_VALUES(meishi_sql_integer(cert->id)), error) &&
           meishi_sql_run(db,
                          "DELETE FROM keys WHERE id = ?1"
                          " AND NOT EXISTS (SELECT 1 FROM certs WHERE key_id = ?1)",
                          MEISHI_SQL_VALUES(meishi_sql_integer(cert->key_id)), error);
}

gboolean
meishi_store_remove_cert(MeishiStore *store, gint64 id, GError **error)
{
    g_autoptr(MeishiSqlTransaction) transaction = meishi_store_begin(store, error);
    g_autoptr(MeishiStoreCert) cert =
        transaction != NULL ? meishi_store_get_cert(store->db, id, error) : NULL;

    if (cert == NULL || !delete_cert(store->db, cert, error) ||
        !meishi_sql_commit(g_steal_pointer(&transaction), error))
        return FALSE;
    meishi_sql_truncate_log(store->db); /* overwrites it in the database too */
    return TRUE;
}

static gboolean
check_unused(sqlite3 *db, gint64 key_id, GError **error)
{
    gint64 n;

    if (!meishi_sql_get_integer(db, "SELECT count(*) FROM certs WHERE key_id = ?1",
                                MEISHI_SQL_VALUES(meishi_sql_integer(key_id)), &n, error))
        return FALSE;
    if (n == 0)
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_DENIED,
                "A certificate uses this key; remove the certificate, and the key goes with it.");
    return FALSE;
}

gboolean
meishi_store_remove_key(MeishiStore *store, gint64 id, GError **error)
{
    g_autoptr(MeishiSqlTransaction) transaction = meishi_store_begin(store, error);
    g_autoptr(MeishiStoreKey) key =
        transaction != NULL ? meishi_store_get_key(store->db, id, error) : NULL;

    if (key == NULL || !check_unused(store->db, id, error) ||
        !meishi_sql_run(store->db, "DELETE FROM keys WHERE id = ?1",
                        MEISHI_SQL_VALUES(meishi_sql_integer(id)), error) ||
        !meishi_sql_commit(g_steal_pointer(&transaction), error))
        return FALSE;
    meishi_sql_truncate_log(store->db); /* overwrites it in the database too */
    return TRUE;
}
