/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A field and two buttons.  What could cost a try is looked at before it is sent, and a token's
 * last try takes a second click, guarded as the first was: it is never spent silently.
 */
#include "daemon/prompter/secret-window.h"

#include "daemon/prompter/accessible.h"
#include "daemon/prompter/fact-group.h"
#include "daemon/prompter/secret-field.h"
#include "daemon/prompter/words/answer.h"
#include "daemon/prompter/words/secret-view.h"

#include <glib/gi18n.h>

typedef struct {
    const MeishiQuestion *question;
    MeishiSecretView *view;
    MeishiShell *shell;
    GtkWidget *field; /* NULL: it is typed at the reader */
    GtkButton *yes;   /* NULL */
    GtkLabel *insist; /* shown while a second click is waited for; NULL */
    gboolean is_insisting;
} Window;

/* ---- answering ------------------------------------------------------------------------------- */

static void
set_insisting(Window *window, gboolean is_insisting)
{
    if (window->insist == NULL || window->is_insisting == is_insisting)
        return;
    window->is_insisting = is_insisting;
    gtk_label_set_text(window->insist, is_insisting ? window->view->insist : "");
    gtk_widget_set_visible(gtk_widget_get_parent(GTK_WIDGET(window->insist)), is_insisting);
    meishi_shell_name_button(window->yes,
                             is_insisting ? window->view->insist_yes : window->view->yes);
    gtk_widget_remove_css_class(GTK_WIDGET(window->yes),
                                is_insisting ? "suggested-action" : "destructive-action");
    gtk_widget_add_css_class(GTK_WIDGET(window->yes),
                             is_insisting ? "destructive-action" : "suggested-action");
    if (!is_insisting)
        return;
    meishi_shell_set_compact(window->shell);
    meishi_accessible_announce(GTK_WIDGET(window->yes), window->view->insist);
}

static void
send(Window *window)
{
    GVariant *answer = meishi_answer_secret(window->is_insisting);
    g_autoptr(MeishiSecret) secret = NULL;

    if (window->field == NULL) {
        meishi_shell_answer(window->shell, answer);
        return;
    }
    secret = meishi_secret_entry_take(meishi_secret_field_entry(window->field));
    meishi_shell_answer_secret(window->shell, secret, answer);
}

/* FALSE: it could only be wrong, and is said to be. */
static gboolean
check(Window *window)
{
    MeishiSecretEntry *entry;
    g_autofree char *problem = NULL;

    if (window->field == NULL)
        return TRUE;
    entry = meishi_secret_field_entry(window->field);
    problem = meishi_secret_view_check(window->question, meishi_secret_entry_len(entry));
    if (problem == NULL)
        return TRUE;
    meishi_secret_field_say(window->field, problem, TRUE);
    meishi_shell_set_compact(window->shell);
    return FALSE;
}

static void
on_yes(GtkButton *button, gpointer data)
{
    Window *window = data;

    if (!check(window))
        return;
    if (window->insist != NULL && !window->is_insisting) {
        set_insisting(window, TRUE);
        meishi_shell_rearm(window->shell);
        return;
    }
    send(window);
}

static void
on_enter(MeishiSecretEntry *entry, gpointer data)
{
    Window *window = data;

    if (!meishi_secret_entry_is_empty(entry) && meishi_shell_is_meant(window->shell))
        on_yes(window->yes, window);
}

static void
on_changed(MeishiSecretEntry *entry, gpointer data)
{
    Window *window = data;

    set_insisting(window, FALSE);
    meishi_shell_set_ready(window->shell, !meishi_secret_entry_is_empty(entry));
}

/* The field says more than before: there has to be room for it. */
static void
on_said(MeishiSecretEntry *entry, gpointer data)
{
    Window *window = data;

    meishi_shell_set_compact(window->shell);
}

static void
on_caps_lock(MeishiSecretEntry *entry, GParamSpec *spec, gpointer data)
{
    on_said(entry, data);
}

static void
on_not_now(GtkButton *button, gpointer data)
{
    Window *window = data;

    meishi_shell_answer(window->shell, NULL);
}

/* ---- the window ------------------------------------------------------------------------------ */

