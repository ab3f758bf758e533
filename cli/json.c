/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Small helpers around json-glib, so that every command says "nothing" and "when" alike.
 */
#include "cli/json.h"

#include "cli/date.h"

#include <stdarg.h>
#include <stdio.h>

/* A path is bytes, JSON is UTF-8. */
static void
add_text(JsonBuilder *json, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);

    json_builder_add_string_value(json, valid);
}

void
meishi_json_text(JsonBuilder *json, const char *text)
{
    if (text != NULL && text[0] != '\0')
        add_text(json, text);
    else
        json_builder_add_null_value(json);
}

void
meishi_json_date(JsonBuilder *json, gint64 time)
{
    g_autofree char *iso = time != 0 ? meishi_date_iso(time) : NULL;

    meishi_json_text(json, iso);
}

void
meishi_json_list(JsonBuilder *json, const char *const *list)
{
    json_builder_begin_array(json);
    for (; list != NULL && *list != NULL; list++)
        add_text(json, *list);
    json_builder_end_array(json);
}

void
meishi_json_member(JsonBuilder *json, const char *name, const char *text)
{
    json_builder_set_member_name(json, name);
    meishi_json_text(json, text);
}

void
meishi_json_list_member(JsonBuilder *json, const char *name, GVariant *dict)
{
    g_autofree const char **list = NULL;

    g_variant_lookup(dict, name, "^a&s", &list);
    json_builder_set_member_name(json, name);
    meishi_json_list(json, list);
}

void
meishi_json_number_member(JsonBuilder *json, const char *name, gint64 number)
{
    json_builder_set_member_name(json, name);
    json_builder_add_int_value(json, number);
}

void
meishi_json_target_member(JsonBuilder *json, const char *protocol, const char *host, guint port)
{
    json_builder_set_member_name(json, "target");
    json_builder_begin_object(json);
    meishi_json_member(json, "protocol", protocol);
    meishi_json_member(json, "host", host);
    meishi_json_number_member(json, "port", port);
    json_builder_end_object(json);
}

char *
meishi_json_format(JsonBuilder *json)
{
    g_autoptr(JsonNode) root = json_builder_get_root(json);
    g_autoptr(JsonGenerator) generator = json_generator_new();
    g_autofree char *text = NULL;

    json_generator_set_root(generator, root);
    json_generator_set_pretty(generator, TRUE);
    text = json_generator_to_data(generator, NULL);
    return g_strconcat(text, "\n", NULL);
}

/* Not g_print(), which would translate into the locale's character set: JSON is UTF-8. */
void
meishi_json_print(JsonBuilder *json)
{
    g_autofree char *text = meishi_json_format(json);

    fputs(text, stdout);
}

void
meishi_json_print_pairs(const char *name, ...)
{
    g_autoptr(JsonBuilder) json = json_builder_new();
    va_list pairs;

    json_builder_begin_object(json);
    va_start(pairs, name);
    for (; name != NULL; name = va_arg(pairs, const char *))
        meishi_json_member(json, name, va_arg(pairs, const char *));
    va_end(pairs);
    json_builder_end_object(json);
    meishi_json_print(json);
}
