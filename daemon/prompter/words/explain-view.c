/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A decision in words.  `meishi why` says the same with what was compared; this is what a person
 * can act on.
 */
#include "daemon/prompter/words/explain-view.h"

#include "daemon/base/untrusted.h"
#include "daemon/prompter/words/program.h"
#include "daemon/prompter/words/reasons.h"
#include "daemon/prompter/words/row.h"

#include <glib/gi18n.h>

static gboolean
is_known(const char *text)
{
    return text[0] != '\0' && !g_str_equal(text, "none");
}

/* ---- what was decided ------------------------------------------------------------------------ */

static char *
say_selected(const MeishiQuestion *question, const char *target)
{
    g_autofree char *label = NULL;

    if (question->preselected >= question->candidates->len)
        return g_strdup_printf(_("A certificate goes to %s"), target);
    label = meishi_row_label(meishi_question_candidate(question, question->preselected));
    /* Translators: the name of a certificate, and a server */
    return g_strdup_printf(_("“%s” goes to %s"), label, target);
}

static char *
say_result(const MeishiQuestion *question, const char *target)
{
    const char *result = question->result_name;

    if (g_str_equal(result, "selected"))
        return say_selected(question, target);
    if (g_str_equal(result, "none"))
        return g_strdup_printf(_("No certificate goes to %s"), target);
    if (g_str_equal(result, "denied"))
        return g_strdup_printf(_("Policy lets no certificate go to %s"), target);
    if (g_str_equal(result, "prompt"))
        return g_strdup_printf(_("You have to choose what %s gets"), target);
    if (g_str_equal(result, "no-agent"))
        return g_strdup_printf(_("Nobody could be asked what %s gets"), target);
    return g_strdup_printf(_("Nothing is decided for %s"), target);
}

static char *
heading_of(const MeishiQuestion *question)
{
    g_autofree char *target = meishi_program_target(question);

    return say_result(question, target != NULL ? target : _("the server"));
}

/* ---- why ------------------------------------------------------------------------------------- */

/* Takes @value. */
static void
add_fact(GPtrArray *facts, const char *name, char *value)
{
    if (value[0] == '\0') {
        g_free(value);
        return;
    }
    g_ptr_array_add(facts, g_strdup(name));
    g_ptr_array_add(facts, value);
}

static void
add_accepts(GPtrArray *facts, const MeishiQuestion *question)
{
    guint n = g_strv_length(question->accepts);

    for (guint i = 0; i < n; i++)
        add_fact(facts, _("Accepted issuer"), meishi_untrusted_full(question->accepts[i]));
    if (question->n_accepts > n)
        add_fact(facts, _("Accepted issuer"),
                 g_strdup_printf(ngettext("%u more", "%u more", question->n_accepts - n),
                                 question->n_accepts - n));
}

static GPtrArray *
list_facts(const MeishiQuestion *question)
{
    GPtrArray *facts = g_ptr_array_new_with_free_func(g_free);

    add_fact(facts, _("Because"), meishi_reasons_said(question->row));
    if (is_known(question->rule))
        add_fact(facts, _("Policy"), meishi_untrusted_full(question->rule));
    add_fact(facts, _("Last time"), meishi_reasons_said(question->last_alert));
    add_accepts(facts, question);
    return facts;
}

/* ---- identities ------------------------------------------------------------------------------ */

static void
free_explained(gpointer data)
{
    MeishiExplained *explained = data;

    g_free(explained->label);
    g_free(explained->verdict);
    g_free(explained->which);
    g_free(explained);
}

static char *
say_verdict(const MeishiQuestionCandidate *candidate)
{
    g_autofree char *reason = meishi_reasons_candidate(candidate);

    if (candidate->is_hard)
        return g_strdup_printf(_("Cannot be used: %s"), reason);
    if (candidate->is_soft)
        return g_strdup_printf(_("Not offered: %s"), reason);
    return g_strdup(_("Fits"));
}

/* "Issuing CA 3 · this computer · unit Admins" */
static char *
say_which(const MeishiRow *row)
{
    const char *parts[] = {row->issuer, row->place, row->difference};
    GString *text = g_string_new(NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (parts[i][0] != '\0')
            g_string_append_printf(text, "%s%s", text->len > 0 ? " · " : "", parts[i]);
    }
    return g_string_free(text, FALSE);
}

static MeishiExplained *
explain(const MeishiQuestionCandidate *candidate, const MeishiRow *row)
{
    MeishiExplained *explained = g_new0(MeishiExplained, 1);

    explained->label = g_strdup(row->label);
    explained->verdict = say_verdict(candidate);
    explained->which = say_which(row);
    explained->icon = candidate->is_hard   ? "action-unavailable-symbolic"
                      : candidate->is_soft ? "dialog-warning-symbolic"
                                           : "object-select-symbolic";
    return explained;
}

static GPtrArray *
list_identities(const MeishiQuestion *question, gint64 now)
{
    GPtrArray *identities = g_ptr_array_new_with_free_func(free_explained);
    g_autoptr(GPtrArray) rows = meishi_row_list(question, now);

    for (guint i = 0; i < rows->len; i++)
        g_ptr_array_add(identities, explain(meishi_question_candidate(question, i),
                                            g_ptr_array_index(rows, i)));
    return identities;
}

static char *
say_rest(const MeishiQuestion *question)
{
    guint n = question->n_left_out;

    if (question->candidates->len == 0)
        return g_strdup(_("You have no certificate at all."));
    if (n == 0)
        return NULL;
    return g_strdup_printf(
        ngettext("and %u more: “meishi why” shows all", "and %u more: “meishi why” shows all", n),
        n);
}

/* ---- all of it as text ----------------------------------------------------------------------- */

static char *
make_text(const MeishiExplainView *view, const MeishiQuestion *question)
{
    GString *text = g_string_new(NULL);
    g_autofree char *program = meishi_program_name(question);
    g_autofree char *detail = meishi_program_detail(question);
    g_autofree char *whole = NULL;

    g_string_append_printf(text, "%s\n%s, %s\n", view->heading, program, detail);
    for (guint i = 0; i + 1 < view->facts->len; i += 2)
        g_string_append_printf(text, "%s: %s\n", (char *)g_ptr_array_index(view->facts, i),
                               (char *)g_ptr_array_index(view->facts, i + 1));
    for (guint i = 0; i < view->identities->len; i++) {
        const MeishiExplained *one = g_ptr_array_index(view->identities, i);

        g_string_append_printf(text, "- %s (%s): %s\n", one->label, one->which, one->verdict);
    }
    if (view->rest != NULL)
        g_string_append_printf(text, "%s\n", view->rest);
    whole = g_string_free(text, FALSE);
    return meishi_untrusted_spoken(whole);
}

MeishiExplainView *
meishi_explain_view_new(const MeishiQuestion *question, gint64 now)
{
    MeishiExplainView *view = g_new0(MeishiExplainView, 1);

    view->title = g_strdup(_("Why Was It Decided So?"));
    view->heading = heading_of(question);
    view->facts = list_facts(question);
    view->identities = list_identities(question, now);
    view->rest = say_rest(question);
    view->text = make_text(view, question);
    return view;
}

void
meishi_explain_view_free(MeishiExplainView *view)
{
    if (view == NULL)
        return;
    g_free(view->title);
    g_free(view->heading);
    g_ptr_array_unref(view->facts);
    g_ptr_array_unref(view->identities);
    g_free(view->rest);
    g_free(view->text);
    g_free(view);
}
