/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The state's lock, its beginning and end, and what happens to it in a forked child.
 *
 * fork() takes the lock first, so a child finds everything consistent; it keeps sessions, objects
 * and view, loses connections and whatever was at the daemon, and goes on.  The handlers stay
 * registered for good, which is why the module is linked with -z nodelete.
 */
#include "module/state.h"

#include "module/trace.h"

#include <pthread.h>

struct meishi_state meishi_state;

static pthread_mutex_t state_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t state_wake = PTHREAD_COND_INITIALIZER;
static pthread_once_t state_once = PTHREAD_ONCE_INIT;
static int state_cancel; /* under the lock: the cancel state of the thread that holds it */

static void
before_fork(void)
{
    pthread_mutex_lock(&state_lock);
    meishi_client_fork_prepare();
}

static void
after_fork_in_parent(void)
{
    meishi_client_fork_parent();
    pthread_mutex_unlock(&state_lock);
}

static void
after_fork_in_child(void)
{
    meishi_client_fork_child();
    meishi_session_after_fork();
    meishi_state.is_forked = meishi_state.is_initialized;
    meishi_state.is_refreshing = false;
    pthread_cond_init(&state_wake, NULL);
    pthread_mutex_unlock(&state_lock);
}

static void
register_fork_handlers(void)
{
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

CK_RV
meishi_state_enter(void)
{
    int cancel_state;

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    meishi_state_enter_again(cancel_state);
    if (meishi_state.is_initialized)
        return CKR_OK;
    meishi_state_leave();
    return CKR_CRYPTOKI_NOT_INITIALIZED;
}

void
meishi_state_enter_again(int cancel_state)
{
    pthread_mutex_lock(&state_lock);
    state_cancel = cancel_state;
}

int
meishi_state_leave_to_wait(void)
{
    int cancel_state = state_cancel;

    pthread_mutex_unlock(&state_lock);
    return cancel_state;
}

void
meishi_state_leave(void)
{
    pthread_setcancelstate(meishi_state_leave_to_wait(), NULL);
}

void
meishi_state_wait(void)
{
    int cancel_state = state_cancel;

    pthread_cond_wait(&state_wake, &state_lock);
    state_cancel = cancel_state;
}

void
meishi_state_wake(void)
{
    pthread_cond_broadcast(&state_wake);
}

static void
add_fixed_slot(CK_SLOT_ID id)
{
    meishi_state.slots[meishi_state.n_slots++] = (struct meishi_slot){.id = id};
}

/* The vault, its Ed25519 and Ed448 keys, apart because libp11 0.4.12 gives up a whole token that
 * has one of those, and places for tokens that may come: NSS and Java ask for the slots once.  They
 * are there before the daemon is; where each identity has a slot, there is none before that. */
static void
add_fixed_slots(const struct meishi_options *options)
{
    meishi_state.n_slots = 0;
    if (options->slot_per_identity)
        return;
    add_fixed_slot(MEISHI_WIRE_SLOT_VAULT);
    add_fixed_slot(MEISHI_WIRE_SLOT_VAULT_EDDSA);
    for (CK_SLOT_ID n = 0; n < MEISHI_WIRE_N_TOKEN_SLOTS; n++)
        add_fixed_slot(MEISHI_WIRE_SLOT_TOKENS + n);
}

CK_RV
meishi_state_initialize(const struct meishi_options *options)
{
    CK_RV rv = CKR_OK;

    pthread_once(&state_once, register_fork_handlers);
    pthread_mutex_lock(&state_lock);
    if (!meishi_state.is_initialized) {
        meishi_trace_init();
        add_fixed_slots(options);
        meishi_client_set_flags(options->slot_per_identity ? MEISHI_WIRE_SLOT_PER_IDENTITY : 0);
        meishi_state.is_initialized = true;
    } else if (meishi_state.is_forked) {
        meishi_state.is_forked = false; /* what was inherited stays as it is */
    } else {
        rv = CKR_CRYPTOKI_ALREADY_INITIALIZED;
    }
    pthread_mutex_unlock(&state_lock);
    return rv;
}

CK_RV
meishi_state_finalize(void)
{
    CK_RV rv = meishi_state_enter();

    if (rv != CKR_OK)
        return rv;
    meishi_state.is_initialized = false;
    meishi_state.is_forked = false;
    meishi_client_reset(); /* before the sessions go, or calls would hear that theirs was closed */
    meishi_session_close_all();
    meishi_view_clear();
    meishi_state.n_slots = 0;
    meishi_state_wake();
    meishi_state_leave();
    return CKR_OK;
}
