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
    return !is_kind(question, "insert") && !is_kind(question, "import") &&
           question->candidates->len > 0;
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
heading_of(const MeishiQuestion *question)
{
    g_autofree char *target = meishi_program_target(question);

    if (target == NULL)
        return g_strdup(_("A server that the program does not name asks who you are"));
    return g_strdup_printf(_("%s asks who you are"), target);
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

/* ---- notes ----------------------------------------------------------------------------------- */

typedef enum {
    NOTE_WARNING,
    NOTE_PLAIN,
    NOTE_ASIDE,
} NoteKind;

static void
free_note(gpointer data)
{
    MeishiNote *note = data;

    g_free(note->text);
    g_free(note);
}

/* Takes @text; NULL is none. */
static void
add_note(GPtrArray *notes, NoteKind kind, char *text)
{
    MeishiNote *note;

    if (text == NULL)
        return;
    note = g_new0(MeishiNote, 1);
    note->is_warning = kind == NOTE_WARNING;
    note->is_aside = kind == NOTE_ASIDE;
    note->text = text;
    g_ptr_array_add(notes, note);
}

static char *
say_last_time(const MeishiQuestion *question)
{
    g_autofree char *alert = meishi_reasons_alert(question->last_alert);
    g_autofree char *label = meishi_untrusted_isolated(question->last_label);

    if (alert[0] == '\0')
        return NULL;
    if (label[0] == '\0')
        /* Translators: %s is a clause: "the server cannot use the certificate" */
        return g_strdup_printf(_("Last time the connection failed: %s."), alert);
    return g_strdup_printf(_("Last time the server refused “%s”: %s."), label, alert);
}

/* "card “Corp card”, for “Hana Sato”": what to insert. */
static char *
say_insert(const MeishiQuestion *question)
{
    const MeishiQuestionCandidate *candidate;
    g_autofree char *label = NULL;
    g_autofree char *place = NULL;

    if (question->candidates->len == 0)
        return g_strdup(_("Insert the card that your certificate is on."));
    candidate = meishi_question_candidate(
        question, question->preselected < question->candidates->len ? question->preselected : 0);
    label = meishi_untrusted_isolated(candidate->label);
    place = meishi_untrusted_isolated(candidate->place);
    if (strchr(candidate->place, ' ') == NULL)
        return g_strdup_printf(_("The certificate for this server, “%s”, is on a card or token "
                                 "that is not inserted. Insert it to go on."),
                               label);
    return g_strdup_printf(_("The certificate for this server, “%s”, is not inserted (%s). Insert "
                             "it to go on."),
                           label, place);
}

/* Why there is a question, where the list does not speak for itself. */
static char *
say_kind(const MeishiQuestion *question)
{
    if (is_kind(question, "insert"))
        return say_insert(question);
    if (is_kind(question, "import"))
        return g_strdup(_("Policy wants a certificate here that you do not have. Import it, then "
                          "connect again."));
    if (is_kind(question, "optional"))
        return g_strdup(_("It asks every visitor. Many such sites work without a certificate."));
    if (is_kind(question, "soft"))
        return g_strdup(_("None of your certificates is quite what it asks for."));
    if (is_kind(question, "again") && question->last_alert[0] == '\0')
        return g_strdup(_("What you chose for it before does not fit any more."));
    return NULL;
}

/* Rule 6: if policy decided or limited, by whom. */
static char *
say_policy(const MeishiQuestion *question)
{
    g_autofree char *rule = meishi_untrusted_isolated(question->rule);

    if (rule[0] == '\0' || g_str_equal(question->rule, "none"))
        return NULL;
    if (!meishi_question_allows_scope(question, "always"))
        return g_strdup_printf(_("Policy limits this choice: %s."), rule);
    return g_strdup_printf(_("Policy has a part in this choice: %s."), rule);
}

static GPtrArray *
list_notes(const MeishiQuestion *question)
{
    GPtrArray *notes = g_ptr_array_new_with_free_func(free_note);

    add_note(notes, NOTE_WARNING, say_last_time(question));
    if (question->tls_clear)
        add_note(notes, NOTE_WARNING,
                 g_strdup(_("Your name will be visible on the network: the connection uses TLS 1.2 "
                            "or older.")));
    add_note(notes, NOTE_PLAIN, say_kind(question));
    add_note(notes, NOTE_ASIDE, say_policy(question));
    return notes;
}

/* ---- the list -------------------------------------------------------------------------------- */

static void
free_row(gpointer data)
{
    meishi_row_free(data);
}

static GPtrArray *
list_rows(const MeishiQuestion *question, gint64 now)
{
    GPtrArray *rows = g_ptr_array_new_with_free_func(free_row);

    for (guint i = 0; i < question->candidates->len; i++)
        g_ptr_array_add(rows, meishi_row_new(question, i, now));
    return rows;
}

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

/* ---- what to remember ------------------------------------------------------------------------ */

static void
clear_option(gpointer data)
{
    g_free(((MeishiOption *)data)->label);
}

/* Takes @label. */
static void
add_option(GArray *options, const char *word, char *label)
{
    MeishiOption option = {word, label};

    g_array_append_val(options, option);
}

static GArray *
new_options(void)
{
    GArray *options = g_array_new(FALSE, FALSE, sizeof(MeishiOption));

    g_array_set_clear_func(options, clear_option);
    return options;
}

static GArray *
list_scopes(const MeishiQuestion *question)
{
    GArray *scopes = new_options();

    add_option(scopes, "once", g_strdup(_("Once, do not remember")));
    if (meishi_question_allows_scope(question, "session"))
        add_option(scopes, "session", g_strdup(_("For this session")));
    if (meishi_question_allows_scope(question, "always"))
        add_option(scopes, "always", g_strdup(_("Always")));
    return scopes;
}

static GArray *
list_reaches(const MeishiQuestion *question)
{
    GArray *reaches = new_options();
    g_autofree char *host = meishi_untrusted_isolated(question->host);
    g_autofree char *domain = meishi_untrusted_isolated(question->domain);
    g_autofree char *target = meishi_program_target(question);

    add_option(reaches, "host-port",
               target != NULL ? g_steal_pointer(&target) : g_strdup(_("This server")));
    if (meishi_question_allows_reach(question, "host"))
        add_option(reaches, "host", g_strdup_printf(_("%s, every port"), host));
    if (meishi_question_allows_reach(question, "domain") && domain[0] != '\0')
        add_option(reaches, "domain", g_strdup_printf(_("All of %s"), domain));
    return reaches;
}

static GArray *
list_programs(const MeishiQuestion *question)
{
    GArray *programs = new_options();
    g_autofree char *name = meishi_program_name(question);

    if (question->application[0] == '\0')
        add_option(programs, "this", g_strdup(_("This program only")));
    else
        add_option(programs, "this", g_strdup_printf(_("%s only"), name));
    if (question->any_application)
        add_option(programs, "any", g_strdup(_("Every program")));
    return programs;
}

/* Rule 5: once for a server that is new, the session for one that has been used. */
static guint
first_scope(const MeishiQuestion *question, const GArray *scopes)
{
    gboolean is_known = FALSE;

    for (guint i = 0; i < question->candidates->len; i++)
        is_known |= meishi_question_candidate(question, i)->accepted_here > 0;
    return is_known && scopes->len > 1 ? 1 : 0;
}

/* ---- the view -------------------------------------------------------------------------------- */

MeishiChooserView *
meishi_chooser_view_new(const MeishiQuestion *question, gint64 now)
{
    MeishiChooserView *view = g_new0(MeishiChooserView, 1);

    view->title = title_of(question);
    view->heading = heading_of(question);
    view->program = meishi_program_name(question);
    view->program_detail = meishi_program_detail(question);
    view->accepts = accepts_of(question);
    view->notes = list_notes(question);
    view->has_list = has_list(question);
    view->rows = list_rows(question, now);
    view->n_offered = question->n_offered;
    view->selected = first_selection(question);
    view->others = view->has_list ? others_of(question) : NULL;
    view->scopes = list_scopes(question);
    view->reaches = list_reaches(question);
    view->programs = list_programs(question);
    view->scope = first_scope(question, view->scopes);
    view->may_never = meishi_question_allows_scope(question, "always");
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
    g_free(view->program);
    g_free(view->program_detail);
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
