/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Puts the daemon's report into sentences: one per identity, its warnings below it, issuers counted
 * in one line, and what to do next where there is something to do.
 */
#include "cli/import-report.h"

#include "cli/date.h"
#include "daemon/asking/dict.h"
#include "cli/json.h"
#include "cli/style.h"
#include "cli/table.h"
#include "cli/text.h"

#include <string.h>
#include <unistd.h>

static const struct {
    const char *outcome;
    const char *done;
    const char *planned;
} verbs[] = {
    {"added", "Added", "Would add"},
    {"key-added", "Added the key", "Would add the key"},
    {"completed", "Added the certificate for the key of",
     "Would add the certificate for the key of"},
    {"further", "Added the certificate", "Would add the certificate"},
    {"unchanged", "Nothing to do for", "Nothing to do for"},
};

static char *
clean_text_of(GVariant *dict, const char *name)
{
    return meishi_text_clean(meishi_dict_text(dict, name));
}

/* As in verbs; a certificate whose key has one already is not what completes the key. */
static const char *
outcome_of(GVariant *item)
{
    const char *outcome = meishi_dict_text(item, "outcome");
    const char *key_of = meishi_dict_text(item, "key-of");

    return key_of[0] != '\0' ? "further" : outcome;
}

static void
append_styled(GString *out, MeishiStyle style, const char *text)
{
    g_string_append_printf(out, "%s%s%s", meishi_style_on(style, STDOUT_FILENO), text,
                           meishi_style_off(style, STDOUT_FILENO));
}

/* ---- one identity ---------------------------------------------------------------------------- */

static void
append_facts(GString *out, GVariant *item, gboolean unchanged)
{
    g_autofree char *key = clean_text_of(item, "key");
    g_autoptr(GString) facts = g_string_new(key);
    gint64 not_after = meishi_dict_number(item, "not-after");

    if (not_after != 0) {
        g_autofree char *day = meishi_date_day(not_after);

        g_string_append_printf(facts, "%svalid until %s", facts->len > 0 ? ", " : "", day);
    }
    if (unchanged)
        g_string_assign(facts, "it is here already");
    if (facts->len > 0)
        g_string_append_printf(out, " (%s)", facts->str);
}

static void
append_messages(GString *out, GVariant *item, guint width)
{
    g_autofree const char **messages = NULL;

    if (!g_variant_lookup(item, "messages", "^a&s", &messages))
        return;
    for (gsize i = 0; messages[i] != NULL; i++) {
        g_autofree char *clean = meishi_text_clean(messages[i]);
        g_autofree char *wrapped = meishi_text_wrap(clean, MAX(width, 24) - 4, 2);

        g_string_append(out, "  ");
        append_styled(out, MEISHI_STYLE_WARN, wrapped);
        g_string_append_c(out, '\n');
    }
}

static void
append_name(GString *out, const char *name)
{
    g_string_append(out, "“");
    append_styled(out, MEISHI_STYLE_STRONG, name);
    g_string_append(out, "”");
}

/* Issuers have no key; an issuer that is here already is not worth a line. */
static void
append_identity(GString *out, GVariant *item, gboolean dry_run, guint width)
{
    const char *outcome = outcome_of(item);
    g_autofree char *label = clean_text_of(item, "label");
    g_autofree char *key_of = clean_text_of(item, "key-of");
    const char *key = meishi_dict_text(item, "key");

    for (gsize i = 0; i < G_N_ELEMENTS(verbs) && key[0] != '\0'; i++) {
        if (!g_str_equal(verbs[i].outcome, outcome))
            continue;
        g_string_append_printf(out, "%s ", dry_run ? verbs[i].planned : verbs[i].done);
        append_name(out, label);
        if (key_of[0] != '\0') {
            g_string_append(out, " for the key of ");
            append_name(out, key_of);
        }
        append_facts(out, item, g_str_equal(outcome, "unchanged"));
        g_string_append_c(out, '\n');
        append_messages(out, item, width);
    }
}

/* ---- the rest -------------------------------------------------------------------------------- */

static guint
count_outcome(GVariant *items, const char *wanted)
{
    guint n = 0;

    for (gsize i = 0; i < g_variant_n_children(items); i++) {
        g_autoptr(GVariant) item = g_variant_get_child_value(items, i);
        const char *outcome = meishi_dict_text(item, "outcome");

        n += g_str_equal(outcome, wanted);
    }
    return n;
}

static void
append_issuers(GString *out, GVariant *items, gboolean dry_run)
{
    guint n = count_outcome(items, "issuer");
    guint passed = count_outcome(items, "passed-over");

    if (n > 0)
        g_string_append_printf(out, "%s %u issuer certificate%s for the chain.\n",
                               dry_run ? "Would keep" : "Kept", n, n == 1 ? "" : "s");
    if (passed > 0)
        g_string_append_printf(out, "Passed over %u certificate%s without a private key here.\n",
                               passed, passed == 1 ? "" : "s");
}

