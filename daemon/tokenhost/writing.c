/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What an object is made of came in locked memory and is given to the module from there.
 */
#include "daemon/tokenhost/writing.h"

#include "daemon/tokenhost/message.h"

/* One more for the class. */
#define MAX_ATTRIBUTES (MEISHI_HOST_MAX_ATTRIBUTES + 1)

static gboolean
decode(const MeishiSecret *encoded, MeishiHostObject *ret)
{
    struct meishi_reader reader;

    meishi_reader_init(&reader, meishi_secret_data(encoded), meishi_secret_len(encoded));
    return meishi_host_object_decode(&reader, ret) && meishi_reader_end(&reader);
}

static CK_ULONG
fill_template(const MeishiHostObject *object, CK_OBJECT_CLASS *class,
              CK_ATTRIBUTE ret[static MAX_ATTRIBUTES])
{
    *class = (CK_OBJECT_CLASS)object->class;
    ret[0] = (CK_ATTRIBUTE){CKA_CLASS, class, sizeof *class};
    for (guint i = 0; i < object->n; i++) {
        const MeishiHostAttribute *attribute = &object->attributes[i];

        ret[i + 1] = (CK_ATTRIBUTE){(CK_ATTRIBUTE_TYPE)attribute->type,
                                    (void *)attribute->value.data, attribute->value.len};
    }
    return object->n + 1;
}

CK_RV
meishi_writing_create(MeishiSession *session, const MeishiSecret *encoded, guint64 *ret_object)
{
    CK_ATTRIBUTE template[MAX_ATTRIBUTES];
    CK_OBJECT_CLASS class;
    CK_OBJECT_HANDLE handle = 0;
    CK_SESSION_HANDLE writer;
    MeishiHostObject object;
    CK_ULONG n;
    CK_RV rv;

    if (!decode(encoded, &object))
        return CKR_ARGUMENTS_BAD;
    n = fill_template(&object, &class, template);
    rv = meishi_session_begin_write(session, &writer);
    if (rv != CKR_OK)
        return meishi_session_judge(session, rv);
    rv = session->foreign->calls.C_CreateObject(writer, template, n, &handle);
    meishi_session_end_write(session, writer);
    *ret_object = handle;
    return meishi_session_judge(session, rv);
}

CK_RV
meishi_writing_destroy(MeishiSession *session, guint64 object)
{
    CK_SESSION_HANDLE writer;
    CK_RV rv = meishi_session_begin_write(session, &writer);

    if (rv != CKR_OK)
        return meishi_session_judge(session, rv);
    rv = session->foreign->calls.C_DestroyObject(writer, (CK_OBJECT_HANDLE)object);
    meishi_session_end_write(session, writer);
    return meishi_session_judge(session, rv);
}
