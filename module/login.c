/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Logging in: the daemon is told, with the PIN where the caller has one; without it the daemon
 * asks in its own way.  Nothing here depends on being logged in, but clients keep track of it.
 */
#include "module/cryptoki3.h"
#include "module/rv.h"
#include "module/state.h"

struct pin {
    const CK_UTF8CHAR *data;
    CK_ULONG len;
};

static bool
has_operation(const struct meishi_session *session)
{
    for (unsigned i = 0; i < MEISHI_N_OPERATIONS; i++)
        if (session->operations[i] != NULL)
            return true;
    return false;
}

/* What the session's state says before anybody is asked. */
static CK_RV
check_login(const struct meishi_session *session, CK_USER_TYPE user_type)
{
    const struct meishi_slot *slot = meishi_slot_find(session->slot_id);

    switch (user_type) {
    case CKU_USER:
        return slot != NULL && slot->is_logged_in ? CKR_USER_ALREADY_LOGGED_IN : CKR_OK;
    case CKU_CONTEXT_SPECIFIC:
        return has_operation(session) ? CKR_OK : CKR_OPERATION_NOT_INITIALIZED;
    default:
        return CKR_USER_TYPE_INVALID;
    }
}

/* Entered at the beginning and at the end. */
static CK_RV
ask_daemon(const struct meishi_session *session, const struct pin *pin)
{
    struct meishi_msg_login msg = {
        .slot_id = session->slot_id, .has_pin = pin->data != NULL, .pin = {pin->data, pin->len}};
    enum meishi_wire_status status = MEISHI_WIRE_FAILED;
    enum meishi_client_result result;
    struct meishi_call call;
    int cancel_state;
    CK_RV rv;

    meishi_client_begin(&call, session->handle);
    cancel_state = meishi_state_leave_to_wait();
    result = meishi_client_login(&call, &msg, &status);
    rv = result == MEISHI_CLIENT_OK ? meishi_rv_from_status(status, MEISHI_WIRE_SIGN)
                                    : meishi_rv_from_client(result, &call);
    meishi_client_end(&call);
    meishi_state_enter_again(cancel_state);
    return rv;
}

static void
note_login(CK_SESSION_HANDLE handle)
{
    const struct meishi_session *session = meishi_session_find(handle);
    struct meishi_slot *slot = session != NULL ? meishi_slot_find(session->slot_id) : NULL;

    if (slot != NULL)
        slot->is_logged_in = true;
}

static CK_RV
login(CK_SESSION_HANDLE handle, CK_USER_TYPE user_type, const struct pin *pin)
{
    struct meishi_session *session;
    CK_RV rv;

    meishi_view_refresh();
    rv = meishi_state_enter();
    if (rv != CKR_OK)
        return rv;
    rv = meishi_session_get(handle, &session);
    if (rv == CKR_OK)
        rv = check_login(session, user_type);
    if (rv == CKR_OK)
        rv = ask_daemon(session, pin);
    if (rv == CKR_OK && user_type == CKU_USER)
        note_login(handle);
    meishi_state_leave();
    return rv;
}

CK_RV
C_Login(CK_SESSION_HANDLE session, CK_USER_TYPE user_type, CK_UTF8CHAR *pin, CK_ULONG pin_len)
{
    if (pin == NULL && pin_len > 0)
        return CKR_ARGUMENTS_BAD;
    if (pin_len > MEISHI_WIRE_MAX_PIN)
        return CKR_PIN_LEN_RANGE;
    return login(session, user_type, &(struct pin){pin, pin_len});
}

/* The token has one user, who has no name (3.0, 5.6.7). */
CK_RV
C_LoginUser(CK_SESSION_HANDLE session, CK_USER_TYPE user_type, CK_UTF8CHAR *pin, CK_ULONG pin_len,
            CK_UTF8CHAR *username, CK_ULONG username_len)
{
    if (username == NULL && username_len > 0)
        return CKR_ARGUMENTS_BAD;
    if (username_len > 0)
        return CKR_USER_TYPE_INVALID;
    return C_Login(session, user_type, pin, pin_len);
}

CK_RV
C_Logout(CK_SESSION_HANDLE session)
{
    struct meishi_session *s;
    struct meishi_slot *slot = NULL;
    CK_RV rv = meishi_state_enter();

    if (rv != CKR_OK)
        return rv;
    rv = meishi_session_get(session, &s);
    if (rv == CKR_OK)
        slot = meishi_slot_find(s->slot_id);
    if (rv == CKR_OK && (slot == NULL || !slot->is_logged_in))
        rv = CKR_USER_NOT_LOGGED_IN;
    if (rv == CKR_OK)
        slot->is_logged_in = false;
    meishi_state_leave();
    return rv;
}
