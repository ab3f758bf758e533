/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Versions: every step from one to the next, with steps of our own beyond those that exist.
 */
#include "tests/unit/store/fixture.h"

#include "daemon/base/error.h"
#include "daemon/store/sql.h"
#include "daemon/store/store-file.h"
#include "daemon/store/store-private.h"

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

/* ---- from older versions ------------------------------------------------------------------------
 */

static const char old_rows[] =
    "INSERT INTO keys (id, spki, spki_sha256, sealed, label, allow_raw, created, sum)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

static void
put_old_rows(sqlite3 *db)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) vault_id = sample_vault_id();
    g_autoptr(GBytes) bytes = sample_bytes("spki", 1);
    g_autoptr(MeishiStoreSlot) slot = sample_slot(MEISHI_SLOT_PASSPHRASE);
    gint64 id;

    g_assert_true(meishi_sql_put_row(
        db, "INSERT INTO vault (one, vault_id, created, sum) VALUES (?1, ?2, ?3, ?4)",
        MEISHI_SQL_VALUES(meishi_sql_integer(1), meishi_sql_bytes(vault_id), meishi_sql_integer(5)),
        &error));
    g_assert_true(meishi_store_put_slot(db, slot, &id, &error));
    g_assert_true(meishi_sql_put_row(
        db, old_rows,
        MEISHI_SQL_VALUES(meishi_sql_integer(7), meishi_sql_bytes(bytes), meishi_sql_bytes(bytes),
                          meishi_sql_bytes(bytes), meishi_sql_text("old"), meishi_sql_integer(0),
                          meishi_sql_integer(9)),
        &error));
    g_assert_no_error(error);
}

/* A vault as @version wrote it, in the place of the fixture's. */
static void
make_version(Fixture *fixture, guint version)
{
    const MeishiStoreSchema old = {.steps = meishi_store_schema.steps, .version = version};
    g_autoptr(GError) error = NULL;
    g_autofree char *path = fixture_path(fixture, "vault.db");
    g_autofree char *new_path = fixture_path(fixture, "vault.db.new");
    g_autoptr(sqlite3) db = NULL;

    g_clear_pointer(&fixture->store, meishi_store_close);
    g_assert_true(meishi_store_file_start(new_path, NULL, &error));
    db = meishi_store_file_connect(new_path, &error);
    g_assert_no_error(error);
    g_assert_true(meishi_store_schema_migrate(db, &old, 0, &error));
    put_old_rows(db);
    g_assert_true(meishi_store_file_finish(g_steal_pointer(&db), new_path, path, &error));
    g_assert_no_error(error);
}

#define OLD_STORE \
    "slot 1: 2 17/8/1 - 1700000000 [salt 2] [wrapped 2]\nkey 7: old 0 9 [spki 1] [spki 1]\n"

static void
test_from_version(Fixture *fixture, gconstpointer data)
{
    const MeishiStoreSchema old = {.steps = meishi_store_schema.steps,
                                   .version = GPOINTER_TO_UINT(data)};
    g_autoptr(GError) error = NULL;
    g_autofree char *name = g_strdup_printf("vault.db.v%u", old.version);
    g_autofree char *aside = fixture_path(fixture, name);
    g_autofree char *before = NULL;
    g_autoptr(GPtrArray) findings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(sqlite3) copy = NULL;

    make_version(fixture, old.version);
    fixture_reopen(fixture);
    before = describe_store(fixture->store);
    g_assert_cmpstr(before, ==, OLD_STORE);
    g_assert_true(meishi_store_check(fixture->store, findings, &error));
    g_assert_cmpuint(findings->len, ==, 0);

    /* It can remember now, */
    g_assert_cmpint(import_identity(fixture->store, 2, 1, 1), ==, 1);
    remember(fixture->store, 1);
    g_clear_pointer(&fixture->store, meishi_store_close);

    /* and the copy is what it was. */
    copy = meishi_store_file_open(aside, &old, &error);
    g_assert_no_error(error);
    g_assert_cmpint(count(copy, "SELECT id FROM keys"), ==, 7);
    g_assert_cmpint(count(copy, "PRAGMA user_version"), ==, old.version);
}

/* A backup that version 1 made is restored by this one. */
static void
test_image_of_version_1(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiStoreSlot) slot = sample_slot(MEISHI_SLOT_PASSPHRASE);
    g_autoptr(GBytes) image = NULL;
    g_autofree char *content = NULL;
    g_autofree char *found = NULL;
    g_autofree char *dir = g_build_filename(fixture->top, "second", NULL);
    g_autoptr(MeishiStore) second = meishi_store_open(dir, &error);
    gsize len;

    g_assert_no_error(error);
    make_version(fixture, 1);
    fixture_read(fixture, "vault.db", &content, &len);
    image = g_bytes_new(content, len);
    g_assert_true(meishi_store_load(second, image, slot, &error));
    g_assert_no_error(error);
    found = describe_store(second);
    g_assert_nonnull(strstr(found, "key 7: old 0 9"));
}

/* ---- steps that go wrong ------------------------------------------------------------------- */

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
        {2, "d361ff135ef36d7e368930021e940c5dd83e27ffa473b061f589fca2700ead45"},
        {3, "22ea9ff8b9937267cdff054cd058ed3df70810b697dc8a5f5ad8a7ddb3453755"},
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
    g_test_add("/store/schema/from-version-1", Fixture, GUINT_TO_POINTER(1), fixture_set_up_vault,
               test_from_version, fixture_tear_down);
    g_test_add("/store/schema/from-version-2", Fixture, GUINT_TO_POINTER(2), fixture_set_up_vault,
               test_from_version, fixture_tear_down);
    g_test_add("/store/schema/image-of-version-1", Fixture, NULL, fixture_set_up_vault,
               test_image_of_version_1, fixture_tear_down);
    g_test_add("/store/schema/failed-migration", Fixture, NULL, fixture_set_up_vault,
               test_failed_migration, fixture_tear_down);
    g_test_add_func("/store/schema/verify", test_verify);
    g_test_add_func("/store/schema/released-steps", test_released_steps);
    return g_test_run();
}
