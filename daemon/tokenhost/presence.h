/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which token it is that lies in a slot.
 *
 * A slot id says nothing of that: a card may be pulled and another one put in between two requests,
 * and with it the same handle may become another key.  So every token that is put in gets a number
 * that is never used again, and whoever means a token says its number.  Thread-safe.
 */
#pragma once

#include "daemon/tokenhost/foreign.h"

typedef struct MeishiPresence MeishiPresence;

MeishiPresence *meishi_presence_new(void);

/* There is a token with @info in @slot; its number.  The same as before unless it went meanwhile or
 * looks different. */
guint64 meishi_presence_see(MeishiPresence *presence, guint64 slot, const CK_TOKEN_INFO *info);

/* There is none, or not the one that was there. */
void meishi_presence_lose(MeishiPresence *presence, guint64 slot);

/* There are no slots but these. */
void meishi_presence_keep(MeishiPresence *presence, const CK_SLOT_ID *slots, gsize n);

/* The number of the token that was seen last; 0: none, or it went since. */
guint64 meishi_presence_now(MeishiPresence *presence, guint64 slot);

/* Whether a call that ended with @rv says that the token is not the one that it was made for. */
gboolean meishi_presence_is_lost(CK_RV rv);
