/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A queue of queues: who has waited longest since they were last served comes first.
 */
#include "daemon/token/turns.h"

typedef struct {
    gconstpointer who;
    GQueue items;
} Line;

struct MeishiTurns {
    GQueue lines; /* Line, none empty */
    guint n;
};

MeishiTurns *
meishi_turns_new(void)
{
    MeishiTurns *turns = g_new0(MeishiTurns, 1);

    g_queue_init(&turns->lines);
    return turns;
}

static void
line_free(gpointer data)
{
    Line *line = data;

    g_queue_clear(&line->items);
    g_free(line);
}

void
meishi_turns_free(MeishiTurns *turns)
{
    if (turns == NULL)
        return;
    g_queue_clear_full(&turns->lines, line_free);
    g_free(turns);
}

static Line *
find_line(MeishiTurns *turns, gconstpointer who)
{
    for (const GList *link = turns->lines.head; link != NULL; link = link->next) {
        Line *line = link->data;

        if (line->who == who)
            return line;
    }
    return NULL;
}

void
meishi_turns_add(MeishiTurns *turns, gconstpointer who, gpointer item)
{
    Line *line = find_line(turns, who);

    if (line == NULL) {
        line = g_new0(Line, 1);
        line->who = who;
        g_queue_init(&line->items);
        g_queue_push_tail(&turns->lines, line);
    }
    g_queue_push_tail(&line->items, item);
    turns->n++;
}

gpointer
meishi_turns_take(MeishiTurns *turns)
{
    Line *line = g_queue_pop_head(&turns->lines);
    gpointer item;

    if (line == NULL)
        return NULL;
    item = g_queue_pop_head(&line->items);
    turns->n--;
    if (g_queue_is_empty(&line->items))
        line_free(line);
    else
        g_queue_push_tail(&turns->lines, line);
    return item;
}

gboolean
meishi_turns_remove(MeishiTurns *turns, gpointer item)
{
    for (GList *link = turns->lines.head; link != NULL; link = link->next) {
        Line *line = link->data;

        if (!g_queue_remove(&line->items, item))
            continue;
        turns->n--;
        if (g_queue_is_empty(&line->items)) {
            g_queue_delete_link(&turns->lines, link);
            line_free(line);
        }
        return TRUE;
    }
    return FALSE;
}

guint
meishi_turns_count(const MeishiTurns *turns)
{
    return turns->n;
}
