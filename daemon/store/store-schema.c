/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * STRICT tables, ids that are never used twice (AUTOINCREMENT), and a checksum in each row.  What
 * SQLite can hold together by itself (uniqueness, references), it does.
 */
#include "daemon/store/store-schema.h"

#include "daemon/base/error.h"
#include "daemon/store/sql.h"

static const char tables_of_version_1[] =
    "CREATE TABLE vault ("
    " one INTEGER PRIMARY KEY CHECK (one = 1),"
    " vault_id BLOB NOT NULL CHECK (length(vault_id) = 16),"
    " created INTEGER NOT NULL,"
    " sum BLOB NOT NULL) STRICT;"

    "CREATE TABLE slots ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " kind INTEGER NOT NULL,"
    " salt BLOB NOT NULL,"
    " scrypt_log2n INTEGER NOT NULL,"
    " scrypt_r INTEGER NOT NULL,"
    " scrypt_p INTEGER NOT NULL,"
    " location TEXT,"
    " wrapped BLOB NOT NULL,"
    " created INTEGER NOT NULL,"
    " sum BLOB NOT NULL) STRICT;"

    "CREATE TABLE keys ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " spki BLOB NOT NULL,"
    " spki_sha256 BLOB NOT NULL UNIQUE,"
    " sealed BLOB NOT NULL,"
    " label TEXT,"
    " allow_raw INTEGER NOT NULL,"
    " created INTEGER NOT NULL,"
    " sum BLOB NOT NULL) STRICT;"

    "CREATE TABLE certs ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " key_id INTEGER NOT NULL REFERENCES keys (id),"
    " der BLOB NOT NULL,"
    " der_sha256 BLOB NOT NULL UNIQUE,"
    " label TEXT,"
    " created INTEGER NOT NULL,"
    " sum BLOB NOT NULL) STRICT;"
    "CREATE INDEX certs_by_key ON certs (key_id);"

    "CREATE TABLE issuers ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " der BLOB NOT NULL,"
    " der_sha256 BLOB NOT NULL UNIQUE,"
    " sum BLOB NOT NULL) STRICT;"

    /* Which issuers came with which certificate, and so may leave with it. */
    "CREATE TABLE cert_issuers ("
    " cert_id INTEGER NOT NULL REFERENCES certs (id) ON DELETE CASCADE,"
    " issuer_id INTEGER NOT NULL REFERENCES issuers (id) ON DELETE CASCADE,"
    " PRIMARY KEY (cert_id, issuer_id)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX cert_issuers_by_issuer ON cert_issuers (issuer_id);";

static gboolean
make_version_1(sqlite3 *db, GError **error)
{
    return meishi_sql_script(db, tables_of_version_1, error);
}

/* What is remembered: which certificate renews which, what was chosen, what identities met. */
static const char tables_of_version_2[] =
    "CREATE TABLE lineages ("
    " cert_id INTEGER PRIMARY KEY REFERENCES certs (id) ON DELETE CASCADE,"
    " lineage TEXT NOT NULL,"
    " sum BLOB NOT NULL) STRICT;"

    "CREATE TABLE choices ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " reach INTEGER NOT NULL,"
    " protocol_class TEXT NOT NULL,"
    " host TEXT NOT NULL,"
    " port INTEGER NOT NULL,"
    " application TEXT,"
    " context TEXT NOT NULL,"
    " lineage TEXT,"
    " selection_group TEXT,"
    " created INTEGER NOT NULL,"
    " last_used INTEGER NOT NULL,"
    " uses INTEGER NOT NULL,"
    " suspicion INTEGER NOT NULL,"
    " alert INTEGER NOT NULL,"
    " digest BLOB NOT NULL CHECK (length(digest) = 32),"
    " forgotten INTEGER NOT NULL,"
    " batch INTEGER NOT NULL,"
    " replaced_by INTEGER NOT NULL,"
    " sum BLOB NOT NULL) STRICT;"

    "CREATE TABLE meetings ("
    " host TEXT NOT NULL,"
    " port INTEGER NOT NULL,"
    " identity TEXT NOT NULL,"
    " suspicion INTEGER NOT NULL,"
    " accepted INTEGER NOT NULL,"
    " last_accepted INTEGER NOT NULL,"
    " refused_at INTEGER NOT NULL,"
    " alert INTEGER NOT NULL,"
    " sum BLOB NOT NULL,"
    " PRIMARY KEY (host, port, identity)) STRICT, WITHOUT ROWID;";

static gboolean
make_version_2(sqlite3 *db, GError **error)
{
    return meishi_sql_script(db, tables_of_version_2, error);
}

/* Tokens that were seen, what the person set about them, and what lay on them.  A certificate may
 * lie on two, under one number. */
