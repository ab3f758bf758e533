/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A table from key row to unsealed key under a reader-writer lock: signatures are many and run at
 * the same time, loads and locks are few.  Whatever is dropped is dropped outside the lock, since
 * freeing a key wipes it and takes its time.
 *
 * Each look stamps the entry from one counter; where locked memory runs short, the entry with the
 * oldest stamp goes first.  A vault may hold more keys than that memory.
 */
#include "daemon/agent/key-cache.h"

struct MeishiKeyCache {
    GRWLock lock;
    GHashTable *entries; /* gint64 *, inside the entry -> Entry * */
    guint64 n_looks;     /* atomic */
};

typedef struct {
    gint64 id;
    MeishiKey *key;
    guint64 last_look; /* atomic */
} Entry;

static void
entry_free(Entry *entry)
{
    meishi_key_unref(entry->key);
    g_free(entry);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Entry, entry_free)

/* Only the order counts, and that roughly: nothing is synchronised by it. */
static void
stamp(MeishiKeyCache *cache, Entry *entry)
{
    guint64 now = __atomic_add_fetch(&cache->n_looks, 1, __ATOMIC_RELAXED);

    __atomic_store_n(&entry->last_look, now, __ATOMIC_RELAXED);
}

static GHashTable *
new_table(void)
{
    return g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, (GDestroyNotify)entry_free);
}

MeishiKeyCache *
meishi_key_cache_new(void)
{
    MeishiKeyCache *cache = g_new0(MeishiKeyCache, 1);

    g_rw_lock_init(&cache->lock);
    cache->entries = new_table();
    return cache;
}

void
meishi_key_cache_free(MeishiKeyCache *cache)
{
    if (cache == NULL)
        return;
    g_hash_table_unref(cache->entries);
    g_rw_lock_clear(&cache->lock);
    g_free(cache);
}

MeishiKey *
meishi_key_cache_lookup(MeishiKeyCache *cache, gint64 key_id)
{
    g_autoptr(GRWLockReaderLocker) locker G_GNUC_UNUSED = g_rw_lock_reader_locker_new(&cache->lock);
    Entry *entry = g_hash_table_lookup(cache->entries, &key_id);

    if (entry == NULL)
        return NULL;
    stamp(cache, entry);
    return meishi_key_ref(entry->key);
}

/* Exchanges what is there under @key_id for @entry, which may be NULL. */
static Entry *
exchange(MeishiKeyCache *cache, gint64 key_id, Entry *entry)
{
    g_autoptr(GRWLockWriterLocker) locker G_GNUC_UNUSED = g_rw_lock_writer_locker_new(&cache->lock);
    gpointer old = NULL;

    g_hash_table_steal_extended(cache->entries, &key_id, NULL, &old);
    if (entry != NULL)
        g_hash_table_insert(cache->entries, &entry->id, entry);
    return old;
}

void
meishi_key_cache_insert(MeishiKeyCache *cache, gint64 key_id, MeishiKey *key)
{
    Entry *entry = g_new0(Entry, 1);
    G_GNUC_UNUSED g_autoptr(Entry) old = NULL;

    entry->id = key_id;
    entry->key = meishi_key_ref(key);
    stamp(cache, entry);
    old = exchange(cache, key_id, entry);
}

void
meishi_key_cache_remove(MeishiKeyCache *cache, gint64 key_id)
{
    G_GNUC_UNUSED g_autoptr(Entry) old = exchange(cache, key_id, NULL);
}

/* ---- making room --------------------------------------------------------------------------- */

/* The entry with the oldest stamp; NULL where there is none. */
static Entry *
take_oldest(MeishiKeyCache *cache)
{
    g_autoptr(GRWLockWriterLocker) locker G_GNUC_UNUSED = g_rw_lock_writer_locker_new(&cache->lock);
    GHashTableIter iter;
    gpointer value;
    Entry *oldest = NULL;

    g_hash_table_iter_init(&iter, cache->entries);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Entry *entry = value;

        if (oldest == NULL || entry->last_look < oldest->last_look)
            oldest = entry;
    }
    if (oldest != NULL)
        g_hash_table_steal(cache->entries, &oldest->id);
    return oldest;
}

/* The table is small: what is tight is the heap.  Looking through all of it takes less than
 * unsealing the key that the room is for. */
void
meishi_key_cache_make_room(MeishiKeyCache *cache)
{
    Entry *oldest;

    while (meishi_crypto_is_heap_tight() && (oldest = take_oldest(cache)) != NULL)
        entry_free(oldest);
}

/* ---- emptying ------------------------------------------------------------------------------ */

static GHashTable *
take_all(MeishiKeyCache *cache)
{
    g_autoptr(GRWLockWriterLocker) locker G_GNUC_UNUSED = g_rw_lock_writer_locker_new(&cache->lock);
    GHashTable *entries = cache->entries;

    cache->entries = new_table();
    return entries;
}

void
meishi_key_cache_clear(MeishiKeyCache *cache)
{
    G_GNUC_UNUSED g_autoptr(GHashTable) dropped = take_all(cache);
}
