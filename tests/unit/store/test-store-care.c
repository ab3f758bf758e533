/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The store as one image and back, what is refused as an image, and what a check finds.
 */
#include "tests/unit/store/fixture.h"

#include "daemon/base/error.h"

#include <sqlite3.h>
#include <string.h>

/* A second store, absent, beside the fixture's. */
static MeishiStore *
open_second(const Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *dir = g_build_filename(fixture->top, "second", NULL);
    MeishiStore *store = meishi_store_open(dir, &error);

    g_assert_no_error(error);
    return store;
}

static GBytes *
dump_family(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    GBytes *image;

    import_identity(fixture->store, 1, 1, 2);
    import_identity(fixture->store, 2, 2, 2);
    g_assert_true(meishi_store_remove_cert(fixture->store, 1, &error));
    import_identity(fixture->store, 3, 2, 2);
    image = meishi_store_dump(fixture->store, &error);
    g_assert_no_error(error);
    return image;
}

/* ---- there and back ------------------------------------------------------------------------ */

static void
test_round_trip(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) image = dump_family(fixture);
    g_autoptr(MeishiStore) second = open_second(fixture);
    g_autoptr(MeishiStoreSlot) slot = sample_slot(MEISHI_SLOT_KEY_FILE);
    g_autofree char *before = describe_store(fixture->store);
    g_autofree char *after = NULL;
    g_autoptr(GBytes) id = NULL;
    g_autoptr(GBytes) expected_id = sample_vault_id();

    g_assert_true(meishi_store_load(second, image, slot, &error));
    g_assert_no_error(error);
    id = meishi_store_vault_id(second);
    g_assert_true(g_bytes_equal(id, expected_id));
    after = describe_store(second);
    /* The slots are the new machine's, and nothing else is different. */
    g_assert_true(g_str_has_prefix(after, "slot 2: 3 0/0/0 /some/where"));
    g_assert_cmpstr(strstr(after, "\nkey "), ==, strstr(before, "\nkey "));
    g_assert_cmpint(import_identity(second, 4, 0, 0), ==, 4);
}

static void
test_loaded_lasts(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) image = dump_family(fixture);
    g_autoptr(MeishiStoreSlot) slot = sample_slot(MEISHI_SLOT_KEY_FILE);
    g_autoptr(GError) exists = NULL;
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;
    MeishiStore *second = open_second(fixture);

    g_assert_true(meishi_store_load(second, image, slot, &error));
    before = describe_store(second);
    g_assert_false(meishi_store_load(second, image, slot, &exists));
    g_assert_error(exists, MEISHI_ERROR, MEISHI_ERROR_EXISTS);
    meishi_store_close(second);
    second = open_second(fixture);
    after = describe_store(second);
    meishi_store_close(second);
    g_assert_cmpstr(before, ==, after);
}

/* The log of an open store has changes that the file does not have yet. */
static void
test_dump_is_current(Fixture *fixture, gconstpointer data)
{
    for (guint n = 1; n < 4; n++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) image = NULL;
        g_autofree char *label = g_strdup_printf("label number %u", n);

        import_identity(fixture->store, n, 0, 0);
        g_assert_true(meishi_store_rename_cert(fixture->store, n, label, &error));
        image = meishi_store_dump(fixture->store, &error);
        g_assert_no_error(error);
        g_assert_nonnull(
            memmem(g_bytes_get_data(image, NULL), g_bytes_get_size(image), label, strlen(label)));
    }
}

static void
test_dump_without_vault(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(meishi_store_dump(fixture->store, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_NO_VAULT);
}

/* ---- images that are none ------------------------------------------------------------------ */

static void
assert_not_loaded(MeishiStore *store, GBytes *image, int code)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiStoreSlot) slot = sample_slot(MEISHI_SLOT_KEY_FILE);
    g_autofree char *path = g_build_filename(meishi_store_dir(store), "vault.db", NULL);
    g_autofree char *unfinished = g_strconcat(path, ".new", NULL);

    g_assert_false(meishi_store_load(store, image, slot, &error));
    g_assert_error(error, MEISHI_ERROR, code);
    g_assert_false(meishi_store_has_vault(store));
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    g_assert_false(g_file_test(unfinished, G_FILE_TEST_EXISTS));
}

static void
test_not_an_image(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GBytes) image = dump_family(fixture);
    g_autoptr(MeishiStore) second = open_second(fixture);
    const gsize lengths[] = {0, 1, 16, 99, 100, 4096, 8192, g_bytes_get_size(image) - 4096};
    g_autoptr(GBytes) zeros = g_bytes_new_take(g_malloc0(8192), 8192);

    for (gsize i = 0; i < G_N_ELEMENTS(lengths); i++) {
        g_autoptr(GBytes) cut = g_bytes_new_from_bytes(image, 0, lengths[i]);

        assert_not_loaded(second, cut, MEISHI_ERROR_BAD_FILE);
    }
    assert_not_loaded(second, zeros, MEISHI_ERROR_BAD_FILE);
}

