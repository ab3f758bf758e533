/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Hints and the clock: what a hint lets a program see is taken back when it expires, also from a
 * program that is connected all the while.
 */
#include "daemon/agent/agent-private.h"

static void set_timer(MeishiAgent *agent);

static gboolean
on_expiry(gpointer user_data)
{
    MeishiAgent *agent = user_data;

    agent->hint_source = 0;
    if (meishi_hints_sweep(agent->hints, meishi_agent_now()))
        meishi_agent_announce_hints(agent);
    set_timer(agent);
    return G_SOURCE_REMOVE;
}

static void
set_timer(MeishiAgent *agent)
{
    gint64 next = meishi_hints_next_expiry(agent->hints);
    gint64 left = next - meishi_agent_now();

    g_clear_handle_id(&agent->hint_source, g_source_remove);
    if (next < G_MAXINT64)
        agent->hint_source = g_timeout_add_seconds(
            (guint)CLAMP(left, 1, MEISHI_HINT_RECENT_SECONDS), on_expiry, agent);
}

gboolean
meishi_agent_hint(MeishiAgent *agent, MeishiHintKind kind, MeishiApplication *process,
                  const MeishiRequest *request, const char *id)
{
    gint64 now = meishi_agent_now();
    gboolean is_swept = meishi_hints_sweep(agent->hints, now);
    gboolean is_known = meishi_hints_renew(agent->hints, kind, process, request, id, now);
    gboolean is_added =
        !is_known && meishi_hints_add(agent->hints, kind, process, request, id, now);

    if (is_swept || is_added)
        meishi_agent_announce_hints(agent);
    set_timer(agent);
    return is_known || is_added;
}
