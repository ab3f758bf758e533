/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Calls to the daemon: connections, sending again, giving up, cancelling.
 *
 * A call is made by one thread: begin, any number of requests, end.  Each takes a connection out
 * of a pool for as long as it lasts, so that a call that waits for a person blocks nobody else.
 * Nothing here waits with a lock held, and nothing here knows of sessions or of CK_ types; the
 * owner is a number that the caller made up, and by which calls are cancelled.
 *
 * The order of locks is the state's, then the pool's.  Only begin, cancel, set_flags, reset and
 * is_current may be called with the state's lock held; they do not wait.
 */
#pragma once

#include "module/wire/msg.h"
#include "module/wire/snapshot.h"

#include <stdbool.h>
#include <stdint.h>

enum meishi_client_result {
    MEISHI_CLIENT_OK,        /* the daemon answered; its status is something else */
    MEISHI_CLIENT_ABSENT,    /* no daemon, and none was ever there */
    MEISHI_CLIENT_GONE,      /* the daemon went and did not come back in time */
    MEISHI_CLIENT_SILENT,    /* the daemon does not answer, or breaks the protocol */
    MEISHI_CLIENT_NO_MEMORY, /* memory or descriptors */
    MEISHI_CLIENT_CANCELLED, /* by meishi_client_cancel(); the call knows why */
};

enum meishi_client_cancel {
    MEISHI_CANCEL_NOT = 0,
    MEISHI_CANCEL_OPERATION, /* somebody cancelled the operation */
    MEISHI_CANCEL_SESSION,   /* the session was closed */
    MEISHI_CANCEL_FINALIZED, /* the module was shut down */
};

struct meishi_conn;

/* On the caller's stack; the fields belong to client.c. */
struct meishi_call {
    struct meishi_call *next;
    struct meishi_conn *conn;
    uint64_t owner;
    enum meishi_client_cancel cancelled;
};

void meishi_client_begin(struct meishi_call *call, uint64_t owner);
void meishi_client_end(struct meishi_call *call);

/* Ends the waiting of every call of @owner (0: of all calls). */
void meishi_client_cancel(uint64_t owner, enum meishi_client_cancel why);

/* What every connection says in its HELLO from now on (enum meishi_wire_hello_flag). */
void meishi_client_set_flags(uint32_t flags);

/* Closes every idle connection and cancels all calls: the module was shut down. */
void meishi_client_reset(void);

/* ---- requests ------------------------------------------------------------------------------ *
 *
 * What they return points into the call and lasts until its next request or its end. */

struct meishi_client_operate {
    const struct meishi_msg_operate *msg; /* data as long as it likes */
    bool is_brief;                        /* the answer is worth a short wait without sleep */
};

enum meishi_client_result
meishi_client_operate(struct meishi_call *call, const struct meishi_client_operate *request,
                      struct meishi_msg_result_reply *ret_reply);

enum meishi_client_result
meishi_client_login(struct meishi_call *call, const struct meishi_msg_login *msg,
                    enum meishi_wire_status *ret_status);

/* Returns when the daemon's counter differs from @counter, when its connection ends, or when the
 * call is cancelled.  The thread may end here, and with it the call, if the host has cancelled it
 * and @cancel_state, which is the host's, lets it. */
enum meishi_client_result meishi_client_wait(struct meishi_call *call, uint64_t counter,
                                             int cancel_state, uint64_t *ret_counter);

/* The thread ends here, and with it the call, on the same conditions. */
void meishi_client_give_way(struct meishi_call *call, int cancel_state);

/* Lets time pass, at most @ms; false where the call was cancelled. */
bool meishi_client_sleep(struct meishi_call *call, int64_t ms);

/* ---- the view ------------------------------------------------------------------------------ */

struct meishi_client_view {
    uint64_t instance;
    uint64_t generation;
    struct meishi_snapshot snapshot;
    const struct meishi_pulse *pulse; /* NULL: the one at hand goes on being right */
};

/* Is what was fetched from @instance still of the daemon that runs?  False where its connection
 * ended or another instance answered since.  Costs at most one system call. */
bool meishi_client_is_current(uint64_t instance);

/* Fetches a snapshot.  @instance: whose pulse page is at hand, 0 none.  Tries a daemon that is
 * not there only a few times in a second.  MEISHI_CLIENT_OK with @ret_view to be unmapped. */
enum meishi_client_result meishi_client_fetch(struct meishi_call *call, uint64_t instance,
                                              struct meishi_client_view *ret_view);

void meishi_client_unmap_pulse(const struct meishi_pulse *pulse);

/* ---- fork ---------------------------------------------------------------------------------- */

void meishi_client_fork_prepare(void);
void meishi_client_fork_parent(void);
void meishi_client_fork_child(void); /* drops every connection without a farewell */
