/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A vault with changed bytes: it opens with the data that were stored, or says that it is damaged.
 * It never crashes and never shows something else.
 */
#include "tests/unit/store/fixture.h"
#include "tests/unit/store/fault-vfs.h"

#include "daemon/base/error.h"

#include <string.h>

typedef struct {
    char *sound;
    gsize len;
    char *expected;
    guint n_opened, n_refused;
} Damage;

static void
use_store(MeishiStore *store)
{
    g_autoptr(GPtrArray) keys = new_key_array();
    g_autoptr(GPtrArray) certs = new_cert_array();
    g_autoptr(GPtrArray) findings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) import_error = NULL;
    g_autoptr(GError) rename_error = NULL;
    g_autoptr(GError) remove_error = NULL;
    g_autoptr(GError) choice_error = NULL;
    g_autoptr(GPtrArray) choices = new_choice_array();

    g_ptr_array_add(keys, sample_key(100));
    g_ptr_array_add(certs, sample_cert(100, 0, 1, 2));
    g_assert_true(meishi_store_check(store, findings, NULL));
    g_assert_true(meishi_store_import(store, keys, certs, NULL, &import_error) ||
                  import_error != NULL);
    g_assert_true(meishi_store_rename_cert(store, 1, "new", &rename_error) || rename_error != NULL);
    g_assert_true(meishi_store_remove_cert(store, 2, &remove_error) || remove_error != NULL);
    g_ptr_array_add(choices, sample_choice(9));
    g_assert_true(meishi_store_write_choices(store, choices, NULL, &choice_error) ||
                  choice_error != NULL);
}

static guint
count_lines(const char *text)
{
    guint n = 0;

    for (; *text != '\0'; text++)
        n += *text == '\n';
    return n;
}

/* One line per list that says CORRUPT is right, a different line is not, and one that is missing is
 * of what was remembered. */
static void
assert_right_or_corrupt(MeishiStore *store, const char *found, const char *expected)
{
    g_autofree char *corrupt = g_strdup_printf("error %d:", MEISHI_ERROR_CORRUPT);
    g_auto(GStrv) lines = g_strsplit(found, "\n", -1);

    for (char **line = lines; *line != NULL; line++)
        if (!g_str_has_prefix(*line, corrupt) && strstr(expected, *line) == NULL)
            g_error("the damaged vault shows \"%s\"", *line);
    if (strstr(found, corrupt) == NULL)
        g_assert_cmpuint(count_lines(found) + meishi_store_n_passed_over(store), ==,
                         count_lines(expected));
}

/* Opens the store with @content in the place of its file. */
static void
try_content(Fixture *fixture, Damage *damage, const char *content, gsize len)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *found = NULL;

    g_clear_pointer(&fixture->store, meishi_store_close);
    fixture_write(fixture, "vault.db", content, len);
    fixture->store = meishi_store_open(fixture->dir, &error);
    if (fixture->store == NULL) {
        g_assert_cmpint(error->domain, ==, MEISHI_ERROR);
        g_assert_true(error->code == MEISHI_ERROR_CORRUPT ||
                      error->code == MEISHI_ERROR_NEWER_VERSION);
        damage->n_refused++;
        return;
    }
    found = describe_store(fixture->store);
    assert_right_or_corrupt(fixture->store, found, damage->expected);
    use_store(fixture->store);
    damage->n_opened++;
}

static void
prepare(Fixture *fixture, Damage *damage)
{
    *damage = (Damage){0};
    for (guint n = 1; n <= 5; n++)
        remember(fixture->store, import_identity(fixture->store, n, n, 2));
    damage->expected = describe_store(fixture->store);
    g_clear_pointer(&fixture->store, meishi_store_close);
    fixture_read(fixture, "vault.db", &damage->sound, &damage->len);
}

static void
finish(Damage *damage)
{
    g_test_message("%u refused, %u opened", damage->n_refused, damage->n_opened);
    g_assert_cmpuint(damage->n_refused, >, 0);
    g_assert_cmpuint(damage->n_opened, >, 0);
    g_free(damage->sound);
    g_free(damage->expected);
}

static void
flip(Fixture *fixture, Damage *damage, gsize at, guint8 mask)
{
    g_autofree char *content = g_memdup2(damage->sound, damage->len);

    content[at] = (char)(content[at] ^ mask);
    try_content(fixture, damage, content, damage->len);
}

/* Where SQLite keeps its structure: the header, and the beginning of each page. */
static void
test_structure(Fixture *fixture, gconstpointer data)
{
    Damage damage;

    prepare(fixture, &damage);
    for (gsize at = 0; at < 100; at++)
        flip(fixture, &damage, at, (guint8)(1 << at % 8));
    for (gsize page = 0; page < damage.len; page += 4096)
        for (gsize at = page == 0 ? 100 : 0; at < (page == 0 ? 148 : 32); at++)
            flip(fixture, &damage, page + at, (guint8)(0x80 >> at % 8));
    finish(&damage);
}

static gboolean
is_blank(const Damage *damage, gsize at)
{
    return damage->sound[at] == 0;
}

/* And the values, wherever they lie; the blank middle of a page is left out. */
static void
test_values(Fixture *fixture, gconstpointer data)
{
    Damage damage;
    gint64 end = g_get_monotonic_time() + 5 * G_USEC_PER_SEC;
    guint n_tried = 0;

    prepare(fixture, &damage);
    for (gsize step = 0; step < damage.len && g_get_monotonic_time() < end; step++) {
        gsize at = step * 7919 % damage.len; /* a prime: every offset once, in no order */

        if (is_blank(&damage, at))
            continue;
        flip(fixture, &damage, at, (guint8)(1 << step % 8));
        n_tried++;
    }
    g_test_message("%u bytes", n_tried);
    g_assert_cmpuint(n_tried, >, 100);
    finish(&damage);
}

static void
test_cut_short(Fixture *fixture, gconstpointer data)
{
    Damage damage;

    prepare(fixture, &damage);
    for (gsize len = 0; len < damage.len; len += len < 4096 ? 173 : 1024)
        try_content(fixture, &damage, damage.sound, len);
    try_content(fixture, &damage, damage.sound, damage.len);
    finish(&damage);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fault_vfs_install(); /* never armed: it is here because it does not sync */
    g_test_add("/store/damage/structure", Fixture, NULL, fixture_set_up_vault, test_structure,
               fixture_tear_down);
    g_test_add("/store/damage/values", Fixture, NULL, fixture_set_up_vault, test_values,
               fixture_tear_down);
    g_test_add("/store/damage/cut-short", Fixture, NULL, fixture_set_up_vault, test_cut_short,
               fixture_tear_down);
    return g_test_run();
}
