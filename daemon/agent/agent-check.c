/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiAgent: `meishi vault check`.  Works on a copy of the rows in a thread, since a thorough
 * check of many RSA keys takes seconds.  Finds; repairs nothing.
 */
#include "daemon/agent/agent-private.h"

#include "daemon/agent/key-file.h"
#include "daemon/agent/slot.h"

typedef struct {
    GPtrArray *keys;    /* MeishiStoreKey */
    GPtrArray *certs;   /* MeishiStoreCert */
    GPtrArray *issuers; /* MeishiStoreIssuer */
    GPtrArray *slots;   /* MeishiStoreSlot */
    GBytes *vault_id;
    MeishiSecret *vault_key;
    GPtrArray *findings; /* char * */
} Check;

static void
check_free(Check *check)
{
    g_clear_pointer(&check->keys, g_ptr_array_unref);
    g_clear_pointer(&check->certs, g_ptr_array_unref);
    g_clear_pointer(&check->issuers, g_ptr_array_unref);
    g_clear_pointer(&check->slots, g_ptr_array_unref);
    g_clear_pointer(&check->vault_id, g_bytes_unref);
    g_clear_pointer(&check->findings, g_ptr_array_unref);
    meishi_secret_unref(check->vault_key);
    g_free(check);
}

static void find(Check *check, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void
find(Check *check, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_ptr_array_add(check->findings, g_strdup_vprintf(format, args));
    va_end(args);
}

static void
check_key(Check *check, const MeishiStoreKey *row)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiSecret) pkcs8 =
        meishi_slot_unseal_key(check->vault_key, check->vault_id, row->spki, row->sealed, &error);
    g_autoptr(MeishiKey) key = NULL;
    g_autoptr(GBytes) spki = NULL;

    if (pkcs8 == NULL) {
        find(check, "The private key “%s” cannot be opened: its record was changed or damaged.",
             row->label);
        return;
    }
    key = meishi_key_new(pkcs8, TRUE, &error);
    if (key == NULL) {
        find(check, "The private key “%s” is damaged: %s", row->label, error->message);
        return;
    }
    spki = meishi_key_spki(key);
    if (!g_bytes_equal(spki, row->spki))
        find(check, "The private key “%s” does not fit its public key.", row->label);
}

static const MeishiStoreKey *
find_key(const Check *check, gint64 id)
{
    for (guint i = 0; i < check->keys->len; i++) {
        const MeishiStoreKey *row = g_ptr_array_index(check->keys, i);

        if (row->id == id)
            return row;
    }
    return NULL;
}

static void
check_cert(Check *check, const MeishiStoreCert *row)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiCert) cert = meishi_x509_parse(row->der, &error);
    const MeishiStoreKey *key = find_key(check, row->key_id);

    if (cert == NULL)
        find(check, "The certificate “%s” is damaged: %s", row->label, error->message);
    else if (key == NULL)
        find(check, "The certificate “%s” has lost its private key.", row->label);
    else if (!g_bytes_equal(cert->key->spki, key->spki))
        find(check, "The certificate “%s” does not fit its private key.", row->label);
}

static void
check_issuer(Check *check, const MeishiStoreIssuer *row)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiCert) cert = meishi_x509_parse(row->der, &error);

    if (cert == NULL)
        find(check, "The issuer certificate %" G_GINT64_FORMAT " is damaged: %s", row->id,
             error->message);
}

/* Of the slots only key files can be tried without asking anybody anything. */
static void
check_slot(Check *check, const MeishiStoreSlot *slot)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiSecret) secret = NULL;
    g_autoptr(MeishiSecret) kek = NULL;
    g_autoptr(MeishiSecret) key = NULL;

    if (slot->kind != MEISHI_SLOT_KEY_FILE)
        return;
    secret = meishi_key_file_read(slot->location, &error);
    if (secret == NULL) {
        find(check, "A key slot cannot be used: %s", error->message);
        return;
    }
    kek = meishi_slot_derive(slot, secret, &error);
    key = kek != NULL ? meishi_slot_unwrap(slot, check->vault_id, kek, &error) : NULL;
    if (key == NULL || !meishi_secret_equal(key, check->vault_key))
        find(check, "The key file %s does not open this vault.", slot->location);
}

static void
run_check(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
    Check *check = task_data;

    for (guint i = 0; i < check->keys->len && !g_cancellable_is_cancelled(cancellable); i++)
        check_key(check, g_ptr_array_index(check->keys, i));
    for (guint i = 0; i < check->certs->len; i++)
        check_cert(check, g_ptr_array_index(check->certs, i));
    for (guint i = 0; i < check->issuers->len; i++)
        check_issuer(check, g_ptr_array_index(check->issuers, i));
    for (guint i = 0; i < check->slots->len; i++)
        check_slot(check, g_ptr_array_index(check->slots, i));
    g_task_return_pointer(task, g_ptr_array_ref(check->findings),
                          (GDestroyNotify)g_ptr_array_unref);
}

static gboolean
collect(MeishiAgent *agent, Check *check, GError **error)
{
    MeishiSecret *vault_key = meishi_agent_vault_key(agent, error);

    if (vault_key == NULL)
        return FALSE;
    check->vault_key = meishi_secret_ref(vault_key);
    check->vault_id = meishi_store_vault_id(agent->store);
    check->keys = meishi_store_list_keys(agent->store, error);
    if (check->keys != NULL)
        check->certs = meishi_store_list_certs(agent->store, error);
    if (check->certs != NULL)
        check->issuers = meishi_store_list_issuers(agent->store, error);
    if (check->issuers != NULL)
        check->slots = meishi_store_list_slots(agent->store, error);
    return check->slots != NULL && meishi_store_check(agent->store, check->findings, error);
}

static void
on_checked(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    GError *error = NULL;
    GPtrArray *findings = g_task_propagate_pointer(G_TASK(result), &error);

    if (findings != NULL)
        g_task_return_pointer(task, findings, (GDestroyNotify)g_ptr_array_unref);
    else
        g_task_return_error(task, error);
}

static void
on_unlocked(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    GError *error = NULL;

    if (meishi_vault_finish(result, &error) &&
        collect(g_task_get_source_object(task), g_task_get_task_data(task), &error))
        meishi_agent_work(task, run_check, on_checked);
    else
        g_task_return_error(task, error);
}

void
meishi_agent_vault_check_async(MeishiAgent *agent, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data)
{
    GTask *task = g_task_new(agent, cancellable, callback, user_data);
    Check *check = g_new0(Check, 1);

    check->findings = g_ptr_array_new_with_free_func(g_free);
    g_task_set_task_data(task, check, (GDestroyNotify)check_free);
    meishi_vault_unlock_async(agent->vault, NULL, MEISHI_VAULT_SILENTLY, cancellable, on_unlocked,
                              task);
}

GPtrArray *
meishi_agent_vault_check_finish(MeishiAgent *agent, GAsyncResult *result, guint *ret_n_records,
                                GError **error)
{
    GPtrArray *findings = g_task_propagate_pointer(G_TASK(result), error);

    if (findings != NULL) {
        const Check *check = g_task_get_task_data(G_TASK(result));

        *ret_n_records =
            check->keys->len + check->certs->len + check->issuers->len + check->slots->len;
    }
    return findings;
}
