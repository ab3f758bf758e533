/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who listens at our two sockets.  Connecting is all that is done to them: where systemd holds
 * them, it starts the daemon, as it would for any program.
 */
#include "config.h"

#include "cli/doctor/gather/gather-private.h"

#include "daemon/base/fd.h"
#include "daemon/base/paths.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* A daemon that systemd starts for us may take some seconds. */
#define ANSWER_MS 10000

static MeishiSocketState
classify(int number)
{
    return number == ENOENT || number == ENOTDIR ? MEISHI_SOCKET_ABSENT
           : number == ECONNREFUSED              ? MEISHI_SOCKET_STALE
                                                 : MEISHI_SOCKET_FAILED;
}

/* systemd listens in the daemon's place until it has started it. */
static gboolean
is_daemon(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/comm", (int)pid);
    g_autofree char *name = NULL;

    return g_file_get_contents(path, &name, NULL, NULL) && strcmp(name, "meishid\n") == 0;
}

static MeishiSocketState
check_peer(MeishiFacts *facts, int fd)
{
    struct ucred peer;
    socklen_t len = sizeof peer;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 || peer.uid != facts->uid)
        return MEISHI_SOCKET_FOREIGN;
    if (is_daemon(peer.pid)) /* for one that does not say it itself */
        facts->daemon.pid = (guint)peer.pid;
    return MEISHI_SOCKET_SERVED;
}

static gboolean
set_limit(int fd)
{
    const struct timeval limit = {.tv_sec = ANSWER_MS / 1000};

    return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0;
}

/* connect() waits where the queue of a daemon that hangs is full.  Returns a descriptor, or -1 with
 * errno. */
static int
connect_to(const char *path, int type)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd, saved;

    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    if (fd < 0 ||
        (set_limit(fd) && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0))
        return fd;
    saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static MeishiSocketFact
try_socket(MeishiFacts *facts, const char *path, int type)
{
    MeishiSocketFact fact = {.path = meishi_facts_copy(facts, path)};
    int fd = connect_to(path, type);

    if (fd >= 0) {
        fact.state = check_peer(facts, fd);
        close(fd);
        return fact;
    }
    fact.state = classify(errno);
    if (fact.state == MEISHI_SOCKET_FAILED)
        fact.error = meishi_facts_copy(facts, g_strerror(errno));
    return fact;
}

/* Whether somebody answers at all.  D-Bus's "AUTH" without a mechanism lists those that there are;
 * GDBus itself would wait for ever. */
static gboolean
answers(const char *path)
{
    static const char question[] = "\0AUTH\r\n";
    int fd = connect_to(path, SOCK_STREAM);
    struct pollfd waiting = {.fd = fd, .events = POLLIN};
    gboolean is_answered;

    if (fd < 0)
        return FALSE;
    is_answered = meishi_fd_write_all(fd, question, sizeof question - 1) &&
                  poll(&waiting, 1, ANSWER_MS) == 1 && (waiting.revents & POLLIN) != 0;
    close(fd);
    return is_answered;
}

static void
ask(MeishiGathering *gathering)
{
    MeishiFacts *facts = gathering->facts;
    MeishiDaemonFacts *daemon = &facts->daemon;
    g_autoptr(GVariant) values = NULL;
    g_autoptr(GError) error = NULL;

    gathering->client = meishi_client_connect(FALSE, &error);
    if (gathering->client == NULL) {
        daemon->bus.state = MEISHI_SOCKET_FAILED;
        daemon->bus.error = meishi_facts_copy(facts, error->message);
        return;
    }
    daemon->is_known = TRUE;
    daemon->version =
        meishi_facts_copy(facts, meishi_bus_manager_get_version(gathering->client->manager));
    daemon->pid = meishi_bus_manager_get_pid(gathering->client->manager);
    if (meishi_bus_manager_call_statistics_sync(gathering->client->manager, &values, NULL, NULL))
        g_variant_lookup(values, "replaced", "b", &daemon->is_replaced);
}

void
meishi_gather_daemon(MeishiGathering *gathering)
{
    MeishiFacts *facts = gathering->facts;
    g_autofree char *bus = meishi_paths_bus_socket();
    g_autofree char *module = meishi_paths_pkcs11_socket();

    facts->daemon.own_version = MEISHI_VERSION;
    facts->daemon.bus = try_socket(facts, bus, SOCK_STREAM);
    facts->daemon.module = try_socket(facts, module, SOCK_SEQPACKET);
    if (facts->daemon.bus.state == MEISHI_SOCKET_SERVED && answers(bus))
        ask(gathering);
}
