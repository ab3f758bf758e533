/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The chooser in words.  What the question does not allow is not in the view, so that a window can
 * show all of it; the daemon holds the answer to the same limits again.
 */
#include "daemon/prompter/words/chooser-view.h"

#include "daemon/asking/distinguished.h"
#include "daemon/base/untrusted.h"
#include "daemon/prompter/words/program.h"
#include "daemon/prompter/words/reasons.h"

#include <glib/gi18n.h>
#include <string.h>

static gboolean
is_kind(const MeishiQuestion *question, const char *kind)
{
    return g_str_equal(question->kind, kind);
}

static gboolean
has_list(const MeishiQuestion *question)
{
    return !is_kind(question, "import") && question->candidates->len > 0;
}

/* ---- head ------------------------------------------------------------------------------------ */

static char *
title_of(const MeishiQuestion *question)
{
    if (is_kind(question, "insert"))
        return g_strdup(_("Insert a Card"));
    if (is_kind(question, "import"))
        return g_strdup(_("A Certificate Is Missing"));
    /* Translators: what people search for: a client certificate, also called a personal one. */
    return g_strdup(_("Choose a Client Certificate"));
}

static char *
say_asks(const MeishiQuestion *question)
{
    g_autofree char *target = meishi_program_target(question);

    if (target == NULL)
        return g_strdup(_("A server that the program does not name asks who you are"));
    return g_strdup_printf(_("%s asks who you are"), target);
}

/* Takes @text. */
static char *
end_sentence(char *text)
{
    g_autofree char *taken = text;

    return g_strconcat(taken, _("."), NULL);
}

/* Where all the candidates are; NULL where that is not one place with a name. */
static const char *
find_common_place(const MeishiQuestion *question)
{
    const char *place = NULL;

    for (guint i = 0; i < question->candidates->len; i++) {
        const char *its = meishi_question_candidate(question, i)->place;

        if (strchr(its, ' ') == NULL || (place != NULL && !g_str_equal(place, its)))
            return NULL;
        place = its;
    }
    return place;
}

/* "Insert “Corp card”": the daemon has the quotation marks. */
static char *
say_insert(const MeishiQuestion *question)
{
    const char *place = find_common_place(question);
    g_autofree char *label = NULL;

    if (place == NULL)
        return g_strdup(_("Insert the card with your certificate"));
    label = meishi_untrusted_isolated(strchr(place, ' ') + 1);
    return g_strdup_printf(_("Insert %s"), label);
}

/* Who the server is by its certificate, where somebody has made sure of it. */
static char *
verified_of(const MeishiQuestion *question)
{
    gboolean has_organisation = question->server_organisation[0] != '\0';
    g_autofree char *name = meishi_untrusted_isolated(
        has_organisation ? question->server_organisation : question->server_name);

    if (!g_str_equal(question->server_verified, "ok"))
        return NULL;
    return name[0] != '\0' ? g_strdup_printf(_("Server verified: %s"), name)
                           : g_strdup(_("Server verified"));
}

static char *
accepts_of(const MeishiQuestion *question)
{
    g_autofree char *shortened = NULL;
    g_autofree char *first = NULL;
    guint n_more;

    if (question->accepts[0] == NULL)
        return g_strdup(_("It does not say whose certificates it accepts."));
    shortened = meishi_distinguished_short(question->accepts[0]);
    first = meishi_untrusted_isolated(shortened);
    n_more = MAX(question->n_accepts, 1) - 1;
    if (n_more == 0)
        return g_strdup_printf(_("It accepts certificates from “%s”."), first);
    return g_strdup_printf(ngettext("It accepts certificates from “%s” and %u other.",
                                    "It accepts certificates from “%s” and %u others.", n_more),
                           first, n_more);
}

/* ---- the list -------------------------------------------------------------------------------- */

/* Never one that the engine would not offer, and nothing where the server asks everybody. */
static guint
first_selection(const MeishiQuestion *question)
{
    gboolean is_offered = question->preselected < question->n_offered;

    return is_offered && !is_kind(question, "optional") ? question->preselected : G_MAXUINT;
}

static guint
count_kind(const MeishiQuestion *question, const char *code)
{
    guint n = 0;

    for (guint i = question->n_offered; i < question->candidates->len; i++)
        n += g_str_equal(meishi_question_candidate(question, i)->code, code);
    return n;
}

