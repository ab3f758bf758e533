/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whether a file may hold certificates or keys, by how it begins.  A pure function that reads
 * nothing it could be misled by: what is in the file is for the daemon to find out.
 */
#pragma once

#include <glib.h>

typedef enum {
    MEISHI_SNIFF_NOTHING,
    MEISHI_SNIFF_PEM,         /* a certificate or a private key in it; not one of OpenSSH's own */
    MEISHI_SNIFF_CERTIFICATE, /* DER that may be a certificate, or an encrypted key */
    MEISHI_SNIFF_DER,         /* another value in DER, or PKCS#12 in BER */
} MeishiSniff;

/* @data: the first @len bytes of a file of @size. */
MeishiSniff meishi_sniff(const guint8 *data, gsize len, guint64 size);
