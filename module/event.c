/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * C_WaitForSlotEvent: a token came or went when a slot's presence is not what it was when the
 * caller was last told.  The daemon only says that something changed; what, the new view says.
 */
#include "module/rv.h"
#include "module/state.h"

#include <pthread.h>

#define ABSENT_PAUSE_MS 1000 /* between looks for a daemon that is not there */

/* The first slot with news; marks it as told. */
static bool
take_event(CK_SLOT_ID *ret_slot)
{
    for (unsigned i = 0; i < meishi_state.n_slots; i++) {
        struct meishi_slot *slot = &meishi_state.slots[i];
        enum meishi_presence now =
            meishi_view_is_present(slot->id) ? MEISHI_PRESENCE_PRESENT : MEISHI_PRESENCE_ABSENT;
        bool is_news = slot->reported != MEISHI_PRESENCE_UNKNOWN && slot->reported != now;

        slot->reported = now;
        if (is_news) {
            *ret_slot = slot->id;
            return true;
        }
    }
    return false;
}

/* Entered; the daemon's counter, read before the view is looked at, so that what changes in
 * between is not missed. */
static bool
read_counter(uint64_t *ret_counter)
{
    if (meishi_state.pulse == NULL)
        return false;
    *ret_counter = __atomic_load_n(&meishi_state.pulse->slot_events, __ATOMIC_ACQUIRE);
    return true;
}

static CK_RV
look(uint64_t *ret_counter, bool *ret_has_counter, CK_SLOT_ID *ret_slot)
{
    CK_RV rv = meishi_state_enter();

    if (rv != CKR_OK)
        return rv;
    *ret_has_counter = read_counter(ret_counter);
    meishi_state_leave();
    meishi_view_refresh();
    rv = meishi_state_enter();
    if (rv != CKR_OK)
        return rv;
    rv = take_event(ret_slot) ? CKR_OK : CKR_NO_EVENT;
    meishi_state_leave();
    return rv;
}

/* Lets something happen; CKR_OK where it is time to look again. */
static CK_RV
pause_for_event(struct meishi_call *call, bool has_counter, uint64_t counter)
{
    enum meishi_client_result result = MEISHI_CLIENT_ABSENT;

    if (has_counter)
        result = meishi_client_wait(call, counter, &counter);
    if (result == MEISHI_CLIENT_OK || result == MEISHI_CLIENT_GONE)
        return CKR_OK;
    if (result != MEISHI_CLIENT_CANCELLED && meishi_client_sleep(call, ABSENT_PAUSE_MS))
        return CKR_OK;
    return meishi_rv_from_client(MEISHI_CLIENT_CANCELLED, call);
}

/* Begins the call while entered, so that C_Finalize finds it whenever it comes. */
static CK_RV
begin_call(struct meishi_call *call, int *ret_cancel_state)
{
    CK_RV rv = meishi_state_enter();

    if (rv != CKR_OK)
        return rv;
    meishi_client_begin(call, 0);
    *ret_cancel_state = meishi_state_leave_to_wait();
    return CKR_OK;
}

static CK_RV
wait_for_event(CK_SLOT_ID *ret_slot)
{
    struct meishi_call call;
    int cancel_state;
    CK_RV rv = begin_call(&call, &cancel_state);

    if (rv != CKR_OK)
        return rv;
    do {
        uint64_t counter = 0;
        bool has_counter;

        rv = look(&counter, &has_counter, ret_slot);
        if (rv != CKR_NO_EVENT)
            break;
        rv = pause_for_event(&call, has_counter, counter);
    } while (rv == CKR_OK);
    meishi_client_end(&call);
    pthread_setcancelstate(cancel_state, NULL);
    return rv;
}

CK_RV
C_WaitForSlotEvent(CK_FLAGS flags, CK_SLOT_ID *slot, void *unused)
{
    uint64_t counter;
    bool has_counter;

    if (slot == NULL || unused != NULL)
        return CKR_ARGUMENTS_BAD;
    if ((flags & CKF_DONT_BLOCK) != 0)
        return look(&counter, &has_counter, slot);
    return wait_for_event(slot);
}
