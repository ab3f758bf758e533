/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The quark behind MEISHI_ERROR; what the codes mean is in the header.
 */
#include "daemon/base/error.h"

GQuark
meishi_error_quark(void)
{
    return g_quark_from_static_string("meishi-error-quark");
}
