/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The states of a connection.  An empty field cannot happen and closes the connection.
 *
 *            | HELLO   | REQUEST | NONSENSE | ANSWERED | REJECTED | PUT_OFF | RESUMED | HUNG_UP
 *  ----------+---------+---------+----------+----------+----------+---------+---------+--------
 *  GREETING  | WORKING | CLOSED  | CLOSED   |          |          |         |         | CLOSED
 *            | serve   | refuse  | refuse   |          |          |         |         | close
 *  READY     | CLOSED  | WORKING | CLOSED   |          |          |         |         | CLOSED
 *            | refuse  | serve   | refuse   |          |          |         |         | close
 *  WORKING   |         |         | CLOSED   | READY    | CLOSED   | PARKED  |         | CLOSED
 *            |         |         | refuse   | listen   | close    | park    |         | close
 *  PARKED    |         |         |          |          |          |         | WORKING | CLOSED
 *            |         |         |          |          |          |         | serve   | close
 */
#include "daemon/server/conn.h"

#include "module/wire/wipe.h"

#include <string.h>
#include <unistd.h>

typedef struct {
    gboolean is_possible;
    MeishiConnState state;
    MeishiConnAction action;
} Step;

static const Step steps[MEISHI_CONN_N_STATES][MEISHI_CONN_N_EVENTS] = {
    [MEISHI_CONN_GREETING] =
        {
            [MEISHI_CONN_HELLO] = {TRUE, MEISHI_CONN_WORKING, MEISHI_CONN_SERVE},
            [MEISHI_CONN_REQUEST] = {TRUE, MEISHI_CONN_CLOSED, MEISHI_CONN_REFUSE},
            [MEISHI_CONN_NONSENSE] = {TRUE, MEISHI_CONN_CLOSED, MEISHI_CONN_REFUSE},
            [MEISHI_CONN_HUNG_UP] = {TRUE, MEISHI_CONN_CLOSED, MEISHI_CONN_CLOSE},
        },
    [MEISHI_CONN_READY] =
        {
            [MEISHI_CONN_HELLO] = {TRUE, MEISHI_CONN_CLOSED, MEISHI_CONN_REFUSE},
            [MEISHI_CONN_REQUEST] = {TRUE, MEISHI_CONN_WORKING, MEISHI_CONN_SERVE},
            [MEISHI_CONN_NONSENSE] = {TRUE, MEISHI_CONN_CLOSED, MEISHI_CONN_REFUSE},
            [MEISHI_CONN_HUNG_UP] = {TRUE, MEISHI_CONN_CLOSED, MEISHI_CONN_CLOSE},
        },
    [MEISHI_CONN_WORKING] =
        {
            [MEISHI_CONN_NONSENSE] = {TRUE, MEISHI_CONN_CLOSED, MEISHI_CONN_REFUSE},
            [MEISHI_CONN_ANSWERED] = {TRUE, MEISHI_CONN_READY, MEISHI_CONN_LISTEN},
            [MEISHI_CONN_REJECTED] = {TRUE, MEISHI_CONN_CLOSED, MEISHI_CONN_CLOSE},
            [MEISHI_CONN_PUT_OFF] = {TRUE, MEISHI_CONN_PARKED, MEISHI_CONN_PARK},
            [MEISHI_CONN_HUNG_UP] = {TRUE, MEISHI_CONN_CLOSED, MEISHI_CONN_CLOSE},
        },
    [MEISHI_CONN_PARKED] =
        {
            [MEISHI_CONN_RESUMED] = {TRUE, MEISHI_CONN_WORKING, MEISHI_CONN_SERVE},
            [MEISHI_CONN_HUNG_UP] = {TRUE, MEISHI_CONN_CLOSED, MEISHI_CONN_CLOSE},
        },
};

MeishiConnAction
meishi_conn_step(MeishiConn *conn, MeishiConnEvent event)
{
    const Step *step = &steps[conn->state][event];

    conn->state = step->is_possible ? step->state : MEISHI_CONN_CLOSED;
    return step->is_possible ? step->action : MEISHI_CONN_CLOSE;
}

MeishiConn *
meishi_conn_new(int fd, MeishiAudience *audience)
{
    MeishiConn *conn = g_new0(MeishiConn, 1);

    conn->state = MEISHI_CONN_GREETING;
    conn->fd = fd;
    conn->audience = audience;
    conn->link.data = conn;
    return conn;
}

void
meishi_conn_free(MeishiConn *conn)
{
    meishi_conn_forget(conn);
    close(conn->fd);
    g_clear_pointer(&conn->audience, meishi_audience_unref);
    g_free(conn);
}

void
meishi_conn_keep(MeishiConn *conn, const struct meishi_msg_head *head, const guint8 *frame,
                 gsize len, struct meishi_packet_fds *fds)
{
    conn->head = *head;
    if (frame != NULL) {
        conn->frame = g_memdup2(frame, len);
        conn->frame_len = len;
    }
    conn->fds = *fds;
    fds->n = 0;
}

static void
free_errand(MeishiErrand *errand)
{
    g_clear_pointer(&errand->identity, meishi_identity_unref);
    meishi_secret_unref(errand->pin);
    meishi_secret_unref(errand->result);
    meishi_away_clear(&errand->away);
    if (errand->key != NULL)
        meishi_key_unref(errand->key);
    g_free(errand);
}

void
meishi_conn_forget(MeishiConn *conn)
{
    meishi_wipe(conn->frame, conn->frame_len);
    g_clear_pointer(&conn->frame, g_free);
    conn->frame_len = 0;
    meishi_packet_fds_close(&conn->fds);
    g_clear_pointer(&conn->errand, free_errand);
}
