/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the store's tests share.
 */
#include "tests/unit/store/fixture.h"

#include "daemon/base/error.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>

/* ---- directories --------------------------------------------------------------------------- */

void
remove_tree(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *entry = g_build_filename(path, name, NULL);

        if (g_file_test(entry, G_FILE_TEST_IS_DIR) && !g_file_test(entry, G_FILE_TEST_IS_SYMLINK))
            remove_tree(entry);
        else
            g_unlink(entry);
    }
    g_rmdir(path);
}

void
fixture_set_up(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    fixture->top = g_dir_make_tmp("meishi-test-XXXXXX", &error);
    g_assert_no_error(error);
    fixture->dir = g_build_filename(fixture->top, "meishi", NULL);
    fixture->store = meishi_store_open(fixture->dir, &error);
    g_assert_no_error(error);
}

void
fixture_set_up_vault(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) id = sample_vault_id();
    g_autoptr(MeishiStoreSlot) slot = sample_slot(MEISHI_SLOT_PASSPHRASE);

    fixture_set_up(fixture, data);
    g_assert_true(meishi_store_create_vault(fixture->store, id, slot, &error));
    g_assert_no_error(error);
}

void
fixture_tear_down(Fixture *fixture, gconstpointer data)
{
    g_clear_pointer(&fixture->store, meishi_store_close);
    remove_tree(fixture->top);
    g_free(fixture->dir);
    g_free(fixture->top);
}

void
fixture_reopen(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;

    g_clear_pointer(&fixture->store, meishi_store_close);
    fixture->store = meishi_store_open(fixture->dir, &error);
    g_assert_no_error(error);
    g_assert_nonnull(fixture->store);
}

void
fixture_run_sql_closed(Fixture *fixture, const char *sql)
{
    g_autofree char *path = fixture_path(fixture, "vault.db");
    sqlite3 *db = NULL;

    g_clear_pointer(&fixture->store, meishi_store_close);
    g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_close(db), ==, SQLITE_OK);
}

void
fixture_run_sql(Fixture *fixture, const char *sql)
{
    fixture_run_sql_closed(fixture, sql);
    fixture_reopen(fixture);
}

void
fixture_assert_refused(Fixture *fixture, int code, const char *said)
{
    g_autoptr(GError) error = NULL;

    g_clear_pointer(&fixture->store, meishi_store_close);
    fixture->store = meishi_store_open(fixture->dir, &error);
    g_assert_error(error, MEISHI_ERROR, code);
    g_assert_null(fixture->store);
    g_test_message("%s", error->message);
    g_assert_nonnull(strstr(error->message, said));
}

char *
fixture_path(const Fixture *fixture, const char *name)
{
    return g_build_filename(fixture->dir, name, NULL);
}

void
fixture_read(const Fixture *fixture, const char *name, char **ret_content, gsize *ret_len)
{
    g_autofree char *path = fixture_path(fixture, name);
    g_autoptr(GError) error = NULL;

    g_assert_true(g_file_get_contents(path, ret_content, ret_len, &error));
    g_assert_no_error(error);
}

void
fixture_write(const Fixture *fixture, const char *name, const char *content, gsize len)
{
    g_autofree char *path = fixture_path(fixture, name);
    g_autoptr(GError) error = NULL;

    g_assert_true(g_file_set_contents_full(path, content, (gssize)len,
                                           G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error));
    g_assert_no_error(error);
}

/* ---- samples ------------------------------------------------------------------------------- */

GBytes *
sample_bytes(const char *kind, guint n)
{
    char *text = g_strdup_printf("%s %u", kind, n);

    return g_bytes_new_take(text, strlen(text));
}

GBytes *
sample_vault_id(void)
{
    return g_bytes_new_static("0123456789abcdef", 16);
}

