/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The field.  Keys come from GDK one by one and go through an input context of this very process
 * (dead keys, compose), never through one that asks another process.  For a screen reader it is a
 * text field with a name that says whether something is typed, and has no text.
 *
 * Invariant: the secret's bytes are in @typed (and in @pasted while one is read), nowhere else, and
 * they are @n_chars whole characters of UTF-8 without control characters.
 */
#include "daemon/prompter/secret-entry.h"

#include <glib/gi18n.h>
#include <string.h>

#define WIDTH_CHARS 24 /* natural width, in dots */

struct _MeishiSecretEntry {
    GtkWidget parent_instance;
    GtkWidget *placeholder, *caps_lock;
    GtkIMContext *context;
    GdkDevice *keyboard;  /* whose Caps Lock is watched; NULL */
    MeishiSecret *typed;  /* the first @len bytes of it */
    MeishiSecret *pasted; /* being read; NULL */
    GCancellable *pasting;
    gsize len;
    guint n_chars;
    gboolean is_selected; /* all of it: what comes next takes its place */
};

G_DEFINE_TYPE(MeishiSecretEntry, meishi_secret_entry, GTK_TYPE_WIDGET)

enum {
    CHANGED,
    ACTIVATE,
    UNFIT,
    N_SIGNALS,
};

static guint signals[N_SIGNALS];

/* ---- what is typed --------------------------------------------------------------------------- */

static void
describe(MeishiSecretEntry *entry)
{
    gtk_accessible_update_property(GTK_ACCESSIBLE(entry), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                   entry->len == 0 ? _("Empty. What you type is hidden.")
                                                   : _("Something is typed, hidden."),
                                   -1);
}

static void
changed(MeishiSecretEntry *entry)
{
    gtk_widget_set_visible(entry->placeholder, entry->len == 0);
    describe(entry);
    gtk_widget_queue_draw(GTK_WIDGET(entry));
    g_signal_emit(entry, signals[CHANGED], 0);
}

static void
wipe(MeishiSecretEntry *entry)
{
    explicit_bzero(meishi_secret_writable(entry->typed), MEISHI_SECRET_ENTRY_MAX);
    entry->len = 0;
    entry->n_chars = 0;
    entry->is_selected = FALSE;
}

static void
refuse(MeishiSecretEntry *entry)
{
    gtk_widget_error_bell(GTK_WIDGET(entry));
    g_signal_emit(entry, signals[UNFIT], 0);
}

/* Whole characters of one line. */
static gboolean
is_line(const char *text, gsize len)
{
    if (!g_utf8_validate_len(text, len, NULL))
        return FALSE;
    for (const char *p = text; p < text + len; p = g_utf8_next_char(p)) {
        if (g_unichar_iscntrl(g_utf8_get_char(p)))
            return FALSE;
    }
    return TRUE;
}

static void
append(MeishiSecretEntry *entry, const char *text, gsize len)
{
    gsize kept = entry->is_selected ? 0 : entry->len;

    if (!is_line(text, len) || len > MEISHI_SECRET_ENTRY_MAX - kept) {
        refuse(entry);
        return;
    }
    if (len == 0)
        return;
    if (entry->is_selected)
        wipe(entry);
    memcpy(meishi_secret_writable(entry->typed) + entry->len, text, len);
    entry->len += len;
    entry->n_chars += (guint)g_utf8_strlen(text, (gssize)len);
    changed(entry);
}

static void
erase_last(MeishiSecretEntry *entry)
{
    char *data = (char *)meishi_secret_writable(entry->typed);
    char *last = g_utf8_find_prev_char(data, data + entry->len);
    gsize left = last != NULL ? (gsize)(last - data) : 0;

    if (entry->len == 0)
        return;
    if (entry->is_selected || left == 0) {
        wipe(entry);
    } else {
        explicit_bzero(data + left, entry->len - left);
        entry->len = left;
        entry->n_chars--;
    }
    changed(entry);
}

static void
set_selected(MeishiSecretEntry *entry, gboolean is_selected)
{
    entry->is_selected = is_selected && entry->len > 0;
    gtk_widget_queue_draw(GTK_WIDGET(entry));
}

void
meishi_secret_entry_clear(MeishiSecretEntry *entry)
{
    gtk_im_context_reset(entry->context);
    if (entry->len == 0)
        return;
    wipe(entry);
    changed(entry);
}

MeishiSecret *
meishi_secret_entry_take(MeishiSecretEntry *entry)
{
    MeishiSecret *secret = meishi_secret_new_copy(meishi_secret_data(entry->typed), entry->len);

    meishi_secret_entry_clear(entry);
    return secret;
}

