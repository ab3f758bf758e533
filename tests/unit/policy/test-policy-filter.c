/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The pipeline: each step, met and not met, with the clause it stands on.
 */
#include "tests/unit/policy/fake-world.h"

#define CLIENT_AUTH "1.3.6.1.5.5.7.3.2"
#define SERVER_AUTH "1.3.6.1.5.5.7.3.1"
#define ANY_EKU     "2.5.29.37.0"

/* A world of one identity "me" by CN=CA; @set changes it or the request. */
typedef struct {
    FakeWorld *w;
    MeishiRequest *request;
    MeishiCandidate *me;
    MeishiCert *cert;
} Scene;

static void
set_ekus(Scene *s, const char *first, const char *second)
{
    const char *ekus[] = {first, second, NULL};

    s->cert->ekus = g_strdupv((char **)ekus);
}

static void
set_ec(Scene *s, guint bits, const char *curve)
{
    s->cert->key->type = MEISHI_KEY_EC;
    s->cert->key->bits = bits;
    s->cert->key->curve = curve;
}

static void
set_sigalgs(Scene *s, guint16 first, guint16 second)
{
    const guint16 codes[] = {first, second, 0};

    s->request->sigalgs = fake_sigalgs(codes);
}

static void
set_types(Scene *s, guint16 version, guint8 type)
{
    s->request->tls_version = version;
    s->request->certificate_types = g_bytes_new(&type, type ? 1 : 0);
}

static MeishiOidFilter *
add_filter(Scene *s, const char *oid)
{
    MeishiOidFilter *filter = meishi_oid_filter_new(oid);

    if (s->request->oid_filters == NULL)
        s->request->oid_filters =
            g_ptr_array_new_with_free_func((GDestroyNotify)meishi_oid_filter_free);
    g_ptr_array_add(s->request->oid_filters, filter);
    filter->known = TRUE;
    return filter;
}

static void
add_history(Scene *s, MeishiOutcomeClass class, gint64 when)
{
    MeishiHistory history = {0};

    meishi_outcome_apply(&history, class, 48, when);
    meishi_memory_add_history(s->w->memory, "www.example.com", 443, "me", &history);
}

/* ---- scenes -----------------------------------------------------------------------------------
 */

static void
plain(Scene *s)
{
    (void)s;
}
static void
no_key(Scene *s)
{
    s->me->has_private_key = FALSE;
}
static void
hidden(Scene *s)
{
    s->me->hidden = TRUE;
}
static void
duplicate(Scene *s)
{
    s->me->duplicate = TRUE;
}
static void
superseded(Scene *s)
{
    s->me->superseded_by = g_strdup("you");
}
static void
absent(Scene *s)
{
    s->me->token_state = MEISHI_TOKEN_ABSENT;
}
static void
locked(Scene *s)
{
    s->me->token_state = MEISHI_TOKEN_LOCKED;
}
static void
raw_key(Scene *s)
{
    s->request->raw_public_key = TRUE;
}
static void
no_certificate(Scene *s)
{
    g_clear_pointer(&s->me->cert, meishi_cert_unref);
}
static void
version_1(Scene *s)
{
    s->cert->version = 1;
}
static void
rsa_for_rsa(Scene *s)
{
    set_types(s, MEISHI_TLS_1_2, 1);
}
static void
rsa_for_ecdsa(Scene *s)
{
    set_types(s, MEISHI_TLS_1_2, 64);
}
static void
rsa_for_fixed_dh(Scene *s)
{
    set_types(s, MEISHI_TLS_1_2, 3);
}
static void
types_empty(Scene *s)
{
    set_types(s, MEISHI_TLS_1_2, 0);
}
static void
types_in_1_3(Scene *s)
{
    set_types(s, MEISHI_TLS_1_3, 64);
}
static void
ec_for_ecdsa(Scene *s)
{
    set_ec(s, 256, "P-256");
    set_types(s, MEISHI_TLS_1_2, 64);
}
static void
sigalgs_unknown(Scene *s)
{
    s->request->sigalgs = NULL;
}
static void
pkcs1_in_1_3(Scene *s)
{
    set_sigalgs(s, 0x0401, 0x0201);
}
static void
pss_in_1_3(Scene *s)
{
    set_sigalgs(s, 0x0401, 0x0804);
}
static void
pkcs1_in_1_2(Scene *s)
{
    s->request->tls_version = MEISHI_TLS_1_2;
    set_sigalgs(s, 0x0401, 0);
}
static void
other_curve_1_3(Scene *s)
{
    set_ec(s, 384, "P-384");
    set_sigalgs(s, 0x0403, 0x0401);
}
static void
own_curve_1_3(Scene *s)
{
    set_ec(s, 384, "P-384");
    set_sigalgs(s, 0x0503, 0x0401);
}
static void
sha1_only_1_3(Scene *s)
{
    set_ec(s, 256, "P-256");
    set_sigalgs(s, 0x0203, 0x0401);
}

