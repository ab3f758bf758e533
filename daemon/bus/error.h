/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MEISHI_ERROR on the bus: each code has one name, both ways.  Used by the daemon and by cli/.
 */
#pragma once

#include "daemon/base/error.h"

#define MEISHI_BUS_ERROR_PREFIX "org.meishi.Agent1.Error."

/* Tells GDBus the names: from then on errors of the domain MEISHI_ERROR cross a connection and
 * arrive as what they were.  May be called again. */
void meishi_bus_error_register(void);
