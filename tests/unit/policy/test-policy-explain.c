/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Explanations: the whole text for a world of many reasons, and no text that a stranger could
 * steer.
 */
#include "daemon/policy/explain.h"

#include "daemon/policy/explain-detail.h"
#include "tests/unit/policy/fake-world.h"

static void
add_identities(FakeWorld *w)
{
    static const char *server_auth[] = {"1.3.6.1.5.5.7.3.1", NULL};
    MeishiHistory history = {0};
    MeishiCandidate *c;

    fake_identity(w, "hana", "CN=Issuing CA 3,O=Example Corp");
    c = fake_identity(w, "old", "CN=Issuing CA 3,O=Example Corp");
    c->cert->not_after = FAKE_NOW - 30 * FAKE_DAY;
    c->superseded_by = g_strdup("hana");
    c = fake_identity(w, "expired", "CN=Issuing CA 3,O=Example Corp");
    c->cert->not_after = FAKE_NOW - 30 * FAKE_DAY;
    c = fake_identity(w, "early", "CN=Issuing CA 3,O=Example Corp");
    c->cert->not_before = FAKE_NOW + 30 * FAKE_DAY;
    fake_identity(w, "super", "CN=ca.client.example.com");
    c = fake_identity(w, "signature", "CN=Issuing CA 3,O=Example Corp");
    c->cert->has_key_usage = TRUE;
    c->cert->key_usage = MEISHI_KU_NON_REPUDIATION;
    c = fake_identity(w, "server", "CN=Issuing CA 3,O=Example Corp");
    c->cert->ekus = g_strdupv((char **)server_auth);
    c = fake_identity(w, "card", "CN=Issuing CA 3,O=Example Corp");
    c->token_kind = MEISHI_TOKEN_CARD;
    c->token_label = g_strdup("Corp card");
    c->token_state = MEISHI_TOKEN_ABSENT;
    c = fake_identity(w, "curve", "CN=Issuing CA 3,O=Example Corp");
    c->cert->key->type = MEISHI_KEY_EC;
    c->cert->key->curve = "P-521";
    g_free(c->cert->key->text);
    c->cert->key->text = g_strdup("EC P-521");
    c = fake_identity(w, "sha1", "CN=Issuing CA 3,O=Example Corp");
    g_free(c->cert->signature_algorithm);
    c->cert->signature_algorithm = g_strdup("sha1WithRSAEncryption");
    fake_identity(w, "refused", "CN=Issuing CA 3,O=Example Corp");
    meishi_outcome_apply(&history, MEISHI_OUTCOME_CLASS_STRONG, 44, FAKE_NOW - FAKE_DAY);
    meishi_memory_add_history(w->memory, "git.example.com", 8443, "refused", &history);
    fake_identity(w, "eid", "CN=Citizen CA");
    fake_identity(w, "hidden", "CN=Citizen CA")->hidden = TRUE;
    g_clear_pointer(&fake_identity(w, "bare", "CN=x")->cert, meishi_cert_unref);
}

