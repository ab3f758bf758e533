/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Searches and attributes, all answered from the snapshot.
 */
#include "tests/unit/module/fixture.h"

#include <string.h>

static CK_OBJECT_CLASS class_cert = CKO_CERTIFICATE;
static CK_OBJECT_CLASS class_private = CKO_PRIVATE_KEY;
static CK_BBOOL yes = CK_TRUE;

static void
assert_finds(CK_SESSION_HANDLE session, CK_ATTRIBUTE *templ, CK_ULONG n, const char *expected)
{
    g_autofree char *found = fixture_find(session, templ, n);

    g_assert_cmpstr(found, ==, expected);
}

static void
test_find_by_class(Fixture *f, gconstpointer unused)
{
    CK_ATTRIBUTE templ[] = {{CKA_CLASS, &class_cert, sizeof class_cert},
                            {CKA_TOKEN, &yes, sizeof yes}};

    assert_finds(f->session, templ, 1, "11 12 13");
    assert_finds(f->session, templ, 2, "11 12 13");
    assert_finds(f->eddsa, templ, 2, "");
    templ[0].pValue = &class_private;
    assert_finds(f->session, templ, 2, "31 32");
    assert_finds(f->eddsa, templ, 2, "41");
    assert_finds(f->session, NULL, 0, "11 12 13 21 22 31 32");
}

static void
test_find_by_value(Fixture *f, gconstpointer unused)
{
    CK_BYTE serial[] = {2, 1, SAMPLE_CERT_EC};
    CK_ATTRIBUTE by_id[] = {{CKA_ID, (void *)"ec", 2},
                            {CKA_CLASS, &class_private, sizeof class_private}};
    CK_ATTRIBUTE by_serial[] = {{CKA_CLASS, &class_cert, sizeof class_cert},
                                {CKA_ISSUER, (void *)"subject of CA", 13},
                                {CKA_SERIAL_NUMBER, serial, 3}};
    CK_ATTRIBUTE by_value[] = {{CKA_VALUE, (void *)"certificate of rsa", 18}};
    CK_ATTRIBUTE trusted[] = {{CKA_TRUSTED, &yes, 1}};

    assert_finds(f->session, by_id, 1, "12 22 32");
    assert_finds(f->session, by_id, 2, "32");
    assert_finds(f->session, by_serial, 3, "12");
    by_serial[2].pValue = serial + 2; /* raw, as NSS also tries: no match */
    by_serial[2].ulValueLen = 1;
    assert_finds(f->session, by_serial, 3, "");
    assert_finds(f->session, by_value, 1, "11");
    assert_finds(f->session, trusted, 1, "13");
    by_id[0].pValue = (void *)"nobody";
    by_id[0].ulValueLen = 6;
    assert_finds(f->session, by_id, 1, "");
}

/* A sensitive value matches nothing, whatever is guessed. */
static void
test_find_by_secret(Fixture *f, gconstpointer unused)
{
    CK_ATTRIBUTE secret[] = {{CKA_PRIVATE_EXPONENT, (void *)"", 0}};
    CK_ATTRIBUTE absent[] = {{CKA_SERIAL_NUMBER, (void *)"", 0}};

    assert_finds(f->session, secret, 1, "");
    assert_finds(f->session, absent, 1, "");
}

static void
test_find_what_is_never_there(Fixture *f, gconstpointer unused)
{
    CK_OBJECT_CLASS classes[] = {CKO_DATA, 0xce534353 /* NSS trust */, 0xb /* CKO_TRUST */,
                                 0xce534354 /* NSS root list */, CKO_SECRET_KEY};

    for (gsize i = 0; i < G_N_ELEMENTS(classes); i++) {
        CK_ATTRIBUTE templ[] = {{CKA_CLASS, &classes[i], sizeof classes[i]}};

        assert_finds(f->session, templ, 1, "");
    }
    g_assert_cmpuint(fake_agent_seen(f->agent).n_snapshot, ==, 0);
}

