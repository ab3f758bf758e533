/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The list.  One row is one object for a screen reader: a radio button whose name says all of it
 * and whose description says why it is not offered; what is drawn inside is hidden from it.
 */
#include "daemon/prompter/chooser-list.h"

#include "daemon/base/untrusted.h"
#include "daemon/prompter/accessible.h"
#include "daemon/prompter/shell.h"
#include "daemon/prompter/text.h"
#include "daemon/prompter/window-size.h"

#include <glib/gi18n.h>

#define SPACING      12
#define ICON         16
#define PLACE_CHARS  24
#define TYPING_PAUSE (G_USEC_PER_SEC)

struct MeishiChooserList {
    const MeishiChooserView *view;
    MeishiChooserListUser user;
    GtkWidget *box;
    GtkListBox *list;
    GPtrArray *rows;   /* GtkListBoxRow, by index */
    GPtrArray *marks;  /* the check mark of each */
    GtkWidget *others; /* opens and closes them; NULL */
    GtkWidget *arrow;
    GString *typed;
    gint64 typed_at;
};

/* ---- a row ----------------------------------------------------------------------------------- */

static GtkWidget *
hidden_box(GtkOrientation orientation, int spacing)
{
    return g_object_new(GTK_TYPE_BOX, "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION,
                        "orientation", orientation, "spacing", spacing, NULL);
}

static GtkWidget *
hidden_image(const char *icon)
{
    return g_object_new(GTK_TYPE_IMAGE, "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION,
                        "icon-name", icon, "pixel-size", meishi_window_size_scaled(ICON), NULL);
}

static void
add_line(GtkWidget *box, const char *text, const char *css_class)
{
    GtkWidget *label;

    if (text[0] == '\0')
        return;
    label = meishi_text_new_silent(text, "caption");
    if (css_class != NULL)
        gtk_widget_add_css_class(label, css_class);
    gtk_box_append(GTK_BOX(box), label);
}

/* The name, and at the other end where the key lies. */
static GtkWidget *
first_line(const MeishiRow *row)
{
    GtkWidget *box = hidden_box(GTK_ORIENTATION_HORIZONTAL, SPACING);
    GtkWidget *name = meishi_text_new_silent(row->label, "heading");
    GtkWidget *place = hidden_box(GTK_ORIENTATION_HORIZONTAL, SPACING / 2);
    GtkWidget *icon = hidden_image(row->icon);
    GtkWidget *words = meishi_text_new_silent(row->place, "caption");

    gtk_widget_set_hexpand(name, TRUE);
    gtk_widget_set_valign(name, GTK_ALIGN_START);
    gtk_label_set_max_width_chars(GTK_LABEL(words), PLACE_CHARS);
    gtk_widget_set_valign(place, GTK_ALIGN_START);
    gtk_widget_set_valign(icon, GTK_ALIGN_START);
    gtk_box_append(GTK_BOX(place), icon);
    gtk_box_append(GTK_BOX(place), words);
    gtk_box_append(GTK_BOX(box), name);
    gtk_box_append(GTK_BOX(box), place);
    return box;
}

/* What is there of the two, in one line. */
static void
add_pair(GtkWidget *box, const char *first, const char *second)
{
    const char *dot = first[0] != '\0' && second[0] != '\0' ? " · " : "";
    g_autofree char *both = g_strconcat(first, dot, second, NULL);

    add_line(box, both, NULL);
}

static void
add_words(GtkWidget *box, const MeishiRow *row)
{
    g_autofree char *difference = g_strdup_printf(_("what differs: %s"), row->difference);
    g_autofree char *reason = g_strdup_printf(_("not offered: %s"), row->reason);

    gtk_box_append(GTK_BOX(box), first_line(row));
    add_pair(box, row->issuer, row->contact);
    if (row->is_urgent && !row->is_expired)
        add_line(box, row->validity, "warning");
    add_pair(box, row->is_urgent ? "" : row->validity, row->history);
    add_line(box, row->difference[0] != '\0' ? difference : "", NULL);
    add_line(box, row->reason[0] != '\0' ? reason : "", row->is_expired ? "warning" : NULL);
}