static void
test_text(void)
{
    static const guint16 codes[] = {0x0804, 0x0401, 0};
    g_auto(FakeWorld) w;
    g_autoptr(MeishiDecision) decision = NULL;
    g_autofree char *text = NULL;

    fake_world_init(&w);
    add_identities(&w);
    fake_ask_host(&w, "git.example.com", 8443);
    fake_ask_ca(&w, "CN=Issuing CA 3,O=Example Corp");
    fake_ask_ca(&w, "CN=Another CA");
    w.request->sigalgs = fake_sigalgs(codes);
    w.request->application = g_strdup("flatpak:org.gnome.Epiphany");
    w.request->trust = MEISHI_TRUST_SANDBOX;
    fake_policy(&w, "[Policy]\nVersion=1\n\n[Rule eid]\nMatch-Host=!*.go.jp\n"
                    "Identity-Issuer=CN=Citizen CA\nAction=restrict\n");
    decision = fake_decide(&w);
    text = meishi_explain_to_text(decision, &w.world, w.request);
    g_assert_cmpstr(
        text, ==,
        "git.example.com:8443  https  app=flatpak:org.gnome.Epiphany (sandboxed)  policy: none  "
        "memory: none\n"
        " 1 OK  \"hana\"  RSA 2048  software  until 2028-01-15\n"
        "        CA match: leaf issuer (DER equal) CN=Issuing CA 3,O=Example Corp\n"
        " - REFUSED_BEFORE (16, soft)  \"refused\"  RSA 2048  software  until 2028-01-15\n"
        "        2027-01-14: the server says that the certificate is revoked\n"
        " - CHAIN_SIGALG (12, soft)  \"sha1\"  RSA 2048  software  until 2028-01-15\n"
        "        the certificate is signed with sha1WithRSAEncryption; its chain has 0 more\n"
        " - TOKEN_ABSENT (4, soft)  \"card\"  RSA 2048  card \"Corp card\"  until 2028-01-15\n"
        "        insert \"Corp card\"\n"
        " - NOT_YET_VALID (13, soft)  \"early\"  RSA 2048  software  until 2028-01-15\n"
        "        begins 2027-02-14\n"
        " - EXPIRED (13, soft)  \"expired\"  RSA 2048  software  until 2026-12-16\n"
        "        ended 2026-12-16\n"
        " - SUPERSEDED (4, soft)  \"old\"  RSA 2048  software  until 2026-12-16\n"
        "        by \"hana\"; also expired\n"
        " - EKU (9, soft)  \"server\"  RSA 2048  software  until 2028-01-15\n"
        "        has only 1.3.6.1.5.5.7.3.1\n"
        " - CA_MISMATCH (11, soft)  \"super\"  RSA 2048  software  until 2028-01-15\n"
        "        issuer CN=ca.client.example.com not among 2 names asked\n"
        " - NOT_X509 (5, hard)  \"bare\"  no certificate\n"
        "        the key waits for its certificate\n"
        " - SIGALG (7, hard)  \"curve\"  EC P-521  software  until 2028-01-15\n"
        "        key EC P-521 in TLS 1.3; the server takes rsa_pss_rsae_sha256 rsa_pkcs1_sha256\n"
        " - POLICY_RESTRICT (15, hard)  \"eid\"  RSA 2048  software  until 2028-01-15\n"
        "        rule eid (10-test.conf:4, admin); also issuer not among the names that the server "
        "asked for\n"
        " - HIDDEN (4, hard)  \"hidden\"  RSA 2048  software  until 2028-01-15\n"
        "        hidden by its owner\n"
        " - KU (8, hard)  \"signature\"  RSA 2048  software  until 2028-01-15\n"
        "        has only nonRepudiation\n"
        " decision: PROMPT, NEEDS_USER (single: one identity fits, no rule, no memory; a person "
        "would have to choose)\n");
}

/* A name cannot move the cursor, turn the direction or break the line. */
static void
test_line(void)
{
    g_autofree char *line = meishi_explain_detail_line("a\nb\x1b[2J\xe2\x80\xae"
                                                       "c");
    g_autofree char *lengthy = g_strnfill(200, 'x');
    g_autofree char *cut = meishi_explain_detail_line(lengthy);

    g_assert_cmpstr(line, ==,
                    "a\xef\xbf\xbd"
                    "b\xef\xbf\xbd[2J\xef\xbf\xbd"
                    "c");
    g_assert_cmpint(g_utf8_strlen(cut, -1), ==, 81);
    g_assert_true(g_str_has_suffix(cut, "…"));
}

static void
test_records(void)
{
    g_auto(FakeWorld) w;
    g_autoptr(MeishiDecision) decision = NULL;
    g_autoptr(GPtrArray) list = NULL;
    const MeishiExplanation *first, *second;

    fake_world_init(&w);
    fake_identity(&w, "a", "CN=CA");
    fake_identity(&w, "b", "CN=CA")->hidden = TRUE;
    decision = fake_decide(&w);
    list = meishi_explain_identities(decision, &w.world, w.request);
    first = g_ptr_array_index(list, 0);
    second = g_ptr_array_index(list, 1);
    g_assert_cmpuint(first->place, ==, 1);
    g_assert_cmpstr(first->kind, ==, "ok");
    g_assert_nonnull(strstr(first->rank, "preferred=1 remembered=2 ca=2"));
    g_assert_cmpuint(second->place, ==, 0);
    g_assert_cmpstr(second->code, ==, "HIDDEN");
    g_assert_cmpuint(second->step, ==, 4);
    g_assert_cmpstr(second->kind, ==, "hard");
    g_assert_cmpstr(second->rank, ==, "");
}

static void
test_head(void)
{
    g_auto(FakeWorld) w;
    g_autoptr(MeishiDecision) decision = NULL;
    g_autofree char *text = NULL;

    fake_world_init(&w);
    fake_identity(&w, "a", "CN=CA");
    fake_ask_host(&w, "2001:db8::1", 8443);
    fake_choice(&w, "", MEISHI_SCOPE_ALWAYS)->id = 7;
    fake_policy(&w, "[Rule p]\nMatch-Host=2001:db8::/32\nAction=prompt\n");
    decision = fake_decide(&w);
    text = meishi_explain_to_text(decision, &w.world, w.request);
    g_assert_true(g_str_has_prefix(
        text, "[2001:db8::1]:8443  https  app=unknown (by its file)  policy: rule p "
              "(10-test.conf:1, admin)  memory: choice 7 (always, send none)\n"));
    g_assert_true(
        g_str_has_suffix(text, " decision: NONE (memory-none: to send none was chosen before)\n"));
}