MeishiStoreSlot *
sample_slot(MeishiSlotKind kind)
{
    MeishiStoreSlot *slot = g_new0(MeishiStoreSlot, 1);

    slot->kind = kind;
    slot->salt = sample_bytes("salt", kind);
    slot->scrypt_log2n = kind == MEISHI_SLOT_PASSPHRASE ? 17 : 0;
    slot->scrypt_r = kind == MEISHI_SLOT_PASSPHRASE ? 8 : 0;
    slot->scrypt_p = kind == MEISHI_SLOT_PASSPHRASE ? 1 : 0;
    slot->location = kind == MEISHI_SLOT_PASSPHRASE ? NULL : g_strdup("/some/where");
    slot->wrapped = sample_bytes("wrapped", kind);
    slot->created = 1700000000;
    return slot;
}

MeishiStoreKey *
sample_key(guint n)
{
    MeishiStoreKey *key = g_new0(MeishiStoreKey, 1);

    key->spki = sample_bytes("spki", n);
    key->sealed = sample_bytes("sealed", n);
    key->label = g_strdup_printf("key %u", n);
    key->created = 1700000000 + n;
    return key;
}

MeishiStoreNewCert *
sample_cert(guint n, guint key_index, guint first_issuer, guint n_issuers)
{
    MeishiStoreNewCert *cert = g_new0(MeishiStoreNewCert, 1);

    cert->cert.der = sample_bytes("cert", n);
    cert->cert.label = g_strdup_printf("cert %u", n);
    cert->cert.created = 1700000000 + n;
    cert->key_index = key_index;
    cert->issuers = new_issuer_array();
    for (guint i = 0; i < n_issuers; i++)
        g_ptr_array_add(cert->issuers, sample_bytes("issuer", first_issuer + i));
    return cert;
}

GPtrArray *
new_key_array(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)meishi_store_key_free);
}

GPtrArray *
new_cert_array(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)meishi_store_new_cert_free);
}

GPtrArray *
new_issuer_array(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
}

gint64
import_identity(MeishiStore *store, guint n, guint first_issuer, guint n_issuers)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) keys = new_key_array();
    g_autoptr(GPtrArray) certs = new_cert_array();
    MeishiStoreNewCert *cert = sample_cert(n, 0, first_issuer, n_issuers);

    g_ptr_array_add(keys, sample_key(n));
    g_ptr_array_add(certs, cert);
    g_assert_true(meishi_store_import(store, keys, certs, NULL, &error));
    g_assert_no_error(error);
    return cert->cert.id;
}

MeishiStoreChoice *
sample_choice(guint n)
{
    MeishiStoreChoice *choice = g_new0(MeishiStoreChoice, 1);

    choice->reach = 2;
    choice->protocol_class = g_strdup("web");
    choice->host = g_strdup_printf("host-%u.example", n);
    choice->port = 8000 + n;
    choice->application = n % 2 != 0 ? g_strdup("exe:/usr/bin/curl") : NULL;
    choice->context = g_strdup("");
    choice->lineage = n % 3 != 0 ? g_strdup_printf("lineage %u", n) : NULL;
    choice->group = n % 5 != 0 ? NULL : g_strdup("bank");
    choice->created = 1700000000 + n;
    choice->last_used = 1700000100 + n;
    choice->uses = n;
    choice->suspicion = (gint)(n % 3);
    choice->alert = (guint8)n;
    memset(choice->digest, (int)n, sizeof choice->digest);
    return choice;
}

GPtrArray *
new_choice_array(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)meishi_store_choice_free);
}

gboolean
set_lineage(MeishiStore *store, gint64 cert_id, const char *lineage, GError **error)
{
    g_autoptr(GPtrArray) lineages = g_ptr_array_new();
    MeishiStoreLineage row = {.cert_id = cert_id, .lineage = (char *)lineage};

    g_ptr_array_add(lineages, &row);
    return meishi_store_set_lineages(store, lineages, error);
}

