/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Statement helpers.  Nothing here knows a table; the SQL is always a constant of the caller's,
 * and whatever comes from outside is a bound value.
 */
#include "daemon/store/sql.h"

#include "daemon/base/error.h"

#include <errno.h>
#include <string.h>

/* ---- errors -------------------------------------------------------------------------------- */

static MeishiErrorCode
code_of_constraint(int extended)
{
    switch (extended) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
        return MEISHI_ERROR_EXISTS;
    case SQLITE_CONSTRAINT_FOREIGNKEY:
        return MEISHI_ERROR_NOT_FOUND;
    default:
        return MEISHI_ERROR_INVALID_ARGUMENT;
    }
}

/* What the system said.  SQLite does not keep it for an error that a COMMIT meets, so errno comes
 * first; whatever calls SQLite clears it beforehand. */
static int
system_errno(sqlite3 *db)
{
    return errno != 0 ? errno : sqlite3_system_errno(db);
}

static MeishiErrorCode
code_of(sqlite3 *db, int number)
{
    int extended = sqlite3_extended_errcode(db);

    switch (extended & 0xff) {
    case SQLITE_FULL:
        return MEISHI_ERROR_NO_SPACE;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        return meishi_error_code_of_errno(number);
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return MEISHI_ERROR_PERMISSIONS;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return MEISHI_ERROR_BUSY;
    case SQLITE_CONSTRAINT:
        return code_of_constraint(extended);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
    case SQLITE_MISMATCH:
    case SQLITE_ERROR: /* our SQL is constant: a table or column is not what it was */
        return MEISHI_ERROR_CORRUPT;
    default:
        return MEISHI_ERROR_FAILED;
    }
}

typedef struct {
    MeishiErrorCode code;
    const char *what, *remedy;
} Sentence;

static const Sentence sentences[] = {
    {MEISHI_ERROR_NO_SPACE, "cannot be written: there is no space left",
     " Free some and try again."},
    {MEISHI_ERROR_PERMISSIONS, "cannot be written",
     " The file and its directory have to be yours and writable."},
    {MEISHI_ERROR_BUSY, "is in use by another program", " Close that and try again."},
    {MEISHI_ERROR_EXISTS, "has it already", ""},
    {MEISHI_ERROR_NOT_FOUND, "does not have what this refers to", ""},
    {MEISHI_ERROR_INVALID_ARGUMENT, "cannot hold this", ""},
    {MEISHI_ERROR_CORRUPT, "is damaged",
     " It was left as it is. Move its directory out of the way and restore a backup with `meishi "
     "vault restore`."},
    {MEISHI_ERROR_IO, "cannot be read or written", ""},
    {MEISHI_ERROR_FAILED, "cannot be used", ""},
};

static const Sentence *
find_sentence(MeishiErrorCode code)
{
    const Sentence *sentence = sentences;

    while (sentence->code != code && sentence->code != MEISHI_ERROR_FAILED)
        sentence++;
    return sentence;
}

static void
set_error(sqlite3 *db, MeishiErrorCode code, const char *details, GError **error)
{
    const Sentence *sentence = find_sentence(code);
    const char *path = sqlite3_db_filename(db, "main");

    g_set_error(error, MEISHI_ERROR, code, "%s %s (%s).%s",
                path != NULL && *path != '\0' ? path : "The vault", sentence->what, details,
                sentence->remedy);
}

void
meishi_sql_set_error(sqlite3 *db, GError **error)
{
    int number = system_errno(db);
    MeishiErrorCode code = code_of(db, number);
    gboolean of_system = code == MEISHI_ERROR_IO || code == MEISHI_ERROR_PERMISSIONS;
    g_autofree char *details =
        of_system && number != 0 ? g_strdup_printf("%s, %s", sqlite3_errmsg(db), g_strerror(number))
                                 : g_strdup(sqlite3_errmsg(db));

    set_error(db, code, details, error);
}

gboolean
meishi_sql_set_corrupt(sqlite3 *db, const char *what, GError **error)
{
    set_error(db, MEISHI_ERROR_CORRUPT, what, error);
    return FALSE;
}

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

/* SQLite takes a null pointer for NULL, whatever the length. */
static int
bind_blob(sqlite3_stmt *statement, int n, gconstpointer data, gsize len)
{
    return len == 0 ? sqlite3_bind_zeroblob(statement, n, 0)
                    : sqlite3_bind_blob64(statement, n, data, len, SQLITE_TRANSIENT);
}

static int
bind_value(sqlite3_stmt *statement, int n, const MeishiSqlValue *value)
{
    gsize len;
    gconstpointer data;

    if (value->type == MEISHI_SQL_INTEGER)
        return sqlite3_bind_int64(statement, n, value->integer);
    if (value->type == MEISHI_SQL_TEXT)
        return sqlite3_bind_text(statement, n, value->text, -1, SQLITE_TRANSIENT);
    if (value->bytes == NULL)
        return sqlite3_bind_null(statement, n);
    data = g_bytes_get_data(value->bytes, &len);
    return bind_blob(statement, n, data, len);
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

static gboolean
run_to_end(sqlite3_stmt *statement, GError **error)
{
    gboolean row = TRUE;

    while (row)
        if (!meishi_sql_next(statement, &row, error))
            return FALSE;
    return TRUE;
}

gboolean
meishi_sql_run(sqlite3 *db, const char *sql, const MeishiSqlValue *values, GError **error)
{
    g_autoptr(sqlite3_stmt) statement = meishi_sql_prepare(db, sql, values, error);

    return statement != NULL && run_to_end(statement, error);
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
        set_error(db, MEISHI_ERROR_NOT_FOUND, "no such entry", error);
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

/* ---- rows with a checksum ------------------------------------------------------------------ */

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
    g_autoptr(sqlite3_stmt) statement = meishi_sql_prepare(db, sql, values, error);
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    guint8 digest[SUM_LEN];
    gsize len = sizeof digest;
    int n = 0;

    if (statement == NULL)
        return FALSE;
    for (; values[n].type != MEISHI_SQL_END; n++)
        add_value_to_sum(sum, &values[n]);
    g_checksum_get_digest(sum, digest, &len);
    if (bind_blob(statement, n + 1, digest, len) != SQLITE_OK) {
        meishi_sql_set_error(db, error);
        return FALSE;
    }
    return run_to_end(statement, error);
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
meishi_sql_list_rows(sqlite3 *db, const char *sql, const MeishiSqlValue *values,
                     MeishiSqlReadRow read, GDestroyNotify free_func, GError **error)
{
    g_autoptr(sqlite3_stmt) statement = meishi_sql_prepare(db, sql, values, error);
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(free_func);
    gboolean row = TRUE;

    if (statement == NULL)
        return NULL;
    while (meishi_sql_next(statement, &row, error)) {
        if (!row)
            return g_steal_pointer(&list);
        if (!meishi_sql_row_is_intact(statement)) {
            meishi_sql_set_corrupt(db, "the checksum of an entry is wrong", error);
            return NULL;
        }
        g_ptr_array_add(list, read(statement));
    }
    return NULL;
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
