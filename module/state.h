/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the module knows between calls: slots, the view, sessions and their objects, under one
 * lock that is never held while anything waits.
 *
 * A C_ function enters, does its work and leaves; where it needs the daemon it leaves first and
 * enters again afterwards, looking its session up anew.  Everything declared here, except what
 * says otherwise, is to be called between enter and leave.
 *
 * A host may cancel its threads.  Ours are closed to that from entering to leaving and while they
 * wait for the daemon: a thread that ended there would keep the lock, or leave its call, which is
 * on its stack, in a list.  C_WaitForSlotEvent, which may wait for ever, opens itself to it while
 * it holds nothing but its call.
 */
#pragma once

#include "module/client.h"
#include "module/options.h"
#include "module/wire/cryptoki.h"

#include <stdbool.h>
#include <stdint.h>

struct meishi_operation;
struct meishi_search;

/* A mapped snapshot, held by the state and by every search that goes through it. */
struct meishi_view {
    unsigned refs;
    uint64_t instance;
    uint64_t generation;
    struct meishi_snapshot snapshot;
};

/* Which token is in a slot: a pulled token that is put in again is another one. */
struct meishi_presence {
    bool is_present;
    uint64_t insertion; /* 0 where it is not */
};

struct meishi_slot {
    CK_SLOT_ID id;
    bool is_logged_in;
    struct meishi_presence now;  /* what sessions in it are with */
    struct meishi_presence told; /* what C_WaitForSlotEvent last told, or started from */
    bool is_told;
};

/* A slot that was there once keeps its place for good; with a slot for each identity there may be
 * many over the life of a browser. */
#define MEISHI_MAX_SLOTS    512

#define MEISHI_N_OPERATIONS (MEISHI_WIRE_VERIFY_RECOVER + 1)

struct meishi_session {
    CK_SESSION_HANDLE handle;
    CK_SLOT_ID slot_id;
    CK_FLAGS flags;
    struct meishi_search *search;                             /* NULL: none active */
    struct meishi_operation *operations[MEISHI_N_OPERATIONS]; /* by enum meishi_wire_operation */
    uint32_t busy; /* a bit for each kind of operation that is at the daemon at the moment */
};

struct meishi_state {
    bool is_initialized;
    bool is_forked; /* a child that has not called C_Initialize itself */
    bool is_refreshing;
    struct meishi_view *view; /* NULL: no daemon so far */
    const struct meishi_pulse *pulse;
    struct meishi_slot slots[MEISHI_MAX_SLOTS];
    unsigned n_slots;
    struct meishi_session **sessions; /* by the low bits of the handle */
    unsigned n_sessions;              /* places, not all taken */
    unsigned n_open;
    uint32_t last_serial;
    struct meishi_object *objects; /* session objects */
    CK_OBJECT_HANDLE last_object;
};

extern struct meishi_state meishi_state;

/* CKR_CRYPTOKI_NOT_INITIALIZED (and not entered) before C_Initialize. */
CK_RV meishi_state_enter(void) __attribute__((warn_unused_result));
void meishi_state_leave(void);

/* Leaves for a wait, in which the thread still cannot be cancelled; returns what to enter again
 * with, which takes the lock whether the module is initialised or not. */
int meishi_state_leave_to_wait(void) __attribute__((warn_unused_result));
void meishi_state_enter_again(int cancel_state);

/* Not entered. */
CK_RV meishi_state_initialize(const struct meishi_options *options);
CK_RV meishi_state_finalize(void);

/* Waits for view.c's refresh in another thread; leaves meanwhile. */
void meishi_state_wait(void);
void meishi_state_wake(void);

/* ---- view.c -------------------------------------------------------------------------------- */

/* Not entered: brings the view up to date where that needs anything; keeps the old one where the
 * daemon is not there. */
void meishi_view_refresh(void);

struct meishi_view *meishi_view_ref(struct meishi_view *view);
void meishi_view_unref(struct meishi_view *view);

/* Forgets everything that came from the daemon. */
void meishi_view_clear(void);

/* The slot in the view; NULL where there is no view or it does not have the slot. */
const struct meishi_snapshot_slot *meishi_view_slot(CK_SLOT_ID id);
bool meishi_view_is_present(CK_SLOT_ID id);
struct meishi_presence meishi_view_presence(CK_SLOT_ID id);
bool meishi_presence_equal(struct meishi_presence a, struct meishi_presence b);

/* NULL for an id that never was and does not stand from the start. */
struct meishi_slot *meishi_slot_find(CK_SLOT_ID id);

/* ---- session.c ----------------------------------------------------------------------------- */

struct meishi_session *meishi_session_find(CK_SESSION_HANDLE handle);

/* As above, with the return value that goes with it. */
CK_RV meishi_session_get(CK_SESSION_HANDLE handle, struct meishi_session **ret);

/* How many sessions of the slot have all of @flags. */
unsigned meishi_session_count(CK_SLOT_ID id, CK_FLAGS flags);

/* Closes all sessions of a slot, without a word to anybody but the daemon. */
void meishi_session_close_slot(CK_SLOT_ID id);
void meishi_session_close_all(void);

/* In a forked child: calls that were under way belong to the parent's threads. */
void meishi_session_after_fork(void);
