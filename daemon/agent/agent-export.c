/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiAgent: what may leave the vault.  Certificates may; a private key only after a slot of the
 * vault was opened anew for it, whatever the lock state, so that a forgotten session gives no key
 * away.
 */
#include "daemon/agent/agent-private.h"

#include "daemon/agent/selector.h"
#include "daemon/base/error.h"
#include "daemon/policy/explain.h"
#include "daemon/policy/rule-match.h"

static GPtrArray *
leaf_and_chain(const MeishiIdentity *identity)
{
    GPtrArray *certs = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_cert_unref);

    if (identity->cert != NULL)
        g_ptr_array_add(certs, meishi_cert_ref(identity->cert));
    for (guint i = 0; i < identity->chain->len; i++)
        g_ptr_array_add(certs, meishi_cert_ref(g_ptr_array_index(identity->chain, i)));
    return certs;
}

char *
meishi_agent_export_certificates(MeishiAgent *agent, MeishiIdentity *identity, GError **error)
{
    g_autoptr(GPtrArray) certs = leaf_and_chain(identity);

    if (identity->cert == NULL) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND,
                    "“%s” is a key that has no certificate yet; there is nothing to export.",
                    identity->label);
        return NULL;
    }
    return meishi_x509_to_pem(certs);
}

/* ---- private keys --------------------------------------------------------------------------- */

/* A rule that keeps the key of candidate @index here.  An export has no target, so that every rule
 * about the identity counts, whatever it says of hosts and programs. */
static const MeishiRule *
find_ban(const MeishiWorld *world, guint index)
{
    for (guint i = 0; i < world->policy->rules->len; i++) {
        const MeishiRule *rule = g_ptr_array_index(world->policy->rules, i);

        if ((rule->constraints.forbid & MEISHI_FORBID_EXPORT) != 0 &&
            meishi_rule_match_obstacle(rule, world->inventory, index, world->now, 0) == NULL)
            return rule;
    }
    return NULL;
}

/* A ban on one certificate of a key is a ban on the key. */
static gboolean
check_policy(MeishiAgent *agent, const MeishiIdentity *identity, GError **error)
{
    const MeishiWorld *world = meishi_agent_world(agent);

    for (guint i = 0; i < agent->identities->len; i++) {
        const MeishiIdentity *other = g_ptr_array_index(agent->identities, i);
        const MeishiRule *rule = other->key_id == identity->key_id ? find_ban(world, i) : NULL;
        g_autofree char *text = NULL;

        if (rule == NULL)
            continue;
        text = meishi_explain_rule(rule);
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_DENIED,
                    "Policy keeps the private key of “%s” here: %s forbids the export.",
                    identity->label, text);
        return FALSE;
    }
    return TRUE;
}

typedef struct {
    MeishiIdentity *identity;
    MeishiSecret *proof; /* NULL: a slot that needs nobody */
    MeishiSecret *password;
    MeishiSecret *pkcs8;
} Export;

static void
export_free(Export *export)
{
    meishi_identity_unref(export->identity);
    meishi_secret_unref(export->proof);
    meishi_secret_unref(export->password);
    meishi_secret_unref(export->pkcs8);
    g_free(export);
}

/* Thousands of iterations of PBKDF2. */
static void
run_write(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
    const Export *export = task_data;
    g_autoptr(GPtrArray) certs = leaf_and_chain(export->identity);
    GError *error = NULL;
    GBytes *file = meishi_bundle_write_pkcs12(export->pkcs8, certs, export->identity->label,
                                              export->password, &error);

    if (file != NULL)
        g_task_return_pointer(task, file, (GDestroyNotify)g_bytes_unref);
    else
        g_task_return_error(task, error);
}

void
meishi_agent_explain_refusal(const char *what, const MeishiSecret *proof, GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (proof != NULL || !g_error_matches(*error, MEISHI_ERROR, MEISHI_ERROR_LOCKED))
        return;
    cause = g_steal_pointer(error);
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_DENIED,
                "%s only against the vault's passphrase, or where its keyring or key file opens it "
                "anew.",
                what);
}

static void
on_confirmed(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    MeishiAgent *agent = g_task_get_source_object(task);
    Export *export = g_task_get_task_data(task);
    GError *error = NULL;
    g_autoptr(MeishiSecret) vault_key = meishi_vault_confirm_finish(result, &error);
    const MeishiStoreKey *row = NULL;

    if (vault_key == NULL)
        meishi_agent_explain_refusal("A private key leaves the vault", export->proof, &error);
    else
        row = meishi_agent_key_row(agent, export->identity->key_id, &error);
    if (row != NULL)
        export->pkcs8 = meishi_agent_unseal(agent, vault_key, row, &error);
    if (export->pkcs8 != NULL)
        meishi_agent_work(task, run_write, meishi_agent_pass_bytes);
    else
        g_task_return_error(task, error);
}

static gboolean
check_export(MeishiAgent *agent, const Export *export, GError **error)
{
    if (meishi_secret_len(export->password) > 0)
        return check_policy(agent, export->identity, error);
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                "A private key leaves the vault only under a password; the one given is empty.");
    return FALSE;
}

void
meishi_agent_export_key_async(MeishiAgent *agent, MeishiIdentity *identity, MeishiSecret *proof,
                              MeishiSecret *password, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data)
{
    GTask *task = g_task_new(agent, cancellable, callback, user_data);
    Export *export = g_new0(Export, 1);
    GError *error = NULL;

    export->identity = meishi_identity_ref(identity);
    export->proof = proof != NULL ? meishi_secret_ref(proof) : NULL;
    export->password = meishi_secret_ref(password);
    g_task_set_task_data(task, export, (GDestroyNotify)export_free);
    if (!meishi_agent_check_in_vault(identity, &error) || !check_export(agent, export, &error)) {
        g_task_return_error(task, error);
        g_object_unref(task);
        return;
    }
    meishi_vault_confirm_async(agent->vault, proof, cancellable, on_confirmed, task);
}

GBytes *
meishi_agent_export_key_finish(MeishiAgent *agent, GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}
