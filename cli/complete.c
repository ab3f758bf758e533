/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Completion from the same descriptions that the commands are run from, so that the shells' scripts
 * stay a few lines and never go out of date.
 */
#include "cli/complete.h"

#include "cli/choices.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/setup/places.h"
#include "cli/text.h"
#include "daemon/asking/dict.h"

#include <string.h>

typedef struct {
    const MeishiCommand *command;         /* NULL before the first word */
    const MeishiCommand *const *commands; /* what a command word may be here; NULL: none */
    const GOptionEntry *awaiting;         /* the option whose value comes next */
} State;

static void
offer(const char *typed, const char *word, const char *meaning)
{
    if (g_str_has_prefix(word, typed))
        g_print("%s\t%s\n", word, meaning);
}

/* @lead ("--color=") stands before every word, typed and offered. */
static void
offer_words(const char *typed, const char *lead, const char *const *words)
{
    for (; *words != NULL; words++) {
        g_autofree char *whole = g_strconcat(lead, *words, NULL);

        offer(typed, whole, "");
    }
}

static const GOptionEntry *
find_option(const GOptionEntry *options, const char *word)
{
    for (; options != NULL && options->long_name != NULL; options++) {
        gboolean is_long =
            g_str_has_prefix(word, "--") && g_str_equal(word + 2, options->long_name);
        gboolean is_short =
            word[0] == '-' && word[1] == options->short_name && word[1] != '\0' && word[2] == '\0';

        if (is_long || is_short)
            return options->arg != G_OPTION_ARG_NONE ? options : NULL;
    }
    return NULL;
}

static void
take_word(State *state, const char *word)
{
    const MeishiCommand *next;

    if (state->awaiting != NULL) {
        state->awaiting = NULL;
        return;
    }
    if (word[0] == '-') {
        state->awaiting = find_option(meishi_command_common_options, word);
        if (state->awaiting == NULL && state->command != NULL)
            state->awaiting = find_option(state->command->options, word);
        return;
    }
    if (state->commands == NULL || (state->command == NULL && g_str_equal(word, "help")))
        return;
    next = meishi_command_find(state->commands, word);
    if (next != NULL)
        state->command = next;
    state->commands = next != NULL ? next->subcommands : NULL;
}

static void
offer_options(const char *typed, const GOptionEntry *options)
{
    for (; options != NULL && options->long_name != NULL; options++) {
        g_autofree char *word = g_strconcat("--", options->long_name, NULL);

        offer(typed, word, options->description);
    }
}

/* Only what can be typed back: a label with control characters is named by its id. */
static void
offer_identities(const char *typed, const char *lead)
{
    g_autoptr(MeishiClient) client = meishi_client_connect(FALSE, NULL);
    g_autoptr(GPtrArray) cards = client != NULL ? meishi_client_cards(client, NULL) : NULL;

    for (guint i = 0; cards != NULL && i < cards->len; i++) {
        const char *label = meishi_card_text(cards->pdata[i], "Label");
        g_autofree char *whole = g_strconcat(lead, label, NULL);
        g_autofree char *clean = meishi_text_clean(label);
        g_autofree char *subject = meishi_text_clean(meishi_card_text(cards->pdata[i], "Subject"));

        if (g_str_equal(label, clean))
            offer(typed, whole, subject);
    }
}

static void
offer_tokens(const char *typed)
{
    g_autoptr(MeishiClient) client = meishi_client_connect(FALSE, NULL);
    g_autoptr(GPtrArray) tokens = client != NULL ? meishi_client_tokens(client, NULL) : NULL;

    for (guint i = 0; tokens != NULL && i < tokens->len; i++) {
        const char *label = meishi_dict_text(tokens->pdata[i], "Label");
        g_autofree char *clean = meishi_text_clean(label);
        g_autofree char *model = meishi_text_clean(meishi_dict_text(tokens->pdata[i], "Model"));

        if (g_str_equal(label, clean))
            offer(typed, label, model);
    }
}