static void
add_facts(Window *window)
{
    AdwPreferencesGroup *group;

    if (window->view->facts->len == 0)
        return;
    group = meishi_fact_group_new(NULL);
    for (guint i = 0; i < window->view->facts->len; i++) {
        const MeishiSecretFact *fact = g_ptr_array_index(window->view->facts, i);

        meishi_fact_group_add(group, fact->name, fact->value);
    }
    meishi_shell_add(window->shell, GTK_WIDGET(group));
}

/* Below the field, which has the focus, so that a screen reader comes across it. */
static void
say_problem(Window *window)
{
    const MeishiSecretView *view = window->view;

    gtk_widget_grab_focus(GTK_WIDGET(meishi_secret_field_entry(window->field)));
    if (view->problem != NULL)
        meishi_secret_field_say(window->field, view->problem, TRUE);
    else if (view->hint != NULL)
        meishi_secret_field_say(window->field, view->hint, FALSE);
}

static void
add_field(Window *window)
{
    MeishiSecretEntry *entry;

    if (window->view->field == NULL)
        return;
    window->field = meishi_secret_field_new(window->view->field, window->view->hint);
    entry = meishi_secret_field_entry(window->field);
    meishi_shell_add(window->shell, window->field);
    g_signal_connect(entry, "activate", G_CALLBACK(on_enter), window);
    g_signal_connect(entry, "changed", G_CALLBACK(on_changed), window);
    g_signal_connect(entry, "unfit", G_CALLBACK(on_said), window);
    g_signal_connect(entry, "notify::caps-lock", G_CALLBACK(on_caps_lock), window);
    say_problem(window);
}

static void
add_buttons(Window *window)
{
    GtkButton *not_now =
        meishi_shell_add_button(window->shell, _("N_ot Now"), window->view->refuse_effect, FALSE);

    g_signal_connect(not_now, "clicked", G_CALLBACK(on_not_now), window);
    if (window->view->yes == NULL)
        return;
    window->yes =
        meishi_shell_add_button(window->shell, window->view->yes, window->view->yes_effect, FALSE);
    gtk_widget_add_css_class(GTK_WIDGET(window->yes), "suggested-action");
    g_signal_connect(window->yes, "clicked", G_CALLBACK(on_yes), window);
    meishi_shell_guard(window->shell, window->yes);
    meishi_shell_set_ready(window->shell, window->field == NULL);
}

static void
fill(Window *window)
{
    const MeishiSecretView *view = window->view;

    add_facts(window);
    if (view->field == NULL && view->problem != NULL)
        meishi_shell_add_note(window->shell, view->problem, TRUE);
    if (view->warning != NULL)
        meishi_shell_add_note(window->shell, view->warning, TRUE);
    add_field(window);
    if (view->note != NULL)
        meishi_shell_add_note(window->shell, view->note, FALSE);
    if (view->insist != NULL)
        window->insist = meishi_shell_add_last_word(window->shell);
    add_buttons(window);
    meishi_shell_set_compact(window->shell);
}

static void
free_window(gpointer data)
{
    Window *window = data;

    meishi_secret_view_free(window->view);
    g_free(window);
}

static Window *
new_window(const MeishiQuestion *question, MeishiShellHead *ret_head)
{
    Window *window = g_new0(Window, 1);

    window->question = question;
    window->view = meishi_secret_view_new(question);
    *ret_head = (MeishiShellHead){window->view->title, window->view->heading, question};
    return window;
}

MeishiShell *
meishi_secret_window_new(const MeishiQuestion *question, MeishiShellAnswered answered,
                         gpointer data)
{
    MeishiShellHead head;
    Window *window = new_window(question, &head);

    window->shell = meishi_shell_new(&head, answered, data);
    meishi_shell_own(window->shell, window, free_window);
    fill(window);
    meishi_shell_present(window->shell);
    return window->shell;
}

void
meishi_secret_window_ask_again(MeishiShell *shell, const MeishiQuestion *question)
{
    MeishiShellHead head;
    Window *window = new_window(question, &head);

    window->shell = shell;
    meishi_shell_turn(shell, &head);
    meishi_shell_own(shell, window, free_window);
    meishi_shell_update(shell, question); /* a line that fill() makes room for */
    fill(window);
}
