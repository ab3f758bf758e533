/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Measures a PKCS#11 module from outside, as a program that loads it sees it.  Links libc only, so
 * that each module pays for its own libraries.
 *
 *   p11bench init  MODULE [-r RUNS]            C_Initialize and C_GetSlotList in a fresh process
 *   p11bench cold  MODULE -t TOKEN [-r RUNS]   a fresh process up to its first signature
 *   p11bench sign  MODULE -t TOKEN             warm signatures
 *   p11bench find  MODULE -t TOKEN             all certificates; one key by CKA_ID
 *
 *   -i HEX  CKA_ID of the key        -m ec256|rsa2048   mechanism (default ec256)
 *   -p PIN  log in first             -n THREADS  -j PROCESSES  -s SECONDS
 *   -a TEXT parameters for C_Initialize, where a module (NSS's) has such
 *
 * One JSON object per line; times in microseconds.
 */
#include "module/wire/cryptoki.h"
#include "tests/bench/measure.h"

#include <dlfcn.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_RUNS    1000
#define MAX_OBJECTS 16384

static struct {
    const char *program;
    const char *module;
    const char *token;
    const char *pin;
    char *parameters;
    CK_MECHANISM_TYPE mechanism;
    CK_ULONG input_len; /* a SHA-256 digest, or a DigestInfo around one */
    unsigned char id[64];
    CK_ULONG id_len;
    unsigned runs, threads, processes;
    double seconds;
} options = {.mechanism = CKM_ECDSA,
             .input_len = 32,
             .runs = 20,
             .threads = 1,
             .processes = 1,
             .seconds = 1};

static CK_FUNCTION_LIST *p11;

static void
check(CK_RV rv, const char *what)
{
    if (rv != CKR_OK)
        measure_die("%s: 0x%lx", what, rv);
}

/* ---- steps of a client ---------------------------------------------------------------------- */

static void
load(void)
{
    CK_RV (*get_list)(CK_FUNCTION_LIST * *list);
    void *library = dlopen(options.module, RTLD_NOW | RTLD_LOCAL);

    if (library == NULL)
        measure_die("%s", dlerror());
    *(void **)&get_list = dlsym(library, "C_GetFunctionList");
    if (get_list == NULL)
        measure_die("%s: no C_GetFunctionList", options.module);
    check(get_list(&p11), "C_GetFunctionList");
}

static void
initialize(void)
{
    CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK, .pReserved = options.parameters};

    check(p11->C_Initialize(&args), "C_Initialize");
}

static CK_ULONG
list_slots(CK_SLOT_ID *slots, CK_ULONG max)
{
    CK_ULONG n = 0;

    check(p11->C_GetSlotList(CK_FALSE, NULL, &n), "C_GetSlotList");
    if (n > max)
        measure_die("%lu slots", n);
    check(p11->C_GetSlotList(CK_FALSE, slots, &n), "C_GetSlotList");
    return n;
}

static bool
is_token(CK_SLOT_ID slot)
{
    size_t len = strlen(options.token);
    CK_TOKEN_INFO info;

    if (p11->C_GetTokenInfo(slot, &info) != CKR_OK || len > sizeof info.label)
        return false;
    for (size_t i = len; i < sizeof info.label; i++)
        if (info.label[i] != ' ')
            return false;
    return memcmp(info.label, options.token, len) == 0;
}

static CK_SESSION_HANDLE
open_session(void)
{
    CK_SLOT_ID slots[64];
    CK_ULONG n = list_slots(slots, 64);
    CK_SESSION_HANDLE session;

    for (CK_ULONG i = 0; i < n; i++) {
        if (!is_token(slots[i]))
            continue;
        check(p11->C_OpenSession(slots[i], CKF_SERIAL_SESSION, NULL, NULL, &session),
              "C_OpenSession");
        return session;
    }
    measure_die("no token %s", options.token);
}

static void
log_in(CK_SESSION_HANDLE session)
{
    CK_RV rv;

    if (options.pin == NULL)
        return;
    rv = p11->C_Login(session, CKU_USER, (CK_UTF8CHAR *)options.pin, strlen(options.pin));
    if (rv != CKR_USER_ALREADY_LOGGED_IN)
        check(rv, "C_Login");
}

static CK_ULONG
find(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    CK_ULONG total = 0, got;

    check(p11->C_FindObjectsInit(session, template, n), "C_FindObjectsInit");
    do {
        check(p11->C_FindObjects(session, ret + total, MAX_OBJECTS - total, &got), "C_FindObjects");
        total += got;
    } while (got > 0 && total < MAX_OBJECTS);
    check(p11->C_FindObjectsFinal(session), "C_FindObjectsFinal");
    return total;
}

static CK_OBJECT_HANDLE
find_key(CK_SESSION_HANDLE session)
{
    static CK_OBJECT_HANDLE found[MAX_OBJECTS];
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof class},
                               {CKA_ID, options.id, options.id_len}};

    if (find(session, template, options.id_len > 0 ? 2 : 1, found) == 0)
        measure_die("no such key in %s", options.token);
    return found[0];
}

