/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Opening a store in every state that its directory can be in: what opens, what is refused with
 * which advice, and that a refusal leaves every byte where it was.
 */
#include "tests/unit/store/fixture.h"

#include "daemon/base/error.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

static mode_t
mode_of(const Fixture *fixture, const char *name)
{
    g_autofree char *path = fixture_path(fixture, name);
    struct stat st;

    g_assert_cmpint(lstat(path, &st), ==, 0);
    return st.st_mode & 07777;
}

static gboolean
exists(const Fixture *fixture, const char *name)
{
    g_autofree char *path = fixture_path(fixture, name);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static void
chmod_in(const Fixture *fixture, const char *name, mode_t mode)
{
    g_autofree char *path = fixture_path(fixture, name);

    g_assert_cmpint(g_chmod(path, mode), ==, 0);
}

static void
remove_in(const Fixture *fixture, const char *name)
{
    g_autofree char *path = fixture_path(fixture, name);

    g_assert_cmpint(g_unlink(path), ==, 0);
}

/* ---- as it should be ----------------------------------------------------------------------- */

static void
test_makes_directory(Fixture *fixture, gconstpointer data)
{
    g_assert_cmpint(mode_of(fixture, "."), ==, 0700);
    g_assert_cmpint(mode_of(fixture, "lock"), ==, 0600);
    g_assert_false(exists(fixture, "vault.db"));
    g_assert_cmpstr(meishi_store_dir(fixture->store), ==, fixture->dir);
    fixture_reopen(fixture);
    g_assert_false(meishi_store_has_vault(fixture->store));
}

static void
test_create_vault(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) again = NULL;
    g_autoptr(GBytes) id = sample_vault_id();
    g_autoptr(MeishiStoreSlot) slot = sample_slot(MEISHI_SLOT_PASSPHRASE);
    mode_t old = umask(0);

    g_assert_true(meishi_store_create_vault(fixture->store, id, slot, &error));
    g_assert_no_error(error);
    umask(old);
    g_assert_false(meishi_store_create_vault(fixture->store, id, slot, &again));
    g_assert_error(again, MEISHI_ERROR, MEISHI_ERROR_EXISTS);
    import_identity(fixture->store, 1, 1, 1);
    g_assert_cmpint(mode_of(fixture, "vault.db"), ==, 0600);
    g_assert_cmpint(mode_of(fixture, "vault.db-wal"), ==, 0600);
    g_assert_false(exists(fixture, "vault.db.new"));
    g_assert_false(exists(fixture, "vault.db-shm"));
    for (int i = 0; i < 2; i++) {
        g_autoptr(GBytes) found = meishi_store_vault_id(fixture->store);

        g_assert_true(meishi_store_has_vault(fixture->store));
        g_assert_true(g_bytes_equal(found, id));
        fixture_reopen(fixture);
    }
    g_clear_pointer(&fixture->store, meishi_store_close);
    g_assert_false(exists(fixture, "vault.db-wal")); /* a clean end leaves one file */
}

