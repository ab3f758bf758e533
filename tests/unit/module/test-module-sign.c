/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Operations: what is checked before the daemon is asked, their states, lengths, and streaming.
 */
#include "tests/unit/module/fixture.h"

#include "module/wire/proto.h"

#include <string.h>

static CK_BYTE data[32] = "thirty-two bytes to be signed..";

static void
init_sign(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE type)
{
    CK_MECHANISM mechanism = {type, NULL, 0};

    assert_rv(C_SignInit(session, &mechanism, key), CKR_OK);
}

static void
test_sign(Fixture *f, gconstpointer unused)
{
    FakeAgentSeen seen;

    assert_rv(fixture_sign(f->session, SAMPLE_PRIVATE_EC, CKM_ECDSA), CKR_OK);
    seen = fake_agent_seen(f->agent);
    g_assert_cmpuint(seen.operation, ==, MEISHI_WIRE_SIGN);
    g_assert_cmpuint(seen.object, ==, SAMPLE_PRIVATE_EC);
    g_assert_cmpuint(seen.mechanism, ==, CKM_ECDSA);
    g_assert_cmpuint(seen.n_connections, ==, 1);
    assert_rv(fixture_sign(f->session, SAMPLE_PRIVATE_RSA, CKM_RSA_PKCS), CKR_OK);
    assert_rv(fixture_sign(f->eddsa, SAMPLE_PRIVATE_ED, CKM_EDDSA), CKR_OK);
    g_assert_cmpuint(fake_agent_seen(f->agent).n_connections, ==, 1);
}

/* Lengths are known here: nobody is asked. */
static void
test_length_query(Fixture *f, gconstpointer unused)
{
    CK_BYTE signature[256];
    CK_ULONG len = 0;

    init_sign(f->session, SAMPLE_PRIVATE_EC, CKM_ECDSA);
    assert_rv(C_Sign(f->session, data, sizeof data, NULL, &len), CKR_OK);
    g_assert_cmpuint(len, ==, 64);
    len = 63;
    assert_rv(C_Sign(f->session, data, sizeof data, signature, &len), CKR_BUFFER_TOO_SMALL);
    g_assert_cmpuint(len, ==, 64);
    g_assert_cmpuint(fake_agent_seen(f->agent).n_operate, ==, 0);
    len = 72; /* as OpenSSL's engine has it */
    assert_rv(C_Sign(f->session, data, sizeof data, signature, &len), CKR_OK);
    g_assert_cmpuint(len, ==, 64);
    assert_rv(C_Sign(f->session, data, sizeof data, signature, &len),
              CKR_OPERATION_NOT_INITIALIZED);
    init_sign(f->session, SAMPLE_PRIVATE_RSA, CKM_RSA_PKCS);
    assert_rv(C_Sign(f->session, data, sizeof data, NULL, &len), CKR_OK);
    g_assert_cmpuint(len, ==, 256);
    init_sign(f->eddsa, SAMPLE_PRIVATE_ED, CKM_EDDSA);
    assert_rv(C_SignFinal(f->eddsa, NULL, &len), CKR_OK);
    g_assert_cmpuint(len, ==, 64);
    g_assert_cmpuint(fake_agent_seen(f->agent).n_operate, ==, 1);
}

