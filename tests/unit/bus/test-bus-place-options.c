/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which terminal a prompter may say is its own.
 */
#include "daemon/bus/place-options.h"

#include "daemon/base/error.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEVICE "/dev/null" /* stands in for a terminal: the kernel's word for ours is compared */

static gboolean
read_tty(const char *path, MeishiPlaceOptions *ret_options, GError **error)
{
    g_autoptr(MeishiApplication) program = meishi_application_new_unknown();
    g_autoptr(GVariant) dict = NULL;
    GVariantDict draft;
    struct stat device;

    g_assert_cmpint(stat(DEVICE, &device), ==, 0);
    program->tty = device.st_rdev;
    g_variant_dict_init(&draft, NULL);
    g_variant_dict_insert(&draft, "tty", "s", path);
    dict = g_variant_ref_sink(g_variant_dict_end(&draft));
    return meishi_place_options_read(dict, program, ret_options, error);
}

static void
assert_tty(const char *path, gboolean is_own)
{
    g_auto(MeishiPlaceOptions) options = {.kinds = NULL};
    g_autoptr(GError) error = NULL;

    g_test_message("%s", path);
    g_assert_true(read_tty(path, &options, &error) == is_own);
    if (is_own)
        g_assert_cmpuint(options.place.tty, !=, 0);
    else
        g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_DENIED);
}

static void
test_own(void)
{
    assert_tty("/dev/tty", TRUE);
    assert_tty(DEVICE, TRUE);
}

static void
test_not_own(void)
{
    static const char *const paths[] = {
        "/dev/zero",
        "/dev/no such thing",
        "/dev/",
        "/dev",
        "dev/null",
        "/dev/..",
        "/dev/pts/",
        "/dev/pts/..",
        "/dev/../dev/null",
        "/dev/pts/../null",
        "/proc/self/fd/0",
        "",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++)
        assert_tty(paths[i], FALSE);
}

/* Where a program has put it there is no telling how long it takes to look. */
static void
test_elsewhere(void)
{
    g_autofree char *dir = g_dir_make_tmp("meishi-place-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "null", NULL);

    g_assert_cmpint(symlink(DEVICE, path), ==, 0);
    assert_tty(path, FALSE);
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_cmpint(g_rmdir(dir), ==, 0);
}

static gboolean
read_kinds(const char *const *kinds, gssize n, GError **error)
{
    g_autoptr(MeishiApplication) program = meishi_application_new_unknown();
    g_auto(MeishiPlaceOptions) options = {.kinds = NULL};
    GVariantDict draft = G_VARIANT_DICT_INIT(NULL);
    g_autoptr(GVariant) dict = NULL;

    g_variant_dict_insert_value(&draft, "kinds", g_variant_new_strv(kinds, n));
    dict = g_variant_ref_sink(g_variant_dict_end(&draft));
    if (!meishi_place_options_read(dict, program, &options, error))
        return FALSE;
    g_assert_cmpuint(g_strv_length(options.kinds), ==, n);
    return TRUE;
}

/* A newer prompter may know more kinds than we do, but not any number. */
static void
test_kinds(void)
{
    const char *kinds[65];
    g_autoptr(GError) error = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
        kinds[i] = "choose";
    g_assert_true(read_kinds(kinds, 0, NULL));
    g_assert_true(read_kinds(kinds, 64, NULL));
    g_assert_false(read_kinds(kinds, 65, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT);
}

static void
test_kinds_long(void)
{
    g_autofree char *name = g_strnfill(5000, 'x');
    const char *kinds[] = {name};
    g_autoptr(GError) error = NULL;

    g_assert_false(read_kinds(kinds, 1, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bus/place-options/own", test_own);
    g_test_add_func("/bus/place-options/not-own", test_not_own);
    g_test_add_func("/bus/place-options/elsewhere", test_elsewhere);
    g_test_add_func("/bus/place-options/kinds", test_kinds);
    g_test_add_func("/bus/place-options/kinds-long", test_kinds_long);
    return g_test_run();
}
