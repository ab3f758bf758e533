/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The field.  Its face is a GtkPasswordEntry, because that alone is "password text" to a screen
 * reader, which must not read the keys aloud; but it is a mask: it cannot be edited, its buffer
 * takes nothing, and no key, click or paste reaches it.  They end here, in the capture phase, and
 * go through an input context of this very process (dead keys, compose), never through one that
 * asks another process.
 *
 * Invariant: the text is in @line (and in @pasted while that is read), and nowhere else.
 */
#include "daemon/prompter/secret-entry.h"

#include "daemon/prompter/accessible.h"
#include "daemon/prompter/secret-dots.h"
#include "daemon/prompter/secret-line.h"
#include "daemon/prompter/void-buffer.h"

#include <glib/gi18n.h>
#include <string.h>

struct _MeishiSecretEntry {
    GtkWidget parent_instance;
    GtkWidget *face; /* GtkPasswordEntry */
    GtkIMContext *context;
    GdkDevice *keyboard; /* whose Caps Lock is watched; NULL */
    MeishiSecretLine *line;
    gboolean is_selected; /* all of it: what comes next takes its place */
    gboolean has_caps_lock;
    MeishiSecret *pasted; /* while it is read; NULL */
    GCancellable *pasting;
    char *description;
};

G_DEFINE_TYPE(MeishiSecretEntry, meishi_secret_entry, GTK_TYPE_WIDGET)

enum {
    CHANGED,
    ACTIVATE,
    UNFIT,
    N_SIGNALS,
};

enum {
    PROP_CAPS_LOCK = 1,
};

static guint signals[N_SIGNALS];

/* ---- what is typed --------------------------------------------------------------------------- */

gboolean
meishi_secret_entry_is_empty(const MeishiSecretEntry *entry)
{
    return meishi_secret_line_len(entry->line) == 0;
}

gsize
meishi_secret_entry_len(const MeishiSecretEntry *entry)
{
    return meishi_secret_line_len(entry->line);
}

/* Whether anything is typed is all that a screen reader is told of it: how much would help others
 * more than the person. */
static void
describe(MeishiSecretEntry *entry)
{
    const char *state =
        meishi_secret_entry_is_empty(entry) ? _("Nothing is typed.") : _("Something is typed.");
    g_autofree char *text = entry->description != NULL
                                ? g_strdup_printf("%s %s", state, entry->description)
                                : g_strdup(state);

    meishi_accessible_describe(entry->face, text);
}

static void
changed(MeishiSecretEntry *entry)
{
    entry->is_selected = FALSE;
    describe(entry);
    gtk_widget_queue_draw(GTK_WIDGET(entry));
    g_signal_emit(entry, signals[CHANGED], 0);
}

static void
refuse(MeishiSecretEntry *entry)
{
    gtk_widget_error_bell(GTK_WIDGET(entry));
    g_signal_emit(entry, signals[UNFIT], 0);
}

static void
append(MeishiSecretEntry *entry, const char *text, gsize len)
{
    if (entry->is_selected && meishi_secret_line_takes(text, len))
        meishi_secret_line_clear(entry->line);
    if (meishi_secret_line_append(entry->line, text, len))
        changed(entry);
    else
        refuse(entry);
}

void
meishi_secret_entry_clear(MeishiSecretEntry *entry)
{
    gtk_im_context_reset(entry->context);
    meishi_secret_line_clear(entry->line);
    changed(entry);
}

static void
erase_last(MeishiSecretEntry *entry)
{
    if (entry->is_selected)
        meishi_secret_line_clear(entry->line);
    else
        meishi_secret_line_erase_last(entry->line);
    changed(entry);
}

static void
set_selected(MeishiSecretEntry *entry, gboolean is_selected)
{
    entry->is_selected = is_selected && !meishi_secret_entry_is_empty(entry);
    gtk_widget_queue_draw(GTK_WIDGET(entry));
}

MeishiSecret *
meishi_secret_entry_take(MeishiSecretEntry *entry)
{
    MeishiSecret *secret = meishi_secret_line_take(entry->line);

    gtk_im_context_reset(entry->context);
    changed(entry);
    return secret;
}

gboolean
meishi_secret_entry_equal(const MeishiSecretEntry *a, const MeishiSecretEntry *b)
{
    return meishi_secret_line_equal(a->line, b->line);
}

guint
meishi_secret_entry_judge(const MeishiSecretEntry *entry, MeishiSecretJudge judge)
{
    return meishi_secret_line_judge(entry->line, judge);
}

/* ---- pasting --------------------------------------------------------------------------------- */

/* A line that was copied whole brings its end along. */
static gsize
without_line_end(const char *text, gsize len)
{
    if (len > 0 && text[len - 1] == '\n')
        len--;
    if (len > 0 && text[len - 1] == '\r')
        len--;
    return len;
}

