/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/rules/rule-files.c: from directories to rules.
 */
#include "daemon/rules/rule-files.h"

#include "tests/lib/policy-root.h"

#include <string.h>
#include <unistd.h>

#define NONE(name)   "[Rule " name "]\nMatch-Host=" name ".example\nAction=none\n"
#define BROKEN(name) "[Rule " name "]\nAction=perhaps\n"

typedef struct {
    char *root;
    GPtrArray *lints;
} Fixture;

static void
set_up(Fixture *f, gconstpointer unused)
{
    f->root = policy_root_new();
    f->lints = meishi_lint_list_new();
}

static void
tear_down(Fixture *f, gconstpointer unused)
{
    policy_root_free(f->root);
    g_ptr_array_unref(f->lints);
}

static MeishiPolicySet *
merge(Fixture *f)
{
    g_autoptr(MeishiRuleFiles) files = meishi_rule_files_new_installed(f->root);

    return meishi_rule_files_merge(files, f->lints);
}

static void
assert_error(Fixture *f, const char *file, const char *what)
{
    g_autoptr(MeishiPolicySet) set = merge(f);
    g_autofree char *text = NULL;

    g_assert_null(set);
    g_assert_cmpuint(f->lints->len, ==, 1);
    text = meishi_lint_to_text(g_ptr_array_index(f->lints, 0));
    g_assert_nonnull(strstr(text, file));
    g_assert_nonnull(strstr(text, what));
}

static void
test_none(Fixture *f, gconstpointer unused)
{
    g_autoptr(MeishiPolicySet) set = merge(f);

    g_assert_cmpuint(set->rules->len, ==, 0);
    g_assert_cmpuint(f->lints->len, ==, 0);
}

static void
test_layers(Fixture *f, gconstpointer unused)
{
    static const char *const dirs[] = {POLICY_VENDOR, POLICY_ADMIN, POLICY_RUN, POLICY_USER};
    static const char *const texts[] = {NONE("vendor"), NONE("admin"), NONE("run"), NONE("user")};
    g_autoptr(MeishiPolicySet) set = NULL;

    for (guint i = 0; i < MEISHI_N_LAYERS; i++) {
        g_autofree char *name = g_strdup_printf("%u.conf", 9 - i);

        policy_root_write(f->root, dirs[i], name, texts[i]);
    }
    set = merge(f);
    g_assert_cmpuint(set->rules->len, ==, MEISHI_N_LAYERS);
    for (guint i = 0; i < MEISHI_N_LAYERS; i++) {
        const MeishiRule *rule = g_ptr_array_index(set->rules, i);

        g_assert_cmpint(rule->layer, ==, i);
        g_assert_nonnull(strstr(rule->file, dirs[i]));
    }
}

static void
test_mask(Fixture *f, gconstpointer unused)
{
    g_autofree char *mask = g_build_filename(f->root, POLICY_ADMIN, "10-a.conf", NULL);
    g_autoptr(MeishiPolicySet) set = NULL;

    policy_root_write(f->root, POLICY_VENDOR, "10-a.conf", NONE("a"));
    policy_root_write(f->root, POLICY_VENDOR, "20-b.conf", NONE("b"));
    policy_root_mkdir(f->root, POLICY_ADMIN);
    g_assert_cmpint(symlink("/dev/null", mask), ==, 0);
    set = merge(f);
    g_assert_cmpuint(set->rules->len, ==, 1);
}

/* "[Defaults] User-Policy=no": users' files are not read, not even for errors. */
static void
test_no_user_policy(Fixture *f, gconstpointer unused)
{
    g_autoptr(MeishiPolicySet) set = NULL;

    policy_root_write(f->root, POLICY_ADMIN, "10-a.conf", "[Defaults]\nUser-Policy=no\n");
    policy_root_write(f->root, POLICY_USER, "10-u.conf", BROKEN("u"));
    set = merge(f);
    g_assert_nonnull(set);
    g_assert_cmpuint(set->rules->len, ==, 0);
}

