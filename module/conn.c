/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One connection.  The daemon is not trusted more than it has to be: a reply must repeat type and
 * call number, fit the buffer, and carry the descriptors that the request asked for.
 */
#include "module/conn.h"

#include "module/wire/wipe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HELLO_TIMEOUT_MS 5000
#define HEAD_SIZE        8

int
meishi_conn_open(struct meishi_conn **ret_conn)
{
    struct meishi_conn *conn = malloc(sizeof *conn); /* most of it is a buffer: not cleared */
    int r;

    if (conn == NULL)
        return -ENOMEM;
    conn->next = NULL;
    conn->instance = 0;
    conn->last_call = 0;
    conn->reply_len = 0;
    r = meishi_sock_connect(&conn->sock);
    if (r < 0)
        free(conn);
    else
        *ret_conn = conn;
    return r;
}

/* Writes the next call number into a copy of the frame's head; the body is the caller's. */
static void
number_call(struct meishi_conn *conn, const struct meishi_buf *frame)
{
    uint32_t call = ++conn->last_call;

    for (unsigned i = 0; i < 4; i++)
        frame->data[4 + i] = (uint8_t)(call >> (24 - 8 * i));
}

static uint32_t
frame_type(const struct meishi_buf *frame)
{
    return (uint32_t)frame->data[0] << 24 | (uint32_t)frame->data[1] << 16 |
           (uint32_t)frame->data[2] << 8 | frame->data[3];
}

static int
receive(struct meishi_conn *conn, const struct meishi_exchange *exchange)
{
    ssize_t n = meishi_sock_recv(&conn->sock, conn->reply, sizeof conn->reply, exchange->with_spin,
                                 exchange->deadline_ms, exchange->ret_fds);

    if (n == -EMSGSIZE)
        return -EPROTO;
    if (n < 0)
        return n == -ECONNRESET ? -EPIPE : (int)n;
    conn->reply_len = (size_t)n;
    return n == 0 ? -EPIPE : 0;
}

int
meishi_conn_exchange(struct meishi_conn *conn, const struct meishi_exchange *exchange,
                     struct meishi_bytes *ret_body)
{
    struct meishi_msg_head head;
    int r;

    meishi_conn_forget(conn);
    number_call(conn, exchange->frame);
    r = meishi_sock_send(&conn->sock, exchange->frame->data, exchange->frame->len, exchange->fds,
                         exchange->deadline_ms);
    if (r == 0 && exchange->cancel != NULL)
        r = meishi_sock_await(&conn->sock, exchange->cancel);
    if (r == 0)
        r = receive(conn, exchange);
    if (r < 0)
        return r == -ECONNRESET || r == -ENOTCONN ? -EPIPE : r;
    if (!meishi_msg_head_decode(conn->reply, conn->reply_len, &head, ret_body) ||
        head.type != frame_type(exchange->frame) + MEISHI_WIRE_REPLY ||
        head.call != conn->last_call) {
        if (exchange->ret_fds != NULL)
            meishi_packet_fds_close(exchange->ret_fds);
        return -EPROTO;
    }
    return 0;
}

static int
check_hello(const struct meishi_msg_hello_reply *reply, uint32_t flags,
            const struct meishi_packet_fds *fds)
{
    unsigned n_expected = (flags & MEISHI_WIRE_WANT_SNAPSHOT) != 0 ? 2 : 0;

    if (reply->status != MEISHI_WIRE_OK || reply->version != MEISHI_WIRE_VERSION ||
        reply->instance == 0 || fds->n != n_expected)
        return -EPROTO;
    return 0;
}

int
meishi_conn_hello(struct meishi_conn *conn, uint32_t flags,
                  struct meishi_msg_hello_reply *ret_reply, struct meishi_packet_fds *ret_fds)
{
    struct meishi_packet_fds fds = {.n = 0};
    struct meishi_exchange exchange = {
        .ret_fds = &fds,
        .deadline_ms = meishi_sock_now_ms() + HELLO_TIMEOUT_MS,
        .with_spin = true,
    };
    struct meishi_bytes body;
    struct meishi_buf frame;
    int r;

    meishi_buf_init(&frame, MEISHI_WIRE_MAX_FRAME);
    meishi_msg_hello_encode(&frame, 0, &(struct meishi_msg_hello){MEISHI_WIRE_VERSION, flags});
    exchange.frame = &frame;
    r = frame.failed ? -ENOMEM : meishi_conn_exchange(conn, &exchange, &body);
    meishi_buf_clear(&frame);
    if (r == 0 && !meishi_msg_hello_reply_decode(body, ret_reply))
        r = -EPROTO;
    if (r == 0)
        r = check_hello(ret_reply, flags, &fds);
    if (r < 0) {
        meishi_packet_fds_close(&fds);
        return r;
    }
    conn->instance = ret_reply->instance;
    *ret_fds = fds;
    return 0;
}

void
meishi_conn_forget(struct meishi_conn *conn)
{
    meishi_wipe(conn->reply, conn->reply_len);
    conn->reply_len = 0;
}

void
meishi_conn_free(struct meishi_conn *conn)
{
    if (conn == NULL)
        return;
    meishi_sock_close(&conn->sock);
    meishi_conn_forget(conn);
    free(conn);
}
