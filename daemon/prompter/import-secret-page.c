/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Going on takes something typed, and for a new passphrase the same twice.  How hard that one is to
 * guess is said and never enforced: whose keys they are decides.
 */
#include "daemon/prompter/import-secret-page.h"

#include "daemon/prompter/secret-field.h"
#include "daemon/prompter/words/strength.h"

#include <glib/gi18n.h>

typedef struct {
    MeishiShell *shell;
    MeishiImportSecretUser user;
    GtkWidget *field, *again; /* @again NULL: one is enough */
    GtkButton *accept;
    gboolean is_consent;
} Page;

static gboolean
is_complete(const Page *page)
{
    MeishiSecretEntry *first = meishi_secret_field_entry(page->field);

    if (meishi_secret_entry_is_empty(first))
        return FALSE;
    return page->again == NULL ||
           meishi_secret_entry_equal(first, meishi_secret_field_entry(page->again));
}

/* The button of a consent is the shell's to open. */
static void
update_accept(Page *page)
{
    if (page->is_consent)
        meishi_shell_set_ready(page->shell, is_complete(page));
    else
        gtk_widget_set_sensitive(GTK_WIDGET(page->accept), is_complete(page));
}

static void
say_strength(const Page *page)
{
    guint strength = meishi_secret_entry_judge(meishi_secret_field_entry(page->field),
                                               (MeishiSecretJudge)meishi_strength_judge);

    meishi_secret_field_say(page->field,
                            strength != MEISHI_STRENGTH_NONE ? meishi_strength_text(strength)
                                                             : _("Length counts most."),
                            FALSE);
}

static void
say_match(const Page *page)
{
    gboolean is_empty = meishi_secret_entry_is_empty(meishi_secret_field_entry(page->again));
    const char *text = is_complete(page) ? _("The two are the same.") : _("Not the same yet.");

    meishi_secret_field_say(page->again, is_empty ? _("So that no slip locks you out.") : text,
                            FALSE);
}

/* There is a line below each field from the start, so that nothing moves while one types. */
static void
update(Page *page)
{
    if (page->again != NULL) {
        say_strength(page);
        say_match(page);
    }
    update_accept(page);
}

static void
on_changed(MeishiSecretEntry *entry, gpointer data)
{
    update(data);
}

static void
give(Page *page)
{
    g_autoptr(MeishiSecret) secret =
        meishi_secret_entry_take(meishi_secret_field_entry(page->field));

    if (page->again != NULL)
        meishi_secret_entry_clear(meishi_secret_field_entry(page->again));
    page->user.given(secret, page->user.data); /* turns the page */
}

static void
on_accept(GtkButton *button, gpointer data)
{
    Page *page = data;

    if (is_complete(page))
        give(page);
}

/* Enter goes to the second field, and on from the last one as the button would. */
static void
on_enter(MeishiSecretEntry *entry, gpointer data)
{
    Page *page = data;

    if (page->again != NULL && entry == meishi_secret_field_entry(page->field))
        gtk_widget_grab_focus(GTK_WIDGET(meishi_secret_field_entry(page->again)));
    else
        gtk_widget_activate(GTK_WIDGET(page->accept));
}

static GtkWidget *
add_field(Page *page, const char *name, const char *description)
{
    GtkWidget *field = meishi_secret_field_new(name, description);
    MeishiSecretEntry *entry = meishi_secret_field_entry(field);

    g_signal_connect(entry, "changed", G_CALLBACK(on_changed), page);
    g_signal_connect(entry, "activate", G_CALLBACK(on_enter), page);
    meishi_shell_add(page->shell, field);
    return field;
}

static void
on_cancel(GtkButton *button, gpointer shell)
{
    meishi_shell_answer(shell, NULL);
}

static void
add_buttons(Page *page, const MeishiImportSecret *view)
{
    GtkButton *cancel =
        meishi_shell_add_button(page->shell, _("_Cancel"), _("Nothing is imported"), FALSE);

    page->accept = meishi_shell_add_button(page->shell, view->accept, view->means, FALSE);
    gtk_widget_add_css_class(GTK_WIDGET(page->accept), "suggested-action");
    g_signal_connect(cancel, "clicked", G_CALLBACK(on_cancel), page->shell);
    g_signal_connect(page->accept, "clicked", G_CALLBACK(on_accept), page);
    if (view->is_consent)
        meishi_shell_guard(page->shell, page->accept);
}

void
meishi_import_secret_page_build(MeishiShell *shell, const MeishiImportSecret *view,
                                const MeishiImportSecretUser *user)
{
    GtkWidget *text = meishi_shell_text(view->text, NULL);
    Page *page = g_new0(Page, 1);

    page->shell = shell;
    page->user = *user;
    page->is_consent = view->is_consent;
    g_object_set_data_full(G_OBJECT(text), "meishi-page", page, g_free);
    meishi_shell_add(shell, text);
    page->field = add_field(page, view->field, view->text);
    if (view->again != NULL)
        page->again = add_field(page, view->again, NULL);
    add_buttons(page, view);
    if (view->wrong != NULL)
        meishi_secret_field_say(page->field, view->wrong, TRUE);
    update(page);
    gtk_widget_grab_focus(GTK_WIDGET(meishi_secret_field_entry(page->field)));
}
