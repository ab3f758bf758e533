/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Puts the chooser together and carries out what the person does.  The words are the view's, the
 * limits the question's.  A certificate that was not offered takes a second click, and that one is
 * guarded as the first was.
 */
#include "daemon/prompter/chooser-window.h"

#include "daemon/prompter/accessible.h"
#include "daemon/prompter/words/answer.h"
#include "daemon/prompter/chooser-list.h"
#include "daemon/prompter/words/chooser-view.h"
#include "daemon/prompter/remember-box.h"
#include "daemon/prompter/text.h"

#include <glib/gi18n.h>

#define SPACING   12
#define MARGIN    18
#define N_NUMBERS 9

typedef struct {
    const MeishiQuestion *question;
    MeishiChooserView *view;
    MeishiShell *shell;
    MeishiChooserList *list;     /* NULL: there is nothing to choose from */
    MeishiRememberBox *remember; /* NULL: there is nothing to be used */
    GtkButton *use;              /* NULL as well */
    GtkWidget *details;          /* the button */
    GtkLabel *insist;            /* shown while a second click is waited for; NULL as well */
    gboolean is_insisting;
} Window;

static guint
selected_of(const Window *window)
{
    return window->list != NULL ? meishi_chooser_list_selected(window->list) : G_MAXUINT;
}

/* ---- using ----------------------------------------------------------------------------------- */

static void
set_insisting(Window *window, gboolean is_insisting)
{
    g_autofree char *text =
        is_insisting ? meishi_chooser_view_insist(window->view, selected_of(window)) : g_strdup("");

    window->is_insisting = is_insisting;
    gtk_label_set_text(window->insist, text);
    gtk_widget_set_visible(gtk_widget_get_parent(GTK_WIDGET(window->insist)), is_insisting);
    meishi_shell_name_button(window->use, is_insisting ? _("_Use It All the Same") : _("_Use"));
    if (is_insisting) {
        gtk_widget_remove_css_class(GTK_WIDGET(window->use), "suggested-action");
        gtk_widget_add_css_class(GTK_WIDGET(window->use), "destructive-action");
    } else {
        gtk_widget_remove_css_class(GTK_WIDGET(window->use), "destructive-action");
        gtk_widget_add_css_class(GTK_WIDGET(window->use), "suggested-action");
    }
}

static void
send_choice(Window *window, guint index)
{
    MeishiRemembering remembering = {.scope = "once", .reach = "host-port"};

    if (window->remember != NULL)
        meishi_remember_box_get(window->remember, &remembering);
    meishi_shell_answer(window->shell, meishi_answer_choice(window->question, index, &remembering));
}

static void
use_selected(Window *window)
{
    guint index = selected_of(window);

    if (index == G_MAXUINT)
        return;
    if (meishi_chooser_view_row(window->view, index)->is_soft && !window->is_insisting) {
        set_insisting(window, TRUE);
        meishi_shell_rearm(window->shell);
        return;
    }
    send_choice(window, index);
}

static void
on_use(GtkButton *button, gpointer data)
{
    use_selected(data);
}

static void
on_activated(gpointer data)
{
    Window *window = data;

    if (meishi_shell_is_meant(window->shell))
        use_selected(window);
}

static void
on_selected(gpointer data)
{
    Window *window = data;

    if (window->use == NULL)
        return;
    set_insisting(window, FALSE);
    if (!meishi_shell_is_input(window->shell))
        meishi_shell_rearm(window->shell); /* chosen by another program, or by us */
    meishi_shell_set_ready(window->shell, selected_of(window) != G_MAXUINT);
}

/* ---- refusing -------------------------------------------------------------------------------- */

static void
on_none(GtkButton *button, gpointer data)
{
    send_choice(data, G_MAXUINT);
}

static void
on_not_now(GtkButton *button, gpointer data)
{
    Window *window = data;

    meishi_shell_answer(window->shell, NULL);
}

static void
on_never(GtkButton *button, gpointer data)
{
    Window *window = data;
    const MeishiRemembering always = {.scope = "always", .reach = "host-port"};

    meishi_shell_answer(window->shell, meishi_answer_choice(window->question, G_MAXUINT, &always));
}

static void
add_never(Window *window)
{
    GtkButton *never = meishi_shell_add_button(
        window->shell, _("Ne_ver for This Site"),
        _("No certificate is sent, and this site does not make a question again"), FALSE);

    g_signal_connect(never, "clicked", G_CALLBACK(on_never), window);
}

