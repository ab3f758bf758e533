/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What lies on the quirky module's tokens: certificates and keys from the *.pem files of a
 * directory, as PKCS#11 objects, and signatures by those keys.  No state of PKCS#11.
 *
 * 05.pem has a certificate and, as a rule, its key; both get CKA_ID 05.  A file without a key is an
 * issuer.
 */
#pragma once

#include "module/wire/cryptoki.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>

#define QUIRKY_MAX_OBJECTS 512

struct quirky_object {
    CK_OBJECT_CLASS class;
    unsigned file; /* counted from 0 */
    unsigned char id;
    X509 *cert;
    EVP_PKEY *key; /* with the private part for CKO_PRIVATE_KEY */
};

struct quirky_value {
    unsigned char bytes[8192];
    CK_ULONG len;
};

/* Returns how many there are; they are never freed. */
unsigned quirky_objects_load(const char *directory, struct quirky_object *ret);

/* ---- attributes: false where the object has none such ---------------------------------------- */

bool quirky_object_label(const struct quirky_object *object, struct quirky_value *ret);
bool quirky_object_der(const struct quirky_object *object, struct quirky_value *ret);
CK_KEY_TYPE quirky_object_key_type(const struct quirky_object *object);
bool quirky_object_modulus(const struct quirky_object *object, struct quirky_value *ret);
bool quirky_object_exponent(const struct quirky_object *object, struct quirky_value *ret);
bool quirky_object_params(const struct quirky_object *object, bool is_explicit,
                          struct quirky_value *ret);
/* As it is, with nothing around it. */
bool quirky_object_point(const struct quirky_object *object, struct quirky_value *ret);

/* ---- quirky-attributes.c --------------------------------------------------------------------- */

/* As C_GetAttributeValue has it, with the quirks that were told (told.h). */
CK_RV quirky_attribute_get(const struct quirky_object *object, CK_ATTRIBUTE *attribute);

/* ---- signatures ------------------------------------------------------------------------------ */

/* @salt_len: that of the parameters, or another one.  @ret has room for @len bytes. */
CK_RV quirky_object_sign(const struct quirky_object *object, CK_MECHANISM_TYPE mechanism,
                         CK_ULONG salt_len, const unsigned char *data, CK_ULONG data_len,
                         unsigned char *ret, CK_ULONG *inout_len);