static GtkWidget *
row_content(MeishiChooserList *list, const MeishiRow *row)
{
    GtkWidget *box = hidden_box(GTK_ORIENTATION_HORIZONTAL, SPACING);
    GtkWidget *words = hidden_box(GTK_ORIENTATION_VERTICAL, 2);
    GtkWidget *mark = hidden_image("object-select-symbolic");

    gtk_widget_set_margin_top(box, SPACING);
    gtk_widget_set_margin_bottom(box, SPACING);
    gtk_widget_set_margin_start(box, SPACING);
    gtk_widget_set_margin_end(box, SPACING);
    gtk_widget_set_valign(mark, GTK_ALIGN_START);
    gtk_widget_set_opacity(mark, 0);
    gtk_widget_set_hexpand(words, TRUE);
    add_words(words, row);
    g_ptr_array_add(list->marks, mark);
    gtk_box_append(GTK_BOX(box), mark);
    gtk_box_append(GTK_BOX(box), words);
    return box;
}

static void
add_row(MeishiChooserList *list, guint index)
{
    const MeishiRow *row = meishi_chooser_view_row(list->view, index);
    g_autofree char *reason = meishi_untrusted_spoken(row->reason);
    GtkWidget *widget =
        g_object_new(GTK_TYPE_LIST_BOX_ROW, "accessible-role", GTK_ACCESSIBLE_ROLE_RADIO, NULL);

    gtk_list_box_row_set_child(GTK_LIST_BOX_ROW(widget), row_content(list, row));
    gtk_widget_set_sensitive(widget, row->is_usable);
    gtk_widget_set_visible(widget, index < list->view->n_offered);
    gtk_accessible_update_property(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   row->spoken, -1);
    meishi_accessible_describe(widget, reason);
    gtk_accessible_update_state(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_STATE_CHECKED,
                                GTK_ACCESSIBLE_TRISTATE_FALSE, -1);
    g_ptr_array_add(list->rows, widget);
    gtk_list_box_append(list->list, widget);
}

/* ---- selecting ------------------------------------------------------------------------------- */

guint
meishi_chooser_list_selected(const MeishiChooserList *list)
{
    GtkListBoxRow *row = gtk_list_box_get_selected_row(list->list);

    return row != NULL ? (guint)gtk_list_box_row_get_index(row) : G_MAXUINT;
}

static gboolean
is_usable(GtkWidget *row)
{
    return gtk_widget_get_visible(row) && gtk_widget_get_sensitive(row);
}

gboolean
meishi_chooser_list_select(MeishiChooserList *list, guint index)
{
    GtkWidget *row = index < list->rows->len ? g_ptr_array_index(list->rows, index) : NULL;

    if (row == NULL || !is_usable(row))
        return FALSE;
    gtk_list_box_select_row(list->list, GTK_LIST_BOX_ROW(row));
    gtk_widget_grab_focus(row);
    return TRUE;
}

/* The selected row, else the first; NULL. */
static GtkWidget *
find_stop(MeishiChooserList *list)
{
    GtkListBoxRow *selected = gtk_list_box_get_selected_row(list->list);

    if (selected != NULL)
        return GTK_WIDGET(selected);
    for (guint i = 0; i < list->rows->len; i++) {
        if (is_usable(g_ptr_array_index(list->rows, i)))
            return g_ptr_array_index(list->rows, i);
    }
    return NULL;
}

static gboolean
has_focus(MeishiChooserList *list)
{
    GtkRoot *root = gtk_widget_get_root(list->box);
    GtkWidget *focus = root != NULL ? gtk_root_get_focus(root) : NULL;

    return focus != NULL && gtk_widget_is_ancestor(focus, GTK_WIDGET(list->list));
}

/* Radio buttons are one stop of the Tab key together; within them the arrows move. */
static void
update_stop(MeishiChooserList *list, gboolean is_chosen)
{
    GtkWidget *stop = find_stop(list);

    if (stop == NULL)
        return;
    gtk_widget_set_focusable(stop, TRUE);
    if (is_chosen || has_focus(list))
        gtk_widget_grab_focus(stop);
    for (guint i = 0; i < list->rows->len; i++) {
        if (g_ptr_array_index(list->rows, i) != stop)
            gtk_widget_set_focusable(g_ptr_array_index(list->rows, i), FALSE);
    }
}

