/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi token pin: another PIN for a card or token, by the old one or, for one that is blocked, by
 * the PUK; and for how long one holds that was given.
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
#include "daemon/policy/pin-keep.h"

#include <string.h>

static gboolean unblock, yes;
static char *keep;
static MeishiSecretOption old_pin = MEISHI_SECRET_OPTION_INIT;
static MeishiSecretOption new_pin = MEISHI_SECRET_OPTION_INIT;
static MeishiSecretOption puk = MEISHI_SECRET_OPTION_INIT;

static const GOptionEntry entries[] = {
    {"keep", 0, 0, G_OPTION_ARG_STRING, &keep,
     "Set for how long the PIN holds: never, 10m, removal or keyring", "WHAT"},
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
    if (keep != NULL && (unblock || meishi_secret_option_is_given(&old_pin) ||
                         meishi_secret_option_is_given(&new_pin))) {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                    "--keep leaves the PIN as it is; say the rest in a command of its own.");
        return FALSE;
    }
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
    change->spends_last_try = unblock || strcmp(meishi_dict_text(token, "Pin"), "last") == 0;
    return unblock || yes || meishi_tokens_agree_to_last_try(token, error);
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
change_pin(GVariant *token, MeishiBusToken *object, GError **error)
{
    const char *label = meishi_dict_text(token, "Label");
    g_autofree char *clean = meishi_text_clean(label);
    g_auto(Change) change = {0};

    if (!prepare(token, &change, error) || !call(object, &change, error))
        return FALSE;
    if (meishi_command_json())
        meishi_json_print_pairs("changed", label, NULL);
    else
        g_print("“%s” has a new PIN.\n", clean);
    return TRUE;
}

/* ---- for how long it holds ------------------------------------------------------------------ */

static const char *
describe_keep(MeishiPinKeepKind kind)
{
    static const char *const sentences[] = {
        [MEISHI_PIN_KEYRING] = "is stored in the desktop's keyring when it is given the next time",
        [MEISHI_PIN_REMOVAL] = "holds until the token is removed",
        [MEISHI_PIN_MINUTES] = "holds for some minutes",
        [MEISHI_PIN_NEVER] = "is asked for each time",
    };

    return sentences[kind];
}

static gboolean
set_keep(GVariant *token, MeishiBusToken *object, const MeishiPinKeep *wanted, GError **error)
{
    const char *label = meishi_dict_text(token, "Label");
    g_autofree char *clean = meishi_text_clean(label);
    g_autofree char *text = meishi_pin_keep_format(wanted);

    if (!meishi_bus_token_call_set_pin_keep_sync(object, meishi_pin_keep_kind_name(wanted->kind),
                                                 wanted->minutes, NULL, error))
        return meishi_client_failed(error);
    if (meishi_command_json())
        meishi_json_print_pairs("token", label, "keep", text, NULL);
    else if (wanted->kind == MEISHI_PIN_MINUTES)
        g_print("The PIN of “%s” holds for %u min.\n", clean, wanted->minutes);
    else
        g_print("The PIN of “%s” %s.\n", clean, describe_keep(wanted->kind));
    return TRUE;
}

static gboolean
parse_keep(MeishiPinKeep *ret_keep, GError **error)
{
    return keep == NULL || meishi_pin_keep_parse(keep, ret_keep, error) ||
           meishi_error_to_trouble(error);
}

static gboolean
run_pin(char **args, GError **error)
{
    g_autoptr(MeishiClient) client = NULL;
    g_autoptr(MeishiBusToken) object = NULL;
    g_autoptr(GVariant) token = NULL;
    MeishiPinKeep wanted;

    if (!check_options(error) || !parse_keep(&wanted, error))
        return FALSE;
    client = meishi_client_connect(TRUE, error);
    if (client != NULL)
        token = meishi_client_find_token(client, args[0], &object, error);
    if (token == NULL)
        return FALSE;
    return keep != NULL ? set_keep(token, object, &wanted, error)
                        : change_pin(token, object, error);
}

const MeishiCommand meishi_command_token_pin = {
    .name = "pin",
    .usage = "NAME",
    .summary = "Change the PIN of a card or token, or how long it holds",
    .text =
        "Asks for the old PIN and the new one and changes it. With --unblock the PUK, which came "
        "with the card, takes the place of the old PIN; for a PIN that was blocked by too many "
        "wrong tries. --keep changes no PIN, but says for how long one holds that was given: "
        "never (it is asked for each time), 10m (so many minutes), removal (until the card is "
        "pulled, which is what happens if nothing was said) or keyring (stored in the "
        "desktop's keyring).",
    .example = "meishi token pin 'Corp card'",
    .options = entries,
    .min_args = 1,
    .max_args = 1,
    .argument = MEISHI_ARGUMENT_TOKEN,
    .run = run_pin,
};
