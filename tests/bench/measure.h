/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What both benchmark programs share: the clock, percentiles, JSON lines, and the rig that runs
 * one operation over and over in some processes of some threads.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

_Noreturn void measure_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

double measure_now_us(void);

/* CPU time of this process and its threads. */
double measure_cpu_us(void);

/* Sorts @values; @p from 0 to 1. */
double measure_percentile(double *values, size_t n, double p);

/* One JSON object on one line of stdout: begin, fields, end. */
void measure_begin(const char *command);
void measure_number(const char *key, double value);
void measure_end(void);

struct measure_rig {
    unsigned n_processes;
    unsigned n_threads; /* in each process */
    double seconds;
    /* In each process before its threads start, and in each thread; the result is for @run. */
    void *(*start_process)(void *user_data);
    void *(*start_thread)(void *process);
    void (*run)(void *thread);
    void *user_data;
};

/* Runs it and prints rate, latency and CPU time as fields of the current line. */
void measure_rig_run(const struct measure_rig *rig);
