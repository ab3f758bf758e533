/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A line, and a button that comes when it is of use.
 */
#include "daemon/prompter/time-bar.h"

#include "daemon/prompter/accessible.h"
#include "daemon/prompter/words/waiting.h"

#include <glib/gi18n.h>
#include <string.h>

#define SPACING 6

struct MeishiTimeBar {
    void (*more)(gpointer data);
    gpointer data;
    GtkBox *box;
    GtkLabel *line;
    GtkWidget *button;
    char *text;
    const MeishiQuestion *question; /* borrowed; NULL */
    guint tick_id;
};

/* ---- the line -------------------------------------------------------------------------------- */

/* @text: taken.  The first line comes with the window and is no news. */
static void
say(MeishiTimeBar *bar, char *text)
{
    gboolean is_news = bar->text != NULL;

    g_free(bar->text);
    bar->text = text;
    gtk_label_set_text(bar->line, text);
    gtk_widget_set_visible(GTK_WIDGET(bar->box), text[0] != '\0');
    if (is_news)
        meishi_accessible_announce(GTK_WIDGET(bar->box), text);
}

/* ---- time ------------------------------------------------------------------------------------ */

static void show_now(MeishiTimeBar *bar);

static gboolean
on_tick(gpointer data)
{
    MeishiTimeBar *bar = data;

    bar->tick_id = 0;
    show_now(bar);
    return G_SOURCE_REMOVE;
}

static void
show_now(MeishiTimeBar *bar)
{
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    g_autofree char *text = meishi_waiting_text(bar->question, now);
    guint change = meishi_waiting_next_change(bar->question, now);

    if (g_strcmp0(text, bar->text) != 0)
        say(bar, g_steal_pointer(&text));
    gtk_widget_set_visible(bar->button, meishi_waiting_is_short(bar->question, now));
    g_clear_handle_id(&bar->tick_id, g_source_remove);
    if (change != 0)
        bar->tick_id = g_timeout_add_seconds(change, on_tick, bar);
}

void
meishi_time_bar_update(MeishiTimeBar *bar, const MeishiQuestion *question)
{
    bar->question = question;
    gtk_widget_set_sensitive(bar->button, TRUE);
    show_now(bar);
}

void
meishi_time_bar_stop(MeishiTimeBar *bar, const char *text)
{
    g_clear_handle_id(&bar->tick_id, g_source_remove);
    bar->question = NULL;
    say(bar, g_strdup(text));
    gtk_widget_set_visible(bar->button, FALSE);
}

/* ---- the bar --------------------------------------------------------------------------------- */

static GtkLabel *
new_line(void)
{
    return g_object_new(GTK_TYPE_LABEL, "wrap", TRUE, "wrap-mode", PANGO_WRAP_WORD_CHAR, "xalign",
                        0.0, "hexpand", TRUE, NULL);
}

/* The click of a key comes late: there may be nothing left to wait for.  No news are the answer
 * that there is no more time to be had, so it is asked for once. */
static void
on_more(GtkButton *button, gpointer data)
{
    MeishiTimeBar *bar = data;

    if (bar->question == NULL)
        return;
    gtk_widget_set_sensitive(bar->button, FALSE);
    bar->more(bar->data);
}

static GtkWidget *
new_button(void)
{
    GtkWidget *button = gtk_button_new();
    GtkWidget *words = gtk_label_new_with_mnemonic(_("_More Time"));

    gtk_label_set_mnemonic_widget(GTK_LABEL(words), button);
    gtk_button_set_child(GTK_BUTTON(button), words);
    gtk_widget_add_css_class(button, "flat");
    gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
    gtk_widget_set_tooltip_text(button, _("The program waits for another minute"));
    return button;
}

MeishiTimeBar *
meishi_time_bar_new(void (*more)(gpointer data), gpointer data)
{
    MeishiTimeBar *bar = g_new0(MeishiTimeBar, 1);

    bar->more = more;
    bar->data = data;
    bar->box = GTK_BOX(gtk_box_new(GTK_ORIENTATION_HORIZONTAL, SPACING));
    g_object_ref_sink(bar->box);
    bar->line = new_line();
    bar->button = new_button();
    gtk_box_append(bar->box, GTK_WIDGET(bar->line));
    gtk_box_append(bar->box, bar->button);
    gtk_widget_set_visible(bar->button, FALSE);
    gtk_widget_set_visible(GTK_WIDGET(bar->box), FALSE);
    g_signal_connect(bar->button, "clicked", G_CALLBACK(on_more), bar);
    return bar;
}

void
meishi_time_bar_free(MeishiTimeBar *bar)
{
    if (bar == NULL)
        return;
    g_clear_handle_id(&bar->tick_id, g_source_remove);
    g_signal_handlers_disconnect_by_data(bar->button, bar);
    g_object_unref(bar->box);
    g_free(bar->text);
    g_free(bar);
}

GtkWidget *
meishi_time_bar_widget(MeishiTimeBar *bar)
{
    return GTK_WIDGET(bar->box);
}
