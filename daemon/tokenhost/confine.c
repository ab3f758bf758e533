/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A module for cards, TPMs or HSMs opens files, devices and sockets of all kinds, and writes
 * wherever its maker thought best; what it needs nobody can list.  So this denies what none needs.
 * It keeps a module from becoming more than it is: running programs, looking into other processes,
 * reading the vault.
 */
#include "daemon/tokenhost/confine.h"

#include "daemon/base/harden.h"
#include "daemon/tokenhost/filter.h"
#include "daemon/tokenhost/protocol.h"
#include "daemon/tokenhost/withhold.h"

#include <linux/close_range.h>
#include <sys/resource.h>
#include <unistd.h>

#define MAX_DESCRIPTORS 256
#define MAX_DATA        (1ul << 30)

#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED 1 /* terabytes of shadow memory */
#else
#define IS_SANITIZED 0
#endif

static void
limit(__rlimit_resource_t resource, rlim_t value)
{
    const struct rlimit limits = {value, value};

    (void)setrlimit(resource, &limits);
}

void
meishi_confine(gboolean allows_network)
{
    meishi_harden_process();
    (void)setsid(); /* no terminal that it could read a PIN from */
    (void)close_range(MEISHI_HOST_FD + 1, ~0u, 0);
    limit(RLIMIT_NOFILE, MAX_DESCRIPTORS);
    if (!IS_SANITIZED)
        limit(RLIMIT_DATA, MAX_DATA);
    meishi_withhold_own_files();
    meishi_filter_system_calls(allows_network);
}
