/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi set: what may be done with a key, and which certificate an identity renews.
 */
#include "cli/client.h"
#include "cli/command.h"
#include "cli/error.h"
#include "cli/json.h"

static struct {
    char *allow_raw;
    char *renews;
} options;

static const GOptionEntry entries[] = {
    {"allow-raw-rsa", 0, 0, G_OPTION_ARG_STRING, &options.allow_raw,
     "Let programs use the RSA key without padding (CKM_RSA_X_509): yes or no", "ANSWER"},
    {"renews", 0, 0, G_OPTION_ARG_STRING, &options.renews,
     "The identity whose place it takes, with all that was chosen of it; or none", "NAME"},
    G_OPTION_ENTRY_NULL,
};

static gboolean
is_none(const char *name)
{
    return g_str_equal(name, "none");
}

static gboolean
check_options(GError **error)
{
    if (options.allow_raw == NULL && options.renews == NULL) {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                    "Say what to set: --allow-raw-rsa=yes, --allow-raw-rsa=no, --renews=NAME or "
                    "--renews=none.");
        return FALSE;
    }
    if (options.allow_raw == NULL || g_str_equal(options.allow_raw, "yes") ||
        g_str_equal(options.allow_raw, "no"))
        return TRUE;
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                "--allow-raw-rsa takes yes or no, not “%s”.", options.allow_raw);
    return FALSE;
}

static gboolean
set_allow_raw(MeishiBusIdentity *object, GError **error)
{
    gboolean allow = g_strcmp0(options.allow_raw, "yes") == 0;

    return options.allow_raw == NULL ||
           meishi_bus_identity_call_set_allow_raw_sync(object, allow, NULL, error) ||
           meishi_client_failed(error);
}

/* @ret_older stays NULL for none. */
static gboolean
find_older(MeishiClient *client, MeishiCard **ret_older, GError **error)
{
    g_autoptr(MeishiBusIdentity) object = NULL;

    if (options.renews == NULL || is_none(options.renews))
        return TRUE;
    *ret_older = meishi_client_find(client, options.renews, &object, error);
    return *ret_older != NULL;
}

static gboolean
set_renews(MeishiBusIdentity *object, const MeishiCard *older, GError **error)
{
    return options.renews == NULL ||
           meishi_bus_identity_call_set_renews_sync(object, older != NULL ? older->path : "/", NULL,
                                                    error) ||
           meishi_client_failed(error);
}

/* ---- what was done ----------------------------------------------------------------------------
 */

static void
print_json(const MeishiCard *card, const MeishiCard *older)
{
    g_autoptr(JsonBuilder) json = json_builder_new();

    json_builder_begin_object(json);
    meishi_json_member(json, "id", meishi_card_text(card, "Id"));
    if (options.allow_raw != NULL) {
        json_builder_set_member_name(json, "allow_raw_rsa");
        json_builder_add_boolean_value(json, g_str_equal(options.allow_raw, "yes"));
    }
    if (options.renews != NULL)
        meishi_json_member(json, "renews", older != NULL ? meishi_card_text(older, "Id") : NULL);
    json_builder_end_object(json);
    meishi_json_print(json);
}

static void
print_text(const MeishiCard *card, const MeishiCard *older)
{
    g_autofree char *quoted = meishi_card_quoted(card);
    g_autofree char *quoted_older = older != NULL ? meishi_card_quoted(older) : NULL;

    if (options.allow_raw != NULL)
        g_print("%s may %s be used for raw RSA.\n", quoted,
                g_str_equal(options.allow_raw, "yes") ? "now" : "no longer");
    if (quoted_older != NULL)
        g_print("%s renews %s. What was chosen for one holds for the other.\n", quoted,
                quoted_older);
    else if (options.renews != NULL)
        g_print("%s renews no other. What was chosen stays with those that it left.\n", quoted);
}

static gboolean
run(char **args, GError **error)
{
    g_autoptr(MeishiClient) client = NULL;
    g_autoptr(MeishiBusIdentity) object = NULL;
    g_autoptr(MeishiCard) card = NULL;
    g_autoptr(MeishiCard) older = NULL;

    if (!check_options(error))
        return FALSE;
    client = meishi_client_connect(TRUE, error);
    card = client != NULL ? meishi_client_find(client, args[0], &object, error) : NULL;
    if (card == NULL || !find_older(client, &older, error) || !set_allow_raw(object, error) ||
        !set_renews(object, older, error))
        return FALSE;
    if (meishi_command_json())
        print_json(card, older);
    else
        print_text(card, older);
    return TRUE;
}

const MeishiCommand meishi_command_set = {
    .name = "set",
    .usage = "NAME --allow-raw-rsa=yes|no | --renews=NAME|none",
    .summary = "Change what may be done with a key, or what a certificate renews",
    .text = "Changes what may be done with a key. Raw RSA is off unless you allow it: a few old "
            "programs need it, and whoever may use it can make any kind of signature. "
            "Or says which identity a certificate renews, where the import could not tell: it "
            "takes that one's place, and what was chosen for one holds for the other.",
    .example = "meishi set work --allow-raw-rsa=yes\nmeishi set \"work 2027\" --renews work",
    .options = entries,
    .min_args = 1,
    .max_args = 1,
    .argument = MEISHI_ARGUMENT_IDENTITY,
    .run = run,
};
