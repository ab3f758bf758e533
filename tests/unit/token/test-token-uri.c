/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/token/uri.c: URIs as programs write them into their configuration, and as people paste
 * them.
 */
#include "daemon/token/uri.h"

static const guint8 ID[] = {0x00, 0x3b, 0xff};

static void
test_format(void)
{
    const struct {
        const char *token, *label, *expected;
    } rows[] = {
        {"Meishi", NULL, "pkcs11:token=Meishi;id=%00%3B%FF"},
        {"Meishi (EdDSA)", NULL, "pkcs11:token=Meishi%20%28EdDSA%29;id=%00%3B%FF"},
        {"Meishi", "a;b=c é", "pkcs11:token=Meishi;id=%00%3B%FF;object=a%3Bb%3Dc%20%C3%A9"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *uri = meishi_uri_format(rows[i].token, ID, sizeof ID, rows[i].label);

        g_assert_cmpstr(uri, ==, rows[i].expected);
    }
}

/* A label of more than 32 bytes does not fit a token; it is cut and never overruns. */
static void
test_long_token_label(void)
{
    g_autofree char *uri =
        meishi_uri_format("0123456789012345678901234567890123456789", ID, 0, NULL);

    g_assert_cmpstr(uri, ==, "pkcs11:token=01234567890123456789012345678901");
}

static void
test_round_trip(void)
{
    g_autofree char *uri = meishi_uri_format("Meishi (EdDSA)", ID, sizeof ID, "名刺 % ?");
    g_autoptr(GBytes) id = NULL;
    g_autofree char *token = NULL;
    g_autofree char *label = NULL;

    g_assert_true(meishi_uri_parse(uri, &id, &token, &label));
    g_assert_cmpmem(g_bytes_get_data(id, NULL), g_bytes_get_size(id), ID, sizeof ID);
    g_assert_cmpstr(token, ==, "Meishi (EdDSA)");
    g_assert_cmpstr(label, ==, "名刺 % ?");
}

static void
test_parse_partial(void)
{
    g_autoptr(GBytes) id = NULL;
    g_autofree char *token = NULL;
    g_autofree char *label = NULL;

    g_assert_true(meishi_uri_parse("pkcs11:type=private?pin-value=1", &id, &token, &label));
    g_assert_null(id);
    g_assert_null(token);
    g_assert_null(label);
}

static void
test_parse_refuses(void)
{
    const char *const rows[] = {"", "Alice", "pkcs11", "http://x", "pkcs11:id=%zz", "pkcs11:token"};
    GBytes *id = NULL;
    char *token = NULL, *label = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_assert_false(meishi_uri_parse(rows[i], &id, &token, &label));
        g_assert_null(id);
    }
}

/* Bytes that are no UTF-8 never come out as text. */
static void
test_parse_bad_utf8(void)
{
    g_autoptr(GBytes) id = NULL;
    g_autofree char *token = NULL;
    g_autofree char *label = NULL;

    g_assert_true(meishi_uri_parse("pkcs11:token=%FF;object=%FF", &id, &token, &label));
    g_assert_null(token);
    g_assert_null(label);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/token/uri/format", test_format);
    g_test_add_func("/token/uri/long-token-label", test_long_token_label);
    g_test_add_func("/token/uri/round-trip", test_round_trip);
    g_test_add_func("/token/uri/parse/partial", test_parse_partial);
    g_test_add_func("/token/uri/parse/refuses", test_parse_refuses);
    g_test_add_func("/token/uri/parse/bad-utf8", test_parse_bad_utf8);
    return g_test_run();
}