gboolean
meishi_secret_entry_is_empty(const MeishiSecretEntry *entry)
{
    return entry->len == 0;
}

gsize
meishi_secret_entry_bytes(const MeishiSecretEntry *entry)
{
    return entry->len;
}

gboolean
meishi_secret_entry_equal(const MeishiSecretEntry *a, const MeishiSecretEntry *b)
{
    return a->len == b->len && meishi_secret_equal(a->typed, b->typed);
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

/* Read by ourselves, because gdk_clipboard_read_text_async() makes strings of it.  Room for more
 * than fits, so that what does not fit is seen to be too long, and not cut off. */
static void
paste(MeishiSecretEntry *entry, GdkClipboard *clipboard)
{
    static const char *types[] = {"text/plain;charset=utf-8", "UTF8_STRING", "text/plain", NULL};

    if (entry->pasting != NULL)
        return;
    entry->pasting = g_cancellable_new();
    entry->pasted = meishi_secret_new(MEISHI_SECRET_ENTRY_MAX + 3);
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
    default:
        return FALSE;
    }
}

static gboolean
on_key(GtkEventControllerKey *keys, guint keyval, guint keycode, GdkModifierType state,
       gpointer data)
{
    MeishiSecretEntry *entry = data;
    GdkModifierType modifiers = state & gtk_accelerator_get_default_mod_mask();

    if (modifiers == GDK_CONTROL_MASK)
        return on_control_key(entry, keyval);
    if (modifiers == GDK_SHIFT_MASK && keyval == GDK_KEY_Insert) {
        paste(entry, gtk_widget_get_clipboard(GTK_WIDGET(entry)));
        return TRUE;
    }
    return (modifiers & ~(guint)GDK_SHIFT_MASK) == 0 && on_plain_key(entry, keyval);
}

/* ---- the pointer ----------------------------------------------------------------------------- */

static void
on_pressed(GtkGestureClick *click, int n_presses, double x, double y, gpointer data)
{
    MeishiSecretEntry *entry = data;
    guint button = gtk_gesture_single_get_current_button(GTK_GESTURE_SINGLE(click));

    gtk_widget_grab_focus(GTK_WIDGET(entry));
    if (button == GDK_BUTTON_MIDDLE)
        paste(entry, gtk_widget_get_primary_clipboard(GTK_WIDGET(entry)));
    else if (button == GDK_BUTTON_PRIMARY)
        set_selected(entry, n_presses > 1);
}

/* ---- Caps Lock ------------------------------------------------------------------------------- */

static void
on_caps_lock(GdkDevice *keyboard, GParamSpec *spec, gpointer data)
{
    MeishiSecretEntry *entry = data;

    gtk_widget_set_visible(entry->caps_lock, gtk_widget_has_focus(GTK_WIDGET(entry)) &&
                                                 gdk_device_get_caps_lock_state(keyboard));
}

static void
on_focus(MeishiSecretEntry *entry, GParamSpec *spec, gpointer data)
{
    if (entry->keyboard != NULL)
        on_caps_lock(entry->keyboard, NULL, entry);
    gtk_widget_queue_draw(GTK_WIDGET(entry));
}

/* ---- GtkWidget ------------------------------------------------------------------------------- */

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

/* Height of a line, and of it the size of a dot, in the font that is in force. */
static int
line_height(GtkWidget *widget)
{
    PangoContext *context = gtk_widget_get_pango_context(widget);
    PangoFontMetrics *metrics = pango_context_get_metrics(context, NULL, NULL);
    int height = PANGO_PIXELS_CEIL(pango_font_metrics_get_ascent(metrics) +
                                   pango_font_metrics_get_descent(metrics));

    pango_font_metrics_unref(metrics);
    return height;
}

static void
measure(GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural,
        int *minimum_baseline, int *natural_baseline)
{
    MeishiSecretEntry *entry = MEISHI_SECRET_ENTRY(widget);
    int height = line_height(widget), child;

    if (orientation == GTK_ORIENTATION_HORIZONTAL) {
        *minimum = 6 * height;
        *natural = WIDTH_CHARS * height / 2;
        return;
    }
    *minimum = height;
    gtk_widget_measure(entry->placeholder, orientation, -1, &child, NULL, NULL, NULL);
    *minimum = MAX(*minimum, child);
    gtk_widget_measure(entry->caps_lock, orientation, -1, &child, NULL, NULL, NULL);
    *minimum = *natural = MAX(*minimum, child);
}

