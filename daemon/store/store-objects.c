/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Keys, certificates and issuers as rows.  Digests make a second copy impossible, references keep
 * a certificate from losing its key; both are SQLite's to hold.  Every change is one transaction.
 */
#include "daemon/store/store-private.h"

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

static MeishiStoreKey *
get_key(sqlite3 *db, gint64 id, GError **error)
{
    return get_one(db, "SELECT " KEY_COLUMNS " FROM keys WHERE id = ?1", id, read_key,
                   (GDestroyNotify)meishi_store_key_free, error);
}

static MeishiStoreCert *
get_cert(sqlite3 *db, gint64 id, GError **error)
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

/* ---- import -------------------------------------------------------------------------------- */

/* Ids that are the caller's once the import is durable. */
typedef struct {
    sqlite3 *db;
    GArray *key_ids;
    GArray *cert_ids;
} Import;

static gboolean
next_id(sqlite3 *db, const char *sql, gint64 *ret_id, GError **error)
{
    return meishi_sql_get_integer(db, sql, MEISHI_SQL_NO_VALUES, ret_id, error);
}

static gboolean
import_key(Import *import, const MeishiStoreKey *key, GError **error)
{
    gint64 id;

    if (!next_id(import->db, MEISHI_SQL_NEXT_ID("keys"), &id, error) ||
        !write_key(import->db, INSERT_KEY, id, key, error)) {
        g_prefix_error(error, "The key \"%s\": ", key->label != NULL ? key->label : "");
        return FALSE;
    }
    g_array_append_val(import->key_ids, id);
    return TRUE;
}

/* The row of the issuer @der, made where it is missing. */
static gboolean
ensure_issuer(sqlite3 *db, GBytes *der, gint64 *ret_id, GError **error)
{
    g_autoptr(GBytes) digest = meishi_store_sha256(der);
    g_autoptr(GError) missing = NULL;

    if (meishi_sql_get_integer(db, "SELECT id FROM issuers WHERE der_sha256 = ?1",
                               MEISHI_SQL_VALUES(meishi_sql_bytes(digest)), ret_id, &missing))
        return TRUE;
    if (!g_error_matches(missing, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&missing));
        return FALSE;
    }
    return next_id(db, MEISHI_SQL_NEXT_ID("issuers"), ret_id, error) &&
           meishi_sql_put_row(db,
                              "INSERT INTO issuers (" ISSUER_COLUMNS ") VALUES (?1, ?2, ?3, ?4)",
                              MEISHI_SQL_VALUES(meishi_sql_integer(*ret_id), meishi_sql_bytes(der),
                                                meishi_sql_bytes(digest)),
                              error);
}

static gboolean
link_issuer(sqlite3 *db, gint64 cert_id, GBytes *der, GError **error)
{
    gint64 issuer_id;

    return ensure_issuer(db, der, &issuer_id, error) &&
           meishi_sql_run(
               db,
               "INSERT OR IGNORE INTO cert_issuers (cert_id, issuer_id)"
               " VALUES (?1, ?2)",
               MEISHI_SQL_VALUES(meishi_sql_integer(cert_id), meishi_sql_integer(issuer_id)),
               error);
}

static gboolean
find_key_of(const Import *import, const MeishiStoreNewCert *new_cert, gint64 *ret_key_id,
            GError **error)
{
    if (new_cert->cert.key_id == 0 && new_cert->key_index >= import->key_ids->len) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                    "it names key %u of %u that are imported", new_cert->key_index,
                    import->key_ids->len);
        return FALSE;
    }
    *ret_key_id = new_cert->cert.key_id != 0
                      ? new_cert->cert.key_id
                      : g_array_index(import->key_ids, gint64, new_cert->key_index);
    return TRUE;
}

