/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One mapping per secret: a guard page, the data, a guard page.  The data end where the second
 * guard page begins, so that reading or writing too far ends the process instead of leaking.
 *
 *      | no access | ........ data | no access |
 *
 * Pages, not a pool: a secret that is dropped is gone from the address space at once, and nothing
 * else ever shares its page.  The count and the length are no secrets and live on the heap, so
 * that a forked child, who sees zeros in place of the data, can still drop its references.
 */
#include "daemon/base/secret.h"

#include "daemon/base/error.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FIRST_READ 4096

struct MeishiSecret {
    gatomicrefcount ref_count;
    gsize len;
    guint8 *data;
    guint8 *map;
    gsize map_len;
};

static gsize
page_size(void)
{
    return (gsize)sysconf(_SC_PAGESIZE);
}

/* Best effort: an old kernel or a small RLIMIT_MEMLOCK takes away one layer, not the secret. */
static void
protect_pages(guint8 *pages, gsize len)
{
    (void)mlock(pages, len);
    (void)madvise(pages, len, MADV_DONTDUMP);
    (void)madvise(pages, len, MADV_WIPEONFORK);
}

MeishiSecret *
meishi_secret_new(gsize len)
{
    gsize page = page_size();
    gsize n_pages = len / page + (len % page != 0 || len == 0);
    MeishiSecret *secret = g_new0(MeishiSecret, 1);

    g_atomic_ref_count_init(&secret->ref_count);
    secret->len = len;
    secret->map_len = (n_pages + 2) * page;
    secret->map =
        mmap(NULL, secret->map_len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (secret->map == MAP_FAILED ||
        mprotect(secret->map + page, n_pages * page, PROT_READ | PROT_WRITE) != 0)
        g_error("no memory for a secret of %zu bytes", len); /* ends the process, like g_malloc() */
    protect_pages(secret->map + page, n_pages * page);
    secret->data = secret->map + page + n_pages * page - len;
    return secret;
}

MeishiSecret *
meishi_secret_new_copy(gconstpointer data, gsize len)
{
    MeishiSecret *secret = meishi_secret_new(len);

    if (len > 0)
        memcpy(secret->data, data, len);
    return secret;
}

/* Waits as well where somebody made the descriptor non-blocking. */
static gssize
read_some(int fd, guint8 *buffer, gsize len)
{
    for (;;) {
        gssize n = read(fd, buffer, len);

        if (n >= 0 || (errno != EINTR && errno != EAGAIN))
            return n;
        if (errno == EAGAIN)
            (void)poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1);
    }
}

static MeishiSecret *
grow(MeishiSecret *old, gsize len)
{
    MeishiSecret *secret = meishi_secret_new(len);

    memcpy(secret->data, old->data, MIN(len, old->len));
    meishi_secret_unref(old);
    return secret;
}

MeishiSecret *
meishi_secret_new_from_fd(int fd, gsize max, GError **error)
{
    g_autoptr(MeishiSecret) secret = meishi_secret_new(MIN(max, FIRST_READ) + 1);
    gsize filled = 0;

    for (;;) {
        gssize n = read_some(fd, secret->data + filled, secret->len - filled);

        if (n < 0) {
            g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_IO, "Cannot read the secret: %s",
                        g_strerror(errno));
            return NULL;
        }
        filled += (gsize)n;
        if (filled > max) {
            g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT,
                        "The secret is longer than the %zu bytes allowed here", max);
            return NULL;
        }
        if (n == 0)
            return grow(g_steal_pointer(&secret), filled);
        if (filled == secret->len)
            secret = grow(g_steal_pointer(&secret), MIN(max, 2 * filled) + 1);
    }
}

MeishiSecret *
meishi_secret_ref(MeishiSecret *secret)
{
    g_atomic_ref_count_inc(&secret->ref_count);
    return secret;
}

void
meishi_secret_unref(MeishiSecret *secret)
{
    if (secret == NULL || !g_atomic_ref_count_dec(&secret->ref_count))
        return;
    /* The kernel clears a page before it hands it on, but not when it takes it back. */
    explicit_bzero(secret->data, secret->len);
    (void)munmap(secret->map, secret->map_len);
    g_free(secret);
}

const guint8 *
meishi_secret_data(const MeishiSecret *secret)
{
    return secret->data;
}

gsize
meishi_secret_len(const MeishiSecret *secret)
{
    return secret->len;
}

guint8 *
meishi_secret_writable(MeishiSecret *secret)
{
    return secret->data;
}

void
meishi_secret_truncate(MeishiSecret *secret, gsize len)
{
    g_return_if_fail(len <= secret->len);

    explicit_bzero(secret->data + len, secret->len - len);
    secret->len = len;
}

gboolean
meishi_secret_equal(const MeishiSecret *a, const MeishiSecret *b)
{
    guint8 different = 0;

    if (a->len != b->len)
        return FALSE;
    for (gsize i = 0; i < a->len; i++)
        different |= a->data[i] ^ b->data[i];
    return different == 0;
}
