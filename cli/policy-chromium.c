/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From Chromium's filters to rules.  Chromium takes a certificate that fits any of the filters of
 * one pattern, while of our rules exactly one is asked: filters that differ in one value become one
 * rule with a list, and others become rules of which only the first is ever asked, which is a loss.
 */
#include "cli/policy-chromium.h"

#include "cli/policy-filter.h"
#include "cli/policy-json.h"
#include "cli/policy-writer.h"
#include "daemon/base/error.h"

#include <string.h>

#define LIST        "AutoSelectCertificateForUrls"
#define PROMPT      "PromptOnMultipleMatchingCertificates"

#define MAX_ENTRIES 4096

/* The filters of one target. */
typedef struct {
    char *pattern; /* as the first one wrote it */
    MeishiPolicyPattern where;
    GPtrArray *filters; /* MeishiPolicyFilter */
} Group;

typedef struct {
    GPtrArray *groups; /* Group, in the order of the file */
    GHashTable *by_where;
    GPtrArray *losses;
} Import;

static void
free_group(gpointer data)
{
    Group *group = data;

    g_free(group->pattern);
    g_free(group->where.host);
    g_ptr_array_unref(group->filters);
    g_free(group);
}

/* ---- reading ----------------------------------------------------------------------------------
 */

static Group *
find_group(Import *import, const char *pattern, const MeishiPolicyPattern *where)
{
    g_autofree char *key = g_strdup_printf("%s %u", where->host, where->port);
    Group *group = g_hash_table_lookup(import->by_where, key);

    if (group == NULL) {
        group = g_new0(Group, 1);
        group->pattern = g_strdup(pattern);
        group->where.host = g_strdup(where->host);
        group->where.port = where->port;
        group->filters = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_policy_filter_free);
        g_ptr_array_add(import->groups, group);
        g_hash_table_insert(import->by_where, g_steal_pointer(&key), group);
    }
    return group;
}

static void
add_entry(Import *import, JsonObject *entry)
{
    g_autoptr(MeishiPolicyFilter) filter = meishi_policy_filter_read(entry, import->losses);
    MeishiPolicyPattern where = {0};
    const char *why;
    Group *group;

    if (filter == NULL)
        return;
    if (!meishi_policy_filter_pattern(filter->pattern, &where, &why)) {
        meishi_policy_filter_lose(import->losses, "%s: left out, because %s", filter->pattern, why);
        return;
    }
    group = find_group(import, filter->pattern, &where);
    g_free(where.host);
    g_ptr_array_add(group->filters, g_steal_pointer(&filter));
}

/* An entry is an object or a string with one in it. */
static void
read_entry(Import *import, JsonNode *node, guint number)
{
    g_autoptr(JsonNode) inner = NULL;
    const char *text;

    if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING) {
        text = json_node_get_string(node);
        inner = meishi_policy_json_parse(text, strlen(text), NULL);
        node = inner;
    }
    if (node != NULL && JSON_NODE_HOLDS_OBJECT(node))
        add_entry(import, json_node_get_object(node));
    else
        meishi_policy_filter_lose(import->losses,
                                  "entry %u is no filter, and Chromium passes over it", number);
}

/* ---- several filters of one target ------------------------------------------------------------
 */

static gboolean
is_equal(const MeishiPolicyFilter *a, const MeishiPolicyFilter *b)
{
    for (gsize i = 0; i < MEISHI_POLICY_FILTER_ATTRIBUTES; i++) {
        if (g_strcmp0(a->values[i], b->values[i]) != 0)
            return FALSE;
    }
    return TRUE;
}

static gboolean
is_empty(const MeishiPolicyFilter *filter)
{
    for (gsize i = 0; i < MEISHI_POLICY_FILTER_ATTRIBUTES; i++) {
        if (filter->values[i] != NULL)
            return FALSE;
    }
    return TRUE;
}

/* Takes out what says nothing new: twins, and everything beside a filter that any identity fits. */
static void
simplify(GPtrArray *filters)
{
    for (guint i = 0; i < filters->len; i++) {
        const MeishiPolicyFilter *filter = g_ptr_array_index(filters, i);
        gboolean takes_all = is_empty(filter);

        for (guint k = filters->len; k-- > 0;) {
            if (k != i && (takes_all || (k > i && is_equal(filter, filters->pdata[k])))) {
                g_ptr_array_remove_index(filters, k);
                i -= k < i;
            }
        }
    }
}

/* Do the filters differ in the value of one attribute and in nothing else? */
static gboolean
can_join(GPtrArray *filters)
{
    const MeishiPolicyFilter *first = g_ptr_array_index(filters, 0);
    guint n_different = 0;

    for (gsize i = 0; i < MEISHI_POLICY_FILTER_ATTRIBUTES; i++) {
        gboolean is_different = FALSE;

        for (guint k = 1; k < filters->len; k++) {
            const MeishiPolicyFilter *other = g_ptr_array_index(filters, k);

            if ((first->values[i] == NULL) != (other->values[i] == NULL))
                return FALSE;
            is_different |= g_strcmp0(first->values[i], other->values[i]) != 0;
        }
        n_different += is_different;
    }
    return n_different <= 1;
}

