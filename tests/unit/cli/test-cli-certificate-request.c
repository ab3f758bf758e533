/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/certificate-request.c: what servers ask for, whole, cut off and wrong.  Bytes are written as
 * hex with blanks where the structure has its seams.
 */
#include "cli/certificate-request.h"

#include "daemon/base/error.h"
#include "daemon/policy/sigalg.h"

/* Names with one short attribute each: CN=a, CN=b. */
#define NAME_A "300c 310a 3008 0603550403 0c0161"
#define NAME_B "300c 310a 3008 0603550403 0c0162"

/* keyUsage with digitalSignature; extKeyUsage with clientAuth. */
#define FILTER_KU  "05 0603551d0f 0004 03020780"
#define FILTER_EKU "05 0603551d25 000c 300a06082b06010505070302"

#define TLS12                                                          \
    "02 0140"        /* rsa_sign, ecdsa_sign */                        \
    "0004 0403 0804" /* ecdsa_secp256r1_sha256, rsa_pss_rsae_sha256 */ \
    "0020 000e " NAME_A " 000e " NAME_B

#define TLS13                                                              \
    "02 abcd"                              /* context */                   \
    "0054"                                 /* extensions */                \
    "000d 0006 0004 0403 0807"             /* signature_algorithms */      \
    "0032 0004 0002 0804"                  /* signature_algorithms_cert */ \
    "002f 0012 0010 000e " NAME_A          /* certificate_authorities */   \
    "0030 0022 0020 " FILTER_KU FILTER_EKU /* oid_filters */               \
    "1234 0002 ffff"                       /* of somebody else */

static GBytes *
from_hex(const char *hex)
{
    GByteArray *bytes = g_byte_array_new();

    for (; *hex != '\0'; hex++) {
        if (*hex != ' ') {
            guint8 byte =
                (guint8)(g_ascii_xdigit_value(hex[0]) << 4 | g_ascii_xdigit_value(hex[1]));

            g_byte_array_append(bytes, &byte, 1);
            hex++;
        }
    }
    return g_byte_array_free_to_bytes(bytes);
}

static MeishiCertificateRequest *
parse(const char *hex, guint16 version, GError **error)
{
    g_autoptr(GBytes) body = from_hex(hex);

    return meishi_certificate_request_parse(body, version, error);
}

static void
assert_bytes(GBytes *bytes, const char *hex)
{
    g_autoptr(GBytes) expected = from_hex(hex);

    g_assert_true(g_bytes_equal(bytes, expected));
}

static void
assert_codes(GArray *codes, guint16 first, guint16 second)
{
    g_assert_cmpuint(codes->len, ==, 2);
    g_assert_cmphex(g_array_index(codes, guint16, 0), ==, first);
    g_assert_cmphex(g_array_index(codes, guint16, 1), ==, second);
}

/* RFC 5246 7.4.4 */
static void
test_tls12(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiCertificateRequest) request = parse(TLS12, MEISHI_TLS_1_2, &error);

    g_assert_no_error(error);
    g_assert_cmphex(request->version, ==, MEISHI_TLS_1_2);
    assert_bytes(request->types, "0140");
    assert_codes(request->sigalgs, 0x0403, 0x0804);
    g_assert_cmpuint(request->ca_names->len, ==, 2);
    assert_bytes(request->ca_names->pdata[0], NAME_A);
    assert_bytes(request->ca_names->pdata[1], NAME_B);
    g_assert_null(request->context);
    g_assert_null(request->sigalgs_cert);
    g_assert_cmpuint(request->oid_filters->len, ==, 0);
}

/* RFC 9846 "Certificate Request" */
static void
test_tls13(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiCertificateRequest) request = parse(TLS13, MEISHI_TLS_1_3, &error);
    const MeishiAskedFilter *filter;

    g_assert_no_error(error);
    g_assert_cmphex(request->version, ==, MEISHI_TLS_1_3);
    assert_bytes(request->context, "abcd");
    g_assert_null(request->types);
    assert_codes(request->sigalgs, 0x0403, 0x0807);
    g_assert_cmpuint(request->sigalgs_cert->len, ==, 1);
    g_assert_cmpuint(request->ca_names->len, ==, 1);
    assert_bytes(request->ca_names->pdata[0], NAME_A);
    g_assert_cmpuint(request->oid_filters->len, ==, 2);
    filter = request->oid_filters->pdata[0];
    g_assert_cmpstr(filter->oid, ==, "2.5.29.15");
    assert_bytes(filter->values, "03020780");
    filter = request->oid_filters->pdata[1];
    g_assert_cmpstr(filter->oid, ==, "2.5.29.37");
}

/* Sloppy, but nothing in it cannot be understood. */
static void
test_empty_lists(void)
{
    g_autoptr(MeishiCertificateRequest) old = parse("00 0000 0000", MEISHI_TLS_1_2, NULL);
    g_autoptr(MeishiCertificateRequest) new =
        parse("00 000a 000d 0002 0000 0030 0002 0000 0000", MEISHI_TLS_1_3, NULL);
    g_autoptr(MeishiCertificateRequest) usual =
        parse("00 000c 000d 0002 0000 0030 0002 0000", MEISHI_TLS_1_3, NULL);

    g_assert_nonnull(old);
    g_assert_cmpuint(g_bytes_get_size(old->types), ==, 0);
    g_assert_cmpuint(old->sigalgs->len, ==, 0);
    g_assert_null(new);
    g_assert_nonnull(usual);
    g_assert_cmpuint(g_bytes_get_size(usual->context), ==, 0);
    g_assert_null(usual->sigalgs_cert);
}

