/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi token: the cards and tokens that are there, and the modules that bring them.
 */
#include "cli/client.h"
#include "cli/command.h"
#include "cli/error.h"
#include "cli/json.h"
#include "cli/modules.h"
#include "cli/text.h"
#include "cli/tokens.h"
#include "daemon/asking/dict.h"

static GPtrArray *
fetch(MeishiClient *client, GError **error)
{
    GPtrArray *tokens = meishi_client_tokens(client, error);

    if (tokens != NULL)
        meishi_tokens_sort(tokens);
    return tokens;
}

/* ---- list ------------------------------------------------------------------------------------ */

/* A card may be missing from the list because its module is in trouble. */
static gboolean
print_troubles(MeishiClient *client, GError **error)
{
    g_autoptr(GVariant) modules = NULL;
    g_auto(GStrv) remarks = NULL;

    if (!meishi_bus_manager_call_list_modules_sync(client->manager, &modules, &remarks, NULL,
                                                   error))
        return meishi_client_failed(error);
    meishi_modules_print_troubles(modules, (const char *const *)remarks);
    return TRUE;
}

static gboolean
run_list(char **args, GError **error)
{
    g_autoptr(MeishiClient) client = meishi_client_connect(TRUE, error);
    g_autoptr(GPtrArray) tokens = client != NULL ? fetch(client, error) : NULL;

    if (tokens == NULL)
        return FALSE;
    if (meishi_command_json()) {
        g_autoptr(JsonBuilder) json = json_builder_new();

        meishi_tokens_to_json(tokens, json);
        meishi_json_print(json);
    } else if (tokens->len > 0) {
        meishi_tokens_print(tokens);
    } else {
        g_printerr("No card and no token is there.\n");
    }
    return print_troubles(client, error);
}

const MeishiCommand meishi_command_token_list = {
    .name = "list",
    .usage = "",
    .summary = "List the cards and tokens",
    .text =
        "Lists the smart cards, TPMs and HSMs that are there or were, and whether a PIN was given "
        "or how many tries are left for one. Asks for no PIN.",
    .example = "meishi token list",
    .run = run_list,
};

/* ---- show ------------------------------------------------------------------------------------ */

/* Labels of what lies on @token; borrowed from @cards. */
static GPtrArray *
labels_on(GVariant *token, GPtrArray *cards)
{
    GPtrArray *labels = g_ptr_array_new();
    g_autofree const char **paths = NULL;

    g_variant_lookup(token, "Identities", "^a&o", &paths);
    for (guint i = 0; paths != NULL && i < cards->len; i++) {
        const MeishiCard *card = cards->pdata[i];

        if (g_strv_contains(paths, card->path))
            g_ptr_array_add(labels, (gpointer)meishi_card_text(card, "Label"));
    }
    return labels;
}

static gboolean
print_in_full(MeishiClient *client, GVariant *token, GVariant *inspected, GError **error)
{
    g_autoptr(GPtrArray) cards = meishi_client_cards(client, error);
    g_autoptr(GPtrArray) labels = cards != NULL ? labels_on(token, cards) : NULL;

    if (labels != NULL)
        meishi_tokens_print_one(token, labels, inspected);
    return labels != NULL;
}

/* NULL without an error where the token is not there. */
static GVariant *
inspect(GVariant *token, MeishiBusToken *object, GError **error)
{
    GVariant *values = NULL;

    if (meishi_dict_flag(token, "Present") &&
        !meishi_bus_token_call_inspect_sync(object, &values, NULL, error))
        meishi_client_failed(error);
    return values;
}

static gboolean
run_show(char **args, GError **error)
{
    g_autoptr(MeishiClient) client = meishi_client_connect(TRUE, error);
    g_autoptr(MeishiBusToken) object = NULL;
    g_autoptr(GVariant) token =
        client != NULL ? meishi_client_find_token(client, args[0], &object, error) : NULL;
    g_autoptr(GVariant) inspected = NULL;
    g_autoptr(GError) cause = NULL;

    if (token == NULL)
        return FALSE;
    inspected = inspect(token, object, &cause);
    if (cause != NULL) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    if (meishi_command_json()) {
        g_autoptr(JsonBuilder) json = json_builder_new();

        meishi_tokens_one_to_json(token, inspected, json);
        meishi_json_print(json);
        return TRUE;
    }
    return print_in_full(client, token, inspected, error);
}

