/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of mechanisms and what follows from it.  Nothing here judges values: whether a hash
 * and a mask function go together is for the daemon to say.
 */
#include "module/mechanism.h"

#include "module/cryptoki3.h"

#include <string.h>

enum shape {
    SHAPE_RAW, /* of a mechanism that we do not know */
    SHAPE_NONE,
    SHAPE_PSS,
    SHAPE_OAEP,
    SHAPE_ECDH,
    SHAPE_EDDSA,
};

#define ANY_KEY UINT64_MAX

struct row {
    CK_MECHANISM_TYPE type;
    uint64_t key_type;
    enum shape shape;
    uint16_t digest_len; /* of a digest mechanism */
};

static const struct row rows[] = {
    {CKM_RSA_PKCS, CKK_RSA, SHAPE_NONE, 0},
    {CKM_RSA_X_509, CKK_RSA, SHAPE_NONE, 0},
    {CKM_SHA1_RSA_PKCS, CKK_RSA, SHAPE_NONE, 0},
    {CKM_SHA224_RSA_PKCS, CKK_RSA, SHAPE_NONE, 0},
    {CKM_SHA256_RSA_PKCS, CKK_RSA, SHAPE_NONE, 0},
    {CKM_SHA384_RSA_PKCS, CKK_RSA, SHAPE_NONE, 0},
    {CKM_SHA512_RSA_PKCS, CKK_RSA, SHAPE_NONE, 0},
    {CKM_RSA_PKCS_PSS, CKK_RSA, SHAPE_PSS, 0},
    {CKM_SHA1_RSA_PKCS_PSS, CKK_RSA, SHAPE_PSS, 0},
    {CKM_SHA224_RSA_PKCS_PSS, CKK_RSA, SHAPE_PSS, 0},
    {CKM_SHA256_RSA_PKCS_PSS, CKK_RSA, SHAPE_PSS, 0},
    {CKM_SHA384_RSA_PKCS_PSS, CKK_RSA, SHAPE_PSS, 0},
    {CKM_SHA512_RSA_PKCS_PSS, CKK_RSA, SHAPE_PSS, 0},
    {CKM_RSA_PKCS_OAEP, CKK_RSA, SHAPE_OAEP, 0},
    {CKM_ECDSA, CKK_EC, SHAPE_NONE, 0},
    {CKM_ECDSA_SHA1, CKK_EC, SHAPE_NONE, 0},
    {CKM_ECDSA_SHA224, CKK_EC, SHAPE_NONE, 0},
    {CKM_ECDSA_SHA256, CKK_EC, SHAPE_NONE, 0},
    {CKM_ECDSA_SHA384, CKK_EC, SHAPE_NONE, 0},
    {CKM_ECDSA_SHA512, CKK_EC, SHAPE_NONE, 0},
    {CKM_EDDSA, CKK_EC_EDWARDS, SHAPE_EDDSA, 0},
    {CKM_ECDH1_DERIVE, ANY_KEY, SHAPE_ECDH, 0},
    {CKM_SHA_1, ANY_KEY, SHAPE_NONE, 20},
    {CKM_SHA224, ANY_KEY, SHAPE_NONE, 28},
    {CKM_SHA256, ANY_KEY, SHAPE_NONE, 32},
    {CKM_SHA384, ANY_KEY, SHAPE_NONE, 48},
    {CKM_SHA512, ANY_KEY, SHAPE_NONE, 64},
};

static const struct row *
find_row(CK_MECHANISM_TYPE type)
{
    static const struct row unknown = {0, ANY_KEY, SHAPE_RAW, 0};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].type == type)
            return &rows[i];
    return &unknown;
}

bool
meishi_mechanism_fits_key(CK_MECHANISM_TYPE type, uint64_t key_type)
{
    uint64_t wanted = find_row(type)->key_type;

    return wanted == ANY_KEY || wanted == key_type;
}

/* ---- parameters ---------------------------------------------------------------------------- */

/* Parameters come unaligned at times: every struct is copied out. */
static bool
copy_params(const CK_MECHANISM *mechanism, void *ret, size_t len)
{
    if (mechanism->pParameter == NULL || mechanism->ulParameterLen != len)
        return false;
    memcpy(ret, mechanism->pParameter, len);
    return true;
}

static bool
add_string(struct meishi_msg_mechanism *ret, const void *data, CK_ULONG len)
{
    if (len > MEISHI_WIRE_MAX_PARAM || (data == NULL && len > 0))
        return false;
    ret->strings[ret->n_strings++] = (struct meishi_bytes){data, len};
    return true;
}

static void
add_number(struct meishi_msg_mechanism *ret, CK_ULONG number)
{
    ret->numbers[ret->n_numbers++] = number;
}

static bool
flatten_pss(const CK_MECHANISM *mechanism, struct meishi_msg_mechanism *ret)
{
    CK_RSA_PKCS_PSS_PARAMS params;

    if (!copy_params(mechanism, &params, sizeof params))
        return false;
    add_number(ret, params.hashAlg);
    add_number(ret, params.mgf);
    add_number(ret, params.sLen);
    return true;
}

static bool
flatten_oaep(const CK_MECHANISM *mechanism, struct meishi_msg_mechanism *ret)
{
    CK_RSA_PKCS_OAEP_PARAMS params;

    if (!copy_params(mechanism, &params, sizeof params))
        return false;
    add_number(ret, params.hashAlg);
    add_number(ret, params.mgf);
    add_number(ret, params.source);
    return add_string(ret, params.pSourceData, params.ulSourceDataLen);
}

