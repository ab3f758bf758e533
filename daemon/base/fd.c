/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See fd.h.
 */
#include "daemon/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

gboolean
meishi_fd_write_all(int fd, gconstpointer bytes, gsize len)
{
    const guint8 *next = bytes;

    while (len > 0) {
        gssize n = write(fd, next, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return FALSE;
        next += n;
        len -= (gsize)n;
    }
    return TRUE;
}

gboolean
meishi_fd_seal(int fd)
{
    return fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0;
}
