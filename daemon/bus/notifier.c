/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiNotifier.  A notice goes through three states: it waits until the server has said what it
 * can do, it is sent, it is shown under the server's number.  What is to be closed while it is sent
 * is closed when its number comes.
 *
 * The server is started by the bus where the bus knows how; where nobody has that name, the first
 * call fails and the notice is gone.  Signals count from the server's own connection alone.
 */
#include "daemon/bus/notifier.h"

#include "daemon/bus/notice-text.h"

#define NAME        "org.freedesktop.Notifications"
#define PATH        "/org/freedesktop/Notifications"
#define DEADLINE_MS 10000
#define ICON        "application-certificate"
#define ENTRY       "org.meishi.Prompter" /* under which a person finds us in the desktop's settings */

typedef enum {
    WAITS,
    SENT,
    SHOWN,
} State;

typedef struct {
    MeishiNotifier *notifier;
    guint id;     /* ours */
    guint number; /* the server's; while it waits, that of the one it replaces */
    State state;
    gboolean is_over; /* to be closed as soon as it can be */
    MeishiNoticeText text;
    gboolean is_transient;
} Shown;

struct MeishiNotifier {
    MeishiNotices *notices;
    GDBusConnection *bus;
    GCancellable *cancellable; /* of all calls */
    GPtrArray *shown;          /* Shown */
    guint watch;
    char *server; /* its unique name; NULL: there is none */
    guint subscription;
    gboolean is_asking; /* for its capabilities */
    gboolean is_known;  /* they are */
    gboolean has_buttons, has_markup;
};

/* ---- the list -------------------------------------------------------------------------------- */

static void
free_shown(gpointer data)
{
    Shown *shown = data;

    meishi_notice_text_clear(&shown->text);
    g_free(shown);
}

static Shown *
find_id(MeishiNotifier *notifier, guint id)
{
    for (guint i = 0; i < notifier->shown->len; i++) {
        Shown *shown = g_ptr_array_index(notifier->shown, i);

        if (shown->id == id)
            return shown;
    }
    return NULL;
}

static Shown *
find_number(MeishiNotifier *notifier, guint number)
{
    for (guint i = 0; i < notifier->shown->len; i++) {
        Shown *shown = g_ptr_array_index(notifier->shown, i);

        if (shown->state == SHOWN && shown->number == number)
            return shown;
    }
    return NULL;
}

static void
drop(Shown *shown)
{
    g_ptr_array_remove(shown->notifier->shown, shown);
}

/* It cannot be shown. */
static void
give_up(Shown *shown)
{
    MeishiNotices *notices = shown->notifier->notices;
    guint id = shown->id;

    drop(shown);
    meishi_notices_gone(notices, id);
}

/* ---- calls ----------------------------------------------------------------------------------- */

static void
call_server(MeishiNotifier *notifier, const char *method, GVariant *parameters, const char *reply,
            GAsyncReadyCallback callback, gpointer user_data)
{
    gboolean may_start = notifier->server == NULL && !notifier->is_known;

    g_dbus_connection_call(notifier->bus, notifier->server != NULL ? notifier->server : NAME, PATH,
                           NAME, method, parameters, reply != NULL ? G_VARIANT_TYPE(reply) : NULL,
                           may_start ? G_DBUS_CALL_FLAGS_NONE : G_DBUS_CALL_FLAGS_NO_AUTO_START,
                           DEADLINE_MS, notifier->cancellable, callback, user_data);
}

static void
close_number(MeishiNotifier *notifier, guint number)
{
    call_server(notifier, "CloseNotification", g_variant_new("(u)", number), NULL, NULL, NULL);
}

static GVariant *
list_buttons(const Shown *shown)
{
    GVariantBuilder buttons = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_STRING_ARRAY);
    gboolean can_press = shown->notifier->has_buttons;

    if (can_press && shown->text.choose != NULL) {
        /* A press on the notification itself is the first button. */
        g_variant_builder_add(&buttons, "s", "default");
        g_variant_builder_add(&buttons, "s", shown->text.choose);
        g_variant_builder_add(&buttons, "s", "choose");
        g_variant_builder_add(&buttons, "s", shown->text.choose);
    }
    if (can_press && shown->text.explain != NULL) {
        g_variant_builder_add(&buttons, "s", "explain");
        g_variant_builder_add(&buttons, "s", shown->text.explain);
    }
    return g_variant_builder_end(&buttons);
}