static int
caps_lock_width(MeishiSecretEntry *entry)
{
    int width = 0;

    if (gtk_widget_get_visible(entry->caps_lock))
        gtk_widget_measure(entry->caps_lock, GTK_ORIENTATION_HORIZONTAL, -1, NULL, &width, NULL,
                           NULL);
    return width;
}

static gboolean
is_rtl(GtkWidget *widget)
{
    return gtk_widget_get_direction(widget) == GTK_TEXT_DIR_RTL;
}

static void
size_allocate(GtkWidget *widget, int width, int height, int baseline)
{
    MeishiSecretEntry *entry = MEISHI_SECRET_ENTRY(widget);
    int icon = caps_lock_width(entry);
    int start = is_rtl(widget) ? icon : 0;

    gtk_widget_size_allocate(entry->placeholder,
                             &(GtkAllocation){start, 0, MAX(width - icon, 0), height}, -1);
    if (icon > 0)
        gtk_widget_size_allocate(
            entry->caps_lock,
            &(GtkAllocation){is_rtl(widget) ? 0 : MAX(width - icon, 0), 0, icon, height}, -1);
}

static void
get_color(GtkWidget *widget, GdkRGBA *ret_color)
{
#if GTK_CHECK_VERSION(4, 10, 0)
    gtk_widget_get_color(widget, ret_color);
#else
    gtk_style_context_get_color(gtk_widget_get_style_context(widget), ret_color);
#endif
}

static void
draw_dot(GtkSnapshot *snapshot, const GdkRGBA *color, const graphene_rect_t *bounds)
{
    GskRoundedRect round;

    gsk_rounded_rect_init_from_rect(&round, bounds, bounds->size.width / 2);
    gtk_snapshot_push_rounded_clip(snapshot, &round);
    gtk_snapshot_append_color(snapshot, color, bounds);
    gtk_snapshot_pop(snapshot);
}

/* Dots from the start of the line; where they are too many, the end of them. */
static void
draw_dots(MeishiSecretEntry *entry, GtkSnapshot *snapshot, float width, float height)
{
    GtkWidget *widget = GTK_WIDGET(entry);
    float line = (float)line_height(widget), dot = (float)(int)(line * 0.36f),
          step = (float)(int)(line * 0.6f);
    float all = step * (float)entry->n_chars, shift = MAX(all + 2 - width, 0);
    float top = (float)(int)((height - dot) / 2);
    GdkRGBA color, pale;

    get_color(widget, &color);
    pale = color;
    pale.alpha *= 0.25f;
    if (entry->is_selected)
        gtk_snapshot_append_color(snapshot, &pale,
                                  &GRAPHENE_RECT_INIT(is_rtl(widget) ? width - MIN(all, width) : 0,
                                                      (height - line) / 2, MIN(all, width), line));
    for (guint i = 0; i < entry->n_chars; i++) {
        float x = step * (float)i - shift + (step - dot) / 2;

        if (x + dot < 0)
            continue;
        draw_dot(snapshot, &color,
                 &GRAPHENE_RECT_INIT(is_rtl(widget) ? width - x - dot : x, top, dot, dot));
    }
    if (gtk_widget_has_focus(widget) && !entry->is_selected)
        gtk_snapshot_append_color(
            snapshot, &color,
            &GRAPHENE_RECT_INIT(is_rtl(widget) ? width - (all - shift) - 1 : all - shift,
                                (height - line) / 2, 1, line));
}

static void
snapshot(GtkWidget *widget, GtkSnapshot *snapshot)
{
    MeishiSecretEntry *entry = MEISHI_SECRET_ENTRY(widget);
    float icon = (float)caps_lock_width(entry), height = (float)gtk_widget_get_height(widget);
    float width = MAX((float)gtk_widget_get_width(widget) - icon, 0);

    gtk_snapshot_save(snapshot);
    if (is_rtl(widget))
        gtk_snapshot_translate(snapshot, &GRAPHENE_POINT_INIT(icon, 0));
    gtk_snapshot_push_clip(snapshot, &GRAPHENE_RECT_INIT(0, 0, width, height));
    draw_dots(entry, snapshot, width, height);
    gtk_snapshot_pop(snapshot);
    gtk_snapshot_restore(snapshot);
    gtk_widget_snapshot_child(widget, entry->placeholder, snapshot);
    gtk_widget_snapshot_child(widget, entry->caps_lock, snapshot);
}

/* ---- coming and going ------------------------------------------------------------------------ */

