/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The attributes of the quirky module's objects, with the quirks of those.
 */
#include "tests/lib/quirky-objects.h"
#include "tests/lib/told.h"

#include <string.h>

static bool
set_bytes(struct quirky_value *ret, const void *bytes, CK_ULONG len)
{
    memcpy(ret->bytes, bytes, len);
    ret->len = len;
    return true;
}

static bool
set_number(struct quirky_value *ret, CK_ULONG number)
{
    unsigned short_number = (unsigned)number;

    return is_told("short-numbers") ? set_bytes(ret, &short_number, sizeof short_number)
                                    : set_bytes(ret, &number, sizeof number);
}

static bool
set_boolean(struct quirky_value *ret, bool is_true)
{
    return set_bytes(ret, is_true ? "\1" : "\0", 1);
}

static bool
set_id(const struct quirky_object *object, struct quirky_value *ret)
{
    unsigned char id = is_told("one-id") ? 1 : object->id;

    return set_bytes(ret, &id, is_told("no-ids") ? 0 : 1);
}

static void
prepend(struct quirky_value *value, const char *head, CK_ULONG len)
{
    memmove(value->bytes + len, value->bytes, value->len);
    memcpy(value->bytes, head, len);
    value->len += len;
}

/* In an OCTET STRING, as the standard has it since 2.30; in a BIT STRING; or in nothing. */
static bool
set_point(const struct quirky_object *object, struct quirky_value *ret)
{
    char octets[2] = {0x04}, bits[3] = {0x03};

    if (!quirky_object_point(object, ret))
        return false;
    octets[1] = (char)ret->len;
    bits[1] = (char)(ret->len + 1);
    if (is_told("point-in-bits"))
        prepend(ret, bits, sizeof bits);
    else if (!is_told("plain-point"))
        prepend(ret, octets, sizeof octets);
    return true;
}

static void
append(struct quirky_value *value, unsigned char byte, unsigned n)
{
    memset(value->bytes + value->len, byte, n);
    value->len += n;
}

/* "padded": as a file of fixed size on a card. */
static bool
get_certificate(const struct quirky_object *object, CK_ATTRIBUTE_TYPE type,
                struct quirky_value *ret)
{
    if (type == CKA_CERTIFICATE_TYPE)
        return set_number(ret, CKC_X_509);
    if (type != CKA_VALUE || !quirky_object_der(object, ret))
        return false;
    if (is_told("padded"))
        append(ret, 0, 100);
    return true;
}

static bool
get_key(const struct quirky_object *object, CK_ATTRIBUTE_TYPE type, struct quirky_value *ret)
{
    bool hides = object->class == CKO_PRIVATE_KEY && is_told("no-key-values");

    switch (type) {
    case CKA_KEY_TYPE:
        return set_number(ret, quirky_object_key_type(object));
    case CKA_SIGN:
        return set_boolean(ret, object->class == CKO_PRIVATE_KEY);
    case CKA_ALWAYS_AUTHENTICATE:
        return object->class == CKO_PRIVATE_KEY && set_boolean(ret, is_told("always"));
    case CKA_MODULUS:
        return !hides && quirky_object_modulus(object, ret);
    case CKA_PUBLIC_EXPONENT:
        return !hides && quirky_object_exponent(object, ret);
    case CKA_EC_PARAMS:
        return quirky_object_params(object, is_told("explicit-curve"), ret);
    case CKA_EC_POINT:
        return object->class == CKO_PUBLIC_KEY && set_point(object, ret);
    default:
        return false;
    }
}

static bool
get_value(const struct quirky_object *object, CK_ATTRIBUTE_TYPE type, struct quirky_value *ret)
{
    if (type == CKA_ID)
        return set_id(object, ret);
    if (type == CKA_LABEL) {
        if (is_told("no-labels") || !quirky_object_label(object, ret))
            return false;
        if (is_told("padded"))
            append(ret, ' ', 20);
        if (is_told("nul-padded"))
            append(ret, '\0', 20);
        return true;
    }
    return object->class == CKO_CERTIFICATE ? get_certificate(object, type, ret)
                                            : get_key(object, type, ret);
}

/* "sizes-first": who has not asked for the size before has done something wrong; "sizes-lie": what
 * does not fit is said to have been told; "sizes-too-long": in the end it is less than was said. */
static CK_RV
hand_over(const struct quirky_value *value, CK_ATTRIBUTE *ret)
{
    static CK_ATTRIBUTE_TYPE asked = CK_UNAVAILABLE_INFORMATION;
    bool was_asked = asked == ret->type;
    CK_ULONG room = ret->ulValueLen;

    asked = ret->pValue == NULL ? ret->type : CK_UNAVAILABLE_INFORMATION;
    ret->ulValueLen = value->len;
    if (ret->pValue == NULL) {
        ret->ulValueLen += is_told("sizes-too-long") ? 16 : 0;
        return CKR_OK;
    }
    if (is_told("sizes-first") && !was_asked)
        return CKR_ARGUMENTS_BAD;
    if (room < value->len)
        return is_told("sizes-lie") ? CKR_OK : CKR_BUFFER_TOO_SMALL;
    memcpy(ret->pValue, value->bytes, value->len);
    return CKR_OK;
}

CK_RV
quirky_attribute_get(const struct quirky_object *object, CK_ATTRIBUTE *attribute)
{
    struct quirky_value value;

    if (get_value(object, attribute->type, &value))
        return hand_over(&value, attribute);
    attribute->ulValueLen = CK_UNAVAILABLE_INFORMATION;
    return CKR_ATTRIBUTE_TYPE_INVALID;
}
