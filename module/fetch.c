/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Fetching the view: over a connection to a daemon whose pulse page is at hand the snapshot alone,
 * else over a new connection both.
 */
#include "module/client.h"

#include "module/pool.h"
#include "module/trace.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FETCH_TIMEOUT_MS 5000

static bool
map_pulse(int fd, const struct meishi_pulse **ret_pulse)
{
    int seals = fcntl(fd, F_GET_SEALS);
    long page = sysconf(_SC_PAGESIZE);
    struct stat st;
    void *data;

    if (seals < 0 || (seals & F_SEAL_SHRINK) == 0 || fstat(fd, &st) < 0 || st.st_size < page)
        return false;
    data = mmap(NULL, (size_t)page, PROT_READ, MAP_SHARED, fd, 0);
    if (data == MAP_FAILED)
        return false;
    *ret_pulse = data;
    return true;
}

void
meishi_client_unmap_pulse(const struct meishi_pulse *pulse)
{
    if (pulse != NULL)
        munmap((void *)pulse, (size_t)sysconf(_SC_PAGESIZE));
}

/* What came is of no use, and neither is who sent it. */
static enum meishi_client_result
give_up(struct meishi_call *call)
{
    meishi_pool_release(call, false);
    return MEISHI_CLIENT_SILENT;
}

/* Over a connection that is there: the snapshot alone. */
static enum meishi_client_result
fetch_again(struct meishi_call *call, struct meishi_client_view *ret_view)
{
    struct meishi_packet_fds fds = {.n = 0};
    struct meishi_exchange exchange = {
        .ret_fds = &fds,
        .deadline_ms = meishi_sock_now_ms() + FETCH_TIMEOUT_MS,
        .with_spin = true,
    };
    struct meishi_msg_counter_reply reply = {.counter = 0};
    enum meishi_client_result result;
    struct meishi_buf frame;

    meishi_buf_init(&frame, MEISHI_WIRE_MAX_FRAME);
    meishi_msg_snapshot_encode(&frame, 0);
    exchange.frame = &frame;
    result = frame.failed ? MEISHI_CLIENT_NO_MEMORY
                          : meishi_client_exchange_once(call, &exchange, &reply);
    meishi_buf_clear(&frame);
    if (result == MEISHI_CLIENT_OK &&
        (fds.n != 1 || !meishi_snapshot_map(fds.fd[0], &ret_view->snapshot)))
        result = give_up(call);
    meishi_packet_fds_close(&fds);
    if (result != MEISHI_CLIENT_OK)
        return result;
    ret_view->instance = call->conn->instance;
    ret_view->generation = reply.counter;
    ret_view->pulse = NULL;
    return MEISHI_CLIENT_OK;
}

static bool
map_view(const struct meishi_packet_fds *fds, struct meishi_client_view *ret_view)
{
    if (!map_pulse(fds->fd[0], &ret_view->pulse))
        return false;
    if (meishi_snapshot_map(fds->fd[1], &ret_view->snapshot))
        return true;
    meishi_client_unmap_pulse(ret_view->pulse);
    return false;
}

/* Over a new connection: pulse page and snapshot. */
static enum meishi_client_result
fetch_anew(struct meishi_call *call, struct meishi_client_view *ret_view)
{
    struct meishi_msg_hello_reply reply;
    struct meishi_packet_fds fds;
    enum meishi_client_result result =
        meishi_pool_connect(call, MEISHI_WIRE_WANT_SNAPSHOT, &reply, &fds);

    if (result != MEISHI_CLIENT_OK)
        return result;
    if (!map_view(&fds, ret_view))
        result = give_up(call);
    meishi_packet_fds_close(&fds);
    ret_view->instance = reply.instance;
    ret_view->generation = reply.generation;
    return result;
}

enum meishi_client_result
meishi_client_fetch(struct meishi_call *call, uint64_t instance,
                    struct meishi_client_view *ret_view)
{
    enum meishi_client_result result = MEISHI_CLIENT_ABSENT;

    if (!meishi_pool_is_fetch_due())
        return MEISHI_CLIENT_ABSENT;
    if (instance != 0 && meishi_pool_take_idle(call, instance))
        result = fetch_again(call, ret_view);
    if (result == MEISHI_CLIENT_ABSENT || result == MEISHI_CLIENT_GONE)
        result = fetch_anew(call, ret_view);
    meishi_trace("fetch", (int)result);
    if (result != MEISHI_CLIENT_OK && result != MEISHI_CLIENT_CANCELLED)
        meishi_pool_delay_fetch(result);
    return result;
}
