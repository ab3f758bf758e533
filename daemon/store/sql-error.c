/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What an SQLite result code means to a person: which of our codes it is, which file it is about,
 * and what to do.
 */
#include "daemon/store/sql.h"

#include "daemon/base/error.h"

#include <errno.h>

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

void
meishi_sql_set_error_code(sqlite3 *db, MeishiErrorCode code, const char *details, GError **error)
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

    meishi_sql_set_error_code(db, code, details, error);
}

gboolean
meishi_sql_set_corrupt(sqlite3 *db, const char *what, GError **error)
{
    meishi_sql_set_error_code(db, MEISHI_ERROR_CORRUPT, what, error);
    return FALSE;
}
