/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who calls and what they may, on a private connection and on a message bus of our own.
 */
#include "daemon/bus/caller.h"

#include "daemon/base/error.h"
#include "daemon/bus/agent1.h"
#include "daemon/bus/error.h"
#include "tests/unit/bus/pair.h"

#include <unistd.h>

#define PATH     "/org/meishi/Agent1"
#define VAULT    "org.meishi.Agent1.Vault"
#define SELECTOR "org.meishi.Agent1.Selector"
#define REQUEST  "org.meishi.Agent1.Request"

/* ---- what is open to sandboxes --------------------------------------------------------------- */

static void
test_open(void)
{
    static const struct {
        const char *interface, *method;
        gboolean open;
    } rows[] = {
        {SELECTOR, "SelectIdentity", TRUE},
        {SELECTOR, "Match", TRUE},
        {SELECTOR, "ReportOutcome", TRUE},
        {SELECTOR, "Explain", FALSE},
        {SELECTOR, "Bind", FALSE},
        {REQUEST, "Cancel", TRUE},
        {VAULT, "Lock", FALSE},
        {"org.meishi.Agent1.Manager", "Import", FALSE},
        {"org.meishi.Agent1.Choices", "List", FALSE},
        {"org.meishi.Agent1.Policy", "Describe", FALSE},
        {"org.meishi.Agent1.Agents", "Register", FALSE},
        {"org.meishi.Agent1.Identity", "Remove", FALSE},
        {"org.meishi.Agent1.Selector2", "SelectIdentity", FALSE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpint(meishi_caller_is_open_to_sandbox(rows[i].interface, rows[i].method), ==,
                        rows[i].open);
}

/* ---- a service of three interfaces ----------------------------------------------------------- */

typedef struct {
    MeishiBusVault *vault;
    MeishiBusSelector *selector;
    MeishiBusRequest *request;
    GPtrArray *calls; /* GDBusMethodInvocation, not answered where @holds */
    gboolean holds;
    char *application; /* of the last caller */
    pid_t pid;
    gpointer owner;
    GString *order; /* what was called, a letter each */
} Service;

static gboolean
on_call(Service *service, GDBusMethodInvocation *invocation)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiApplication) application = meishi_caller_application(invocation, &error);

    g_assert_no_error(error);
    service->pid = application->pid;
    g_free(service->application);
    service->application = g_strdup(application->name);
    service->owner = meishi_caller_owner(invocation);
    g_string_append_c(service->order, g_dbus_method_invocation_get_method_name(invocation)[0]);
    if (service->holds)
        g_ptr_array_add(service->calls, invocation);
    else
        g_dbus_method_invocation_return_error(invocation, MEISHI_ERROR, MEISHI_ERROR_EXISTS,
                                              "reached");
    return TRUE;
}

static void
follow(Service *service, gpointer skeleton, const char *const *signals)
{
    for (; *signals != NULL; signals++)
        g_signal_connect_swapped(skeleton, *signals, G_CALLBACK(on_call), service);
    meishi_caller_guard(skeleton);
}

static void
service_init(Service *service)
{
    static const char *const vault[] = {"handle-lock", "handle-check", NULL};
    static const char *const selector[] = {"handle-explain", "handle-bind", "handle-match", NULL};
    static const char *const request[] = {"handle-cancel", NULL};

    service->vault = meishi_bus_vault_skeleton_new();
    service->selector = meishi_bus_selector_skeleton_new();
    service->request = meishi_bus_request_skeleton_new();
    service->calls = g_ptr_array_new();
    service->order = g_string_new(NULL);
    follow(service, service->vault, vault);
    follow(service, service->selector, selector);
    follow(service, service->request, request);
}

static void
service_export(Service *service, GDBusConnection *connection)
{
    gpointer skeletons[] = {service->vault, service->selector, service->request};

    for (gsize i = 0; i < G_N_ELEMENTS(skeletons); i++)
        g_assert_true(g_dbus_interface_skeleton_export(skeletons[i], connection, PATH, NULL));
}

static void
service_clear(Service *service)
{
    gpointer skeletons[] = {service->vault, service->selector, service->request};

    for (gsize i = 0; i < G_N_ELEMENTS(skeletons); i++) {
        g_dbus_interface_skeleton_unexport(skeletons[i]);
        g_object_unref(skeletons[i]);
    }
    g_ptr_array_unref(service->calls);
    g_string_free(service->order, TRUE);
    g_free(service->application);
}

/* ---- a client -------------------------------------------------------------------------------- */

static void
keep_result(GObject *source, GAsyncResult *result, gpointer user_data)
{
    *(GAsyncResult **)user_data = g_object_ref(result);
}

