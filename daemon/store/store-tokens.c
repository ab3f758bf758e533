/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tokens that were seen, as rows, and the certificates that lay on them, which leave with them (ON
 * DELETE CASCADE).  Which token is which is the agent's to judge.
 */
#include "daemon/store/store-private.h"

#define TOKEN_COLUMNS                                                            \
    "id, kind, label, manufacturer, model, serial, module, last_seen, pin_keep," \
    " pin_minutes, sum"
#define IDENTITY_COLUMNS "token_id, number, der, label, sum"
#define ISSUER_COLUMNS   "token_id, position, der, sum"

/* ---- rows to values ------------------------------------------------------------------------ */

void
meishi_store_token_free(MeishiStoreToken *token)
{
    if (token == NULL)
        return;
    g_free(token->label);
    g_free(token->manufacturer);
    g_free(token->model);
    g_free(token->serial);
    g_free(token->module);
    g_free(token);
}

void
meishi_store_token_identity_free(MeishiStoreTokenIdentity *identity)
{
    if (identity == NULL)
        return;
    g_clear_pointer(&identity->der, g_bytes_unref);
    g_free(identity->label);
    g_free(identity);
}

void
meishi_store_token_issuer_free(MeishiStoreTokenIssuer *issuer)
{
    if (issuer == NULL)
        return;
    g_clear_pointer(&issuer->der, g_bytes_unref);
    g_free(issuer);
}

static gpointer
read_token(sqlite3_stmt *row)
{
    MeishiStoreToken *token = g_new0(MeishiStoreToken, 1);

    token->id = sqlite3_column_int64(row, 0);
    token->kind = sqlite3_column_int(row, 1);
    token->label = meishi_sql_column_text(row, 2);
    token->manufacturer = meishi_sql_column_text(row, 3);
    token->model = meishi_sql_column_text(row, 4);
    token->serial = meishi_sql_column_text(row, 5);
    token->module = meishi_sql_column_text(row, 6);
    token->last_seen = sqlite3_column_int64(row, 7);
    token->pin_keep = sqlite3_column_int(row, 8);
    token->pin_minutes = (guint)sqlite3_column_int64(row, 9);
    return token;
}

static gpointer
read_identity(sqlite3_stmt *row)
{
    MeishiStoreTokenIdentity *identity = g_new0(MeishiStoreTokenIdentity, 1);

    identity->token_id = sqlite3_column_int64(row, 0);
    identity->number = sqlite3_column_int64(row, 1);
    identity->der = meishi_sql_column_bytes(row, 2);
    identity->label = meishi_sql_column_text(row, 3);
    return identity;
}

static gpointer
read_issuer(sqlite3_stmt *row)
{
    MeishiStoreTokenIssuer *issuer = g_new0(MeishiStoreTokenIssuer, 1);

    issuer->token_id = sqlite3_column_int64(row, 0);
    issuer->der = meishi_sql_column_bytes(row, 2);
    return issuer;
}

GPtrArray *
meishi_store_list_tokens(MeishiStore *store, GError **error)
{
    return meishi_store_list_remembered(store, "SELECT " TOKEN_COLUMNS " FROM tokens ORDER BY id",
                                        read_token, (GDestroyNotify)meishi_store_token_free, error);
}

GPtrArray *
meishi_store_list_token_identities(MeishiStore *store, GError **error)
{
    return meishi_store_list_remembered(
        store, "SELECT " IDENTITY_COLUMNS " FROM token_identities ORDER BY token_id, number",
        read_identity, (GDestroyNotify)meishi_store_token_identity_free, error);
}

GPtrArray *
meishi_store_list_token_issuers(MeishiStore *store, GError **error)
{
    return meishi_store_list_remembered(
        store, "SELECT " ISSUER_COLUMNS " FROM token_issuers ORDER BY token_id, position",
        read_issuer, (GDestroyNotify)meishi_store_token_issuer_free, error);
}

/* ---- values to rows ------------------------------------------------------------------------ */

/* Not REPLACE, which would take the identities along. */
#define PUT_TOKEN                                                                                  \
    "INSERT INTO tokens (" TOKEN_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)" \
    " ON CONFLICT (id) DO UPDATE SET kind = ?2, label = ?3, manufacturer = ?4, model = ?5,"        \
    " serial = ?6, module = ?7, last_seen = ?8, pin_keep = ?9, pin_minutes = ?10, sum = ?11"

