/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The guard in front of every method, and what it found out.  A session bus usually admits one
 * user, but its configuration may say otherwise, and root is always admitted.
 *
 * A call that comes over a bus is held back until the main loop knows its sender, which asks the
 * bus for it, and is then handed to the skeleton's own dispatcher.  Calls that are sent without
 * waiting for answers may overtake each other on the way, as GDBus authorizes each in a thread.
 * Unique names are never used again during the life of a bus (D-Bus Specification, "Message Bus
 * Names"), so an answer holds until the name is gone.  Where too many are known, the one that has
 * not called for longest is asked for anew, should it call again: a program with many names costs
 * the others a question, and nobody is refused or taken for somebody else.
 */
#include "daemon/bus/caller.h"

#include "daemon/base/error.h"
#include "daemon/bus/screen.h"

#include <gio/gunixfdlist.h>
#include <unistd.h>

#define CALLERS         "meishi-callers"
#define PRIVATE_CALLER  "meishi-private-caller"
#define ASKING_LIMIT_MS 5000

/* The other end of a private connection, or a name on a message bus. */
typedef struct {
    gsize serial;                   /* never used again */
    MeishiApplication *application; /* NULL: not known yet, or not any more */
    char *sender;                   /* NULL: private */
    guint64 used;                   /* the greater, the later */
    gboolean is_asking;
    GQueue waits; /* Wait */
    guint watch_id;
} Caller;

/* ---- what a sandboxed program may call ------------------------------------------------------- */

static const struct {
    const char *interface;
    const char *except[3];
} open_interfaces[] = {
    /* Explain tells of all identities, Bind is for who starts programs. */
    {"org.meishi.Agent1.Selector", {"Explain", "Bind", NULL}},
    {"org.meishi.Agent1.Request", {NULL}},
};

gboolean
meishi_caller_is_open_to_sandbox(const char *interface, const char *method)
{
    for (gsize i = 0; i < G_N_ELEMENTS(open_interfaces); i++) {
        if (g_str_equal(interface, open_interfaces[i].interface))
            return !g_strv_contains(open_interfaces[i].except, method);
    }
    return FALSE;
}

/* ---- who waits until a sender is known ------------------------------------------------------- */

typedef struct {
    MeishiCallerKnown known;
    gpointer data;
} Wait;

static void
wait_for(Caller *caller, MeishiCallerKnown known, gpointer data)
{
    Wait *wait = g_new0(Wait, 1);

    wait->known = known;
    wait->data = data;
    g_queue_push_tail(&caller->waits, wait);
}

/* What is done then may end the connection, and with it @caller. */
static void
tell_waits(Caller *caller, const GError *error)
{
    g_autoptr(MeishiApplication) application =
        caller->application != NULL ? meishi_application_ref(caller->application) : NULL;
    GQueue waits = caller->waits;
    Wait *wait;

    g_queue_init(&caller->waits);
    while ((wait = g_queue_pop_head(&waits)) != NULL) {
        wait->known(application, error, wait->data);
        g_free(wait);
    }
}

/* ---- callers --------------------------------------------------------------------------------- */

static Caller *
caller_new(const char *sender)
{
    static gsize last_serial;
    Caller *caller = g_new0(Caller, 1);

    caller->serial = ++last_serial;
    caller->sender = g_strdup(sender);
    g_queue_init(&caller->waits);
    return caller;
}

static void
caller_free(gpointer data)
{
    Caller *caller = data;
    g_autoptr(GError) error =
        g_error_new_literal(MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND, "The caller has left.");

    tell_waits(caller, error);
    g_clear_handle_id(&caller->watch_id, g_bus_unwatch_name);
    meishi_application_unref(caller->application);
    g_free(caller->sender);
    g_free(caller);
}

void
meishi_caller_admit(GDBusConnection *connection, MeishiApplication *application)
{
    Caller *caller = caller_new(NULL);

    caller->application = meishi_application_ref(application);
    g_object_set_data_full(G_OBJECT(connection), PRIVATE_CALLER, caller, caller_free);
    meishi_screen_private(connection, application);
}

static GHashTable *
find_callers(GDBusConnection *connection)
{
    GHashTable *callers = g_object_get_data(G_OBJECT(connection), CALLERS);

    if (callers == NULL) {
        callers = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, caller_free);
        g_object_set_data_full(G_OBJECT(connection), CALLERS, callers,
                               (GDestroyNotify)g_hash_table_unref);
    }
    return callers;
}

