/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What identities met at targets, as rows.  They name an identity by its digest and not by its row:
 * what a server refused is worth knowing when the same certificate comes back.
 */
#include "daemon/store/store-private.h"

#define COLUMNS "host, port, identity, suspicion, accepted, last_accepted, refused_at, alert, sum"

void
meishi_store_meeting_free(MeishiStoreMeeting *meeting)
{
    if (meeting == NULL)
        return;
    g_free(meeting->host);
    g_free(meeting->identity);
    g_free(meeting);
}

static gpointer
read_meeting(sqlite3_stmt *row)
{
    MeishiStoreMeeting *meeting = g_new0(MeishiStoreMeeting, 1);

    meeting->host = meishi_sql_column_text(row, 0);
    meeting->port = (guint)sqlite3_column_int64(row, 1);
    meeting->identity = meishi_sql_column_text(row, 2);
    meeting->suspicion = sqlite3_column_int(row, 3);
    meeting->accepted = (guint)sqlite3_column_int64(row, 4);
    meeting->last_accepted = sqlite3_column_int64(row, 5);
    meeting->refused_at = sqlite3_column_int64(row, 6);
    meeting->alert = (guint8)sqlite3_column_int(row, 7);
    return meeting;
}

GPtrArray *
meishi_store_list_meetings(MeishiStore *store, GError **error)
{
    return meishi_store_list_remembered(
        store, "SELECT " COLUMNS " FROM meetings ORDER BY host, port, identity", read_meeting,
        (GDestroyNotify)meishi_store_meeting_free, error);
}

gboolean
meishi_store_write_meeting(MeishiStore *store, const MeishiStoreMeeting *meeting, GError **error)
{
    g_autoptr(MeishiSqlTransaction) transaction = meishi_store_begin(store, error);

    return transaction != NULL &&
           meishi_sql_put_row(
               store->db,
               "INSERT OR REPLACE INTO meetings (" COLUMNS
               ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
               MEISHI_SQL_VALUES(
                   meishi_sql_text(meeting->host), meishi_sql_integer(meeting->port),
                   meishi_sql_text(meeting->identity), meishi_sql_integer(meeting->suspicion),
                   meishi_sql_integer(meeting->accepted),
                   meishi_sql_integer(meeting->last_accepted),
                   meishi_sql_integer(meeting->refused_at), meishi_sql_integer(meeting->alert)),
               error) &&
           meishi_sql_commit(g_steal_pointer(&transaction), error);
}

gboolean
meishi_store_remove_meetings(MeishiStore *store, const char *host, guint port, const char *identity,
                             GError **error)
{
    g_autoptr(MeishiSqlTransaction) transaction = meishi_store_begin(store, error);

    if (transaction == NULL ||
        !meishi_sql_run(store->db,
                        "DELETE FROM meetings WHERE (?1 IS NULL OR host = ?1)"
                        " AND (?2 = 0 OR port = ?2) AND (?3 IS NULL OR identity = ?3)",
                        MEISHI_SQL_VALUES(meishi_sql_text(host), meishi_sql_integer(port),
                                          meishi_sql_text(identity)),
                        error) ||
        !meishi_sql_commit(g_steal_pointer(&transaction), error))
        return FALSE;
    meishi_sql_truncate_log(store->db); /* overwrites them in the database too */
    return TRUE;
}