static void
test_one_at_a_time(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    MeishiStore *first = g_steal_pointer(&fixture->store);

    g_assert_null(meishi_store_open(fixture->dir, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_BUSY);
    meishi_store_close(first);
    fixture_reopen(fixture);
}

/* What is left of a daemon that was killed between fork and exec of a helper. */
static void
test_lock_lingers(Fixture *fixture, gconstpointer data)
{
    pid_t child = fork();

    if (child == 0) {
        g_usleep(100 * 1000);
        _exit(0);
    }
    fixture_reopen(fixture);
    g_assert_cmpint(waitpid(child, NULL, 0), ==, child);
}

static void
test_leftovers(Fixture *fixture, gconstpointer data)
{
    g_clear_pointer(&fixture->store, meishi_store_close);
    fixture_write(fixture, "vault.db.new", "half", 4);
    fixture_write(fixture, "vault.db.new-journal", "half", 4);
    fixture_reopen(fixture);
    g_assert_false(exists(fixture, "vault.db.new"));
    g_assert_false(exists(fixture, "vault.db.new-journal"));
}

/* ---- gone ---------------------------------------------------------------------------------- */

static void
test_gone(Fixture *fixture, gconstpointer data)
{
    g_clear_pointer(&fixture->store, meishi_store_close);
    remove_in(fixture, "vault.db");
    for (int i = 0; i < 2; i++) {
        fixture_assert_refused(fixture, MEISHI_ERROR_CORRUPT, "vault.db is gone");
        g_assert_false(exists(fixture, "vault.db"));
    }
    fixture_assert_refused(fixture, MEISHI_ERROR_CORRUPT, "30313233343536373839616263646566");
    fixture_assert_refused(fixture, MEISHI_ERROR_CORRUPT, "meishi vault restore");
    remove_in(fixture, "lock");
    fixture_reopen(fixture);
}

static const struct {
    const char *note;
    gboolean opens;
} notes[] = {
    {"", TRUE},
    {"making 30313233343536373839616263646566\n", TRUE},
    {"vault  30313233343536373839616263646566\n", FALSE},
    {"making 3031323334353637383961626364656\n", FALSE},
    {"making 30313233343536373839616263646566", FALSE},
    {"making 3031323334353637383961626364656X\n", FALSE},
    {"vault", FALSE},
    {"\n", FALSE},
    {"something else that is longer than any note of ours, by far, so that it is cut", FALSE},
};

static void
test_notes(Fixture *fixture, gconstpointer data)
{
    for (gsize i = 0; i < G_N_ELEMENTS(notes); i++) {
        g_clear_pointer(&fixture->store, meishi_store_close);
        fixture_write(fixture, "lock", notes[i].note, strlen(notes[i].note));
        if (notes[i].opens)
            fixture_reopen(fixture);
        else
            fixture_assert_refused(fixture, MEISHI_ERROR_CORRUPT, "is gone");
    }
}

/* A vault that is there mends the note, whatever it says. */
static void
test_note_is_mended(Fixture *fixture, gconstpointer data)
{
    for (gsize i = 0; i < G_N_ELEMENTS(notes); i++) {
        g_autofree char *note = NULL;
        gsize len;

        g_clear_pointer(&fixture->store, meishi_store_close);
        fixture_write(fixture, "lock", notes[i].note, strlen(notes[i].note));
        fixture_reopen(fixture);
        fixture_read(fixture, "lock", &note, &len);
        g_assert_cmpstr(note, ==, "vault  30313233343536373839616263646566\n");
    }
}

static void
test_orphaned_log(Fixture *fixture, gconstpointer data)
{
    g_clear_pointer(&fixture->store, meishi_store_close);
    fixture_write(fixture, "vault.db-wal", "", 0);
    fixture_assert_refused(fixture, MEISHI_ERROR_CORRUPT, "is gone");
}

/* ---- not ours ------------------------------------------------------------------------------ */

/* Refused with @code, and what was there is still there, alone. */
static void
assert_refused_untouched(Fixture *fixture, int code, const char *said)
{
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;
    gsize len_before, len_after;

    fixture_read(fixture, "vault.db", &before, &len_before);
    fixture_assert_refused(fixture, code, said);
    fixture_read(fixture, "vault.db", &after, &len_after);
    g_assert_cmpmem(before, len_before, after, len_after);
    g_assert_false(exists(fixture, "vault.db-wal"));
}

static void
test_not_a_database(Fixture *fixture, gconstpointer data)
{
    static const char *const contents[] = {"", "x", "SQLite format 3", "-----BEGIN CERTIFICATE---"};
    char zeros[8192] = {0};

    g_clear_pointer(&fixture->store, meishi_store_close);
    for (gsize i = 0; i < G_N_ELEMENTS(contents); i++) {
        fixture_write(fixture, "vault.db", contents[i], strlen(contents[i]));
        assert_refused_untouched(fixture, MEISHI_ERROR_CORRUPT, "does not begin like");
    }
    fixture_write(fixture, "vault.db", zeros, sizeof zeros);
    assert_refused_untouched(fixture, MEISHI_ERROR_CORRUPT, "does not begin like");
    remove_in(fixture, "vault.db");
    fixture_run_sql_closed(fixture, "CREATE TABLE of_somebody (a INTEGER)");
    chmod_in(fixture, "vault.db", 0600);
    assert_refused_untouched(fixture, MEISHI_ERROR_CORRUPT, "does not begin like");
}

static void
test_newer_version(Fixture *fixture, gconstpointer data)
{
    import_identity(fixture->store, 1, 1, 1);
    fixture_run_sql_closed(fixture, "PRAGMA user_version = 4");
    assert_refused_untouched(fixture, MEISHI_ERROR_NEWER_VERSION, "newer Meishi (format 4;");
    fixture_run_sql_closed(fixture, "PRAGMA user_version = 2147483647");
    assert_refused_untouched(fixture, MEISHI_ERROR_NEWER_VERSION, "newer Meishi");
    fixture_run_sql_closed(fixture, "PRAGMA user_version = 3");
    fixture_reopen(fixture);
}

static const char *const foreign_schemas[] = {
    "PRAGMA user_version = 0",
    "PRAGMA user_version = 1",
    "CREATE TABLE extra (a INTEGER)",
    "CREATE VIEW extra AS SELECT * FROM keys",
    "CREATE TRIGGER extra AFTER INSERT ON keys BEGIN DELETE FROM keys; END",
    "CREATE INDEX extra ON keys (label)",
    "DROP INDEX certs_by_key",
    "DROP TABLE cert_issuers",
    "ALTER TABLE keys ADD COLUMN extra TEXT",
    "DELETE FROM vault",
    "UPDATE vault SET created = 1",
    "UPDATE vault SET vault_id = zeroblob(16)",
};

static void
test_foreign_schema(Fixture *fixture, gconstpointer data)
{
    g_autofree char *sound = NULL;
    gsize len;

    g_clear_pointer(&fixture->store, meishi_store_close);
    fixture_read(fixture, "vault.db", &sound, &len);
    for (gsize i = 0; i < G_N_ELEMENTS(foreign_schemas); i++) {
        fixture_run_sql_closed(fixture, foreign_schemas[i]);
        assert_refused_untouched(fixture, MEISHI_ERROR_CORRUPT, "is damaged");
        fixture_write(fixture, "vault.db", sound, len);
        fixture_reopen(fixture);
        g_clear_pointer(&fixture->store, meishi_store_close);
    }
}

/* ---- permissions --------------------------------------------------------------------------- */

static const struct {
    const char *name;
    mode_t open, closed;
    const char *said;
} exposures[] = {
    {".", 0701, 0700, "chmod 700"},        {".", 0750, 0700, "chmod 700"},
    {".", 0777, 0700, "chmod 700"},        {"lock", 0604, 0600, "chmod 600"},
    {"lock", 0640, 0600, "chmod 600"},     {"vault.db", 0644, 0600, "chmod 600"},
    {"vault.db", 0620, 0600, "chmod 600"},
};

static void
test_open_to_others(Fixture *fixture, gconstpointer data)
{
    for (gsize i = 0; i < G_N_ELEMENTS(exposures); i++) {
        chmod_in(fixture, exposures[i].name, exposures[i].open);
        fixture_assert_refused(fixture, MEISHI_ERROR_PERMISSIONS, exposures[i].said);
        g_assert_cmpint(mode_of(fixture, exposures[i].name), ==, exposures[i].open);
        chmod_in(fixture, exposures[i].name, exposures[i].closed);
        fixture_reopen(fixture);
    }
}

static void
test_links(Fixture *fixture, gconstpointer data)
{
    static const char *const names[] = {"vault.db", "lock"};

    g_clear_pointer(&fixture->store, meishi_store_close);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = fixture_path(fixture, names[i]);
        g_autofree char *away = g_build_filename(fixture->top, names[i], NULL);

        g_assert_cmpint(g_rename(path, away), ==, 0);
        g_assert_cmpint(symlink(away, path), ==, 0);
        fixture_assert_refused(fixture, MEISHI_ERROR_PERMISSIONS, "not a regular file");
        g_assert_cmpint(g_unlink(path), ==, 0);
        g_assert_cmpint(g_mkdir(path, 0700), ==, 0);
        fixture_assert_refused(fixture, MEISHI_ERROR_PERMISSIONS, "not a regular file");
        g_assert_cmpint(g_rmdir(path), ==, 0);
        g_assert_cmpint(g_rename(away, path), ==, 0);
    }
    fixture_reopen(fixture);
}

