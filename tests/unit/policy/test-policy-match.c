/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Each Identity-* and Match-* key of a rule, fitting and not fitting one well-known identity and
 * request.
 */
#include "daemon/policy/rule-match.h"

#include "tests/unit/policy/fake-world.h"

#define ISSUER  "CN=Issuing CA,OU=Trust,O=Example Corp,L=Chuo,C=JP"
#define SUBJECT "CN=Hana Sato,OU=Admins,OU=Tokyo,O=Example Corp,L=Chuo,C=JP"
#define HEX(c)  c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c

/* ---- identities -------------------------------------------------------------------------------
 */

static const struct {
    const char *line;
    gboolean fits;
} conditions[] = {
    {"Identity-Issuer=" ISSUER, TRUE},
    {"Identity-Issuer=CN=issuing  ca,OU=Trust,O=Example Corp,L=Chuo,C=JP", TRUE},
    {"Identity-Issuer=/C=JP/L=Chuo/O=Example Corp/OU=Trust/CN=Issuing CA", TRUE},
    {"Identity-Issuer=CN=Issuing CA", FALSE},
    {"Identity-Issuer=CN=X;" ISSUER, TRUE},
    {"Identity-Subject=" SUBJECT, TRUE},
    {"Identity-Subject=" ISSUER, FALSE},
    {"Identity-Issuer-CN=Issuing CA", TRUE},
    {"Identity-Issuer-CN=issuing ca", TRUE},
    {"Identity-Issuer-CN=Issuing*", TRUE},
    {"Identity-Issuer-CN=*CA 3;*ing CA", TRUE},
    {"Identity-Issuer-CN=Issuing", FALSE},
    {"Identity-Issuer-CN==Issuing CA", TRUE},
    {"Identity-Issuer-CN==issuing ca", FALSE},
    {"Identity-Issuer-CN==Issuing*", FALSE},
    {"Identity-Issuer-L=Chuo", TRUE},
    {"Identity-Issuer-O=Example Corp", TRUE},
    {"Identity-Issuer-OU=Trust", TRUE},
    {"Identity-Issuer-OU=Admins", FALSE},
    {"Identity-Subject-CN=Hana ?ato", TRUE},
    {"Identity-Subject-L=Chuo", TRUE},
    {"Identity-Subject-O=*Corp", TRUE},
    {"Identity-Subject-OU=Admins", TRUE},
    {"Identity-Subject-OU=Tokyo", TRUE},
    {"Identity-Subject-OU=Osaka", FALSE},
    {"Identity-Chain-Issuer=" ISSUER, TRUE},
    {"Identity-Chain-Issuer=CN=Root", TRUE},
    {"Identity-Chain-Issuer=CN=Elsewhere", FALSE},
    {"Identity-Chain-SPKI-SHA256=" HEX("aa"), TRUE},
    {"Identity-Chain-SPKI-SHA256=" HEX("cc"), FALSE},
    {"Identity-Fingerprint-SHA256=" HEX("11"), TRUE},
    {"Identity-Fingerprint-SHA256=" HEX("12"), FALSE},
    {"Identity-SPKI-SHA256=" HEX("22"), TRUE},
    {"Identity-SPKI-SHA256=" HEX("11"), FALSE},
    {"Identity-SAN-UPN=*@corp.example.com", TRUE},
    {"Identity-SAN-UPN=hana@example.com", FALSE},
    {"Identity-SAN-Email=HANA@example.com", TRUE},
    {"Identity-SAN-DNS=host.example.com", TRUE},
    {"Identity-SAN-DNS=hana@example.com", FALSE},
    {"Identity-SAN-URI=urn:uuid:*", TRUE},
    {"Identity-EKU=clientAuth", TRUE},
    {"Identity-EKU=clientAuth;1.2.3.4", TRUE},
    {"Identity-EKU=clientAuth;serverAuth", FALSE},
    {"Identity-Policy-OID=1.3.6.1.4.1.32473.1.1", TRUE},
    {"Identity-Policy-OID=1.2.3;1.3.6.1.4.1.32473.1.1", TRUE},
    {"Identity-Policy-OID=1.2.3", FALSE},
    {"Identity-Key-Type=rsa", TRUE},
    {"Identity-Key-Type=rsa:2048-", TRUE},
    {"Identity-Key-Type=rsa:3072", TRUE},
    {"Identity-Key-Type=rsa:2048-3072", TRUE},
    {"Identity-Key-Type=rsa:2048", FALSE},
    {"Identity-Key-Type=rsa:4096-", FALSE},
    {"Identity-Key-Type=ec;ed25519;ed448", FALSE},
    {"Identity-Key-Type=ec:P-256;rsa", TRUE},
    {"Identity-Token-Kind=card;tpm", TRUE},
    {"Identity-Token-Kind=software;hsm;remote", FALSE},
    {"Identity-Token-Label=Corp card", TRUE},
    {"Identity-Token-Label=corp CARD", TRUE},
    {"Identity-Token-Label==corp card", FALSE},
    {"Identity-Token-Label=Other;Corp*", TRUE},
    {"Identity-Token-Manufacturer=ACME*", TRUE},
    {"Identity-Token-Manufacturer=Corp*", FALSE},
    {"Identity-Token-Model=PIV-II", TRUE},
    {"Identity-Token-Model=PIV", FALSE},
    {"Identity-Token-Serial=00af*", TRUE},
    {"Identity-Token-Serial=01*", FALSE},
    {"Identity-Validity-Left=365d", TRUE},
    {"Identity-Validity-Left=366d", FALSE},
    {"Identity-Validity-Left=45min", TRUE},
    {"Identity-Self-Signed=no", TRUE},
    {"Identity-Self-Signed=yes", FALSE},
};

