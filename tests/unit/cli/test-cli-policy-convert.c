/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/policy-chromium.c, -chromium-export.c, -filter.c and -firefox.c: the files of
 * tests/fixtures/policy as a whole, and each thing that gets lost by itself.
 */
#include "cli/policy-chromium.h"
#include "cli/policy-filter.h"
#include "cli/policy-firefox.h"
#include "daemon/base/error.h"
#include "daemon/policy/lint.h"
#include "daemon/policy/rule-merge.h"

#include <string.h>

static GPtrArray *
new_list(void)
{
    return g_ptr_array_new_with_free_func(g_free);
}

static MeishiPolicySet *
read_rules(const char *text)
{
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
    MeishiPolicySource source = {
        .layer = MEISHI_LAYER_ADMIN, .name = "t.conf", .path = "t.conf", .text = bytes};
    g_autoptr(GPtrArray) sources = g_ptr_array_new();
    g_autoptr(GPtrArray) lints = meishi_lint_list_new();
    MeishiPolicySet *set;

    g_ptr_array_add(sources, &source);
    set = meishi_rule_merge(sources, lints);
    g_assert_nonnull(set);
    return set;
}

static char *
read_fixture(const char *name, const char *suffix)
{
    g_autofree char *file = g_strconcat(name, suffix, NULL);
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "policy", file, NULL);
    g_autoptr(GError) error = NULL;
    char *text;

    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    return text;
}

/* ---- whole files ------------------------------------------------------------------------------
 */

