/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Daemons that are not there, go, come back, hang or lie; calls that are cancelled; forks.
 */
#include "tests/unit/module/fixture.h"

#include <pthread.h>
#include <string.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- no daemon ----------------------------------------------------------------------------- */

static void
test_absent(Fixture *f, gconstpointer unused)
{
    CK_SESSION_HANDLE session;
    const CK_SLOT_ID fixed[] = {1, 2, 48, 49, 50, 51};
    CK_SLOT_ID slots[8];
    CK_TOKEN_INFO token;
    CK_SLOT_INFO info;
    CK_ULONG n = 8;

    assert_rv(C_GetSlotList(CK_FALSE, slots, &n), CKR_OK);
    g_assert_cmpmem(slots, n * sizeof slots[0], fixed, sizeof fixed);
    assert_rv(C_GetSlotInfo(2, &info), CKR_OK);
    g_assert_cmphex(info.flags, ==, CKF_REMOVABLE_DEVICE);
    g_assert_cmpmem(info.slotDescription, 16, "Meishi (EdDSA)  ", 16);
    assert_rv(C_GetSlotInfo(49, &info), CKR_OK);
    g_assert_cmphex(info.flags, ==, CKF_REMOVABLE_DEVICE);
    g_assert_cmpmem(info.slotDescription, 36, "Meishi: place 2 for a card or token ", 36);
    assert_rv(C_GetTokenInfo(1, &token), CKR_TOKEN_NOT_PRESENT);
    assert_rv(C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, &session), CKR_TOKEN_NOT_PRESENT);
}