static void
test_init_checks(Fixture *f, gconstpointer unused)
{
    CK_MECHANISM mechanism = {CKM_ECDSA, NULL, 0};

    assert_rv(C_SignInit(77, &mechanism, SAMPLE_PRIVATE_EC), CKR_SESSION_HANDLE_INVALID);
    assert_rv(C_SignInit(f->session, &mechanism, 0), CKR_KEY_HANDLE_INVALID);
    assert_rv(C_SignInit(f->session, &mechanism, 999), CKR_KEY_HANDLE_INVALID);
    assert_rv(C_SignInit(f->session, &mechanism, SAMPLE_CERT_EC), CKR_KEY_HANDLE_INVALID);
    assert_rv(C_SignInit(f->session, &mechanism, SAMPLE_PRIVATE_ED), CKR_KEY_HANDLE_INVALID);
    assert_rv(C_SignInit(f->session, &mechanism, SAMPLE_PUBLIC_EC), CKR_KEY_FUNCTION_NOT_PERMITTED);
    assert_rv(C_SignInit(f->session, &mechanism, SAMPLE_PRIVATE_RSA), CKR_KEY_TYPE_INCONSISTENT);
    mechanism.mechanism = CKM_EDDSA; /* of the other slot */
    assert_rv(C_SignInit(f->session, &mechanism, SAMPLE_PRIVATE_EC), CKR_MECHANISM_INVALID);
    mechanism.mechanism = CKM_ECDH1_DERIVE; /* not for signing */
    assert_rv(C_SignInit(f->session, &mechanism, SAMPLE_PRIVATE_EC), CKR_MECHANISM_INVALID);
    mechanism = (CK_MECHANISM){CKM_ECDSA, data, 4};
    assert_rv(C_SignInit(f->session, &mechanism, SAMPLE_PRIVATE_EC), CKR_MECHANISM_PARAM_INVALID);
    mechanism = (CK_MECHANISM){CKM_RSA_PKCS_PSS, NULL, 0};
    assert_rv(C_SignInit(f->session, &mechanism, SAMPLE_PRIVATE_RSA), CKR_MECHANISM_PARAM_INVALID);
    mechanism.mechanism = CKM_RSA_PKCS;
    assert_rv(C_DecryptInit(f->session, &mechanism, SAMPLE_PRIVATE_EC),
              CKR_KEY_FUNCTION_NOT_PERMITTED);
    assert_rv(C_SignInit(f->session, NULL, 0), CKR_OPERATION_NOT_INITIALIZED);
    g_assert_cmpuint(fake_agent_seen(f->agent).n_operate, ==, 0);
}

static void
test_states(Fixture *f, gconstpointer unused)
{
    CK_MECHANISM mechanism = {CKM_ECDSA, NULL, 0};
    CK_BYTE signature[64];
    CK_ULONG len = sizeof signature;

    assert_rv(C_Sign(f->session, data, 32, signature, &len), CKR_OPERATION_NOT_INITIALIZED);
    assert_rv(C_SignUpdate(f->session, data, 32), CKR_OPERATION_NOT_INITIALIZED);
    assert_rv(C_SignFinal(f->session, signature, &len), CKR_OPERATION_NOT_INITIALIZED);
    init_sign(f->session, SAMPLE_PRIVATE_EC, CKM_ECDSA);
    assert_rv(C_SignInit(f->session, &mechanism, SAMPLE_PRIVATE_EC), CKR_OPERATION_ACTIVE);
    assert_rv(C_Sign(f->session, NULL, 32, signature, &len), CKR_ARGUMENTS_BAD);
    assert_rv(C_Sign(f->session, data, 32, signature, NULL), CKR_ARGUMENTS_BAD);
    assert_rv(C_SignUpdate(f->session, data, 16), CKR_OK);
    assert_rv(C_Sign(f->session, data, 32, signature, &len), CKR_OPERATION_ACTIVE);
    assert_rv(C_SignInit(f->session, NULL, 0), CKR_OK); /* ends it (3.0) */
    init_sign(f->session, SAMPLE_PRIVATE_EC, CKM_ECDSA);
    assert_rv(C_SessionCancel(f->session, CKF_SIGN), CKR_OK);
    assert_rv(C_Sign(f->session, data, 32, signature, &len), CKR_OPERATION_NOT_INITIALIZED);
}

static void
test_pss_parameters(Fixture *f, gconstpointer unused)
{
    CK_RSA_PKCS_PSS_PARAMS params = {CKM_SHA256, CKG_MGF1_SHA256, 32};
    CK_MECHANISM mechanism = {CKM_RSA_PKCS_PSS, &params, sizeof params};
    CK_BYTE signature[256];
    CK_ULONG len = sizeof signature;
    FakeAgentSeen seen;

    assert_rv(C_SignInit(f->session, &mechanism, SAMPLE_PRIVATE_RSA), CKR_OK);
    memset(&params, 0xff, sizeof params); /* the caller's again */
    assert_rv(C_Sign(f->session, data, sizeof data, signature, &len), CKR_OK);
    seen = fake_agent_seen(f->agent);
    g_assert_cmpuint(seen.n_numbers, ==, 3);
    g_assert_cmphex(seen.numbers[0], ==, CKM_SHA256);
    g_assert_cmphex(seen.numbers[1], ==, CKG_MGF1_SHA256);
    g_assert_cmpuint(seen.numbers[2], ==, 32);
}

