/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a prompter is told, and what an answer may say.  How policy narrows the offer is in
 * test-agent-remember.c, what happened the last time in test-agent-report.c.
 */
#include "daemon/agent/question-facts.h"
#include "daemon/base/error.h"
#include "daemon/policy/sigalg.h"
#include "tests/unit/agent/asking.h"

#include <string.h>
#include <unistd.h>

#define HOST "www.example.com"

static gint64
number_asked(const Asking *asking, const char *key, const char *type)
{
    g_autoptr(GVariant) value = g_variant_lookup_value(asking->question, key, G_VARIANT_TYPE(type));

    g_assert_nonnull(value);
    if (*type == 'b')
        return g_variant_get_boolean(value);
    return *type == 'u' ? g_variant_get_uint32(value) : g_variant_get_int64(value);
}

/* ---- who and where ---- */

static void
test_caller(void)
{
    g_autoptr(Asking) asking = asking_new();
    MeishiSelectCall *asks = asking_call(asking, HOST);
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    g_autoptr(Call) call = NULL;

    asks->claimed_application = g_strdup("Web");
    asks->parent_window = g_strdup("x11:1a");
    asks->tty = g_strdup("/dev/pts/4");
    asks->timeout_ms = 30000;
    call = asking_start(asking, asks);
    assert_asked(asking, "application", asking->me->name);
    assert_asked(asking, "application-trust", "any");
    assert_asked(asking, "claimed-application", "Web");
    assert_asked(asking, "protocol", "https");
    assert_asked(asking, "host", HOST);
    assert_asked(asking, "parent-window", "x11:1a");
    assert_asked(asking, "tty", "/dev/pts/4");
    g_assert_cmpint(number_asked(asking, "pid", "u"), ==, getpid());
    g_assert_cmpint(number_asked(asking, "port", "u"), ==, 443);
    g_assert_cmpint(number_asked(asking, "deadline", "x"), >=, now + 29);
    g_assert_cmpint(number_asked(asking, "deadline", "x"), <=, now + 120);
}

static void
test_unsaid(void)
{
    g_autoptr(Asking) asking = asking_new();
    G_GNUC_UNUSED g_autoptr(Call) call = asking_start(asking, asking_call(asking, HOST));

    assert_asked(asking, "claimed-application", "");
    assert_asked(asking, "parent-window", "");
    assert_asked(asking, "tty", "");
    assert_asked(asking, "rule", "");
    assert_asked(asking, "last-alert", "");
    assert_asked(asking, "last-label", "");
    assert_asked(asking, "server-verified", "");
    assert_asked(asking, "server-name", "");
    assert_asked(asking, "server-organisation", "");
}

/* ---- why, and what the server wants ---- */

static void
test_grounds(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) call = NULL;
    const char *rule;

    world_set_policy(asking->world,
                     "[Policy]\nVersion=1\n[Rule r]\nMatch-Host=" HOST "\nAction=prompt\n");
    call = asking_start(asking, asking_call(asking, HOST));
    assert_asked(asking, "kind", "choose");
    assert_asked(asking, "code", "NEEDS_USER");
    g_assert_true(g_variant_lookup(asking->question, "rule", "&s", &rule));
    g_assert_nonnull(strstr(rule, "10-test.conf"));
}

static void
test_kinds(void)
{
    static const struct {
        const char *authority;
        const char *kind;
    } cases[] = {{"Sub", "choose"}, {"Other", "single"}, {NULL, "optional"}, {"Root", "choose"}};
    g_autoptr(Asking) asking = asking_new();

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        MeishiSelectCall *asks = asking_call_naming(asking, HOST, cases[i].authority);
        g_autoptr(Call) call = NULL;

        asks->request->user_activation = TRUE;
        call = asking_start(asking, asks);
        assert_asked(asking, "kind", cases[i].kind);
    }
}