static gboolean
is_first_of_kind(const MeishiQuestion *question, guint index)
{
    const char *code = meishi_question_candidate(question, index)->code;

    for (guint i = question->n_offered; i < index; i++) {
        if (g_str_equal(meishi_question_candidate(question, i)->code, code))
            return FALSE;
    }
    return TRUE;
}

/* "1 expired, 2 of another issuer" */
static char *
sum_others(const MeishiQuestion *question)
{
    GString *text = g_string_new(NULL);

    for (guint i = question->n_offered; i < question->candidates->len; i++) {
        const char *code = meishi_question_candidate(question, i)->code;
        const char *kind = meishi_reasons_kind(code);

        if (!is_first_of_kind(question, i))
            continue;
        g_string_append(text, text->len > 0 ? _(", ") : "");
        /* Translators: a count and a kind: "2 expired" */
        g_string_append_printf(text, _("%u %s"), count_kind(question, code),
                               kind != NULL ? kind : _("not offered"));
    }
    return g_string_free(text, FALSE);
}

static char *
others_of(const MeishiQuestion *question)
{
    guint n = question->candidates->len - question->n_offered + question->n_left_out;
    g_autofree char *sum = sum_others(question);

    if (question->candidates->len == question->n_offered)
        return NULL;
    /* Translators: "Other certificates (3): 1 expired, 2 of another issuer" */
    return g_strdup_printf(_("Other certificates (%u): %s"), n, sum);
}

/* ---- the view -------------------------------------------------------------------------------- */

MeishiChooserView *
meishi_chooser_view_new(const MeishiQuestion *question, gint64 now)
{
    MeishiChooserView *view = g_new0(MeishiChooserView, 1);

    view->title = title_of(question);
    view->is_waiting = is_kind(question, "insert");
    view->heading = view->is_waiting ? say_insert(question) : say_asks(question);
    view->asks = view->is_waiting ? end_sentence(say_asks(question)) : NULL;
    view->verified = verified_of(question);
    view->accepts = accepts_of(question);
    view->notes = meishi_notes_list(question);
    view->has_list = has_list(question);
    view->rows = meishi_row_list(question, now);
    view->n_offered = view->is_waiting ? question->candidates->len : question->n_offered;
    view->selected = first_selection(question);
    view->others = view->has_list && !view->is_waiting ? others_of(question) : NULL;
    view->scopes = meishi_remember_options_scopes(question);
    view->reaches = meishi_remember_options_reaches(question);
    view->programs = meishi_remember_options_programs(question);
    view->scope = meishi_remember_options_first(question, view->scopes);
    view->may_never =
        view->has_list && !view->is_waiting && meishi_question_allows_scope(question, "always");
    view->never_first = is_kind(question, "optional");
    return view;
}

void
meishi_chooser_view_free(MeishiChooserView *view)
{
    if (view == NULL)
        return;
    g_free(view->title);
    g_free(view->heading);
    g_free(view->asks);
    g_free(view->verified);
    g_free(view->accepts);
    g_ptr_array_unref(view->notes);
    g_ptr_array_unref(view->rows);
    g_free(view->others);
    g_array_unref(view->scopes);
    g_array_unref(view->reaches);
    g_array_unref(view->programs);
    g_free(view);
}

const MeishiRow *
meishi_chooser_view_row(const MeishiChooserView *view, guint index)
{
    return g_ptr_array_index(view->rows, index);
}

/* @key: label and issuer, a line each. */
static gboolean
begins_with(const char *key, const char *typed)
{
    const char *issuer = strchr(key, '\n');

    return g_str_has_prefix(key, typed) || (issuer != NULL && g_str_has_prefix(issuer + 1, typed));
}

guint
meishi_chooser_view_find(const MeishiChooserView *view, const char *typed, guint from,
                         guint n_shown)
{
    g_autofree char *folded = g_utf8_casefold(typed, -1);

    for (guint i = 0; i < n_shown; i++) {
        guint index = (from + i) % n_shown;

        if (begins_with(meishi_chooser_view_row(view, index)->key, folded))
            return index;
    }
    return G_MAXUINT;
}

char *
meishi_chooser_view_insist(const MeishiChooserView *view, guint index)
{
    const MeishiRow *row = meishi_chooser_view_row(view, index);

    /* Translators: the second %s is a clause: "it expired on 1 March 2026". */
    return g_strdup_printf(_("“%s” was not offered: %s. Use it all the same?"), row->label,
                           row->reason);
}