MeishiStoreToken *
sample_token(guint n)
{
    MeishiStoreToken *token = g_new0(MeishiStoreToken, 1);

    token->kind = (gint)(n % 3);
    token->label = g_strdup_printf("card %u", n);
    token->manufacturer = g_strdup("ACME");
    token->model = g_strdup(n % 2 != 0 ? "" : "two");
    token->serial = g_strdup_printf("serial %u", n);
    token->module = g_strdup("opensc");
    token->last_seen = 1700000200 + n;
    token->pin_keep = (gint)(n % 5);
    token->pin_minutes = n;
    return token;
}

MeishiStoreTokenContent *
sample_content(guint n, guint n_identities)
{
    MeishiStoreTokenContent *content = g_new0(MeishiStoreTokenContent, 1);
    MeishiStoreTokenIssuer *issuer = g_new0(MeishiStoreTokenIssuer, 1);

    content->identities =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_store_token_identity_free);
    content->issuers =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_store_token_issuer_free);
    for (guint i = 0; i < n_identities; i++) {
        MeishiStoreTokenIdentity *identity = g_new0(MeishiStoreTokenIdentity, 1);

        identity->number = 2097152 + 10 * n + i;
        identity->der = sample_bytes("on token", 10 * n + i);
        identity->label = i % 2 != 0 ? g_strdup_printf("Key %u", i) : NULL;
        g_ptr_array_add(content->identities, identity);
    }
    issuer->der = sample_bytes("issuer on token", n);
    g_ptr_array_add(content->issuers, issuer);
    return content;
}

void
sample_content_free(MeishiStoreTokenContent *content)
{
    g_ptr_array_unref(content->identities);
    g_ptr_array_unref(content->issuers);
    g_free(content);
}

void
remember(MeishiStore *store, gint64 cert_id)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiStoreToken) token = sample_token((guint)cert_id);
    g_autoptr(MeishiStoreTokenContent) on_token = sample_content((guint)cert_id, 1);
    g_autoptr(GPtrArray) choices = new_choice_array();
    g_autofree char *lineage = g_strdup_printf("lineage %d", (int)cert_id);
    const MeishiStoreMeeting meeting = {
        .host = (char *)"host.example",
        .port = 443,
        .identity = lineage,
        .accepted = 7,
    };

    g_ptr_array_add(choices, sample_choice((guint)cert_id));
    g_assert_true(set_lineage(store, cert_id, lineage, &error));
    g_assert_true(meishi_store_write_choices(store, choices, NULL, &error));
    g_assert_true(meishi_store_write_meeting(store, &meeting, &error));
    g_assert_true(meishi_store_write_token(store, token, on_token, &error));
    g_assert_no_error(error);
}

/* ---- what is there ------------------------------------------------------------------------- */

static void
append_bytes(GString *text, GBytes *bytes)
{
    gsize len = 0;
    const char *data = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;

    g_string_append_printf(text, " [%.*s]", (int)len, data != NULL ? data : "");
}

static void
append_slot(GString *text, const MeishiStoreSlot *slot)
{
    g_string_append_printf(text, "slot %d: %d %u/%u/%u %s %d", (int)slot->id, slot->kind,
                           slot->scrypt_log2n, slot->scrypt_r, slot->scrypt_p,
                           slot->location != NULL ? slot->location : "-", (int)slot->created);
    append_bytes(text, slot->salt);
    append_bytes(text, slot->wrapped);
    g_string_append_c(text, '\n');
}

static void
append_key(GString *text, const MeishiStoreKey *key)
{
    g_string_append_printf(text, "key %d: %s %d %d", (int)key->id, key->label, key->allow_raw,
                           (int)key->created);
    append_bytes(text, key->spki);
    append_bytes(text, key->sealed);
    g_string_append_c(text, '\n');
}

static void
append_cert(GString *text, const MeishiStoreCert *cert)
{
    g_string_append_printf(text, "cert %d: key %d %s %d", (int)cert->id, (int)cert->key_id,
                           cert->label, (int)cert->created);
    append_bytes(text, cert->der);
    g_string_append_c(text, '\n');
}

static void
append_issuer(GString *text, const MeishiStoreIssuer *issuer)
{
    g_string_append_printf(text, "issuer %d:", (int)issuer->id);
    append_bytes(text, issuer->der);
    g_string_append_c(text, '\n');
}