static void
test_absent_is_cheap(Fixture *f, gconstpointer unused)
{
    struct timespec before, after;
    CK_ULONG n = 0;

    assert_rv(C_Finalize(NULL), CKR_OK);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    assert_rv(C_Initialize(NULL), CKR_OK);
    assert_rv(C_GetSlotList(CK_TRUE, NULL, &n), CKR_OK);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    g_assert_cmpint((after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec, <,
                    1000000);
}

static void
test_comes_later(Fixture *f, gconstpointer unused)
{
    CK_ULONG n = 0;

    assert_rv(C_GetSlotList(CK_TRUE, NULL, &n), CKR_OK);
    g_assert_cmpuint(n, ==, 0);
    fixture_start_agent(f);
    for (guint i = 0; i < 100 && n == 0; i++) {
        g_usleep(20000);
        assert_rv(C_GetSlotList(CK_TRUE, NULL, &n), CKR_OK);
    }
    g_assert_cmpuint(n, ==, 2);
}

/* ---- restarts ------------------------------------------------------------------------------ */

static void
test_restart(Fixture *f, gconstpointer unused)
{
    g_autofree char *found = NULL;

    assert_rv(fixture_sign(f->session, SAMPLE_PRIVATE_EC, CKM_ECDSA), CKR_OK);
    fixture_kill_agent(f);
    fixture_start_agent(f);
    assert_rv(fixture_sign(f->session, SAMPLE_PRIVATE_EC, CKM_ECDSA), CKR_OK);
    found = fixture_find(f->session, NULL, 0);
    g_assert_cmpstr(found, ==, "11 12 13 21 22 31 32");
    assert_rv(fixture_sign(f->eddsa, SAMPLE_PRIVATE_ED, CKM_EDDSA), CKR_OK);
}

static gpointer
sign_in_thread(gpointer data)
{
    CK_SESSION_HANDLE *session = data;

    return GSIZE_TO_POINTER(fixture_sign(*session, SAMPLE_PRIVATE_EC, CKM_ECDSA));
}

/* The daemon dies in the middle of a signature and is back half a second later. */
static void
test_restart_in_mid_call(Fixture *f, gconstpointer unused)
{
    GThread *thread;

    fake_agent_set_delay(f->agent, 60000);
    thread = g_thread_new("sign", sign_in_thread, &f->session);
    fake_agent_await(f->agent, 1, FALSE);
    fixture_kill_agent(f);
    g_usleep(500000);
    fixture_start_agent(f);
    assert_rv(GPOINTER_TO_SIZE(g_thread_join(thread)), CKR_OK);
}

static void
test_gone_for_good(Fixture *f, gconstpointer unused)
{
    gint64 before = g_get_monotonic_time();
    g_autofree char *found = NULL;
    CK_TOKEN_INFO token;

    fixture_kill_agent(f);
    assert_rv(fixture_sign(f->session, SAMPLE_PRIVATE_EC, CKM_ECDSA), CKR_DEVICE_REMOVED);
    g_assert_cmpint(g_get_monotonic_time() - before, >, 1500000);
    g_assert_cmpint(g_get_monotonic_time() - before, <, 6000000);
    found = fixture_find(f->session, NULL, 0); /* what was known is still shown */
    g_assert_cmpstr(found, ==, "11 12 13 21 22 31 32");
    assert_rv(C_GetTokenInfo(1, &token), CKR_OK);
    fixture_start_agent(f);
    assert_rv(fixture_sign(f->session, SAMPLE_PRIVATE_EC, CKM_ECDSA), CKR_OK);
}

/* A restarted daemon with another view: the next search sees it. */
static void
test_restart_with_other_view(Fixture *f, gconstpointer unused)
{
    g_autoptr(MeishiSample) sample = meishi_sample_new(1);
    g_autoptr(GBytes) bytes = NULL;
    g_autofree char *found = NULL;

    meishi_sample_add_slot(sample, 1, "Meishi", TRUE);
    meishi_sample_add_object(sample, 55, CKO_CERTIFICATE);
    bytes = meishi_sample_end(sample);
    fixture_kill_agent(f);
    fixture_start_agent(f);
    fake_agent_publish(f->agent, bytes, TRUE);
    found = fixture_find(f->session, NULL, 0);
    g_assert_cmpstr(found, ==, "55");
}

/* ---- lies ---------------------------------------------------------------------------------- */

static void
test_lies_about_a_result(Fixture *f, gconstpointer unused)
{
    static const FakeAgentLie lies[] = {FAKE_AGENT_WRONG_CALL, FAKE_AGENT_WRONG_TYPE,
                                        FAKE_AGENT_SHORT,      FAKE_AGENT_LONG,
                                        FAKE_AGENT_HUGE,       FAKE_AGENT_STRAY_FD};

    for (gsize i = 0; i < G_N_ELEMENTS(lies); i++) {
        fake_agent_lie(f->agent, lies[i], FALSE);
        assert_rv(fixture_sign(f->session, SAMPLE_PRIVATE_EC, CKM_ECDSA), CKR_DEVICE_ERROR);
        fake_agent_lie(f->agent, FAKE_AGENT_HONEST, FALSE);
        assert_rv(fixture_sign(f->session, SAMPLE_PRIVATE_EC, CKM_ECDSA), CKR_OK);
    }
}

/* A request that ends its connection each time is not sent for ever. */
static void
test_hangs_up_each_time(Fixture *f, gconstpointer unused)
{
    fake_agent_lie(f->agent, FAKE_AGENT_HANGS_UP, FALSE);
    assert_rv(fixture_sign(f->session, SAMPLE_PRIVATE_EC, CKM_ECDSA), CKR_DEVICE_REMOVED);
    g_assert_cmpuint(fake_agent_seen(f->agent).n_operate, ==, 3);
}

static void
test_lies_about_hello(Fixture *f, gconstpointer unused)
{
    static const FakeAgentLie lies[] = {
        FAKE_AGENT_WRONG_CALL, FAKE_AGENT_SHORT,    FAKE_AGENT_LONG,         FAKE_AGENT_HUGE,
        FAKE_AGENT_STRAY_FD,   FAKE_AGENT_HANGS_UP, FAKE_AGENT_OTHER_VERSION};

    for (gsize i = 0; i < G_N_ELEMENTS(lies); i++) {
        CK_ULONG n = 0;

        fixture_start_agent(f);
        fake_agent_lie(f->agent, lies[i], TRUE);
        assert_rv(C_GetSlotList(CK_TRUE, NULL, &n), CKR_OK);
        g_assert_cmpuint(n, ==, 0);
        fixture_kill_agent(f);
        assert_rv(C_Finalize(NULL), CKR_OK);
        assert_rv(C_Initialize(NULL), CKR_OK);
    }
}

/* One slow answer, and then none for a while: a host that asks every second is not held up. */
static void
test_silent_at_hello(Fixture *f, gconstpointer unused)
{
    gint64 before = g_get_monotonic_time();
    CK_ULONG n = 0;

    fixture_start_agent(f);
    fake_agent_lie(f->agent, FAKE_AGENT_SILENT, TRUE);
    assert_rv(C_GetSlotList(CK_TRUE, NULL, &n), CKR_OK);
    g_assert_cmpint(g_get_monotonic_time() - before, <, 10000000);
    before = g_get_monotonic_time();
    assert_rv(C_GetSlotList(CK_TRUE, NULL, &n), CKR_OK);
    g_assert_cmpint(g_get_monotonic_time() - before, <, 1000000);
}

/* ---- cancelling ---------------------------------------------------------------------------- */

static void
start_slow_signature(Fixture *f, GThread **ret_thread)
{
    fake_agent_set_delay(f->agent, 60000);
    *ret_thread = g_thread_new("sign", sign_in_thread, &f->session);
    fake_agent_await(f->agent, 1, FALSE);
}

static void
assert_agent_saw_hang_up(Fixture *f)
{
    for (guint i = 0; i < 200 && fake_agent_seen(f->agent).n_hung_up == 0; i++)
        g_usleep(10000);
    g_assert_cmpuint(fake_agent_seen(f->agent).n_hung_up, ==, 1);
}

static void
test_close_session_cancels(Fixture *f, gconstpointer unused)
{
    GThread *thread;

    start_slow_signature(f, &thread);
    assert_rv(C_CloseSession(f->session), CKR_OK);
    assert_rv(GPOINTER_TO_SIZE(g_thread_join(thread)), CKR_SESSION_CLOSED);
    assert_agent_saw_hang_up(f);
}

static void *
sign_until_cancelled(void *data)
{
    (void)sign_in_thread(data);
    pause(); /* where a cancellation is taken */
    return NULL;
}

/* A host may cancel its own thread (pthread_cancel(3)); it must not take our state along. */
static void
test_thread_is_cancelled(Fixture *f, gconstpointer unused)
{
    pthread_t thread;
    void *result;

    fake_agent_set_delay(f->agent, 500);
    g_assert_cmpint(pthread_create(&thread, NULL, sign_until_cancelled, &f->session), ==, 0);
    fake_agent_await(f->agent, 1, FALSE);
    g_assert_cmpint(pthread_cancel(thread), ==, 0);
    g_assert_cmpint(pthread_join(thread, &result), ==, 0);
    g_assert_true(result == PTHREAD_CANCELED);
    fake_agent_set_delay(f->agent, 0);
    assert_rv(fixture_sign(f->session, SAMPLE_PRIVATE_EC, CKM_ECDSA), CKR_OK);
}

static void
test_finalize_cancels(Fixture *f, gconstpointer unused)
{
    GThread *thread;

    start_slow_signature(f, &thread);
    assert_rv(C_Finalize(NULL), CKR_OK);
    assert_rv(GPOINTER_TO_SIZE(g_thread_join(thread)), CKR_CRYPTOKI_NOT_INITIALIZED);
    assert_agent_saw_hang_up(f);
}

static void
test_session_cancel(Fixture *f, gconstpointer unused)
{
    CK_MECHANISM mechanism = {CKM_ECDSA, NULL, 0};
    GThread *thread;

    start_slow_signature(f, &thread);
    assert_rv(C_SignInit(f->session, &mechanism, SAMPLE_PRIVATE_EC), CKR_OPERATION_ACTIVE);
    assert_rv(C_SessionCancel(f->session, CKF_SIGN), CKR_OK);
    assert_rv(GPOINTER_TO_SIZE(g_thread_join(thread)), CKR_FUNCTION_CANCELED);
    fake_agent_set_delay(f->agent, 0);
    assert_rv(fixture_sign(f->session, SAMPLE_PRIVATE_EC, CKM_ECDSA), CKR_OK);
}

/* Nobody waits for somebody else's prompt. */
static void
test_slow_call_blocks_only_itself(Fixture *f, gconstpointer unused)
{
    CK_SESSION_HANDLE other = fixture_open(1);
    g_autofree char *found = NULL;
    GThread *thread;

    start_slow_signature(f, &thread);
    fake_agent_set_delay(f->agent, 0);
    assert_rv(fixture_sign(other, SAMPLE_PRIVATE_EC, CKM_ECDSA), CKR_OK);
    found = fixture_find(other, NULL, 0);
    g_assert_cmpstr(found, ==, "11 12 13 21 22 31 32");
    assert_rv(C_CloseSession(f->session), CKR_OK);
    assert_rv(GPOINTER_TO_SIZE(g_thread_join(thread)), CKR_SESSION_CLOSED);
}

/* ---- fork ---------------------------------------------------------------------------------- */

/* Runs @func in a child; its exit status must be 0. */
static void
in_child(int (*func)(Fixture *), Fixture *f)
{
    pid_t pid = fork();
    int status;

    g_assert_cmpint(pid, >=, 0);
    if (pid == 0)
        _exit(func(f));
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 0);
}

