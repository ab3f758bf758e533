/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The whole store at once: is it sound, and as one piece of memory.
 */
#include "daemon/store/store-private.h"

#include "daemon/base/error.h"

#include <string.h>

/* ---- checking ------------------------------------------------------------------------------ */

typedef void (*InspectRow)(sqlite3_stmt *row, const char *table, GPtrArray *findings);

static void
inspect_integrity(sqlite3_stmt *row, const char *table, GPtrArray *findings)
{
    const char *found = (const char *)sqlite3_column_text(row, 0);

    if (g_strcmp0(found, "ok") != 0)
        g_ptr_array_add(findings, g_strdup_printf("The database is damaged: %s.", found));
}

static void
inspect_reference(sqlite3_stmt *row, const char *table, GPtrArray *findings)
{
    g_ptr_array_add(findings,
                    g_strdup_printf("An entry of table %s refers to one of table %s that is not "
                                    "there.",
                                    (const char *)sqlite3_column_text(row, 0),
                                    (const char *)sqlite3_column_text(row, 2)));
}

static void
inspect_sum(sqlite3_stmt *row, const char *table, GPtrArray *findings)
{
    g_autofree char *name = NULL;

    if (meishi_sql_row_is_intact(row))
        return;
    name = meishi_sql_column_text(row, 0);
    g_ptr_array_add(findings,
                    g_strdup_printf("Entry %s of table %s is damaged: its checksum is wrong.",
                                    name != NULL ? name : "(unknown)", table));
}

/* The same, and what comes of it. */
static void
inspect_with(sqlite3_stmt *row, const char *table, const char *remark, GPtrArray *findings)
{
    guint before = findings->len;
    char *text;

    inspect_sum(row, table, findings);
    if (findings->len == before)
        return;
    text = g_ptr_array_steal_index(findings, before);
    g_ptr_array_add(findings, g_strconcat(text, remark, NULL));
    g_free(text);
}

static void
inspect_memory(sqlite3_stmt *row, const char *table, GPtrArray *findings)
{
    inspect_with(row, table, " It is passed over; `meishi choices forget --all` clears it.",
                 findings);
}

static void
inspect_token(sqlite3_stmt *row, const char *table, GPtrArray *findings)
{
    inspect_with(row, table,
                 " It is passed over; the next card or token that is inserted clears it, and what "
                 "it was about is learnt anew when its own card is.",
                 findings);
}

static const struct {
    const char *sql, *table;
    InspectRow inspect;
} inspections[] = {
    {"PRAGMA integrity_check(20)", NULL, inspect_integrity},
    {"PRAGMA foreign_key_check", NULL, inspect_reference},
    {"SELECT * FROM vault", "vault", inspect_sum},
    {"SELECT * FROM slots", "slots", inspect_sum},
    {"SELECT * FROM keys", "keys", inspect_sum},
    {"SELECT * FROM certs", "certs", inspect_sum},
    {"SELECT * FROM issuers", "issuers", inspect_sum},
    {"SELECT * FROM lineages", "lineages", inspect_memory},
    {"SELECT * FROM choices", "choices", inspect_memory},
    {"SELECT * FROM meetings", "meetings", inspect_memory},
    {"SELECT * FROM tokens", "tokens", inspect_token},
    {"SELECT * FROM token_identities", "token_identities", inspect_token},
    {"SELECT * FROM token_issuers", "token_issuers", inspect_token},
};

static gboolean
inspect(sqlite3 *db, gsize n, GPtrArray *findings, GError **error)
{
    g_autoptr(sqlite3_stmt) rows =
        meishi_sql_prepare(db, inspections[n].sql, MEISHI_SQL_NO_VALUES, error);
    gboolean row = TRUE;

    if (rows == NULL)
        return FALSE;
    while (meishi_sql_next(rows, &row, error)) {
        if (!row)
            return TRUE;
        inspections[n].inspect(rows, inspections[n].table, findings);
    }
    return FALSE;
}