static void
append_lineage(GString *text, const MeishiStoreLineage *lineage)
{
    g_string_append_printf(text, "lineage of %d: %s\n", (int)lineage->cert_id, lineage->lineage);
}

static void
append_choice(GString *text, const MeishiStoreChoice *choice)
{
    g_string_append_printf(
        text, "choice %d: %d %s %s %u %s [%s] %s %s %d %d %u %d %u %02x%02x %d %d %d\n",
        (int)choice->id, choice->reach, choice->protocol_class, choice->host, choice->port,
        choice->application != NULL ? choice->application : "-", choice->context,
        choice->lineage != NULL ? choice->lineage : "none",
        choice->group != NULL ? choice->group : "-", (int)choice->created, (int)choice->last_used,
        choice->uses, choice->suspicion, choice->alert, choice->digest[0], choice->digest[31],
        (int)choice->forgotten, (int)choice->batch, (int)choice->replaced_by);
}

static void
append_meeting(GString *text, const MeishiStoreMeeting *meeting)
{
    g_string_append_printf(text, "meeting: %s %u %s %d %u %d %d %u\n", meeting->host, meeting->port,
                           meeting->identity, meeting->suspicion, meeting->accepted,
                           (int)meeting->last_accepted, (int)meeting->refused_at, meeting->alert);
}

static void
append_token(GString *text, const MeishiStoreToken *token)
{
    g_string_append_printf(text, "token %d: %d [%s] [%s] [%s] [%s] %s %d %d %u\n", (int)token->id,
                           token->kind, token->label, token->manufacturer, token->model,
                           token->serial, token->module, (int)token->last_seen, token->pin_keep,
                           token->pin_minutes);
}

static void
append_token_identity(GString *text, const MeishiStoreTokenIdentity *identity)
{
    g_string_append_printf(text, "on token %d: %d %s", (int)identity->token_id,
                           (int)identity->number, identity->label != NULL ? identity->label : "-");
    append_bytes(text, identity->der);
    g_string_append_c(text, '\n');
}

static void
append_token_issuer(GString *text, const MeishiStoreTokenIssuer *issuer)
{
    g_string_append_printf(text, "issuer on %d:", (int)issuer->token_id);
    append_bytes(text, issuer->der);
    g_string_append_c(text, '\n');
}

char *
describe_store(MeishiStore *store)
{
    static const struct {
        GPtrArray *(*list)(MeishiStore *store, GError **error);
        void (*append)(GString *text, gconstpointer row);
    } parts[] = {
        {meishi_store_list_slots, (void (*)(GString *, gconstpointer))append_slot},
        {meishi_store_list_keys, (void (*)(GString *, gconstpointer))append_key},
        {meishi_store_list_certs, (void (*)(GString *, gconstpointer))append_cert},
        {meishi_store_list_issuers, (void (*)(GString *, gconstpointer))append_issuer},
        {meishi_store_list_lineages, (void (*)(GString *, gconstpointer))append_lineage},
        {meishi_store_list_choices, (void (*)(GString *, gconstpointer))append_choice},
        {meishi_store_list_meetings, (void (*)(GString *, gconstpointer))append_meeting},
        {meishi_store_list_tokens, (void (*)(GString *, gconstpointer))append_token},
        {meishi_store_list_token_identities,
         (void (*)(GString *, gconstpointer))append_token_identity},
        {meishi_store_list_token_issuers, (void (*)(GString *, gconstpointer))append_token_issuer},
    };
    GString *text = g_string_new(NULL);

    for (gsize p = 0; p < G_N_ELEMENTS(parts); p++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) rows = parts[p].list(store, &error);

        if (rows == NULL)
            g_string_append_printf(text, "error %d: %s\n", error->code, error->message);
        for (guint i = 0; rows != NULL && i < rows->len; i++)
            parts[p].append(text, g_ptr_array_index(rows, i));
    }
    return g_string_free(text, FALSE);
}
