/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is remembered: which choice counts, and what outcomes do to it.
 */
#include "daemon/policy/rule-value.h"
#include "tests/unit/policy/fake-world.h"

/* ---- outcomes ---------------------------------------------------------------------------------
 */

#define GOOD     MEISHI_OUTCOME_CLASS_GOOD
#define STRONG   MEISHI_OUTCOME_CLASS_STRONG
#define WEAK     MEISHI_OUTCOME_CLASS_WEAK
#define LOCAL    MEISHI_OUTCOME_CLASS_LOCAL
#define REQUIRED MEISHI_OUTCOME_CLASS_REQUIRED

/* RFC 9846 and 5246, "Alert Protocol". */
static const struct {
    const char *name;
    MeishiOutcome outcome;
    guint8 alert;
    gboolean sent_none;
    MeishiOutcomeClass class;
} outcomes[] = {
    {"accepted", MEISHI_OUTCOME_ACCEPTED, 0, FALSE, GOOD},
    {"bad-certificate", MEISHI_OUTCOME_ALERT, 42, FALSE, STRONG},
    {"unsupported-certificate", MEISHI_OUTCOME_ALERT, 43, FALSE, STRONG},
    {"certificate-revoked", MEISHI_OUTCOME_ALERT, 44, FALSE, STRONG},
    {"certificate-expired", MEISHI_OUTCOME_ALERT, 45, FALSE, STRONG},
    {"certificate-unknown", MEISHI_OUTCOME_ALERT, 46, FALSE, STRONG},
    {"unknown-ca", MEISHI_OUTCOME_ALERT, 48, FALSE, STRONG},
    {"access-denied", MEISHI_OUTCOME_ALERT, 49, FALSE, STRONG},
    {"certificate-required/after-none", MEISHI_OUTCOME_ALERT, 116, TRUE, REQUIRED},
    {"certificate-required/after-a-certificate", MEISHI_OUTCOME_ALERT, 116, FALSE, STRONG},
    {"handshake-failure", MEISHI_OUTCOME_ALERT, 40, FALSE, WEAK},
    {"handshake-failure/after-none", MEISHI_OUTCOME_ALERT, 40, TRUE, WEAK},
    {"decrypt-error", MEISHI_OUTCOME_ALERT, 51, FALSE, WEAK},
    {"other-alert", MEISHI_OUTCOME_ALERT, 70, FALSE, LOCAL},
    {"closed", MEISHI_OUTCOME_CLOSED, 0, FALSE, WEAK},
    {"sign-failed", MEISHI_OUTCOME_SIGN_FAILED, 0, FALSE, LOCAL},
    {"app-refused", MEISHI_OUTCOME_APP_REFUSED, 0, FALSE, WEAK},
};

static void
test_outcome(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);

    g_assert_cmpint(
        meishi_outcome_classify(outcomes[i].outcome, outcomes[i].alert, outcomes[i].sent_none), ==,
        outcomes[i].class);
    g_assert_nonnull(meishi_outcome_alert_text(outcomes[i].alert));
}

#define CLEAR   MEISHI_SUSPICION_CLEAR
#define DOUBTED MEISHI_SUSPICION_DOUBTED
#define SUSPECT MEISHI_SUSPICION_SUSPECT

/* The whole table: state by class. */
static void
test_suspicion(void)
{
    static const MeishiSuspicion expected[3][5] = {
        {CLEAR, SUSPECT, DOUBTED, CLEAR, SUSPECT},
        {CLEAR, SUSPECT, SUSPECT, DOUBTED, SUSPECT},
        {CLEAR, SUSPECT, SUSPECT, SUSPECT, SUSPECT},
    };

    for (guint state = 0; state < 3; state++) {
        for (guint class = 0; class < 5; class ++)
            g_assert_cmpint(meishi_outcome_next((MeishiSuspicion)state, (MeishiOutcomeClass) class),
                            ==, expected[state][class]);
    }
}

static void
test_history(void)
{
    MeishiHistory history = {0};

    meishi_outcome_apply(&history, GOOD, 0, 100);
    g_assert_cmpuint(history.accepted, ==, 1);
    meishi_outcome_apply(&history, STRONG, 44, 200);
    g_assert_true(meishi_outcome_is_refused(&history, 200));
    g_assert_cmpuint(history.alert, ==, 44);
    g_assert_true(meishi_outcome_is_refused(&history, 200 + MEISHI_OUTCOME_SUSPECT_SECONDS - 1));
    g_assert_false(meishi_outcome_is_refused(&history, 200 + MEISHI_OUTCOME_SUSPECT_SECONDS));
    meishi_outcome_apply(&history, LOCAL, 0, 250);
    g_assert_true(meishi_outcome_is_refused(&history, 250));
    meishi_outcome_apply(&history, GOOD, 0, 300);
    g_assert_false(meishi_outcome_is_refused(&history, 300));
    g_assert_cmpuint(history.alert, ==, 0);
    meishi_outcome_apply(&history, WEAK, 40, 400);
    g_assert_false(meishi_outcome_is_refused(&history, 400));
    meishi_outcome_apply(&history, WEAK, 40, 500);
    g_assert_true(meishi_outcome_is_refused(&history, 500));
}

