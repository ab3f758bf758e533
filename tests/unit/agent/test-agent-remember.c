/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is kept of a person's answer, and what policy leaves of it.
 */
#include "daemon/agent/selector-private.h"
#include "tests/unit/agent/asking.h"

#include <string.h>

#define HOST "www.corp.example.com"
#define RULE "[Policy]\nVersion=1\n[Rule r]\nMatch-Host=www.corp.example.com\n"

typedef struct {
    const char *name;
    const char *policy;
    const char *label; /* NULL: none */
    const char *scope, *reach;
    gboolean any_application;
    const char *told;    /* to the caller */
    const char *choices; /* that are kept */
    const char *scopes, *reaches;
    gboolean any_offered;
} Row;

static const Row rows[] = {
    {"once", NULL, "Alice", "once", "host-port", FALSE, "selected Alice once",
     "Alice once www.corp.example.com:443 me", "once session always", "host-port host domain",
     TRUE},
    {"session", NULL, "Alice", "session", "host-port", FALSE, "selected Alice session",
     "Alice session www.corp.example.com:443 me", "once session always", "host-port host domain",
     TRUE},
    {"always", NULL, "Alice", "always", "host-port", FALSE, "selected Alice always",
     "Alice always www.corp.example.com:443 me", "once session always", "host-port host domain",
     TRUE},
    {"none", NULL, NULL, "always", "host-port", FALSE, "none - always",
     "none always www.corp.example.com:443 me", "once session always", "host-port host domain",
     TRUE},
    {"host", NULL, "Alice", "always", "host", FALSE, "selected Alice always",
     "Alice always www.corp.example.com:0 me", "once session always", "host-port host domain",
     TRUE},
    {"domain", NULL, "Alice", "always", "domain", FALSE, "selected Alice always",
     "Alice always .corp.example.com:0 me", "once session always", "host-port host domain", TRUE},
    {"any-application", NULL, "Alice", "always", "host", TRUE, "selected Alice always",
     "Alice always www.corp.example.com:0 any", "once session always", "host-port host domain",
     TRUE},
    {"policy-session", RULE "Remember=session\n", "Alice", "always", "host-port", FALSE,
     "selected Alice session", "Alice session www.corp.example.com:443 me", "once session",
     "host-port host domain", TRUE},
    {"policy-none", RULE "Remember=none\n", "Alice", "always", "host-port", FALSE,
     "selected Alice once", "Alice once www.corp.example.com:443 me", "once",
     "host-port host domain", TRUE},
    {"policy-none-of-none", RULE "Remember=none\n", NULL, "always", "host-port", FALSE,
     "none - once", "none once www.corp.example.com:443 me", "once", "host-port host domain", TRUE},
    {"policy-host", RULE "Remember-Scope-Max=host\n", "Alice", "always", "domain", FALSE,
     "selected Alice always", "Alice always www.corp.example.com:0 me", "once session always",
     "host-port host", TRUE},
    {"policy-host-port", RULE "Remember-Scope-Max=host-port\n", "Alice", "always", "domain", FALSE,
     "selected Alice always", "Alice always www.corp.example.com:443 me", "once session always",
     "host-port", TRUE},
    {"policy-per-application", RULE "Remember-Per-Application=yes\n", "Alice", "always",
     "host-port", TRUE, "selected Alice always", "Alice always www.corp.example.com:443 me",
     "once session always", "host-port host domain", FALSE},
    /* A rule about this identity alone: the offer is made for the place, the answer is cut. */
    {"policy-of-identity", RULE "Identity-Subject-CN=Alice\nRemember=session\n", "Alice", "always",
     "host-port", FALSE, "selected Alice session", "Alice session www.corp.example.com:443 me",
     "once session always", "host-port host domain", TRUE},
    {"policy-of-other-identity", RULE "Identity-Subject-CN=Bob\nRemember=session\n", "Alice",
     "always", "host-port", FALSE, "selected Alice always",
     "Alice always www.corp.example.com:443 me", "once session always", "host-port host domain",
     TRUE},
};

static void
assert_any_offered(const Asking *asking, gboolean expected)
{
    gboolean any_application;

    g_assert_true(g_variant_lookup(asking->question, "any-application", "b", &any_application));
    g_assert_cmpint(any_application, ==, expected);
}

