/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a process that holds secrets does first: no core file, not dumpable (so no other process
 * of the same user can attach or read its memory), umask 077, no new privileges.
 */
#pragma once

/* Call before anything secret is read, with one thread.  Never fails: what the kernel lacks is
 * left out. */
void meishi_harden_process(void);

/* The part of it that ends with execve(2), for a process that becomes a program of somebody else's:
 * that one keeps its umask, its core files and its privileges. */
void meishi_harden_self(void);

/* The other part, for a process that others have to know before it closes itself to them. */
void meishi_harden_limits(void);
