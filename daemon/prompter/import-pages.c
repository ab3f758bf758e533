/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The pages.  "Import" is the consent and guarded; everything else may be pressed by anybody, since
 * it only shows, or stores nothing.
 */
#include "daemon/prompter/import-pages.h"

#include "daemon/prompter/import-card-list.h"

#include <glib/gi18n.h>

#define MAX_LABEL 255 /* bytes; what the daemon takes */

static void
on_close(GtkButton *button, gpointer shell)
{
    meishi_shell_answer(shell, NULL);
}

static GtkButton *
add_close(MeishiShell *shell, const char *label, const char *effect)
{
    GtkButton *close = meishi_shell_add_button(shell, label, effect, FALSE);

    g_signal_connect(close, "clicked", G_CALLBACK(on_close), shell);
    return close;
}

/* Before it is stored, the only one is shown with all its facts. */
static void
add_cards(MeishiShell *shell, const MeishiImportView *view)
{
    if (view->label != NULL)
        meishi_shell_add(shell, meishi_import_card_list_facts(g_ptr_array_index(view->cards, 0)));
    else if (view->cards->len > 0)
        meishi_shell_add(shell, meishi_import_card_list_new(view->cards, NULL));
    if (view->others->len > 0)
        meishi_shell_add(shell,
                         meishi_import_card_list_new(
                             view->others, view->cards->len > 0 ? _("Also in the file") : NULL));
}

static void
add_notes(MeishiShell *shell, const MeishiImportView *view)
{
    for (guint i = 0; i < view->notes->len; i++) {
        const MeishiImportNote *note = g_ptr_array_index(view->notes, i);

        meishi_shell_add_note(shell, note->text, note->is_warning);
    }
}

/* ---- before ---------------------------------------------------------------------------------- */

typedef struct {
    MeishiShell *shell;
    MeishiImportPlanUser user;
    char *offered;      /* the label that the file has */
    GtkEditable *label; /* NULL */
    GtkButton *import;
} Plan;

static void
free_plan(gpointer data)
{
    Plan *plan = data;

    g_free(plan->offered);
    g_free(plan);
}

static char *
typed_label(const Plan *plan)
{
    return g_strstrip(g_strdup(gtk_editable_get_text(plan->label)));
}

/* Control characters do not get into a field of one line by typing; the daemon refuses the rest. */
static void
on_label(GtkEditable *editable, gpointer data)
{
    Plan *plan = data;
    g_autofree char *label = typed_label(plan);
    gboolean is_fit = label[0] != '\0' && strlen(label) <= MAX_LABEL;

    if (is_fit)
        gtk_widget_remove_css_class(GTK_WIDGET(plan->label), "error");
    else
        gtk_widget_add_css_class(GTK_WIDGET(plan->label), "error");
    gtk_accessible_update_state(GTK_ACCESSIBLE(plan->label), GTK_ACCESSIBLE_STATE_INVALID,
                                is_fit ? GTK_ACCESSIBLE_INVALID_FALSE : GTK_ACCESSIBLE_INVALID_TRUE,
                                -1);
    meishi_shell_set_ready(plan->shell, is_fit);
}

static void
on_import(GtkButton *button, gpointer data)
{
    Plan *plan = data;
    g_autofree char *label = plan->label != NULL ? typed_label(plan) : NULL;
    gboolean is_changed = label != NULL && !g_str_equal(label, plan->offered);

    plan->user.import(is_changed ? label : NULL, plan->user.data);
}

static void
on_enter(GtkEntry *entry, gpointer data)
{
    Plan *plan = data;

    gtk_widget_activate(GTK_WIDGET(plan->import));
}

/* An entry of its own and not AdwEntryRow, which does not tell a screen reader that it has the
 * focus. */
static void
add_label(Plan *plan, const char *label)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
    GtkWidget *name = gtk_label_new_with_mnemonic(_("_Name"));
    GtkWidget *entry = gtk_entry_new();

    gtk_label_set_xalign(GTK_LABEL(name), 0);
    gtk_label_set_mnemonic_widget(GTK_LABEL(name), entry);
    gtk_widget_add_css_class(name, "caption-heading");
    gtk_widget_set_tooltip_text(entry, _("What this certificate is called on this computer"));
    plan->offered = g_strdup(label);
    plan->label = GTK_EDITABLE(entry);
    gtk_editable_set_text(plan->label, label);
    gtk_box_append(GTK_BOX(box), name);
    gtk_box_append(GTK_BOX(box), entry);
    meishi_shell_add(plan->shell, box);
    g_signal_connect(entry, "changed", G_CALLBACK(on_label), plan);
    g_signal_connect(entry, "activate", G_CALLBACK(on_enter), plan);
}

