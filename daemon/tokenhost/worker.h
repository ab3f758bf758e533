/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The threads that call the module: one for each slot, so that a slow card is in nobody else's way;
 * one for what concerns the module as a whole; one that waits for cards.  A module that takes one
 * call at a time gets one thread for everything.
 */
#pragma once

#include "daemon/tokenhost/foreign.h"

typedef struct MeishiWorkers MeishiWorkers;

/* For the module at @path; replies go to @sock.  Never freed: threads may hang in the module. */
MeishiWorkers *meishi_workers_new(const char *path, int sock);

/* Takes over @frame, which @request points into, and the PINs of @request. */
void meishi_workers_run(MeishiWorkers *workers, const MeishiHostRequest *request, GBytes *frame);

MeishiForeign *meishi_workers_foreign(MeishiWorkers *workers);
