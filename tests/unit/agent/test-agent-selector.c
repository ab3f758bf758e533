/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A call comes in, and how it is answered: at once, by a person, or by neither.
 */
#include "daemon/base/error.h"
#include "daemon/policy/sigalg.h"
#include "tests/unit/agent/asking.h"

#include <string.h>

#define HOST "www.example.com"
#define RULE "[Policy]\nVersion=1\n[Rule r]\nMatch-Host=www.example.com\n"

static void
assert_error(const Call *call, MeishiErrorCode code)
{
    g_assert_cmpuint(call->n_ends, ==, 1);
    g_assert_error(call->error, MEISHI_ERROR, (int)code);
}

/* ---- at once ---- */

static void
test_rule_selects(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) call = NULL;

    world_set_policy(asking->world, RULE "Identity-Subject-CN=Bob\nAction=select\n");
    call = asking_start(asking, asking_call(asking, HOST));
    assert_call(call, "selected Bob once");
    g_assert_cmpuint(asking->n_begun, ==, 0);
    g_assert_nonnull(strstr(call->answer->rule, "10-test.conf:3, admin"));
    g_assert_cmpuint(strlen(call->answer->selection_id), ==, 32);
    g_assert_cmpint(call->answer->choice_id, ==, 0);
    g_assert_false(call->answer->will_confirm);
}

/* Leaf first, then who certifies it, no root; and schemes for a P-256 key in TLS 1.3. */
static void
test_chain_and_schemes(void)
{
    g_autoptr(Asking) asking = asking_new();
    MeishiSelectCall *asks = asking_call(asking, HOST);
    const guint16 offered[] = {0x0804, 0x0503, 0x0403};
    g_autoptr(Call) call = NULL;
    GArray *schemes;

    world_set_policy(asking->world,
                     RULE "Identity-Subject-CN=Alice\nAction=select\nConfirm=each-use\n");
    asks->request->sigalgs = g_array_new(FALSE, FALSE, sizeof(guint16));
    g_array_append_vals(asks->request->sigalgs, offered, G_N_ELEMENTS(offered));
    call = asking_start(asking, asks);
    assert_call(call, "selected Alice once");
    g_assert_cmpuint(call->answer->chain->len, ==, 2);
    g_assert_cmpstr(((MeishiCert *)call->answer->chain->pdata[0])->subject_cn, ==, "Alice");
    g_assert_cmpstr(((MeishiCert *)call->answer->chain->pdata[1])->subject_cn, ==, "Sub");
    schemes = call->answer->schemes;
    g_assert_cmpuint(schemes->len, ==, 1);
    g_assert_cmpuint(g_array_index(schemes, guint16, 0), ==, 0x0403);
    g_assert_true(call->answer->will_confirm);
}

/* A caller that does not know what the server takes is told all that the key can do. */
static void
test_schemes_unknown(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) call = NULL;

    world_set_policy(asking->world, RULE "Identity-Subject-CN=Alice\nAction=select\n");
    call = asking_start(asking, asking_call(asking, HOST));
    g_assert_cmpuint(call->answer->schemes->len, ==, 1);
    g_assert_cmpuint(g_array_index(call->answer->schemes, guint16, 0), ==, 0x0403);
}

static void
test_final_results(void)
{
    g_autoptr(Asking) asking = asking_new();
    MeishiSelectCall *preconnect = asking_call(asking, HOST);
    MeishiSelectCall *preflight = asking_call(asking, HOST);
    g_autoptr(Call) deferred = NULL, anonymous = NULL, denied = NULL;

    preconnect->request->purpose = MEISHI_PURPOSE_PRECONNECT;
    preflight->request->purpose = MEISHI_PURPOSE_PREFLIGHT;
    deferred = asking_start(asking, preconnect);
    anonymous = asking_start(asking, preflight);
    world_set_policy(asking->world, RULE "Action=deny\n");
    denied = asking_start(asking, asking_call(asking, HOST));
    assert_call(deferred, "deferred - once");
    assert_call(anonymous, "none - once");
    g_assert_nonnull(anonymous->answer->selection_id);
    assert_call(denied, "denied - once");
    g_assert_null(denied->answer->selection_id);
    g_assert_cmpuint(asking->n_begun, ==, 0);
}

