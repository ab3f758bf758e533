/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every message of the protocol: what one end encodes the other decodes to the same, a byte too
 * few or too many is refused at every place, and changed bytes never do harm.
 */
#include "module/wire/msg.h"

#include <glib.h>
#include <string.h>

static const struct meishi_bytes some = {(const guint8 *)"something", 9};

/* Decodes @body as the message @type and encodes it again; FALSE where the decoder refuses. */
typedef gboolean (*Recode)(struct meishi_buf *out, guint32 call, struct meishi_bytes body);

typedef struct {
    const char *name;
    guint32 type;
    void (*encode)(struct meishi_buf *out);
    Recode recode;
} Case;

#define CALL 0x01020304

static void
encode_hello(struct meishi_buf *out)
{
    meishi_msg_hello_encode(out, CALL, &(struct meishi_msg_hello){7, 0x80000001});
}

static gboolean
recode_hello(struct meishi_buf *out, guint32 call, struct meishi_bytes body)
{
    struct meishi_msg_hello msg;

    if (!meishi_msg_hello_decode(body, &msg))
        return FALSE;
    meishi_msg_hello_encode(out, call, &msg);
    return TRUE;
}

static void
encode_snapshot(struct meishi_buf *out)
{
    meishi_msg_snapshot_encode(out, CALL);
}

static gboolean
recode_snapshot(struct meishi_buf *out, guint32 call, struct meishi_bytes body)
{
    if (!meishi_msg_snapshot_decode(body))
        return FALSE;
    meishi_msg_snapshot_encode(out, call);
    return TRUE;
}

static const struct meishi_msg_operate verify = {
    .object = 0x1122334455667788,
    .operation = MEISHI_WIRE_VERIFY,
    .mechanism = {.type = 0xd,
                  .n_numbers = 3,
                  .n_strings = 2,
                  .numbers = {0x250, 2, 32},
                  .strings = {{(const guint8 *)"one", 3}, {(const guint8 *)"", 0}}},
    .signature = {(const guint8 *)"signature", 9},
    .data = {(const guint8 *)"data", 4},
};

static void
encode_operate(struct meishi_buf *out)
{
    meishi_msg_operate_encode(out, CALL, &verify);
}

static void
encode_operate_in_file(struct meishi_buf *out)
{
    struct meishi_msg_operate msg = {
        .operation = MEISHI_WIRE_DIGEST, .mechanism.type = 0x250, .in_file = true};

    meishi_msg_operate_encode(out, CALL, &msg);
}

static gboolean
recode_operate(struct meishi_buf *out, guint32 call, struct meishi_bytes body)
{
    struct meishi_msg_operate msg;

    if (!meishi_msg_operate_decode(body, &msg))
        return FALSE;
    meishi_msg_operate_encode(out, call, &msg);
    return TRUE;
}

static void
encode_login(struct meishi_buf *out)
{
    meishi_msg_login_encode(out, CALL, &(struct meishi_msg_login){3, true, some});
}

static void
encode_login_without_pin(struct meishi_buf *out)
{
    meishi_msg_login_encode(out, CALL, &(struct meishi_msg_login){.slot_id = 3});
}

static gboolean
recode_login(struct meishi_buf *out, guint32 call, struct meishi_bytes body)
{
    struct meishi_msg_login msg;

    if (!meishi_msg_login_decode(body, &msg))
        return FALSE;
    meishi_msg_login_encode(out, call, &msg);
    return TRUE;
}

static void
encode_wait(struct meishi_buf *out)
{
    meishi_msg_wait_encode(out, CALL, &(struct meishi_msg_wait){G_MAXUINT64});
}

static gboolean
recode_wait(struct meishi_buf *out, guint32 call, struct meishi_bytes body)
{
    struct meishi_msg_wait msg;

    if (!meishi_msg_wait_decode(body, &msg))
        return FALSE;
    meishi_msg_wait_encode(out, call, &msg);
    return TRUE;
}

static void
encode_hello_reply(struct meishi_buf *out)
{
    struct meishi_msg_hello_reply msg = {MEISHI_WIRE_OK, 1, 0x1234567812345678, 99};

    meishi_msg_hello_reply_encode(out, CALL, &msg);
}

