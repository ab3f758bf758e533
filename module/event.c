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
        struct meishi_presence now = meishi_view_presence(slot->id);
        bool is_news = slot->is_told && !meishi_presence_equal(slot->told, now);

        slot->told = now;
        slot->is_told = true;
        if (is_news) {
            *ret_slot = slot->id;
            return true;
        }
    }
    return false;
}

/* The daemon's counter, read before the view is looked at, so that what changes in between is not
 * missed. */
struct news {
    bool has_counter;
    uint64_t counter;
};

/* Entered. */
static struct news
read_counter(void)
{
    if (meishi_state.pulse == NULL)
        return (struct news){false, 0};
    return (struct news){true, __atomic_load_n(&meishi_state.pulse->slot_events, __ATOMIC_ACQUIRE)};
}

static CK_RV
look(struct news *ret_news, CK_SLOT_ID *ret_slot)
{
    CK_RV rv = meishi_state_enter();

    if (rv != CKR_OK)
        return rv;
    *ret_news = read_counter();
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
pause_for_event(struct meishi_call *call, const struct news *news, int cancel_state)
{
    enum meishi_client_result result = MEISHI_CLIENT_ABSENT;
    uint64_t counter;

    meishi_client_give_way(call, cancel_state);
    if (news->has_counter)
        result = meishi_client_wait(call, news->counter, cancel_state, &counter);
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
look_until_event(struct meishi_call *call, int cancel_state, CK_SLOT_ID *ret_slot)
{
    struct news news;
    CK_RV rv;

    do {
        rv = look(&news, ret_slot);
        if (rv != CKR_NO_EVENT)
            break;
        rv = pause_for_event(call, &news, cancel_state);
    } while (rv == CKR_OK);
    return rv;
}

/* The one call that may last for ever, and so the one in which a thread may be cancelled. */
static CK_RV
wait_for_event(CK_SLOT_ID *ret_slot)
{
    struct meishi_call call;
    int cancel_state;
    CK_RV rv = begin_call(&call, &cancel_state);

    if (rv != CKR_OK)
        return rv;
    rv = look_until_event(&call, cancel_state, ret_slot);
    meishi_client_end(&call);
    pthread_setcancelstate(cancel_state, NULL);
    return rv;
}

CK_RV
C_WaitForSlotEvent(CK_FLAGS flags, CK_SLOT_ID *slot, void *unused)
{
    struct news news;

    if (slot == NULL || unused != NULL)
        return CKR_ARGUMENTS_BAD;
    if ((flags & CKF_DONT_BLOCK) != 0)
        return look(&news, slot);
    return wait_for_event(slot);
}
