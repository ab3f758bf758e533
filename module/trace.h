/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An opt-in trace of what passes between the module and the daemon: with MEISHI_TRACE set in the
 * environment (and the program not set-uid), one line per event goes to standard error by
 * write(2).  Names and numbers only: nothing secret can get here.
 */
#pragma once

void meishi_trace_init(void);
void meishi_trace(const char *event, int result);
