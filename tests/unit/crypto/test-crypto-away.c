/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/crypto/away.c: a token is played by a key at hand that does what a way says, and the
 * result must be what was asked for, by whichever way it came.
 */
#include "daemon/base/error.h"
#include "daemon/crypto/crypto.h"
#include "module/wire/cryptoki.h"
#include "tests/lib/sample-identities.h"

#include <string.h>

#define MAX_RESULT 16384

static const char text[] = "what is to be signed";

typedef struct {
    const char *name;
    SampleKind kind;
    guint64 type;
    guint64 numbers[3];
    guint n_numbers;
    gsize len; /* of the input; 0: all of the text */
    guint64 ways[MEISHI_AWAY_MAX_WAYS];
} Row;

static const Row rows[] = {
    {"sha256-rsa-pkcs",
     SAMPLE_RSA,
     CKM_SHA256_RSA_PKCS,
     {0},
     0,
     0,
     {CKM_RSA_PKCS, CKM_RSA_X_509, CKM_SHA256_RSA_PKCS}},
    {"sha1-rsa-pkcs",
     SAMPLE_RSA,
     CKM_SHA1_RSA_PKCS,
     {0},
     0,
     0,
     {CKM_RSA_PKCS, CKM_RSA_X_509, CKM_SHA1_RSA_PKCS}},
    {"sha224-rsa-pkcs",
     SAMPLE_RSA,
     CKM_SHA224_RSA_PKCS,
     {0},
     0,
     0,
     {CKM_RSA_PKCS, CKM_RSA_X_509, CKM_SHA224_RSA_PKCS}},
    {"sha384-rsa-pkcs",
     SAMPLE_RSA,
     CKM_SHA384_RSA_PKCS,
     {0},
     0,
     0,
     {CKM_RSA_PKCS, CKM_RSA_X_509, CKM_SHA384_RSA_PKCS}},
    {"sha512-rsa-pkcs",
     SAMPLE_RSA,
     CKM_SHA512_RSA_PKCS,
     {0},
     0,
     0,
     {CKM_RSA_PKCS, CKM_RSA_X_509, CKM_SHA512_RSA_PKCS}},
    {"rsa-pkcs", SAMPLE_RSA, CKM_RSA_PKCS, {0}, 0, 0, {CKM_RSA_PKCS, CKM_RSA_X_509}},
    {"rsa-pkcs-one-byte", SAMPLE_RSA, CKM_RSA_PKCS, {0}, 0, 1, {CKM_RSA_PKCS, CKM_RSA_X_509}},
    {"sha256-pss",
     SAMPLE_RSA,
     CKM_SHA256_RSA_PKCS_PSS,
     {CKM_SHA256, CKG_MGF1_SHA256, 32},
     3,
     0,
     {CKM_RSA_PKCS_PSS, CKM_RSA_X_509, CKM_SHA256_RSA_PKCS_PSS}},
    {"sha384-pss",
     SAMPLE_RSA,
     CKM_SHA384_RSA_PKCS_PSS,
     {CKM_SHA384, CKG_MGF1_SHA384, 48},
     3,
     0,
     {CKM_RSA_PKCS_PSS, CKM_RSA_X_509, CKM_SHA384_RSA_PKCS_PSS}},
    {"sha512-pss",
     SAMPLE_RSA,
     CKM_SHA512_RSA_PKCS_PSS,
     {CKM_SHA512, CKG_MGF1_SHA512, 64},
     3,
     0,
     {CKM_RSA_PKCS_PSS, CKM_RSA_X_509, CKM_SHA512_RSA_PKCS_PSS}},
    {"pss-of-a-hash",
     SAMPLE_RSA,
     CKM_RSA_PKCS_PSS,
     {CKM_SHA_1, CKG_MGF1_SHA1, 20},
     3,
     20,
     {CKM_RSA_PKCS_PSS, CKM_RSA_X_509}},
    {"pss-other-mask",
     SAMPLE_RSA,
     CKM_RSA_PKCS_PSS,
     {CKM_SHA_1, CKG_MGF1_SHA256, 20},
     3,
     20,
     {CKM_RSA_PKCS_PSS, CKM_RSA_X_509}},
    {"pss-no-salt",
     SAMPLE_RSA,
     CKM_RSA_PKCS_PSS,
     {CKM_SHA_1, CKG_MGF1_SHA1, 0},
     3,
     20,
     {CKM_RSA_PKCS_PSS, CKM_RSA_X_509}},
    {"pss-longest-salt",
     SAMPLE_RSA,
     CKM_RSA_PKCS_PSS,
     {CKM_SHA_1, CKG_MGF1_SHA1, 234},
     3,
     20,
     {CKM_RSA_PKCS_PSS, CKM_RSA_X_509}},
    {"ecdsa-sha256", SAMPLE_EC, CKM_ECDSA_SHA256, {0}, 0, 0, {CKM_ECDSA, CKM_ECDSA_SHA256}},
    {"ecdsa-sha512", SAMPLE_EC, CKM_ECDSA_SHA512, {0}, 0, 0, {CKM_ECDSA, CKM_ECDSA_SHA512}},
    {"ecdsa", SAMPLE_EC, CKM_ECDSA, {0}, 0, 20, {CKM_ECDSA}},
    {"eddsa", SAMPLE_ED25519, CKM_EDDSA, {0}, 0, 0, {CKM_EDDSA}},
};

