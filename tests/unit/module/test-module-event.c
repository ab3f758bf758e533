/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tokens that come and go: what C_WaitForSlotEvent tells of them, what becomes of their sessions,
 * and the ends that a wait can have.
 */
#include "tests/unit/module/fixture.h"

#include <pthread.h>

/* ---- what is told -------------------------------------------------------------------------- */

static void
test_event_without_blocking(Fixture *f, gconstpointer unused)
{
    g_autoptr(GBytes) with = meishi_sample_usual(50, TRUE);
    g_autoptr(GBytes) without = meishi_sample_usual(51, FALSE);
    CK_SLOT_ID slot = 0;

    assert_rv(C_WaitForSlotEvent(CKF_DONT_BLOCK, NULL, NULL), CKR_ARGUMENTS_BAD);
    assert_rv(C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL), CKR_NO_EVENT);
    fake_agent_publish_event(f->agent, with);
    assert_rv(C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL), CKR_OK);
    g_assert_cmpuint(slot, ==, 3);
    assert_rv(C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL), CKR_NO_EVENT);
    fake_agent_publish_event(f->agent, without);
    assert_rv(C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL), CKR_OK);
    g_assert_cmpuint(slot, ==, 3);
    assert_rv(C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL), CKR_NO_EVENT);
}

typedef struct {
    CK_RV rv;
    CK_SLOT_ID slot;
} Waited;

static gpointer
wait_in_thread(gpointer data)
{
    Waited *waited = data;

    waited->rv = C_WaitForSlotEvent(0, &waited->slot, NULL);
    return NULL;
}

static void
test_event_blocking(Fixture *f, gconstpointer unused)
{
    g_autoptr(GBytes) with = meishi_sample_usual(50, TRUE);
    Waited waited = {CKR_GENERAL_ERROR, 0};
    GThread *thread = g_thread_new("wait", wait_in_thread, &waited);

    fake_agent_await(f->agent, 1, TRUE);
    /* Who waits is in nobody's way. */
    assert_rv(fixture_sign(f->session, SAMPLE_PRIVATE_EC, CKM_ECDSA), CKR_OK);
    fake_agent_publish_event(f->agent, with);
    g_thread_join(thread);
    assert_rv(waited.rv, CKR_OK);
    g_assert_cmpuint(waited.slot, ==, 3);
}

static void
test_event_ends_with_finalize(Fixture *f, gconstpointer unused)
{
    Waited waited = {CKR_GENERAL_ERROR, 0};
    GThread *thread = g_thread_new("wait", wait_in_thread, &waited);

    fake_agent_await(f->agent, 1, TRUE);
    assert_rv(C_Finalize(NULL), CKR_OK);
    g_thread_join(thread);
    assert_rv(waited.rv, CKR_CRYPTOKI_NOT_INITIALIZED);
}

/* A daemon that comes is an event for whoever was told that there is none. */
static void
test_event_of_first_daemon(Fixture *f, gconstpointer unused)
{
    CK_ULONG n = 0;
    CK_SLOT_ID slot = 0;
    Waited waited = {CKR_GENERAL_ERROR, 0};
    GThread *thread;

    assert_rv(C_GetSlotList(CK_TRUE, NULL, &n), CKR_OK);
    g_assert_cmpuint(n, ==, 0);
    thread = g_thread_new("wait", wait_in_thread, &waited);
    g_usleep(20000);
    fixture_start_agent(f);
    g_thread_join(thread);
    assert_rv(waited.rv, CKR_OK);
    g_assert_cmpuint(waited.slot, ==, 1);
    assert_rv(C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL), CKR_OK);
    g_assert_cmpuint(slot, ==, 2);
    assert_rv(C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL), CKR_NO_EVENT);
}

static void
test_event_finalize_without_daemon(Fixture *f, gconstpointer unused)
{
    Waited waited = {CKR_GENERAL_ERROR, 0};
    GThread *thread = g_thread_new("wait", wait_in_thread, &waited);

    g_usleep(20000);
    assert_rv(C_Finalize(NULL), CKR_OK);
    g_thread_join(thread);
    assert_rv(waited.rv, CKR_CRYPTOKI_NOT_INITIALIZED);
}