/* The name of the error that comes back; "reached" where the service answered.  New. */
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
    g_assert_null(reply);
    if (g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_EXISTS))
        return g_strdup("reached");
    return g_dbus_error_get_remote_error(error);
}

#define ASSERT_CALL(client, name, interface, method, arguments, expected)            \
    G_STMT_START                                                                     \
    {                                                                                \
        g_autofree char *answer_ = call(client, name, interface, method, arguments); \
        g_assert_cmpstr(answer_, ==, expected);                                      \
    }                                                                                \
    G_STMT_END

#define DENIED "org.meishi.Agent1.Error.Denied"

static GVariant *
dry_run(void)
{
    return g_variant_new("((ssq)a{sv}a{sv})", "https", "www.example.com", 443, NULL, NULL);
}

/* ---- private connections --------------------------------------------------------------------- */

typedef struct {
    Service service;
    Pair ends;
} Place;

static void
place_init(Place *place, MeishiApplication *application)
{
    *place = (Place){0};
    pair_init(&place->ends, application);
    service_init(&place->service);
    service_export(&place->service, place->ends.server);
    pair_start(&place->ends);
}

static void
place_clear(Place *place)
{
    service_clear(&place->service);
    pair_clear(&place->ends);
}

static void
test_private(void)
{
    g_autoptr(MeishiApplication) application = meishi_application_new_unknown();
    Place one, other;

    application->name = g_strdup("exe:/bin/x");
    place_init(&one, application);
    place_init(&other, application);
    ASSERT_CALL(one.ends.client, NULL, VAULT, "Lock", NULL, "reached");
    ASSERT_CALL(one.ends.client, NULL, SELECTOR, "Explain", dry_run(), "reached");
    ASSERT_CALL(other.ends.client, NULL, VAULT, "Lock", NULL, "reached");
    g_assert_cmpstr(one.service.application, ==, "exe:/bin/x");
    g_assert_nonnull(one.service.owner);
    g_assert_true(one.service.owner != other.service.owner);
    place_clear(&one);
    place_clear(&other);
}

static void
test_sandboxed(void)
{
    g_autoptr(MeishiApplication) application = meishi_application_new_unknown();
    Place place;

    application->is_sandboxed = TRUE;
    place_init(&place, application);
    ASSERT_CALL(place.ends.client, NULL, VAULT, "Lock", NULL, DENIED);
    ASSERT_CALL(place.ends.client, NULL, SELECTOR, "Explain", dry_run(), DENIED);
    ASSERT_CALL(place.ends.client, NULL, SELECTOR, "Bind", g_variant_new("(s)", "x"), DENIED);
    ASSERT_CALL(place.ends.client, NULL, SELECTOR, "Match", dry_run(), "reached");
    ASSERT_CALL(place.ends.client, NULL, REQUEST, "Cancel", NULL, "reached");
    g_assert_cmpstr(place.service.order->str, ==, "MC");
    place_clear(&place);
}

/* ---- a bus ----------------------------------------------------------------------------------- */

/* One for all tests, because the environment can only be changed before there are threads. */
static GTestDBus *bus;

typedef struct {
    GDBusConnection *server;
    Service service;
} Fixture;

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
set_up(Fixture *f, gconstpointer unused)
{
    f->server = join();
    service_init(&f->service);
    service_export(&f->service, f->server);
}

static void
tear_down(Fixture *f, gconstpointer unused)
{
    service_clear(&f->service);
    g_dbus_connection_close_sync(f->server, NULL, NULL);
    g_object_unref(f->server);
}

static void
leave(GDBusConnection *client)
{
    g_dbus_connection_close_sync(client, NULL, NULL);
    g_object_unref(client);
}

static void
test_bus(Fixture *f, gconstpointer unused)
{
    const char *name = g_dbus_connection_get_unique_name(f->server);
    GDBusConnection *one = join(), *other = join();
    gpointer owner;

    ASSERT_CALL(one, name, VAULT, "Lock", NULL, "reached");
    g_assert_cmpint(f->service.pid, ==, getpid());
    g_assert_true(g_str_has_prefix(f->service.application, "exe:/"));
    owner = f->service.owner;
    g_assert_nonnull(owner);
    ASSERT_CALL(other, name, VAULT, "Lock", NULL, "reached");
    g_assert_true(f->service.owner != owner);
    ASSERT_CALL(one, name, VAULT, "Lock", NULL, "reached");
    g_assert_true(f->service.owner == owner);
    leave(one);
    leave(other);
}

