/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Files of tests/fixtures/ for the tests of daemon/crypto/.  A fixture that is missing fails.
 */
#pragma once

#include "daemon/crypto/crypto.h"

/* "pkcs12/ok-ec-p256.p12" -> its bytes. */
GBytes *fixture_read(const char *path);

MeishiSecret *fixture_secret(const char *text);

/* What meishi_bundle_read() makes of it; @password may be NULL. */
MeishiBundle *fixture_bundle(const char *path, const char *password, GError **error);

/* The only key, or the first certificate, of a file that opens without a password. */
MeishiSecret *fixture_pkcs8(const char *path);
MeishiKey *fixture_key(const char *path);
MeishiCert *fixture_cert(const char *path);

/* Bytes from hex digits; blanks are skipped. */
GBytes *fixture_hex(const char *hex);

#define assert_bytes(a, b)                                                                     \
    g_assert_cmpmem(g_bytes_get_data(a, NULL), g_bytes_get_size(a), g_bytes_get_data(b, NULL), \
                    g_bytes_get_size(b))
