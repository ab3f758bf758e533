/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The socket to the daemon: where it is, who is behind it, and waiting with a deadline.
 *
 * The one file of the module that knows errno, poll and clocks.  Results are 0 or a negative
 * errno; every wait ends, every descriptor is close-on-exec.
 */
#pragma once

#include "module/wire/packet.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/un.h>

#define MEISHI_SOCK_FOREVER INT64_MAX

struct meishi_sock {
    int fd; /* -1: none */
    uint64_t device;
    uint64_t inode; /* tells our socket from whatever a host put under its number later */
    uid_t euid;     /* whose daemon it is: a host that changes its user gets another */
};

/* Milliseconds of the monotonic clock. */
int64_t meishi_sock_now_ms(void);

/* Writes the path of the daemon's socket; false where there is no safe place for it or the path
 * is too long. */
bool meishi_sock_path(struct sockaddr_un *ret_address) __attribute__((warn_unused_result));

/* Connects to the daemon and checks that it runs as we do. */
int meishi_sock_connect(struct meishi_sock *ret) __attribute__((warn_unused_result));

/* Takes over a connected socket. */
bool meishi_sock_adopt(int fd, struct meishi_sock *ret) __attribute__((warn_unused_result));

/* Is the descriptor still the socket that we opened, as the user we are?  Hosts close what is not
 * theirs, and change their user after they loaded us. */
bool meishi_sock_is_ours(const struct meishi_sock *sock);

/* Makes whoever waits on it return. */
void meishi_sock_shutdown(const struct meishi_sock *sock);

/* Closes it where it is still the one that we opened. */
void meishi_sock_close(struct meishi_sock *sock);

/* Has the other end gone (or sent what nobody asked for)?  Does not wait. */
bool meishi_sock_is_dead(const struct meishi_sock *sock);

/* How a thread may end while it waits. */
struct meishi_sock_cancel {
    int state;                   /* the host's; PTHREAD_CANCEL_DISABLE: it may not */
    void (*abandon)(void *data); /* leaves everything as it should be; called in the thread */
    void *data;
};

/* Waits for something to receive, as long as it takes. */
int meishi_sock_await(const struct meishi_sock *sock, const struct meishi_sock_cancel *cancel)
    __attribute__((warn_unused_result));

/* The thread ends here where the host has cancelled it. */
void meishi_sock_give_way(const struct meishi_sock_cancel *cancel);

int meishi_sock_send(const struct meishi_sock *sock, const void *data, size_t len,
                     const struct meishi_packet_fds *fds, int64_t deadline_ms)
    __attribute__((warn_unused_result));

/* As meishi_packet_recv(), until @deadline_ms.  With @with_spin it looks for the reply a short
 * while before it sleeps: two wake-ups cost more than a P-256 signature. */
ssize_t meishi_sock_recv(const struct meishi_sock *sock, void *data, size_t cap, bool with_spin,
                         int64_t deadline_ms, struct meishi_packet_fds *ret_fds)
    __attribute__((warn_unused_result));
