/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi vault backup and restore: the whole vault in one file, under a passphrase of its own.
 */
#include "cli/client.h"
#include "cli/command.h"
#include "cli/error.h"
#include "cli/input-file.h"
#include "cli/json.h"
#include "cli/out-file.h"
#include "cli/proof.h"
#include "cli/slot-option.h"
#include "cli/slots.h"
#include "cli/text.h"
#include "daemon/base/error.h"
#include "daemon/asking/secret-fd.h"

#define TRIES 3

static gboolean force;
static MeishiSecretOption passphrase = MEISHI_SECRET_OPTION_INIT;
static MeishiProof proof = {.option = MEISHI_SECRET_OPTION_INIT};
static char *slot_kind;
static MeishiSlotOption slot = {.kind = "", .passphrase = MEISHI_SECRET_OPTION_INIT};

static const GOptionEntry backup_entries[] = {
    {"force", 'f', 0, G_OPTION_ARG_NONE, &force, "Replace FILE where it exists", NULL},
    {"passphrase-file", 0, 0, G_OPTION_ARG_FILENAME, &passphrase.file,
     "Take the backup's passphrase from FILE", "FILE"},
    {"passphrase-fd", 0, 0, G_OPTION_ARG_INT, &passphrase.fd,
     "Take the backup's passphrase from descriptor N", "N"},
    {"proof-file", 0, 0, G_OPTION_ARG_FILENAME, &proof.option.file,
     "Take the passphrase that opens the vault from FILE", "FILE"},
    {"proof-fd", 0, 0, G_OPTION_ARG_INT, &proof.option.fd,
     "Take the passphrase that opens the vault from descriptor N", "N"},
    G_OPTION_ENTRY_NULL,
};

static const GOptionEntry restore_entries[] = {
    {"passphrase-file", 0, 0, G_OPTION_ARG_FILENAME, &passphrase.file,
     "Take the backup's passphrase from FILE", "FILE"},
    {"passphrase-fd", 0, 0, G_OPTION_ARG_INT, &passphrase.fd,
     "Take the backup's passphrase from descriptor N", "N"},
    {"kind", 0, 0, G_OPTION_ARG_STRING, &slot_kind,
     "What opens the vault here: secret-service, passphrase or key-file", "KIND"},
    {"key-file", 0, 0, G_OPTION_ARG_FILENAME, &slot.path,
     "With --kind=key-file: where it lies, or shall be made", "FILE"},
    {"new-passphrase-file", 0, 0, G_OPTION_ARG_FILENAME, &slot.passphrase.file,
     "With --kind=passphrase: take the new one from FILE", "FILE"},
    {"new-passphrase-fd", 0, 0, G_OPTION_ARG_INT, &slot.passphrase.fd,
     "With --kind=passphrase: take the new one from descriptor N", "N"},
    G_OPTION_ENTRY_NULL,
};

static void
report(const char *verb, const char *path)
{
    g_autofree char *shown = g_filename_display_name(path);
    g_autofree char *clean = meishi_text_clean(shown);

    if (meishi_command_json())
        meishi_json_print_pairs("file", shown, NULL);
    else
        g_print("%s %s.\n", verb, clean);
}

/* ---- backup -----------------------------------------------------------------------------------
 */

static gboolean
call_backup(MeishiClient *client, MeishiOutFile *file, MeishiSecret *secret, GError **error)
{
    g_autoptr(GUnixFDList) fds = g_unix_fd_list_new();
    g_auto(GVariantDict) options = G_VARIANT_DICT_INIT(NULL);
    gint out = g_unix_fd_list_append(fds, meishi_out_file_fd(file), error);
    gint handle = out >= 0 ? meishi_secret_fd_append(secret, fds, error) : -1;

    if (handle < 0 || !meishi_proof_send(&proof, "proof", &options, fds, error))
        return FALSE;
    return meishi_bus_vault_call_backup_sync(
               client->vault, g_variant_new_handle(out), g_variant_new_handle(handle),
               g_variant_dict_end(&options), fds, NULL, NULL, error) ||
           meishi_client_failed(error);
}

static gboolean
back_up(MeishiClient *client, MeishiOutFile *file, GError **error)
{
    g_autoptr(MeishiSecret) secret = NULL;

    if (meishi_proof_prepare(&proof, client, error))
        secret = meishi_secret_option_read_or_ask(&passphrase, "New passphrase for the backup",
                                                  TRUE, error);
    if (secret == NULL)
        return FALSE;
    for (;;) {
        g_autoptr(GError) cause = NULL;

        if (call_backup(client, file, secret, &cause))
            return meishi_out_file_commit(file, error);
        if (!meishi_proof_try_again(&proof, client, &cause)) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return FALSE;
        }
    }
}

