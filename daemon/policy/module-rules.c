/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whatever forbids counts, whoever wrote it.
 */
#include "daemon/policy/module-rules.h"

#include "daemon/base/error.h"
#include "daemon/policy/rule-value.h"

#include <string.h>

void
meishi_module_rules_clear(MeishiModuleRules *rules)
{
    g_clear_pointer(&rules->allow, g_ptr_array_unref);
    g_clear_pointer(&rules->deny, g_ptr_array_unref);
    *rules = (MeishiModuleRules){0};
}

static void
add_path(GPtrArray **paths, const char *path)
{
    gsize len = strlen(path);

    if (*paths == NULL)
        *paths = g_ptr_array_new_with_free_func(g_free);
    while (len > 1 && path[len - 1] == '/')
        len--;
    g_ptr_array_add(*paths, g_strndup(path, len));
}

static gboolean
read_paths(GPtrArray **paths, char **items, GError **error)
{
    for (; *items != NULL; items++) {
        if (!g_path_is_absolute(*items)) {
            g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                        "“%s” is no absolute path of a library or a directory", *items);
            return FALSE;
        }
        add_path(paths, *items);
    }
    return TRUE;
}

gboolean
meishi_module_rules_read(MeishiModuleRules *rules, const char *key, char **items, GError **error)
{
    gboolean yes;

    if (strcmp(key, "Allow") == 0)
        return read_paths(&rules->allow, items, error);
    if (strcmp(key, "Deny") == 0)
        return read_paths(&rules->deny, items, error);
    if (strcmp(key, "P11-Kit") != 0) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND,
                    "unknown key; this group has Allow, Deny and P11-Kit");
        return FALSE;
    }
    if (items[1] != NULL) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                    "takes one value, not a list");
        return FALSE;
    }
    if (!meishi_rule_value_bool(items[0], &yes, error))
        return FALSE;
    rules->no_p11_kit = !yes;
    return TRUE;
}

static void
add_paths(GPtrArray **paths, const GPtrArray *from)
{
    for (guint i = 0; from != NULL && i < from->len; i++)
        add_path(paths, from->pdata[i]);
}

void
meishi_module_rules_merge(MeishiModuleRules *rules, const MeishiModuleRules *from,
                          gboolean is_users)
{
    if (!is_users)
        add_paths(&rules->allow, from->allow);
    add_paths(&rules->deny, from->deny);
    rules->no_p11_kit |= from->no_p11_kit;
}

static gboolean
are_same(const GPtrArray *a, const GPtrArray *b)
{
    guint n = a != NULL ? a->len : 0;

    if (n != (b != NULL ? b->len : 0))
        return FALSE;
    for (guint i = 0; i < n; i++) {
        if (strcmp(a->pdata[i], b->pdata[i]) != 0)
            return FALSE;
    }
    return TRUE;
}

gboolean
meishi_module_rules_equal(const MeishiModuleRules *a, const MeishiModuleRules *b)
{
    return are_same(a->allow, b->allow) && are_same(a->deny, b->deny) &&
           a->no_p11_kit == b->no_p11_kit;
}
