/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi token pin: another PIN for a card or token, by the old one or, for one that is blocked, by
 * the PUK.
 */
#include "cli/client.h"
#include "cli/command.h"
#include "cli/error.h"
#include "cli/json.h"
#include "cli/prompt.h"
#include "cli/secret-option.h"
#include "cli/text.h"
#include "daemon/asking/dict.h"
#include "daemon/asking/secret-fd.h"

#include <string.h>

static gboolean unblock, yes;
static MeishiSecretOption old_pin = MEISHI_SECRET_OPTION_INIT;
static MeishiSecretOption new_pin = MEISHI_SECRET_OPTION_INIT;
static MeishiSecretOption puk = MEISHI_SECRET_OPTION_INIT;

static const GOptionEntry entries[] = {
    {"unblock", 0, 0, G_OPTION_ARG_NONE, &unblock, "Set a new PIN with the PUK", NULL},
    {"pin-file", 0, 0, G_OPTION_ARG_FILENAME, &old_pin.file, "Take the old PIN from FILE", "FILE"},
    {"pin-fd", 0, 0, G_OPTION_ARG_INT, &old_pin.fd, "Take the old PIN from descriptor N", "N"},
    {"puk-file", 0, 0, G_OPTION_ARG_FILENAME, &puk.file, "Take the PUK from FILE", "FILE"},
    {"puk-fd", 0, 0, G_OPTION_ARG_INT, &puk.fd, "Take the PUK from descriptor N", "N"},
    {"new-pin-file", 0, 0, G_OPTION_ARG_FILENAME, &new_pin.file, "Take the new PIN from FILE",
     "FILE"},
    {"new-pin-fd", 0, 0, G_OPTION_ARG_INT, &new_pin.fd, "Take the new PIN from descriptor N", "N"},
    {"yes", 'y', 0, G_OPTION_ARG_NONE, &yes, "Spend the last try without asking", NULL},
    G_OPTION_ENTRY_NULL,
};

/* What goes to the daemon; both are empty where they are typed at the token. */
typedef struct {
    MeishiSecret *by, *pin;
    gboolean spends_last_try;
} Change;

static void
change_clear(Change *change)
{
    meishi_secret_unref(change->by);
    meishi_secret_unref(change->pin);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Change, change_clear)

/* ---- before anything is typed --------------------------------------------------------------- */

static gboolean
refuse(GError **error, int code, const char *format, const char *label)
{
    g_auto(GStrv) parts = g_strsplit(format, "%s", 2);

    g_set_error(error, MEISHI_CLI_ERROR, code, "%s%s%s", parts[0], label, parts[1]);
    return FALSE;
}

static gboolean
check_state(GVariant *token, GError **error)
{
    const char *label = meishi_dict_text(token, "Label");
    const char *state = meishi_dict_text(token, "Pin");
    g_autofree char *quoted = g_shell_quote(label);

    if (strcmp(state, "none") == 0)
        return refuse(error, MEISHI_CLI_ERROR_FAILED, "“%s” has no PIN.", label);
    if (strcmp(state, "uninitialized") == 0)
        return refuse(error, MEISHI_CLI_ERROR_FAILED,
                      "“%s” has not been set up yet, and so has no PIN.", label);
    if (strcmp(state, "locked") == 0 && !unblock)
        return refuse(error, MEISHI_CLI_ERROR_SECRET,
                      "The PIN is blocked. `meishi token pin %s --unblock` sets a new one with the "
                      "PUK.",
                      quoted);
    return TRUE;
}

static gboolean
check_options(GError **error)
{
    if (!unblock && meishi_secret_option_is_given(&puk)) {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                    "A PUK is for --unblock; the PIN is changed with the old PIN.");
        return FALSE;
    }
    if (unblock && meishi_secret_option_is_given(&old_pin)) {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                    "--unblock takes the PUK, and not the old PIN.");
        return FALSE;
    }
    return TRUE;
}

/* ---- what is typed -------------------------------------------------------------------------- */

