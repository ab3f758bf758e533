/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which modules the files of other programs name.  Pure functions on their texts; every list is
 * NULL-terminated, for g_strfreev().
 */
#pragma once

#include <glib.h>

/* What engine and provider for PKCS#11 are told to load in a configuration of OpenSSL
 * (config(5ssl)). */
char **meishi_outside_text_openssl_modules(const char *text);