static bool
flatten_ecdh(const CK_MECHANISM *mechanism, struct meishi_msg_mechanism *ret)
{
    CK_ECDH1_DERIVE_PARAMS params;

    if (!copy_params(mechanism, &params, sizeof params) || params.pPublicData == NULL)
        return false;
    add_number(ret, params.kdf);
    return add_string(ret, params.pPublicData, params.ulPublicDataLen) &&
           add_string(ret, params.pSharedData, params.ulSharedDataLen);
}

static bool
flatten_eddsa(const CK_MECHANISM *mechanism, struct meishi_msg_mechanism *ret)
{
    struct meishi_eddsa_params params;

    if (mechanism->ulParameterLen == 0)
        return true;
    if (!copy_params(mechanism, &params, sizeof params))
        return false;
    add_number(ret, params.phFlag != CK_FALSE);
    return add_string(ret, params.pContextData, params.ulContextDataLen);
}

static bool
flatten_raw(const CK_MECHANISM *mechanism, struct meishi_msg_mechanism *ret)
{
    return mechanism->ulParameterLen == 0 ||
           add_string(ret, mechanism->pParameter, mechanism->ulParameterLen);
}

CK_RV
meishi_mechanism_flatten(const CK_MECHANISM *mechanism, struct meishi_msg_mechanism *ret)
{
    bool is_right = false;

    *ret = (struct meishi_msg_mechanism){.type = mechanism->mechanism};
    switch (find_row(mechanism->mechanism)->shape) {
    case SHAPE_RAW:
        is_right = flatten_raw(mechanism, ret);
        break;
    case SHAPE_NONE:
        is_right = mechanism->ulParameterLen == 0;
        break;
    case SHAPE_PSS:
        is_right = flatten_pss(mechanism, ret);
        break;
    case SHAPE_OAEP:
        is_right = flatten_oaep(mechanism, ret);
        break;
    case SHAPE_ECDH:
        is_right = flatten_ecdh(mechanism, ret);
        break;
    case SHAPE_EDDSA:
        is_right = flatten_eddsa(mechanism, ret);
        break;
    }
    return is_right ? CKR_OK : CKR_MECHANISM_PARAM_INVALID;
}

/* ---- results ------------------------------------------------------------------------------- */

static const struct {
    uint8_t len;
    uint8_t der[9]; /* CKA_EC_PARAMS: the curve's OID, without tag and length */
    uint16_t signature_len;
} curves[] = {
    {8, {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}, 64}, /* P-256 */
    {5, {0x2b, 0x81, 0x04, 0x00, 0x22}, 96},                   /* P-384 */
    {5, {0x2b, 0x81, 0x04, 0x00, 0x23}, 132},                  /* P-521 */
    {5, {0x2b, 0x81, 0x04, 0x00, 0x0a}, 64},                   /* secp256k1 */
    {3, {0x2b, 0x65, 0x70}, 64},                               /* Ed25519 */
    {3, {0x2b, 0x65, 0x71}, 114},                              /* Ed448 */
};

static size_t
curve_signature_len(const struct meishi_object_ref *key)
{
    struct meishi_value params;

    if (!meishi_object_read(key, CKA_EC_PARAMS, &params) || params.len < 2 ||
        params.data[0] != 0x06)
        return MEISHI_LENGTH_UNKNOWN;
    for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++)
        if (params.len == curves[i].len + 2u &&
            memcmp(params.data + 2, curves[i].der, curves[i].len) == 0)
            return curves[i].signature_len;
    return MEISHI_LENGTH_UNKNOWN;
}

static size_t
modulus_len(const struct meishi_object_ref *key)
{
    struct meishi_value modulus;

    if (!meishi_object_read(key, CKA_MODULUS, &modulus) || modulus.len == 0)
        return MEISHI_LENGTH_UNKNOWN;
    while (modulus.len > 1 && modulus.data[0] == 0) {
        modulus.data++;
        modulus.len--;
    }
    return modulus.len;
}

size_t
meishi_mechanism_result_len(CK_MECHANISM_TYPE type, enum meishi_wire_operation operation,
                            const struct meishi_object_ref *key)
{
    const struct row *row = find_row(type);

    if (operation == MEISHI_WIRE_DIGEST)
        return row->digest_len > 0 ? row->digest_len : MEISHI_LENGTH_UNKNOWN;
    if (row->key_type == CKK_RSA)
        return modulus_len(key);
    if (row->key_type == CKK_EC || row->key_type == CKK_EC_EDWARDS)
        return curve_signature_len(key);
    return MEISHI_LENGTH_UNKNOWN;
}

bool
meishi_mechanism_is_result_bound(enum meishi_wire_operation operation)
{
    return operation == MEISHI_WIRE_DECRYPT || operation == MEISHI_WIRE_VERIFY_RECOVER;
}

bool
meishi_mechanism_is_brief(enum meishi_wire_operation operation, uint64_t key_type)
{
    switch (operation) {
    case MEISHI_WIRE_SIGN:
    case MEISHI_WIRE_SIGN_RECOVER:
    case MEISHI_WIRE_DECRYPT:
        return key_type != CKK_RSA;
    default:
        return true;
    }
}
