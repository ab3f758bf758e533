/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every message between daemon and token host: what one end encodes the other decodes to the same,
 * a byte too few or too many is refused at every place, and each limit is one.
 */
#include "daemon/tokenhost/message.h"

#include <string.h>

#define TEXT(literal)                                  \
    {                                                  \
        (const guint8 *)(literal), sizeof(literal) - 1 \
    }
#define CALL 0x01020304

static const MeishiHostRequest requests[] = {
    {.type = MEISHI_HOST_INITIALIZE, .data = TEXT("configdir='sql:x'")},
    {.type = MEISHI_HOST_INITIALIZE},
    {.type = MEISHI_HOST_SLOTS},
    {.type = MEISHI_HOST_OBJECTS, .slot = 7, .presence = 3, .number = MEISHI_HOST_ANY_CLASS},
    {.type = MEISHI_HOST_MECHANISMS, .slot = G_MAXUINT64, .presence = 1},
    {.type = MEISHI_HOST_LOGIN, .slot = 1, .presence = 2, .number = 1, .n_pins = 1},
    {.type = MEISHI_HOST_LOGIN, .slot = 1, .presence = 2, .number = 1},
    {.type = MEISHI_HOST_LOGOUT, .slot = 1, .presence = 2},
    {.type = MEISHI_HOST_OPERATE,
     .slot = 1,
     .presence = 2,
     .number = 4711,
     .operation = MEISHI_WIRE_SIGN,
     .login = TRUE,
     .n_pins = 1,
     .mechanism = {.type = 0xd, .n_numbers = 3, .numbers = {0x250, 2, 32}},
     .data = TEXT("digest")},
    {.type = MEISHI_HOST_OPERATE,
     .slot = 1,
     .presence = 2,
     .number = 4711,
     .operation = MEISHI_WIRE_DERIVE,
     .mechanism = {.type = 0x1050,
                   .n_numbers = 1,
                   .n_strings = 2,
                   .numbers = {1},
                   .strings = {TEXT("point"), TEXT("")}}},
    {.type = MEISHI_HOST_SET_PIN, .slot = 1, .presence = 2, .number = 1, .n_pins = 2},
    {.type = MEISHI_HOST_INIT_PIN, .slot = 1, .presence = 2, .n_pins = 2},
    {.type = MEISHI_HOST_INIT_TOKEN, .slot = 1, .presence = 2, .data = TEXT("Label"), .n_pins = 1},
    {.type = MEISHI_HOST_WAIT},
    {.type = MEISHI_HOST_CREATE, .slot = 1, .presence = 2, .n_pins = 1},
    {.type = MEISHI_HOST_DESTROY, .slot = 1, .presence = 2, .number = 4711},
};

static MeishiHostSlot some_slots[] = {
    {.slot = 7,
     .slot_flags = 3,
     .description = TEXT("Reader"),
     .manufacturer = TEXT("Maker"),
     .presence = 9,
     .token_flags = 0x40d,
     .label = TEXT("Corp card"),
     .maker = TEXT("Cards"),
     .model = TEXT("PIV"),
     .serial = TEXT("0001"),
     .min_pin = 4,
     .max_pin = 8},
    {.slot = 8, .slot_flags = 2, .description = TEXT("Empty")},
};
static MeishiHostMechanism some_mechanisms[] = {{1, 1024, 4096, 0x800}, {0xd, 0, 0, 1}};

