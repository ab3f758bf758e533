/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What lies in which slot, as the module tells it now.
 */
#pragma once

#include "daemon/tokenhost/presence.h"

/* Everything that a reply to SLOTS or MECHANISMS points to. */
typedef struct {
    MeishiHostSlot slots[MEISHI_HOST_MAX_SLOTS];
    CK_SLOT_INFO slot_infos[MEISHI_HOST_MAX_SLOTS];
    CK_TOKEN_INFO token_infos[MEISHI_HOST_MAX_SLOTS];
} MeishiSlots;

/* All slots, the first MEISHI_HOST_MAX_SLOTS of them; fills @reply, whose texts lie in @slots. */
CK_RV meishi_slots_read(MeishiForeign *foreign, MeishiPresence *presence, MeishiSlots *slots,
                        MeishiHostReply *reply);

/* The mechanisms of the token in @slot; @ret has room for MEISHI_HOST_MAX_MECHANISMS. */
CK_RV meishi_slots_mechanisms(MeishiForeign *foreign, guint64 slot, MeishiHostMechanism *ret,
                              guint *ret_n);