static void
test_find_states(Fixture *f, gconstpointer unused)
{
    CK_OBJECT_HANDLE handle;
    CK_ATTRIBUTE bad = {CKA_ID, NULL, 5};
    CK_ULONG n;

    assert_rv(C_FindObjects(f->session, &handle, 1, &n), CKR_OPERATION_NOT_INITIALIZED);
    assert_rv(C_FindObjectsFinal(f->session), CKR_OPERATION_NOT_INITIALIZED);
    assert_rv(C_FindObjectsInit(f->session, NULL, 1), CKR_ARGUMENTS_BAD);
    assert_rv(C_FindObjectsInit(f->session, &bad, 1), CKR_ARGUMENTS_BAD);
    assert_rv(C_FindObjectsInit(77, NULL, 0), CKR_SESSION_HANDLE_INVALID);
    assert_rv(C_FindObjectsInit(f->session, NULL, 0), CKR_OK);
    assert_rv(C_FindObjectsInit(f->session, NULL, 0), CKR_OPERATION_ACTIVE);
    assert_rv(C_FindObjects(f->session, &handle, 0, &n), CKR_OK);
    g_assert_cmpuint(n, ==, 0);
    assert_rv(C_FindObjects(f->session, NULL, 1, &n), CKR_ARGUMENTS_BAD);
    assert_rv(C_SessionCancel(f->session, 0x40), CKR_OK); /* CKF_FIND_OBJECTS */
    assert_rv(C_FindObjectsFinal(f->session), CKR_OPERATION_NOT_INITIALIZED);
}

/* A search goes on with the snapshot it began with; the next one sees the new one. */
static void
test_find_across_change(Fixture *f, gconstpointer unused)
{
    g_autoptr(MeishiSample) sample = meishi_sample_new(99);
    g_autoptr(GBytes) bytes = NULL;
    CK_OBJECT_HANDLE handles[10];
    CK_ULONG n;

    meishi_sample_add_slot(sample, 1, "Meishi", TRUE);
    meishi_sample_add_object(sample, 77, CKO_CERTIFICATE);
    bytes = meishi_sample_end(sample);
    assert_rv(C_FindObjectsInit(f->session, NULL, 0), CKR_OK);
    assert_rv(C_FindObjects(f->session, handles, 2, &n), CKR_OK);
    fake_agent_publish(f->agent, bytes, TRUE);
    assert_finds(fixture_open(1), NULL, 0, "77");
    assert_rv(C_FindObjects(f->session, handles, 10, &n), CKR_OK);
    g_assert_cmpuint(n, ==, 5);
    assert_rv(C_FindObjectsFinal(f->session), CKR_OK);
    assert_finds(f->session, NULL, 0, "77");
    g_assert_cmpuint(fake_agent_seen(f->agent).n_snapshot, ==, 1);
    g_assert_cmpuint(fake_agent_seen(f->agent).n_hello, ==, 1);
}

/* The second slot is not in the new view: its token is gone, and so are its sessions. */
static void
test_vanished_token_closes_sessions(Fixture *f, gconstpointer unused)
{
    g_autoptr(MeishiSample) sample = meishi_sample_new(99);
    g_autoptr(GBytes) bytes = NULL;
    CK_SLOT_ID slots[8];
    CK_SESSION_INFO info;
    CK_ULONG n = 8;

    meishi_sample_add_slot(sample, 1, "Meishi", TRUE);
    bytes = meishi_sample_end(sample);
    fake_agent_publish(f->agent, bytes, TRUE);
    assert_rv(C_GetSlotList(CK_FALSE, slots, &n), CKR_OK);
    g_assert_cmpuint(n, ==, 7); /* the list never shrinks */
    assert_rv(C_GetSessionInfo(f->eddsa, &info), CKR_SESSION_HANDLE_INVALID);
    assert_rv(C_GetSessionInfo(f->session, &info), CKR_OK);
}