static gboolean
put_token(sqlite3 *db, gint64 id, const MeishiStoreToken *token, GError **error)
{
    return meishi_sql_put_row(
        db, PUT_TOKEN,
        MEISHI_SQL_VALUES(meishi_sql_integer(id), meishi_sql_integer(token->kind),
                          meishi_sql_text(token->label), meishi_sql_text(token->manufacturer),
                          meishi_sql_text(token->model), meishi_sql_text(token->serial),
                          meishi_sql_text(token->module), meishi_sql_integer(token->last_seen),
                          meishi_sql_integer(token->pin_keep),
                          meishi_sql_integer(token->pin_minutes)),
        error);
}

static gboolean
put_identity(sqlite3 *db, gint64 token_id, const MeishiStoreTokenIdentity *identity, GError **error)
{
    return meishi_sql_put_row(
        db, "INSERT INTO token_identities (" IDENTITY_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5)",
        MEISHI_SQL_VALUES(meishi_sql_integer(token_id), meishi_sql_integer(identity->number),
                          meishi_sql_bytes(identity->der), meishi_sql_text(identity->label)),
        error);
}

static gboolean
put_issuer(sqlite3 *db, gint64 token_id, guint position, GBytes *der, GError **error)
{
    return meishi_sql_put_row(
        db, "INSERT INTO token_issuers (" ISSUER_COLUMNS ") VALUES (?1, ?2, ?3, ?4)",
        MEISHI_SQL_VALUES(meishi_sql_integer(token_id), meishi_sql_integer(position),
                          meishi_sql_bytes(der)),
        error);
}

static gboolean
clear_content(sqlite3 *db, gint64 token_id, GError **error)
{
    return meishi_sql_run(db, "DELETE FROM token_identities WHERE token_id = ?1",
                          MEISHI_SQL_VALUES(meishi_sql_integer(token_id)), error) &&
           meishi_sql_run(db, "DELETE FROM token_issuers WHERE token_id = ?1",
                          MEISHI_SQL_VALUES(meishi_sql_integer(token_id)), error);
}

static gboolean
put_content(sqlite3 *db, gint64 token_id, const MeishiStoreTokenContent *content, GError **error)
{
    if (!clear_content(db, token_id, error))
        return FALSE;
    for (guint i = 0; i < content->identities->len; i++)
        if (!put_identity(db, token_id, content->identities->pdata[i], error))
            return FALSE;
    for (guint i = 0; i < content->issuers->len; i++) {
        const MeishiStoreTokenIssuer *issuer = content->issuers->pdata[i];

        if (!put_issuer(db, token_id, i, issuer->der, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
meishi_store_delete_damaged_tokens(sqlite3 *db, GError **error)
{
    return meishi_store_delete_damaged(db, "SELECT * FROM tokens",
                                       "DELETE FROM tokens WHERE sum = ?1", error) &&
           meishi_store_delete_damaged(db, "SELECT * FROM token_identities",
                                       "DELETE FROM token_identities WHERE sum = ?1", error) &&
           meishi_store_delete_damaged(db, "SELECT * FROM token_issuers",
                                       "DELETE FROM token_issuers WHERE sum = ?1", error);
}

gboolean
meishi_store_write_token(MeishiStore *store, MeishiStoreToken *token,
                         const MeishiStoreTokenContent *content, GError **error)
{
    g_autoptr(MeishiSqlTransaction) transaction = meishi_store_begin(store, error);
    gint64 id = token->id;

    if (transaction == NULL || !meishi_store_delete_damaged_tokens(store->db, error) ||
        (id == 0 && !meishi_sql_get_integer(store->db, MEISHI_SQL_NEXT_ID("tokens"),
                                            MEISHI_SQL_NO_VALUES, &id, error)) ||
        !put_token(store->db, id, token, error) ||
        (content != NULL && !put_content(store->db, id, content, error)) ||
        !meishi_sql_commit(g_steal_pointer(&transaction), error))
        return FALSE;
    token->id = id;
    return TRUE;
}

gboolean
meishi_store_remove_token(MeishiStore *store, gint64 id, GError **error)
{
    g_autoptr(MeishiSqlTransaction) transaction = meishi_store_begin(store, error);

    if (transaction == NULL ||
        !meishi_sql_run(store->db, "DELETE FROM tokens WHERE id = ?1",
                        MEISHI_SQL_VALUES(meishi_sql_integer(id)), error) ||
        !meishi_sql_commit(g_steal_pointer(&transaction), error))
        return FALSE;
    meishi_sql_truncate_log(store->db); /* overwrites it in the database too */
    return TRUE;
}
