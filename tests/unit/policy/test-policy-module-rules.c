/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * [Modules]: what may be loaded is for the administrator, and whatever forbids counts.
 */
#include "daemon/policy/module-rules.h"

#include "tests/unit/policy/fake-world.h"

#define MODULES(keys) "[Modules]\n" keys "\n"

static char *
join(const GPtrArray *paths)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; paths != NULL && i < paths->len; i++)
        g_string_append_printf(text, "%s%s", i > 0 ? " " : "", (const char *)paths->pdata[i]);
    return g_string_free(text, FALSE);
}

static const struct {
    const char *name;
    const char *vendor, *admin, *user;
    const char *allow, *deny;
    gboolean no_p11_kit;
} cases[] = {
    {"nothing", "", "", "", "", "", FALSE},
    {"lists", "", MODULES("Allow=/opt/a;/opt/b/\nDeny=/usr/lib/x.so"), "", "/opt/a /opt/b",
     "/usr/lib/x.so", FALSE},
    {"layers-add-up", MODULES("Allow=/a\nDeny=/x"), MODULES("Allow=/b\nDeny=/y"), "", "/a /b",
     "/x /y", FALSE},
    {"a-user-allows-nothing", "", "", MODULES("Allow=/srv/mine\nDeny=/z"), "", "/z", FALSE},
    {"no-p11-kit", MODULES("P11-Kit=no"), MODULES("P11-Kit=yes"), "", "", "", TRUE},
    {"a-user-wants-none-of-it", "", "", MODULES("P11-Kit=no"), "", "", TRUE},
    {"root", "", MODULES("Deny=/"), "", "", "/", FALSE},
};

static void
check_case(gconstpointer data)
{
    const gsize i = GPOINTER_TO_SIZE(data);
    g_autoptr(GPtrArray) lints = meishi_lint_list_new();
    g_autofree char *allow = NULL, *deny = NULL;
    FakeWorld w;

    fake_world_init(&w);
    fake_policy_at(&w, MEISHI_LAYER_VENDOR, "a", cases[i].vendor);
    fake_policy_at(&w, MEISHI_LAYER_ADMIN, "b", cases[i].admin);
    fake_policy_at(&w, MEISHI_LAYER_USER, "c", cases[i].user);
    w.policy = meishi_rule_merge(w.sources, lints);
    g_assert_cmpint(meishi_lint_exit_status(lints), <, 2);
    allow = join(w.policy->modules.allow);
    deny = join(w.policy->modules.deny);
    g_assert_cmpstr(allow, ==, cases[i].allow);
    g_assert_cmpstr(deny, ==, cases[i].deny);
    g_assert_cmpint(w.policy->modules.no_p11_kit, ==, cases[i].no_p11_kit);
    fake_world_clear(&w);
}

static const struct {
    const char *name, *text, *message;
    MeishiLayer layer;
    int status;
} remarks[] = {
    {"relative", MODULES("Allow=lib/x.so"), "no absolute path", MEISHI_LAYER_ADMIN, 2},
    {"empty", MODULES("Deny="), "missing", MEISHI_LAYER_ADMIN, 2},
    {"unknown-key", MODULES("Load=/x"), "Allow, Deny and P11-Kit", MEISHI_LAYER_ADMIN, 2},
    {"no-word", MODULES("P11-Kit=maybe"), "yes", MEISHI_LAYER_ADMIN, 2},
    {"list", MODULES("P11-Kit=yes;no"), "takes one value", MEISHI_LAYER_ADMIN, 2},
    {"a-users", MODULES("Allow=/x"), "for the administrator", MEISHI_LAYER_USER, 1},
};

static void
check_remark(gconstpointer data)
{
    const gsize i = GPOINTER_TO_SIZE(data);
    g_autoptr(GPtrArray) lints = meishi_lint_list_new();
    const MeishiLint *lint;
    FakeWorld w;

    fake_world_init(&w);
    fake_policy_at(&w, remarks[i].layer, "a", remarks[i].text);
    w.policy = meishi_rule_merge(w.sources, lints);
    g_assert_cmpint(meishi_lint_exit_status(lints), ==, remarks[i].status);
    lint = g_ptr_array_index(lints, 0);
    g_test_message("%s", lint->message);
    g_assert_nonnull(strstr(lint->message, remarks[i].message));
    fake_world_clear(&w);
}

/* What changes nothing does not start modules anew. */
static void
test_equal(void)
{
    char *allow[] = {(char *)"/a", NULL}, *more[] = {(char *)"/b", NULL};
    MeishiModuleRules a = {0}, b = {0};

    g_assert_true(meishi_module_rules_equal(&a, &b));
    g_assert_true(meishi_module_rules_read(&a, "Allow", allow, NULL));
    g_assert_false(meishi_module_rules_equal(&a, &b));
    g_assert_true(meishi_module_rules_read(&b, "Allow", allow, NULL));
    g_assert_true(meishi_module_rules_equal(&a, &b));
    g_assert_true(meishi_module_rules_read(&b, "Deny", more, NULL));
    g_assert_false(meishi_module_rules_equal(&a, &b));
    meishi_module_rules_clear(&a);
    meishi_module_rules_clear(&b);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/policy/module-rules/", cases[i].name, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), check_case);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(remarks); i++) {
        g_autofree char *path = g_strconcat("/policy/module-rules/remarks/", remarks[i].name, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), check_remark);
    }
    g_test_add_func("/policy/module-rules/equal", test_equal);
    return g_test_run();
}