static void
test_not_interactive(void)
{
    g_autoptr(Asking) asking = asking_new();
    MeishiSelectCall *asks = asking_call(asking, HOST);
    g_autoptr(Call) call = NULL;

    asks->request->interactive = FALSE;
    call = asking_start(asking, asks);
    assert_call(call, "none - once");
    g_assert_cmpint(call->answer->code, ==, MEISHI_CODE_NEEDS_USER);
    g_assert_cmpuint(asking->n_begun, ==, 0);
}

static void
test_invalid(void)
{
    g_autoptr(Asking) asking = asking_new();
    MeishiSelectCall *asks = asking_call(asking, HOST);
    g_autoptr(Call) call = NULL;

    g_free(asks->request->protocol);
    asks->request->protocol = g_strdup("HTTPS://");
    call = asking_start(asking, asks);
    assert_error(call, MEISHI_ERROR_INVALID_ARGUMENT);
}

/* ---- a person answers ---- */

static void
test_person_chooses(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) call = asking_start(asking, asking_call(asking, HOST));

    assert_call(call, "waiting");
    g_assert_cmpuint(asking->n_begun, ==, 1);
    assert_offered(asking, "Alice Bob (Stranger)");
    assert_asked(asking, "kind", "choose");
    asking_answer(asking, "Bob", "once", "host-port", FALSE);
    assert_call(call, "selected Bob once");
    g_assert_nonnull(call->answer->selection_id);
    g_assert_cmpuint(call->answer->chain->len, ==, 2);
}

typedef struct {
    Asking *asking;
    guint n_view; /* when the call ended */
} Ending;

static void
on_end(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Ending *ending = user_data;
    g_autoptr(MeishiAnswer) answer = meishi_agent_select_finish(MEISHI_AGENT(source), result, NULL);

    g_assert_nonnull(answer);
    ending->n_view = ending->asking->world->n_view;
}

/* A program that is told looks for the identity at once, with a module that it has loaded before.
 */
static void
test_person_is_seen_to(void)
{
    g_autoptr(Asking) asking = asking_new();
    Ending ending = {.asking = asking};

    meishi_agent_select_async(asking->agent, asking_call(asking, HOST), NULL, on_end, &ending);
    world_settle();
    asking->world->n_view = 0;
    asking_answer(asking, "Bob", "once", "host-port", FALSE);
    g_assert_cmpuint(ending.n_view, ==, 1);
    g_assert_cmpuint(asking->world->n_view, ==, 1);
}

static void
test_person_sends_none(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) call = asking_start(asking, asking_call(asking, HOST));

    asking_answer(asking, NULL, "once", "host-port", FALSE);
    assert_call(call, "none - once");
    g_assert_cmpint(call->answer->code, ==, MEISHI_CODE_OK);
    g_assert_nonnull(call->answer->selection_id);
}

/* A soft identity may be chosen by a person; an answer for two minutes, no more. */
static void
test_person_chooses_soft(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) call = asking_start(asking, asking_call(asking, HOST));
    g_autoptr(Call) again = NULL;

    asking_answer(asking, "Stranger", "once", "host-port", FALSE);
    assert_call(call, "selected Stranger once");
    again = asking_start(asking, asking_call(asking, HOST));
    assert_call(again, "selected Stranger once");
    g_assert_cmpuint(asking->n_begun, ==, 1);
    assert_choices(asking, "");
}

/* Hard ones are not offered, and an answer with one is none. */
static void
test_person_cannot_choose_hard(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) call = NULL;

    world_set_policy(asking->world, RULE "Identity-Subject-CN=Bob\nAction=restrict\n");
    call = asking_start(asking, asking_call(asking, HOST));
    assert_offered(asking, "Alice (Stranger)");
    asking_answer(asking, "Bob", "always", "host-port", FALSE);
    assert_call(call, "dismissed - once");
    assert_choices(asking, "");
}

static void
test_person_answers_nonsense(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) call = asking_start(asking, asking_call(asking, HOST));

    asking_answer(asking, "Bob", "for ever", "host-port", FALSE);
    assert_call(call, "dismissed - once");
}

