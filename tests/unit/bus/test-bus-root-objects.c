/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Calls that arrive while their connection's objects go.
 */
#include "daemon/bus/root-objects.h"

#include "tests/unit/agent/world.h"
#include "tests/unit/bus/pair.h"

#include <unistd.h>

#define ROOT "/org/meishi/Agent1"

/* A call that is held up in the thread in which GDBus asks whether it may be made. */
typedef struct {
    gint has_come, may_go;
    GError *error; /* what it ends with */
    gboolean is_over;
} Passage;

static gboolean
on_authorize(GDBusInterfaceSkeleton *root, GDBusMethodInvocation *call, gpointer user_data)
{
    Passage *passage = user_data;

    g_atomic_int_set(&passage->has_come, TRUE);
    while (!g_atomic_int_get(&passage->may_go))
        g_usleep(1000);
    return TRUE;
}

static void
on_reply(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Passage *passage = user_data;
    g_autoptr(GVariant) reply =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &passage->error);

    g_assert_null(reply);
    passage->is_over = TRUE;
}

static void
check_late(MeishiRootObject make, const char *interface, const char *method, GVariant *parameters)
{
    g_autoptr(MeishiApplication) application = meishi_application_new(getpid(), -1, NULL);
    World *world = world_new();
    const MeishiDoorContext context = {.agent = world->agent};
    GDBusInterfaceSkeleton *root = make(&context);
    Passage passage = {0};
    Pair pair;

    pair_init(&pair, application);
    meishi_caller_guard(root);
    g_signal_connect(root, "g-authorize-method", G_CALLBACK(on_authorize), &passage);
    g_assert_true(g_dbus_interface_skeleton_export(root, pair.server, ROOT, NULL));
    pair_start(&pair);
    g_dbus_connection_call(pair.client, NULL, ROOT, interface, method, parameters, NULL,
                           G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_reply, &passage);
    while (!g_atomic_int_get(&passage.has_come))
        g_main_context_iteration(NULL, FALSE);
    meishi_root_object_free(root);
    g_atomic_int_set(&passage.may_go, TRUE);
    while (!passage.is_over)
        g_main_context_iteration(NULL, TRUE);
    g_assert_error(passage.error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD);
    g_clear_error(&passage.error);
    pair_clear(&pair);
    world_free(world);
}

static void
test_agents(void)
{
    check_late(meishi_agents_object_new, "org.meishi.Agent1.Agents", "Unregister", NULL);
}

static void
test_selector(void)
{
    check_late(
        meishi_selector_object_new, "org.meishi.Agent1.Selector", "SelectIdentity",
        g_variant_new("((ssq)a{sv}sa{sv})", "https", "www.example.com", 443, NULL, "", NULL));
}

int
main(int argc, char **argv)
{
    world_init(&argc, &argv);
    g_test_add_func("/bus/root-objects/late/agents", test_agents);
    g_test_add_func("/bus/root-objects/late/selector", test_selector);
    return world_run();
}
