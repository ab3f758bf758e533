/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "module/wire/packet.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
    int near;
    int far;
} Pair;

static void
set_up(Pair *pair, gconstpointer unused)
{
    int fds[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), ==, 0);
    pair->near = fds[0];
    pair->far = fds[1];
}

static void
tear_down(Pair *pair, gconstpointer unused)
{
    close(pair->near);
    if (pair->far >= 0)
        close(pair->far);
}

static guint
count_fds(void)
{
    guint n = 0;

    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void
test_carries_fds(Pair *pair, gconstpointer unused)
{
    struct meishi_packet_fds sent = {.n = 2, .fd = {0, 1}}, got;
    guint before = count_fds();
    char text[8];

    g_assert_cmpint(meishi_packet_send(pair->near, "hello", 5, &sent, 0), ==, 0);
    g_assert_cmpint(meishi_packet_recv(pair->far, text, sizeof text, 0, &got), ==, 5);
    g_assert_cmpmem(text, 5, "hello", 5);
    g_assert_cmpuint(got.n, ==, 2);
    g_assert_cmpint(fcntl(got.fd[0], F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
    meishi_packet_fds_close(&got);
    g_assert_cmpuint(got.n, ==, 0);
    g_assert_cmpuint(count_fds(), ==, before);
}

static void
test_unexpected_fds_are_closed(Pair *pair, gconstpointer unused)
{
    struct meishi_packet_fds sent = {.n = 2, .fd = {0, 1}};
    guint before = count_fds();
    char text[8];

    g_assert_cmpint(meishi_packet_send(pair->near, "x", 1, &sent, 0), ==, 0);
    g_assert_cmpint(meishi_packet_recv(pair->far, text, sizeof text, 0, NULL), ==, -EPROTO);
    g_assert_cmpuint(count_fds(), ==, before);
}

/* More descriptors than the protocol knows, as a hostile peer would send them. */
static void
test_too_many_fds_are_closed(Pair *pair, gconstpointer unused)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(8 * sizeof(int))];
    } control = {.bytes = {0}};
    struct iovec part = {.iov_base = (char[]){"x"}, .iov_len = 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    struct meishi_packet_fds got;
    guint before = count_fds();
    char text[8];

    control.align.cmsg_level = SOL_SOCKET;
    control.align.cmsg_type = SCM_RIGHTS;
    control.align.cmsg_len = CMSG_LEN(8 * sizeof(int)); /* eight times descriptor 0 */
    g_assert_cmpint(sendmsg(pair->near, &message, 0), ==, 1);
    g_assert_cmpint(meishi_packet_recv(pair->far, text, sizeof text, 0, &got), ==, -EPROTO);
    g_assert_cmpuint(count_fds(), ==, before);
}

static void
test_too_long(Pair *pair, gconstpointer unused)
{
    char text[4];

    g_assert_cmpint(meishi_packet_send(pair->near, "hello", 5, NULL, 0), ==, 0);
    g_assert_cmpint(meishi_packet_recv(pair->far, text, sizeof text, 0, NULL), ==, -EMSGSIZE);
}

static void
test_end_and_no_signal(Pair *pair, gconstpointer unused)
{
    char text[4];

    g_assert_cmpint(meishi_packet_recv(pair->near, text, sizeof text, MSG_DONTWAIT, NULL), ==,
                    -EAGAIN);
    close(pair->far);
    pair->far = -1;
    g_assert_cmpint(meishi_packet_recv(pair->near, text, sizeof text, 0, NULL), ==, 0);
    g_assert_cmpint(meishi_packet_send(pair->near, "x", 1, NULL, 0), ==, -EPIPE);
}

#define ADD(name, func) g_test_add("/wire/packet/" name, Pair, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("carries-fds", test_carries_fds);
    ADD("unexpected-fds-are-closed", test_unexpected_fds_are_closed);
    ADD("too-many-fds-are-closed", test_too_many_fds_are_closed);
    ADD("too-long", test_too_long);
    ADD("end-and-no-signal", test_end_and_no_signal);
    return g_test_run();
}