static int
use_inherited_session(Fixture *f)
{
    return fixture_sign(f->session, SAMPLE_PRIVATE_EC, CKM_ECDSA) == CKR_OK ? 0 : 1;
}

static int
initialize_again(Fixture *f)
{
    CK_SESSION_HANDLE session;

    if (C_Initialize(NULL) != CKR_OK)
        return 1;
    if (C_Initialize(NULL) != CKR_CRYPTOKI_ALREADY_INITIALIZED)
        return 2;
    if (C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, &session) != CKR_OK)
        return 3;
    if (fixture_sign(session, SAMPLE_PRIVATE_RSA, CKM_RSA_PKCS) != CKR_OK)
        return 4;
    return C_Finalize(NULL) == CKR_OK ? 0 : 5;
}

static void
test_fork(Fixture *f, gconstpointer unused)
{
    FakeAgentSeen before, after;

    assert_rv(fixture_sign(f->session, SAMPLE_PRIVATE_EC, CKM_ECDSA), CKR_OK);
    before = fake_agent_seen(f->agent);
    in_child(use_inherited_session, f);
    in_child(initialize_again, f);
    after = fake_agent_seen(f->agent);
    g_assert_cmpuint(after.n_hello, ==, before.n_hello + 2); /* sockets of their own */
    assert_rv(fixture_sign(f->session, SAMPLE_PRIVATE_EC, CKM_ECDSA), CKR_OK);
    g_assert_cmpuint(fake_agent_seen(f->agent).n_hello, ==, after.n_hello); /* ours is untouched */
    assert_rv(C_Initialize(NULL), CKR_CRYPTOKI_ALREADY_INITIALIZED);
}

