/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How a handshake ended, and what the next call gets for it (3.6, 3.7).
 */
#include "daemon/agent/selector-private.h"
#include "daemon/base/error.h"
#include "tests/unit/agent/asking.h"

#include <string.h>

#define HOST "www.example.com"

/* One call, answered by the person where it comes to that. */
static Call *
select_for(Asking *asking, const char *label, const char *scope)
{
    Call *call = asking_start(asking, asking_call(asking, HOST));

    if (call->n_ends == 0)
        asking_answer(asking, label, scope, "host-port", FALSE);
    g_assert_cmpuint(call->n_ends, ==, 1);
    return call;
}

static void
report(Asking *asking, const Call *call, MeishiOutcome outcome, guint8 alert)
{
    const MeishiReport what = {.outcome = outcome, .alert = alert};
    g_autoptr(GError) error = NULL;

    g_assert_true(
        meishi_agent_report(asking->agent, asking->me, call->answer->selection_id, &what, &error));
    g_assert_no_error(error);
}

/* ---- what the server said ---- */

typedef struct {
    const char *name;
    const char *label, *scope;
    MeishiOutcome outcome;
    guint8 alert;
    guint n_reports;
    const char *next;       /* what the next call comes to */
    const char *kind;       /* of its question; NULL */
    const char *last_alert; /* in it */
    gboolean is_flushed;
} Row;

#define UNKNOWN_CA "the server does not know the certificate's issuer"
#define REVOKED    "the server says that the certificate is revoked"
#define REQUIRED   "the server wants a certificate and got none"

static const Row rows[] = {
    {"good", "Alice", "always", MEISHI_OUTCOME_ACCEPTED, 0, 1, "selected Alice always", NULL, NULL,
     FALSE},
    {"strong-always", "Alice", "always", MEISHI_OUTCOME_ALERT, 44, 1, "waiting", "again", REVOKED,
     TRUE},
    {"strong-session", "Alice", "session", MEISHI_OUTCOME_ALERT, 48, 1, "waiting", "single",
     UNKNOWN_CA, TRUE},
    {"strong-once", "Alice", "once", MEISHI_OUTCOME_ALERT, 48, 1, "waiting", "single", UNKNOWN_CA,
     FALSE},
    {"weak", "Alice", "always", MEISHI_OUTCOME_ALERT, 40, 1, "selected Alice always", NULL, NULL,
     FALSE},
    {"weak-twice", "Alice", "always", MEISHI_OUTCOME_CLOSED, 0, 2, "waiting", "again",
     "the server broke off the connection", TRUE},
    {"sign-failed", "Alice", "always", MEISHI_OUTCOME_SIGN_FAILED, 0, 3, "waiting", "again", "",
     FALSE},
    {"sign-failed-once", "Alice", "once", MEISHI_OUTCOME_SIGN_FAILED, 0, 1, "waiting", "again", "",
     FALSE},
    {"alert-of-something-else", "Alice", "always", MEISHI_OUTCOME_ALERT, 70, 3,
     "selected Alice always", NULL, NULL, FALSE},
    {"none-but-required", NULL, "always", MEISHI_OUTCOME_ALERT, 116, 1, "waiting", "again",
     REQUIRED, TRUE},
    {"none-and-good", NULL, "always", MEISHI_OUTCOME_ACCEPTED, 0, 1, "none - always", NULL, NULL,
     FALSE},
    {"required-in-spite-of-one", "Alice", "always", MEISHI_OUTCOME_ALERT, 116, 1, "waiting",
     "again", REQUIRED, TRUE},
};

static void
test_row(gconstpointer data)
{
    const Row *row = data;
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) call = select_for(asking, row->label, row->scope);
    g_autoptr(Call) next = NULL;

    g_string_truncate(asking->flushed, 0);
    for (guint i = 0; i < row->n_reports; i++)
        report(asking, call, row->outcome, row->alert);
    g_assert_cmpstr(asking->flushed->str, ==, row->is_flushed ? HOST ":443 " : "");
    next = asking_start(asking, asking_call(asking, HOST));
    assert_call(next, row->next);
    if (row->kind == NULL)
        return;
    assert_asked(asking, "kind", row->kind);
    assert_asked(asking, "last-alert", row->last_alert);
    assert_asked(asking, "last-label",
                 row->label != NULL && row->last_alert[0] != '\0' ? "Alice" : "");
}

/* ---- a signature that failed here: 3.7 ---- */

static void
fail(Asking *asking, const char *scope)
{
    g_autoptr(Call) call = select_for(asking, "Alice", scope);

    report(asking, call, MEISHI_OUTCOME_SIGN_FAILED, 0);
}

static Call *
start(Asking *asking)
{
    return asking_start(asking, asking_call(asking, HOST));
}

