/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The handler of OPERATE: one operation with a key.
 */
#pragma once

#include "daemon/server/handlers.h"

MeishiVerdict meishi_operate_run(MeishiWireRequest *request);
