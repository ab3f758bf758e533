/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The example policies in data/policy, each with what its comment promises.
 */
#include "daemon/policy/role.h"

#include "daemon/policy/rule-value.h"
#include "tests/unit/policy/fake-world.h"

#define ISSUING "CN=Example Corp Issuing CA 3,O=Example Corp,C=JP"

static void
load(FakeWorld *w, const char *name)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, name, NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;

    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    fake_policy_at(w, MEISHI_LAYER_ADMIN, name, text);
}

static void
set_strings(char ***member, const char *value)
{
    const char *values[] = {value, NULL};

    *member = g_strdupv((char **)values);
}

static MeishiCandidate *
corporate(FakeWorld *w, const char *id)
{
    MeishiCandidate *c = fake_identity(w, id, ISSUING);

    set_strings(&c->cert->ekus, "1.3.6.1.5.5.7.3.2");
    return c;
}

static MeishiCode
code_of(FakeWorld *w, const MeishiDecision *decision, const char *id)
{
    return fake_verdict(w, decision, id)->code;
}

/* Every example loads; what it is warned of is known. */
static void
test_lint(void)
{
    static const struct {
        const char *name;
        guint n_warnings;
    } files[] = {{"10-corp.conf", 0}, {"20-eid.conf", 0},   {"30-nuisance.conf", 1},
                 {"40-vpn.conf", 0},  {"50-kiosk.conf", 0}, {"60-clients.conf", 0}};

    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_auto(FakeWorld) w;
        g_autoptr(GPtrArray) lints = meishi_lint_list_new();
        g_autoptr(MeishiPolicySet) set = NULL;

        fake_world_init(&w);
        load(&w, files[i].name);
        set = meishi_rule_merge(w.sources, lints);
        fake_print_lints(lints);
        g_assert_nonnull(set);
        g_assert_cmpuint(lints->len, ==, files[i].n_warnings);
    }
}

/* They also hold beside each other. */
static void
test_together(void)
{
    g_auto(FakeWorld) w;

    fake_world_init(&w);
    load(&w, "10-corp.conf");
    load(&w, "20-eid.conf");
    load(&w, "30-nuisance.conf");
    load(&w, "40-vpn.conf");
    load(&w, "60-clients.conf");
    fake_world_end(&w);
    g_assert_cmpuint(w.policy->rules->len, ==, 10);
}

/* Two corporate certificates, one ending tonight: the other goes, nothing is asked, nothing
 * remembered, and a user's file cannot change it. */
static void
test_corp(void)
{
    g_auto(FakeWorld) w;
    g_autoptr(MeishiDecision) decision = NULL, other_port = NULL;

    fake_world_init(&w);
    load(&w, "10-corp.conf");
    fake_policy_at(&w, MEISHI_LAYER_USER, "u",
                   "[Rule corp-sso]\nAction=none\n[Rule mine]\nMatch-Host=sso.corp.example.com\n"
                   "Priority=1000\nAction=none\n");
    corporate(&w, "tonight")->cert->not_after = FAKE_NOW + 3600;
    corporate(&w, "next-year")->cert->not_before -= FAKE_DAY;
    fake_identity(&w, "other", "CN=Other");
    fake_ask_host(&w, "sso.corp.example.com", 443);
    decision = fake_decide(&w);
    g_assert_cmpint(decision->result, ==, MEISHI_RESULT_SELECTED);
    g_assert_cmpstr(fake_id(&w, decision->selected), ==, "next-year");
    g_assert_cmpint(decision->limits.remember, ==, MEISHI_REMEMBER_NONE);
    g_assert_true(decision->rule->locked);
    fake_ask_host(&w, "x.apps.corp.example.com", 444);
    other_port = fake_decide(&w);
    g_assert_null(other_port->rule);
}

static void
test_corp_import(void)
{
    g_auto(FakeWorld) w;
    g_autoptr(MeishiDecision) decision = NULL;

    fake_world_init(&w);
    load(&w, "10-corp.conf");
    fake_identity(&w, "other", "CN=Other");
    fake_ask_host(&w, "x.apps.corp.example.com", 8445);
    decision = fake_decide(&w);
    g_assert_cmpint(decision->result, ==, MEISHI_RESULT_PROMPT);
    g_assert_cmpint(decision->prompt, ==, MEISHI_PROMPT_IMPORT);
}

