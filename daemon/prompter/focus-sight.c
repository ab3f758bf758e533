/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Scrolls by as little as is needed, and shows as much around the focus as fits: a field with its
 * name and what is wrong with it, not the bare field.
 */
#include "daemon/prompter/focus-sight.h"

#define MARGIN 6

static GtkScrolledWindow *
scroller_of(GtkWidget *content)
{
    return GTK_SCROLLED_WINDOW(gtk_widget_get_ancestor(content, GTK_TYPE_SCROLLED_WINDOW));
}

/* The focus within @content; NULL. */
static GtkWidget *
find_focus(GtkWidget *content)
{
    GtkRoot *root = gtk_widget_get_root(content);
    GtkWidget *focus = root != NULL ? gtk_root_get_focus(root) : NULL;

    return focus != NULL && gtk_widget_is_ancestor(focus, content) ? focus : NULL;
}

/* @focus, or the widest around it that is no higher than @page. */
static GtkWidget *
find_surroundings(GtkWidget *focus, GtkWidget *content, double page)
{
    GtkWidget *widget = focus;

    for (GtkWidget *one = focus; one != content; one = gtk_widget_get_parent(one)) {
        if (gtk_widget_get_height(one) + 2 * MARGIN <= page)
            widget = one;
    }
    return widget;
}

static gboolean
show_focus(gpointer data)
{
    GtkWidget *content = data, *focus = find_focus(content);
    GtkAdjustment *adjustment;
    graphene_rect_t box;

    if (focus == NULL)
        return G_SOURCE_REMOVE;
    adjustment = gtk_scrolled_window_get_vadjustment(scroller_of(content));
    focus = find_surroundings(focus, content, gtk_adjustment_get_page_size(adjustment));
    if (gtk_widget_compute_bounds(focus, gtk_widget_get_parent(content), &box))
        gtk_adjustment_clamp_page(adjustment, box.origin.y - MARGIN,
                                  box.origin.y + box.size.height + MARGIN);
    return G_SOURCE_REMOVE;
}

/* The sizes change while they are given out; what is within has its own only afterwards. */
static void
on_sizes_changed(GtkAdjustment *adjustment, gpointer content)
{
    g_idle_add_full(G_PRIORITY_DEFAULT_IDLE, show_focus, g_object_ref(content), g_object_unref);
}

void
meishi_focus_sight_keep(GtkScrolledWindow *scroller, GtkWidget *content)
{
    g_signal_connect_object(gtk_scrolled_window_get_vadjustment(scroller), "changed",
                            G_CALLBACK(on_sizes_changed), content, 0);
}