/* What a strong refusal leaves of a choice depends on how long it was to live. */
static void
test_choice_after_refusal(void)
{
    g_auto(FakeWorld) w;
    g_autoptr(MeishiChoice) session = NULL, always = NULL;

    fake_world_init(&w);
    session = meishi_choice_new(w.request, "a");
    session->scope = MEISHI_SCOPE_SESSION;
    g_assert_true(meishi_choice_apply(session, GOOD, 0));
    g_assert_false(meishi_choice_apply(session, STRONG, 48));
    always = meishi_choice_new(w.request, "a");
    always->scope = MEISHI_SCOPE_ALWAYS;
    g_assert_true(meishi_choice_apply(always, STRONG, 48));
    g_assert_cmpint(always->suspicion, ==, SUSPECT);
    g_assert_cmpuint(always->alert, ==, 48);
    g_assert_true(meishi_choice_apply(always, LOCAL, 0));
    g_assert_cmpint(always->suspicion, ==, SUSPECT);
    g_assert_true(meishi_choice_apply(always, GOOD, 0));
    g_assert_cmpint(always->suspicion, ==, CLEAR);
    g_assert_cmpuint(always->uses, ==, 0);
}

/* ---- which choice counts ----------------------------------------------------------------------
 */

/* A choice by words: "reach host port application context scope lineage"; "-" is empty. */
static MeishiChoice *
make_choice(FakeWorld *w, const char *words)
{
    g_auto(GStrv) f = g_strsplit(words, " ", 7);
    MeishiChoice *choice = meishi_choice_new(w->request, strcmp(f[6], "-") ? f[6] : NULL);
    static const MeishiWord reaches[] = {{"host-port", MEISHI_REACH_HOST_PORT},
                                         {"host", MEISHI_REACH_HOST},
                                         {"domain", MEISHI_REACH_DOMAIN},
                                         {NULL, 0}};
    static const MeishiWord scopes[] = {{"once", MEISHI_SCOPE_ONCE},
                                        {"session", MEISHI_SCOPE_SESSION},
                                        {"always", MEISHI_SCOPE_ALWAYS},
                                        {NULL, 0}};
    int value;

    g_assert_true(meishi_rule_value_word(f[0], reaches, &value, NULL));
    choice->reach = (MeishiReach)value;
    g_assert_true(meishi_rule_value_word(f[5], scopes, &value, NULL));
    choice->scope = (MeishiScope)value;
    g_free(choice->host);
    choice->host = g_strdup(f[1]);
    choice->port = (guint)g_ascii_strtoull(f[2], NULL, 10);
    g_free(choice->application);
    choice->application = strcmp(f[3], "-") ? g_strdup(f[3]) : NULL;
    g_free(choice->context);
    choice->context = g_strdup(strcmp(f[4], "-") ? f[4] : "");
    return choice;
}

#define ALL \
    {       \
        0   \
    }