/* In parts, through the frame's limit and beyond. */
static void
check_streaming(Fixture *f, gsize total, gboolean in_file)
{
    g_autofree CK_BYTE *input = g_malloc(total);
    CK_BYTE signature[64];
    CK_ULONG len = sizeof signature;
    FakeAgentSeen seen;

    for (gsize i = 0; i < total; i++)
        input[i] = (CK_BYTE)(i * 31);
    init_sign(f->session, SAMPLE_PRIVATE_EC, CKM_ECDSA_SHA256);
    for (gsize at = 0; at < total; at += 10000)
        assert_rv(C_SignUpdate(f->session, input + at, MIN(10000, total - at)), CKR_OK);
    assert_rv(C_SignFinal(f->session, signature, &len), CKR_OK);
    g_assert_cmpuint(signature[0], ==, fake_agent_sum(input, total));
    seen = fake_agent_seen(f->agent);
    g_assert_cmpuint(seen.data_len, ==, total);
    g_assert_cmpint(seen.in_file, ==, in_file);
    init_sign(f->session, SAMPLE_PRIVATE_EC, CKM_ECDSA_SHA256);
    assert_rv(C_Sign(f->session, input, total, signature, &len), CKR_OK);
    g_assert_cmpuint(signature[63], ==, fake_agent_sum(input, total));
}

static void
test_streaming(Fixture *f, gconstpointer unused)
{
    check_streaming(f, 1, FALSE);
    check_streaming(f, MEISHI_WIRE_MAX_INLINE, FALSE);
    check_streaming(f, MEISHI_WIRE_MAX_INLINE + 1, TRUE);
    check_streaming(f, 3 << 20, TRUE);
}

static void
test_empty_message(Fixture *f, gconstpointer unused)
{
    CK_BYTE signature[64];
    CK_ULONG len = sizeof signature;

    init_sign(f->session, SAMPLE_PRIVATE_EC, CKM_ECDSA_SHA256);
    assert_rv(C_SignFinal(f->session, signature, &len), CKR_OK);
    g_assert_cmpuint(signature[0], ==, fake_agent_sum("", 0));
}

static void
test_too_much_input(Fixture *f, gconstpointer unused)
{
    gsize total = MEISHI_WIRE_MAX_DATA + 1;
    g_autofree CK_BYTE *input = g_malloc0(total);
    CK_BYTE signature[64];
    CK_ULONG len = sizeof signature;

    init_sign(f->session, SAMPLE_PRIVATE_EC, CKM_ECDSA_SHA256);
    assert_rv(C_Sign(f->session, input, total, signature, &len), CKR_DATA_LEN_RANGE);
    assert_rv(C_Sign(f->session, input, 1, signature, &len), CKR_OPERATION_NOT_INITIALIZED);
    init_sign(f->session, SAMPLE_PRIVATE_EC, CKM_ECDSA_SHA256);
    assert_rv(C_SignUpdate(f->session, input, 10), CKR_OK);
    assert_rv(C_SignUpdate(f->session, input, total - 10), CKR_DATA_LEN_RANGE);
    assert_rv(C_SignFinal(f->session, signature, &len), CKR_OPERATION_NOT_INITIALIZED);
    g_assert_cmpuint(fake_agent_seen(f->agent).n_operate, ==, 0);
}

static void
test_verify(Fixture *f, gconstpointer unused)
{
    CK_MECHANISM mechanism = {CKM_ECDSA, NULL, 0};
    CK_BYTE signature[64] = {0};

    assert_rv(C_VerifyInit(f->session, &mechanism, SAMPLE_PUBLIC_EC), CKR_OK);
    assert_rv(C_Verify(f->session, data, 32, signature, 64), CKR_OK);
    assert_rv(C_Verify(f->session, data, 32, signature, 64), CKR_OPERATION_NOT_INITIALIZED);
    fake_agent_set_status(f->agent, MEISHI_WIRE_BAD_SIGNATURE);
    assert_rv(C_VerifyInit(f->session, &mechanism, SAMPLE_PUBLIC_EC), CKR_OK);
    assert_rv(C_VerifyUpdate(f->session, data, 16), CKR_OK);
    assert_rv(C_VerifyFinal(f->session, signature, 64), CKR_SIGNATURE_INVALID);
    assert_rv(C_VerifyInit(f->session, &mechanism, SAMPLE_PRIVATE_EC),
              CKR_KEY_FUNCTION_NOT_PERMITTED);
}

