/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Memory files (memfd) that change hands: input too long for a frame, and the snapshot.
 *
 * A receiver maps a file only when it is sealed against writing, growing and shrinking: otherwise
 * its maker could change bytes under the reader or take the pages away (SIGBUS).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "module/wire/bytes.h"

/* A new sealed, close-on-exec memory file that holds @len bytes; -1 with errno. */
int meishi_memfile_new(const char *name, const void *data, size_t len)
    __attribute__((warn_unused_result));

/* Maps @fd read-only; false where it is not sealed, empty, or longer than @max.  End the mapping
 * with meishi_memfile_unmap(); @fd may be closed at once. */
bool meishi_memfile_map(int fd, size_t max, struct meishi_bytes *ret)
    __attribute__((warn_unused_result));
void meishi_memfile_unmap(struct meishi_bytes *bytes);
