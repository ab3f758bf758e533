/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every change, with the disk failing at each of its writes in turn: FALSE leaves what was there,
 * TRUE is there afterwards, and a process that dies at that moment leaves the one or the other.
 */
#include "tests/unit/store/fixture.h"
#include "tests/unit/store/fault-vfs.h"

#include "daemon/base/error.h"

#include <glib/gstdio.h>
#include <string.h>

#define MAX_OPERATIONS 400

static GBytes *image; /* of a vault with one identity more than the fixture's */

/* ---- changes ------------------------------------------------------------------------------- */

typedef gboolean (*Change)(MeishiStore *store, GError **error);

static gboolean
do_import(MeishiStore *store, GError **error)
{
    g_autoptr(GPtrArray) keys = new_key_array();
    g_autoptr(GPtrArray) certs = new_cert_array();

    for (guint i = 0; i < 5; i++) {
        MeishiStoreKey *key = sample_key(10 + i);

        g_bytes_unref(key->sealed);
        key->sealed = g_bytes_new_take(g_strnfill(5000, 'x'), 5000);
        g_ptr_array_add(keys, key);
        g_ptr_array_add(certs, sample_cert(10 + i, i, i, 3));
    }
    return meishi_store_import(store, keys, certs, NULL, error);
}

static gboolean
do_rename(MeishiStore *store, GError **error)
{
    return meishi_store_rename_cert(store, 1, "another name", error);
}

static gboolean
do_remove(MeishiStore *store, GError **error)
{
    return meishi_store_remove_cert(store, 2, error);
}

static gboolean
do_add_slot(MeishiStore *store, GError **error)
{
    g_autoptr(MeishiStoreSlot) slot = sample_slot(MEISHI_SLOT_KEY_FILE);
    gint64 id;

    return meishi_store_add_slot(store, slot, &id, error);
}

/* Writes over the first, adds three and takes the second out. */
static gboolean
do_choices(MeishiStore *store, GError **error)
{
    g_autoptr(GPtrArray) choices = new_choice_array();
    g_autoptr(GArray) removed = g_array_new(FALSE, FALSE, sizeof(gint64));
    const gint64 second = 2;

    for (guint i = 0; i < 4; i++) {
        MeishiStoreChoice *choice = sample_choice(20 + i);

        choice->id = i == 0 ? 1 : 0;
        g_ptr_array_add(choices, choice);
    }
    g_array_append_val(removed, second);
    return meishi_store_write_choices(store, choices, removed, error);
}

static gboolean
do_lineage(MeishiStore *store, GError **error)
{
    return set_lineage(store, 1, "another lineage", error);
}

static gboolean
do_meeting(MeishiStore *store, GError **error)
{
    const MeishiStoreMeeting meeting = {
        .host = (char *)"a.example", .identity = (char *)"1", .accepted = 1};

    return meishi_store_write_meeting(store, &meeting, error);
}

static gboolean
do_remove_meetings(MeishiStore *store, GError **error)
{
    return meishi_store_remove_meetings(store, "host.example", 443, NULL, error);
}

/* Writes over the first, which other certificates lie on. */
static gboolean
do_token(MeishiStore *store, GError **error)
{
    g_autoptr(MeishiStoreToken) token = sample_token(7);
    g_autoptr(MeishiStoreTokenContent) content = sample_content(7, 5);

    token->id = 1;
    return meishi_store_write_token(store, token, content, error);
}

static gboolean
do_remove_token(MeishiStore *store, GError **error)
{
    return meishi_store_remove_token(store, 2, error);
}

static gboolean
do_create(MeishiStore *store, GError **error)
{
    g_autoptr(GBytes) id = sample_vault_id();
    g_autoptr(MeishiStoreSlot) slot = sample_slot(MEISHI_SLOT_PASSPHRASE);

    return meishi_store_create_vault(store, id, slot, error);
}

static gboolean
do_load(MeishiStore *store, GError **error)
{
    g_autoptr(MeishiStoreSlot) slot = sample_slot(MEISHI_SLOT_PASSPHRASE);

    return meishi_store_load(store, image, slot, error);
}

static const struct {
    const char *path;
    Change change;
    gboolean needs_vault;
    FaultKind kind;
} cases[] = {
#define CASE(name, change, needs_vault)                                          \
    {"/store/faults/" name "/full", change, needs_vault, FAULT_FULL},            \
        {"/store/faults/" name "/torn", change, needs_vault, FAULT_TORN},        \
    {                                                                            \
        "/store/faults/" name "/stays-bad", change, needs_vault, FAULT_STAYS_BAD \
    }
    CASE("import", do_import, TRUE),   CASE("rename", do_rename, TRUE),
    CASE("remove", do_remove, TRUE),   CASE("add-slot", do_add_slot, TRUE),
    CASE("choices", do_choices, TRUE), CASE("lineage", do_lineage, TRUE),
    CASE("meeting", do_meeting, TRUE), CASE("remove-meetings", do_remove_meetings, TRUE),
    CASE("token", do_token, TRUE),     CASE("remove-token", do_remove_token, TRUE),
    CASE("create", do_create, FALSE),  CASE("load", do_load, FALSE),
#undef CASE
};

/* ---- directories --------------------------------------------------------------------------- */

