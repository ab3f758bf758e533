/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the process takes from itself before the foreign module is loaded.  doc/threat-model.md says
 * what it is good for.
 */
#pragma once

/* No terminal, no descriptors but standard ones and MEISHI_HOST_FD, no core files, no new
 * privileges, no debugger, no programs, no child processes, and none of Meishi's own files.  With
 * one thread.  Never fails: what the kernel lacks is left out. */
void meishi_confine(void);