/* ---- nobody ---- */

static void
test_nobody(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) call = NULL;

    asking_unregister(asking);
    call = asking_start(asking, asking_call(asking, HOST));
    assert_call(call, "no-agent - once");
    g_assert_cmpint(call->answer->code, ==, MEISHI_CODE_NEEDS_USER);
    g_assert_null(call->answer->selection_id);
    /* With everything that a prompt would need. */
    asking->question = g_variant_ref(call->answer->question);
    assert_offered(asking, "Alice Bob (Stranger)");
    assert_asked(asking, "host", HOST);
}

static gboolean
can_start(gpointer unused)
{
    return TRUE;
}

static void
start_nobody(gpointer unused)
{
}

/* What a prompt would need is a list of the person's certificates, which no sandbox is shown. */
static void
test_nobody_for_sandbox(void)
{
    static const MeishiStarterClass starter = {can_start, start_nobody, 60000, 60000, 0};
    g_autoptr(Asking) asking = asking_new();
    MeishiPrompters *prompters = meishi_agent_prompters(asking->agent);
    g_autoptr(Call) at_once = NULL, after_start = NULL;

    asking->me->is_sandboxed = TRUE;
    asking_unregister(asking);
    at_once = asking_start(asking, asking_call(asking, HOST));
    meishi_prompters_set_starter(prompters, &starter, NULL);
    after_start = asking_start(asking, asking_call(asking, HOST));
    meishi_prompters_start_failed(prompters);
    world_settle();
    assert_call(at_once, "no-agent - once");
    g_assert_null(at_once->answer->question);
    assert_call(after_start, "no-agent - once");
    g_assert_null(after_start->answer->question);
    meishi_prompters_set_starter(prompters, NULL, NULL);
}

/* 5.6: the prompter dies, and the next one asks. */
static void
test_handed_over(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) call = NULL;
    int next;

    asking_register_as(asking, &next);
    call = asking_start(asking, asking_call(asking, HOST));
    g_clear_pointer(&asking->cookie, g_free);
    meishi_prompters_remove(meishi_agent_prompters(asking->agent), &next);
    world_settle();
    g_assert_cmpuint(asking->n_begun, ==, 2);
    asking_answer(asking, "Alice", "once", "host-port", FALSE);
    assert_call(call, "selected Alice once");
}

/* 5.6: the prompter dies, there is no other: as if it had been closed. */
static void
test_prompter_dies(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) call = asking_start(asking, asking_call(asking, HOST));

    asking_unregister(asking);
    world_settle();
    assert_call(call, "dismissed - once");
}

/* ---- not now ---- */

static void
test_dismissed(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) call = asking_start(asking, asking_call(asking, HOST));
    g_autoptr(Call) at_once = NULL, elsewhere = NULL;

    asking_dismiss(asking);
    assert_call(call, "dismissed - once");
    assert_choices(asking, "");
    at_once = asking_start(asking, asking_call(asking, HOST));
    assert_call(at_once, "dismissed - once");
    g_assert_cmpuint(asking->n_begun, ==, 1);
    elsewhere = asking_start(asking, asking_call(asking, "else.example"));
    assert_call(elsewhere, "waiting");
}

static void
test_dismissed_and_acted(void)
{
    g_autoptr(Asking) asking = asking_new();
    G_GNUC_UNUSED g_autoptr(Call) call = asking_start(asking, asking_call(asking, HOST));
    MeishiSelectCall *asks = asking_call(asking, HOST);
    g_autoptr(Call) acted = NULL;

    asking_dismiss(asking);
    asks->request->user_activation = TRUE;
    acted = asking_start(asking, asks);
    assert_call(acted, "waiting");
    g_assert_cmpuint(asking->n_begun, ==, 2);
}

/* ---- time ---- */

static void
test_timeout(void)
{
    g_autoptr(Asking) asking = asking_new();
    MeishiSelectCall *asks = asking_call(asking, HOST);
    g_autoptr(Call) call = NULL, next = NULL;

    asks->timeout_ms = 20;
    call = asking_start(asking, asks);
    asking_wait(call);
    assert_call(call, "timed-out - once");
    /* 3.9: the question stays, and its answer is good for the next attempt. */
    g_assert_nonnull(asking->cookie);
    asking_answer(asking, "Alice", "once", "host-port", FALSE);
    next = asking_start(asking, asking_call(asking, HOST));
    assert_call(next, "selected Alice once");
    g_assert_cmpuint(asking->n_begun, ==, 1);
}