static void
test_server(void)
{
    g_autoptr(Asking) asking = asking_new();
    MeishiSelectCall *asks = asking_call(asking, HOST);
    GPtrArray *names = asks->request->ca_names;
    g_autofree const char **accepts = NULL;
    g_autoptr(Call) call = NULL;

    for (guint i = 0; i < 20; i++)
        g_ptr_array_add(names, meishi_name_parse("CN=bad\xe2\x80\xaename,O=Else", NULL, NULL));
    asks->request->tls_version = MEISHI_TLS_1_2;
    call = asking_start(asking, asks);
    g_assert_true(g_variant_lookup(asking->question, "accepts", "^a&s", &accepts));
    g_assert_cmpuint(g_strv_length((char **)accepts), ==, MEISHI_QUESTION_MAX_ACCEPTS);
    g_assert_cmpstr(accepts[0], ==, "CN=Sub");
    /* What would turn the direction of reading is taken out. */
    g_assert_cmpstr(accepts[1], ==, "CN=bad\xef\xbf\xbdname,O=Else");
    g_assert_cmpint(number_asked(asking, "n-accepts", "u"), ==, 21);
    g_assert_true(number_asked(asking, "tls-clear", "b"));
}

static void
test_encrypted(void)
{
    g_autoptr(Asking) asking = asking_new();
    G_GNUC_UNUSED g_autoptr(Call) call = asking_start(asking, asking_call(asking, HOST));

    g_assert_false(number_asked(asking, "tls-clear", "b"));
}

static void
test_server_identity(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(MeishiIdentity) somebody = world_identity(asking->world, "Alice");
    MeishiSelectCall *asks = asking_call(asking, HOST);
    g_autoptr(Call) call = NULL;

    asks->server_cert = meishi_cert_ref(somebody->cert);
    asks->says_verified = TRUE;
    asks->request->server_verified = MEISHI_VERIFIED_OVERRIDDEN;
    call = asking_start(asking, asks);
    assert_asked(asking, "server-verified", "overridden");
    assert_asked(asking, "server-name", "Alice");
    assert_asked(asking, "server-organisation", "Example");
}

/* ---- what to begin with (specification 6.2 rule 5) ---- */

typedef struct {
    const char *name;
    const char *policy;    /* keys of the rule; NULL: no policy */
    const char *scope;     /* that was chosen before; NULL: nothing was */
    MeishiOutcome outcome; /* of that */
    const char *first;     /* what the next question begins with */
} FirstScope;

static const FirstScope first_scopes[] = {
    {"new", NULL, NULL, 0, "once"},
    {"seen", NULL, "once", MEISHI_OUTCOME_ACCEPTED, "session"},
    {"refused", NULL, "once", MEISHI_OUTCOME_ALERT, "once"},
    {"chosen-always", NULL, "always", MEISHI_OUTCOME_ALERT, "always"},
    {"policy", "Remember=always", NULL, 0, "always"},
    {"policy-session", "Remember=session", NULL, 0, "session"},
    {"policy-none", "Remember=none", "once", MEISHI_OUTCOME_ACCEPTED, "once"},
};

/* What was chosen is over when the question comes: the connection that it was for has ended. */
static void
have_chosen(Asking *asking, const FirstScope *row)
{
    const MeishiReport what = {.outcome = row->outcome, .alert = 44};
    MeishiSelectCall *asks = asking_call(asking, HOST);
    g_autoptr(Call) call = NULL;

    asks->connection_group = g_strdup("before");
    call = asking_start(asking, asks);
    asking_answer(asking, "Alice", row->scope, "host-port", FALSE);
    g_assert_true(
        meishi_agent_report(asking->agent, asking->me, call->answer->selection_id, &what, NULL));
}

