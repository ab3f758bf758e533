/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lays an explanation out.  However it is closed, the daemon learns only that it was read.
 */
#include "daemon/prompter/explain-window.h"

#include "daemon/prompter/accessible.h"
#include "daemon/prompter/fact-group.h"
#include "daemon/prompter/words/explain-view.h"

#include <glib/gi18n.h>

typedef struct {
    MeishiExplainView *view;
    MeishiShell *shell;
} Window;

static void
on_copy(GtkButton *button, gpointer data)
{
    const Window *window = data;

    gdk_clipboard_set_text(gtk_widget_get_clipboard(GTK_WIDGET(button)), window->view->text);
    meishi_accessible_announce(GTK_WIDGET(button), _("Copied"));
}

static void
on_close(GtkButton *button, gpointer data)
{
    const Window *window = data;

    meishi_shell_answer(window->shell, g_variant_new("a{sv}", NULL));
}

static void
add_buttons(Window *window)
{
    GtkButton *copy = meishi_shell_add_button(
        window->shell, _("Co_py Text"), _("For somebody who is to find out what is wrong"), FALSE);
    GtkButton *close =
        meishi_shell_add_button(window->shell, _("_Close"), _("Nothing else happens"), FALSE);

    g_signal_connect(copy, "clicked", G_CALLBACK(on_copy), window);
    g_signal_connect(close, "clicked", G_CALLBACK(on_close), window);
    gtk_window_set_default_widget(meishi_shell_window(window->shell), GTK_WIDGET(close));
    gtk_window_set_focus(meishi_shell_window(window->shell), GTK_WIDGET(close));
}

static void
add_facts(Window *window)
{
    AdwPreferencesGroup *group = meishi_fact_group_new(NULL);
    const GPtrArray *facts = window->view->facts;

    for (guint i = 0; i + 1 < facts->len; i += 2)
        meishi_fact_group_add(group, g_ptr_array_index(facts, i), g_ptr_array_index(facts, i + 1));
    if (facts->len > 0)
        meishi_shell_add(window->shell, GTK_WIDGET(group));
    else
        g_object_unref(g_object_ref_sink(group));
}

static void
add_identities(Window *window)
{
    AdwPreferencesGroup *group = meishi_fact_group_new(_("Your certificates"));

    for (guint i = 0; i < window->view->identities->len; i++) {
        const MeishiExplained *one = g_ptr_array_index(window->view->identities, i);

        g_autofree char *text = g_strjoin("\n", one->verdict, one->which, NULL);

        meishi_fact_group_add_thing(group, one->icon, one->label, text);
    }
    meishi_shell_add(window->shell, GTK_WIDGET(group));
    if (window->view->rest != NULL)
        meishi_shell_add(window->shell, meishi_shell_text(window->view->rest, NULL));
}

static void
free_window(gpointer data)
{
    Window *window = data;

    meishi_explain_view_free(window->view);
    g_free(window);
}

MeishiShell *
meishi_explain_window_new(const MeishiQuestion *question, MeishiShellAnswered answered,
                          gpointer data)
{
    Window *window = g_new0(Window, 1);
    MeishiShellHead head;

    window->view = meishi_explain_view_new(question, g_get_real_time() / G_USEC_PER_SEC);
    head = (MeishiShellHead){window->view->title, window->view->heading, question};
    window->shell = meishi_shell_new(&head, answered, data);
    meishi_shell_own(window->shell, window, free_window);
    add_facts(window);
    add_identities(window);
    add_buttons(window);
    meishi_shell_set_compact(window->shell);
    meishi_shell_present(window->shell);
    return window->shell;
}
