/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The NSS that a profile was last used with.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* The directory of the libraries of the program that @profile belongs to, without links; new.  NULL
 * where that is not known, has no NSS of its own, or where somebody else than root or @owner could
 * have put it there: 0, but for tests. */
char *meishi_nss_library_find(const char *profile, uid_t owner);
