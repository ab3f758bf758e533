/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi vault init and add-slot: new ways into the vault.
 */
#include "cli/client.h"
#include "cli/command.h"
#include "cli/json.h"
#include "cli/proof.h"
#include "cli/slot-option.h"
#include "cli/slots.h"

static MeishiSlotOption slot = {.kind = "", .passphrase = MEISHI_SECRET_OPTION_INIT};
static MeishiProof proof = {.option = MEISHI_SECRET_OPTION_INIT};

#define SLOT_ENTRIES                                                  \
    {"key-file", 0,                                                   \
     0,          G_OPTION_ARG_FILENAME,                               \
     &slot.path, "With key-file: where it lies, or shall be made",    \
     "FILE"},                                                         \
        {"passphrase-file",                                           \
         0,                                                           \
         0,                                                           \
         G_OPTION_ARG_FILENAME,                                       \
         &slot.passphrase.file,                                       \
         "With passphrase: take it from FILE",                        \
         "FILE"},                                                     \
    {                                                                 \
        "passphrase-fd", 0, 0, G_OPTION_ARG_INT, &slot.passphrase.fd, \
            "With passphrase: take it from descriptor N", "N"         \
    }

static const GOptionEntry init_entries[] = {
    SLOT_ENTRIES,
    G_OPTION_ENTRY_NULL,
};

static const GOptionEntry add_entries[] = {
    SLOT_ENTRIES,
    {"proof-file", 0, 0, G_OPTION_ARG_FILENAME, &proof.option.file,
     "Take the passphrase that opens the vault from FILE", "FILE"},
    {"proof-fd", 0, 0, G_OPTION_ARG_INT, &proof.option.fd,
     "Take the passphrase that opens the vault from descriptor N", "N"},
    G_OPTION_ENTRY_NULL,
};

/* ---- init -------------------------------------------------------------------------------------
 */

static gboolean
run_init(char **args, GError **error)
{
    g_autoptr(MeishiClient) client = NULL;
    g_autoptr(GUnixFDList) fds = g_unix_fd_list_new();
    g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(NULL);
    g_autofree char *kind = NULL;
    g_autofree char *message = NULL;

    slot.kind = args[0] != NULL ? args[0] : "";
    if (!meishi_slot_option_check(&slot, error))
        return FALSE;
    client = meishi_client_connect(TRUE, error);
    if (client == NULL || !meishi_slot_option_send(&slot, &dict, fds, error))
        return FALSE;
    if (!meishi_bus_vault_call_init_sync(client->vault, slot.kind, g_variant_dict_end(&dict), fds,
                                         &kind, &message, NULL, NULL, error))
        return meishi_client_failed(error);
    if (meishi_command_json())
        meishi_json_print_pairs("kind", kind, "message", message, NULL);
    else
        meishi_slots_print_made(message);
    return TRUE;
}

const MeishiCommand meishi_command_vault_init = {
    .name = "init",
    .usage = "[secret-service|passphrase|key-file]",
    .summary = "Make the vault, opened by what you say",
    .text = "Makes the vault. Without an argument takes the desktop's keyring where there is one, "
            "else a key file, as the first import does.",
    .example = "meishi vault init passphrase",
    .options = init_entries,
    .max_args = 1,
    .argument = MEISHI_ARGUMENT_SLOT_KIND,
    .run = run_init,
};

/* ---- add-slot ---------------------------------------------------------------------------------
 */

/* The new passphrase is asked for once, the proof as often as it is wrong. */
static gboolean
call_add_slot(MeishiClient *client, GVariant *fixed, GUnixFDList *fds, GError **error)
{
    for (;;) {
        g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(fixed);
        g_autoptr(GError) cause = NULL;

        if (!meishi_proof_send(&proof, "proof", &dict, fds, error))
            return FALSE;
        if (meishi_bus_vault_call_add_slot_sync(client->vault, slot.kind, g_variant_dict_end(&dict),
                                                fds, NULL, NULL, &cause))
            return TRUE;
        meishi_client_failed(&cause);
        if (!meishi_proof_try_again(&proof, client, &cause)) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return FALSE;
        }
    }
}

static gboolean
add_slot(MeishiClient *client, GError **error)
{
    g_autoptr(GUnixFDList) fds = g_unix_fd_list_new();
    g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(NULL);
    g_autoptr(GVariant) fixed = NULL;

    if (!meishi_proof_prepare(&proof, client, error) ||
        !meishi_slot_option_send(&slot, &dict, fds, error))
        return FALSE;
    fixed = g_variant_ref_sink(g_variant_dict_end(&dict));
    return call_add_slot(client, fixed, fds, error);
}

static gboolean
run_add_slot(char **args, GError **error)
{
    g_autoptr(MeishiClient) client = NULL;
    gboolean ok;

    slot.kind = args[0];
    if (!meishi_slot_option_check(&slot, error))
        return FALSE;
    client = meishi_client_connect(TRUE, error);
    ok = client != NULL && add_slot(client, error);
    meishi_proof_clear(&proof);
    if (!ok)
        return FALSE;
    if (meishi_command_json())
        meishi_json_print_pairs("kind", slot.kind, NULL);
    else
        g_print("Added a key slot: %s.\n", meishi_slots_kind_name(slot.kind));
    return TRUE;
}

const MeishiCommand meishi_command_vault_add_slot = {
    .name = "add-slot",
    .usage = "secret-service|passphrase|key-file",
    .summary = "Add a way to open the vault",
    .text = "Adds a key slot: another way to open the same vault. The keys stay as they are.",
    .example = "meishi vault add-slot passphrase",
    .options = add_entries,
    .min_args = 1,
    .max_args = 1,
    .argument = MEISHI_ARGUMENT_SLOT_KIND,
    .run = run_add_slot,
};
