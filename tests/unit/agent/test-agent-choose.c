/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Choices without a question: setting, forgetting, taking back; and what policy does not allow.
 */
#include "daemon/base/error.h"
#include "tests/unit/agent/asking.h"

#include <string.h>

#define HOST "www.corp.example.com"
#define RULE "[Policy]\nVersion=1\n[Rule r]\nMatch-Host=www.corp.example.com\n"
#define LOCK "[Lock]\nKeys=Rule r/*\n"

static gboolean
choose(Asking *asking, MeishiChoiceSpec spec, const char *label, GError **error)
{
    g_autofree char *id = label != NULL ? asking_id(asking, label) : NULL;
    gint64 choice_id = 0;

    spec.id = id;
    if (!meishi_agent_choose(asking->agent, &spec, &choice_id, error))
        return FALSE;
    g_assert_cmpint(choice_id, !=, 0);
    return TRUE;
}

/* ---- allowed ---- */

typedef struct {
    const char *name;
    MeishiChoiceSpec spec;
    const char *label;
    const char *choices;
    const char *flushed;
} Set;

static const Set sets[] = {
    {"host-port",
     {.reach = MEISHI_REACH_HOST_PORT, .host = HOST, .port = 443, .scope = MEISHI_SCOPE_ALWAYS},
     "Alice",
     "Alice always www.corp.example.com:443 any",
     HOST ":443 "},
    {"host",
     {.reach = MEISHI_REACH_HOST, .host = HOST, .port = 443, .scope = MEISHI_SCOPE_SESSION},
     "Alice",
     "Alice session www.corp.example.com:0 any",
     HOST ":0 "},
    {"domain",
     {.reach = MEISHI_REACH_DOMAIN, .host = "corp.example.com", .scope = MEISHI_SCOPE_ALWAYS},
     "Bob",
     "Bob always .corp.example.com:0 any",
     ".corp.example.com:0 "},
    {"none",
     {.reach = MEISHI_REACH_HOST_PORT, .host = HOST, .port = 443, .scope = MEISHI_SCOPE_ALWAYS},
     NULL,
     "none always www.corp.example.com:443 any",
     HOST ":443 "},
    {"once",
     {.reach = MEISHI_REACH_HOST_PORT, .host = HOST, .port = 443, .scope = MEISHI_SCOPE_ONCE},
     "Alice",
     "Alice once www.corp.example.com:443 any",
     ""},
    {"any-spelling",
     {.reach = MEISHI_REACH_HOST_PORT,
      .host = "WWW.Bücher.Example.",
      .port = 443,
      .scope = MEISHI_SCOPE_ALWAYS},
     "Alice",
     "Alice always www.xn--bcher-kva.example:443 any",
     "www.xn--bcher-kva.example:443 "},
    {"application",
     {.reach = MEISHI_REACH_HOST_PORT,
      .host = HOST,
      .port = 443,
      .application = "exe:/usr/bin/curl",
      .scope = MEISHI_SCOPE_ALWAYS},
     "Alice",
     "Alice always www.corp.example.com:443 exe:/usr/bin/curl",
     HOST ":443 "},
    {"address",
     {.reach = MEISHI_REACH_HOST_PORT, .host = "[::1]", .port = 443, .scope = MEISHI_SCOPE_ALWAYS},
     "Alice",
     "Alice always ::1:443 any",
     "::1:443 "},
    /* Soft for this or that server, but for which one is not known here. */
    {"soft-elsewhere",
     {.reach = MEISHI_REACH_HOST_PORT, .host = HOST, .port = 443, .scope = MEISHI_SCOPE_ALWAYS},
     "Stranger",
     "Stranger always www.corp.example.com:443 any",
     HOST ":443 "},
};

static void
test_set(gconstpointer data)
{
    const Set *set = data;
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(GError) error = NULL;

    g_assert_true(choose(asking, set->spec, set->label, &error));
    g_assert_no_error(error);
    assert_choices(asking, set->choices);
    g_assert_cmpstr(asking->flushed->str, ==, set->flushed);
    g_assert_cmpuint(asking->n_changed, ==, 1);
}

