/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The public keys that were read last.  OpenSSL 3.0 takes longer to read one than to verify with
 * it, and the keys in use are few.
 *
 * What is kept is only read, by any thread: who has one must not change it.
 */
#include "daemon/crypto/spki-cache.h"

#include "daemon/crypto/spki.h"

static GMutex lock;
static GHashTable *kept; /* GBytes -> EVP_PKEY; NULL: none yet */

static void
free_pkey(gpointer pkey)
{
    EVP_PKEY_free(pkey);
}

static EVP_PKEY *
find(GBytes *spki)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);
    EVP_PKEY *pkey = kept != NULL ? g_hash_table_lookup(kept, spki) : NULL;

    if (pkey != NULL)
        EVP_PKEY_up_ref(pkey);
    return pkey;
}

/* When there is no room all go: those in use are back with their next use. */
static void
keep(GBytes *spki, EVP_PKEY *pkey)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);

    if (kept == NULL)
        kept = g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref,
                                     free_pkey);
    if (g_hash_table_size(kept) >= MEISHI_SPKI_CACHE_SIZE)
        g_hash_table_remove_all(kept);
    EVP_PKEY_up_ref(pkey);
    g_hash_table_replace(kept, g_bytes_ref(spki), pkey);
}

EVP_PKEY *
meishi_spki_cache_decode(GBytes *spki, GError **error)
{
    EVP_PKEY *pkey = find(spki);

    if (pkey != NULL)
        return pkey;
    pkey = meishi_spki_decode(spki, error);
    if (pkey != NULL)
        keep(spki, pkey);
    return pkey;
}
