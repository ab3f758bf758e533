/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which certificate on a token belongs to which key.
 *
 * PKCS#11 says that they share a CKA_ID.  On real cards it is empty, or shared by several; public
 * keys are missing; points are wrapped or not; private keys cannot be seen before a login.  What
 * decides is the public key; where the token does not tell it, CKA_ID, label and type narrow the
 * candidates down, and a signature that verifies proves the right one.
 *
 * Pure.  Tokens, slots and serial numbers play no part: an identity is its certificate.
 */
#pragma once

#include "daemon/policy/cert.h"
#include "daemon/token/token-content.h"

/* How the private key of a certificate is recognized. */
typedef struct {
    MeishiCert *cert;
    GBytes *id;  /* CKA_ID of the certificate's object; NULL */
    char *label; /* its CKA_LABEL; NULL */
} MeishiTokenIdentity;

void meishi_token_identity_free(MeishiTokenIdentity *identity);

/* Reads a certificate; NULL for what is none.  The caller knows how. */
typedef MeishiCert *(*MeishiPairingRead)(GBytes *der, gpointer user_data);

/* The identities that a token seems to hold (new array of MeishiTokenIdentity): certificates whose
 * key is there, or may be behind a login.  Each certificate once. */
GPtrArray *meishi_pairing_identities(const MeishiTokenContent *token, MeishiPairingRead read,
                                     gpointer user_data);

/* All certificates on the token that are none of these: issuers (new array of MeishiCert). */
GPtrArray *meishi_pairing_others(const MeishiTokenContent *token, GPtrArray *identities,
                                 MeishiPairingRead read, gpointer user_data);

/* The private keys among @objects that may be @identity's, the likeliest first (new array of
 * MeishiTokenObject, borrowed). */
GPtrArray *meishi_pairing_keys(GPtrArray *objects, const MeishiTokenIdentity *identity);

/* Those of them for which more speaks than their type and name: while others may be hidden, the
 * rest are no guesses to be made. */
GPtrArray *meishi_pairing_sure_keys(GPtrArray *objects, const MeishiTokenIdentity *identity);

/* Whether one of @objects is the public key @key: its private half is there, or behind a login. */
gboolean meishi_pairing_has_public_key(GPtrArray *objects, const MeishiPublicKey *key);
