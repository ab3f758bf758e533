/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/agent/rulebook.c: what is in force, and when it changes.
 */
#include "daemon/agent/rulebook.h"

#include "daemon/base/error.h"
#include "tests/lib/policy-root.h"

#include <string.h>
#include <unistd.h>

#define NONE(name) "[Rule " name "]\nMatch-Host=" name ".example\nAction=none\n"
#define BROKEN     "# secret.example\n[Rule x]\nMatch-Host=secret.example\nAction=perhaps\n"

typedef struct {
    char *root;
    MeishiRulebook *book;
    guint n_reloaded;
} Fixture;

static void
on_reloaded(MeishiRulebook *book, gpointer user_data)
{
    Fixture *f = user_data;

    f->n_reloaded++;
}

static void
set_up(Fixture *f, gconstpointer unused)
{
    f->root = policy_root_new();
    meishi_rulebook_set_root(f->root);
}

static void
start(Fixture *f)
{
    f->book = meishi_rulebook_new();
    g_signal_connect(f->book, "reloaded", G_CALLBACK(on_reloaded), f);
}

static void
tear_down(Fixture *f, gconstpointer unused)
{
    g_clear_object(&f->book);
    policy_root_free(f->root);
}

/* Turns the loop until @generation is in force. */
static void
wait_for(Fixture *f, guint64 generation)
{
    gint64 end = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;

    while (meishi_rulebook_generation(f->book) < generation) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        g_main_context_iteration(NULL, TRUE);
    }
    g_assert_cmpuint(meishi_rulebook_generation(f->book), ==, generation);
}

static void
wait_for_failure(Fixture *f)
{
    gint64 end = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;

    while (!meishi_rulebook_failed(f->book)) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        g_main_context_iteration(NULL, TRUE);
    }
}

static void
assert_rules(Fixture *f, const char *names)
{
    const MeishiPolicySet *set = meishi_rulebook_set(f->book);
    g_autoptr(GString) got = g_string_new(NULL);

    for (guint i = 0; i < set->rules->len; i++) {
        const MeishiRule *rule = g_ptr_array_index(set->rules, i);

        g_string_append_printf(got, "%s%s", got->len > 0 ? " " : "", rule->name);
    }
    g_assert_cmpstr(got->str, ==, names);
}

static void
test_empty(Fixture *f, gconstpointer unused)
{
    start(f);
    assert_rules(f, "");
    g_assert_cmpuint(meishi_rulebook_generation(f->book), ==, 1);
    g_assert_false(meishi_rulebook_failed(f->book));
    g_assert_cmpuint(meishi_rulebook_lints(f->book)->len, ==, 0);
}

static void
test_start(Fixture *f, gconstpointer unused)
{
    const MeishiRule *rule;
    g_autofree char *text = NULL;

    policy_root_write(f->root, POLICY_ADMIN, "10-a.conf", NONE("a"));
    start(f);
    assert_rules(f, "a");
    rule = g_ptr_array_index(meishi_rulebook_set(f->book)->rules, 0);
    text = meishi_rulebook_text(f->book, rule->file, rule->line);
    g_assert_cmpstr(text, ==, "Match-Host=a.example\nAction=none");
}

/* No policy at all would be the laxest of all. */
static void
test_start_broken(Fixture *f, gconstpointer unused)
{
    g_autofree char *text = NULL;

    policy_root_write(f->root, POLICY_ADMIN, "10-a.conf", NONE("a"));
    policy_root_write(f->root, POLICY_ADMIN, "20-x.conf", BROKEN);
    start(f);
    assert_rules(f, "a");
    g_assert_true(meishi_rulebook_failed(f->book));
    g_assert_cmpuint(meishi_rulebook_lints(f->book)->len, ==, 1);
    text = meishi_lint_to_text(g_ptr_array_index(meishi_rulebook_lints(f->book), 0));
    g_assert_nonnull(strstr(text, "20-x.conf:4: error: [Rule x] Action: "));
    g_assert_null(strstr(text, "secret.example"));
}

static void
test_reload(Fixture *f, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;

    start(f);
    policy_root_write(f->root, POLICY_USER, "10-a.conf", NONE("a"));
    g_assert_true(meishi_rulebook_reload(f->book, &error));
    assert_rules(f, "a");
    g_assert_cmpuint(meishi_rulebook_generation(f->book), ==, 2);
    g_assert_cmpuint(f->n_reloaded, ==, 1);
}