static void
test_is_followed(void)
{
    g_autoptr(Asking) asking = asking_new();
    const MeishiChoiceSpec spec = {
        .reach = MEISHI_REACH_DOMAIN, .host = "corp.example.com", .scope = MEISHI_SCOPE_ALWAYS};
    g_autoptr(Call) call = NULL;

    g_assert_true(choose(asking, spec, "Bob", NULL));
    call = asking_start(asking, asking_call(asking, HOST));
    assert_call(call, "selected Bob always");
    g_assert_cmpuint(asking->n_begun, ==, 0);
}

/* ---- not allowed ---- */

typedef struct {
    const char *name;
    const char *policy;
    MeishiChoiceSpec spec;
    const char *label;
    MeishiErrorCode code;
    const char *says; /* in the message */
} Refusal;

#define AT(reach_, scope_)                                              \
    {                                                                   \
        .reach = (reach_), .host = HOST, .port = 443, .scope = (scope_) \
    }

static const Refusal refusals[] = {
    {"session-at-most", RULE "Remember=session\n", AT(MEISHI_REACH_HOST_PORT, MEISHI_SCOPE_ALWAYS),
     "Alice", MEISHI_ERROR_DENIED,
     "rule r (*10-test.conf:3, admin) lets a choice be kept for a session at most"},
    {"not-at-all", RULE "Remember=none\n", AT(MEISHI_REACH_HOST_PORT, MEISHI_SCOPE_SESSION),
     "Alice", MEISHI_ERROR_DENIED, "rule r (*) lets no choice be kept"},
    {"default", "[Policy]\nVersion=1\n[Defaults]\nRemember=none\n",
     AT(MEISHI_REACH_HOST_PORT, MEISHI_SCOPE_SESSION), "Alice", MEISHI_ERROR_DENIED,
     "the default of ?Defaults? lets no choice be kept"},
    {"of-identity", RULE "Identity-Subject-CN=Alice\nRemember=session\n",
     AT(MEISHI_REACH_HOST_PORT, MEISHI_SCOPE_ALWAYS), "Alice", MEISHI_ERROR_DENIED,
     "rule r (*) lets a choice be kept for a session at most"},
    {"host", RULE "Remember-Scope-Max=host-port\n", AT(MEISHI_REACH_HOST, MEISHI_SCOPE_ALWAYS),
     "Alice", MEISHI_ERROR_DENIED, "rule r (*) lets a choice be made for a host and port only"},
    {"domain", RULE "Remember-Scope-Max=host\n", AT(MEISHI_REACH_DOMAIN, MEISHI_SCOPE_ALWAYS),
     "Alice", MEISHI_ERROR_DENIED, "rule r (*) lets a choice be made for a single host only"},
    {"any-application", RULE "Remember-Per-Application=yes\n",
     AT(MEISHI_REACH_HOST_PORT, MEISHI_SCOPE_ALWAYS), "Alice", MEISHI_ERROR_DENIED,
     "rule r (*) lets a choice be made for one program only"},
    {"restricted", RULE "Identity-Subject-CN=Alice\nAction=restrict\n",
     AT(MEISHI_REACH_HOST_PORT, MEISHI_SCOPE_ALWAYS), "Alice", MEISHI_ERROR_DENIED,
     "rule r (*) keeps this identity from this server"},
    {"none-is-sent-there", RULE "Action=none\n", AT(MEISHI_REACH_HOST_PORT, MEISHI_SCOPE_ALWAYS),
     "Alice", MEISHI_ERROR_DENIED, "rule r (*) lets no certificate be sent there"},
    {"decided-by-rule", RULE "Identity-Subject-CN=Bob\nAction=select\n",
     AT(MEISHI_REACH_HOST_PORT, MEISHI_SCOPE_ALWAYS), "Alice", MEISHI_ERROR_DENIED,
     "rule r (*) decides there each time"},
    {"locked", RULE "Action=prompt\n" LOCK, AT(MEISHI_REACH_HOST_PORT, MEISHI_SCOPE_ALWAYS),
     "Alice", MEISHI_ERROR_DENIED, "rule r (*, locked) is locked"},
    {"bad-host",
     NULL,
     {.reach = MEISHI_REACH_HOST_PORT,
      .host = "https://www.example.com/",
      .port = 443,
      .scope = MEISHI_SCOPE_ALWAYS},
     "Alice",
     MEISHI_ERROR_INVALID_ARGUMENT,
     "leave out the scheme"},
    {"bad-protocol",
     NULL,
     {.reach = MEISHI_REACH_HOST_PORT,
      .protocol = "H T",
      .host = HOST,
      .port = 443,
      .scope = MEISHI_SCOPE_ALWAYS},
     "Alice",
     MEISHI_ERROR_INVALID_ARGUMENT,
     "the protocol must be a word"},
    {"no-port",
     NULL,
     {.reach = MEISHI_REACH_HOST_PORT, .host = HOST, .scope = MEISHI_SCOPE_ALWAYS},
     "Alice",
     MEISHI_ERROR_INVALID_ARGUMENT,
     "needs the port"},
    {"wide-domain",
     NULL,
     {.reach = MEISHI_REACH_DOMAIN, .host = "example.com", .scope = MEISHI_SCOPE_ALWAYS},
     "Alice",
     MEISHI_ERROR_INVALID_ARGUMENT,
     "“example.com” is too wide"},
    {"domain-of-address",
     NULL,
     {.reach = MEISHI_REACH_DOMAIN, .host = "192.0.2.1", .scope = MEISHI_SCOPE_ALWAYS},
     "Alice",
     MEISHI_ERROR_INVALID_ARGUMENT,
     "“192.0.2.1” is too wide"},
};

