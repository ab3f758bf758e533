/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/move-in/report.c and haul.c: what a person reads of places and of what could not be taken.
 */
#include "cli/move-in/report.h"

#include "daemon/base/error.h"

static GError *
trouble(MeishiErrorCode code, const char *text)
{
    return g_error_new_literal(MEISHI_ERROR, (gint)code, text);
}

static MeishiHaul *
sample(void)
{
    MeishiHaul *haul = meishi_haul_new();
    MeishiHaulPlace *home = meishi_haul_add_place(haul, "Firefox, profile home", "/h");
    MeishiHaulPlace *work = meishi_haul_add_place(haul, "Firefox, profile work", "/w");

    home->n_found = 2;
    home->n_links = 1;
    work->trouble = trouble(MEISHI_ERROR_PASSWORD_REQUIRED, "It wants a password");
    meishi_haul_add_refused(haul, home, "Old \033[31mkey",
                            trouble(MEISHI_ERROR_UNSUPPORTED, "It is DSA."));
    return haul;
}

static void
test_text(void)
{
    g_autoptr(MeishiHaul) haul = sample();
    g_autofree char *text = meishi_move_in_report_format(haul, NULL, 0);

    g_assert_cmpstr(text, ==,
                    "Firefox, profile home: 2 found.\n"
                    "  1 link out of it was not followed.\n"
                    "Firefox, profile work: nothing found.\n"
                    "Could not take anything from Firefox, profile work: It wants a password.\n"
                    "Could not take “Old \\u001B[31mkey” from Firefox, profile home: It is DSA.\n");
}

/* What a place says counts more than what one of many items says. */
static void
test_verdict(void)
{
    g_autoptr(MeishiHaul) haul = sample();
    g_autoptr(MeishiHaul) empty = meishi_haul_new();
    g_autoptr(GError) error = NULL;

    g_assert_true(meishi_haul_verdict(empty, &error));
    g_assert_no_error(error);
    g_assert_false(meishi_haul_verdict(haul, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_PASSWORD_REQUIRED);
    g_assert_cmpstr(error->message, ==, "");
}

static void
test_files(void)
{
    g_autoptr(MeishiHaul) haul = sample();
    g_autoptr(GPtrArray) files = NULL;
    MeishiHaulPlace *place = haul->places->pdata[0];
    MeishiHaulItem *sent = meishi_haul_add_item(haul, place, meishi_input_file_new_for_fd("a", -1));
    MeishiHaulItem *put_by =
        meishi_haul_add_item(haul, place, meishi_input_file_new_for_fd("b", -1));

    put_by->is_put_by = TRUE;
    g_assert_true(meishi_haul_has_files(haul));
    files = meishi_haul_files(haul);
    g_assert_cmpuint(files->len, ==, 1);
    g_assert_true(files->pdata[0] == sent->file);
    sent->trouble = trouble(MEISHI_ERROR_BAD_FILE, "no");
    g_assert_false(meishi_haul_has_files(haul));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/move-in/report/text", test_text);
    g_test_add_func("/move-in/haul/verdict", test_verdict);
    g_test_add_func("/move-in/haul/files", test_files);
    return g_test_run();
}