static void
make_hana(FakeWorld *w)
{
    static const char *sans[] = {"dns:host.example.com", "email:hana@example.com",
                                 "upn:Hana@corp.example.com", "uri:urn:uuid:1", NULL};
    static const char *ekus[] = {"1.3.6.1.5.5.7.3.2", "1.2.3.4", NULL};
    static const char *policies[] = {"2.5.29.32.0", "1.3.6.1.4.1.32473.1.1", NULL};
    g_autoptr(MeishiCert) cert = fake_named_cert(SUBJECT, ISSUER, 1);
    MeishiCandidate *hana = meishi_candidate_new("hana", "hana", cert);

    g_ptr_array_add(w->candidates, hana);
    hana->token_kind = MEISHI_TOKEN_CARD;
    hana->token_label = g_strdup("Corp card");
    hana->token_maker = g_strdup("ACME Inc.");
    hana->token_model = g_strdup("PIV-II");
    hana->token_serial = g_strdup("00AF17");
    cert->sans = g_strdupv((char **)sans);
    cert->ekus = g_strdupv((char **)ekus);
    cert->policies = g_strdupv((char **)policies);
    cert->key->bits = 3072;
    memset(cert->sha256, 0x11, MEISHI_SHA256_LEN);
    memset(cert->key->spki_sha256, 0x22, MEISHI_SHA256_LEN);
    memset(fake_ca(w, ISSUER, "CN=Root")->key->spki_sha256, 0xaa, MEISHI_SHA256_LEN);
    fake_ca(w, "CN=Root", "CN=Root");
}

static void
test_condition(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_auto(FakeWorld) w;
    g_autofree char *text =
        g_strdup_printf("[Rule r]\nMatch-Host=a.example\nAction=select\n%s\n", conditions[i].line);
    const MeishiCondition *obstacle;

    fake_world_init(&w);
    make_hana(&w);
    fake_policy(&w, text);
    fake_world_end(&w);
    obstacle = meishi_rule_match_obstacle(g_ptr_array_index(w.policy->rules, 0), w.inventory, 0,
                                          FAKE_NOW, 0);
    g_assert_cmpint(obstacle == NULL, ==, conditions[i].fits);
    if (obstacle)
        g_assert_true(g_str_has_prefix(conditions[i].line, obstacle->key));
}

/* What the vault is called among our own tokens is no name of a card. */
static void
test_vault_is_no_token(void)
{
    g_auto(FakeWorld) w;
    g_autoptr(MeishiCert) cert = fake_named_cert(SUBJECT, ISSUER, 1);
    MeishiCandidate *hana = meishi_candidate_new("hana", "hana", cert);
    const MeishiCondition *obstacle;

    fake_world_init(&w);
    hana->token_label = g_strdup("Meishi");
    g_ptr_array_add(w.candidates, hana);
    fake_policy(&w, "[Rule r]\nMatch-Host=a.example\nAction=select\nIdentity-Token-Label=*\n");
    fake_world_end(&w);
    obstacle = meishi_rule_match_obstacle(w.policy->rules->pdata[0], w.inventory, 0, FAKE_NOW, 0);
    g_assert_cmpstr(obstacle->key, ==, "Identity-Token-Label");
}

