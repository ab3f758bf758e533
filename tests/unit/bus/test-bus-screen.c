/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What GDBus answers by itself: who gets it, and that it comes through unchanged.
 */
#include "daemon/bus/screen.h"

#include "daemon/bus/agent1.h"
#include "daemon/bus/caller.h"
#include "daemon/bus/error.h"
#include "tests/unit/bus/pair.h"

#include <string.h>

#define PATH       "/org/meishi/Agent1"
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define OBJECTS    "org.freedesktop.DBus.ObjectManager"

#define DENIED     "org.meishi.Agent1.Error.Denied"

/* A vault, a selector, and a list of no objects. */
typedef struct {
    MeishiBusVault *vault;
    MeishiBusSelector *selector;
    GDBusObjectManagerServer *objects;
} Service;

static void
service_init(Service *service, GDBusConnection *connection)
{
    service->vault = meishi_bus_vault_skeleton_new();
    meishi_bus_vault_set_state(service->vault, "locked");
    service->selector = meishi_bus_selector_skeleton_new();
    meishi_bus_selector_set_version(service->selector, 7);
    g_assert_true(g_dbus_interface_skeleton_export(G_DBUS_INTERFACE_SKELETON(service->vault),
                                                   connection, PATH, NULL));
    g_assert_true(g_dbus_interface_skeleton_export(G_DBUS_INTERFACE_SKELETON(service->selector),
                                                   connection, PATH, NULL));
    service->objects = g_dbus_object_manager_server_new(PATH);
    g_dbus_object_manager_server_set_connection(service->objects, connection);
}

static void
service_clear(Service *service)
{
    g_object_unref(service->objects);
    g_dbus_interface_skeleton_unexport(G_DBUS_INTERFACE_SKELETON(service->vault));
    g_dbus_interface_skeleton_unexport(G_DBUS_INTERFACE_SKELETON(service->selector));
    g_object_unref(service->vault);
    g_object_unref(service->selector);
}

static void
keep_result(GObject *source, GAsyncResult *result, gpointer user_data)
{
    *(GAsyncResult **)user_data = g_object_ref(result);
}

/* What comes back as text, or the name of the error.  New. */
static char *
call(GDBusConnection *client, const char *service, const char *interface, const char *method,
     GVariant *arguments)
{
    g_autoptr(GAsyncResult) result = NULL;
    g_autoptr(GVariant) reply = NULL;
    g_autoptr(GError) error = NULL;

    g_dbus_connection_call(client, service, PATH, interface, method, arguments, NULL,
                           G_DBUS_CALL_FLAGS_NONE, -1, NULL, keep_result, &result);
    while (result == NULL)
        g_main_context_iteration(NULL, TRUE);
    reply = g_dbus_connection_call_finish(client, result, &error);
    return reply != NULL ? g_variant_print(reply, FALSE) : g_dbus_error_get_remote_error(error);
}

static GVariant *
property(const char *interface, const char *name)
{
    return g_variant_new("(ss)", interface, name);
}