/* The parent is in the middle of a signature; the child neither waits nor disturbs. */
static void
test_fork_in_mid_call(Fixture *f, gconstpointer unused)
{
    GThread *thread;

    start_slow_signature(f, &thread);
    fake_agent_set_delay(f->agent, 0);
    in_child(use_inherited_session, f);
    g_assert_cmpuint(fake_agent_seen(f->agent).n_hung_up, ==, 0);
    assert_rv(C_CloseSession(f->session), CKR_OK);
    assert_rv(GPOINTER_TO_SIZE(g_thread_join(thread)), CKR_SESSION_CLOSED);
}

/* ---- fork at any moment, and everything at once -------------------------------------------- */
static int
work_in_child(Fixture *f)
{
    CK_SESSION_HANDLE session;

    if (C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, &session) != CKR_OK)
        return 1;
    return fixture_sign(session, SAMPLE_PRIVATE_EC, CKM_ECDSA) == CKR_OK ? 0 : 2;
}

static gint torture_goes_on;

/* What each of these returns is anybody's guess; that they return, and harm nothing, is not. */
static gpointer
use_without_care(gpointer data)
{
    GRand *rand = g_rand_new_with_seed(GPOINTER_TO_UINT(data));
    CK_SESSION_HANDLE session = 0;
    guint n_signed = 0;

    while (g_atomic_int_get(&torture_goes_on)) {
        CK_MECHANISM mechanism = {CKM_ECDSA, NULL, 0};
        CK_BYTE input[32] = {0}, signature[64];
        CK_OBJECT_HANDLE found[4];
        CK_ULONG len = sizeof signature, n;

        switch (g_rand_int_range(rand, 0, 6)) {
        case 0:
            (void)C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, &session);
            break;
        case 1:
            (void)C_CloseSession(session);
            break;
        case 2:
            (void)C_FindObjectsInit(session, NULL, 0);
            (void)C_FindObjects(session, found, 4, &n);
            break;
        case 3:
            (void)C_SessionCancel(session, CKF_SIGN | 0x40);
            break;
        default:
            (void)C_SignInit(session, &mechanism, SAMPLE_PRIVATE_EC);
            n_signed += C_Sign(session, input, 32, signature, &len) == CKR_OK;
        }
    }
    g_rand_free(rand);
    return GUINT_TO_POINTER(n_signed);
}

