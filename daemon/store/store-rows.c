/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Keys, certificates and issuers: between a row and its structure, in both directions.  Digests
 * make a second copy impossible, references keep a certificate from losing its key; both are
 * SQLite's to hold.
 */
#include "daemon/store/store-rows.h"

#include "daemon/base/error.h"

/* ---- rows to values ------------------------------------------------------------------------ */

static void
clear_cert(MeishiStoreCert *cert)
{
    g_clear_pointer(&cert->der, g_bytes_unref);
    g_clear_pointer(&cert->label, g_free);
}

void
meishi_store_key_free(MeishiStoreKey *key)
{
    if (key == NULL)
        return;
    g_clear_pointer(&key->spki, g_bytes_unref);
    g_clear_pointer(&key->sealed, g_bytes_unref);
    g_free(key->label);
    g_free(key);
}

void
meishi_store_cert_free(MeishiStoreCert *cert)
{
    if (cert == NULL)
        return;
    clear_cert(cert);
    g_free(cert);
}

void
meishi_store_issuer_free(MeishiStoreIssuer *issuer)
{
    if (issuer == NULL)
        return;
    g_clear_pointer(&issuer->der, g_bytes_unref);
    g_free(issuer);
}

void
meishi_store_new_cert_free(MeishiStoreNewCert *cert)
{
    if (cert == NULL)
        return;
    clear_cert(&cert->cert);
    g_free(cert->lineage);
    g_clear_pointer(&cert->issuers, g_ptr_array_unref);
    g_free(cert);
}

#define KEY_COLUMNS    "id, spki, spki_sha256, sealed, label, allow_raw, created, sum"
#define CERT_COLUMNS   "id, key_id, der, der_sha256, label, created, sum"
#define ISSUER_COLUMNS "id, der, der_sha256, sum"

static gpointer
read_key(sqlite3_stmt *row)
{
    MeishiStoreKey *key = g_new0(MeishiStoreKey, 1);

    key->id = sqlite3_column_int64(row, 0);
    key->spki = meishi_sql_column_bytes(row, 1);
    key->sealed = meishi_sql_column_bytes(row, 3);
    key->label = meishi_sql_column_text(row, 4);
    key->allow_raw = sqlite3_column_int(row, 5) != 0;
    key->created = sqlite3_column_int64(row, 6);
    return key;
}

static gpointer
read_cert(sqlite3_stmt *row)
{
    MeishiStoreCert *cert = g_new0(MeishiStoreCert, 1);

    cert->id = sqlite3_column_int64(row, 0);
    cert->key_id = sqlite3_column_int64(row, 1);
    cert->der = meishi_sql_column_bytes(row, 2);
    cert->label = meishi_sql_column_text(row, 4);
    cert->created = sqlite3_column_int64(row, 5);
    return cert;
}

static gpointer
read_issuer(sqlite3_stmt *row)
{
    MeishiStoreIssuer *issuer = g_new0(MeishiStoreIssuer, 1);

    issuer->id = sqlite3_column_int64(row, 0);
    issuer->der = meishi_sql_column_bytes(row, 1);
    return issuer;
}

GPtrArray *
meishi_store_list_keys(MeishiStore *store, GError **error)
{
    return meishi_store_list(store, "SELECT " KEY_COLUMNS " FROM keys ORDER BY id", read_key,
                             (GDestroyNotify)meishi_store_key_free, error);
}

GPtrArray *
meishi_store_list_certs(MeishiStore *store, GError **error)
{
    return meishi_store_list(store, "SELECT " CERT_COLUMNS " FROM certs ORDER BY id", read_cert,
                             (GDestroyNotify)meishi_store_cert_free, error);
}

GPtrArray *
meishi_store_list_issuers(MeishiStore *store, GError **error)
{
    return meishi_store_list(store, "SELECT " ISSUER_COLUMNS " FROM issuers ORDER BY id",
                             read_issuer, (GDestroyNotify)meishi_store_issuer_free, error);
}

static gpointer
get_one(sqlite3 *db, const char *sql, gint64 id, MeishiSqlReadRow read, GDestroyNotify free_func,
        GError **error)
{
    g_autoptr(GPtrArray) rows = meishi_sql_list_rows(
        db, sql, MEISHI_SQL_VALUES(meishi_sql_integer(id)), read, free_func, error);

    if (rows == NULL)
        return NULL;
    if (rows->len > 0)
        return g_ptr_array_steal_index(rows, 0);
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND,
                "The vault has no entry %" G_GINT64_FORMAT " of that kind", id);
    return NULL;
}