static gboolean
insert_cert(Import *import, const MeishiStoreNewCert *new_cert, gint64 *ret_id, GError **error)
{
    MeishiStoreCert cert = new_cert->cert;

    return find_key_of(import, new_cert, &cert.key_id, error) &&
           next_id(import->db, MEISHI_SQL_NEXT_ID("certs"), ret_id, error) &&
           write_cert(import->db, INSERT_CERT, *ret_id, &cert, error);
}

static gboolean
import_cert(Import *import, const MeishiStoreNewCert *new_cert, GError **error)
{
    guint n_issuers = new_cert->issuers != NULL ? new_cert->issuers->len : 0;
    gint64 id;

    if (!insert_cert(import, new_cert, &id, error)) {
        g_prefix_error(error, "The certificate \"%s\": ",
                       new_cert->cert.label != NULL ? new_cert->cert.label : "");
        return FALSE;
    }
    g_array_append_val(import->cert_ids, id);
    for (guint i = 0; i < n_issuers; i++)
        if (!link_issuer(import->db, id, g_ptr_array_index(new_cert->issuers, i), error))
            return FALSE;
    return TRUE;
}

static gboolean
import_all(Import *import, GPtrArray *keys, GPtrArray *new_certs, GPtrArray *issuers,
           GError **error)
{
    gint64 id;

    for (guint i = 0; keys != NULL && i < keys->len; i++)
        if (!import_key(import, g_ptr_array_index(keys, i), error))
            return FALSE;
    for (guint i = 0; new_certs != NULL && i < new_certs->len; i++)
        if (!import_cert(import, g_ptr_array_index(new_certs, i), error))
            return FALSE;
    for (guint i = 0; issuers != NULL && i < issuers->len; i++)
        if (!ensure_issuer(import->db, g_ptr_array_index(issuers, i), &id, error))
            return FALSE;
    return TRUE;
}

static void
hand_out_ids(const Import *import, GPtrArray *keys, GPtrArray *new_certs)
{
    for (guint i = 0; i < import->key_ids->len; i++) {
        MeishiStoreKey *key = g_ptr_array_index(keys, i);

        key->id = g_array_index(import->key_ids, gint64, i);
    }
    for (guint i = 0; i < import->cert_ids->len; i++) {
        MeishiStoreNewCert *new_cert = g_ptr_array_index(new_certs, i);

        new_cert->cert.id = g_array_index(import->cert_ids, gint64, i);
        if (new_cert->cert.key_id == 0)
            new_cert->cert.key_id = g_array_index(import->key_ids, gint64, new_cert->key_index);
    }
}

gboolean
meishi_store_import(MeishiStore *store, GPtrArray *keys, GPtrArray *new_certs, GPtrArray *issuers,
                    GError **error)
{
    g_autoptr(GArray) key_ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_autoptr(GArray) cert_ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    Import import = {.db = store->db, .key_ids = key_ids, .cert_ids = cert_ids};
    g_autoptr(MeishiSqlTransaction) transaction = meishi_store_begin(store, error);

    if (transaction == NULL || !import_all(&import, keys, new_certs, issuers, error) ||
        !meishi_sql_commit(g_steal_pointer(&transaction), error))
        return FALSE;
    hand_out_ids(&import, keys, new_certs);
    return TRUE;
}

/* ---- changes ------------------------------------------------------------------------------- */

static void
set_label(char **label, const char *to)
{
    g_free(*label);
    *label = g_strdup(to);
}

gboolean
meishi_store_rename_cert(MeishiStore *store, gint64 id, const char *label, GError **error)
{
    g_autoptr(MeishiSqlTransaction) transaction = meishi_store_begin(store, error);
    g_autoptr(MeishiStoreCert) cert = transaction != NULL ? get_cert(store->db, id, error) : NULL;

    if (cert == NULL)
        return FALSE;
    set_label(&cert->label, label);
    return write_cert(store->db, UPDATE_CERT, id, cert, error) &&
           meishi_sql_commit(g_steal_pointer(&transaction), error);
}

