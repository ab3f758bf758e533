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
    return meishi_store_list(store, "SELECT cert_id, lineage, sum FROM lineages ORDER BY cert_id",
                             read_lineage, (GDestroyNotify)meishi_store_lineage_free, error);
}

static gboolean
write_lineage(sqlite3 *db, gint64 cert_id, const char *lineage, GError **error)
{
    if (lineage == NULL)
        return meishi_sql_run(db, "DELETE FROM lineages WHERE cert_id = ?1",
                              MEISHI_SQL_VALUES(meishi_sql_integer(cert_id)), error);
    return meishi_sql_put_row(
        db, "INSERT OR REPLACE INTO lineages (cert_id, lineage, sum) VALUES (?1, ?2, ?3)",
        MEISHI_SQL_VALUES(meishi_sql_integer(cert_id), meishi_sql_text(lineage)), error);
}

gboolean
meishi_store_set_lineage(MeishiStore *store, gint64 cert_id, const char *lineage, GError **error)
{
    g_autoptr(MeishiSqlTransaction) transaction = meishi_store_begin(store, error);
    g_autoptr(MeishiStoreCert) cert =
        transaction != NULL ? meishi_store_get_cert(store->db, cert_id, error) : NULL;

    return cert != NULL && write_lineage(store->db, cert_id, lineage, error) &&
           meishi_sql_commit(g_steal_pointer(&transaction), error);
}