static gboolean
recode_hello_reply(struct meishi_buf *out, guint32 call, struct meishi_bytes body)
{
    struct meishi_msg_hello_reply msg;

    if (!meishi_msg_hello_reply_decode(body, &msg))
        return FALSE;
    meishi_msg_hello_reply_encode(out, call, &msg);
    return TRUE;
}

static void
encode_snapshot_reply(struct meishi_buf *out)
{
    meishi_msg_snapshot_reply_encode(out, CALL, &(struct meishi_msg_counter_reply){.counter = 5});
}

static gboolean
recode_snapshot_reply(struct meishi_buf *out, guint32 call, struct meishi_bytes body)
{
    struct meishi_msg_counter_reply msg;

    if (!meishi_msg_counter_reply_decode(body, &msg))
        return FALSE;
    meishi_msg_snapshot_reply_encode(out, call, &msg);
    return TRUE;
}

static void
encode_wait_reply(struct meishi_buf *out)
{
    meishi_msg_wait_reply_encode(out, CALL, &(struct meishi_msg_counter_reply){.counter = 5});
}

static gboolean
recode_wait_reply(struct meishi_buf *out, guint32 call, struct meishi_bytes body)
{
    struct meishi_msg_counter_reply msg;

    if (!meishi_msg_counter_reply_decode(body, &msg))
        return FALSE;
    meishi_msg_wait_reply_encode(out, call, &msg);
    return TRUE;
}

static void
encode_operate_reply(struct meishi_buf *out)
{
    meishi_msg_operate_reply_encode(out, CALL, &(struct meishi_msg_result_reply){.result = some});
}

static gboolean
recode_operate_reply(struct meishi_buf *out, guint32 call, struct meishi_bytes body)
{
    struct meishi_msg_result_reply msg;

    if (!meishi_msg_operate_reply_decode(body, &msg))
        return FALSE;
    meishi_msg_operate_reply_encode(out, call, &msg);
    return TRUE;
}

static void
encode_login_reply(struct meishi_buf *out)
{
    meishi_msg_login_reply_encode(out, CALL, MEISHI_WIRE_BAD_PIN);
}

static gboolean
recode_login_reply(struct meishi_buf *out, guint32 call, struct meishi_bytes body)
{
    enum meishi_wire_status status;

    if (!meishi_msg_login_reply_decode(body, &status))
        return FALSE;
    meishi_msg_login_reply_encode(out, call, status);
    return TRUE;
}

static const Case cases[] = {
    {"hello", MEISHI_WIRE_HELLO, encode_hello, recode_hello},
    {"snapshot", MEISHI_WIRE_SNAPSHOT, encode_snapshot, recode_snapshot},
    {"operate", MEISHI_WIRE_OPERATE, encode_operate, recode_operate},
    {"operate-in-file", MEISHI_WIRE_OPERATE, encode_operate_in_file, recode_operate},
    {"login", MEISHI_WIRE_LOGIN, encode_login, recode_login},
    {"login-without-pin", MEISHI_WIRE_LOGIN, encode_login_without_pin, recode_login},
    {"wait", MEISHI_WIRE_WAIT, encode_wait, recode_wait},
    {"hello-reply", MEISHI_WIRE_HELLO + MEISHI_WIRE_REPLY, encode_hello_reply, recode_hello_reply},
    {"snapshot-reply", MEISHI_WIRE_SNAPSHOT + MEISHI_WIRE_REPLY, encode_snapshot_reply,
     recode_snapshot_reply},
    {"operate-reply", MEISHI_WIRE_OPERATE + MEISHI_WIRE_REPLY, encode_operate_reply,
     recode_operate_reply},
    {"login-reply", MEISHI_WIRE_LOGIN + MEISHI_WIRE_REPLY, encode_login_reply, recode_login_reply},
    {"wait-reply", MEISHI_WIRE_WAIT + MEISHI_WIRE_REPLY, encode_wait_reply, recode_wait_reply},
};

/* Takes a frame of exactly @len bytes apart and together; FALSE where it was refused. */
static gboolean
recode_frame(const Case *c, const guint8 *frame, gsize len, struct meishi_buf *out)
{
    g_autofree guint8 *copy = g_memdup2(frame, len); /* so that a sanitizer sees a read beyond */
    struct meishi_msg_head head;
    struct meishi_bytes body;

    return meishi_msg_head_decode(copy, len, &head, &body) && c->recode(out, head.call, body);
}