static void
on_notified(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Shown *shown = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) reply =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);

    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return; /* @shown is freed */
    if (reply == NULL) {
        g_debug("a notification cannot be shown: %s", error->message);
        give_up(shown);
        return;
    }
    g_variant_get(reply, "(u)", &shown->number);
    shown->state = SHOWN;
    if (!shown->is_over) {
        meishi_notices_shown(shown->notifier->notices, shown->id);
        return;
    }
    close_number(shown->notifier, shown->number);
    drop(shown);
}

/* The body is plain text, and escaped for a server that would read markup into it. */
static void
send_notice(Shown *shown)
{
    MeishiNotifier *notifier = shown->notifier;
    g_autofree char *escaped =
        notifier->has_markup ? g_markup_escape_text(shown->text.body, -1) : NULL;
    GVariantDict hints = G_VARIANT_DICT_INIT(NULL);

    g_variant_dict_insert(&hints, "desktop-entry", "s", ENTRY);
    if (shown->is_transient)
        g_variant_dict_insert(&hints, "transient", "b", TRUE);
    shown->state = SENT;
    call_server(notifier, "Notify",
                g_variant_new("(susss@as@a{sv}i)", "Meishi", shown->number, ICON,
                              shown->text.summary, escaped != NULL ? escaped : shown->text.body,
                              list_buttons(shown), g_variant_dict_end(&hints), -1),
                "(u)", on_notified, shown);
}

/* ---- what the server can do ------------------------------------------------------------------ */

static void
give_up_waiting(MeishiNotifier *notifier)
{
    for (guint i = notifier->shown->len; i-- > 0;) {
        Shown *shown = g_ptr_array_index(notifier->shown, i);

        if (shown->state == WAITS)
            give_up(shown);
    }
}

static void
send_waiting(MeishiNotifier *notifier)
{
    for (guint i = 0; i < notifier->shown->len; i++) {
        Shown *shown = g_ptr_array_index(notifier->shown, i);

        if (shown->state == WAITS)
            send_notice(shown);
    }
}

static void
on_capabilities(GObject *source, GAsyncResult *result, gpointer user_data)
{
    MeishiNotifier *notifier = user_data;
    g_autoptr(GError) error = NULL;
    g_autofree const char **names = NULL;
    g_autoptr(GVariant) reply =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);

    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return; /* @notifier is freed */
    notifier->is_asking = FALSE;
    if (reply == NULL) {
        g_debug("nobody shows notifications: %s", error->message);
        give_up_waiting(notifier);
        return;
    }
    g_variant_get(reply, "(^a&s)", &names);
    notifier->is_known = TRUE;
    notifier->has_buttons = g_strv_contains(names, "actions");
    notifier->has_markup = g_strv_contains(names, "body-markup");
    send_waiting(notifier);
}

static void
ask_capabilities(MeishiNotifier *notifier)
{
    if (notifier->is_asking)
        return;
    notifier->is_asking = TRUE;
    call_server(notifier, "GetCapabilities", NULL, "(as)", on_capabilities, notifier);
}

/* ---- the server comes, speaks and goes ------------------------------------------------------- */

static void
on_pressed(MeishiNotifier *notifier, guint number, const char *button)
{
    const Shown *shown = find_number(notifier, number);

    if (shown == NULL)
        return;
    if (g_str_equal(button, "choose") || g_str_equal(button, "default"))
        meishi_notices_act(notifier->notices, shown->id, MEISHI_NOTICE_CHOOSE);
    else if (g_str_equal(button, "explain"))
        meishi_notices_act(notifier->notices, shown->id, MEISHI_NOTICE_EXPLAIN);
}

static void
on_signal(GDBusConnection *bus, const char *sender, const char *path, const char *interface,
          const char *signal, GVariant *parameters, gpointer user_data)
{
    MeishiNotifier *notifier = user_data;
    const char *button;
    guint number;

    if (g_str_equal(signal, "ActionInvoked") &&
        g_variant_is_of_type(parameters, G_VARIANT_TYPE("(us)"))) {
        g_variant_get(parameters, "(u&s)", &number, &button);
        on_pressed(notifier, number, button);
    } else if (g_str_equal(signal, "NotificationClosed") &&
               g_variant_is_of_type(parameters, G_VARIANT_TYPE("(uu)"))) {
        Shown *shown;

        g_variant_get(parameters, "(uu)", &number, NULL);
        shown = find_number(notifier, number);
        if (shown != NULL)
            give_up(shown);
    }
}

/* What it showed is gone, and what was sent to it will not be answered. */
static void
forget_server(MeishiNotifier *notifier)
{
    if (notifier->server == NULL)
        return;
    g_dbus_connection_signal_unsubscribe(notifier->bus, notifier->subscription);
    g_clear_pointer(&notifier->server, g_free);
    g_cancellable_cancel(notifier->cancellable);
    g_object_unref(notifier->cancellable);
    notifier->cancellable = g_cancellable_new();
    notifier->is_asking = notifier->is_known = FALSE;
    g_ptr_array_set_size(notifier->shown, 0);
    meishi_notices_lost(notifier->notices);
}

