/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Dismissals by target and program; see quiet.h.  The table is bounded: where more than a thousand
 * are quiet at once, the one that was dismissed first may ask again.
 */
#include "daemon/agent/quiet.h"

#include <string.h>

#define MAX_ENTRIES 1000

typedef struct {
    gint64 times[MEISHI_QUIET_DISMISSALS]; /* of the last dismissals, latest first; 0: none */
    gint64 refused;                        /* 0: was not */
} Entry;

struct MeishiQuiet {
    GHashTable *entries; /* key: Entry */
};

MeishiQuiet *
meishi_quiet_new(void)
{
    MeishiQuiet *quiet = g_new0(MeishiQuiet, 1);

    quiet->entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return quiet;
}

void
meishi_quiet_free(MeishiQuiet *quiet)
{
    if (quiet == NULL)
        return;
    g_hash_table_unref(quiet->entries);
    g_free(quiet);
}

static void
drop_oldest(MeishiQuiet *quiet)
{
    GHashTableIter iter;
    gpointer key, value, oldest = NULL;
    gint64 time = G_MAXINT64;

    g_hash_table_iter_init(&iter, quiet->entries);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        const Entry *entry = value;
        gint64 last = MAX(entry->times[0], entry->refused);

        if (last >= time)
            continue;
        oldest = key;
        time = last;
    }
    g_hash_table_remove(quiet->entries, oldest);
}

static Entry *
find_or_add(MeishiQuiet *quiet, const char *key)
{
    Entry *entry = g_hash_table_lookup(quiet->entries, key);

    if (entry != NULL)
        return entry;
    if (g_hash_table_size(quiet->entries) >= MAX_ENTRIES)
        drop_oldest(quiet);
    entry = g_new0(Entry, 1);
    g_hash_table_insert(quiet->entries, g_strdup(key), entry);
    return entry;
}

void
meishi_quiet_dismissed(MeishiQuiet *quiet, const char *key, gint64 now)
{
    Entry *entry = find_or_add(quiet, key);

    memmove(entry->times + 1, entry->times, sizeof entry->times - sizeof entry->times[0]);
    entry->times[0] = now;
}

void
meishi_quiet_refused(MeishiQuiet *quiet, const char *key, gint64 now)
{
    find_or_add(quiet, key)->refused = now;
}

/* Clocks are set back, too. */
static gboolean
is_within(gint64 time, gint64 now, gint64 seconds)
{
    return time != 0 && ABS(now - time) < seconds;
}

gboolean
meishi_quiet_holds(const MeishiQuiet *quiet, const char *key, gint64 now)
{
    const Entry *entry = g_hash_table_lookup(quiet->entries, key);
    gint64 first;

    if (entry == NULL)
        return FALSE;
    first = entry->times[MEISHI_QUIET_DISMISSALS - 1];
    if (first != 0 && ABS(entry->times[0] - first) <= MEISHI_QUIET_WINDOW_SECONDS)
        return TRUE;
    return is_within(entry->times[0], now, MEISHI_QUIET_SECONDS) ||
           is_within(entry->refused, now, MEISHI_QUIET_NO_SECONDS);
}

void
meishi_quiet_end(MeishiQuiet *quiet, const char *key)
{
    g_hash_table_remove(quiet->entries, key);
}