/* Asked once more, and no more than that. */
static void
test_failed_same_again(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) again = NULL, next = NULL;
    gboolean sign_failed = FALSE;

    fail(asking, "always");
    assert_choices(asking, "Alice always " HOST ":443 me");
    again = start(asking);
    assert_call(again, "waiting");
    g_assert_true(g_variant_lookup(asking->question, "sign-failed", "b", &sign_failed));
    g_assert_true(sign_failed);
    asking_answer(asking, "Alice", "once", "host-port", FALSE);
    assert_call(again, "selected Alice once");
    next = start(asking);
    assert_call(next, "selected Alice once");
    assert_choices(asking, "Alice always " HOST ":443 me, Alice once " HOST ":443 me");
    g_assert_cmpuint(asking->n_begun, ==, 2);
}

/* The answer counts, whatever was remembered; what was is there for the next time. */
static void
test_failed_other(void)
{
    g_autoptr(Asking) asking = asking_new();
    MeishiSelectCall *grouped = asking_call(asking, HOST);
    g_autoptr(Call) again = NULL, next = NULL;

    fail(asking, "always");
    grouped->connection_group = g_strdup("1");
    again = asking_start(asking, grouped);
    asking_answer(asking, "Bob", "once", "host-port", FALSE);
    assert_call(again, "selected Bob once");
    assert_choices(asking, "Alice always " HOST ":443 me");
    next = start(asking);
    assert_call(next, "selected Alice always");
}

/* "Not now" is no answer. */
static void
test_failed_dismissed(void)
{
    g_autoptr(Asking) asking = asking_new();
    MeishiSelectCall *acts = asking_call(asking, HOST);
    g_autoptr(Call) again = NULL, quiet = NULL, acted = NULL;

    fail(asking, "session");
    again = start(asking);
    asking_dismiss(asking);
    assert_call(again, "dismissed - once");
    quiet = start(asking);
    assert_call(quiet, "dismissed - once");
    acts->request->user_activation = TRUE;
    acted = asking_start(asking, acts);
    assert_call(acted, "waiting");
}

/* Where nobody is asked it is as if nothing had happened, at once or after a while. */
static void
test_failed_nobody(void)
{
    g_autoptr(Asking) asking = asking_new();
    MeishiSelectCall *silent = asking_call(asking, HOST);
    g_autoptr(Call) not_interactive = NULL, nobody = NULL, next = NULL;

    fail(asking, "always");
    silent->request->interactive = FALSE;
    not_interactive = asking_start(asking, silent);
    assert_call(not_interactive, "selected Alice always");
    asking_unregister(asking);
    nobody = start(asking);
    assert_call(nobody, "selected Alice always");
    asking_register(asking);
    next = start(asking);
    assert_call(next, "selected Alice always");
}

static gboolean
can_start(gpointer data)
{
    return TRUE;
}

static void
start_in_vain(gpointer data)
{
}

static void
test_failed_nobody_comes(void)
{
    static const MeishiStarterClass starter = {can_start, start_in_vain, 20, 60000, 0};
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) call = NULL;

    fail(asking, "always");
    asking_unregister(asking);
    meishi_prompters_set_starter(meishi_agent_prompters(asking->agent), &starter, NULL);
    call = start(asking);
    assert_call(call, "waiting");
    asking_wait(call);
    assert_call(call, "selected Alice always");
}

/* What was answered for a connection group is not the answer after @outcome. */
static void
assert_not_held(MeishiOutcome outcome, guint8 alert)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) call = asking_start(asking, asking_call_in(asking, HOST, "1"));
    g_autoptr(Call) next = NULL;

    asking_answer(asking, "Alice", "once", "host-port", FALSE);
    report(asking, call, outcome, alert);
    next = asking_start(asking, asking_call_in(asking, HOST, "1"));
    assert_call(next, "waiting");
}

static void
test_failed_held(void)
{
    assert_not_held(MEISHI_OUTCOME_SIGN_FAILED, 0);
}

/* It was good after all, on another connection. */
static void
test_failed_and_accepted(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) one = select_for(asking, "Alice", "always"), other = start(asking);
    g_autoptr(Call) next = NULL;

    report(asking, one, MEISHI_OUTCOME_SIGN_FAILED, 0);
    report(asking, other, MEISHI_OUTCOME_ACCEPTED, 0);
    next = start(asking);
    assert_call(next, "selected Alice always");
}

/* A rule is not a person's choice. */
static void
test_failed_by_rule(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) call = NULL, next = NULL;

    world_set_policy(asking->world, "[Policy]\nVersion=1\n[Rule r]\nIdentity-Subject-CN=Bob\n"
                                    "Action=select\n");
    call = start(asking);
    report(asking, call, MEISHI_OUTCOME_SIGN_FAILED, 0);
    next = start(asking);
    g_assert_cmpstr(next->answer->identity->label, ==, "Bob");
}

