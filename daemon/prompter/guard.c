/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The half second, and the keys that are down.
 */
#include "daemon/prompter/guard.h"

struct MeishiGuard {
    gboolean has_focus;
    gint64 since;
    GHashTable *down; /* key codes */
};

MeishiGuard *
meishi_guard_new(void)
{
    MeishiGuard *guard = g_new0(MeishiGuard, 1);

    guard->down = g_hash_table_new(NULL, NULL);
    return guard;
}

void
meishi_guard_free(MeishiGuard *guard)
{
    if (guard == NULL)
        return;
    g_hash_table_unref(guard->down);
    g_free(guard);
}

void
meishi_guard_focus(MeishiGuard *guard, gint64 now)
{
    guard->has_focus = TRUE;
    guard->since = now;
}

void
meishi_guard_blur(MeishiGuard *guard)
{
    guard->has_focus = FALSE;
    g_hash_table_remove_all(guard->down);
}

gint64
meishi_guard_wait(const MeishiGuard *guard, gint64 now)
{
    if (!guard->has_focus)
        return G_MAXINT64;
    return MAX(guard->since + MEISHI_GUARD_TIME - now, 0);
}

void
meishi_guard_hold(MeishiGuard *guard, guint key)
{
    g_hash_table_add(guard->down, GUINT_TO_POINTER(key));
}

gboolean
meishi_guard_press(MeishiGuard *guard, guint key)
{
    return g_hash_table_add(guard->down, GUINT_TO_POINTER(key));
}

void
meishi_guard_release(MeishiGuard *guard, guint key)
{
    g_hash_table_remove(guard->down, GUINT_TO_POINTER(key));
}
