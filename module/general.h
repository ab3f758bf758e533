/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What differs between the two function lists.
 */
#pragma once

#include "module/wire/cryptoki.h"

CK_RV meishi_general_get_info_3_0(CK_INFO *info);