/* All keys must fit; the first that does not is named. */
static void
test_all_must_fit(void)
{
    g_auto(FakeWorld) w;
    const MeishiRule *rule;
    const MeishiCondition *obstacle;

    fake_world_init(&w);
    make_hana(&w);
    fake_policy(&w,
                "[Rule r]\nMatch-Host=a.example\nAction=select\nIdentity-Subject-O=Example Corp\n"
                "Identity-Token-Kind=tpm\nIdentity-EKU=serverAuth\n");
    fake_world_end(&w);
    rule = g_ptr_array_index(w.policy->rules, 0);
    obstacle = meishi_rule_match_obstacle(rule, w.inventory, 0, FAKE_NOW, 0);
    g_assert_cmpstr(obstacle->key, ==, "Identity-Token-Kind");
    obstacle = meishi_rule_match_obstacle(rule, w.inventory, 0, FAKE_NOW,
                                          1u << MEISHI_CONDITION_TOKEN_KIND);
    g_assert_cmpstr(obstacle->key, ==, "Identity-EKU");
}

/* ---- targets ----------------------------------------------------------------------------------
 */

#define NO      MEISHI_FIT_NO
#define YES     MEISHI_FIT_YES
#define UNKNOWN MEISHI_FIT_UNKNOWN

/* https://www.example.com:8443 by a program of one unit, the server naming one authority; and the
 * same program by the door that knows no target. */
static const struct {
    const char *lines;
    MeishiFit known, unknown;
} targets[] = {
    {"", YES, YES},
    {"Match-Host=www.example.com", YES, UNKNOWN},
    {"Match-Host=a.example", NO, UNKNOWN},
    {"Match-Port=8443", YES, UNKNOWN},
    {"Match-Port=1-8442;8444-9000", NO, UNKNOWN},
    {"Match-Protocol=wss;https", YES, UNKNOWN},
    {"Match-Protocol=imap", NO, UNKNOWN},
    {"Match-Acceptable-CAs=any", YES, YES},
    {"Match-Acceptable-CAs=nonempty", YES, UNKNOWN},
    {"Match-Acceptable-CAs=empty", NO, UNKNOWN},
    {"Match-Application=unit:mail@*.service", YES, YES},
    {"Match-Application=unit:other.service", NO, NO},
    {"Match-Application=exe:/usr/bin/mail;flatpak:x", YES, YES},
    {"Match-Application=!exe:/usr/bin/mail", NO, NO},
    {"Match-Application=!exe:/usr/bin/other", YES, YES},
    {"Match-Application=unit:mail@*.service\nMatch-Application-Trust=unit", YES, YES},
    {"Match-Application=unit:mail@*.service\nMatch-Application-Trust=sandbox", NO, NO},
    {"Match-Application=!unit:mail@*.service\nMatch-Application-Trust=sandbox", YES, YES},
    {"Match-Application-Trust=unit", YES, YES},
    {"Match-Application-Trust=sandbox", NO, NO},
    {"Match-Host=www.example.com\nMatch-Port=1", NO, UNKNOWN},
    {"Match-Host=www.example.com\nMatch-Application=snap:x", NO, NO},
};

static void
test_target(gconstpointer data)
{
    static const char *names[] = {"exe:/usr/bin/mail", "unit:mail@1.service", NULL};
    gsize i = GPOINTER_TO_SIZE(data);
    g_auto(FakeWorld) w;
    g_autofree char *text = g_strdup_printf("[Rule r]\nConfirm=each-use\n%s\n", targets[i].lines);
    const MeishiRule *rule;

    fake_world_init(&w);
    fake_policy(&w, text);
    fake_world_end(&w);
    rule = g_ptr_array_index(w.policy->rules, 0);
    w.request->application_names = g_strdupv((char **)names);
    w.request->trust = MEISHI_TRUST_UNIT;
    fake_ask_ca(&w, "CN=CA");
    fake_ask_host(&w, "www.example.com", 8443);
    g_assert_cmpint(meishi_rule_match_target(rule, w.request, NULL), ==, targets[i].known);
    fake_ask_host(&w, NULL, 0);
    g_clear_pointer(&w.request->protocol, g_free);
    g_assert_cmpint(meishi_rule_match_target(rule, w.request, NULL), ==, targets[i].unknown);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(conditions); i++) {
        g_autofree char *path = g_strdup_printf("/policy/match/identity/%" G_GSIZE_FORMAT, i);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_condition);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(targets); i++) {
        g_autofree char *path = g_strdup_printf("/policy/match/target/%" G_GSIZE_FORMAT, i);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_target);
    }
    g_test_add_func("/policy/match/vault-is-no-token", test_vault_is_no_token);
    g_test_add_func("/policy/match/all-must-fit", test_all_must_fit);
    return g_test_run();
}
