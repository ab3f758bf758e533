/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi vault slots|remove-slot|check, and the group itself.  What makes a slot or copies the
 * vault is in cmd-vault-slot.c and cmd-vault-backup.c.
 */
#include "cli/client.h"
#include "cli/command.h"
#include "cli/error.h"
#include "cli/json.h"
#include "cli/prompt.h"
#include "cli/proof.h"
#include "cli/slots.h"
#include "cli/style.h"
#include "cli/text.h"
#include "daemon/base/error.h"

#include <unistd.h>

/* ---- slots ----------------------------------------------------------------------------------- */

static gboolean
fail_no_vault(GError **error)
{
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_NO_VAULT,
                "There is no vault yet; the first `meishi import` or `meishi vault init` makes "
                "one.");
    return FALSE;
}

static gboolean
run_slots(char **args, GError **error)
{
    g_autoptr(MeishiClient) client = meishi_client_connect(TRUE, error);
    GVariant *slots;

    if (client == NULL)
        return FALSE;
    if (g_strcmp0(meishi_bus_vault_get_state(client->vault), "absent") == 0)
        return fail_no_vault(error);
    slots = meishi_bus_vault_get_slots(client->vault);
    if (meishi_command_json()) {
        g_autoptr(JsonBuilder) json = json_builder_new();

        meishi_slots_to_json(slots, json);
        meishi_json_print(json);
    } else {
        meishi_slots_print(slots);
    }
    return TRUE;
}

const MeishiCommand meishi_command_vault_slots = {
    .name = "slots",
    .usage = "",
    .summary = "List what opens the vault",
    .text = "Lists the key slots: the ways in which the vault can be opened. Each opens it alone.",
    .example = "meishi vault slots",
    .run = run_slots,
};

/* ---- remove-slot ------------------------------------------------------------------------------
 */

static gboolean yes;

static const GOptionEntry remove_entries[] = {
    {"yes", 'y', 0, G_OPTION_ARG_NONE, &yes, "Do not ask", NULL},
    G_OPTION_ENTRY_NULL,
};

static gboolean
parse_id(const char *text, gint64 *ret_id, GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (g_ascii_string_to_signed(text, 10, 1, G_MAXINT64, ret_id, &cause))
        return TRUE;
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                "“%s” is no number of a key slot. `meishi vault slots` shows them.", text);
    return FALSE;
}

/* Asking about a slot that is not there would have people answer for nothing. */
static gboolean
confirm_removal(MeishiClient *client, gint64 id, GError **error)
{
    g_autofree char *slot = meishi_slots_describe(meishi_bus_vault_get_slots(client->vault), id);
    g_autofree char *question = NULL;

    if (slot == NULL) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND,
                    "There is no key slot %" G_GINT64_FORMAT ". `meishi vault slots` shows all.",
                    id);
        return FALSE;
    }
    question = g_strdup_printf("Remove key slot %" G_GINT64_FORMAT
                               ", the %s? It will not open the vault any more.",
                               id, slot);
    return yes || meishi_prompt_confirm(question, error);
}

static gboolean
run_remove_slot(char **args, GError **error)
{
    g_autoptr(MeishiClient) client = NULL;
    gint64 id;

    if (!parse_id(args[0], &id, error))
        return FALSE;
    client = meishi_client_connect(TRUE, error);
    if (client == NULL || !confirm_removal(client, id, error))
        return FALSE;
    if (!meishi_bus_vault_call_remove_slot_sync(client->vault, id, NULL, error))
        return meishi_client_failed(error);
    if (meishi_command_json())
        meishi_json_print_pairs("removed", args[0], NULL);
    else
        g_print("Removed key slot %s.\n", args[0]);
    return TRUE;
}

const MeishiCommand meishi_command_vault_remove_slot = {
    .name = "remove-slot",
    .usage = "ID",
    .summary = "Take away a way to open the vault",
    .text =
        "Removes a key slot; ID is the number that `meishi vault slots` shows. The keys stay as "
        "they are. The last slot cannot be removed.",
    .example = "meishi vault remove-slot 2",
    .options = remove_entries,
    .min_args = 1,
    .max_args = 1,
    .run = run_remove_slot,
};

/* ---- check ------------------------------------------------------------------------------------
 */

static gboolean
call_check(MeishiClient *client, guint *ret_records, char ***ret_findings, GError **error)
{
    for (;;) {
        g_autoptr(GError) cause = NULL;

        if (meishi_bus_vault_call_check_sync(client->vault, ret_records, ret_findings, NULL,
                                             &cause))
            return TRUE;
        meishi_client_failed(&cause);
        if (!meishi_proof_unlock_after(client, &cause)) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return FALSE;
        }
    }
}

static void
print_findings(guint records, char **findings)
{
    for (char **finding = findings; *finding != NULL; finding++) {
        g_autofree char *clean = meishi_text_clean(*finding);

        g_print("%s%s%s\n", meishi_style_on(MEISHI_STYLE_BAD, STDOUT_FILENO), clean,
                meishi_style_off(MEISHI_STYLE_BAD, STDOUT_FILENO));
    }
    if (findings[0] == NULL)
        g_print("Checked %u record%s; all is well.\n", records, records == 1 ? "" : "s");
}

static void
print_findings_json(guint records, char **findings)
{
    g_autoptr(JsonBuilder) json = json_builder_new();

    json_builder_begin_object(json);
    meishi_json_number_member(json, "records", records);
    json_builder_set_member_name(json, "findings");
    meishi_json_list(json, (const char *const *)findings);
    json_builder_end_object(json);
    meishi_json_print(json);
}

static gboolean
run_check(char **args, GError **error)
{
    g_autoptr(MeishiClient) client = meishi_client_connect(TRUE, error);
    g_auto(GStrv) findings = NULL;
    guint records = 0;

    if (client == NULL || !call_check(client, &records, &findings, error))
        return FALSE;
    if (meishi_command_json())
        print_findings_json(records, findings);
    else
        print_findings(records, findings);
    if (findings[0] == NULL)
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_CORRUPT,
                "The vault is damaged: %u of what was checked is not as it should be. Restore a "
                "backup, or import again what is named above.",
                g_strv_length(findings));
    return FALSE;
}

const MeishiCommand meishi_command_vault_check = {
    .name = "check",
    .usage = "",
    .summary = "Verify every record of the vault",
    .text = "Verifies the database, the seal of every key, and that each key fits its certificate. "
            "Changes nothing.",
    .example = "meishi vault check",
    .run = run_check,
};

/* ---- the group --------------------------------------------------------------------------------
 */

static const MeishiCommand *const subcommands[] = {
    &meishi_command_vault_init,     &meishi_command_vault_slots,
    &meishi_command_vault_add_slot, &meishi_command_vault_remove_slot,
    &meishi_command_vault_check,    &meishi_command_vault_backup,
    &meishi_command_vault_restore,  NULL,
};

const MeishiCommand meishi_command_vault = {
    .name = "vault",
    .usage = "COMMAND",
    .summary = "Make, protect, check and back up the vault",
    .text = "The vault holds the private keys, each sealed under one vault key. Key slots (the "
            "keyring, passphrases, key files) each open it.",
    .subcommands = subcommands,
};
