/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Secrets as sealed memfds: memory that has no name in any file system and that nobody can change
 * after it was filled.
 */
#include "daemon/asking/secret-fd.h"

#include "daemon/base/error.h"
#include "daemon/base/fd.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

static gboolean
fill(int fd, const MeishiSecret *secret)
{
    return meishi_fd_write_all(fd, meishi_secret_data(secret), meishi_secret_len(secret)) &&
           meishi_fd_seal(fd);
}

gint
meishi_secret_fd_append(const MeishiSecret *secret, GUnixFDList *fds, GError **error)
{
    int fd = memfd_create("meishi-secret", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    gint handle = -1;

    if (fd >= 0 && fill(fd, secret))
        handle = g_unix_fd_list_append(fds, fd, error);
    else
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_IO, "Cannot hand a secret to the daemon: %s",
                    g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return handle;
}