static const MeishiHostReply replies[] = {
    {.type = MEISHI_HOST_INITIALIZE,
     .cryptoki = {2, 40},
     .version = {0, 23},
     .flags = MEISHI_HOST_SERIAL,
     .manufacturer = TEXT("Maker"),
     .description = TEXT("Module")},
    {.type = MEISHI_HOST_INITIALIZE, .status = MEISHI_HOST_NO_LOAD},
    {.type = MEISHI_HOST_SLOTS, .n = 2, .slots = some_slots},
    {.type = MEISHI_HOST_SLOTS},
    {.type = MEISHI_HOST_OBJECTS},
    {.type = MEISHI_HOST_OBJECTS, .status = MEISHI_HOST_STALE},
    {.type = MEISHI_HOST_MECHANISMS, .n = 2, .mechanisms = some_mechanisms},
    {.type = MEISHI_HOST_LOGIN, .status = 0xa0},
    {.type = MEISHI_HOST_OPERATE, .result = TEXT("signature")},
    {.type = MEISHI_HOST_WAIT, .slot = 7},
    {.type = MEISHI_HOST_CREATE, .object = 4711},
    {.type = MEISHI_HOST_CREATE, .status = 0x13},
    {.type = MEISHI_HOST_DESTROY},
};

static void
recode_request(struct meishi_buf *out, gconstpointer frame, gsize len)
{
    MeishiHostRequest request;

    out->failed = !meishi_host_request_decode(frame, len, &request);
    if (!out->failed)
        meishi_host_request_encode(out, &request);
}

static void
recode_reply(struct meishi_buf *out, gconstpointer frame, gsize len)
{
    MeishiHostReply reply;

    out->failed = !meishi_host_reply_decode(frame, len, &reply);
    if (out->failed)
        return;
    meishi_host_reply_encode(out, &reply);
    meishi_host_reply_clear(&reply);
}

typedef void (*Recode)(struct meishi_buf *out, gconstpointer frame, gsize len);

/* @frame comes back as it was; no shorter and no longer one is accepted. */
static void
check_frame(const struct meishi_buf *frame, Recode recode)
{
    g_autofree guint8 *longer = g_malloc0(frame->len + 1);
    struct meishi_buf out;

    g_assert_false(frame->failed);
    meishi_buf_init(&out, MEISHI_WIRE_MAX_FRAME);
    recode(&out, frame->data, frame->len);
    g_assert_false(out.failed);
    g_assert_cmpmem(out.data, out.len, frame->data, frame->len);
    for (gsize len = 0; len < frame->len; len++) {
        meishi_buf_reset(&out);
        recode(&out, frame->data, len);
        g_assert_true(out.failed);
    }
    memcpy(longer, frame->data, frame->len);
    meishi_buf_reset(&out);
    recode(&out, longer, frame->len + 1);
    g_assert_true(out.failed);
    meishi_buf_clear(&out);
}

static void
test_requests(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(requests); i++) {
        MeishiHostRequest request = requests[i];
        struct meishi_buf frame;

        g_test_message("%s", meishi_host_type_name(request.type));
        request.call = CALL;
        meishi_buf_init(&frame, MEISHI_WIRE_MAX_FRAME);
        meishi_host_request_encode(&frame, &request);
        check_frame(&frame, recode_request);
        meishi_buf_clear(&frame);
    }
}

static void
test_replies(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(replies); i++) {
        MeishiHostReply reply = replies[i];
        struct meishi_buf frame;

        g_test_message("%s", meishi_host_type_name(reply.type));
        reply.call = CALL;
        meishi_buf_init(&frame, MEISHI_WIRE_MAX_FRAME);
        meishi_host_reply_encode(&frame, &reply);
        check_frame(&frame, recode_reply);
        meishi_buf_clear(&frame);
    }
}