static void
copy_tree(const char *from, const char *to)
{
    g_autoptr(GDir) dir = g_dir_open(from, 0, NULL);
    const char *name;

    g_assert_nonnull(dir);
    g_assert_cmpint(g_mkdir(to, 0700), ==, 0);
    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *source = g_build_filename(from, name, NULL);
        g_autofree char *target = g_build_filename(to, name, NULL);
        g_autofree char *content = NULL;
        gsize len;

        g_assert_true(g_file_get_contents(source, &content, &len, NULL));
        g_assert_true(g_file_set_contents_full(target, content, (gssize)len,
                                               G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    }
}

/* What the store in @dir holds. */
static char *
look(const char *dir)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiStore) store = meishi_store_open(dir, &error);
    g_autoptr(GPtrArray) findings = g_ptr_array_new_with_free_func(g_free);
    char *found;

    g_assert_no_error(error);
    g_assert_true(meishi_store_check(store, findings, &error));
    g_assert_cmpuint(findings->len, ==, 0);
    found = describe_store(store);
    return found;
}

typedef struct {
    char *dir;  /* where the change happens */
    char *left; /* what is left there by a process that dies */
    char *before, *after;
} Trial;

static void
trial_clear(Trial *trial)
{
    g_free(trial->dir);
    g_free(trial->left);
    g_free(trial->before);
    g_free(trial->after);
}

/* ---- one fault ----------------------------------------------------------------------------- */

static void
assert_known_error(const GError *error)
{
    g_assert_nonnull(error);
    g_assert_cmpint(error->domain, ==, MEISHI_ERROR);
    if (error->code != MEISHI_ERROR_NO_SPACE && error->code != MEISHI_ERROR_IO)
        g_error("%d: %s", error->code, error->message);
}

/* On a disk that stays bad, what reached it cannot be taken back: then a change that failed may be
 * there after all, but whole. */
static void
assert_outcome(const Trial *trial, gsize n, gboolean done, const char *found)
{
    if (done || (cases[n].kind == FAULT_STAYS_BAD && !g_str_equal(found, trial->before)))
        g_assert_cmpstr(found, ==, trial->after);
    else
        g_assert_cmpstr(found, ==, trial->before);
}

/* FALSE when the change ended before its @nth operation on the disk. */
static gboolean
fail_at(const Fixture *fixture, const Trial *trial, gsize n, guint nth)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *found = NULL;
    g_autofree char *found_left = NULL;
    MeishiStore *store;
    gboolean done, has_failed;

    copy_tree(fixture->dir, trial->dir);
    store = meishi_store_open(trial->dir, &error);
    g_assert_no_error(error);
    fault_vfs_arm(cases[n].kind, nth);
    done = cases[n].change(store, &error);
    copy_tree(trial->dir, trial->left);
    if (!done)
        assert_known_error(error);
    meishi_store_close(store);
    has_failed = fault_vfs_disarm();
    found = look(trial->dir);
    found_left = look(trial->left);
    assert_outcome(trial, n, done, found);
    assert_outcome(trial, n, done, found_left);
    remove_tree(trial->dir);
    remove_tree(trial->left);
    return has_failed;
}

static void
prepare(Fixture *fixture, Trial *trial, gsize n)
{
    g_autoptr(GError) error = NULL;

    if (cases[n].needs_vault) {
        g_assert_true(do_create(fixture->store, &error));
        for (guint i = 1; i <= 3; i++)
            remember(fixture->store, import_identity(fixture->store, i, i, 2));
    }
    trial->dir = g_build_filename(fixture->top, "work", NULL);
    trial->left = g_build_filename(fixture->top, "left", NULL);
    trial->before = describe_store(fixture->store);
    g_clear_pointer(&fixture->store, meishi_store_close);

    copy_tree(fixture->dir, trial->dir);
    fixture->store = meishi_store_open(trial->dir, &error);
    g_assert_true(cases[n].change(fixture->store, &error));
    g_assert_no_error(error);
    trial->after = describe_store(fixture->store);
    g_clear_pointer(&fixture->store, meishi_store_close);
    remove_tree(trial->dir);
    g_assert_cmpstr(trial->before, !=, trial->after);
}

static void
test_case(Fixture *fixture, gconstpointer data)
{
    gsize n = GPOINTER_TO_SIZE(data);
    Trial trial = {0};
    guint nth = 0;

    prepare(fixture, &trial, n);
    while (fail_at(fixture, &trial, n, nth))
        g_assert_cmpuint(nth++, <, MAX_OPERATIONS);
    g_test_message("%u operations on the disk", nth);
    g_assert_cmpuint(nth, >, 3);
    trial_clear(&trial);
}

static void
make_image(void)
{
    Fixture fixture;
    g_autoptr(GError) error = NULL;

    fixture_set_up_vault(&fixture, NULL);
    import_identity(fixture.store, 7, 7, 2);
    image = meishi_store_dump(fixture.store, &error);
    g_assert_no_error(error);
    fixture_tear_down(&fixture, NULL);
}

int
main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    fault_vfs_install();
    make_image();
    for (gsize n = 0; n < G_N_ELEMENTS(cases); n++)
        g_test_add(cases[n].path, Fixture, GSIZE_TO_POINTER(n), fixture_set_up, test_case,
                   fixture_tear_down);
    status = g_test_run();
    g_bytes_unref(image);
    return status;
}