static void
other_curve_1_2(Scene *s)
{
    s->request->tls_version = MEISHI_TLS_1_2;
    set_ec(s, 384, "P-384");
    set_sigalgs(s, 0x0403, 0x0401);
}

static void
token_cannot(Scene *s)
{
    s->me->token_schemes = meishi_sigalg_from_code(0x0201);
    s->request->tls_version = MEISHI_TLS_1_2;
    set_sigalgs(s, 0x0401, 0x0501);
}

static void
small_card_key(Scene *s)
{
    s->cert->key->bits = 1024;
    set_sigalgs(s, 0x0806, 0x0401);
}

static void
ku_missing(Scene *s)
{
    s->cert->has_key_usage = FALSE;
}
static void
ku_signs(Scene *s)
{
    s->cert->has_key_usage = TRUE;
    s->cert->key_usage = MEISHI_KU_DIGITAL_SIGNATURE;
}
static void
ku_non_repudiation(Scene *s)
{
    s->cert->has_key_usage = TRUE;
    s->cert->key_usage = MEISHI_KU_NON_REPUDIATION;
}
static void
eku_client(Scene *s)
{
    set_ekus(s, CLIENT_AUTH, NULL);
}
static void
eku_any(Scene *s)
{
    set_ekus(s, ANY_EKU, NULL);
}
static void
eku_server(Scene *s)
{
    set_ekus(s, SERVER_AUTH, NULL);
}
static void
eku_eap(Scene *s)
{
    set_ekus(s, "1.3.6.1.5.5.7.3.14", NULL);
}

static void
eku_eap_for_eap(Scene *s)
{
    eku_eap(s);
    g_free(s->request->protocol);
    s->request->protocol = g_strdup("eap-tls");
}

static void
eku_server_required(Scene *s)
{
    eku_server(s);
    fake_policy(s->w, "[Rule r]\nMatch-Host=www.example.com\nRequire-EKU=yes\n");
}

static void
filter_ku_set(Scene *s)
{
    ku_signs(s);
    add_filter(s, "2.5.29.15")->key_usage = MEISHI_KU_DIGITAL_SIGNATURE;
}

static void
filter_ku_not_set(Scene *s)
{
    ku_signs(s);
    add_filter(s, "2.5.29.15")->key_usage = MEISHI_KU_DIGITAL_SIGNATURE | MEISHI_KU_KEY_AGREEMENT;
}

static void
filter_ku_no_extension(Scene *s)
{
    add_filter(s, "2.5.29.15")->key_usage = MEISHI_KU_DIGITAL_SIGNATURE;
}

static void
filter_eku(Scene *s, const char *first, const char *second)
{
    const char *ekus[] = {first, second, NULL};

    add_filter(s, "2.5.29.37")->ekus = g_strdupv((char **)ekus);
}

