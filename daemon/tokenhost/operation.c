/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The one-shot operations are alike, so they are a table; derivation makes an object on the token,
 * reads it and takes it away.
 */
#include "daemon/tokenhost/operation.h"

#include "module/wire/cryptoki.h"

#include <string.h>

/* The parameter of a mechanism in the standard's form; flat it is described in doc/protocol.md. */
typedef struct {
    CK_MECHANISM mechanism;
    union {
        CK_RSA_PKCS_PSS_PARAMS pss;
        CK_RSA_PKCS_OAEP_PARAMS oaep;
        CK_ECDH1_DERIVE_PARAMS ecdh;
    } parameter;
} Mechanism;

static void
set_parameter(Mechanism *ret, gsize size)
{
    ret->mechanism.pParameter = &ret->parameter;
    ret->mechanism.ulParameterLen = size;
}

static void
set_oaep(const struct meishi_msg_mechanism *flat, Mechanism *ret)
{
    ret->parameter.oaep = (CK_RSA_PKCS_OAEP_PARAMS){
        .hashAlg = flat->numbers[0],
        .mgf = flat->numbers[1],
        .source = flat->numbers[2],
        .pSourceData = flat->strings[0].len > 0 ? (void *)flat->strings[0].data : NULL,
        .ulSourceDataLen = flat->strings[0].len,
    };
    set_parameter(ret, sizeof ret->parameter.oaep);
}

static void
set_ecdh(const struct meishi_msg_mechanism *flat, Mechanism *ret)
{
    ret->parameter.ecdh = (CK_ECDH1_DERIVE_PARAMS){
        .kdf = flat->numbers[0],
        .ulSharedDataLen = flat->strings[1].len,
        .pSharedData = flat->strings[1].len > 0 ? (void *)flat->strings[1].data : NULL,
        .ulPublicDataLen = flat->strings[0].len,
        .pPublicData = (void *)flat->strings[0].data,
    };
    set_parameter(ret, sizeof ret->parameter.ecdh);
}

/* FALSE where the numbers are not those that the mechanism takes. */
static gboolean
unfold(const struct meishi_msg_mechanism *flat, Mechanism *ret)
{
    *ret = (Mechanism){.mechanism.mechanism = (CK_MECHANISM_TYPE)flat->type};
    if (flat->type == CKM_RSA_PKCS_OAEP && flat->n_numbers == 3) {
        set_oaep(flat, ret);
    } else if (flat->type == CKM_ECDH1_DERIVE && flat->n_numbers == 1) {
        set_ecdh(flat, ret);
    } else if (flat->n_numbers == 3) {
        ret->parameter.pss =
            (CK_RSA_PKCS_PSS_PARAMS){flat->numbers[0], flat->numbers[1], flat->numbers[2]};
        set_parameter(ret, sizeof ret->parameter.pss);
    } else if (flat->n_numbers != 0) {
        return FALSE;
    } else if (flat->n_strings > 0) {
        ret->mechanism.pParameter = (void *)flat->strings[0].data;
        ret->mechanism.ulParameterLen = flat->strings[0].len;
    }
    return TRUE;
}

/* ---- one shot ------------------------------------------------------------------------------ */

typedef CK_RV (*Init)(CK_SESSION_HANDLE, CK_MECHANISM *, CK_OBJECT_HANDLE);
typedef CK_RV (*Run)(CK_SESSION_HANDLE, CK_BYTE *, CK_ULONG, CK_BYTE *, CK_ULONG *);

typedef struct {
    Init init;
    Run run;
} Calls;

static Calls
find_calls(const CK_FUNCTION_LIST *list, guint operation)
{
    switch (operation) {
    case MEISHI_WIRE_SIGN:
        return (Calls){list->C_SignInit, list->C_Sign};
    case MEISHI_WIRE_SIGN_RECOVER:
        return (Calls){list->C_SignRecoverInit, list->C_SignRecover};
    case MEISHI_WIRE_DECRYPT:
        return (Calls){list->C_DecryptInit, list->C_Decrypt};
    default:
        return (Calls){NULL, NULL};
    }
}

