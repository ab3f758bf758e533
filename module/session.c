/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Sessions: purely local, hundreds of them cost nothing.
 *
 * A handle is a place in the table and a serial number, so a closed session's handle stays invalid
 * although its place is used again.  Read-write sessions are granted on every token: OpenSSH and
 * Java open no others, whatever they do with them.
 */
#include "module/cryptoki3.h"
#include "module/find.h"
#include "module/object.h"
#include "module/operation.h"
#include "module/state.h"

#include <stdlib.h>
#include <string.h>

#define PLACE_BITS   16
#define PLACE_MASK   ((1u << PLACE_BITS) - 1)
#define SERIAL_MASK  0x7fffu /* handles fit 31 bits */
#define FIRST_PLACES 32

/* ---- the table ----------------------------------------------------------------------------- */

struct meishi_session *
meishi_session_find(CK_SESSION_HANDLE handle)
{
    unsigned place = (unsigned)(handle & PLACE_MASK);

    if (place >= meishi_state.n_sessions || meishi_state.sessions[place] == NULL ||
        meishi_state.sessions[place]->handle != handle)
        return NULL;
    return meishi_state.sessions[place];
}

CK_RV
meishi_session_get(CK_SESSION_HANDLE handle, struct meishi_session **ret)
{
    *ret = meishi_session_find(handle);
    return *ret != NULL ? CKR_OK : CKR_SESSION_HANDLE_INVALID;
}

static bool
grow_table(void)
{
    unsigned n = meishi_state.n_sessions > 0 ? 2 * meishi_state.n_sessions : FIRST_PLACES;
    struct meishi_session **sessions;

    if (n > PLACE_MASK)
        return false;
    sessions = realloc(meishi_state.sessions, n * sizeof *sessions);
    if (sessions == NULL)
        return false;
    memset(sessions + meishi_state.n_sessions, 0, (n - meishi_state.n_sessions) * sizeof *sessions);
    meishi_state.sessions = sessions;
    meishi_state.n_sessions = n;
    return true;
}

/* A free place; n_sessions where there is no room. */
static unsigned
find_place(void)
{
    unsigned place = 0;

    if (meishi_state.n_open == meishi_state.n_sessions && !grow_table())
        return meishi_state.n_sessions;
    while (meishi_state.sessions[place] != NULL)
        place++;
    return place;
}

static void
clear_operations(struct meishi_session *session)
{
    for (unsigned i = 0; i < MEISHI_N_OPERATIONS; i++) {
        meishi_operation_free(session->operations[i]);
        session->operations[i] = NULL;
    }
}

unsigned
meishi_session_count(CK_SLOT_ID id, CK_FLAGS flags)
{
    unsigned n = 0;

    for (unsigned i = 0; i < meishi_state.n_sessions; i++) {
        const struct meishi_session *session = meishi_state.sessions[i];

        n += session != NULL && session->slot_id == id && (session->flags & flags) == flags;
    }
    return n;
}

/* With its last session an application's login ends (PKCS #11 3.0, 5.6.2). */
static void
close_session(struct meishi_session *session)
{
    struct meishi_slot *slot = meishi_slot_find(session->slot_id);

    meishi_client_cancel(session->handle, MEISHI_CANCEL_SESSION);
    meishi_object_remove_session(session->handle);
    meishi_search_free(session->search);
    clear_operations(session);
    meishi_state.sessions[session->handle & PLACE_MASK] = NULL;
    meishi_state.n_open--;
    if (slot != NULL && meishi_session_count(session->slot_id, 0) == 0)
        slot->is_logged_in = false;
    free(session);
}

void
meishi_session_close_slot(CK_SLOT_ID id)
{
    for (unsigned i = 0; i < meishi_state.n_sessions; i++)
        if (meishi_state.sessions[i] != NULL && meishi_state.sessions[i]->slot_id == id)
            close_session(meishi_state.sessions[i]);
}

void
meishi_session_close_all(void)
{
    for (unsigned i = 0; i < meishi_state.n_sessions; i++)
        if (meishi_state.sessions[i] != NULL)
            close_session(meishi_state.sessions[i]);
    free(meishi_state.sessions);
    meishi_state.sessions = NULL;
    meishi_state.n_sessions = 0;
}

void
meishi_session_after_fork(void)
{
    for (unsigned i = 0; i < meishi_state.n_sessions; i++)
        if (meishi_state.sessions[i] != NULL)
            meishi_state.sessions[i]->busy = 0;
}

/* ---- C_ functions -------------------------------------------------------------------------- */

static CK_RV
open_session(CK_SLOT_ID slot_id, CK_FLAGS flags, CK_SESSION_HANDLE *ret)
{
    struct meishi_session *session;
    unsigned place;

    if (meishi_slot_find(slot_id) == NULL)
        return CKR_SLOT_ID_INVALID;
    if (!meishi_view_is_present(slot_id))
        return CKR_TOKEN_NOT_PRESENT;
    place = find_place();
    session = calloc(1, sizeof *session);
    if (place == meishi_state.n_sessions || session == NULL) {
        free(session);
        return session == NULL ? CKR_HOST_MEMORY : CKR_SESSION_COUNT;
    }
    /* Serial numbers begin at 1: no handle is 0. */
    meishi_state.last_serial = meishi_state.last_serial % SERIAL_MASK + 1;
    session->handle = (CK_SESSION_HANDLE)meishi_state.last_serial << PLACE_BITS | place;
    session->slot_id = slot_id;
    session->flags = flags;
    meishi_state.sessions[place] = session;
    meishi_state.n_open++;
    *ret = session->handle;
    return CKR_OK;
}

