/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of mechanisms keeps its word: for every row, key and operation, either it works there
 * and back, or the row said that it would not.  And each kind of wrong input has its error.
 */
#include "tests/unit/crypto/fixture.h"

#include "daemon/base/error.h"
#include "module/wire/cryptoki.h"

#include <string.h>

#define RESULT_MAX 16384

typedef struct {
    const char *name;
    const char *path;
    MeishiKeyType type;
    MeishiKey *key;
    GBytes *spki;
} Key;

static Key keys[] = {
    {.name = "rsa", .path = "pem/pair-rsa.key", .type = MEISHI_KEY_RSA},
    {.name = "rsapss", .path = "vectors/rsapss.key", .type = MEISHI_KEY_RSA_PSS},
    {.name = "p256", .path = "pem/pair-ec-P-256.key", .type = MEISHI_KEY_EC},
    {.name = "p521", .path = "vectors/ec-P-521.key", .type = MEISHI_KEY_EC},
    {.name = "ed25519", .path = "pem/pair-ed25519.key", .type = MEISHI_KEY_ED25519},
    {.name = "ed448", .path = "pem/ed448.key", .type = MEISHI_KEY_ED448},
};

static const guint8 text[] = "What is signed here, of no special length";

/* One operation with its result. */
typedef struct {
    const Key *key;
    const MeishiMechanism *mechanism;
    const guint8 *data;
    gsize len;
    guint8 out[RESULT_MAX];
    gsize out_len;
} Call;

static gboolean
run(Call *call, MeishiOperation op, GError **error)
{
    call->out_len = sizeof call->out;
    if (op == MEISHI_OP_ENCRYPT || op == MEISHI_OP_VERIFY_RECOVER || op == MEISHI_OP_DIGEST)
        return meishi_public_operate(op == MEISHI_OP_DIGEST ? NULL : call->key->spki, op,
                                     call->mechanism, call->data, call->len, call->out,
                                     &call->out_len, error);
    return meishi_key_operate(call->key->key, op, call->mechanism, TRUE, call->data, call->len,
                              call->out, &call->out_len, error);
}

static void
assert_fails(Call *call, MeishiOperation op, MeishiErrorCode code)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(run(call, op, &error));
    g_assert_error(error, MEISHI_ERROR, (int)code);
}

static void
assert_verifies(const Call *call, const guint8 *data, gsize len, gboolean expected)
{
    g_autoptr(GError) error = NULL;
    gboolean ok = meishi_public_verify(call->key->spki, call->mechanism, data, len, call->out,
                                       call->out_len, &error);

    if (expected)
        g_assert_no_error(error);
    else
        g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_SIGNATURE);
    g_assert_cmpint(ok, ==, expected);
}

/* ---- parameters and data that fit ---- */

static guint64
mgf_of(guint64 hash)
{
    switch (hash) {
    case CKM_SHA_1:
        return CKG_MGF1_SHA1;
    case CKM_SHA224:
        return CKG_MGF1_SHA224;
    case CKM_SHA384:
        return CKG_MGF1_SHA384;
    case CKM_SHA512:
        return CKG_MGF1_SHA512;
    default:
        return CKG_MGF1_SHA256;
    }
}

static gsize
length_of(guint64 hash)
{
    switch (hash) {
    case CKM_SHA_1:
        return 20;
    case CKM_SHA224:
        return 28;
    case CKM_SHA384:
        return 48;
    case CKM_SHA512:
        return 64;
    default:
        return 32;
    }
}

static MeishiMechanism
mechanism_for(const MeishiMechanismInfo *info, GBytes *peer)
{
    guint64 hash = info->hash ? info->hash : CKM_SHA256;
    MeishiMechanism mechanism = {.type = info->type};

    if (info->scheme == MEISHI_SCHEME_RSA_PSS || info->scheme == MEISHI_SCHEME_RSA_OAEP) {
        mechanism.n_numbers = 3;
        mechanism.numbers[0] = hash;
        mechanism.numbers[1] = mgf_of(hash);
        mechanism.numbers[2] = info->scheme == MEISHI_SCHEME_RSA_PSS ? length_of(hash) : 0;
    }
    if (info->scheme == MEISHI_SCHEME_ECDH) {
        mechanism.n_numbers = 1;
        mechanism.numbers[0] = CKD_NULL;
        mechanism.n_strings = 1;
        mechanism.strings[0].data = g_bytes_get_data(peer, &mechanism.strings[0].len);
    }
    return mechanism;
}

