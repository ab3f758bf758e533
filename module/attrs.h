/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Between attributes as a caller has them (CK_ATTRIBUTE, numbers as wide as its own CK_ULONG) and
 * as the snapshot has them.
 */
#pragma once

#include "module/object.h"

/* Fills @templ as C_GetAttributeValue has to: every attribute is looked at, and the return value
 * is that of the last one that went wrong. */
CK_RV meishi_attrs_get(const struct meishi_object_ref *ref, CK_ATTRIBUTE *templ, CK_ULONG count);

/* The bytes that an object's revealed values take. */
CK_ULONG meishi_attrs_size(const struct meishi_object_ref *ref);

/* What a search looks for: a copy of the caller's template in the snapshot's form. */
struct meishi_pattern {
    unsigned n;
    struct {
        uint64_t type;
        size_t len;
        const uint8_t *data;
    } attrs[];
};

/* CKR_ARGUMENTS_BAD, CKR_HOST_MEMORY.  End it with free(). */
CK_RV meishi_pattern_new(const CK_ATTRIBUTE *templ, CK_ULONG count, struct meishi_pattern **ret);
bool
meishi_pattern_matches(const struct meishi_pattern *pattern, const struct meishi_object_ref *ref);

/* Reading a template that a caller gave us to make something from; false where it does not have
 * the attribute (or not in the right size). */
bool meishi_attrs_find_number(const CK_ATTRIBUTE *templ, CK_ULONG count, CK_ATTRIBUTE_TYPE type,
                              CK_ULONG *ret);
bool meishi_attrs_find_bool(const CK_ATTRIBUTE *templ, CK_ULONG count, CK_ATTRIBUTE_TYPE type,
                            bool *ret);
bool meishi_attrs_wants_token_object(const CK_ATTRIBUTE *templ, CK_ULONG count);
