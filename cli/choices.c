/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Choices as a table and as JSON.  The words of the daemon (scopes, reaches) are interface and
 * shown as they are.
 */
#include "cli/choices.h"

#include "cli/date.h"
#include "daemon/asking/dict.h"
#include "cli/json.h"
#include "cli/table.h"

#include <string.h>

GVariant *
meishi_choices_list(MeishiClient *client, GError **error)
{
    GVariant *choices = NULL;

    if (!meishi_bus_choices_call_list_sync(client->choices, &choices, NULL, error))
        meishi_client_failed(error);
    return choices;
}

char *
meishi_choices_server(GVariant *choice)
{
    const char *host = meishi_dict_text(choice, "host");
    const char *reach = meishi_dict_text(choice, "reach");
    gboolean v6 = strchr(host, ':') != NULL && !g_str_has_prefix(host, "ssid:");

    if (g_str_equal(reach, "domain"))
        return g_strconcat(".", host, NULL);
    if (g_str_equal(reach, "host") || meishi_dict_number(choice, "port") == 0)
        return g_strdup(host);
    return g_strdup_printf("%s%s%s:%" G_GINT64_FORMAT, v6 ? "[" : "", host, v6 ? "]" : "",
                           meishi_dict_number(choice, "port"));
}

/* ---- for people ------------------------------------------------------------------------------ */

static const MeishiColumn columns[] = {
    {"ID", 0, 0},      {"SERVER", 12, 2},   {"SENDS", 8, 2},   {"KEPT", 0, 0},
    {"PROGRAM", 8, 0}, {"LAST USED", 0, 0}, {"REMARKS", 8, 1}, {NULL, 0, 0},
};

static gboolean
is_none(GVariant *choice)
{
    const char *path;

    return g_variant_lookup(choice, "identity", "&o", &path) && g_str_equal(path, "/") &&
           meishi_dict_text(choice, "lineage")[0] == '\0';
}

static void
add_what(MeishiTable *table, GVariant *choice)
{
    const char *label = meishi_dict_text(choice, "label");

    if (is_none(choice))
        meishi_table_add_cell(table, "no certificate", MEISHI_STYLE_FAINT);
    else if (label[0] == '\0')
        meishi_table_add_cell(table, "(removed)", MEISHI_STYLE_WARN);
    else
        meishi_table_add_cell(table, label, MEISHI_STYLE_PLAIN);
}

/* What is out of the ordinary: another protocol than the web's, a context, a refusal. */
static void
add_remarks(MeishiTable *table, GVariant *choice)
{
    const char *protocol = meishi_dict_text(choice, "protocol");
    const char *context = meishi_dict_text(choice, "context");
    const char *suspicion = meishi_dict_text(choice, "suspicion");
    const char *alert = meishi_dict_text(choice, "alert-text");
    g_autoptr(GString) text = g_string_new(NULL);

    if (!g_str_equal(protocol, "web"))
        g_string_append_printf(text, "%s; ", protocol);
    if (context[0] != '\0')
        g_string_append_printf(text, "in %s; ", context);
    if (!g_str_equal(suspicion, "clear") && suspicion[0] != '\0')
        g_string_append_printf(text, "%s%s%s; ", suspicion, alert[0] != '\0' ? ": " : "", alert);
    if (text->len > 0)
        g_string_truncate(text, text->len - 2);
    meishi_table_add_cell(table, text->str, MEISHI_STYLE_WARN);
}

static void
add_choice(MeishiTable *table, GVariant *choice)
{
    g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, meishi_dict_number(choice, "id"));
    g_autofree char *server = meishi_choices_server(choice);
    g_autofree char *used = meishi_dict_number(choice, "last-used") != 0
                                ? meishi_date_day(meishi_dict_number(choice, "last-used"))
                                : g_strdup("never");
    const char *application = meishi_dict_text(choice, "application");

    meishi_table_add_row(table);
    meishi_table_add_cell(table, id, MEISHI_STYLE_PLAIN);
    meishi_table_add_cell(table, server, MEISHI_STYLE_PLAIN);
    add_what(table, choice);
    meishi_table_add_cell(table, meishi_dict_text(choice, "scope"), MEISHI_STYLE_PLAIN);
    meishi_table_add_cell(table, application[0] != '\0' ? application : "any", MEISHI_STYLE_PLAIN);
    meishi_table_add_cell(table, used, MEISHI_STYLE_PLAIN);
    add_remarks(table, choice);
}

void
meishi_choices_print(GVariant *choices)
{
    g_autoptr(MeishiTable) table = meishi_table_new(columns);

    for (gsize i = 0; i < g_variant_n_children(choices); i++) {
        g_autoptr(GVariant) choice = g_variant_get_child_value(choices, i);

        add_choice(table, choice);
    }
    meishi_table_print(table);
}

/* ---- for programs ---------------------------------------------------------------------------- */

typedef enum { TEXT, NUMBER, DATE } Kind;

static const struct {
    const char *key, *name;
    Kind kind;
} json_keys[] = {
    {"id", "id", NUMBER},
    {"reach", "reach", TEXT},
    {"protocol", "protocol", TEXT},
    {"host", "host", TEXT},
    {"port", "port", NUMBER},
    {"application", "application", TEXT},
    {"context", "context", TEXT},
    {"scope", "scope", TEXT},
    {"identity", "identity-id", TEXT},
    {"label", "label", TEXT},
    {"lineage", "lineage", TEXT},
    {"created", "created", DATE},
    {"last_used", "last-used", DATE},
    {"uses", "uses", NUMBER},
    {"expires", "expires", DATE},
    {"suspicion", "suspicion", TEXT},
    {"alert_text", "alert-text", TEXT},
};

static void
add_object(JsonBuilder *json, GVariant *choice)
{
    json_builder_begin_object(json);
    for (gsize i = 0; i < G_N_ELEMENTS(json_keys); i++) {
        const char *name = json_keys[i].name;

        json_builder_set_member_name(json, json_keys[i].key);
        if (json_keys[i].kind == TEXT)
            meishi_json_text(json, meishi_dict_text(choice, name));
        else if (json_keys[i].kind == DATE)
            meishi_json_date(json, meishi_dict_number(choice, name));
        else
            json_builder_add_int_value(json, meishi_dict_number(choice, name));
    }
    json_builder_set_member_name(json, "none");
    json_builder_add_boolean_value(json, is_none(choice));
    json_builder_end_object(json);
}

void
meishi_choices_to_json(GVariant *choices, JsonBuilder *json)
{
    json_builder_begin_array(json);
    for (gsize i = 0; i < g_variant_n_children(choices); i++) {
        g_autoptr(GVariant) choice = g_variant_get_child_value(choices, i);

        add_object(json, choice);
    }
    json_builder_end_array(json);
}