static void
sign(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
    static const unsigned char info[51] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60,
                                           0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
                                           0x01, 0x05, 0x00, 0x04, 0x20, 0x01};
    CK_MECHANISM mechanism = {options.mechanism, NULL, 0};
    unsigned char signature[1024];
    CK_ULONG len = sizeof signature;

    check(p11->C_SignInit(session, &mechanism, key), "C_SignInit");
    check(p11->C_Sign(session, (CK_BYTE *)info + sizeof info - options.input_len, options.input_len,
                      signature, &len),
          "C_Sign");
}

/* ---- init and cold --------------------------------------------------------------------------- */

enum phase { LOAD, INITIALIZE, SESSION, LOGIN, FIND, SIGN, FINALIZE, N_PHASES };

static const char *const phase_names[N_PHASES] = {
    "load_us", "initialize_us", "session_us", "login_us", "find_us", "sign_us", "finalize_us"};

static double
lap(double *last)
{
    double now = measure_now_us(), took = now - *last;

    *last = now;
    return took;
}

/* In the fresh process: the phases go to standard output as they are. */
static void
run_once(void)
{
    double phases[N_PHASES], last = measure_now_us();
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key;

    load();
    phases[LOAD] = lap(&last);
    initialize();
    phases[INITIALIZE] = lap(&last);
    session = open_session();
    phases[SESSION] = lap(&last);
    log_in(session);
    phases[LOGIN] = lap(&last);
    key = find_key(session);
    phases[FIND] = lap(&last);
    sign(session, key);
    phases[SIGN] = lap(&last);
    check(p11->C_Finalize(NULL), "C_Finalize");
    phases[FINALIZE] = lap(&last);
    if (write(STDOUT_FILENO, phases, sizeof phases) != sizeof phases)
        measure_die("cannot write");
}

static void
init_once(void)
{
    CK_SLOT_ID slots[64];
    double cpu, wall, result[2];

    load();
    cpu = measure_cpu_us();
    wall = measure_now_us();
    initialize();
    list_slots(slots, 64);
    result[0] = measure_cpu_us() - cpu;
    result[1] = measure_now_us() - wall;
    if (write(STDOUT_FILENO, result, sizeof result) != sizeof result)
        measure_die("cannot write");
}

/* Runs this program again with @command and the same options; what it wrote goes to @ret.  Returns
 * the time from start to end. */
static double
spawn_self(const char *command, char **argv, double *ret, size_t size)
{
    posix_spawn_file_actions_t actions;
    double start = measure_now_us();
    int fds[2], status;
    pid_t pid;

    argv[1] = (char *)command;
    if (pipe(fds) < 0)
        measure_die("cannot make a pipe");
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, fds[0]);
    posix_spawn_file_actions_addclose(&actions, fds[1]);
    if (posix_spawn(&pid, options.program, &actions, NULL, argv, environ) != 0)
        measure_die("cannot start %s", options.program);
    close(fds[1]);
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        measure_die("the fresh process failed");
    start = measure_now_us() - start;
    if (read(fds[0], ret, size) != (ssize_t)size)
        measure_die("the fresh process said too little");
    close(fds[0]);
    posix_spawn_file_actions_destroy(&actions);
    return start;
}

static void
command_cold(char **argv)
{
    static double samples[N_PHASES + 1][MAX_RUNS];

    for (unsigned run = 0; run < options.runs; run++) {
        double phases[N_PHASES];

        samples[N_PHASES][run] = spawn_self("cold-once", argv, phases, sizeof phases);
        for (unsigned i = 0; i < N_PHASES; i++)
            samples[i][run] = phases[i];
    }
    measure_begin("cold");
    measure_number("total_us", measure_percentile(samples[N_PHASES], options.runs, 0.5));
    measure_number("total_p95_us", measure_percentile(samples[N_PHASES], options.runs, 0.95));
    for (unsigned i = 0; i < N_PHASES; i++)
        measure_number(phase_names[i], measure_percentile(samples[i], options.runs, 0.5));
    measure_end();
}

static void
command_init(char **argv)
{
    static double cpu[MAX_RUNS], wall[MAX_RUNS];

    for (unsigned run = 0; run < options.runs; run++) {
        double result[2];

        spawn_self("init-once", argv, result, sizeof result);
        cpu[run] = result[0];
        wall[run] = result[1];
    }
    measure_begin("init");
    measure_number("cpu_us", measure_percentile(cpu, options.runs, 0.5));
    measure_number("cpu_max_us", measure_percentile(cpu, options.runs, 1));
    measure_number("wall_us", measure_percentile(wall, options.runs, 0.5));
    measure_end();
}

/* ---- sign ----------------------------------------------------------------------------------- */

struct signer {
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key;
};

static void *
start_process(void *unused)
{
    load();
    initialize();
    return NULL;
}

static void *
start_thread(void *unused)
{
    struct signer *signer = calloc(1, sizeof *signer);

    if (signer == NULL)
        measure_die("no memory");
    signer->session = open_session();
    log_in(signer->session);
    signer->key = find_key(signer->session);
    return signer;
}

