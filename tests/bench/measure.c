/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Threads write their latencies into memory that the parent shares.  All begin at the same moment:
 * the parent opens a gate when the last one has said that it is ready.
 */
#include "tests/bench/measure.h"

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_SAMPLES 200000

/* One thread's; n counts on when the samples are full. */
struct record {
    uint64_t n;
    double cpu_us; /* of the whole process, in its first thread's record */
    double samples[MAX_SAMPLES];
};

struct board {
    unsigned n_ready;
    int is_open;
    int is_over;
    struct record records[];
};

struct seat {
    const struct measure_rig *rig;
    struct board *board;
    struct record *record;
    void *process;
};

void
measure_die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

double
measure_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

double
measure_cpu_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int
compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double
measure_percentile(double *values, size_t n, double p)
{
    if (n == 0)
        return 0;
    qsort(values, n, sizeof *values, compare);
    return values[(size_t)(p * (double)(n - 1) + 0.5)];
}

/* ---- output -------------------------------------------------------------------------------- */

void
measure_begin(const char *command)
{
    printf("{\"command\": \"%s\"", command);
}

void
measure_number(const char *key, double value)
{
    printf(", \"%s\": %.3f", key, value);
}

void
measure_end(void)
{
    puts("}");
    fflush(stdout);
}

/* ---- the rig ------------------------------------------------------------------------------- */

static void
wait_for_gate(struct board *board)
{
    __atomic_add_fetch(&board->n_ready, 1, __ATOMIC_SEQ_CST);
    while (!__atomic_load_n(&board->is_open, __ATOMIC_SEQ_CST))
        usleep(200);
}

static void *
run_thread(void *user_data)
{
    struct seat *seat = user_data;
    const struct measure_rig *rig = seat->rig;
    void *thread = rig->start_thread(seat->process);
    double last;

    rig->run(thread); /* the first one warms up */
    wait_for_gate(seat->board);
    last = measure_now_us();
    while (!__atomic_load_n(&seat->board->is_over, __ATOMIC_RELAXED)) {
        double now;

        rig->run(thread);
        now = measure_now_us();
        if (seat->record->n < MAX_SAMPLES)
            seat->record->samples[seat->record->n] = now - last;
        seat->record->n++;
        last = now;
    }
    return NULL;
}

_Noreturn static void
run_process(const struct measure_rig *rig, struct board *board, unsigned first)
{
    struct seat *seats = calloc(rig->n_threads, sizeof *seats);
    pthread_t *threads = calloc(rig->n_threads, sizeof *threads);
    void *process = rig->start_process(rig->user_data);
    double cpu = measure_cpu_us();

    if (seats == NULL || threads == NULL)
        measure_die("no memory");
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (unsigned i = 0; i < rig->n_threads; i++) {
        seats[i] = (struct seat){rig, board, &board->records[first + i], process};
        if (pthread_create(&threads[i], NULL, run_thread, &seats[i]) != 0)
            measure_die("cannot start a thread");
    }
    for (unsigned i = 0; i < rig->n_threads; i++)
        pthread_join(threads[i], NULL);
    board->records[first].cpu_us = measure_cpu_us() - cpu;
    _exit(0);
}

static struct board *
new_board(unsigned n)
{
    size_t size = sizeof(struct board) + n * sizeof(struct record);
    void *memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (memory == MAP_FAILED)
        measure_die("no memory");
    return memory;
}

static void
print_result(const struct measure_rig *rig, struct board *board, double elapsed_us)
{
    unsigned n_seats = rig->n_processes * rig->n_threads;
    double *all = calloc((size_t)n_seats * MAX_SAMPLES, sizeof *all);
    uint64_t n_runs = 0;
    double cpu_us = 0;
    size_t n = 0;

    if (all == NULL)
        measure_die("no memory");
    for (unsigned i = 0; i < n_seats; i++) {
        const struct record *record = &board->records[i];
        size_t kept = record->n < MAX_SAMPLES ? record->n : MAX_SAMPLES;

        memcpy(all + n, record->samples, kept * sizeof *all);
        n += kept;
        n_runs += record->n;
        cpu_us += record->cpu_us;
    }
    measure_number("rate", (double)n_runs / elapsed_us * 1e6);
    measure_number("p50_us", measure_percentile(all, n, 0.5));
    measure_number("p99_us", measure_percentile(all, n, 0.99));
    measure_number("cpu_us", n_runs > 0 ? cpu_us / (double)n_runs : 0);
    free(all);
}

static void
reap(unsigned n)
{
    int status;

    for (unsigned i = 0; i < n; i++)
        if (wait(&status) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
            measure_die("a process failed");
}

/* Processes start one after another: SoftHSM2 does not survive it otherwise.  A child that failed
 * never gets ready, and nobody waits for it for ever. */
static void
wait_until_ready(struct board *board, unsigned n)
{
    int status;

    while (__atomic_load_n(&board->n_ready, __ATOMIC_SEQ_CST) < n) {
        if (waitpid(-1, &status, WNOHANG) > 0)
            measure_die("a process failed");
        usleep(500);
    }
}

void
measure_rig_run(const struct measure_rig *rig)
{
    struct board *board = new_board(rig->n_processes * rig->n_threads);
    double start;

    fflush(stdout);
    for (unsigned i = 0; i < rig->n_processes; i++) {
        pid_t pid = fork();

        if (pid < 0)
            measure_die("cannot fork");
        if (pid == 0)
            run_process(rig, board, i * rig->n_threads);
        wait_until_ready(board, (i + 1) * rig->n_threads);
    }
    start = measure_now_us();
    __atomic_store_n(&board->is_open, 1, __ATOMIC_SEQ_CST);
    usleep((useconds_t)(rig->seconds * 1e6));
    __atomic_store_n(&board->is_over, 1, __ATOMIC_SEQ_CST);
    start = measure_now_us() - start;
    reap(rig->n_processes);
    print_result(rig, board, start);
}
