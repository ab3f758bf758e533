/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Three rows with a choice each.  For what is not remembered there is no reach to choose, so the
 * other two show up with the first one's answer.
 */
#include "daemon/prompter/remember-box.h"

#include "daemon/base/untrusted.h"
#include "daemon/prompter/accessible.h"

#include <adwaita.h>
#include <glib/gi18n.h>
#include <string.h>

struct MeishiRememberBox {
    const MeishiChooserView *view;
    AdwPreferencesGroup *group;
    AdwComboRow *scopes, *reaches, *programs;
};

/* A row's name says what is chosen there; its description has to say what was. */
static void
describe(AdwComboRow *row)
{
    GtkStringObject *item = adw_combo_row_get_selected_item(row);
    g_autofree char *spoken =
        meishi_untrusted_spoken(item != NULL ? gtk_string_object_get_string(item) : "");

    meishi_accessible_describe(GTK_WIDGET(row), spoken);
}

static void
on_chosen(AdwComboRow *row, GParamSpec *spec, gpointer data)
{
    describe(row);
}

static AdwComboRow *
add_row(MeishiRememberBox *box, const char *title, const GArray *options)
{
    GtkStringList *labels = gtk_string_list_new(NULL);
    AdwComboRow *row = ADW_COMBO_ROW(adw_combo_row_new());

    for (guint i = 0; i < options->len; i++)
        gtk_string_list_append(labels, g_array_index(options, MeishiOption, i).label);
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), title);
    adw_combo_row_set_model(row, G_LIST_MODEL(labels));
    g_object_unref(labels);
    g_signal_connect(row, "notify::selected", G_CALLBACK(on_chosen), NULL);
    describe(row);
    adw_preferences_group_add(box->group, GTK_WIDGET(row));
    return row;
}

static const char *
word_of(AdwComboRow *row, const GArray *options)
{
    guint selected = adw_combo_row_get_selected(row);

    return g_array_index(options, MeishiOption, selected < options->len ? selected : 0).word;
}

static gboolean
is_remembered(const MeishiRememberBox *box)
{
    return !g_str_equal(word_of(box->scopes, box->view->scopes), "once");
}

static void
update(MeishiRememberBox *box)
{
    gboolean is_kept = is_remembered(box);

    gtk_widget_set_visible(GTK_WIDGET(box->reaches), is_kept && box->view->reaches->len > 1);
    gtk_widget_set_visible(GTK_WIDGET(box->programs), is_kept && box->view->programs->len > 1);
}

static void
on_scope(AdwComboRow *row, GParamSpec *spec, gpointer data)
{
    update(data);
}

MeishiRememberBox *
meishi_remember_box_new(const MeishiChooserView *view)
{
    MeishiRememberBox *box = g_new0(MeishiRememberBox, 1);

    box->view = view;
    box->group = ADW_PREFERENCES_GROUP(adw_preferences_group_new());
    g_object_ref_sink(box->group);
    box->scopes = add_row(box, _("Remember"), view->scopes);
    box->reaches = add_row(box, _("For"), view->reaches);
    box->programs = add_row(box, _("For which programs"), view->programs);
    adw_combo_row_set_selected(box->scopes, view->scope);
    g_signal_connect(box->scopes, "notify::selected", G_CALLBACK(on_scope), box);
    gtk_widget_set_visible(GTK_WIDGET(box->group), view->scopes->len > 1);
    update(box);
    return box;
}

void
meishi_remember_box_free(MeishiRememberBox *box)
{
    if (box == NULL)
        return;
    g_signal_handlers_disconnect_by_data(box->scopes, box);
    g_object_unref(box->group);
    g_free(box);
}

GtkWidget *
meishi_remember_box_widget(MeishiRememberBox *box)
{
    return GTK_WIDGET(box->group);
}

void
meishi_remember_box_get(const MeishiRememberBox *box, MeishiRemembering *ret_remembering)
{
    gboolean is_kept = is_remembered(box);

    ret_remembering->scope = word_of(box->scopes, box->view->scopes);
    ret_remembering->reach = is_kept ? word_of(box->reaches, box->view->reaches) : "host-port";
    ret_remembering->any_application =
        is_kept && g_str_equal(word_of(box->programs, box->view->programs), "any");
}
