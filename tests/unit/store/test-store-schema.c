/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Versions: every step from one to the next, with steps of our own beyond those that exist.
 */
#include "tests/unit/store/fixture.h"

#include "daemon/base/error.h"
#include "daemon/store/sql.h"
#include "daemon/store/store-file.h"

#include <string.h>
#include <sys/stat.h>

static gboolean
add_table(sqlite3 *db, GError **error)
{
    return meishi_sql_script(db, "CREATE TABLE later (a INTEGER) STRICT", error);
}

static gboolean
fill_table(sqlite3 *db, GError **error)
{
    return meishi_sql_script(db, "INSERT INTO later SELECT id FROM keys", error);
}

static gboolean
fail_late(sqlite3 *db, GError **error)
{
    return meishi_sql_script(db, "DELETE FROM keys; INSERT INTO nowhere VALUES (1)", error);
}

/* The real steps and two more. */
static MeishiStoreSchema
extend(MeishiStoreStep *steps, MeishiStoreStep one, MeishiStoreStep two)
{
    guint n = meishi_store_schema.version;

    memcpy(steps, meishi_store_schema.steps, n * sizeof *steps);
    steps[n] = one;
    steps[n + 1] = two;
    return (MeishiStoreSchema){.steps = steps, .version = n + 2};
}

static gint64
count(sqlite3 *db, const char *sql)
{
    g_autoptr(GError) error = NULL;
    gint64 n = -1;

    g_assert_true(meishi_sql_get_integer(db, sql, MEISHI_SQL_NO_VALUES, &n, &error));
    g_assert_no_error(error);
    return n;
}

static void
test_migrates(Fixture *fixture, gconstpointer data)
{
    MeishiStoreStep steps[16];
    const MeishiStoreSchema schema = extend(steps, add_table, fill_table);
    g_autoptr(GError) error = NULL;
    g_autofree char *path = fixture_path(fixture, "vault.db");
    g_autofree char *aside = g_strdup_printf("%s.v%u", path, meishi_store_schema.version);
    g_autoptr(sqlite3) copy = NULL;
    struct stat st;

    import_identity(fixture->store, 1, 1, 1);
    import_identity(fixture->store, 2, 1, 1);
    g_clear_pointer(&fixture->store, meishi_store_close);
    for (int i = 0; i < 2; i++) { /* the second time there is nothing to do */
        g_autoptr(sqlite3) db = meishi_store_file_open(path, &schema, &error);

        g_assert_no_error(error);
        g_assert_cmpint(count(db, "SELECT count(*) FROM later"), ==, 2);
        g_assert_cmpint(count(db, "PRAGMA user_version"), ==, schema.version);
    }

    /* What there was before is kept, as private, and opens with the version that made it. */
    g_assert_cmpint(stat(aside, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 07777, ==, 0600);
    copy = meishi_store_file_open(aside, &meishi_store_schema, &error);
    g_assert_no_error(error);
    g_assert_cmpint(count(copy, "SELECT count(*) FROM keys"), ==, 2);

    /* And today's program leaves tomorrow's vault alone. */
    fixture_assert_refused(fixture, MEISHI_ERROR_NEWER_VERSION, "newer Meishi");
}

static void
test_failed_migration(Fixture *fixture, gconstpointer data)
{
    MeishiStoreStep steps[16];
    const MeishiStoreSchema schema = extend(steps, add_table, fail_late);
    g_autoptr(GError) error = NULL;
    g_autofree char *path = fixture_path(fixture, "vault.db");
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;

    import_identity(fixture->store, 1, 1, 1);
    before = describe_store(fixture->store);
    g_clear_pointer(&fixture->store, meishi_store_close);
    g_assert_null(meishi_store_file_open(path, &schema, &error));
    g_assert_nonnull(error);
    fixture_reopen(fixture);
    after = describe_store(fixture->store);
    g_assert_cmpstr(before, ==, after);
}

static void
test_verify(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(sqlite3) db = NULL;

    g_assert_cmpint(sqlite3_open(":memory:", &db), ==, SQLITE_OK);
    g_assert_true(meishi_store_schema_migrate(db, &meishi_store_schema, 0, &error));
    g_assert_true(
        meishi_store_schema_verify(db, &meishi_store_schema, meishi_store_schema.version, &error));
    g_assert_no_error(error);
    g_assert_true(meishi_sql_script(db, "CREATE TEMP TABLE mine (a)", &error));
    g_assert_true(
        meishi_store_schema_verify(db, &meishi_store_schema, meishi_store_schema.version, &error));
    g_assert_true(meishi_sql_script(db, "CREATE TABLE mine (a)", &error));
    g_assert_false(
        meishi_store_schema_verify(db, &meishi_store_schema, meishi_store_schema.version, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_CORRUPT);
}

/* What released versions made never changes: a vault of version 1 is recognised by this text.
 * A failure here means that a released step was edited. */
static void
test_released_steps(void)
{
    static const struct {
        guint version;
        const char *sha256;
    } released[] = {
        {1, "5f4a7ef86652734d9c1f9ce2cfb58ae9b54f4c0d48385830de38889a87d65e31"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(released); i++) {
        const MeishiStoreSchema until = {.steps = meishi_store_schema.steps,
                                         .version = released[i].version};
        g_autoptr(GError) error = NULL;
        g_autoptr(sqlite3) db = NULL;
        g_autofree char *text = NULL;
        g_autofree char *sum = NULL;

        g_assert_cmpint(sqlite3_open(":memory:", &db), ==, SQLITE_OK);
        g_assert_true(meishi_store_schema_migrate(db, &until, 0, &error));
        text = meishi_sql_get_text(
            db, "SELECT group_concat(sql, ';') FROM (SELECT sql FROM sqlite_schema ORDER BY name)",
            &error);
        g_assert_no_error(error);
        sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
        g_assert_cmpstr(sum, ==, released[i].sha256);
    }
    g_assert_cmpuint(meishi_store_schema.version, ==, G_N_ELEMENTS(released));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/store/schema/migrates", Fixture, NULL, fixture_set_up_vault, test_migrates,
               fixture_tear_down);
    g_test_add("/store/schema/failed-migration", Fixture, NULL, fixture_set_up_vault,
               test_failed_migration, fixture_tear_down);
    g_test_add_func("/store/schema/verify", test_verify);
    g_test_add_func("/store/schema/released-steps", test_released_steps);
    return g_test_run();
}