const MeishiCommand meishi_command_token_show = {
    .name = "show",
    .usage = "NAME",
    .summary = "Show everything about a card or token",
    .text =
        "Shows what a card or token says of itself, and which identities are used there. NAME is "
        "its label or its serial number.",
    .example = "meishi token show 'Corp card'",
    .min_args = 1,
    .max_args = 1,
    .argument = MEISHI_ARGUMENT_TOKEN,
    .run = run_show,
};

/* ---- modules --------------------------------------------------------------------------------- */

/* Absolute, since the daemon is somewhere else; new. */
static char *
resolve_path(const char *argument, GError **error)
{
    g_autofree char *path = g_canonicalize_filename(argument, NULL);

    if (g_utf8_validate(path, -1, NULL))
        return g_steal_pointer(&path);
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                "The path of a module has to be UTF-8.");
    return NULL;
}

static gboolean
run_add_module(char **args, GError **error)
{
    g_autofree char *path = resolve_path(args[0], error);
    g_autoptr(MeishiClient) client = path != NULL ? meishi_client_connect(TRUE, error) : NULL;
    g_autofree char *clean = NULL;

    if (client == NULL)
        return FALSE;
    if (!meishi_bus_manager_call_add_module_sync(client->manager, path, NULL, error))
        return meishi_client_failed(error);
    clean = meishi_text_clean(path);
    if (meishi_command_json())
        meishi_json_print_pairs("added", path, NULL);
    else
        g_print("Added %s. `meishi token list` shows what it brings.\n", clean);
    return TRUE;
}

const MeishiCommand meishi_command_token_add_module = {
    .name = "add-module",
    .usage = "FILE",
    .summary = "Load another PKCS#11 module",
    .text = "Has the daemon load a PKCS#11 module that p11-kit does not know, from now on. FILE is "
            "the library; nobody but root may be able to change it.",
    .example = "meishi token add-module /opt/vendor/lib/libvendor-pkcs11.so",
    .min_args = 1,
    .max_args = 1,
    .argument = MEISHI_ARGUMENT_FILE,
    .run = run_add_module,
};

static gboolean
run_remove_module(char **args, GError **error)
{
    g_autofree char *path = resolve_path(args[0], error);
    g_autoptr(MeishiClient) client = path != NULL ? meishi_client_connect(TRUE, error) : NULL;
    g_autofree char *clean = NULL;

    if (client == NULL)
        return FALSE;
    if (!meishi_bus_manager_call_remove_module_sync(client->manager, path, NULL, error))
        return meishi_client_failed(error);
    clean = meishi_text_clean(path);
    if (meishi_command_json())
        meishi_json_print_pairs("removed", path, NULL);
    else
        g_print("Removed %s.\n", clean);
    return TRUE;
}

const MeishiCommand meishi_command_token_remove_module = {
    .name = "remove-module",
    .usage = "FILE",
    .summary = "Take a module away that was added",
    .text = "Undoes add-module. What p11-kit knows is configured there, see pkcs11.conf(5).",
    .example = "meishi token remove-module /opt/vendor/lib/libvendor-pkcs11.so",
    .min_args = 1,
    .max_args = 1,
    .argument = MEISHI_ARGUMENT_FILE,
    .run = run_remove_module,
};

/* ---- the group ------------------------------------------------------------------------------- */

static const MeishiCommand *const subcommands[] = {
    &meishi_command_token_list,          &meishi_command_token_show,
    &meishi_command_token_forget,        &meishi_command_token_init,
    &meishi_command_token_login,         &meishi_command_token_logout,
    &meishi_command_token_pin,           &meishi_command_token_add_module,
    &meishi_command_token_remove_module, NULL,
};

const MeishiCommand meishi_command_token = {
    .name = "token",
    .usage = "COMMAND",
    .summary = "Smart cards, TPMs and HSMs",
    .text =
        "Identities on cards and tokens are used like those in the vault. Their PKCS#11 modules "
        "are those that p11-kit knows, and those that were added.",
    .subcommands = subcommands,
};