static void
filter_eku_listed(Scene *s)
{
    set_ekus(s, CLIENT_AUTH, "1.2.3");
    filter_eku(s, "1.2.3", CLIENT_AUTH);
}
static void
filter_eku_not_listed(Scene *s)
{
    eku_client(s);
    filter_eku(s, CLIENT_AUTH, "1.2.3");
}
static void
filter_eku_any_ignored(Scene *s)
{
    eku_client(s);
    filter_eku(s, ANY_EKU, NULL);
}
static void
filter_unknown(Scene *s)
{
    add_filter(s, "1.2.3.4")->known = FALSE;
}

static void
ca_named(Scene *s)
{
    fake_ask_ca(s->w, "CN=CA");
}
static void
ca_named_otherwise(Scene *s)
{
    fake_ask_ca(s->w, "CN=ca");
}
static void
ca_not_named(Scene *s)
{
    fake_ask_ca(s->w, "CN=Other");
}
static void
ca_chain_named(Scene *s)
{
    fake_ask_ca(s->w, "CN=Root");
}
static void
ca_list_empty(Scene *s)
{
    (void)s;
}

static void
ca_required(Scene *s)
{
    ca_not_named(s);
    fake_policy(s->w, "[Rule r]\nMatch-Host=www.example.com\nRequire-CA-Match=yes\n");
}

static void
leaf_signed_sha1(Scene *s)
{
    g_free(s->cert->signature_algorithm);
    s->cert->signature_algorithm = g_strdup("sha1WithRSAEncryption");
    set_sigalgs(s, 0x0804, 0x0401);
}

static void
leaf_signed_sha1_cert_list_allows(Scene *s)
{
    const guint16 codes[] = {0x0201, 0x0401, 0};

    leaf_signed_sha1(s);
    s->request->sigalgs_cert = fake_sigalgs(codes);
}

static void
ca_signed_sha1(Scene *s)
{
    MeishiCert *ca = g_ptr_array_index(s->w->cas, 0);

    g_free(ca->signature_algorithm);
    ca->signature_algorithm = g_strdup("sha1WithRSAEncryption");
    set_sigalgs(s, 0x0804, 0x0401);
}

static void
root_signed_sha1(Scene *s)
{
    MeishiCert *root = g_ptr_array_index(s->w->cas, 1);

    g_free(root->signature_algorithm);
    root->signature_algorithm = g_strdup("sha1WithRSAEncryption");
    set_sigalgs(s, 0x0804, 0x0401);
}

static void
early(Scene *s)
{
    s->cert->not_before = FAKE_NOW + FAKE_DAY + 1;
}
static void
early_in_tolerance(Scene *s)
{
    s->cert->not_before = FAKE_NOW + FAKE_DAY;
}
static void
expired(Scene *s)
{
    s->cert->not_after = FAKE_NOW - FAKE_DAY - 1;
}
static void
expired_in_tolerance(Scene *s)
{
    s->cert->not_after = FAKE_NOW - FAKE_DAY;
}
static void
is_ca(Scene *s)
{
    s->cert->is_ca = TRUE;
}

static void
restricted(Scene *s)
{
    fake_policy(s->w, "[Rule r]\nMatch-Host=!b.example\nIdentity-Issuer=CN=CA\nAction=restrict\n");
}

static void
restricted_elsewhere(Scene *s)
{
    fake_policy(s->w,
                "[Rule r]\nMatch-Host=!*.example.com\nIdentity-Issuer=CN=CA\nAction=restrict\n");
}

static void
restricted_unknown_target(Scene *s)
{
    restricted_elsewhere(s);
    fake_ask_host(s->w, NULL, 0);
}

static void
restricted_other_identity(Scene *s)
{
    fake_policy(s->w, "[Rule r]\nIdentity-Issuer=CN=Other\nAction=restrict\n");
}

static void
not_granted(Scene *s)
{
    fake_policy(s->w, "[Rule r]\nMatch-Application=!unit:vpn.service\nIdentity-Issuer=CN=CA\n"
                      "Action=restrict\n");
}

static void
granted(Scene *s)
{
    static const char *names[] = {"exe:/usr/sbin/vpn", "unit:vpn.service", NULL};

    not_granted(s);
    s->request->application_names = g_strdupv((char **)names);
    s->request->trust = MEISHI_TRUST_UNIT;
}