/* NULL for a sender not seen before, and for one that is gone. */
static Caller *
find_caller(GDBusMethodInvocation *invocation)
{
    GDBusConnection *connection = g_dbus_method_invocation_get_connection(invocation);
    const char *sender = g_dbus_method_invocation_get_sender(invocation);

    if (g_dbus_connection_get_unique_name(connection) == NULL)
        return g_object_get_data(G_OBJECT(connection), PRIVATE_CALLER);
    return sender != NULL ? g_hash_table_lookup(find_callers(connection), sender) : NULL;
}

MeishiApplication *
meishi_caller_application(GDBusMethodInvocation *invocation, GError **error)
{
    const Caller *caller = find_caller(invocation);

    if (caller != NULL && caller->application != NULL)
        return meishi_application_ref(caller->application);
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND, "The caller has left.");
    return NULL;
}

gpointer
meishi_caller_owner(GDBusMethodInvocation *invocation)
{
    const Caller *caller = find_caller(invocation);

    return caller != NULL ? GSIZE_TO_POINTER(caller->serial) : NULL;
}

/* ---- asking the bus -------------------------------------------------------------------------- */

static int
take_descriptor(GVariant *credentials, GUnixFDList *fds)
{
    gint32 handle;

    if (fds == NULL || !g_variant_lookup(credentials, "ProcessFD", "h", &handle))
        return -1;
    return g_unix_fd_list_get(fds, handle, NULL);
}

/* D-Bus Specification, GetConnectionCredentials.  A bus that does not pin the process by ProcessFD
 * (dbus-daemon) leaves its names without trust, and one that does not know it leaves it unknown. */
static MeishiApplication *
read_credentials(GVariant *credentials, GUnixFDList *fds, GError **error)
{
    guint32 uid = G_MAXUINT32, pid = 0;
    MeishiApplication *application;
    int pidfd;

    g_variant_lookup(credentials, "UnixUserID", "u", &uid);
    g_variant_lookup(credentials, "ProcessID", "u", &pid);
    if (!meishi_application_may_call(uid, getuid())) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_DENIED,
                    "Meishi serves the user whose vault it is, nobody else");
        return NULL;
    }
    if (pid == 0 || pid > G_MAXINT32)
        return meishi_application_new_unknown();
    pidfd = take_descriptor(credentials, fds);
    application = meishi_application_new((pid_t)pid, pidfd, error);
    if (pidfd >= 0)
        close(pidfd);
    return application;
}

static MeishiApplication *
finish_asking(GDBusConnection *connection, GAsyncResult *result, GError **error)
{
    g_autoptr(GUnixFDList) fds = NULL;
    g_autoptr(GVariant) credentials = NULL;
    g_autoptr(GVariant) reply =
        g_dbus_connection_call_with_unix_fd_list_finish(connection, &fds, result, NULL);

    if (reply == NULL) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_DENIED,
                    "The bus does not say who is calling");
        return NULL;
    }
    credentials = g_variant_get_child_value(reply, 0);
    return read_credentials(credentials, fds, error);
}

static void
touch(Caller *caller)
{
    static guint64 clock;

    caller->used = ++clock;
}

/* Who owns what stays known: that goes by the name, which costs no descriptor. */
static void
drop_idlest(GHashTable *callers)
{
    Caller *caller, *idlest = NULL;
    GHashTableIter iter;
    guint n = 0;

    g_hash_table_iter_init(&iter, callers);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&caller)) {
        if (caller->application == NULL)
            continue;
        n++;
        if (idlest == NULL || caller->used < idlest->used)
            idlest = caller;
    }
    if (n > MEISHI_CALLER_MAX)
        g_clear_pointer(&idlest->application, meishi_application_unref);
}

static void
on_credentials(GObject *source, GAsyncResult *result, gpointer user_data)
{
    GDBusConnection *connection = G_DBUS_CONNECTION(source);
    g_autofree char *sender = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiApplication) application = finish_asking(connection, result, &error);
    GHashTable *callers = find_callers(connection);
    Caller *caller = g_hash_table_lookup(callers, sender);

    if (caller == NULL) /* it has left */
        return;
    caller->is_asking = FALSE;
    touch(caller);
    if (g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_DENIED))
        g_message("a program on the bus was refused: %s", error->message);
    caller->application = g_steal_pointer(&application);
    drop_idlest(callers);
    tell_waits(caller, error);
}

static void
on_vanished(GDBusConnection *connection, const char *name, gpointer user_data)
{
    if (connection != NULL)
        g_hash_table_remove(find_callers(connection), name);
}

static Caller *
add_caller(GDBusConnection *connection, const char *sender)
{
    Caller *caller = caller_new(sender);

    g_hash_table_insert(find_callers(connection), caller->sender, caller);
    caller->watch_id = g_bus_watch_name_on_connection(
        connection, sender, G_BUS_NAME_WATCHER_FLAGS_NONE, NULL, on_vanished, NULL, NULL);
    return caller;
}