static void
add_refusals(Window *window)
{
    gboolean may_never = window->view->may_never;
    GtkButton *none, *not_now;

    if (may_never && window->view->never_first)
        add_never(window);
    none = meishi_shell_add_button(window->shell, _("Send _None"),
                                   _("The connection goes on without a certificate"), FALSE);
    not_now =
        meishi_shell_add_button(window->shell, _("N_ot Now"),
                                _("The connection is broken off; nothing is remembered"), FALSE);
    if (may_never && !window->view->never_first)
        add_never(window);
    if (window->use == NULL)
        gtk_window_set_focus(meishi_shell_window(window->shell), GTK_WIDGET(not_now));
    g_signal_connect(none, "clicked", G_CALLBACK(on_none), window);
    g_signal_connect(not_now, "clicked", G_CALLBACK(on_not_now), window);
}

/* ---- details --------------------------------------------------------------------------------- */

static GtkWidget *
detail(const char *name, const char *text)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 2);
    GtkWidget *value = meishi_text_new(text, NULL);

    gtk_label_set_selectable(GTK_LABEL(value), TRUE);
    meishi_accessible_describe(value, name);
    gtk_box_append(GTK_BOX(box), meishi_text_new(name, "caption-heading"));
    gtk_box_append(GTK_BOX(box), value);
    return box;
}

static GtkWidget *
details_page(const Window *window)
{
    g_autoptr(GPtrArray) details =
        meishi_chooser_view_details(window->question, selected_of(window));
    GtkWidget *scroller = gtk_scrolled_window_new();
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, SPACING);

    gtk_widget_set_margin_top(box, SPACING);
    gtk_widget_set_margin_bottom(box, MARGIN);
    gtk_widget_set_margin_start(box, MARGIN);
    gtk_widget_set_margin_end(box, MARGIN);
    for (guint i = 0; i + 1 < details->len; i += 2)
        gtk_box_append(GTK_BOX(box),
                       detail(g_ptr_array_index(details, i), g_ptr_array_index(details, i + 1)));
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scroller), GTK_POLICY_NEVER,
                                   GTK_POLICY_AUTOMATIC);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroller), box);
    gtk_widget_set_vexpand(scroller, TRUE);
    return scroller;
}

static void
toggle_details(Window *window)
{
    if (meishi_shell_is_covered(window->shell)) {
        meishi_shell_cover(window->shell, NULL);
        if (window->list != NULL)
            meishi_chooser_list_focus(window->list);
    } else {
        gtk_widget_grab_focus(window->details); /* not a text, all of which it would select */
        meishi_shell_cover(window->shell, details_page(window));
    }
}

static void
on_details(GtkButton *button, gpointer data)
{
    toggle_details(data);
}

static void
add_details_button(Window *window)
{
    GtkWidget *label = gtk_label_new_with_mnemonic(_("Deta_ils"));

    window->details = gtk_button_new();
    gtk_label_set_mnemonic_widget(GTK_LABEL(label), window->details);
    gtk_button_set_child(GTK_BUTTON(window->details), label);
    gtk_widget_set_tooltip_text(window->details,
                                _("Everything that is known of the certificate (F1)"));
    g_signal_connect(window->details, "clicked", G_CALLBACK(on_details), window);
    adw_header_bar_pack_start(meishi_shell_header(window->shell), window->details);
}

/* ---- keys (6.3) ------------------------------------------------------------------------------ */

static gboolean
on_f1(GtkWidget *widget, GVariant *args, gpointer data)
{
    toggle_details(data);
    return TRUE;
}

/* Ctrl+1 to Ctrl+9: picks and uses. */
static gboolean
on_number(GtkWidget *widget, GVariant *args, gpointer data)
{
    Window *window = data;
    guint32 number = g_variant_get_uint32(args);

    if (window->list == NULL || meishi_shell_is_covered(window->shell))
        return FALSE;
    if (meishi_chooser_list_select(window->list, number - 1))
        on_activated(window);
    return TRUE;
}

static gboolean
on_copy(GtkWidget *widget, GVariant *args, gpointer data)
{
    Window *window = data;
    guint index = selected_of(window);

    if (index == G_MAXUINT)
        return FALSE;
    gdk_clipboard_set_text(gtk_widget_get_clipboard(widget),
                           meishi_question_candidate(window->question, index)->id);
    return TRUE;
}