static void
granted_untrusted(Scene *s)
{
    granted(s);
    s->request->trust = MEISHI_TRUST_ANY;
}

static void
software_copy(Scene *s)
{
    fake_policy(s->w, "[Rule r]\nMatch-Host=www.example.com\nIdentity-Issuer=CN=CA\n"
                      "Identity-Token-Kind=card\nForbid=software-key\n");
}

static void
card_itself(Scene *s)
{
    software_copy(s);
    s->me->token_kind = MEISHI_TOKEN_CARD;
}

static void
refused(Scene *s)
{
    add_history(s, MEISHI_OUTCOME_CLASS_STRONG, FAKE_NOW - FAKE_DAY);
}
static void
refused_long_ago(Scene *s)
{
    add_history(s, MEISHI_OUTCOME_CLASS_STRONG, FAKE_NOW - 30 * FAKE_DAY);
}
static void
doubted(Scene *s)
{
    add_history(s, MEISHI_OUTCOME_CLASS_WEAK, FAKE_NOW);
}

static void
clear_for_identity(Scene *s)
{
    s->request->tls_version = MEISHI_TLS_1_2;
    fake_policy(s->w, "[Rule r]\nIdentity-Issuer=CN=CA\nRequire-TLS13=yes\n");
}

static void
clear_for_other_identity(Scene *s)
{
    s->request->tls_version = MEISHI_TLS_1_2;
    fake_policy(s->w, "[Rule r]\nIdentity-Issuer=CN=Other\nRequire-TLS13=yes\n");
}

/* ---- the table --------------------------------------------------------------------------------
 */

#define OK   MEISHI_KIND_OK
#define SOFT MEISHI_KIND_SOFT
#define HARD MEISHI_KIND_HARD