CK_RV
C_OpenSession(CK_SLOT_ID slot_id, CK_FLAGS flags, void *application, CK_NOTIFY notify,
              CK_SESSION_HANDLE *session)
{
    CK_RV rv;

    if (session == NULL)
        return CKR_ARGUMENTS_BAD;
    if ((flags & CKF_SERIAL_SESSION) == 0)
        return CKR_SESSION_PARALLEL_NOT_SUPPORTED;
    meishi_view_refresh();
    rv = meishi_state_enter();
    if (rv != CKR_OK)
        return rv;
    rv = open_session(slot_id, flags, session);
    meishi_state_leave();
    return rv;
}

CK_RV
C_CloseSession(CK_SESSION_HANDLE session)
{
    struct meishi_session *s;
    CK_RV rv = meishi_state_enter();

    if (rv != CKR_OK)
        return rv;
    rv = meishi_session_get(session, &s);
    if (rv == CKR_OK)
        close_session(s);
    meishi_state_leave();
    return rv;
}

CK_RV
C_CloseAllSessions(CK_SLOT_ID slot_id)
{
    CK_RV rv = meishi_state_enter();

    if (rv != CKR_OK)
        return rv;
    if (meishi_slot_find(slot_id) != NULL)
        meishi_session_close_slot(slot_id);
    else
        rv = CKR_SLOT_ID_INVALID;
    meishi_state_leave();
    return rv;
}

static CK_STATE
session_state(const struct meishi_session *session)
{
    const struct meishi_slot *slot = meishi_slot_find(session->slot_id);
    bool is_user = slot != NULL && slot->is_logged_in;

    if ((session->flags & CKF_RW_SESSION) != 0)
        return is_user ? CKS_RW_USER_FUNCTIONS : CKS_RW_PUBLIC_SESSION;
    return is_user ? CKS_RO_USER_FUNCTIONS : CKS_RO_PUBLIC_SESSION;
}

/* How programs find out whether the token of a session is still the one that it was opened with
 * (3.0, 5.6.4): NSS and Java ask just that before they use what they remember of it. */
CK_RV
C_GetSessionInfo(CK_SESSION_HANDLE session, CK_SESSION_INFO *info)
{
    struct meishi_session *s;
    CK_RV rv;

    if (info == NULL)
        return CKR_ARGUMENTS_BAD;
    meishi_view_refresh();
    rv = meishi_state_enter();
    if (rv != CKR_OK)
        return rv;
    rv = meishi_session_get(session, &s);
    if (rv == CKR_OK)
        *info =
            (CK_SESSION_INFO){.slotID = s->slot_id, .state = session_state(s), .flags = s->flags};
    meishi_state_leave();
    return rv;
}

/* ---- cancelling ---------------------------------------------------------------------------- */

/* CKF_FIND_OBJECTS of version 3.0. */
#define FLAG_FIND_OBJECTS 0x00000040UL

static const struct {
    CK_FLAGS flag;
    enum meishi_wire_operation operation;
} cancellable[] = {
    {CKF_SIGN, MEISHI_WIRE_SIGN},       {CKF_SIGN_RECOVER, MEISHI_WIRE_SIGN_RECOVER},
    {CKF_VERIFY, MEISHI_WIRE_VERIFY},   {CKF_VERIFY_RECOVER, MEISHI_WIRE_VERIFY_RECOVER},
    {CKF_ENCRYPT, MEISHI_WIRE_ENCRYPT}, {CKF_DECRYPT, MEISHI_WIRE_DECRYPT},
    {CKF_DIGEST, MEISHI_WIRE_DIGEST},
};

static void
cancel_operations(struct meishi_session *session, CK_FLAGS flags)
{
    for (size_t i = 0; i < sizeof cancellable / sizeof cancellable[0]; i++) {
        struct meishi_operation **operation = &session->operations[cancellable[i].operation];

        if ((flags & cancellable[i].flag) == 0)
            continue;
        if ((session->busy & 1u << cancellable[i].operation) != 0)
            meishi_client_cancel(session->handle, MEISHI_CANCEL_OPERATION);
        meishi_operation_free(*operation);
        *operation = NULL;
    }
    if ((flags & FLAG_FIND_OBJECTS) != 0) {
        meishi_search_free(session->search);
        session->search = NULL;
    }
}

CK_RV
C_SessionCancel(CK_SESSION_HANDLE session, CK_FLAGS flags)
{
    struct meishi_session *s;
    CK_RV rv = meishi_state_enter();

    if (rv != CKR_OK)
        return rv;
    rv = meishi_session_get(session, &s);
    if (rv == CKR_OK)
        cancel_operations(s, flags);
    meishi_state_leave();
    return rv;
}