/* A user cannot say it. */
static void
test_no_user_policy_by_user(Fixture *f, gconstpointer unused)
{
    g_autoptr(MeishiPolicySet) set = NULL;

    policy_root_write(f->root, POLICY_USER, "10-a.conf", "[Defaults]\nUser-Policy=no\n");
    policy_root_write(f->root, POLICY_USER, "20-u.conf", NONE("u"));
    set = merge(f);
    g_assert_cmpuint(set->rules->len, ==, 1);
}

static void
test_mode(Fixture *f, gconstpointer unused)
{
    g_autofree char *path = g_build_filename(f->root, POLICY_ADMIN, "10-a.conf", NULL);

    policy_root_write(f->root, POLICY_ADMIN, "10-a.conf", NONE("a"));
    g_assert_cmpint(g_chmod(path, 0664), ==, 0);
    assert_error(f, "10-a.conf", "others may write it or its directory");
}

static void
test_directory_mode(Fixture *f, gconstpointer unused)
{
    g_autofree char *dir = g_build_filename(f->root, POLICY_USER, NULL);

    policy_root_write(f->root, POLICY_USER, "10-a.conf", NONE("a"));
    g_assert_cmpint(g_chmod(dir, 0777), ==, 0);
    assert_error(f, "10-a.conf", "others may write it or its directory");
}

static void
test_owner(Fixture *f, gconstpointer unused)
{
    g_autofree char *path = g_build_filename(f->root, POLICY_ADMIN, "10-a.conf", NULL);

    policy_root_write(f->root, POLICY_ADMIN, "10-a.conf", NONE("a"));
    g_assert_cmpint(chown(path, 65533, (gid_t)-1), ==, 0);
    assert_error(f, "10-a.conf",
                 "it or its directory belongs to user id 65533 and must belong to 0");
}

static void
test_problem(Fixture *f, gconstpointer unused)
{
    g_autofree char *path = g_build_filename(f->root, POLICY_RUN, "10-a.conf", NULL);

    policy_root_mkdir(f->root, POLICY_RUN);
    g_assert_cmpint(symlink("elsewhere", path), ==, 0);
    assert_error(f, "10-a.conf", "symbolic link");
}

/* What somebody names is judged by what it says, whoever it belongs to. */
static void
test_named(Fixture *f, gconstpointer unused)
{
    g_autofree char *dir = g_build_filename(f->root, POLICY_ADMIN, NULL);
    g_autofree char *path = g_build_filename(dir, "10-a.conf", NULL);
    g_autoptr(MeishiRuleFiles) files = meishi_rule_files_new();
    g_autoptr(GBytes) text = g_bytes_new_static(NONE("b"), strlen(NONE("b")));
    g_autoptr(MeishiPolicySet) set = NULL;

    policy_root_write(f->root, POLICY_ADMIN, "10-a.conf", NONE("a"));
    g_assert_cmpint(g_chmod(path, 0666), ==, 0);
    meishi_rule_files_add_dir(files, MEISHI_LAYER_ADMIN, dir);
    meishi_rule_files_add_text(files, MEISHI_LAYER_ADMIN, "b.conf", text);
    g_assert_cmpuint(meishi_rule_files_count(files), ==, 2);
    set = meishi_rule_files_merge(files, f->lints);
    g_assert_nonnull(set);
    g_assert_cmpuint(set->rules->len, ==, 2);
}

/* ---- at the start -----------------------------------------------------------------------------
 */

static MeishiPolicySet *
merge_good(Fixture *f, gboolean *ret_complete)
{
    g_autoptr(MeishiRuleFiles) files = meishi_rule_files_new_installed(f->root);

    return meishi_rule_files_merge_good(files, f->lints, ret_complete);
}

static void
test_good_all(Fixture *f, gconstpointer unused)
{
    g_autoptr(MeishiPolicySet) set = NULL;
    gboolean is_complete = FALSE;

    policy_root_write(f->root, POLICY_ADMIN, "10-a.conf", NONE("a"));
    set = merge_good(f, &is_complete);
    g_assert_true(is_complete);
    g_assert_cmpuint(set->rules->len, ==, 1);
}