/* The length is known only when it is there: what is kept needs no second request. */
static void
test_decrypt(Fixture *f, gconstpointer unused)
{
    CK_MECHANISM mechanism = {CKM_RSA_PKCS, NULL, 0};
    CK_BYTE input[256] = {7}, output[256];
    CK_ULONG len = 0;

    assert_rv(C_DecryptInit(f->session, &mechanism, SAMPLE_PRIVATE_RSA), CKR_OK);
    assert_rv(C_Decrypt(f->session, input, 256, NULL, &len), CKR_OK);
    g_assert_cmpuint(len, ==, 256); /* at most */
    g_assert_cmpuint(fake_agent_seen(f->agent).n_operate, ==, 0);
    len = 10;
    assert_rv(C_Decrypt(f->session, input, 256, output, &len), CKR_BUFFER_TOO_SMALL);
    g_assert_cmpuint(len, ==, 20);
    assert_rv(C_Decrypt(f->session, input, 256, output, &len), CKR_OK);
    g_assert_cmpuint(len, ==, 20);
    g_assert_cmpuint(output[19], ==, fake_agent_sum(input, 256));
    g_assert_cmpuint(fake_agent_seen(f->agent).n_operate, ==, 1);
    fake_agent_set_status(f->agent, MEISHI_WIRE_BAD_DATA);
    assert_rv(C_DecryptInit(f->session, &mechanism, SAMPLE_PRIVATE_RSA), CKR_OK);
    assert_rv(C_DecryptUpdate(f->session, input, 256, output, &len), CKR_OK);
    g_assert_cmpuint(len, ==, 0);
    len = sizeof output;
    assert_rv(C_DecryptFinal(f->session, output, &len), CKR_ENCRYPTED_DATA_INVALID);
}

static void
test_encrypt(Fixture *f, gconstpointer unused)
{
    CK_RSA_PKCS_OAEP_PARAMS params = {CKM_SHA256, CKG_MGF1_SHA256, 1, (void *)"label", 5};
    CK_MECHANISM mechanism = {CKM_RSA_PKCS_OAEP, &params, sizeof params};
    CK_BYTE output[256];
    CK_ULONG len = 0;

    assert_rv(C_EncryptInit(f->session, &mechanism, SAMPLE_PUBLIC_RSA), CKR_OK);
    assert_rv(C_Encrypt(f->session, data, 32, NULL, &len), CKR_OK);
    g_assert_cmpuint(len, ==, 256);
    assert_rv(C_Encrypt(f->session, data, 32, output, &len), CKR_OK);
    assert_rv(C_EncryptInit(f->session, &mechanism, SAMPLE_PUBLIC_RSA), CKR_OK);
    assert_rv(C_EncryptUpdate(f->session, data, 32, output, &len), CKR_OK);
    len = sizeof output;
    assert_rv(C_EncryptFinal(f->session, output, &len), CKR_OK);
    g_assert_cmpuint(len, ==, 256);
    params.ulSourceDataLen = MEISHI_WIRE_MAX_PARAM + 1;
    assert_rv(C_EncryptInit(f->session, &mechanism, SAMPLE_PUBLIC_RSA),
              CKR_MECHANISM_PARAM_INVALID);
}

static void
test_digest(Fixture *f, gconstpointer unused)
{
    CK_MECHANISM mechanism = {CKM_SHA256, NULL, 0};
    CK_BYTE digest[32];
    CK_ULONG len = 0;

    assert_rv(C_DigestInit(f->session, &mechanism), CKR_OK);
    assert_rv(C_Digest(f->session, data, 32, NULL, &len), CKR_OK);
    g_assert_cmpuint(len, ==, 32);
    assert_rv(C_Digest(f->session, data, 32, digest, &len), CKR_OK);
    assert_rv(C_DigestInit(f->session, &mechanism), CKR_OK);
    assert_rv(C_DigestUpdate(f->session, data, 32), CKR_OK);
    assert_rv(C_DigestKey(f->session, SAMPLE_PRIVATE_EC), CKR_KEY_INDIGESTIBLE);
    assert_rv(C_DigestFinal(f->session, digest, &len), CKR_OK);
    g_assert_cmpuint(digest[31], ==, fake_agent_sum(data, 32));
    g_assert_cmpuint(fake_agent_seen(f->agent).object, ==, 0);
}