static void
test_oids(void)
{
    const struct {
        const char *der, *oid;
    } rows[] = {
        {"0603551d25", "2.5.29.37"},
        {"06082b06010505070302", "1.3.6.1.5.5.7.3.2"},
        {"060100", "0.0"},
        {"060127", "0.39"},
        {"060128", "1.0"},
        {"06028837", "2.999"},
        /* 2^64 - 1 and one more, below 2.25 */
        {"060b6981ffffffffffffffff7f", "2.25.18446744073709551615"},
        {"060b69828080808080808080 00", "#060b69828080808080808080 00"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GBytes) der = from_hex(rows[i].der);
        guint len = (guint)g_bytes_get_size(der);
        g_autofree char *hex =
            g_strdup_printf("00 %04x 000d 0004 0002 0403 0030 %04x %04x %02x %s 0000", len + 17,
                            len + 5, len + 3, len, rows[i].der);
        g_autoptr(GError) error = NULL;
        g_autoptr(MeishiCertificateRequest) request = parse(hex, MEISHI_TLS_1_3, &error);
        const MeishiAskedFilter *filter;
        g_auto(GStrv) words = g_strsplit(rows[i].oid, " ", -1);
        g_autofree char *oid = g_strjoinv("", words);

        g_assert_no_error(error);
        filter = request->oid_filters->pdata[0];
        g_assert_cmpstr(filter->oid, ==, oid);
    }
}

static void
test_refuses(void)
{
    const struct {
        guint16 version;
        const char *hex, *says;
    } rows[] = {
        {MEISHI_TLS_1_2, "", "*certificate types ends too early*"},
        {MEISHI_TLS_1_2, "01 01 0003 0403 08 0000", "*signature algorithms ends too early*"},
        {MEISHI_TLS_1_2, "01 01 0002 0403 0002 0000", "*a CA name is empty*"},
        {MEISHI_TLS_1_2, "01 01 0002 0403 0003 0002 30", "*a CA name ends too early*"},
        {MEISHI_TLS_1_2, "01 01 0002 0403 0000 00", "*bytes that belong nowhere*"},
        {MEISHI_TLS_1_3, "00 0000", "*signature_algorithms is missing*"},
        {MEISHI_TLS_1_3, "00 0004 002f 0000", "*CA names ends too early*"},
        {MEISHI_TLS_1_3, "00 0010 000d 0004 0002 0403 000d 0004 0002 0403", "*comes twice*"},
        {MEISHI_TLS_1_3, "00 000c 1234 0002 0000 1234 0002 0000", "*comes twice*"},
        {MEISHI_TLS_1_3, "00 0009 000d 0005 0002 0403 00", "*signature_algorithms is followed*"},
        {MEISHI_TLS_1_3, "00 0007 002f 0003 0000 00", "*CA names is followed*"},
        {MEISHI_TLS_1_3, "00 0007 0030 0003 0000 00", "*OID filters is followed*"},
        {MEISHI_TLS_1_3, "00 0007 0032 0003 0000 00", "*signature_algorithms_cert is followed*"},
        {MEISHI_TLS_1_3, "00 0000 00", "*extensions is followed*"},
        {MEISHI_TLS_1_3, "00 0003 000d 00", "*an extension ends too early*"},
        {MEISHI_TLS_1_3, "00 000a 0030 0006 0004 00 0000 00", "*does not begin with an OID*"},
        {MEISHI_TLS_1_3, "00 000b 0030 0007 0005 02 0600 0000", "*does not begin with an OID*"},
        {MEISHI_TLS_1_3, "00 000c 0030 0008 0006 03 060180 0000", "*does not begin with an OID*"},
        {MEISHI_TLS_1_3, "00 000c 0030 0008 0006 03 060200 0000", "*does not begin with an OID*"},
        {MEISHI_TLS_1_3, "00 000c 0030 0008 0006 03 050100 0000", "*does not begin with an OID*"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(MeishiCertificateRequest) request = parse(rows[i].hex, rows[i].version, &error);

        g_test_message("%s", rows[i].hex);
        g_assert_null(request);
        g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_DATA);
        g_test_message("%s", error->message);
        g_assert_true(g_pattern_match_simple(rows[i].says, error->message));
    }
}

/* Whatever the place: a beginning is never taken for the whole. */
static void
check_truncated(const char *hex, guint16 version)
{
    g_autoptr(GBytes) whole = from_hex(hex);

    for (gsize len = 0; len < g_bytes_get_size(whole); len++) {
        g_autoptr(GError) error = NULL;
        /* A copy of its own, so that a sanitizer sees where it ends. */
        g_autoptr(GBytes) cut = g_bytes_new(g_bytes_get_data(whole, NULL), len);
        g_autoptr(MeishiCertificateRequest) request =
            meishi_certificate_request_parse(cut, version, &error);

        g_assert_null(request);
        g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_DATA);
    }
}

static void
test_truncated(void)
{
    check_truncated(TLS12, MEISHI_TLS_1_2);
    check_truncated(TLS13, MEISHI_TLS_1_3);
}

static void
test_type_names(void)
{
    g_assert_cmpstr(meishi_certificate_request_type_name(1), ==, "rsa_sign");
    g_assert_cmpstr(meishi_certificate_request_type_name(64), ==, "ecdsa_sign");
    g_assert_null(meishi_certificate_request_type_name(0));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/certificate-request/tls12", test_tls12);
    g_test_add_func("/cli/certificate-request/tls13", test_tls13);
    g_test_add_func("/cli/certificate-request/empty-lists", test_empty_lists);
    g_test_add_func("/cli/certificate-request/oids", test_oids);
    g_test_add_func("/cli/certificate-request/refuses", test_refuses);
    g_test_add_func("/cli/certificate-request/truncated", test_truncated);
    g_test_add_func("/cli/certificate-request/type-names", test_type_names);
    return g_test_run();
}