/* The answer of a person who was too slow holds for a retry in another connection group, too. */
static void
test_timeout_in_group(void)
{
    g_autoptr(Asking) asking = asking_new();
    MeishiSelectCall *asks = asking_call(asking, HOST), *retries = asking_call(asking, HOST);
    g_autoptr(Call) call = NULL, next = NULL;

    asks->timeout_ms = 20;
    asks->connection_group = g_strdup("1");
    retries->connection_group = g_strdup("2");
    call = asking_start(asking, asks);
    asking_wait(call);
    asking_answer(asking, "Alice", "once", "host-port", FALSE);
    next = asking_start(asking, retries);
    assert_call(next, "selected Alice once");
}

/* A retry while the question is still open waits for it. */
static void
test_timeout_and_retry(void)
{
    g_autoptr(Asking) asking = asking_new();
    MeishiSelectCall *asks = asking_call(asking, HOST);
    g_autoptr(Call) call = NULL, retry = NULL;

    asks->timeout_ms = 20;
    call = asking_start(asking, asks);
    asking_wait(call);
    retry = asking_start(asking, asking_call(asking, HOST));
    assert_call(retry, "waiting");
    g_assert_cmpuint(asking->n_begun, ==, 1);
    asking_answer(asking, "Bob", "session", "host-port", FALSE);
    assert_call(retry, "selected Bob session");
    assert_call(call, "timed-out - once");
}

/* However often a program loses patience, little is kept of it; others are not in its way. */
static void
test_timeout_many(void)
{
    enum {
        N = 40,
    };
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(GPtrArray) calls = g_ptr_array_new_with_free_func((GDestroyNotify)call_free);
    int refs = g_atomic_int_get(&asking->me->refs);

    for (guint i = 0; i < N; i++) {
        MeishiSelectCall *asks = asking_call(asking, HOST);

        asks->timeout_ms = 1 + i % 2;
        asks->connection_group = i % 4 == 0 ? g_strdup("1") : NULL;
        g_ptr_array_add(calls, asking_start(asking, asks));
    }
    for (guint i = 0; i < N; i++)
        asking_wait(calls->pdata[i]);
    g_assert_cmpint(g_atomic_int_get(&asking->me->refs) - refs, <=, 3);
    asking_answer(asking, "Alice", "once", "host-port", FALSE);
    g_ptr_array_add(calls, asking_start(asking, asking_call(asking, HOST)));
    assert_call(calls->pdata[N], "selected Alice once");
    g_assert_cmpuint(asking->n_begun, ==, 1);
}

static void
test_waiters_full(void)
{
    enum {
        N = 128,
    };
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(GPtrArray) calls = g_ptr_array_new_with_free_func((GDestroyNotify)call_free);

    for (guint i = 0; i <= N; i++)
        g_ptr_array_add(calls, asking_start(asking, asking_call(asking, HOST)));
    assert_call(calls->pdata[N - 1], "waiting");
    assert_error(calls->pdata[N], MEISHI_ERROR_BUSY);
    asking_answer(asking, "Alice", "once", "host-port", FALSE);
    assert_call(calls->pdata[N - 1], "selected Alice once");
}

/* ---- cancelling ---- */

static void
test_cancel(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) call = asking_start(asking, asking_call(asking, HOST));
    g_autoptr(Call) next = NULL;

    g_cancellable_cancel(call->cancellable);
    world_settle();
    assert_error(call, MEISHI_ERROR_CANCELLED);
    g_assert_cmpstr(asking->cancelled->str, ==, "caller-gone ");
    /* Nothing was learned from it. */
    next = asking_start(asking, asking_call(asking, HOST));
    assert_call(next, "waiting");
    g_assert_cmpuint(asking->n_begun, ==, 2);
}

