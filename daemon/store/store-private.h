/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files of the store share, and nobody else sees.
 */
#pragma once

#include "daemon/store/sql.h"
#include "daemon/store/store.h"

#define MEISHI_STORE_VAULT_ID_LEN 16

struct MeishiStore {
    char *dir;
    char *path;       /* the database, which may not be there */
    int lock_fd;      /* -1 before it is locked */
    sqlite3 *db;      /* NULL without a vault */
    GBytes *vault_id; /* NULL without a vault */
    guint n_passed_over;
};

/* SHA-256 of @bytes, new. */
GBytes *meishi_store_sha256(GBytes *bytes);

/* Hex digits, new. */
char *meishi_store_hex(GBytes *bytes);

/* Where a database is made before it gets its name, new. */
char *meishi_store_new_path(MeishiStore *store);

/* The name of the vault in @db, new; CORRUPT. */
GBytes *meishi_store_get_vault_id(sqlite3 *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Opens the database, which is there. */
gboolean meishi_store_attach(MeishiStore *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Begins a change; NO_VAULT without a database. */
MeishiSqlTransaction *
meishi_store_begin(MeishiStore *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Rows of one table; an empty array without a vault. */
GPtrArray *meishi_store_list(MeishiStore *store, const char *sql, MeishiSqlReadRow read,
                             GDestroyNotify free_func, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same of what is remembered, without the rows that are damaged: a key is worth more than a
 * choice, so that the one must not be out of reach for the other's sake. */
GPtrArray *
meishi_store_list_remembered(MeishiStore *store, const char *sql, MeishiSqlReadRow read,
                             GDestroyNotify free_func, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The slot as a new row of @db, within the caller's transaction. */
gboolean meishi_store_put_slot(sqlite3 *db, const MeishiStoreSlot *slot, gint64 *ret_id,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes a vault whose only slot is @slot: of @image, or else an empty one named @vault_id.
 * EXISTS. */
gboolean meishi_store_make(MeishiStore *store, GBytes *image, GBytes *vault_id,
                           const MeishiStoreSlot *slot, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The checks behind meishi_store_check(), for any database of ours. */
gboolean
meishi_store_inspect(sqlite3 *db, GPtrArray *findings, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Takes out the rows of @select whose sums are wrong, each by its sum with @delete; within the
 * caller's transaction. */
gboolean meishi_store_delete_damaged(sqlite3 *db, const char *select, const char *delete,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Those about tokens. */
gboolean meishi_store_delete_damaged_tokens(sqlite3 *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;
