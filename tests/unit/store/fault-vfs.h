/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A file system that fails on demand: an SQLite VFS in front of the real one, made the default.
 */
#pragma once

#include <glib.h>

typedef enum {
    FAULT_FULL,      /* SQLITE_FULL, and nothing of the write arrives */
    FAULT_TORN,      /* an I/O error, and half of the write arrives */
    FAULT_STAYS_BAD, /* an I/O error, and from then on nothing works any more */
} FaultKind;

void fault_vfs_install(void);

/* The @nth operation from now (0: the next) that changes something on the disk fails. */
void fault_vfs_arm(FaultKind kind, guint nth);

/* Works again; whether the fault happened. */
gboolean fault_vfs_disarm(void);
