/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi token init: gives a blank card or token a name and a PIN, or makes one blank again.  What
 * cannot be had back is erased only by who types what it is called.
 */
#include "cli/client.h"
#include "cli/command.h"
#include "cli/error.h"
#include "cli/json.h"
#include "cli/prompt.h"
#include "cli/secret-option.h"
#include "cli/text.h"
#include "cli/tokens.h"
#include "daemon/asking/dict.h"
#include "daemon/asking/secret-fd.h"

#include <string.h>

static struct {
    char *label;
    gboolean force;
    char *confirm;
    MeishiSecretOption so_pin, pin;
} options = {.so_pin = MEISHI_SECRET_OPTION_INIT, .pin = MEISHI_SECRET_OPTION_INIT};

/* Texts as bytes: GOption would convert them from the locale. */
static const GOptionEntry entries[] = {
    {"label", 'l', 0, G_OPTION_ARG_FILENAME, &options.label, "Call the token LABEL", "LABEL"},
    {"force", 0, 0, G_OPTION_ARG_NONE, &options.force,
     "Erase a token that is set up already, with all that is on it", NULL},
    {"confirm", 0, 0, G_OPTION_ARG_FILENAME, &options.confirm,
     "With --force: what the token is called now, instead of typing it", "NAME"},
    {"so-pin-file", 0, 0, G_OPTION_ARG_FILENAME, &options.so_pin.file,
     "Take the security officer's PIN from FILE", "FILE"},
    {"so-pin-fd", 0, 0, G_OPTION_ARG_INT, &options.so_pin.fd,
     "Take the security officer's PIN from descriptor N", "N"},
    {"pin-file", 0, 0, G_OPTION_ARG_FILENAME, &options.pin.file, "Take the PIN from FILE", "FILE"},
    {"pin-fd", 0, 0, G_OPTION_ARG_INT, &options.pin.fd, "Take the PIN from descriptor N", "N"},
    G_OPTION_ENTRY_NULL,
};

/* What goes to the daemon; the PINs are empty where they are typed at the token. */
typedef struct {
    MeishiSecret *so_pin, *pin;
    gboolean erases;
} Setup;

static void
setup_clear(Setup *setup)
{
    meishi_secret_unref(setup->so_pin);
    meishi_secret_unref(setup->pin);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Setup, setup_clear)

/* ---- before anything is typed --------------------------------------------------------------- */

static gboolean
check_options(GError **error)
{
    if (options.label == NULL) {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                    "Say what the token is to be called: --label=LABEL.");
        return FALSE;
    }
    if (options.confirm != NULL && !options.force) {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                    "--confirm is for --force; a blank token needs no confirmation.");
        return FALSE;
    }
    return meishi_text_check_label(options.label, error);
}

static gboolean
is_blank(GVariant *token)
{
    return strcmp(meishi_dict_text(token, "Pin"), "uninitialized") == 0;
}

static gboolean
confirm_erasing(const char *label, GError **error)
{
    g_autofree char *question = g_strdup_printf(
        "Everything on “%s” will be erased, keys that are nowhere else among it. Type its name "
        "to go on",
        label);

    if (options.confirm == NULL)
        return meishi_prompt_typed(question, label, error);
    if (strcmp(options.confirm, label) == 0)
        return TRUE;
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_DECLINED,
                "Nothing was done: the token is called “%s”.", label);
    return FALSE;
}

static gboolean
check_state(GVariant *token, Setup *setup, GError **error)
{
    const char *label = meishi_dict_text(token, "Label");

    if (is_blank(token))
        return TRUE;
    if (!options.force) {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED,
                    "“%s” is set up already. --force erases it, with all that is on it.", label);
        return FALSE;
    }
    setup->erases = TRUE;
    return confirm_erasing(label, error);
}

/* ---- what is typed -------------------------------------------------------------------------- */

