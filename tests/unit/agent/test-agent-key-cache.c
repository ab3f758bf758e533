/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The cache of unsealed keys, by itself and with many threads that look while others load and lock.
 */
#include "daemon/agent/key-cache.h"

#include "daemon/base/error.h"
#include "tests/unit/agent/world.h"

#define N_THREADS 8
#define N_ROUNDS  3000
#define N_KEYS    1000 /* RSA-8192; the secure heap holds some 380 */

static MeishiSecret *
read_pkcs8(GBytes *file)
{
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiBundle) bundle = meishi_bundle_read(file, "key", none, &error);

    g_assert_no_error(error);
    return meishi_secret_ref(((MeishiBundleKey *)bundle->keys->pdata[0])->pkcs8);
}

static MeishiSecret *
large_pkcs8(void)
{
    g_autofree char *path =
        g_build_filename(g_getenv("MEISHI_TEST_FIXTURES"), "pem", "rsa8192.der", NULL);
    g_autoptr(GBytes) file = NULL;
    char *data;
    gsize len;

    g_assert_true(g_file_get_contents(path, &data, &len, NULL));
    file = g_bytes_new_take(data, len);
    return read_pkcs8(file);
}

static MeishiKey *
bob_key(void)
{
    g_autoptr(GBytes) file = world_pki("bob.key");
    g_autoptr(MeishiSecret) pkcs8 = read_pkcs8(file);
    g_autoptr(GError) error = NULL;
    MeishiKey *key = meishi_key_new(pkcs8, FALSE, &error);

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

/* More keys than there is locked memory for, each unsealed after the others: there is room for
 * every one, and the key that is used all the while stays. */
static void
test_more_than_fit(void)
{
    g_autoptr(MeishiKeyCache) cache = meishi_key_cache_new();
    g_autoptr(MeishiSecret) pkcs8 = large_pkcs8();
    g_autoptr(MeishiKey) in_use = bob_key();

    meishi_key_cache_insert(cache, 0, in_use);
    for (gint64 id = 1; id <= N_KEYS; id++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(MeishiKey) key = NULL;

        meishi_key_cache_make_room(cache);
        key = meishi_key_new(pkcs8, FALSE, &error);
        g_assert_no_error(error);
        meishi_key_cache_insert(cache, id, key);
        assert_has(cache, id, key);
        assert_has(cache, 0, in_use);
    }
    assert_has(cache, 1, NULL);
    meishi_key_cache_clear(cache);
    g_assert_false(meishi_crypto_is_heap_tight());
}

/* The agent makes room by itself, also where it is others who filled the heap. */
static void
test_agent_makes_room(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *outcomes = world_import_outcomes(world, "bob.crt,bob.key", NULL);
    g_autoptr(MeishiIdentity) bob = world_identity(world, "Bob");
    MeishiKeyCache *cache = meishi_agent_key_cache(world->agent);
    g_autoptr(MeishiSecret) pkcs8 = large_pkcs8();
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiKey) key = NULL;

    g_assert_cmpstr(outcomes, ==, "A");
    meishi_key_cache_remove(cache, bob->key_id);
    for (gint64 id = 1000; (key = meishi_key_new(pkcs8, FALSE, &error)) != NULL; id++) {
        meishi_key_cache_insert(cache, id, key);
        g_clear_pointer(&key, meishi_key_unref);
    }
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_BUSY);
    g_clear_error(&error);
    key = world_load_key(world, bob->key_id, &error);
    g_assert_no_error(error);
    assert_has(cache, bob->key_id, key);
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
    g_test_add_func("/agent/key-cache/more-than-fit", test_more_than_fit);
    g_test_add_func("/agent/key-cache/agent-makes-room", test_agent_makes_room);
    g_test_add_func("/agent/key-cache/threads", test_threads);
    return world_run();
}
