/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/move-in/nss-library.c: whose libraries are loaded to open a profile.
 */
#include "cli/move-in/nss-library.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const libraries[] = {
    "libnss3.so", "libnssutil3.so", "libsmime3.so", "libsoftokn3.so", "libfreeblpriv3.so",
};

typedef struct {
    char *profile, *program, *ini;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer unused)
{
    fixture->profile = g_dir_make_tmp("meishi-profile-XXXXXX", NULL);
    fixture->program = g_dir_make_tmp("meishi-program-XXXXXX", NULL);
    fixture->ini = g_build_filename(fixture->profile, "compatibility.ini", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(libraries); i++) {
        g_autofree char *path = g_build_filename(fixture->program, libraries[i], NULL);

        g_assert_true(g_file_set_contents(path, "", 0, NULL));
        g_assert_cmpint(g_chmod(path, 0644), ==, 0);
    }
}

static void
tear_down(Fixture *fixture, gconstpointer unused)
{
    for (gsize i = 0; i < G_N_ELEMENTS(libraries); i++) {
        g_autofree char *path = g_build_filename(fixture->program, libraries[i], NULL);

        g_unlink(path);
    }
    g_unlink(fixture->ini);
    g_rmdir(fixture->program);
    g_rmdir(fixture->profile);
    g_free(fixture->profile);
    g_free(fixture->program);
    g_free(fixture->ini);
}

static char *
find(const Fixture *fixture, const char *format, const char *directory)
{
    g_autoptr(GString) text = g_string_new(format);

    g_string_replace(text, "DIR", directory, 0);
    g_assert_true(g_file_set_contents(fixture->ini, text->str, (gssize)text->len, NULL));
    return meishi_nss_library_find(fixture->profile, getuid());
}

static void
test_found(Fixture *fixture, gconstpointer unused)
{
    static const char *const texts[] = {
        "[Compatibility]\nLastVersion=153.0\nLastPlatformDir=DIR\nLastAppDir=/else\n",
        "LastPlatformDir=DIR",
        "[Compatibility]\r\nLastPlatformDir=DIR\r\n",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *found = find(fixture, texts[i], fixture->program);

        g_assert_cmpstr(found, ==, fixture->program);
    }
}

static void
test_none(Fixture *fixture, gconstpointer unused)
{
    static const char *const texts[] = {
        "",
        "[Compatibility]\nLastAppDir=DIR\n",
        "LastPlatformDir=\n",
        "LastPlatformDir=.\n",
        "LastPlatformDir=/nonexistent\n",
        "LastPlatformDir=DIR:DIR\n",
    };
    g_autofree char *no_file = meishi_nss_library_find(fixture->profile, getuid());

    g_assert_null(no_file);
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *found = find(fixture, texts[i], fixture->program);

        g_test_message("%s", texts[i]);
        g_assert_null(found);
    }
}

/* Others could have put something else there. */
static void
test_not_trusted(Fixture *fixture, gconstpointer unused)
{
    g_autofree char *library = g_build_filename(fixture->program, libraries[2], NULL);
    g_autofree char *open_file = NULL, *open_directory = NULL, *incomplete = NULL;

    g_assert_cmpint(g_chmod(library, 0664), ==, 0);
    open_file = find(fixture, "LastPlatformDir=DIR\n", fixture->program);
    g_assert_null(open_file);
    g_assert_cmpint(g_chmod(library, 0644), ==, 0);
    g_assert_cmpint(g_chmod(fixture->program, 0777), ==, 0);
    open_directory = find(fixture, "LastPlatformDir=DIR\n", fixture->program);
    g_assert_null(open_directory);
    g_assert_cmpint(g_chmod(fixture->program, 0755), ==, 0);
    g_assert_cmpint(g_unlink(library), ==, 0);
    incomplete = find(fixture, "LastPlatformDir=DIR\n", fixture->program);
    g_assert_null(incomplete);
}

/* Who can write to a profile, and no more, could else run in our name. */
static void
test_not_of_the_person(Fixture *fixture, gconstpointer unused)
{
    g_autofree char *mine = find(fixture, "LastPlatformDir=DIR\n", fixture->program);
    g_autofree char *others = NULL;

    g_assert_nonnull(mine);
    if (getuid() == 0)
        g_assert_cmpint(chown(fixture->program, 12345, 12345), ==, 0);
    others = meishi_nss_library_find(fixture->profile, 0);
    g_assert_null(others);
}

/* What is checked is what is loaded: not a link that can be another a moment later. */
static void
test_links_are_resolved(Fixture *fixture, gconstpointer unused)
{
    g_autofree char *link = g_build_filename(fixture->profile, "link", NULL);
    g_autofree char *found = NULL;

    g_assert_cmpint(symlink(fixture->program, link), ==, 0);
    found = find(fixture, "LastPlatformDir=DIR\n", link);
    g_assert_cmpstr(found, ==, fixture->program);
    g_assert_cmpint(g_unlink(link), ==, 0);
}

/* Others could have put another directory there. */
static void
test_way_is_trusted(Fixture *fixture, gconstpointer unused)
{
    g_autofree char *inner = g_build_filename(fixture->profile, "inner", NULL);
    g_autofree char *found = NULL, *open_way = NULL;

    g_assert_cmpint(g_rename(fixture->program, inner), ==, 0);
    found = find(fixture, "LastPlatformDir=DIR\n", inner);
    g_assert_cmpint(g_chmod(fixture->profile, 0777), ==, 0);
    open_way = find(fixture, "LastPlatformDir=DIR\n", inner);
    g_assert_cmpint(g_rename(inner, fixture->program), ==, 0);
    g_assert_cmpstr(found, ==, inner);
    g_assert_null(open_way);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/move-in/nss-library/found", Fixture, NULL, set_up, test_found, tear_down);
    g_test_add("/move-in/nss-library/none", Fixture, NULL, set_up, test_none, tear_down);
    g_test_add("/move-in/nss-library/not-trusted", Fixture, NULL, set_up, test_not_trusted,
               tear_down);
    g_test_add("/move-in/nss-library/not-of-the-person", Fixture, NULL, set_up,
               test_not_of_the_person, tear_down);
    g_test_add("/move-in/nss-library/links", Fixture, NULL, set_up, test_links_are_resolved,
               tear_down);
    g_test_add("/move-in/nss-library/way", Fixture, NULL, set_up, test_way_is_trusted, tear_down);
    return g_test_run();
}
