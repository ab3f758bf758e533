/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Compares a row with those that show the same label and issuer, facet by facet.  A facet is shown
 * where it differs, what says something before what only tells apart.
 */
#include "daemon/prompter/words/differences.h"

#include "daemon/asking/distinguished.h"
#include "daemon/base/untrusted.h"
#include "daemon/prompter/words/dates.h"

#include <glib/gi18n.h>
#include <string.h>

#define SERIAL_TAIL 4

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

static gboolean
look_alike(const MeishiQuestionCandidate *a, const MeishiQuestionCandidate *b)
{
    g_autofree char *issuer_a = meishi_distinguished_short(a->issuer);
    g_autofree char *issuer_b = meishi_distinguished_short(b->issuer);
    g_autofree char *label_a = bare_label_of(a);
    g_autofree char *label_b = bare_label_of(b);

    return g_str_equal(label_a, label_b) && g_str_equal(issuer_a, issuer_b);
}

/* ---- facets ---------------------------------------------------------------------------------- */

static char *
unit_of(const MeishiQuestionCandidate *candidate)
{
    g_autofree char *unit = meishi_distinguished_find(candidate->subject, "OU");
    g_autofree char *clean = unit != NULL ? meishi_untrusted_isolated(unit) : NULL;

    return clean != NULL ? g_strdup_printf(_("unit %s"), clean) : g_strdup(_("no unit"));
}

/* Addresses stand in the row already. */
static char *
name_of(const MeishiQuestionCandidate *candidate)
{
    for (char **name = candidate->names; *name != NULL; name++) {
        if (!g_str_has_prefix(*name, "email:") && !g_str_has_prefix(*name, "upn:"))
            return meishi_untrusted_isolated(*name);
    }
    return g_strdup(_("no other name"));
}

static char *
key_of(const MeishiQuestionCandidate *candidate)
{
    return meishi_untrusted_isolated(candidate->key);
}

static char *
issued_of(const MeishiQuestionCandidate *candidate)
{
    g_autofree char *day = meishi_dates_day(candidate->not_before);

    return g_strdup_printf(_("issued on %s"), day);
}

static char *
issuer_of(const MeishiQuestionCandidate *candidate)
{
    g_autofree char *issuer = meishi_untrusted_isolated(candidate->issuer);

    return g_strdup_printf(_("issued by %s"), issuer);
}

static char *
serial_of(const MeishiQuestionCandidate *candidate)
{
    gsize len = strlen(candidate->serial);
    g_autofree char *tail =
        meishi_untrusted_line(candidate->serial + (len > SERIAL_TAIL ? len - SERIAL_TAIL : 0));

    return g_strdup_printf(_("number …%s"), tail);
}

typedef char *(*Facet)(const MeishiQuestionCandidate *candidate);

/* Those that could be taken for @index. */
static GPtrArray *
list_twins(const MeishiQuestion *question, guint index)
{
    const MeishiQuestionCandidate *candidate = meishi_question_candidate(question, index);
    GPtrArray *twins = g_ptr_array_new();

    for (guint i = 0; i < question->candidates->len; i++) {
        gpointer other = g_ptr_array_index(question->candidates, i);

        if (i != index && look_alike(candidate, other))
            g_ptr_array_add(twins, other);
    }
    return twins;
}

static gboolean
differs(const GPtrArray *twins, const char *value, Facet facet)
{
    for (guint i = 0; i < twins->len; i++) {
        g_autofree char *theirs = facet(g_ptr_array_index(twins, i));

        if (!g_str_equal(value, theirs))
            return TRUE;
    }
    return FALSE;
}

char *
meishi_differences_text(const MeishiQuestion *question, guint index)
{
    static const Facet facets[] = {unit_of, name_of, key_of, issued_of, issuer_of, serial_of};
    g_autoptr(GPtrArray) twins = list_twins(question, index);
    GString *text = g_string_new(NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(facets); i++) {
        g_autofree char *value = facets[i](meishi_question_candidate(question, index));

        /* Translators: what stands between two parts of a list. */
        if (differs(twins, value, facets[i]))
            g_string_append_printf(text, "%s%s", text->len > 0 ? _(", ") : "", value);
    }
    return g_string_free(text, FALSE);
}
