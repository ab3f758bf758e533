/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The least that a libadwaita window can be: what meishi-prompter is measured against.  A service
 * on the session bus like that, under the name in its argument; Activate shows a new window, the
 * action "close" takes it away.
 */
#include <adwaita.h>
#include <glib-unix.h>
#include <signal.h>

#define WIDTH  480
#define HEIGHT 400

static GtkWindow *window;

static void
on_activate(GApplication *application, gpointer data)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 12);
    GtkWidget *content = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);

    gtk_box_append(GTK_BOX(box), gtk_label_new("A question"));
    gtk_box_append(GTK_BOX(box), gtk_button_new_with_mnemonic("_Allow"));
    gtk_box_append(GTK_BOX(box), gtk_button_new_with_mnemonic("_Deny"));
    gtk_box_append(GTK_BOX(content), adw_header_bar_new());
    gtk_box_append(GTK_BOX(content), box);
    window =
        g_object_new(ADW_TYPE_WINDOW, "application", application, "title", "Bare", "default-width",
                     WIDTH, "default-height", HEIGHT, "content", content, NULL);
    gtk_window_present(window);
}

static void
on_close(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    g_clear_pointer(&window, gtk_window_destroy);
}

static void
on_startup(GApplication *application, gpointer data)
{
    const GActionEntry entries[] = {{.name = "close", .activate = on_close}};

    g_action_map_add_action_entries(G_ACTION_MAP(application), entries, G_N_ELEMENTS(entries),
                                    NULL);
    g_application_hold(application);
}

static gboolean
on_end(gpointer application)
{
    g_application_quit(application);
    return G_SOURCE_CONTINUE;
}

int
main(int argc, char **argv)
{
    g_autoptr(AdwApplication) application =
        adw_application_new(argc > 1 ? argv[1] : "org.meishi.Bare", G_APPLICATION_IS_SERVICE);

    g_signal_connect(application, "startup", G_CALLBACK(on_startup), NULL);
    g_signal_connect(application, "activate", G_CALLBACK(on_activate), NULL);
    g_unix_signal_add(SIGTERM, on_end, application);
    return g_application_run(G_APPLICATION(application), 1, argv);
}