static MeishiMechanism
make_mechanism(const Row *row)
{
    MeishiMechanism mechanism = {.type = row->type, .n_numbers = row->n_numbers};

    memcpy(mechanism.numbers, row->numbers, sizeof row->numbers);
    return mechanism;
}

/* Does what @way says, as a token would, and looks whether that is a signature of the input. */
static void
check_way(const Row *row, const MeishiAwayWay *way, const guint8 *data, gsize len)
{
    g_autoptr(MeishiKey) key = sample_identity_key(row->kind);
    g_autoptr(GBytes) spki = meishi_key_spki(key);
    const MeishiMechanism asked = make_mechanism(row);
    guint8 result[MAX_RESULT];
    gsize result_len = sizeof result, input_len;
    const guint8 *input = g_bytes_get_data(way->data, &input_len);
    g_autoptr(GError) error = NULL;

    g_assert_true(meishi_key_operate(key, MEISHI_OP_SIGN, &way->mechanism, TRUE, input, input_len,
                                     result, &result_len, &error));
    g_assert_no_error(error);
    g_assert_true(meishi_public_verify(spki, &asked, data, len, result, result_len, &error));
    g_assert_no_error(error);
}

static void
test_row(gconstpointer data)
{
    const Row *row = data;
    g_autoptr(MeishiKey) key = sample_identity_key(row->kind);
    g_autoptr(GBytes) spki = meishi_key_spki(key);
    const MeishiMechanism mechanism = make_mechanism(row);
    gsize len = row->len != 0 ? row->len : strlen(text);
    g_auto(MeishiAway) away = {0};
    g_autoptr(GError) error = NULL;

    g_assert_true(meishi_away_plan(spki, MEISHI_OP_SIGN, &mechanism, (const guint8 *)text, len,
                                   &away, &error));
    g_assert_no_error(error);
    for (guint i = 0; i < MEISHI_AWAY_MAX_WAYS; i++) {
        g_assert_cmpuint(i < away.n ? away.ways[i].mechanism.type : 0, ==, row->ways[i]);
        if (i < away.n)
            check_way(row, &away.ways[i], (const guint8 *)text, len);
    }
}

/* A padded block is never above the modulus, however often it is made. */
static void
test_pss_block_fits(void)
{
    g_autoptr(MeishiKey) key = sample_identity_key(SAMPLE_RSA);
    g_autoptr(GBytes) spki = meishi_key_spki(key);
    const MeishiMechanism mechanism = {.type = CKM_SHA256_RSA_PKCS_PSS,
                                       .n_numbers = 3,
                                       .numbers = {CKM_SHA256, CKG_MGF1_SHA256, 32}};

    for (int i = 0; i < 200; i++) {
        g_auto(MeishiAway) away = {0};
        const guint8 *block;

        g_assert_true(meishi_away_plan(spki, MEISHI_OP_SIGN, &mechanism, (const guint8 *)text,
                                       strlen(text), &away, NULL));
        block = g_bytes_get_data(away.ways[1].data, NULL);
        g_assert_cmpuint(block[0] & 0x80, ==, 0);
        g_assert_cmpuint(block[g_bytes_get_size(away.ways[1].data) - 1], ==, 0xbc);
    }
}

/* Of a hash that is longer than the curve, the token gets what counts. */
static void
test_long_hash(void)
{
    g_autoptr(MeishiKey) key = sample_identity_key(SAMPLE_EC);
    g_autoptr(GBytes) spki = meishi_key_spki(key);
    const MeishiMechanism mechanism = {.type = CKM_ECDSA_SHA512};
    g_auto(MeishiAway) away = {0};

    g_assert_true(meishi_away_plan(spki, MEISHI_OP_SIGN, &mechanism, (const guint8 *)text,
                                   strlen(text), &away, NULL));
    g_assert_cmpuint(g_bytes_get_size(away.ways[0].data), ==, 32);
}