/* ---- writing ----------------------------------------------------------------------------------
 */

/* The values of attribute @index in @filters, each once. */
static void
write_attribute(GString *out, GPtrArray *filters, gsize index)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    gboolean is_first = TRUE;

    for (guint i = 0; i < filters->len; i++) {
        const MeishiPolicyFilter *filter = g_ptr_array_index(filters, i);
        const char *value = filter->values[index];

        if (value == NULL || !g_hash_table_add(seen, (gpointer)value))
            continue;
        g_string_append_printf(out,
                               "%s=", is_first ? meishi_policy_filter_attributes[index].key : ";");
        if (is_first)
            g_string_append_c(out, '=');
        meishi_policy_writer_item(out, value);
        is_first = FALSE;
    }
    if (!is_first)
        g_string_append_c(out, '\n');
}

static void
write_rule(GString *out, const Group *group, GPtrArray *filters, guint number, guint priority)
{
    g_string_append_printf(out, "\n[Rule chromium-%u]\n", number);
    if (priority != MEISHI_PRIORITY_DEFAULT)
        g_string_append_printf(out, "Priority=%u\n", priority);
    g_string_append_printf(out, "Match-Host=%s\n", group->where.host);
    if (group->where.port > 0)
        g_string_append_printf(out, "Match-Port=%u\n", group->where.port);
    g_string_append(out, "Match-Protocol=https\n");
    for (gsize i = 0; i < MEISHI_POLICY_FILTER_ATTRIBUTES; i++)
        write_attribute(out, filters, i);
    g_string_append(out, "Action=select\n");
}

static void
write_group(GString *out, const Group *group, guint *number, const char *on_multiple,
            GPtrArray *losses)
{
    gboolean is_one = can_join(group->filters);

    if (!is_one)
        meishi_policy_filter_lose(
            losses,
            "%s: Chromium takes a certificate that fits any of its %u filters; here they are "
            "rules of which the first alone is asked",
            group->pattern, group->filters->len);
    for (guint i = 0; i < (is_one ? 1 : group->filters->len); i++) {
        g_autoptr(GPtrArray) single = g_ptr_array_new();

        g_ptr_array_add(single, group->filters->pdata[i]);
        write_rule(out, group, is_one ? group->filters : single, ++*number,
                   MEISHI_PRIORITY_DEFAULT - MIN(i, MEISHI_PRIORITY_DEFAULT));
        g_string_append_printf(out, "On-Multiple=%s\n", on_multiple);
    }
}

/* ---- the whole --------------------------------------------------------------------------------
 */

static JsonArray *
find_list(JsonNode *root, GError **error)
{
    JsonNode *node = JSON_NODE_HOLDS_ARRAY(root) ? root : meishi_policy_json_find(root, LIST);

    if (node == NULL || !JSON_NODE_HOLDS_ARRAY(node)) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE,
                    "There is no list " LIST " in it, and it is none itself.");
        return NULL;
    }
    if (json_array_get_length(json_node_get_array(node)) > MAX_ENTRIES) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE,
                    "The list has more than the %d entries allowed here.", MAX_ENTRIES);
        return NULL;
    }
    return json_node_get_array(node);
}

static const char *
find_on_multiple(JsonNode *root)
{
    JsonNode *node = meishi_policy_json_find(root, PROMPT);
    gboolean prompts = node != NULL && JSON_NODE_HOLDS_VALUE(node) &&
                       json_node_get_value_type(node) == G_TYPE_BOOLEAN &&
                       json_node_get_boolean(node);

    return prompts ? "prompt" : "best";
}

char *
meishi_policy_chromium_import(const char *text, gsize len, GPtrArray *losses, GError **error)
{
    g_autoptr(JsonNode) root = meishi_policy_json_parse(text, len, error);
    JsonArray *list = root != NULL ? find_list(root, error) : NULL;
    g_autoptr(GPtrArray) groups = g_ptr_array_new_with_free_func(free_group);
    g_autoptr(GHashTable) by_where = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Import import = {.groups = groups, .by_where = by_where, .losses = losses};
    GString *out;
    guint number = 0;

    if (list == NULL)
        return NULL;
    for (guint i = 0; i < json_array_get_length(list); i++)
        read_entry(&import, json_array_get_element(list, i), i + 1);
    out = meishi_policy_writer_begin("Chromium's " LIST);
    for (guint i = 0; i < groups->len; i++) {
        Group *group = g_ptr_array_index(groups, i);

        simplify(group->filters);
        write_group(out, group, &number, find_on_multiple(root), losses);
    }
    return meishi_policy_writer_end(out, error);
}
