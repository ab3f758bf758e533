/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * See program.h.  By the file's number of names and not by its path: package managers move the new
 * file over the old one, which then has none, and nobody needs to remember what the path was.
 */
#include "daemon/base/program.h"

#include <sys/stat.h>

gboolean
meishi_program_is_replaced(void)
{
    struct stat st;

    return stat("/proc/self/exe", &st) == 0 && st.st_nlink == 0;
}
