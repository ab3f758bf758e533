/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi choices list, set, forget and undo: what is remembered about servers.
 */
#include "cli/choices.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/error.h"
#include "cli/json.h"
#include "cli/program.h"
#include "cli/target.h"
#include "cli/text.h"
#include "daemon/base/error.h"

#include <string.h>

/* Where policy forbids it, that is said with the exit status of all that policy forbids. */
static gboolean
fail_call(GError **error)
{
    meishi_client_failed(error);
    if (g_error_matches(*error, MEISHI_ERROR, MEISHI_ERROR_DENIED)) {
        (*error)->domain = MEISHI_CLI_ERROR;
        (*error)->code = MEISHI_CLI_ERROR_POLICY;
    }
    return FALSE;
}

static void
print_count(guint count)
{
    g_autoptr(JsonBuilder) json = json_builder_new();

    json_builder_begin_object(json);
    meishi_json_number_member(json, "count", count);
    json_builder_end_object(json);
    meishi_json_print(json);
}

/* ---- list ------------------------------------------------------------------------------------ */

static gboolean
run_list(char **args, GError **error)
{
    g_autoptr(MeishiClient) client = meishi_client_connect(TRUE, error);
    g_autoptr(GVariant) choices = client != NULL ? meishi_choices_list(client, error) : NULL;

    if (choices == NULL)
        return FALSE;
    if (meishi_command_json()) {
        g_autoptr(JsonBuilder) json = json_builder_new();

        meishi_choices_to_json(choices, json);
        meishi_json_print(json);
    } else if (g_variant_n_children(choices) > 0) {
        meishi_choices_print(choices);
    } else {
        g_printerr("Nothing is remembered yet.\n");
    }
    return TRUE;
}

const MeishiCommand meishi_command_choices_list = {
    .name = "list",
    .usage = "",
    .summary = "List what is remembered",
    .text =
        "Lists which certificate is remembered for which server. A server without a port stands "
        "for every port, one with a dot before it for everything below it.",
    .example = "meishi choices",
    .run = run_list,
};

/* ---- set ------------------------------------------------------------------------------------- */

static struct {
    char *use, *scope, *application, *context;
    gboolean none, host, domain;
} set_options;

static const GOptionEntry set_entries[] = {
    {"use", 0, 0, G_OPTION_ARG_STRING, &set_options.use, "Send this identity", "NAME"},
    {"none", 0, 0, G_OPTION_ARG_NONE, &set_options.none, "Send no certificate", NULL},
    {"scope", 0, 0, G_OPTION_ARG_STRING, &set_options.scope,
     "For how long: once, session or always (the default)", "SCOPE"},
    {"host", 0, 0, G_OPTION_ARG_NONE, &set_options.host, "For every port of the host", NULL},
    {"domain", 0, 0, G_OPTION_ARG_NONE, &set_options.domain, "For the host and everything below it",
     NULL},
    {"app", 0, 0, G_OPTION_ARG_STRING, &set_options.application,
     "For this program alone: exe:/PATH, flatpak:ID, snap:NAME", "NAME"},
    {"context", 0, 0, G_OPTION_ARG_STRING, &set_options.context,
     "The profile or container that it is kept for", "NAME"},
    G_OPTION_ENTRY_NULL,
};

/* Choices are kept by program: a unit may have another name tomorrow. */
static gboolean
check_program(GError **error)
{
    MeishiTrust trust;

    if (set_options.application == NULL)
        return TRUE;
    if (!meishi_program_parse(set_options.application, &trust, error))
        return FALSE;
    if (trust != MEISHI_TRUST_UNIT)
        return TRUE;
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                "Choices are kept for programs, not for units: write exe:/PATH, flatpak:ID or "
                "snap:NAME. Rules of a policy file can name a unit.");
    return FALSE;
}

static gboolean
check_set_options(GError **error)
{
    static const char *const scopes[] = {"once", "session", "always", NULL};

    if ((set_options.use != NULL) == set_options.none) {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                    "Say what to send: --use=NAME or --none.");
        return FALSE;
    }
    if (set_options.host && set_options.domain) {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                    "--host and --domain exclude one another.");
        return FALSE;
    }
    if (set_options.scope != NULL && !g_strv_contains(scopes, set_options.scope)) {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                    "--scope is once, session or always, not “%s”.", set_options.scope);
        return FALSE;
    }
    return check_program(error);
}

/* The object's path for --use, "/" for --none; new.  @ret_label: for the message; new. */
static char *
find_identity(MeishiClient *client, char **ret_label, GError **error)
{
    g_autoptr(MeishiBusIdentity) object = NULL;
    g_autoptr(MeishiCard) card = NULL;

    if (set_options.none) {
        *ret_label = g_strdup("no certificate");
        return g_strdup("/");
    }
    card = meishi_client_find(client, set_options.use, &object, error);
    if (card == NULL)
        return NULL;
    *ret_label = meishi_card_quoted(card);
    return g_strdup(card->path);
}

