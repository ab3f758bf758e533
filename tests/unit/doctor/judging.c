/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Holds every case to more than it says: what is no problem is no reason to worry, and a problem
 * tells what it means.
 */
#include "tests/unit/doctor/judging.h"

static void
describe(GString *text, const MeishiFinding *finding)
{
    g_string_append_printf(text, "%s%s %s", text->len > 0 ? "\n" : "",
                           meishi_finding_level_name(finding->level), finding->code);
    if (finding->command != NULL)
        g_string_append_printf(text, ": %s", finding->command);
}

static void
check_finding(const MeishiFinding *finding)
{
    g_test_message("%s: %s | %s | %s", meishi_finding_level_name(finding->level), finding->text,
                   finding->meaning != NULL ? finding->meaning : "-",
                   finding->command != NULL ? finding->command : "-");
    g_assert_cmpstr(finding->text, !=, "");
    g_assert_false(g_str_has_suffix(finding->text, "."));
    if (finding->level == MEISHI_FINDING_PROBLEM)
        g_assert_nonnull(finding->meaning);
    if (finding->meaning != NULL)
        g_assert_true(g_str_has_suffix(finding->meaning, "."));
    if (finding->level == MEISHI_FINDING_OK)
        g_assert_null(finding->command);
}

static void
check_case(gconstpointer data)
{
    const JudgingCase *it = data;
    g_autoptr(GPtrArray) findings = meishi_finding_list_new();
    g_autoptr(GString) text = g_string_new(NULL);

    it->judge(&it->facts, findings);
    for (guint i = 0; i < findings->len; i++) {
        check_finding(findings->pdata[i]);
        describe(text, findings->pdata[i]);
    }
    g_assert_cmpstr(text->str, ==, it->said);
}

void
judging_add(const JudgingCase *cases, gsize n_cases)
{
    for (gsize i = 0; i < n_cases; i++) {
        g_autofree char *path = g_strconcat("/doctor/", cases[i].name, NULL);

        g_test_add_data_func(path, &cases[i], check_case);
    }
}
