/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Candidates that look alike (same label, same issuer) make a group, and a facet of which a group
 * has two values is shown in each of its rows: whichever row it is, another one differs from it.
 * So each candidate is looked at once, however many look alike.
 */
#include "cli/differences.h"

#include "cli/caller-text.h"
#include "cli/date.h"
#include "daemon/asking/distinguished.h"

#include <string.h>

#define SERIAL_TAIL 4

/* ---- facets ---------------------------------------------------------------------------------- */

static char *
unit_of(const MeishiQuestionCandidate *candidate)
{
    g_autofree char *unit = meishi_distinguished_find(candidate->subject, "OU");

    return unit != NULL ? g_strconcat("OU=", unit, NULL) : g_strdup("no OU");
}

static char *
issued_of(const MeishiQuestionCandidate *candidate)
{
    g_autofree char *day = meishi_date_day(candidate->not_before);

    return g_strconcat("issued ", day, NULL);
}

static char *
key_of(const MeishiQuestionCandidate *candidate)
{
    return g_strdup(candidate->key);
}

static char *
whole_issuer_of(const MeishiQuestionCandidate *candidate)
{
    return g_strconcat("by ", candidate->issuer, NULL);
}

static char *
first_name_of(const MeishiQuestionCandidate *candidate)
{
    return g_strdup(candidate->names[0] != NULL ? candidate->names[0] : "no other name");
}

static char *
serial_tail_of(const MeishiQuestionCandidate *candidate)
{
    gsize len = strlen(candidate->serial);

    return g_strconcat("..", candidate->serial + (len > SERIAL_TAIL ? len - SERIAL_TAIL : 0), NULL);
}

typedef char *(*Facet)(const MeishiQuestionCandidate *candidate);

/* The key's place has a column of its own.  The serial number's tail last, because it tells a row
 * apart but says nothing. */
static const Facet facets[] = {unit_of,   first_name_of,   key_of,
                               issued_of, whole_issuer_of, serial_tail_of};

/* ---- groups ---------------------------------------------------------------------------------- */

typedef struct {
    char *first[G_N_ELEMENTS(facets)]; /* of its first member */
    gboolean differs[G_N_ELEMENTS(facets)];
} Group;

struct MeishiDifferences {
    GHashTable *groups; /* look: Group */
};

static void
group_free(gpointer data)
{
    Group *group = data;

    for (gsize i = 0; i < G_N_ELEMENTS(facets); i++)
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
    for (gsize i = 0; i < G_N_ELEMENTS(facets); i++) {
        g_autofree char *value = group->differs[i] ? NULL : facets[i](candidate);

        if (group->first[i] == NULL)
            group->first[i] = g_steal_pointer(&value);
        else if (value != NULL)
            group->differs[i] = !g_str_equal(group->first[i], value);
    }
}

MeishiDifferences *
meishi_differences_new(const MeishiQuestion *question)
{
    MeishiDifferences *differences = g_new0(MeishiDifferences, 1);

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
                        const MeishiQuestionCandidate *candidate)
{
    g_autofree char *look = look_of(candidate);
    const Group *group = g_hash_table_lookup(differences->groups, look);
    GString *text = g_string_new(NULL);

    for (gsize i = 0; group != NULL && i < G_N_ELEMENTS(facets); i++) {
        g_autofree char *value = group->differs[i] ? facets[i](candidate) : NULL;
        g_autofree char *clean = value != NULL ? meishi_caller_text_bounded(value) : NULL;

        if (clean != NULL)
            g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "", clean);
    }
    return g_string_free(text, FALSE);
}