/* The request: https://www.a.example:443 by app:web in context "work". */
static const struct {
    const char *name;
    const char *choices[3];
    MeishiConstraints limits;
    const char *found; /* lineage; "-": none was chosen; NULL: nothing */
} lookups[] = {
    {"none-known", {NULL}, ALL, NULL},
    {"exact", {"host-port www.a.example 443 app:web work always x"}, ALL, "x"},
    {"none-is-remembered", {"host-port www.a.example 443 app:web work always -"}, ALL, "-"},
    {"other-port", {"host-port www.a.example 8443 app:web work always x"}, ALL, NULL},
    {"other-host", {"host-port a.example 443 app:web work always x"}, ALL, NULL},
    {"other-application", {"host-port www.a.example 443 app:mail work always x"}, ALL, NULL},
    {"any-application", {"host-port www.a.example 443 - work always x"}, ALL, "x"},
    {"other-context", {"host-port www.a.example 443 app:web home always x"}, ALL, NULL},
    {"no-context", {"host-port www.a.example 443 app:web - always x"}, ALL, NULL},
    {"whole-host", {"host www.a.example 8443 app:web work always x"}, ALL, "x"},
    {"host-is-not-its-domain", {"host a.example 443 app:web work always x"}, ALL, NULL},
    {"domain", {"domain a.example 0 app:web work always x"}, ALL, "x"},
    {"domain-itself", {"domain www.a.example 0 app:web work always x"}, ALL, "x"},
    {"other-domain", {"domain b.example 0 app:web work always x"}, ALL, NULL},
    {"two-ports-two-choices",
     {"host-port www.a.example 443 app:web work always x",
      "host-port www.a.example 8443 app:web work always y"},
     ALL,
     "x"},
    {"nearest/port-before-host",
     {"host www.a.example 0 app:web work always x",
      "host-port www.a.example 443 app:web work always y"},
     ALL,
     "y"},
    {"nearest/host-before-domain",
     {"domain a.example 0 app:web work always x", "host www.a.example 0 app:web work always y"},
     ALL,
     "y"},
    {"nearest/longest-domain",
     {"domain example 0 app:web work always x", "domain a.example 0 app:web work always y"},
     ALL,
     "y"},
    {"nearest/own-before-any-program",
     {"host-port www.a.example 443 - work always x",
      "host-port www.a.example 443 app:web work always y"},
     ALL,
     "y"},
    {"nearest/once-before-always",
     {"host-port www.a.example 443 app:web work always x",
      "host-port www.a.example 443 app:web work once y"},
     ALL,
     "y"},
    {"limit/remember-session",
     {"host-port www.a.example 443 app:web work always x"},
     {.remember = MEISHI_REMEMBER_SESSION},
     NULL},
    {"limit/remember-none",
     {"host-port www.a.example 443 app:web work session x"},
     {.remember = MEISHI_REMEMBER_NONE},
     NULL},
    {"limit/once-is-not-memory",
     {"host-port www.a.example 443 app:web work once x"},
     {.remember = MEISHI_REMEMBER_NONE},
     "x"},
    {"limit/host-port",
     {"host www.a.example 443 app:web work always x"},
     {.reach = MEISHI_REACH_HOST_PORT},
     NULL},
    {"limit/host",
     {"domain a.example 443 app:web work always x"},
     {.reach = MEISHI_REACH_HOST},
     NULL},
    {"limit/per-application",
     {"host-port www.a.example 443 - work always x"},
     {.per_application = TRUE},
     NULL},
};

static void
test_lookup(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_auto(FakeWorld) w;
    const MeishiChoice *found;

    fake_world_init(&w);
    fake_ask_host(&w, "www.a.example", 443);
    w.request->application = g_strdup("app:web");
    w.request->context = g_strdup("work");
    for (gsize k = 0; k < 3 && lookups[i].choices[k]; k++)
        meishi_memory_add_choice(w.memory, make_choice(&w, lookups[i].choices[k]));
    found = meishi_memory_find(w.memory, w.request, &lookups[i].limits, FAKE_NOW);
    g_assert_cmpstr(found == NULL    ? NULL
                    : found->lineage ? found->lineage
                                     : "-",
                    ==, lookups[i].found);
}

static void
test_expiry(void)
{
    g_auto(FakeWorld) w;
    MeishiConstraints none = {0};

    fake_world_init(&w);
    fake_choice(&w, "a", MEISHI_SCOPE_ONCE)->expires = 100;
    g_assert_nonnull(meishi_memory_find(w.memory, w.request, &none, 99));
    g_assert_null(meishi_memory_find(w.memory, w.request, &none, 100));
}

/* https and wss share a memory, https and imap do not. */
static void
test_protocol_class(void)
{
    g_auto(FakeWorld) w;
    MeishiConstraints none = {0};

    fake_world_init(&w);
    fake_choice(&w, "a", MEISHI_SCOPE_ALWAYS);
    g_free(w.request->protocol);
    w.request->protocol = g_strdup("wss");
    g_assert_nonnull(meishi_memory_find(w.memory, w.request, &none, FAKE_NOW));
    g_free(w.request->protocol);
    w.request->protocol = g_strdup("imap");
    g_assert_null(meishi_memory_find(w.memory, w.request, &none, FAKE_NOW));
}

static void
test_domain_allowed(void)
{
    g_assert_true(meishi_choice_domain_allowed("apps.example.com"));
    g_assert_false(meishi_choice_domain_allowed("example.com"));
    g_assert_false(meishi_choice_domain_allowed("com"));
    g_assert_false(meishi_choice_domain_allowed("192.0.2.1"));
    g_assert_false(meishi_choice_domain_allowed("*.example.com"));
}

/* ---- the digest of a request ------------------------------------------------------------------
 */

static void
digest(FakeWorld *w, guint8 ret[static 32])
{
    meishi_request_digest(w->request, ret);
}

