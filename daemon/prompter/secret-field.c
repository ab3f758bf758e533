/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The parts of a field.  What stands below it is also in the entry's description, because a screen
 * reader does not read lines that nobody goes to.
 */
#include "daemon/prompter/secret-field.h"

#include "daemon/prompter/accessible.h"

#include <glib/gi18n.h>

#define FIELD   "meishi-secret-field"
#define SPACING 6

typedef struct {
    MeishiSecretEntry *entry;
    GtkLabel *name, *said, *caps_lock;
    gboolean is_error;
} Field;

static Field *
field_of(GtkWidget *widget)
{
    return g_object_get_data(G_OBJECT(widget), FIELD);
}

static void
show(GtkLabel *label, const char *text, const char *css_class)
{
    gtk_label_set_text(label, text != NULL ? text : "");
    gtk_widget_set_css_classes(GTK_WIDGET(label), (const char *[]){"caption", css_class, NULL});
    gtk_widget_set_visible(GTK_WIDGET(label), text != NULL);
}

void
meishi_secret_field_say(GtkWidget *widget, const char *text, gboolean is_error)
{
    Field *field = field_of(widget);

    field->is_error = is_error && text != NULL;
    show(field->said, text, is_error ? "error" : "dim-label");
    if (field->is_error)
        gtk_widget_add_css_class(GTK_WIDGET(field->entry), "error");
    else
        gtk_widget_remove_css_class(GTK_WIDGET(field->entry), "error");
    if (field->is_error)
        meishi_accessible_announce(widget, text);
}

static void
on_changed(MeishiSecretEntry *entry, gpointer widget)
{
    if (field_of(widget)->is_error && !meishi_secret_entry_is_empty(entry))
        meishi_secret_field_say(widget, NULL, FALSE);
}

static void
on_unfit(MeishiSecretEntry *entry, gpointer widget)
{
    meishi_secret_field_say(widget, _("That does not fit here: it is too long, or not one line."),
                            TRUE);
}

static void
on_caps_lock(MeishiSecretEntry *entry, GParamSpec *spec, gpointer widget)
{
    gboolean is_on = meishi_secret_entry_has_caps_lock(entry);
    const char *text = _("Caps Lock is on.");

    show(field_of(widget)->caps_lock, is_on ? text : NULL, "warning");
    if (is_on)
        meishi_accessible_announce(widget, text);
}

static GtkLabel *
add_line(GtkBox *box, const char *text)
{
    GtkLabel *label = GTK_LABEL(gtk_label_new(text));

    gtk_label_set_wrap(label, TRUE);
    gtk_label_set_wrap_mode(label, PANGO_WRAP_WORD_CHAR);
    gtk_label_set_xalign(label, 0);
    gtk_box_append(box, GTK_WIDGET(label));
    return label;
}

static void
build(Field *field, GtkBox *box, const char *label)
{
    field->name = add_line(box, NULL);
    gtk_label_set_text_with_mnemonic(field->name, label);
    gtk_widget_add_css_class(GTK_WIDGET(field->name), "caption-heading");
    gtk_box_append(box, GTK_WIDGET(field->entry));
    gtk_label_set_mnemonic_widget(field->name, GTK_WIDGET(field->entry));
    field->said = add_line(box, NULL);
    field->caps_lock = add_line(box, NULL);
    show(field->said, NULL, "dim-label");
    show(field->caps_lock, NULL, "warning");
}

GtkWidget *
meishi_secret_field_new(const char *label, const char *description)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, SPACING);
    Field *field = g_new0(Field, 1);

    field->entry = MEISHI_SECRET_ENTRY(meishi_secret_entry_new());
    g_object_set_data_full(G_OBJECT(box), FIELD, field, g_free);
    build(field, GTK_BOX(box), label);
    meishi_secret_entry_describe(field->entry, gtk_label_get_text(field->name), description);
    g_signal_connect(field->entry, "changed", G_CALLBACK(on_changed), box);
    g_signal_connect(field->entry, "unfit", G_CALLBACK(on_unfit), box);
    g_signal_connect(field->entry, "notify::caps-lock", G_CALLBACK(on_caps_lock), box);
    return box;
}

MeishiSecretEntry *
meishi_secret_field_entry(GtkWidget *field)
{
    return field_of(field)->entry;
}
