/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiTtyJobs: Ctrl-Z and what comes after it, while the main loop runs: the terminal is put
 * right before the process stops, and the question shown again when it goes on.
 */
#pragma once

#include <glib.h>

typedef struct MeishiTtyJobs MeishiTtyJobs;

typedef struct {
    void (*leave)(gpointer user_data);     /* the process stops when this returns */
    void (*come_back)(gpointer user_data); /* it goes on, wherever it had been stopped */
} MeishiTtyJobsClass;

/* One at a time in a process.  Does nothing where Ctrl-Z is ignored already. */
MeishiTtyJobs *meishi_tty_jobs_new(const MeishiTtyJobsClass *class, gpointer user_data);
void meishi_tty_jobs_free(MeishiTtyJobs *jobs); /* NULL is fine */