static void
test_cancel_before(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    Call call = {0};

    g_cancellable_cancel(cancellable);
    asking_start_with(asking, asking_call(asking, HOST), cancellable, &call);
    assert_error(&call, MEISHI_ERROR_CANCELLED);
    g_assert_cmpuint(asking->n_begun, ==, 0);
    g_clear_error(&call.error);
}

/* In one turn of the main loop: it ends once. */
static void
test_cancel_and_answer(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) call = asking_start(asking, asking_call(asking, HOST));

    g_cancellable_cancel(call->cancellable);
    asking_answer(asking, "Alice", "always", "host-port", FALSE);
    g_assert_cmpuint(call->n_ends, ==, 1);
}

/* 3.8: the last one to go closes the window. */
static void
test_cancel_one_of_two(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) first = asking_start(asking, asking_call(asking, HOST));
    g_autoptr(Call) second = asking_start(asking, asking_call(asking, HOST));

    g_cancellable_cancel(first->cancellable);
    world_settle();
    assert_error(first, MEISHI_ERROR_CANCELLED);
    g_assert_cmpstr(asking->cancelled->str, ==, "");
    asking_answer(asking, "Alice", "session", "host-port", FALSE);
    assert_call(second, "selected Alice session");
}

/* ---- several at once ---- */

static void
test_parallel(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) first = asking_start(asking, asking_call(asking, HOST));
    g_autoptr(Call) second = asking_start(asking, asking_call(asking, HOST));
    g_autoptr(Call) third = asking_start(asking, asking_call(asking, HOST));

    asking_answer(asking, "Bob", "always", "host-port", FALSE);
    assert_call(first, "selected Bob always");
    assert_call(second, "selected Bob always");
    assert_call(third, "selected Bob always");
    g_assert_cmpuint(asking->n_begun, ==, 1);
    g_assert_cmpstr(first->answer->selection_id, !=, second->answer->selection_id);
    g_assert_cmpint(first->answer->choice_id, ==, second->answer->choice_id);
}

static void
test_parallel_dismissed(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) first = asking_start(asking, asking_call(asking, HOST));
    g_autoptr(Call) second = asking_start(asking, asking_call(asking, HOST));

    asking_dismiss(asking);
    assert_call(first, "dismissed - once");
    assert_call(second, "dismissed - once");
    g_assert_cmpuint(asking->n_begun, ==, 1);
}

/* S0 [31]: one host with two CA lists asks twice; nobody gets what the server does not name. */
static void
test_two_authorities(void)
{
    g_autoptr(Asking) asking = asking_new();
    MeishiSelectCall *asks = asking_call_naming(asking, HOST, "Other");
    g_autoptr(Call) sub = NULL, other = NULL;

    world_set_policy(asking->world, RULE "Require-CA-Match=yes\n");
    sub = asking_start(asking, asking_call(asking, HOST));
    assert_offered(asking, "Alice Bob");
    other = asking_start(asking, asks);
    asking_answer(asking, "Alice", "once", "host-port", FALSE);
    assert_call(sub, "selected Alice once");
    assert_call(other, "waiting");
    g_assert_cmpuint(asking->n_begun, ==, 2);
    assert_offered(asking, "Stranger");
    asking_answer(asking, "Stranger", "once", "host-port", FALSE);
    assert_call(other, "selected Stranger once");
}

/* A follower that the answer does not fit any more is decided for again, alone. */
static void
test_follower_alone(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) call = asking_start(asking, asking_call(asking, HOST));

    world_set_policy(asking->world, RULE "Identity-Subject-CN=Bob\nAction=restrict\n");
    asking_answer(asking, "Bob", "always", "host-port", FALSE);
    assert_call(call, "waiting");
    assert_choices(asking, "");
    g_assert_cmpuint(asking->n_begun, ==, 2);
    assert_offered(asking, "Alice (Stranger)");
    asking_answer(asking, "Alice", "session", "host-port", FALSE);
    assert_call(call, "selected Alice session");
}

/* ---- the world changes while somebody waits ---- */

/* 3.6: a policy that came since is followed, and the window closes by itself. */
static void
test_policy_came_in_between(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) call = asking_start(asking, asking_call(asking, HOST));

    world_set_policy(asking->world, RULE "Action=deny\n");
    world_settle();
    assert_call(call, "denied - once");
    g_assert_cmpstr(asking->cancelled->str, ==, "answered ");
    assert_choices(asking, "");
}