/* Servers that something is remembered for; with @with_ids, the numbers of the choices as well. */
static void
offer_servers(const char *typed, const char *lead, gboolean with_ids)
{
    g_autoptr(MeishiClient) client = meishi_client_connect(FALSE, NULL);
    g_autoptr(GVariant) choices = client != NULL ? meishi_choices_list(client, NULL) : NULL;

    for (gsize i = 0; choices != NULL && i < g_variant_n_children(choices); i++) {
        g_autoptr(GVariant) choice = g_variant_get_child_value(choices, i);
        g_autofree char *server = meishi_choices_server(choice);
        g_autofree char *whole = g_strconcat(lead, server, NULL);
        g_autofree char *clean = NULL;
        g_autofree char *id = NULL;
        gint64 number = 0;

        g_variant_lookup(choice, "id", "x", &number);
        id = g_strdup_printf("%" G_GINT64_FORMAT, number);
        clean = meishi_text_clean(server);
        if (with_ids)
            offer(typed, id, clean);
        if (g_str_equal(server, clean)) /* the name of a network can be anything */
            offer(typed, whole, "");
    }
}

static const char *const kinds[] = {"secret-service", "passphrase", "key-file", NULL};

static const struct {
    const char *option;
    const char *words[7];
} values[] = {
    {"color", {"auto", "always", "never"}},
    {"allow-raw-rsa", {"yes", "no"}},
    {"kind", {"secret-service", "passphrase", "key-file"}},
    {"scope", {"once", "session", "always"}},
    {"keep", {"never", "10m", "removal", "keyring"}},
    {"from", {"firefox", "chromium", "thunderbird", "gnome-keyring", "nssdb", "openssl"}},
    {"purpose", {"navigation", "subresource", "preflight", "preconnect", "background", "api"}},
};

static const char *const browsers[] = {"chromium", "firefox", NULL};

static void
offer_value(const char *typed, const char *lead, const GOptionEntry *option)
{
    static const char *const identity_options[] = {"use", "identity", NULL};

    if (option->arg == G_OPTION_ARG_FILENAME || option->arg == G_OPTION_ARG_FILENAME_ARRAY)
        g_print(":files\n");
    for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
        if (g_str_equal(option->long_name, values[i].option))
            offer_words(typed, lead, values[i].words);
    }
    if (g_strv_contains(identity_options, option->long_name))
        offer_identities(typed, lead);
    if (g_str_equal(option->long_name, "target"))
        offer_servers(typed, lead, FALSE);
}

/* "--color=al": name and value in one word. */
static void
offer_joined_value(const char *typed, const State *state)
{
    g_autofree char *name = g_strndup(typed, strcspn(typed, "="));
    g_autofree char *lead = g_strconcat(name, "=", NULL);
    const GOptionEntry *option = find_option(meishi_command_common_options, name);

    if (option == NULL && state->command != NULL)
        option = find_option(state->command->options, name);
    if (option != NULL)
        offer_value(typed, lead, option);
}

static void
offer_argument(const char *typed, const MeishiCommand *command)
{
    if (command->argument == MEISHI_ARGUMENT_IDENTITY)
        offer_identities(typed, "");
    else if (command->argument == MEISHI_ARGUMENT_FILE)
        g_print(":files\n");
    else if (command->argument == MEISHI_ARGUMENT_SLOT_KIND)
        offer_words(typed, "", kinds);
    else if (command->argument == MEISHI_ARGUMENT_BROWSER)
        offer_words(typed, "", browsers);
    else if (command->argument == MEISHI_ARGUMENT_PROGRAM)
        offer_words(typed, "", meishi_places_programs());
    else if (command->argument == MEISHI_ARGUMENT_HOST)
        offer_servers(typed, "", FALSE);
    else if (command->argument == MEISHI_ARGUMENT_CHOICE)
        offer_servers(typed, "", TRUE);
    else if (command->argument == MEISHI_ARGUMENT_TOKEN)
        offer_tokens(typed);
}

static void
offer_commands(const char *typed, const State *state)
{
    for (guint i = 0; state->commands[i] != NULL; i++)
        offer(typed, state->commands[i]->name, state->commands[i]->summary);
    if (state->command == NULL)
        offer(typed, "help", "Say more about a command");
}

void
meishi_complete_print(char **words)
{
    State state = {.commands = meishi_commands};
    const char *typed;

    if (words[0] == NULL)
        return;
    for (; words[1] != NULL; words++)
        take_word(&state, words[0]);
    typed = words[0];
    if (state.awaiting != NULL) {
        offer_value(typed, "", state.awaiting);
    } else if (typed[0] == '-' && strchr(typed, '=') != NULL) {
        offer_joined_value(typed, &state);
    } else if (typed[0] == '-') {
        offer_options(typed, state.command != NULL ? state.command->options : NULL);
        offer_options(typed, meishi_command_common_options);
    } else if (state.commands != NULL) {
        offer_commands(typed, &state);
    } else if (state.command != NULL) {
        offer_argument(typed, state.command);
    }
}
