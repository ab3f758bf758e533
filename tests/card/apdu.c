/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See apdu.h.
 */
#include "tests/card/apdu.h"

#define CLA_CHAINED      0x10
#define INS_GET_RESPONSE 0xc0
#define MAX_COMMAND      8192
#define SHORT_MAX        256

struct MeishiApduLink {
    MeishiCommandFunc func;
    gpointer data;
    GByteArray *chain;   /* of the command that is coming in pieces */
    GByteArray *pending; /* of the answer that is fetched in pieces */
};

/* A command APDU's fields. */
typedef struct {
    guint8 cla, ins, p1, p2;
    const guint8 *data;
    gsize len;
    gsize expected; /* at most; 0: nothing was said */
} Frame;

MeishiApduLink *
meishi_apdu_link_new(MeishiCommandFunc func, gpointer data)
{
    MeishiApduLink *link = g_new0(MeishiApduLink, 1);

    link->func = func;
    link->data = data;
    link->chain = g_byte_array_new();
    link->pending = g_byte_array_new();
    return link;
}

void
meishi_apdu_link_free(MeishiApduLink *link)
{
    g_byte_array_unref(link->chain);
    g_byte_array_unref(link->pending);
    g_free(link);
}

void
meishi_apdu_link_reset(MeishiApduLink *link)
{
    g_byte_array_set_size(link->chain, 0);
    g_byte_array_set_size(link->pending, 0);
}

/* ---- reading --------------------------------------------------------------------------------- */

static gsize
or_all(gsize value, gsize all)
{
    return value != 0 ? value : all;
}

/* Lc, data, Le of one byte each. */
static gboolean
read_short(Frame *frame, const guint8 *rest, gsize len)
{
    if (len == 1) {
        frame->expected = or_all(rest[0], SHORT_MAX);
        return TRUE;
    }
    frame->len = rest[0];
    frame->data = rest + 1;
    if (frame->len + 1 > len)
        return FALSE;
    if (frame->len + 1 < len)
        frame->expected = or_all(rest[frame->len + 1], SHORT_MAX);
    return TRUE;
}

/* The same of two bytes each, behind a zero. */
static gboolean
read_extended(Frame *frame, const guint8 *rest, gsize len)
{
    gsize first = (gsize)rest[1] << 8 | rest[2];

    if (len == 3) {
        frame->expected = or_all(first, 65536);
        return TRUE;
    }
    frame->len = first;
    frame->data = rest + 3;
    if (frame->len + 3 > len)
        return FALSE;
    if (frame->len + 5 <= len)
        frame->expected = or_all((gsize)rest[len - 2] << 8 | rest[len - 1], 65536);
    return TRUE;
}

static gboolean
read_frame(const guint8 *bytes, gsize len, Frame *frame)
{
    if (len < 4)
        return FALSE;
    *frame = (Frame){.cla = bytes[0], .ins = bytes[1], .p1 = bytes[2], .p2 = bytes[3]};
    if (len == 4)
        return TRUE;
    if (bytes[4] == 0 && len >= 7)
        return read_extended(frame, bytes + 4, len - 4);
    return read_short(frame, bytes + 4, len - 4);
}

/* ---- answering ------------------------------------------------------------------------------- */

static void
append_status(GByteArray *out, guint status)
{
    const guint8 bytes[] = {(guint8)(status >> 8), (guint8)status};

    g_byte_array_append(out, bytes, sizeof bytes);
}

/* As much of the pending answer as was asked for. */
static void
deliver(MeishiApduLink *link, gsize expected, guint status, GByteArray *out)
{
    guint n = (guint)MIN(link->pending->len, expected);

    g_byte_array_append(out, link->pending->data, n);
    g_byte_array_remove_range(link->pending, 0, n);
    if (link->pending->len > 0)
        status = MEISHI_SW_MORE | (link->pending->len > 0xff ? 0 : link->pending->len);
    append_status(out, status);
}

static void
run(MeishiApduLink *link, const Frame *frame, GByteArray *out)
{
    const MeishiCommand command = {frame->ins, frame->p1, frame->p2, link->chain->data,
                                   link->chain->len};
    guint status;

    g_byte_array_set_size(link->pending, 0);
    status = link->func(&command, link->pending, link->data);
    g_byte_array_set_size(link->chain, 0);
    deliver(link, frame->expected != 0 ? frame->expected : SHORT_MAX, status, out);
}

void
meishi_apdu_link_take(MeishiApduLink *link, const guint8 *bytes, gsize len, GByteArray *out)
{
    Frame frame;

    g_byte_array_set_size(out, 0);
    if (!read_frame(bytes, len, &frame) || link->chain->len + frame.len > MAX_COMMAND) {
        meishi_apdu_link_reset(link);
        append_status(out, MEISHI_SW_LENGTH);
        return;
    }
    if (frame.ins == INS_GET_RESPONSE) {
        if (link->pending->len > 0)
            deliver(link, or_all(frame.expected, SHORT_MAX), MEISHI_SW_OK, out);
        else
            append_status(out, MEISHI_SW_CONDITIONS);
        return;
    }
    g_byte_array_append(link->chain, frame.data, (guint)frame.len);
    if (frame.cla & CLA_CHAINED)
        append_status(out, MEISHI_SW_OK);
    else
        run(link, &frame, out);
}
