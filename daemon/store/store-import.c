/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One import, one transaction.  The caller's structures learn their ids when it is durable, not
 * before.
 */
#include "daemon/store/store-rows.h"

#include "daemon/base/error.h"

/* Ids that are the caller's once the import is durable. */
typedef struct {
    sqlite3 *db;
    GArray *key_ids;
    GArray *cert_ids;
} Import;

static gboolean
import_key(Import *import, const MeishiStoreKey *key, GError **error)
{
    gint64 id;

    if (!meishi_store_insert_key(import->db, key, &id, error)) {
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
    return meishi_store_insert_issuer(db, der, ret_id, error);
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
           meishi_store_insert_cert(import->db, &cert, ret_id, error);
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
    if (new_cert->lineage != NULL &&
        !meishi_store_put_lineage(import->db, id, new_cert->lineage, error))
        return FALSE;
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