gboolean
meishi_store_inspect(sqlite3 *db, GPtrArray *findings, GError **error)
{
    for (gsize n = 0; n < G_N_ELEMENTS(inspections); n++) {
        g_autoptr(GError) problem = NULL;

        if (inspect(db, n, findings, &problem))
            continue;
        if (!g_error_matches(problem, MEISHI_ERROR, MEISHI_ERROR_CORRUPT)) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return FALSE;
        }
        /* Damage that stops a check is what the check is for. */
        g_ptr_array_add(findings, g_strdup(problem->message));
    }
    return TRUE;
}

gboolean
meishi_store_check(MeishiStore *store, GPtrArray *findings, GError **error)
{
    return store->db == NULL || meishi_store_inspect(store->db, findings, error);
}

static const struct {
    const char *select, *delete;
} memories[] = {
    {"SELECT * FROM lineages", "DELETE FROM lineages WHERE sum = ?1"},
    {"SELECT * FROM choices", "DELETE FROM choices WHERE sum = ?1"},
    {"SELECT * FROM meetings", "DELETE FROM meetings WHERE sum = ?1"},
};

/* The sums (GBytes) of the rows that they do not fit. */
static GPtrArray *
find_damaged(sqlite3 *db, const char *sql, GError **error)
{
    g_autoptr(sqlite3_stmt) rows = meishi_sql_prepare(db, sql, MEISHI_SQL_NO_VALUES, error);
    g_autoptr(GPtrArray) sums = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    gboolean row = TRUE;

    while (rows != NULL && meishi_sql_next(rows, &row, error)) {
        if (!row)
            return g_steal_pointer(&sums);
        if (!meishi_sql_row_is_intact(rows))
            g_ptr_array_add(sums, meishi_sql_column_bytes(rows, sqlite3_column_count(rows) - 1));
    }
    return NULL;
}

gboolean
meishi_store_delete_damaged(sqlite3 *db, const char *select, const char *delete, GError **error)
{
    g_autoptr(GPtrArray) sums = find_damaged(db, select, error);

    if (sums == NULL)
        return FALSE;
    for (guint i = 0; i < sums->len; i++)
        if (!meishi_sql_run(db, delete, MEISHI_SQL_VALUES(meishi_sql_bytes(sums->pdata[i])), error))
            return FALSE;
    return TRUE;
}

gboolean
meishi_store_remove_damaged(MeishiStore *store, GError **error)
{
    g_autoptr(MeishiSqlTransaction) transaction = NULL;

    if (store->db == NULL)
        return TRUE;
    transaction = meishi_store_begin(store, error);
    if (transaction == NULL)
        return FALSE;
    for (gsize n = 0; n < G_N_ELEMENTS(memories); n++)
        if (!meishi_store_delete_damaged(store->db, memories[n].select, memories[n].delete, error))
            return FALSE;
    if (!meishi_store_delete_damaged_tokens(store->db, error))
        return FALSE;
    return meishi_sql_commit(g_steal_pointer(&transaction), error);
}

/* ---- as one piece -------------------------------------------------------------------------- */

/* https://www.sqlite.org/fileformat.html, 1.3.3: 1 without, 2 with a write-ahead log.  An image
 * has no file to be beside. */
static void
mark_without_log(guint8 *image)
{
    memset(image + 18, 1, 2);
}

GBytes *
meishi_store_dump(MeishiStore *store, GError **error)
{
    sqlite3_int64 len = 0;
    guint8 *image;

    if (store->db == NULL) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_NO_VAULT,
                    "There is no vault in %s yet. `meishi vault init` makes one.", store->dir);
        return NULL;
    }
    image = sqlite3_serialize(store->db, "main", &len, 0);
    if (image == NULL || len < 100) {
        sqlite3_free(image);
        meishi_sql_set_error(store->db, error);
        return NULL;
    }
    mark_without_log(image);
    return g_bytes_new_with_free_func(image, (gsize)len, sqlite3_free, image);
}

gboolean
meishi_store_load(MeishiStore *store, GBytes *image, const MeishiStoreSlot *slot, GError **error)
{
    return meishi_store_make(store, image, NULL, slot, error);
}