/* ---- which token --------------------------------------------------------------------------- */

/* The usual slots, and a token in @slot_id that was put in for the @insertion-th time; 0: none. */
static void
publish_with(Fixture *f, guint64 generation, CK_SLOT_ID slot_id, guint64 insertion)
{
    g_autoptr(MeishiSample) sample = meishi_sample_new(generation);
    g_autoptr(GBytes) snapshot = NULL;

    meishi_sample_add_slot(sample, 1, "Meishi", TRUE);
    meishi_sample_add_slot(sample, 2, "Meishi (EdDSA)", TRUE);
    if (insertion > 0) {
        meishi_sample_add_slot(sample, slot_id, "Card", TRUE);
        meishi_sample_set_insertion(sample, insertion);
    }
    snapshot = meishi_sample_end(sample);
    fake_agent_publish_event(f->agent, snapshot);
}

static void
assert_event(CK_SLOT_ID expected)
{
    CK_SLOT_ID slot = 0;

    assert_rv(C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL), CKR_OK);
    g_assert_cmpuint(slot, ==, expected);
    assert_rv(C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL), CKR_NO_EVENT);
}

/* In a slot that stands from the start, and in one that nobody has seen before. */
static void
test_event_of_first_token(Fixture *f, gconstpointer data)
{
    CK_SLOT_ID slot = GPOINTER_TO_UINT(data);
    CK_SLOT_INFO info;

    publish_with(f, 50, slot, 1);
    assert_event(slot);
    assert_rv(C_GetSlotInfo(slot, &info), CKR_OK);
    g_assert_cmphex(info.flags, ==, CKF_TOKEN_PRESENT | CKF_REMOVABLE_DEVICE);
    publish_with(f, 51, slot, 0);
    assert_event(slot);
    assert_rv(C_GetSlotInfo(slot, &info), CKR_OK);
    g_assert_cmphex(info.flags, ==, CKF_REMOVABLE_DEVICE);
}

static void
test_session_ends_with_its_token(Fixture *f, gconstpointer unused)
{
    CK_SESSION_HANDLE session;
    CK_SESSION_INFO info;
    CK_TOKEN_INFO token;

    publish_with(f, 50, 48, 1);
    session = fixture_open(48);
    assert_rv(C_Login(session, CKU_USER, NULL, 0), CKR_OK);
    publish_with(f, 51, 48, 0);
    assert_rv(C_GetSessionInfo(session, &info), CKR_SESSION_HANDLE_INVALID);
    assert_rv(C_GetTokenInfo(48, &token), CKR_TOKEN_NOT_PRESENT);
    assert_rv(C_OpenSession(48, CKF_SERIAL_SESSION, NULL, NULL, &session), CKR_TOKEN_NOT_PRESENT);
    assert_rv(C_GetSessionInfo(f->session, &info), CKR_OK); /* with another token */
}

/* Nobody looked while it was away. */
static void
test_token_that_was_put_in_again(Fixture *f, gconstpointer unused)
{
    CK_SESSION_HANDLE before, after;
    CK_SESSION_INFO info;

    publish_with(f, 50, 48, 1);
    assert_event(48);
    before = fixture_open(48);
    assert_rv(C_Login(before, CKU_USER, NULL, 0), CKR_OK);
    publish_with(f, 51, 48, 2);
    assert_rv(C_GetSessionInfo(before, &info), CKR_SESSION_HANDLE_INVALID);
    assert_rv(C_Login(before, CKU_USER, NULL, 0), CKR_SESSION_HANDLE_INVALID);
    after = fixture_open(48);
    g_assert_cmpuint(after, !=, before);
    assert_rv(C_GetSessionInfo(after, &info), CKR_OK);
    g_assert_cmpuint(info.state, ==, CKS_RO_PUBLIC_SESSION); /* nor is anybody logged in */
    assert_event(48);
}

/* Its content may change, and the sessions last. */
static void
test_token_that_stayed(Fixture *f, gconstpointer unused)
{
    CK_SESSION_HANDLE session;
    CK_SESSION_INFO info;
    CK_SLOT_ID slot;

    publish_with(f, 50, 48, 1);
    assert_event(48);
    session = fixture_open(48);
    publish_with(f, 51, 48, 1);
    assert_rv(C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL), CKR_NO_EVENT);
    assert_rv(C_GetSessionInfo(session, &info), CKR_OK);
}

