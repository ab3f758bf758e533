/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * GTK 4.8 has no live region: no widget tells a screen reader that it has appeared.  What a screen
 * reader speaks by itself is the description of that which has the focus, when it becomes another.
 * So news are the end of that description until the next ones come.
 */
#include "daemon/prompter/accessible.h"

#define OWN       "meishi-description" /* of a widget: what it says without news */
#define ANNOUNCED "meishi-announced"   /* of a window: the widget that says the last news */

static void
set_description(GtkWidget *widget, const char *text)
{
    gtk_accessible_update_property(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                   text, -1);
}

static const char *
own_description(GtkWidget *widget)
{
    const char *own = g_object_get_data(G_OBJECT(widget), OWN);
    const char *tooltip = gtk_widget_get_tooltip_text(widget);

    if (own != NULL)
        return own;
    return tooltip != NULL ? tooltip : ""; /* which GTK describes it with */
}

void
meishi_accessible_describe(GtkWidget *widget, const char *text)
{
    g_object_set_data_full(G_OBJECT(widget), OWN, g_strdup(text), g_free);
    set_description(widget, own_description(widget));
}

/* The text of a field has the focus; a screen reader sees the field. */
static GtkWidget *
focus_of(GtkRoot *root)
{
    GtkWidget *focus = root != NULL ? gtk_root_get_focus(root) : NULL;

    return GTK_IS_TEXT(focus) ? gtk_widget_get_parent(focus) : focus;
}

void
meishi_accessible_announce(GtkWidget *within, const char *text)
{
    GtkRoot *root = gtk_widget_get_root(within);
    GtkWidget *focus = focus_of(root);
    GtkWidget *before = root != NULL ? g_object_get_data(G_OBJECT(root), ANNOUNCED) : NULL;
    g_autofree char *whole = NULL;

    if (before != NULL && before != focus)
        set_description(before, own_description(before));
    if (focus == NULL)
        return;
    whole = g_strjoin(own_description(focus)[0] != '\0' ? ". " : "", own_description(focus), text,
                      NULL);
    g_object_set_data_full(G_OBJECT(root), ANNOUNCED, g_object_ref(focus), g_object_unref);
    set_description(focus, whole);
}