static void
add_shortcut(Window *window, GtkShortcutController *keys, const char *trigger, GtkShortcutFunc func,
             guint argument)
{
    gtk_shortcut_controller_add_shortcut(
        keys, gtk_shortcut_new_with_arguments(gtk_shortcut_trigger_parse_string(trigger),
                                              gtk_callback_action_new(func, window, NULL), "u",
                                              argument));
}

static void
add_keys(Window *window)
{
    GtkEventController *keys = gtk_shortcut_controller_new();
    GtkShortcutController *shortcuts = GTK_SHORTCUT_CONTROLLER(keys);

    gtk_shortcut_controller_set_scope(shortcuts, GTK_SHORTCUT_SCOPE_GLOBAL);
    add_shortcut(window, shortcuts, "F1", on_f1, 0);
    for (guint i = 1; i <= N_NUMBERS; i++) {
        g_autofree char *trigger = g_strdup_printf("<Control>%u", i);

        add_shortcut(window, shortcuts, trigger, on_number, i);
    }
    gtk_widget_add_controller(GTK_WIDGET(meishi_shell_window(window->shell)), keys);
}

static void
add_list_keys(Window *window)
{
    GtkEventController *keys = gtk_shortcut_controller_new();

    add_shortcut(window, GTK_SHORTCUT_CONTROLLER(keys), "<Control>c", on_copy, 0);
    gtk_widget_add_controller(meishi_chooser_list_widget(window->list), keys);
}

/* ---- the window ------------------------------------------------------------------------------ */

/* Those before the list, or those after it. */
static void
add_notes(Window *window, gboolean asides)
{
    for (guint i = 0; i < window->view->notes->len; i++) {
        const MeishiNote *note = g_ptr_array_index(window->view->notes, i);

        if (note->is_aside == asides)
            meishi_shell_add_note(window->shell, note->text, note->is_warning);
    }
}

static void
add_list(Window *window)
{
    const MeishiChooserListUser user = {on_selected, on_activated, window};

    window->list = meishi_chooser_list_new(window->view, &user);
    meishi_shell_add(window->shell, meishi_chooser_list_widget(window->list));
}

static void
add_choice(Window *window)
{
    if (!window->view->has_list)
        return;
    add_list(window);
    if (window->view->is_waiting)
        return;
    window->remember = meishi_remember_box_new(window->view);
    meishi_shell_add_to_answer(window->shell, meishi_remember_box_widget(window->remember));
    window->insist = meishi_shell_add_last_word(window->shell);
    window->use = meishi_shell_add_button(window->shell, _("_Use"),
                                          _("The certificate goes to the server"), TRUE);
    g_signal_connect(window->use, "clicked", G_CALLBACK(on_use), window);
    meishi_shell_guard(window->shell, window->use);
    gtk_window_set_default_widget(meishi_shell_window(window->shell), GTK_WIDGET(window->use));
    add_list_keys(window);
    on_selected(window);
}

static void
free_window(gpointer data)
{
    Window *window = data;

    meishi_chooser_list_free(window->list);
    meishi_remember_box_free(window->remember);
    meishi_chooser_view_free(window->view);
    g_free(window);
}

static void
add_head(Window *window)
{
    const char *lines[] = {window->view->asks, window->view->verified, window->view->accepts};

    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
        if (lines[i] != NULL)
            meishi_shell_add(window->shell, meishi_shell_text(lines[i], NULL));
    }
}

MeishiShell *
meishi_chooser_window_new(const MeishiQuestion *question, MeishiShellAnswered answered,
                          gpointer data)
{
    Window *window = g_new0(Window, 1);
    MeishiShellHead head;

    window->question = question;
    window->view = meishi_chooser_view_new(question, g_get_real_time() / G_USEC_PER_SEC);
    head = (MeishiShellHead){window->view->title, window->view->heading, question};
    window->shell = meishi_shell_new(&head, answered, data);
    meishi_shell_own(window->shell, window, free_window);
    add_head(window);
    add_notes(window, FALSE);
    add_choice(window);
    add_notes(window, TRUE);
    add_refusals(window);
    if (window->use == NULL)
        meishi_shell_set_compact(window->shell);
    else
        meishi_shell_set_roomy(window->shell);
    add_details_button(window);
    add_keys(window);
    meishi_shell_present(window->shell);
    if (window->use != NULL) {
        meishi_chooser_list_select(window->list, window->view->selected);
        meishi_chooser_list_focus(window->list);
    }
    return window->shell;
}
