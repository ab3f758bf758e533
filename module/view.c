/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The view: which snapshot is at hand, whether it is still right, and what a new one changes.
 *
 * Looking costs a read of the pulse page and at most one system call.  One thread fetches at a
 * time; the others go on with the old view, or wait where there is none.  Slots are only ever
 * added (NSS takes a shrinking slot list for a broken module), and a token that went takes its
 * sessions along (PKCS #11 3.0, 5.6.1), whether it is back by now or not.
 */
#include "module/state.h"

#include <stdlib.h>

struct meishi_view *
meishi_view_ref(struct meishi_view *view)
{
    view->refs++;
    return view;
}

void
meishi_view_unref(struct meishi_view *view)
{
    if (view == NULL || --view->refs > 0)
        return;
    meishi_snapshot_unmap(&view->snapshot);
    free(view);
}

void
meishi_view_clear(void)
{
    meishi_view_unref(meishi_state.view);
    meishi_client_unmap_pulse(meishi_state.pulse);
    meishi_state.view = NULL;
    meishi_state.pulse = NULL;
}

/* ---- slots --------------------------------------------------------------------------------- */

struct meishi_slot *
meishi_slot_find(CK_SLOT_ID id)
{
    for (unsigned i = 0; i < meishi_state.n_slots; i++)
        if (meishi_state.slots[i].id == id)
            return &meishi_state.slots[i];
    return NULL;
}

const struct meishi_snapshot_slot *
meishi_view_slot(CK_SLOT_ID id)
{
    return meishi_state.view != NULL ? meishi_snapshot_slot(&meishi_state.view->snapshot, id)
                                     : NULL;
}

struct meishi_presence
meishi_view_presence(CK_SLOT_ID id)
{
    const struct meishi_snapshot_slot *slot = meishi_view_slot(id);

    if (slot == NULL || (slot->slot_flags & CKF_TOKEN_PRESENT) == 0)
        return (struct meishi_presence){false, 0};
    return (struct meishi_presence){true, slot->insertion};
}

bool
meishi_view_is_present(CK_SLOT_ID id)
{
    return meishi_view_presence(id).is_present;
}

bool
meishi_presence_equal(struct meishi_presence a, struct meishi_presence b)
{
    return a.is_present == b.is_present && a.insertion == b.insertion;
}

/* What is there in the first view is no event; a slot that comes later was empty until then. */
static void
add_slot(CK_SLOT_ID id, bool is_first_view)
{
    if (meishi_slot_find(id) == NULL && meishi_state.n_slots < MEISHI_MAX_SLOTS)
        meishi_state.slots[meishi_state.n_slots++] =
            (struct meishi_slot){.id = id, .is_told = !is_first_view};
}

static void
update_slots(const struct meishi_snapshot *snapshot, bool is_first_view)
{
    for (uint32_t n = 0; n < meishi_snapshot_header(snapshot)->n_slots; n++) {
        const struct meishi_snapshot_slot *slot = meishi_snapshot_slot_at(snapshot, n);

        if (slot != NULL)
            add_slot((CK_SLOT_ID)slot->slot_id, is_first_view);
    }
    for (unsigned i = 0; i < meishi_state.n_slots; i++) {
        struct meishi_slot *slot = &meishi_state.slots[i];
        struct meishi_presence presence = meishi_view_presence(slot->id);

        if (!slot->is_told)
            slot->told = presence;
        slot->is_told = true;
        if (!meishi_presence_equal(presence, slot->now))
            meishi_session_close_slot(slot->id);
        slot->now = presence;
    }
}

/* ---- refreshing ---------------------------------------------------------------------------- */

static bool
is_stale(void)
{
    const struct meishi_view *view = meishi_state.view;

    return view == NULL || meishi_state.pulse == NULL ||
           __atomic_load_n(&meishi_state.pulse->generation, __ATOMIC_ACQUIRE) != view->generation ||
           !meishi_client_is_current(view->instance);
}

/* True where this thread is the one to fetch. */
static bool
begin_refresh(void)
{
    if (!meishi_state.is_refreshing) {
        meishi_state.is_refreshing = true;
        return true;
    }
    while (meishi_state.is_initialized && meishi_state.is_refreshing && meishi_state.view == NULL)
        meishi_state_wait();
    return false;
}

static void
install(const struct meishi_client_view *fetched)
{
    struct meishi_view *view = malloc(sizeof *view);
    bool is_first = meishi_state.view == NULL;

    if (view == NULL || !meishi_state.is_initialized) {
        struct meishi_snapshot snapshot = fetched->snapshot;

        meishi_snapshot_unmap(&snapshot);
        meishi_client_unmap_pulse(fetched->pulse);
        free(view);
        return;
    }
    *view = (struct meishi_view){1, fetched->instance, fetched->generation, fetched->snapshot};
    meishi_view_unref(meishi_state.view);
    meishi_state.view = view;
    if (fetched->pulse != NULL) {
        meishi_client_unmap_pulse(meishi_state.pulse);
        meishi_state.pulse = fetched->pulse;
    }
    update_slots(&view->snapshot, is_first);
}

/* Entered at the beginning and at the end, not while the daemon is asked.  C_Finalize may have
 * come in between, so the lock is taken again without looking. */
static void
fetch(void)
{
    uint64_t instance = meishi_state.view != NULL ? meishi_state.view->instance : 0;
    struct meishi_client_view fetched;
    enum meishi_client_result result;
    struct meishi_call call;
    int cancel_state;

    meishi_client_begin(&call, 0);
    cancel_state = meishi_state_leave_to_wait();
    result = meishi_client_fetch(&call, instance, &fetched);
    meishi_client_end(&call);
    meishi_state_enter_again(cancel_state);
    if (result == MEISHI_CLIENT_OK)
        install(&fetched);
    meishi_state.is_refreshing = false;
    meishi_state_wake();
}

void
meishi_view_refresh(void)
{
    if (meishi_state_enter() != CKR_OK)
        return;
    if (is_stale() && begin_refresh())
        fetch();
    meishi_state_leave();
}
