/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi set: what may be done with a key.
 */
#include "cli/client.h"
#include "cli/command.h"
#include "cli/error.h"
#include "cli/json.h"

static struct {
    char *allow_raw;
} options;

static const GOptionEntry entries[] = {
    {"allow-raw-rsa", 0, 0, G_OPTION_ARG_STRING, &options.allow_raw,
     "Let programs use the RSA key without padding (CKM_RSA_X_509): yes or no", "ANSWER"},
    G_OPTION_ENTRY_NULL,
};

static gboolean
parse_answer(const char *text, gboolean *ret_yes, GError **error)
{
    gboolean yes = g_strcmp0(text, "yes") == 0;

    if (text == NULL || (!yes && !g_str_equal(text, "no"))) {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                    "Say what to set: --allow-raw-rsa=yes or --allow-raw-rsa=no.");
        return FALSE;
    }
    *ret_yes = yes;
    return TRUE;
}

static void
print_json(const MeishiCard *card, gboolean allow)
{
    g_autoptr(JsonBuilder) json = json_builder_new();

    json_builder_begin_object(json);
    meishi_json_member(json, "id", meishi_card_text(card, "Id"));
    json_builder_set_member_name(json, "allow_raw_rsa");
    json_builder_add_boolean_value(json, allow);
    json_builder_end_object(json);
    meishi_json_print(json);
}

static void
print_text(const MeishiCard *card, gboolean allow)
{
    g_autofree char *quoted = meishi_card_quoted(card);

    g_print("%s may %s be used for raw RSA.\n", quoted, allow ? "now" : "no longer");
}

static gboolean
run(char **args, GError **error)
{
    g_autoptr(MeishiClient) client = NULL;
    g_autoptr(MeishiBusIdentity) object = NULL;
    g_autoptr(MeishiCard) card = NULL;
    gboolean allow;

    if (!parse_answer(options.allow_raw, &allow, error))
        return FALSE;
    client = meishi_client_connect(TRUE, error);
    card = client != NULL ? meishi_client_find(client, args[0], &object, error) : NULL;
    if (card == NULL)
        return FALSE;
    if (!meishi_bus_identity_call_set_allow_raw_sync(object, allow, NULL, error))
        return meishi_client_failed(error);
    if (meishi_command_json())
        print_json(card, allow);
    else
        print_text(card, allow);
    return TRUE;
}

const MeishiCommand meishi_command_set = {
    .name = "set",
    .usage = "NAME --allow-raw-rsa=yes|no",
    .summary = "Change what may be done with a key",
    .text = "Changes what may be done with a key. Raw RSA is off unless you allow it: a few old "
            "programs need it, and whoever may use it can make any kind of signature.",
    .example = "meishi set work --allow-raw-rsa=yes",
    .options = entries,
    .min_args = 1,
    .max_args = 1,
    .argument = MEISHI_ARGUMENT_IDENTITY,
    .run = run,
};
