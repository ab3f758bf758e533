/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi rename: another label.
 */
#include "cli/client.h"
#include "cli/command.h"
#include "cli/json.h"
#include "cli/text.h"

static void
report(const MeishiCard *card, const char *label)
{
    g_autofree char *before = meishi_card_quoted(card);
    g_autofree char *after = meishi_text_clean(label);

    if (meishi_command_json())
        meishi_json_print_pairs("id", meishi_card_text(card, "Id"), "label", label, NULL);
    else
        g_print("%s is called “%s” now.\n", before, after);
}

static gboolean
run(char **args, GError **error)
{
    g_autoptr(MeishiClient) client =
        meishi_text_check_label(args[1], error) ? meishi_client_connect(TRUE, error) : NULL;
    g_autoptr(MeishiBusIdentity) object = NULL;
    g_autoptr(MeishiCard) card =
        client != NULL ? meishi_client_find(client, args[0], &object, error) : NULL;

    if (card == NULL)
        return FALSE;
    if (!meishi_bus_identity_call_rename_sync(object, args[1], NULL, error))
        return meishi_client_failed(error);
    report(card, args[1]);
    return TRUE;
}

const MeishiCommand meishi_command_rename = {
    .name = "rename",
    .usage = "NAME NEW-LABEL",
    .summary = "Give an identity another label",
    .text = "Gives an identity another label. Programs that name it by its id are not affected; "
            "those that name it by its label (object= in a PKCS#11 URI) are.",
    .example = "meishi rename \"Alice Example\" work",
    .min_args = 2,
    .max_args = 2,
    .argument = MEISHI_ARGUMENT_IDENTITY,
    .run = run,
};