static void
test_digest(void)
{
    static const guint16 one[] = {0x0403, 0x0804, 0}, two[] = {0x0804, 0x0403, 0},
                         three[] = {0x0804, 0};
    g_auto(FakeWorld) a, b;
    guint8 x[32], y[32];

    fake_world_init(&a);
    fake_world_init(&b);
    fake_ask_ca(&a, "CN=1");
    fake_ask_ca(&a, "CN=2");
    fake_ask_ca(&b, "CN=2");
    fake_ask_ca(&b, "CN=1");
    a.request->sigalgs = fake_sigalgs(one);
    b.request->sigalgs = fake_sigalgs(two);
    digest(&a, x);
    digest(&b, y);
    g_assert_cmpmem(x, 32, y, 32);
    g_array_unref(b.request->sigalgs);
    b.request->sigalgs = fake_sigalgs(three);
    digest(&b, y);
    g_assert_true(memcmp(x, y, 32) != 0);
    /* The same list under another name is another request. */
    b.request->sigalgs_cert = b.request->sigalgs;
    b.request->sigalgs = NULL;
    digest(&b, x);
    g_assert_true(memcmp(x, y, 32) != 0);
}

static void
test_private(void)
{
    g_auto(FakeWorld) w;

    fake_world_init(&w);
    g_assert_false(meishi_request_is_private(w.request));
    w.request->context = g_strdup("private:1");
    g_assert_true(meishi_request_is_private(w.request));
}

/* In use: named by a choice that is in force, or taken by a server. */
static void
test_used(void)
{
    g_autoptr(MeishiMemory) memory = meishi_memory_new();
    g_autoptr(MeishiRequest) request = meishi_request_new();
    const MeishiHistory refused = {.refused_at = 5}, accepted = {.accepted = 1};
    MeishiChoice *choice;

    g_assert_true(meishi_host_parse("a.example", &request->host, NULL));
    request->protocol = g_strdup("https");
    choice = meishi_choice_new(request, "line");
    choice->expires = 100;
    meishi_memory_add_choice(memory, choice);
    meishi_memory_add_history(memory, "a.example", 443, "no", &refused);
    meishi_memory_add_history(memory, "b.example", 443, "yes", &accepted);
    g_assert_true(meishi_memory_is_used(memory, "x", "line", 99));
    g_assert_false(meishi_memory_is_used(memory, "x", "line", 100));
    g_assert_true(meishi_memory_is_used(memory, "yes", "x", 100));
    g_assert_false(meishi_memory_is_used(memory, "no", "x", 100));
}

/* A copy says the same, and outlives what it was made of. */
static void
test_copy(void)
{
    MeishiRequest *request = meishi_request_new();
    g_autoptr(MeishiRequest) copy = NULL;
    guint8 before[32], after[32];
    guint16 scheme = 0x0403;

    g_assert_true(meishi_host_parse("a.example", &request->host, NULL));
    request->protocol = g_strdup("https");
    request->context = g_strdup("work");
    request->application_names = g_strsplit("exe:/bin/a unit:b", " ", -1);
    request->sigalgs = g_array_new(FALSE, FALSE, sizeof scheme);
    g_array_append_val(request->sigalgs, scheme);
    request->certificate_types = g_bytes_new_static("\x01", 1);
    meishi_request_digest(request, before);
    copy = meishi_request_copy(request);
    meishi_request_free(request);
    meishi_request_digest(copy, after);
    g_assert_cmpmem(before, sizeof before, after, sizeof after);
    g_assert_cmpstr(copy->host.text, ==, "a.example");
    g_assert_cmpstr(copy->context, ==, "work");
    g_assert_cmpstr(copy->application_names[1], ==, "unit:b");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(outcomes); i++) {
        g_autofree char *path =
            g_strconcat("/policy/memory/rfc9846-alerts/", outcomes[i].name, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_outcome);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(lookups); i++) {
        g_autofree char *path = g_strconcat("/policy/memory/find/", lookups[i].name, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_lookup);
    }
    g_test_add_func("/policy/memory/suspicion", test_suspicion);
    g_test_add_func("/policy/memory/history", test_history);
    g_test_add_func("/policy/memory/choice-after-refusal", test_choice_after_refusal);
    g_test_add_func("/policy/memory/expiry", test_expiry);
    g_test_add_func("/policy/memory/protocol-class", test_protocol_class);
    g_test_add_func("/policy/memory/domain-allowed", test_domain_allowed);
    g_test_add_func("/policy/memory/digest", test_digest);
    g_test_add_func("/policy/memory/private", test_private);
    g_test_add_func("/policy/memory/used", test_used);
    g_test_add_func("/policy/request/copy", test_copy);
    return g_test_run();
}
