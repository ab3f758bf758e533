/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Each note is one function that says nothing where there is nothing to say.
 */
#include "daemon/prompter/words/notes.h"

#include "daemon/base/untrusted.h"
#include "daemon/prompter/words/reasons.h"

#include <glib/gi18n.h>
#include <string.h>

static gboolean
is_kind(const MeishiQuestion *question, const char *kind)
{
    return g_str_equal(question->kind, kind);
}

/* ---- warnings -------------------------------------------------------------------------------- */

static char *
say_last_time(const MeishiQuestion *question)
{
    g_autofree char *alert = meishi_reasons_said(question->last_alert);
    g_autofree char *label = meishi_untrusted_isolated(question->last_label);

    if (alert[0] == '\0')
        return NULL;
    if (label[0] == '\0')
        /* Translators: %s is a clause: "the server cannot use the certificate" */
        return g_strdup_printf(_("Last time the connection failed: %s."), alert);
    return g_strdup_printf(_("Last time the server refused “%s”: %s."), label, alert);
}

static char *
say_unverified(const MeishiQuestion *question)
{
    if (!g_str_equal(question->server_verified, "overridden"))
        return NULL;
    return g_strdup(_("The server could not be verified, and you went on all the same: it may be "
                      "another one than it says."));
}

/* Rule 7. */
static char *
say_clear(const MeishiQuestion *question)
{
    if (!question->tls_clear)
        return NULL;
    return g_strdup(
        _("Your name will be visible on the network: the connection uses TLS 1.2 or older."));
}

/* ---- why there is a question, where the list does not speak for itself ------------------------
 */

/* What to insert, and for what. */
static char *
say_insert(const MeishiQuestion *question)
{
    const MeishiQuestionCandidate *candidate;
    g_autofree char *label = NULL;

    if (question->candidates->len == 0)
        return g_strdup(_("Insert the card that your certificate is on."));
    if (question->candidates->len > 1)
        return g_strdup(_("The certificates for this server are on cards or tokens that are not "
                          "inserted. This window closes by itself once one is."));
    candidate = meishi_question_candidate(question, 0);
    label = meishi_untrusted_isolated(candidate->label);
    return g_strdup_printf(_("The certificate for this server, “%s”, is on a card or token that is "
                             "not inserted. This window closes by itself once it is."),
                           label);
}

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
    if (question->sign_failed)
        return g_strdup(_("The last time, the certificate that you chose for it could not be used "
                          "to sign in."));
    if (is_kind(question, "again") && question->last_alert[0] == '\0')
        return g_strdup(_("What you chose for it before does not fit any more."));
    return NULL;
}

/* What may be remembered, where no rule is known that says so. */
static char *
say_limit(const MeishiQuestion *question)
{
    if (question->scopes[0] == NULL || meishi_question_allows_scope(question, "always"))
        return NULL;
    if (meishi_question_allows_scope(question, "session"))
        return g_strdup(_("Policy lets this choice be remembered for the session only."));
    return g_strdup(_("Policy does not let this choice be remembered."));
}

/* Rule 6: if policy decided or limited, by whom. */
static char *
say_policy(const MeishiQuestion *question)
{
    g_autofree char *rule = meishi_untrusted_isolated(question->rule);

    if (rule[0] == '\0' || g_str_equal(question->rule, "none"))
        return say_limit(question);
    if (!meishi_question_allows_scope(question, "always"))
        return g_strdup_printf(_("Policy limits this choice: %s."), rule);
    return g_strdup_printf(_("Policy has a part in this choice: %s."), rule);
}

/* ---- all of them ----------------------------------------------------------------------------- */

static void
free_note(gpointer data)
{
    MeishiNote *note = data;

    g_free(note->text);
    g_free(note);
}

GPtrArray *
meishi_notes_list(const MeishiQuestion *question)
{
    static const struct {
        char *(*say)(const MeishiQuestion *question);
        gboolean is_warning, is_aside;
    } all[] = {
        {say_last_time, TRUE, FALSE}, {say_unverified, TRUE, FALSE}, {say_clear, TRUE, FALSE},
        {say_kind, FALSE, FALSE},     {say_policy, FALSE, TRUE},
    };
    GPtrArray *notes = g_ptr_array_new_with_free_func(free_note);

    for (gsize i = 0; i < G_N_ELEMENTS(all); i++) {
        g_autofree char *text = all[i].say(question);
        MeishiNote *note;

        if (text == NULL)
            continue;
        note = g_new0(MeishiNote, 1);
        note->is_warning = all[i].is_warning;
        note->is_aside = all[i].is_aside;
        note->text = g_steal_pointer(&text);
        g_ptr_array_add(notes, note);
    }
    return notes;
}
