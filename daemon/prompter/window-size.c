/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Nobody can know on which of several screens the window will be: the first one counts, whose size
 * is at worst too small a limit.
 */
#include "daemon/prompter/window-size.h"

#define USUAL_DPI 96
#define HIGHEST   760 /* what is more scrolls */
#define BORDERS   12  /* around a window without a compositor */
#define PANEL     40  /* that a desktop keeps for itself */

int
meishi_window_size_scaled(int pixels)
{
    int dpi = -1; /* in 1024ths; -1: not known */

    g_object_get(gtk_settings_get_default(), "gtk-xft-dpi", &dpi, NULL);
    return dpi > 0 ? (int)((gint64)pixels * dpi / (USUAL_DPI * 1024)) : pixels;
}

static void
get_room(GtkWindow *window, GdkRectangle *ret_room)
{
    GListModel *monitors = gdk_display_get_monitors(gtk_widget_get_display(GTK_WIDGET(window)));
    g_autoptr(GdkMonitor) first = g_list_model_get_item(monitors, 0);

    *ret_room = (GdkRectangle){.width = G_MAXINT, .height = G_MAXINT};
    if (first != NULL)
        gdk_monitor_get_geometry(first, ret_room);
}

int
meishi_window_size_highest(GtkWindow *window)
{
    GdkRectangle room;

    get_room(window, &room);
    return room.height - PANEL;
}

static int
measure(GtkWidget *widget, int width)
{
    int height;

    gtk_widget_measure(widget, GTK_ORIENTATION_VERTICAL, width, NULL, &height, NULL, NULL);
    return height;
}

/* A scrolled window does not ask how high its content is in a width, so that comes apart. */
void
meishi_window_size_fit(GtkWindow *window, GtkScrolledWindow *scroller, int width, int slack)
{
    GdkRectangle room;
    int height;

    get_room(window, &room);
    width = MIN(meishi_window_size_scaled(width), room.width - PANEL);
    height = measure(GTK_WIDGET(window), width) - measure(GTK_WIDGET(scroller), -1) +
             measure(gtk_scrolled_window_get_child(scroller), width - BORDERS);
    height = MIN(height + slack, meishi_window_size_scaled(HIGHEST));
    gtk_window_set_default_size(window, width, MIN(height, room.height - PANEL));
}
