/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Files put together: layers, masking, locks, constraints that only tighten, one preference.
 */
#include "daemon/policy/rule-merge.h"

#include "daemon/policy/rule-match.h"

#include "tests/unit/policy/fake-world.h"

#define VENDOR  MEISHI_LAYER_VENDOR
#define ADMIN   MEISHI_LAYER_ADMIN
#define RUNTIME MEISHI_LAYER_RUNTIME
#define USER    MEISHI_LAYER_USER

#define HOST    "Match-Host=www.example.com\n"

typedef struct {
    MeishiLayer layer;
    const char *name, *text;
} File;

/* Which rule is asked for https://www.example.com:443, by name; NULL: none. */
static const struct {
    const char *name;
    File files[4];
    const char *asked;
    guint n_warnings;
} winners[] = {
    {"user-over-admin",
     {{ADMIN, "a", "[Rule a]\n" HOST "Action=none\n"},
      {USER, "b", "[Rule u]\n" HOST "Action=prompt\n"}},
     "u",
     1},
    {"admin-over-vendor",
     {{VENDOR, "a", "[Rule v]\n" HOST "Action=none\n"},
      {ADMIN, "b", "[Rule a]\n" HOST "Action=prompt\n"}},
     "a",
     1},
    {"runtime-over-admin",
     {{ADMIN, "a", "[Rule a]\n" HOST "Action=none\n"},
      {RUNTIME, "b", "[Rule r]\n" HOST "Action=prompt\n"}},
     "r",
     1},
    {"layer-before-priority",
     {{ADMIN, "a", "[Rule a]\nPriority=1000\n" HOST "Action=none\n"},
      {USER, "b", "[Rule u]\nPriority=0\n" HOST "Action=prompt\n"}},
     "u",
     1},
    {"locked-before-layer",
     {{ADMIN, "a", "[Rule a]\n" HOST "Action=none\n[Lock]\nKeys=Rule a/*\n"},
      {USER, "b", "[Rule u]\n" HOST "Action=prompt\n"}},
     "a",
     1},
    {"locked-rule-not-redefined",
     {{ADMIN, "a", "[Rule a]\n" HOST "Action=none\n[Lock]\nKeys=Rule a/*\n"},
      {USER, "b", "[Rule a]\n" HOST "Action=prompt\n"}},
     "a",
     1},
    {"vendor-lock-binds-admin",
     {{VENDOR, "a", "[Rule v]\n" HOST "Action=none\n[Lock]\nKeys=Rule v/*\n"},
      {ADMIN, "b", "[Rule v]\n" HOST "Action=prompt\n"}},
     "v",
     1},
    {"admin-locks-a-vendor-rule",
     {{VENDOR, "a", "[Rule v]\n" HOST "Action=none\n"},
      {ADMIN, "b", "[Lock]\nKeys=Rule v/*\n"},
      {USER, "c", "[Rule u]\n" HOST "Action=prompt\n"}},
     "v",
     1},
    {"user-cannot-lock",
     {{USER, "a", "[Rule u]\n" HOST "Action=prompt\n[Lock]\nKeys=Rule u/*\n"}},
     "u",
     1},
    {"redefined-by-name",
     {{VENDOR, "a", "[Rule x]\n" HOST "Action=none\n"},
      {USER, "b", "[Rule x]\nMatch-Host=b.example\nAction=prompt\n"}},
     NULL,
     0},
    {"disabled-by-name",
     {{VENDOR, "a", "[Rule x]\n" HOST "Action=none\n"}, {USER, "b", "[Rule x]\nEnabled=no\n"}},
     NULL,
     0},
    {"disabled", {{ADMIN, "a", "[Rule x]\nEnabled=no\n" HOST "Action=none\n"}}, NULL, 0},
    {"priority",
     {{ADMIN, "a",
       "[Rule low]\nPriority=1\nMatch-Port=443\n" HOST
       "Action=none\n[Rule high]\nMatch-Host=*\nPriority=2\nAction=prompt\n"}},
     "high",
     0},
    {"host/exact-before-suffix",
     {{ADMIN, "a",
       "[Rule suffix]\nMatch-Host=*.example.com\nAction=none\n[Rule exact]\n" HOST
       "Action=prompt\n"}},
     "exact",
     0},
    {"host/longest-suffix",
     {{ADMIN, "a",
       "[Rule com]\nMatch-Host=*.com\nAction=none\n[Rule "
       "long]\nMatch-Host=*.example.com\nAction=prompt\n"}},
     "long",
     1},
    {"host/suffix-before-any",
     {{ADMIN, "a",
       "[Rule any]\nMatch-Host=*\nAction=none\n[Rule "
       "suffix]\nMatch-Host=.example.com\nAction=prompt\n"}},
     "suffix",
     0},
    {"port-given",
     {{ADMIN, "a",
       "[Rule a]\n" HOST "Action=none\n[Rule b]\n" HOST "Match-Port=1-500\nAction=prompt\n"}},
     "b",
     0},
    {"application-given",
     {{ADMIN, "a",
       "[Rule a]\n" HOST "Action=none\n[Rule b]\n" HOST
       "Match-Application=unit:x.service\nAction=prompt\n"}},
     "b",
     0},
    {"file-name", /* of rules whose targets differ but are equally exact */
     {{ADMIN, "b", "[Rule b]\n" HOST "Match-Protocol=https\nAction=none\n"},
      {ADMIN, "a", "[Rule c]\n" HOST "Match-Protocol=https;wss\nAction=prompt\n"}},
     "c",
     0},
    {"rule-name",
     {{ADMIN, "a",
       "[Rule z]\n" HOST "Match-Protocol=https\nAction=none\n[Rule c]\n" HOST
       "Match-Protocol=https;wss\nAction=prompt\n"}},
     "c",
     0},
    {"mask/higher-file-replaces",
     {{VENDOR, "x.conf", "[Rule v]\n" HOST "Action=none\n"},
      {ADMIN, "x.conf", "[Policy]\nVersion=1\n"}},
     NULL,
     0},
    {"mask/empty-file",
     {{VENDOR, "x.conf", "[Rule v]\n" HOST "Action=none\n"}, {ADMIN, "x.conf", ""}},
     NULL,
     0},
    {"mask/broken-file-below-is-not-read",
     {{VENDOR, "x.conf", "garbage"}, {ADMIN, "x.conf", ""}},
     NULL,
     0},
    {"mask/runtime-masks-admin",
     {{ADMIN, "x.conf", "[Rule a]\n" HOST "Action=none\n"}, {RUNTIME, "x.conf", ""}},
     NULL,
     0},
    {"mask/user-masks-nothing",
     {{ADMIN, "x.conf", "[Rule a]\n" HOST "Action=none\n"}, {USER, "x.conf", ""}},
     "a",
     1},
    {"user-policy-refused",
     {{ADMIN, "a", "[Defaults]\nUser-Policy=no\n"},
      {USER, "b", "[Rule u]\n" HOST "Action=prompt\n"}},
     NULL,
     0},
    {"user-policy-refused-by-user-is-nothing",
     {{USER, "a", "[Defaults]\nUser-Policy=no\n[Rule u]\n" HOST "Action=prompt\n"}},
     "u",
     0},
};

