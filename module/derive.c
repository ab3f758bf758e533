/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * C_DeriveKey (ECDH): the daemon computes the shared secret, which becomes a session object.  It
 * is here to be read: a secret that may not leave the token could do nothing, since no mechanism
 * of this token takes a secret key.
 */
#include "module/attrs.h"
#include "module/object.h"
#include "module/operation.h"

struct request {
    CK_OBJECT_CLASS class;
    CK_KEY_TYPE key_type;
    CK_ULONG value_len; /* 0: all of it */
    bool is_sensitive;
    bool is_extractable;
    const CK_ATTRIBUTE *templ;
    CK_ULONG count;
};

/* The lengths that a type of key has (PKCS #11 3.0, 6.11 ff.); 0: any. */
static bool
is_length_right(CK_KEY_TYPE key_type, CK_ULONG len)
{
    switch (key_type) {
    case CKK_GENERIC_SECRET:
        return true;
    case CKK_AES:
        return len == 16 || len == 24 || len == 32;
    case CKK_DES3:
        return len == 24;
    default:
        return false;
    }
}

static CK_RV
read_template(const CK_ATTRIBUTE *templ, CK_ULONG count, struct request *ret)
{
    *ret = (struct request){
        .class = CKO_SECRET_KEY, .key_type = CKK_GENERIC_SECRET, .templ = templ, .count = count};
    (void)meishi_attrs_find_number(templ, count, CKA_CLASS, &ret->class);
    (void)meishi_attrs_find_number(templ, count, CKA_KEY_TYPE, &ret->key_type);
    (void)meishi_attrs_find_number(templ, count, CKA_VALUE_LEN, &ret->value_len);
    (void)meishi_attrs_find_bool(templ, count, CKA_SENSITIVE, &ret->is_sensitive);
    (void)meishi_attrs_find_bool(templ, count, CKA_EXTRACTABLE, &ret->is_extractable);
    if (meishi_attrs_wants_token_object(templ, count))
        return CKR_TOKEN_WRITE_PROTECTED;
    if (ret->class != CKO_SECRET_KEY ||
        (ret->value_len > 0 && !is_length_right(ret->key_type, ret->value_len)))
        return CKR_TEMPLATE_INCONSISTENT;
    return CKR_OK;
}

/* Truncation takes bytes from the leading end (CKM_ECDH1_DERIVE, 6.3.17). */
static CK_RV
truncate_secret(const struct request *request, struct meishi_bytes *secret)
{
    size_t len = request->value_len > 0 ? request->value_len : secret->len;

    if (len > secret->len || !is_length_right(request->key_type, len))
        return CKR_TEMPLATE_INCONSISTENT;
    secret->data += secret->len - len;
    secret->len = len;
    return CKR_OK;
}

static bool
copy_from_template(struct meishi_object *object, const struct request *request,
                   CK_ATTRIBUTE_TYPE type)
{
    for (CK_ULONG i = 0; i < request->count; i++) {
        const CK_ATTRIBUTE *attr = &request->templ[i];

        if (attr->type == type && attr->pValue != NULL && attr->ulValueLen < 65536)
            return meishi_object_set(object, type, attr->pValue, attr->ulValueLen);
    }
    return meishi_object_set(object, type, NULL, 0);
}

/* It can do nothing but be read, and says so. */
static bool
set_abilities(struct meishi_object *object)
{
    static const CK_ATTRIBUTE_TYPE none[] = {CKA_TOKEN,
                                             CKA_PRIVATE,
                                             CKA_MODIFIABLE,
                                             CKA_ENCRYPT,
                                             CKA_DECRYPT,
                                             CKA_SIGN,
                                             CKA_VERIFY,
                                             CKA_WRAP,
                                             CKA_UNWRAP,
                                             CKA_DERIVE,
                                             CKA_LOCAL,
                                             CKA_ALWAYS_SENSITIVE,
                                             CKA_NEVER_EXTRACTABLE};
    bool is_set = true;

    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        is_set = meishi_object_set_bool(object, none[i], false) && is_set;
    return is_set;
}

static bool
fill(struct meishi_object *object, const struct request *request, struct meishi_bytes secret)
{
    return meishi_object_set_number(object, CKA_CLASS, CKO_SECRET_KEY) &&
           meishi_object_set_number(object, CKA_KEY_TYPE, request->key_type) &&
           meishi_object_set_number(object, CKA_VALUE_LEN, secret.len) &&
           meishi_object_set(object, CKA_VALUE, secret.data, secret.len) &&
           meishi_object_set_bool(object, CKA_SENSITIVE, request->is_sensitive) &&
           meishi_object_set_bool(object, CKA_EXTRACTABLE, request->is_extractable) &&
           copy_from_template(object, request, CKA_LABEL) &&
           copy_from_template(object, request, CKA_ID) && set_abilities(object);
}

static CK_RV
make_object(const struct request *request, struct meishi_bytes secret, struct meishi_object **ret)
{
    struct meishi_object *object;
    CK_RV rv = truncate_secret(request, &secret);

    if (rv != CKR_OK)
        return rv;
    object = meishi_object_new();
    if (object == NULL || !fill(object, request, secret)) {
        meishi_object_free(object);
        return CKR_HOST_MEMORY;
    }
    if (request->is_sensitive || !request->is_extractable)
        meishi_object_hide(object, CKA_VALUE);
    *ret = object;
    return CKR_OK;
}

/* Entered at the beginning and at the end, not while the daemon works. */
static CK_RV
derive(CK_SESSION_HANDLE handle, struct meishi_operation *operation, const struct request *request,
       struct meishi_object **ret)
{
    struct meishi_operation_io io = {.len = 0};
    struct meishi_call call;
    int cancel_state;
    CK_RV rv;

    meishi_client_begin(&call, handle);
    cancel_state = meishi_state_leave_to_wait();
    rv = meishi_operation_perform(operation, &call, &io);
    meishi_client_end(&call);
    if (rv == CKR_OK)
        rv = make_object(request, meishi_operation_result(operation), ret);
    meishi_operation_free(operation);
    meishi_state_enter_again(cancel_state);
    return rv;
}

static CK_RV
derive_into(CK_SESSION_HANDLE handle, struct meishi_operation *operation,
            const struct request *request, CK_OBJECT_HANDLE *key)
{
    struct meishi_session *session;
    struct meishi_object *object = NULL;
    CK_RV rv = derive(handle, operation, request, &object);

    if (rv != CKR_OK)
        return rv;
    session = meishi_session_find(handle);
    if (session == NULL) {
        meishi_object_free(object);
        return CKR_SESSION_CLOSED;
    }
    *key = meishi_object_add(object, session);
    return CKR_OK;
}

CK_RV
C_DeriveKey(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE base_key,
            CK_ATTRIBUTE *templ, CK_ULONG count, CK_OBJECT_HANDLE *key)
{
    struct meishi_operation *operation;
    struct meishi_session *s;
    struct request request;
    CK_RV rv;

    if (mechanism == NULL || key == NULL || (templ == NULL && count > 0))
        return CKR_ARGUMENTS_BAD;
    rv = meishi_state_enter();
    if (rv != CKR_OK)
        return rv;
    rv = meishi_session_get(session, &s);
    if (rv == CKR_OK)
        rv = read_template(templ, count, &request);
    if (rv == CKR_OK)
        rv = meishi_operation_new(s, MEISHI_WIRE_DERIVE, mechanism, base_key, &operation);
    if (rv == CKR_OK)
        rv = derive_into(session, operation, &request, key);
    meishi_state_leave();
    return rv;
}
