/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/move-in/sniff.c: which files are worth showing to the daemon.
 */
#include "cli/move-in/sniff.h"

#include <string.h>

static void
test_text(void)
{
    static const struct {
        const char *text;
        MeishiSniff kind;
    } rows[] = {
        {"-----BEGIN CERTIFICATE-----\nMII", MEISHI_SNIFF_PEM},
        {"Bag Attributes\n\n-----BEGIN RSA PRIVATE KEY-----", MEISHI_SNIFF_PEM},
        {"-----BEGIN ENCRYPTED PRIVATE KEY-----", MEISHI_SNIFF_PEM},
        {"-----BEGIN X509 CRL-----\n-----END X509 CRL-----\n-----BEGIN PRIVATE KEY-----",
         MEISHI_SNIFF_PEM},
        {"-----BEGIN OPENSSH PRIVATE KEY-----", MEISHI_SNIFF_NOTHING},
        {"-----BEGIN CERTIFICATE REQUEST-----", MEISHI_SNIFF_NOTHING},
        {"-----BEGIN PUBLIC KEY-----", MEISHI_SNIFF_NOTHING},
        {"-----BEGIN CERTIFICATE----", MEISHI_SNIFF_NOTHING},
        {"-----BEGIN ", MEISHI_SNIFF_NOTHING},
        {"-----BEGIN -----", MEISHI_SNIFF_NOTHING},
        {"0", MEISHI_SNIFF_NOTHING},
        {"", MEISHI_SNIFF_NOTHING},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        gsize len = strlen(rows[i].text);

        g_test_message("%s", rows[i].text);
        g_assert_cmpint(meishi_sniff((const guint8 *)rows[i].text, len, len), ==, rows[i].kind);
    }
}

static void
test_der(void)
{
    static const struct {
        guint8 bytes[8];
        gsize len;
        guint64 size; /* of the file */
        MeishiSniff kind;
    } rows[] = {
        {{0x30, 0x03, 0x30, 0x01, 0x00}, 5, 5, MEISHI_SNIFF_CERTIFICATE},
        {{0x30, 0x03, 0x02, 0x01, 0x03}, 5, 5, MEISHI_SNIFF_DER},
        {{0x30, 0x03, 0x30, 0x01, 0x00}, 5, 6, MEISHI_SNIFF_NOTHING},
        {{0x30, 0x82, 0x01, 0x00, 0x30}, 5, 260, MEISHI_SNIFF_CERTIFICATE},
        {{0x30, 0x82, 0x01, 0x00, 0x30}, 5, 261, MEISHI_SNIFF_NOTHING},
        {{0x30, 0x82, 0x01}, 3, 3, MEISHI_SNIFF_NOTHING},
        {{0x30, 0x85, 0, 0, 0, 0, 1, 0}, 8, 8, MEISHI_SNIFF_NOTHING},
        {{0x30, 0x84, 0xff, 0xff, 0xff, 0xff}, 6, 6, MEISHI_SNIFF_NOTHING},
        {{0x30, 0x80, 0x02, 0x01, 0x03}, 5, 5000, MEISHI_SNIFF_DER}, /* BER */
        {{0x31, 0x01, 0x00}, 3, 3, MEISHI_SNIFF_NOTHING},
        {{0x30, 0x00}, 2, 2, MEISHI_SNIFF_DER},
        {{0x30}, 1, 1, MEISHI_SNIFF_NOTHING},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("row %" G_GSIZE_FORMAT, i);
        g_assert_cmpint(meishi_sniff(rows[i].bytes, rows[i].len, rows[i].size), ==, rows[i].kind);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/move-in/sniff/text", test_text);
    g_test_add_func("/move-in/sniff/der", test_der);
    return g_test_run();
}
