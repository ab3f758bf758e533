/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiTurns: whose turn it is at something that serves one at a time.
 *
 * Programs take turns, and each program's own items are served in their order: a program with a
 * hundred items makes another one with one item wait for one item, and not for a hundred.
 */
#pragma once

#include <glib.h>

typedef struct MeishiTurns MeishiTurns;

MeishiTurns *meishi_turns_new(void);
void meishi_turns_free(MeishiTurns *turns); /* NULL is fine; the items are not freed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiTurns, meishi_turns_free)

/* @who is compared by its address. */
void meishi_turns_add(MeishiTurns *turns, gconstpointer who, gpointer item);

/* The next item; NULL: none. */
gpointer meishi_turns_take(MeishiTurns *turns);

/* TRUE where @item was there. */
gboolean meishi_turns_remove(MeishiTurns *turns, gpointer item);

guint meishi_turns_count(const MeishiTurns *turns);