/* Gives what is below the fixture's directory to @uid. */
static void
give_away(const Fixture *fixture, uid_t uid)
{
    static const char *const names[] = {"..", ".", "lock", "vault.db"};

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = fixture_path(fixture, names[i]);

        g_assert_cmpint(chown(path, uid, (gid_t)-1), ==, 0);
    }
}

/* Opens in a child who is not root; its exit status is the error's code, 100 if it opened. */
static int
open_as_ordinary(Fixture *fixture)
{
    pid_t pid;
    int status;

    g_clear_pointer(&fixture->store, meishi_store_close);
    if (getuid() == 0)
        give_away(fixture, NOBODY);
    pid = fork();
    if (pid == 0) {
        g_autoptr(GError) error = NULL;

        if (getuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
            _exit(101);
        fixture->store = meishi_store_open(fixture->dir, &error);
        meishi_store_close(fixture->store);
        _exit(error == NULL ? 100 : error->code);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFEXITED(status));
    if (getuid() == 0)
        give_away(fixture, 0);
    return WEXITSTATUS(status);
}

static void
test_not_writable(Fixture *fixture, gconstpointer data)
{
    g_assert_cmpint(open_as_ordinary(fixture), ==, 100);
    chmod_in(fixture, "vault.db", 0400);
    g_assert_cmpint(open_as_ordinary(fixture), ==, MEISHI_ERROR_PERMISSIONS);
    chmod_in(fixture, "vault.db", 0000);
    g_assert_cmpint(open_as_ordinary(fixture), ==, MEISHI_ERROR_PERMISSIONS);
    chmod_in(fixture, "vault.db", 0600);
    chmod_in(fixture, "lock", 0400);
    g_assert_cmpint(open_as_ordinary(fixture), ==, MEISHI_ERROR_PERMISSIONS);
    chmod_in(fixture, "lock", 0600);
    chmod_in(fixture, ".", 0500);
    g_assert_cmpint(open_as_ordinary(fixture), ==, MEISHI_ERROR_PERMISSIONS);
    chmod_in(fixture, ".", 0700);
    g_assert_cmpint(open_as_ordinary(fixture), ==, 100);
}

static void
test_belongs_to_somebody_else(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = fixture_path(fixture, "vault.db");

    if (getuid() == 0) {
        g_assert_cmpint(chown(path, NOBODY, NOBODY), ==, 0);
        fixture_assert_refused(fixture, MEISHI_ERROR_PERMISSIONS, "belongs to somebody else");
    } else {
        g_autoptr(GError) error = NULL;

        g_assert_null(meishi_store_open("/usr", &error)); /* root's */
        g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_PERMISSIONS);
    }
}

