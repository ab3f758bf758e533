/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Findings as values, the words of shells, and the table of checks.
 */
#include "cli/doctor/judge/judges.h"

#include <string.h>

static const struct {
    const char *word, *quoted;
} words[] = {
    {"/usr/lib/x.so", "/usr/lib/x.so"},
    {"sql:/h/.pki/nssdb", "sql:/h/.pki/nssdb"},
    {"", "''"},
    {"Hana's card", "'Hana'\\''s card'"},
    {"$(reboot)", "'$(reboot)'"},
    {"~root", "'~root'"},
    {"unix:path=/run/user/1/bus", "'unix:path=/run/user/1/bus'"},
    {"a;b", "'a;b'"},
};

static void
test_quote(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        g_autofree char *quoted = meishi_finding_quote(words[i].word);

        g_assert_cmpstr(quoted, ==, words[i].quoted);
    }
}

static void
test_list(void)
{
    g_autoptr(GPtrArray) findings = meishi_finding_list_new();
    MeishiFinding *finding = meishi_finding_problem(findings, "some", "%u of %s", 2, "them");

    meishi_finding_means(finding, "%s.", "Much");
    meishi_finding_mends(finding, "%s", "first");
    meishi_finding_mends(finding, "%s", "last");
    meishi_finding_ok(findings, "other", "well");
    g_assert_cmpuint(meishi_finding_count(findings, MEISHI_FINDING_PROBLEM), ==, 1);
    g_assert_cmpuint(meishi_finding_count(findings, MEISHI_FINDING_NOTE), ==, 0);
    g_assert_cmpstr(finding->text, ==, "2 of them");
    g_assert_cmpstr(finding->meaning, ==, "Much.");
    g_assert_cmpstr(finding->command, ==, "last");
}

/* A machine of which nothing is known is no reason to crash, and each finding names its check. */
static void
test_nothing_known(void)
{
    const MeishiFacts facts = {
        .runtime = {.base = {.path = "/tmp/meishi-0"}, .dir = {.path = "/tmp/meishi-0/meishi"}},
        .daemon = {.bus = {.path = "/tmp/meishi-0/meishi/bus", .state = MEISHI_SOCKET_ABSENT}},
        .module = {.path = "/usr/lib/meishi-pkcs11.so"},
    };
    g_autoptr(GPtrArray) findings = meishi_judge_all(&facts);

    g_assert_cmpuint(findings->len, >, 0);
    for (guint i = 0; i < findings->len; i++) {
        const MeishiFinding *finding = findings->pdata[i];

        g_test_message("%s %s", finding->check, finding->text);
        g_assert_cmpstr(meishi_judge_title(finding->check), !=, finding->check);
    }
}

static void
test_names(void)
{
    for (const MeishiCheck *check = meishi_judges; check->name != NULL; check++) {
        for (const MeishiCheck *other = meishi_judges; other != check; other++)
            g_assert_cmpstr(other->name, !=, check->name);
    }
}

static void
test_kept(void)
{
    MeishiFacts *facts = meishi_facts_new();
    GArray *numbers = g_array_new(FALSE, FALSE, sizeof(guint));
    const guint number = 7;
    char *words_given[] = {(char *)"a", NULL};
    const char *const *kept;
    guint *array;
    guint n = 0;

    g_assert_null(meishi_facts_copy(facts, NULL));
    g_assert_cmpstr(meishi_facts_copy(facts, "text"), ==, "text");
    kept = meishi_facts_keep_list(facts, g_strdupv(words_given));
    g_assert_cmpstr(kept[0], ==, "a");
    g_array_append_val(numbers, number);
    array = meishi_facts_keep_array(facts, numbers, &n);
    g_assert_cmpuint(n, ==, 1);
    g_assert_cmpuint(array[0], ==, 7);
    g_assert_null(meishi_facts_keep_array(facts, g_array_new(FALSE, FALSE, 1), &n));
    g_assert_cmpuint(n, ==, 0);
    meishi_facts_free(facts);
    meishi_facts_free(NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/doctor/finding/quote", test_quote);
    g_test_add_func("/doctor/finding/list", test_list);
    g_test_add_func("/doctor/finding/kept", test_kept);
    g_test_add_func("/doctor/judges/nothing-known", test_nothing_known);
    g_test_add_func("/doctor/judges/names", test_names);
    return g_test_run();
}
