/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Confirming a use in words.  Who signs does not say for whom: the target is the program's word or
 * not known, and is said to be so.
 */
#include "daemon/prompter/words/confirm-view.h"

#include "daemon/base/untrusted.h"
#include "daemon/prompter/words/program.h"

#include <glib/gi18n.h>

static char *
target_of(const MeishiQuestion *question)
{
    g_autofree char *target = meishi_program_target(question);

    if (target == NULL)
        return g_strdup(_("not known: the program does not say"));
    return g_strdup_printf(_("%s (as the program says)"), target);
}

static char *
heading_of(const MeishiQuestion *question)
{
    g_autofree char *name = meishi_program_name(question);

    if (question->application[0] == '\0')
        return g_strdup(_("May an unknown program use your key?"));
    return g_strdup_printf(_("May %s use your key?"), name);
}

MeishiConfirmView *
meishi_confirm_view_new(const MeishiQuestion *question)
{
    MeishiConfirmView *view = g_new0(MeishiConfirmView, 1);

    view->title = g_strdup(_("Use of a Key"));
    view->heading = heading_of(question);
    view->key = meishi_untrusted_isolated(question->label);
    view->target = target_of(question);
    view->note = g_strdup(_("Whoever uses the key signs in as you."));
    view->may_session = !question->each_use;
    return view;
}

void
meishi_confirm_view_free(MeishiConfirmView *view)
{
    if (view == NULL)
        return;
    g_free(view->title);
    g_free(view->heading);
    g_free(view->key);
    g_free(view->target);
    g_free(view->note);
    g_free(view);
}