/* The values that a step compared. */
static void
test_details(void)
{
    static const guint8 types[] = {64};
    static const guint16 codes[] = {0x0401, 0};
    g_auto(FakeWorld) w;
    g_autoptr(MeishiDecision) by_type = NULL, by_filter = NULL, by_chain = NULL;
    g_autofree char *type = NULL, *filter = NULL, *chain = NULL;

    fake_world_init(&w);
    fake_identity(&w, "a", "CN=I");
    fake_ca(&w, "CN=I", "CN=R");
    w.request->tls_version = MEISHI_TLS_1_2;
    w.request->certificate_types = g_bytes_new(types, sizeof(types));
    by_type = fake_decide(&w);
    type = meishi_explain_detail(fake_verdict(&w, by_type, "a"), &w.world, w.request);
    g_assert_cmpstr(type, ==, "key RSA 2048; the server takes types 64");

    g_clear_pointer(&w.request->certificate_types, g_bytes_unref);
    w.request->oid_filters = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_oid_filter_free);
    g_ptr_array_add(w.request->oid_filters, meishi_oid_filter_new("1.2.3"));
    g_ptr_array_add(w.request->oid_filters, meishi_oid_filter_new("2.5.29.15"));
    ((MeishiOidFilter *)w.request->oid_filters->pdata[1])->known = TRUE;
    ((MeishiOidFilter *)w.request->oid_filters->pdata[1])->key_usage = MEISHI_KU_KEY_AGREEMENT;
    by_filter = fake_decide(&w);
    filter = meishi_explain_detail(fake_verdict(&w, by_filter, "a"), &w.world, w.request);
    g_assert_cmpstr(filter, ==, "the server asks for 1.2.3 (not understood) 2.5.29.15");

    g_clear_pointer(&w.request->oid_filters, g_ptr_array_unref);
    fake_ask_ca(&w, "CN=r");
    w.request->sigalgs = fake_sigalgs(codes);
    by_chain = fake_decide(&w);
    chain = meishi_explain_detail(fake_verdict(&w, by_chain, "a"), &w.world, w.request);
    g_assert_cmpstr(chain, ==, "CA match: issuer in the chain (normalised) CN=r");
}

static void
test_one_name(void)
{
    g_auto(FakeWorld) w;
    g_autoptr(MeishiDecision) decision = NULL;
    g_autofree char *text = NULL;

    fake_world_init(&w);
    fake_identity(&w, "a", "CN=CA");
    fake_ask_ca(&w, "CN=another");
    decision = fake_decide(&w);
    text = meishi_explain_detail(fake_verdict(&w, decision, "a"), &w.world, w.request);
    g_assert_cmpstr(text, ==, "issuer CN=CA not among 1 name asked");
}

static void
test_skipped_filters(void)
{
    g_auto(FakeWorld) w;
    g_autoptr(MeishiDecision) decision = NULL;
    g_autofree char *text = NULL;

    fake_world_init(&w);
    w.request->oid_filters = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_oid_filter_free);
    g_ptr_array_add(w.request->oid_filters, meishi_oid_filter_new("1.2.3"));
    decision = fake_decide(&w);
    text = meishi_explain_to_text(decision, &w.world, w.request);
    g_assert_nonnull(strstr(text, "\n note: the server's filter 1.2.3 is not understood\n"));
}

/* Every code has a name, a text and a kind, and names are unique. */
static void
test_codes(void)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint code = 0; code < MEISHI_N_CODES; code++) {
        const MeishiCodeInfo *info = meishi_code_info((MeishiCode)code);

        g_assert_true(g_hash_table_add(names, (gpointer)info->name));
        g_assert_nonnull(info->text);
        g_assert_cmpuint(info->step, <=, 18);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/policy/explain/text", test_text);
    g_test_add_func("/policy/explain/line", test_line);
    g_test_add_func("/policy/explain/records", test_records);
    g_test_add_func("/policy/explain/head", test_head);
    g_test_add_func("/policy/explain/rfc8446-4.2.5/skipped-filters", test_skipped_filters);
    g_test_add_func("/policy/explain/details", test_details);
    g_test_add_func("/policy/explain/one-name", test_one_name);
    g_test_add_func("/policy/explain/codes", test_codes);
    return g_test_run();
}
