/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The built module as a guest: loaded, used, forked, exec'ed and unloaded as its hosts do it, with
 * a daemon (a fake one, in a process of its own) that is killed at the worst moments.
 *
 * The first arguments are the module and the fake agent.
 */
#include "module/cryptoki3.h"
#include "tests/lib/snapshot-sample.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define assert_rv(call, expected) g_assert_cmphex((call), ==, (expected))

static const char *module_path, *agent_path, *own_path;

typedef struct {
    char *dir;
    GPid pid;
    int agent_stdin;
    void *module;
    CK_FUNCTION_LIST *p11;
} Host;

/* ---- the agent's process ------------------------------------------------------------------- */

static void
start_agent(Host *host, const char *delay_ms)
{
    char *argv[] = {(char *)agent_path, host->dir, (char *)delay_ms, NULL};
    g_autoptr(GError) error = NULL;
    char text[6];
    int out;

    g_spawn_async_with_pipes(NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &host->pid,
                             &host->agent_stdin, &out, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpint(read(out, text, 6), ==, 6);
    close(out);
}

static void
kill_agent(Host *host)
{
    kill(host->pid, SIGKILL);
    g_assert_cmpint(waitpid(host->pid, NULL, 0), ==, host->pid);
    close(host->agent_stdin);
    host->pid = 0;
}

/* ---- the host ------------------------------------------------------------------------------ */

static void
load(Host *host)
{
    CK_C_GetFunctionList get_list;

    host->module = dlopen(module_path, RTLD_NOW | RTLD_LOCAL);
    g_assert_nonnull(host->module);
    get_list = (CK_C_GetFunctionList)dlsym(host->module, "C_GetFunctionList");
    assert_rv(get_list(&host->p11), CKR_OK);
}

static void
set_up_without_agent(Host *host, gconstpointer unused)
{
    host->dir = g_dir_make_tmp("meishi-XXXXXX", NULL);
    g_setenv("XDG_RUNTIME_DIR", host->dir, TRUE);
    load(host);
}

static void
set_up(Host *host, gconstpointer unused)
{
    set_up_without_agent(host, NULL);
    start_agent(host, NULL);
}

static void
tear_down(Host *host, gconstpointer unused)
{
    g_autofree char *subdir = g_build_filename(host->dir, "meishi", NULL);
    g_autofree char *socket = g_build_filename(subdir, "pkcs11", NULL);

    host->p11->C_Finalize(NULL);
    dlclose(host->module);
    if (host->pid != 0)
        kill_agent(host);
    g_unlink(socket);
    g_rmdir(subdir);
    g_rmdir(host->dir);
    g_free(host->dir);
}

static CK_RV
sign(CK_FUNCTION_LIST *p11, CK_SESSION_HANDLE session)
{
    CK_MECHANISM mechanism = {CKM_ECDSA, NULL, 0};
    CK_BYTE data[32] = {1}, signature[64];
    CK_ULONG len = sizeof signature;
    CK_RV rv = p11->C_SignInit(session, &mechanism, SAMPLE_PRIVATE_EC);

    return rv == CKR_OK ? p11->C_Sign(session, data, sizeof data, signature, &len) : rv;
}

static CK_RV
open_and_sign(CK_FUNCTION_LIST *p11)
{
    CK_SESSION_HANDLE session;
    CK_RV rv = p11->C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, &session);

    return rv == CKR_OK ? sign(p11, session) : rv;
}

static guint
count_entries(const char *path)
{
    DIR *dir = opendir(path);
    guint n = 0;

    g_assert_nonnull(dir);
    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n;
}

