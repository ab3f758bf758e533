/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Searches by class and reads attributes one by one: a module that knows one of them not may leave
 * the rest of a template unread.
 */
#include "daemon/tokenhost/listing.h"

#define BATCH      64
#define FIRST_ROOM 4096 /* most values fit; the rest take a second call */

static const CK_ATTRIBUTE_TYPE certificate_attributes[] = {
    CKA_CERTIFICATE_TYPE, CKA_ID, CKA_LABEL, CKA_VALUE, CKA_CERTIFICATE_CATEGORY, CKA_TRUSTED,
};
static const CK_ATTRIBUTE_TYPE public_key_attributes[] = {
    CKA_KEY_TYPE, CKA_ID, CKA_LABEL, CKA_MODULUS, CKA_PUBLIC_EXPONENT, CKA_EC_PARAMS, CKA_EC_POINT,
};
static const CK_ATTRIBUTE_TYPE private_key_attributes[] = {
    CKA_KEY_TYPE,
    CKA_ID,
    CKA_LABEL,
    CKA_MODULUS,
    CKA_PUBLIC_EXPONENT,
    CKA_EC_PARAMS,
    CKA_SIGN,
    CKA_SIGN_RECOVER,
    CKA_DECRYPT,
    CKA_DERIVE,
    CKA_ALWAYS_AUTHENTICATE,
};
static const CK_ATTRIBUTE_TYPE profile_attributes[] = {CKA_PROFILE_ID};

static const struct {
    CK_OBJECT_CLASS class;
    const CK_ATTRIBUTE_TYPE *types;
    gsize n;
} classes[] = {
    {CKO_CERTIFICATE, certificate_attributes, G_N_ELEMENTS(certificate_attributes)},
    {CKO_PUBLIC_KEY, public_key_attributes, G_N_ELEMENTS(public_key_attributes)},
    {CKO_PRIVATE_KEY, private_key_attributes, G_N_ELEMENTS(private_key_attributes)},
    {CKO_PROFILE, profile_attributes, G_N_ELEMENTS(profile_attributes)},
};

/* ---- attributes ---------------------------------------------------------------------------- */

static CK_RV
get_attribute(MeishiSession *session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *attribute)
{
    return session->foreign->calls.C_GetAttributeValue(session->handle, object, attribute, 1);
}

/* Reads it into @room bytes; @value is what was read where that is CKR_OK and *@ret_len, which the
 * module says, no more than @room. */
static CK_RV
read_into(MeishiSession *session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, gsize room,
          GByteArray *value, CK_ULONG *ret_len)
{
    CK_ATTRIBUTE attribute = {.type = type, .ulValueLen = room};
    CK_RV rv;

    g_byte_array_set_size(value, (guint)room);
    attribute.pValue = room > 0 ? value->data : NULL;
    rv = get_attribute(session, object, &attribute);
    *ret_len = attribute.ulValueLen;
    return rv;
}

/* PKCS#11 2.40, 5.7.5: no need to ask again. */
static gboolean
has_none(CK_RV rv)
{
    return rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_SENSITIVE;
}

/* Its value, or NULL where the object has none, or one that cannot be right.  Some modules answer
 * only whom they have told the size before. */
static GByteArray *
read_value(MeishiSession *session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
    g_autoptr(GByteArray) value = g_byte_array_new();
    CK_ULONG len;
    CK_RV rv = read_into(session, object, type, FIRST_ROOM, value, &len);

    if (has_none(rv) || meishi_presence_is_lost(rv))
        return NULL;
    if (rv != CKR_OK || len > value->len) {
        rv = read_into(session, object, type, 0, value, &len);
        if (rv != CKR_OK || len == 0 || len > MEISHI_HOST_MAX_VALUE)
            return NULL;
        rv = read_into(session, object, type, len, value, &len);
    }
    if (rv != CKR_OK || len > value->len)
        return NULL;
    g_byte_array_set_size(value, (guint)len);
    return g_steal_pointer(&value);
}

static void
add_object(MeishiSession *session, CK_OBJECT_HANDLE handle, gsize class, struct meishi_buf *buf)
{
    g_autoptr(GPtrArray) values =
        g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
    MeishiHostObject object = {.handle = handle, .class = classes[class].class};

    for (gsize i = 0; i < classes[class].n; i++) {
        GByteArray *value = read_value(session, handle, classes[class].types[i]);

        if (value == NULL)
            continue;
        g_ptr_array_add(values, value);
        object.attributes[object.n].type = classes[class].types[i];
        object.attributes[object.n++].value = (struct meishi_bytes){value->data, value->len};
    }
    meishi_host_object_encode(buf, &object);
}

/* ---- searching ----------------------------------------------------------------------------- */

static CK_RV
collect(MeishiSession *session, GArray *found)
{
    CK_RV rv = CKR_OK;
    CK_ULONG n = BATCH;

    while (rv == CKR_OK && n > 0 && found->len < MEISHI_HOST_MAX_OBJECTS) {
        CK_OBJECT_HANDLE batch[BATCH];

        n = 0;
        rv = session->foreign->calls.C_FindObjects(session->handle, batch, BATCH, &n);
        if (rv == CKR_OK && n > BATCH)
            rv = CKR_DEVICE_ERROR;
        if (rv == CKR_OK)
            g_array_append_vals(found, batch, (guint)n);
    }
    return rv;
}

static CK_RV
find(MeishiSession *session, CK_OBJECT_CLASS class, GArray *found)
{
    CK_ATTRIBUTE template = {CKA_CLASS, &class, sizeof class};
    CK_RV rv = session->foreign->calls.C_FindObjectsInit(session->handle, &template, 1);

    if (rv == CKR_OPERATION_ACTIVE) {
        rv = meishi_session_renew(session);
        if (rv == CKR_OK)
            rv = session->foreign->calls.C_FindObjectsInit(session->handle, &template, 1);
    }
    if (rv != CKR_OK)
        return rv;
    rv = collect(session, found);
    (void)session->foreign->calls.C_FindObjectsFinal(session->handle);
    return rv;
}

/* Tokens without profiles may refuse to look for them: they are from before PKCS#11 3.0. */
static gboolean
is_optional(CK_OBJECT_CLASS class)
{
    return class == CKO_PROFILE;
}

static CK_RV
add_class(MeishiSession *session, gsize class, struct meishi_buf *buf)
{
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(CK_OBJECT_HANDLE));
    CK_RV rv = find(session, classes[class].class, found);

    for (guint i = 0; rv == CKR_OK && i < found->len; i++)
        add_object(session, g_array_index(found, CK_OBJECT_HANDLE, i), class, buf);
    return is_optional(classes[class].class) && !meishi_presence_is_lost(rv) ? CKR_OK : rv;
}

CK_RV
meishi_listing_read(MeishiSession *session, guint64 class, struct meishi_buf *buf)
{
    CK_RV rv = CKR_OK;

    for (gsize i = 0; rv == CKR_OK && i < G_N_ELEMENTS(classes); i++)
        if (class == MEISHI_HOST_ANY_CLASS || class == classes[i].class)
            rv = add_class(session, i, buf);
    return meishi_session_judge(session, rv);
}