static void
test_everything_at_once(Fixture *f, gconstpointer unused)
{
    g_autoptr(GBytes) bytes = meishi_sample_usual(1, TRUE);
    GThread *threads[8];
    guint n_signed = 0;

    g_atomic_int_set(&torture_goes_on, TRUE);
    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("torture", use_without_care, GSIZE_TO_POINTER(i + 1));
    for (guint i = 0; i < 20; i++) {
        g_usleep(20000);
        fake_agent_publish(f->agent, bytes, TRUE);
        in_child(work_in_child, f);
        if (i % 4 == 1) {
            fixture_kill_agent(f);
            fixture_start_agent(f);
        }
        if (i % 4 == 3) {
            assert_rv(C_Finalize(NULL), CKR_OK);
            assert_rv(C_Initialize(NULL), CKR_OK);
        }
    }
    g_atomic_int_set(&torture_goes_on, FALSE);
    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
        n_signed += GPOINTER_TO_UINT(g_thread_join(threads[i]));
    g_assert_cmpuint(n_signed, >, 0);
    assert_rv(fixture_sign(fixture_open(1), SAMPLE_PRIVATE_EC, CKM_ECDSA), CKR_OK);
}

/* ---- users --------------------------------------------------------------------------------- */

static int
see_tokens(Fixture *f)
{
    CK_ULONG n = 0;

    if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
        return 100;
    return C_GetSlotList(CK_TRUE, NULL, &n) == CKR_OK ? (int)n : 101;
}

/* A daemon of another user is none, although the socket may be reached; one's own is. */
static void
test_daemon_of_another_user(Fixture *f, gconstpointer unused)
{
    g_autofree char *subdir = g_build_filename(f->dir, "meishi", NULL);
    g_autofree char *socket = g_build_filename(subdir, "pkcs11", NULL);
    int expected = geteuid() == 0 ? 0 : 2, status;
    pid_t pid;

    fixture_start_agent(f);
    g_chmod(f->dir, 0755);
    g_chmod(subdir, 0755);
    g_chmod(socket, 0666);
    pid = fork();
    if (pid == 0)
        _exit(see_tokens(f));
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_chmod(f->dir, 0700);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, expected);
}

