/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One connection's view of the agent: the interfaces of root-objects.h at the root, below it an
 * object for each identity and each token.  Each door has skeletons of its own, because
 * GDBusObjectManagerServer takes a skeleton off every connection when it takes it off one.
 */
#include "daemon/bus/door.h"

#include "daemon/bus/caller.h"
#include "daemon/bus/identity-object.h"
#include "daemon/bus/root-objects.h"
#include "daemon/bus/token-objects.h"

struct MeishiDoor {
    MeishiAgent *agent;
    GDBusConnection *connection;
    GPtrArray *roots; /* GDBusInterfaceSkeleton */
    GDBusObjectManagerServer *objects;
};

static const MeishiRootObject root_objects[] = {
    meishi_selector_object_new, meishi_choices_object_new, meishi_policy_object_new,
    meishi_agents_object_new,   meishi_manager_object_new, meishi_vault_object_new,
};

/* ---- the root -------------------------------------------------------------------------------- */

static gboolean
show_roots(MeishiDoor *door, const MeishiDoorContext *context, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(root_objects); i++) {
        GDBusInterfaceSkeleton *root = root_objects[i](context);

        g_ptr_array_add(door->roots, root);
        meishi_caller_guard(root);
        if (!g_dbus_interface_skeleton_export(root, door->connection, MEISHI_BUS_PATH, error))
            return FALSE;
    }
    return TRUE;
}

void
meishi_root_object_free(GDBusInterfaceSkeleton *root)
{
    gpointer data = g_object_get_data(G_OBJECT(root), MEISHI_ROOT_DATA);

    if (g_dbus_interface_skeleton_get_object_path(root) != NULL)
        g_dbus_interface_skeleton_unexport(root);
    if (data != NULL)
        g_signal_handlers_disconnect_by_data(root, data);
    g_object_set_data(G_OBJECT(root), MEISHI_ROOT_DATA, NULL);
    g_object_unref(root);
}

/* ---- below it -------------------------------------------------------------------------------- */

/* A key that was waiting has got its certificate: it goes on as another object. */
static void
drop_bare_key(MeishiDoor *door, MeishiIdentity *identity)
{
    g_autofree char *path = meishi_identity_object_bare_path(identity);

    if (identity->cert_id != 0)
        g_dbus_object_manager_server_unexport(door->objects, path);
}

static void
show_identity(MeishiDoor *door, MeishiIdentity *identity)
{
    g_autofree char *path = meishi_identity_object_path(identity);
    g_autoptr(GDBusObject) shown =
        g_dbus_object_manager_get_object(G_DBUS_OBJECT_MANAGER(door->objects), path);

    drop_bare_key(door, identity);
    if (shown != NULL) {
        meishi_identity_object_update(G_DBUS_OBJECT_SKELETON(shown), door->agent, identity);
    } else {
        g_autoptr(GDBusObjectSkeleton) object =
            meishi_identity_object_new(door->agent, identity, path);

        g_dbus_object_manager_server_export(door->objects, object);
    }
}

static void
on_identity_shown(MeishiAgent *agent, MeishiIdentity *identity, gpointer user_data)
{
    show_identity(user_data, identity);
}

static void
on_identity_removed(MeishiAgent *agent, MeishiIdentity *identity, gpointer user_data)
{
    MeishiDoor *door = user_data;
    g_autofree char *path = meishi_identity_object_path(identity);

    g_dbus_object_manager_server_unexport(door->objects, path);
}

static void
on_view_changed(MeishiAgent *agent, gpointer user_data)
{
    MeishiDoor *door = user_data;

    meishi_token_objects_update(door->objects, agent);
}

static void
follow_agent(MeishiDoor *door)
{
    g_autoptr(GPtrArray) identities = meishi_agent_list(door->agent);

    for (guint i = 0; i < identities->len; i++)
        show_identity(door, identities->pdata[i]);
    meishi_token_objects_update(door->objects, door->agent);
    g_signal_connect(door->agent, "identity-added", G_CALLBACK(on_identity_shown), door);
    g_signal_connect(door->agent, "identity-changed", G_CALLBACK(on_identity_shown), door);
    g_signal_connect(door->agent, "identity-removed", G_CALLBACK(on_identity_removed), door);
    g_signal_connect(door->agent, "view-changed", G_CALLBACK(on_view_changed), door);
}

/* ---- the door -------------------------------------------------------------------------------- */

MeishiDoor *
meishi_door_new(const MeishiDoorContext *context, GDBusConnection *connection, GError **error)
{
    MeishiDoor *door = g_new0(MeishiDoor, 1);

    door->agent = g_object_ref(context->agent);
    door->connection = g_object_ref(connection);
    door->roots = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_root_object_free);
    door->objects = g_dbus_object_manager_server_new(MEISHI_BUS_PATH);
    if (!show_roots(door, context, error)) {
        meishi_door_free(door);
        return NULL;
    }
    follow_agent(door);
    g_dbus_object_manager_server_set_connection(door->objects, connection);
    return door;
}

void
meishi_door_free(MeishiDoor *door)
{
    g_signal_handlers_disconnect_by_data(door->agent, door);
    g_dbus_object_manager_server_set_connection(door->objects, NULL);
    g_object_unref(door->objects);
    g_ptr_array_unref(door->roots);
    g_object_unref(door->connection);
    g_object_unref(door->agent);
    g_free(door);
}

GDBusConnection *
meishi_door_connection(MeishiDoor *door)
{
    return door->connection;
}
