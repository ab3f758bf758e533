/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Rows.  Texts of certificates are never markup.  A row that does nothing takes no focus, and its
 * name for a screen reader is all that it says.
 */
#include "daemon/prompter/import-card-list.h"

#include "daemon/base/untrusted.h"
#include "daemon/prompter/shell.h"

#include <glib/gi18n.h>

#define MARGIN 12

static void
name_row(GtkWidget *row, const char *title, const char *value)
{
    g_autofree char *whole = g_strdup_printf("%s: %s", title, value);
    g_autofree char *spoken = meishi_untrusted_spoken(whole);

    gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
}

static GtkWidget *
new_row(GtkWidget *child, const char *title, const char *value)
{
    GtkWidget *row = adw_preferences_row_new();

    gtk_widget_set_margin_top(child, MARGIN - 2);
    gtk_widget_set_margin_bottom(child, MARGIN - 2);
    gtk_widget_set_margin_start(child, MARGIN);
    gtk_widget_set_margin_end(child, MARGIN);
    gtk_list_box_row_set_child(GTK_LIST_BOX_ROW(row), child);
    gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(row), FALSE);
    gtk_widget_set_focusable(row, FALSE);
    name_row(row, title, value);
    return row;
}

/* The name is small and the value is what counts, as in a row that can be edited. */
static GtkWidget *
fact_row(const char *name, const char *value)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 3);
    GtkWidget *caption = meishi_shell_text(name, "caption");

    gtk_widget_add_css_class(caption, "dim-label");
    gtk_box_append(GTK_BOX(box), caption);
    gtk_box_append(GTK_BOX(box), meishi_shell_text(value, NULL));
    return new_row(box, name, value);
}

static GtkWidget *
card_row(const char *title, const char *summary)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 3);
    GtkWidget *caption = meishi_shell_text(summary, "caption");

    gtk_widget_add_css_class(caption, "dim-label");
    gtk_box_append(GTK_BOX(box), meishi_shell_text(title, NULL));
    gtk_box_append(GTK_BOX(box), caption);
    return new_row(box, title, summary);
}

static GtkWidget *
note_row(const MeishiImportNote *note)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, MARGIN);
    GtkWidget *text = meishi_shell_text(note->text, NULL);
    GtkWidget *icon = g_object_new(
        GTK_TYPE_IMAGE, "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, "icon-name",
        note->is_warning ? "dialog-warning-symbolic" : "dialog-information-symbolic", "valign",
        GTK_ALIGN_START, NULL);

    gtk_widget_add_css_class(icon, note->is_warning ? "warning" : "dim-label");
    gtk_widget_set_hexpand(text, TRUE);
    gtk_box_append(GTK_BOX(box), icon);
    gtk_box_append(GTK_BOX(box), text);
    return new_row(box, note->is_warning ? _("Warning") : _("Note"), note->text);
}

/* ---- one ------------------------------------------------------------------------------------- */

GtkWidget *
meishi_import_card_list_facts(const MeishiImportCard *card)
{
    AdwPreferencesGroup *group = ADW_PREFERENCES_GROUP(adw_preferences_group_new());

    for (guint i = 0; i + 1 < card->facts->len; i += 2)
        adw_preferences_group_add(group, fact_row(g_ptr_array_index(card->facts, i),
                                                  g_ptr_array_index(card->facts, i + 1)));
    for (guint i = 0; i < card->notes->len; i++)
        adw_preferences_group_add(group, note_row(g_ptr_array_index(card->notes, i)));
    return GTK_WIDGET(group);
}

/* ---- several --------------------------------------------------------------------------------- */

static gboolean
has_warning(const MeishiImportCard *card)
{
    for (guint i = 0; i < card->notes->len; i++) {
        const MeishiImportNote *note = g_ptr_array_index(card->notes, i);

        if (note->is_warning)
            return TRUE;
    }
    return FALSE;
}

static GtkWidget *
expander_row(const MeishiImportCard *card)
{
    GtkWidget *row = adw_expander_row_new();

    adw_preferences_row_set_use_markup(ADW_PREFERENCES_ROW(row), FALSE);
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), card->title);
    adw_expander_row_set_subtitle(ADW_EXPANDER_ROW(row), card->summary);
    if (has_warning(card)) {
        GtkWidget *icon = gtk_image_new_from_icon_name("dialog-warning-symbolic");

        gtk_widget_add_css_class(icon, "warning");
        gtk_accessible_update_property(GTK_ACCESSIBLE(icon), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                       _("Warning"), -1);
        adw_expander_row_add_prefix(ADW_EXPANDER_ROW(row), icon);
        adw_expander_row_set_expanded(ADW_EXPANDER_ROW(row), TRUE);
    }
    for (guint i = 0; i < card->notes->len; i++)
        adw_expander_row_add_row(ADW_EXPANDER_ROW(row),
                                 note_row(g_ptr_array_index(card->notes, i)));
    for (guint i = 0; i + 1 < card->facts->len; i += 2)
        adw_expander_row_add_row(
            ADW_EXPANDER_ROW(row),
            fact_row(g_ptr_array_index(card->facts, i), g_ptr_array_index(card->facts, i + 1)));
    name_row(row, card->title, card->summary);
    return row;
}

static GtkWidget *
any_row(const MeishiImportCard *card)
{
    gboolean has_more = card->facts->len > 0 || card->notes->len > 0;

    return has_more ? expander_row(card) : card_row(card->title, card->summary);
}

GtkWidget *
meishi_import_card_list_new(GPtrArray *cards, const char *title)
{
    AdwPreferencesGroup *group = ADW_PREFERENCES_GROUP(adw_preferences_group_new());

    if (title != NULL)
        adw_preferences_group_set_title(group, title);
    for (guint i = 0; i < cards->len; i++)
        adw_preferences_group_add(group, any_row(g_ptr_array_index(cards, i)));
    return GTK_WIDGET(group);
}
