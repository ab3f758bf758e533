/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The details of the chooser: certificate data in full and untranslated (specification 6.2 rule 9,
 * 6.3), and what the daemon said about the request.
 */
#include "daemon/base/untrusted.h"
#include "daemon/prompter/words/chooser-view.h"
#include "daemon/prompter/words/dates.h"
#include "daemon/prompter/words/program.h"
#include "daemon/prompter/words/reasons.h"
#include "daemon/prompter/words/row.h"

#include <glib/gi18n.h>

static void
add(GPtrArray *details, const char *name, const char *value)
{
    g_autofree char *clean = meishi_untrusted_full(value);

    if (clean[0] == '\0')
        return;
    g_ptr_array_add(details, g_strdup(name));
    g_ptr_array_add(details, g_steal_pointer(&clean));
}

static void
add_certificate(GPtrArray *details, const MeishiQuestionCandidate *candidate)
{
    g_autofree char *names = g_strjoinv(", ", candidate->names);
    g_autofree char *from = meishi_dates_day(candidate->not_before);
    g_autofree char *until = meishi_dates_day(candidate->not_after);
    g_autofree char *valid = g_strdup_printf(_("from %s to %s"), from, until);
    g_autofree char *place = meishi_row_place(candidate);

    add(details, _("Label"), candidate->label);
    add(details, _("Subject"), candidate->subject);
    add(details, _("Issuer"), candidate->issuer);
    add(details, _("Other names"), names);
    if (candidate->not_after != 0)
        add(details, _("Valid"), valid);
    add(details, _("Serial number"), candidate->serial);
    add(details, _("Key"), candidate->key);
    add(details, _("Stored"), place);
    add(details, _("SHA-256"), candidate->id);
    if (candidate->is_soft)
        add(details, _("Not offered because"), candidate->reason);
}

/* Takes @text; NULL is empty.  Each detail stands alone, so nothing has to be isolated. */
static char *
spoken(char *text)
{
    g_autofree char *taken = text;

    return taken != NULL ? meishi_untrusted_spoken(taken) : g_strdup("");
}

GPtrArray *
meishi_chooser_view_details(const MeishiQuestion *question, guint index)
{
    GPtrArray *details = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *port = question->port != 0 ? g_strdup_printf("%u", question->port) : NULL;
    g_autofree char *program = spoken(meishi_program_detail(question));
    g_autofree char *row = meishi_reasons_said(question->row);

    if (index < question->candidates->len)
        add_certificate(details, meishi_question_candidate(question, index));
    add(details, _("Server"), question->host);
    add(details, _("Port"), port != NULL ? port : "");
    add(details, _("Server's name"), question->server_name);
    add(details, _("Server's organisation"), question->server_organisation);
    add(details, _("Program"), question->application);
    add(details, _("Known how"), program);
    for (char **name = question->accepts; *name != NULL; name++)
        add(details, _("Accepted issuer"), *name);
    add(details, _("Reason of the question"), row);
    if (!g_str_equal(question->rule, "none"))
        add(details, _("Policy"), question->rule);
    return details;
}