static void
on_selected(GtkListBox *box, GtkListBoxRow *row, gpointer data)
{
    MeishiChooserList *list = data;
    guint selected = meishi_chooser_list_selected(list);

    for (guint i = 0; i < list->rows->len; i++) {
        gtk_widget_set_opacity(g_ptr_array_index(list->marks, i), i == selected ? 1 : 0);
        gtk_accessible_update_state(
            GTK_ACCESSIBLE(g_ptr_array_index(list->rows, i)), GTK_ACCESSIBLE_STATE_CHECKED,
            i == selected ? GTK_ACCESSIBLE_TRISTATE_TRUE : GTK_ACCESSIBLE_TRISTATE_FALSE, -1);
    }
    update_stop(list, row != NULL);
    list->user.selected(list->user.data);
}

static void
on_activated(GtkListBox *box, GtkListBoxRow *row, gpointer data)
{
    MeishiChooserList *list = data;

    list->user.activated(list->user.data);
}

void
meishi_chooser_list_focus(MeishiChooserList *list)
{
    GtkWidget *stop = find_stop(list);

    if (stop == NULL)
        stop = list->others;
    if (stop != NULL)
        gtk_widget_grab_focus(stop);
}

/* ---- the others ------------------------------------------------------------------------------ */

static void
on_others(GtkToggleButton *button, gpointer data)
{
    MeishiChooserList *list = data;
    gboolean is_open = gtk_toggle_button_get_active(button);

    for (guint i = list->view->n_offered; i < list->rows->len; i++)
        gtk_widget_set_visible(g_ptr_array_index(list->rows, i), is_open);
    gtk_widget_set_visible(GTK_WIDGET(list->list), is_open || list->view->n_offered > 0);
    gtk_accessible_update_state(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_STATE_EXPANDED, is_open, -1);
    gtk_image_set_from_icon_name(GTK_IMAGE(list->arrow),
                                 is_open ? "pan-down-symbolic" : "pan-end-symbolic");
    if (!is_open && meishi_chooser_list_selected(list) >= list->view->n_offered)
        gtk_list_box_unselect_all(list->list);
    update_stop(list, FALSE);
}

static void
add_others(MeishiChooserList *list)
{
    GtkWidget *content, *label;

    if (list->view->others == NULL)
        return;
    content = hidden_box(GTK_ORIENTATION_HORIZONTAL, SPACING);
    label = meishi_shell_text(list->view->others, NULL);
    list->arrow = hidden_image("pan-end-symbolic");
    gtk_widget_set_hexpand(label, TRUE);
    gtk_box_append(GTK_BOX(content), list->arrow);
    gtk_box_append(GTK_BOX(content), label);
    list->others = gtk_toggle_button_new();
    gtk_button_set_child(GTK_BUTTON(list->others), content);
    gtk_widget_add_css_class(list->others, "flat");
    gtk_accessible_update_property(GTK_ACCESSIBLE(list->others), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   list->view->others, -1);
    gtk_accessible_update_state(GTK_ACCESSIBLE(list->others), GTK_ACCESSIBLE_STATE_EXPANDED, FALSE,
                                -1);
    g_signal_connect(list->others, "toggled", G_CALLBACK(on_others), list);
    gtk_box_append(GTK_BOX(list->box), list->others);
    gtk_widget_set_visible(GTK_WIDGET(list->list), list->view->n_offered > 0);
}

/* ---- type-ahead ------------------------------------------------------------------------------ */

static guint
count_shown(const MeishiChooserList *list)
{
    gboolean is_open =
        list->others != NULL && gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(list->others));

    return is_open ? list->rows->len : list->view->n_offered;
}

/* The same letter again goes to the next row; another one goes on with the word. */
static gboolean
type_ahead(MeishiChooserList *list, gunichar c)
{
    gint64 now = g_get_monotonic_time();
    guint selected = meishi_chooser_list_selected(list);
    guint from = selected != G_MAXUINT ? selected : 0;
    guint found;

    if (now - list->typed_at > TYPING_PAUSE)
        g_string_truncate(list->typed, 0);
    list->typed_at = now;
    g_string_append_unichar(list->typed, c);
    if (list->typed->len <= 6 && selected != G_MAXUINT && g_utf8_strlen(list->typed->str, -1) == 1)
        from++;
    found = meishi_chooser_view_find(list->view, list->typed->str, from, count_shown(list));
    return found != G_MAXUINT && meishi_chooser_list_select(list, found);
}