/* @code is the verdict's; where the verdict is OK, a remark that must be there. */
static const struct {
    const char *name;
    void (*set)(Scene *s);
    MeishiKind kind;
    MeishiCode code;
} steps[] = {
    {"plain", plain, OK, MEISHI_CODE_OK},
    {"4/rfc9846-certificate-verify/no-key", no_key, HARD, MEISHI_CODE_NO_KEY},
    {"4/hidden", hidden, HARD, MEISHI_CODE_HIDDEN},
    {"4/duplicate", duplicate, HARD, MEISHI_CODE_DUPLICATE},
    {"4/superseded", superseded, SOFT, MEISHI_CODE_SUPERSEDED},
    {"4/token-absent", absent, SOFT, MEISHI_CODE_TOKEN_ABSENT},
    {"4/token-locked-passes", locked, OK, MEISHI_CODE_OK},
    {"5/rfc8446-4.4.2.3/other-type-negotiated", raw_key, HARD, MEISHI_CODE_NOT_X509},
    {"5/rfc8446-4.4.2.3/no-certificate", no_certificate, HARD, MEISHI_CODE_NOT_X509},
    {"5/rfc5246-7.4.6/version-1-passes-with-a-remark", version_1, OK, MEISHI_CODE_OLD_VERSION},
    {"6/rfc5246-7.4.4/rsa-sign", rsa_for_rsa, OK, MEISHI_CODE_OK},
    {"6/rfc5246-7.4.4/rsa-for-ecdsa-sign", rsa_for_ecdsa, HARD, MEISHI_CODE_KEY_TYPE},
    {"6/rfc5246-7.4.6/ec-for-ecdsa-sign", ec_for_ecdsa, OK, MEISHI_CODE_OK},
    {"6/rfc5246-7.4.6/fixed-dh-never", rsa_for_fixed_dh, HARD, MEISHI_CODE_KEY_TYPE},
    {"6/empty-list-is-no-filter", types_empty, OK, MEISHI_CODE_OK},
    {"6/rfc8446-4.3.2/no-types-in-1.3", types_in_1_3, OK, MEISHI_CODE_OK},
    {"7/unknown-is-not-none", sigalgs_unknown, OK, MEISHI_CODE_OK},
    {"7/rfc8446-4.2.3/no-pkcs1-in-1.3", pkcs1_in_1_3, HARD, MEISHI_CODE_SIGALG},
    {"7/rfc8446-4.2.3/pss-in-1.3", pss_in_1_3, OK, MEISHI_CODE_OK},
    {"7/rfc5246-7.4.4/pkcs1-in-1.2", pkcs1_in_1_2, OK, MEISHI_CODE_OK},
    {"7/rfc8446-4.2.3/curve-bound-in-1.3", other_curve_1_3, HARD, MEISHI_CODE_SIGALG},
    {"7/rfc8446-4.2.3/own-curve-in-1.3", own_curve_1_3, OK, MEISHI_CODE_OK},
    {"7/rfc5246-7.4.1.4.1/curve-free-in-1.2", other_curve_1_2, OK, MEISHI_CODE_OK},
    {"7/rfc8446-4.2.3/no-sha1-in-1.3", sha1_only_1_3, HARD, MEISHI_CODE_SIGALG},
    {"7/token-cannot", token_cannot, HARD, MEISHI_CODE_SIGALG},
    {"7/rfc8017-9.1.1/small-card-key", small_card_key, HARD, MEISHI_CODE_SIGALG},
    {"8/rfc5280-4.2.1.3/missing-passes", ku_missing, OK, MEISHI_CODE_OK},
    {"8/rfc9846-certificate-selection/digital-signature", ku_signs, OK, MEISHI_CODE_OK},
    {"8/rfc9846-certificate-selection/non-repudiation-only", ku_non_repudiation, HARD,
     MEISHI_CODE_KU},
    {"9/rfc5280-4.2.1.12/client-auth", eku_client, OK, MEISHI_CODE_OK},
    {"9/rfc5280-4.2.1.12/any", eku_any, OK, MEISHI_CODE_OK},
    {"9/rfc5280-4.2.1.12/server-auth-only", eku_server, SOFT, MEISHI_CODE_EKU},
    {"9/rfc4334/eap-elsewhere", eku_eap, SOFT, MEISHI_CODE_EKU},
    {"9/rfc4334/eap-for-eap", eku_eap_for_eap, OK, MEISHI_CODE_OK},
    {"9/require-eku", eku_server_required, HARD, MEISHI_CODE_EKU},
    {"10/rfc8446-4.2.5/key-usage-set", filter_ku_set, OK, MEISHI_CODE_OK},
    {"10/rfc8446-4.2.5/key-usage-not-set", filter_ku_not_set, HARD, MEISHI_CODE_OID_FILTER},
    {"10/rfc8446-4.2.5/key-usage-extension-missing", filter_ku_no_extension, HARD,
     MEISHI_CODE_OID_FILTER},
    {"10/rfc8446-4.2.5/eku-listed", filter_eku_listed, OK, MEISHI_CODE_OK},
    {"10/rfc8446-4.2.5/eku-not-listed", filter_eku_not_listed, HARD, MEISHI_CODE_OID_FILTER},
    {"10/rfc8446-4.2.5/any-eku-in-a-filter-ignored", filter_eku_any_ignored, OK, MEISHI_CODE_OK},
    {"10/rfc8446-4.2.5/unrecognized-skipped", filter_unknown, OK, MEISHI_CODE_OK},
    {"11/rfc8446-4.2.4/named", ca_named, OK, MEISHI_CODE_OK},
    {"11/rfc5280-7.1/named-otherwise", ca_named_otherwise, OK, MEISHI_CODE_OK},
    {"11/rfc8446-4.2.4/chain-named", ca_chain_named, OK, MEISHI_CODE_OK},
    {"11/rfc8446-4.2.4/not-named", ca_not_named, SOFT, MEISHI_CODE_CA_MISMATCH},
    {"11/rfc5246-7.4.4/empty-list", ca_list_empty, OK, MEISHI_CODE_OK},
    {"11/require-ca-match", ca_required, HARD, MEISHI_CODE_CA_MISMATCH},
    {"12/rfc8446-4.4.2.3/leaf-signed-sha1", leaf_signed_sha1, SOFT, MEISHI_CODE_CHAIN_SIGALG},
    {"12/rfc8446-4.2.3/signature-algorithms-cert-allows", leaf_signed_sha1_cert_list_allows, OK,
     MEISHI_CODE_OK},
    {"12/rfc8446-4.4.2.3/intermediate-signed-sha1", ca_signed_sha1, SOFT, MEISHI_CODE_CHAIN_SIGALG},
    {"12/rfc8446-4.4.2.2/root-signature-is-nothing", root_signed_sha1, OK, MEISHI_CODE_OK},
    {"13/rfc5280-6.1.3-a-2/not-yet", early, SOFT, MEISHI_CODE_NOT_YET_VALID},
    {"13/rfc5280-6.1.3-a-2/not-yet-in-tolerance", early_in_tolerance, OK, MEISHI_CODE_OK},
    {"13/rfc5280-6.1.3-a-2/expired", expired, SOFT, MEISHI_CODE_EXPIRED},
    {"13/rfc5280-6.1.3-a-2/expired-in-tolerance", expired_in_tolerance, OK, MEISHI_CODE_OK},
    {"14/rfc5280-4.2.1.9/ca-leaf-passes-with-a-remark", is_ca, OK, MEISHI_CODE_IS_CA},
    {"15/restrict", restricted, HARD, MEISHI_CODE_POLICY_RESTRICT},
    {"15/restrict/elsewhere", restricted_elsewhere, OK, MEISHI_CODE_OK},
    {"15/restrict/unknown-target", restricted_unknown_target, HARD, MEISHI_CODE_POLICY_RESTRICT},
    {"15/restrict/other-identity", restricted_other_identity, OK, MEISHI_CODE_OK},
    {"15/application/not-granted", not_granted, HARD, MEISHI_CODE_APP_NOT_GRANTED},
    {"15/application/granted", granted, OK, MEISHI_CODE_OK},
    {"15/application/granted-but-not-trusted", granted_untrusted, HARD,
     MEISHI_CODE_APP_NOT_GRANTED},
    {"15/software-copy", software_copy, HARD, MEISHI_CODE_POLICY_KEY},
    {"15/software-copy/card-itself", card_itself, OK, MEISHI_CODE_OK},
    {"16/refused-before", refused, SOFT, MEISHI_CODE_REFUSED_BEFORE},
    {"16/refused-long-ago", refused_long_ago, OK, MEISHI_CODE_OK},
    {"16/doubted-once", doubted, OK, MEISHI_CODE_OK},
    {"17/tls12-clear/for-this-identity", clear_for_identity, HARD, MEISHI_CODE_TLS12_CLEAR},
    {"17/tls12-clear/for-another", clear_for_other_identity, OK, MEISHI_CODE_OK},
};

