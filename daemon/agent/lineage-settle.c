/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Settling the lineage of new certificates, in the order of their issue, so that of two in one
 * import the second may renew the first; see lineage-settle.h.
 */
#include "daemon/agent/lineage-settle.h"

#include "daemon/agent/lineage-book.h"
#include "daemon/policy/lineage.h"
#include "daemon/policy/rule-match.h"

#include <string.h>

/* ---- policy -------------------------------------------------------------------------------- */

typedef enum {
    RENEWAL_UNSAID,
    RENEWAL_AUTO,
    RENEWAL_ASK,
    RENEWAL_NEVER,
} Renewal; /* from loose to strict */

static Renewal
parse_renewal(const char *word)
{
    if (word == NULL)
        return RENEWAL_UNSAID;
    if (strcmp(word, "never") == 0)
        return RENEWAL_NEVER;
    return strcmp(word, "ask") == 0 ? RENEWAL_ASK : RENEWAL_AUTO;
}

gboolean
meishi_lineage_settle_needs_rules(const MeishiPolicySet *policy)
{
    for (guint i = 0; i < policy->rules->len; i++) {
        const MeishiRule *rule = g_ptr_array_index(policy->rules, i);

        if (rule->renewal != NULL)
            return TRUE;
    }
    return FALSE;
}

/* The strictest of what the rules about member @index say: there is no target here by which one of
 * them would be the one that is asked. */
static Renewal
find_renewal(const MeishiLineageCase *settled, guint index)
{
    Renewal renewal = RENEWAL_UNSAID;

    for (guint i = 0; settled->inventory != NULL && i < settled->policy->rules->len; i++) {
        const MeishiRule *rule = g_ptr_array_index(settled->policy->rules, i);

        if (rule->renewal != NULL &&
            meishi_rule_match_obstacle(rule, settled->inventory, index, settled->now, 0) == NULL)
            renewal = MAX(renewal, parse_renewal(rule->renewal));
    }
    return renewal;
}

/* ---- judging ------------------------------------------------------------------------------- */

/* Where the certificates do not say which key signed them, their issuers may be at hand. */
static gboolean
has_other_issuing_key(const MeishiLineageMember *a, const MeishiLineageMember *b)
{
    return a->issuer != NULL && b->issuer != NULL &&
           !g_bytes_equal(a->issuer->key->spki, b->issuer->key->spki);
}

static MeishiLineage
judge(const MeishiLineageCase *settled, guint newer, guint older, const char **ret_why)
{
    const MeishiLineageMember *n = g_ptr_array_index(settled->members, newer);
    const MeishiLineageMember *o = g_ptr_array_index(settled->members, older);
    MeishiLineage lineage = meishi_lineage_succeeds(n->candidate, o->candidate, FALSE, ret_why);
    Renewal renewal;

    if (lineage == MEISHI_LINEAGE_NO)
        return lineage;
    renewal = find_renewal(settled, older);
    if (renewal == RENEWAL_NEVER)
        return MEISHI_LINEAGE_NO;
    lineage = meishi_lineage_succeeds(n->candidate, o->candidate, renewal == RENEWAL_AUTO, ret_why);
    if (lineage != MEISHI_LINEAGE_YES)
        return lineage;
    if (renewal == RENEWAL_ASK) {
        *ret_why = "policy wants that to be said by you";
        return MEISHI_LINEAGE_ASK;
    }
    if (renewal != RENEWAL_AUTO && has_other_issuing_key(n, o)) {
        *ret_why = "it comes from an authority of the same name with another key";
        return MEISHI_LINEAGE_ASK;
    }
    return MEISHI_LINEAGE_YES;
}

/* One lineage that a new certificate may belong to. */
typedef struct {
    guint index; /* of the member that stands for it */
    MeishiLineage verdict;
    const char *why;
} Relation;

static MeishiLineageMember *
member_at(const MeishiLineageCase *settled, guint index)
{
    return g_ptr_array_index(settled->members, index);
}

static const MeishiCandidate *
candidate_at(const MeishiLineageCase *settled, guint index)
{
    return member_at(settled, index)->candidate;
}

static gboolean
is_newer(const MeishiLineageCase *settled, guint a, guint b)
{
    return meishi_lineage_book_compare(candidate_at(settled, a)->cert,
                                       candidate_at(settled, b)->cert) > 0;
}

static Relation
relate(const MeishiLineageCase *settled, guint index, guint other)
{
    gboolean is_renewal = is_newer(settled, index, other);
    Relation relation = {.index = other};

    relation.verdict = is_renewal ? judge(settled, index, other, &relation.why)
                                  : judge(settled, other, index, &relation.why);
    return relation;
}

/* Of two members of one lineage the clearer relation counts. */
static void
add_relation(const MeishiLineageCase *settled, GArray *relations, const Relation *relation)
{
    const char *lineage = candidate_at(settled, relation->index)->lineage;

    for (guint i = 0; i < relations->len; i++) {
        Relation *known = &g_array_index(relations, Relation, i);

        if (strcmp(candidate_at(settled, known->index)->lineage, lineage) != 0)
            continue;
        if (relation->verdict > known->verdict)
            *known = *relation;
        return;
    }
    g_array_append_vals(relations, relation, 1);
}

