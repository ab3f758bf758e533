/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Rows that end in a checksum of their other columns: SHA-256 over type, length and content of
 * each, in order (doc/store-format.md).
 */
#include "daemon/store/sql.h"

#include <string.h>

#define SUM_LEN 32

static void
add_to_sum(GChecksum *sum, char type, gconstpointer data, gsize len)
{
    guint64 be_len = GUINT64_TO_BE((guint64)len);

    g_checksum_update(sum, (const guchar *)&type, 1);
    g_checksum_update(sum, (const guchar *)&be_len, sizeof be_len);
    if (len > 0)
        g_checksum_update(sum, data, (gssize)len);
}

static void
add_integer_to_sum(GChecksum *sum, gint64 integer)
{
    guint64 be = GUINT64_TO_BE((guint64)integer);

    add_to_sum(sum, 'i', &be, sizeof be);
}

static void
add_value_to_sum(GChecksum *sum, const MeishiSqlValue *value)
{
    gsize len;
    gconstpointer data;

    if (value->type == MEISHI_SQL_INTEGER) {
        add_integer_to_sum(sum, value->integer);
    } else if (value->type == MEISHI_SQL_TEXT && value->text != NULL) {
        add_to_sum(sum, 't', value->text, strlen(value->text));
    } else if (value->type == MEISHI_SQL_BYTES && value->bytes != NULL) {
        data = g_bytes_get_data(value->bytes, &len);
        add_to_sum(sum, 'b', data, len);
    } else {
        add_to_sum(sum, 'n', NULL, 0);
    }
}

static void
add_column_to_sum(GChecksum *sum, sqlite3_stmt *row, int n)
{
    int type = sqlite3_column_type(row, n);
    gconstpointer data;

    if (type == SQLITE_INTEGER) {
        add_integer_to_sum(sum, sqlite3_column_int64(row, n));
    } else if (type == SQLITE_NULL) {
        add_to_sum(sum, 'n', NULL, 0);
    } else {
        data = sqlite3_column_blob(row, n);
        add_to_sum(sum, type == SQLITE_TEXT ? 't' : 'b', data, (gsize)sqlite3_column_bytes(row, n));
    }
}

gboolean
meishi_sql_put_row(sqlite3 *db, const char *sql, const MeishiSqlValue *values, GError **error)
{
    g_autoptr(GArray) all = g_array_new(TRUE, FALSE, sizeof *values); /* zero is MEISHI_SQL_END */
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autoptr(GBytes) bytes = NULL;
    guint8 digest[SUM_LEN];
    gsize len = sizeof digest;

    for (; values->type != MEISHI_SQL_END; values++) {
        add_value_to_sum(sum, values);
        g_array_append_vals(all, values, 1);
    }
    g_checksum_get_digest(sum, digest, &len);
    bytes = g_bytes_new(digest, len);
    g_array_append_vals(all, &(const MeishiSqlValue){.type = MEISHI_SQL_BYTES, .bytes = bytes}, 1);
    return meishi_sql_run(db, sql, (const MeishiSqlValue *)(void *)all->data, error);
}

gboolean
meishi_sql_row_is_intact(sqlite3_stmt *row)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    int last = sqlite3_column_count(row) - 1;
    gconstpointer stored = sqlite3_column_blob(row, last);
    guint8 digest[SUM_LEN];
    gsize len = sizeof digest;

    for (int n = 0; n < last; n++)
        add_column_to_sum(sum, row, n);
    g_checksum_get_digest(sum, digest, &len);
    return sqlite3_column_bytes(row, last) == SUM_LEN && memcmp(stored, digest, SUM_LEN) == 0;
}

GPtrArray *
meishi_sql_list_intact_rows(sqlite3 *db, const char *sql, const MeishiSqlValue *values,
                            const MeishiSqlReader *reader, guint *ret_n_damaged, GError **error)
{
    g_autoptr(sqlite3_stmt) statement = meishi_sql_prepare(db, sql, values, error);
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(reader->free_func);
    guint n_damaged = 0;
    gboolean row = TRUE;

    if (statement == NULL)
        return NULL;
    while (meishi_sql_next(statement, &row, error)) {
        if (!row) {
            *ret_n_damaged = n_damaged;
            return g_steal_pointer(&list);
        }
        if (meishi_sql_row_is_intact(statement))
            g_ptr_array_add(list, reader->read(statement));
        else
            n_damaged++;
    }
    return NULL;
}

GPtrArray *
meishi_sql_list_rows(sqlite3 *db, const char *sql, const MeishiSqlValue *values,
                     MeishiSqlReadRow read, GDestroyNotify free_func, GError **error)
{
    const MeishiSqlReader reader = {read, free_func};
    guint n_damaged;
    g_autoptr(GPtrArray) list =
        meishi_sql_list_intact_rows(db, sql, values, &reader, &n_damaged, error);

    if (list == NULL || n_damaged == 0)
        return g_steal_pointer(&list);
    meishi_sql_set_corrupt(db, "the checksum of an entry is wrong", error);
    return NULL;
}
