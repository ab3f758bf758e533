/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The one table of mechanisms.  What C_GetMechanismList shows, what C_GetMechanismInfo says and
 * what an operation accepts are all read from here, so they cannot disagree.
 */
#include "daemon/crypto/crypto.h"

#include "module/wire/cryptoki.h"

#define SIGNS        (CKF_SIGN | CKF_VERIFY)
#define RSA          (CKF_SIGN | CKF_VERIFY | CKF_SIGN_RECOVER | CKF_VERIFY_RECOVER)
#define CRYPTS       (CKF_ENCRYPT | CKF_DECRYPT)
#define CURVES       (CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS)

#define RSA_KEYS     (1u << MEISHI_KEY_RSA)
#define PSS_KEYS     (1u << MEISHI_KEY_RSA | 1u << MEISHI_KEY_RSA_PSS)
#define EC_KEYS      (1u << MEISHI_KEY_EC)
#define EDWARDS_KEYS (1u << MEISHI_KEY_ED25519 | 1u << MEISHI_KEY_ED448)

#define PKCS1(type, flags, hash)                                                 \
    {                                                                            \
        type, flags, 1024, 16384, RSA_KEYS, MEISHI_SCHEME_RSA_PKCS1, hash, FALSE \
    }
#define PSS(type, hash)                                                        \
    {                                                                          \
        type, SIGNS, 1024, 16384, PSS_KEYS, MEISHI_SCHEME_RSA_PSS, hash, FALSE \
    }
#define ECDSA(type, hash)                                                         \
    {                                                                             \
        type, SIGNS | CURVES, 224, 521, EC_KEYS, MEISHI_SCHEME_ECDSA, hash, FALSE \
    }
#define DIGEST(type)                                                 \
    {                                                                \
        type, CKF_DIGEST, 0, 0, 0, MEISHI_SCHEME_DIGEST, type, FALSE \
    }

static const MeishiMechanismInfo table[] = {
    PKCS1(CKM_RSA_PKCS, RSA | CRYPTS, 0),
    PKCS1(CKM_SHA1_RSA_PKCS, SIGNS, CKM_SHA_1),
    PKCS1(CKM_SHA224_RSA_PKCS, SIGNS, CKM_SHA224),
    PKCS1(CKM_SHA256_RSA_PKCS, SIGNS, CKM_SHA256),
    PKCS1(CKM_SHA384_RSA_PKCS, SIGNS, CKM_SHA384),
    PKCS1(CKM_SHA512_RSA_PKCS, SIGNS, CKM_SHA512),
    PSS(CKM_RSA_PKCS_PSS, 0),
    PSS(CKM_SHA1_RSA_PKCS_PSS, CKM_SHA_1),
    PSS(CKM_SHA224_RSA_PKCS_PSS, CKM_SHA224),
    PSS(CKM_SHA256_RSA_PKCS_PSS, CKM_SHA256),
    PSS(CKM_SHA384_RSA_PKCS_PSS, CKM_SHA384),
    PSS(CKM_SHA512_RSA_PKCS_PSS, CKM_SHA512),
    {CKM_RSA_X_509, RSA | CRYPTS, 1024, 16384, RSA_KEYS, MEISHI_SCHEME_RSA_RAW, 0, TRUE},
    {CKM_RSA_PKCS_OAEP, CRYPTS, 1024, 16384, RSA_KEYS, MEISHI_SCHEME_RSA_OAEP, 0, FALSE},
    ECDSA(CKM_ECDSA, 0),
    ECDSA(CKM_ECDSA_SHA1, CKM_SHA_1),
    ECDSA(CKM_ECDSA_SHA224, CKM_SHA224),
    ECDSA(CKM_ECDSA_SHA256, CKM_SHA256),
    ECDSA(CKM_ECDSA_SHA384, CKM_SHA384),
    ECDSA(CKM_ECDSA_SHA512, CKM_SHA512),
    {CKM_ECDH1_DERIVE, CKF_DERIVE | CURVES, 224, 521, EC_KEYS, MEISHI_SCHEME_ECDH, 0, FALSE},
    {CKM_EDDSA, SIGNS, 255, 448, EDWARDS_KEYS, MEISHI_SCHEME_EDDSA, 0, FALSE},
    DIGEST(CKM_SHA_1),
    DIGEST(CKM_SHA224),
    DIGEST(CKM_SHA256),
    DIGEST(CKM_SHA384),
    DIGEST(CKM_SHA512),
};

const MeishiMechanismInfo *
meishi_mechanism_table(gsize *ret_n)
{
    *ret_n = G_N_ELEMENTS(table);
    return table;
}

const MeishiMechanismInfo *
meishi_mechanism_find(guint64 type)
{
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        if (table[i].type == type)
            return &table[i];
    }
    return NULL;
}
