/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One connection's view of the agent: Manager and Vault at the root, an Identity object for each
 * identity below it.  Each door has skeletons of its own, because GDBusObjectManagerServer takes a
 * skeleton off every connection when it takes it off one.
 */
#include "daemon/bus/door.h"

#include "daemon/bus/identity-object.h"
#include "daemon/bus/manager-object.h"
#include "daemon/bus/vault-object.h"

struct MeishiDoor {
    MeishiAgent *agent;
    GDBusConnection *connection;
    GDBusObjectManagerServer *objects;
    MeishiManagerObject *manager;
    MeishiVaultObject *vault;
};

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
        meishi_identity_object_update(G_DBUS_OBJECT_SKELETON(shown), identity);
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
follow_agent(MeishiDoor *door)
{
    g_autoptr(GPtrArray) identities = meishi_agent_list(door->agent);

    for (guint i = 0; i < identities->len; i++)
        show_identity(door, identities->pdata[i]);
    g_signal_connect(door->agent, "identity-added", G_CALLBACK(on_identity_shown), door);
    g_signal_connect(door->agent, "identity-changed", G_CALLBACK(on_identity_shown), door);
    g_signal_connect(door->agent, "identity-removed", G_CALLBACK(on_identity_removed), door);
}

MeishiDoor *
meishi_door_new(const MeishiDoorContext *context, GDBusConnection *connection, GError **error)
{
    MeishiDoor *door = g_new0(MeishiDoor, 1);

    door->agent = g_object_ref(context->agent);
    door->connection = g_object_ref(connection);
    door->objects = g_dbus_object_manager_server_new(MEISHI_BUS_PATH);
    door->manager = meishi_manager_object_new(context);
    door->vault = meishi_vault_object_new(context->agent);
    if (!meishi_manager_object_export(door->manager, connection, error) ||
        !meishi_vault_object_export(door->vault, connection, error)) {
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
    meishi_manager_object_free(door->manager);
    meishi_vault_object_free(door->vault);
    g_object_unref(door->connection);
    g_object_unref(door->agent);
    g_free(door);
}

GDBusConnection *
meishi_door_connection(MeishiDoor *door)
{
    return door->connection;
}
