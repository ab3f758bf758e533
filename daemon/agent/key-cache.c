/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A table from key row to unsealed key under a reader-writer lock: signatures are many and run at
 * the same time, loads and locks are few.  Whatever is dropped is dropped outside the lock, since
 * freeing a key wipes it and takes its time.
 */
#include "daemon/agent/key-cache.h"

struct MeishiKeyCache {
    GRWLock lock;
    GHashTable *keys; /* gint64 * -> MeishiKey * */
};

static GHashTable *
new_table(void)
{
    return g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free,
                                 (GDestroyNotify)meishi_key_unref);
}

MeishiKeyCache *
meishi_key_cache_new(void)
{
    MeishiKeyCache *cache = g_new0(MeishiKeyCache, 1);

    g_rw_lock_init(&cache->lock);
    cache->keys = new_table();
    return cache;
}

void
meishi_key_cache_free(MeishiKeyCache *cache)
{
    if (cache == NULL)
        return;
    g_hash_table_unref(cache->keys);
    g_rw_lock_clear(&cache->lock);
    g_free(cache);
}

MeishiKey *
meishi_key_cache_lookup(MeishiKeyCache *cache, gint64 key_id)
{
    g_autoptr(GRWLockReaderLocker) locker G_GNUC_UNUSED = g_rw_lock_reader_locker_new(&cache->lock);
    MeishiKey *key = g_hash_table_lookup(cache->keys, &key_id);

    return key != NULL ? meishi_key_ref(key) : NULL;
}

/* Exchanges the entry of @key_id for @key, which may be NULL, and returns what was there. */
static MeishiKey *
exchange(MeishiKeyCache *cache, gint64 key_id, MeishiKey *key)
{
    g_autoptr(GRWLockWriterLocker) locker G_GNUC_UNUSED = g_rw_lock_writer_locker_new(&cache->lock);
    g_autofree gpointer old_id = NULL;
    gpointer old = NULL;

    g_hash_table_steal_extended(cache->keys, &key_id, &old_id, &old);
    if (key != NULL)
        g_hash_table_insert(cache->keys, g_memdup2(&key_id, sizeof key_id), meishi_key_ref(key));
    return old;
}

void
meishi_key_cache_insert(MeishiKeyCache *cache, gint64 key_id, MeishiKey *key)
{
    G_GNUC_UNUSED g_autoptr(MeishiKey) old = exchange(cache, key_id, key);
}

void
meishi_key_cache_remove(MeishiKeyCache *cache, gint64 key_id)
{
    G_GNUC_UNUSED g_autoptr(MeishiKey) old = exchange(cache, key_id, NULL);
}

static GHashTable *
take_all(MeishiKeyCache *cache)
{
    g_autoptr(GRWLockWriterLocker) locker G_GNUC_UNUSED = g_rw_lock_writer_locker_new(&cache->lock);
    GHashTable *keys = cache->keys;

    cache->keys = new_table();
    return keys;
}

void
meishi_key_cache_clear(MeishiKeyCache *cache)
{
    G_GNUC_UNUSED g_autoptr(GHashTable) dropped = take_all(cache);
}