static void
test_row(gconstpointer data)
{
    const Row *row = data;
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) call = NULL, again = NULL;

    if (row->policy != NULL)
        world_set_policy(asking->world, row->policy);
    call = asking_start(asking, asking_call(asking, HOST));
    assert_asked_list(asking, "scopes", row->scopes);
    assert_asked_list(asking, "reaches", row->reaches);
    assert_any_offered(asking, row->any_offered);
    asking_answer(asking, row->label, row->scope, row->reach, row->any_application);
    assert_call(call, row->told);
    assert_choices(asking, row->choices);
    g_assert_cmpint(call->answer->choice_id, !=, 0);
    /* And it holds. */
    again = asking_start(asking, asking_call(asking, HOST));
    assert_call(again, row->told);
    g_assert_cmpint(again->answer->choice_id, ==, call->answer->choice_id);
    g_assert_cmpuint(asking->n_begun, ==, 1);
}

/* Without a list of public suffixes a domain of two labels may belong to everybody. */
static void
test_no_domain(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) call = asking_start(asking, asking_call(asking, "www.example.com"));

    assert_asked_list(asking, "reaches", "host-port host");
    assert_asked(asking, "domain", "");
    asking_answer(asking, "Alice", "always", "domain", FALSE);
    assert_call(call, "selected Alice always");
    assert_choices(asking, "Alice always www.example.com:0 me");
}

/* ---- who else it is for ---- */

static void
test_other_port(void)
{
    g_autoptr(Asking) asking = asking_new();
    MeishiSelectCall *asks = asking_call(asking, HOST);
    G_GNUC_UNUSED g_autoptr(Call) call = asking_start(asking, asking_call(asking, HOST));
    g_autoptr(Call) other = NULL;

    asking_answer(asking, "Alice", "always", "host-port", FALSE);
    asks->request->port = 8443;
    other = asking_start(asking, asks);
    assert_call(other, "waiting");
    asking_answer(asking, "Bob", "always", "host-port", FALSE);
    assert_choices(asking, "Alice always www.corp.example.com:443 me, "
                           "Bob always www.corp.example.com:8443 me");
}

static void
rename_application(MeishiSelectCall *call, const char *name)
{
    g_free(call->request->application);
    call->request->application = g_strdup(name);
}

static void
test_other_application(void)
{
    g_autoptr(Asking) asking = asking_new();
    MeishiSelectCall *asks = asking_call(asking, HOST);
    G_GNUC_UNUSED g_autoptr(Call) call = asking_start(asking, asking_call(asking, HOST));
    g_autoptr(Call) other = NULL;

    asking_answer(asking, "Alice", "always", "host-port", FALSE);
    rename_application(asks, "exe:/usr/bin/other");
    other = asking_start(asking, asks);
    assert_call(other, "waiting");
}

/* A choice without a program would be for all programs: for one that has no name nothing is kept
 * but the answer itself, for a while. */
static void
test_nameless_application(void)
{
    g_autoptr(Asking) asking = asking_new();
    MeishiSelectCall *asks = asking_call(asking, HOST), *again = asking_call(asking, HOST);
    g_autoptr(Call) call = NULL, retry = NULL, named = NULL;

    rename_application(asks, NULL);
    rename_application(again, NULL);
    call = asking_start(asking, asks);
    asking_answer(asking, "Alice", "always", "host-port", FALSE);
    assert_call(call, "selected Alice once");
    assert_choices(asking, "");
    retry = asking_start(asking, again);
    assert_call(retry, "selected Alice once");
    named = asking_start(asking, asking_call(asking, HOST));
    assert_call(named, "waiting");
}

static void
test_nameless_application_for_any(void)
{
    g_autoptr(Asking) asking = asking_new();
    MeishiSelectCall *asks = asking_call(asking, HOST);
    g_autoptr(Call) call = NULL;

    rename_application(asks, NULL);
    call = asking_start(asking, asks);
    asking_answer(asking, "Alice", "always", "host-port", TRUE);
    assert_call(call, "selected Alice always");
    assert_choices(asking, "Alice always www.corp.example.com:443 any");
}

/* ---- how long ---- */

static void
test_restart(void)
{
    g_autoptr(Asking) asking = asking_new();
    G_GNUC_UNUSED g_autoptr(Call) always = asking_start(asking, asking_call(asking, "a.example"));
    g_autoptr(Call) session = NULL;

    asking_answer(asking, "Alice", "always", "host-port", FALSE);
    session = asking_start(asking, asking_call(asking, "b.example"));
    asking_answer(asking, "Alice", "session", "host-port", FALSE);
    asking_unregister(asking);
    world_restart(asking->world);
    asking->agent = asking->world->agent;
    assert_choices(asking, "Alice always a.example:443 me");
}