static GVariant *
make_set_options(const MeishiTarget *target)
{
    GVariantDict options;

    g_variant_dict_init(&options, NULL);
    g_variant_dict_insert(&options, "protocol", "s", target->protocol);
    if (set_options.application != NULL)
        g_variant_dict_insert(&options, "application", "s", set_options.application);
    if (set_options.context != NULL)
        g_variant_dict_insert(&options, "context", "s", set_options.context);
    return g_variant_dict_end(&options);
}

static const char *
reach_of_options(void)
{
    return set_options.domain ? "domain" : set_options.host ? "host" : "host-port";
}

static void
print_set(gint64 id, const MeishiTarget *target, const char *label)
{
    g_autofree char *name = meishi_target_name(target);
    const char *scope = set_options.scope != NULL ? set_options.scope : "always";

    if (meishi_command_json()) {
        g_autoptr(JsonBuilder) json = json_builder_new();

        json_builder_begin_object(json);
        meishi_json_number_member(json, "id", id);
        json_builder_end_object(json);
        meishi_json_print(json);
    } else {
        /* Undo would take back what was forgotten before, where this replaced nothing. */
        g_print("%s%s gets %s (%s). `meishi choices forget %" G_GINT64_FORMAT "` forgets it.\n",
                set_options.domain ? "." : "",
                set_options.domain || set_options.host ? target->host : name, label, scope, id);
    }
}

static gboolean
run_set(char **args, GError **error)
{
    g_autoptr(MeishiTarget) target = NULL;
    g_autoptr(MeishiClient) client = NULL;
    g_autofree char *label = NULL;
    g_autofree char *path = NULL;
    gint64 id;

    if (!check_set_options(error))
        return FALSE;
    target = meishi_target_parse(args[0], error);
    client = target != NULL ? meishi_client_connect(TRUE, error) : NULL;
    path = client != NULL ? find_identity(client, &label, error) : NULL;
    if (path == NULL)
        return FALSE;
    if (!meishi_bus_choices_call_set_sync(client->choices, reach_of_options(), target->host,
                                          (guint16)target->port, path,
                                          set_options.scope != NULL ? set_options.scope : "always",
                                          make_set_options(target), &id, NULL, error))
        return fail_call(error);
    print_set(id, target, label);
    return TRUE;
}

const MeishiCommand meishi_command_choices_set = {
    .name = "set",
    .usage = "HOST[:PORT]|URL --use=NAME|--none",
    .summary = "Say which certificate a server gets",
    .text = "Remembers which certificate a server gets, or that it gets none, for every program "
            "unless --app names one. What policy does not allow is refused.",
    .example = "meishi choices set git.example.com:8443 --use=work\n"
               "meishi choices set example.com --none --domain",
    .options = set_entries,
    .min_args = 1,
    .max_args = 1,
    .argument = MEISHI_ARGUMENT_HOST,
    .run = run_set,
};

/* ---- forget ---------------------------------------------------------------------------------- */

static struct {
    char *application, *identity, *context;
    gboolean all;
} forget_options;

static const GOptionEntry forget_entries[] = {
    {"app", 0, 0, G_OPTION_ARG_STRING, &forget_options.application, "What holds for this program",
     "NAME"},
    {"identity", 0, 0, G_OPTION_ARG_STRING, &forget_options.identity, "What sends this identity",
     "NAME"},
    {"context", 0, 0, G_OPTION_ARG_STRING, &forget_options.context,
     "What is kept for this profile or container", "NAME"},
    {"all", 0, 0, G_OPTION_ARG_NONE, &forget_options.all, "Everything", NULL},
    G_OPTION_ENTRY_NULL,
};

/* A port only where one was typed, or follows from a URL: without, every port is meant. */
static gboolean
names_port(const char *text, const MeishiTarget *target)
{
    g_autofree char *suffix = g_strdup_printf(":%u", target->port);
    gboolean is_bare_v6 = text[0] != '[' && strchr(text, ':') != strrchr(text, ':');

    return strstr(text, "://") != NULL || (!is_bare_v6 && g_str_has_suffix(text, suffix));
}

static gboolean
add_server(GVariantDict *filter, const char *text, GError **error)
{
    /* ".example.com", as `meishi choices` shows a domain */
    const char *host = text[0] == '.' ? text + 1 : text;
    g_autoptr(MeishiTarget) target = meishi_target_parse(host, error);

    if (target == NULL)
        return FALSE;
    g_variant_dict_insert(filter, "host", "s", target->host);
    if (names_port(text, target))
        g_variant_dict_insert(filter, "port", "u", (guint32)target->port);
    return TRUE;
}

static gboolean
add_what(GVariantDict *filter, const char *text, GError **error)
{
    gint64 id;

    if (!g_ascii_string_to_signed(text, 10, 1, G_MAXINT64, &id, NULL))
        return add_server(filter, text, error);
    g_variant_dict_insert(filter, "id", "x", id);
    return TRUE;
}

