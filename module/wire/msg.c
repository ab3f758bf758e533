/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Encoder and decoder of each message, side by side, in the order of doc/protocol.md.  They read
 * like its tables; caps are checked in both directions, so that a message which one end can send
 * is one that the other accepts.
 */
#include "module/wire/msg.h"

static void
start_frame(struct meishi_buf *buf, uint32_t type, uint32_t call)
{
    meishi_buf_add_u32(buf, type);
    meishi_buf_add_u32(buf, call);
}

static void
start_reply(struct meishi_buf *buf, uint32_t type, uint32_t call, enum meishi_wire_status status)
{
    start_frame(buf, type + MEISHI_WIRE_REPLY, call);
    meishi_buf_add_u32(buf, status);
}

static void
add_capped(struct meishi_buf *buf, struct meishi_bytes bytes, size_t max)
{
    if (bytes.len > max)
        buf->failed = true;
    else
        meishi_buf_add_string(buf, bytes.data, bytes.len);
}

bool
meishi_msg_head_decode(const void *frame, size_t len, struct meishi_msg_head *ret_head,
                       struct meishi_bytes *ret_body)
{
    struct meishi_reader reader;

    meishi_reader_init(&reader, frame, len);
    ret_head->type = meishi_reader_u32(&reader);
    ret_head->call = meishi_reader_u32(&reader);
    if (reader.failed || len > MEISHI_WIRE_MAX_FRAME)
        return false;
    *ret_body = (struct meishi_bytes){reader.data, reader.left};
    return true;
}

/* Reads the status that opens every reply; true where more has to follow. */
static bool
read_status(struct meishi_reader *reader, enum meishi_wire_status *ret_status)
{
    uint32_t status = meishi_reader_u32(reader);

    *ret_status = (enum meishi_wire_status)status;
    return !reader->failed && status == MEISHI_WIRE_OK;
}

void
meishi_msg_error_encode(struct meishi_buf *buf, uint32_t type, uint32_t call,
                        enum meishi_wire_status status)
{
    start_reply(buf, type, call, status == MEISHI_WIRE_OK ? MEISHI_WIRE_FAILED : status);
}

/* ---- HELLO --------------------------------------------------------------------------------- */

void
meishi_msg_hello_encode(struct meishi_buf *buf, uint32_t call, const struct meishi_msg_hello *msg)
{
    start_frame(buf, MEISHI_WIRE_HELLO, call);
    meishi_buf_add_u32(buf, msg->version);
    meishi_buf_add_u32(buf, msg->flags);
}

bool
meishi_msg_hello_decode(struct meishi_bytes body, struct meishi_msg_hello *ret_msg)
{
    struct meishi_reader reader;

    meishi_reader_init(&reader, body.data, body.len);
    ret_msg->version = meishi_reader_u32(&reader);
    ret_msg->flags = meishi_reader_u32(&reader);
    return meishi_reader_end(&reader);
}

void
meishi_msg_hello_reply_encode(struct meishi_buf *buf, uint32_t call,
                              const struct meishi_msg_hello_reply *msg)
{
    start_reply(buf, MEISHI_WIRE_HELLO, call, msg->status);
    if (msg->status != MEISHI_WIRE_OK)
        return;
    meishi_buf_add_u32(buf, msg->version);
    meishi_buf_add_u64(buf, msg->instance);
    meishi_buf_add_u64(buf, msg->generation);
}

bool
meishi_msg_hello_reply_decode(struct meishi_bytes body, struct meishi_msg_hello_reply *ret_msg)
{
    struct meishi_reader reader;

    *ret_msg = (struct meishi_msg_hello_reply){.status = MEISHI_WIRE_OK};
    meishi_reader_init(&reader, body.data, body.len);
    if (read_status(&reader, &ret_msg->status)) {
        ret_msg->version = meishi_reader_u32(&reader);
        ret_msg->instance = meishi_reader_u64(&reader);
        ret_msg->generation = meishi_reader_u64(&reader);
    }
    return meishi_reader_end(&reader);
}

/* ---- SNAPSHOT ------------------------------------------------------------------------------ */

void
meishi_msg_snapshot_encode(struct meishi_buf *buf, uint32_t call)
{
    start_frame(buf, MEISHI_WIRE_SNAPSHOT, call);
}

bool
meishi_msg_snapshot_decode(struct meishi_bytes body)
{
    return body.len == 0;
}