static void
test_held(void)
{
    assert_not_held(MEISHI_OUTCOME_ALERT, 48);
}

/* The person insists, the server takes it at last: everything is as before. */
static void
test_redeemed(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) refused = select_for(asking, "Alice", "always");
    g_autoptr(Call) insisted = NULL, next = NULL;

    report(asking, refused, MEISHI_OUTCOME_ALERT, 45);
    insisted = select_for(asking, "Alice", "always");
    assert_call(insisted, "selected Alice always");
    report(asking, insisted, MEISHI_OUTCOME_ACCEPTED, 0);
    next = asking_start(asking, asking_call(asking, HOST));
    assert_call(next, "selected Alice always");
}

/* Counted, and shown with the next question. */
static void
test_accepted_here(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) call = select_for(asking, "Bob", "once");
    g_autofree char *bob = asking_id(asking, "Bob");
    const MeishiWorld *world;
    MeishiSelectCall *probe = asking_call(asking, HOST);
    G_GNUC_UNUSED g_autoptr(MeishiSelectCall) owned = probe;
    GPtrArray *met;

    report(asking, call, MEISHI_OUTCOME_ACCEPTED, 0);
    world = meishi_agent_world(asking->agent);
    met = meishi_memory_find_history(world->memory, probe->request);
    g_assert_cmpuint(met->len, ==, 1);
    g_assert_cmpstr(((MeishiMet *)met->pdata[0])->id, ==, bob);
    g_assert_cmpuint(((MeishiMet *)met->pdata[0])->history.accepted, ==, 1);
}

/* ---- whose it is ---- */

static void
assert_not_found(Asking *asking, MeishiApplication *application, const char *id)
{
    const MeishiReport what = {.outcome = MEISHI_OUTCOME_ACCEPTED};
    g_autoptr(GError) reported = NULL, bound = NULL;

    g_assert_false(meishi_agent_report(asking->agent, application, id, &what, &reported));
    g_assert_error(reported, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
    g_assert_false(meishi_agent_bind(asking->agent, application, id, &bound));
    g_assert_error(bound, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
}

static void
test_foreign(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(MeishiApplication) init = meishi_application_new_unknown();
    g_autoptr(Call) call = select_for(asking, "Bob", "once");

    assert_not_found(asking, asking->me, "00000000000000000000000000000000");
    assert_not_found(asking, asking->me, "");
    assert_not_found(asking, init, call->answer->selection_id);
}

/* ---- binding ---- */

static const MeishiHint *
hint_of(Asking *asking)
{
    return meishi_hints_find(asking->agent->hints, asking->me, meishi_agent_now());
}

static void
test_bind(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autofree char *bob = asking_id(asking, "Bob");
    g_autoptr(Call) call = select_for(asking, "Bob", "once");
    guint n_view = asking->world->n_view;

    g_assert_true(meishi_agent_bind(asking->agent, asking->me, call->answer->selection_id, NULL));
    world_settle();
    g_assert_cmpint(hint_of(asking)->kind, ==, MEISHI_HINT_BOUND);
    g_assert_cmpstr(hint_of(asking)->id, ==, bob);
    g_assert_cmpuint(asking->world->n_view, >, n_view);
}

static void
test_bind_none(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) call = select_for(asking, NULL, "once");

    g_assert_true(meishi_agent_bind(asking->agent, asking->me, call->answer->selection_id, NULL));
    g_assert_cmpint(hint_of(asking)->kind, ==, MEISHI_HINT_BOUND);
    g_assert_null(hint_of(asking)->id);
}

int
main(int argc, char **argv)
{
    world_init(&argc, &argv);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strconcat("/report/row/", rows[i].name, NULL);

        g_test_add_data_func(path, &rows[i], test_row);
    }
    g_test_add_func("/report/sign-failed/same-again", test_failed_same_again);
    g_test_add_func("/report/sign-failed/other", test_failed_other);
    g_test_add_func("/report/sign-failed/dismissed", test_failed_dismissed);
    g_test_add_func("/report/sign-failed/nobody", test_failed_nobody);
    g_test_add_func("/report/sign-failed/nobody-comes", test_failed_nobody_comes);
    g_test_add_func("/report/sign-failed/held", test_failed_held);
    g_test_add_func("/report/sign-failed/accepted", test_failed_and_accepted);
    g_test_add_func("/report/sign-failed/rule", test_failed_by_rule);
    g_test_add_func("/report/held", test_held);
    g_test_add_func("/report/redeemed", test_redeemed);
    g_test_add_func("/report/accepted-here", test_accepted_here);
    g_test_add_func("/report/foreign", test_foreign);
    g_test_add_func("/report/bind/identity", test_bind);
    g_test_add_func("/report/bind/none", test_bind_none);
    return world_run();
}
