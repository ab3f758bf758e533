/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the selecting half keeps, and how it follows the world: where rules, choices or identities
 * change, open questions are looked at again.  A question that has been settled meanwhile (an
 * answer for the whole host, a rule, a choice that was set by hand) is answered and closed, and one
 * that still waits for its turn is never shown.
 */
#include "daemon/agent/selector-private.h"

#define RATE_BURST      200 /* a browser that opens a session of many pages */
#define RATE_PER_SECOND MEISHI_SELECTOR_CALLS_PER_SECOND

static gboolean
on_review(gpointer user_data)
{
    MeishiAgent *agent = user_data;
    G_GNUC_UNUSED g_autoptr(MeishiAgent) alive = g_object_ref(agent);
    GPtrArray *inquiries = agent->selector->inquiries;

    agent->selector->review_source = 0;
    for (guint i = 0; i < inquiries->len;) {
        MeishiInquiry *inquiry = g_ptr_array_index(inquiries, i);

        i += meishi_inquiry_review(inquiry);
    }
    return G_SOURCE_REMOVE;
}

/* Ahead of the prompters, which begin questions when the main loop is idle. */
static void
plan_review(MeishiAgent *agent)
{
    MeishiSelector *selector = agent->selector;

    if (selector->inquiries->len > 0 && selector->review_source == 0)
        selector->review_source = g_idle_add_full(G_PRIORITY_DEFAULT, on_review, agent, NULL);
}

MeishiSelector *
meishi_selector_new(MeishiAgent *agent)
{
    static const char *const changes[] = {"choices-changed", "policy-reloaded", "identity-added",
                                          "identity-changed", "identity-removed"};
    MeishiSelector *selector = g_new0(MeishiSelector, 1);

    selector->rate = meishi_rate_limit_new(RATE_BURST, RATE_PER_SECOND);
    selector->quiet = meishi_quiet_new();
    selector->held = meishi_held_answers_new();
    selector->log = meishi_selection_log_new();
    selector->inquiries = g_ptr_array_new();
    for (gsize i = 0; i < G_N_ELEMENTS(changes); i++)
        g_signal_connect(agent, changes[i], G_CALLBACK(plan_review), NULL);
    return selector;
}

void
meishi_selector_free(MeishiSelector *selector)
{
    if (selector == NULL)
        return;
    g_clear_handle_id(&selector->review_source, g_source_remove);
    for (guint i = 0; i < selector->inquiries->len; i++)
        meishi_inquiry_orphan(g_ptr_array_index(selector->inquiries, i));
    g_ptr_array_unref(selector->inquiries);
    meishi_selection_log_free(selector->log);
    meishi_held_answers_free(selector->held);
    meishi_quiet_free(selector->quiet);
    meishi_rate_limit_free(selector->rate);
    g_free(selector);
}