static void
select_focused(MeishiChooserList *list)
{
    GtkRoot *root = gtk_widget_get_root(list->box);
    GtkWidget *focus = root != NULL ? gtk_root_get_focus(root) : NULL;

    if (GTK_IS_LIST_BOX_ROW(focus))
        gtk_list_box_select_row(list->list, GTK_LIST_BOX_ROW(focus));
}

/* Enter uses what is selected.  Where nothing is, it only selects: a certificate goes nowhere by a
 * key that was pressed before one was looked at. */
static void
enter(MeishiChooserList *list)
{
    if (meishi_chooser_list_selected(list) != G_MAXUINT)
        list->user.activated(list->user.data);
    else
        select_focused(list);
}

static gboolean
on_key(GtkEventControllerKey *keys, guint keyval, guint keycode, GdkModifierType state,
       gpointer data)
{
    gunichar c = gdk_keyval_to_unicode(keyval);

    if (state & (GDK_CONTROL_MASK | GDK_ALT_MASK | GDK_SUPER_MASK))
        return FALSE;
    switch (keyval) {
    case GDK_KEY_Return:
    case GDK_KEY_KP_Enter:
    case GDK_KEY_ISO_Enter:
        enter(data);
        return TRUE;
    case GDK_KEY_space:
    case GDK_KEY_KP_Space: /* the list would activate by it */
        select_focused(data);
        return TRUE;
    default:
        return g_unichar_isgraph(c) && type_ahead(data, c);
    }
}

/* ---- the list -------------------------------------------------------------------------------- */

static void
build(MeishiChooserList *list)
{
    GtkEventController *keys = gtk_event_controller_key_new();

    list->box = gtk_box_new(GTK_ORIENTATION_VERTICAL, SPACING / 2);
    g_object_ref_sink(list->box);
    list->list =
        g_object_new(GTK_TYPE_LIST_BOX, "accessible-role", GTK_ACCESSIBLE_ROLE_RADIO_GROUP, NULL);
    gtk_list_box_set_selection_mode(list->list, GTK_SELECTION_BROWSE);
    gtk_list_box_set_activate_on_single_click(list->list, FALSE);
    gtk_widget_add_css_class(GTK_WIDGET(list->list), "boxed-list");
    gtk_accessible_update_property(GTK_ACCESSIBLE(list->list), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   _("Certificates"), -1);
    gtk_box_append(GTK_BOX(list->box), GTK_WIDGET(list->list));
    for (guint i = 0; i < list->view->rows->len; i++)
        add_row(list, i);
    add_others(list);
    update_stop(list, FALSE);
    gtk_event_controller_set_propagation_phase(keys, GTK_PHASE_CAPTURE);
    g_signal_connect(keys, "key-pressed", G_CALLBACK(on_key), list);
    gtk_widget_add_controller(GTK_WIDGET(list->list), keys);
    g_signal_connect(list->list, "row-selected", G_CALLBACK(on_selected), list);
    g_signal_connect(list->list, "row-activated", G_CALLBACK(on_activated), list);
}

MeishiChooserList *
meishi_chooser_list_new(const MeishiChooserView *view, const MeishiChooserListUser *user)
{
    MeishiChooserList *list = g_new0(MeishiChooserList, 1);

    list->view = view;
    list->user = *user;
    list->rows = g_ptr_array_new();
    list->marks = g_ptr_array_new();
    list->typed = g_string_new(NULL);
    build(list);
    return list;
}

void
meishi_chooser_list_free(MeishiChooserList *list)
{
    if (list == NULL)
        return;
    g_signal_handlers_disconnect_by_data(list->list, list);
    if (list->others != NULL)
        g_signal_handlers_disconnect_by_data(list->others, list);
    g_object_unref(list->box);
    g_ptr_array_unref(list->rows);
    g_ptr_array_unref(list->marks);
    g_string_free(list->typed, TRUE);
    g_free(list);
}

GtkWidget *
meishi_chooser_list_widget(MeishiChooserList *list)
{
    return list->box;
}