static void
test_reload_broken(Fixture *f, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;

    policy_root_write(f->root, POLICY_ADMIN, "10-a.conf", NONE("a"));
    start(f);
    policy_root_write(f->root, POLICY_ADMIN, "10-a.conf", NONE("b"));
    policy_root_write(f->root, POLICY_ADMIN, "20-x.conf", BROKEN);
    g_assert_false(meishi_rulebook_reload(f->book, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE);
    g_assert_nonnull(strstr(error->message, "20-x.conf:4: error: "));
    assert_rules(f, "a");
    g_assert_cmpuint(meishi_rulebook_generation(f->book), ==, 1);
    g_assert_true(meishi_rulebook_failed(f->book));
    g_assert_cmpuint(f->n_reloaded, ==, 1);
}

/* The rule is shown as it is in force, whatever its file says by now. */
static void
test_text_of_old(Fixture *f, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    const MeishiRule *rule;
    g_autofree char *text = NULL;

    policy_root_write(f->root, POLICY_ADMIN, "10-a.conf", NONE("a"));
    start(f);
    policy_root_write(f->root, POLICY_ADMIN, "10-a.conf", BROKEN);
    g_assert_false(meishi_rulebook_reload(f->book, &error));
    rule = g_ptr_array_index(meishi_rulebook_set(f->book)->rules, 0);
    text = meishi_rulebook_text(f->book, rule->file, rule->line);
    g_assert_cmpstr(text, ==, "Match-Host=a.example\nAction=none");
}

/* The directories appear, fill, empty and go, one after the other, in the running daemon. */
static void
test_watch(Fixture *f, gconstpointer unused)
{
    g_autofree char *dir = g_build_filename(f->root, "etc", NULL);
    g_autofree char *away = g_build_filename(f->root, "etc.old", NULL);

    start(f);
    policy_root_write(f->root, POLICY_ADMIN, "10-a.conf", NONE("a"));
    wait_for(f, 2);
    assert_rules(f, "a");
    policy_root_write(f->root, POLICY_ADMIN, "10-a.conf", NONE("b"));
    wait_for(f, 3);
    assert_rules(f, "b");
    policy_root_write(f->root, POLICY_ADMIN, "20-c.conf", NONE("c"));
    policy_root_write(f->root, POLICY_USER, "30-d.conf", NONE("d"));
    wait_for(f, 4);
    assert_rules(f, "b c d");
    policy_root_remove(f->root, POLICY_ADMIN, "10-a.conf");
    wait_for(f, 5);
    assert_rules(f, "c d");
    g_assert_cmpint(g_rename(dir, away), ==, 0);
    wait_for(f, 6);
    assert_rules(f, "d");
    g_assert_cmpint(g_rename(away, dir), ==, 0);
    wait_for(f, 7);
    assert_rules(f, "c d");
}

static void
test_watch_broken(Fixture *f, gconstpointer unused)
{
    policy_root_write(f->root, POLICY_ADMIN, "10-a.conf", NONE("a"));
    start(f);
    policy_root_write(f->root, POLICY_ADMIN, "20-x.conf", BROKEN);
    wait_for_failure(f);
    assert_rules(f, "a");
    policy_root_remove(f->root, POLICY_ADMIN, "20-x.conf");
    wait_for(f, 2);
    g_assert_false(meishi_rulebook_failed(f->book));
}

/* Others can write to the directory from now on: nothing in it changed, but it is not trusted. */
static void
test_watch_mode(Fixture *f, gconstpointer unused)
{
    g_autofree char *dir = g_build_filename(f->root, POLICY_ADMIN, NULL);

    policy_root_write(f->root, POLICY_ADMIN, "10-a.conf", NONE("a"));
    start(f);
    g_assert_cmpint(g_chmod(dir, 0777), ==, 0);
    wait_for_failure(f);
    assert_rules(f, "a");
}

/* Many changes at once are one reload; files of other kinds are none. */
static void
test_settle(Fixture *f, gconstpointer unused)
{
    gint64 end = g_get_monotonic_time() + 1200 * 1000;

    policy_root_mkdir(f->root, POLICY_ADMIN);
    start(f);
    for (guint i = 0; i < 50; i++) {
        g_autofree char *name = g_strdup_printf("%02u.conf", i);

        policy_root_write(f->root, POLICY_ADMIN, name, "");
        while (g_main_context_iteration(NULL, FALSE))
            ;
    }
    while (g_get_monotonic_time() < end) {
        g_autofree char *name = g_strdup_printf(".%" G_GINT64_FORMAT ".swp", end);

        policy_root_write(f->root, POLICY_ADMIN, name, "");
        g_main_context_iteration(NULL, FALSE);
        g_usleep(10000);
    }
    g_assert_cmpuint(meishi_rulebook_generation(f->book), ==, 2);
    g_assert_cmpuint(f->n_reloaded, ==, 1);
}

/* Whoever writes without a pause does not keep the rules of others out of force for ever. */
static void
test_never_settles(Fixture *f, gconstpointer unused)
{
    gint64 end = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;

    policy_root_mkdir(f->root, POLICY_USER);
    start(f);
    while (meishi_rulebook_generation(f->book) == 1) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        policy_root_write(f->root, POLICY_USER, "10-a.conf", "");
        g_main_context_iteration(NULL, FALSE);
        g_usleep(50000);
    }
}

#define ADD(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/agent/rulebook/empty", test_empty);
    ADD("/agent/rulebook/start", test_start);
    ADD("/agent/rulebook/start/broken", test_start_broken);
    ADD("/agent/rulebook/reload", test_reload);
    ADD("/agent/rulebook/reload/broken", test_reload_broken);
    ADD("/agent/rulebook/text-of-old", test_text_of_old);
    ADD("/agent/rulebook/watch", test_watch);
    ADD("/agent/rulebook/watch/broken", test_watch_broken);
    ADD("/agent/rulebook/watch/mode", test_watch_mode);
    ADD("/agent/rulebook/settle", test_settle);
    ADD("/agent/rulebook/never-settles", test_never_settles);
    return g_test_run();
}