static void
test_step(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_auto(FakeWorld) w;
    g_autoptr(MeishiDecision) decision = NULL;
    const MeishiVerdict *verdict;
    Scene scene;

    fake_world_init(&w);
    scene = (Scene){.w = &w, .request = w.request, .me = fake_identity(&w, "me", "CN=CA")};
    scene.cert = scene.me->cert;
    fake_ca(&w, "CN=CA", "CN=Root");
    fake_ca(&w, "CN=Root", "CN=Root");
    steps[i].set(&scene);
    decision = fake_decide(&w);
    verdict = fake_verdict(&w, decision, "me");
    g_assert_cmpint(verdict->kind, ==, steps[i].kind);
    if (verdict->kind == OK)
        g_assert_true(steps[i].code == MEISHI_CODE_OK ||
                      (verdict->codes & (G_GUINT64_CONSTANT(1) << steps[i].code)));
    else
        g_assert_cmpstr(meishi_code_info(verdict->code)->name, ==,
                        meishi_code_info(steps[i].code)->name);
    g_assert_cmpint(verdict->rule != NULL, ==, meishi_code_info(verdict->code)->step == 15);
}

/* Hard before soft, earlier before later; all reasons are kept. */
static void
test_several_reasons(void)
{
    g_auto(FakeWorld) w;
    g_autoptr(MeishiDecision) decision = NULL;
    const MeishiVerdict *verdict;
    MeishiCandidate *me;

    fake_world_init(&w);
    me = fake_identity(&w, "me", "CN=CA");
    me->cert->not_after = FAKE_NOW - 9 * FAKE_DAY;
    me->superseded_by = g_strdup("you");
    decision = fake_decide(&w);
    verdict = fake_verdict(&w, decision, "me");
    g_assert_cmpint(verdict->code, ==, MEISHI_CODE_SUPERSEDED);
    g_assert_true(verdict->codes & (G_GUINT64_CONSTANT(1) << MEISHI_CODE_EXPIRED));
}

