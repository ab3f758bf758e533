/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The unsealed keys at hand.  meishi_key_cache_lookup() (agent.h) is for any thread; filling and
 * emptying belong to the main loop.  A key that is dropped here while a worker signs with it lives
 * until that signature is done; then its own type wipes it.
 */
#pragma once

#include "daemon/agent/agent.h"

MeishiKeyCache *meishi_key_cache_new(void);
void meishi_key_cache_free(MeishiKeyCache *cache); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiKeyCache, meishi_key_cache_free)

void meishi_key_cache_insert(MeishiKeyCache *cache, gint64 key_id, MeishiKey *key);
void meishi_key_cache_remove(MeishiKeyCache *cache, gint64 key_id);

/* Drops the keys that were used longest ago until the secure heap has room for more. */
void meishi_key_cache_make_room(MeishiKeyCache *cache);

void meishi_key_cache_clear(MeishiKeyCache *cache);
