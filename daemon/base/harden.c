/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Closes the process to others of the same user.  It does not sandbox: what the daemon itself may
 * do is the service unit's to limit, and root is not kept out by any of this.
 */
#include "daemon/base/harden.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* A closed standard descriptor is the next one that open() returns, and then what we print ends up
 * in a backup, a socket or the vault.  Opened the wrong way round, so that its use still fails. */
static void
fill_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            (void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    }
}

/* The results are not looked at, here and below: each line works alone, and there is nothing better
 * to do where a kernel or a container refuses one. */
void
meishi_harden_self(void)
{
    fill_standard_descriptors();
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

void
meishi_harden_limits(void)
{
    const struct rlimit none = {0, 0};

    (void)umask(077);
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

void
meishi_harden_process(void)
{
    meishi_harden_self();
    meishi_harden_limits();
}