static void
dispose(GObject *object)
{
    MeishiSecretEntry *entry = MEISHI_SECRET_ENTRY(object);

    g_cancellable_cancel(entry->pasting);
    g_clear_pointer(&entry->placeholder, gtk_widget_unparent);
    g_clear_pointer(&entry->caps_lock, gtk_widget_unparent);
    G_OBJECT_CLASS(meishi_secret_entry_parent_class)->dispose(object);
}

static void
finalize(GObject *object)
{
    MeishiSecretEntry *entry = MEISHI_SECRET_ENTRY(object);

    g_object_unref(entry->context);
    meishi_secret_unref(entry->typed);
    G_OBJECT_CLASS(meishi_secret_entry_parent_class)->finalize(object);
}

static void
meishi_secret_entry_class_init(MeishiSecretEntryClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);

    G_OBJECT_CLASS(class)->dispose = dispose;
    G_OBJECT_CLASS(class)->finalize = finalize;
    widget_class->realize = realize;
    widget_class->unrealize = unrealize;
    widget_class->measure = measure;
    widget_class->size_allocate = size_allocate;
    widget_class->snapshot = snapshot;
    gtk_widget_class_set_css_name(widget_class, "entry");
    gtk_widget_class_set_accessible_role(widget_class, GTK_ACCESSIBLE_ROLE_TEXT_BOX);
    signals[CHANGED] = g_signal_new("changed", MEISHI_TYPE_SECRET_ENTRY, G_SIGNAL_RUN_LAST, 0, NULL,
                                    NULL, NULL, G_TYPE_NONE, 0);
    signals[ACTIVATE] = g_signal_new("activate", MEISHI_TYPE_SECRET_ENTRY, G_SIGNAL_RUN_LAST, 0,
                                     NULL, NULL, NULL, G_TYPE_NONE, 0);
    signals[UNFIT] = g_signal_new("unfit", MEISHI_TYPE_SECRET_ENTRY, G_SIGNAL_RUN_LAST, 0, NULL,
                                  NULL, NULL, G_TYPE_NONE, 0);
}

static void
add_controllers(MeishiSecretEntry *entry)
{
    GtkEventController *keys = gtk_event_controller_key_new();
    GtkGesture *click = gtk_gesture_click_new();

    entry->context = gtk_im_context_simple_new();
    g_signal_connect(entry->context, "commit", G_CALLBACK(on_commit), entry);
    gtk_event_controller_key_set_im_context(GTK_EVENT_CONTROLLER_KEY(keys), entry->context);
    g_signal_connect(keys, "key-pressed", G_CALLBACK(on_key), entry);
    gtk_widget_add_controller(GTK_WIDGET(entry), keys);
    gtk_gesture_single_set_button(GTK_GESTURE_SINGLE(click), 0);
    g_signal_connect(click, "pressed", G_CALLBACK(on_pressed), entry);
    gtk_widget_add_controller(GTK_WIDGET(entry), GTK_EVENT_CONTROLLER(click));
    g_signal_connect(entry, "notify::has-focus", G_CALLBACK(on_focus), NULL);
}

static void
meishi_secret_entry_init(MeishiSecretEntry *entry)
{
    GtkWidget *widget = GTK_WIDGET(entry);

    entry->typed = meishi_secret_new(MEISHI_SECRET_ENTRY_MAX);
    entry->placeholder =
        g_object_new(GTK_TYPE_LABEL, "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, "xalign",
                     0.0, "ellipsize", PANGO_ELLIPSIZE_END, NULL);
    gtk_widget_add_css_class(entry->placeholder, "dim-label");
    gtk_widget_set_parent(entry->placeholder, widget);
    entry->caps_lock =
        g_object_new(GTK_TYPE_IMAGE, "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION,
                     "icon-name", "caps-lock-symbolic", "visible", FALSE, NULL);
    gtk_widget_set_parent(entry->caps_lock, widget);
    gtk_widget_set_focusable(widget, TRUE);
    gtk_widget_set_cursor_from_name(widget, "text");
    add_controllers(entry);
    describe(entry);
}

GtkWidget *
meishi_secret_entry_new(void)
{
    return g_object_new(MEISHI_TYPE_SECRET_ENTRY, NULL);
}

void
meishi_secret_entry_set_placeholder(MeishiSecretEntry *entry, const char *text)
{
    gtk_label_set_text(GTK_LABEL(entry->placeholder), text);
    gtk_accessible_update_property(GTK_ACCESSIBLE(entry), GTK_ACCESSIBLE_PROPERTY_PLACEHOLDER, text,
                                   -1);
}
