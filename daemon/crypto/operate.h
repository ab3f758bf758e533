/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the operations of the two key families share.  Private to daemon/crypto/.
 */
#pragma once

#include "daemon/crypto/crypto.h"
#include "daemon/crypto/digest.h"
#include "daemon/crypto/ossl.h"

/* The bytes of the largest RSA modulus that we take. */
#define MEISHI_RSA_MAX_LEN 2048

/* One call, as it goes through the layers: checked against the table by operate.c. */
typedef struct {
    MeishiOperation operation;
    const MeishiMechanismInfo *info;
    const MeishiMechanism *mechanism;
    const guint8 *data;
    gsize len;
    guint8 *out;
    gsize *inout_len;
} MeishiJob;

/* Checks that the table has @mechanism for @operation; MECHANISM. */
const MeishiMechanismInfo *
meishi_operate_find(const MeishiMechanism *mechanism, MeishiOperation operation, GError **error);

/* Checks the mechanism against the key; KEY_TYPE. */
gboolean meishi_operate_check_key(const MeishiMechanismInfo *info, EVP_PKEY *pkey, GError **error);

/* Where the mechanism hashes, replaces the job's data by the hash, which goes to @buf. */
gboolean meishi_operate_hash(MeishiJob *job, guint8 buf[static EVP_MAX_MD_SIZE], GError **error);

/* INVALID_ARGUMENT where less than @need bytes of room are left for the result. */
gboolean meishi_operate_check_room(const MeishiJob *job, gsize need, GError **error);

/* operate-rsa.c: every operation; and the part of it that verifying shares. */
gboolean meishi_operate_rsa(EVP_PKEY *pkey, MeishiJob *job, GError **error);
gboolean
meishi_operate_rsa_set_up(EVP_PKEY_CTX *ctx, EVP_PKEY *pkey, const MeishiJob *job, GError **error);

/* Left-pads the job's data to the modulus for CKM_RSA_X_509; @buf takes them. */
gboolean meishi_operate_rsa_pad(EVP_PKEY *pkey, MeishiJob *job,
                                guint8 buf[static MEISHI_RSA_MAX_LEN], GError **error);

/* operate-ec.c */
gboolean meishi_operate_ecdsa(MeishiKey *key, MeishiJob *job, GError **error);
gboolean meishi_operate_ecdh(EVP_PKEY *pkey, MeishiJob *job, GError **error);
gboolean meishi_operate_eddsa(EVP_PKEY *pkey, MeishiJob *job, GError **error);

/* The bytes of one coordinate of a signature; RFC 5480's order length. */
gsize meishi_operate_ecdsa_width(EVP_PKEY *pkey);

/* CKM_EDDSA without a context is all that OpenSSL 3.0 has; PARAM. */
gboolean meishi_operate_eddsa_check(const MeishiMechanism *mechanism, GError **error);