/* What comes while the bus is being asked waits for the same answer. */
static void
test_together(Fixture *f, gconstpointer unused)
{
    const char *name = g_dbus_connection_get_unique_name(f->server);
    GDBusConnection *client = join();
    GAsyncResult *results[20] = {NULL};

    for (gsize i = 0; i < G_N_ELEMENTS(results); i++)
        g_dbus_connection_call(client, name, PATH, VAULT, "Lock", NULL, NULL,
                               G_DBUS_CALL_FLAGS_NONE, -1, NULL, keep_result, &results[i]);
    for (gsize i = 0; i < G_N_ELEMENTS(results); i++) {
        g_autoptr(GVariant) reply = NULL;
        g_autoptr(GError) error = NULL;

        while (results[i] == NULL)
            g_main_context_iteration(NULL, TRUE);
        reply = g_dbus_connection_call_finish(client, results[i], &error);
        g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_EXISTS);
        g_object_unref(results[i]);
    }
    g_assert_cmpuint(f->service.order->len, ==, G_N_ELEMENTS(results));
    leave(client);
}

/* Who has left is forgotten, and the next one is not taken for it. */
static void
test_leaves(Fixture *f, gconstpointer unused)
{
    const char *name = g_dbus_connection_get_unique_name(f->server);
    GDBusConnection *client = join();
    g_autoptr(MeishiApplication) application = NULL;
    g_autoptr(GError) error = NULL;
    gpointer owner;

    f->service.holds = TRUE;
    g_dbus_connection_call(client, name, PATH, VAULT, "Lock", NULL, NULL, G_DBUS_CALL_FLAGS_NONE,
                           -1, NULL, NULL, NULL);
    while (f->service.calls->len == 0)
        g_main_context_iteration(NULL, TRUE);
    owner = f->service.owner;
    leave(client);
    while (meishi_caller_owner(f->service.calls->pdata[0]) != NULL)
        g_main_context_iteration(NULL, TRUE);
    application = meishi_caller_application(f->service.calls->pdata[0], &error);
    g_assert_null(application);
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
    g_dbus_method_invocation_return_value(f->service.calls->pdata[0], NULL);

    f->service.holds = FALSE;
    client = join();
    ASSERT_CALL(client, name, VAULT, "Lock", NULL, "reached");
    g_assert_true(f->service.owner != owner);
    leave(client);
}

static GDBusMessage *
count_questions(GDBusConnection *connection, GDBusMessage *message, gboolean incoming,
                gpointer user_data)
{
    if (!incoming && g_strcmp0(g_dbus_message_get_member(message), "GetConnectionCredentials") == 0)
        g_atomic_int_inc((int *)user_data);
    return message;
}

/* Too many to be known at a time: nobody is refused, who calls often stays known, and who was
 * dropped is asked for anew and owns what it owned. */
static void
test_many(Fixture *f, gconstpointer unused)
{
    const char *name = g_dbus_connection_get_unique_name(f->server);
    GDBusConnection *clients[MEISHI_CALLER_MAX + 1];
    const gsize last = G_N_ELEMENTS(clients) - 1;
    static int n_questions;
    guint filter = g_dbus_connection_add_filter(f->server, count_questions, &n_questions, NULL);
    gpointer owner = NULL;

    for (gsize i = 0; i <= last; i++) {
        clients[i] = join();
        if (i == last)
            ASSERT_CALL(clients[0], name, VAULT, "Lock", NULL, "reached");
        ASSERT_CALL(clients[i], name, VAULT, "Lock", NULL, "reached");
        if (i == 1)
            owner = f->service.owner;
    }
    g_assert_cmpint(g_atomic_int_get(&n_questions), ==, MEISHI_CALLER_MAX + 1);
    ASSERT_CALL(clients[0], name, VAULT, "Lock", NULL, "reached");
    ASSERT_CALL(clients[last], name, VAULT, "Lock", NULL, "reached");
    g_assert_cmpint(g_atomic_int_get(&n_questions), ==, MEISHI_CALLER_MAX + 1);
    ASSERT_CALL(clients[1], name, VAULT, "Lock", NULL, "reached");
    g_assert_cmpint(g_atomic_int_get(&n_questions), ==, MEISHI_CALLER_MAX + 2);
    g_assert_true(f->service.owner == owner);
    for (gsize i = 0; i <= last; i++)
        leave(clients[i]);
    g_dbus_connection_remove_filter(f->server, filter);
}

#define ADD(path, func) g_test_add("/bus/caller/" path, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    bus = g_test_dbus_new(G_TEST_DBUS_NONE);
    g_test_dbus_up(bus);
    meishi_bus_error_register();
    g_test_add_func("/bus/caller/open-to-sandbox", test_open);
    g_test_add_func("/bus/caller/private", test_private);
    g_test_add_func("/bus/caller/sandboxed", test_sandboxed);
    ADD("bus", test_bus);
    ADD("together", test_together);
    ADD("leaves", test_leaves);
    ADD("many", test_many);
    status = g_test_run();
    g_test_dbus_down(bus);
    g_object_unref(bus);
    return status;
}