static void
append_sentence(GString *out, const char *text, guint width)
{
    g_autofree char *clean = meishi_text_clean(text);
    g_autofree char *wrapped = meishi_text_wrap(clean, MAX(width, 20), 0);
    gboolean ended = wrapped[0] == '\0' || strchr(".!?", wrapped[strlen(wrapped) - 1]) != NULL;

    g_string_append_printf(out, "%s%s\n", wrapped, ended ? "" : ".");
}

/* First and with a word for it, since colour alone tells some people nothing. */
static void
append_warnings(GString *out, GVariant *report, guint width)
{
    g_autofree const char **warnings = NULL;

    g_variant_lookup(report, "warnings", "^a&s", &warnings);
    for (gsize i = 0; warnings != NULL && warnings[i] != NULL; i++) {
        g_autofree char *clean = meishi_text_clean(warnings[i]);
        g_autofree char *whole = g_strconcat("Warning: ", clean, NULL);
        g_autofree char *wrapped = meishi_text_wrap(whole, MAX(width, 20), 0);

        append_styled(out, MEISHI_STYLE_WARN, wrapped);
        g_string_append_c(out, '\n');
    }
}

static void
append_notes(GString *out, GVariant *report, guint width)
{
    g_autofree const char **notes = NULL;
    const char *vault = meishi_dict_text(report, "vault-message");

    g_variant_lookup(report, "notes", "^a&s", &notes);
    for (gsize i = 0; notes != NULL && notes[i] != NULL; i++)
        append_sentence(out, notes[i], width);
    if (vault[0] != '\0')
        append_sentence(out, vault, width);
}

char *
meishi_import_report_format(GVariant *report, guint width)
{
    g_autoptr(GVariant) items = g_variant_lookup_value(report, "items", G_VARIANT_TYPE("aa{sv}"));
    GString *out = g_string_new(NULL);
    gboolean dry_run = meishi_dict_flag(report, "dry-run");
    guint wrap = width == 0 ? G_MAXUINT / 2 : width;

    append_warnings(out, report, wrap);
    for (gsize i = 0; items != NULL && i < g_variant_n_children(items); i++) {
        g_autoptr(GVariant) item = g_variant_get_child_value(items, i);

        append_identity(out, item, dry_run, wrap);
    }
    if (items != NULL)
        append_issuers(out, items, dry_run);
    append_notes(out, report, wrap);
    if (dry_run)
        g_string_append(out, "This was a dry run: nothing was changed.\n");
    return g_string_free(out, FALSE);
}

void
meishi_import_report_print(GVariant *report)
{
    g_autofree char *text = meishi_import_report_format(report, meishi_table_terminal_width());

    g_print("%s", text);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void
add_list(JsonBuilder *json, GVariant *dict, const char *name)
{
    g_autofree const char **list = NULL;

    g_variant_lookup(dict, name, "^a&s", &list);
    json_builder_set_member_name(json, name);
    meishi_json_list(json, list);
}

static void
add_item(JsonBuilder *json, GVariant *item)
{
    static const char *const names[] = {"outcome", "file", "id", "label", "subject", "key"};
    const char *key_of = meishi_dict_text(item, "key-of");

    json_builder_begin_object(json);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *text = meishi_dict_text(item, names[i]);

        meishi_json_member(json, names[i], text);
    }
    meishi_json_member(json, "key_of", key_of);
    json_builder_set_member_name(json, "not_after");
    meishi_json_date(json, meishi_dict_number(item, "not-after"));
    add_list(json, item, "warnings");
    add_list(json, item, "messages");
    json_builder_end_object(json);
}

static void
add_items(JsonBuilder *json, GVariant *report)
{
    g_autoptr(GVariant) items = g_variant_lookup_value(report, "items", G_VARIANT_TYPE("aa{sv}"));

    json_builder_set_member_name(json, "items");
    json_builder_begin_array(json);
    for (gsize i = 0; items != NULL && i < g_variant_n_children(items); i++) {
        g_autoptr(GVariant) item = g_variant_get_child_value(items, i);

        add_item(json, item);
    }
    json_builder_end_array(json);
}

void
meishi_import_report_print_json(GVariant *report)
{
    g_autoptr(JsonBuilder) json = json_builder_new();
    const char *created = meishi_dict_text(report, "vault-created");
    const char *message = meishi_dict_text(report, "vault-message");
    gboolean dry_run = meishi_dict_flag(report, "dry-run");

    json_builder_begin_object(json);
    json_builder_set_member_name(json, "dry_run");
    json_builder_add_boolean_value(json, dry_run);
    add_items(json, report);
    add_list(json, report, "warnings");
    add_list(json, report, "notes");
    meishi_json_member(json, "vault_created", created);
    meishi_json_member(json, "vault_message", message);
    json_builder_end_object(json);
    meishi_json_print(json);
}