static void
end_paste(MeishiSecretEntry *entry)
{
    g_clear_pointer(&entry->pasted, meishi_secret_unref);
    g_clear_object(&entry->pasting);
    g_object_unref(entry);
}

static void
on_pasted(GObject *source, GAsyncResult *result, gpointer data)
{
    MeishiSecretEntry *entry = data;
    gsize len = 0;
    gboolean is_read = g_input_stream_read_all_finish(G_INPUT_STREAM(source), result, &len, NULL);

    if (is_read && !g_cancellable_is_cancelled(entry->pasting)) {
        const char *text = (const char *)meishi_secret_data(entry->pasted);

        append(entry, text, without_line_end(text, len));
    }
    end_paste(entry);
}

static void
on_clipboard(GObject *source, GAsyncResult *result, gpointer data)
{
    MeishiSecretEntry *entry = data;
    g_autoptr(GInputStream) stream =
        gdk_clipboard_read_finish(GDK_CLIPBOARD(source), result, NULL, NULL);

    if (stream == NULL) {
        if (!g_cancellable_is_cancelled(entry->pasting))
            gtk_widget_error_bell(GTK_WIDGET(entry));
        end_paste(entry);
        return;
    }
    g_input_stream_read_all_async(stream, meishi_secret_writable(entry->pasted),
                                  meishi_secret_len(entry->pasted), G_PRIORITY_DEFAULT,
                                  entry->pasting, on_pasted, entry);
}

/* Read by ourselves, because gdk_clipboard_read_text_async() makes strings of it.  There is room
 * for more than fits, so that too much is seen to be too much and is not cut off. */
static void
paste(MeishiSecretEntry *entry, GdkClipboard *clipboard)
{
    static const char *types[] = {"text/plain;charset=utf-8", "UTF8_STRING", "text/plain", NULL};

    if (entry->pasting != NULL)
        return;
    entry->pasting = g_cancellable_new();
    entry->pasted = meishi_secret_new(MEISHI_SECRET_LINE_MAX + 3);
    gdk_clipboard_read_async(clipboard, types, G_PRIORITY_DEFAULT, entry->pasting, on_clipboard,
                             g_object_ref(entry));
}

/* ---- keys ------------------------------------------------------------------------------------ */

static void
on_commit(GtkIMContext *context, const char *text, gpointer data)
{
    append(data, text, strlen(text));
}

static gboolean
on_control_key(MeishiSecretEntry *entry, guint keyval)
{
    switch (gdk_keyval_to_lower(keyval)) {
    case GDK_KEY_a:
        set_selected(entry, TRUE);
        return TRUE;
    case GDK_KEY_u:
    case GDK_KEY_BackSpace:
    case GDK_KEY_Delete:
        meishi_secret_entry_clear(entry);
        return TRUE;
    case GDK_KEY_v:
        paste(entry, gtk_widget_get_clipboard(GTK_WIDGET(entry)));
        return TRUE;
    default:
        return FALSE;
    }
}

static gboolean
on_plain_key(MeishiSecretEntry *entry, guint keyval)
{
    switch (keyval) {
    case GDK_KEY_BackSpace:
        erase_last(entry);
        return TRUE;
    case GDK_KEY_Delete:
    case GDK_KEY_KP_Delete:
        if (entry->is_selected)
            meishi_secret_entry_clear(entry);
        return TRUE;
    case GDK_KEY_Left:
    case GDK_KEY_Right:
    case GDK_KEY_Home:
    case GDK_KEY_End:
        set_selected(entry, FALSE);
        return TRUE;
    case GDK_KEY_Return:
    case GDK_KEY_KP_Enter:
    case GDK_KEY_ISO_Enter:
        g_signal_emit(entry, signals[ACTIVATE], 0);
        return TRUE;
    case GDK_KEY_Menu: /* the face's menu offers nothing that could be done here */
        return TRUE;
    default:
        return FALSE;
    }
}

static gboolean
on_key(GtkEventControllerKey *keys, guint keyval, guint keycode, GdkModifierType state,
       gpointer data)
{
    MeishiSecretEntry *entry = data;
    guint modifiers = state & gtk_accelerator_get_default_mod_mask();

    if (modifiers == GDK_CONTROL_MASK)
        return on_control_key(entry, keyval);
    if (modifiers == GDK_SHIFT_MASK && keyval == GDK_KEY_Insert) {
        paste(entry, gtk_widget_get_clipboard(GTK_WIDGET(entry)));
        return TRUE;
    }
    if (modifiers == GDK_SHIFT_MASK && keyval == GDK_KEY_F10)
        return TRUE;
    return (modifiers & ~(guint)GDK_SHIFT_MASK) == 0 && on_plain_key(entry, keyval);
}