static void
test_first_scope(gconstpointer data)
{
    const FirstScope *row = data;
    g_autoptr(Asking) asking = asking_new();
    MeishiSelectCall *asks = asking_call(asking, HOST);
    g_autoptr(Call) call = NULL;

    if (row->policy != NULL) {
        g_autofree char *policy = g_strdup_printf(
            "[Policy]\nVersion=1\n[Rule r]\nMatch-Host=" HOST "\nAction=prompt\n%s\n", row->policy);

        world_set_policy(asking->world, policy);
    }
    if (row->scope != NULL)
        have_chosen(asking, row);
    asks->connection_group = g_strdup("after");
    call = asking_start(asking, asks);
    assert_call(call, "waiting");
    assert_asked(asking, "scope", row->first);
}

/* ---- identities ---- */

static GVariant *
find_candidate(const Asking *asking, const char *label)
{
    g_autoptr(GVariant) list =
        g_variant_lookup_value(asking->question, "candidates", G_VARIANT_TYPE("aa{sv}"));

    for (gsize i = 0; i < g_variant_n_children(list); i++) {
        g_autoptr(GVariant) one = g_variant_get_child_value(list, i);
        const char *its;

        if (g_variant_lookup(one, "label", "&s", &its) && strcmp(its, label) == 0)
            return g_steal_pointer(&one);
    }
    g_error("%s is not offered", label);
}

static void
assert_member(GVariant *candidate, const char *key, const char *expected)
{
    const char *text;

    g_assert_true(g_variant_lookup(candidate, key, "&s", &text));
    g_assert_cmpstr(text, ==, expected);
}

static void
test_candidate(void)
{
    g_autoptr(Asking) asking = asking_new();
    G_GNUC_UNUSED g_autoptr(Call) call = asking_start(asking, asking_call(asking, HOST));
    g_autoptr(GVariant) alice = find_candidate(asking, "Alice");
    g_autoptr(MeishiIdentity) identity = world_identity(asking->world, "Alice");
    g_autofree char *id = asking_id(asking, "Alice");
    gint64 not_before, not_after, last_accepted;
    guint accepted_here;

    assert_member(alice, "id", id);
    assert_member(alice, "subject", "CN=Alice,O=Example");
    assert_member(alice, "issuer", "CN=Sub");
    assert_member(alice, "serial", identity->cert->serial_hex);
    assert_member(alice, "key", "EC P-256");
    assert_member(alice, "place", "software");
    assert_member(alice, "kind", "ok");
    assert_member(alice, "code", "OK");
    assert_member(alice, "reason", "");
    g_assert_true(g_variant_lookup(alice, "not-before", "x", &not_before));
    g_assert_true(g_variant_lookup(alice, "not-after", "x", &not_after));
    g_assert_cmpint(not_before, ==, identity->cert->not_before);
    g_assert_cmpint(not_after, ==, identity->cert->not_after);
    g_assert_true(g_variant_lookup(alice, "accepted-here", "u", &accepted_here));
    g_assert_true(g_variant_lookup(alice, "last-accepted", "x", &last_accepted));
    g_assert_cmpuint(accepted_here, ==, 0);
    g_assert_cmpint(last_accepted, ==, 0);
    g_assert_cmpint(number_asked(asking, "n-candidates", "u"), ==, 3);
}

static void
test_soft_candidate(void)
{
    g_autoptr(Asking) asking = asking_new();
    G_GNUC_UNUSED g_autoptr(Call) call = asking_start(asking, asking_call(asking, HOST));
    g_autoptr(GVariant) stranger = find_candidate(asking, "Stranger");
    const char *reason;

    assert_member(stranger, "kind", "soft");
    assert_member(stranger, "code", "CA_MISMATCH");
    g_assert_true(g_variant_lookup(stranger, "reason", "&s", &reason));
    g_assert_nonnull(strstr(reason, "CN=Other"));
}

static void
test_preselected(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autofree char *stranger = asking_id(asking, "Stranger");
    G_GNUC_UNUSED g_autoptr(Call) call =
        asking_start(asking, asking_call_naming(asking, HOST, "Other"));

    assert_asked(asking, "preselected", stranger);
}

