/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ECDH and the session objects that come of it.
 */
#include "tests/unit/module/fixture.h"

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
static CK_OBJECT_CLASS secret = CKO_SECRET_KEY;
static CK_KEY_TYPE generic = CKK_GENERIC_SECRET;

static CK_RV
derive(CK_SESSION_HANDLE session, CK_ATTRIBUTE *templ, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    static CK_BYTE point[65] = {4};
    CK_ECDH1_DERIVE_PARAMS params = {
        .kdf = CKD_NULL, .ulPublicDataLen = sizeof point, .pPublicData = point};
    CK_MECHANISM mechanism = {CKM_ECDH1_DERIVE, &params, sizeof params};

    return C_DeriveKey(session, &mechanism, SAMPLE_PRIVATE_EC, templ, n, ret);
}

static void
test_readable(Fixture *f, gconstpointer unused)
{
    CK_ULONG wanted = 24;
    CK_ATTRIBUTE templ[] = {{CKA_CLASS, &secret, sizeof secret},
                            {CKA_KEY_TYPE, &generic, sizeof generic},
                            {CKA_TOKEN, &no, 1},
                            {CKA_SENSITIVE, &no, 1},
                            {CKA_EXTRACTABLE, &yes, 1},
                            {CKA_LABEL, (void *)"shared", 6},
                            {CKA_VALUE_LEN, &wanted, sizeof wanted}};
    CK_BYTE value[64];
    CK_ULONG len = 0;
    CK_ATTRIBUTE read[] = {{CKA_VALUE, value, sizeof value}, {CKA_VALUE_LEN, &len, sizeof len}};
    CK_OBJECT_HANDLE key;

    assert_rv(derive(f->session, templ, 6, &key), CKR_OK);
    g_assert_cmpuint(key, >, 0x80000000);
    assert_rv(C_GetAttributeValue(f->session, key, read, 2), CKR_OK);
    g_assert_cmpuint(read[0].ulValueLen, ==, 32);
    g_assert_cmpuint(len, ==, 32);
    g_assert_cmpuint(value[31], ==, fake_agent_sum(NULL, 0));
    read[0].ulValueLen = sizeof value;
    assert_rv(derive(f->session, templ, 7, &key), CKR_OK);
    assert_rv(C_GetAttributeValue(f->session, key, read, 1), CKR_OK);
    g_assert_cmpuint(read[0].ulValueLen, ==, 24);
}

static void
test_not_readable(Fixture *f, gconstpointer unused)
{
    CK_ATTRIBUTE sensitive[] = {{CKA_SENSITIVE, &yes, 1}, {CKA_EXTRACTABLE, &yes, 1}};
    CK_ATTRIBUTE read = {CKA_VALUE, NULL, 0};
    CK_OBJECT_HANDLE key;

    assert_rv(derive(f->session, sensitive, 2, &key), CKR_OK);
    assert_rv(C_GetAttributeValue(f->session, key, &read, 1), CKR_ATTRIBUTE_SENSITIVE);
    assert_rv(derive(f->session, NULL, 0, &key), CKR_OK);
    assert_rv(C_GetAttributeValue(f->session, key, &read, 1), CKR_ATTRIBUTE_SENSITIVE);
}

static void
test_bad_templates(Fixture *f, gconstpointer unused)
{
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_KEY_TYPE aes = CKK_AES, rsa = CKK_RSA;
    CK_ULONG too_long = 33, odd = 17;
    CK_ATTRIBUTE token = {CKA_TOKEN, &yes, 1};
    CK_ATTRIBUTE wrong_class = {CKA_CLASS, &class, sizeof class};
    CK_ATTRIBUTE wrong_type = {CKA_KEY_TYPE, &rsa, sizeof rsa};
    CK_ATTRIBUTE wrong_len = {CKA_VALUE_LEN, &too_long, sizeof too_long};
    CK_ATTRIBUTE odd_aes[] = {{CKA_KEY_TYPE, &aes, sizeof aes}, {CKA_VALUE_LEN, &odd, sizeof odd}};
    CK_MECHANISM no_params = {CKM_ECDH1_DERIVE, NULL, 0};
    CK_OBJECT_HANDLE key;

    assert_rv(derive(f->session, &token, 1, &key), CKR_TOKEN_WRITE_PROTECTED);
    assert_rv(derive(f->session, &wrong_class, 1, &key), CKR_TEMPLATE_INCONSISTENT);
    assert_rv(derive(f->session, odd_aes, 2, &key), CKR_TEMPLATE_INCONSISTENT);
    g_assert_cmpuint(fake_agent_seen(f->agent).n_operate, ==, 0);
    assert_rv(derive(f->session, &wrong_type, 1, &key), CKR_TEMPLATE_INCONSISTENT);
    assert_rv(derive(f->session, &wrong_len, 1, &key), CKR_TEMPLATE_INCONSISTENT);
    assert_rv(C_DeriveKey(f->session, &no_params, SAMPLE_PRIVATE_EC, NULL, 0, &key),
              CKR_MECHANISM_PARAM_INVALID);
    assert_rv(C_DeriveKey(f->session, NULL, SAMPLE_PRIVATE_EC, NULL, 0, &key), CKR_ARGUMENTS_BAD);
}

static void
test_life(Fixture *f, gconstpointer unused)
{
    CK_ATTRIBUTE by_class = {CKA_CLASS, &secret, sizeof secret};
    CK_SESSION_HANDLE other = fixture_open(1);
    g_autofree char *expected = NULL, *found = NULL, *after = NULL;
    CK_OBJECT_HANDLE first, second;
    CK_ULONG size;

    assert_rv(derive(f->session, NULL, 0, &first), CKR_OK);
    assert_rv(derive(other, NULL, 0, &second), CKR_OK);
    expected = g_strdup_printf("%lu %lu", first, second);
    found = fixture_find(f->session, &by_class, 1);
    g_assert_cmpstr(found, ==, expected);
    assert_rv(C_CloseSession(other), CKR_OK); /* takes its object along */
    assert_rv(C_GetObjectSize(f->session, second, &size), CKR_OBJECT_HANDLE_INVALID);
    assert_rv(C_GetObjectSize(f->session, first, &size), CKR_OK);
    assert_rv(C_GetObjectSize(f->eddsa, first, &size), CKR_OBJECT_HANDLE_INVALID);
    assert_rv(C_SetAttributeValue(f->session, first, &by_class, 1), CKR_ATTRIBUTE_READ_ONLY);
    assert_rv(C_DestroyObject(f->session, first), CKR_OK);
    assert_rv(C_DestroyObject(f->session, first), CKR_OBJECT_HANDLE_INVALID);
    after = fixture_find(f->session, &by_class, 1);
    g_assert_cmpstr(after, ==, "");
}

#define ADD(name, func) \
    g_test_add("/module/derive/" name, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main(int argc, char **argv)
{
    char *dir = fixture_make_runtime_dir();
    int result;

    g_test_init(&argc, &argv, NULL);
    ADD("readable", test_readable);
    ADD("not-readable", test_not_readable);
    ADD("bad-templates", test_bad_templates);
    ADD("life", test_life);
    result = g_test_run();
    fixture_remove_runtime_dir(dir);
    return result;
}
