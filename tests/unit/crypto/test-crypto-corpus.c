/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every row of both manifests in tests/fixtures/ has the outcome that the row says, within some
 * seconds and without much memory, however hostile the file is.
 */
#include "tests/unit/crypto/fixture.h"

#include "daemon/base/error.h"

#include <string.h>
#include <sys/resource.h>

#define MAX_SECONDS 20
#define MAX_MEMORY  (320l << 10) /* KiB: the test itself, and 64 MiB for one scrypt */

enum { FILE_NAMES, PASSWORD, CLASS, KEYS, CERTS, EXPECT, NOTE, N_COLUMNS };

typedef struct {
    const char *folder;
    char **columns;
} Row;

static const struct {
    const char *name;
    MeishiErrorCode code;
} codes[] = {
    {"PASSWORD_REQUIRED", MEISHI_ERROR_PASSWORD_REQUIRED},
    {"WRONG_PASSWORD", MEISHI_ERROR_WRONG_PASSWORD},
    {"BAD_FILE", MEISHI_ERROR_BAD_FILE},
    {"UNSUPPORTED", MEISHI_ERROR_UNSUPPORTED},
    {"TOO_EXPENSIVE", MEISHI_ERROR_TOO_EXPENSIVE},
    {"KEY_MISMATCH", MEISHI_ERROR_KEY_MISMATCH},
};

static const char *
code_name(int code)
{
    for (gsize i = 0; i < G_N_ELEMENTS(codes); i++) {
        if ((int)codes[i].code == code)
            return codes[i].name;
    }
    return "another code";
}

/* What several files hold together, by public key and by certificate. */
typedef struct {
    GHashTable *keys;
    GHashTable *certs;
} Union;

static void
add_bundle(Union *all, const MeishiBundle *bundle)
{
    for (guint i = 0; i < bundle->keys->len; i++) {
        const MeishiBundleKey *key = g_ptr_array_index(bundle->keys, i);

        g_assert_cmpuint(meishi_secret_len(key->pkcs8), >, 0);
        g_assert_nonnull(key->public_key->text);
        g_hash_table_add(all->keys, g_bytes_ref(key->public_key->spki));
    }
    for (guint i = 0; i < bundle->certs->len; i++) {
        const MeishiBundleCert *cert = g_ptr_array_index(bundle->certs, i);

        g_hash_table_insert(all->certs, g_bytes_ref(cert->der), g_bytes_ref(cert->cert->key->spki));
    }
}

static guint
count_identities(const Union *all)
{
    GHashTableIter iter;
    gpointer spki;
    guint n = 0;

    g_hash_table_iter_init(&iter, all->certs);
    while (g_hash_table_iter_next(&iter, NULL, &spki))
        n += g_hash_table_contains(all->keys, spki);
    return n;
}

static gboolean
read_one(const Row *row, const char *name, Union *all, GError **error)
{
    g_autofree char *path = g_build_filename(row->folder, name, NULL);
    g_autofree char *password = g_uri_unescape_string(row->columns[PASSWORD], NULL);
    gboolean none = g_str_equal(password, "-absent-") || g_str_equal(password, "-empty-");
    g_autoptr(MeishiBundle) bundle = fixture_bundle(path, none ? NULL : password, error);

    if (bundle)
        add_bundle(all, bundle);
    return bundle != NULL;
}

static void
check_outcome(const Row *row, const Union *all, const GError *error)
{
    const char *expect = row->columns[EXPECT];
    g_autofree char *keys = g_strdup_printf("%u", g_hash_table_size(all->keys));
    g_autofree char *certs = g_strdup_printf("%u", g_hash_table_size(all->certs));
    g_autofree char *outcome = g_strdup_printf("ok:%u", count_identities(all));

    if (g_str_equal(expect, "refused")) {
        g_assert_nonnull(error);
        return;
    }
    g_assert_cmpstr(error ? code_name(error->code) : outcome, ==, expect);
    if (error)
        return;
    g_assert_cmpstr(keys, ==, row->columns[KEYS]);
    g_assert_cmpstr(certs, ==, row->columns[CERTS]);
}

static void
check_cost(gint64 start)
{
    struct rusage usage;

    g_assert_cmpint(g_get_monotonic_time() - start, <, MAX_SECONDS * G_USEC_PER_SEC);
#ifndef __SANITIZE_ADDRESS__ /* which keeps freed memory */
    g_assert_cmpint(getrusage(RUSAGE_SELF, &usage), ==, 0);
    g_assert_cmpint(usage.ru_maxrss, <, MAX_MEMORY);
#else
    (void)usage;
#endif
}

static void
test_row(gconstpointer data)
{
    const Row *row = data;
    g_auto(GStrv) names = g_strsplit(row->columns[FILE_NAMES], ",", -1);
    g_autoptr(GHashTable) keys =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    g_autoptr(GHashTable) certs = g_hash_table_new_full(
        g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, (GDestroyNotify)g_bytes_unref);
    Union all = {keys, certs};
    g_autoptr(GError) error = NULL;
    gint64 start = g_get_monotonic_time();

    for (char **name = names; *name && !error; name++)
        (void)!read_one(row, *name, &all, &error);
    if (error)
        g_test_message("%s", error->message);
    check_outcome(row, &all, error);
    check_cost(start);
}

static void
free_row(gpointer data)
{
    Row *row = data;

    g_strfreev(row->columns);
    g_free(row);
}

static guint
add_rows(const char *folder)
{
    g_autofree char *path = g_build_filename(folder, "MANIFEST.tsv", NULL);
    g_autoptr(GBytes) bytes = fixture_read(path);
    g_autofree char *text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    g_auto(GStrv) lines = g_strsplit(g_strchomp(text), "\n", -1);
    guint n = 0;

    for (char **line = lines; *line; line++) {
        Row *row = g_new0(Row, 1);
        g_autofree char *test = NULL;

        row->folder = folder;
        row->columns = g_strsplit(*line, "\t", -1);
        g_assert_cmpuint(g_strv_length(row->columns), ==, N_COLUMNS);
        if (**line == '#') {
            free_row(row);
            continue;
        }
        test = g_strdup_printf("/crypto/corpus/%s/%s", folder, row->columns[FILE_NAMES]);
        g_test_add_data_func_full(test, row, test_row, free_row);
        n++;
    }
    return n;
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    g_test_init(&argc, &argv, NULL);
    g_assert_true(meishi_crypto_init(&error));
    g_assert_cmpuint(add_rows("pkcs12"), >=, 190);
    g_assert_cmpuint(add_rows("pem"), >=, 80);
    return g_test_run();
}
