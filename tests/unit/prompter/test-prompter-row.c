/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/prompter/words/row.c, facets.c and reasons.c: one certificate in words.
 */
#include "daemon/prompter/words/row.h"

#include "tests/unit/cli/sample-question.h"
#include "tests/unit/prompter/words.h"

/* ---- rule 1: the label ----------------------------------------------------------------------- */

static const WordsCase labels[] = {
    {"label", "'label': <'Mine'>, 'subject': <'CN=Hana'>", "Mine"},
    {"blank", "'label': <'  '>, 'subject': <'CN=Hana,O=Corp'>", "Hana"},
    {"mail", "'subject': <'O=Corp'>, 'names': <['dns:a.example', 'email:h@example.com']>",
     "h@example.com"},
    {"upn", "'subject': <''>, 'names': <['upn:hana@corp']>", "hana@corp"},
    {"name", "'subject': <'O=Corp'>, 'names': <['dns:a.example']>", "a.example"},
    {"organisation", "'subject': <'O=Corp'>", "Corp"},
    {"serial", "'subject': <''>, 'serial': <'01a24f2a'>", "certificate …4f2a"},
    {"nothing", "'subject': <''>, 'id': <'aabbcc'>", "certificate …bbcc"},
};

static void
test_label(gconstpointer data)
{
    const WordsCase *one = data;
    g_autofree char *dict = g_strdup_printf("{'candidates': <[{%s}]>}", one->given);
    g_autoptr(MeishiQuestion) question = sample_question("choose", dict, 1);
    g_autoptr(GPtrArray) rows = meishi_row_list(question, SAMPLE_NOW);
    const MeishiRow *row = g_ptr_array_index(rows, 0);

    assert_text(row->label, one->text);
}

/* ---- rules 2 and 3 --------------------------------------------------------------------------- */

static void
test_twins(void)
{
    g_autoptr(MeishiQuestion) question = sample_question("choose", SAMPLE_CHOOSE, 1);
    g_autoptr(GPtrArray) rows = meishi_row_list(question, SAMPLE_NOW);
    const MeishiRow *first = g_ptr_array_index(rows, 0), *second = g_ptr_array_index(rows, 1);

    assert_text(first->difference, "no unit, number …a2b3");
    assert_text(second->difference, "unit Admins, number …4f2a");
    assert_text(first->place, "card “Corp card”");
    assert_text(second->place, "this computer");
    assert_text(first->validity, "valid until 2 March 2027, in 3 months");
    assert_text(second->validity, "expires soon: 6 December 2026, in 15 days");
    g_assert_false(first->is_urgent);
    g_assert_true(second->is_urgent);
    g_assert_cmpstr(first->spoken, ==,
                    "Hana Sato, from Issuing CA 3, hana@example.com, card “Corp card”, valid until "
                    "2 March 2027, in 3 months, no unit, number …a2b3");
    assert_text(first->contact, "hana@example.com");
    g_assert_cmpstr(first->icon, ==, "auth-smartcard-symbolic");
    g_assert_cmpstr(second->icon, ==, "computer-symbolic");
    g_assert_cmpstr(first->key, ==, "hana sato\nissuing ca 3");
}

static void
test_soft(void)
{
    g_autoptr(MeishiQuestion) question = sample_question("choose", SAMPLE_CHOOSE, 1);
    g_autoptr(GPtrArray) rows = meishi_row_list(question, SAMPLE_NOW);
    const MeishiRow *row = g_ptr_array_index(rows, 2);

    g_assert_true(row->is_soft && row->is_urgent && row->is_usable && row->is_expired);
    assert_text(row->difference, "");
    assert_text(row->validity, "expired on 1 March 2026, 8 months ago");
    assert_text(row->reason, "it expired on 1 March 2026");
}

static const WordsCase reasons[] = {
    {"early", "'code': <'NOT_YET_VALID'>, 'not-before': <int64 1796515200>",
     "it is valid only from 6 December 2026"},
    {"issuer", "'code': <'CA_MISMATCH'>", "its issuer is not among those that the server accepts"},
    {"unknown", "'code': <'NEW_ONE'>, 'reason': <'a\nnew reason'>", "a�new reason"},
};

static void
test_reason(gconstpointer data)
{
    const WordsCase *one = data;
    g_autofree char *dict =
        g_strdup_printf("{'candidates': <[{'kind': <'soft'>, %s}]>}", one->given);
    g_autoptr(MeishiQuestion) question = sample_question("choose", dict, 1);
    g_autoptr(GPtrArray) rows = meishi_row_list(question, SAMPLE_NOW);
    const MeishiRow *row = g_ptr_array_index(rows, 0);

    assert_text(row->reason, one->text);
}

static const WordsCase histories[] = {
    {"never", "'accepted-here': <uint32 0>", ""},
    {"once", "'accepted-here': <uint32 1>, 'last-accepted': <int64 1795132800>",
     "used here once, yesterday"},
    {"often", "'accepted-here': <uint32 12>, 'last-accepted': <int64 1795219200>",
     "used here 12 times, last today"},
    {"undated", "'accepted-here': <uint32 1>", "used here once"},
};

static void
test_history(gconstpointer data)
{
    const WordsCase *one = data;
    g_autofree char *dict = g_strdup_printf("{'candidates': <[{%s}]>}", one->given);
    g_autoptr(MeishiQuestion) question = sample_question("choose", dict, 1);
    g_autoptr(GPtrArray) rows = meishi_row_list(question, SAMPLE_NOW);
    const MeishiRow *row = g_ptr_array_index(rows, 0);

    assert_text(row->history, one->text);
}

static void
test_absent(void)
{
    g_autoptr(MeishiQuestion) question =
        sample_question("choose",
                        "{'candidates': <[{'kind': <'soft'>, 'code': <'TOKEN_ABSENT'>,"
                        " 'place': <'card “Corp”'>}]>}",
                        1);
    g_autoptr(GPtrArray) rows = meishi_row_list(question, SAMPLE_NOW);
    const MeishiRow *row = g_ptr_array_index(rows, 0);

    g_assert_false(row->is_usable);
    assert_text(row->validity, "valid without end");
    assert_text(row->place, "card “Corp”, not inserted");
    assert_text(row->reason, "its card or token is not inserted");
}

/* Nothing is said twice. */
static void
test_called_by_address(void)
{
    g_autoptr(MeishiQuestion) question = sample_question(
        "choose",
        "{'candidates': <[{'label': <'h@a.example'>, 'names': <['email:h@a.example']>,"
        " 'place': <'abacus'>}]>}",
        1);
    g_autoptr(GPtrArray) rows = meishi_row_list(question, SAMPLE_NOW);
    const MeishiRow *row = g_ptr_array_index(rows, 0);

    assert_text(row->label, "h@a.example");
    assert_text(row->contact, "");
    assert_text(row->place, "abacus");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_words_cases("/prompter/row/label/", labels, G_N_ELEMENTS(labels), test_label);
    add_words_cases("/prompter/row/reason/", reasons, G_N_ELEMENTS(reasons), test_reason);
    add_words_cases("/prompter/row/history/", histories, G_N_ELEMENTS(histories), test_history);
    g_test_add_func("/prompter/row/twins", test_twins);
    g_test_add_func("/prompter/row/soft", test_soft);
    g_test_add_func("/prompter/row/absent", test_absent);
    g_test_add_func("/prompter/row/called-by-address", test_called_by_address);
    return g_test_run();
}
