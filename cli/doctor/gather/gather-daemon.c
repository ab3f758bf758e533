/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who listens at our two sockets.  Connecting is all that is done to them: where systemd holds
 * them, it starts the daemon, as it would for any program.
 */
#include "config.h"

#include "cli/doctor/gather/gather-private.h"

#include "daemon/base/paths.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECT_SECONDS 5

static MeishiSocketState
classify(int number)
{
    return number == ENOENT || number == ENOTDIR ? MEISHI_SOCKET_ABSENT
           : number == ECONNREFUSED              ? MEISHI_SOCKET_STALE
                                                 : MEISHI_SOCKET_FAILED;
}

static MeishiSocketState
check_peer(int fd, guint uid)
{
    struct ucred peer;
    socklen_t len = sizeof peer;

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid == uid
               ? MEISHI_SOCKET_SERVED
               : MEISHI_SOCKET_FOREIGN;
}

/* connect() waits where the queue of a daemon that hangs is full. */
static MeishiSocketFact
try_socket(MeishiFacts *facts, const char *path, int type)
{
    MeishiSocketFact fact = {.path = meishi_facts_copy(facts, path)};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct timeval limit = {.tv_sec = CONNECT_SECONDS};
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

    if (fd < 0 || strlen(path) >= sizeof address.sun_path) {
        fact.state = MEISHI_SOCKET_FAILED;
    } else {
        memcpy(address.sun_path, path, strlen(path) + 1);
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        fact.state = connect(fd, (const struct sockaddr *)&address, sizeof address) == 0
                         ? check_peer(fd, facts->uid)
                         : classify(errno);
    }
    if (fact.state == MEISHI_SOCKET_FAILED)
        fact.error = meishi_facts_copy(facts, fd < 0 ? g_strerror(EMFILE) : g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return fact;
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
    if (facts->daemon.bus.state == MEISHI_SOCKET_SERVED)
        ask(gathering);
}