/* A snapshot that could change under us is not taken; the old one stays. */
static void
test_unsealed_snapshot_is_refused(Fixture *f, gconstpointer unused)
{
    g_autoptr(GBytes) bytes = meishi_sample_usual(99, TRUE);

    fake_agent_publish(f->agent, bytes, FALSE);
    assert_finds(f->session, NULL, 0, "11 12 13 21 22 31 32");
    g_assert_cmpuint(fake_agent_seen(f->agent).n_snapshot, ==, 1);
}

static void
test_damaged_snapshot_is_refused(Fixture *f, gconstpointer unused)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static("this is no snapshot", 19);

    fake_agent_publish(f->agent, bytes, TRUE);
    assert_finds(f->session, NULL, 0, "11 12 13 21 22 31 32");
}

/* ---- attributes ---------------------------------------------------------------------------- */

static void
test_get_attributes(Fixture *f, gconstpointer unused)
{
    CK_BYTE id[16];
    CK_OBJECT_CLASS class = 0;
    CK_BBOOL token = CK_FALSE;
    CK_ATTRIBUTE templ[] = {{CKA_ID, id, sizeof id},
                            {CKA_CLASS, &class, sizeof class},
                            {CKA_TOKEN, &token, sizeof token}};

    assert_rv(C_GetAttributeValue(f->session, SAMPLE_PRIVATE_RSA, templ, 3), CKR_OK);
    g_assert_cmpmem(id, templ[0].ulValueLen, "rsa", 3);
    g_assert_cmpuint(class, ==, CKO_PRIVATE_KEY);
    g_assert_cmpuint(templ[1].ulValueLen, ==, sizeof(CK_ULONG));
    g_assert_cmpuint(token, ==, CK_TRUE);
    templ[0] = (CK_ATTRIBUTE){CKA_ID, NULL, 0};
    assert_rv(C_GetAttributeValue(f->session, SAMPLE_PRIVATE_RSA, templ, 1), CKR_OK);
    g_assert_cmpuint(templ[0].ulValueLen, ==, 3);
    assert_rv(C_GetAttributeValue(f->session, SAMPLE_PRIVATE_RSA, NULL, 0), CKR_OK);
}

/* Everything that can be had is had, whatever goes wrong beside it. */
static void
test_get_attributes_partly(Fixture *f, gconstpointer unused)
{
    CK_BYTE small[2], id[8], exponent[8];
    CK_ATTRIBUTE templ[] = {{CKA_PRIVATE_EXPONENT, exponent, sizeof exponent},
                            {CKA_LABEL, small, sizeof small},
                            {CKA_SERIAL_NUMBER, id, sizeof id},
                            {CKA_ID, id, sizeof id}};

    assert_rv(C_GetAttributeValue(f->session, SAMPLE_PRIVATE_RSA, templ, 4),
              CKR_ATTRIBUTE_TYPE_INVALID); /* the last error */
    g_assert_cmpuint(templ[0].ulValueLen, ==, CK_UNAVAILABLE_INFORMATION);
    g_assert_cmpuint(templ[1].ulValueLen, ==, CK_UNAVAILABLE_INFORMATION);
    g_assert_cmpuint(templ[2].ulValueLen, ==, CK_UNAVAILABLE_INFORMATION);
    g_assert_cmpmem(id, templ[3].ulValueLen, "rsa", 3);
    templ[0].ulValueLen = sizeof exponent;
    assert_rv(C_GetAttributeValue(f->session, SAMPLE_PRIVATE_RSA, templ, 1),
              CKR_ATTRIBUTE_SENSITIVE);
    templ[1].ulValueLen = sizeof small;
    assert_rv(C_GetAttributeValue(f->session, SAMPLE_PRIVATE_RSA, templ + 1, 1),
              CKR_BUFFER_TOO_SMALL);
}