static void
on_vanished(GDBusConnection *bus, const char *name, gpointer user_data)
{
    forget_server(user_data);
}

static void
on_appeared(GDBusConnection *bus, const char *name, const char *owner, gpointer user_data)
{
    MeishiNotifier *notifier = user_data;

    forget_server(notifier);
    notifier->server = g_strdup(owner);
    notifier->subscription = g_dbus_connection_signal_subscribe(
        bus, owner, NAME, NULL, PATH, NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_signal, notifier, NULL);
    meishi_notices_came(notifier->notices);
}

/* ---- for the notices ------------------------------------------------------------------------- */

static void
close_notice(gpointer data, guint id)
{
    MeishiNotifier *notifier = data;
    Shown *shown = find_id(notifier, id);

    if (shown == NULL)
        return;
    if (shown->state == SENT) {
        shown->is_over = TRUE;
        return;
    }
    if (shown->state == SHOWN)
        close_number(notifier, shown->number);
    drop(shown);
}

/* The server's number whose place is free now; 0. */
static guint
take_place(MeishiNotifier *notifier, guint id)
{
    Shown *shown = find_id(notifier, id);
    guint number;

    if (shown == NULL)
        return 0;
    if (shown->state == SENT) {
        shown->is_over = TRUE;
        return 0;
    }
    number = shown->number;
    drop(shown);
    return number;
}

static void
show(gpointer data, guint id, const MeishiNotice *notice, guint replaces)
{
    MeishiNotifier *notifier = data;
    Shown *shown = g_new0(Shown, 1);

    shown->notifier = notifier;
    shown->id = id;
    shown->number = replaces != 0 ? take_place(notifier, replaces) : 0;
    /* The server is not to keep a log of what is done in private. */
    shown->is_transient = notice->call != NULL && meishi_request_is_private(notice->call->request);
    meishi_notice_text_make(notice, g_get_real_time() / G_USEC_PER_SEC, &shown->text);
    g_ptr_array_add(notifier->shown, shown);
    if (notifier->is_known)
        send_notice(shown);
    else
        ask_capabilities(notifier);
}

static const MeishiNotifierClass notifier_class = {.show = show, .close = close_notice};

MeishiNotifier *
meishi_notifier_new(MeishiNotices *notices, GDBusConnection *bus)
{
    MeishiNotifier *notifier = g_new0(MeishiNotifier, 1);

    notifier->notices = notices;
    notifier->bus = g_object_ref(bus);
    notifier->cancellable = g_cancellable_new();
    notifier->shown = g_ptr_array_new_with_free_func(free_shown);
    meishi_notices_attach(notices, &notifier_class, notifier);
    notifier->watch = g_bus_watch_name_on_connection(bus, NAME, G_BUS_NAME_WATCHER_FLAGS_NONE,
                                                     on_appeared, on_vanished, notifier, NULL);
    return notifier;
}

/* A courtesy without an answer, which cancelling would take back, and so would the end of the
 * connection: it is written first.  That waits for the kernel's buffer, not for anybody's answer.
 */
static void
close_pressable(MeishiNotifier *notifier)
{
    gboolean any = FALSE;

    for (guint i = 0; i < notifier->shown->len; i++) {
        const Shown *shown = g_ptr_array_index(notifier->shown, i);

        if (shown->state != SHOWN || (shown->text.choose == NULL && shown->text.explain == NULL))
            continue;
        any = TRUE;
        g_dbus_connection_call(notifier->bus, notifier->server, PATH, NAME, "CloseNotification",
                               g_variant_new("(u)", shown->number), NULL,
                               G_DBUS_CALL_FLAGS_NO_AUTO_START, DEADLINE_MS, NULL, NULL, NULL);
    }
    if (any)
        (void)!g_dbus_connection_flush_sync(notifier->bus, NULL, NULL);
}

void
meishi_notifier_free(MeishiNotifier *notifier)
{
    if (notifier == NULL)
        return;
    meishi_notices_detach(notifier->notices, notifier);
    g_bus_unwatch_name(notifier->watch);
    close_pressable(notifier);
    if (notifier->server != NULL)
        g_dbus_connection_signal_unsubscribe(notifier->bus, notifier->subscription);
    g_free(notifier->server);
    g_cancellable_cancel(notifier->cancellable);
    g_object_unref(notifier->cancellable);
    g_ptr_array_unref(notifier->shown);
    g_object_unref(notifier->bus);
    g_free(notifier);
}