/* ---- no space ------------------------------------------------------------------------------ */

/* A limit on file sizes is a full disk for whoever runs under it. */
static int
import_under_limit(Fixture *fixture, rlim_t limit)
{
    const struct rlimit sizes = {limit, limit};
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) keys = new_key_array();
    MeishiStoreKey *key = sample_key(2);

    signal(SIGXFSZ, SIG_IGN);
    g_clear_pointer(&key->sealed, g_bytes_unref);
    key->sealed = g_bytes_new_take(g_malloc0(1 << 20), 1 << 20);
    g_ptr_array_add(keys, key);
    if (setrlimit(RLIMIT_FSIZE, &sizes) != 0)
        return 101;
    if (meishi_store_import(fixture->store, keys, NULL, NULL, &error))
        return 100;
    meishi_store_close(fixture->store);
    return error->code;
}

static void
test_no_space_for_import(Fixture *fixture, gconstpointer data)
{
    static const rlim_t limits[] = {0, 4096, 1 << 16, 1 << 19, 1 << 20};
    g_autofree char *before = NULL;

    import_identity(fixture->store, 1, 1, 1);
    before = describe_store(fixture->store);
    for (gsize i = 0; i < G_N_ELEMENTS(limits); i++) {
        g_autofree char *after = NULL;
        int status;
        pid_t pid;

        g_clear_pointer(&fixture->store, meishi_store_close);
        pid = fork();
        if (pid == 0) {
            fixture->store = meishi_store_open(fixture->dir, NULL);
            _exit(fixture->store == NULL ? 102 : import_under_limit(fixture, limits[i]));
        }
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
        g_assert_true(WIFEXITED(status));
        g_assert_cmpint(WEXITSTATUS(status), ==, MEISHI_ERROR_NO_SPACE);
        fixture_reopen(fixture);
        after = describe_store(fixture->store);
        g_assert_cmpstr(before, ==, after);
    }
}