MeishiStoreKey *
meishi_store_get_key(sqlite3 *db, gint64 id, GError **error)
{
    return get_one(db, "SELECT " KEY_COLUMNS " FROM keys WHERE id = ?1", id, read_key,
                   (GDestroyNotify)meishi_store_key_free, error);
}

MeishiStoreCert *
meishi_store_get_cert(sqlite3 *db, gint64 id, GError **error)
{
    return get_one(db, "SELECT " CERT_COLUMNS " FROM certs WHERE id = ?1", id, read_cert,
                   (GDestroyNotify)meishi_store_cert_free, error);
}

/* ---- values to rows ------------------------------------------------------------------------ */

#define INSERT_KEY "INSERT INTO keys (" KEY_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
#define UPDATE_KEY                                                                          \
    "UPDATE keys SET spki = ?2, spki_sha256 = ?3, sealed = ?4, label = ?5, allow_raw = ?6," \
    " created = ?7, sum = ?8 WHERE id = ?1"
#define INSERT_CERT "INSERT INTO certs (" CERT_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
#define UPDATE_CERT                                                                      \
    "UPDATE certs SET key_id = ?2, der = ?3, der_sha256 = ?4, label = ?5, created = ?6," \
    " sum = ?7 WHERE id = ?1"

static gboolean
write_key(sqlite3 *db, const char *sql, gint64 id, const MeishiStoreKey *key, GError **error)
{
    g_autoptr(GBytes) digest = meishi_store_sha256(key->spki);

    return meishi_sql_put_row(
        db, sql,
        MEISHI_SQL_VALUES(meishi_sql_integer(id), meishi_sql_bytes(key->spki),
                          meishi_sql_bytes(digest), meishi_sql_bytes(key->sealed),
                          meishi_sql_text(key->label), meishi_sql_integer(key->allow_raw != FALSE),
                          meishi_sql_integer(key->created)),
        error);
}

static gboolean
write_cert(sqlite3 *db, const char *sql, gint64 id, const MeishiStoreCert *cert, GError **error)
{
    g_autoptr(GBytes) digest = meishi_store_sha256(cert->der);

    return meishi_sql_put_row(
        db, sql,
        MEISHI_SQL_VALUES(meishi_sql_integer(id), meishi_sql_integer(cert->key_id),
                          meishi_sql_bytes(cert->der), meishi_sql_bytes(digest),
                          meishi_sql_text(cert->label), meishi_sql_integer(cert->created)),
        error);
}

gboolean
meishi_store_insert_key(sqlite3 *db, const MeishiStoreKey *key, gint64 *ret_id, GError **error)
{
    return meishi_sql_get_integer(db, MEISHI_SQL_NEXT_ID("keys"), MEISHI_SQL_NO_VALUES, ret_id,
                                  error) &&
           write_key(db, INSERT_KEY, *ret_id, key, error);
}

gboolean
meishi_store_update_key(sqlite3 *db, const MeishiStoreKey *key, GError **error)
{
    return write_key(db, UPDATE_KEY, key->id, key, error);
}

gboolean
meishi_store_insert_cert(sqlite3 *db, const MeishiStoreCert *cert, gint64 *ret_id, GError **error)
{
    return meishi_sql_get_integer(db, MEISHI_SQL_NEXT_ID("certs"), MEISHI_SQL_NO_VALUES, ret_id,
                                  error) &&
           write_cert(db, INSERT_CERT, *ret_id, cert, error);
}

gboolean
meishi_store_update_cert(sqlite3 *db, const MeishiStoreCert *cert, GError **error)
{
    return write_cert(db, UPDATE_CERT, cert->id, cert, error);
}

gboolean
meishi_store_insert_issuer(sqlite3 *db, GBytes *der, gint64 *ret_id, GError **error)
{
    g_autoptr(GBytes) digest = meishi_store_sha256(der);

    return meishi_sql_get_integer(db, MEISHI_SQL_NEXT_ID("issuers"), MEISHI_SQL_NO_VALUES, ret_id,
                                  error) &&
           meishi_sql_put_row(db,
                              "INSERT INTO issuers (" ISSUER_COLUMNS ") VALUES (?1, ?2, ?3, ?4)",
                              MEISHI_SQL_VALUES(meishi_sql_integer(*ret_id), meishi_sql_bytes(der),
                                                meishi_sql_bytes(digest)),
                              error);
}
