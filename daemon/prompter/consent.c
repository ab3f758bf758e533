/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Watches a window's input before anything in it does.
 *
 * GDK hands out events from a source of its own; a request of the accessibility bus arrives from
 * another one.  So what happens while the source runs that brought the last event of this window is
 * done by that event, and everything else is not done by the person.
 */
#include "daemon/prompter/consent.h"

#include "daemon/prompter/guard.h"
#include "daemon/prompter/held-keys.h"

struct MeishiConsent {
    GtkWindow *window;
    void (*changed)(gpointer data);
    gpointer data;
    MeishiGuard *guard;
    guint arm_id;
    gboolean is_armed;
    const GSource *source; /* that brought the last event: to be compared, no more */
    gboolean is_input;     /* what that was */
    GtkEventController *watcher;
};

/* ---- the half second ------------------------------------------------------------------------- */

static gboolean
arm(gpointer data)
{
    MeishiConsent *consent = data;

    consent->arm_id = 0;
    consent->is_armed = TRUE;
    consent->changed(consent->data);
    return G_SOURCE_REMOVE;
}

static void
wait_anew(MeishiConsent *consent)
{
    gint64 wait = meishi_guard_wait(consent->guard, g_get_monotonic_time());

    g_clear_handle_id(&consent->arm_id, g_source_remove);
    if (wait != G_MAXINT64)
        consent->arm_id = g_timeout_add((guint)(wait / 1000), arm, consent);
    consent->is_armed = FALSE;
    consent->changed(consent->data);
}

gboolean
meishi_consent_is_armed(const MeishiConsent *consent)
{
    return consent->is_armed;
}

void
meishi_consent_rearm(MeishiConsent *consent)
{
    if (gtk_window_is_active(consent->window))
        meishi_guard_focus(consent->guard, g_get_monotonic_time());
    wait_anew(consent);
}

static void
hold(guint key, gpointer data)
{
    meishi_guard_hold(data, key);
}

static void
on_active(GtkWindow *window, GParamSpec *spec, gpointer data)
{
    MeishiConsent *consent = data;

    if (gtk_window_is_active(window))
        meishi_held_keys_foreach(gtk_widget_get_display(GTK_WIDGET(window)), hold, consent->guard);
    else
        meishi_guard_blur(consent->guard);
    meishi_consent_rearm(consent);
}

/* ---- input ----------------------------------------------------------------------------------- */

static gboolean
is_meant(MeishiConsent *consent, GdkEvent *event)
{
    switch (gdk_event_get_event_type(event)) {
    case GDK_KEY_PRESS:
        return meishi_guard_press(consent->guard, gdk_key_event_get_keycode(event));
    case GDK_KEY_RELEASE:
        meishi_guard_release(consent->guard, gdk_key_event_get_keycode(event));
        return FALSE;
    case GDK_BUTTON_PRESS:
    case GDK_BUTTON_RELEASE:
    case GDK_TOUCH_BEGIN:
    case GDK_TOUCH_END:
        return TRUE;
    default:
        return FALSE;
    }
}

static gboolean
on_event(GtkEventControllerLegacy *watcher, GdkEvent *event, gpointer data)
{
    MeishiConsent *consent = data;

    consent->source = g_main_current_source();
    consent->is_input = is_meant(consent, event);
    return GDK_EVENT_PROPAGATE;
}

gboolean
meishi_consent_is_input(const MeishiConsent *consent)
{
    return consent->is_input && consent->source != NULL &&
           consent->source == g_main_current_source();
}

/* Where the focus went without the person, the next key is not meant for where it went. */
static void
on_focus(GtkWindow *window, GParamSpec *spec, gpointer data)
{
    MeishiConsent *consent = data;

    if (gtk_window_get_focus(window) != NULL && !meishi_consent_is_input(consent))
        meishi_consent_rearm(consent);
}

/* ---- coming and going ------------------------------------------------------------------------ */

MeishiConsent *
meishi_consent_new(GtkWindow *window, void (*changed)(gpointer data), gpointer data)
{
    MeishiConsent *consent = g_new0(MeishiConsent, 1);

    consent->window = window;
    consent->changed = changed;
    consent->data = data;
    consent->guard = meishi_guard_new();
    consent->watcher = gtk_event_controller_legacy_new();
    gtk_event_controller_set_propagation_phase(consent->watcher, GTK_PHASE_CAPTURE);
    g_signal_connect(consent->watcher, "event", G_CALLBACK(on_event), consent);
    gtk_widget_add_controller(GTK_WIDGET(window), consent->watcher);
    g_signal_connect(window, "notify::is-active", G_CALLBACK(on_active), consent);
    g_signal_connect(window, "notify::focus-widget", G_CALLBACK(on_focus), consent);
    return consent;
}

void
meishi_consent_free(MeishiConsent *consent)
{
    if (consent == NULL)
        return;
    g_clear_handle_id(&consent->arm_id, g_source_remove);
    g_signal_handlers_disconnect_by_data(consent->window, consent);
    gtk_widget_remove_controller(GTK_WIDGET(consent->window), consent->watcher);
    meishi_guard_free(consent->guard);
    g_free(consent);
}