/* A session that is still busy with an operation that failed is left for a new one; not before,
 * since with the only session that a card has the login would go, and most modules have ended it.
 */
static CK_RV
begin(MeishiSession *session, Init init, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    CK_RV rv = init(session->handle, mechanism, key);

    if (rv != CKR_OPERATION_ACTIVE)
        return rv;
    rv = meishi_session_renew(session);
    return rv == CKR_OK ? init(session->handle, mechanism, key) : rv;
}

static CK_RV
run_one_shot(MeishiSession *session, const MeishiHostRequest *request, Mechanism *mechanism,
             guint8 *out, gsize *ret_len)
{
    Calls calls = find_calls(&session->foreign->calls, request->operation);
    CK_ULONG len = MEISHI_WIRE_MAX_RESULT;
    CK_RV rv;

    if (calls.init == NULL)
        return CKR_FUNCTION_NOT_SUPPORTED;
    rv = begin(session, calls.init, &mechanism->mechanism, (CK_OBJECT_HANDLE)request->number);
    if (rv != CKR_OK)
        return rv;
    if (request->login)
        rv = meishi_session_login(session, CKU_CONTEXT_SPECIFIC, request->pins[0]);
    if (rv == CKR_OK)
        rv =
            calls.run(session->handle, (CK_BYTE *)request->data.data, request->data.len, out, &len);
    if (rv == CKR_OK && len > MEISHI_WIRE_MAX_RESULT)
        rv = CKR_DEVICE_ERROR;
    *ret_len = len;
    return rv;
}

/* ---- derivation ---------------------------------------------------------------------------- */

static CK_RV
read_secret(MeishiSession *session, CK_OBJECT_HANDLE key, guint8 *out, gsize *ret_len)
{
    CK_ATTRIBUTE value = {CKA_VALUE, out, MEISHI_WIRE_MAX_RESULT};
    CK_RV rv = session->foreign->calls.C_GetAttributeValue(session->handle, key, &value, 1);

    if (rv == CKR_OK && value.ulValueLen > MEISHI_WIRE_MAX_RESULT)
        return CKR_DEVICE_ERROR;
    *ret_len = value.ulValueLen;
    return rv;
}

/* @request->data is the length of the wanted secret, one byte, or empty: as long as it comes. */
static CK_RV
derive(MeishiSession *session, const MeishiHostRequest *request, Mechanism *mechanism, guint8 *out,
       gsize *ret_len)
{
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_GENERIC_SECRET;
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    CK_ULONG len = request->data.len == 1 ? request->data.data[0] : 0;
    CK_ATTRIBUTE template[] = {
        {CKA_CLASS, &class, sizeof class},   {CKA_KEY_TYPE, &type, sizeof type},
        {CKA_TOKEN, &no, sizeof no},         {CKA_SENSITIVE, &no, sizeof no},
        {CKA_EXTRACTABLE, &yes, sizeof yes}, {CKA_VALUE_LEN, &len, sizeof len},
    };
    CK_OBJECT_HANDLE key;
    CK_RV rv = session->foreign->calls.C_DeriveKey(
        session->handle, &mechanism->mechanism, (CK_OBJECT_HANDLE)request->number, template,
        G_N_ELEMENTS(template) - (len == 0 ? 1 : 0), &key);

    if (rv != CKR_OK)
        return rv;
    rv = read_secret(session, key, out, ret_len);
    (void)session->foreign->calls.C_DestroyObject(session->handle, key);
    return rv;
}

CK_RV
meishi_operation_run(MeishiSession *session, const MeishiHostRequest *request, guint8 *out,
                     gsize *ret_len)
{
    Mechanism mechanism;
    CK_RV rv;

    if (!unfold(&request->mechanism, &mechanism))
        return CKR_MECHANISM_PARAM_INVALID;
    if (request->operation == MEISHI_WIRE_DERIVE)
        rv = derive(session, request, &mechanism, out, ret_len);
    else
        rv = run_one_shot(session, request, &mechanism, out, ret_len);
    return meishi_session_judge(session, rv);
}
