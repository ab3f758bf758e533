/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi remove: an identity and its key, for good.
 */
#include "cli/client.h"
#include "cli/command.h"
#include "cli/json.h"
#include "cli/prompt.h"

static struct {
    gboolean yes;
} options;

static const GOptionEntry entries[] = {
    {"yes", 'y', 0, G_OPTION_ARG_NONE, &options.yes, "Do not ask", NULL},
    G_OPTION_ENTRY_NULL,
};

static gboolean
confirm(const MeishiCard *card, GError **error)
{
    g_autofree char *quoted = meishi_card_quoted(card);
    g_autofree char *question = g_strdup_printf("Remove %s (%.8s) and its private key for good?",
                                                quoted, meishi_card_text(card, "Id"));

    return options.yes || meishi_prompt_confirm(question, error);
}

static gboolean
run(char **args, GError **error)
{
    g_autoptr(MeishiClient) client = meishi_client_connect(TRUE, error);
    g_autoptr(MeishiBusIdentity) object = NULL;
    g_autoptr(MeishiCard) card =
        client != NULL ? meishi_client_find(client, args[0], &object, error) : NULL;
    g_autofree char *quoted = card != NULL ? meishi_card_quoted(card) : NULL;

    if (card == NULL || !confirm(card, error))
        return FALSE;
    if (!meishi_bus_identity_call_remove_sync(object, NULL, error))
        return meishi_client_failed(error);
    if (meishi_command_json())
        meishi_json_print_pairs("removed", meishi_card_text(card, "Id"), NULL);
    else
        g_print("Removed %s.\n", quoted);
    return TRUE;
}

const MeishiCommand meishi_command_remove = {
    .name = "remove",
    .usage = "NAME",
    .summary = "Remove an identity and its private key",
    .text = "Removes a certificate, its private key, and the issuer certificates that nothing else "
            "needs. It cannot be undone; `meishi export --key` saves the key before.",
    .example = "meishi remove alice",
    .options = entries,
    .min_args = 1,
    .max_args = 1,
    .argument = MEISHI_ARGUMENT_IDENTITY,
    .run = run,
};