static void
make_eid_world(FakeWorld *w, const char *host)
{
    MeishiCandidate *card;

    fake_world_init(w);
    load(w, "20-eid.conf");
    card = fake_identity(w, "card", "CN=Citizen CA,O=Example Citizen Authority");
    card->token_kind = MEISHI_TOKEN_CARD;
    set_strings(&card->cert->policies, "1.3.6.1.4.1.32473.1.1");
    fake_identity(w, "work", "CN=Work");
    fake_ask_host(w, host, host ? 443 : 0);
    w->request->user_activation = TRUE;
}

/* Outside, also where the target is not known, the card is not even listed. */
static void
test_eid_outside(void)
{
    static const char *hosts[] = {"www.example.com", "go.jp.example.com", NULL};

    for (gsize i = 0; i < G_N_ELEMENTS(hosts); i++) {
        g_auto(FakeWorld) w;
        g_autoptr(MeishiDecision) decision = NULL;

        make_eid_world(&w, hosts[i]);
        decision = fake_decide(&w);
        g_assert_cmpint(code_of(&w, decision, "card"), ==, MEISHI_CODE_POLICY_RESTRICT);
        g_assert_cmpint(code_of(&w, decision, "work"), ==, MEISHI_CODE_OK);
    }
}

/* Inside it is asked for, for a session and one port at most, and each signature is confirmed. */
static void
test_eid_inside(void)
{
    g_auto(FakeWorld) w;
    g_autoptr(MeishiDecision) decision = NULL;
    MeishiConstraints limits;

    make_eid_world(&w, "tax.example.go.jp");
    decision = fake_decide(&w);
    g_assert_cmpint(decision->result, ==, MEISHI_RESULT_PROMPT);
    g_assert_cmpstr(fake_id(&w, decision->preselected), ==, "card");
    meishi_decision_limits(decision, &w.world, decision->preselected, &limits);
    g_assert_cmpint(limits.confirm, ==, MEISHI_CONFIRM_EACH_USE);
    g_assert_cmpint(limits.remember, ==, MEISHI_REMEMBER_SESSION);
    g_assert_cmpint(limits.reach, ==, MEISHI_REACH_HOST_PORT);
    meishi_decision_limits(decision, &w.world, 1, &limits);
    g_assert_cmpint(limits.confirm, ==, MEISHI_CONFIRM_NEVER);
}

static void
test_eid_remembered(void)
{
    static const struct {
        MeishiScope scope;
        MeishiResult result;
    } rows[] = {{MEISHI_SCOPE_SESSION, MEISHI_RESULT_SELECTED},
                {MEISHI_SCOPE_ALWAYS, MEISHI_RESULT_PROMPT}};

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(FakeWorld) w;
        g_autoptr(MeishiDecision) decision = NULL;

        make_eid_world(&w, "tax.example.go.jp");
        fake_choice(&w, "card", rows[i].scope);
        decision = fake_decide(&w);
        g_assert_cmpint(decision->result, ==, rows[i].result);
    }
}

/* A device certificate is nowhere but at its own host. */
static void
test_nuisance(void)
{
    g_auto(FakeWorld) w;
    g_autoptr(MeishiDecision) elsewhere = NULL, home = NULL;

    fake_world_init(&w);
    load(&w, "30-nuisance.conf");
    fake_identity(&w, "device", "CN=MS-Organization-Access");
    w.request->user_activation = TRUE;
    elsewhere = fake_decide(&w);
    g_assert_cmpint(elsewhere->result, ==, MEISHI_RESULT_NONE);
    g_assert_cmpint(elsewhere->code, ==, MEISHI_CODE_NO_CANDIDATE);
    fake_ask_host(&w, "device.login.microsoftonline.com", 443);
    home = fake_decide(&w);
    g_assert_cmpint(home->result, ==, MEISHI_RESULT_SELECTED);
}

static void
make_vpn_world(FakeWorld *w, const char *unit)
{
    const char *names[] = {"exe:/usr/sbin/openconnect", unit, NULL};
    MeishiCandidate *card, *copy;

    fake_world_init(w);
    load(w, "40-vpn.conf");
    card = corporate(w, "card");
    card->token_kind = MEISHI_TOKEN_CARD;
    set_strings(&card->cert->sans, "upn:Hana@corp.example.com");
    copy = corporate(w, "copy");
    set_strings(&copy->cert->sans, "upn:hana@corp.example.com");
    w->request->application_names = g_strdupv((char **)names);
    w->request->trust = unit ? MEISHI_TRUST_UNIT : MEISHI_TRUST_EXE;
    g_free(w->request->protocol);
    w->request->protocol = g_strdup("tls");
    fake_ask_host(w, "vpn1.corp.example.com", 443);
}