static void
run_sign(void *user_data)
{
    const struct signer *signer = user_data;

    sign(signer->session, signer->key);
}

static void
command_sign(char **argv)
{
    const struct measure_rig rig = {.n_processes = options.processes,
                                    .n_threads = options.threads,
                                    .seconds = options.seconds,
                                    .start_process = start_process,
                                    .start_thread = start_thread,
                                    .run = run_sign};

    measure_begin("sign");
    measure_rig_run(&rig);
    measure_end();
}

/* ---- find ----------------------------------------------------------------------------------- */

/* As NSS reads a certificate: the lengths of six attributes, then the values. */
static void
read_certificate(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE certificate)
{
    static const CK_ATTRIBUTE_TYPE types[] = {CKA_LABEL,  CKA_VALUE,   CKA_ID,
                                              CKA_ISSUER, CKA_SUBJECT, CKA_SERIAL_NUMBER};
    enum { N = sizeof types / sizeof types[0] };
    static unsigned char values[N][65536];
    CK_ATTRIBUTE template[N];

    for (unsigned i = 0; i < N; i++)
        template[i] = (CK_ATTRIBUTE){types[i], NULL, 0};
    check(p11->C_GetAttributeValue(session, certificate, template, N), "C_GetAttributeValue");
    for (unsigned i = 0; i < N; i++)
        template[i].pValue = values[i];
    check(p11->C_GetAttributeValue(session, certificate, template, N), "C_GetAttributeValue");
}

static CK_ULONG
read_all(CK_SESSION_HANDLE session)
{
    static CK_OBJECT_HANDLE found[MAX_OBJECTS];
    CK_OBJECT_CLASS class = CKO_CERTIFICATE;
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof class}};
    CK_ULONG n = find(session, template, 1, found);

    for (CK_ULONG i = 0; i < n; i++)
        read_certificate(session, found[i]);
    return n;
}

static void
command_find(char **argv)
{
    static double all[MAX_RUNS], one[MAX_RUNS];
    CK_SESSION_HANDLE session;
    CK_ULONG n = 0;

    load();
    initialize();
    session = open_session();
    log_in(session);
    for (unsigned run = 0; run < options.runs; run++) {
        double last = measure_now_us();

        n = read_all(session);
        all[run] = lap(&last);
        find_key(session);
        one[run] = lap(&last);
    }
    measure_begin("find");
    measure_number("n_certificates", (double)n);
    measure_number("all_us", measure_percentile(all, options.runs, 0.5));
    measure_number("one_us", measure_percentile(one, options.runs, 0.5));
    measure_end();
}

/* ---- options --------------------------------------------------------------------------------- */

static void
parse_id(const char *text)
{
    for (options.id_len = 0; text[0] != '\0' && options.id_len < sizeof options.id; text += 2)
        if (sscanf(text, "%2hhx", &options.id[options.id_len++]) != 1)
            measure_die("no hexadecimal number: %s", text);
}

static void
parse_mechanism(const char *name)
{
    if (strcmp(name, "rsa2048") == 0) {
        options.mechanism = CKM_RSA_PKCS;
        options.input_len = 51;
    } else if (strcmp(name, "ec256") != 0) {
        measure_die("no such mechanism: %s", name);
    }
}

static unsigned
parse_count(const char *text, unsigned max)
{
    unsigned long n = strtoul(text, NULL, 10);

    return n < 1 ? 1 : n > max ? max : (unsigned)n;
}

static void
parse_option(int option, char *value)
{
    switch (option) {
    case 't':
        options.token = value;
        break;
    case 'p':
        options.pin = value;
        break;
    case 'a':
        options.parameters = value;
        break;
    case 'i':
        parse_id(value);
        break;
    case 'm':
        parse_mechanism(value);
        break;
    case 'r':
        options.runs = parse_count(value, MAX_RUNS);
        break;
    case 'n':
        options.threads = parse_count(value, 64);
        break;
    case 'j':
        options.processes = parse_count(value, 64);
        break;
    case 's':
        options.seconds = strtod(value, NULL);
        break;
    default:
        measure_die("see the comment in p11bench.c");
    }
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(char **argv);
    } commands[] = {{"cold", command_cold},
                    {"init", command_init},
                    {"sign", command_sign},
                    {"find", command_find}};
    int option;

    if (argc < 3)
        measure_die("usage: p11bench init|cold|sign|find MODULE [OPTION...]");
    options.program = "/proc/self/exe";
    options.module = argv[2];
    options.token = "Meishi";
    optind = 3;
    while ((option = getopt(argc, argv, "+t:p:a:i:m:r:n:j:s:")) != -1)
        parse_option(option, optarg);
    if (strcmp(argv[1], "cold-once") == 0)
        run_once();
    else if (strcmp(argv[1], "init-once") == 0)
        init_once();
    else
        for (unsigned i = 0; i < sizeof commands / sizeof commands[0]; i++)
            if (strcmp(argv[1], commands[i].name) == 0)
                commands[i].run(argv);
    return 0;
}