static const struct {
    const char *sql;
    int code;
} hostile[] = {
    {"PRAGMA user_version = 4", MEISHI_ERROR_NEWER_VERSION},
    {"PRAGMA user_version = 0", MEISHI_ERROR_BAD_FILE},
    {"PRAGMA application_id = 1", MEISHI_ERROR_BAD_FILE},
    {"CREATE TRIGGER t AFTER DELETE ON slots BEGIN DELETE FROM keys; END", MEISHI_ERROR_BAD_FILE},
    {"CREATE VIEW v AS SELECT * FROM keys", MEISHI_ERROR_BAD_FILE},
    {"CREATE TABLE t (a)", MEISHI_ERROR_BAD_FILE},
    {"DELETE FROM vault", MEISHI_ERROR_BAD_FILE},
    {"UPDATE keys SET label = 'mine'", MEISHI_ERROR_BAD_FILE},
    {"UPDATE certs SET der = zeroblob(5)", MEISHI_ERROR_BAD_FILE},
    {"PRAGMA foreign_keys = OFF; DELETE FROM keys", MEISHI_ERROR_BAD_FILE},
    {"PRAGMA foreign_keys = OFF; DELETE FROM issuers", MEISHI_ERROR_BAD_FILE},
    {"PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = sql || ' '",
     MEISHI_ERROR_BAD_FILE},
    {"PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'certs_by_key'",
     MEISHI_ERROR_BAD_FILE},
};

static GBytes *
change_image(GBytes *image, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_int64 len = (sqlite3_int64)g_bytes_get_size(image);
    guint8 *copy = sqlite3_malloc64((sqlite3_uint64)len);

    memcpy(copy, g_bytes_get_data(image, NULL), (gsize)len);
    g_assert_cmpint(sqlite3_open(":memory:", &db), ==, SQLITE_OK);
    g_assert_cmpint(
        sqlite3_deserialize(db, "main", copy, len, len,
                            SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE),
        ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
    copy = sqlite3_serialize(db, "main", &len, 0);
    g_assert_cmpint(sqlite3_close(db), ==, SQLITE_OK);
    return g_bytes_new_with_free_func(copy, (gsize)len, sqlite3_free, copy);
}

static void
test_hostile_image(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) image = dump_family(fixture);
    g_autoptr(MeishiStore) second = open_second(fixture);
    g_autoptr(MeishiStoreSlot) slot = sample_slot(MEISHI_SLOT_KEY_FILE);

    for (gsize i = 0; i < G_N_ELEMENTS(hostile); i++) {
        g_autoptr(GBytes) changed = change_image(image, hostile[i].sql);

        g_test_message("%s", hostile[i].sql);
        assert_not_loaded(second, changed, hostile[i].code);
    }
    g_assert_true(meishi_store_load(second, image, slot, &error));
}

/* Whoever copied vault.db itself has an image too. */
static void
test_image_from_file(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) dumped = dump_family(fixture);
    g_autoptr(GBytes) image = NULL;
    g_autoptr(MeishiStore) second = open_second(fixture);
    g_autoptr(MeishiStoreSlot) slot = sample_slot(MEISHI_SLOT_KEY_FILE);
    char *content;
    gsize len;

    g_clear_pointer(&fixture->store, meishi_store_close);
    fixture_read(fixture, "vault.db", &content, &len);
    g_assert_cmpuint(len, ==, g_bytes_get_size(dumped));
    g_assert_cmpint(content[18], ==, 2); /* it says that it has a log */
    image = g_bytes_new_take(content, len);
    g_assert_true(meishi_store_load(second, image, slot, &error));
    g_assert_no_error(error);
}

/* ---- checking ------------------------------------------------------------------------------ */

static guint
count_findings(Fixture *fixture, const char *said)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) findings = g_ptr_array_new_with_free_func(g_free);
    guint n = 0;

    g_assert_true(meishi_store_check(fixture->store, findings, &error));
    g_assert_no_error(error);
    for (guint i = 0; i < findings->len; i++) {
        g_test_message("%s", (const char *)g_ptr_array_index(findings, i));
        n += strstr(g_ptr_array_index(findings, i), said) != NULL;
    }
    return n;
}

static void
test_check(Fixture *fixture, gconstpointer data)
{
    for (guint n = 1; n <= 3; n++)
        import_identity(fixture->store, n, 2, 2);
    g_assert_cmpuint(count_findings(fixture, ""), ==, 0);
    fixture_run_sql(fixture, "UPDATE keys SET label = 'mine'");
    g_assert_cmpuint(count_findings(fixture, "of table keys is damaged"), ==, 3);
    fixture_run_sql(fixture, "UPDATE certs SET created = created + 1 WHERE id = 2");
    g_assert_cmpuint(count_findings(fixture, "Entry 2 of table certs is damaged"), ==, 1);
    fixture_run_sql(fixture, "PRAGMA foreign_keys = OFF; DELETE FROM issuers WHERE id = 2");
    g_assert_cmpuint(count_findings(fixture, "refers to one of table issuers"), ==, 3);
}

static void
test_check_without_vault(Fixture *fixture, gconstpointer data)
{
    g_assert_cmpuint(count_findings(fixture, ""), ==, 0);
}

#define ADD(path, set_up, func) \
    g_test_add("/store/" path, Fixture, NULL, set_up, func, fixture_tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("image/round-trip", fixture_set_up_vault, test_round_trip);
    ADD("image/loaded-lasts", fixture_set_up_vault, test_loaded_lasts);
    ADD("image/dump-is-current", fixture_set_up_vault, test_dump_is_current);
    ADD("image/dump-without-vault", fixture_set_up, test_dump_without_vault);
    ADD("image/none", fixture_set_up_vault, test_not_an_image);
    ADD("image/hostile", fixture_set_up_vault, test_hostile_image);
    ADD("image/from-file", fixture_set_up_vault, test_image_from_file);
    ADD("check/findings", fixture_set_up_vault, test_check);
    ADD("check/without-vault", fixture_set_up, test_check_without_vault);
    return g_test_run();
}