static const char tables_of_version_3[] =
    "CREATE TABLE tokens ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " kind INTEGER NOT NULL,"
    " label TEXT NOT NULL,"
    " manufacturer TEXT NOT NULL,"
    " model TEXT NOT NULL,"
    " serial TEXT NOT NULL,"
    " module TEXT NOT NULL,"
    " last_seen INTEGER NOT NULL,"
    " pin_keep INTEGER NOT NULL,"
    " pin_minutes INTEGER NOT NULL,"
    " sum BLOB NOT NULL) STRICT;"

    "CREATE TABLE token_identities ("
    " token_id INTEGER NOT NULL REFERENCES tokens (id) ON DELETE CASCADE,"
    " number INTEGER NOT NULL,"
    " der BLOB NOT NULL,"
    " label TEXT,"
    " sum BLOB NOT NULL,"
    " PRIMARY KEY (token_id, number)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE token_issuers ("
    " token_id INTEGER NOT NULL REFERENCES tokens (id) ON DELETE CASCADE,"
    " position INTEGER NOT NULL,"
    " der BLOB NOT NULL,"
    " sum BLOB NOT NULL,"
    " PRIMARY KEY (token_id, position)) STRICT, WITHOUT ROWID;";

static gboolean
make_version_3(sqlite3 *db, GError **error)
{
    return meishi_sql_script(db, tables_of_version_3, error);
}

static const MeishiStoreStep steps[] = {make_version_1, make_version_2, make_version_3};

const MeishiStoreSchema meishi_store_schema = {.steps = steps, .version = G_N_ELEMENTS(steps)};

void
meishi_store_schema_set_newer(const char *path, gint64 version, const MeishiStoreSchema *schema,
                              GError **error)
{
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_NEWER_VERSION,
                "%s was written by a newer Meishi (format %" G_GINT64_FORMAT
                "; this one knows up to %u). It was left as it is; install that version again.",
                path, version, schema->version);
}

gboolean
meishi_store_schema_get_version(sqlite3 *db, const MeishiStoreSchema *schema, guint *ret_version,
                                GError **error)
{
    gint64 application, version;

    if (!meishi_sql_get_integer(db, "PRAGMA application_id", MEISHI_SQL_NO_VALUES, &application,
                                error) ||
        !meishi_sql_get_integer(db, "PRAGMA user_version", MEISHI_SQL_NO_VALUES, &version, error))
        return FALSE;
    if (application != MEISHI_STORE_APPLICATION_ID || version < 1)
        return meishi_sql_set_corrupt(db, "it is not a Meishi vault", error);
    if (version > schema->version) {
        meishi_store_schema_set_newer(sqlite3_db_filename(db, "main"), version, schema, error);
        return FALSE;
    }
    *ret_version = (guint)version;
    return TRUE;
}

/* Everything that @db defines, as one text. */
static char *
describe(sqlite3 *db, GError **error)
{
    g_autofree char *text =
        meishi_sql_get_text(db,
                            "SELECT group_concat(entry, char(10)) FROM ("
                            " SELECT type || ' ' || name || ' ' || tbl_name || ' ' || "
                            "        ifnull(sql, '-') AS entry"
                            " FROM sqlite_schema ORDER BY type, name)",
                            error);

    return g_steal_pointer(&text);
}

/* What the steps up to @version make. */
static char *
describe_version(const MeishiStoreSchema *schema, guint version, GError **error)
{
    const MeishiStoreSchema until = {.steps = schema->steps, .version = version};
    g_autoptr(sqlite3) db = NULL;

    if (sqlite3_open(":memory:", &db) != SQLITE_OK) {
        meishi_sql_set_error(db, error);
        return NULL;
    }
    return meishi_store_schema_migrate(db, &until, 0, error) ? describe(db, error) : NULL;
}

gboolean
meishi_store_schema_verify(sqlite3 *db, const MeishiStoreSchema *schema, guint version,
                           GError **error)
{
    g_autofree char *expected = describe_version(schema, version, error);
    g_autofree char *found = expected != NULL ? describe(db, error) : NULL;

    if (found == NULL)
        return FALSE;
    return g_str_equal(found, expected) ||
           meishi_sql_set_corrupt(db, "its tables are not those of a vault", error);
}

gboolean
meishi_store_schema_migrate(sqlite3 *db, const MeishiStoreSchema *schema, guint version,
                            GError **error)
{
    g_autofree char *stamp = g_strdup_printf("PRAGMA application_id = %d; PRAGMA user_version = %u",
                                             MEISHI_STORE_APPLICATION_ID, schema->version);

    for (; version < schema->version; version++)
        if (!schema->steps[version](db, error))
            return FALSE;
    return meishi_sql_script(db, stamp, error);
}
