/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading and writing browsers' JSON; see policy-json.h.
 */
#include "cli/policy-json.h"

#include "daemon/base/error.h"

#include <string.h>

#define MAX_DEPTH 64

static gboolean
fail(GError **error, const char *why)
{
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE, "It is not JSON: %s.", why);
    return FALSE;
}

/* Behind the string or comment that begins at @text, as json-glib's scanner reads them; @text where
 * there is none.  What does not end goes to the end. */
static const char *
skip_opaque(const char *text, const char *end)
{
    if (*text == '"') {
        for (text++; text < end && *text != '"'; text++)
            text += *text == '\\';
        return MIN(text + 1, end);
    }
    if (*text == '/' && text + 1 < end && text[1] == '*') {
        for (text += 2; text < end && !(text[0] == '*' && text + 1 < end && text[1] == '/');)
            text++;
        return MIN(text + 2, end);
    }
    return text;
}

/* Whether brackets stay within MAX_DEPTH.  json-glib reads 'strings' that JSON does not have, and
 * brackets could hide from us behind them. */
static gboolean
is_shallow(const char *text, gsize len)
{
    const char *end = text + len;
    guint depth = 0;

    while (text < end) {
        const char *next = skip_opaque(text, end);

        if (next != text) {
            text = next;
            continue;
        }
        if (*text == '\'' || ((*text == '[' || *text == '{') && ++depth > MAX_DEPTH))
            return FALSE;
        if ((*text == ']' || *text == '}') && depth > 0)
            depth--;
        text++;
    }
    return TRUE;
}

JsonNode *
meishi_policy_json_parse(const char *text, gsize len, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    g_autoptr(GError) cause = NULL;

    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        len -= 3;
    }
    if (len > G_MAXINT32 || !g_utf8_validate(text, (gssize)len, NULL)) {
        fail(error, "it is not UTF-8 text");
        return NULL;
    }
    if (!is_shallow(text, len)) {
        fail(error, "it is nested too deeply, or has strings in single quotes");
        return NULL;
    }
    if (!json_parser_load_from_data(parser, text, (gssize)len, &cause)) {
        fail(error, cause->message);
        return NULL;
    }
    if (json_parser_get_root(parser) == NULL) {
        fail(error, "there is nothing in it");
        return NULL;
    }
    return json_parser_steal_root(parser);
}

/* ---- looking ----------------------------------------------------------------------------------
 */

static JsonNode *
unwrap(JsonNode *node)
{
    static const char *const names[] = {"value", "Value"};
    JsonObject *object = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;

    for (gsize i = 0; object != NULL && i < G_N_ELEMENTS(names); i++) {
        if (json_object_has_member(object, names[i]))
            return json_object_get_member(object, names[i]);
    }
    return node;
}

JsonNode *
meishi_policy_json_find(JsonNode *node, const char *name)
{
    g_autoptr(GList) members = NULL;
    JsonObject *object;
    JsonNode *found = NULL;

    if (!JSON_NODE_HOLDS_OBJECT(node))
        return NULL;
    object = json_node_get_object(node);
    if (json_object_has_member(object, name))
        return unwrap(json_object_get_member(object, name));
    members = json_object_get_values(object);
    for (GList *member = members; member != NULL && found == NULL; member = member->next)
        found = meishi_policy_json_find(member->data, name);
    return found;
}

const char *
meishi_policy_json_string(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    return node != NULL && JSON_NODE_HOLDS_VALUE(node) &&
                   json_node_get_value_type(node) == G_TYPE_STRING
               ? json_node_get_string(node)
               : NULL;
}

JsonObject *
meishi_policy_json_object(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    return node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

char *
meishi_policy_json_format(JsonNode *node, gboolean pretty)
{
    g_autoptr(JsonGenerator) generator = json_generator_new();
    g_autofree char *text = NULL;

    json_generator_set_root(generator, node);
    json_generator_set_pretty(generator, pretty);
    text = json_generator_to_data(generator, NULL);
    return g_strconcat(text, pretty ? "\n" : "", NULL);
}
