/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What no design can beat: the signature itself with OpenSSL in the same process, and the bare
 * exchange of two packets between two processes.
 *
 *   limits raw KEY.pem [-m ec256|rsa2048] [-n THREADS] [-j PROCESSES] [-s SECONDS]
 *   limits exec [-r RUNS]                a process that does nothing
 *   limits packet [-c 1|2] [-y] [-s SECONDS]
 *                                        -c: both ends on one processor, or on two; -y: poll with
 *                                        sched_yield() before blocking
 */
#include "tests/bench/measure.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define POLL_US  40
#define REQUEST  64
#define REPLY    80
#define MAX_RUNS 1000

static struct {
    const char *key;
    bool is_rsa;
    bool yields;
    unsigned processors; /* 0: where the scheduler likes */
    unsigned threads, processes, runs;
    double seconds;
} options = {.threads = 1, .processes = 1, .runs = 20, .seconds = 1};

/* ---- raw ------------------------------------------------------------------------------------ */

static void *
load_key(void *unused)
{
    FILE *file = fopen(options.key, "re");
    EVP_PKEY *key = file != NULL ? PEM_read_PrivateKey(file, NULL, NULL, NULL) : NULL;

    if (key == NULL)
        measure_die("cannot read %s", options.key);
    fclose(file);
    return key;
}

/* One context per thread, used again: the fastest way there is. */
static void *
new_context(void *key)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);

    if (ctx == NULL || EVP_PKEY_sign_init(ctx) <= 0)
        measure_die("cannot use the key");
    if (options.is_rsa && (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) <= 0 ||
                           EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) <= 0))
        measure_die("cannot use the key");
    return ctx;
}

static void
sign(void *ctx)
{
    static const unsigned char digest[32] = {1};
    unsigned char signature[1024];
    size_t len = sizeof signature;

    if (EVP_PKEY_sign(ctx, signature, &len, digest, sizeof digest) <= 0)
        measure_die("cannot sign");
}

static void
command_raw(void)
{
    const struct measure_rig rig = {.n_processes = options.processes,
                                    .n_threads = options.threads,
                                    .seconds = options.seconds,
                                    .start_process = load_key,
                                    .start_thread = new_context,
                                    .run = sign};

    if (options.key == NULL)
        measure_die("limits raw needs a key file");
    measure_begin("raw");
    measure_rig_run(&rig);
    measure_end();
}

/* ---- packet --------------------------------------------------------------------------------- */

static ssize_t
receive(int fd, void *data, size_t size)
{
    double end = measure_now_us() + POLL_US;
    ssize_t got;

    while (options.yields && measure_now_us() < end) {
        got = recv(fd, data, size, MSG_DONTWAIT);
        if (got >= 0 || errno != EAGAIN)
            return got;
        sched_yield();
    }
    return recv(fd, data, size, 0);
}

/* Keeps this process on the @n-th of the processors that it may use. */
static void
stay_on(unsigned n)
{
    cpu_set_t allowed, chosen;

    CPU_ZERO(&chosen);
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        measure_die("cannot learn the processors");
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &allowed) && n-- == 0)
            CPU_SET(cpu, &chosen);
    if (CPU_COUNT(&chosen) == 0 || sched_setaffinity(0, sizeof chosen, &chosen) != 0)
        measure_die("there are not enough processors");
}

_Noreturn static void
echo(int fd)
{
    char data[REPLY] = {0};

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (receive(fd, data, sizeof data) > 0)
        if (send(fd, data, REPLY, MSG_NOSIGNAL) < 0)
            break;
    _exit(0);
}

static void *
start_echo(void *unused)
{
    static int fds[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
        measure_die("cannot make a socket");
    if (fork() == 0) {
        close(fds[0]);
        if (options.processors > 0)
            stay_on(options.processors - 1);
        echo(fds[1]);
    }
    close(fds[1]);
    if (options.processors > 0)
        stay_on(0);
    return &fds[0];
}

static void *
same(void *process)
{
    return process;
}

static void
exchange(void *user_data)
{
    int fd = *(int *)user_data;
    char data[REPLY] = {0};

    if (send(fd, data, REQUEST, MSG_NOSIGNAL) != REQUEST || receive(fd, data, sizeof data) != REPLY)
        measure_die("the other end is gone");
}

static void
command_packet(void)
{
    const struct measure_rig rig = {.n_processes = 1,
                                    .n_threads = 1,
                                    .seconds = options.seconds,
                                    .start_process = start_echo,
                                    .start_thread = same,
                                    .run = exchange};

    measure_begin("packet");
    measure_rig_run(&rig);
    measure_end();
}

/* ---- exec ----------------------------------------------------------------------------------- */

static void
command_exec(void)
{
    static double samples[MAX_RUNS];
    char name[] = "true";
    char *argv[] = {name, NULL};

    for (unsigned run = 0; run < options.runs; run++) {
        double start = measure_now_us();
        pid_t pid;
        int status;

        if (posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ) != 0 ||
            waitpid(pid, &status, 0) != pid)
            measure_die("cannot start /bin/true");
        samples[run] = measure_now_us() - start;
    }
    measure_begin("exec");
    measure_number("total_us", measure_percentile(samples, options.runs, 0.5));
    measure_end();
}

static unsigned
parse_count(const char *text, unsigned max)
{
    unsigned long n = strtoul(text, NULL, 10);

    return n < 1 ? 1 : n > max ? max : (unsigned)n;
}

static void
parse_option(int option, const char *value)
{
    switch (option) {
    case 'm':
        options.is_rsa = strcmp(value, "rsa2048") == 0;
        break;
    case 'c':
        options.processors = parse_count(value, 2);
        break;
    case 'y':
        options.yields = true;
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
        measure_die("see the comment in limits.c");
    }
}

int
main(int argc, char **argv)
{
    int option;

    while ((option = getopt(argc, argv, "m:c:yr:n:j:s:")) != -1)
        parse_option(option, optarg);
    if (optind >= argc)
        measure_die("usage: limits raw|packet|exec [OPTION...]");
    options.key = argv[optind + 1];
    if (strcmp(argv[optind], "raw") == 0)
        command_raw();
    else if (strcmp(argv[optind], "packet") == 0)
        command_packet();
    else if (strcmp(argv[optind], "exec") == 0)
        command_exec();
    else
        measure_die("usage: limits raw|packet|exec [OPTION...]");
    return 0;
}