/* The client gets the key on hardware and no copy of it; the role holds the same. */
static void
test_vpn(void)
{
    g_auto(FakeWorld) w;
    g_autoptr(MeishiDecision) decision = NULL;

    make_vpn_world(&w, "unit:openconnect@work.service");
    decision = fake_decide(&w);
    g_assert_cmpint(decision->result, ==, MEISHI_RESULT_SELECTED);
    g_assert_cmpstr(fake_id(&w, decision->selected), ==, "card");
    g_assert_cmpint(code_of(&w, decision, "copy"), ==, MEISHI_CODE_POLICY_KEY);
    g_assert_cmpuint(decision->limits.forbid & MEISHI_FORBID_EXPORT, !=, 0);
}

/* Through renewal the role's content changes, its name does not. */
static void
test_vpn_role(void)
{
    g_auto(FakeWorld) w;
    const MeishiRole *role;
    MeishiCandidate *renewed;

    make_vpn_world(&w, "unit:openconnect@work.service");
    renewed = corporate(&w, "renewed");
    renewed->token_kind = MEISHI_TOKEN_CARD;
    set_strings(&renewed->cert->sans, "upn:hana@corp.example.com");
    ((MeishiCandidate *)w.candidates->pdata[0])->superseded_by = g_strdup("renewed");
    fake_ask_host(&w, NULL, 0);
    fake_world_end(&w);
    role = meishi_rule_set_find_role(w.policy, "corp-vpn");
    g_assert_cmpstr(role->label, ==, "Corp VPN");
    g_assert_cmpstr(fake_id(&w, meishi_role_resolve(&w.world, role, w.request)), ==, "renewed");
}

/* Other programs do not see the key, by no door. */
static void
test_vpn_others(void)
{
    g_auto(FakeWorld) w;
    g_autoptr(MeishiDecision) decision = NULL;

    make_vpn_world(&w, NULL);
    decision = fake_decide(&w);
    g_assert_cmpint(code_of(&w, decision, "card"), ==, MEISHI_CODE_APP_NOT_GRANTED);
    g_assert_cmpuint(
        meishi_role_resolve(&w.world, meishi_rule_set_find_role(w.policy, "corp-vpn"), w.request),
        ==, G_MAXUINT);
}

static void
make_kiosk_world(FakeWorld *w)
{
    MeishiDigest digest;

    fake_world_init(w);
    load(w, "50-kiosk.conf");
    g_assert_true(meishi_rule_value_digest(
        "2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90", &digest, NULL));
    memcpy(fake_identity(w, "pinned", "CN=Plant")->cert->key->spki_sha256, digest.bytes,
           MEISHI_SHA256_LEN);
    fake_identity(w, "other", "CN=Plant");
    w->request->user_activation = TRUE;
}

/* It answers, always, and no question is ever asked. */
static void
test_kiosk(void)
{
    g_auto(FakeWorld) w;
    g_autoptr(MeishiDecision) decision = NULL, elsewhere = NULL;

    make_kiosk_world(&w);
    fake_ask_host(&w, "dashboard.plant.example", 8443);
    decision = fake_decide(&w);
    g_assert_cmpint(decision->result, ==, MEISHI_RESULT_SELECTED);
    g_assert_cmpstr(fake_id(&w, decision->selected), ==, "pinned");
    fake_ask_host(&w, "www.example.com", 443);
    elsewhere = fake_decide(&w);
    g_assert_cmpint(elsewhere->result, ==, MEISHI_RESULT_NONE);
    g_assert_cmpint(elsewhere->limits.remember, ==, MEISHI_REMEMBER_NONE);
}

/* The pinned certificate expired; its successor has the same key and needs no new policy. */
static void
test_kiosk_renewal(void)
{
    g_auto(FakeWorld) w;
    g_autoptr(MeishiDecision) decision = NULL;
    MeishiCandidate *old;

    make_kiosk_world(&w);
    old = g_ptr_array_index(w.candidates, 0);
    old->cert->not_after = FAKE_NOW - 9 * FAKE_DAY;
    memcpy(fake_identity(&w, "renewed", "CN=Plant")->cert->key->spki_sha256,
           old->cert->key->spki_sha256, MEISHI_SHA256_LEN);
    fake_ask_host(&w, "dashboard.plant.example", 8443);
    decision = fake_decide(&w);
    g_assert_cmpstr(fake_id(&w, decision->selected), ==, "renewed");
}

