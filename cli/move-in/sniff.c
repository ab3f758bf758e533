/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * RFC 7468 for text, X.690 for the rest: one SEQUENCE that is as long as the file.
 */
#include "cli/move-in/sniff.h"

#include <string.h>

#define BEGIN        "-----BEGIN "
#define DASHES       "-----"
#define SEQUENCE     0x30
#define INDEFINITE   0x80
#define MAX_LEN_SIZE 4

static gboolean
is_label(const char *text, gsize len)
{
    static const char *const labels[] = {
        "CERTIFICATE",     "X509 CERTIFICATE",      "TRUSTED CERTIFICATE", "PRIVATE KEY",
        "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "EC PRIVATE KEY",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(labels); i++) {
        if (strlen(labels[i]) == len && memcmp(labels[i], text, len) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean
has_pem(const guint8 *data, gsize len)
{
    const guint8 *end = data + len;
    const guint8 *begin = memmem(data, len, BEGIN, strlen(BEGIN));

    while (begin != NULL) {
        const guint8 *label = begin + strlen(BEGIN);
        const guint8 *dashes = memmem(label, (gsize)(end - label), DASHES, strlen(DASHES));

        if (dashes == NULL)
            return FALSE;
        if (is_label((const char *)label, (gsize)(dashes - label)))
            return TRUE;
        begin = memmem(label, (gsize)(end - label), BEGIN, strlen(BEGIN));
    }
    return FALSE;
}

/* How long tag and length of the SEQUENCE are that fills the file; 0 where it is something else. */
static gsize
header_len(const guint8 *data, gsize len, guint64 size)
{
    guint64 content = 0;
    gsize n;

    if (len < 2 || data[0] != SEQUENCE)
        return 0;
    if (data[1] == INDEFINITE)
        return 2;
    if (data[1] < INDEFINITE)
        return size == 2 + (guint64)data[1] ? 2 : 0;
    n = data[1] & 0x7f;
    if (n > MAX_LEN_SIZE || len < 2 + n)
        return 0;
    for (gsize i = 0; i < n; i++)
        content = content << 8 | data[2 + i];
    return size == 2 + n + content ? 2 + n : 0;
}

MeishiSniff
meishi_sniff(const guint8 *data, gsize len, guint64 size)
{
    gsize header = header_len(data, len, size);

    if (header > 0 && header < len && data[header] == SEQUENCE)
        return MEISHI_SNIFF_CERTIFICATE;
    if (header > 0)
        return MEISHI_SNIFF_DER;
    return has_pem(data, len) ? MEISHI_SNIFF_PEM : MEISHI_SNIFF_NOTHING;
}
