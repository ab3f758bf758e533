/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Attributes, in and out.  The caller's template is not trusted: counts are bounded before
 * anything is multiplied, nothing is followed but the value itself, and attribute arrays are
 * plain bytes.
 */
#include "module/attrs.h"

#include <stdlib.h>
#include <string.h>

#define MAX_PATTERN_ATTRS 256
#define MAX_PATTERN_BYTES (1u << 20)
#define NUMBER_SIZE       sizeof(uint64_t) /* in the snapshot */

/* Attributes made of CK_ULONGs: one, or in CKA_ALLOWED_MECHANISMS any number. */
static bool
is_number(CK_ATTRIBUTE_TYPE type)
{
    switch (type) {
    case CKA_CLASS:
    case CKA_KEY_TYPE:
    case CKA_CERTIFICATE_TYPE:
    case CKA_CERTIFICATE_CATEGORY:
    case CKA_JAVA_MIDP_SECURITY_DOMAIN:
    case CKA_MODULUS_BITS:
    case CKA_VALUE_LEN:
    case CKA_KEY_GEN_MECHANISM:
    case CKA_NAME_HASH_ALGORITHM:
    case CKA_PROFILE_ID:
    case CKA_ALLOWED_MECHANISMS:
        return true;
    default:
        return false;
    }
}

/* ---- out ----------------------------------------------------------------------------------- */

static void
copy_value(bool as_numbers, const struct meishi_value *value, void *out)
{
    CK_ULONG *numbers = out;

    if (!as_numbers) {
        if (value->len > 0)
            memcpy(out, value->data, value->len);
        return;
    }
    for (size_t i = 0; i < value->len / NUMBER_SIZE; i++) {
        uint64_t number;
        CK_ULONG own;

        memcpy(&number, value->data + i * NUMBER_SIZE, sizeof number);
        own = (CK_ULONG)number;
        memcpy(&numbers[i], &own, sizeof own); /* the caller's buffer need not be aligned */
    }
}

static CK_RV
get_one(const struct meishi_object_ref *ref, CK_ATTRIBUTE *attr)
{
    bool as_numbers = is_number(attr->type);
    CK_ULONG room = attr->ulValueLen;
    struct meishi_value value;

    attr->ulValueLen = CK_UNAVAILABLE_INFORMATION;
    if (!meishi_object_read(ref, attr->type, &value))
        return CKR_ATTRIBUTE_TYPE_INVALID;
    if (value.is_sensitive)
        return CKR_ATTRIBUTE_SENSITIVE;
    if (as_numbers && value.len % NUMBER_SIZE != 0)
        return CKR_GENERAL_ERROR;
    if (attr->pValue != NULL) {
        CK_ULONG need = as_numbers ? value.len / NUMBER_SIZE * sizeof(CK_ULONG) : value.len;

        if (room < need)
            return CKR_BUFFER_TOO_SMALL;
        copy_value(as_numbers, &value, attr->pValue);
    }
    attr->ulValueLen = as_numbers ? value.len / NUMBER_SIZE * sizeof(CK_ULONG) : value.len;
    return CKR_OK;
}

CK_RV
meishi_attrs_get(const struct meishi_object_ref *ref, CK_ATTRIBUTE *templ, CK_ULONG count)
{
    CK_RV rv = CKR_OK;

    for (CK_ULONG i = 0; i < count; i++) {
        CK_RV one = get_one(ref, &templ[i]);

        if (one != CKR_OK)
            rv = one;
    }
    return rv;
}

CK_ULONG
meishi_attrs_size(const struct meishi_object_ref *ref)
{
    CK_ULONG size = 0;

    if (ref->local != NULL) {
        for (unsigned i = 0; i < ref->local->n_attrs; i++)
            size += ref->local->attrs[i].value.len;
        return size;
    }
    for (uint32_t i = 0; i < ref->shared->n_attrs; i++) {
        const struct meishi_snapshot_attr *attr =
            meishi_snapshot_attr_at(ref->snapshot, ref->shared, i);

        if (attr->len != MEISHI_SNAPSHOT_SENSITIVE)
            size += attr->len;
    }
    return size;
}

