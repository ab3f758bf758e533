/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi token login, logout: the PIN of a card or token before anybody asks for it, and the end of
 * that.
 */
#include "cli/client.h"
#include "cli/command.h"
#include "cli/error.h"
#include "cli/json.h"
#include "cli/secret-option.h"
#include "cli/text.h"
#include "cli/tokens.h"
#include "daemon/asking/dict.h"
#include "daemon/asking/secret-fd.h"

static gboolean yes;
static MeishiSecretOption pin_option = MEISHI_SECRET_OPTION_INIT;

static const GOptionEntry entries[] = {
    {"pin-file", 0, 0, G_OPTION_ARG_FILENAME, &pin_option.file, "Take the PIN from FILE", "FILE"},
    {"pin-fd", 0, 0, G_OPTION_ARG_INT, &pin_option.fd, "Take the PIN from descriptor N", "N"},
    {"yes", 'y', 0, G_OPTION_ARG_NONE, &yes, "Spend the last try without asking", NULL},
    G_OPTION_ENTRY_NULL,
};

/* ---- login ---------------------------------------------------------------------------------- */

/* Empty where it is typed at the token. */
static MeishiSecret *
ask(GVariant *token, GError **error)
{
    g_autofree char *clean = meishi_text_clean(meishi_dict_text(token, "Label"));
    g_autofree char *question = g_strdup_printf("PIN of “%s”", clean);

    if (!meishi_dict_flag(token, "PinPad"))
        return meishi_secret_option_read_or_ask(&pin_option, question, FALSE, error);
    g_printerr("Type the PIN at the keys of “%s”.\n", clean);
    return meishi_secret_new(0);
}

static gboolean
send_pin(MeishiBusToken *object, const MeishiSecret *pin, GError **error)
{
    g_autoptr(GUnixFDList) fds = g_unix_fd_list_new();
    gint handle = meishi_secret_fd_append(pin, fds, error);
    g_auto(GVariantDict) options = G_VARIANT_DICT_INIT(NULL);

    if (handle < 0)
        return FALSE;
    g_variant_dict_insert(&options, "last-try", "b", TRUE); /* the person agreed */
    return meishi_bus_token_call_log_in_sync(object, g_variant_new_handle(handle),
                                             g_variant_dict_end(&options), fds, NULL, NULL,
                                             error) ||
           meishi_client_failed(error);
}

static gboolean
log_in(GVariant *token, MeishiBusToken *object, GError **error)
{
    g_autoptr(MeishiSecret) pin = NULL;

    if (meishi_dict_flag(token, "LoggedIn"))
        return TRUE;
    if (!yes && !meishi_tokens_agree_to_last_try(token, error))
        return FALSE;
    pin = ask(token, error);
    return pin != NULL && send_pin(object, pin, error);
}

/* ---- both ----------------------------------------------------------------------------------- */

static gboolean
log_out(GVariant *token, MeishiBusToken *object, GError **error)
{
    return meishi_bus_token_call_log_out_sync(object, NULL, error) || meishi_client_failed(error);
}

typedef gboolean (*Act)(GVariant *token, MeishiBusToken *object, GError **error);

static gboolean
run(const char *name, Act act, const char *done, GError **error)
{
    g_autoptr(MeishiClient) client = meishi_client_connect(TRUE, error);
    g_autoptr(MeishiBusToken) object = NULL;
    g_autoptr(GVariant) token =
        client != NULL ? meishi_client_find_token(client, name, &object, error) : NULL;
    g_autofree char *clean = NULL;

    if (token == NULL || !act(token, object, error))
        return FALSE;
    clean = meishi_text_clean(meishi_dict_text(token, "Label"));
    if (meishi_command_json())
        meishi_json_print_pairs("token", meishi_dict_text(token, "Label"), "state", done, NULL);
    else
        g_print("“%s” is %s.\n", clean, done);
    return TRUE;
}

static gboolean
run_login(char **args, GError **error)
{
    return run(args[0], log_in, "open", error);
}

static gboolean
run_logout(char **args, GError **error)
{
    return run(args[0], log_out, "closed", error);
}

const MeishiCommand meishi_command_token_login = {
    .name = "login",
    .usage = "NAME",
    .summary = "Give the PIN of a card or token now",
    .text = "Gives the PIN before a program needs it. A card that shows its certificates only to "
            "whoever gave it can be used from then on. `meishi token pin --keep` says for how "
            "long it holds.",
    .example = "meishi token login 'Corp card'",
    .options = entries,
    .min_args = 1,
    .max_args = 1,
    .argument = MEISHI_ARGUMENT_TOKEN,
    .run = run_login,
};

const MeishiCommand meishi_command_token_logout = {
    .name = "logout",
    .usage = "NAME",
    .summary = "Have a card or token ask for its PIN again",
    .text = "Takes back that the PIN was given, for all programs. One that is stored in the "
            "desktop's keyring opens the token again by itself; `meishi lock` holds that up, too.",
    .example = "meishi token logout 'Corp card'",
    .min_args = 1,
    .max_args = 1,
    .argument = MEISHI_ARGUMENT_TOKEN,
    .run = run_logout,
};
