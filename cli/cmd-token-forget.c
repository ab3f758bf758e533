/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi token forget: a card or token that will not come back.
 */
#include "cli/client.h"
#include "cli/command.h"
#include "cli/json.h"
#include "cli/text.h"
#include "daemon/asking/dict.h"

static gboolean
run(char **args, GError **error)
{
    g_autoptr(MeishiClient) client = meishi_client_connect(TRUE, error);
    g_autoptr(MeishiBusToken) object = NULL;
    g_autoptr(GVariant) token =
        client != NULL ? meishi_client_find_token(client, args[0], &object, error) : NULL;
    g_autofree char *clean = NULL;

    if (token == NULL)
        return FALSE;
    if (!meishi_bus_token_call_forget_sync(object, NULL, error))
        return meishi_client_failed(error);
    clean = meishi_text_clean(meishi_dict_text(token, "Label"));
    if (meishi_command_json())
        meishi_json_print_pairs("forgotten", meishi_dict_text(token, "Label"), NULL);
    else
        g_print("Forgot “%s”.\n", clean);
    return TRUE;
}

const MeishiCommand meishi_command_token_forget = {
    .name = "forget",
    .usage = "NAME",
    .summary = "Forget a card or token that will not come back",
    .text = "Forgets a card or token that is not inserted: itself, the identities on it, and what "
            "was chosen of them. `meishi choices undo` takes the last back.",
    .example = "meishi token forget 'Old card'",
    .min_args = 1,
    .max_args = 1,
    .argument = MEISHI_ARGUMENT_TOKEN,
    .run = run,
};
