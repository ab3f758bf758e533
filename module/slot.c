/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Slots, tokens and mechanisms, from the snapshot; without a daemon the fixed slots, empty.
 */
#include "module/state.h"

#include <stdio.h>
#include <string.h>

/* The largest PIN that a person may be asked for here. */
#define MAX_PIN 255

/* Brings the view up to date and enters. */
static CK_RV
refresh_and_enter(void)
{
    meishi_view_refresh();
    return meishi_state_enter();
}

/* As above, for what needs the token; not entered unless CKR_OK. */
static CK_RV
enter_with_token(CK_SLOT_ID slot_id, bool may_be_absent, const struct meishi_snapshot_slot **ret)
{
    CK_RV rv = refresh_and_enter();

    if (rv != CKR_OK)
        return rv;
    *ret = meishi_view_slot(slot_id);
    if (meishi_slot_find(slot_id) == NULL)
        rv = CKR_SLOT_ID_INVALID;
    else if (!may_be_absent && !meishi_view_is_present(slot_id))
        rv = CKR_TOKEN_NOT_PRESENT;
    if (rv != CKR_OK)
        meishi_state_leave();
    return rv;
}

/* ---- slots --------------------------------------------------------------------------------- */

static CK_ULONG
list_slots(bool only_present, CK_SLOT_ID *list, CK_ULONG room)
{
    CK_ULONG n = 0;

    for (unsigned i = 0; i < meishi_state.n_slots; i++) {
        struct meishi_slot *slot = &meishi_state.slots[i];

        slot->is_told = true; /* without a view: that nothing is there */
        if (only_present && !meishi_view_is_present(slot->id))
            continue;
        if (list != NULL && n < room)
            list[n] = slot->id;
        n++;
    }
    return n;
}

CK_RV
C_GetSlotList(CK_BBOOL token_present, CK_SLOT_ID *list, CK_ULONG *count)
{
    CK_ULONG n;
    CK_RV rv;

    if (count == NULL)
        return CKR_ARGUMENTS_BAD;
    rv = refresh_and_enter();
    if (rv != CKR_OK)
        return rv;
    n = list_slots(token_present != CK_FALSE, list, *count);
    if (list != NULL && n > *count)
        rv = CKR_BUFFER_TOO_SMALL;
    *count = n;
    meishi_state_leave();
    return rv;
}

/* The names are those that the daemon gives the vault's slots; where cards come, there is a place
 * for one. */
static void
name_empty_slot(CK_SLOT_ID slot_id, char *name, size_t room)
{
    unsigned long place = slot_id - MEISHI_WIRE_SLOT_TOKENS + 1;

    if (slot_id >= MEISHI_WIRE_SLOT_TOKENS && place <= MEISHI_WIRE_N_TOKEN_SLOTS)
        snprintf(name, room, "Meishi: place %lu for a card or token", place);
    else
        snprintf(name, room, "%s",
                 slot_id == MEISHI_WIRE_SLOT_VAULT_EDDSA ? "Meishi (EdDSA)" : "Meishi");
}

/* A slot as long as nothing is known of it: something may come, and NSS looks again only at slots
 * that say so. */
static void
describe_empty_slot(CK_SLOT_ID slot_id, CK_SLOT_INFO *info)
{
    char name[sizeof info->slotDescription + 1];

    name_empty_slot(slot_id, name, sizeof name);
    memset(info->slotDescription, ' ', sizeof info->slotDescription);
    memset(info->manufacturerID, ' ', sizeof info->manufacturerID);
    memcpy(info->slotDescription, name, strlen(name));
    memcpy(info->manufacturerID, "Meishi", strlen("Meishi"));
    info->flags = CKF_REMOVABLE_DEVICE;
}

CK_RV
C_GetSlotInfo(CK_SLOT_ID slot_id, CK_SLOT_INFO *info)
{
    const struct meishi_snapshot_slot *slot;
    CK_RV rv;

    if (info == NULL)
        return CKR_ARGUMENTS_BAD;
    rv = enter_with_token(slot_id, true, &slot);
    if (rv != CKR_OK)
        return rv;
    memset(info, 0, sizeof *info);
    if (slot == NULL) {
        describe_empty_slot(slot_id, info);
    } else {
        memcpy(info->slotDescription, slot->description, sizeof info->slotDescription);
        memcpy(info->manufacturerID, slot->manufacturer, sizeof info->manufacturerID);
        info->flags = (CK_FLAGS)slot->slot_flags;
    }
    meishi_state_leave();
    return CKR_OK;
}

