/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The quark behind MEISHI_ERROR, and where errno fits in; what the codes mean is in the header.
 */
#include "daemon/base/error.h"

#include <errno.h>

GQuark
meishi_error_quark(void)
{
    return g_quark_from_static_string("meishi-error-quark");
}

MeishiErrorCode
meishi_error_code_of_errno(int number)
{
    switch (number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: /* RLIMIT_FSIZE */
        return MEISHI_ERROR_NO_SPACE;
    case EACCES:
    case EPERM:
    case EROFS:
        return MEISHI_ERROR_PERMISSIONS;
    default:
        return MEISHI_ERROR_IO;
    }
}
