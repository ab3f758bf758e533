/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiGuard: when a key or a click in a window can be meant for it: once the window has had the
 * focus for half a second (specification 6.2 rule 8), and never by a key that was down before and
 * only repeats.  Knows times and key codes, no window.
 */
#pragma once

#include <glib.h>

#define MEISHI_GUARD_TIME (G_USEC_PER_SEC / 2)

typedef struct MeishiGuard MeishiGuard;

MeishiGuard *meishi_guard_new(void);
void meishi_guard_free(MeishiGuard *guard); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiGuard, meishi_guard_free)

/* The window has had the focus, or what it shows, since @now. */
void meishi_guard_focus(MeishiGuard *guard, gint64 now);
/* It has lost the focus, and hears of no key any more. */
void meishi_guard_blur(MeishiGuard *guard);

/* How long it still takes until something can be meant; 0: none; G_MAXINT64: there is no focus. */
gint64 meishi_guard_wait(const MeishiGuard *guard, gint64 now);

/* @key is down, without having been pressed here. */
void meishi_guard_hold(MeishiGuard *guard, guint key);
/* A press of @key came.  Whether it was pressed anew, and does not repeat. */
gboolean meishi_guard_press(MeishiGuard *guard, guint key);
void meishi_guard_release(MeishiGuard *guard, guint key);
