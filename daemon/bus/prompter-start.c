/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiPrompterStarter.  Whether the bus knows the name is asked beforehand, so that programs can
 * be told whether a person can be asked (Selector.AgentAvailable); until it is known, it is tried.
 * The bus starts the prompter with the environment of its session, not with ours.
 */
#include "daemon/bus/prompter-start.h"

#include "daemon/agent/selector.h"

#define NAME        "org.meishi.Prompter"
#define BUS         "org.freedesktop.DBus"
#define BUS_PATH    "/org/freedesktop/DBus"
#define PATIENCE_MS 10000
#define BACK_OFF_MS 30000
#define PAUSE_MS    2000

struct MeishiPrompterStarter {
    MeishiAgent *agent;
    GDBusConnection *bus; /* NULL */
    gboolean is_expected; /* the bus */
    gboolean is_unknown;  /* to the bus: our name */
    gboolean is_wanted;   /* somebody waits for the bus */
    guint subscription;
    GCancellable *cancellable; /* of all calls on @bus */
};

static void
tell_changed(MeishiPrompterStarter *starter)
{
    g_signal_emit_by_name(starter->agent, "prompters-changed");
}

static void
call(MeishiPrompterStarter *starter, const char *method, GVariant *parameters,
     GAsyncReadyCallback callback)
{
    g_dbus_connection_call(starter->bus, BUS, BUS_PATH, BUS, method, parameters, NULL,
                           G_DBUS_CALL_FLAGS_NONE, -1, starter->cancellable, callback, starter);
}

/* ---- starting -------------------------------------------------------------------------------- */

static void
fail(MeishiPrompterStarter *starter)
{
    starter->is_wanted = FALSE;
    meishi_prompters_start_failed(meishi_agent_prompters(starter->agent));
}

static void
on_started(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) reply =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);

    if (reply != NULL || g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return; /* it has the time that is left to register; or @user_data has another bus */
    g_debug("the session bus cannot start %s: %s", NAME, error->message);
    fail(user_data);
}

static void
start_now(MeishiPrompterStarter *starter)
{
    starter->is_wanted = FALSE;
    call(starter, "StartServiceByName", g_variant_new("(su)", NAME, 0), on_started);
}

static void
start(gpointer data)
{
    MeishiPrompterStarter *starter = data;

    if (starter->bus != NULL)
        start_now(starter);
    else
        starter->is_wanted = TRUE;
}

static gboolean
can_start(gpointer data)
{
    const MeishiPrompterStarter *starter = data;

    return starter->is_expected || (starter->bus != NULL && !starter->is_unknown);
}

static const MeishiStarterClass starter_class = {
    .can_start = can_start,
    .start = start,
    .patience_ms = PATIENCE_MS,
    .back_off_ms = BACK_OFF_MS,
    .pause_ms = PAUSE_MS,
};

/* ---- what the bus can start ------------------------------------------------------------------ */

static void
on_names(GObject *source, GAsyncResult *result, gpointer user_data)
{
    MeishiPrompterStarter *starter = user_data;
    g_autoptr(GError) error = NULL;
    g_autofree const char **names = NULL;
    g_autoptr(GVariant) reply =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);

    if (reply == NULL)
        return; /* cancelled, or not known: it will be tried */
    g_variant_get(reply, "(^a&s)", &names);
    starter->is_unknown = !g_strv_contains(names, NAME);
    tell_changed(starter);
}

static void
on_names_changed(GDBusConnection *bus, const char *sender, const char *path, const char *interface,
                 const char *signal, GVariant *parameters, gpointer user_data)
{
    call(user_data, "ListActivatableNames", NULL, on_names);
}

static void
drop_bus(MeishiPrompterStarter *starter)
{
    if (starter->bus == NULL)
        return;
    g_cancellable_cancel(starter->cancellable);
    g_clear_object(&starter->cancellable);
    g_dbus_connection_signal_unsubscribe(starter->bus, starter->subscription);
    g_clear_object(&starter->bus);
}

static void
take_bus(MeishiPrompterStarter *starter, GDBusConnection *bus)
{
    starter->bus = g_object_ref(bus);
    starter->cancellable = g_cancellable_new();
    starter->is_unknown = FALSE;
    starter->subscription = g_dbus_connection_signal_subscribe(
        bus, BUS, BUS, "ActivatableServicesChanged", BUS_PATH, NULL, G_DBUS_SIGNAL_FLAGS_NONE,
        on_names_changed, starter, NULL);
    call(starter, "ListActivatableNames", NULL, on_names);
}

void
meishi_prompter_starter_expect_bus(MeishiPrompterStarter *starter)
{
    starter->is_expected = TRUE;
    tell_changed(starter);
}

void
meishi_prompter_starter_set_bus(MeishiPrompterStarter *starter, GDBusConnection *bus)
{
    starter->is_expected = FALSE;
    drop_bus(starter);
    if (bus != NULL)
        take_bus(starter, bus);
    if (starter->is_wanted && bus != NULL)
        start_now(starter);
    else
        fail(starter);
    tell_changed(starter);
}

/* ---- coming and going ------------------------------------------------------------------------ */

MeishiPrompterStarter *
meishi_prompter_starter_new(MeishiAgent *agent)
{
    MeishiPrompterStarter *starter = g_new0(MeishiPrompterStarter, 1);

    starter->agent = g_object_ref(agent);
    meishi_prompters_set_starter(meishi_agent_prompters(agent), &starter_class, starter);
    return starter;
}

void
meishi_prompter_starter_free(MeishiPrompterStarter *starter)
{
    if (starter == NULL)
        return;
    meishi_prompters_set_starter(meishi_agent_prompters(starter->agent), NULL, NULL);
    drop_bus(starter);
    g_object_unref(starter->agent);
    g_free(starter);
}