static void
encode_counter_reply(struct meishi_buf *buf, uint32_t type, uint32_t call,
                     const struct meishi_msg_counter_reply *msg)
{
    start_reply(buf, type, call, msg->status);
    if (msg->status == MEISHI_WIRE_OK)
        meishi_buf_add_u64(buf, msg->counter);
}

void
meishi_msg_snapshot_reply_encode(struct meishi_buf *buf, uint32_t call,
                                 const struct meishi_msg_counter_reply *msg)
{
    encode_counter_reply(buf, MEISHI_WIRE_SNAPSHOT, call, msg);
}

void
meishi_msg_wait_reply_encode(struct meishi_buf *buf, uint32_t call,
                             const struct meishi_msg_counter_reply *msg)
{
    encode_counter_reply(buf, MEISHI_WIRE_WAIT, call, msg);
}

bool
meishi_msg_counter_reply_decode(struct meishi_bytes body, struct meishi_msg_counter_reply *ret_msg)
{
    struct meishi_reader reader;

    *ret_msg = (struct meishi_msg_counter_reply){.status = MEISHI_WIRE_OK};
    meishi_reader_init(&reader, body.data, body.len);
    if (read_status(&reader, &ret_msg->status))
        ret_msg->counter = meishi_reader_u64(&reader);
    return meishi_reader_end(&reader);
}

/* ---- OPERATE ------------------------------------------------------------------------------- */

void
meishi_msg_mechanism_add(struct meishi_buf *buf, const struct meishi_msg_mechanism *mechanism)
{
    if (mechanism->n_numbers > MEISHI_WIRE_MAX_NUMBERS ||
        mechanism->n_strings > MEISHI_WIRE_MAX_STRINGS) {
        buf->failed = true;
        return;
    }
    meishi_buf_add_u64(buf, mechanism->type);
    meishi_buf_add_u8(buf, (uint8_t)mechanism->n_numbers);
    for (unsigned i = 0; i < mechanism->n_numbers; i++)
        meishi_buf_add_u64(buf, mechanism->numbers[i]);
    meishi_buf_add_u8(buf, (uint8_t)mechanism->n_strings);
    for (unsigned i = 0; i < mechanism->n_strings; i++)
        add_capped(buf, mechanism->strings[i], MEISHI_WIRE_MAX_PARAM);
}

void
meishi_msg_mechanism_read(struct meishi_reader *reader, struct meishi_msg_mechanism *ret)
{
    *ret = (struct meishi_msg_mechanism){.type = meishi_reader_u64(reader)};
    ret->n_numbers = meishi_reader_u8(reader);
    if (ret->n_numbers > MEISHI_WIRE_MAX_NUMBERS) {
        ret->n_numbers = 0;
        reader->failed = true;
    }
    for (unsigned i = 0; i < ret->n_numbers; i++)
        ret->numbers[i] = meishi_reader_u64(reader);
    ret->n_strings = meishi_reader_u8(reader);
    if (ret->n_strings > MEISHI_WIRE_MAX_STRINGS) {
        ret->n_strings = 0;
        reader->failed = true;
    }
    for (unsigned i = 0; i < ret->n_strings; i++)
        ret->strings[i] = meishi_reader_string(reader, MEISHI_WIRE_MAX_PARAM);
}

/* What the fields must be to each other; the same for what is sent and what is received. */
static bool
is_operate_consistent(const struct meishi_msg_operate *msg)
{
    return msg->operation >= MEISHI_WIRE_SIGN && msg->operation <= MEISHI_WIRE_VERIFY_RECOVER &&
           (msg->operation == MEISHI_WIRE_VERIFY || msg->signature.len == 0) &&
           (!msg->in_file || msg->data.len == 0) &&
           (msg->operation == MEISHI_WIRE_DIGEST) == (msg->object == 0);
}

void
meishi_msg_operate_encode(struct meishi_buf *buf, uint32_t call,
                          const struct meishi_msg_operate *msg)
{
    if (!is_operate_consistent(msg)) {
        buf->failed = true;
        return;
    }
    start_frame(buf, MEISHI_WIRE_OPERATE, call);
    meishi_buf_add_u64(buf, msg->object);
    meishi_buf_add_u32(buf, msg->operation);
    meishi_msg_mechanism_add(buf, &msg->mechanism);
    meishi_buf_add_u8(buf, msg->in_file ? 1 : 0);
    add_capped(buf, msg->signature, MEISHI_WIRE_MAX_RESULT);
    add_capped(buf, msg->data, MEISHI_WIRE_MAX_INLINE);
}