/* ---- hosts --------------------------------------------------------------------------------- */

/* Some daemonise by closing every descriptor: what now has our number is not ours to talk to. */
static void
test_descriptors_closed_by_host(Fixture *f, gconstpointer unused)
{
    int pipes[8][2];
    char byte;

    assert_rv(fixture_sign(f->session, SAMPLE_PRIVATE_EC, CKM_ECDSA), CKR_OK);
    if (fork() == 0) {
        /* (in a child, so that the agent's threads keep theirs) */
        for (int fd = 3; fd < 256; fd++)
            close(fd);
        for (gsize i = 0; i < G_N_ELEMENTS(pipes); i++)
            if (pipe2(pipes[i], O_NONBLOCK) < 0)
                _exit(1);
        if (fixture_sign(f->session, SAMPLE_PRIVATE_EC, CKM_ECDSA) != CKR_OK)
            _exit(2);
        for (int fd = 3; fd < 256; fd++) /* and once more, with a connection of the child's own */
            close(fd);
        for (gsize i = 0; i < G_N_ELEMENTS(pipes); i++)
            if (pipe2(pipes[i], O_NONBLOCK) < 0)
                _exit(3);
        if (fixture_sign(f->session, SAMPLE_PRIVATE_EC, CKM_ECDSA) != CKR_OK)
            _exit(4);
        for (gsize i = 0; i < G_N_ELEMENTS(pipes); i++)
            if (read(pipes[i][0], &byte, 1) != -1)
                _exit(5);
        _exit(0);
    } else {
        int status;

        wait(&status);
        g_assert_cmpint(WEXITSTATUS(status), ==, 0);
    }
}

#define ADD(name, func) \
    g_test_add("/module/client/" name, Fixture, NULL, fixture_set_up, func, fixture_tear_down)
#define ADD_WITHOUT_AGENT(name, func)                                                     \
    g_test_add("/module/client/" name, Fixture, NULL, fixture_set_up_without_agent, func, \
               fixture_tear_down)

int
main(int argc, char **argv)
{
    char *dir = fixture_make_runtime_dir();
    int result;

    g_test_init(&argc, &argv, NULL);
    ADD_WITHOUT_AGENT("absent", test_absent);
    ADD_WITHOUT_AGENT("absent-is-cheap", test_absent_is_cheap);
    ADD_WITHOUT_AGENT("comes-later", test_comes_later);
    ADD("restart", test_restart);
    ADD("restart-in-mid-call", test_restart_in_mid_call);
    ADD("gone-for-good", test_gone_for_good);
    ADD("restart-with-other-view", test_restart_with_other_view);
    ADD("lies-about-a-result", test_lies_about_a_result);
    ADD("hangs-up-each-time", test_hangs_up_each_time);
    ADD_WITHOUT_AGENT("lies-about-hello", test_lies_about_hello);
    ADD_WITHOUT_AGENT("silent-at-hello", test_silent_at_hello);
    ADD("close-session-cancels", test_close_session_cancels);
    ADD("thread-is-cancelled", test_thread_is_cancelled);
    ADD("finalize-cancels", test_finalize_cancels);
    ADD("session-cancel", test_session_cancel);
    ADD("slow-call-blocks-only-itself", test_slow_call_blocks_only_itself);
    ADD("fork", test_fork);
    ADD("fork-in-mid-call", test_fork_in_mid_call);
    ADD("everything-at-once", test_everything_at_once);
    ADD_WITHOUT_AGENT("daemon-of-another-user", test_daemon_of_another_user);
    ADD("descriptors-closed-by-host", test_descriptors_closed_by_host);
    result = g_test_run();
    fixture_remove_runtime_dir(dir);
    return result;
}
