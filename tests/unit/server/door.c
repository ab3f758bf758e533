/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/server/door.h"

#include "daemon/server/handle.h"
#include "module/wire/cryptoki.h"

#include <glib/gstdio.h>
#include <sys/socket.h>

void
door_add_identity(Door *door, SampleKind kind, gint64 row)
{
    g_autoptr(MeishiIdentity) identity = sample_identity_new(kind, row);
    g_autoptr(MeishiKey) key = sample_identity_key(kind);

    stub_agent_add(door->agent, identity, key);
}

void
door_set_up(Door *door, gconstpointer n_workers)
{
    g_autoptr(GError) error = NULL;
    int fd;

    door->dir = g_dir_make_tmp("meishi-server-XXXXXX", NULL);
    door->path = g_build_filename(door->dir, "pkcs11", NULL);
    door->agent = stub_agent_new();
    door_add_identity(door, SAMPLE_EC, EC_ROW);
    door_add_identity(door, SAMPLE_RSA, RSA_ROW);
    fd = meishi_listen(door->path, SOCK_SEQPACKET, &error);
    g_assert_no_error(error);
    door->server = meishi_server_new(door->agent, fd, GPOINTER_TO_UINT(n_workers), &error);
    g_assert_no_error(error);
}

void
door_tear_down(Door *door, gconstpointer unused)
{
    if (door->server != NULL)
        meishi_server_stop(door->server, 5000);
    meishi_server_free(door->server);
    g_assert_finalize_object(door->agent);
    g_unlink(door->path);
    g_rmdir(door->dir);
    g_free(door->dir);
    g_free(door->path);
}

guint64
door_private_key(gint64 row)
{
    return meishi_handle_make(MEISHI_HANDLE_PRIVATE_KEY, row);
}

guint64
door_public_key(gint64 row)
{
    return meishi_handle_make(MEISHI_HANDLE_PUBLIC_KEY, row);
}

enum meishi_wire_status
door_ask(Client *client)
{
    g_assert_true(client_call(client, -1));
    return client_status(client);
}

void
door_put_sign(Client *client)
{
    static const guint8 digest[32] = {1, 2, 3};

    client_put_operate(client, door_private_key(EC_ROW), MEISHI_WIRE_SIGN, CKM_ECDSA, digest,
                       sizeof digest);
}