static void
test_winner(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_auto(FakeWorld) w;
    g_autoptr(GPtrArray) lints = meishi_lint_list_new();
    g_autoptr(MeishiPolicySet) check = NULL;
    static const char *names[] = {"unit:x.service", NULL};
    MeishiEngine engine;

    fake_world_init(&w);
    for (gsize k = 0; k < 4 && winners[i].files[k].text; k++)
        fake_policy_at(&w, winners[i].files[k].layer, winners[i].files[k].name,
                       winners[i].files[k].text);
    w.request->application_names = g_strdupv((char **)names);
    fake_world_end(&w);
    check = meishi_rule_merge(w.sources, lints);
    g_assert_cmpuint(lints->len, ==, winners[i].n_warnings);
    meishi_engine_init(&engine, &w.world, w.request);
    g_assert_cmpstr(engine.preference ? engine.preference->name : NULL, ==, winners[i].asked);
    meishi_engine_clear(&engine);
}

/* Constraints of all layers and of all rules that fit: the strictest counts. */
static void
test_constraints(void)
{
    g_auto(FakeWorld) w;
    MeishiConstraints limits;
    MeishiEngine engine;

    fake_world_init(&w);
    fake_policy_at(&w, ADMIN, "a",
                   "[Defaults]\nRemember=session\n[Rule a]\nPriority=0\n" HOST
                   "Confirm=each-use\nRemember-Scope-Max=host\nForbid=export\n"
                   "[Rule quiet]\nMatch-Protocol=https\nNotify=no\n");
    fake_policy_at(&w, USER, "u",
                   "[Rule a]\n" HOST "Action=prompt\nConfirm=never\nRemember=always\n"
                   "Remember-Scope-Max=domain\nRequire-EKU=yes\n"
                   "[Rule other]\nMatch-Host=b.example\nRemember=none\nNotify=no\n"
                   "[Rule eid]\n" HOST "Identity-Issuer-O=X\nRemember=none\n");
    fake_world_end(&w);
    meishi_engine_init(&engine, &w.world, w.request);
    meishi_engine_limits(&engine.world, engine.rules, G_MAXUINT, &limits);
    g_assert_cmpint(limits.confirm, ==, MEISHI_CONFIRM_EACH_USE);
    g_assert_cmpint(limits.reach, ==, MEISHI_REACH_HOST);
    g_assert_cmpint(limits.remember, ==, MEISHI_REMEMBER_SESSION);
    g_assert_cmpuint(limits.forbid, ==, MEISHI_FORBID_EXPORT);
    g_assert_cmpuint(limits.require, ==, MEISHI_REQUIRE_EKU);
    g_assert_true(limits.no_notice);
    meishi_engine_clear(&engine);
}