static void
test_handles(Fixture *f, gconstpointer unused)
{
    CK_ATTRIBUTE templ = {CKA_ID, NULL, 0};

    assert_rv(C_GetAttributeValue(f->session, 0, &templ, 1), CKR_OBJECT_HANDLE_INVALID);
    assert_rv(C_GetAttributeValue(f->session, 999, &templ, 1), CKR_OBJECT_HANDLE_INVALID);
    assert_rv(C_GetAttributeValue(f->session, 0x80000001, &templ, 1), CKR_OBJECT_HANDLE_INVALID);
    assert_rv(C_GetAttributeValue(f->session, SAMPLE_PRIVATE_ED, &templ, 1),
              CKR_OBJECT_HANDLE_INVALID); /* the other token's */
    assert_rv(C_GetAttributeValue(f->eddsa, SAMPLE_PRIVATE_ED, &templ, 1), CKR_OK);
    assert_rv(C_GetAttributeValue(77, SAMPLE_PRIVATE_ED, &templ, 1), CKR_SESSION_HANDLE_INVALID);
    assert_rv(C_GetAttributeValue(f->session, 0, NULL, 1), CKR_ARGUMENTS_BAD);
}

static void
test_changing_is_refused(Fixture *f, gconstpointer unused)
{
    CK_SESSION_HANDLE rw;
    CK_ATTRIBUTE templ = {CKA_TOKEN, &yes, sizeof yes};
    CK_OBJECT_HANDLE handle;
    CK_ULONG size = 0;

    assert_rv(C_OpenSession(1, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &rw), CKR_OK);
    assert_rv(C_CreateObject(rw, &templ, 1, &handle), CKR_TOKEN_WRITE_PROTECTED);
    assert_rv(C_CreateObject(f->session, &templ, 1, &handle), CKR_SESSION_READ_ONLY);
    assert_rv(C_CreateObject(rw, NULL, 0, &handle), CKR_FUNCTION_NOT_SUPPORTED);
    assert_rv(C_DestroyObject(rw, SAMPLE_CERT_EC), CKR_TOKEN_WRITE_PROTECTED);
    assert_rv(C_SetAttributeValue(rw, SAMPLE_CERT_EC, &templ, 1), CKR_TOKEN_WRITE_PROTECTED);
    assert_rv(C_CopyObject(rw, SAMPLE_CERT_EC, NULL, 0, &handle), CKR_FUNCTION_NOT_SUPPORTED);
    assert_rv(C_GetObjectSize(rw, SAMPLE_CERT_EC, &size), CKR_OK);
    g_assert_cmpuint(size, >, 40);
    assert_rv(C_GetObjectSize(rw, 999, &size), CKR_OBJECT_HANDLE_INVALID);
}

#define ADD(name, func) \
    g_test_add("/module/object/" name, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main(int argc, char **argv)
{
    char *dir = fixture_make_runtime_dir();
    int result;

    g_test_init(&argc, &argv, NULL);
    ADD("find-by-class", test_find_by_class);
    ADD("find-by-value", test_find_by_value);
    ADD("find-by-secret", test_find_by_secret);
    ADD("find-what-is-never-there", test_find_what_is_never_there);
    ADD("find-states", test_find_states);
    ADD("find-across-change", test_find_across_change);
    ADD("vanished-token-closes-sessions", test_vanished_token_closes_sessions);
    ADD("unsealed-snapshot-is-refused", test_unsealed_snapshot_is_refused);
    ADD("damaged-snapshot-is-refused", test_damaged_snapshot_is_refused);
    ADD("get-attributes", test_get_attributes);
    ADD("get-attributes-partly", test_get_attributes_partly);
    ADD("handles", test_handles);
    ADD("changing-is-refused", test_changing_is_refused);
    result = g_test_run();
    fixture_remove_runtime_dir(dir);
    return result;
}