static gboolean
add_identity(GVariantDict *filter, MeishiClient *client, GError **error)
{
    g_autoptr(MeishiBusIdentity) object = NULL;
    g_autoptr(MeishiCard) card = NULL;

    if (forget_options.identity == NULL)
        return TRUE;
    card = meishi_client_find(client, forget_options.identity, &object, error);
    if (card != NULL)
        g_variant_dict_insert(filter, "identity", "o", card->path);
    return card != NULL;
}

/* Floating; NULL with an error. */
static GVariant *
make_filter(const char *what, MeishiClient *client, GError **error)
{
    g_auto(GVariantDict) filter = G_VARIANT_DICT_INIT(NULL);

    if (what != NULL && !add_what(&filter, what, error))
        return NULL;
    if (!add_identity(&filter, client, error))
        return NULL;
    if (forget_options.application != NULL)
        g_variant_dict_insert(&filter, "application", "s", forget_options.application);
    if (forget_options.context != NULL)
        g_variant_dict_insert(&filter, "context", "s", forget_options.context);
    return g_variant_dict_end(&filter);
}

static gboolean
check_forget(char **args, GError **error)
{
    gboolean narrows = args[0] != NULL || forget_options.application != NULL ||
                       forget_options.identity != NULL || forget_options.context != NULL;

    if (narrows != forget_options.all)
        return TRUE;
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                narrows ? "--all is everything; leave the rest out."
                        : "Say what to forget: an id, a server, --app, --identity, --context or "
                          "--all.");
    return FALSE;
}

static gboolean
tell_forgotten(guint count, GError **error)
{
    if (count == 0 && !forget_options.all) {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_NAME,
                    "Nothing like that is remembered. `meishi choices` shows all.");
        return FALSE;
    }
    if (meishi_command_json())
        print_count(count);
    else if (count == 0)
        g_print("No choice was remembered.\n");
    else
        g_print("Forgot %u choice%s. `meishi choices undo` takes it back, for 30 days.\n", count,
                count == 1 ? "" : "s");
    return TRUE;
}

static gboolean
run_forget(char **args, GError **error)
{
    g_autoptr(MeishiClient) client = NULL;
    GVariant *filter;
    guint count;

    if (!check_forget(args, error))
        return FALSE;
    client = meishi_client_connect(TRUE, error);
    filter = client != NULL ? make_filter(args[0], client, error) : NULL;
    if (filter == NULL)
        return FALSE;
    if (!meishi_bus_choices_call_forget_sync(client->choices, filter, &count, NULL, error))
        return fail_call(error);
    return tell_forgotten(count, error);
}

const MeishiCommand meishi_command_choices_forget = {
    .name = "forget",
    .usage = "[ID|HOST[:PORT]|URL]",
    .summary = "Forget what is remembered",
    .text =
        "Forgets one choice by its id, or all that fit a server (without a port: every port), a "
        "program, an identity, or several of these together. What was learned of the servers "
        "goes with them.",
    .example = "meishi choices forget git.example.com\nmeishi choices forget --identity=work",
    .options = forget_entries,
    .min_args = 0,
    .max_args = 1,
    .argument = MEISHI_ARGUMENT_CHOICE,
    .run = run_forget,
};

/* ---- undo ------------------------------------------------------------------------------------ */

static gboolean
run_undo(char **args, GError **error)
{
    g_autoptr(MeishiClient) client = meishi_client_connect(TRUE, error);
    guint count;

    if (client == NULL)
        return FALSE;
    if (!meishi_bus_choices_call_undo_sync(client->choices, &count, NULL, error))
        return fail_call(error);
    if (meishi_command_json())
        print_count(count);
    else
        g_print("Took back what was done to %u choice%s.\n", count, count == 1 ? "" : "s");
    return TRUE;
}

const MeishiCommand meishi_command_choices_undo = {
    .name = "undo",
    .usage = "",
    .summary = "Take the last change back",
    .text = "Takes back the last `meishi choices forget`, or a choice that replaced an older one; "
            "again, the one before it. A choice that was made since then stays.",
    .example = "meishi choices undo",
    .run = run_undo,
};

/* ---- the group ------------------------------------------------------------------------------- */

static const MeishiCommand *const subcommands[] = {
    &meishi_command_choices_list,
    &meishi_command_choices_set,
    &meishi_command_choices_forget,
    &meishi_command_choices_undo,
    NULL,
};

const MeishiCommand meishi_command_choices = {
    .name = "choices",
    .usage = "[COMMAND]",
    .summary = "See and change what is remembered about servers",
    .text = "What was chosen for which server, and for how long. Without COMMAND, lists it.",
    .example = "meishi choices",
    .run = run_list,
    .subcommands = subcommands,
};