/* ---- step 0 -----------------------------------------------------------------------------------
 */

static void
test_invalid(void)
{
    g_auto(FakeWorld) w;

    fake_world_init(&w);
    g_assert_true(meishi_request_check(w.request, NULL));
    w.request->port = 65536;
    g_assert_false(meishi_request_check(w.request, NULL));
    w.request->port = 443;
    g_free(w.request->protocol);
    w.request->protocol = g_strdup("HTTPS");
    g_assert_false(meishi_request_check(w.request, NULL));
    g_clear_pointer(&w.request->protocol, g_free);
    g_assert_false(meishi_request_check(w.request, NULL));
}

static void
test_too_much(void)
{
    static const guint16 none[] = {0};
    g_auto(FakeWorld) w;
    GArray *codes;

    fake_world_init(&w);
    w.request->context = g_strnfill(256, 'x');
    g_assert_false(meishi_request_check(w.request, NULL));
    g_clear_pointer(&w.request->context, g_free);
    codes = w.request->sigalgs = fake_sigalgs(none);
    g_array_set_size(codes, MEISHI_REQUEST_MAX_SIGALGS + 1);
    g_assert_false(meishi_request_check(w.request, NULL));
    g_array_set_size(codes, MEISHI_REQUEST_MAX_SIGALGS);
    g_assert_true(meishi_request_check(w.request, NULL));
    w.request->oid_filters = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_oid_filter_free);
    for (guint i = 0; i <= MEISHI_REQUEST_MAX_FILTERS; i++)
        g_ptr_array_add(w.request->oid_filters, meishi_oid_filter_new("1.2"));
    g_assert_false(meishi_request_check(w.request, NULL));
}

static void
test_too_many_bytes(void)
{
    g_auto(FakeWorld) w;
    MeishiName *name;

    fake_world_init(&w);
    fake_ask_ca(&w, "CN=x");
    name = g_ptr_array_index(w.request->ca_names, 0);
    g_bytes_unref(name->der);
    name->der = g_bytes_new_take(g_malloc0(MEISHI_REQUEST_MAX_CA_BYTES + 1),
                                 MEISHI_REQUEST_MAX_CA_BYTES + 1);
    g_assert_false(meishi_request_check(w.request, NULL));
}

static void
test_too_many_names(void)
{
    g_auto(FakeWorld) w;

    fake_world_init(&w);
    for (guint i = 0; i <= MEISHI_REQUEST_MAX_CA_NAMES; i++)
        fake_ask_ca(&w, "CN=x");
    g_assert_false(meishi_request_check(w.request, NULL));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
        g_autofree char *path = g_strconcat("/policy/filter/step-", steps[i].name, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_step);
    }
    g_test_add_func("/policy/filter/several-reasons", test_several_reasons);
    g_test_add_func("/policy/filter/step-0/invalid", test_invalid);
    g_test_add_func("/policy/filter/step-0/too-much", test_too_much);
    g_test_add_func("/policy/filter/step-0/too-many-bytes", test_too_many_bytes);
    g_test_add_func("/policy/filter/step-0/too-many-names", test_too_many_names);
    return g_test_run();
}
