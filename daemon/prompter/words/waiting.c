/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The limit is the daemon's: what is said here is that the end is near or that it has been told,
 * never that something is over because a clock here says so.
 */
#include "daemon/prompter/words/waiting.h"

#include "daemon/prompter/words/dates.h"

#include <glib/gi18n.h>

/* Whoever asked has given up; what an answer is still good for. */
static const char *
say_given_up(const MeishiQuestion *question)
{
    switch (question->asks) {
    case MEISHI_ASKS_CHOOSE:
        return _("The program does not wait any more. Your choice will be used next time.");
    case MEISHI_ASKS_UNLOCK:
        return _("The program does not wait any more. The vault can be unlocked for next time.");
    default:
        return _("The program does not wait any more.");
    }
}

char *
meishi_waiting_text(const MeishiQuestion *question, gint64 now)
{
    g_autofree char *clock = NULL;

    if (!question->is_awaited)
        return g_strdup(say_given_up(question));
    if (question->deadline == 0)
        return g_strdup("");
    if (meishi_waiting_is_short(question, now))
        return g_strdup_printf(ngettext("The program waits for less than %u second more.",
                                        "The program waits for less than %u seconds more.",
                                        MEISHI_WAITING_SHORT),
                               MEISHI_WAITING_SHORT);
    clock = meishi_dates_clock(question->deadline);
    return g_strdup_printf(_("The program waits until %s."), clock);
}

gboolean
meishi_waiting_is_short(const MeishiQuestion *question, gint64 now)
{
    return question->is_awaited && question->deadline != 0 &&
           question->deadline - now < MEISHI_WAITING_SHORT;
}

guint
meishi_waiting_next_change(const MeishiQuestion *question, gint64 now)
{
    gint64 left = question->deadline - now;

    if (!question->is_awaited || question->deadline == 0 || left < MEISHI_WAITING_SHORT)
        return 0;
    return (guint)MIN(left - MEISHI_WAITING_SHORT + 1, G_MAXINT32);
}
