/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From the daemon's errors to the statuses that the module understands.
 */
#pragma once

#include "module/wire/proto.h"

#include <glib.h>

/* Every MEISHI_ERROR code has its status; of GIO's, cancellation and timeout do.  Anything else is
 * MEISHI_WIRE_FAILED. */
enum meishi_wire_status meishi_status_from_error(const GError *error);