static void
ask_bus(GDBusConnection *connection, Caller *caller)
{
    caller->is_asking = TRUE;
    g_dbus_connection_call_with_unix_fd_list(
        connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
        "GetConnectionCredentials", g_variant_new("(s)", caller->sender), G_VARIANT_TYPE("(a{sv})"),
        G_DBUS_CALL_FLAGS_NONE, ASKING_LIMIT_MS, NULL, NULL, on_credentials,
        g_strdup(caller->sender));
}

void
meishi_caller_identify(GDBusConnection *connection, const char *sender, MeishiCallerKnown known,
                       gpointer data)
{
    Caller *caller = g_hash_table_lookup(find_callers(connection), sender);

    if (caller == NULL)
        caller = add_caller(connection, sender);
    touch(caller);
    if (caller->application != NULL) {
        known(caller->application, NULL, data);
        return;
    }
    wait_for(caller, known, data);
    if (!caller->is_asking)
        ask_bus(connection, caller);
}

/* ---- the guard ------------------------------------------------------------------------------- */

/* Answers @invocation where the program may not do that. */
static gboolean
may_call(const MeishiApplication *application, GDBusMethodInvocation *invocation)
{
    if (!application->is_sandboxed ||
        meishi_caller_is_open_to_sandbox(g_dbus_method_invocation_get_interface_name(invocation),
                                         g_dbus_method_invocation_get_method_name(invocation)))
        return TRUE;
    g_dbus_method_invocation_return_error(
        invocation, MEISHI_ERROR, MEISHI_ERROR_DENIED,
        "A sandboxed program may ask for a certificate, but not manage them.");
    return FALSE;
}

/* A call that was held back. */
typedef struct {
    GDBusInterfaceSkeleton *skeleton;
    GDBusMethodInvocation *invocation;
} Held;

static void
dispatch(const Held *held)
{
    GDBusMethodInvocation *call = held->invocation;
    GDBusInterfaceVTable *vtable = g_dbus_interface_skeleton_get_vtable(held->skeleton);

    vtable->method_call(g_dbus_method_invocation_get_connection(call),
                        g_dbus_method_invocation_get_sender(call),
                        g_dbus_method_invocation_get_object_path(call),
                        g_dbus_method_invocation_get_interface_name(call),
                        g_dbus_method_invocation_get_method_name(call),
                        g_dbus_method_invocation_get_parameters(call), call, held->skeleton);
}

static void
on_known(MeishiApplication *application, const GError *error, gpointer data)
{
    Held *held = data;

    if (application == NULL)
        g_dbus_method_invocation_return_gerror(held->invocation, error);
    else if (may_call(application, held->invocation))
        dispatch(held);
    g_object_unref(held->skeleton);
    g_free(held);
}

static gboolean
on_main_loop(gpointer user_data)
{
    Held *held = user_data;

    meishi_caller_identify(g_dbus_method_invocation_get_connection(held->invocation),
                           g_dbus_method_invocation_get_sender(held->invocation), on_known, held);
    return G_SOURCE_REMOVE;
}

/* Not g_main_context_invoke(): that may do it here, in another thread. */
static void
hold(GDBusInterfaceSkeleton *skeleton, GDBusMethodInvocation *invocation)
{
    Held *held = g_new0(Held, 1);

    held->skeleton = g_object_ref(skeleton);
    held->invocation = invocation;
    g_idle_add_full(G_PRIORITY_DEFAULT, on_main_loop, held, NULL);
}

/* "g-authorize-method" comes in a thread of GIO's.  The caller of a private connection never
 * changes; those of a bus belong to the main loop.  FALSE means that the call is ours to answer. */
static gboolean
on_authorize(GDBusInterfaceSkeleton *skeleton, GDBusMethodInvocation *invocation, gpointer unused)
{
    GDBusConnection *connection = g_dbus_method_invocation_get_connection(invocation);
    const Caller *caller = g_object_get_data(G_OBJECT(connection), PRIVATE_CALLER);

    if (caller != NULL)
        return may_call(caller->application, invocation);
    if (g_dbus_method_invocation_get_sender(invocation) != NULL)
        hold(skeleton, invocation);
    else
        g_dbus_method_invocation_return_error(invocation, MEISHI_ERROR, MEISHI_ERROR_DENIED,
                                              "Nobody knows who is calling");
    return FALSE;
}

void
meishi_caller_guard(GDBusInterfaceSkeleton *skeleton)
{
    g_signal_connect(skeleton, "g-authorize-method", G_CALLBACK(on_authorize), NULL);
}