/* PSS on a digest takes a digest. */
static gsize
data_len(const MeishiMechanismInfo *info)
{
    return info->scheme == MEISHI_SCHEME_RSA_PSS && !info->hash ? 32 : sizeof text;
}

/* A restricted PSS key does what its restriction says (here SHA-256). */
static gboolean
is_restricted(const Key *key, const MeishiMechanismInfo *info)
{
    return key->type == MEISHI_KEY_RSA_PSS && info->hash && info->hash != CKM_SHA256;
}

static gboolean
fits(const Key *key, const MeishiMechanismInfo *info)
{
    return (info->key_types & 1u << key->type) != 0;
}

/* ---- one operation there and back ---- */

static void
check_sign(Call *call)
{
    g_autofree guint8 *other = g_memdup2(call->data, call->len);
    g_autoptr(GError) error = NULL;
    guint8 middle;

    run(call, MEISHI_OP_SIGN, &error);
    g_assert_no_error(error);
    assert_verifies(call, call->data, call->len, TRUE);
    other[0] ^= 1;
    assert_verifies(call, other, call->len, FALSE);
    middle = call->out[call->out_len / 2];
    call->out[call->out_len / 2] ^= 0x10;
    assert_verifies(call, call->data, call->len, FALSE);
    call->out[call->out_len / 2] = middle;
}