static void
test_good_rest(Fixture *f, gconstpointer unused)
{
    g_autoptr(MeishiPolicySet) set = NULL;
    gboolean is_complete = TRUE;

    policy_root_write(f->root, POLICY_ADMIN, "10-a.conf", NONE("a"));
    policy_root_write(f->root, POLICY_ADMIN, "20-b.conf", BROKEN("b"));
    policy_root_write(f->root, POLICY_USER, "30-c.conf", NONE("c"));
    set = merge_good(f, &is_complete);
    g_assert_false(is_complete);
    g_assert_cmpuint(set->rules->len, ==, 2);
    g_assert_cmpuint(f->lints->len, ==, 1);
}

/* What a broken file replaced is in force again: it may be a constraint. */
static void
test_good_unmasks(Fixture *f, gconstpointer unused)
{
    g_autoptr(MeishiPolicySet) set = NULL;
    gboolean is_complete = TRUE;

    policy_root_write(f->root, POLICY_VENDOR, "10-a.conf", NONE("vendor"));
    policy_root_write(f->root, POLICY_ADMIN, "10-a.conf", BROKEN("admin"));
    set = merge_good(f, &is_complete);
    g_assert_false(is_complete);
    g_assert_cmpuint(set->rules->len, ==, 1);
}

/* A role whose rule stood in a broken file goes with it, and its file does. */
static void
test_good_follows(Fixture *f, gconstpointer unused)
{
    g_autoptr(MeishiPolicySet) set = NULL;
    gboolean is_complete = TRUE;

    policy_root_write(f->root, POLICY_ADMIN, "10-a.conf", BROKEN("vpn"));
    policy_root_write(f->root, POLICY_ADMIN, "20-b.conf", "[Role r]\nLabel=R\nRule=vpn\n");
    policy_root_write(f->root, POLICY_ADMIN, "30-c.conf", NONE("c"));
    set = merge_good(f, &is_complete);
    g_assert_false(is_complete);
    g_assert_cmpuint(set->rules->len, ==, 1);
    g_assert_cmpuint(set->roles->len, ==, 0);
}

/* ---- the text of a rule -----------------------------------------------------------------------
 */

static void
test_text(Fixture *f, gconstpointer unused)
{
    static const char text[] = "# first\n[Policy]\nVersion=1\n\n[Rule a]\r\n# why\n"
                               "Match-Host=a.example\n\nAction=none\n[Rule b]\nAction=deny\n";
    static const struct {
        guint line;
        const char *expected;
    } rows[] = {
        {2, "Version=1"}, {5, "Match-Host=a.example\nAction=none"}, {10, "Action=deny"}, {99, ""}};
    g_autoptr(MeishiRuleFiles) files = meishi_rule_files_new();
    g_autoptr(GBytes) bytes = g_bytes_new_static(text, strlen(text));
    g_autofree char *elsewhere = NULL;

    meishi_rule_files_add_text(files, MEISHI_LAYER_ADMIN, "/x/a.conf", bytes);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *got = meishi_rule_files_group_text(files, "/x/a.conf", rows[i].line);

        g_assert_cmpstr(got, ==, rows[i].expected);
    }
    elsewhere = meishi_rule_files_group_text(files, "/y/a.conf", 5);
    g_assert_cmpstr(elsewhere, ==, "");
}

#define ADD(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/rules/rule-files/none", test_none);
    ADD("/rules/rule-files/layers", test_layers);
    ADD("/rules/rule-files/mask", test_mask);
    ADD("/rules/rule-files/no-user-policy", test_no_user_policy);
    ADD("/rules/rule-files/no-user-policy/by-user", test_no_user_policy_by_user);
    ADD("/rules/rule-files/mode", test_mode);
    ADD("/rules/rule-files/mode/directory", test_directory_mode);
    if (getuid() == 0)
        ADD("/rules/rule-files/owner", test_owner);
    ADD("/rules/rule-files/problem", test_problem);
    ADD("/rules/rule-files/named", test_named);
    ADD("/rules/rule-files/good/all", test_good_all);
    ADD("/rules/rule-files/good/rest", test_good_rest);
    ADD("/rules/rule-files/good/unmasks", test_good_unmasks);
    ADD("/rules/rule-files/good/follows", test_good_follows);
    ADD("/rules/rule-files/text", test_text);
    return g_test_run();
}
