/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Opening, logging in, PINs.  What is written is written in a session of its own that ends at once;
 * PINs without another session beside it, because a security officer cannot log in beside one that
 * only reads (PKCS#11 2.40, 5.6.8).
 */
#include "daemon/tokenhost/session.h"

#include <string.h>

static CK_RV
open_session(const MeishiSession *session, CK_FLAGS flags, CK_SESSION_HANDLE *ret)
{
    return session->foreign->calls.C_OpenSession((CK_SLOT_ID)session->slot,
                                                 CKF_SERIAL_SESSION | flags, NULL, NULL, ret);
}

void
meishi_session_close(MeishiSession *session)
{
    if (session->is_open)
        (void)session->foreign->calls.C_CloseSession(session->handle);
    session->is_open = FALSE;
    session->can_write = FALSE;
}

CK_RV
meishi_session_judge(MeishiSession *session, CK_RV rv)
{
    if (meishi_presence_is_lost(rv)) {
        meishi_session_close(session);
        meishi_presence_lose(session->presence, session->slot);
    }
    return rv;
}

guint64
meishi_session_check(const MeishiSession *session, guint64 number)
{
    return number == 0 || meishi_presence_now(session->presence, session->slot) != number
               ? MEISHI_HOST_STALE
               : CKR_OK;
}

guint64
meishi_session_open(MeishiSession *session, guint64 number)
{
    CK_RV rv;

    if (meishi_session_check(session, number) != CKR_OK)
        return MEISHI_HOST_STALE;
    if (session->is_open && session->number == number)
        return CKR_OK;
    meishi_session_close(session);
    rv = open_session(session, 0, &session->handle);
    session->is_open = rv == CKR_OK;
    session->number = number;
    return meishi_session_judge(session, rv);
}

/* A card with one session has none for the meantime; the login goes with it. */
CK_RV
meishi_session_renew(MeishiSession *session)
{
    CK_SESSION_HANDLE fresh;
    CK_RV rv = open_session(session, 0, &fresh);

    meishi_session_close(session);
    if (rv == CKR_SESSION_COUNT)
        rv = open_session(session, 0, &fresh);
    session->is_open = rv == CKR_OK;
    if (session->is_open)
        session->handle = fresh;
    return rv;
}

/* ---- logging in ---------------------------------------------------------------------------- */

static CK_UTF8CHAR *
pin_bytes(const MeishiSecret *pin)
{
    return pin != NULL ? (CK_UTF8CHAR *)meishi_secret_data(pin) : NULL;
}

static CK_ULONG
pin_len(const MeishiSecret *pin)
{
    return pin != NULL ? meishi_secret_len(pin) : 0;
}

static CK_RV
log_in(const MeishiSession *session, CK_USER_TYPE user, const MeishiSecret *pin)
{
    return session->foreign->calls.C_Login(session->handle, user, pin_bytes(pin), pin_len(pin));
}

static gboolean
somebody_is_logged_in(CK_RV rv)
{
    return rv == CKR_USER_ALREADY_LOGGED_IN || rv == CKR_USER_ANOTHER_ALREADY_LOGGED_IN;
}

/* Where somebody is logged in already, a module does not look at the PIN: what the person typed is
 * not known to be right then, and may have to be kept as such. */
CK_RV
meishi_session_login(MeishiSession *session, CK_USER_TYPE user, const MeishiSecret *pin)
{
    CK_RV rv = log_in(session, user, pin);

    if (somebody_is_logged_in(rv) && user != CKU_CONTEXT_SPECIFIC && pin != NULL) {
        (void)session->foreign->calls.C_Logout(session->handle);
        rv = log_in(session, user, pin);
    }
    if (rv == CKR_USER_ALREADY_LOGGED_IN && user != CKU_CONTEXT_SPECIFIC)
        return CKR_OK;
    return meishi_session_judge(session, rv);
}

/* ---- writing ------------------------------------------------------------------------------- */

/* Closes the session that reads and opens one that writes in its place. */
static CK_RV
open_to_write(MeishiSession *session)
{
    CK_RV rv;

    meishi_session_close(session);
    rv = open_session(session, CKF_RW_SESSION, &session->handle);
    session->is_open = rv == CKR_OK;
    return rv;
}

static CK_RV
set_pin(MeishiSession *session, const MeishiSecret *old, const MeishiSecret *new)
{
    return session->foreign->calls.C_SetPIN(session->handle, pin_bytes(old), pin_len(old),
                                            pin_bytes(new), pin_len(new));
}

/* Who changes the PIN logs in first, although the standard lets a user do without (2.40, 5.6.7):
 * C_SetPIN without a login takes the old PIN for the PUK on some modules (OpenSC, as configured),
 * and is told CKR_OK by another (tpm2-pkcs11) whatever the old PIN was.  Where the PIN is typed at
 * the token, the person would have to type it twice. */
CK_RV
meishi_session_set_pin(MeishiSession *session, CK_USER_TYPE user, const MeishiSecret *old,
                       const MeishiSecret *new)
{
    CK_RV rv = open_to_write(session);

    if (rv == CKR_OK && (user == CKU_SO || old != NULL))
        rv = meishi_session_login(session, user, old);
    if (rv == CKR_OK)
        rv = set_pin(session, old, new);
    meishi_session_close(session);
    return meishi_session_judge(session, rv);
}

/* Did a security officer's login fail for what was typed, or since the token went? */
static gboolean
is_final(const MeishiSession *session, CK_RV rv)
{
    return rv == CKR_PIN_INCORRECT || rv == CKR_PIN_INVALID || rv == CKR_PIN_LEN_RANGE ||
           rv == CKR_PIN_LOCKED || rv == CKR_PIN_EXPIRED || rv == CKR_FUNCTION_CANCELED ||
           !session->is_open || meishi_presence_is_lost(rv);
}

static gboolean
is_pin_blocked(const MeishiSession *session)
{
    CK_TOKEN_INFO info;
    CK_RV rv = session->foreign->calls.C_GetTokenInfo((CK_SLOT_ID)session->slot, &info);

    return rv == CKR_OK && (info.flags & CKF_USER_PIN_LOCKED) != 0;
}

/* The other way that cards know: nobody is logged in, and the PUK stands where the old PIN would.
 * For a PIN that is blocked alone: any other would lose a try where the module means the PIN. */
static CK_RV
set_pin_by_puk(MeishiSession *session, const MeishiSecret *puk, const MeishiSecret *new)
{
    CK_RV rv;

    if (!is_pin_blocked(session))
        return CKR_FUNCTION_NOT_SUPPORTED;
    rv = open_to_write(session);
    return rv == CKR_OK ? set_pin(session, puk, new) : rv;
}

CK_RV
meishi_session_init_pin(MeishiSession *session, const MeishiSecret *so_pin, const MeishiSecret *new)
{
    CK_RV rv = open_to_write(session);

    if (rv == CKR_OK)
        rv = meishi_session_login(session, CKU_SO, so_pin);
    if (rv == CKR_OK)
        rv = session->foreign->calls.C_InitPIN(session->handle, pin_bytes(new), pin_len(new));
    else if (!is_final(session, rv))
        rv = set_pin_by_puk(session, so_pin, new);
    meishi_session_close(session);
    return meishi_session_judge(session, rv);
}

CK_RV
meishi_session_init_token(MeishiSession *session, const MeishiSecret *so_pin,
                          struct meishi_bytes label)
{
    CK_UTF8CHAR padded[32];
    CK_RV rv;

    memset(padded, ' ', sizeof padded);
    memcpy(padded, label.data, MIN(label.len, sizeof padded));
    meishi_session_close(session);
    (void)session->foreign->calls.C_CloseAllSessions((CK_SLOT_ID)session->slot);
    rv = session->foreign->calls.C_InitToken((CK_SLOT_ID)session->slot, pin_bytes(so_pin),
                                             pin_len(so_pin), padded);
    meishi_presence_lose(session->presence, session->slot);
    return rv;
}

/* ---- objects ------------------------------------------------------------------------------- */

CK_RV
meishi_session_begin_write(MeishiSession *session, CK_SESSION_HANDLE *ret)
{
    CK_RV rv = CKR_OK;

    if (!session->can_write)
        rv = open_session(session, CKF_RW_SESSION, ret);
    if (rv == CKR_SESSION_COUNT) {
        rv = open_to_write(session);
        session->can_write = rv == CKR_OK;
    }
    if (session->can_write)
        *ret = session->handle;
    return rv;
}

void
meishi_session_end_write(MeishiSession *session, CK_SESSION_HANDLE handle)
{
    if (!session->can_write)
        (void)session->foreign->calls.C_CloseSession(handle);
}