static int
create_under_limit(Fixture *fixture, rlim_t limit)
{
    const struct rlimit sizes = {limit, limit};
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) id = sample_vault_id();
    g_autoptr(MeishiStoreSlot) slot = sample_slot(MEISHI_SLOT_PASSPHRASE);

    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &sizes) != 0)
        return 101;
    return meishi_store_create_vault(fixture->store, id, slot, &error) ? 100 : error->code;
}

static void
test_no_space_for_vault(Fixture *fixture, gconstpointer data)
{
    for (rlim_t limit = 0; limit < 32768; limit += 4096) {
        int status;
        pid_t pid = fork();

        if (pid == 0)
            _exit(create_under_limit(fixture, limit));
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
        g_assert_true(WIFEXITED(status));
        g_assert_cmpint(WEXITSTATUS(status), ==, MEISHI_ERROR_NO_SPACE);
        g_assert_false(exists(fixture, "vault.db"));
        g_assert_false(exists(fixture, "vault.db.new"));
    }
    fixture_reopen(fixture);
    g_assert_false(meishi_store_has_vault(fixture->store));
}

#define ADD(path, set_up, func) \
    g_test_add("/store/open/" path, Fixture, NULL, set_up, func, fixture_tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("makes-directory", fixture_set_up, test_makes_directory);
    ADD("create-vault", fixture_set_up, test_create_vault);
    ADD("one-at-a-time", fixture_set_up_vault, test_one_at_a_time);
    ADD("lock-lingers", fixture_set_up_vault, test_lock_lingers);
    ADD("leftovers", fixture_set_up, test_leftovers);
    ADD("gone", fixture_set_up_vault, test_gone);
    ADD("notes", fixture_set_up, test_notes);
    ADD("note-is-mended", fixture_set_up_vault, test_note_is_mended);
    ADD("orphaned-log", fixture_set_up, test_orphaned_log);
    ADD("not-a-database", fixture_set_up, test_not_a_database);
    ADD("newer-version", fixture_set_up_vault, test_newer_version);
    ADD("foreign-schema", fixture_set_up_vault, test_foreign_schema);
    ADD("open-to-others", fixture_set_up_vault, test_open_to_others);
    ADD("links", fixture_set_up_vault, test_links);
    ADD("not-writable", fixture_set_up_vault, test_not_writable);
    ADD("belongs-to-somebody-else", fixture_set_up_vault, test_belongs_to_somebody_else);
    ADD("no-space-for-import", fixture_set_up_vault, test_no_space_for_import);
    ADD("no-space-for-vault", fixture_set_up, test_no_space_for_vault);
    return g_test_run();
}
