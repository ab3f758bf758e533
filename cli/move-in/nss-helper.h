/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Runs meishi-nss-export.
 */
#pragma once

#include "daemon/base/secret.h"

/* What is in the copy of a database at @directory, opened with @password (NULL: it has none), as
 * MEISHI_NSS_EXPORT_TYPE; each file in it is encrypted with @seal.  @library: the directory of the
 * NSS to do it with; NULL for the system's.  UNAVAILABLE where the helper was not built, FAILED
 * where it ends without a result. */
GVariant *
meishi_nss_helper_run(const char *directory, const char *library, const MeishiSecret *seal,
                      const MeishiSecret *password, GError **error) G_GNUC_WARN_UNUSED_RESULT;