static void
make_clients_world(FakeWorld *w)
{
    MeishiDigest digest;
    MeishiCandidate *customer;

    fake_world_init(w);
    load(w, "60-clients.conf");
    customer = fake_identity(w, "customer-a", "CN=A");
    meishi_name_unref(customer->cert->subject_name);
    customer->cert->subject_name = fake_name("CN=Me,OU=Customer A");
    g_assert_true(meishi_rule_value_digest(
        "6c5f0f3b3d4b9f5a3a0a8d2f5a9c9d7e1d2c3b4a59687f6e5d4c3b2a19080706", &digest, NULL));
    memcpy(fake_identity(w, "bank", NULL)->cert->sha256, digest.bytes, MEISHI_SHA256_LEN);
    w->request->application = g_strdup("exe:/usr/bin/web");
}

/* Per customer by unit, remembered per program and port. */
static void
test_clients(void)
{
    g_auto(FakeWorld) w;
    g_autoptr(MeishiDecision) asked = NULL, remembered = NULL, other_program = NULL;

    make_clients_world(&w);
    fake_ask_host(&w, "git.customer-a.example", 443);
    asked = fake_decide(&w);
    g_assert_cmpint(asked->result, ==, MEISHI_RESULT_PROMPT);
    g_assert_cmpstr(fake_id(&w, asked->preselected), ==, "customer-a");
    meishi_decision_limits(asked, &w.world, asked->preselected, &asked->limits);
    g_assert_true(asked->limits.per_application);
    fake_choice(&w, "customer-a", MEISHI_SCOPE_ALWAYS);
    remembered = fake_decide(&w);
    g_assert_cmpint(remembered->result, ==, MEISHI_RESULT_SELECTED);
    g_free(w.request->application);
    w.request->application = g_strdup("exe:/usr/bin/mail");
    other_program = fake_decide(&w);
    g_assert_cmpint(other_program->result, ==, MEISHI_RESULT_PROMPT);
}

static void
test_clients_public(void)
{
    g_auto(FakeWorld) w;
    g_autoptr(MeishiDecision) decision = NULL;

    make_clients_world(&w);
    fake_ask_host(&w, "public.customer-a.example", 443);
    decision = fake_decide(&w);
    g_assert_cmpint(decision->result, ==, MEISHI_RESULT_NONE);
    g_assert_cmpint(decision->code, ==, MEISHI_CODE_POLICY_NONE);
}

/* RFC 8705 2.2: the self-signed method, and only where the server names no authority. */
static void
test_clients_bank(void)
{
    g_auto(FakeWorld) w;
    g_autoptr(MeishiDecision) empty = NULL, listed = NULL;

    make_clients_world(&w);
    fake_ask_host(&w, "api.bank.example", 443);
    empty = fake_decide(&w);
    g_assert_cmpint(empty->result, ==, MEISHI_RESULT_SELECTED);
    g_assert_cmpstr(fake_id(&w, empty->selected), ==, "bank");
    fake_ask_ca(&w, "CN=Somebody");
    listed = fake_decide(&w);
    g_assert_cmpint(listed->result, ==, MEISHI_RESULT_NONE);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/policy/examples/lint", test_lint);
    g_test_add_func("/policy/examples/together", test_together);
    g_test_add_func("/policy/examples/corp", test_corp);
    g_test_add_func("/policy/examples/corp/import", test_corp_import);
    g_test_add_func("/policy/examples/eid/outside", test_eid_outside);
    g_test_add_func("/policy/examples/eid/inside", test_eid_inside);
    g_test_add_func("/policy/examples/eid/remembered", test_eid_remembered);
    g_test_add_func("/policy/examples/nuisance", test_nuisance);
    g_test_add_func("/policy/examples/vpn", test_vpn);
    g_test_add_func("/policy/examples/vpn/role", test_vpn_role);
    g_test_add_func("/policy/examples/vpn/others", test_vpn_others);
    g_test_add_func("/policy/examples/kiosk", test_kiosk);
    g_test_add_func("/policy/examples/kiosk/renewal", test_kiosk_renewal);
    g_test_add_func("/policy/examples/clients", test_clients);
    g_test_add_func("/policy/examples/clients/public", test_clients_public);
    g_test_add_func("/policy/examples/clients/rfc8705-2.2/bank", test_clients_bank);
    return g_test_run();
}
