/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One client's connection and where it stands.
 *
 * At any moment a connection has one owner, who alone may touch it: the pool's epoll set (it waits
 * for a frame), a worker (it is served), the pool's queue (a long request waits its turn), or the
 * main loop (it waits for an errand).  Nothing in here needs a lock for that reason.
 *
 * The state machine does no I/O; worker.c and errands.c do what it says.
 */
#pragma once

#include "daemon/crypto/crypto.h"
#include "daemon/server/audience.h"
#include "module/wire/msg.h"
#include "module/wire/packet.h"

typedef enum {
    MEISHI_CONN_GREETING, /* connected, HELLO has not come */
    MEISHI_CONN_READY,    /* waits for a request */
    MEISHI_CONN_WORKING,  /* a request is being served */
    MEISHI_CONN_PARKED,   /* a request waits for the main loop or for its turn */
    MEISHI_CONN_CLOSED,
    MEISHI_CONN_N_STATES,
} MeishiConnState;

typedef enum {
    MEISHI_CONN_HELLO,    /* a HELLO frame came */
    MEISHI_CONN_REQUEST,  /* another known request came */
    MEISHI_CONN_NONSENSE, /* what came is no frame of the protocol */
    MEISHI_CONN_ANSWERED,
    MEISHI_CONN_REJECTED, /* answered, and there is nothing more to say */
    MEISHI_CONN_PUT_OFF,  /* cannot be answered here and now */
    MEISHI_CONN_RESUMED,
    MEISHI_CONN_HUNG_UP, /* the peer, or sending to it failed */
    MEISHI_CONN_N_EVENTS,
} MeishiConnEvent;

typedef enum {
    MEISHI_CONN_SERVE,  /* run the handler */
    MEISHI_CONN_REFUSE, /* answer BAD_MESSAGE, then close */
    MEISHI_CONN_LISTEN, /* wait for the next frame */
    MEISHI_CONN_PARK,   /* give it to whoever is to go on with it */
    MEISHI_CONN_CLOSE,
} MeishiConnAction;

/* What the main loop does for a request, and what came of it.  The handler that asks for it fills
 * the first part in. */
typedef struct {
    MeishiLayout layout;      /* HELLO: that the client asks for */
    MeishiIdentity *identity; /* OPERATE: whose key is to be unsealed */
    MeishiConfirm confirm;    /* OPERATE: what a person has to be asked before */
    MeishiSecret *pin;        /* LOGIN: NULL where none was given */
    guint64 counter;          /* WAIT: what the client knows */
    MeishiOperation op;       /* OPERATE with a key on a token: what it is to do ... */
    MeishiAway away;          /* ... and how it can */

    gboolean is_done;
    enum meishi_wire_status status;
    MeishiKey *key;
    MeishiSecret *result; /* of the token */
} MeishiErrand;

typedef struct {
    MeishiConnState state;
    int fd;
    MeishiAudience *audience; /* who it is and what it is shown; HELLO may change the layout */
    GList link;               /* in the pool's list */
    gint n_hand_overs;        /* atomic; between owners, pool.c */

    /* Of a request that is parked: */
    struct meishi_msg_head head;
    guint8 *frame; /* NULL where the errand says all */
    gsize frame_len;
    struct meishi_packet_fds fds;
    MeishiErrand *errand; /* NULL where it waits for its turn alone */
} MeishiConn;

/* Takes @fd and @audience over. */
MeishiConn *meishi_conn_new(int fd, MeishiAudience *audience);
void meishi_conn_free(MeishiConn *conn); /* closes, wipes */

/* Moves to the next state and says what to do. */
MeishiConnAction meishi_conn_step(MeishiConn *conn, MeishiConnEvent event);

/* Keeps a request until later: a copy of @frame (NULL: not needed), the descriptors. */
void meishi_conn_keep(MeishiConn *conn, const struct meishi_msg_head *head, const guint8 *frame,
                      gsize len, struct meishi_packet_fds *fds);

/* Forgets and wipes what was kept. */
void meishi_conn_forget(MeishiConn *conn);
