/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Candidates that look alike (same label, same issuer) make a group, and a facet of which a group
 * has two values is shown in each of its rows: whichever row it is, another one differs from it.
 * So each candidate is looked at once, however many look alike.
 */
#include "daemon/asking/differences.h"

#include "daemon/asking/distinguished.h"

#include <string.h>

typedef struct {
    char *first[MEISHI_DIFFERENCES_MAX]; /* of its first member */
    gboolean differs[MEISHI_DIFFERENCES_MAX];
} Group;

struct MeishiDifferences {
    const MeishiFacet *facets;
    GHashTable *groups; /* look: Group */
};

static void
group_free(gpointer data)
{
    Group *group = data;

    for (gsize i = 0; i < MEISHI_DIFFERENCES_MAX; i++)
        g_free(group->first[i]);
    g_free(group);
}

/* The label without the " (2)" that keeps labels apart and says nothing. */
static char *
bare_label_of(const MeishiQuestionCandidate *candidate)
{
    char *label = g_strdup(candidate->label);
    char *open = strrchr(label, '(');

    if (open != NULL && open - label > 1 && open[-1] == ' ' && g_ascii_isdigit(open[1]) &&
        open[1 + strspn(open + 1, "0123456789")] == ')' && g_str_has_suffix(open, ")"))
        open[-1] = '\0';
    return label;
}

/* Two lengths and two texts: no two different pairs read alike. */
static char *
look_of(const MeishiQuestionCandidate *candidate)
{
    g_autofree char *issuer = meishi_distinguished_short(candidate->issuer);
    g_autofree char *label = bare_label_of(candidate);

    return g_strdup_printf("%zu %s%s", strlen(label), label, issuer);
}

static void
add_candidate(MeishiDifferences *differences, const MeishiQuestionCandidate *candidate)
{
    g_autofree char *look = look_of(candidate);
    Group *group = g_hash_table_lookup(differences->groups, look);

    if (group == NULL) {
        group = g_new0(Group, 1);
        g_hash_table_insert(differences->groups, g_steal_pointer(&look), group);
    }
    for (gsize i = 0; differences->facets[i] != NULL; i++) {
        g_autofree char *value = group->differs[i] ? NULL : differences->facets[i](candidate);

        if (group->first[i] == NULL)
            group->first[i] = g_steal_pointer(&value);
        else if (value != NULL)
            group->differs[i] = !g_str_equal(group->first[i], value);
    }
}

MeishiDifferences *
meishi_differences_new(const MeishiQuestion *question, const MeishiFacet *facets)
{
    MeishiDifferences *differences = g_new0(MeishiDifferences, 1);

    differences->facets = facets;
    differences->groups = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, group_free);
    for (guint i = 0; i < question->candidates->len; i++)
        add_candidate(differences, meishi_question_candidate(question, i));
    return differences;
}

void
meishi_differences_free(MeishiDifferences *differences)
{
    if (differences == NULL)
        return;
    g_hash_table_unref(differences->groups);
    g_free(differences);
}

char *
meishi_differences_text(const MeishiDifferences *differences,
                        const MeishiQuestionCandidate *candidate, const char *between)
{
    g_autofree char *look = look_of(candidate);
    const Group *group = g_hash_table_lookup(differences->groups, look);
    GString *text = g_string_new(NULL);

    for (gsize i = 0; group != NULL && differences->facets[i] != NULL; i++) {
        g_autofree char *value = group->differs[i] ? differences->facets[i](candidate) : NULL;

        if (value != NULL)
            g_string_append_printf(text, "%s%s", text->len > 0 ? between : "", value);
    }
    return g_string_free(text, FALSE);
}
