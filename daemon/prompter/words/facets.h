/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What tells rows apart that look alike (specification 6.2 rule 2), in the words of a window: "unit
 * Admins", "issued on 9 January 2026", "number …4f2a".
 */
#pragma once

#include "daemon/asking/differences.h"

extern const MeishiFacet meishi_facets[]; /* ends with NULL */