static void
add_import(Plan *plan)
{
    plan->import = meishi_shell_add_button(plan->shell, _("_Import"),
                                           _("Stores what is shown here in your vault"), FALSE);
    gtk_widget_add_css_class(GTK_WIDGET(plan->import), "suggested-action");
    g_signal_connect(plan->import, "clicked", G_CALLBACK(on_import), plan);
    meishi_shell_guard(plan->shell, plan->import);
}

void
meishi_import_pages_plan(MeishiShell *shell, const MeishiImportView *view,
                         const MeishiImportPlanUser *user)
{
    Plan *plan;
    GtkButton *close;

    plan = g_new0(Plan, 1);
    plan->shell = shell;
    plan->user = *user;
    if (view->label != NULL)
        add_label(plan, view->label);
    add_cards(shell, view);
    add_notes(shell, view);
    close =
        add_close(shell, view->may_import ? _("_Cancel") : _("_Close"), _("Nothing is imported"));
    g_object_set_data_full(G_OBJECT(close), "meishi-plan", plan, free_plan);
    if (view->may_import)
        add_import(plan);
    gtk_window_set_focus(meishi_shell_window(shell), GTK_WIDGET(close));
}

/* ---- afterwards ------------------------------------------------------------------------------ */

void
meishi_import_pages_result(MeishiShell *shell, const MeishiImportView *view)
{
    GtkButton *done;

    if (view->text != NULL)
        meishi_shell_add(shell, meishi_shell_text(view->text, NULL));
    add_cards(shell, view);
    add_notes(shell, view);
    done = add_close(shell, _("_Done"), _("Closes the window"));
    gtk_widget_add_css_class(GTK_WIDGET(done), "suggested-action");
    gtk_window_set_focus(meishi_shell_window(shell), GTK_WIDGET(done));
}

/* ---- what went wrong ------------------------------------------------------------------------- */

typedef struct {
    void (*way)(gpointer data);
    gpointer data;
} Way;

static void
on_way(GtkButton *button, gpointer data)
{
    const Way way = *(Way *)data; /* it goes with the button when the page is turned */

    way.way(way.data);
}

static void
free_way(gpointer data, GClosure *closure)
{
    g_free(data);
}

/* A way around has a line of its own: it is no small decision, and no small word. */
static void
add_way(MeishiShell *shell, const char *label, const char *effect, const Way *way, gboolean is_wide)
{
    GtkButton *button;

    if (way->way == NULL)
        return;
    button = meishi_shell_add_button(shell, label, effect, is_wide);
    g_signal_connect_data(button, "clicked", G_CALLBACK(on_way), g_memdup2(way, sizeof *way),
                          free_way, 0);
}

void
meishi_import_pages_trouble(MeishiShell *shell, const MeishiImportTrouble *trouble,
                            const MeishiImportTroubleUser *user)
{
    GtkButton *close;

    meishi_shell_add(shell, meishi_shell_text(trouble->advice, NULL));
    if (trouble->detail != NULL)
        meishi_shell_add_note(shell, trouble->detail, TRUE);
    add_way(shell, _("Use a _Passphrase"), _("Makes a vault that a passphrase opens"),
            &(Way){user->passphrase, user->data}, TRUE);
    close = add_close(shell, _("_Close"), _("Closes the window"));
    add_way(shell, _("_Another Password"), _("Tries to open the file with another password"),
            &(Way){trouble->may_password ? user->password : NULL, user->data}, FALSE);
    add_way(shell, _("_Try Again"), _("Does the same once more"),
            &(Way){trouble->may_retry ? user->retry : NULL, user->data}, FALSE);
    gtk_window_set_focus(meishi_shell_window(shell), GTK_WIDGET(close));
}

/* ---- meanwhile ------------------------------------------------------------------------------- */

void
meishi_import_pages_wait(MeishiShell *shell, const char *text)
{
    GtkWidget *spinner = gtk_spinner_new();
    GtkButton *cancel;

    gtk_spinner_start(GTK_SPINNER(spinner));
    gtk_widget_set_size_request(spinner, 32, 32);
    meishi_shell_add(shell, meishi_shell_text(text, NULL));
    meishi_shell_add(shell, spinner);
    cancel = add_close(shell, _("_Cancel"), _("Stops the import"));
    gtk_window_set_focus(meishi_shell_window(shell), GTK_WIDGET(cancel));
}
