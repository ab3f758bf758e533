/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Statement helpers.  Nothing here knows a table; the SQL is always a constant of the caller's,
 * and whatever comes from outside is a bound value.
 */
#include "daemon/store/sql.h"

#include <errno.h>

/* ---- values -------------------------------------------------------------------------------- */

MeishiSqlValue
meishi_sql_integer(gint64 value)
{
    return (MeishiSqlValue){.type = MEISHI_SQL_INTEGER, .integer = value};
}

MeishiSqlValue
meishi_sql_text(const char *value)
{
    return (MeishiSqlValue){.type = MEISHI_SQL_TEXT, .text = value};
}

MeishiSqlValue
meishi_sql_bytes(GBytes *value)
{
    return (MeishiSqlValue){.type = MEISHI_SQL_BYTES, .bytes = value};
}

static int
bind_bytes(sqlite3_stmt *statement, int n, GBytes *bytes)
{
    gsize len = 0;
    gconstpointer data = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;

    if (bytes != NULL && len == 0) /* SQLite takes a null pointer for NULL, whatever the length */
        return sqlite3_bind_zeroblob(statement, n, 0);
    return sqlite3_bind_blob64(statement, n, data, len, SQLITE_TRANSIENT);
}

static int
bind_value(sqlite3_stmt *statement, int n, const MeishiSqlValue *value)
{
    switch (value->type) {
    case MEISHI_SQL_INTEGER:
        return sqlite3_bind_int64(statement, n, value->integer);
    case MEISHI_SQL_TEXT:
        return sqlite3_bind_text(statement, n, value->text, -1, SQLITE_TRANSIENT);
    default:
        return bind_bytes(statement, n, value->bytes);
    }
}

GBytes *
meishi_sql_column_bytes(sqlite3_stmt *row, int n)
{
    gboolean is_null = sqlite3_column_type(row, n) == SQLITE_NULL;
    gconstpointer data = sqlite3_column_blob(row, n); /* before its length */

    return is_null ? NULL : g_bytes_new(data, (gsize)sqlite3_column_bytes(row, n));
}

char *
meishi_sql_column_text(sqlite3_stmt *row, int n)
{
    const char *text = (const char *)sqlite3_column_text(row, n);

    return text != NULL ? g_utf8_make_valid(text, -1) : NULL;
}

/* ---- statements ---------------------------------------------------------------------------- */

static gboolean
bind_values(sqlite3_stmt *statement, const MeishiSqlValue *values, GError **error)
{
    for (int n = 0; values[n].type != MEISHI_SQL_END; n++) {
        if (bind_value(statement, n + 1, &values[n]) == SQLITE_OK)
            continue;
        meishi_sql_set_error(sqlite3_db_handle(statement), error);
        return FALSE;
    }
    return TRUE;
}

sqlite3_stmt *
meishi_sql_prepare(sqlite3 *db, const char *sql, const MeishiSqlValue *values, GError **error)
{
    g_autoptr(sqlite3_stmt) statement = NULL;

    errno = 0;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) {
        meishi_sql_set_error(db, error);
        return NULL;
    }
    return bind_values(statement, values, error) ? g_steal_pointer(&statement) : NULL;
}

gboolean
meishi_sql_next(sqlite3_stmt *statement, gboolean *ret_row, GError **error)
{
    int result;

    errno = 0;
    result = sqlite3_step(statement);
    if (result != SQLITE_ROW && result != SQLITE_DONE) {
        meishi_sql_set_error(sqlite3_db_handle(statement), error);
        return FALSE;
    }
    *ret_row = result == SQLITE_ROW;
    return TRUE;
}

gboolean
meishi_sql_run(sqlite3 *db, const char *sql, const MeishiSqlValue *values, GError **error)
{
    g_autoptr(sqlite3_stmt) statement = meishi_sql_prepare(db, sql, values, error);
    gboolean row = statement != NULL;

    while (row)
        if (!meishi_sql_next(statement, &row, error))
            return FALSE;
    return statement != NULL;
}

gboolean
meishi_sql_script(sqlite3 *db, const char *sql, GError **error)
{
    errno = 0;
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK)
        return TRUE;
    meishi_sql_set_error(db, error);
    return FALSE;
}

/* The statement, standing on its first row. */
static sqlite3_stmt *
get_row(sqlite3 *db, const char *sql, const MeishiSqlValue *values, GError **error)
{
    g_autoptr(sqlite3_stmt) statement = meishi_sql_prepare(db, sql, values, error);
    gboolean row = FALSE;

    if (statement == NULL || !meishi_sql_next(statement, &row, error))
        return NULL;
    if (!row)
        meishi_sql_set_error_code(db, MEISHI_ERROR_NOT_FOUND, "no such entry", error);
    return row ? g_steal_pointer(&statement) : NULL;
}

gboolean
meishi_sql_get_integer(sqlite3 *db, const char *sql, const MeishiSqlValue *values,
                       gint64 *ret_value, GError **error)
{
    g_autoptr(sqlite3_stmt) row = get_row(db, sql, values, error);

    if (row == NULL)
        return FALSE;
    *ret_value = sqlite3_column_int64(row, 0);
    return TRUE;
}

char *
meishi_sql_get_text(sqlite3 *db, const char *sql, GError **error)
{
    g_autoptr(sqlite3_stmt) row = get_row(db, sql, MEISHI_SQL_NO_VALUES, error);

    return row != NULL ? g_strdup((const char *)sqlite3_column_text(row, 0)) : NULL;
}

/* ---- transactions -------------------------------------------------------------------------- */

MeishiSqlTransaction *
meishi_sql_begin(sqlite3 *db, GError **error)
{
    return meishi_sql_script(db, "BEGIN IMMEDIATE", error) ? db : NULL;
}

/* A commit that failed at its last step, the sync, lies complete in the log, and whoever opens the
 * database after a crash would find it valid.  Emptying the log takes it back. */
gboolean
meishi_sql_commit(MeishiSqlTransaction *transaction, GError **error)
{
    if (meishi_sql_script(transaction, "COMMIT", error))
        return TRUE;
    meishi_sql_rollback(transaction);
    meishi_sql_truncate_log(transaction);
    return FALSE;
}

void
meishi_sql_truncate_log(sqlite3 *db)
{
    (void)sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}

/* SQLite rolls some failures (a full disk) back by itself. */
void
meishi_sql_rollback(MeishiSqlTransaction *transaction)
{
    if (transaction != NULL && !sqlite3_get_autocommit(transaction))
        (void)sqlite3_exec(transaction, "ROLLBACK", NULL, NULL, NULL);
}