static void
test_recover(Fixture *f, gconstpointer unused)
{
    CK_MECHANISM mechanism = {CKM_RSA_PKCS, NULL, 0};
    CK_BYTE output[256];
    CK_ULONG len = sizeof output;

    /* The sample's keys do not say that they can. */
    assert_rv(C_SignRecoverInit(f->session, &mechanism, SAMPLE_PRIVATE_RSA),
              CKR_KEY_FUNCTION_NOT_PERMITTED);
    assert_rv(C_VerifyRecoverInit(f->session, &mechanism, SAMPLE_PUBLIC_RSA),
              CKR_KEY_FUNCTION_NOT_PERMITTED);
    assert_rv(C_SignRecover(f->session, data, 32, output, &len), CKR_OPERATION_NOT_INITIALIZED);
    assert_rv(C_VerifyRecover(f->session, data, 32, output, &len), CKR_OPERATION_NOT_INITIALIZED);
}

/* ---- another token: a mechanism and a key type that the module has never heard of ----------- */

#define STRANGE_MECHANISM 0x80001234UL
#define STRANGE_KEY       71
#define CHOOSY_KEY        72

static void
publish_strange_token(Fixture *f)
{
    g_autoptr(MeishiSample) sample = meishi_sample_new(1);
    g_autoptr(GBytes) bytes = NULL;
    guint64 allowed[] = {CKM_SHA256_RSA_PKCS, CKM_RSA_PKCS};
    guint8 modulus[129] = {0, 0xff}; /* with the leading zero that some write */

    meishi_sample_add_slot(sample, 1, "Meishi", TRUE);
    meishi_sample_add_mech(sample, STRANGE_MECHANISM, 0, 0, CKF_SIGN);
    meishi_sample_add_mech(sample, CKM_RSA_PKCS, 0, 0,
                           CKF_SIGN | CKF_SIGN_RECOVER | CKF_VERIFY_RECOVER);
    meishi_sample_add_mech(sample, CKM_SHA512_RSA_PKCS, 0, 0, CKF_SIGN);
    meishi_sample_add_object(sample, STRANGE_KEY, CKO_PRIVATE_KEY);
    meishi_sample_add_ulong(sample, CKA_KEY_TYPE, 0x80000099);
    meishi_sample_add_bool(sample, CKA_SIGN, TRUE);
    meishi_sample_add_object(sample, CHOOSY_KEY, CKO_PRIVATE_KEY);
    meishi_sample_add_ulong(sample, CKA_KEY_TYPE, CKK_RSA);
    meishi_sample_add_bool(sample, CKA_SIGN, TRUE);
    meishi_sample_add_bool(sample, CKA_SIGN_RECOVER, TRUE);
    meishi_sample_add_bytes(sample, CKA_MODULUS, modulus, sizeof modulus);
    meishi_sample_add_bytes(sample, CKA_ALLOWED_MECHANISMS, allowed, sizeof allowed);
    bytes = meishi_sample_end(sample);
    fake_agent_publish(f->agent, bytes, TRUE);
    f->session = fixture_open(1);
}

/* Its parameter passes as it is, and only the daemon knows how long the result is. */
static void
test_strange_mechanism(Fixture *f, gconstpointer unused)
{
    CK_MECHANISM mechanism = {STRANGE_MECHANISM, (void *)"parameter", 9};
    CK_BYTE signature[256];
    CK_ULONG len = 0;

    publish_strange_token(f);
    assert_rv(C_SignInit(f->session, &mechanism, STRANGE_KEY), CKR_OK);
    assert_rv(C_Sign(f->session, data, 32, NULL, &len), CKR_OK);
    g_assert_cmpuint(len, ==, 256);
    len = 255;
    assert_rv(C_Sign(f->session, data, 32, signature, &len), CKR_BUFFER_TOO_SMALL);
    assert_rv(C_Sign(f->session, data, 32, signature, &len), CKR_OK);
    g_assert_cmpuint(fake_agent_seen(f->agent).n_operate, ==, 1);
    mechanism.ulParameterLen = MEISHI_WIRE_MAX_PARAM + 1;
    assert_rv(C_SignInit(f->session, &mechanism, STRANGE_KEY), CKR_MECHANISM_PARAM_INVALID);
}