/* The public half undoes what the private half did, or the other way round. */
static void
check_inverse(Call *call, MeishiOperation first, MeishiOperation second)
{
    Call back = {.key = call->key, .mechanism = call->mechanism, .data = call->out};
    g_autoptr(GError) error = NULL;

    run(call, first, &error);
    g_assert_no_error(error);
    back.len = call->out_len;
    run(&back, second, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(back.out_len, >=, call->len);
    g_assert_cmpmem(back.out + back.out_len - call->len, call->len, call->data, call->len);
}

static void
check_row(const MeishiMechanismInfo *info, const Key *key, GBytes *peer)
{
    const MeishiMechanism mechanism = mechanism_for(info, peer);
    g_autofree Call *call = g_new0(Call, 1);
    g_autoptr(GError) error = NULL;

    *call = (Call){key, &mechanism, text, data_len(info), {0}, 0};
    if (!fits(key, info)) {
        MeishiOperation op = info->flags & CKF_SIGN     ? MEISHI_OP_SIGN
                             : info->flags & CKF_DERIVE ? MEISHI_OP_DERIVE
                                                        : MEISHI_OP_DECRYPT;

        assert_fails(call, op, MEISHI_ERROR_KEY_TYPE);
        return;
    }
    if (is_restricted(key, info)) {
        assert_fails(call, MEISHI_OP_SIGN, MEISHI_ERROR_PARAM);
        return;
    }
    if (info->flags & CKF_SIGN)
        check_sign(call);
    if (info->flags & CKF_SIGN_RECOVER)
        check_inverse(call, MEISHI_OP_SIGN_RECOVER, MEISHI_OP_VERIFY_RECOVER);
    if (info->flags & CKF_DECRYPT)
        check_inverse(call, MEISHI_OP_ENCRYPT, MEISHI_OP_DECRYPT);
    if ((info->flags & CKF_DERIVE) && !g_str_equal(key->name, "p521")) {
        run(call, MEISHI_OP_DERIVE, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(call->out_len, ==, 32);
    }
}

static void
check_missing_operations(const MeishiMechanismInfo *info)
{
    static const struct {
        MeishiOperation op;
        guint64 flag;
    } all[] = {
        {MEISHI_OP_SIGN, CKF_SIGN},       {MEISHI_OP_SIGN_RECOVER, CKF_SIGN_RECOVER},
        {MEISHI_OP_DECRYPT, CKF_DECRYPT}, {MEISHI_OP_DERIVE, CKF_DERIVE},
        {MEISHI_OP_ENCRYPT, CKF_ENCRYPT}, {MEISHI_OP_VERIFY_RECOVER, CKF_VERIFY_RECOVER},
        {MEISHI_OP_DIGEST, CKF_DIGEST},
    };
    const MeishiMechanism mechanism = {.type = info->type};
    g_autofree Call *call = g_new0(Call, 1);

    *call = (Call){&keys[0], &mechanism, text, sizeof text, {0}, 0};
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++) {
        if (!(info->flags & all[i].flag))
            assert_fails(call, all[i].op, MEISHI_ERROR_MECHANISM);
    }
}

static void
test_table(void)
{
    g_autoptr(GBytes) peer = fixture_read("vectors/ecdh-peer.bin");
    gsize n;
    const MeishiMechanismInfo *table = meishi_mechanism_table(&n);

    g_assert_cmpuint(n, ==, 27);
    for (gsize i = 0; i < n; i++) {
        g_assert_true(meishi_mechanism_find(table[i].type) == &table[i]);
        check_missing_operations(&table[i]);
        for (gsize k = 0; k < G_N_ELEMENTS(keys) && table[i].scheme != MEISHI_SCHEME_DIGEST; k++)
            check_row(&table[i], &keys[k], peer);
    }
    g_assert_null(meishi_mechanism_find(CKM_MD5));
}

/* ---- errors ---- */

static void
test_raw_is_gated(void)
{
    const MeishiMechanism raw = {.type = CKM_RSA_X_509};
    g_autoptr(GError) error = NULL;
    guint8 out[256];
    gsize len = sizeof out;

    g_assert_false(meishi_key_operate(keys[0].key, MEISHI_OP_SIGN, &raw, FALSE, text, sizeof text,
                                      out, &len, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_PERMITTED);
}

static void
test_lengths(void)
{
    guint8 data[300];
    const MeishiMechanism pkcs1 = {.type = CKM_RSA_PKCS}, raw = {.type = CKM_RSA_X_509};
    const MeishiMechanism oaep = {
        CKM_RSA_PKCS_OAEP, 3, {CKM_SHA256, CKG_MGF1_SHA256, 0, 0}, {{0}}, 0};
    const MeishiMechanism pss = {
        CKM_RSA_PKCS_PSS, 3, {CKM_SHA256, CKG_MGF1_SHA256, 32, 0}, {{0}}, 0};
    const struct {
        const MeishiMechanism *mechanism;
        MeishiOperation op;
        gsize len;
        int code; /* -1: works */
    } cases[] = {
        {&pkcs1, MEISHI_OP_SIGN, 0, -1},
        {&pkcs1, MEISHI_OP_SIGN, 245, -1},
        {&pkcs1, MEISHI_OP_SIGN, 246, MEISHI_ERROR_DATA_LENGTH},
        {&pkcs1, MEISHI_OP_DECRYPT, 255, MEISHI_ERROR_DATA_LENGTH},
        {&pkcs1, MEISHI_OP_DECRYPT, 256, MEISHI_ERROR_BAD_DATA},
        {&pkcs1, MEISHI_OP_ENCRYPT, 246, MEISHI_ERROR_DATA_LENGTH},
        {&pkcs1, MEISHI_OP_VERIFY_RECOVER, 255, MEISHI_ERROR_SIGNATURE_LENGTH},
        {&pkcs1, MEISHI_OP_VERIFY_RECOVER, 256, MEISHI_ERROR_BAD_SIGNATURE},
        {&raw, MEISHI_OP_SIGN, 255, -1},
        {&raw, MEISHI_OP_SIGN, 256, MEISHI_ERROR_BAD_DATA}, /* all ones exceed the modulus */
        {&raw, MEISHI_OP_SIGN, 257, MEISHI_ERROR_DATA_LENGTH},
        {&oaep, MEISHI_OP_ENCRYPT, 190, -1},
        {&oaep, MEISHI_OP_ENCRYPT, 191, MEISHI_ERROR_DATA_LENGTH},
        {&oaep, MEISHI_OP_DECRYPT, 256, MEISHI_ERROR_BAD_DATA},
        {&pss, MEISHI_OP_SIGN, 32, -1},
        {&pss, MEISHI_OP_SIGN, 31, MEISHI_ERROR_DATA_LENGTH},
        {&pss, MEISHI_OP_SIGN, 33, MEISHI_ERROR_DATA_LENGTH},
    };

    memset(data, 0xff, sizeof data);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree Call *call = g_new0(Call, 1);
        g_autoptr(GError) error = NULL;

        *call = (Call){&keys[0], cases[i].mechanism, data, cases[i].len, {0}, 0};
        g_test_message("case %" G_GSIZE_FORMAT, i);
        if (cases[i].code >= 0) {
            assert_fails(call, cases[i].op, (MeishiErrorCode)cases[i].code);
            continue;
        }
        run(call, cases[i].op, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(call->out_len, ==, 256);
    }
}

static void
test_parameters(void)
{
    static const guint8 label[] = "label";
    const struct {
        guint key;
        MeishiMechanism mechanism;
        MeishiOperation op;
    } cases[] = {
        {0, {CKM_RSA_PKCS_PSS, 0, {0}, {{0}}, 0}, MEISHI_OP_SIGN},
        {0, {CKM_RSA_PKCS_PSS, 3, {CKM_MD5, CKG_MGF1_SHA256, 32, 0}, {{0}}, 0}, MEISHI_OP_SIGN},
        {0, {CKM_RSA_PKCS_PSS, 3, {CKM_SHA256, 99, 32, 0}, {{0}}, 0}, MEISHI_OP_SIGN},
        {0, {CKM_RSA_PKCS_PSS, 3, {CKM_SHA256, CKG_MGF1_SHA256, 223, 0}, {{0}}, 0}, MEISHI_OP_SIGN},
        {0,
         {CKM_RSA_PKCS_PSS, 3, {CKM_SHA256, CKG_MGF1_SHA256, G_MAXUINT64, 0}, {{0}}, 0},
         MEISHI_OP_SIGN},
        {0,
         {CKM_SHA384_RSA_PKCS_PSS, 3, {CKM_SHA256, CKG_MGF1_SHA256, 32, 0}, {{0}}, 0},
         MEISHI_OP_SIGN},
        {1, {CKM_RSA_PKCS_PSS, 3, {CKM_SHA256, CKG_MGF1_SHA512, 32, 0}, {{0}}, 0}, MEISHI_OP_SIGN},
        {0,
         {CKM_RSA_PKCS_OAEP, 3, {CKM_SHA_1, CKG_MGF1_SHA1, 7, 0}, {{label, 5}}, 1},
         MEISHI_OP_ENCRYPT},
        {4, {CKM_EDDSA, 1, {1, 0, 0, 0}, {{0}}, 0}, MEISHI_OP_SIGN},
        {4, {CKM_EDDSA, 1, {0}, {{label, 5}}, 1}, MEISHI_OP_SIGN},
        {2, {CKM_ECDH1_DERIVE, 0, {0}, {{0}}, 0}, MEISHI_OP_DERIVE},
        {2, {CKM_ECDH1_DERIVE, 1, {CKD_SHA1_KDF, 0, 0, 0}, {{label, 5}}, 1}, MEISHI_OP_DERIVE},
        {2, {CKM_ECDH1_DERIVE, 1, {CKD_NULL, 0, 0, 0}, {{0}}, 0}, MEISHI_OP_DERIVE},
        {2, {CKM_ECDH1_DERIVE, 1, {CKD_NULL, 0, 0, 0}, {{label, 5}}, 1}, MEISHI_OP_DERIVE},
        {2,
         {CKM_ECDH1_DERIVE, 1, {CKD_NULL, 0, 0, 0}, {{label, 5}, {label, 5}}, 2},
         MEISHI_OP_DERIVE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree Call *call = g_new0(Call, 1);

        g_test_message("case %" G_GSIZE_FORMAT, i);
        *call = (Call){&keys[cases[i].key], &cases[i].mechanism, text, 32, {0}, 0};
        assert_fails(call, cases[i].op, MEISHI_ERROR_PARAM);
    }
}

static void
test_room(void)
{
    const MeishiMechanism pkcs1 = {.type = CKM_RSA_PKCS}, ecdsa = {.type = CKM_ECDSA};
    const MeishiMechanism eddsa = {.type = CKM_EDDSA}, sha = {.type = CKM_SHA256};
    const struct {
        guint key;
        const MeishiMechanism *mechanism;
        gsize len;
    } cases[] = {{0, &pkcs1, 255}, {2, &ecdsa, 63}, {4, &eddsa, 63}};
    guint8 out[256];
    gsize len = 31;
    g_autoptr(GError) error = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        len = cases[i].len;
        g_assert_false(meishi_key_operate(keys[cases[i].key].key, MEISHI_OP_SIGN,
                                          cases[i].mechanism, FALSE, text, 20, out, &len, &error));
        g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT);
        g_clear_error(&error);
    }
    len = 31;
    g_assert_false(meishi_public_operate(NULL, MEISHI_OP_DIGEST, &sha, text, 3, out, &len, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT);
}

static void
test_signature_lengths(void)
{
    const MeishiMechanism pkcs1 = {.type = CKM_RSA_PKCS}, ecdsa = {.type = CKM_ECDSA};
    const MeishiMechanism eddsa = {.type = CKM_EDDSA};
    const struct {
        guint key;
        const MeishiMechanism *mechanism;
        gsize len;
    } cases[] = {{0, &pkcs1, 255}, {0, &pkcs1, 257}, {0, &pkcs1, 0},  {2, &ecdsa, 0},
                 {2, &ecdsa, 63},  {2, &ecdsa, 66},  {4, &eddsa, 63}, {4, &eddsa, 65}};
    const guint8 signature[300] = {1};

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_false(meishi_public_verify(keys[cases[i].key].spki, cases[i].mechanism, text, 32,
                                            signature, cases[i].len, &error));
        g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_SIGNATURE_LENGTH);
    }
}

