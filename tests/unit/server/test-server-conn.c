/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/server/conn.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static MeishiConn *
new_conn(void)
{
    int fds[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), ==, 0);
    close(fds[1]);
    return meishi_conn_new(fds[0], NULL);
}

typedef struct {
    MeishiConnEvent event;
    MeishiConnAction action;
    MeishiConnState state;
} Line;

static void
play(const Line *lines, guint n)
{
    MeishiConn *conn = new_conn();

    for (guint i = 0; i < n; i++) {
        g_assert_cmpint(meishi_conn_step(conn, lines[i].event), ==, lines[i].action);
        g_assert_cmpint(conn->state, ==, lines[i].state);
    }
    meishi_conn_free(conn);
}

static void
test_dialogue(void)
{
    static const Line lines[] = {
        {MEISHI_CONN_HELLO, MEISHI_CONN_SERVE, MEISHI_CONN_WORKING},
        {MEISHI_CONN_ANSWERED, MEISHI_CONN_LISTEN, MEISHI_CONN_READY},
        {MEISHI_CONN_REQUEST, MEISHI_CONN_SERVE, MEISHI_CONN_WORKING},
        {MEISHI_CONN_PUT_OFF, MEISHI_CONN_PARK, MEISHI_CONN_PARKED},
        {MEISHI_CONN_RESUMED, MEISHI_CONN_SERVE, MEISHI_CONN_WORKING},
        {MEISHI_CONN_PUT_OFF, MEISHI_CONN_PARK, MEISHI_CONN_PARKED},
        {MEISHI_CONN_RESUMED, MEISHI_CONN_SERVE, MEISHI_CONN_WORKING},
        {MEISHI_CONN_ANSWERED, MEISHI_CONN_LISTEN, MEISHI_CONN_READY},
        {MEISHI_CONN_HUNG_UP, MEISHI_CONN_CLOSE, MEISHI_CONN_CLOSED},
    };

    play(lines, G_N_ELEMENTS(lines));
}

static void
test_greeting_comes_first(void)
{
    static const Line request[] = {{MEISHI_CONN_REQUEST, MEISHI_CONN_REFUSE, MEISHI_CONN_CLOSED}};
    static const Line nonsense[] = {{MEISHI_CONN_NONSENSE, MEISHI_CONN_REFUSE, MEISHI_CONN_CLOSED}};

    play(request, G_N_ELEMENTS(request));
    play(nonsense, G_N_ELEMENTS(nonsense));
}

static void
test_greeting_comes_once(void)
{
    static const Line lines[] = {
        {MEISHI_CONN_HELLO, MEISHI_CONN_SERVE, MEISHI_CONN_WORKING},
        {MEISHI_CONN_ANSWERED, MEISHI_CONN_LISTEN, MEISHI_CONN_READY},
        {MEISHI_CONN_HELLO, MEISHI_CONN_REFUSE, MEISHI_CONN_CLOSED},
    };

    play(lines, G_N_ELEMENTS(lines));
}

/* Whatever happens to a closed connection, it stays closed. */
static void
test_closed_is_final(void)
{
    for (MeishiConnEvent event = MEISHI_CONN_HELLO; event < MEISHI_CONN_N_EVENTS; event++) {
        const Line lines[] = {
            {MEISHI_CONN_HUNG_UP, MEISHI_CONN_CLOSE, MEISHI_CONN_CLOSED},
            {event, MEISHI_CONN_CLOSE, MEISHI_CONN_CLOSED},
        };

        play(lines, G_N_ELEMENTS(lines));
    }
}

static void
test_keeps_and_forgets(void)
{
    const struct meishi_msg_head head = {.type = MEISHI_WIRE_OPERATE, .call = 3};
    struct meishi_packet_fds fds = {.n = 1};
    MeishiConn *conn = new_conn();
    guint8 frame[] = {1, 2, 3};

    fds.fd[0] = dup(0);
    meishi_conn_keep(conn, &head, frame, sizeof frame, &fds);
    memset(frame, 0, sizeof frame);
    g_assert_cmpuint(fds.n, ==, 0);
    g_assert_cmpuint(conn->fds.n, ==, 1);
    g_assert_cmpuint(conn->head.call, ==, 3);
    g_assert_cmpmem(conn->frame, conn->frame_len, "\1\2\3", 3);
    meishi_conn_forget(conn);
    g_assert_null(conn->frame);
    g_assert_cmpuint(conn->fds.n, ==, 0);
    meishi_conn_free(conn);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/server/conn/dialogue", test_dialogue);
    g_test_add_func("/server/conn/greeting-comes-first", test_greeting_comes_first);
    g_test_add_func("/server/conn/greeting-comes-once", test_greeting_comes_once);
    g_test_add_func("/server/conn/closed-is-final", test_closed_is_final);
    g_test_add_func("/server/conn/keeps-and-forgets", test_keeps_and_forgets);
    return g_test_run();
}
