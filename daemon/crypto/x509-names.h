/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * subjectAltName as text.  Private to daemon/crypto/.
 */
#pragma once

#include "daemon/crypto/ossl.h"

/* "dns:...", "email:...", "uri:...", "upn:...", "ip:...", NULL-terminated; other forms are left
 * out. */
char **meishi_x509_names(const GENERAL_NAMES *names);
