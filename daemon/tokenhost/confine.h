/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the process takes from itself before the foreign module is loaded.  doc/threat-model.md says
 * what it is good for.
 */
#pragma once

#include <glib.h>

/* No terminal, no descriptors but standard ones and MEISHI_HOST_FD, no core files, no new
 * privileges, no debugger, no programs, no child processes, none of Meishi's own files, and no
 * network unless @allows_network.  With one thread.  Never fails: what the kernel lacks is left
 * out. */
void meishi_confine(gboolean allows_network);
