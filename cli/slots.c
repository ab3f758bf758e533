/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Prints the ways into the vault.
 */
#include "cli/slots.h"

#include "cli/date.h"
#include "daemon/asking/dict.h"
#include "cli/json.h"
#include "cli/table.h"
#include "cli/text.h"

static const MeishiColumn columns[] = {
    {"ID", 0, 0}, {"KIND", 0, 0}, {"CREATED", 0, 0}, {"DETAILS", 20, 0}, {NULL, 0, 0},
};

static const struct {
    const char *kind;
    const char *name;
} kinds[] = {
    {"secret-service", "keyring (Secret Service)"},
    {"passphrase", "passphrase"},
    {"key-file", "key file"},
};

const char *
meishi_slots_kind_name(const char *kind)
{
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (g_str_equal(kinds[i].kind, kind))
            return kinds[i].name;
    }
    return "of an unknown kind";
}

static gsize
count(GVariant *slots)
{
    return slots != NULL ? g_variant_n_children(slots) : 0;
}

/* Where it lies, for people: a keyring calls its items by random names. */
static const char *
place_of(GVariant *slot)
{
    const char *kind = meishi_dict_text(slot, "kind");

    return g_str_equal(kind, "secret-service") ? "in the desktop's login keyring"
                                               : meishi_dict_text(slot, "location");
}

static void
add_row(MeishiTable *table, GVariant *slot)
{
    g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, meishi_dict_number(slot, "id"));
    const char *kind = meishi_dict_text(slot, "kind");
    g_autofree char *created = meishi_date_day(meishi_dict_number(slot, "created"));
    const char *place = place_of(slot);
    const char *cost = meishi_dict_text(slot, "cost");

    meishi_table_add_row(table);
    meishi_table_add_cell(table, id, MEISHI_STYLE_PLAIN);
    meishi_table_add_cell(table, meishi_slots_kind_name(kind), MEISHI_STYLE_PLAIN);
    meishi_table_add_cell(table, created, MEISHI_STYLE_PLAIN);
    meishi_table_add_cell(table, cost[0] != '\0' ? cost : place, MEISHI_STYLE_PLAIN);
}

void
meishi_slots_print(GVariant *slots)
{
    g_autoptr(MeishiTable) table = meishi_table_new(columns);

    for (gsize i = 0; i < count(slots); i++) {
        g_autoptr(GVariant) slot = g_variant_get_child_value(slots, i);

        add_row(table, slot);
    }
    meishi_table_print(table);
}

static void
slot_to_json(GVariant *slot, JsonBuilder *json)
{
    const char *kind = meishi_dict_text(slot, "kind");
    const char *location = meishi_dict_text(slot, "location");
    const char *cost = meishi_dict_text(slot, "cost");

    json_builder_begin_object(json);
    meishi_json_number_member(json, "id", meishi_dict_number(slot, "id"));
    meishi_json_member(json, "kind", kind);
    meishi_json_member(json, "location", location);
    meishi_json_member(json, "cost", cost);
    json_builder_set_member_name(json, "created");
    meishi_json_date(json, meishi_dict_number(slot, "created"));
    json_builder_end_object(json);
}

void
meishi_slots_to_json(GVariant *slots, JsonBuilder *json)
{
    json_builder_begin_array(json);
    for (gsize i = 0; i < count(slots); i++) {
        g_autoptr(GVariant) slot = g_variant_get_child_value(slots, i);

        slot_to_json(slot, json);
    }
    json_builder_end_array(json);
}

char *
meishi_slots_summary(GVariant *slots)
{
    GString *summary = g_string_new(NULL);

    for (gsize i = 0; i < count(slots); i++) {
        g_autoptr(GVariant) slot = g_variant_get_child_value(slots, i);
        const char *kind = meishi_dict_text(slot, "kind");

        g_string_append_printf(summary, "%s%s", i > 0 ? ", " : "", meishi_slots_kind_name(kind));
    }
    return g_string_free(summary, FALSE);
}

void
meishi_slots_print_made(const char *message)
{
    guint width = meishi_table_terminal_width();
    g_autofree char *clean = meishi_text_clean(message);
    g_autofree char *wrapped = meishi_text_wrap(clean, width > 0 ? MAX(width, 20) : G_MAXINT, 0);

    g_print("%s\n", wrapped);
}

char *
meishi_slots_describe(GVariant *slots, gint64 id)
{
    for (gsize i = 0; i < count(slots); i++) {
        g_autoptr(GVariant) slot = g_variant_get_child_value(slots, i);
        const char *kind = meishi_dict_text(slot, "kind");
        const char *place = place_of(slot);
        g_autofree char *clean = meishi_text_clean(place);

        if (meishi_dict_number(slot, "id") == id)
            return g_strjoin(clean[0] != '\0' ? " " : "", meishi_slots_kind_name(kind), clean,
                             NULL);
    }
    return NULL;
}