/* FIPS 186-4 6.4: of longer input the leftmost bits of the order's length count. */
static void
test_ecdsa_truncates(void)
{
    const MeishiMechanism ecdsa = {.type = CKM_ECDSA};
    guint8 data[200];
    g_autofree Call *call = g_new0(Call, 1);
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < sizeof data; i++)
        data[i] = (guint8)i;
    *call = (Call){&keys[2], &ecdsa, data, sizeof data, {0}, 0};
    run(call, MEISHI_OP_SIGN, &error);
    g_assert_no_error(error);
    assert_verifies(call, data, 32, TRUE);
    assert_verifies(call, data, 31, FALSE);
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    g_test_init(&argc, &argv, NULL);
    g_assert_true(meishi_crypto_init(&error));
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        keys[i].key = fixture_key(keys[i].path);
        keys[i].spki = meishi_key_spki(keys[i].key);
    }
    g_test_add_func("/crypto/operate/table-is-true", test_table);
    g_test_add_func("/crypto/operate/raw-is-gated", test_raw_is_gated);
    g_test_add_func("/crypto/operate/lengths", test_lengths);
    g_test_add_func("/crypto/operate/parameters", test_parameters);
    g_test_add_func("/crypto/operate/room", test_room);
    g_test_add_func("/crypto/operate/signature-lengths", test_signature_lengths);
    g_test_add_func("/crypto/operate/ecdsa-truncates", test_ecdsa_truncates);
    return g_test_run();
}
