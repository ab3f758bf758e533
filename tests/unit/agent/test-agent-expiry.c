/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * When the end of a certificate is worth a word, and what is remembered of that.
 */
#include "daemon/agent/expiry-file.h"
#include "daemon/agent/expiry.h"
#include "daemon/base/error.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY  G_GINT64_CONSTANT(86400)
#define YEAR (365 * DAY)
#define END  (100 * YEAR)

/* ---- steps ----------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    gint64 life, warn;
    gint64 left; /* until the end, at the hour that is asked about */
    guint step;
    gint64 next; /* how long ahead of the end the next step is; G_MININT64: there is none */
} steps[] = {
    {"far", YEAR, 30 * DAY, 31 * DAY, MEISHI_EXPIRY_FAR, 30 * DAY},
    {"month", YEAR, 30 * DAY, 30 * DAY, MEISHI_EXPIRY_SOON, 7 * DAY},
    {"month-later", YEAR, 30 * DAY, 8 * DAY, MEISHI_EXPIRY_SOON, 7 * DAY},
    {"week", YEAR, 30 * DAY, 7 * DAY, MEISHI_EXPIRY_WEEK, DAY},
    {"day", YEAR, 30 * DAY, DAY, MEISHI_EXPIRY_DAY, -1},
    {"last-second", YEAR, 30 * DAY, 0, MEISHI_EXPIRY_DAY, -1},
    {"ended", YEAR, 30 * DAY, -1, MEISHI_EXPIRY_ENDED, -7 * DAY},
    {"past", YEAR, 30 * DAY, -7 * DAY, MEISHI_EXPIRY_PAST, G_MININT64},
    {"rule/sooner", YEAR, 60 * DAY, 60 * DAY, MEISHI_EXPIRY_SOON, 7 * DAY},
    {"rule/later", YEAR, 3 * DAY, 6 * DAY, MEISHI_EXPIRY_FAR, 3 * DAY},
    {"rule/later-began", YEAR, 3 * DAY, 3 * DAY, MEISHI_EXPIRY_SOON, DAY},
    {"rule/same", YEAR, 7 * DAY, 7 * DAY, MEISHI_EXPIRY_WEEK, DAY},
    {"short/47-days", 47 * DAY, 30 * DAY, 30 * DAY, MEISHI_EXPIRY_FAR, 7 * DAY},
    {"short/60-days", 60 * DAY, 30 * DAY, 30 * DAY, MEISHI_EXPIRY_SOON, 7 * DAY},
    {"short/week", 7 * DAY, 30 * DAY, 5 * DAY, MEISHI_EXPIRY_FAR, DAY},
    {"short/hours", DAY / 2, 30 * DAY, DAY / 4, MEISHI_EXPIRY_FAR, -1},
    {"short/hours-ended", DAY / 2, 30 * DAY, -1, MEISHI_EXPIRY_ENDED, -7 * DAY},
};

static void
test_step(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    const MeishiExpiry expiry = {END - steps[i].life, END, steps[i].warn};
    gint64 now = END - steps[i].left;

    g_assert_cmpuint(meishi_expiry_step(&expiry, now), ==, steps[i].step);
    g_assert_cmpint(meishi_expiry_next(&expiry, now), ==,
                    steps[i].next == G_MININT64 ? G_MAXINT64 : END - steps[i].next);
}

static void
test_endless(void)
{
    const MeishiExpiry expiry = {0, G_MAXINT64, MEISHI_EXPIRY_WARN_SECONDS};

    g_assert_cmpuint(meishi_expiry_step(&expiry, END), ==, MEISHI_EXPIRY_FAR);
    g_assert_cmpint(meishi_expiry_next(&expiry, END), ==, G_MAXINT64);
}

/* ---- the file -------------------------------------------------------------------------------- */

typedef struct {
    char *dir, *path;
    GHashTable *known;
} Place;

static void
open_place(Place *place)
{
    place->dir = g_dir_make_tmp("meishi-test-XXXXXX", NULL);
    place->path = g_build_filename(place->dir, "notices", NULL);
    place->known = g_hash_table_new(g_str_hash, g_str_equal);
    g_hash_table_add(place->known, (gpointer) "aa");
    g_hash_table_add(place->known, (gpointer) "bb");
}

static void
close_place(Place *place)
{
    g_unlink(place->path);
    g_assert_cmpint(g_rmdir(place->dir), ==, 0);
    g_hash_table_unref(place->known);
    g_free(place->path);
    g_free(place->dir);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Place, close_place)

