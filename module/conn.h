/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One connection to the daemon: it begins with HELLO and carries one exchange at a time.  Knows
 * the frame around a message, not what is in it; no locks, no retries.
 */
#pragma once

#include "module/sock.h"
#include "module/wire/msg.h"

#include <stdbool.h>
#include <stdint.h>

#define MEISHI_CONN_REPLY_SIZE (MEISHI_WIRE_MAX_RESULT + 64)

struct meishi_conn {
    struct meishi_conn *next; /* for client.c */
    struct meishi_sock sock;
    uint64_t instance;
    uint32_t last_call;
    size_t reply_len;
    uint8_t reply[MEISHI_CONN_REPLY_SIZE];
};

/* One request and its reply. */
struct meishi_exchange {
    const struct meishi_buf *frame;      /* the request; its call number is filled in here */
    const struct meishi_packet_fds *fds; /* to send; NULL: none */
    struct meishi_packet_fds *ret_fds;   /* to receive; NULL: none may come */
    int64_t deadline_ms;
    bool with_spin;
    const struct meishi_sock_cancel *cancel; /* while it waits for the reply; NULL: not */
};

/* Connects; 0 or a negative errno.  NULL in @ret_conn never goes with 0. */
int meishi_conn_open(struct meishi_conn **ret_conn) __attribute__((warn_unused_result));

/* Says HELLO with @flags; @ret_fds has the pulse page and the snapshot where they were wanted. */
int meishi_conn_hello(struct meishi_conn *conn, uint32_t flags,
                      struct meishi_msg_hello_reply *ret_reply, struct meishi_packet_fds *ret_fds)
    __attribute__((warn_unused_result));

/* Sends and receives.  0 with the reply's body, which lives in @conn, or a negative errno: -EPIPE
 * where the connection ended, -EPROTO where the daemon broke the protocol, -ETIMEDOUT.  After a
 * failure the connection is good for nothing but being freed. */
int meishi_conn_exchange(struct meishi_conn *conn, const struct meishi_exchange *exchange,
                         struct meishi_bytes *ret_body) __attribute__((warn_unused_result));

/* Wipes the last reply. */
void meishi_conn_forget(struct meishi_conn *conn);

void meishi_conn_free(struct meishi_conn *conn);