/* Where both come in one turn of the main loop, what was said by hand was said first and for good;
 * the answer came to a question that had its answer. */
static void
test_choice_and_answer(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autofree char *bob = asking_id(asking, "Bob");
    const MeishiChoiceSpec spec = {
        .reach = MEISHI_REACH_HOST, .host = HOST, .id = bob, .scope = MEISHI_SCOPE_ALWAYS};
    g_autoptr(Call) call = asking_start(asking, asking_call(asking, HOST));

    g_assert_true(meishi_agent_choose(asking->agent, &spec, NULL, NULL));
    asking_answer(asking, "Alice", "always", "host-port", FALSE);
    assert_call(call, "selected Bob always");
    assert_choices(asking, "Bob always www.example.com:0 any");
}

static void
test_choice_was_set(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autofree char *bob = asking_id(asking, "Bob");
    const MeishiChoiceSpec spec = {
        .reach = MEISHI_REACH_HOST, .host = HOST, .id = bob, .scope = MEISHI_SCOPE_ALWAYS};
    g_autoptr(Call) call = asking_start(asking, asking_call(asking, HOST));

    g_assert_true(meishi_agent_choose(asking->agent, &spec, NULL, NULL));
    world_settle();
    assert_call(call, "selected Bob always");
    g_assert_cmpstr(asking->cancelled->str, ==, "answered ");
}

/* K38: ten windows for one page.  An answer for the host is one for the questions behind it. */
static void
test_answer_for_the_queue(void)
{
    g_autoptr(Asking) asking = asking_new();
    MeishiSelectCall *asks = asking_call(asking, HOST);
    g_autoptr(Call) first = asking_start(asking, asking_call(asking, HOST));
    g_autoptr(Call) second = NULL;

    asks->request->port = 8443;
    second = asking_start(asking, asks);
    assert_call(second, "waiting");
    asking_answer(asking, "Bob", "session", "host", FALSE);
    assert_call(first, "selected Bob session");
    assert_call(second, "selected Bob session");
    g_assert_cmpuint(asking->n_begun, ==, 1);
}

/* The last that fits is removed: nothing to ask about. */
static void
test_identity_removed(void)
{
    g_autoptr(Asking) asking = asking_new();
    const char *const labels[] = {"Alice", "Bob"};
    g_autoptr(Call) call = asking_start(asking, asking_call(asking, HOST));

    for (gsize i = 0; i < G_N_ELEMENTS(labels); i++) {
        g_autoptr(MeishiIdentity) identity = world_identity(asking->world, labels[i]);

        assert_call(call, "waiting");
        g_assert_true(meishi_agent_remove(asking->agent, identity, NULL));
        world_settle();
    }
    assert_call(call, "none - once");
    g_assert_cmpstr(asking->cancelled->str, ==, "answered ");
}

/* A question that stayed open for the next attempt closes where that needs no answer any more. */
static void
test_awaited_is_closed(void)
{
    g_autoptr(Asking) asking = asking_new();
    MeishiSelectCall *asks = asking_call(asking, HOST);
    g_autoptr(Call) call = NULL;

    asks->timeout_ms = 20;
    call = asking_start(asking, asks);
    asking_wait(call);
    g_assert_nonnull(asking->cookie);
    world_set_policy(asking->world, RULE "Action=none\n");
    world_settle();
    g_assert_cmpstr(asking->cancelled->str, ==, "answered ");
    assert_call(call, "timed-out - once");
}

/* ---- queues ---- */

static void
test_queue(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) a = asking_start(asking, asking_call(asking, "a.example"));
    g_autoptr(Call) b = asking_start(asking, asking_call(asking, "b.example"));

    g_assert_cmpuint(asking->n_begun, ==, 1);
    assert_asked(asking, "host", "a.example");
    asking_answer(asking, "Alice", "once", "host-port", FALSE);
    assert_call(a, "selected Alice once");
    assert_call(b, "waiting");
    assert_asked(asking, "host", "b.example");
    asking_answer(asking, "Bob", "once", "host-port", FALSE);
    assert_call(b, "selected Bob once");
}

