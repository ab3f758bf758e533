/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How long a decision takes over many identities and many rules, and how long it takes to read
 * those rules, in time of the processor.  Nothing but daemon/policy is measured: no store, no bus.
 */
#include "daemon/policy/decide.h"
#include "daemon/policy/lint.h"
#include "daemon/policy/rule-merge.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define NOW       G_GINT64_CONSTANT(1800000000)
#define DAY       86400
#define N_ISSUERS 50
#define MIN_USEC  (300 * 1000) /* of measuring per figure */

static MeishiCert *
make_cert(const char *subject, const char *issuer, guint serial)
{
    MeishiCert *cert = g_new0(MeishiCert, 1);

    cert->refs = 1;
    cert->version = 3;
    memcpy(cert->sha256, &serial, sizeof(serial));
    cert->subject_name = meishi_name_parse(subject, NULL, NULL);
    cert->issuer_name = meishi_name_parse(issuer, NULL, NULL);
    cert->subject_name->der = g_bytes_new(subject, strlen(subject));
    cert->issuer_name->der = g_bytes_new(issuer, strlen(issuer));
    cert->subject_text = g_strdup(subject);
    cert->issuer_text = g_strdup(issuer);
    cert->not_before = NOW - 100 * DAY + serial % 1000;
    cert->not_after = NOW + 200 * DAY;
    cert->is_self_signed = strcmp(subject, issuer) == 0;
    cert->signature_algorithm = g_strdup("sha256WithRSAEncryption");
    cert->key = g_new0(MeishiPublicKey, 1);
    cert->key->type = MEISHI_KEY_RSA;
    cert->key->bits = 2048;
    cert->key->text = g_strdup("RSA 2048");
    memcpy(cert->key->spki_sha256, &serial, sizeof(serial));
    return cert;
}

static MeishiInventory *
make_inventory(guint n)
{
    g_autoptr(GPtrArray) candidates =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_candidate_free);
    g_autoptr(GPtrArray) cas = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_cert_unref);

    for (guint i = 0; i < N_ISSUERS; i++) {
        g_autofree char *subject = g_strdup_printf("CN=Issuing CA %u,O=Example Corp,C=JP", i);

        g_ptr_array_add(cas, make_cert(subject, "CN=Root,O=Example Corp,C=JP", 1u << 30 | i));
    }
    for (guint i = 0; i < n; i++) {
        g_autofree char *id = g_strdup_printf("%064x", i);
        g_autofree char *subject = g_strdup_printf("CN=Person %u,O=Example Corp,C=JP", i);
        g_autofree char *issuer =
            g_strdup_printf("CN=Issuing CA %u,O=Example Corp,C=JP", i % N_ISSUERS);
        g_autoptr(MeishiCert) cert = make_cert(subject, issuer, i);

        g_ptr_array_add(candidates, meishi_candidate_new(id, subject, cert));
    }
    return meishi_inventory_new(candidates, cas, NULL, NULL);
}

/* Most rules are for a host of their own; some, as in real sets, hide identities everywhere else.
 */
static char *
make_rules(guint n)
{
    GString *text = g_string_new("[Policy]\nVersion=1\n");

    for (guint i = 0; i < n; i++) {
        if (i % 100 == 99)
            g_string_append_printf(text,
                                   "[Rule hide%u]\nMatch-Host=!*.h%u.example\n"
                                   "Identity-Issuer=CN=Gone %u,O=X\nAction=restrict\n",
                                   i, i, i);
        else
            g_string_append_printf(text,
                                   "[Rule r%u]\nMatch-Host=*.h%u.example\nMatch-Port=443\n"
                                   "Identity-Issuer-O=Example Corp\nAction=prompt\n"
                                   "Remember=session\n",
                                   i, i);
    }
    return g_string_free(text, FALSE);
}

static MeishiPolicySet *
read_rules(const char *text)
{
    MeishiPolicySource source = {
        .layer = MEISHI_LAYER_ADMIN, .name = "bench", .path = "bench", .mode = 0644};
    g_autoptr(GPtrArray) sources = g_ptr_array_new();
    g_autoptr(GPtrArray) lints = meishi_lint_list_new();
    MeishiPolicySet *set;

    source.text = g_bytes_new_static(text, strlen(text));
    g_ptr_array_add(sources, &source);
    set = meishi_rule_merge(sources, lints);
    g_bytes_unref(source.text);
    if (set == NULL)
        g_error("the rules of the benchmark are wrong");
    return set;
}

static MeishiRequest *
make_request(void)
{
    MeishiRequest *request = meishi_request_new();
    static const guint16 codes[] = {0x0403, 0x0804, 0x0401};
    static const char ca[] = "CN=Issuing CA 7,O=Example Corp,C=JP";
    MeishiName *name = meishi_name_parse(ca, NULL, NULL);

    request->protocol = g_strdup("https");
    request->port = 443;
    request->tls_version = MEISHI_TLS_1_3;
    request->user_activation = TRUE;
    request->sigalgs = g_array_new(FALSE, FALSE, sizeof(guint16));
    g_array_append_vals(request->sigalgs, codes, G_N_ELEMENTS(codes));
    request->ca_names = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_name_unref);
    name->der = g_bytes_new(ca, strlen(ca));
    g_ptr_array_add(request->ca_names, name);
    if (!meishi_host_parse("www.h5.example", &request->host, NULL))
        g_error("the host of the benchmark is wrong");
    return request;
}

/* Of this process alone: what else the machine does is not to count. */
static gint64
cpu_usec(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (gint64)t.tv_sec * G_USEC_PER_SEC + t.tv_nsec / 1000;
}

static double
time_decisions(const MeishiWorld *world, const MeishiRequest *request)
{
    gint64 start = cpu_usec();
    guint n = 0;

    do {
        g_autoptr(MeishiDecision) decision = meishi_decide(world, request);

        n++;
    } while (cpu_usec() - start < MIN_USEC);
    return (double)(cpu_usec() - start) / n;
}

static double
time_reading(const char *text)
{
    gint64 start = cpu_usec();
    guint n = 0;

    do {
        g_autoptr(MeishiPolicySet) set = read_rules(text);

        n++;
    } while (cpu_usec() - start < MIN_USEC);
    return (double)(cpu_usec() - start) / n;
}

int
main(void)
{
    static const guint identities[] = {1, 100, 10000}, rules[] = {0, 100, 1000};
    g_autoptr(MeishiRequest) request = make_request();

    printf("%12s %8s %14s\n", "identities", "rules", "decision (us)");
    for (gsize i = 0; i < G_N_ELEMENTS(identities); i++) {
        g_autoptr(MeishiInventory) inventory = make_inventory(identities[i]);

        for (gsize r = 0; r < G_N_ELEMENTS(rules); r++) {
            g_autofree char *text = make_rules(rules[r]);
            g_autoptr(MeishiPolicySet) set = read_rules(text);
            MeishiWorld world = {.policy = set, .inventory = inventory, .now = NOW};

            printf("%12u %8u %14.1f\n", identities[i], rules[r], time_decisions(&world, request));
        }
    }
    for (gsize r = 1; r < G_N_ELEMENTS(rules); r++) {
        g_autofree char *text = make_rules(rules[r]);

        printf("%12s %8u %14.1f\n", "(reading)", rules[r], time_reading(text));
    }
    return 0;
}
