/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tries first and asks then: where the keyring or a key file opens the vault, nobody is asked
 * anything.  A wrong passphrase may be typed again twice.
 */
#include "cli/proof.h"

#include "cli/error.h"
#include "cli/prompt.h"
#include "daemon/base/error.h"
#include "daemon/asking/secret-fd.h"

#define TRIES    3
#define QUESTION "Passphrase of the vault"

void
meishi_proof_clear(MeishiProof *proof)
{
    g_clear_pointer(&proof->secret, meishi_secret_unref);
}

static gboolean
ask(MeishiProof *proof, GError **error)
{
    g_clear_pointer(&proof->secret, meishi_secret_unref);
    proof->n_asked++;
    proof->secret = meishi_prompt_secret(QUESTION, error);
    return proof->secret != NULL;
}

gboolean
meishi_proof_prepare(MeishiProof *proof, MeishiClient *client, GError **error)
{
    if (meishi_secret_option_is_given(&proof->option)) {
        proof->secret = meishi_secret_option_read(&proof->option, error);
        return proof->secret != NULL;
    }
    if (meishi_client_has_slot(client, NULL) || !meishi_client_has_slot(client, "passphrase"))
        return TRUE;
    return ask(proof, error);
}

static gboolean
is_for_want_of_proof(const MeishiProof *proof, const GError *error)
{
    if (proof->secret != NULL)
        return g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_WRONG_SECRET);
    return g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_LOCKED) ||
           g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_DENIED);
}

gboolean
meishi_proof_try_again(MeishiProof *proof, MeishiClient *client, GError **error)
{
    if (!is_for_want_of_proof(proof, *error) || proof->n_asked >= TRIES ||
        meishi_secret_option_is_given(&proof->option) ||
        !meishi_client_has_slot(client, "passphrase") || !meishi_prompt_is_possible())
        return FALSE;
    if (proof->secret != NULL)
        meishi_error_print(*error);
    g_clear_error(error);
    return ask(proof, error);
}

gboolean
meishi_proof_send(MeishiProof *proof, const char *name, GVariantDict *options, GUnixFDList *fds,
                  GError **error)
{
    gint handle;

    if (proof->secret == NULL)
        return TRUE;
    handle = meishi_secret_fd_append(proof->secret, fds, error);
    if (handle >= 0)
        g_variant_dict_insert(options, name, "h", handle);
    return handle >= 0;
}

static gboolean
call_unlock(MeishiProof *proof, MeishiClient *client, GError **error)
{
    g_autoptr(GUnixFDList) fds = g_unix_fd_list_new();
    g_auto(GVariantDict) options = G_VARIANT_DICT_INIT(NULL);

    if (!meishi_proof_send(proof, "secret", &options, fds, error))
        return FALSE;
    return meishi_bus_vault_call_unlock_sync(client->vault, g_variant_dict_end(&options), fds, NULL,
                                             NULL, error) ||
           meishi_client_failed(error);
}

gboolean
meishi_proof_unlock(MeishiProof *proof, MeishiClient *client, GError **error)
{
    if (!meishi_proof_prepare(proof, client, error))
        return FALSE;
    for (;;) {
        g_autoptr(GError) cause = NULL;

        if (call_unlock(proof, client, &cause))
            return TRUE;
        if (!meishi_proof_try_again(proof, client, &cause)) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return FALSE;
        }
    }
}

gboolean
meishi_proof_unlock_after(MeishiClient *client, GError **error)
{
    g_auto(MeishiProof) proof = {.option = MEISHI_SECRET_OPTION_INIT};

    if (!g_error_matches(*error, MEISHI_ERROR, MEISHI_ERROR_LOCKED) ||
        !meishi_client_has_slot(client, "passphrase") || !meishi_prompt_is_possible())
        return FALSE;
    g_clear_error(error);
    return meishi_proof_unlock(&proof, client, error);
}
