/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Rows of libadwaita, without their markup: what they show is a stranger's text.  A screen reader
 * gets each as one object.
 */
#include "daemon/prompter/fact-group.h"

#include "daemon/base/untrusted.h"

AdwPreferencesGroup *
meishi_fact_group_new(const char *title)
{
    AdwPreferencesGroup *group = ADW_PREFERENCES_GROUP(adw_preferences_group_new());

    if (title != NULL)
        adw_preferences_group_set_title(group, title);
    return group;
}

static void
add_icon(AdwActionRow *row, const char *icon)
{
    GtkWidget *image = g_object_new(GTK_TYPE_IMAGE, "accessible-role",
                                    GTK_ACCESSIBLE_ROLE_PRESENTATION, "icon-name", icon, NULL);

    adw_action_row_add_prefix(row, image);
}

void
meishi_fact_group_add(AdwPreferencesGroup *group, const char *name, const char *value,
                      const char *icon)
{
    GtkWidget *row = adw_action_row_new();
    g_autofree char *both = g_strdup_printf("%s: %s", name, value);
    g_autofree char *spoken = meishi_untrusted_spoken(both);

    adw_preferences_row_set_use_markup(ADW_PREFERENCES_ROW(row), FALSE);
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), name);
    adw_action_row_set_title_lines(ADW_ACTION_ROW(row), 0);
    adw_action_row_set_subtitle(ADW_ACTION_ROW(row), value);
    adw_action_row_set_subtitle_lines(ADW_ACTION_ROW(row), 0);
    if (icon != NULL)
        add_icon(ADW_ACTION_ROW(row), icon);
    gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(row), FALSE);
    gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
    adw_preferences_group_add(group, row);
}