static int
wait_status(pid_t pid)
{
    int status;

    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* ---- loading and unloading ----------------------------------------------------------------- */

static gpointer
load_use_unload(gpointer data)
{
    Host host = {.dir = data};
    CK_ULONG n = 0;

    load(&host);
    assert_rv(host.p11->C_Initialize(NULL), CKR_OK);
    assert_rv(host.p11->C_GetSlotList(CK_TRUE, NULL, &n), CKR_OK);
    g_assert_cmpuint(n, ==, 2);
    assert_rv(host.p11->C_Finalize(NULL), CKR_OK);
    dlclose(host.module);
    return NULL;
}

/* A module that made a thread key, or registered something at each load, would run out here. */
static void
test_load_and_unload(Host *host, gconstpointer unused)
{
    guint n_fds = count_entries("/proc/self/fd");

    for (guint i = 0; i < PTHREAD_KEYS_MAX + 200; i++)
        g_thread_join(g_thread_new("load", load_use_unload, host->dir));
    g_assert_cmpuint(count_entries("/proc/self/fd"), ==, n_fds);
}

/* No threads, no signal handlers, nothing on standard output or error. */
static void
test_leaves_no_trace(Host *host, gconstpointer unused)
{
    g_autofree struct sigaction *before = g_new0(struct sigaction, 32);
    guint n_tasks = count_entries("/proc/self/task");

    for (int i = 1; i < 32; i++)
        sigaction(i, NULL, &before[i]);
    assert_rv(host->p11->C_Initialize(NULL), CKR_OK);
    assert_rv(open_and_sign(host->p11), CKR_OK);
    g_assert_cmpuint(count_entries("/proc/self/task"), ==, n_tasks);
    for (int i = 1; i < 32; i++) {
        struct sigaction now;

        sigaction(i, NULL, &now);
        g_assert_true(now.sa_handler == before[i].sa_handler);
    }
}

/* ---- fork and exec ------------------------------------------------------------------------- */

static void
test_fork_before_initialize(Host *host, gconstpointer unused)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(host->p11->C_Initialize(NULL) == CKR_OK && open_and_sign(host->p11) == CKR_OK ? 0
                                                                                            : 1);
    assert_rv(host->p11->C_Initialize(NULL), CKR_OK);
    assert_rv(open_and_sign(host->p11), CKR_OK);
    g_assert_cmpint(wait_status(pid), ==, 0);
}

static void
test_fork_after_initialize(Host *host, gconstpointer unused)
{
    pid_t pids[4];

    assert_rv(host->p11->C_Initialize(NULL), CKR_OK);
    assert_rv(open_and_sign(host->p11), CKR_OK);
    for (gsize i = 0; i < G_N_ELEMENTS(pids); i++) {
        pids[i] = fork();
        if (pids[i] != 0)
            continue;
        if (i % 2 == 0 && host->p11->C_Initialize(NULL) != CKR_OK)
            _exit(1);
        for (guint j = 0; j < 50; j++)
            if (open_and_sign(host->p11) != CKR_OK)
                _exit(2);
        _exit(0);
    }
    for (guint j = 0; j < 50; j++)
        assert_rv(open_and_sign(host->p11), CKR_OK);
    for (gsize i = 0; i < G_N_ELEMENTS(pids); i++)
        g_assert_cmpint(wait_status(pids[i]), ==, 0);
}

/* How many descriptors a program has that this process executes. */
static int
count_in_exec(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        execl(own_path, own_path, "--count-descriptors", NULL);
        _exit(127);
    }
    return wait_status(pid);
}

static void
test_no_descriptor_across_exec(Host *host, gconstpointer unused)
{
    int before = count_in_exec();

    g_assert_cmpint(before, <, 100);
    assert_rv(host->p11->C_Initialize(NULL), CKR_OK);
    assert_rv(open_and_sign(host->p11), CKR_OK);
    g_assert_cmpint(count_in_exec(), ==, before);
}

static void
test_standard_descriptors_closed(Host *host, gconstpointer unused)
{
    pid_t pid = fork();

    if (pid == 0) {
        close(0);
        close(1);
        close(2);
        if (host->p11->C_Initialize(NULL) != CKR_OK || open_and_sign(host->p11) != CKR_OK)
            _exit(1);
        /* The host opens its own now; what it gets may be a number that we had. */
        for (int fd = 0; fd < 3; fd++)
            if (dup2(open("/dev/null", O_RDWR), fd) != fd)
                _exit(2);
        _exit(open_and_sign(host->p11) == CKR_OK ? 0 : 3);
    }
    g_assert_cmpint(wait_status(pid), ==, 0);
}

/* ---- the daemon goes ----------------------------------------------------------------------- */

static void
test_no_sigpipe(Host *host, gconstpointer unused)
{
    CK_SESSION_HANDLE session;

    signal(SIGPIPE, SIG_DFL); /* would end this process */
    assert_rv(host->p11->C_Initialize(NULL), CKR_OK);
    assert_rv(host->p11->C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, &session), CKR_OK);
    assert_rv(sign(host->p11, session), CKR_OK);
    kill_agent(host);
    assert_rv(sign(host->p11, session), CKR_DEVICE_REMOVED);
}