static void
test_fields(void)
{
    struct meishi_buf frame;
    MeishiHostReply reply;
    MeishiHostRequest request;

    meishi_buf_init(&frame, MEISHI_WIRE_MAX_FRAME);
    meishi_host_reply_encode(&frame, &replies[2]);
    g_assert_true(meishi_host_reply_decode(frame.data, frame.len, &reply));
    g_assert_cmpuint(reply.n, ==, 2);
    g_assert_cmpuint(reply.slots[0].presence, ==, 9);
    g_assert_cmpmem(reply.slots[0].serial.data, reply.slots[0].serial.len, "0001", 4);
    g_assert_cmpuint(reply.slots[1].presence, ==, 0);
    meishi_host_reply_clear(&reply);
    meishi_buf_reset(&frame);
    meishi_host_request_encode(&frame, &requests[8]);
    g_assert_true(meishi_host_request_decode(frame.data, frame.len, &request));
    g_assert_true(request.login);
    g_assert_cmpuint(request.n_pins, ==, 1);
    g_assert_cmpuint(request.mechanism.numbers[2], ==, 32);
    g_assert_cmpmem(request.data.data, request.data.len, "digest", 6);
    meishi_buf_clear(&frame);
}

/* Descriptors come with what has them, and with nothing else. */
static void
test_descriptors(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(replies); i++)
        g_assert_cmpuint(meishi_host_reply_n_fds(&replies[i]), ==,
                         replies[i].type == MEISHI_HOST_OBJECTS && replies[i].status == 0);
}

static gboolean
encodes(const MeishiHostRequest *request)
{
    struct meishi_buf frame;
    gboolean is_good;

    meishi_buf_init(&frame, MEISHI_WIRE_MAX_FRAME);
    meishi_host_request_encode(&frame, request);
    is_good = !frame.failed;
    meishi_buf_clear(&frame);
    return is_good;
}

static void
test_request_limits(void)
{
    g_autofree guint8 *bytes = g_malloc0(MEISHI_WIRE_MAX_FRAME);
    const MeishiHostRequest bad[] = {
        {.type = 0},
        {.type = MEISHI_HOST_N_TYPES},
        {.type = MEISHI_HOST_SLOTS, .n_pins = 1},
        {.type = MEISHI_HOST_LOGIN, .n_pins = 2},
        {.type = MEISHI_HOST_SET_PIN, .n_pins = 1},
        {.type = MEISHI_HOST_SET_PIN, .n_pins = 3},
        {.type = MEISHI_HOST_OPERATE, .n_pins = 1}, /* and no login */
        {.type = MEISHI_HOST_CREATE},
        {.type = MEISHI_HOST_DESTROY, .n_pins = 1},
        {.type = MEISHI_HOST_OPERATE, .data = {bytes, MEISHI_WIRE_MAX_INLINE + 1}},
        {.type = MEISHI_HOST_INITIALIZE, .data = {bytes, MEISHI_HOST_MAX_RESERVED + 1}},
        {.type = MEISHI_HOST_INIT_TOKEN, .data = {bytes, 33}},
    };
    const MeishiHostRequest largest = {.type = MEISHI_HOST_OPERATE,
                                       .data = {bytes, MEISHI_WIRE_MAX_INLINE}};

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(encodes(&bad[i]));
    g_assert_true(encodes(&largest));
}

/* The largest answers fit into a frame. */
static void
test_reply_limits(void)
{
    g_autofree MeishiHostSlot *slots = g_new0(MeishiHostSlot, MEISHI_HOST_MAX_SLOTS + 1);
    g_autofree MeishiHostMechanism *mechanisms =
        g_new0(MeishiHostMechanism, MEISHI_HOST_MAX_MECHANISMS + 1);
    const guint8 text[64] = {0};
    const struct {
        MeishiHostReply reply;
        gboolean fits;
    } rows[] = {
        {{.type = MEISHI_HOST_SLOTS, .n = MEISHI_HOST_MAX_SLOTS, .slots = slots}, TRUE},
        {{.type = MEISHI_HOST_SLOTS, .n = MEISHI_HOST_MAX_SLOTS + 1, .slots = slots}, FALSE},
        {{.type = MEISHI_HOST_MECHANISMS,
          .n = MEISHI_HOST_MAX_MECHANISMS,
          .mechanisms = mechanisms},
         TRUE},
        {{.type = MEISHI_HOST_MECHANISMS,
          .n = MEISHI_HOST_MAX_MECHANISMS + 1,
          .mechanisms = mechanisms},
         FALSE},
    };

    for (guint i = 0; i <= MEISHI_HOST_MAX_SLOTS; i++) {
        slots[i].description = slots[i].manufacturer = (MeishiHostText){text, sizeof text};
        slots[i].label = slots[i].maker = (MeishiHostText){text, sizeof text};
        slots[i].model = slots[i].serial = (MeishiHostText){text, sizeof text};
    }
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        MeishiHostReply reply;
        struct meishi_buf frame;

        meishi_buf_init(&frame, MEISHI_WIRE_MAX_FRAME);
        meishi_host_reply_encode(&frame, &rows[i].reply);
        g_assert_false(frame.failed);
        g_assert_cmpint(meishi_host_reply_decode(frame.data, frame.len, &reply), ==, rows[i].fits);
        if (rows[i].fits)
            meishi_host_reply_clear(&reply);
        meishi_buf_clear(&frame);
    }
}

