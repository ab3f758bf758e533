/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See tlv.h.
 */
#include "tests/card/tlv.h"

static void
append_byte(GByteArray *out, gsize byte)
{
    guint8 value = (guint8)byte;

    g_byte_array_append(out, &value, 1);
}

static void
append_length(GByteArray *out, gsize len)
{
    if (len > 0xff)
        append_byte(out, 0x82);
    else if (len > 0x7f)
        append_byte(out, 0x81);
    if (len > 0xff)
        append_byte(out, len >> 8);
    append_byte(out, len);
}

void
meishi_tlv_append(GByteArray *out, guint tag, gconstpointer value, gsize len)
{
    g_assert(len <= 0xffff);
    if (tag > 0xffff)
        append_byte(out, tag >> 16);
    if (tag > 0xff)
        append_byte(out, tag >> 8);
    append_byte(out, tag);
    append_length(out, len);
    if (len > 0)
        g_byte_array_append(out, value, (guint)len);
}

/* The length at @data; how many bytes it takes, 0 where it is cut off or of an unknown form. */
static gsize
read_length(const guint8 *data, gsize len, gsize *ret_value)
{
    if (len >= 1 && data[0] < 0x80) {
        *ret_value = data[0];
        return 1;
    }
    if (len >= 2 && data[0] == 0x81) {
        *ret_value = data[1];
        return 2;
    }
    if (len >= 3 && data[0] == 0x82) {
        *ret_value = (gsize)data[1] << 8 | data[2];
        return 3;
    }
    return 0;
}

const guint8 *
meishi_tlv_find(const guint8 *data, gsize len, guint8 tag, gsize *ret_len)
{
    while (len >= 2) {
        gsize value_len, n = read_length(data + 1, len - 1, &value_len);
        guint8 found = data[0];

        if (n == 0 || value_len > len - 1 - n)
            return NULL;
        data += 1 + n;
        len -= 1 + n;
        if (found == tag) {
            *ret_len = value_len;
            return data;
        }
        data += value_len;
        len -= value_len;
    }
    return NULL;
}