static void
test_refusal(gconstpointer data)
{
    const Refusal *refusal = data;
    g_autoptr(Asking) asking = asking_new();
    g_autofree char *pattern = g_strconcat("*", refusal->says, "*", NULL);
    g_autoptr(GError) error = NULL;

    if (refusal->policy != NULL)
        world_set_policy(asking->world, refusal->policy);
    g_assert_false(choose(asking, refusal->spec, refusal->label, &error));
    g_assert_error(error, MEISHI_ERROR, (int)refusal->code);
    g_test_message("%s", error->message);
    g_assert_true(g_pattern_match_simple(pattern, error->message));
    assert_choices(asking, "");
    g_assert_cmpuint(asking->n_changed, ==, 0);
}

/* What the rule says anyway may be said. */
static void
test_none_where_none_is_sent(void)
{
    g_autoptr(Asking) asking = asking_new();
    const MeishiChoiceSpec spec = AT(MEISHI_REACH_HOST_PORT, MEISHI_SCOPE_ALWAYS);

    world_set_policy(asking->world, RULE "Action=none\n");
    g_assert_true(choose(asking, spec, NULL, NULL));
}

static void
test_unknown_identity(void)
{
    g_autoptr(Asking) asking = asking_new();
    MeishiChoiceSpec spec = AT(MEISHI_REACH_HOST_PORT, MEISHI_SCOPE_ALWAYS);
    g_autoptr(GError) error = NULL;
    gint64 id;

    spec.id = "0000";
    g_assert_false(meishi_agent_choose(asking->agent, &spec, &id, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
}

/* ---- forgetting ---- */

static void
test_forget_and_undo(void)
{
    g_autoptr(Asking) asking = asking_new();
    const MeishiChoiceSpec spec = AT(MEISHI_REACH_HOST_PORT, MEISHI_SCOPE_ALWAYS);
    const MeishiChoiceFilter filter = {.host = HOST};
    g_autoptr(GError) error = NULL;
    guint n;

    g_assert_true(choose(asking, spec, "Alice", NULL));
    g_string_truncate(asking->flushed, 0);
    g_assert_true(meishi_agent_forget(asking->agent, &filter, &n, NULL));
    g_assert_cmpuint(n, ==, 1);
    assert_choices(asking, "");
    g_assert_cmpstr(asking->flushed->str, ==, HOST ":443 ");
    g_assert_true(meishi_agent_undo_forget(asking->agent, &n, NULL));
    g_assert_cmpuint(n, ==, 1);
    assert_choices(asking, "Alice always www.corp.example.com:443 any");
    g_assert_cmpstr(asking->flushed->str, ==, HOST ":443 " HOST ":443 ");
    g_assert_cmpuint(asking->n_changed, ==, 3);
    g_assert_false(meishi_agent_undo_forget(asking->agent, &n, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
}

/* What holds for two minutes is forgotten along with what was chosen. */
static void
test_forget_held(void)
{
    g_autoptr(Asking) asking = asking_new();
    const MeishiChoiceFilter filter = {.host = HOST};
    G_GNUC_UNUSED g_autoptr(Call) call = asking_start(asking, asking_call(asking, HOST));
    g_autoptr(Call) next = NULL;
    guint n;

    asking_answer(asking, "Stranger", "once", "host-port", FALSE);
    g_assert_true(meishi_agent_forget(asking->agent, &filter, &n, NULL));
    g_assert_cmpuint(n, ==, 0);
    next = asking_start(asking, asking_call(asking, HOST));
    assert_call(next, "waiting");
}

static void
test_end_context(void)
{
    g_autoptr(Asking) asking = asking_new();
    MeishiChoiceSpec spec = AT(MEISHI_REACH_HOST_PORT, MEISHI_SCOPE_SESSION);

    spec.context = "work";
    g_assert_true(choose(asking, spec, "Alice", NULL));
    spec.context = NULL;
    g_assert_true(choose(asking, spec, "Bob", NULL));
    g_assert_cmpuint(meishi_agent_end_context(asking->agent, "work"), ==, 1);
    assert_choices(asking, "Bob session www.corp.example.com:443 any");
    g_assert_cmpuint(asking->n_changed, ==, 3);
    g_assert_cmpuint(meishi_agent_end_context(asking->agent, "work"), ==, 0);
    g_assert_cmpuint(asking->n_changed, ==, 3);
}

/* 3.6: one target of a selection group changes, all are told. */
static void
test_group(void)
{
    g_autoptr(Asking) asking = asking_new();
    MeishiChoiceSpec spec = {.reach = MEISHI_REACH_HOST_PORT,
                             .host = "token.bank.example",
                             .port = 443,
                             .scope = MEISHI_SCOPE_ALWAYS};

    world_set_policy(asking->world, "[Policy]\nVersion=1\n[Rule r]\nMatch-Host=*.bank.example\n"
                                    "Action=prompt\nGroup=bank\n");
    g_assert_true(choose(asking, spec, "Alice", NULL));
    spec.host = "api.bank.example";
    g_assert_true(choose(asking, spec, "Alice", NULL));
    g_string_truncate(asking->flushed, 0);
    g_assert_true(choose(asking, spec, "Bob", NULL));
    g_assert_nonnull(strstr(asking->flushed->str, "token.bank.example:443 "));
    g_assert_nonnull(strstr(asking->flushed->str, "api.bank.example:443 "));
}

int
main(int argc, char **argv)
{
    world_init(&argc, &argv);
    for (gsize i = 0; i < G_N_ELEMENTS(sets); i++) {
        g_autofree char *path = g_strconcat("/choose/set/", sets[i].name, NULL);

        g_test_add_data_func(path, &sets[i], test_set);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(refusals); i++) {
        g_autofree char *path = g_strconcat("/choose/refused/", refusals[i].name, NULL);

        g_test_add_data_func(path, &refusals[i], test_refusal);
    }
    g_test_add_func("/choose/is-followed", test_is_followed);
    g_test_add_func("/choose/none-where-none-is-sent", test_none_where_none_is_sent);
    g_test_add_func("/choose/refused/unknown-identity", test_unknown_identity);
    g_test_add_func("/choose/forget/undo", test_forget_and_undo);
    g_test_add_func("/choose/forget/held", test_forget_held);
    g_test_add_func("/choose/end-context", test_end_context);
    g_test_add_func("/choose/group", test_group);
    return world_run();
}
