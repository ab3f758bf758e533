/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Labels come from the token and are cleaned; the rest are the daemon's own words and numbers.
 */
#include "cli/token-inspect.h"

#include "cli/json.h"
#include "cli/text.h"
#include "daemon/asking/dict.h"

typedef char *(*Describe)(GVariant *item);

static char *
join(GVariant *dict, const char *name)
{
    g_autofree const char **list = NULL;

    g_variant_lookup(dict, name, "^a&s", &list);
    return list != NULL ? g_strjoinv(", ", (char **)list) : g_strdup("");
}

static guint64
size_of(GVariant *mechanism, const char *name)
{
    guint64 size = 0;

    g_variant_lookup(mechanism, name, "t", &size);
    return size;
}

/* ---- for people ------------------------------------------------------------------------------ */

/* Kinds of key sizes differ from module to module: bits here, bytes there, and nothing at all. */
static char *
describe_mechanism(GVariant *mechanism)
{
    g_autofree char *uses = join(mechanism, "uses");
    guint64 max = size_of(mechanism, "max");
    g_autofree char *sizes =
        max > 0 ? g_strdup_printf(", keys %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT,
                                  size_of(mechanism, "min"), max)
                : g_strdup("");

    return g_strdup_printf("%s%s%s%s", meishi_dict_text(mechanism, "name"),
                           uses[0] != '\0' ? ": " : "", uses, sizes);
}

static char *
describe_object(GVariant *object)
{
    g_autofree char *label = meishi_text_clean(meishi_dict_text(object, "label"));
    const char *type = meishi_dict_text(object, "key-type");
    const char *id = meishi_dict_text(object, "id");

    return g_strdup_printf("%s%s%s%s%s%s%s%s", meishi_dict_text(object, "class"),
                           label[0] != '\0' ? " “" : "", label, label[0] != '\0' ? "”" : "",
                           type[0] != '\0' ? ", " : "", type, id[0] != '\0' ? ", id " : "", id);
}

static void
append_line(GString *out, const char *name, int width, const char *value)
{
    if (value[0] != '\0')
        g_string_append_printf(out, "  %-*s%s\n", width, name, value);
}

static void
append_items(GString *out, GVariant *values, const char *member, const char *name, int width,
             Describe describe)
{
    g_autoptr(GVariant) items = g_variant_lookup_value(values, member, G_VARIANT_TYPE("aa{sv}"));

    for (gsize i = 0; items != NULL && i < g_variant_n_children(items); i++) {
        g_autoptr(GVariant) item = g_variant_get_child_value(items, i);
        g_autofree char *text = describe(item);

        append_line(out, i == 0 ? name : "", width, text);
    }
}

char *
meishi_token_inspect_format(GVariant *values, int width)
{
    GString *out = g_string_new(NULL);
    g_autofree char *flags = join(values, "flags");

    append_line(out, "Flags", width, flags);
    append_items(out, values, "objects", "On it", width, describe_object);
    append_items(out, values, "mechanisms", "Mechanisms", width, describe_mechanism);
    return g_string_free(out, FALSE);
}

/* ---- for programs ---------------------------------------------------------------------------- */

static void
add_mechanism(JsonBuilder *json, GVariant *mechanism)
{
    json_builder_begin_object(json);
    meishi_json_member(json, "name", meishi_dict_text(mechanism, "name"));
    json_builder_set_member_name(json, "min");
    json_builder_add_int_value(json, (gint64)size_of(mechanism, "min"));
    json_builder_set_member_name(json, "max");
    json_builder_add_int_value(json, (gint64)size_of(mechanism, "max"));
    meishi_json_list_member(json, "uses", mechanism);
    json_builder_end_object(json);
}

static void
add_object(JsonBuilder *json, GVariant *object)
{
    json_builder_begin_object(json);
    meishi_json_member(json, "class", meishi_dict_text(object, "class"));
    meishi_json_member(json, "label", meishi_dict_text(object, "label"));
    meishi_json_member(json, "id", meishi_dict_text(object, "id"));
    meishi_json_member(json, "key_type", meishi_dict_text(object, "key-type"));
    json_builder_end_object(json);
}

static void
add_items(JsonBuilder *json, GVariant *values, const char *member,
          void (*add)(JsonBuilder *json, GVariant *item))
{
    g_autoptr(GVariant) items = g_variant_lookup_value(values, member, G_VARIANT_TYPE("aa{sv}"));

    json_builder_set_member_name(json, member);
    json_builder_begin_array(json);
    for (gsize i = 0; items != NULL && i < g_variant_n_children(items); i++) {
        g_autoptr(GVariant) item = g_variant_get_child_value(items, i);

        add(json, item);
    }
    json_builder_end_array(json);
}

void
meishi_token_inspect_to_json(GVariant *values, JsonBuilder *json)
{
    meishi_json_list_member(json, "flags", values);
    add_items(json, values, "objects", add_object);
    add_items(json, values, "mechanisms", add_mechanism);
}