/* [Defaults]: constraints tighten, preferences go to the highest layer, locks hold. */
static void
test_defaults(void)
{
    g_auto(FakeWorld) w;
    const MeishiDefaults *defaults = NULL;

    fake_world_init(&w);
    fake_policy_at(&w, ADMIN, "a",
                   "[Defaults]\nInteractive=never\nOn-Multiple=none\nOn-None=none\n"
                   "Remember=session\nNotify=no\n[Lock]\nKeys=Defaults/On-None\n");
    fake_policy_at(&w, USER, "u",
                   "[Defaults]\nInteractive=yes\nOn-Multiple=prompt\n"
                   "On-None=prompt-any\nRemember=always\nSingle-Match-Silent=yes\n"
                   "Notify=yes\n");
    fake_world_end(&w);
    defaults = &w.policy->defaults;
    g_assert_true(defaults->never_interactive);
    g_assert_true(defaults->no_notice);
    g_assert_cmpint(defaults->remember, ==, MEISHI_REMEMBER_SESSION);
    g_assert_cmpint(defaults->on_multiple, ==, MEISHI_MANY_PROMPT);
    g_assert_cmpint(defaults->on_none, ==, MEISHI_NO_MATCH_NONE);
    g_assert_cmpint(defaults->single_match, ==, MEISHI_SINGLE_SILENT);
}

static void
test_defaults_locked_whole(void)
{
    g_auto(FakeWorld) w;

    fake_world_init(&w);
    fake_policy_at(&w, ADMIN, "a", "[Lock]\nKeys=Defaults/*\n");
    fake_policy_at(&w, USER, "u", "[Defaults]\nSingle-Match-Silent=yes\n");
    fake_world_end(&w);
    g_assert_cmpint(w.policy->defaults.single_match, ==, MEISHI_SINGLE_ASK);
}

static void
test_twins(void)
{
    g_auto(FakeWorld) w;
    g_autoptr(GPtrArray) lints = meishi_lint_list_new();

    fake_world_init(&w);
    fake_policy_at(&w, ADMIN, "a", "[Rule x]\n" HOST "Action=none\n");
    fake_policy_at(&w, ADMIN, "b", "[Rule x]\nMatch-Host=b.example\nAction=none\n");
    g_assert_null(meishi_rule_merge(w.sources, lints));
    g_assert_cmpuint(lints->len, ==, 1);
}

static void
test_roles(void)
{
    g_auto(FakeWorld) w;
    const MeishiRole *role;

    fake_world_init(&w);
    fake_policy_at(&w, VENDOR, "a",
                   "[Rule v]\n" HOST "Action=select\n[Role vpn]\nLabel=V\nRule=v\n");
    fake_policy_at(&w, ADMIN, "b", "[Role vpn]\nLabel=Corp VPN\nRule=v\n[Lock]\nKeys=Role vpn/*\n");
    fake_policy_at(&w, USER, "c", "[Role vpn]\nLabel=Mine\nRule=v\n");
    fake_world_end(&w);
    role = meishi_rule_set_find_role(w.policy, "vpn");
    g_assert_cmpstr(role->label, ==, "Corp VPN");
    g_assert_cmpuint(w.policy->roles->len, ==, 1);
    g_assert_null(meishi_rule_set_find_role(w.policy, "x"));
}