static gboolean
run_backup(char **args, GError **error)
{
    g_autoptr(MeishiOutFile) file = meishi_out_file_new(args[0], force, error);
    g_autoptr(MeishiClient) client = file != NULL ? meishi_client_connect(TRUE, error) : NULL;
    gboolean ok;

    if (client == NULL)
        return FALSE;
    if (g_strcmp0(meishi_bus_vault_get_state(client->vault), "absent") == 0) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_NO_VAULT,
                    "There is no vault yet, and so nothing to back up.");
        return FALSE;
    }
    ok = back_up(client, file, error);
    meishi_proof_clear(&proof);
    if (!ok)
        return FALSE;
    report("Wrote the backup to", args[0]);
    return TRUE;
}

const MeishiCommand meishi_command_vault_backup = {
    .name = "backup",
    .usage = "FILE",
    .summary = "Write the whole vault to one file",
    .text = "Writes everything in the vault to one file that `meishi vault restore` opens on "
            "another machine with the passphrase that you choose now.",
    .example = "meishi vault backup meishi.backup",
    .options = backup_entries,
    .min_args = 1,
    .max_args = 1,
    .argument = MEISHI_ARGUMENT_FILE,
    .run = run_backup,
};

/* ---- restore ----------------------------------------------------------------------------------
 */

/* What stays the same between two tries with the backup's passphrase. */
typedef struct {
    MeishiClient *client;
    const MeishiInputFile *file;
    GVariant *options;
    GUnixFDList *fds;
    char **ret_kind;
    char **ret_message;
} Restore;

static gboolean
call_restore(const Restore *restore, MeishiSecret *secret, GError **error)
{
    gint in = g_unix_fd_list_append(restore->fds, restore->file->fd, error);
    gint handle = in >= 0 ? meishi_secret_fd_append(secret, restore->fds, error) : -1;

    if (handle < 0)
        return FALSE;
    return meishi_bus_vault_call_restore_sync(restore->client->vault, g_variant_new_handle(in),
                                              g_variant_new_handle(handle), slot.kind,
                                              restore->options, restore->fds, restore->ret_kind,
                                              restore->ret_message, NULL, NULL, error) ||
           meishi_client_failed(error);
}

static gboolean
restore_backup(const Restore *restore, GError **error)
{
    for (guint n = 1;; n++) {
        g_autoptr(GError) cause = NULL;
        g_autoptr(MeishiSecret) secret =
            meishi_secret_option_read_or_ask(&passphrase, "Passphrase of the backup", FALSE, error);

        if (secret == NULL)
            return FALSE;
        if (call_restore(restore, secret, &cause))
            return TRUE;
        if (n == TRIES || meishi_secret_option_is_given(&passphrase) ||
            !g_error_matches(cause, MEISHI_ERROR, MEISHI_ERROR_WRONG_SECRET)) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return FALSE;
        }
        meishi_error_print(cause);
    }
}

static gboolean
check_absent(MeishiClient *client, GError **error)
{
    if (g_strcmp0(meishi_bus_vault_get_state(client->vault), "absent") == 0)
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_EXISTS,
                "There is a vault already in %s. A backup is restored where there is none.",
                meishi_bus_manager_get_store_directory(client->manager));
    return FALSE;
}

static void
report_restored(const char *path, const char *kind, const char *message)
{
    g_autofree char *shown = g_filename_display_name(path);

    if (meishi_command_json()) {
        meishi_json_print_pairs("file", shown, "kind", kind, "message", message, NULL);
        return;
    }
    report("Restored the vault from", path);
    meishi_slots_print_made(message);
}

static gboolean
run_restore(char **args, GError **error)
{
    g_autoptr(MeishiInputFile) file = NULL;
    g_autoptr(MeishiClient) client = NULL;
    g_autoptr(GUnixFDList) fds = g_unix_fd_list_new();
    g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(NULL);
    g_autoptr(GVariant) slot_options = NULL;
    g_autofree char *kind = NULL;
    g_autofree char *message = NULL;

    slot.kind = slot_kind != NULL ? slot_kind : "";
    if (!meishi_slot_option_check(&slot, error))
        return FALSE;
    file = meishi_input_file_new(args[0], error);
    client = file != NULL ? meishi_client_connect(TRUE, error) : NULL;
    if (client == NULL || !check_absent(client, error) ||
        !meishi_slot_option_send(&slot, &dict, fds, error))
        return FALSE;
    slot_options = g_variant_ref_sink(g_variant_dict_end(&dict));
    if (!restore_backup(&(Restore){client, file, slot_options, fds, &kind, &message}, error))
        return FALSE;
    report_restored(args[0], kind, message);
    return TRUE;
}

const MeishiCommand meishi_command_vault_restore = {
    .name = "restore",
    .usage = "FILE",
    .summary = "Make the vault from a backup",
    .text = "Makes the vault from a file of `meishi vault backup`, where there is no vault yet. "
            "Key slots belong to a machine and are not restored: --kind says what shall open the "
            "vault here; without it, the keyring where there is one, else a key file.",
    .example = "meishi vault restore meishi.backup",
    .options = restore_entries,
    .min_args = 1,
    .max_args = 1,
    .argument = MEISHI_ARGUMENT_FILE,
    .run = run_restore,
};
