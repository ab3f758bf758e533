/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Hexadecimal text.  For public values: it makes no effort to hide what it is given.
 */
#include "daemon/agent/hex.h"

char *
meishi_hex_encode(const guint8 *data, gsize len)
{
    static const char digits[] = "0123456789abcdef";
    char *text = g_malloc(2 * len + 1);

    for (gsize i = 0; i < len; i++) {
        text[2 * i] = digits[data[i] >> 4];
        text[2 * i + 1] = digits[data[i] & 15];
    }
    text[2 * len] = '\0';
    return text;
}