static void
assert_told(const char *dir, const char *id, guint step)
{
    g_autoptr(MeishiExpiryFile) file = meishi_expiry_file_new(dir);

    g_assert_cmpuint(meishi_expiry_file_told(file, id), ==, step);
}

static void
test_file(void)
{
    g_auto(Place) place = {.dir = NULL};
    g_autoptr(MeishiExpiryFile) file = NULL;
    struct stat st;

    open_place(&place);
    file = meishi_expiry_file_new(place.dir);
    g_assert_cmpuint(meishi_expiry_file_told(file, "aa"), ==, MEISHI_EXPIRY_FAR);
    g_assert_true(meishi_expiry_file_tell(file, "aa", MEISHI_EXPIRY_SOON, place.known, NULL));
    g_assert_true(meishi_expiry_file_tell(file, "bb", MEISHI_EXPIRY_DAY, place.known, NULL));
    g_assert_cmpuint(meishi_expiry_file_told(file, "aa"), ==, MEISHI_EXPIRY_SOON);
    assert_told(place.dir, "aa", MEISHI_EXPIRY_SOON);
    assert_told(place.dir, "bb", MEISHI_EXPIRY_DAY);
    g_assert_cmpint(stat(place.path, &st), ==, 0);
    g_assert_cmpuint(st.st_mode & 0777, ==, 0600);
    /* A certificate that is not here any more leaves no trace. */
    g_hash_table_remove(place.known, "aa");
    g_assert_true(meishi_expiry_file_tell(file, "bb", MEISHI_EXPIRY_ENDED, place.known, NULL));
    assert_told(place.dir, "aa", MEISHI_EXPIRY_FAR);
    assert_told(place.dir, "bb", MEISHI_EXPIRY_ENDED);
}

/* Whatever stands there: at worst something is said twice, or a step too little. */
static const struct {
    const char *name, *content;
    guint step; /* of "aa" */
} contents[] = {
    {"empty", "", MEISHI_EXPIRY_FAR},
    {"garbage", "\x01\xff\n[", MEISHI_EXPIRY_FAR},
    {"no-number", "[Expiring]\naa=soon\n", MEISHI_EXPIRY_FAR},
    {"negative", "[Expiring]\naa=-7\n", MEISHI_EXPIRY_FAR},
    {"great", "[Expiring]\naa=99\n", MEISHI_EXPIRY_PAST},
    {"more", "[Other]\nx=1\n[Expiring]\naa=2\n", MEISHI_EXPIRY_WEEK},
};

static void
test_content(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_auto(Place) place = {.dir = NULL};
    g_autoptr(MeishiExpiryFile) file = NULL;

    open_place(&place);
    g_assert_true(g_file_set_contents(place.path, contents[i].content, -1, NULL));
    file = meishi_expiry_file_new(place.dir);
    g_assert_cmpuint(meishi_expiry_file_told(file, "aa"), ==, contents[i].step);
    g_assert_true(meishi_expiry_file_tell(file, "bb", MEISHI_EXPIRY_SOON, place.known, NULL));
    assert_told(place.dir, "aa", contents[i].step);
    assert_told(place.dir, "bb", MEISHI_EXPIRY_SOON);
}

/* It holds for this daemon at least. */
static void
test_unwritable(void)
{
    g_auto(Place) place = {.dir = NULL};
    g_autofree char *gone = NULL;
    g_autoptr(MeishiExpiryFile) file = NULL;
    g_autoptr(GError) error = NULL;

    open_place(&place);
    gone = g_build_filename(place.dir, "gone", NULL);
    file = meishi_expiry_file_new(gone);
    g_assert_false(meishi_expiry_file_tell(file, "aa", MEISHI_EXPIRY_DAY, place.known, &error));
    g_assert_nonnull(error);
    g_assert_true(error->domain == MEISHI_ERROR);
    g_assert_cmpuint(meishi_expiry_file_told(file, "aa"), ==, MEISHI_EXPIRY_DAY);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
        g_autofree char *path = g_strconcat("/expiry/step/", steps[i].name, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_step);
    }
    g_test_add_func("/expiry/endless", test_endless);
    g_test_add_func("/expiry/file/kept", test_file);
    for (gsize i = 0; i < G_N_ELEMENTS(contents); i++) {
        g_autofree char *path = g_strconcat("/expiry/file/content/", contents[i].name, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_content);
    }
    g_test_add_func("/expiry/file/unwritable", test_unwritable);
    return g_test_run();
}
