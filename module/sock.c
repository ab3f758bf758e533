/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Finding, checking and waiting for the daemon's socket.  daemon/base/paths.c has the same rule
 * for the path; a test holds the two together.
 */
#include "module/sock.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SPIN_NS           40000
#define CONNECT_TIMEOUT_S 2

static int64_t
now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int64_t
meishi_sock_now_ms(void)
{
    return now_ns() / 1000000;
}

/* ---- where --------------------------------------------------------------------------------- */

/* Is @path a directory of ours (and no link), closed to others where @is_private? */
static bool
is_our_directory(const char *path, bool is_private)
{
    struct stat st;

    return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
           (!is_private || (st.st_mode & (S_IRWXG | S_IRWXO)) == 0);
}

/* The environment counts only where the program has no more rights than its caller. */
static bool
find_runtime_dir(char *dir, size_t room)
{
    const char *from_environment = secure_getenv("XDG_RUNTIME_DIR");
    unsigned long uid = geteuid();

    if (from_environment != NULL && from_environment[0] == '/')
        return (size_t)snprintf(dir, room, "%s", from_environment) < room;
    snprintf(dir, room, "/run/user/%lu", uid);
    if (is_our_directory(dir, false))
        return true;
    snprintf(dir, room, "/tmp/meishi-%lu", uid);
    return is_our_directory(dir, true);
}

bool
meishi_sock_path(struct sockaddr_un *ret_address)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char dir[sizeof address.sun_path];
    int len;

    if (!find_runtime_dir(dir, sizeof dir))
        return false;
    len = snprintf(address.sun_path, sizeof address.sun_path, "%s/%s/%s", dir,
                   MEISHI_WIRE_SOCKET_DIR, MEISHI_WIRE_SOCKET_NAME);
    if (len < 0 || (size_t)len >= sizeof address.sun_path)
        return false;
    *ret_address = address;
    return true;
}

/* ---- who ----------------------------------------------------------------------------------- */

static int
check_peer(int fd)
{
    struct ucred peer;
    socklen_t len = sizeof peer;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
        return -errno;
    return peer.uid == geteuid() ? 0 : -EACCES;
}

bool
meishi_sock_adopt(int fd, struct meishi_sock *ret)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return false;
    *ret =
        (struct meishi_sock){.fd = fd, .device = st.st_dev, .inode = st.st_ino, .euid = geteuid()};
    return true;
}

/* connect() waits only where the daemon's queue is full, and not for ever. */
static int
connect_in_time(int fd, const struct sockaddr_un *address)
{
    struct timeval timeout = {.tv_sec = CONNECT_TIMEOUT_S};
    int r;

    if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) < 0)
        return -errno;
    do
        r = connect(fd, (const struct sockaddr *)address, sizeof *address);
    while (r < 0 && errno == EINTR);
    return r < 0 ? -errno : 0;
}

static int
connect_and_check(int fd, const struct sockaddr_un *address, struct meishi_sock *ret)
{
    int r = connect_in_time(fd, address);

    if (r == 0)
        r = check_peer(fd);
    if (r == 0 && !meishi_sock_adopt(fd, ret))
        r = -errno;
    return r;
}

int
meishi_sock_connect(struct meishi_sock *ret)
{
    struct sockaddr_un address;
    int fd, r;

    if (!meishi_sock_path(&address))
        return -ENOENT;
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    r = connect_and_check(fd, &address, ret);
    if (r < 0)
        close(fd);
    return r;
}

static bool
is_same_file(const struct meishi_sock *sock)
{
    struct stat st;

    return sock->fd >= 0 && fstat(sock->fd, &st) == 0 && st.st_dev == sock->device &&
           st.st_ino == sock->inode;
}

bool
meishi_sock_is_ours(const struct meishi_sock *sock)
{
    return is_same_file(sock) && sock->euid == geteuid();
}

void
meishi_sock_shutdown(const struct meishi_sock *sock)
{
    if (is_same_file(sock))
        shutdown(sock->fd, SHUT_RDWR);
}

