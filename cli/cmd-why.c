/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi why: which certificate would go to a server, and what speaks against the others.
 */
#include "cli/command.h"
#include "cli/inquiry.h"
#include "cli/program.h"
#include "cli/selecting.h"
#include "cli/style.h"
#include "cli/text.h"

#include <string.h>
#include <unistd.h>

static struct {
    gboolean from_server;
    char *cas, *ca_file;
    char *application, *context;
} options;

static const GOptionEntry entries[] = {
    {"from-server", 0, 0, G_OPTION_ARG_NONE, &options.from_server,
     "Ask the server which certificates it accepts", NULL},
    {"cas", 0, 0, G_OPTION_ARG_FILENAME, &options.cas,
     "The server accepts these authorities (PEM, DER)", "FILE"},
    {"ca-file", 0, 0, G_OPTION_ARG_FILENAME, &options.ca_file,
     "Trust these authorities as well when the server is asked", "FILE"},
    {"app", 0, 0, G_OPTION_ARG_STRING, &options.application,
     "Decide for this program: exe:/PATH, flatpak:ID, snap:NAME, unit:NAME", "NAME"},
    {"context", 0, 0, G_OPTION_ARG_STRING, &options.context,
     "The profile or container that choices are kept for", "NAME"},
    G_OPTION_ENTRY_NULL,
};

/* ---- for people ------------------------------------------------------------------------------ */

/* By how a line of the daemon's text begins (daemon/policy/explain.h). */
static MeishiStyle
style_of(const char *line)
{
    if (g_str_has_prefix(line, " decision:"))
        return MEISHI_STYLE_STRONG;
    if (g_str_has_prefix(line, " - "))
        return strstr(line, ", soft)") != NULL ? MEISHI_STYLE_WARN : MEISHI_STYLE_BAD;
    if (g_str_has_prefix(line, "        "))
        return MEISHI_STYLE_FAINT;
    if (g_ascii_isdigit(line[0]) || (line[0] == ' ' && g_ascii_isdigit(line[1])))
        return MEISHI_STYLE_GOOD;
    return MEISHI_STYLE_PLAIN;
}

/* Its first line is the target's, which may begin with a digit. */
static void
print_text(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        g_autofree char *clean = meishi_text_clean(*line);
        MeishiStyle style = line == lines ? MEISHI_STYLE_PLAIN : style_of(clean);

        if (line[1] == NULL && clean[0] == '\0')
            return;
        g_print("%s%s%s\n", meishi_style_on(style, STDOUT_FILENO), clean,
                meishi_style_off(style, STDOUT_FILENO));
    }
}

/* ---- for programs ---------------------------------------------------------------------------- */

static void
add_verdict(JsonBuilder *json, GVariant *verdict)
{
    static const char *const texts[] = {"id",    "label",  "code", "kind", "clause",
                                        "facts", "detail", "rank", NULL};
    static const char *const numbers[] = {"step", "place", NULL};

    json_builder_begin_object(json);
    for (gsize i = 0; texts[i] != NULL; i++) {
        const char *text = NULL;

        g_variant_lookup(verdict, texts[i], "&s", &text);
        meishi_json_member(json, texts[i], text);
    }
    for (gsize i = 0; numbers[i] != NULL; i++) {
        guint32 number = 0;

        g_variant_lookup(verdict, numbers[i], "u", &number);
        meishi_json_number_member(json, numbers[i], number);
    }
    json_builder_end_object(json);
}

static void
print_json(const MeishiExplained *explained, const MeishiTarget *target)
{
    g_autoptr(JsonBuilder) json = json_builder_new();

    json_builder_begin_object(json);
    meishi_selection_to_json(explained->selection, target, json);
    json_builder_set_member_name(json, "verdicts");
    json_builder_begin_array(json);
    for (gsize i = 0; i < g_variant_n_children(explained->verdicts); i++) {
        g_autoptr(GVariant) verdict = g_variant_get_child_value(explained->verdicts, i);

        add_verdict(json, verdict);
    }
    json_builder_end_array(json);
    json_builder_end_object(json);
    meishi_json_print(json);
}

/* ---- the command ----------------------------------------------------------------------------- */

static gboolean
explain(const MeishiTarget *target, GVariant *constraints, MeishiTrust trust, GError **error)
{
    const MeishiSelecting what = {.target = target,
                                  .constraints = constraints,
                                  .context = options.context,
                                  .application = options.application,
                                  .trust = trust,
                                  .may_ask = TRUE};
    g_autoptr(MeishiClient) client = meishi_client_connect(TRUE, error);
    g_auto(MeishiExplained) explained = {NULL, NULL, NULL};

    if (client == NULL || !meishi_selecting_explain(client, &what, &explained, error))
        return FALSE;
    if (meishi_command_json())
        print_json(&explained, target);
    else
        print_text(explained.text);
    return meishi_selection_check_quietly(explained.selection, target, error);
}

static gboolean
run(char **args, GError **error)
{
    const MeishiInquiry inquiry = {
        .probe = options.from_server, .cas = options.cas, .ca_file = options.ca_file};
    g_autoptr(MeishiTarget) target = meishi_target_parse(args[0], error);
    g_autoptr(GVariant) constraints = NULL;
    MeishiTrust trust = MEISHI_TRUST_ANY;
    gboolean asked;

    if (options.application != NULL && !meishi_program_parse(options.application, &trust, error))
        return FALSE;
    if (target == NULL || !meishi_inquiry_run(&inquiry, target, &constraints, &asked, error))
        return FALSE;
    if (!asked)
        g_printerr("meishi: The server does not ask for a certificate here; this is what would be "
                   "sent if it did.\n");
    return explain(target, constraints, trust, error);
}

const MeishiCommand meishi_command_why = {
    .name = "why",
    .usage = "HOST[:PORT]|URL",
    .summary = "Explain which certificate would go to a server",
    .text = "Shows for each identity whether it could go to the server and what speaks against it, "
            "and what would be decided, by which rule or earlier choice. Nothing is asked, "
            "remembered or sent. Exit status 0: one would be sent; 10: none; 11: you would be "
            "asked; 12: policy forbids it.",
    .example = "meishi why git.example.com:8443 --from-server\n"
               "meishi why intranet.example.com --app=exe:/usr/bin/curl",
    .options = entries,
    .min_args = 1,
    .max_args = 1,
    .argument = MEISHI_ARGUMENT_HOST,
    .run = run,
};
