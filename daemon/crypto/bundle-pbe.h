/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Decryption under a password.  Private to daemon/crypto/.
 */
#pragma once

#include "daemon/crypto/reader.h"

/* Makes something of decrypted bytes; NULL where they are not what they should be. */
typedef gpointer (*MeishiDecode)(MeishiSecret *plain);

/* Decrypts @data with the first of the reader's passwords that fits and returns what @decode made
 * of it.  PASSWORD_REQUIRED and WRONG_PASSWORD where none does, with @what ("the private key") in
 * the message; UNSUPPORTED, BAD_FILE, TOO_EXPENSIVE. */
gpointer meishi_bundle_pbe_open(MeishiReader *reader, const X509_ALGOR *algorithm,
                                const ASN1_OCTET_STRING *data, MeishiDecode decode,
                                const char *what, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The cipher from OpenSSL's default provider or, for old ones, from the legacy provider;
 * UNSUPPORTED, with what to install. */
EVP_CIPHER *meishi_bundle_pbe_cipher(MeishiReader *reader, const char *name,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Decrypts with padding; NULL, without an error, where the padding is wrong. */
MeishiSecret *meishi_bundle_pbe_finish(EVP_CIPHER_CTX *ctx, const guint8 *data, gsize len);

/* Sets PASSWORD_REQUIRED or WRONG_PASSWORD, as it was. */
void meishi_bundle_pbe_refuse(const MeishiReader *reader, const char *what, GError **error);
