/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Public keys that are read once.
 */
#include "daemon/crypto/spki-cache.h"

#include "daemon/base/error.h"
#include "daemon/crypto/spki.h"

static GBytes *
new_spki(void)
{
    g_autoptr(EVP_PKEY) pkey = EVP_EC_gen("P-256");

    g_assert_nonnull(pkey);
    return meishi_spki_encode(pkey);
}

static EVP_PKEY *
get(GBytes *spki)
{
    g_autoptr(GError) error = NULL;
    EVP_PKEY *pkey = meishi_spki_cache_decode(spki, &error);

    g_assert_no_error(error);
    return pkey;
}

static void
assert_is(EVP_PKEY *pkey, GBytes *spki)
{
    g_autoptr(EVP_PKEY) plain = meishi_spki_decode(spki, NULL);

    g_assert_cmpint(EVP_PKEY_eq(pkey, plain), ==, 1);
}

static void
test_read_once(void)
{
    g_autoptr(GBytes) spki = new_spki();
    g_autoptr(GBytes) other = new_spki();
    g_autoptr(GBytes) copy = NULL;
    g_autoptr(EVP_PKEY) first = get(spki);
    g_autoptr(EVP_PKEY) another = get(other);
    g_autoptr(EVP_PKEY) again = NULL;
    gsize len;
    const guint8 *data = g_bytes_get_data(spki, &len);

    copy = g_bytes_new(data, len);
    again = get(copy);
    g_assert_true(again == first);
    g_assert_true(another != first);
    assert_is(first, spki);
    assert_is(another, other);
}

/* Whoever still has one that was forgotten can go on with it. */
static void
test_forgets(void)
{
    g_autoptr(GBytes) spki = new_spki();
    g_autoptr(EVP_PKEY) first = get(spki);
    g_autoptr(EVP_PKEY) again = NULL;

    for (int i = 0; i < MEISHI_SPKI_CACHE_SIZE; i++) {
        g_autoptr(GBytes) other = new_spki();
        g_autoptr(EVP_PKEY) pkey = get(other);

        assert_is(pkey, other);
    }
    again = get(spki);
    g_assert_true(again != first);
    assert_is(first, spki);
    assert_is(again, spki);
}

static void
test_nonsense(void)
{
    g_autoptr(GBytes) spki = g_bytes_new_static("nonsense", 8);

    for (int i = 0; i < 2; i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(meishi_spki_cache_decode(spki, &error));
        g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE);
    }
}

static gpointer
get_often(gpointer spkis)
{
    for (int i = 0; i < 2000; i++) {
        GBytes *spki = ((GPtrArray *)spkis)->pdata[i % ((GPtrArray *)spkis)->len];
        g_autoptr(EVP_PKEY) pkey = get(spki);

        g_assert_cmpint(EVP_PKEY_get_bits(pkey), ==, 256);
    }
    return NULL;
}

/* More keys than there is room for, so that each thread takes away what the others use. */
static void
test_threads(void)
{
    g_autoptr(GPtrArray) spkis = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    GThread *threads[4];

    for (int i = 0; i < MEISHI_SPKI_CACHE_SIZE + 8; i++)
        g_ptr_array_add(spkis, new_spki());
    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("user", get_often, spkis);
    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/crypto/spki-cache/read-once", test_read_once);
    g_test_add_func("/crypto/spki-cache/forgets", test_forgets);
    g_test_add_func("/crypto/spki-cache/nonsense", test_nonsense);
    g_test_add_func("/crypto/spki-cache/threads", test_threads);
    return g_test_run();
}
