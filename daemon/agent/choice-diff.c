/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Comparing lists of choices.  Two choices are of one kind where one would replace the other; such
 * a pair has changed where it names another identity, or where one of the two is suspect.
 */
#include "daemon/agent/choice-diff.h"

#include <string.h>

void
meishi_changed_target_free(gpointer data)
{
    MeishiChangedTarget *target = data;

    g_free(target->host);
    g_free(target);
}

static char *
kind_of(const MeishiChoice *choice)
{
    return g_strdup_printf("%d\n%s\n%s\n%u\n%s\n%s", (int)choice->reach, choice->protocol_class,
                           choice->host, choice->port,
                           choice->application != NULL ? choice->application : "", choice->context);
}

/* Everybody on a bus hears of what changed, so what is chosen in private is not told: the program
 * that did it is answered, and ends the context itself. */
static gboolean
is_told(const MeishiChoice *choice)
{
    return choice->scope != MEISHI_SCOPE_ONCE && !g_str_has_prefix(choice->context, "private:");
}

static GHashTable *
by_kind(GPtrArray *choices)
{
    GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < choices->len; i++) {
        const MeishiChoice *choice = g_ptr_array_index(choices, i);

        if (is_told(choice))
            g_hash_table_insert(table, kind_of(choice), (gpointer)choice);
    }
    return table;
}

static gboolean
is_same(const MeishiChoice *a, const MeishiChoice *b)
{
    return a != NULL && b != NULL && g_strcmp0(a->lineage, b->lineage) == 0 &&
           (a->suspicion == MEISHI_SUSPICION_SUSPECT) == (b->suspicion == MEISHI_SUSPICION_SUSPECT);
}

/* ---- targets --------------------------------------------------------------------------------- */

typedef struct {
    GPtrArray *targets;
    GHashTable *seen;   /* "host port" */
    GHashTable *groups; /* selection groups that have changed; borrowed */
} Changes;

static void
add_target(Changes *changes, const MeishiChoice *choice)
{
    gboolean is_domain = choice->reach == MEISHI_REACH_DOMAIN;
    MeishiChangedTarget *target = g_new0(MeishiChangedTarget, 1);

    target->host = g_strconcat(is_domain ? "." : "", choice->host, NULL);
    target->port = choice->reach == MEISHI_REACH_HOST_PORT ? choice->port : 0;
    if (g_hash_table_add(changes->seen, g_strdup_printf("%s %u", target->host, target->port)))
        g_ptr_array_add(changes->targets, target);
    else
        meishi_changed_target_free(target);
}

/* Those of @choices that @others does not have so. */
static void
add_changed(Changes *changes, GHashTable *choices, GHashTable *others)
{
    GHashTableIter iter;
    gpointer kind, value;

    g_hash_table_iter_init(&iter, choices);
    while (g_hash_table_iter_next(&iter, &kind, &value)) {
        const MeishiChoice *choice = value;

        if (is_same(choice, g_hash_table_lookup(others, kind)))
            continue;
        add_target(changes, choice);
        if (choice->group != NULL)
            g_hash_table_add(changes->groups, choice->group);
    }
}

static void
add_groups(Changes *changes, GPtrArray *choices)
{
    for (guint i = 0; i < choices->len; i++) {
        const MeishiChoice *choice = g_ptr_array_index(choices, i);

        if (choice->group != NULL && !g_str_has_prefix(choice->context, "private:") &&
            g_hash_table_contains(changes->groups, choice->group))
            add_target(changes, choice);
    }
}

GPtrArray *
meishi_choice_diff_find(GPtrArray *before, GPtrArray *now)
{
    g_autoptr(GHashTable) old = by_kind(before);
    g_autoptr(GHashTable) new = by_kind(now);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) groups = g_hash_table_new(g_str_hash, g_str_equal);
    Changes changes = {
        .targets = g_ptr_array_new_with_free_func(meishi_changed_target_free),
        .seen = seen,
        .groups = groups,
    };

    add_changed(&changes, old, new);
    add_changed(&changes, new, old);
    add_groups(&changes, before);
    add_groups(&changes, now);
    return changes.targets;
}
