/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Statements, rows and transactions with GError.  The one place that knows what an SQLite result
 * code means to a person.
 *
 * Every row of ours ends in a checksum of its other columns: SQLite notices damage to its own
 * structures, but not a changed byte inside a value.
 */
#pragma once

#include "daemon/base/error.h"

#include <glib.h>
#include <sqlite3.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sqlite3, sqlite3_close)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sqlite3_stmt, sqlite3_finalize)

/* ---- values -------------------------------------------------------------------------------- */

typedef struct {
    enum { MEISHI_SQL_END, MEISHI_SQL_INTEGER, MEISHI_SQL_TEXT, MEISHI_SQL_BYTES } type;
    gint64 integer;
    const char *text; /* borrowed; NULL is SQL's NULL */
    GBytes *bytes;    /* the same */
} MeishiSqlValue;

/* An array of values for ?1, ?2 ... that lives until the end of the block. */
#define MEISHI_SQL_VALUES(...) ((const MeishiSqlValue[]){__VA_ARGS__, {.type = MEISHI_SQL_END}})
#define MEISHI_SQL_NO_VALUES   ((const MeishiSqlValue[]){{.type = MEISHI_SQL_END}})

MeishiSqlValue meishi_sql_integer(gint64 value);
MeishiSqlValue meishi_sql_text(const char *value);
MeishiSqlValue meishi_sql_bytes(GBytes *value);

/* Column @n of the current row, new; NULL for NULL. */
GBytes *meishi_sql_column_bytes(sqlite3_stmt *row, int n);
char *meishi_sql_column_text(sqlite3_stmt *row, int n);

/* ---- errors -------------------------------------------------------------------------------- */

/* Sets @error from the last failure of @db; right after it, because of errno. */
void meishi_sql_set_error(sqlite3 *db, GError **error);

/* "FILE WHAT-THE-CODE-MEANS (DETAILS). REMEDY." */
void
meishi_sql_set_error_code(sqlite3 *db, MeishiErrorCode code, const char *details, GError **error);

/* The error for a database that is not as it was left; returns FALSE. */
gboolean meishi_sql_set_corrupt(sqlite3 *db, const char *what, GError **error);

/* ---- statements ---------------------------------------------------------------------------- */

sqlite3_stmt *meishi_sql_prepare(sqlite3 *db, const char *sql, const MeishiSqlValue *values,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Steps to the next row; at the end @ret_row is FALSE. */
gboolean meishi_sql_next(sqlite3_stmt *statement, gboolean *ret_row,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Runs one statement and passes over what it returns. */
gboolean meishi_sql_run(sqlite3 *db, const char *sql, const MeishiSqlValue *values,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Runs several, without values. */
gboolean meishi_sql_script(sqlite3 *db, const char *sql, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The first column of the only row; NOT_FOUND without one. */
gboolean meishi_sql_get_integer(sqlite3 *db, const char *sql, const MeishiSqlValue *values,
                                gint64 *ret_value, GError **error) G_GNUC_WARN_UNUSED_RESULT;
char *meishi_sql_get_text(sqlite3 *db, const char *sql, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The id that AUTOINCREMENT would give the next row; asked for beforehand, because the row's
 * checksum covers it. */
#define MEISHI_SQL_NEXT_ID(table)                                                           \
    "SELECT 1 + max(ifnull((SELECT seq FROM sqlite_sequence WHERE name = '" table "'), 0)," \
    " ifnull((SELECT max(id) FROM " table "), 0))"

/* ---- rows with a checksum ------------------------------------------------------------------ */

/* Runs @sql with @values and, as one value more, their checksum. */
gboolean meishi_sql_put_row(sqlite3 *db, const char *sql, const MeishiSqlValue *values,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether the last column of the current row is the checksum of the others. */
gboolean meishi_sql_row_is_intact(sqlite3_stmt *row);

typedef gpointer (*MeishiSqlReadRow)(sqlite3_stmt *row);

typedef struct {
    MeishiSqlReadRow read;
    GDestroyNotify free_func;
} MeishiSqlReader;

/* One member per row that is intact; *@ret_n_damaged: how many are not. */
GPtrArray *meishi_sql_list_intact_rows(sqlite3 *db, const char *sql, const MeishiSqlValue *values,
                                       const MeishiSqlReader *reader, guint *ret_n_damaged,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same; CORRUPT where one is not intact. */
GPtrArray *meishi_sql_list_rows(sqlite3 *db, const char *sql, const MeishiSqlValue *values,
                                MeishiSqlReadRow read, GDestroyNotify free_func,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- transactions -------------------------------------------------------------------------- */

/* A transaction that ends with its scope: rolled back unless it was committed. */
typedef sqlite3 MeishiSqlTransaction;

MeishiSqlTransaction *meishi_sql_begin(sqlite3 *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean
meishi_sql_commit(MeishiSqlTransaction *transaction, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void meishi_sql_rollback(MeishiSqlTransaction *transaction);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiSqlTransaction, meishi_sql_rollback)

/* Moves what was committed from the write-ahead log into the database and empties the log.  Best
 * effort: where that fails, the log is read at the next start. */
void meishi_sql_truncate_log(sqlite3 *db);