/* To all lineages that there are so far; those who were superseded do not speak for theirs. */
static GArray *
find_relations(const MeishiLineageCase *settled, GHashTable *waiting, guint index)
{
    GArray *relations = g_array_new(FALSE, FALSE, sizeof(Relation));

    for (guint i = 0; i < settled->members->len; i++) {
        Relation relation;

        if (i == index || candidate_at(settled, i)->superseded_by != NULL ||
            g_hash_table_contains(waiting, GUINT_TO_POINTER(i)))
            continue;
        relation = relate(settled, index, i);
        if (relation.verdict != MEISHI_LINEAGE_NO)
            add_relation(settled, relations, &relation);
    }
    return relations;
}

/* The only one without doubt; NULL. */
static const Relation *
find_certain(GArray *relations)
{
    const Relation *certain = NULL;

    for (guint i = 0; i < relations->len; i++) {
        const Relation *relation = &g_array_index(relations, Relation, i);

        if (relation->verdict != MEISHI_LINEAGE_YES)
            continue;
        if (certain != NULL)
            return NULL;
        certain = relation;
    }
    return certain;
}

/* ---- what is said -------------------------------------------------------------------------- */

static char *
format_command(const char *newer, const char *older)
{
    g_autofree char *quoted_newer = g_shell_quote(newer);
    g_autofree char *quoted_older = older != NULL ? g_shell_quote(older) : g_strdup("none");

    return g_strdup_printf("meishi set %s --renews %s", quoted_newer, quoted_older);
}

static void
note_settled(const MeishiLineageCase *settled, guint newer, guint older, guint index,
             GPtrArray *notes)
{
    const char *name = candidate_at(settled, index)->label;
    g_autofree char *command = format_command(name, NULL);

    g_ptr_array_add(notes, g_strdup_printf("“%s” renews “%s”: what was chosen for one holds for "
                                           "the other. If they have nothing to do with each "
                                           "other, type: %s",
                                           candidate_at(settled, newer)->label,
                                           candidate_at(settled, older)->label, command));
}

static void
note_doubtful(const MeishiLineageCase *settled, guint newer, guint older, const char *why,
              GPtrArray *notes)
{
    const char *newer_name = candidate_at(settled, newer)->label;
    const char *older_name = candidate_at(settled, older)->label;
    g_autofree char *command = format_command(newer_name, older_name);

    g_ptr_array_add(notes, g_strdup_printf("“%s” may renew “%s”: %s. If it does, type: %s",
                                           newer_name, older_name, why, command));
}

static void
note_relations(const MeishiLineageCase *settled, guint index, GArray *relations, GPtrArray *notes)
{
    for (guint i = 0; i < relations->len; i++) {
        const Relation *relation = &g_array_index(relations, Relation, i);
        gboolean is_renewal = is_newer(settled, index, relation->index);
        const char *why = relation->verdict == MEISHI_LINEAGE_YES
                              ? "there is more than one that it may belong to"
                              : relation->why;

        note_doubtful(settled, is_renewal ? index : relation->index,
                      is_renewal ? relation->index : index, why, notes);
        if (is_renewal)
            member_at(settled, index)->may_renew = candidate_at(settled, relation->index)->label;
    }
}

/* ---- settling ------------------------------------------------------------------------------ */

static void
join(const MeishiLineageCase *settled, guint index, guint other, GPtrArray *notes)
{
    MeishiCandidate *candidate = (MeishiCandidate *)candidate_at(settled, index);
    gboolean is_renewal = is_newer(settled, index, other);
    guint newer = is_renewal ? index : other, older = is_renewal ? other : index;
    MeishiCandidate *renewed = (MeishiCandidate *)candidate_at(settled, older);

    g_free(candidate->lineage);
    candidate->lineage = g_strdup(candidate_at(settled, other)->lineage);
    g_free(renewed->superseded_by);
    renewed->superseded_by = g_strdup(candidate_at(settled, newer)->id);
    member_at(settled, newer)->renews = renewed->label;
    note_settled(settled, newer, older, index, notes);
}

static int
compare_issue(gconstpointer a, gconstpointer b, gpointer data)
{
    const MeishiLineageCase *settled = data;

    return meishi_lineage_book_compare(candidate_at(settled, *(const guint *)a)->cert,
                                       candidate_at(settled, *(const guint *)b)->cert);
}

static GArray *
list_new(const MeishiLineageCase *settled)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(guint));

    for (guint i = 0; i < settled->members->len; i++) {
        const MeishiLineageMember *member = g_ptr_array_index(settled->members, i);

        if (member->is_new)
            g_array_append_val(list, i);
    }
    g_array_sort_with_data(list, compare_issue, (gpointer)settled);
    return list;
}

void
meishi_lineage_settle(const MeishiLineageCase *settled, GPtrArray *notes)
{
    g_autoptr(GArray) list = list_new(settled);
    g_autoptr(GHashTable) waiting = g_hash_table_new(NULL, NULL);

    for (guint i = 0; i < list->len; i++)
        g_hash_table_add(waiting, GUINT_TO_POINTER(g_array_index(list, guint, i)));
    for (guint i = 0; i < list->len; i++) {
        guint index = g_array_index(list, guint, i);
        g_autoptr(GArray) relations = NULL;
        const Relation *certain;

        g_hash_table_remove(waiting, GUINT_TO_POINTER(index));
        relations = find_relations(settled, waiting, index);
        certain = find_certain(relations);
        if (certain != NULL)
            join(settled, index, certain->index, notes);
        else
            note_relations(settled, index, relations, notes);
    }
}
