/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/server/client.h"

#include "module/wire/reader.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_US (20 * G_USEC_PER_SEC)

Client *
client_new(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    Client *client = g_new0(Client, 1);

    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    client->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    g_assert_cmpint(connect(client->fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    meishi_buf_init(&client->frame, MEISHI_WIRE_MAX_FRAME);
    return client;
}

Client *
client_new_greeted(const char *path)
{
    Client *client = client_new(path);

    meishi_msg_hello_encode(&client->frame, 1, &(struct meishi_msg_hello){.version = 1});
    g_assert_true(client_call(client, -1));
    g_assert_cmpint(client_status(client), ==, MEISHI_WIRE_OK);
    return client;
}

void
client_free(Client *client)
{
    meishi_packet_fds_close(&client->fds);
    meishi_buf_clear(&client->frame);
    close(client->fd);
    g_free(client);
}

void
client_send(Client *client, int fd)
{
    struct meishi_packet_fds fds = {.n = fd >= 0 ? 1 : 0, .fd = {fd}};

    g_assert_false(client->frame.failed);
    g_assert_cmpint(meishi_packet_send(client->fd, client->frame.data, client->frame.len, &fds, 0),
                    ==, 0);
    meishi_buf_reset(&client->frame);
}

/* 1: a packet, 0: the end, -1: nothing yet */
static int
take(Client *client)
{
    ssize_t got;

    meishi_packet_fds_close(&client->fds);
    got = meishi_packet_recv(client->fd, client->reply, sizeof client->reply, MSG_DONTWAIT,
                             &client->fds);
    if (got == -EAGAIN)
        return -1;
    if (got <= 0)
        return 0;
    g_assert_true(meishi_msg_head_decode(client->reply, (gsize)got, &client->head, &client->body));
    return 1;
}

gboolean
client_poll(Client *client)
{
    return take(client) == 1;
}

static void
turn(gint64 start)
{
    g_assert_cmpint(g_get_monotonic_time() - start, <, PATIENCE_US);
    if (!g_main_context_iteration(NULL, FALSE))
        g_usleep(50);
}

gboolean
client_receive(Client *client)
{
    gint64 start = g_get_monotonic_time();
    int r;

    while ((r = take(client)) < 0)
        turn(start);
    return r == 1;
}

gboolean
client_call(Client *client, int fd)
{
    client_send(client, fd);
    return client_receive(client);
}

enum meishi_wire_status
client_status(const Client *client)
{
    struct meishi_reader reader;

    meishi_reader_init(&reader, client->body.data, client->body.len);
    return (enum meishi_wire_status)meishi_reader_u32(&reader);
}

void
client_wait_until(gboolean (*func)(gpointer user_data), gpointer user_data)
{
    gint64 start = g_get_monotonic_time();

    while (!func(user_data))
        turn(start);
}

void
client_put_operate(Client *client, guint64 object, enum meishi_wire_operation operation,
                   guint64 mechanism, const void *data, gsize len)
{
    const struct meishi_msg_operate msg = {.object = object,
                                           .operation = operation,
                                           .mechanism = {.type = mechanism},
                                           .data = {data, len}};

    meishi_msg_operate_encode(&client->frame, 7, &msg);
}

void
client_put_digest_in_file(Client *client, guint64 mechanism)
{
    const struct meishi_msg_operate msg = {
        .operation = MEISHI_WIRE_DIGEST, .mechanism = {.type = mechanism}, .in_file = true};

    meishi_msg_operate_encode(&client->frame, 7, &msg);
}
