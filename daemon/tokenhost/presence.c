/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A table of slots behind one lock, which is never held while the module is called.
 */
#include "daemon/tokenhost/presence.h"

#include <string.h>

/* What tells two tokens apart, as far as anything does. */
typedef struct {
    CK_UTF8CHAR label[32], manufacturer[32], model[16], serial[16];
} Looks;

typedef struct {
    guint64 slot;
    guint64 number; /* 0: nobody is there */
    Looks looks;
} Seat;

struct MeishiPresence {
    GMutex lock;
    GHashTable *seats; /* guint64 * -> Seat */
    guint64 last_number;
};

MeishiPresence *
meishi_presence_new(void)
{
    MeishiPresence *presence = g_new0(MeishiPresence, 1);

    g_mutex_init(&presence->lock);
    presence->seats = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    return presence;
}

static Seat *
find_seat(MeishiPresence *presence, guint64 slot)
{
    Seat *seat = g_hash_table_lookup(presence->seats, &slot);

    if (seat == NULL) {
        seat = g_new0(Seat, 1);
        seat->slot = slot;
        g_hash_table_insert(presence->seats, &seat->slot, seat);
    }
    return seat;
}

static void
look_at(const CK_TOKEN_INFO *info, Looks *ret)
{
    memcpy(ret->label, info->label, sizeof ret->label);
    memcpy(ret->manufacturer, info->manufacturerID, sizeof ret->manufacturer);
    memcpy(ret->model, info->model, sizeof ret->model);
    memcpy(ret->serial, info->serialNumber, sizeof ret->serial);
}

guint64
meishi_presence_see(MeishiPresence *presence, guint64 slot, const CK_TOKEN_INFO *info)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&presence->lock);
    Seat *seat = find_seat(presence, slot);
    Looks looks;

    look_at(info, &looks);
    if (seat->number == 0 || memcmp(&looks, &seat->looks, sizeof looks) != 0) {
        seat->number = ++presence->last_number;
        seat->looks = looks;
    }
    return seat->number;
}

void
meishi_presence_lose(MeishiPresence *presence, guint64 slot)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&presence->lock);

    find_seat(presence, slot)->number = 0;
}

static gboolean
is_among(guint64 slot, const CK_SLOT_ID *slots, gsize n)
{
    for (gsize i = 0; i < n; i++) {
        if (slots[i] == slot)
            return TRUE;
    }
    return FALSE;
}

void
meishi_presence_keep(MeishiPresence *presence, const CK_SLOT_ID *slots, gsize n)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&presence->lock);
    GHashTableIter iter;
    gpointer seat;

    g_hash_table_iter_init(&iter, presence->seats);
    while (g_hash_table_iter_next(&iter, NULL, &seat)) {
        if (!is_among(((Seat *)seat)->slot, slots, n))
            ((Seat *)seat)->number = 0;
    }
}

guint64
meishi_presence_now(MeishiPresence *presence, guint64 slot)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&presence->lock);

    return find_seat(presence, slot)->number;
}

gboolean
meishi_presence_is_lost(CK_RV rv)
{
    return rv == CKR_DEVICE_REMOVED || rv == CKR_TOKEN_NOT_PRESENT ||
           rv == CKR_TOKEN_NOT_RECOGNIZED || rv == CKR_SESSION_HANDLE_INVALID ||
           rv == CKR_SESSION_CLOSED || rv == CKR_SLOT_ID_INVALID;
}