/* ---- the pointer ----------------------------------------------------------------------------- */

static void
on_pressed(GtkGestureClick *click, int n_presses, double x, double y, gpointer data)
{
    MeishiSecretEntry *entry = data;
    guint button = gtk_gesture_single_get_current_button(GTK_GESTURE_SINGLE(click));

    gtk_gesture_set_state(GTK_GESTURE(click), GTK_EVENT_SEQUENCE_CLAIMED);
    gtk_widget_grab_focus(entry->face);
    if (button == GDK_BUTTON_MIDDLE)
        paste(entry, gtk_widget_get_primary_clipboard(GTK_WIDGET(entry)));
    else if (button == GDK_BUTTON_PRIMARY)
        set_selected(entry, n_presses > 1);
}

/* ---- focus, Caps Lock ------------------------------------------------------------------------ */

static gboolean
has_focus(MeishiSecretEntry *entry)
{
    return (gtk_widget_get_state_flags(entry->face) & GTK_STATE_FLAG_FOCUS_WITHIN) != 0;
}

gboolean
meishi_secret_entry_has_caps_lock(const MeishiSecretEntry *entry)
{
    return entry->has_caps_lock;
}

static void
look_at_keyboard(MeishiSecretEntry *entry)
{
    gboolean has_caps_lock = has_focus(entry) && entry->keyboard != NULL &&
                             gdk_device_get_caps_lock_state(entry->keyboard);

    if (has_caps_lock == entry->has_caps_lock)
        return;
    entry->has_caps_lock = has_caps_lock;
    g_object_notify(G_OBJECT(entry), "caps-lock");
}

static void
on_caps_lock(GdkDevice *keyboard, GParamSpec *spec, gpointer data)
{
    look_at_keyboard(data);
}

static void
on_face_state(GtkWidget *face, GtkStateFlags previous, gpointer data)
{
    look_at_keyboard(data);
    gtk_widget_queue_draw(data);
}

static void
realize(GtkWidget *widget)
{
    MeishiSecretEntry *entry = MEISHI_SECRET_ENTRY(widget);
    GdkSeat *seat = gdk_display_get_default_seat(gtk_widget_get_display(widget));

    GTK_WIDGET_CLASS(meishi_secret_entry_parent_class)->realize(widget);
    gtk_im_context_set_client_widget(entry->context, widget);
    entry->keyboard = seat != NULL ? gdk_seat_get_keyboard(seat) : NULL;
    if (entry->keyboard == NULL)
        return;
    g_object_ref(entry->keyboard);
    g_signal_connect(entry->keyboard, "notify::caps-lock-state", G_CALLBACK(on_caps_lock), entry);
}

static void
unrealize(GtkWidget *widget)
{
    MeishiSecretEntry *entry = MEISHI_SECRET_ENTRY(widget);

    if (entry->keyboard != NULL)
        g_signal_handlers_disconnect_by_data(entry->keyboard, entry);
    g_clear_object(&entry->keyboard);
    gtk_im_context_set_client_widget(entry->context, NULL);
    GTK_WIDGET_CLASS(meishi_secret_entry_parent_class)->unrealize(widget);
}

static gboolean
grab_focus(GtkWidget *widget)
{
    return gtk_widget_grab_focus(MEISHI_SECRET_ENTRY(widget)->face);
}

/* Going backwards would find nothing before the face and stay, so whoever leaves leaves. */
static gboolean
focus(GtkWidget *widget, GtkDirectionType direction)
{
    if (has_focus(MEISHI_SECRET_ENTRY(widget)))
        return FALSE;
    return gtk_widget_grab_focus(widget);
}

static gboolean
mnemonic_activate(GtkWidget *widget, gboolean is_cycling)
{
    return gtk_widget_grab_focus(widget);
}

/* ---- drawing --------------------------------------------------------------------------------- */

static void
draw(GtkWidget *widget, GtkSnapshot *snapshot)
{
    MeishiSecretEntry *entry = MEISHI_SECRET_ENTRY(widget);
    GtkEditable *text = gtk_editable_get_delegate(GTK_EDITABLE(entry->face));
    const MeishiSecretDots dots = {meishi_secret_line_chars(entry->line), entry->is_selected,
                                   has_focus(entry)};
    graphene_rect_t room;

    gtk_widget_snapshot_child(widget, entry->face, snapshot);
    if (gtk_widget_compute_bounds(GTK_WIDGET(text), widget, &room))
        meishi_secret_dots_draw(&dots, entry->face, &room, snapshot);
}

/* ---- coming and going ------------------------------------------------------------------------ */

