/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Frames from the other end, requests as the daemon reads them and replies as the module does.
 *
 * Whatever a decoder accepts is encoded again and must come out as it came in: the two cannot
 * drift apart, and no frame has two spellings.
 */
#include "module/wire/msg.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
encode_hello(struct meishi_buf *out, uint32_t call, struct meishi_bytes body)
{
    struct meishi_msg_hello msg;

    if (meishi_msg_hello_decode(body, &msg))
        meishi_msg_hello_encode(out, call, &msg);
}

static void
encode_snapshot(struct meishi_buf *out, uint32_t call, struct meishi_bytes body)
{
    if (meishi_msg_snapshot_decode(body))
        meishi_msg_snapshot_encode(out, call);
}

static void
encode_operate(struct meishi_buf *out, uint32_t call, struct meishi_bytes body)
{
    struct meishi_msg_operate msg;

    if (meishi_msg_operate_decode(body, &msg))
        meishi_msg_operate_encode(out, call, &msg);
}

static void
encode_login(struct meishi_buf *out, uint32_t call, struct meishi_bytes body)
{
    struct meishi_msg_login msg;

    if (meishi_msg_login_decode(body, &msg))
        meishi_msg_login_encode(out, call, &msg);
}

static void
encode_wait(struct meishi_buf *out, uint32_t call, struct meishi_bytes body)
{
    struct meishi_msg_wait msg;

    if (meishi_msg_wait_decode(body, &msg))
        meishi_msg_wait_encode(out, call, &msg);
}

static void
encode_hello_reply(struct meishi_buf *out, uint32_t call, struct meishi_bytes body)
{
    struct meishi_msg_hello_reply msg;

    if (meishi_msg_hello_reply_decode(body, &msg))
        meishi_msg_hello_reply_encode(out, call, &msg);
}

static void
encode_snapshot_reply(struct meishi_buf *out, uint32_t call, struct meishi_bytes body)
{
    struct meishi_msg_counter_reply msg;

    if (meishi_msg_counter_reply_decode(body, &msg))
        meishi_msg_snapshot_reply_encode(out, call, &msg);
}

static void
encode_wait_reply(struct meishi_buf *out, uint32_t call, struct meishi_bytes body)
{
    struct meishi_msg_counter_reply msg;

    if (meishi_msg_counter_reply_decode(body, &msg))
        meishi_msg_wait_reply_encode(out, call, &msg);
}

static void
encode_operate_reply(struct meishi_buf *out, uint32_t call, struct meishi_bytes body)
{
    struct meishi_msg_result_reply msg;

    if (meishi_msg_operate_reply_decode(body, &msg))
        meishi_msg_operate_reply_encode(out, call, &msg);
}

static void
encode_login_reply(struct meishi_buf *out, uint32_t call, struct meishi_bytes body)
{
    enum meishi_wire_status status;

    if (meishi_msg_login_reply_decode(body, &status))
        meishi_msg_login_reply_encode(out, call, status);
}

static const struct {
    uint32_t type;
    void (*encode_again)(struct meishi_buf *out, uint32_t call, struct meishi_bytes body);
} messages[] = {
    {MEISHI_WIRE_HELLO, encode_hello},
    {MEISHI_WIRE_SNAPSHOT, encode_snapshot},
    {MEISHI_WIRE_OPERATE, encode_operate},
    {MEISHI_WIRE_LOGIN, encode_login},
    {MEISHI_WIRE_WAIT, encode_wait},
    {MEISHI_WIRE_HELLO + MEISHI_WIRE_REPLY, encode_hello_reply},
    {MEISHI_WIRE_SNAPSHOT + MEISHI_WIRE_REPLY, encode_snapshot_reply},
    {MEISHI_WIRE_OPERATE + MEISHI_WIRE_REPLY, encode_operate_reply},
    {MEISHI_WIRE_LOGIN + MEISHI_WIRE_REPLY, encode_login_reply},
    {MEISHI_WIRE_WAIT + MEISHI_WIRE_REPLY, encode_wait_reply},
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct meishi_msg_head head;
    struct meishi_bytes body;
    struct meishi_buf out;

    if (!meishi_msg_head_decode(data, size, &head, &body))
        return 0;
    meishi_buf_init(&out, MEISHI_WIRE_MAX_FRAME);
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++)
        if (messages[i].type == head.type)
            messages[i].encode_again(&out, head.call, body);
    if (out.failed || (out.len > 0 && (out.len != size || memcmp(out.data, data, size) != 0)))
        abort();
    meishi_buf_clear(&out);
    return 0;
}
