/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Public keys for those who use them again and again.  Private to daemon/crypto/.
 */
#pragma once

#include "daemon/crypto/ossl.h"

#include <glib.h>

#define MEISHI_SPKI_CACHE_SIZE 64

/* As meishi_spki_decode(), for a key that is not going to be changed.  Any thread. */
EVP_PKEY *meishi_spki_cache_decode(GBytes *spki, GError **error) G_GNUC_WARN_UNUSED_RESULT;
