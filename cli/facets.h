/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * By what certificates that look alike are told apart on a terminal: "OU=Admins",
 * "issued 2026-01-09", "..4f2a".
 */
#pragma once

#include "daemon/asking/differences.h"

extern const MeishiFacet meishi_facets[]; /* ends with NULL */