void
meishi_sock_close(struct meishi_sock *sock)
{
    if (is_same_file(sock))
        close(sock->fd);
    sock->fd = -1;
}

/* ---- waiting ------------------------------------------------------------------------------- */

bool
meishi_sock_is_dead(const struct meishi_sock *sock)
{
    struct pollfd p = {.fd = sock->fd, .events = POLLIN};

    return !meishi_sock_is_ours(sock) || poll(&p, 1, 0) != 0;
}

/* Waits for @events; 0, -ETIMEDOUT or another negative errno. */
static int
wait_for(int fd, short events, int64_t deadline_ms)
{
    struct pollfd p = {.fd = fd, .events = events};

    for (;;) {
        int timeout_ms = -1;
        int n;

        if (deadline_ms != MEISHI_SOCK_FOREVER) {
            int64_t left = deadline_ms - meishi_sock_now_ms();

            if (left < 0)
                return -ETIMEDOUT;
            timeout_ms = left < 60000 ? (int)left + 1 : 60000;
        }
        n = poll(&p, 1, timeout_ms);
        if (n > 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return -errno;
    }
}

/* The handlers are pushed where the thread may end, so that none of our frames is left in between:
 * a cancelled thread returns to them by a jump, of which AddressSanitizer is not told. */
static int
poll_cancellably(struct pollfd *p, const struct meishi_sock_cancel *cancel)
{
    int n, error, unused;

    pthread_cleanup_push(cancel->abandon, cancel->data);
    pthread_setcancelstate(cancel->state, NULL);
    n = poll(p, 1, -1);
    error = errno;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &unused);
    pthread_cleanup_pop(false);
    return n < 0 ? -error : n;
}

int
meishi_sock_await(const struct meishi_sock *sock, const struct meishi_sock_cancel *cancel)
{
    struct pollfd p = {.fd = sock->fd, .events = POLLIN};
    int n;

    do
        n = poll_cancellably(&p, cancel);
    while (n == -EINTR);
    return n < 0 ? n : 0;
}

void
meishi_sock_give_way(const struct meishi_sock_cancel *cancel)
{
    int unused;

    pthread_cleanup_push(cancel->abandon, cancel->data);
    pthread_setcancelstate(cancel->state, NULL);
    pthread_testcancel();
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &unused);
    pthread_cleanup_pop(false);
}

int
meishi_sock_send(const struct meishi_sock *sock, const void *data, size_t len,
                 const struct meishi_packet_fds *fds, int64_t deadline_ms)
{
    for (;;) {
        int r = meishi_packet_send(sock->fd, data, len, fds, MSG_DONTWAIT);

        if (r != -EAGAIN)
            return r;
        r = wait_for(sock->fd, POLLOUT, deadline_ms);
        if (r < 0)
            return r;
    }
}

/* Yielding lets the daemon run where both share a processor; without it the wait would be for
 * nobody. */
static ssize_t
spin(const struct meishi_sock *sock, void *data, size_t cap, struct meishi_packet_fds *ret_fds)
{
    int64_t end = now_ns() + SPIN_NS;
    ssize_t n;

    do {
        n = meishi_packet_recv(sock->fd, data, cap, MSG_DONTWAIT, ret_fds);
        if (n != -EAGAIN)
            break;
        sched_yield();
    } while (now_ns() < end);
    return n;
}

ssize_t
meishi_sock_recv(const struct meishi_sock *sock, void *data, size_t cap, bool with_spin,
                 int64_t deadline_ms, struct meishi_packet_fds *ret_fds)
{
    ssize_t n = with_spin ? spin(sock, data, cap, ret_fds) : -EAGAIN;

    while (n == -EAGAIN) {
        int r = wait_for(sock->fd, POLLIN, deadline_ms);

        if (r < 0)
            return r;
        n = meishi_packet_recv(sock->fd, data, cap, MSG_DONTWAIT, ret_fds);
    }
    return n;
}
