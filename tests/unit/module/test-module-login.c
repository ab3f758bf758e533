/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Logging in.
 */
#include "tests/unit/module/fixture.h"

#include "module/wire/proto.h"

#include <string.h>

static CK_STATE
state_of(CK_SESSION_HANDLE session)
{
    CK_SESSION_INFO info;

    assert_rv(C_GetSessionInfo(session, &info), CKR_OK);
    return info.state;
}

static void
test_login(Fixture *f, gconstpointer unused)
{
    CK_UTF8CHAR pin[] = "1234";

    assert_rv(C_Logout(f->session), CKR_USER_NOT_LOGGED_IN);
    assert_rv(C_Login(f->session, CKU_USER, pin, 4), CKR_OK);
    g_assert_cmpstr(fake_agent_seen(f->agent).pin, ==, "1234");
    g_assert_cmpuint(state_of(f->session), ==, CKS_RO_USER_FUNCTIONS);
    g_assert_cmpuint(state_of(fixture_open(1)), ==, CKS_RO_USER_FUNCTIONS);
    g_assert_cmpuint(state_of(f->eddsa), ==, CKS_RO_PUBLIC_SESSION);
    assert_rv(C_Login(f->session, CKU_USER, pin, 4), CKR_USER_ALREADY_LOGGED_IN);
    assert_rv(C_Logout(f->session), CKR_OK);
    g_assert_cmpuint(state_of(f->session), ==, CKS_RO_PUBLIC_SESSION);
    assert_rv(C_Login(f->session, CKU_USER, NULL, 0), CKR_OK); /* the daemon asks by itself */
    g_assert_cmpstr(fake_agent_seen(f->agent).pin, ==, "(none)");
    assert_rv(C_CloseAllSessions(1), CKR_OK); /* ends the login */
    g_assert_cmpuint(state_of(fixture_open(1)), ==, CKS_RO_PUBLIC_SESSION);
}

static void
test_login_refused(Fixture *f, gconstpointer unused)
{
    CK_UTF8CHAR pin[2000] = "1234";

    assert_rv(C_Login(f->session, CKU_SO, pin, 4), CKR_USER_TYPE_INVALID);
    assert_rv(C_Login(f->session, CKU_CONTEXT_SPECIFIC, pin, 4), CKR_OPERATION_NOT_INITIALIZED);
    assert_rv(C_Login(f->session, CKU_USER, NULL, 4), CKR_ARGUMENTS_BAD);
    assert_rv(C_Login(f->session, CKU_USER, pin, sizeof pin), CKR_PIN_LEN_RANGE);
    assert_rv(C_Login(77, CKU_USER, pin, 4), CKR_SESSION_HANDLE_INVALID);
    g_assert_cmpuint(fake_agent_seen(f->agent).n_login, ==, 0);
    fake_agent_set_status(f->agent, MEISHI_WIRE_BAD_PIN);
    assert_rv(C_Login(f->session, CKU_USER, pin, 4), CKR_PIN_INCORRECT);
    g_assert_cmpuint(state_of(f->session), ==, CKS_RO_PUBLIC_SESSION);
}

static void
test_login_for_one_operation(Fixture *f, gconstpointer unused)
{
    CK_MECHANISM mechanism = {CKM_ECDSA, NULL, 0};
    CK_UTF8CHAR pin[] = "1234";

    assert_rv(C_SignInit(f->session, &mechanism, SAMPLE_PRIVATE_EC), CKR_OK);
    assert_rv(C_Login(f->session, CKU_CONTEXT_SPECIFIC, pin, 4), CKR_OK);
    g_assert_cmpuint(state_of(f->session), ==, CKS_RO_PUBLIC_SESSION);
}

static void
test_login_user(Fixture *f, gconstpointer unused)
{
    CK_UTF8CHAR pin[] = "1234", name[] = "somebody";

    assert_rv(C_LoginUser(f->session, CKU_USER, pin, 4, name, 8), CKR_USER_TYPE_INVALID);
    assert_rv(C_LoginUser(f->session, CKU_USER, pin, 4, NULL, 8), CKR_ARGUMENTS_BAD);
    assert_rv(C_LoginUser(f->session, CKU_USER, pin, 4, name, 0), CKR_OK);
}

#define ADD(name, func) \
    g_test_add("/module/" name, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main(int argc, char **argv)
{
    char *dir = fixture_make_runtime_dir();
    int result;

    g_test_init(&argc, &argv, NULL);
    ADD("login/login", test_login);
    ADD("login/refused", test_login_refused);
    ADD("login/for-one-operation", test_login_for_one_operation);
    ADD("login/user", test_login_user);
    result = g_test_run();
    fixture_remove_runtime_dir(dir);
    return result;
}
