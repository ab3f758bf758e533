/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From wire status and connection failure to CK_RV.  doc/protocol.md repeats the first table.
 */
#include "module/rv.h"

static const CK_RV by_status[] = {
    [MEISHI_WIRE_OK] = CKR_OK,
    [MEISHI_WIRE_FAILED] = CKR_FUNCTION_FAILED,
    [MEISHI_WIRE_BAD_MESSAGE] = CKR_GENERAL_ERROR,
    [MEISHI_WIRE_BAD_VERSION] = CKR_DEVICE_ERROR,
    [MEISHI_WIRE_NO_OBJECT] = CKR_KEY_HANDLE_INVALID,
    [MEISHI_WIRE_LOCKED] = CKR_USER_NOT_LOGGED_IN,
    [MEISHI_WIRE_DENIED] = CKR_FUNCTION_REJECTED,
    [MEISHI_WIRE_NOT_PERMITTED] = CKR_KEY_FUNCTION_NOT_PERMITTED,
    [MEISHI_WIRE_BAD_MECHANISM] = CKR_MECHANISM_INVALID,
    [MEISHI_WIRE_BAD_PARAM] = CKR_MECHANISM_PARAM_INVALID,
    [MEISHI_WIRE_KEY_TYPE] = CKR_KEY_TYPE_INCONSISTENT,
    [MEISHI_WIRE_BAD_DATA] = CKR_DATA_INVALID,
    [MEISHI_WIRE_DATA_LENGTH] = CKR_DATA_LEN_RANGE,
    [MEISHI_WIRE_BAD_SIGNATURE] = CKR_SIGNATURE_INVALID,
    [MEISHI_WIRE_SIGNATURE_LENGTH] = CKR_SIGNATURE_LEN_RANGE,
    [MEISHI_WIRE_BAD_PIN] = CKR_PIN_INCORRECT,
    [MEISHI_WIRE_TIMEOUT] = CKR_FUNCTION_CANCELED,
    [MEISHI_WIRE_CANCELLED] = CKR_FUNCTION_CANCELED,
    [MEISHI_WIRE_BUSY] = CKR_DEVICE_MEMORY,
    [MEISHI_WIRE_GONE] = CKR_DEVICE_REMOVED,
};

CK_RV
meishi_rv_from_status(enum meishi_wire_status status, enum meishi_wire_operation operation)
{
    if ((unsigned)status >= sizeof by_status / sizeof by_status[0])
        return CKR_FUNCTION_FAILED; /* of a daemon newer than we are */
    if (operation == MEISHI_WIRE_DECRYPT && status == MEISHI_WIRE_BAD_DATA)
        return CKR_ENCRYPTED_DATA_INVALID;
    if (operation == MEISHI_WIRE_DECRYPT && status == MEISHI_WIRE_DATA_LENGTH)
        return CKR_ENCRYPTED_DATA_LEN_RANGE;
    if (operation == MEISHI_WIRE_VERIFY_RECOVER && status == MEISHI_WIRE_BAD_DATA)
        return CKR_SIGNATURE_INVALID;
    if (operation == MEISHI_WIRE_VERIFY_RECOVER && status == MEISHI_WIRE_DATA_LENGTH)
        return CKR_SIGNATURE_LEN_RANGE;
    return by_status[status];
}

static CK_RV
from_cancel(enum meishi_client_cancel why)
{
    switch (why) {
    case MEISHI_CANCEL_SESSION:
        return CKR_SESSION_CLOSED;
    case MEISHI_CANCEL_FINALIZED:
        return CKR_CRYPTOKI_NOT_INITIALIZED;
    default:
        return CKR_FUNCTION_CANCELED;
    }
}

CK_RV
meishi_rv_from_client(enum meishi_client_result result, const struct meishi_call *call)
{
    switch (result) {
    case MEISHI_CLIENT_OK:
        return CKR_OK;
    case MEISHI_CLIENT_ABSENT:
        return CKR_TOKEN_NOT_PRESENT;
    case MEISHI_CLIENT_GONE:
        return CKR_DEVICE_REMOVED;
    case MEISHI_CLIENT_NO_MEMORY:
        return CKR_HOST_MEMORY;
    case MEISHI_CLIENT_CANCELLED:
        return from_cancel(call->cancelled);
    default:
        return CKR_DEVICE_ERROR;
    }
}
