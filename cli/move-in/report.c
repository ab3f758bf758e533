/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One line per place, then what an import always says, then what could not be taken.
 */
#include "cli/move-in/report.h"

#include "cli/error.h"
#include "cli/import-report.h"
#include "cli/json.h"
#include "cli/table.h"
#include "cli/text.h"

/* Names and messages have bytes of strangers in them. */
static void
append_line(GString *out, const char *text, guint width)
{
    g_autofree char *clean = meishi_text_clean(text);
    g_autofree char *wrapped = meishi_text_wrap(clean, MAX(width, 24), 2);

    g_string_append_printf(out, "%s\n", wrapped);
}

static void
append_place(GString *out, const MeishiHaulPlace *place, guint width)
{
    g_autofree char *line = place->trouble == NULL && place->n_found > 0
                                ? g_strdup_printf("%s: %u found.", place->title, place->n_found)
                                : g_strdup_printf("%s: nothing found.", place->title);

    append_line(out, line, width);
    if (place->n_links > 0) {
        g_autofree char *links =
            g_strdup_printf("%u link%s out of it %s not followed.", place->n_links,
                            place->n_links == 1 ? "" : "s", place->n_links == 1 ? "was" : "were");

        g_string_append(out, "  ");
        append_line(out, links, width);
    }
}

static void
append_refused(GString *out, const char *what, const GError *trouble, guint width)
{
    g_autofree char *sentence = meishi_error_sentence(trouble->message);
    g_autofree char *line = g_strdup_printf("Could not take %s: %s", what, sentence);

    append_line(out, line, width);
}

static void
append_all_refused(GString *out, const MeishiHaul *haul, guint width)
{
    for (guint i = 0; i < haul->places->len; i++) {
        const MeishiHaulPlace *place = haul->places->pdata[i];
        g_autofree char *what = g_strdup_printf("anything from %s", place->title);

        if (place->trouble != NULL)
            append_refused(out, what, place->trouble, width);
    }
    for (guint i = 0; i < haul->items->len; i++) {
        const MeishiHaulItem *item = haul->items->pdata[i];
        g_autofree char *what = g_strdup_printf("“%s” from %s", item->name, item->place->title);

        if (item->trouble != NULL)
            append_refused(out, what, item->trouble, width);
    }
}

char *
meishi_move_in_report_format(const MeishiHaul *haul, GVariant *report, guint width)
{
    GString *out = g_string_new(NULL);
    g_autofree char *imported =
        report != NULL ? meishi_import_report_format(report, width) : g_strdup("");
    guint wrap = width == 0 ? G_MAXUINT / 2 : width;

    for (guint i = 0; i < haul->places->len; i++)
        append_place(out, haul->places->pdata[i], wrap);
    g_string_append(out, imported);
    append_all_refused(out, haul, wrap);
    return g_string_free(out, FALSE);
}

void
meishi_move_in_report_print(const MeishiHaul *haul, GVariant *report)
{
    g_autofree char *text =
        meishi_move_in_report_format(haul, report, meishi_table_terminal_width());

    g_print("%s", text);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void
add_place(JsonBuilder *json, const MeishiHaulPlace *place)
{
    g_autofree char *path = g_filename_display_name(place->path);

    json_builder_begin_object(json);
    meishi_json_member(json, "title", place->title);
    meishi_json_member(json, "path", path);
    meishi_json_number_member(json, "found", place->n_found);
    meishi_json_number_member(json, "links_not_followed", place->n_links);
    meishi_json_member(json, "trouble", place->trouble != NULL ? place->trouble->message : NULL);
    json_builder_end_object(json);
}

static void
add_refused(JsonBuilder *json, const MeishiHaulItem *item)
{
    if (item->trouble == NULL)
        return;
    json_builder_begin_object(json);
    meishi_json_member(json, "place", item->place->title);
    meishi_json_member(json, "name", item->name);
    meishi_json_member(json, "reason", item->trouble->message);
    json_builder_end_object(json);
}

static void
add_haul(JsonBuilder *json, const MeishiHaul *haul)
{
    json_builder_set_member_name(json, "places");
    json_builder_begin_array(json);
    for (guint i = 0; i < haul->places->len; i++)
        add_place(json, haul->places->pdata[i]);
    json_builder_end_array(json);
    json_builder_set_member_name(json, "refused");
    json_builder_begin_array(json);
    for (guint i = 0; i < haul->items->len; i++)
        add_refused(json, haul->items->pdata[i]);
    json_builder_end_array(json);
}

/* The members of any import's report are there, also where there was nothing to import. */
void
meishi_move_in_report_print_json(const MeishiHaul *haul, GVariant *report, gboolean dry_run)
{
    g_autoptr(JsonBuilder) json = json_builder_new();
    g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(NULL);
    g_autoptr(GVariant) nothing = NULL;

    g_variant_dict_insert(&dict, "dry-run", "b", dry_run);
    nothing = g_variant_ref_sink(g_variant_dict_end(&dict));
    json_builder_begin_object(json);
    add_haul(json, haul);
    meishi_import_report_add_json(json, report != NULL ? report : nothing);
    json_builder_end_object(json);
    meishi_json_print(json);
}
