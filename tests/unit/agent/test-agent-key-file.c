/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Key files: which are accepted, and how one comes into being.
 */
#include "daemon/agent/key-file.h"

#include "daemon/base/error.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    char *dir;
    char *path;
} Place;

static void
set_up(Place *place, gconstpointer unused)
{
    place->dir = g_dir_make_tmp("meishi-test-XXXXXX", NULL);
    place->path = g_build_filename(place->dir, "vault.key", NULL);
}

static void
tear_down(Place *place, gconstpointer unused)
{
    g_unlink(place->path);
    g_assert_cmpint(g_rmdir(place->dir), ==, 0);
    g_free(place->path);
    g_free(place->dir);
}

static void
write_file(const Place *place, gsize len, int mode)
{
    g_autofree char *data = g_malloc(len + 1);

    memset(data, 'k', len);
    g_assert_true(g_file_set_contents(place->path, data, (gssize)len, NULL));
    g_assert_cmpint(g_chmod(place->path, mode), ==, 0);
}

static void
assert_refused(const char *path, MeishiErrorCode code)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(meishi_key_file_read(path, &error));
    g_assert_error(error, MEISHI_ERROR, (gint)code);
    g_assert_nonnull(strstr(error->message, path));
}

static void
test_made(Place *place, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiSecret) made = meishi_key_file_ensure(place->path, &error);
    g_autoptr(MeishiSecret) again = meishi_key_file_ensure(place->path, &error);
    g_autoptr(MeishiSecret) zeros = meishi_secret_new(MEISHI_KEY_FILE_MIN);
    struct stat st;

    g_assert_no_error(error);
    g_assert_cmpuint(meishi_secret_len(made), ==, 32);
    g_assert_true(meishi_secret_equal(made, again));
    g_assert_false(meishi_secret_equal(made, zeros));
    g_assert_cmpint(g_stat(place->path, &st), ==, 0);
    g_assert_cmphex(st.st_mode & 07777, ==, 0600);
    g_assert_cmpint((int)st.st_nlink, ==, 1);
}

static void
test_permissions(Place *place, gconstpointer unused)
{
    static const int open_modes[] = {0640, 0604, 0620, 0602, 0660, 0610, 0777};
    g_autoptr(MeishiSecret) secret = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(open_modes); i++) {
        write_file(place, 32, open_modes[i]);
        assert_refused(place->path, MEISHI_ERROR_PERMISSIONS);
    }
    write_file(place, 32, 0400);
    secret = meishi_key_file_read(place->path, NULL);
    g_assert_nonnull(secret);
}

static void
test_owner(Place *place, gconstpointer unused)
{
    write_file(place, 32, 0600);
    if (geteuid() == 0) {
        g_assert_cmpint(chown(place->path, 12345, (gid_t)-1), ==, 0);
        assert_refused(place->path, MEISHI_ERROR_PERMISSIONS);
    } else {
        /* What root owns and we cannot open, or can and must not take. */
        assert_refused("/etc/passwd", MEISHI_ERROR_PERMISSIONS);
    }
}

static void
test_lengths(Place *place, gconstpointer unused)
{
    g_autoptr(MeishiSecret) longest = NULL;

    write_file(place, 0, 0600);
    assert_refused(place->path, MEISHI_ERROR_INVALID_ARGUMENT);
    write_file(place, 31, 0600);
    assert_refused(place->path, MEISHI_ERROR_INVALID_ARGUMENT);
    write_file(place, MEISHI_KEY_FILE_MAX, 0600);
    longest = meishi_key_file_read(place->path, NULL);
    g_assert_cmpuint(meishi_secret_len(longest), ==, MEISHI_KEY_FILE_MAX);
    write_file(place, MEISHI_KEY_FILE_MAX + 1, 0600);
    assert_refused(place->path, MEISHI_ERROR_INVALID_ARGUMENT);
}

static void
test_kinds(Place *place, gconstpointer unused)
{
    assert_refused(place->path, MEISHI_ERROR_NOT_FOUND);
    assert_refused("vault.key", MEISHI_ERROR_INVALID_ARGUMENT);
    assert_refused(place->dir, MEISHI_ERROR_PERMISSIONS);
    assert_refused("/dev/null", MEISHI_ERROR_PERMISSIONS);
    g_assert_cmpint(mkfifo(place->path, 0600), ==, 0);
    assert_refused(place->path, MEISHI_ERROR_PERMISSIONS); /* and does not wait for a writer */
}

/* A file that will not do is never replaced by one that would. */
static void
test_not_replaced(Place *place, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *data = NULL;
    gsize len = 0;

    write_file(place, 31, 0600);
    g_assert_null(meishi_key_file_ensure(place->path, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT);
    g_assert_true(g_file_get_contents(place->path, &data, &len, NULL));
    g_assert_cmpuint(len, ==, 31);
}

static void
test_no_directory(Place *place, gconstpointer unused)
{
    g_autofree char *path = g_build_filename(place->dir, "absent", "vault.key", NULL);
    g_autoptr(GError) error = NULL;

    g_assert_null(meishi_key_file_ensure(path, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, function) \
    g_test_add("/agent/key-file/" name, Place, NULL, set_up, function, tear_down)
    ADD("made", test_made);
    ADD("permissions", test_permissions);
    ADD("owner", test_owner);
    ADD("lengths", test_lengths);
    ADD("kinds", test_kinds);
    ADD("not-replaced", test_not_replaced);
    ADD("no-directory", test_no_directory);
    return g_test_run();
}
