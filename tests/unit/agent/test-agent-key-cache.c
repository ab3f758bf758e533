/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The cache of unsealed keys, by itself and with many threads that look while others load and lock.
 */
#include "daemon/agent/key-cache.h"

#include "tests/unit/agent/world.h"

#define N_THREADS 8
#define N_ROUNDS  3000

static MeishiKey *
bob_key(void)
{
    g_autoptr(GBytes) file = world_pki("bob.key");
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiBundle) bundle = meishi_bundle_read(file, "bob.key", none, &error);
    MeishiKey *key;

    g_assert_no_error(error);
    key = meishi_key_new(((MeishiBundleKey *)bundle->keys->pdata[0])->pkcs8, FALSE, &error);
    g_assert_no_error(error);
    return key;
}

static void
assert_has(MeishiKeyCache *cache, gint64 id, MeishiKey *expected)
{
    g_autoptr(MeishiKey) found = meishi_key_cache_lookup(cache, id);

    g_assert_true(found == expected);
}

static void
test_contents(void)
{
    g_autoptr(MeishiKeyCache) cache = meishi_key_cache_new();
    g_autoptr(MeishiKey) one = bob_key();
    g_autoptr(MeishiKey) two = bob_key();

    assert_has(cache, 1, NULL);
    meishi_key_cache_insert(cache, 1, one);
    meishi_key_cache_insert(cache, G_GINT64_CONSTANT(1) << 40, two);
    assert_has(cache, 1, one);
    assert_has(cache, G_GINT64_CONSTANT(1) << 40, two);
    meishi_key_cache_insert(cache, 1, two);
    assert_has(cache, 1, two);
    meishi_key_cache_remove(cache, 1);
    meishi_key_cache_remove(cache, 1);
    assert_has(cache, 1, NULL);
    meishi_key_cache_clear(cache);
    assert_has(cache, G_GINT64_CONSTANT(1) << 40, NULL);
    meishi_key_cache_free(NULL);
}

/* Uses what it found, which must be alive whatever the cache does meanwhile. */
static gpointer
look(gpointer data)
{
    MeishiKeyCache *cache = data;
    guint n_found = 0;

    for (guint i = 0; i < N_ROUNDS; i++) {
        g_autoptr(MeishiKey) key = meishi_key_cache_lookup(cache, i % 4);
        g_autoptr(GBytes) spki = key != NULL ? meishi_key_spki(key) : NULL;

        n_found += spki != NULL && g_bytes_get_size(spki) > 0;
    }
    return GUINT_TO_POINTER(n_found);
}

static void
test_threads(void)
{
    g_autoptr(MeishiKeyCache) cache = meishi_key_cache_new();
    g_autoptr(MeishiKey) key = bob_key();
    GThread *threads[N_THREADS];
    guint n_found = 0;

    meishi_key_cache_insert(cache, 0, key);
    for (guint i = 0; i < N_THREADS; i++)
        threads[i] = g_thread_new("look", look, cache);
    for (guint i = 0; i < N_ROUNDS; i++) {
        g_autoptr(MeishiKey) fresh = i % 64 == 0 ? bob_key() : meishi_key_ref(key);

        meishi_key_cache_insert(cache, i % 4, fresh);
        if (i % 16 == 0)
            meishi_key_cache_clear(cache);
        else if (i % 5 == 0)
            meishi_key_cache_remove(cache, i % 4);
    }
    for (guint i = 0; i < N_THREADS; i++)
        n_found += GPOINTER_TO_UINT(g_thread_join(threads[i]));
    g_assert_cmpuint(n_found, >, 0);
}

int
main(int argc, char **argv)
{
    world_init(&argc, &argv);
    g_test_add_func("/agent/key-cache/contents", test_contents);
    g_test_add_func("/agent/key-cache/threads", test_threads);
    return world_run();
}
