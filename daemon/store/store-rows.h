/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Single rows of keys, certs and issuers, within the caller's transaction.
 */
#pragma once

#include "daemon/store/store-private.h"

/* New; NOT_FOUND. */
MeishiStoreKey *
meishi_store_get_key(sqlite3 *db, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
MeishiStoreCert *
meishi_store_get_cert(sqlite3 *db, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A new row, whatever id the structure has.  EXISTS; NOT_FOUND where cert->key_id is no key. */
gboolean meishi_store_insert_key(sqlite3 *db, const MeishiStoreKey *key, gint64 *ret_id,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean meishi_store_insert_cert(sqlite3 *db, const MeishiStoreCert *cert, gint64 *ret_id,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean meishi_store_insert_issuer(sqlite3 *db, GBytes *der, gint64 *ret_id,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The lineage of a certificate; NULL takes the row away. */
gboolean meishi_store_put_lineage(sqlite3 *db, gint64 cert_id, const char *lineage,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The row with the structure's id. */
gboolean meishi_store_update_key(sqlite3 *db, const MeishiStoreKey *key,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean meishi_store_update_cert(sqlite3 *db, const MeishiStoreCert *cert,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