/* One row for each thing that can be read. */
static void
check(GDBusConnection *client, const char *service, gboolean is_sandboxed)
{
    const struct {
        const char *interface, *method;
        GVariant *arguments;
        const char *open, *sandboxed;
    } rows[] = {
        {PROPERTIES, "Get", property("org.meishi.Agent1.Vault", "State"), "(<'locked'>,)", DENIED},
        {PROPERTIES, "Get", property("org.meishi.Agent1.Selector", "Version"), "(<uint32 7>,)",
         "(<uint32 7>,)"},
        {PROPERTIES, "Get", property("org.meishi.Agent1.Vault", "Colour"),
         "org.freedesktop.DBus.Error.InvalidArgs", DENIED},
        {PROPERTIES, "Set",
         g_variant_new("(ssv)", "org.meishi.Agent1.Selector", "Version", g_variant_new_uint32(8)),
         "org.freedesktop.DBus.Error.InvalidArgs", "org.freedesktop.DBus.Error.InvalidArgs"},
        {PROPERTIES, "Get", g_variant_new("(ii)", 1, 2), "org.freedesktop.DBus.Error.UnknownMethod",
         DENIED},
        {PROPERTIES, "GetAll", NULL, "org.freedesktop.DBus.Error.UnknownMethod", DENIED},
        {OBJECTS, "GetManagedObjects", NULL, "({},)", DENIED},
        {"org.freedesktop.DBus.Peer", "Ping", NULL, "()", "()"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text =
            call(client, service, rows[i].interface, rows[i].method, rows[i].arguments);

        g_test_message("row %" G_GSIZE_FORMAT, i);
        g_assert_cmpstr(text, ==, is_sandboxed ? rows[i].sandboxed : rows[i].open);
    }
}

/* ---- private connections --------------------------------------------------------------------- */

static void
on_signal(GDBusConnection *connection, const char *sender, const char *path, const char *interface,
          const char *signal, GVariant *parameters, gpointer user_data)
{
    const char *changed;

    g_variant_get_child(parameters, 0, "&s", &changed);
    g_string_append_printf(user_data, "%s ", strrchr(changed, '.') + 1);
}

/* What the other end hears of two properties that change. */
static char *
listen_for_changes(const Pair *pair, Service *service)
{
    GString *heard = g_string_new(NULL);
    guint id = g_dbus_connection_signal_subscribe(pair->client, NULL, PROPERTIES, NULL, NULL, NULL,
                                                  G_DBUS_SIGNAL_FLAGS_NONE, on_signal, heard, NULL);

    meishi_bus_vault_set_state(service->vault, "unlocked");
    g_dbus_interface_skeleton_flush(G_DBUS_INTERFACE_SKELETON(service->vault));
    meishi_bus_selector_set_version(service->selector, 8);
    g_dbus_interface_skeleton_flush(G_DBUS_INTERFACE_SKELETON(service->selector));
    while (strstr(heard->str, "Selector") == NULL)
        g_main_context_iteration(NULL, TRUE);
    g_dbus_connection_signal_unsubscribe(pair->client, id);
    return g_string_free(heard, FALSE);
}

static void
check_private(gboolean is_sandboxed, const char *signals)
{
    g_autoptr(MeishiApplication) application = meishi_application_new_unknown();
    g_autofree char *heard = NULL;
    Service service;
    Pair pair;

    application->is_sandboxed = is_sandboxed;
    pair_init(&pair, application);
    service_init(&service, pair.server);
    pair_start(&pair);
    check(pair.client, NULL, is_sandboxed);
    heard = listen_for_changes(&pair, &service);
    g_assert_cmpstr(heard, ==, signals);
    service_clear(&service);
    pair_clear(&pair);
}

static void
test_private(void)
{
    check_private(FALSE, "Vault Selector ");
}

static void
test_sandboxed(void)
{
    check_private(TRUE, "Selector ");
}

/* ---- a bus ----------------------------------------------------------------------------------- */

static GTestDBus *bus;

static GDBusConnection *
join(void)
{
    g_autoptr(GError) error = NULL;
    GDBusConnection *connection =
        g_dbus_connection_new_for_address_sync(g_test_dbus_get_bus_address(bus),
                                               G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                   G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                               NULL, NULL, &error);

    g_assert_no_error(error);
    return connection;
}

static void
leave(GDBusConnection *connection)
{
    g_dbus_connection_close_sync(connection, NULL, NULL);
    g_object_unref(connection);
}

/* The way round through ourselves changes nothing. */
static void
test_bus(void)
{
    GDBusConnection *server = join(), *client = join();
    Service service;

    meishi_screen_bus(server);
    service_init(&service, server);
    check(client, g_dbus_connection_get_unique_name(server), FALSE);
    service_clear(&service);
    leave(client);
    leave(server);
}

/* Who leaves before the answer comes leaves nothing behind. */
static void
test_bus_leaves(void)
{
    GDBusConnection *server = join(), *client = join(), *other = join();
    const char *name = g_dbus_connection_get_unique_name(server);
    g_autofree char *text = NULL;
    Service service;

    meishi_screen_bus(server);
    service_init(&service, server);
    for (int i = 0; i < 10; i++)
        g_dbus_connection_call(client, name, PATH, OBJECTS, "GetManagedObjects", NULL, NULL,
                               G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
    g_assert_true(g_dbus_connection_flush_sync(client, NULL, NULL));
    leave(client);
    text = call(other, name, OBJECTS, "GetManagedObjects", NULL);
    g_assert_cmpstr(text, ==, "({},)");
    service_clear(&service);
    leave(other);
    leave(server);
}

int
main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    bus = g_test_dbus_new(G_TEST_DBUS_NONE);
    g_test_dbus_up(bus);
    meishi_bus_error_register();
    g_test_add_func("/bus/screen/private", test_private);
    g_test_add_func("/bus/screen/sandboxed", test_sandboxed);
    g_test_add_func("/bus/screen/bus", test_bus);
    g_test_add_func("/bus/screen/bus-leaves", test_bus_leaves);
    status = g_test_run();
    g_test_dbus_down(bus);
    g_object_unref(bus);
    return status;
}
