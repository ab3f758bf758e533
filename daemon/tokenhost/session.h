/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The one session with the token in a slot: cards have few.  It carries the login of the whole
 * process (PKCS#11 2.40, 5.6.8), so it is kept open as long as the token stays.
 *
 * Belongs to the thread of its slot.  A call that shows that the token went drops the session, and
 * the token's number with it.
 */
#pragma once

#include "daemon/tokenhost/presence.h"

typedef struct {
    MeishiForeign *foreign;
    MeishiPresence *presence; /* shared */
    guint64 slot;
    guint64 number; /* of the token that the session is with */
    CK_SESSION_HANDLE handle;
    gboolean is_open;
    gboolean can_write;
    MeishiSecret *result; /* where operations leave theirs; NULL until the first */
} MeishiSession;

/* Makes sure that there is a session with the token @number.  MEISHI_HOST_STALE where another one
 * is there, or none. */
guint64 meishi_session_open(MeishiSession *session, guint64 number);
void meishi_session_close(MeishiSession *session);

/* The same without a session, for what is done with none: a blank token has no sessions. */
guint64 meishi_session_check(const MeishiSession *session, guint64 number);

/* Another session in its place, which keeps the login where the token has two: for one with an
 * operation that cannot be ended.  Where this fails there is none. */
CK_RV meishi_session_renew(MeishiSession *session);

/* Looks what @rv says about the token, and returns it. */
CK_RV meishi_session_judge(MeishiSession *session, CK_RV rv);

/* C_Login.  NULL: by the token's own keys (CKF_PROTECTED_AUTHENTICATION_PATH). */
CK_RV meishi_session_login(MeishiSession *session, CK_USER_TYPE user, const MeishiSecret *pin);

/* These need a session that may write, and leave the user logged out. */

CK_RV meishi_session_set_pin(MeishiSession *session, CK_USER_TYPE user, const MeishiSecret *old,
                             const MeishiSecret *new);
/* By whoever may: a security officer or, where the token knows none and the PIN is blocked, who has
 * the PUK.  CKR_FUNCTION_NOT_SUPPORTED where neither is possible. */
CK_RV meishi_session_init_pin(MeishiSession *session, const MeishiSecret *so_pin,
                              const MeishiSecret *new);
CK_RV meishi_session_init_token(MeishiSession *session, const MeishiSecret *so_pin,
                                struct meishi_bytes label);

/* ---- objects ------------------------------------------------------------------------------- */

/* A session that may write, to be given back with meishi_session_end_write().  Beside the one that
 * reads, so that its login holds; where the token has no room for two, in its place, and the login
 * is gone. */
CK_RV meishi_session_begin_write(MeishiSession *session, CK_SESSION_HANDLE *ret);
void meishi_session_end_write(MeishiSession *session, CK_SESSION_HANDLE handle);
