/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * TLS SignatureScheme code points (RFC 9846 "Signature Algorithms", 8446 4.2.3, 5246 7.4.1.4.1):
 * which key can make which, in which version, and what they say about a certificate's signature.
 *
 * A set of schemes is a mask: bit n stands for row n of the table in sigalg.c.  Masks never leave
 * the process; code points do.
 */
#pragma once

#include "daemon/policy/cert.h"

#define MEISHI_TLS_1_2 0x0303
#define MEISHI_TLS_1_3 0x0304

typedef guint32 MeishiSchemes;

#define MEISHI_SCHEMES_ALL G_MAXUINT32

/* The scheme's bit; 0 for a code point that we do not know. */
MeishiSchemes meishi_sigalg_from_code(guint16 code);

/* All of @codes (guint16; may be NULL: nothing). */
MeishiSchemes meishi_sigalg_from_list(GArray *codes);

/* What @key can make in a CertificateVerify of TLS @version; 0 for an unknown version allows what
 * any version does.  Curve-bound in 1.3 and free in 1.2; neither PKCS#1 v1.5 nor SHA-1 in 1.3. */
MeishiSchemes meishi_sigalg_for_key(const MeishiPublicKey *key, guint16 version);

/* The schemes any of which permits a certificate that is signed so; @signature_algorithm as in
 * MeishiCert.  0 where no code point speaks of it (DSA, MD5). */
MeishiSchemes meishi_sigalg_for_certificate(const char *signature_algorithm);

/* The code points of @codes that are in @schemes, in the server's order (guint16, new). */
GArray *meishi_sigalg_usable(GArray *codes, MeishiSchemes schemes);

/* All code points of @schemes (guint16, new), where the server did not say which it takes. */
GArray *meishi_sigalg_codes(MeishiSchemes schemes);

/* "ecdsa_secp256r1_sha256", static; "unknown" for a code point that is not in the table. */
const char *meishi_sigalg_name(guint16 code);

/* Does a leaf with such a key fit the ClientCertificateType @type?  RFC 5246 7.4.4, 7.4.6;
 * RFC 8422 5.5 for EdDSA.  The types with fixed Diffie-Hellman keys fit nothing. */
gboolean meishi_sigalg_fits_type(MeishiKeyType key_type, guint8 type);
