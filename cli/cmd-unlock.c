/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi unlock: let the daemon use the keys.
 */
#include "cli/client.h"
#include "cli/command.h"
#include "cli/json.h"
#include "cli/proof.h"

static MeishiProof proof = {.option = MEISHI_SECRET_OPTION_INIT};

static const GOptionEntry entries[] = {
    {"passphrase-file", 0, 0, G_OPTION_ARG_FILENAME, &proof.option.file,
     "Take the passphrase from FILE", "FILE"},
    {"passphrase-fd", 0, 0, G_OPTION_ARG_INT, &proof.option.fd,
     "Take the passphrase from descriptor N", "N"},
    G_OPTION_ENTRY_NULL,
};

static gboolean
run(char **args, GError **error)
{
    g_autoptr(MeishiClient) client = meishi_client_connect(TRUE, error);
    gboolean was_open;
    gboolean ok;

    if (client == NULL)
        return FALSE;
    was_open = g_strcmp0(meishi_bus_vault_get_state(client->vault), "unlocked") == 0 &&
               !meishi_secret_option_is_given(&proof.option);
    ok = was_open || meishi_proof_unlock(&proof, client, error);
    meishi_proof_clear(&proof);
    if (!ok)
        return FALSE;
    if (meishi_command_json())
        meishi_json_print_pairs("state", "unlocked", NULL);
    else
        g_print("The vault is unlocked%s.\n", was_open ? " already" : "");
    return TRUE;
}

const MeishiCommand meishi_command_unlock = {
    .name = "unlock",
    .usage = "",
    .summary = "Unlock the vault",
    .text = "Unlocks the vault until `meishi lock` or the end of the daemon. Asks for the "
            "passphrase where neither the keyring nor a key file opens it.",
    .example = "meishi unlock",
    .options = entries,
    .run = run,
};
