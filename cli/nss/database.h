/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An NSS database that is ours alone, a copy: opening it may change it.  No PKCS#11 module but
 * NSS's own is loaded.
 */
#pragma once

#include "daemon/base/secret.h"

#include <cert.h>
#include <pk11pub.h>

/* Opens the database in @directory; NSS's name for the error, NULL where it is open. */
const char *meishi_nss_database_open(const char *directory);

/* The slot of its keys; to be freed with PK11_FreeSlot(). */
PK11SlotInfo *meishi_nss_database_slot(void);

/* Opens the keys with @password, NULL where there is none. */
gboolean meishi_nss_database_login(PK11SlotInfo *slot, const MeishiSecret *password);

/* NSS's name for the last error of this thread; static. */
const char *meishi_nss_database_error(void);
