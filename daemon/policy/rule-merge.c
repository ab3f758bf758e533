/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Putting policy files together; see rule-merge.h.
 */
#include "daemon/policy/rule-merge.h"

#include "daemon/policy/lint.h"
#include "daemon/policy/rule-lint.h"
#include "daemon/policy/token-rule.h"

#include <string.h>

/* ---- which files count ------------------------------------------------------------------------
 */

static int
compare_sources(gconstpointer a, gconstpointer b)
{
    const MeishiPolicySource *x = *(const MeishiPolicySource *const *)a;
    const MeishiPolicySource *y = *(const MeishiPolicySource *const *)b;

    if (x->layer != y->layer)
        return x->layer < y->layer ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* The system file of that name in a layer above @layer; NULL. */
static const MeishiPolicySource *
find_mask(GPtrArray *sources, const MeishiPolicySource *source)
{
    for (guint i = 0; i < sources->len; i++) {
        const MeishiPolicySource *other = g_ptr_array_index(sources, i);

        if (other->layer > source->layer && other->layer != MEISHI_LAYER_USER &&
            strcmp(other->name, source->name) == 0)
            return other;
    }
    return NULL;
}

static void
check_user_name(GPtrArray *sources, const MeishiPolicySource *source, GPtrArray *lints)
{
    MeishiLintPlace place = {.file = source->path};

    for (guint i = 0; source->layer == MEISHI_LAYER_USER && i < sources->len; i++) {
        const MeishiPolicySource *other = g_ptr_array_index(sources, i);

        if (other->layer != MEISHI_LAYER_USER && strcmp(other->name, source->name) == 0)
            meishi_lint_add(lints, MEISHI_LINT_WARNING, &place,
                            "has the name of a system file but does not replace it; both hold");
    }
}

static void
check_owner(const MeishiPolicySource *source, GPtrArray *lints)
{
    MeishiLintPlace place = {.file = source->path};

    if (source->owner != source->expected_owner)
        meishi_lint_add(lints, MEISHI_LINT_ERROR, &place,
                        "it or its directory belongs to user id %u and must belong to %u",
                        source->owner, source->expected_owner);
    if (source->mode & 022)
        meishi_lint_add(lints, MEISHI_LINT_ERROR, &place,
                        "others may write it or its directory; take that away with chmod go-w");
}

/* Does a system file say that users have no policy of their own? */
static gboolean
refuses_user_policy(const MeishiPolicySet *set)
{
    for (guint i = 0; i < set->files->len; i++) {
        const MeishiPolicyFile *file = g_ptr_array_index(set->files, i);

        if (file->layer != MEISHI_LAYER_USER && file->defaults.no_user_policy)
            return TRUE;
    }
    return FALSE;
}

static void
check_user_file(const MeishiPolicyFile *file, GPtrArray *lints)
{
    MeishiLintPlace place = {.file = file->path, .line = file->lock_line, .group = "Lock"};
    MeishiLintPlace modules = {
        .file = file->path, .line = file->modules.line, .group = "Modules", .key = "Allow"};

    if (file->layer == MEISHI_LAYER_USER && file->modules.allow != NULL)
        meishi_lint_add(lints, MEISHI_LINT_WARNING, &modules,
                        "has no effect in a user's file; which libraries may be loaded is for the "
                        "administrator");
    if (file->layer == MEISHI_LAYER_USER && file->locks->len > 0)
        meishi_lint_add(lints, MEISHI_LINT_WARNING, &place,
                        "a lock in a user's file has no effect; no layer is above it");
}

/* What is wrong with a rule as a whole is worth saying only where its values are right. */
static void
read_file(MeishiPolicySet *set, const MeishiPolicySource *source, GPtrArray *lints)
{
    GPtrArray *own = meishi_lint_list_new();
    MeishiPolicyFile *file = meishi_rule_parse(source, own);

    g_ptr_array_add(set->files, file);
    check_owner(source, own);
    check_user_file(file, own);
    if (meishi_lint_exit_status(own) < 2) {
        for (guint r = 0; r < file->rules->len; r++)
            meishi_rule_lint_rule(g_ptr_array_index(file->rules, r), own);
    }
    g_ptr_array_extend_and_steal(lints, own);
}

static void
read_files(MeishiPolicySet *set, GPtrArray *sources, GPtrArray *lints)
{
    for (guint i = 0; i < sources->len; i++) {
        const MeishiPolicySource *source = g_ptr_array_index(sources, i);

        /* User files come last, so that the word of the system is known by now. */
        if (find_mask(sources, source) ||
            (source->layer == MEISHI_LAYER_USER && refuses_user_policy(set)))
            continue;
        check_user_name(sources, source, lints);
        read_file(set, source, lints);
    }
}

/* ---- locks ------------------------------------------------------------------------------------
 */

/* The lowest layer that locks @what ("Rule x", "Role x" or "Defaults"), there and below it;
 * MEISHI_N_LAYERS where none does. */
static MeishiLayer
locked_at(const MeishiPolicySet *set, const char *what, const char *key)
{
    g_autofree char *whole = g_strconcat(what, "/*", NULL);
    g_autofree char *one = g_strconcat(what, "/", key, NULL);

    for (guint i = 0; i < set->files->len; i++) {
        const MeishiPolicyFile *file = g_ptr_array_index(set->files, i);

        if (file->layer == MEISHI_LAYER_USER)
            break;
        for (guint k = 0; k < file->locks->len; k++) {
            const char *lock = g_ptr_array_index(file->locks, k);

            if (strcmp(lock, whole) == 0 || strcmp(lock, one) == 0)
                return file->layer;
        }
    }
    return MEISHI_N_LAYERS;
}

static void
note_locked(GPtrArray *lints, const char *file, guint line, const char *group, const char *key)
{
    MeishiLintPlace place = {.file = file, .line = line, .group = group, .key = key};

    meishi_lint_add(lints, MEISHI_LINT_WARNING, &place,
                    "is locked by a lower layer; what stands here is not looked at");
}

/* ---- [Defaults] -------------------------------------------------------------------------------
 */

static gboolean
says(const MeishiPolicySet *set, const MeishiPolicyFile *file, const char *key, GPtrArray *lints)
{
    if (!g_hash_table_contains(file->defaults.said, key))
        return FALSE;
    if (locked_at(set, "Defaults", key) >= file->layer)
        return TRUE;
    note_locked(lints, file->path, 0, "Defaults", key);
    return FALSE;
}

static void
merge_defaults(MeishiPolicySet *set, const MeishiPolicyFile *file, GPtrArray *lints)
{
    const MeishiDefaults *from = &file->defaults;
    MeishiDefaults *to = &set->defaults;

    if (says(set, file, "Interactive", lints))
        to->never_interactive |= from->never_interactive;
    if (says(set, file, "Notify", lints))
        to->no_notice |= from->no_notice;
    if (says(set, file, "Remember", lints))
        to->remember = MAX(to->remember, from->remember);
    if (says(set, file, "On-Multiple", lints))
        to->on_multiple = from->on_multiple;
    if (says(set, file, "On-None", lints))
        to->on_none = from->on_none;
    if (says(set, file, "Single-Match-Silent", lints))
        to->single_match = from->single_match;
    if (file->layer != MEISHI_LAYER_USER)
        to->no_user_policy |= from->no_user_policy;
}

/* ---- rules and roles --------------------------------------------------------------------------
 */

/* A preference that a higher layer took over is gone; what the rule forbids stays. */
static void
drop_preference(MeishiRule *rule)
{
    if (meishi_rule_has_preference(rule))
        rule->action = MEISHI_ACTION_UNSET;
}

static void
refuse_twin(GPtrArray *lints, const MeishiRule *rule, const MeishiRule *twin)
{
    g_autofree char *group = g_strdup_printf("Rule %s", rule->name);
    MeishiLintPlace place = {.file = rule->file, .line = rule->line, .group = group};

    meishi_lint_add(lints, MEISHI_LINT_ERROR, &place,
                    "a rule of this name stands in %s, line %u, of the same layer already",
                    twin->file, twin->line);
}

/* @last holds the rule of each name that had the last word so far.  Files come in the order of
 * layers, so that a rule only ever meets one of its own layer or a lower one. */
static void
merge_rule(MeishiPolicySet *set, GHashTable *last, MeishiRule *rule, GPtrArray *lints)
{
    g_autofree char *group = g_strdup_printf("Rule %s", rule->name);
    MeishiRule *before = g_hash_table_lookup(last, rule->name);
    MeishiLayer lock = locked_at(set, group, "*");

    if (before && before->layer == rule->layer) {
        refuse_twin(lints, rule, before);
        return;
    }
    if (rule->layer > lock) {
        note_locked(lints, rule->file, rule->line, group, NULL);
        return;
    }
    rule->locked = lock != MEISHI_N_LAYERS;
    if (before)
        drop_preference(before);
    g_hash_table_insert(last, rule->name, rule);
    if (rule->enabled)
        meishi_rule_set_add(set, rule);
}

static void
merge_role(MeishiPolicySet *set, MeishiRole *role, GPtrArray *lints)
{
    g_autofree char *group = g_strdup_printf("Role %s", role->name);
    const MeishiRole *before = meishi_rule_set_find_role(set, role->name);
    MeishiLintPlace place = {.file = role->file, .line = role->line, .group = group};

    if (before && before->layer == role->layer) {
        meishi_lint_add(lints, MEISHI_LINT_ERROR, &place,
                        "a role of this name stands in %s already", before->file);
        return;
    }
    if (role->layer > locked_at(set, group, "*")) {
        note_locked(lints, role->file, role->line, group, NULL);
        return;
    }
    if (before)
        g_ptr_array_remove(set->roles, (gpointer)before);
    g_ptr_array_add(set->roles, role);
}

static gboolean
is_of(const MeishiTokenRule *rule, const MeishiTokenRule *other)
{
    return rule->layer == other->layer && strcmp(rule->name, other->name) == 0;
}

/* All hold, whatever their names: those are for people. */
static void
merge_token(MeishiPolicySet *set, MeishiTokenRule *rule, GPtrArray *lints)
{
    g_autofree char *group = g_strdup_printf("Token %s", rule->name);
    MeishiLintPlace place = {.file = rule->file, .line = rule->line, .group = group};

    for (guint i = 0; i < set->tokens->len; i++) {
        const MeishiTokenRule *other = g_ptr_array_index(set->tokens, i);

        if (is_of(rule, other))
            meishi_lint_add(lints, MEISHI_LINT_ERROR, &place,
                            "a group of this name stands in %s, line %u, of the same layer already",
                            other->file, other->line);
    }
    if (!rule->says_pin_keep)
        meishi_lint_add(lints, MEISHI_LINT_WARNING, &place, "says nothing; PIN-Keep is missing");
    g_ptr_array_add(set->tokens, rule);
}

static void
merge_files(MeishiPolicySet *set, GPtrArray *lints)
{
    g_autoptr(GHashTable) last = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < set->files->len; i++) {
        MeishiPolicyFile *file = g_ptr_array_index(set->files, i);

        merge_defaults(set, file, lints);
        meishi_module_rules_merge(&set->modules, &file->modules, file->layer == MEISHI_LAYER_USER);
        for (guint r = 0; r < file->rules->len; r++)
            merge_rule(set, last, g_ptr_array_index(file->rules, r), lints);
        for (guint r = 0; r < file->roles->len; r++)
            merge_role(set, g_ptr_array_index(file->roles, r), lints);
        for (guint r = 0; r < file->tokens->len; r++)
            merge_token(set, g_ptr_array_index(file->tokens, r), lints);
    }
}

MeishiPolicySet *
meishi_rule_merge(GPtrArray *sources, GPtrArray *lints)
{
    g_autoptr(MeishiPolicySet) set = meishi_rule_set_new();
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();

    for (guint i = 0; i < sources->len; i++)
        g_ptr_array_add(sorted, g_ptr_array_index(sources, i));
    g_ptr_array_sort(sorted, compare_sources);
    read_files(set, sorted, lints);
    merge_files(set, lints);
    if (meishi_lint_exit_status(lints) < 2)
        meishi_rule_lint_set(set, lints);
    meishi_lint_sort(lints);
    if (meishi_lint_exit_status(lints) == 2)
        return NULL;
    return g_steal_pointer(&set);
}