static gboolean
ask(GVariant *token, Setup *setup, GError **error)
{
    g_autofree char *clean = meishi_text_clean(meishi_dict_text(token, "Label"));
    g_autofree char *question = NULL;

    if (meishi_dict_flag(token, "PinPad")) {
        g_printerr("Type the PINs at the keys of “%s”.\n", clean);
        setup->so_pin = meishi_secret_new(0);
        setup->pin = meishi_secret_new(0);
        return TRUE;
    }
    question = setup->erases
                   ? g_strdup_printf("Security officer's PIN of “%s”", clean)
                   : g_strdup("PIN for the security officer, who can set a forgotten one anew");
    setup->so_pin =
        meishi_secret_option_read_or_ask(&options.so_pin, question, !setup->erases, error);
    if (setup->so_pin == NULL)
        return FALSE;
    setup->pin = meishi_secret_option_read_or_ask(&options.pin, "PIN for using it", TRUE, error);
    return setup->pin != NULL;
}

/* ---- the call ------------------------------------------------------------------------------- */

static gboolean
call(MeishiBusToken *object, const Setup *setup, GError **error)
{
    g_autoptr(GUnixFDList) fds = g_unix_fd_list_new();
    gint so_pin = meishi_secret_fd_append(setup->so_pin, fds, error);
    gint pin = so_pin >= 0 ? meishi_secret_fd_append(setup->pin, fds, error) : -1;
    GVariantDict dict = G_VARIANT_DICT_INIT(NULL);

    if (pin < 0)
        return FALSE;
    if (setup->erases)
        g_variant_dict_insert(&dict, "erase", "b", TRUE);
    if (meishi_bus_token_call_initialize_sync(object, options.label, g_variant_new_handle(so_pin),
                                              g_variant_new_handle(pin), g_variant_dict_end(&dict),
                                              fds, NULL, NULL, error))
        return TRUE;
    return meishi_client_failed(error);
}

static gboolean
set_up(MeishiClient *client, const char *name, GError **error)
{
    g_autoptr(MeishiBusToken) object = NULL;
    g_autoptr(GVariant) token = meishi_client_find_token(client, name, &object, error);
    g_auto(Setup) setup = {0};
    g_autofree char *clean = NULL;

    if (token == NULL || !check_state(token, &setup, error) || !ask(token, &setup, error) ||
        !call(object, &setup, error))
        return FALSE;
    clean = meishi_text_clean(options.label);
    if (meishi_command_json())
        meishi_json_print_pairs("initialized", options.label, NULL);
    else
        g_print("Set up “%s”. `meishi import FILE --to '%s'` puts an identity on it.\n", clean,
                clean);
    return TRUE;
}

/* ---- the command ---------------------------------------------------------------------------- */

/* The label of the only token that is blank; borrowed from @tokens. */
static const char *
find_blank(GPtrArray *tokens, GError **error)
{
    const char *found = NULL;
    guint n = 0;

    for (guint i = 0; i < tokens->len; i++) {
        if (!is_blank(tokens->pdata[i]))
            continue;
        found = meishi_dict_text(tokens->pdata[i], "Label");
        n++;
    }
    if (n == 1)
        return found;
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_NAME,
                n == 0 ? "There is no blank token. `meishi token list` shows all that are there."
                       : "Say which one: `meishi token list` shows that several are blank.");
    return NULL;
}

static gboolean
run(char **args, GError **error)
{
    g_autoptr(MeishiClient) client =
        check_options(error) ? meishi_client_connect(TRUE, error) : NULL;
    g_autoptr(GPtrArray) tokens = NULL;
    const char *name = args[0];

    if (client == NULL)
        return FALSE;
    if (name == NULL) {
        tokens = meishi_client_tokens(client, error);
        name = tokens != NULL ? find_blank(tokens, error) : NULL;
    }
    return name != NULL && set_up(client, name, error);
}

const MeishiCommand meishi_command_token_init = {
    .name = "init",
    .usage = "[NAME]",
    .summary = "Set up a blank card or token",
    .text =
        "Gives a card or token a label, a PIN, and a PIN for its security officer, who can set "
        "a forgotten one anew. NAME is what `meishi token list` calls it; without, the one that "
        "is blank. With --force one that is set up already is erased: all that is on it is "
        "gone for good.",
    .example = "meishi token init --label='Corp card'\n"
               "meishi token init 'Old card' --label='Corp card' --force",
    .options = entries,
    .max_args = 1,
    .argument = MEISHI_ARGUMENT_TOKEN,
    .run = run,
};
