/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Public keys between OpenSSL and MeishiPublicKey.  Private to daemon/crypto/.
 */
#pragma once

#include "daemon/crypto/ossl.h"
#include "daemon/policy/cert.h"

/* What @pkey is to us; UNKNOWN for what we cannot sign with. */
MeishiKeyType meishi_spki_type(EVP_PKEY *pkey);

/* The static name of an EC or Edwards key's curve; NULL for others and unknown curves. */
const char *meishi_spki_curve(EVP_PKEY *pkey);

/* OpenSSL's number for the curve that an EC key names; NID_undef. */
int meishi_spki_curve_nid(EVP_PKEY *pkey);

/* The key size as PKCS#11 counts it (255 for Ed25519). */
guint meishi_spki_bits(EVP_PKEY *pkey);

/* DER SubjectPublicKeyInfo in one canonical form (EC point uncompressed), so that equal keys have
 * equal bytes. */
GBytes *meishi_spki_encode(EVP_PKEY *pkey);

/* Reads DER, all of it. */
EVP_PKEY *meishi_spki_decode(GBytes *spki, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* UNSUPPORTED, with the reason, where no TLS client could use @pkey: type, curve, size. */
gboolean meishi_spki_check_usable(EVP_PKEY *pkey, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- spki-describe.c ---- */

/* All facts; for keys that we cannot use type UNKNOWN, text and SPKI only. */
MeishiPublicKey *meishi_spki_describe(EVP_PKEY *pkey);

/* The same for an SPKI that OpenSSL cannot load. */
MeishiPublicKey *meishi_spki_describe_opaque(GBytes *spki, const char *algorithm);
