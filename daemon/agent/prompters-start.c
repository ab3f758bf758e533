/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Waiting for a prompter that is started because a question misses one; see prompters.h.  How it is
 * started is the starter's affair.
 *
 * Invariant: a question waits for one start at most, and a start that was of no use is not tried
 * again for a while, so that nobody waits for what does not come each time anew.  A window that
 * registers ends that while, and a person who does something shortens it.  Windows that crash over
 * what they are asked are of no use either.
 */
#include "daemon/agent/prompters-private.h"

#include "daemon/base/source.h"

/* One may be an accident. */
#define MAX_LOST 2

static void
give_up(MeishiPrompters *prompters)
{
    MeishiPrompterStart *start = &prompters->start;

    meishi_source_clear(&start->timer);
    start->failed_at = g_get_monotonic_time();
    meishi_prompters_plan_turn(prompters);
}

static gboolean
on_too_late(gpointer user_data)
{
    give_up(user_data);
    return G_SOURCE_REMOVE;
}

static void
begin_start(MeishiPrompters *prompters)
{
    MeishiPrompterStart *start = &prompters->start;

    start->timer = g_timeout_source_new(start->class->patience_ms);
    g_source_set_callback(start->timer, on_too_late, prompters, NULL);
    g_source_attach(start->timer, NULL);
    start->class->start(start->starter);
}

gboolean
meishi_prompters_can_start(MeishiPrompters *prompters)
{
    const MeishiPrompterStart *start = &prompters->start;

    return start->class != NULL && start->class->can_start(start->starter);
}

/* That the person has done something is what a program says. */
static gboolean
is_too_early(const MeishiPrompterStart *start, gboolean has_acted)
{
    guint wait_ms = has_acted ? start->class->pause_ms : start->class->back_off_ms;

    return start->failed_at != 0 &&
           g_get_monotonic_time() < start->failed_at + wait_ms * G_TIME_SPAN_MILLISECOND;
}

static gboolean
may_start(const MeishiOpenQuestion *question)
{
    MeishiPrompters *prompters = question->prompters;

    return !question->has_waited && meishi_prompters_can_start(prompters) &&
           !is_too_early(&prompters->start, question->has_acted);
}

gboolean
meishi_prompters_wait_for_start(MeishiOpenQuestion *question)
{
    MeishiPrompters *prompters = question->prompters;

    if (prompters->start.timer == NULL) {
        if (!may_start(question))
            return FALSE;
        begin_start(prompters);
    }
    question->has_waited = TRUE;
    return TRUE;
}

void
meishi_prompters_end_start(MeishiPrompters *prompters)
{
    meishi_source_clear(&prompters->start.timer);
}

/* Questions that wait for their turn with somebody who is there go on waiting for that. */
void
meishi_prompters_note_arrival(MeishiPrompters *prompters, gboolean is_window)
{
    if (is_window)
        prompters->start.failed_at = 0;
    if (prompters->start.timer != NULL)
        meishi_prompters_plan_turn(prompters);
}

void
meishi_prompters_note_loss(const MeishiOpenQuestion *question)
{
    MeishiPrompterStart *start = &question->prompters->start;

    if (meishi_prompters_is_window(question->prompter) && ++start->n_lost >= MAX_LOST)
        start->failed_at = g_get_monotonic_time();
}

void
meishi_prompters_note_answer(const MeishiOpenQuestion *question)
{
    if (meishi_prompters_is_window(question->prompter))
        question->prompters->start.n_lost = 0;
}

void
meishi_prompters_set_starter(MeishiPrompters *prompters, const MeishiStarterClass *class,
                             gpointer starter)
{
    meishi_source_clear(&prompters->start.timer);
    prompters->start = (MeishiPrompterStart){.class = class, .starter = starter};
    meishi_prompters_plan_turn(prompters);
}

void
meishi_prompters_start_failed(MeishiPrompters *prompters)
{
    if (prompters->start.timer != NULL)
        give_up(prompters);
}
