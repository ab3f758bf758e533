/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Allow once, for this session, or deny.  The focus starts on "Deny", and what allows is guarded:
 * nobody lends a key by a key press that was meant for another window.
 */
#include "daemon/prompter/confirm-window.h"

#include "daemon/prompter/fact-group.h"
#include "daemon/prompter/words/answer.h"
#include "daemon/prompter/words/confirm-view.h"

#include <glib/gi18n.h>

static void
on_once(GtkButton *button, gpointer shell)
{
    meishi_shell_answer(shell, meishi_answer_allow("once"));
}

static void
on_session(GtkButton *button, gpointer shell)
{
    meishi_shell_answer(shell, meishi_answer_allow("session"));
}

static void
on_deny(GtkButton *button, gpointer shell)
{
    meishi_shell_answer(shell, meishi_answer_allow("no"));
}

static GtkButton *
add_session(MeishiShell *shell)
{
    GtkButton *session = meishi_shell_add_button(
        shell, _("Allow for This _Session"),
        _("You are not asked again for this program and key until you log out"), TRUE);

    g_signal_connect(session, "clicked", G_CALLBACK(on_session), shell);
    return session;
}

static void
add_buttons(MeishiShell *shell, const MeishiConfirmView *view)
{
    GtkButton *deny = meishi_shell_add_button(shell, _("_Deny"), _("The key is not used"), FALSE);
    GtkButton *once =
        meishi_shell_add_button(shell, _("_Allow Once"), _("The key is used this one time"), FALSE);

    gtk_widget_add_css_class(GTK_WIDGET(once), "suggested-action");
    g_signal_connect(deny, "clicked", G_CALLBACK(on_deny), shell);
    g_signal_connect(once, "clicked", G_CALLBACK(on_once), shell);
    meishi_shell_guard(shell, once);
    if (view->may_session)
        meishi_shell_guard(shell, add_session(shell));
    gtk_window_set_focus(meishi_shell_window(shell), GTK_WIDGET(deny));
}

static void
add_facts(MeishiShell *shell, const MeishiConfirmView *view)
{
    AdwPreferencesGroup *group = meishi_fact_group_new(NULL);

    meishi_fact_group_add(group, _("Key"), view->key);
    meishi_fact_group_add(group, _("Server"), view->target);
    meishi_shell_add(shell, GTK_WIDGET(group));
}

MeishiShell *
meishi_confirm_window_new(const MeishiQuestion *question, MeishiShellAnswered answered,
                          gpointer data)
{
    g_autoptr(MeishiConfirmView) view = meishi_confirm_view_new(question);
    const MeishiShellHead head = {view->title, view->heading, question};
    MeishiShell *shell = meishi_shell_new(&head, answered, data);

    add_facts(shell, view);
    meishi_shell_add_note(shell, view->note, FALSE);
    add_buttons(shell, view);
    meishi_shell_set_compact(shell);
    meishi_shell_present(shell);
    return shell;
}