/* 3.8: five questions of one program. */
static void
test_queue_is_full(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(GPtrArray) calls = g_ptr_array_new_with_free_func((GDestroyNotify)call_free);
    const Call *sixth;

    for (guint i = 0; i < 6; i++) {
        g_autofree char *host = g_strdup_printf("h%u.example", i);

        g_ptr_array_add(calls, asking_start(asking, asking_call(asking, host)));
    }
    assert_call(calls->pdata[4], "waiting");
    sixth = calls->pdata[5];
    assert_error(sixth, MEISHI_ERROR_BUSY);
    /* Joining a question that is open is no further one. */
    g_ptr_array_add(calls, asking_start(asking, asking_call(asking, "h0.example")));
    assert_call(calls->pdata[6], "waiting");
}

/* On a slow machine the bucket fills up while it is emptied. */
static void
test_rate(void)
{
    g_autoptr(Asking) asking = asking_new();
    gint64 start = g_get_monotonic_time();
    double allowed;
    guint n_answered = 0;

    world_set_policy(asking->world, RULE "Action=none\n");
    for (guint i = 0; i < 600; i++) {
        g_autoptr(Call) call = asking_start(asking, asking_call(asking, HOST));

        n_answered += call->error == NULL;
        if (call->error != NULL)
            assert_error(call, MEISHI_ERROR_BUSY);
    }
    allowed = 201 + 50 * (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC;
    g_assert_cmpuint(n_answered, >=, 200);
    g_assert_cmpfloat(n_answered, <=, allowed);
}

/* ---- connection groups ---- */

static void
test_group(void)
{
    g_autoptr(Asking) asking = asking_new();
    const char *const groups[] = {"1", "1", "2"};
    g_autoptr(GPtrArray) calls = g_ptr_array_new_with_free_func((GDestroyNotify)call_free);

    for (guint i = 0; i < G_N_ELEMENTS(groups); i++) {
        g_ptr_array_add(calls, asking_start(asking, asking_call_in(asking, HOST, groups[i])));
        if (i == 0)
            asking_answer(asking, "Bob", "once", "host-port", FALSE);
    }
    assert_call(calls->pdata[0], "selected Bob once");
    assert_call(calls->pdata[1], "selected Bob once");
    /* "Once" was for the other group. */
    assert_call(calls->pdata[2], "waiting");
    assert_choices(asking, "");
}

/* A follow-up that could not ask by itself has its answer already. */
static void
test_group_not_interactive(void)
{
    g_autoptr(Asking) asking = asking_new();
    MeishiSelectCall *follows = asking_call_in(asking, HOST, "1");
    g_autoptr(Call) call = asking_start(asking, asking_call_in(asking, HOST, "1"));
    g_autoptr(Call) follow_up = NULL;

    follows->request->interactive = FALSE;
    asking_answer(asking, "Bob", "once", "host-port", FALSE);
    follow_up = asking_start(asking, follows);
    assert_call(follow_up, "selected Bob once");
}

/* Rules have the last word over what is held. */
static void
test_group_and_policy(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) call = asking_start(asking, asking_call_in(asking, HOST, "1"));
    g_autoptr(Call) follow_up = NULL;

    asking_answer(asking, "Bob", "once", "host-port", FALSE);
    world_set_policy(asking->world, RULE "Action=none\n");
    follow_up = asking_start(asking, asking_call_in(asking, HOST, "1"));
    assert_call(follow_up, "none - once");
}

/* ---- dry runs ---- */

static void
test_preview(void)
{
    g_autoptr(Asking) asking = asking_new();
    MeishiSelectCall *asks = asking_call(asking, HOST);
    G_GNUC_UNUSED g_autoptr(MeishiSelectCall) owned = asks;
    g_autoptr(MeishiDecision) decision = meishi_agent_decide(asking->agent, asks->request, NULL);
    g_autoptr(MeishiAnswer) answer = meishi_agent_preview(asking->agent, asks->request, decision);

    g_assert_cmpint(answer->result, ==, MEISHI_RESULT_PROMPT);
    g_assert_null(answer->selection_id);
    g_assert_null(answer->question);
    world_settle();
    g_assert_cmpuint(asking->n_begun, ==, 0);
}

