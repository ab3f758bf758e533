/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Finding objects, reading their attributes, and the C_ functions that make, change and destroy
 * objects: for token objects, which belong to the daemon, each of these is refused for the reason
 * that the standard has for it.
 */
#include "module/object.h"

#include "module/attrs.h"
#include "module/wire/wipe.h"

#include <stdlib.h>
#include <string.h>

/* ---- finding ------------------------------------------------------------------------------- */

static struct meishi_object *
find_local(CK_SLOT_ID slot_id, CK_OBJECT_HANDLE handle)
{
    struct meishi_object *object = meishi_state.objects;

    while (object != NULL && (object->handle != handle || object->slot_id != slot_id))
        object = object->next;
    return object;
}

static bool
find_shared(CK_SLOT_ID slot_id, CK_OBJECT_HANDLE handle, struct meishi_object_ref *ret)
{
    const struct meishi_snapshot_slot *slot = meishi_view_slot(slot_id);
    uint32_t n;

    if (slot == NULL)
        return false;
    ret->snapshot = &meishi_state.view->snapshot;
    ret->local = NULL;
    ret->shared = meishi_snapshot_object(ret->snapshot, handle, &n);
    return ret->shared != NULL && n >= slot->first_object &&
           n - slot->first_object < slot->n_objects;
}

bool
meishi_object_find(const struct meishi_session *session, CK_OBJECT_HANDLE handle,
                   struct meishi_object_ref *ret)
{
    if (handle < MEISHI_OBJECT_FIRST_LOCAL)
        return handle != 0 && find_shared(session->slot_id, handle, ret);
    *ret = (struct meishi_object_ref){.local = find_local(session->slot_id, handle)};
    return ret->local != NULL;
}

/* ---- reading ------------------------------------------------------------------------------- */

static const struct meishi_object_attr *
find_attr(const struct meishi_object *object, CK_ATTRIBUTE_TYPE type)
{
    for (unsigned i = 0; i < object->n_attrs; i++)
        if (object->attrs[i].type == type)
            return &object->attrs[i];
    return NULL;
}

static bool
read_shared(const struct meishi_object_ref *ref, CK_ATTRIBUTE_TYPE type, struct meishi_value *ret)
{
    const struct meishi_snapshot_attr *attr =
        meishi_snapshot_attr(ref->snapshot, ref->shared, type);

    if (attr == NULL)
        return false;
    ret->is_sensitive = attr->len == MEISHI_SNAPSHOT_SENSITIVE;
    ret->data = meishi_snapshot_value(ref->snapshot, attr);
    ret->len = ret->data != NULL ? attr->len : 0;
    return ret->is_sensitive || ret->data != NULL;
}

bool
meishi_object_read(const struct meishi_object_ref *ref, CK_ATTRIBUTE_TYPE type,
                   struct meishi_value *ret)
{
    const struct meishi_object_attr *attr;

    if (ref->local == NULL)
        return read_shared(ref, type, ret);
    attr = find_attr(ref->local, type);
    if (attr == NULL)
        return false;
    *ret = attr->value;
    if (ret->is_sensitive)
        ret->data = NULL;
    return true;
}

bool
meishi_object_number(const struct meishi_object_ref *ref, CK_ATTRIBUTE_TYPE type, uint64_t *ret)
{
    struct meishi_value value;

    if (!meishi_object_read(ref, type, &value) || value.data == NULL || value.len != sizeof *ret)
        return false;
    memcpy(ret, value.data, sizeof *ret);
    return true;
}

bool
meishi_object_is(const struct meishi_object_ref *ref, CK_ATTRIBUTE_TYPE type)
{
    struct meishi_value value;

    return meishi_object_read(ref, type, &value) && value.len == 1 && value.data != NULL &&
           value.data[0] == CK_TRUE;
}

/* ---- session objects ----------------------------------------------------------------------- */

struct meishi_object *
meishi_object_new(void)
{
    return calloc(1, sizeof(struct meishi_object));
}

void
meishi_object_free(struct meishi_object *object)
{
    if (object == NULL)
        return;
    for (unsigned i = 0; i < object->n_attrs; i++) {
        struct meishi_value *value = &object->attrs[i].value;

        meishi_wipe((void *)value->data, value->len);
        free((void *)value->data);
    }
    free(object);
}

static struct meishi_object_attr *
make_attr(struct meishi_object *object, CK_ATTRIBUTE_TYPE type)
{
    struct meishi_object_attr *attr = (struct meishi_object_attr *)find_attr(object, type);

    if (attr != NULL) {
        meishi_wipe((void *)attr->value.data, attr->value.len);
        free((void *)attr->value.data);
        attr->value = (struct meishi_value){NULL, 0, false};
        return attr;
    }
    if (object->n_attrs == MEISHI_OBJECT_MAX_ATTRS)
        return NULL;
    attr = &object->attrs[object->n_attrs++];
    attr->type = type;
    return attr;
}

bool
meishi_object_set(struct meishi_object *object, CK_ATTRIBUTE_TYPE type, const void *value,
                  size_t len)
{
    struct meishi_object_attr *attr = make_attr(object, type);
    uint8_t *copy = malloc(len + 1);

    if (attr == NULL || copy == NULL) {
        free(copy);
        return false;
    }
    if (len > 0)
        memcpy(copy, value, len);
    attr->value = (struct meishi_value){copy, len, false};
    return true;
}