static gboolean
agree_to_last_try(GVariant *token, Change *change, GError **error)
{
    g_autofree char *question = NULL;

    change->spends_last_try = unblock || strcmp(meishi_dict_text(token, "Pin"), "last") == 0;
    if (!change->spends_last_try || unblock || yes)
        return TRUE;
    question = g_strdup_printf("One try is left: a wrong PIN blocks “%s”. Go on?",
                               meishi_dict_text(token, "Label"));
    return meishi_prompt_confirm(question, error);
}

static gboolean
ask(GVariant *token, Change *change, GError **error)
{
    g_autofree char *question =
        g_strdup_printf("%s of “%s”", unblock ? "PUK" : "PIN", meishi_dict_text(token, "Label"));

    change->by =
        meishi_secret_option_read_or_ask(unblock ? &puk : &old_pin, question, FALSE, error);
    if (change->by == NULL)
        return FALSE;
    change->pin = meishi_secret_option_read_or_ask(&new_pin, "New PIN", TRUE, error);
    return change->pin != NULL;
}

static gboolean
prepare(GVariant *token, Change *change, GError **error)
{
    g_autofree char *clean = meishi_text_clean(meishi_dict_text(token, "Label"));

    if (!check_state(token, error) || !agree_to_last_try(token, change, error))
        return FALSE;
    if (!meishi_dict_flag(token, "PinPad"))
        return ask(token, change, error);
    g_printerr("Type the %s, and then the new PIN, at the keys of “%s”.\n",
               unblock ? "PUK" : "old PIN", clean);
    change->by = meishi_secret_new(0);
    change->pin = meishi_secret_new(0);
    return TRUE;
}

/* ---- the call ------------------------------------------------------------------------------- */

static gboolean
call(MeishiBusToken *object, const Change *change, GError **error)
{
    g_autoptr(GUnixFDList) fds = g_unix_fd_list_new();
    gint by = meishi_secret_fd_append(change->by, fds, error);
    gint pin = by >= 0 ? meishi_secret_fd_append(change->pin, fds, error) : -1;
    GVariantDict options;
    gboolean ok;

    if (pin < 0)
        return FALSE;
    g_variant_dict_init(&options, NULL);
    g_variant_dict_insert(&options, "last-try", "b", change->spends_last_try);
    if (unblock)
        ok = meishi_bus_token_call_unblock_pin_sync(
            object, g_variant_new_handle(by), g_variant_new_handle(pin),
            g_variant_dict_end(&options), fds, NULL, NULL, error);
    else
        ok = meishi_bus_token_call_change_pin_sync(
            object, g_variant_new_handle(by), g_variant_new_handle(pin),
            g_variant_dict_end(&options), fds, NULL, NULL, error);
    return ok || meishi_client_failed(error);
}

static gboolean
run_pin(char **args, GError **error)
{
    g_autoptr(MeishiClient) client =
        check_options(error) ? meishi_client_connect(TRUE, error) : NULL;
    g_autoptr(MeishiBusToken) object = NULL;
    g_autoptr(GVariant) token =
        client != NULL ? meishi_client_find_token(client, args[0], &object, error) : NULL;
    g_auto(Change) change = {0};
    g_autofree char *clean = NULL;

    if (token == NULL || !prepare(token, &change, error) || !call(object, &change, error))
        return FALSE;
    clean = meishi_text_clean(meishi_dict_text(token, "Label"));
    if (meishi_command_json())
        meishi_json_print_pairs("changed", meishi_dict_text(token, "Label"), NULL);
    else
        g_print("“%s” has a new PIN.\n", clean);
    return TRUE;
}

const MeishiCommand meishi_command_token_pin = {
    .name = "pin",
    .usage = "NAME",
    .summary = "Change the PIN of a card or token",
    .text =
        "Asks for the old PIN and the new one and changes it. With --unblock the PUK, which came "
        "with the card, takes the place of the old PIN; for a PIN that was blocked by too many "
        "wrong tries.",
    .example = "meishi token pin 'Corp card'",
    .options = entries,
    .min_args = 1,
    .max_args = 1,
    .argument = MEISHI_ARGUMENT_TOKEN,
    .run = run_pin,
};