/* To rules, back, and to the same rules again; nothing is lost either way. */
static void
test_chromium_file(gconstpointer name)
{
    g_autofree char *json = read_fixture(name, ".json"), *expected = read_fixture(name, ".conf");
    g_autofree char *rules = NULL, *back = NULL, *again = NULL;
    g_autoptr(GPtrArray) losses = new_list();
    g_autoptr(MeishiPolicySet) set = NULL;
    g_autoptr(GError) error = NULL;

    rules = meishi_policy_chromium_import(json, strlen(json), losses, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(rules, ==, expected);
    set = read_rules(rules);
    back = meishi_policy_chromium_export(set, losses);
    again = meishi_policy_chromium_import(back, strlen(back), losses, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(again, ==, expected);
    g_assert_cmpuint(losses->len, ==, 0);
}

static void
test_firefox_file(gconstpointer name)
{
    g_autofree char *json = read_fixture(name, ".json"), *expected = read_fixture(name, ".conf");
    g_autoptr(GPtrArray) losses = new_list(), notes = new_list();
    g_autoptr(GError) error = NULL;
    g_autofree char *rules =
        meishi_policy_firefox_import(json, strlen(json), losses, notes, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(rules, ==, expected);
    g_assert_cmpuint(losses->len, ==, 0);
    g_assert_cmpuint(notes->len, ==, 1);
    g_assert_cmpint(strstr(notes->pdata[0], "Nothing") != NULL, ==,
                    strcmp(name, "firefox-60") == 0);
}

static void
test_firefox_round_trip(void)
{
    g_autofree char *expected = read_fixture("firefox", ".conf"), *json = NULL, *again = NULL;
    g_autoptr(MeishiPolicySet) set = read_rules(expected);
    g_autoptr(GPtrArray) losses = new_list(), notes = new_list();
    g_autoptr(GError) error = NULL;

    json = meishi_policy_firefox_export(set, "/x/meishi-pkcs11.so", TRUE, losses);
    again = meishi_policy_firefox_import(json, strlen(json), losses, notes, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(losses->len, ==, 0);
    /* What a person may not change is Firefox's own affair on the way back. */
    *strstr(expected, "\n[Lock]") = '\0';
    g_assert_cmpstr(again, ==, expected);
    g_assert_nonnull(strstr(notes->pdata[0], "is told to load"));
}

/* ---- what is lost on the way in ---------------------------------------------------------------
 */

typedef struct {
    const char *name;
    const char *entries; /* of the list */
    const char *loss;    /* a piece of the one sentence; NULL: nothing is lost */
    const char *result;  /* a piece of the rules; NULL: there is no rule */
} Case;

static const Case import_cases[] = {
    {"scheme/http", "{\"pattern\":\"http://a.example\",\"filter\":{}}", "scheme", NULL},
    {"scheme/any", "{\"pattern\":\"*://a.example\",\"filter\":{}}", NULL, "Match-Host=a.example\n"},
    {"everything", "{\"pattern\":\"*\",\"filter\":{}}", NULL, "Match-Host=*\n"},
    {"port/any", "{\"pattern\":\"https://a.example:*\",\"filter\":{}}", NULL,
     "Match-Host=a.example\nMatch-Protocol"},
    {"port/wrong", "{\"pattern\":\"https://a.example:0\",\"filter\":{}}", "no port", NULL},
    {"port/word", "{\"pattern\":\"https://a.example:https\",\"filter\":{}}", "no port", NULL},
    {"path", "{\"pattern\":\"https://a.example/x\",\"filter\":{}}", "path", NULL},
    {"host/none", "{\"pattern\":\"https://\",\"filter\":{}}", "no host", NULL},
    {"host/star-inside", "{\"pattern\":\"https://*.a.example\",\"filter\":{}}", "no host", NULL},
    {"host/below-an-address", "{\"pattern\":\"[*.]192.0.2.1\",\"filter\":{}}", "no host", NULL},
    {"host/ours", "{\"pattern\":\".a.example\",\"filter\":{}}", "no host", NULL},
    {"host/exclude", "{\"pattern\":\"!a.example\",\"filter\":{}}", "no host", NULL},
    {"host/list", "{\"pattern\":\"a.example;b.example\",\"filter\":{}}", "no host", NULL},
    {"host/lines", "{\"pattern\":\"a.example\\nAction=deny\",\"filter\":{}}", "no host", NULL},
    {"entry/number", "7", "entry 1", NULL},
    {"entry/text", "\"certificate\"", "entry 1", NULL},
    {"entry/without-pattern", "{\"filter\":{}}", "without a pattern", NULL},
    {"entry/without-filter", "{\"pattern\":\"a.example\"}", "without a filter", NULL},
    {"attribute/unknown", "{\"pattern\":\"a.example\",\"filter\":{\"ISSUER\":{\"C\":\"JP\"}}}",
     "ISSUER.C", "Match-Host=a.example"},
    {"attribute/number", "{\"pattern\":\"a.example\",\"filter\":{\"ISSUER\":{\"CN\":1}}}",
     "ISSUER.CN", "Match-Host=a.example"},
    {"attribute/empty", "{\"pattern\":\"a.example\",\"filter\":{\"ISSUER\":{\"CN\":\"\"}}}", NULL,
     "Match-Protocol=https\nAction"},
    {"attribute/blank-end", "{\"pattern\":\"a.example\",\"filter\":{\"ISSUER\":{\"CN\":\"a \"}}}",
     "blanks", "Match-Host=a.example"},
    {"attribute/blank-begin", "{\"pattern\":\"a.example\",\"filter\":{\"ISSUER\":{\"CN\":\" a\"}}}",
     NULL, "Identity-Issuer-CN== a\n"},
    {"attribute/lines",
     "{\"pattern\":\"a.example\",\"filter\":{\"ISSUER\":{\"CN\":\"a\\nAction=deny\"}}}", NULL,
     "Identity-Issuer-CN==a\\nAction=deny\n"},
    {"section/unknown", "{\"pattern\":\"a.example\",\"filter\":{\"ISSUERS\":{}}}", "ISSUERS",
     "Match-Host=a.example"},
    {"several/twins",
     "{\"pattern\":\"a.example\",\"filter\":{\"ISSUER\":{\"CN\":\"x\"}}},"
     "{\"pattern\":\"https://A.example\",\"filter\":{\"ISSUER\":{\"CN\":\"x\"}}}",
     NULL, "Identity-Issuer-CN==x\nAction"},
    {"several/one-takes-all",
     "{\"pattern\":\"a.example\",\"filter\":{\"ISSUER\":{\"CN\":\"x\"}}},"
     "{\"pattern\":\"a.example\",\"filter\":{}}",
     NULL, "Match-Protocol=https\nAction"},
    {"several/list",
     "{\"pattern\":\"a.example\",\"filter\":{\"ISSUER\":{\"CN\":\"x\",\"O\":\"o\"}}},"
     "{\"pattern\":\"a.example\",\"filter\":{\"ISSUER\":{\"CN\":\"y\",\"O\":\"o\"}}}",
     NULL, "Identity-Issuer-CN==x;=y\nIdentity-Issuer-O==o\n"},
    {"several/different",
     "{\"pattern\":\"a.example\",\"filter\":{\"ISSUER\":{\"CN\":\"x\"}}},"
     "{\"pattern\":\"a.example\",\"filter\":{\"SUBJECT\":{\"CN\":\"y\"}}}",
     "any of its 2 filters", "[Rule chromium-2]\nPriority=499\n"},
};

static void
test_import(gconstpointer data)
{
    const Case *c = data;
    g_autofree char *json = g_strdup_printf("[%s]", c->entries);
    g_autoptr(GPtrArray) losses = new_list();
    g_autoptr(GError) error = NULL;
    g_autofree char *rules = meishi_policy_chromium_import(json, strlen(json), losses, &error);

    g_assert_no_error(error);
    g_test_message("%s", rules);
    g_assert_cmpuint(losses->len, ==, c->loss != NULL);
    if (c->loss != NULL)
        g_assert_nonnull(strstr(losses->pdata[0], c->loss));
    if (c->result != NULL)
        g_assert_nonnull(strstr(rules, c->result));
    g_assert_cmpint(strstr(rules, "[Rule") != NULL, ==, c->result != NULL);
}

static void
test_refuses(void)
{
    static const char *const texts[] = {
        "", "no", "{}", "{\"AutoSelectCertificateForUrls\":1}", "\"x\"", "[\xff]"};
    /* What brackets could hide behind. */
    static const char *const leads[] = {"", "/*\"*/", "/*/\"*/", "'\"'", "[1,'\"',", "/\"/*\"*/"};
    g_autofree char *deep = g_strnfill(300000, '[');

    for (gsize i = 0; i < G_N_ELEMENTS(texts) + G_N_ELEMENTS(leads); i++) {
        g_autofree char *text = i < G_N_ELEMENTS(texts)
                                    ? g_strdup(texts[i])
                                    : g_strconcat(leads[i - G_N_ELEMENTS(texts)], deep, NULL);
        g_autoptr(GPtrArray) losses = new_list(), notes = new_list();
        g_autoptr(GError) chromium = NULL, firefox = NULL;

        g_assert_null(meishi_policy_chromium_import(text, strlen(text), losses, &chromium));
        g_assert_error(chromium, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE);
        g_assert_null(meishi_policy_firefox_import(text, strlen(text), losses, notes, &firefox));
        g_assert_error(firefox, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE);
    }
}

/* ---- what is lost on the way out --------------------------------------------------------------
 */

#define SELECT "[Rule r]\nMatch-Host=a.example\nAction=select\n"
#define HOST   "https://a.example\\\",\\\"filter\\\":"

static const Case export_cases[] = {
    {"plain", SELECT, NULL, HOST "{}"},
    {"protocol/others", SELECT "Match-Protocol=imap;https\n", NULL, HOST "{}"},
    {"protocol/not-ours", SELECT "Match-Protocol=imap\n", NULL, NULL},
    {"everywhere", "[Rule r]\nMatch-Protocol=https\nAction=select\n", NULL, "https://*\\\""},
    {"below", "[Rule r]\nMatch-Host=*.a.example\nAction=select\n", "itself as well",
     "https://[*.]a.example\\\""},
    {"exclude", "[Rule r]\nMatch-Host=.a.example;!b.a.example\nAction=select\n", "excludes",
     "https://[*.]a.example\\\""},
    {"network", "[Rule r]\nMatch-Host=10.0.0.0/8\nAction=select\n", "networks", NULL},
    {"ssid", "[Rule r]\nMatch-Host=ssid:x\nAction=select\n", "networks", NULL},
    {"ports", SELECT "Match-Port=443;8443-8444\n", NULL, "https://a.example:8444\\\""},
    {"ports/many", SELECT "Match-Port=1000-2000\n", "every port", HOST "{}"},
    {"application", SELECT "Match-Application=flatpak:x\n", "whatever programs", HOST "{}"},
    {"acceptable-cas", SELECT "Match-Acceptable-CAs=nonempty\n", "Match-Acceptable-CAs", HOST "{}"},
    {"glob", SELECT "Identity-Issuer-O=Example*\n", "exactly", HOST "{}"},
    {"exact", SELECT "Identity-Issuer-O==Example\n", NULL,
     HOST "{\\\"ISSUER\\\":{\\\"O\\\":\\\"Example\\\"}}"},
    {"values", SELECT "Identity-Issuer-O==X;=Y\n", NULL, "{\\\"O\\\":\\\"Y\\\"}"},
    {"name", SELECT "Identity-Issuer=CN=A,OU=B,O=X,C=JP\n", "CN, L, O and OU alone",
     "{\\\"ISSUER\\\":{\\\"CN\\\":\\\"A\\\",\\\"O\\\":\\\"X\\\",\\\"OU\\\":\\\"B\\\"}}"},
    {"name/subject", SELECT "Identity-Subject=CN=A\n", "Identity-Subject",
     HOST "{\\\"SUBJECT\\\":{\\\"CN\\\":\\\"A\\\"}}"},
    {"name/several", SELECT "Identity-Issuer=CN=A;CN=B\n", "Identity-Issuer",
     HOST "{\\\"ISSUER\\\":{\\\"CN\\\":\\\"B\\\"}}"},
    {"name/without", SELECT "Identity-Issuer=DC=example\n", "alone", HOST "{}"},
    {"name/chain", SELECT "Identity-Chain-Issuer=CN=A\n", "does not know", HOST "{}"},
    {"condition", SELECT "Identity-EKU=clientAuth\n", "Identity-EKU", HOST "{}"},
    {"on-none", SELECT "On-None=none\n", "where no certificate fits", HOST "{}"},
    {"on-multiple", SELECT "On-Multiple=none\n", "On-Multiple=none", HOST "{}"},
    {"priority", SELECT "Priority=7\n", "Priority", HOST "{}"},
    {"group", SELECT "Group=bank\n", "Group", HOST "{}"},
    {"action/none", "[Rule r]\nMatch-Host=a.example\nAction=none\n", "nothing but select", NULL},
    {"action/prompt", "[Rule r]\nMatch-Host=a.example\nAction=prompt\n", "nothing but select",
     NULL},
    {"constraint", "[Rule r]\nIdentity-Issuer-O=X\nConfirm=each-use\n", NULL, NULL},
    {"constraint/restrict",
     "[Rule r]\nIdentity-Issuer-O=X\nMatch-Host=!a.example\nAction=restrict\n", NULL, NULL},
    {"disabled", SELECT "Enabled=no\n", NULL, NULL},
    {"switch", SELECT "On-Multiple=prompt\n", NULL,
     "\"PromptOnMultipleMatchingCertificates\" : true"},
    {"switch/by-default", "[Defaults]\nOn-Multiple=prompt\n" SELECT, NULL,
     "\"PromptOnMultipleMatchingCertificates\" : true"},
    {"switch/mixed", SELECT "On-Multiple=prompt\n[Rule s]\nMatch-Host=b.example\nAction=select\n",
     "one for all", "\"PromptOnMultipleMatchingCertificates\" : true"},
};

static void
test_export(gconstpointer data)
{
    const Case *c = data;
    g_autoptr(MeishiPolicySet) set = read_rules(c->entries);
    g_autoptr(GPtrArray) losses = new_list();
    g_autofree char *json = meishi_policy_chromium_export(set, losses);

    g_test_message("%s", json);
    for (guint i = 0; i < losses->len; i++)
        g_test_message("%s", (char *)losses->pdata[i]);
    g_assert_cmpuint(losses->len, ==, c->loss != NULL);
    if (c->loss != NULL) {
        g_assert_nonnull(strstr(losses->pdata[0], c->loss));
        g_assert_true(g_str_has_prefix(losses->pdata[0], "rule "));
    }
    if (c->result != NULL)
        g_assert_nonnull(strstr(json, c->result));
    g_assert_cmpint(strstr(json, "pattern") != NULL, ==, c->result != NULL);
}

static void
test_firefox_losses(void)
{
    g_autoptr(MeishiPolicySet) set = read_rules(SELECT "[Rule s]\nIdentity-Issuer-O=X\n"
                                                       "Match-Host=!a.example\nAction=restrict\n");
    g_autoptr(GPtrArray) losses = new_list();
    g_autofree char *json = meishi_policy_firefox_export(set, "/x/meishi-pkcs11.so", FALSE, losses);

    g_assert_cmpuint(losses->len, ==, 1);
    g_assert_nonnull(strstr(losses->pdata[0], "rule r (t.conf:1)"));
    g_assert_nonnull(strstr(json, "\"Meishi\" : \"/x/meishi-pkcs11.so\""));
    g_assert_null(strstr(json, "Preferences"));
}

/* What is selected wherever a program goes is shown first, which needs no rule of Firefox's. */
static void
test_firefox_first(void)
{
    static const struct {
        const char *keys;
        gboolean automatic;
        guint n_losses;
    } rows[] = {
        {"", TRUE, 0},
        {"", FALSE, 1},
        {"On-Multiple=best\n", TRUE, 0},
        {"On-Multiple=prompt\n", TRUE, 1},
        {"Match-Port=443\n", TRUE, 1},
        {"Match-Protocol=https\n", TRUE, 1},
        {"Match-Acceptable-CAs=empty\n", TRUE, 1},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = g_strconcat("[Rule r]\nMatch-Application=exe:/bin/x\n"
                                            "Identity-Subject-CN=X\nAction=select\n",
                                            rows[i].keys, NULL);
        g_autoptr(MeishiPolicySet) set = read_rules(text);
        g_autoptr(GPtrArray) losses = new_list();
        g_autofree char *json =
            meishi_policy_firefox_export(set, "/x/meishi-pkcs11.so", rows[i].automatic, losses);

        g_assert_cmpuint(losses->len, ==, rows[i].n_losses);
    }
}

static void
add_cases(const char *prefix, const Case *cases, gsize n, GTestDataFunc func)
{
    for (gsize i = 0; i < n; i++) {
        g_autofree char *path = g_strconcat(prefix, cases[i].name, NULL);

        g_test_add_data_func(path, &cases[i], func);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/cli/policy-convert/chromium/managed", "chromium-managed",
                         test_chromium_file);
    g_test_add_data_func("/cli/policy-convert/chromium/list", "chromium-list", test_chromium_file);
    g_test_add_data_func("/cli/policy-convert/chromium/exported", "chrome-exported",
                         test_chromium_file);
    g_test_add_data_func("/cli/policy-convert/firefox/new", "firefox", test_firefox_file);
    g_test_add_data_func("/cli/policy-convert/firefox/old", "firefox-60", test_firefox_file);
    g_test_add_func("/cli/policy-convert/firefox/round-trip", test_firefox_round_trip);
    g_test_add_func("/cli/policy-convert/firefox/losses", test_firefox_losses);
    g_test_add_func("/cli/policy-convert/firefox/first", test_firefox_first);
    add_cases("/cli/policy-convert/import/", import_cases, G_N_ELEMENTS(import_cases), test_import);
    add_cases("/cli/policy-convert/export/", export_cases, G_N_ELEMENTS(export_cases), test_export);
    g_test_add_func("/cli/policy-convert/refuses", test_refuses);
    return g_test_run();
}
