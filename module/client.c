/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Requests.  They are whole in themselves, so the answer to a connection that ended is to connect
 * again and send the same once more; a daemon that was there before gets about two seconds to
 * come back, which is long enough for a restart that the host never notices.
 */
#include "module/client.h"

#include "module/pool.h"
#include "module/trace.h"
#include "module/wire/memfile.h"

#include <errno.h>

#define MAX_EXCHANGES   3 /* of one request that each time lost its connection */
#define CALL_TIMEOUT_MS (5 * 60 * 1000)

static enum meishi_client_result
transact(struct meishi_call *call, const struct meishi_exchange *exchange,
         struct meishi_bytes *ret_body)
{
    meishi_pool_release(call, true);
    for (unsigned i = 0; i < MAX_EXCHANGES; i++) {
        enum meishi_client_result result = meishi_pool_acquire_patiently(call);
        int r;

        if (result != MEISHI_CLIENT_OK)
            return result;
        r = meishi_conn_exchange(call->conn, exchange, ret_body);
        if (r == 0)
            return MEISHI_CLIENT_OK;
        meishi_trace("exchange", -r);
        meishi_pool_release(call, false);
        if (meishi_pool_is_cancelled(call))
            return MEISHI_CLIENT_CANCELLED;
        if (r != -EPIPE)
            return meishi_pool_result(r);
        meishi_pool_forget_idle(); /* one connection ended, so the others most likely did */
    }
    return MEISHI_CLIENT_GONE;
}

/* The daemon sent what is no reply to the request. */
static enum meishi_client_result
give_up(struct meishi_call *call)
{
    meishi_pool_release(call, false);
    return MEISHI_CLIENT_SILENT;
}

static enum meishi_client_result
send_operate(struct meishi_call *call, const struct meishi_client_operate *request,
             const struct meishi_packet_fds *fds, struct meishi_bytes *ret_body)
{
    struct meishi_exchange exchange = {
        .fds = fds,
        .deadline_ms = meishi_sock_now_ms() + CALL_TIMEOUT_MS,
        .with_spin = request->is_brief,
    };
    enum meishi_client_result result = MEISHI_CLIENT_NO_MEMORY;
    struct meishi_buf frame;

    meishi_buf_init(&frame, MEISHI_WIRE_MAX_FRAME);
    meishi_msg_operate_encode(&frame, 0, request->msg);
    exchange.frame = &frame;
    if (!frame.failed)
        result = transact(call, &exchange, ret_body);
    meishi_buf_clear(&frame);
    return result;
}

/* Input that is too long for a frame travels beside it. */
static enum meishi_client_result
send_operate_in_file(struct meishi_call *call, const struct meishi_client_operate *request,
                     struct meishi_bytes *ret_body)
{
    struct meishi_msg_operate msg = *request->msg;
    struct meishi_client_operate in_file = {&msg, false};
    struct meishi_packet_fds fds = {.n = 1};
    enum meishi_client_result result;

    fds.fd[0] = meishi_memfile_new("meishi-input", msg.data.data, msg.data.len);
    if (fds.fd[0] < 0)
        return MEISHI_CLIENT_NO_MEMORY;
    msg.in_file = true;
    msg.data = (struct meishi_bytes){NULL, 0};
    result = send_operate(call, &in_file, &fds, ret_body);
    meishi_packet_fds_close(&fds);
    return result;
}

enum meishi_client_result
meishi_client_operate(struct meishi_call *call, const struct meishi_client_operate *request,
                      struct meishi_msg_result_reply *ret_reply)
{
    struct meishi_bytes body;
    enum meishi_client_result result = request->msg->data.len > MEISHI_WIRE_MAX_INLINE
                                           ? send_operate_in_file(call, request, &body)
                                           : send_operate(call, request, NULL, &body);

    if (result == MEISHI_CLIENT_OK && !meishi_msg_operate_reply_decode(body, ret_reply))
        return give_up(call);
    return result;
}

enum meishi_client_result
meishi_client_login(struct meishi_call *call, const struct meishi_msg_login *msg,
                    enum meishi_wire_status *ret_status)
{
    struct meishi_exchange exchange = {.deadline_ms = meishi_sock_now_ms() + CALL_TIMEOUT_MS};
    enum meishi_client_result result = MEISHI_CLIENT_NO_MEMORY;
    struct meishi_bytes body;
    struct meishi_buf frame;

    meishi_buf_init(&frame, MEISHI_WIRE_MAX_FRAME);
    meishi_msg_login_encode(&frame, 0, msg);
    exchange.frame = &frame;
    if (!frame.failed)
        result = transact(call, &exchange, &body);
    meishi_buf_clear(&frame);
    if (result == MEISHI_CLIENT_OK && !meishi_msg_login_reply_decode(body, ret_status))
        return give_up(call);
    return result;
}

/* Not transact(): a daemon that ends is news for whoever waits for events. */
enum meishi_client_result
meishi_client_exchange_once(struct meishi_call *call, const struct meishi_exchange *exchange,
                            struct meishi_msg_counter_reply *ret_reply)
{
    struct meishi_bytes body;
    int r = meishi_conn_exchange(call->conn, exchange, &body);

    if (r == 0 && !meishi_msg_counter_reply_decode(body, ret_reply))
        r = -EPROTO;
    if (r == 0 && ret_reply->status != MEISHI_WIRE_OK)
        r = -EPROTO;
    if (r == 0)
        return MEISHI_CLIENT_OK;
    meishi_pool_release(call, false);
    if (meishi_pool_is_cancelled(call))
        return MEISHI_CLIENT_CANCELLED;
    return r == -EPIPE ? MEISHI_CLIENT_GONE : meishi_pool_result(r);
}

/* What is left of a wait when its thread ends. */
struct waiting {
    struct meishi_call *call;
    struct meishi_buf frame;
};

/* The reply may be under way to the connection, where nobody else would expect it. */
static void
abandon(void *data)
{
    struct waiting *waiting = data;

    meishi_buf_clear(&waiting->frame);
    meishi_pool_release(waiting->call, false);
    meishi_client_end(waiting->call);
}

enum meishi_client_result
meishi_client_wait(struct meishi_call *call, uint64_t counter, int cancel_state,
                   uint64_t *ret_counter)
{
    struct waiting waiting = {.call = call};
    struct meishi_sock_cancel cancel = {cancel_state, abandon, &waiting};
    struct meishi_exchange exchange = {
        .frame = &waiting.frame, .deadline_ms = MEISHI_SOCK_FOREVER, .cancel = &cancel};
    struct meishi_msg_counter_reply reply;
    enum meishi_client_result result = meishi_pool_acquire(call);

    if (result != MEISHI_CLIENT_OK)
        return result;
    meishi_buf_init(&waiting.frame, MEISHI_WIRE_MAX_FRAME);
    meishi_msg_wait_encode(&waiting.frame, 0, &(struct meishi_msg_wait){counter});
    result = waiting.frame.failed ? MEISHI_CLIENT_NO_MEMORY
                                  : meishi_client_exchange_once(call, &exchange, &reply);
    meishi_buf_clear(&waiting.frame);
    meishi_pool_release(call, true);
    if (result == MEISHI_CLIENT_OK)
        *ret_counter = reply.counter;
    return result;
}

void
meishi_client_give_way(struct meishi_call *call, int cancel_state)
{
    struct waiting waiting = {.call = call};
    struct meishi_sock_cancel cancel = {cancel_state, abandon, &waiting};

    meishi_buf_init(&waiting.frame, MEISHI_WIRE_MAX_FRAME);
    meishi_sock_give_way(&cancel);
}