bool
meishi_object_set_number(struct meishi_object *object, CK_ATTRIBUTE_TYPE type, uint64_t number)
{
    return meishi_object_set(object, type, &number, sizeof number);
}

bool
meishi_object_set_bool(struct meishi_object *object, CK_ATTRIBUTE_TYPE type, bool truth)
{
    CK_BBOOL value = truth ? CK_TRUE : CK_FALSE;

    return meishi_object_set(object, type, &value, sizeof value);
}

void
meishi_object_hide(struct meishi_object *object, CK_ATTRIBUTE_TYPE type)
{
    struct meishi_object_attr *attr = (struct meishi_object_attr *)find_attr(object, type);

    if (attr != NULL)
        attr->value.is_sensitive = true;
}

CK_OBJECT_HANDLE
meishi_object_add(struct meishi_object *object, const struct meishi_session *session)
{
    if (meishi_state.last_object < MEISHI_OBJECT_FIRST_LOCAL)
        meishi_state.last_object = MEISHI_OBJECT_FIRST_LOCAL;
    object->handle = ++meishi_state.last_object;
    object->session = session->handle;
    object->slot_id = session->slot_id;
    object->next = meishi_state.objects;
    meishi_state.objects = object;
    return object->handle;
}

static void
remove_where(CK_OBJECT_HANDLE handle, CK_SESSION_HANDLE session)
{
    struct meishi_object **at = &meishi_state.objects;

    while (*at != NULL) {
        struct meishi_object *object = *at;

        if (object->handle != handle && object->session != session) {
            at = &object->next;
            continue;
        }
        *at = object->next;
        meishi_object_free(object);
    }
}

void
meishi_object_remove(CK_OBJECT_HANDLE handle)
{
    remove_where(handle, CK_INVALID_HANDLE);
}

void
meishi_object_remove_session(CK_SESSION_HANDLE session)
{
    remove_where(CK_INVALID_HANDLE, session);
}

/* ---- C_ functions -------------------------------------------------------------------------- */

/* Enters and finds session and object; not entered where that fails. */
static CK_RV
enter_with_object(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object, struct meishi_object_ref *ret)
{
    struct meishi_session *session;
    CK_RV rv = meishi_state_enter();

    if (rv != CKR_OK)
        return rv;
    rv = meishi_session_get(handle, &session);
    if (rv == CKR_OK && !meishi_object_find(session, object, ret))
        rv = CKR_OBJECT_HANDLE_INVALID;
    if (rv != CKR_OK)
        meishi_state_leave();
    return rv;
}

CK_RV
C_GetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *templ,
                    CK_ULONG count)
{
    struct meishi_object_ref ref;
    CK_RV rv;

    if (templ == NULL && count > 0)
        return CKR_ARGUMENTS_BAD;
    rv = enter_with_object(session, object, &ref);
    if (rv != CKR_OK)
        return rv;
    rv = meishi_attrs_get(&ref, templ, count);
    meishi_state_leave();
    return rv;
}

CK_RV
C_GetObjectSize(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ULONG *size)
{
    struct meishi_object_ref ref;
    CK_RV rv;

    if (size == NULL)
        return CKR_ARGUMENTS_BAD;
    rv = enter_with_object(session, object, &ref);
    if (rv != CKR_OK)
        return rv;
    *size = meishi_attrs_size(&ref);
    meishi_state_leave();
    return CKR_OK;
}

CK_RV
C_DestroyObject(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
    struct meishi_object_ref ref;
    CK_RV rv = enter_with_object(session, object, &ref);

    if (rv != CKR_OK)
        return rv;
    if (ref.local != NULL)
        meishi_object_remove(object);
    else
        rv = CKR_TOKEN_WRITE_PROTECTED;
    meishi_state_leave();
    return rv;
}

CK_RV
C_SetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *templ,
                    CK_ULONG count)
{
    struct meishi_object_ref ref;
    CK_RV rv;

    if (templ == NULL && count > 0)
        return CKR_ARGUMENTS_BAD;
    rv = enter_with_object(session, object, &ref);
    if (rv != CKR_OK)
        return rv;
    meishi_state_leave();
    return ref.local != NULL ? CKR_ATTRIBUTE_READ_ONLY : CKR_TOKEN_WRITE_PROTECTED;
}

CK_RV
C_CreateObject(CK_SESSION_HANDLE session, CK_ATTRIBUTE *templ, CK_ULONG count,
               CK_OBJECT_HANDLE *object)
{
    struct meishi_session *s;
    CK_RV rv;

    if (object == NULL || (templ == NULL && count > 0))
        return CKR_ARGUMENTS_BAD;
    rv = meishi_state_enter();
    if (rv != CKR_OK)
        return rv;
    rv = meishi_session_get(session, &s);
    if (rv == CKR_OK && !meishi_attrs_wants_token_object(templ, count))
        rv = CKR_FUNCTION_NOT_SUPPORTED;
    else if (rv == CKR_OK)
        rv = (s->flags & CKF_RW_SESSION) != 0 ? CKR_TOKEN_WRITE_PROTECTED : CKR_SESSION_READ_ONLY;
    meishi_state_leave();
    return rv;
}
