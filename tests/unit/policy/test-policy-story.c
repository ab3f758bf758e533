/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Short stories: what people meet, from the request through the outcome to the next request.
 */
#include "tests/unit/policy/fake-world.h"

static const char *
select_now(FakeWorld *w)
{
    g_autoptr(MeishiDecision) decision = fake_decide(w);

    return decision->result == MEISHI_RESULT_SELECTED ? fake_id(w, decision->selected)
                                                      : meishi_result_name(decision->result);
}

/* Two services of one host, 8443 and 9443, each with its own certificate. */
static void
test_two_ports(void)
{
    g_auto(FakeWorld) w;

    fake_world_init(&w);
    fake_identity(&w, "a", "CN=CA");
    fake_identity(&w, "b", "CN=CA");
    fake_ask_host(&w, "localhost", 8443);
    fake_choice(&w, "a", MEISHI_SCOPE_ALWAYS);
    fake_ask_host(&w, "localhost", 9443);
    fake_choice(&w, "b", MEISHI_SCOPE_ALWAYS);
    g_assert_cmpstr(select_now(&w), ==, "b");
    fake_ask_host(&w, "localhost", 8443);
    g_assert_cmpstr(select_now(&w), ==, "a");
}

/* One host asks twice with different lists (a directory of its own): what was chosen for the one is
 * not sent to the other, and is still remembered for the first. */
static void
test_two_lists(void)
{
    g_auto(FakeWorld) w;

    fake_world_init(&w);
    fake_identity(&w, "staff", "CN=Staff CA");
    fake_identity(&w, "admin", "CN=Admin CA");
    fake_choice(&w, "staff", MEISHI_SCOPE_ALWAYS);
    fake_ask_ca(&w, "CN=Admin CA");
    g_assert_cmpstr(select_now(&w), ==, "prompt");
    g_clear_pointer(&w.request->ca_names, g_ptr_array_unref);
    fake_ask_ca(&w, "CN=Staff CA");
    g_assert_cmpstr(select_now(&w), ==, "staff");
}

/* The server refuses; the next request does not send the same again until it succeeded once. */
static void
test_refused(void)
{
    g_auto(FakeWorld) w;
    MeishiChoice *choice;

    fake_world_init(&w);
    fake_identity(&w, "a", "CN=CA");
    choice = fake_choice(&w, "a", MEISHI_SCOPE_ALWAYS);
    g_assert_cmpstr(select_now(&w), ==, "a");
    g_assert_true(
        meishi_choice_apply(choice, meishi_outcome_classify(MEISHI_OUTCOME_ALERT, 44, FALSE), 44));
    g_assert_cmpstr(select_now(&w), ==, "prompt");
    g_assert_true(
        meishi_choice_apply(choice, meishi_outcome_classify(MEISHI_OUTCOME_ACCEPTED, 0, FALSE), 0));
    g_assert_cmpstr(select_now(&w), ==, "a");
}

/* A rule selects what the server refused: the rule is asked again, and the refused one is soft. */
static void
test_refused_under_a_rule(void)
{
    g_auto(FakeWorld) w;
    MeishiHistory history = {0};

    fake_world_init(&w);
    fake_identity(&w, "a", "CN=CA");
    fake_policy(&w, "[Rule s]\nMatch-Host=www.example.com\nIdentity-Issuer=CN=CA\nAction=select\n"
                    "On-None=none\n");
    meishi_outcome_apply(&history, MEISHI_OUTCOME_CLASS_STRONG, 48, FAKE_NOW);
    meishi_memory_add_history(w.memory, "www.example.com", 443, "a", &history);
    g_assert_cmpstr(select_now(&w), ==, "none");
}

/* "Send none" was chosen; then the server insists (certificate_required): ask. */
static void
test_none_withdrawn(void)
{
    g_auto(FakeWorld) w;
    MeishiChoice *choice;

    fake_world_init(&w);
    fake_identity(&w, "a", "CN=CA");
    fake_ask_ca(&w, "CN=CA");
    choice = fake_choice(&w, "", MEISHI_SCOPE_ALWAYS);
    g_assert_cmpstr(select_now(&w), ==, "none");
    g_assert_true(
        meishi_choice_apply(choice, meishi_outcome_classify(MEISHI_OUTCOME_ALERT, 116, TRUE), 116));
    g_assert_cmpstr(select_now(&w), ==, "prompt");
}

/* TLS 1.2 says handshake_failure for that; twice it counts. */
static void
test_none_withdrawn_1_2(void)
{
    g_auto(FakeWorld) w;
    MeishiChoice *choice;

    fake_world_init(&w);
    fake_identity(&w, "a", "CN=CA");
    fake_ask_ca(&w, "CN=CA");
    choice = fake_choice(&w, "", MEISHI_SCOPE_ALWAYS);
    for (guint i = 0; i < 2; i++) {
        g_assert_cmpstr(select_now(&w), ==, "none");
        g_assert_true(meishi_choice_apply(
            choice, meishi_outcome_classify(MEISHI_OUTCOME_ALERT, 40, TRUE), 40));
    }
    g_assert_cmpstr(select_now(&w), ==, "prompt");
}

/* The old one expired, its successor goes; nobody is asked. */
static void
test_renewed(void)
{
    g_auto(FakeWorld) w;
    MeishiCandidate *old, *renewed;

    fake_world_init(&w);
    old = fake_identity(&w, "old", "CN=CA");
    old->cert->not_after = FAKE_NOW - 2 * FAKE_DAY;
    old->superseded_by = g_strdup("new");
    renewed = fake_identity(&w, "new", "CN=CA");
    g_free(renewed->lineage);
    renewed->lineage = g_strdup(old->lineage);
    fake_choice(&w, "old", MEISHI_SCOPE_ALWAYS);
    g_assert_cmpstr(select_now(&w), ==, "new");
}

