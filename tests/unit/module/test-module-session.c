/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Beginning and end, interfaces, slots, tokens, mechanisms, sessions.
 */
#include "tests/unit/module/fixture.h"

#include <string.h>

static void
test_initialize(void)
{
    CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
    CK_INFO info;

    assert_rv(C_GetInfo(&info), CKR_CRYPTOKI_NOT_INITIALIZED);
    assert_rv(C_Finalize(NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
    assert_rv(C_Initialize(&args), CKR_OK);
    assert_rv(C_Initialize(NULL), CKR_CRYPTOKI_ALREADY_INITIALIZED);
    assert_rv(C_Finalize(&args), CKR_ARGUMENTS_BAD);
    assert_rv(C_Finalize(NULL), CKR_OK);
    args.LockMutex = (CK_LOCKMUTEX)(gpointer)test_initialize;
    assert_rv(C_Initialize(&args), CKR_ARGUMENTS_BAD);
    args.CreateMutex = (CK_CREATEMUTEX)(gpointer)test_initialize;
    args.DestroyMutex = (CK_DESTROYMUTEX)(gpointer)test_initialize;
    args.UnlockMutex = (CK_UNLOCKMUTEX)(gpointer)test_initialize;
    assert_rv(C_Initialize(&args), CKR_OK);
    assert_rv(C_Finalize(NULL), CKR_OK);
    args.pReserved = (void *)"\1"; /* no text; test-module-options.c */
    assert_rv(C_Initialize(&args), CKR_ARGUMENTS_BAD);
}

static void
test_interfaces(void)
{
    CK_INTERFACE list[4], *interface;
    CK_VERSION v2 = {2, 40}, v9 = {9, 0};
    CK_FUNCTION_LIST *functions;
    CK_ULONG n = 0;

    assert_rv(C_GetInterfaceList(NULL, &n), CKR_OK);
    g_assert_cmpuint(n, ==, 2);
    n = 1;
    assert_rv(C_GetInterfaceList(list, &n), CKR_BUFFER_TOO_SMALL);
    n = 4;
    assert_rv(C_GetInterfaceList(list, &n), CKR_OK);
    g_assert_cmpstr((char *)list[0].pInterfaceName, ==, "PKCS 11");
    assert_rv(C_GetInterface(NULL, NULL, &interface, 0), CKR_OK);
    g_assert_cmpuint(((CK_VERSION *)interface->pFunctionList)->major, ==, 3);
    assert_rv(C_GetInterface((CK_UTF8CHAR *)"PKCS 11", NULL, &interface, CKF_INTERFACE_FORK_SAFE),
              CKR_OK);
    assert_rv(C_GetInterface((CK_UTF8CHAR *)"PKCS 11", &v2, &interface, 0), CKR_OK);
    assert_rv(C_GetFunctionList(&functions), CKR_OK);
    g_assert_true(interface->pFunctionList == functions);
    assert_rv(C_GetInterface((CK_UTF8CHAR *)"Vendor NSS FIPS Interface", NULL, &interface, 0),
              CKR_FUNCTION_FAILED);
    assert_rv(C_GetInterface(NULL, &v9, &interface, 0), CKR_FUNCTION_FAILED);
    assert_rv(C_GetInterface(NULL, NULL, &interface, 1u << 5), CKR_FUNCTION_FAILED);
}

/* Both tables are full: a client may call what it finds. */
static void
test_tables_are_full(void)
{
    CK_INTERFACE *interface;
    CK_FUNCTION_LIST *functions;
    void **entries;

    assert_rv(C_GetFunctionList(&functions), CKR_OK);
    entries = (void **)(gpointer)&functions->C_Initialize;
    for (gsize i = 0; i < 68; i++)
        g_assert_nonnull(entries[i]);
    assert_rv(C_GetInterface(NULL, NULL, &interface, 0), CKR_OK);
    entries =
        (void **)(gpointer) & ((CK_FUNCTION_LIST_3_0 *)interface->pFunctionList)->C_Initialize;
    for (gsize i = 0; i < 92; i++)
        g_assert_nonnull(entries[i]);
    g_assert_cmpuint(sizeof(CK_FUNCTION_LIST_3_0), ==, 93 * sizeof(void *));
}

static void
test_info(Fixture *f, gconstpointer unused)
{
    CK_INTERFACE *interface;
    CK_INFO info;

    assert_rv(C_GetInfo(&info), CKR_OK);
    g_assert_cmpuint(info.cryptokiVersion.major, ==, 2);
    g_assert_cmpuint(info.cryptokiVersion.minor, ==, 40);
    g_assert_cmpmem(info.manufacturerID, 32, "Meishi                          ", 32);
    assert_rv(C_GetInterface(NULL, NULL, &interface, 0), CKR_OK);
    assert_rv(((CK_FUNCTION_LIST_3_0 *)interface->pFunctionList)->C_GetInfo(&info), CKR_OK);
    g_assert_cmpuint(info.cryptokiVersion.major, ==, 3);
    assert_rv(C_GetInfo(NULL), CKR_ARGUMENTS_BAD);
}

static void
test_slots(Fixture *f, gconstpointer unused)
{
    CK_SLOT_ID slots[8];
    CK_SLOT_INFO info;
    CK_ULONG n = 0;

    assert_rv(C_GetSlotList(CK_FALSE, NULL, &n), CKR_OK);
    g_assert_cmpuint(n, ==, 7); /* six that stand from the start, and the reader */
    n = 2;
    assert_rv(C_GetSlotList(CK_FALSE, slots, &n), CKR_BUFFER_TOO_SMALL);
    g_assert_cmpuint(n, ==, 7);
    n = 8;
    assert_rv(C_GetSlotList(CK_TRUE, slots, &n), CKR_OK);
    g_assert_cmpuint(n, ==, 2);
    g_assert_cmpuint(slots[0], ==, 1);
    g_assert_cmpuint(slots[1], ==, 2);
    assert_rv(C_GetSlotInfo(1, &info), CKR_OK);
    g_assert_cmphex(info.flags, ==, CKF_TOKEN_PRESENT | CKF_REMOVABLE_DEVICE);
    assert_rv(C_GetSlotInfo(3, &info), CKR_OK);
    g_assert_cmphex(info.flags, ==, CKF_REMOVABLE_DEVICE);
    assert_rv(C_GetSlotInfo(9, &info), CKR_SLOT_ID_INVALID);
    assert_rv(C_GetSlotInfo(1, NULL), CKR_ARGUMENTS_BAD);
    assert_rv(C_GetSlotList(CK_FALSE, NULL, NULL), CKR_ARGUMENTS_BAD);
}

static void
test_token(Fixture *f, gconstpointer unused)
{
    CK_TOKEN_INFO info;

    assert_rv(C_GetTokenInfo(1, &info), CKR_OK);
    g_assert_cmpmem(info.label, 8, "Meishi  ", 8);
    g_assert_cmpmem(info.serialNumber, 4, "1   ", 4);
    g_assert_cmpuint(info.ulSessionCount, ==, 1);
    g_assert_cmphex(info.flags & CKF_LOGIN_REQUIRED, ==, 0);
    assert_rv(C_GetTokenInfo(3, &info), CKR_TOKEN_NOT_PRESENT);
    assert_rv(C_GetTokenInfo(9, &info), CKR_SLOT_ID_INVALID);
    assert_rv(C_InitToken(1, NULL, 0, NULL), CKR_FUNCTION_NOT_SUPPORTED);
}

static void
test_mechanisms(Fixture *f, gconstpointer unused)
{
    CK_MECHANISM_TYPE list[32];
    CK_MECHANISM_INFO info;
    CK_ULONG n = 0;

    assert_rv(C_GetMechanismList(1, NULL, &n), CKR_OK);
    g_assert_cmpuint(n, ==, 8);
    n = 7;
    assert_rv(C_GetMechanismList(1, list, &n), CKR_BUFFER_TOO_SMALL);
    g_assert_cmpuint(n, ==, 8);
    assert_rv(C_GetMechanismList(1, list, &n), CKR_OK);
    g_assert_cmphex(list[0], ==, CKM_RSA_PKCS);
    assert_rv(C_GetMechanismInfo(1, CKM_ECDSA, &info), CKR_OK);
    g_assert_cmpuint(info.ulMinKeySize, ==, 256);
    g_assert_cmphex(info.flags, ==, CKF_SIGN | CKF_VERIFY);
    assert_rv(C_GetMechanismInfo(1, CKM_EDDSA, &info), CKR_MECHANISM_INVALID);
    assert_rv(C_GetMechanismInfo(2, CKM_EDDSA, &info), CKR_OK);
    assert_rv(C_GetMechanismList(3, NULL, &n), CKR_TOKEN_NOT_PRESENT);
}

static void
test_sessions(Fixture *f, gconstpointer unused)
{
    CK_SESSION_HANDLE rw, other;
    CK_SESSION_INFO info;

    assert_rv(C_OpenSession(1, CKF_RW_SESSION, NULL, NULL, &rw),
              CKR_SESSION_PARALLEL_NOT_SUPPORTED);
    assert_rv(C_OpenSession(9, CKF_SERIAL_SESSION, NULL, NULL, &rw), CKR_SLOT_ID_INVALID);
    assert_rv(C_OpenSession(3, CKF_SERIAL_SESSION, NULL, NULL, &rw), CKR_TOKEN_NOT_PRESENT);
    assert_rv(C_OpenSession(1, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &rw), CKR_OK);
    assert_rv(C_GetSessionInfo(rw, &info), CKR_OK);
    g_assert_cmpuint(info.slotID, ==, 1);
    g_assert_cmpuint(info.state, ==, CKS_RW_PUBLIC_SESSION);
    g_assert_cmphex(info.flags, ==, CKF_SERIAL_SESSION | CKF_RW_SESSION);
    assert_rv(C_CloseSession(rw), CKR_OK);
    assert_rv(C_CloseSession(rw), CKR_SESSION_HANDLE_INVALID);
    other = fixture_open(1); /* the same place, another handle */
    g_assert_cmpuint(other, !=, rw);
    assert_rv(C_GetSessionInfo(rw, &info), CKR_SESSION_HANDLE_INVALID);
    assert_rv(C_CloseAllSessions(1), CKR_OK);
    assert_rv(C_GetSessionInfo(other, &info), CKR_SESSION_HANDLE_INVALID);
    assert_rv(C_GetSessionInfo(f->eddsa, &info), CKR_OK);
    assert_rv(C_CloseAllSessions(9), CKR_SLOT_ID_INVALID);
    assert_rv(C_GetSessionInfo(0, &info), CKR_SESSION_HANDLE_INVALID);
}

static void
test_many_sessions(Fixture *f, gconstpointer unused)
{
    g_autofree CK_SESSION_HANDLE *sessions = g_new(CK_SESSION_HANDLE, 2000);
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);

    for (guint i = 0; i < 2000; i++) {
        sessions[i] = fixture_open(1);
        g_assert_cmpuint(sessions[i], !=, 0);
        g_assert_cmpuint(sessions[i], <=, G_MAXINT32);
        g_assert_true(g_hash_table_add(seen, GSIZE_TO_POINTER(sessions[i])));
    }
    for (guint i = 0; i < 2000; i++)
        assert_rv(C_CloseSession(sessions[i]), CKR_OK);
}

static void
test_unsupported(Fixture *f, gconstpointer unused)
{
    CK_MECHANISM mechanism = {CKM_RSA_PKCS, NULL, 0};
    CK_OBJECT_HANDLE key;
    CK_BYTE byte = 0;

    assert_rv(C_GetFunctionStatus(0), CKR_FUNCTION_NOT_PARALLEL);
    assert_rv(C_CancelFunction(0), CKR_FUNCTION_NOT_PARALLEL);
    assert_rv(C_SetPIN(f->session, NULL, 0, NULL, 0), CKR_FUNCTION_NOT_SUPPORTED);
    assert_rv(C_SetPIN(77, NULL, 0, NULL, 0), CKR_SESSION_HANDLE_INVALID);
    assert_rv(C_GenerateKey(f->session, &mechanism, NULL, 0, &key), CKR_FUNCTION_NOT_SUPPORTED);
    assert_rv(C_SeedRandom(f->session, &byte, 1), CKR_RANDOM_SEED_NOT_SUPPORTED);
}

static void
test_random(Fixture *f, gconstpointer unused)
{
    CK_BYTE first[32] = {0}, second[32] = {0};

    assert_rv(C_GenerateRandom(f->session, first, sizeof first), CKR_OK);
    assert_rv(C_GenerateRandom(f->session, second, sizeof second), CKR_OK);
    g_assert_true(memcmp(first, second, sizeof first) != 0);
    assert_rv(C_GenerateRandom(f->session, NULL, 1), CKR_ARGUMENTS_BAD);
    assert_rv(C_GenerateRandom(77, first, 1), CKR_SESSION_HANDLE_INVALID);
}

#define ADD(name, func) \
    g_test_add("/module/session/" name, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main(int argc, char **argv)
{
    char *dir = fixture_make_runtime_dir();
    int result;

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/module/session/initialize", test_initialize);
    g_test_add_func("/module/session/interfaces", test_interfaces);
    g_test_add_func("/module/session/tables-are-full", test_tables_are_full);
    ADD("info", test_info);
    ADD("slots", test_slots);
    ADD("token", test_token);
    ADD("mechanisms", test_mechanisms);
    ADD("sessions", test_sessions);
    ADD("many-sessions", test_many_sessions);
    ADD("unsupported", test_unsupported);
    ADD("random", test_random);
    result = g_test_run();
    fixture_remove_runtime_dir(dir);
    return result;
}