/* ---- patterns ------------------------------------------------------------------------------ */

static bool
measure(const CK_ATTRIBUTE *templ, CK_ULONG count, size_t *ret_bytes)
{
    size_t bytes = 0;

    if (count > MAX_PATTERN_ATTRS || (templ == NULL && count > 0))
        return false;
    for (CK_ULONG i = 0; i < count; i++) {
        if (templ[i].ulValueLen > MAX_PATTERN_BYTES - bytes ||
            (templ[i].pValue == NULL && templ[i].ulValueLen > 0))
            return false;
        bytes += templ[i].ulValueLen;
    }
    *ret_bytes = bytes + count * NUMBER_SIZE; /* numbers may become wider */
    return true;
}

/* Copies one value; returns how many bytes it took. */
static size_t
copy_in(const CK_ATTRIBUTE *attr, uint8_t *to)
{
    CK_ULONG own;
    uint64_t number;

    if (attr->ulValueLen == 0)
        return 0;
    if (!is_number(attr->type) || attr->ulValueLen != sizeof own) {
        memcpy(to, attr->pValue, attr->ulValueLen);
        return attr->ulValueLen;
    }
    memcpy(&own, attr->pValue, sizeof own);
    number = own;
    memcpy(to, &number, sizeof number);
    return sizeof number;
}

CK_RV
meishi_pattern_new(const CK_ATTRIBUTE *templ, CK_ULONG count, struct meishi_pattern **ret)
{
    struct meishi_pattern *pattern;
    size_t bytes;
    uint8_t *at;

    if (!measure(templ, count, &bytes))
        return CKR_ARGUMENTS_BAD;
    pattern = malloc(sizeof *pattern + count * sizeof pattern->attrs[0] + bytes);
    if (pattern == NULL)
        return CKR_HOST_MEMORY;
    pattern->n = (unsigned)count;
    at = (uint8_t *)&pattern->attrs[count];
    for (CK_ULONG i = 0; i < count; i++) {
        pattern->attrs[i].type = templ[i].type;
        pattern->attrs[i].data = at;
        pattern->attrs[i].len = copy_in(&templ[i], at);
        at += pattern->attrs[i].len;
    }
    *ret = pattern;
    return CKR_OK;
}

bool
meishi_pattern_matches(const struct meishi_pattern *pattern, const struct meishi_object_ref *ref)
{
    for (unsigned i = 0; i < pattern->n; i++) {
        struct meishi_value value;

        if (!meishi_object_read(ref, pattern->attrs[i].type, &value) || value.is_sensitive ||
            value.len != pattern->attrs[i].len ||
            (value.len > 0 && memcmp(value.data, pattern->attrs[i].data, value.len) != 0))
            return false;
    }
    return true;
}

/* ---- templates of the caller --------------------------------------------------------------- */

static bool
find_value(const CK_ATTRIBUTE *templ, CK_ULONG count, CK_ATTRIBUTE_TYPE type, void *ret, size_t len)
{
    for (CK_ULONG i = 0; i < count; i++) {
        if (templ[i].type != type)
            continue;
        if (templ[i].pValue == NULL || templ[i].ulValueLen != len)
            return false;
        memcpy(ret, templ[i].pValue, len);
        return true;
    }
    return false;
}

bool
meishi_attrs_find_number(const CK_ATTRIBUTE *templ, CK_ULONG count, CK_ATTRIBUTE_TYPE type,
                         CK_ULONG *ret)
{
    return find_value(templ, count, type, ret, sizeof *ret);
}

bool
meishi_attrs_find_bool(const CK_ATTRIBUTE *templ, CK_ULONG count, CK_ATTRIBUTE_TYPE type, bool *ret)
{
    CK_BBOOL value;

    if (!find_value(templ, count, type, &value, sizeof value))
        return false;
    *ret = value != CK_FALSE;
    return true;
}

bool
meishi_attrs_wants_token_object(const CK_ATTRIBUTE *templ, CK_ULONG count)
{
    bool is_token = false;

    return meishi_attrs_find_bool(templ, count, CKA_TOKEN, &is_token) && is_token;
}