static void
get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    if (id == PROP_CAPS_LOCK)
        g_value_set_boolean(value, MEISHI_SECRET_ENTRY(object)->has_caps_lock);
    else
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void
dispose(GObject *object)
{
    MeishiSecretEntry *entry = MEISHI_SECRET_ENTRY(object);

    g_cancellable_cancel(entry->pasting);
    g_clear_pointer(&entry->face, gtk_widget_unparent);
    G_OBJECT_CLASS(meishi_secret_entry_parent_class)->dispose(object);
}

static void
finalize(GObject *object)
{
    MeishiSecretEntry *entry = MEISHI_SECRET_ENTRY(object);

    g_object_unref(entry->context);
    meishi_secret_line_free(entry->line);
    g_free(entry->description);
    G_OBJECT_CLASS(meishi_secret_entry_parent_class)->finalize(object);
}

static guint
new_signal(const char *name)
{
    return g_signal_new(name, MEISHI_TYPE_SECRET_ENTRY, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                        G_TYPE_NONE, 0);
}

static void
meishi_secret_entry_class_init(MeishiSecretEntryClass *class)
{
    GObjectClass *object_class = G_OBJECT_CLASS(class);
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);

    object_class->get_property = get_property;
    object_class->dispose = dispose;
    object_class->finalize = finalize;
    widget_class->realize = realize;
    widget_class->unrealize = unrealize;
    widget_class->focus = focus;
    widget_class->grab_focus = grab_focus;
    widget_class->mnemonic_activate = mnemonic_activate;
    widget_class->snapshot = draw;
    gtk_widget_class_set_layout_manager_type(widget_class, GTK_TYPE_BIN_LAYOUT);
    gtk_widget_class_set_accessible_role(widget_class, GTK_ACCESSIBLE_ROLE_GENERIC);
    g_object_class_install_property(
        object_class, PROP_CAPS_LOCK,
        g_param_spec_boolean("caps-lock", NULL, NULL, FALSE,
                             G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY));
    signals[CHANGED] = new_signal("changed");
    signals[ACTIVATE] = new_signal("activate");
    signals[UNFIT] = new_signal("unfit");
}

static void
add_face(MeishiSecretEntry *entry)
{
    g_autoptr(GtkEntryBuffer) buffer = meishi_void_buffer_new();

    entry->face = gtk_password_entry_new();
    g_object_set(gtk_editable_get_delegate(GTK_EDITABLE(entry->face)), "buffer", buffer, "editable",
                 FALSE, "im-module", "gtk-im-context-simple", NULL);
    gtk_widget_set_opacity(GTK_WIDGET(gtk_editable_get_delegate(GTK_EDITABLE(entry->face))), 0);
    gtk_widget_set_parent(entry->face, GTK_WIDGET(entry));
    g_signal_connect(entry->face, "state-flags-changed", G_CALLBACK(on_face_state), entry);
}

/* Before the face, or anything in it, sees them. */
static void
add_controllers(MeishiSecretEntry *entry)
{
    GtkEventController *keys = gtk_event_controller_key_new();
    GtkGesture *click = gtk_gesture_click_new();

    entry->context = gtk_im_context_simple_new();
    g_signal_connect(entry->context, "commit", G_CALLBACK(on_commit), entry);
    gtk_event_controller_set_propagation_phase(keys, GTK_PHASE_CAPTURE);
    gtk_event_controller_key_set_im_context(GTK_EVENT_CONTROLLER_KEY(keys), entry->context);
    g_signal_connect(keys, "key-pressed", G_CALLBACK(on_key), entry);
    gtk_widget_add_controller(GTK_WIDGET(entry), keys);
    gtk_event_controller_set_propagation_phase(GTK_EVENT_CONTROLLER(click), GTK_PHASE_CAPTURE);
    gtk_gesture_single_set_button(GTK_GESTURE_SINGLE(click), 0);
    g_signal_connect(click, "pressed", G_CALLBACK(on_pressed), entry);
    gtk_widget_add_controller(GTK_WIDGET(entry), GTK_EVENT_CONTROLLER(click));
}

static void
meishi_secret_entry_init(MeishiSecretEntry *entry)
{
    entry->line = meishi_secret_line_new();
    add_face(entry);
    add_controllers(entry);
    describe(entry);
}

GtkWidget *
meishi_secret_entry_new(void)
{
    return g_object_new(MEISHI_TYPE_SECRET_ENTRY, NULL);
}

void
meishi_secret_entry_describe(MeishiSecretEntry *entry, const char *name, const char *description)
{
    g_free(entry->description);
    entry->description = g_strdup(description);
    gtk_accessible_update_property(GTK_ACCESSIBLE(entry->face), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
                                   -1);
    describe(entry);
}
