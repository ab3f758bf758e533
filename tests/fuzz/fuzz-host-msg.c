/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Frames between the daemon and a token host, in both directions, and listings of objects: behind
 * the other end may be a module that has written over its host's memory.
 *
 * Whatever a decoder accepts is encoded again and must come out as it came in.
 */
#include "daemon/tokenhost/message.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
expect_same(const struct meishi_buf *out, const uint8_t *data, size_t size)
{
    if (out->failed || out->len != size || (size > 0 && memcmp(out->data, data, size) != 0))
        abort();
}

static void
read_request(struct meishi_buf *out, const uint8_t *data, size_t size)
{
    MeishiHostRequest request;

    if (!meishi_host_request_decode(data, size, &request))
        return;
    meishi_host_request_encode(out, &request);
    expect_same(out, data, size);
}

static void
read_reply(struct meishi_buf *out, const uint8_t *data, size_t size)
{
    MeishiHostReply reply;

    if (!meishi_host_reply_decode(data, size, &reply))
        return;
    meishi_host_reply_encode(out, &reply);
    meishi_host_reply_clear(&reply);
    expect_same(out, data, size);
}

static void
read_listing(struct meishi_buf *out, const uint8_t *data, size_t size)
{
    struct meishi_reader reader;
    MeishiHostObject object;

    meishi_reader_init(&reader, data, size);
    while (meishi_host_object_decode(&reader, &object))
        meishi_host_object_encode(out, &object);
    if (meishi_reader_end(&reader))
        expect_same(out, data, size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void (*const readers[])(struct meishi_buf *, const uint8_t *,
                            size_t) = {read_request, read_reply, read_listing};

    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
        struct meishi_buf out;

        meishi_buf_init(&out, MEISHI_HOST_MAX_LISTING);
        readers[i](&out, data, size);
        meishi_buf_clear(&out);
    }
    return 0;
}