/* ---- listings ------------------------------------------------------------------------------ */

static void
test_listing(void)
{
    const MeishiHostObject objects[] = {
        {.handle = 1, .class = 1, .n = 2, .attributes = {{0x11, TEXT("value")}, {3, TEXT("")}}},
        {.handle = 2, .class = 3, .n = 0},
    };
    struct meishi_buf listing;
    struct meishi_reader reader;
    MeishiHostObject object;

    meishi_buf_init(&listing, 1000);
    for (gsize i = 0; i < G_N_ELEMENTS(objects); i++)
        meishi_host_object_encode(&listing, &objects[i]);
    meishi_reader_init(&reader, listing.data, listing.len);
    g_assert_true(meishi_host_object_decode(&reader, &object));
    g_assert_cmpuint(object.n, ==, 2);
    g_assert_cmpuint(meishi_host_object_find(&object, 0x11)->len, ==, 5);
    g_assert_cmpuint(meishi_host_object_find(&object, 3)->len, ==, 0);
    g_assert_null(meishi_host_object_find(&object, 4));
    g_assert_true(meishi_host_object_decode(&reader, &object));
    g_assert_cmpuint(object.class, ==, 3);
    g_assert_false(meishi_host_object_decode(&reader, &object));
    g_assert_true(meishi_reader_end(&reader));
    meishi_buf_clear(&listing);
}

static void
test_bad_listings(void)
{
    const MeishiHostObject object = {
        .handle = 1, .class = 1, .n = 1, .attributes = {{0x11, TEXT("value")}}};
    struct meishi_buf listing;
    MeishiHostObject out;

    meishi_buf_init(&listing, 1000);
    meishi_host_object_encode(&listing, &object);
    for (gsize len = 1; len < listing.len; len++) {
        struct meishi_reader reader;

        meishi_reader_init(&reader, listing.data, len);
        g_assert_false(meishi_host_object_decode(&reader, &out));
        g_assert_false(meishi_reader_end(&reader));
    }
    listing.data[16] = MEISHI_HOST_MAX_ATTRIBUTES + 1;
    meishi_buf_add(&listing, (guint8[4096]){0}, 500);
    {
        struct meishi_reader reader;

        meishi_reader_init(&reader, listing.data, listing.len);
        g_assert_false(meishi_host_object_decode(&reader, &out));
    }
    meishi_buf_clear(&listing);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tokenhost/message/requests", test_requests);
    g_test_add_func("/tokenhost/message/replies", test_replies);
    g_test_add_func("/tokenhost/message/fields", test_fields);
    g_test_add_func("/tokenhost/message/descriptors", test_descriptors);
    g_test_add_func("/tokenhost/message/request-limits", test_request_limits);
    g_test_add_func("/tokenhost/message/reply-limits", test_reply_limits);
    g_test_add_func("/tokenhost/message/listing", test_listing);
    g_test_add_func("/tokenhost/message/bad-listings", test_bad_listings);
    return g_test_run();
}