/* ---- tokens -------------------------------------------------------------------------------- */

static void
describe_token(const struct meishi_snapshot_slot *slot, CK_TOKEN_INFO *info)
{
    CK_SLOT_ID id = (CK_SLOT_ID)slot->slot_id;

    memset(info, 0, sizeof *info);
    memcpy(info->label, slot->label, sizeof info->label);
    memcpy(info->manufacturerID, slot->manufacturer, sizeof info->manufacturerID);
    memcpy(info->model, slot->model, sizeof info->model);
    memcpy(info->serialNumber, slot->serial, sizeof info->serialNumber);
    memset(info->utcTime, ' ', sizeof info->utcTime);
    info->flags = (CK_FLAGS)slot->token_flags;
    info->ulMaxSessionCount = CK_EFFECTIVELY_INFINITE;
    info->ulSessionCount = meishi_session_count(id, 0);
    info->ulMaxRwSessionCount = CK_EFFECTIVELY_INFINITE;
    info->ulRwSessionCount = meishi_session_count(id, CKF_RW_SESSION);
    info->ulMaxPinLen = MAX_PIN;
    info->ulTotalPublicMemory = CK_UNAVAILABLE_INFORMATION;
    info->ulFreePublicMemory = CK_UNAVAILABLE_INFORMATION;
    info->ulTotalPrivateMemory = CK_UNAVAILABLE_INFORMATION;
    info->ulFreePrivateMemory = CK_UNAVAILABLE_INFORMATION;
}

CK_RV
C_GetTokenInfo(CK_SLOT_ID slot_id, CK_TOKEN_INFO *info)
{
    const struct meishi_snapshot_slot *slot;
    CK_RV rv;

    if (info == NULL)
        return CKR_ARGUMENTS_BAD;
    rv = enter_with_token(slot_id, false, &slot);
    if (rv != CKR_OK)
        return rv;
    describe_token(slot, info);
    meishi_state_leave();
    return CKR_OK;
}

CK_RV
C_InitToken(CK_SLOT_ID slot_id, CK_BYTE *pin, CK_ULONG pin_len, CK_BYTE *label)
{
    const struct meishi_snapshot_slot *slot;
    CK_RV rv = enter_with_token(slot_id, false, &slot);

    if (rv != CKR_OK)
        return rv;
    meishi_state_leave();
    return CKR_FUNCTION_NOT_SUPPORTED;
}

/* ---- mechanisms ---------------------------------------------------------------------------- */

CK_RV
C_GetMechanismList(CK_SLOT_ID slot_id, CK_MECHANISM_TYPE *list, CK_ULONG *count)
{
    const struct meishi_snapshot_slot *slot;
    CK_ULONG room;
    CK_RV rv;

    if (count == NULL)
        return CKR_ARGUMENTS_BAD;
    rv = enter_with_token(slot_id, false, &slot);
    if (rv != CKR_OK)
        return rv;
    room = *count;
    *count = slot->n_mechs;
    if (list != NULL && room < slot->n_mechs)
        rv = CKR_BUFFER_TOO_SMALL;
    for (uint32_t n = 0; list != NULL && rv == CKR_OK && n < slot->n_mechs; n++)
        list[n] =
            (CK_MECHANISM_TYPE)meishi_snapshot_mech_at(&meishi_state.view->snapshot, slot, n)->type;
    meishi_state_leave();
    return rv;
}

static CK_RV
describe_mechanism(const struct meishi_snapshot_slot *slot, CK_MECHANISM_TYPE type,
                   CK_MECHANISM_INFO *info)
{
    for (uint32_t n = 0; n < slot->n_mechs; n++) {
        const struct meishi_snapshot_mech *mech =
            meishi_snapshot_mech_at(&meishi_state.view->snapshot, slot, n);

        if (mech->type != type)
            continue;
        *info = (CK_MECHANISM_INFO){(CK_ULONG)mech->min_bits, (CK_ULONG)mech->max_bits,
                                    (CK_FLAGS)mech->flags};
        return CKR_OK;
    }
    return CKR_MECHANISM_INVALID;
}

CK_RV
C_GetMechanismInfo(CK_SLOT_ID slot_id, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info)
{
    const struct meishi_snapshot_slot *slot;
    CK_RV rv;

    if (info == NULL)
        return CKR_ARGUMENTS_BAD;
    rv = enter_with_token(slot_id, false, &slot);
    if (rv != CKR_OK)
        return rv;
    rv = describe_mechanism(slot, type, info);
    meishi_state_leave();
    return rv;
}
