/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Puts the daemon's report into sentences: one per identity, its warnings below it, issuers counted
 * in one line, and what to do next where there is something to do.
 */
#include "cli/import-report.h"

#include "cli/date.h"
#include "daemon/asking/dict.h"
#include "daemon/asking/imported.h"
#include "cli/json.h"
#include "cli/style.h"
#include "cli/table.h"
#include "cli/text.h"

#include <string.h>
#include <unistd.h>

static const struct {
    const char *done;
    const char *planned;
} verbs[] = {
    [MEISHI_IMPORTED_ADDED] = {"Added", "Would add"},
    [MEISHI_IMPORTED_KEY_ADDED] = {"Added the key", "Would add the key"},
    [MEISHI_IMPORTED_COMPLETED] = {"Added the certificate for the key of",
                                   "Would add the certificate for the key of"},
    [MEISHI_IMPORTED_FURTHER] = {"Added the certificate", "Would add the certificate"},
    [MEISHI_IMPORTED_UNCHANGED] = {"Nothing to do for", "Nothing to do for"},
};

static void
append_styled(GString *out, MeishiStyle style, const char *text)
{
    g_string_append_printf(out, "%s%s%s", meishi_style_on(style, STDOUT_FILENO), text,
                           meishi_style_off(style, STDOUT_FILENO));
}

/* ---- one identity ---------------------------------------------------------------------------- */

static void
append_facts(GString *out, const MeishiImportedItem *item)
{
    g_autofree char *key = meishi_text_clean(item->key);
    g_autoptr(GString) facts = g_string_new(key);

    if (item->not_after != 0) {
        g_autofree char *day = meishi_date_day(item->not_after);

        g_string_append_printf(facts, "%svalid until %s", facts->len > 0 ? ", " : "", day);
    }
    if (item->outcome == MEISHI_IMPORTED_UNCHANGED)
        g_string_assign(facts, "it is here already");
    if (facts->len > 0)
        g_string_append_printf(out, " (%s)", facts->str);
}

static void
append_messages(GString *out, const MeishiImportedItem *item, guint width)
{
    for (const char **message = item->messages; *message != NULL; message++) {
        g_autofree char *clean = meishi_text_clean(*message);
        g_autofree char *wrapped = meishi_text_wrap(clean, MAX(width, 24) - 4, 2);

        g_string_append(out, "  ");
        append_styled(out, MEISHI_STYLE_WARN, wrapped);
        g_string_append_c(out, '\n');
    }
}

static void
append_name(GString *out, const char *label)
{
    g_autofree char *name = meishi_text_clean(label);

    g_string_append(out, "“");
    append_styled(out, MEISHI_STYLE_STRONG, name);
    g_string_append(out, "”");
}

/* Issuers have no key; an issuer that is here already is not worth a line. */
static void
append_identity(GString *out, const MeishiImported *imported, const MeishiImportedItem *item,
                guint width)
{
    if (!item->is_identity || item->outcome >= G_N_ELEMENTS(verbs))
        return;
    g_string_append_printf(out, "%s ",
                           imported->is_dry_run ? verbs[item->outcome].planned
                                                : verbs[item->outcome].done);
    append_name(out, item->label);
    if (item->key_of[0] != '\0') {
        g_string_append(out, " for the key of ");
        append_name(out, item->key_of);
    }
    if (imported->token[0] != '\0' && item->outcome != MEISHI_IMPORTED_UNCHANGED) {
        g_string_append(out, " to ");
        append_name(out, imported->token);
    }
    append_facts(out, item);
    g_string_append_c(out, '\n');
    append_messages(out, item, width);
}

/* ---- the rest -------------------------------------------------------------------------------- */

static void
append_issuers(GString *out, const MeishiImported *imported)
{
    guint n = meishi_imported_count(imported, MEISHI_IMPORTED_ISSUER);
    guint passed = meishi_imported_count(imported, MEISHI_IMPORTED_PASSED_OVER);

    if (n > 0)
        g_string_append_printf(out, "%s %u issuer certificate%s for the chain.\n",
                               imported->is_dry_run ? "Would keep" : "Kept", n, n == 1 ? "" : "s");
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
append_warnings(GString *out, const MeishiImported *imported, guint width)
{
    for (const char **warning = imported->warnings; *warning != NULL; warning++) {
        g_autofree char *clean = meishi_text_clean(*warning);
        g_autofree char *whole = g_strconcat("Warning: ", clean, NULL);
        g_autofree char *wrapped = meishi_text_wrap(whole, MAX(width, 20), 0);

        append_styled(out, MEISHI_STYLE_WARN, wrapped);
        g_string_append_c(out, '\n');
    }
}

static void
append_notes(GString *out, const MeishiImported *imported, guint width)
{
    for (const char **note = imported->notes; *note != NULL; note++)
        append_sentence(out, *note, width);
    if (imported->vault_message[0] != '\0')
        append_sentence(out, imported->vault_message, width);
}

char *
meishi_import_report_format(GVariant *report, guint width)
{
    g_autoptr(MeishiImported) imported = meishi_imported_new(report);
    GString *out = g_string_new(NULL);
    guint wrap = width == 0 ? G_MAXUINT / 2 : width;

    append_warnings(out, imported, wrap);
    for (guint i = 0; i < imported->items->len; i++)
        append_identity(out, imported, g_ptr_array_index(imported->items, i), wrap);
    append_issuers(out, imported);
    append_notes(out, imported, wrap);
    if (imported->is_dry_run)
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
    meishi_json_list_member(json, "warnings", item);
    meishi_json_list_member(json, "messages", item);
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
meishi_import_report_add_json(JsonBuilder *json, GVariant *report)
{
    const char *created = meishi_dict_text(report, "vault-created");
    const char *message = meishi_dict_text(report, "vault-message");
    const char *token = meishi_dict_text(report, "token");
    gboolean dry_run = meishi_dict_flag(report, "dry-run");

    json_builder_set_member_name(json, "dry_run");
    json_builder_add_boolean_value(json, dry_run);
    add_items(json, report);
    meishi_json_list_member(json, "warnings", report);
    meishi_json_list_member(json, "notes", report);
    meishi_json_member(json, "vault_created", created);
    meishi_json_member(json, "vault_message", message);
    meishi_json_member(json, "token", token);
}

void
meishi_import_report_print_json(GVariant *report)
{
    g_autoptr(JsonBuilder) json = json_builder_new();

    json_builder_begin_object(json);
    meishi_import_report_add_json(json, report);
    json_builder_end_object(json);
    meishi_json_print(json);
}
