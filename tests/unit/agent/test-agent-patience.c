/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How long callers wait for the person, who may change that, and what the person is told of it.
 */
#include "daemon/agent/inquiry-private.h"
#include "daemon/base/error.h"
#include "tests/unit/agent/asking.h"

#define HOST "www.example.com"

/* One that waits for @timeout_ms; 0: does not say. */
static Call *
start(Asking *asking, guint timeout_ms)
{
    MeishiSelectCall *call = asking_call(asking, HOST);

    call->timeout_ms = timeout_ms;
    return asking_start(asking, call);
}

static void
assert_told(Asking *asking, const char *updates, int seconds)
{
    gint64 left = asking->deadline - g_get_real_time() / G_USEC_PER_SEC;

    g_assert_cmpstr(asking->updates->str, ==, updates);
    g_assert_cmpint(left, >=, seconds - 2);
    g_assert_cmpint(left, <=, seconds + 1);
    g_string_truncate(asking->updates, 0);
}

static void
extend(Asking *asking)
{
    g_assert_true(meishi_prompters_extend(meishi_agent_prompters(asking->agent), asking,
                                          asking->cookie, NULL));
}

static gboolean
set_patience(Asking *asking, const Call *call, guint timeout_ms)
{
    g_autoptr(GError) error = NULL;
    gboolean ok = meishi_agent_set_patience(asking->agent, call->cancellable, timeout_ms, &error);

    if (!ok)
        g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT);
    world_settle();
    return ok;
}

/* 3.9: "the connection timed out; your choice will be used next time". */
static void
test_deserted(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) call = start(asking, 20), retry = NULL, next = NULL;

    asking_wait(call);
    assert_told(asking, "deserted ", 600);
    retry = start(asking, 30000);
    assert_told(asking, "awaited ", 30);
    g_cancellable_cancel(retry->cancellable);
    world_settle();
    assert_told(asking, "deserted ", 600);
    asking_answer(asking, "Alice", "once", "host-port", FALSE);
    next = start(asking, 0);
    assert_call(next, "selected Alice once");
}

/* The most patient one counts. */
static void
test_joined(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) first = start(asking, 30000), second = NULL, third = NULL;

    second = start(asking, 20000);
    g_assert_cmpstr(asking->updates->str, ==, "");
    third = start(asking, 300000);
    assert_told(asking, "awaited ", 300);
    g_cancellable_cancel(third->cancellable);
    world_settle();
    assert_told(asking, "awaited ", 30);
    g_cancellable_cancel(first->cancellable);
    world_settle();
    assert_told(asking, "awaited ", 20);
}

/* The last to leave takes the question along, and nobody is told anything else. */
static void
test_left(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) call = start(asking, 0);

    g_cancellable_cancel(call->cancellable);
    world_settle();
    g_assert_cmpstr(asking->updates->str, ==, "");
    g_assert_cmpstr(asking->cancelled->str, ==, "caller-gone ");
}

/* What the person has not seen is of no use any more; who still waits for it keeps it. */
static void
test_deserted_in_queue(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) shown = start(asking, 0), deserted = NULL, kept = NULL;
    MeishiSelectCall *first = asking_call(asking, "else.example");
    MeishiSelectCall *second = asking_call(asking, "third.example");
    g_autoptr(Call) kept_too = NULL;

    first->timeout_ms = second->timeout_ms = 20;
    deserted = asking_start(asking, first);
    kept = asking_start(asking, second);
    kept_too = asking_start(asking, asking_call(asking, "third.example"));
    asking_wait(deserted);
    asking_wait(kept);
    assert_call(deserted, "timed-out - once");
    assert_call(kept, "timed-out - once");
    g_assert_cmpstr(asking->updates->str, ==, "");
    asking_dismiss(asking);
    assert_call(shown, "dismissed - once");
    assert_asked(asking, "host", "third.example");
    asking_dismiss(asking);
    assert_call(kept_too, "dismissed - once");
    g_assert_cmpuint(asking->n_begun, ==, 2);
}

/* Handed over, it is begun as it is then. */
static void
test_deserted_and_handed_over(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) call = start(asking, 20);
    gboolean is_awaited = TRUE;
    int other;

    asking_wait(call);
    asking_register_as(asking, &other);
    asking_unregister(asking);
    world_settle();
    g_assert_cmpuint(asking->n_begun, ==, 2);
    g_assert_true(g_variant_lookup(asking->question, "awaited", "b", &is_awaited));
    g_assert_false(is_awaited);
    meishi_prompters_remove(meishi_agent_prompters(asking->agent), &other);
    world_settle();
    g_clear_pointer(&asking->cookie, g_free);
}

/* A second, so that a later end can be told from an earlier one. */
static void
let_a_second_pass(void)
{
    gint64 end = g_get_monotonic_time() + 1100 * G_TIME_SPAN_MILLISECOND;

    while (g_get_monotonic_time() < end) {
        world_settle();
        g_usleep(10000);
    }
}

