/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A screen reader gets each row as one object, whose name is all of it.
 */
#include "daemon/prompter/fact-group.h"

#include "daemon/base/untrusted.h"
#include "daemon/prompter/text.h"

#define SPACING 12

AdwPreferencesGroup *
meishi_fact_group_new(const char *title)
{
    AdwPreferencesGroup *group = ADW_PREFERENCES_GROUP(adw_preferences_group_new());

    if (title != NULL)
        adw_preferences_group_set_title(group, title);
    return group;
}

static GtkWidget *
new_box(GtkOrientation orientation, int spacing)
{
    return g_object_new(GTK_TYPE_BOX, "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION,
                        "orientation", orientation, "spacing", spacing, NULL);
}

/* Takes @above and @below. */
static void
add_row(AdwPreferencesGroup *group, GtkWidget *icon, GtkWidget *above, GtkWidget *below)
{
    GtkWidget *row = adw_preferences_row_new();
    GtkWidget *box = new_box(GTK_ORIENTATION_HORIZONTAL, SPACING);
    GtkWidget *words = new_box(GTK_ORIENTATION_VERTICAL, 2);
    g_autofree char *both = g_strdup_printf("%s: %s", gtk_label_get_text(GTK_LABEL(above)),
                                            gtk_label_get_text(GTK_LABEL(below)));
    g_autofree char *spoken = meishi_untrusted_spoken(both);

    gtk_widget_set_margin_top(box, SPACING);
    gtk_widget_set_margin_bottom(box, SPACING);
    gtk_widget_set_margin_start(box, SPACING);
    gtk_widget_set_margin_end(box, SPACING);
    gtk_box_append(GTK_BOX(words), above);
    gtk_box_append(GTK_BOX(words), below);
    if (icon != NULL)
        gtk_box_append(GTK_BOX(box), icon);
    gtk_box_append(GTK_BOX(box), words);
    gtk_list_box_row_set_child(GTK_LIST_BOX_ROW(row), box);
    gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(row), FALSE);
    gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
    adw_preferences_group_add(group, row);
}

void
meishi_fact_group_add(AdwPreferencesGroup *group, const char *name, const char *value)
{
    GtkWidget *caption = meishi_text_new_silent(name, "caption");

    gtk_widget_add_css_class(caption, "dim-label");
    add_row(group, NULL, caption, meishi_text_new_silent(value, NULL));
}

void
meishi_fact_group_add_thing(AdwPreferencesGroup *group, const char *icon, const char *name,
                            const char *text)
{
    GtkWidget *image =
        g_object_new(GTK_TYPE_IMAGE, "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION,
                     "icon-name", icon, "valign", GTK_ALIGN_START, NULL);

    add_row(group, image, meishi_text_new_silent(name, "heading"),
            meishi_text_new_silent(text, "caption"));
}