bool
meishi_msg_operate_decode(struct meishi_bytes body, struct meishi_msg_operate *ret_msg)
{
    struct meishi_reader reader;
    uint8_t where;

    meishi_reader_init(&reader, body.data, body.len);
    ret_msg->object = meishi_reader_u64(&reader);
    ret_msg->operation = (enum meishi_wire_operation)meishi_reader_u32(&reader);
    meishi_msg_mechanism_read(&reader, &ret_msg->mechanism);
    where = meishi_reader_u8(&reader);
    ret_msg->in_file = where == 1;
    ret_msg->signature = meishi_reader_string(&reader, MEISHI_WIRE_MAX_RESULT);
    ret_msg->data = meishi_reader_string(&reader, MEISHI_WIRE_MAX_INLINE);
    return meishi_reader_end(&reader) && where <= 1 && is_operate_consistent(ret_msg);
}

void
meishi_msg_operate_reply_encode(struct meishi_buf *buf, uint32_t call,
                                const struct meishi_msg_result_reply *msg)
{
    start_reply(buf, MEISHI_WIRE_OPERATE, call, msg->status);
    if (msg->status == MEISHI_WIRE_OK)
        add_capped(buf, msg->result, MEISHI_WIRE_MAX_RESULT);
}

bool
meishi_msg_operate_reply_decode(struct meishi_bytes body, struct meishi_msg_result_reply *ret_msg)
{
    struct meishi_reader reader;

    *ret_msg = (struct meishi_msg_result_reply){.status = MEISHI_WIRE_OK};
    meishi_reader_init(&reader, body.data, body.len);
    if (read_status(&reader, &ret_msg->status))
        ret_msg->result = meishi_reader_string(&reader, MEISHI_WIRE_MAX_RESULT);
    return meishi_reader_end(&reader);
}

/* ---- LOGIN --------------------------------------------------------------------------------- */

void
meishi_msg_login_encode(struct meishi_buf *buf, uint32_t call, const struct meishi_msg_login *msg)
{
    if (!msg->has_pin && msg->pin.len > 0) {
        buf->failed = true;
        return;
    }
    start_frame(buf, MEISHI_WIRE_LOGIN, call);
    meishi_buf_add_u64(buf, msg->slot_id);
    meishi_buf_add_u8(buf, msg->has_pin ? 1 : 0);
    add_capped(buf, msg->pin, MEISHI_WIRE_MAX_PIN);
}

bool
meishi_msg_login_decode(struct meishi_bytes body, struct meishi_msg_login *ret_msg)
{
    struct meishi_reader reader;
    uint8_t has_pin;

    meishi_reader_init(&reader, body.data, body.len);
    ret_msg->slot_id = meishi_reader_u64(&reader);
    has_pin = meishi_reader_u8(&reader);
    ret_msg->has_pin = has_pin == 1;
    ret_msg->pin = meishi_reader_string(&reader, MEISHI_WIRE_MAX_PIN);
    return meishi_reader_end(&reader) && has_pin <= 1 && (has_pin == 1 || ret_msg->pin.len == 0);
}

void
meishi_msg_login_reply_encode(struct meishi_buf *buf, uint32_t call, enum meishi_wire_status status)
{
    start_reply(buf, MEISHI_WIRE_LOGIN, call, status);
}

bool
meishi_msg_login_reply_decode(struct meishi_bytes body, enum meishi_wire_status *ret_status)
{
    struct meishi_reader reader;

    meishi_reader_init(&reader, body.data, body.len);
    (void)read_status(&reader, ret_status);
    return meishi_reader_end(&reader);
}

/* ---- WAIT ---------------------------------------------------------------------------------- */

void
meishi_msg_wait_encode(struct meishi_buf *buf, uint32_t call, const struct meishi_msg_wait *msg)
{
    start_frame(buf, MEISHI_WIRE_WAIT, call);
    meishi_buf_add_u64(buf, msg->slot_events);
}

bool
meishi_msg_wait_decode(struct meishi_bytes body, struct meishi_msg_wait *ret_msg)
{
    struct meishi_reader reader;

    meishi_reader_init(&reader, body.data, body.len);
    ret_msg->slot_events = meishi_reader_u64(&reader);
    return meishi_reader_end(&reader);
}