static void
test_private(void)
{
    g_autoptr(Asking) asking = asking_new();
    MeishiSelectCall *asks = asking_call(asking, HOST);
    g_autoptr(Call) call = NULL;

    asks->request->context = g_strdup("private:7");
    call = asking_start(asking, asks);
    asking_answer(asking, "Alice", "always", "host-port", FALSE);
    assert_call(call, "selected Alice session");
    g_assert_cmpuint(meishi_agent_end_context(asking->agent, "private:7"), ==, 1);
    assert_choices(asking, "");
}

/* Each following is a use. */
static void
test_counts(void)
{
    g_autoptr(Asking) asking = asking_new();
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    g_autoptr(GPtrArray) list = NULL;

    for (guint i = 0; i < 3; i++) {
        g_autoptr(Call) call = asking_start(asking, asking_call(asking, HOST));

        if (i == 0)
            asking_answer(asking, "Alice", "always", "host-port", FALSE);
        assert_call(call, "selected Alice always");
    }
    list = meishi_choice_book_list(meishi_agent_choice_book(asking->agent), now);
    g_assert_cmpuint(((MeishiChoice *)list->pdata[0])->uses, ==, 3);
}

/* ---- soft identities ---- */

/* Remembered, but not silent: the next time it stands first, and a person says so again. */
static void
test_soft_always(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autofree char *stranger = asking_id(asking, "Stranger");
    g_autoptr(Call) call = asking_start(asking, asking_call(asking, HOST));
    g_autoptr(Call) again = NULL;
    const MeishiHeldFilter everything = {.host = NULL};

    asking_answer(asking, "Stranger", "always", "host-port", FALSE);
    assert_call(call, "selected Stranger always");
    assert_choices(asking, "Stranger always www.corp.example.com:443 me");
    /* As two minutes later. */
    meishi_held_answers_drop(asking->agent->selector->held, &everything);
    again = asking_start(asking, asking_call(asking, HOST));
    assert_call(again, "waiting");
    assert_asked(asking, "kind", "again");
    assert_asked(asking, "preselected", stranger);
    assert_asked(asking, "code", "CA_MISMATCH");
}

/* ---- what is told ---- */

static void
test_signals(void)
{
    g_autoptr(Asking) asking = asking_new();
    G_GNUC_UNUSED g_autoptr(Call) once = asking_start(asking, asking_call(asking, "a.example"));
    g_autoptr(Call) always = NULL;

    asking_answer(asking, "Alice", "once", "host-port", FALSE);
    g_assert_cmpuint(asking->n_changed, ==, 1);
    g_assert_cmpstr(asking->flushed->str, ==, "");
    always = asking_start(asking, asking_call(asking, "b.corp.example.com"));
    asking_answer(asking, "Alice", "always", "domain", FALSE);
    g_assert_cmpuint(asking->n_changed, ==, 2);
    g_assert_cmpstr(asking->flushed->str, ==, ".corp.example.com:0 ");
}

/* What a program selects, it sees first through PKCS#11. */
static void
test_hint(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autofree char *bob = asking_id(asking, "Bob");
    G_GNUC_UNUSED g_autoptr(Call) call = asking_start(asking, asking_call(asking, HOST));
    guint n_view = asking->world->n_view;
    const MeishiHint *hint;

    asking_answer(asking, "Bob", "once", "host-port", FALSE);
    hint = meishi_hints_find(asking->agent->hints, asking->me, meishi_agent_now());
    g_assert_nonnull(hint);
    g_assert_cmpint(hint->kind, ==, MEISHI_HINT_RECENT);
    g_assert_cmpstr(hint->id, ==, bob);
    g_assert_cmpstr(hint->host.text, ==, HOST);
    g_assert_cmpuint(asking->world->n_view, >, n_view);
}

int
main(int argc, char **argv)
{
    world_init(&argc, &argv);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strconcat("/remember/row/", rows[i].name, NULL);

        g_test_add_data_func(path, &rows[i], test_row);
    }
    g_test_add_func("/remember/no-domain", test_no_domain);
    g_test_add_func("/remember/other/port", test_other_port);
    g_test_add_func("/remember/other/application", test_other_application);
    g_test_add_func("/remember/nameless/held", test_nameless_application);
    g_test_add_func("/remember/nameless/for-any", test_nameless_application_for_any);
    g_test_add_func("/remember/life/restart", test_restart);
    g_test_add_func("/remember/life/private", test_private);
    g_test_add_func("/remember/life/counts", test_counts);
    g_test_add_func("/remember/soft-always", test_soft_always);
    g_test_add_func("/remember/told/signals", test_signals);
    g_test_add_func("/remember/told/hint", test_hint);
    return world_run();
}
