/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A client that speaks the protocol by hand, in the thread that also runs the server's main loop:
 * whoever waits for a reply turns the loop meanwhile.
 */
#pragma once

#include "module/wire/msg.h"
#include "module/wire/packet.h"

#include <glib.h>

typedef struct {
    int fd;
    struct meishi_buf frame; /* encode the next request into this */
    guint8 reply[MEISHI_WIRE_MAX_FRAME];
    struct meishi_msg_head head; /* of the last reply */
    struct meishi_bytes body;
    struct meishi_packet_fds fds; /* that came with it */
} Client;

Client *client_new(const char *path); /* connects; no greeting yet */
Client *client_new_greeted(const char *path);
void client_free(Client *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Client, client_free)

/* Sends what is in @frame, with @fd unless it is -1. */
void client_send(Client *client, int fd);

/* Waits for a packet; FALSE where the server closed the connection. */
gboolean client_receive(Client *client) G_GNUC_WARN_UNUSED_RESULT;

/* TRUE where a packet is there now; takes it. */
gboolean client_poll(Client *client) G_GNUC_WARN_UNUSED_RESULT;

/* Sends and waits. */
gboolean client_call(Client *client, int fd) G_GNUC_WARN_UNUSED_RESULT;

/* The status of the last reply, whatever its type. */
enum meishi_wire_status client_status(const Client *client);

/* Turns the main loop until @func says so; fails the test after ten seconds. */
void client_wait_until(gboolean (*func)(gpointer user_data), gpointer user_data);

/* Requests. */
void client_put_operate(Client *client, guint64 object, enum meishi_wire_operation operation,
                        guint64 mechanism, const void *data, gsize len);
void client_put_digest_in_file(Client *client, guint64 mechanism);