gboolean
meishi_store_rename_key(MeishiStore *store, gint64 id, const char *label, GError **error)
{
    g_autoptr(MeishiSqlTransaction) transaction = meishi_store_begin(store, error);
    g_autoptr(MeishiStoreKey) key = transaction != NULL ? get_key(store->db, id, error) : NULL;

    if (key == NULL)
        return FALSE;
    set_label(&key->label, label);
    return write_key(store->db, UPDATE_KEY, id, key, error) &&
           meishi_sql_commit(g_steal_pointer(&transaction), error);
}

gboolean
meishi_store_set_allow_raw(MeishiStore *store, gint64 key_id, gboolean allow, GError **error)
{
    g_autoptr(MeishiSqlTransaction) transaction = meishi_store_begin(store, error);
    g_autoptr(MeishiStoreKey) key = transaction != NULL ? get_key(store->db, key_id, error) : NULL;

    if (key == NULL)
        return FALSE;
    key->allow_raw = allow;
    return write_key(store->db, UPDATE_KEY, key_id, key, error) &&
           meishi_sql_commit(g_steal_pointer(&transaction), error);
}

/* In this order: the issuers while it is still known which came with the certificate, the key when
 * the certificate does not refer to it any more. */
static gboolean
delete_cert(sqlite3 *db, const MeishiStoreCert *cert, GError **error)
{
    return meishi_sql_run(db,
                          "DELETE FROM issuers WHERE id IN ("
                          " SELECT issuer_id FROM cert_issuers WHERE cert_id = ?1"
                          " EXCEPT SELECT issuer_id FROM cert_issuers WHERE cert_id <> ?1)",
                          MEISHI_SQL_VALUES(meishi_sql_integer(cert->id)), error) &&
           meishi_sql_run(db, "DELETE FROM certs WHERE id = ?1",
                          MEISHI_SQL_VALUES(meishi_sql_integer(cert->id)), error) &&
           meishi_sql_run(db,
                          "DELETE FROM keys WHERE id = ?1"
                          " AND NOT EXISTS (SELECT 1 FROM certs WHERE key_id = ?1)",
                          MEISHI_SQL_VALUES(meishi_sql_integer(cert->key_id)), error);
}

gboolean
meishi_store_remove_cert(MeishiStore *store, gint64 id, GError **error)
{
    g_autoptr(MeishiSqlTransaction) transaction = meishi_store_begin(store, error);
    g_autoptr(MeishiStoreCert) cert = transaction != NULL ? get_cert(store->db, id, error) : NULL;

    if (cert == NULL || !delete_cert(store->db, cert, error) ||
        !meishi_sql_commit(g_steal_pointer(&transaction), error))
        return FALSE;
    meishi_sql_truncate_log(store->db); /* overwrites it in the database too */
    return TRUE;
}

static gboolean
check_unused(sqlite3 *db, gint64 key_id, GError **error)
{
    gint64 n;

    if (!meishi_sql_get_integer(db, "SELECT count(*) FROM certs WHERE key_id = ?1",
                                MEISHI_SQL_VALUES(meishi_sql_integer(key_id)), &n, error))
        return FALSE;
    if (n == 0)
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_DENIED,
                "A certificate uses this key; remove the certificate, and the key goes with it.");
    return FALSE;
}

gboolean
meishi_store_remove_key(MeishiStore *store, gint64 id, GError **error)
{
    g_autoptr(MeishiSqlTransaction) transaction = meishi_store_begin(store, error);
    g_autoptr(MeishiStoreKey) key = transaction != NULL ? get_key(store->db, id, error) : NULL;

    if (key == NULL || !check_unused(store->db, id, error) ||
        !meishi_sql_run(store->db, "DELETE FROM keys WHERE id = ?1",
                        MEISHI_SQL_VALUES(meishi_sql_integer(id)), error) ||
        !meishi_sql_commit(g_steal_pointer(&transaction), error))
        return FALSE;
    meishi_sql_truncate_log(store->db); /* overwrites it in the database too */
    return TRUE;
}