static void
test_domain(void)
{
    static const struct {
        const char *host;
        const char *domain;
    } cases[] = {
        {"www.corp.example.com", "corp.example.com"},
        {"a.b.corp.example.com", "b.corp.example.com"},
        {"www.example.com", NULL},
        {"localhost", NULL},
        {"192.0.2.1", NULL},
        {"::1", NULL},
        {"ssid:a.b.c.d", NULL},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(MeishiHost) host = {0};
        g_autofree char *domain = NULL;

        g_assert_true(meishi_host_parse(cases[i].host, &host, NULL));
        domain = meishi_question_facts_domain(&host);
        g_assert_cmpstr(domain, ==, cases[i].domain);
    }
}

/* ---- answers ---- */

static GVariant *
parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    GVariant *dict = g_variant_parse(G_VARIANT_TYPE_VARDICT, text, NULL, NULL, &error);

    g_assert_no_error(error);
    return dict;
}

static void
test_answer(void)
{
    g_autoptr(GVariant) dict = parse("{'identity': <'ab'>, 'scope': <'session'>, "
                                     "'reach': <'domain'>, 'any-application': <true>, "
                                     "'future': <7>}");
    g_auto(MeishiPersonAnswer) answer = {.id = NULL};

    g_assert_true(meishi_question_facts_read_answer(dict, &answer, NULL));
    g_assert_cmpstr(answer.id, ==, "ab");
    g_assert_cmpint(answer.scope, ==, MEISHI_SCOPE_SESSION);
    g_assert_cmpint(answer.reach, ==, MEISHI_REACH_DOMAIN);
    g_assert_true(answer.any_application);
}

/* As narrow as can be where little is said. */
static void
test_answer_defaults(void)
{
    g_autoptr(GVariant) dict = parse("{'identity': <''>}");
    g_auto(MeishiPersonAnswer) answer = {.id = NULL};

    g_assert_true(meishi_question_facts_read_answer(dict, &answer, NULL));
    g_assert_null(answer.id);
    g_assert_cmpint(answer.scope, ==, MEISHI_SCOPE_ONCE);
    g_assert_cmpint(answer.reach, ==, MEISHI_REACH_HOST_PORT);
    g_assert_false(answer.any_application);
}

static void
test_answer_malformed(void)
{
    static const char *const texts[] = {
        "{'scope': <'once'>}",
        "{'identity': <7>}",
        "{'identity': <objectpath '/'>}",
        "{'identity': <'ab'>, 'scope': <'forever'>}",
        "{'identity': <'ab'>, 'reach': <''>}",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GVariant) dict = parse(texts[i]);
        g_auto(MeishiPersonAnswer) answer = {.id = NULL};
        g_autoptr(GError) error = NULL;

        g_assert_false(meishi_question_facts_read_answer(dict, &answer, &error));
        g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT);
    }
}

int
main(int argc, char **argv)
{
    world_init(&argc, &argv);
    g_test_add_func("/question/caller", test_caller);
    g_test_add_func("/question/unsaid", test_unsaid);
    g_test_add_func("/question/grounds", test_grounds);
    g_test_add_func("/question/kinds", test_kinds);
    g_test_add_func("/question/server", test_server);
    g_test_add_func("/question/encrypted", test_encrypted);
    g_test_add_func("/question/server-identity", test_server_identity);
    for (gsize i = 0; i < G_N_ELEMENTS(first_scopes); i++) {
        g_autofree char *path = g_strdup_printf("/question/first-scope/%s", first_scopes[i].name);

        g_test_add_data_func(path, &first_scopes[i], test_first_scope);
    }
    g_test_add_func("/question/candidate/ok", test_candidate);
    g_test_add_func("/question/candidate/soft", test_soft_candidate);
    g_test_add_func("/question/candidate/preselected", test_preselected);
    g_test_add_func("/question/domain", test_domain);
    g_test_add_func("/question/answer/full", test_answer);
    g_test_add_func("/question/answer/defaults", test_answer_defaults);
    g_test_add_func("/question/answer/malformed", test_answer_malformed);
    return world_run();
}