static gpointer
restart_agent(gpointer data)
{
    Host *host = data;

    g_usleep(200000);
    kill_agent(host);
    g_usleep(300000);
    start_agent(host, NULL);
    return NULL;
}

/* The signature is at the daemon when that is killed; it is back before the module gives up. */
static void
test_killed_in_mid_call(Host *host, gconstpointer unused)
{
    GThread *thread;

    start_agent(host, "60000");
    assert_rv(host->p11->C_Initialize(NULL), CKR_OK);
    thread = g_thread_new("restart", restart_agent, host);
    assert_rv(open_and_sign(host->p11), CKR_OK);
    g_thread_join(thread);
}

static void
test_no_agent_at_all(Host *host, gconstpointer unused)
{
    CK_SLOT_ID slots[8];
    CK_ULONG n = 8;

    assert_rv(host->p11->C_Initialize(NULL), CKR_OK);
    assert_rv(host->p11->C_GetSlotList(CK_FALSE, slots, &n), CKR_OK);
    g_assert_cmpuint(n, ==, 6);
    assert_rv(open_and_sign(host->p11), CKR_TOKEN_NOT_PRESENT);
}

/* ---- many threads -------------------------------------------------------------------------- */

#define N_THREADS 64
#define N_ROUNDS  40

static gpointer
work(gpointer data)
{
    CK_FUNCTION_LIST *p11 = data;
    CK_BYTE id[] = "ec";
    CK_ATTRIBUTE templ = {CKA_ID, id, 2};
    CK_SESSION_HANDLE session;

    assert_rv(p11->C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, &session), CKR_OK);
    for (guint i = 0; i < N_ROUNDS; i++) {
        CK_OBJECT_HANDLE found[8];
        CK_ULONG n;

        assert_rv(p11->C_FindObjectsInit(session, &templ, 1), CKR_OK);
        assert_rv(p11->C_FindObjects(session, found, 8, &n), CKR_OK);
        g_assert_cmpuint(n, ==, 3);
        assert_rv(p11->C_FindObjectsFinal(session), CKR_OK);
        assert_rv(sign(p11, session), CKR_OK);
    }
    assert_rv(p11->C_CloseSession(session), CKR_OK);
    return NULL;
}

/* All at once, and in the middle of it the daemon is killed and comes back. */
static void
test_many_threads(Host *host, gconstpointer unused)
{
    GThread *threads[N_THREADS];

    assert_rv(host->p11->C_Initialize(NULL), CKR_OK);
    for (gsize i = 0; i < N_THREADS; i++)
        threads[i] = g_thread_new("work", work, host->p11);
    g_usleep(30000);
    kill_agent(host);
    start_agent(host, NULL);
    for (gsize i = 0; i < N_THREADS; i++)
        g_thread_join(threads[i]);
}

#define ADD(name, func) g_test_add("/module/host/" name, Host, NULL, set_up, func, tear_down)
#define ADD_WITHOUT_AGENT(name, func) \
    g_test_add("/module/host/" name, Host, NULL, set_up_without_agent, func, tear_down)

int
main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--count-descriptors") == 0)
        return (int)count_entries("/proc/self/fd");
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(argc, ==, 3);
    own_path = "/proc/self/exe";
    module_path = argv[1];
    agent_path = argv[2];
    ADD("load-and-unload", test_load_and_unload);
    ADD("leaves-no-trace", test_leaves_no_trace);
    ADD("fork-before-initialize", test_fork_before_initialize);
    ADD("fork-after-initialize", test_fork_after_initialize);
    ADD("no-descriptor-across-exec", test_no_descriptor_across_exec);
    ADD("standard-descriptors-closed", test_standard_descriptors_closed);
    ADD("no-sigpipe", test_no_sigpipe);
    ADD_WITHOUT_AGENT("killed-in-mid-call", test_killed_in_mid_call);
    ADD_WITHOUT_AGENT("no-agent-at-all", test_no_agent_at_all);
    ADD("many-threads", test_many_threads);
    return g_test_run();
}