static void
test_allowed_mechanisms(Fixture *f, gconstpointer unused)
{
    CK_MECHANISM mechanism = {CKM_SHA512_RSA_PKCS, NULL, 0};
    CK_MECHANISM_TYPE allowed[2];
    CK_ATTRIBUTE attr = {CKA_ALLOWED_MECHANISMS, allowed, sizeof allowed};
    CK_ULONG len = 0;

    publish_strange_token(f);
    assert_rv(C_SignInit(f->session, &mechanism, CHOOSY_KEY), CKR_MECHANISM_INVALID);
    mechanism.mechanism = CKM_RSA_PKCS;
    assert_rv(C_SignInit(f->session, &mechanism, CHOOSY_KEY), CKR_OK);
    assert_rv(C_Sign(f->session, data, 32, NULL, &len), CKR_OK);
    g_assert_cmpuint(len, ==, 128);
    assert_rv(C_GetAttributeValue(f->session, CHOOSY_KEY, &attr, 1), CKR_OK);
    g_assert_cmpuint(attr.ulValueLen, ==, 2 * sizeof(CK_ULONG));
    g_assert_cmphex(allowed[0], ==, CKM_SHA256_RSA_PKCS);
}

static void
test_sign_recover(Fixture *f, gconstpointer unused)
{
    CK_MECHANISM mechanism = {CKM_RSA_PKCS, NULL, 0};
    CK_BYTE output[256];
    CK_ULONG len = sizeof output;

    publish_strange_token(f);
    assert_rv(C_SignRecoverInit(f->session, &mechanism, CHOOSY_KEY), CKR_OK);
    assert_rv(C_SignRecover(f->session, data, 32, NULL, &len), CKR_OK);
    g_assert_cmpuint(len, ==, 128);
    len = sizeof output;
    assert_rv(C_SignRecover(f->session, data, 32, output, &len), CKR_OK);
    g_assert_cmpuint(fake_agent_seen(f->agent).operation, ==, MEISHI_WIRE_SIGN_RECOVER);
}

static void
test_eddsa_parameters(Fixture *f, gconstpointer unused)
{
    struct meishi_eddsa_params params = {CK_FALSE, 7, (CK_BYTE *)(void *)"context"};
    CK_MECHANISM mechanism = {CKM_EDDSA, &params, sizeof params};
    CK_BYTE signature[64];
    CK_ULONG len = sizeof signature;

    assert_rv(C_SignInit(f->eddsa, &mechanism, SAMPLE_PRIVATE_ED), CKR_OK);
    assert_rv(C_Sign(f->eddsa, data, 32, signature, &len), CKR_OK);
    g_assert_cmpuint(fake_agent_seen(f->agent).n_numbers, ==, 1);
    params.pContextData = NULL;
    assert_rv(C_SignInit(f->eddsa, &mechanism, SAMPLE_PRIVATE_ED), CKR_MECHANISM_PARAM_INVALID);
    mechanism.ulParameterLen = 3;
    assert_rv(C_SignInit(f->eddsa, &mechanism, SAMPLE_PRIVATE_ED), CKR_MECHANISM_PARAM_INVALID);
}

/* Kinds of operation do not get in each other's way on one session. */
static void
test_operations_side_by_side(Fixture *f, gconstpointer unused)
{
    CK_MECHANISM sha256 = {CKM_SHA256, NULL, 0};
    CK_BYTE digest[32];
    CK_ULONG len = sizeof digest;

    assert_rv(C_DigestInit(f->session, &sha256), CKR_OK);
    assert_rv(C_DigestUpdate(f->session, data, 32), CKR_OK);
    assert_rv(fixture_sign(f->session, SAMPLE_PRIVATE_EC, CKM_ECDSA), CKR_OK);
    assert_rv(C_DigestFinal(f->session, digest, &len), CKR_OK);
}