static void
test_round_trip(gconstpointer data)
{
    const Case *c = data;
    struct meishi_msg_head head;
    struct meishi_bytes body;
    struct meishi_buf frame, again;

    meishi_buf_init(&frame, MEISHI_WIRE_MAX_FRAME);
    meishi_buf_init(&again, MEISHI_WIRE_MAX_FRAME);
    c->encode(&frame);
    g_assert_false(frame.failed);
    g_assert_true(meishi_msg_head_decode(frame.data, frame.len, &head, &body));
    g_assert_cmpuint(head.type, ==, c->type);
    g_assert_cmpuint(head.call, ==, CALL);
    g_assert_true(recode_frame(c, frame.data, frame.len, &again));
    g_assert_cmpmem(frame.data, frame.len, again.data, again.len);
    meishi_buf_clear(&frame);
    meishi_buf_clear(&again);
}

static void
test_truncated(gconstpointer data)
{
    const Case *c = data;
    struct meishi_buf frame, again;

    meishi_buf_init(&frame, MEISHI_WIRE_MAX_FRAME);
    meishi_buf_init(&again, MEISHI_WIRE_MAX_FRAME);
    c->encode(&frame);
    for (gsize len = 0; len < frame.len; len++)
        g_assert_false(recode_frame(c, frame.data, len, &again));
    meishi_buf_add_u8(&frame, 0);
    g_assert_false(recode_frame(c, frame.data, frame.len, &again));
    meishi_buf_clear(&frame);
    meishi_buf_clear(&again);
}

/* What survives a change is a message with one spelling. */
static void
test_changed(gconstpointer data)
{
    const Case *c = data;
    struct meishi_buf frame, again;

    meishi_buf_init(&frame, MEISHI_WIRE_MAX_FRAME);
    meishi_buf_init(&again, MEISHI_WIRE_MAX_FRAME);
    c->encode(&frame);
    for (guint i = 0; i < 5000; i++) {
        gsize at = (gsize)g_test_rand_int_range(0, (gint32)frame.len);
        guint8 saved = frame.data[at];

        frame.data[at] = (guint8)g_test_rand_int_range(0, 256);
        meishi_buf_reset(&again);
        if (recode_frame(c, frame.data, frame.len, &again) && at >= 4) {
            g_assert_false(again.failed);
            g_assert_cmpmem(frame.data, frame.len, again.data, again.len);
        }
        frame.data[at] = saved;
    }
    meishi_buf_clear(&frame);
    meishi_buf_clear(&again);
}

static void
test_operate_fields(void)
{
    struct meishi_msg_operate msg;
    struct meishi_msg_head head;
    struct meishi_bytes body;
    struct meishi_buf frame;

    meishi_buf_init(&frame, MEISHI_WIRE_MAX_FRAME);
    meishi_msg_operate_encode(&frame, 1, &verify);
    g_assert_true(meishi_msg_head_decode(frame.data, frame.len, &head, &body));
    g_assert_true(meishi_msg_operate_decode(body, &msg));
    g_assert_cmpuint(msg.object, ==, verify.object);
    g_assert_cmpint(msg.operation, ==, MEISHI_WIRE_VERIFY);
    g_assert_cmpuint(msg.mechanism.type, ==, 0xd);
    g_assert_cmpuint(msg.mechanism.n_numbers, ==, 3);
    g_assert_cmpuint(msg.mechanism.numbers[2], ==, 32);
    g_assert_cmpuint(msg.mechanism.n_strings, ==, 2);
    g_assert_cmpmem(msg.mechanism.strings[0].data, msg.mechanism.strings[0].len, "one", 3);
    g_assert_false(msg.in_file);
    g_assert_cmpmem(msg.signature.data, msg.signature.len, "signature", 9);
    g_assert_cmpmem(msg.data.data, msg.data.len, "data", 4);
    meishi_buf_clear(&frame);
}

static gboolean
can_encode(const struct meishi_msg_operate *msg)
{
    struct meishi_buf frame;
    gboolean fits;

    meishi_buf_init(&frame, MEISHI_WIRE_MAX_FRAME);
    meishi_msg_operate_encode(&frame, 1, msg);
    fits = !frame.failed;
    meishi_buf_clear(&frame);
    return fits;
}

