/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Choices as rows, in force and forgotten.  One call is one transaction, so that what is forgotten
 * together can be had back together; the caller's structures learn their ids when it is durable.
 */
#include "daemon/store/store-private.h"

#include "daemon/base/error.h"

#include <string.h>

#define COLUMNS                                                                        \
    "id, reach, protocol_class, host, port, application, context, lineage,"            \
    " selection_group, created, last_used, uses, suspicion, alert, digest, forgotten," \
    " batch, replaced_by, sum"

void
meishi_store_choice_free(MeishiStoreChoice *choice)
{
    if (choice == NULL)
        return;
    g_free(choice->protocol_class);
    g_free(choice->host);
    g_free(choice->application);
    g_free(choice->context);
    g_free(choice->lineage);
    g_free(choice->group);
    g_free(choice);
}

/* The table holds it to its length. */
static void
read_digest(sqlite3_stmt *row, int n, guint8 ret_digest[static 32])
{
    if (sqlite3_column_bytes(row, n) == 32)
        memcpy(ret_digest, sqlite3_column_blob(row, n), 32);
}

static gpointer
read_choice(sqlite3_stmt *row)
{
    MeishiStoreChoice *choice = g_new0(MeishiStoreChoice, 1);

    choice->id = sqlite3_column_int64(row, 0);
    choice->reach = sqlite3_column_int(row, 1);
    choice->protocol_class = meishi_sql_column_text(row, 2);
    choice->host = meishi_sql_column_text(row, 3);
    choice->port = (guint)sqlite3_column_int64(row, 4);
    choice->application = meishi_sql_column_text(row, 5);
    choice->context = meishi_sql_column_text(row, 6);
    choice->lineage = meishi_sql_column_text(row, 7);
    choice->group = meishi_sql_column_text(row, 8);
    choice->created = sqlite3_column_int64(row, 9);
    choice->last_used = sqlite3_column_int64(row, 10);
    choice->uses = (guint)sqlite3_column_int64(row, 11);
    choice->suspicion = sqlite3_column_int(row, 12);
    choice->alert = (guint8)sqlite3_column_int(row, 13);
    read_digest(row, 14, choice->digest);
    choice->forgotten = sqlite3_column_int64(row, 15);
    choice->batch = sqlite3_column_int64(row, 16);
    choice->replaced_by = sqlite3_column_int64(row, 17);
    return choice;
}

GPtrArray *
meishi_store_list_choices(MeishiStore *store, GError **error)
{
    return meishi_store_list_remembered(store, "SELECT " COLUMNS " FROM choices ORDER BY id",
                                        read_choice, (GDestroyNotify)meishi_store_choice_free,
                                        error);
}

static gboolean
put_choice(sqlite3 *db, gint64 id, const MeishiStoreChoice *choice, GError **error)
{
    g_autoptr(GBytes) digest = g_bytes_new(choice->digest, sizeof choice->digest);

    return meishi_sql_put_row(
        db,
        "INSERT OR REPLACE INTO choices (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"
        " ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
        MEISHI_SQL_VALUES(meishi_sql_integer(id), meishi_sql_integer(choice->reach),
                          meishi_sql_text(choice->protocol_class), meishi_sql_text(choice->host),
                          meishi_sql_integer(choice->port), meishi_sql_text(choice->application),
                          meishi_sql_text(choice->context), meishi_sql_text(choice->lineage),
                          meishi_sql_text(choice->group), meishi_sql_integer(choice->created),
                          meishi_sql_integer(choice->last_used), meishi_sql_integer(choice->uses),
                          meishi_sql_integer(choice->suspicion), meishi_sql_integer(choice->alert),
                          meishi_sql_bytes(digest), meishi_sql_integer(choice->forgotten),
                          meishi_sql_integer(choice->batch),
                          meishi_sql_integer(choice->replaced_by)),
        error);
}

/* Writes all; @ids (gint64) learns the number of each. */
static gboolean
put_choices(sqlite3 *db, GPtrArray *choices, GArray *ids, GError **error)
{
    for (guint i = 0; choices != NULL && i < choices->len; i++) {
        const MeishiStoreChoice *choice = g_ptr_array_index(choices, i);
        gint64 id = choice->id;

        if (id == 0 && !meishi_sql_get_integer(db, MEISHI_SQL_NEXT_ID("choices"),
                                               MEISHI_SQL_NO_VALUES, &id, error))
            return FALSE;
        if (!put_choice(db, id, choice, error))
            return FALSE;
        g_array_append_val(ids, id);
    }
    return TRUE;
}

static gboolean
remove_choices(sqlite3 *db, GArray *removed, GError **error)
{
    for (guint i = 0; removed != NULL && i < removed->len; i++)
        if (!meishi_sql_run(
                db, "DELETE FROM choices WHERE id = ?1",
                MEISHI_SQL_VALUES(meishi_sql_integer(g_array_index(removed, gint64, i))), error))
            return FALSE;
    return TRUE;
}

gboolean
meishi_store_write_choices(MeishiStore *store, GPtrArray *choices, GArray *removed, GError **error)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_autoptr(MeishiSqlTransaction) transaction = meishi_store_begin(store, error);

    if (transaction == NULL || !remove_choices(store->db, removed, error) ||
        !put_choices(store->db, choices, ids, error) ||
        !meishi_sql_commit(g_steal_pointer(&transaction), error))
        return FALSE;
    for (guint i = 0; i < ids->len; i++)
        ((MeishiStoreChoice *)g_ptr_array_index(choices, i))->id = g_array_index(ids, gint64, i);
    if (removed != NULL && removed->len > 0)
        meishi_sql_truncate_log(store->db); /* overwrites them in the database too */
    return TRUE;
}