static void
test_statuses(Fixture *f, gconstpointer unused)
{
    static const struct {
        guint32 status;
        CK_RV rv;
    } table[] = {
        {MEISHI_WIRE_FAILED, CKR_FUNCTION_FAILED},
        {MEISHI_WIRE_BAD_MESSAGE, CKR_GENERAL_ERROR},
        {MEISHI_WIRE_NO_OBJECT, CKR_KEY_HANDLE_INVALID},
        {MEISHI_WIRE_LOCKED, CKR_USER_NOT_LOGGED_IN},
        {MEISHI_WIRE_DENIED, CKR_FUNCTION_REJECTED},
        {MEISHI_WIRE_NOT_PERMITTED, CKR_KEY_FUNCTION_NOT_PERMITTED},
        {MEISHI_WIRE_BAD_MECHANISM, CKR_MECHANISM_INVALID},
        {MEISHI_WIRE_BAD_PARAM, CKR_MECHANISM_PARAM_INVALID},
        {MEISHI_WIRE_KEY_TYPE, CKR_KEY_TYPE_INCONSISTENT},
        {MEISHI_WIRE_BAD_DATA, CKR_DATA_INVALID},
        {MEISHI_WIRE_DATA_LENGTH, CKR_DATA_LEN_RANGE},
        {MEISHI_WIRE_TIMEOUT, CKR_FUNCTION_CANCELED},
        {MEISHI_WIRE_CANCELLED, CKR_FUNCTION_CANCELED},
        {MEISHI_WIRE_BUSY, CKR_DEVICE_MEMORY},
        {MEISHI_WIRE_GONE, CKR_DEVICE_REMOVED},
        {12345, CKR_FUNCTION_FAILED},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        fake_agent_set_status(f->agent, table[i].status);
        assert_rv(fixture_sign(f->session, SAMPLE_PRIVATE_EC, CKM_ECDSA), table[i].rv);
    }
    fake_agent_set_status(f->agent, MEISHI_WIRE_OK);
    assert_rv(fixture_sign(f->session, SAMPLE_PRIVATE_EC, CKM_ECDSA), CKR_OK);
}

#define ADD(name, func) \
    g_test_add("/module/sign/" name, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

/* The handle that a session remembers is good as soon as the daemon shows the key again. */
static void
test_key_that_came_back(Fixture *f, gconstpointer unused)
{
    g_autoptr(MeishiSample) sample = meishi_sample_new(2);
    g_autoptr(GBytes) without = NULL;
    g_autoptr(GBytes) with = meishi_sample_usual(3, FALSE);
    CK_MECHANISM mechanism = {CKM_ECDSA, NULL, 0};

    meishi_sample_add_slot(sample, 1, "Meishi", TRUE);
    meishi_sample_add_mech(sample, CKM_ECDSA, 256, 521, CKF_SIGN);
    without = meishi_sample_end(sample);
    fake_agent_publish(f->agent, without, TRUE);
    g_free(fixture_find(f->session, NULL, 0)); /* now the module has seen it, too */
    assert_rv(C_SignInit(f->session, &mechanism, SAMPLE_PRIVATE_EC), CKR_KEY_HANDLE_INVALID);
    fake_agent_publish(f->agent, with, TRUE);
    assert_rv(fixture_sign(f->session, SAMPLE_PRIVATE_EC, CKM_ECDSA), CKR_OK);
}

int
main(int argc, char **argv)
{
    char *dir = fixture_make_runtime_dir();
    int result;

    g_test_init(&argc, &argv, NULL);
    ADD("sign", test_sign);
    ADD("length-query", test_length_query);
    ADD("init-checks", test_init_checks);
    ADD("states", test_states);
    ADD("pss-parameters", test_pss_parameters);
    ADD("streaming", test_streaming);
    ADD("empty-message", test_empty_message);
    ADD("too-much-input", test_too_much_input);
    ADD("verify", test_verify);
    ADD("decrypt", test_decrypt);
    ADD("encrypt", test_encrypt);
    ADD("digest", test_digest);
    ADD("recover", test_recover);
    ADD("strange-mechanism", test_strange_mechanism);
    ADD("allowed-mechanisms", test_allowed_mechanisms);
    ADD("sign-recover", test_sign_recover);
    ADD("eddsa-parameters", test_eddsa_parameters);
    ADD("operations-side-by-side", test_operations_side_by_side);
    ADD("statuses", test_statuses);
    ADD("key-that-came-back", test_key_that_came_back);
    result = g_test_run();
    fixture_remove_runtime_dir(dir);
    return result;
}
