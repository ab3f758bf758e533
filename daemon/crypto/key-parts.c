/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A private key as the numbers that PKCS#11 makes a key object of (2.40, 2.1.3 and 2.3.4; 3.0,
 * 2.3.7).  OpenSSL writes them straight into locked memory.
 */
#include "daemon/crypto/key.h"
#include "daemon/crypto/spki.h"
#include "module/wire/cryptoki.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <string.h>

#define MAX_BYTES 2048 /* of a number: RSA with 16384 bits */

static const struct {
    guint64 type;
    const char *name;
} rsa_parts[] = {
    {CKA_PRIVATE_EXPONENT, OSSL_PKEY_PARAM_RSA_D},
    {CKA_PRIME_1, OSSL_PKEY_PARAM_RSA_FACTOR1},
    {CKA_PRIME_2, OSSL_PKEY_PARAM_RSA_FACTOR2},
    {CKA_EXPONENT_1, OSSL_PKEY_PARAM_RSA_EXPONENT1},
    {CKA_EXPONENT_2, OSSL_PKEY_PARAM_RSA_EXPONENT2},
    {CKA_COEFFICIENT, OSSL_PKEY_PARAM_RSA_COEFFICIENT1},
};
G_STATIC_ASSERT(G_N_ELEMENTS(rsa_parts) <= MEISHI_KEY_MAX_PARTS);

void
meishi_key_parts_clear(MeishiKeyParts *parts)
{
    for (guint i = 0; i < parts->n; i++)
        meishi_secret_unref(parts->part[i].value);
    parts->n = 0;
}

static void
add_part(MeishiKeyParts *parts, guint64 type, MeishiSecret *value)
{
    parts->part[parts->n].type = type;
    parts->part[parts->n++].value = value;
}

/* OpenSSL's numbers are in the order of the machine, and fill what they are given. */
static void
to_big_endian(guint8 *number, gsize len)
{
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
    for (gsize i = 0; i < len / 2; i++) {
        guint8 byte = number[i];

        number[i] = number[len - 1 - i];
        number[len - 1 - i] = byte;
    }
#endif
}

static MeishiSecret *
drop_leading_zeros(MeishiSecret *number)
{
    const guint8 *data = meishi_secret_data(number);
    gsize len = meishi_secret_len(number), zeros = 0;
    MeishiSecret *rest;

    while (zeros + 1 < len && data[zeros] == 0)
        zeros++;
    rest = meishi_secret_new_copy(data + zeros, len - zeros);
    meishi_secret_unref(number);
    return rest;
}

/* The number @name of @pkey in @len bytes. */
static MeishiSecret *
read_number(EVP_PKEY *pkey, const char *name, gsize len)
{
    g_autoptr(MeishiSecret) number = meishi_secret_new(len);
    guint8 *data = meishi_secret_writable(number);
    OSSL_PARAM params[] = {OSSL_PARAM_construct_BN(name, data, len), OSSL_PARAM_construct_end()};

    if (EVP_PKEY_get_params(pkey, params) != 1 || !OSSL_PARAM_modified(&params[0]) ||
        params[0].return_size > len)
        return NULL;
    to_big_endian(data, params[0].return_size);
    meishi_secret_truncate(number, params[0].return_size);
    return g_steal_pointer(&number);
}

static gboolean
take_rsa(EVP_PKEY *pkey, MeishiKeyParts *parts)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rsa_parts); i++) {
        MeishiSecret *number = read_number(pkey, rsa_parts[i].name, MAX_BYTES);

        if (number == NULL)
            return FALSE;
        add_part(parts, rsa_parts[i].type, drop_leading_zeros(number));
    }
    return TRUE;
}

/* As long as the order of the curve (SEC 1, C.4), whatever the number. */
static gboolean
take_ec(EVP_PKEY *pkey, MeishiKeyParts *parts)
{
    MeishiSecret *number =
        read_number(pkey, OSSL_PKEY_PARAM_PRIV_KEY, (meishi_spki_bits(pkey) + 7) / 8);

    if (number != NULL)
        add_part(parts, CKA_VALUE, number);
    return number != NULL;
}

static gboolean
take_edwards(EVP_PKEY *pkey, MeishiKeyParts *parts)
{
    g_autoptr(MeishiSecret) value = NULL;
    gsize len = 0;

    if (EVP_PKEY_get_raw_private_key(pkey, NULL, &len) != 1)
        return FALSE;
    value = meishi_secret_new(len);
    if (EVP_PKEY_get_raw_private_key(pkey, meishi_secret_writable(value), &len) != 1)
        return FALSE;
    add_part(parts, CKA_VALUE, g_steal_pointer(&value));
    return TRUE;
}

static gboolean
take_parts(EVP_PKEY *pkey, MeishiKeyParts *ret)
{
    switch (meishi_spki_type(pkey)) {
    case MEISHI_KEY_RSA:
    case MEISHI_KEY_RSA_PSS:
        return take_rsa(pkey, ret);
    case MEISHI_KEY_EC:
        return take_ec(pkey, ret);
    case MEISHI_KEY_ED25519:
    case MEISHI_KEY_ED448:
        return take_edwards(pkey, ret);
    case MEISHI_KEY_UNKNOWN:
        break;
    }
    return FALSE;
}

gboolean
meishi_key_parts(MeishiKey *key, MeishiKeyParts *ret, GError **error)
{
    *ret = (MeishiKeyParts){0};
    if (take_parts(meishi_key_pkey(key), ret))
        return TRUE;
    meishi_key_parts_clear(ret);
    meishi_ossl_set_error(error, MEISHI_ERROR_UNSUPPORTED,
                          "The private key has no form that a token takes");
    return FALSE;
}