/* One broken file, and nothing of the set holds. */
static void
test_all_or_nothing(void)
{
    g_auto(FakeWorld) w;
    g_autoptr(GPtrArray) lints = meishi_lint_list_new();

    fake_world_init(&w);
    fake_policy_at(&w, VENDOR, "a", "[Rule v]\n" HOST "Action=select\n");
    fake_policy_at(&w, USER, "b", "[Rule u]\nColour=red\n");
    g_assert_null(meishi_rule_merge(w.sources, lints));
}

/* The index leads to exactly the rules that fit. */
static void
test_index(void)
{
    static const char *hosts[] = {"a.example",     "x.a.example", "y.x.a.example", "b.example",
                                  "a.example.net", "192.0.2.1",   "ssid:Corp",     "2001:db8::1"};
    g_auto(FakeWorld) w;

    fake_world_init(&w);
    fake_policy(&w, "[Rule exact]\nMatch-Host=a.example\nConfirm=each-use\n"
                    "[Rule below]\nMatch-Host=*.a.example\nConfirm=each-use\n"
                    "[Rule domain]\nMatch-Host=.a.example;b.example\nConfirm=each-use\n"
                    "[Rule any]\nMatch-Host=*\nConfirm=each-use\n"
                    "[Rule but]\nMatch-Host=!b.example\nConfirm=each-use\n"
                    "[Rule both]\nMatch-Host=.a.example;!x.a.example\nConfirm=each-use\n"
                    "[Rule net]\nMatch-Host=192.0.2.0/24;2001:db8::/32\nConfirm=each-use\n"
                    "[Rule address]\nMatch-Host=192.0.2.1;ssid:Corp\nConfirm=each-use\n"
                    "[Rule all]\nConfirm=each-use\n");
    fake_world_end(&w);
    for (gsize i = 0; i < G_N_ELEMENTS(hosts); i++) {
        g_autoptr(GArray) found = NULL;
        guint next = 0;

        fake_ask_host(&w, hosts[i], 443);
        found = meishi_rule_set_lookup(w.policy, &w.request->host);
        for (guint r = 0; r < w.policy->rules->len; r++) {
            gboolean listed = next < found->len && g_array_index(found, guint, next) == r;

            next += listed;
            if (meishi_rule_match_target(g_ptr_array_index(w.policy->rules, r), w.request, NULL) ==
                MEISHI_FIT_YES)
                g_assert_true(listed);
        }
        g_assert_cmpuint(next, ==, found->len);
        g_assert_cmpuint(found->len, <, w.policy->rules->len);
    }
}

/* Speed without a clock: of a thousand rules a request looks at those that can fit. */
static void
test_index_many(void)
{
    g_auto(FakeWorld) w;
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GArray) found = NULL;

    fake_world_init(&w);
    for (guint i = 0; i < 1000; i++)
        g_string_append_printf(text, "[Rule r%u]\nMatch-Host=*.h%u.example\nAction=prompt\n", i, i);
    fake_policy(&w, text->str);
    fake_world_end(&w);
    fake_ask_host(&w, "www.h7.example", 443);
    found = meishi_rule_set_lookup(w.policy, &w.request->host);
    g_assert_cmpuint(found->len, ==, 1);
    g_assert_cmpuint(g_array_index(found, guint, 0), ==, 7);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(winners); i++) {
        g_autofree char *path = g_strconcat("/policy/merge/preference/", winners[i].name, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_winner);
    }
    g_test_add_func("/policy/merge/constraints", test_constraints);
    g_test_add_func("/policy/merge/defaults", test_defaults);
    g_test_add_func("/policy/merge/defaults/locked-whole", test_defaults_locked_whole);
    g_test_add_func("/policy/merge/twins", test_twins);
    g_test_add_func("/policy/merge/roles", test_roles);
    g_test_add_func("/policy/merge/all-or-nothing", test_all_or_nothing);
    g_test_add_func("/policy/merge/index", test_index);
    g_test_add_func("/policy/merge/index/many", test_index_many);
    return g_test_run();
}