static void
test_operate_consistency(void)
{
    struct meishi_msg_operate msg = verify;

    g_assert_true(can_encode(&msg));
    msg.operation = MEISHI_WIRE_SIGN; /* a signature belongs to VERIFY alone */
    g_assert_false(can_encode(&msg));
    msg = verify;
    msg.in_file = true;
    g_assert_false(can_encode(&msg));
    msg = verify;
    msg.object = 0;
    g_assert_false(can_encode(&msg));
    msg = verify;
    msg.operation = (enum meishi_wire_operation)9;
    g_assert_false(can_encode(&msg));
    msg = verify;
    msg.mechanism.n_numbers = MEISHI_WIRE_MAX_NUMBERS + 1;
    g_assert_false(can_encode(&msg));
}

static void
test_caps(void)
{
    g_autofree guint8 *big = g_malloc0(MEISHI_WIRE_MAX_INLINE + 1);
    struct meishi_msg_operate msg = verify;

    msg.data = (struct meishi_bytes){big, MEISHI_WIRE_MAX_INLINE};
    msg.mechanism.strings[0] = (struct meishi_bytes){NULL, 0};
    g_assert_true(can_encode(&msg));
    msg.data.len++;
    g_assert_false(can_encode(&msg));
    msg = verify;
    msg.mechanism.strings[0] = (struct meishi_bytes){big, MEISHI_WIRE_MAX_PARAM + 1};
    g_assert_false(can_encode(&msg));
    msg = verify;
    msg.signature = (struct meishi_bytes){big, MEISHI_WIRE_MAX_RESULT + 1};
    g_assert_false(can_encode(&msg));
}

static void
test_error_is_status_alone(void)
{
    struct meishi_msg_result_reply result;
    struct meishi_msg_hello_reply hello;
    struct meishi_msg_head head;
    struct meishi_bytes body;
    struct meishi_buf frame;

    meishi_buf_init(&frame, MEISHI_WIRE_MAX_FRAME);
    meishi_msg_error_encode(&frame, MEISHI_WIRE_OPERATE, 9, MEISHI_WIRE_DENIED);
    g_assert_true(meishi_msg_head_decode(frame.data, frame.len, &head, &body));
    g_assert_cmpuint(head.type, ==, MEISHI_WIRE_OPERATE + MEISHI_WIRE_REPLY);
    g_assert_true(meishi_msg_operate_reply_decode(body, &result));
    g_assert_cmpint(result.status, ==, MEISHI_WIRE_DENIED);
    g_assert_cmpuint(result.result.len, ==, 0);
    g_assert_true(meishi_msg_hello_reply_decode(body, &hello));
    g_assert_cmpint(hello.status, ==, MEISHI_WIRE_DENIED);
    meishi_buf_add_u32(&frame, 0); /* and nothing may follow */
    g_assert_true(meishi_msg_head_decode(frame.data, frame.len, &head, &body));
    g_assert_false(meishi_msg_operate_reply_decode(body, &result));
    meishi_buf_clear(&frame);
}

static void
test_frame_length(void)
{
    g_autofree guint8 *frame = g_malloc0(MEISHI_WIRE_MAX_FRAME + 1);
    struct meishi_msg_head head;
    struct meishi_bytes body;

    g_assert_true(meishi_msg_head_decode(frame, MEISHI_WIRE_MAX_FRAME, &head, &body));
    g_assert_cmpuint(body.len, ==, MEISHI_WIRE_MAX_FRAME - 8);
    g_assert_false(meishi_msg_head_decode(frame, MEISHI_WIRE_MAX_FRAME + 1, &head, &body));
}

static void
add_case(const char *what, const Case *c, GTestDataFunc func)
{
    g_autofree char *path = g_strdup_printf("/wire/msg/%s/%s", what, c->name);

    g_test_add_data_func(path, c, func);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        add_case("round-trip", &cases[i], test_round_trip);
        add_case("truncated", &cases[i], test_truncated);
        add_case("changed", &cases[i], test_changed);
    }
    g_test_add_func("/wire/msg/operate-fields", test_operate_fields);
    g_test_add_func("/wire/msg/operate-consistency", test_operate_consistency);
    g_test_add_func("/wire/msg/caps", test_caps);
    g_test_add_func("/wire/msg/error-is-status-alone", test_error_is_status_alone);
    g_test_add_func("/wire/msg/frame-length", test_frame_length);
    return g_test_run();
}