/* A server that names no authority does not pull out a certificate by itself. */
static void
test_no_list(void)
{
    g_auto(FakeWorld) w;

    fake_world_init(&w);
    fake_identity(&w, "only", "CN=CA");
    g_assert_cmpstr(select_now(&w), ==, "none");
    w.request->purpose = MEISHI_PURPOSE_API;
    w.request->user_activation = TRUE;
    g_assert_cmpstr(select_now(&w), ==, "none");
}

/* Server and client certificate of one CA, both CN=localhost, no extensions: two identities with
 * equal subject and issuer; both fit, so a person chooses, and each can be remembered. */
static void
test_twins(void)
{
    g_auto(FakeWorld) w;

    fake_world_init(&w);
    for (guint i = 0; i < 2; i++) {
        g_autofree char *id = g_strdup_printf("%u", i);
        g_autoptr(MeishiCert) cert = fake_named_cert("CN=localhost", "CN=CA", (guint8)(i + 1));

        g_ptr_array_add(w.candidates, meishi_candidate_new(id, "localhost", cert));
    }
    fake_ask_ca(&w, "CN=CA");
    g_assert_cmpstr(select_now(&w), ==, "prompt");
    fake_choice(&w, "1", MEISHI_SCOPE_ALWAYS);
    g_assert_cmpstr(select_now(&w), ==, "1");
}

/* Two authorities of one name: policy tells their people apart by the authority's key. */
static void
test_namesakes(void)
{
    g_auto(FakeWorld) w;

    fake_world_init(&w);
    fake_identity(&w, "a", "CN=CA")->cert->authority_key_id = g_bytes_new("1", 1);
    fake_identity(&w, "b", "CN=CA")->cert->authority_key_id = g_bytes_new("2", 1);
    for (guint i = 1; i <= 2; i++) {
        MeishiCert *ca = fake_ca(&w, "CN=CA", "CN=Root");
        g_autofree char *id = g_strdup_printf("%u", i);

        ca->subject_key_id = g_bytes_new(id, 1);
        memset(ca->key->spki_sha256, (int)i, MEISHI_SHA256_LEN);
    }
    fake_ask_ca(&w, "CN=CA");
    fake_policy(&w, "[Rule s]\nMatch-Host=www.example.com\nAction=select\n"
                    "Identity-Chain-SPKI-SHA256="
                    "0202020202020202020202020202020202020202020202020202020202020202\n");
    g_assert_cmpstr(select_now(&w), ==, "b");
}

/* RFC 8705: the token endpoint and the resource servers must see the same certificate. */
static void
test_group(void)
{
    g_auto(FakeWorld) w;
    g_autoptr(MeishiDecision) decision = NULL;
    MeishiChoice *choice;

    fake_world_init(&w);
    fake_identity(&w, "a", "CN=CA");
    fake_identity(&w, "b", "CN=CA")->cert->not_before -= FAKE_DAY;
    fake_policy(&w, "[Rule bank]\nMatch-Host=as.bank.example;api.bank.example\nAction=select\n"
                    "Identity-Issuer=CN=CA\nGroup=bank\n");
    fake_ask_host(&w, "as.bank.example", 443);
    g_assert_cmpstr(select_now(&w), ==, "a");
    choice = meishi_choice_new(w.request, "b");
    choice->group = g_strdup("bank");
    meishi_memory_add_choice(w.memory, choice);
    fake_ask_host(&w, "api.bank.example", 443);
    decision = fake_decide(&w);
    g_assert_cmpstr(fake_id(&w, decision->selected), ==, "b");
}

/* A nuisance certificate goes nowhere, an eID asks nothing of other programs: with several rules at
 * once the strictest counts. */
static void
test_strictest(void)
{
    g_auto(FakeWorld) w;

    fake_world_init(&w);
    fake_identity(&w, "a", "CN=CA");
    fake_policy_at(&w, MEISHI_LAYER_USER, "u",
                   "[Rule mine]\nMatch-Host=www.example.com\nIdentity-Issuer=CN=CA\n"
                   "Priority=1000\nAction=select\nOn-None=none\n");
    fake_policy_at(&w, MEISHI_LAYER_VENDOR, "v",
                   "[Rule theirs]\nPriority=0\nIdentity-Issuer=CN=CA\nAction=restrict\n");
    g_assert_cmpstr(select_now(&w), ==, "none");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/policy/story/two-ports", test_two_ports);
    g_test_add_func("/policy/story/two-lists", test_two_lists);
    g_test_add_func("/policy/story/refused", test_refused);
    g_test_add_func("/policy/story/refused-under-a-rule", test_refused_under_a_rule);
    g_test_add_func("/policy/story/none-withdrawn", test_none_withdrawn);
    g_test_add_func("/policy/story/none-withdrawn-1.2", test_none_withdrawn_1_2);
    g_test_add_func("/policy/story/renewed", test_renewed);
    g_test_add_func("/policy/story/no-list", test_no_list);
    g_test_add_func("/policy/story/twins", test_twins);
    g_test_add_func("/policy/story/namesakes", test_namesakes);
    g_test_add_func("/policy/story/rfc8705/group", test_group);
    g_test_add_func("/policy/story/strictest", test_strictest);
    return g_test_run();
}