/* ---- threads that are cancelled ------------------------------------------------------------ */

static void *
wait_in_vain(void *unused)
{
    CK_SLOT_ID slot;

    (void)C_WaitForSlotEvent(0, &slot, NULL);
    return NULL;
}

static void *
wait_uncancellably(void *unused)
{
    CK_SLOT_ID slot;

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    return C_WaitForSlotEvent(0, &slot, NULL) == CKR_OK && slot == 48 ? unused : NULL;
}

static void
cancel_and_join(pthread_t thread)
{
    void *result = NULL;

    g_assert_cmpint(pthread_cancel(thread), ==, 0);
    g_assert_cmpint(pthread_join(thread, &result), ==, 0);
    g_assert_true(result == PTHREAD_CANCELED);
}

static void
test_cancel(Fixture *f, gconstpointer unused)
{
    pthread_t thread;

    g_assert_cmpint(pthread_create(&thread, NULL, wait_in_vain, NULL), ==, 0);
    fake_agent_await(f->agent, 1, TRUE);
    cancel_and_join(thread);
    /* Neither lock nor call nor connection is left behind. */
    publish_with(f, 50, 48, 1); /* answers a WAIT, if there is one */
    assert_event(48);
    publish_with(f, 51, 48, 0);
    assert_event(48);
    assert_rv(C_Finalize(NULL), CKR_OK);
    assert_rv(C_Initialize(NULL), CKR_OK);
    f->session = fixture_open(1);
}

static void
test_cancel_without_daemon(Fixture *f, gconstpointer unused)
{
    pthread_t thread;

    g_assert_cmpint(pthread_create(&thread, NULL, wait_in_vain, NULL), ==, 0);
    g_usleep(20000);
    cancel_and_join(thread);
}

/* A thread that does not want to end goes on waiting. */
static void
test_cancel_refused(Fixture *f, gconstpointer unused)
{
    pthread_t thread;
    void *result = NULL;

    g_assert_cmpint(pthread_create(&thread, NULL, wait_uncancellably, f), ==, 0);
    fake_agent_await(f->agent, 1, TRUE);
    g_assert_cmpint(pthread_cancel(thread), ==, 0);
    publish_with(f, 50, 48, 1);
    g_assert_cmpint(pthread_join(thread, &result), ==, 0);
    g_assert_true(result == f);
}

#define ADD(name, func) \
    g_test_add("/module/event/" name, Fixture, NULL, fixture_set_up, func, fixture_tear_down)
#define ADD_IN_SLOT(name, slot, func)                                                        \
    g_test_add("/module/event/" name, Fixture, GUINT_TO_POINTER(slot), fixture_set_up, func, \
               fixture_tear_down)
#define ADD_WITHOUT_AGENT(name, func)                                                    \
    g_test_add("/module/event/" name, Fixture, NULL, fixture_set_up_without_agent, func, \
               fixture_tear_down)

int
main(int argc, char **argv)
{
    char *dir = fixture_make_runtime_dir();
    int result;

    g_test_init(&argc, &argv, NULL);
    ADD("without-blocking", test_event_without_blocking);
    ADD("blocking", test_event_blocking);
    ADD("ends-with-finalize", test_event_ends_with_finalize);
    ADD_WITHOUT_AGENT("of-first-daemon", test_event_of_first_daemon);
    ADD_WITHOUT_AGENT("finalize-without-daemon", test_event_finalize_without_daemon);
    ADD_IN_SLOT("of-token/standing-slot", 48, test_event_of_first_token);
    ADD_IN_SLOT("of-token/new-slot", 60, test_event_of_first_token);
    ADD("session-ends-with-its-token", test_session_ends_with_its_token);
    ADD("put-in-again", test_token_that_was_put_in_again);
    ADD("stayed", test_token_that_stayed);
    ADD("cancel", test_cancel);
    ADD_WITHOUT_AGENT("cancel/without-daemon", test_cancel_without_daemon);
    ADD("cancel/refused", test_cancel_refused);
    result = g_test_run();
    fixture_remove_runtime_dir(dir);
    return result;
}