static const struct {
    MeishiOperation operation;
    SampleKind kind;
    MeishiMechanism mechanism;
    gsize len;
    gint code;
} refusals[] = {
    {MEISHI_OP_SIGN, SAMPLE_RSA, {.type = CKM_AES_CBC}, 4, MEISHI_ERROR_MECHANISM},
    {MEISHI_OP_DECRYPT, SAMPLE_RSA, {.type = CKM_RSA_PKCS_PSS}, 4, MEISHI_ERROR_MECHANISM},
    {MEISHI_OP_SIGN, SAMPLE_EC, {.type = CKM_RSA_PKCS}, 4, MEISHI_ERROR_KEY_TYPE},
    {MEISHI_OP_SIGN, SAMPLE_RSA, {.type = CKM_RSA_PKCS}, 250, MEISHI_ERROR_DATA_LENGTH},
    {MEISHI_OP_SIGN, SAMPLE_RSA, {.type = CKM_RSA_X_509}, 300, MEISHI_ERROR_DATA_LENGTH},
    {MEISHI_OP_SIGN, SAMPLE_RSA, {.type = CKM_RSA_PKCS_PSS}, 32, MEISHI_ERROR_PARAM},
    {MEISHI_OP_SIGN,
     SAMPLE_RSA,
     {.type = CKM_RSA_PKCS_PSS, .n_numbers = 3, .numbers = {CKM_SHA256, CKG_MGF1_SHA256, 300}},
     32,
     MEISHI_ERROR_PARAM},
    {MEISHI_OP_SIGN,
     SAMPLE_RSA,
     {.type = CKM_RSA_PKCS_PSS, .n_numbers = 3, .numbers = {CKM_SHA256, CKG_MGF1_SHA256, 32}},
     31,
     MEISHI_ERROR_DATA_LENGTH},
    {MEISHI_OP_SIGN,
     SAMPLE_RSA,
     {.type = CKM_SHA384_RSA_PKCS_PSS,
      .n_numbers = 3,
      .numbers = {CKM_SHA256, CKG_MGF1_SHA256, 32}},
     32,
     MEISHI_ERROR_PARAM},
};

static void
test_refusals(void)
{
    const guint8 data[512] = {0};

    for (gsize i = 0; i < G_N_ELEMENTS(refusals); i++) {
        g_autoptr(MeishiKey) key = sample_identity_key(refusals[i].kind);
        g_autoptr(GBytes) spki = meishi_key_spki(key);
        g_auto(MeishiAway) away = {0};
        g_autoptr(GError) error = NULL;

        g_assert_false(meishi_away_plan(spki, refusals[i].operation, &refusals[i].mechanism, data,
                                        refusals[i].len, &away, &error));
        g_assert_error(error, MEISHI_ERROR, refusals[i].code);
        g_assert_cmpuint(away.n, ==, 0);
    }
}

/* What only the key can do is passed on as it is. */
static void
test_passed_on(void)
{
    static const struct {
        MeishiOperation operation;
        SampleKind kind;
        guint64 type;
    } cases[] = {
        {MEISHI_OP_DECRYPT, SAMPLE_RSA, CKM_RSA_PKCS},
        {MEISHI_OP_DECRYPT, SAMPLE_RSA, CKM_RSA_PKCS_OAEP},
        {MEISHI_OP_DERIVE, SAMPLE_EC, CKM_ECDH1_DERIVE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(MeishiKey) key = sample_identity_key(cases[i].kind);
        g_autoptr(GBytes) spki = meishi_key_spki(key);
        const MeishiMechanism mechanism = {.type = cases[i].type, .n_numbers = 1, .numbers = {7}};
        g_auto(MeishiAway) away = {0};

        g_assert_true(meishi_away_plan(spki, cases[i].operation, &mechanism, (const guint8 *)text,
                                       strlen(text), &away, NULL));
        g_assert_cmpuint(away.n, ==, 1);
        g_assert_cmpuint(away.ways[0].mechanism.numbers[0], ==, 7);
        g_assert_cmpuint(g_bytes_get_size(away.ways[0].data), ==, strlen(text));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_true(meishi_crypto_init(NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strdup_printf("/crypto/away/%s", rows[i].name);

        g_test_add_data_func(path, &rows[i], test_row);
    }
    g_test_add_func("/crypto/away/pss-block-fits", test_pss_block_fits);
    g_test_add_func("/crypto/away/long-hash", test_long_hash);
    g_test_add_func("/crypto/away/refusals", test_refusals);
    g_test_add_func("/crypto/away/passed-on", test_passed_on);
    return g_test_run();
}
