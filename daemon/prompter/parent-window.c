/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The string is the caller's and may name anybody's window.  It says where ours is shown, nothing
 * else: it takes no input from the other one, and what it says of the caller stays the same.
 */
#include "daemon/prompter/parent-window.h"

#ifdef GDK_WINDOWING_X11
#include <gdk/x11/gdkx.h>
#endif
#ifdef GDK_WINDOWING_WAYLAND
#include <gdk/wayland/gdkwayland.h>
#endif
#include <string.h>

#ifdef GDK_WINDOWING_X11
static void
set_x11(GdkSurface *surface, const char *hex)
{
    GdkDisplay *display = gdk_surface_get_display(surface);
    guint64 id;

    if (!GDK_IS_X11_DISPLAY(display) ||
        !g_ascii_string_to_unsigned(hex, 16, 1, G_MAXUINT32, &id, NULL))
        return;
    XSetTransientForHint(gdk_x11_display_get_xdisplay(display), gdk_x11_surface_get_xid(surface),
                         id);
}
#endif

#ifdef GDK_WINDOWING_WAYLAND
static void
set_wayland(GdkSurface *surface, const char *handle)
{
    if (GDK_IS_WAYLAND_TOPLEVEL(surface))
        gdk_wayland_toplevel_set_transient_for_exported(GDK_TOPLEVEL(surface), handle);
}
#endif

static const struct {
    const char *prefix;
    void (*set)(GdkSurface *surface, const char *name);
} kinds[] = {
#ifdef GDK_WINDOWING_X11
    {"x11:", set_x11},
#endif
#ifdef GDK_WINDOWING_WAYLAND
    {"wayland:", set_wayland},
#endif
};

static void
on_realize(GtkWidget *window, gpointer data)
{
    const char *parent = data;

    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (g_str_has_prefix(parent, kinds[i].prefix))
            kinds[i].set(gtk_native_get_surface(GTK_NATIVE(window)),
                         parent + strlen(kinds[i].prefix));
    }
}

static void
free_parent(gpointer data, GClosure *closure)
{
    g_free(data);
}

void
meishi_parent_window_set(GtkWindow *window, const char *parent)
{
    g_signal_connect_data(window, "realize", G_CALLBACK(on_realize), g_strdup(parent), free_parent,
                          G_CONNECT_AFTER);
}
