/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lineages as rows: a text beside a certificate, which leaves with it (ON DELETE CASCADE).  What
 * renews what is the agent's to judge.
 */
#include "daemon/store/store-rows.h"

void
meishi_store_lineage_free(MeishiStoreLineage *lineage)
{
    if (lineage == NULL)
        return;
    g_free(lineage->lineage);
    g_free(lineage);
}

static gpointer
read_lineage(sqlite3_stmt *row)
{
    MeishiStoreLineage *lineage = g_new0(MeishiStoreLineage, 1);

    lineage->cert_id = sqlite3_column_int64(row, 0);
    lineage->lineage = meishi_sql_column_text(row, 1);
    return lineage;
}

GPtrArray *
meishi_store_list_lineages(MeishiStore *store, GError **error)
{
    return meishi_store_list_remembered(
        store, "SELECT cert_id, lineage, sum FROM lineages ORDER BY cert_id", read_lineage,
        (GDestroyNotify)meishi_store_lineage_free, error);
}

gboolean
meishi_store_put_lineage(sqlite3 *db, gint64 cert_id, const char *lineage, GError **error)
{
    if (lineage == NULL)
        return meishi_sql_run(db, "DELETE FROM lineages WHERE cert_id = ?1",
                              MEISHI_SQL_VALUES(meishi_sql_integer(cert_id)), error);
    return meishi_sql_put_row(
        db, "INSERT OR REPLACE INTO lineages (cert_id, lineage, sum) VALUES (?1, ?2, ?3)",
        MEISHI_SQL_VALUES(meishi_sql_integer(cert_id), meishi_sql_text(lineage)), error);
}

static gboolean
put_lineages(sqlite3 *db, GPtrArray *lineages, GError **error)
{
    for (guint i = 0; i < lineages->len; i++) {
        const MeishiStoreLineage *lineage = g_ptr_array_index(lineages, i);
        g_autoptr(MeishiStoreCert) cert = meishi_store_get_cert(db, lineage->cert_id, error);

        if (cert == NULL || !meishi_store_put_lineage(db, cert->id, lineage->lineage, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
meishi_store_set_lineages(MeishiStore *store, GPtrArray *lineages, GError **error)
{
    g_autoptr(MeishiSqlTransaction) transaction = meishi_store_begin(store, error);

    return transaction != NULL && put_lineages(store->db, lineages, error) &&
           meishi_sql_commit(g_steal_pointer(&transaction), error);
}
