/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which of our codes the system's errors become.
 */
#include "daemon/base/error.h"

#include <errno.h>

static const struct {
    int number;
    MeishiErrorCode code;
} cases[] = {
    {ENOSPC, MEISHI_ERROR_NO_SPACE},
    {EDQUOT, MEISHI_ERROR_NO_SPACE},
    {EFBIG, MEISHI_ERROR_NO_SPACE},
    {EACCES, MEISHI_ERROR_PERMISSIONS},
    {EPERM, MEISHI_ERROR_PERMISSIONS},
    {EROFS, MEISHI_ERROR_PERMISSIONS},
    {EIO, MEISHI_ERROR_IO},
    {ENOENT, MEISHI_ERROR_IO},
    {0, MEISHI_ERROR_IO},
    {-1, MEISHI_ERROR_IO},
};

static void
test_errno(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(meishi_error_code_of_errno(cases[i].number), ==, cases[i].code);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base/error/errno", test_errno);
    return g_test_run();
}
