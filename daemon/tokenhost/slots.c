/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lists whose length the module says twice and may say differently: every length is held to the
 * room that there was, whatever the module says.
 */
#include "daemon/tokenhost/slots.h"

#include <string.h>

#define MAX_LIST  1024u /* what a module may claim; more is nonsense */
#define MAX_TRIES 4     /* a list that grows between two calls */

/* Calls "how many" and "which", as C_GetSlotList and C_GetMechanismList are to be called. */
typedef CK_RV (*ListCall)(MeishiForeign *foreign, guint64 slot, CK_ULONG *list, CK_ULONG *n);

static CK_RV
call_slot_list(MeishiForeign *foreign, guint64 unused, CK_ULONG *list, CK_ULONG *n)
{
    return foreign->calls.C_GetSlotList(CK_FALSE, list, n);
}

static CK_RV
call_mechanism_list(MeishiForeign *foreign, guint64 slot, CK_ULONG *list, CK_ULONG *n)
{
    return foreign->calls.C_GetMechanismList((CK_SLOT_ID)slot, list, n);
}

static CK_RV
read_list(MeishiForeign *foreign, guint64 slot, ListCall call, GArray *ret)
{
    CK_RV rv = CKR_BUFFER_TOO_SMALL;

    for (int i = 0; rv == CKR_BUFFER_TOO_SMALL && i < MAX_TRIES; i++) {
        CK_ULONG room, n = 0;

        rv = call(foreign, slot, NULL, &n);
        if (rv != CKR_OK)
            return rv;
        if (n > MAX_LIST)
            return CKR_DEVICE_ERROR;
        room = n + 8; /* for what comes between the two calls */
        g_array_set_size(ret, (guint)room);
        n = room;
        rv = call(foreign, slot, (CK_ULONG *)(void *)ret->data, &n);
        if (rv == CKR_OK && n > room)
            return CKR_DEVICE_ERROR;
        g_array_set_size(ret, rv == CKR_OK ? (guint)n : 0);
    }
    return rv;
}

/* ---- slots --------------------------------------------------------------------------------- */

static void
describe_token(MeishiHostSlot *slot, const CK_TOKEN_INFO *info)
{
    slot->token_flags = info->flags;
    slot->label = meishi_foreign_text(info->label, sizeof info->label);
    slot->maker = meishi_foreign_text(info->manufacturerID, sizeof info->manufacturerID);
    slot->model = meishi_foreign_text(info->model, sizeof info->model);
    slot->serial = meishi_foreign_text(info->serialNumber, sizeof info->serialNumber);
    slot->min_pin = (guint32)MIN(info->ulMinPinLen, G_MAXUINT32);
    slot->max_pin = (guint32)MIN(info->ulMaxPinLen, G_MAXUINT32);
}

/* A slot that cannot be read is an empty one: the next look may find it better. */
static void
read_slot(MeishiForeign *foreign, MeishiPresence *presence, MeishiSlots *slots, guint index)
{
    MeishiHostSlot *slot = &slots->slots[index];
    CK_SLOT_INFO *info = &slots->slot_infos[index];
    CK_TOKEN_INFO *token = &slots->token_infos[index];

    if (foreign->calls.C_GetSlotInfo((CK_SLOT_ID)slot->slot, info) != CKR_OK)
        *info = (CK_SLOT_INFO){.flags = CKF_REMOVABLE_DEVICE};
    slot->slot_flags = info->flags;
    slot->description = meishi_foreign_text(info->slotDescription, sizeof info->slotDescription);
    slot->manufacturer = meishi_foreign_text(info->manufacturerID, sizeof info->manufacturerID);
    if ((info->flags & CKF_TOKEN_PRESENT) != 0 &&
        foreign->calls.C_GetTokenInfo((CK_SLOT_ID)slot->slot, token) == CKR_OK) {
        slot->presence = meishi_presence_see(presence, slot->slot, token);
        describe_token(slot, token);
    } else {
        slot->slot_flags &= ~(guint64)CKF_TOKEN_PRESENT;
        meishi_presence_lose(presence, slot->slot);
    }
}

CK_RV
meishi_slots_read(MeishiForeign *foreign, MeishiPresence *presence, MeishiSlots *slots,
                  MeishiHostReply *reply)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, TRUE, sizeof(CK_ULONG));
    CK_RV rv = read_list(foreign, 0, call_slot_list, ids);

    if (rv != CKR_OK)
        return rv;
    memset(slots, 0, sizeof *slots);
    meishi_presence_keep(presence, (const CK_SLOT_ID *)(const void *)ids->data, ids->len);
    reply->n = MIN(ids->len, MEISHI_HOST_MAX_SLOTS);
    reply->slots = slots->slots;
    for (guint i = 0; i < reply->n; i++) {
        slots->slots[i].slot = g_array_index(ids, CK_ULONG, i);
        read_slot(foreign, presence, slots, i);
    }
    return CKR_OK;
}

/* ---- mechanisms ---------------------------------------------------------------------------- */

CK_RV
meishi_slots_mechanisms(MeishiForeign *foreign, guint64 slot, MeishiHostMechanism *ret,
                        guint *ret_n)
{
    g_autoptr(GArray) list = g_array_new(FALSE, TRUE, sizeof(CK_ULONG));
    CK_RV rv = read_list(foreign, slot, call_mechanism_list, list);

    *ret_n = MIN(list->len, MEISHI_HOST_MAX_MECHANISMS);
    for (guint i = 0; rv == CKR_OK && i < *ret_n; i++) {
        CK_MECHANISM_TYPE type = g_array_index(list, CK_ULONG, i);
        CK_MECHANISM_INFO info = {0};

        (void)!foreign->calls.C_GetMechanismInfo((CK_SLOT_ID)slot, type, &info);
        ret[i] = (MeishiHostMechanism){type, info.ulMinKeySize, info.ulMaxKeySize, info.flags};
    }
    return rv;
}