/* Who left the time to us waits for the person; who did not is held to what was said. */
static void
test_extend(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) patient = start(asking, 0), hasty = start(asking, 1500);

    let_a_second_pass();
    extend(asking);
    assert_told(asking, "awaited ", 60);
    asking_wait(hasty);
    assert_call(hasty, "timed-out - once");
    assert_call(patient, "waiting");
    asking_answer(asking, "Bob", "once", "host-port", FALSE);
    assert_call(patient, "selected Bob once");
}

static MeishiWaiter *
first_waiter(Asking *asking)
{
    const MeishiInquiry *inquiry = g_ptr_array_index(asking->agent->selector->inquiries, 0);

    return g_ptr_array_index(inquiry->waiters, 0);
}

/* By a clock that has been set back since, the old end lies an hour ahead. */
static void
test_extend_clock_set_back(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) call = start(asking, 0);
    MeishiWaiter *waiter = first_waiter(asking);
    gint64 end = g_source_get_ready_time(waiter->timer);

    waiter->deadline += 3600;
    let_a_second_pass();
    extend(asking);
    g_assert_cmpint(g_source_get_ready_time(waiter->timer), >, end);
    assert_told(asking, "awaited ", 60);
    assert_call(call, "waiting");
}

/* The person hears that it was of no use, and that a late answer is. */
static void
test_extend_hasty(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) hasty = start(asking, 20000);

    extend(asking);
    assert_told(asking, "awaited ", 20);
    g_assert_true(set_patience(asking, hasty, 10));
    asking_wait(hasty);
    assert_call(hasty, "timed-out - once");
    g_string_truncate(asking->updates, 0);
    extend(asking);
    assert_told(asking, "deserted ", 600);
}

/* Request.Update: longer, shorter, and what is no time. */
static void
test_set_patience(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) call = start(asking, 30000), other = start(asking, 10000);

    g_assert_true(set_patience(asking, call, 200000));
    assert_told(asking, "awaited ", 200);
    g_assert_false(set_patience(asking, call, 0));
    g_assert_false(set_patience(asking, call, 600001));
    g_assert_cmpstr(asking->updates->str, ==, "");
    g_assert_true(set_patience(asking, call, 5));
    asking_wait(call);
    assert_call(call, "timed-out - once");
    assert_told(asking, "awaited ", 10);
    g_assert_true(set_patience(asking, call, 5)); /* was told already */
    assert_call(other, "waiting");
}

/* ---- the end of a context -------------------------------------------------------------------- */

static MeishiSelectCall *
new_private_call(Asking *asking, const char *context, guint timeout_ms)
{
    MeishiSelectCall *call = asking_call(asking, HOST);

    call->request->context = g_strdup(context);
    call->timeout_ms = timeout_ms;
    return call;
}

/* 3.6: nothing of it is remembered, so there is nothing to answer. */
static void
test_context_ends(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) deserted = NULL, waiting = NULL, other = NULL, none = NULL;

    deserted = asking_start(asking, new_private_call(asking, "private:1", 20));
    waiting = asking_start(asking, new_private_call(asking, "private:2", 0));
    other = asking_start(asking, new_private_call(asking, "private:3", 0));
    none = asking_start(asking, asking_call(asking, HOST));
    asking_wait(deserted);
    g_assert_nonnull(asking->cookie);
    meishi_agent_end_context(asking->agent, "private:1");
    world_settle();
    g_assert_cmpstr(asking->cancelled->str, ==, "caller-gone ");
    g_assert_nonnull(asking->cookie); /* the next one's */
    meishi_agent_end_context(asking->agent, "private:2");
    world_settle();
    g_assert_cmpstr(asking->cancelled->str, ==, "caller-gone caller-gone ");
    g_assert_cmpuint(waiting->n_ends, ==, 1);
    g_assert_error(waiting->error, MEISHI_ERROR, MEISHI_ERROR_CANCELLED);
    assert_call(other, "waiting");
    meishi_agent_end_context(asking->agent, NULL);
    world_settle();
    g_assert_cmpuint(other->n_ends, ==, 1);
    assert_call(none, "waiting"); /* that of no context does not end */
    assert_choices(asking, "");
}

int
main(int argc, char **argv)
{
    world_init(&argc, &argv);
    g_test_add_func("/patience/deserted", test_deserted);
    g_test_add_func("/patience/deserted-in-queue", test_deserted_in_queue);
    g_test_add_func("/patience/deserted-and-handed-over", test_deserted_and_handed_over);
    g_test_add_func("/patience/joined", test_joined);
    g_test_add_func("/patience/left", test_left);
    g_test_add_func("/patience/extend/patient", test_extend);
    g_test_add_func("/patience/extend/hasty", test_extend_hasty);
    g_test_add_func("/patience/extend/clock-set-back", test_extend_clock_set_back);
    g_test_add_func("/patience/set", test_set_patience);
    g_test_add_func("/patience/context-ends", test_context_ends);
    return world_run();
}