/* ---- the end ---- */

/* A question that nobody waits for does not keep the agent. */
static void
test_agent_ends(void)
{
    g_autoptr(Asking) asking = asking_new();
    MeishiSelectCall *asks = asking_call(asking, HOST);
    g_autoptr(Call) call = NULL;

    asks->timeout_ms = 20;
    call = asking_start(asking, asks);
    asking_wait(call);
    g_assert_nonnull(asking->cookie);
    assert_call(call, "timed-out - once");
}

int
main(int argc, char **argv)
{
    world_init(&argc, &argv);
    g_test_add_func("/selector/at-once/rule", test_rule_selects);
    g_test_add_func("/selector/at-once/chain-and-schemes", test_chain_and_schemes);
    g_test_add_func("/selector/at-once/schemes-unknown", test_schemes_unknown);
    g_test_add_func("/selector/at-once/final", test_final_results);
    g_test_add_func("/selector/at-once/not-interactive", test_not_interactive);
    g_test_add_func("/selector/at-once/invalid", test_invalid);
    g_test_add_func("/selector/person/chooses", test_person_chooses);
    g_test_add_func("/selector/person/is-seen-to", test_person_is_seen_to);
    g_test_add_func("/selector/person/sends-none", test_person_sends_none);
    g_test_add_func("/selector/person/chooses-soft", test_person_chooses_soft);
    g_test_add_func("/selector/person/cannot-choose-hard", test_person_cannot_choose_hard);
    g_test_add_func("/selector/person/answers-nonsense", test_person_answers_nonsense);
    g_test_add_func("/selector/nobody/at-all", test_nobody);
    g_test_add_func("/selector/nobody/at-all-for-sandbox", test_nobody_for_sandbox);
    g_test_add_func("/selector/nobody/prompter-dies", test_prompter_dies);
    g_test_add_func("/selector/nobody/handed-over", test_handed_over);
    g_test_add_func("/selector/not-now/quiet", test_dismissed);
    g_test_add_func("/selector/not-now/until-the-person-acts", test_dismissed_and_acted);
    g_test_add_func("/selector/time/late-answer", test_timeout);
    g_test_add_func("/selector/time/late-answer-other-group", test_timeout_in_group);
    g_test_add_func("/selector/time/retry", test_timeout_and_retry);
    g_test_add_func("/selector/time/many", test_timeout_many);
    g_test_add_func("/selector/cancel/alone", test_cancel);
    g_test_add_func("/selector/cancel/before", test_cancel_before);
    g_test_add_func("/selector/cancel/and-answered", test_cancel_and_answer);
    g_test_add_func("/selector/cancel/one-of-two", test_cancel_one_of_two);
    g_test_add_func("/selector/parallel/one-question", test_parallel);
    g_test_add_func("/selector/parallel/dismissed", test_parallel_dismissed);
    g_test_add_func("/selector/parallel/two-authorities", test_two_authorities);
    g_test_add_func("/selector/parallel/decided-alone", test_follower_alone);
    g_test_add_func("/selector/review/policy", test_policy_came_in_between);
    g_test_add_func("/selector/review/choice-and-answer", test_choice_and_answer);
    g_test_add_func("/selector/review/choice-set", test_choice_was_set);
    g_test_add_func("/selector/review/answer-for-the-queue", test_answer_for_the_queue);
    g_test_add_func("/selector/review/identity-removed", test_identity_removed);
    g_test_add_func("/selector/review/awaited-is-closed", test_awaited_is_closed);
    g_test_add_func("/selector/parallel/queue", test_queue);
    g_test_add_func("/selector/parallel/queue-full", test_queue_is_full);
    g_test_add_func("/selector/parallel/waiters-full", test_waiters_full);
    g_test_add_func("/selector/rate", test_rate);
    g_test_add_func("/selector/group/once", test_group);
    g_test_add_func("/selector/group/not-interactive", test_group_not_interactive);
    g_test_add_func("/selector/group/policy", test_group_and_policy);
    g_test_add_func("/selector/preview", test_preview);
    g_test_add_func("/selector/agent-ends", test_agent_ends);
    return world_run();
}
