/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/prompter/words/explain-view.c: what a person reads of a decision.
 */
#include "daemon/prompter/words/explain-view.h"

#include "tests/unit/cli/sample-question.h"
#include "tests/unit/prompter/words.h"

/* ---- what was decided ------------------------------------------------------------------------ */

static const WordsCase headings[] = {
    {"selected", "'result-name': <'selected'>, 'preselected': <objectpath '/i/2'>",
     "“B” goes to a.example"},
    {"selected-something", "'result-name': <'selected'>", "A certificate goes to a.example"},
    {"none", "'result-name': <'none'>", "No certificate goes to a.example"},
    {"denied", "'result-name': <'denied'>", "Policy lets no certificate go to a.example"},
    {"prompt", "'result-name': <'prompt'>", "You have to choose what a.example gets"},
    {"no-agent", "'result-name': <'no-agent'>", "Nobody could be asked what a.example gets"},
    {"new", "'result-name': <'postponed'>", "Nothing is decided for a.example"},
};

static void
test_heading(gconstpointer data)
{
    const WordsCase *one = data;
    g_autofree char *dict = g_strdup_printf(
        "{'host': <'a.example'>, %s, 'candidates': <[{'identity': <objectpath '/i/1'>, 'label': "
        "<'A'>}, {'identity': <objectpath '/i/2'>, 'label': <'B'>}]>}",
        one->given);
    g_autoptr(MeishiQuestion) question = sample_question("explain", dict, 1);
    g_autoptr(MeishiExplainView) view = meishi_explain_view_new(question, SAMPLE_NOW);

    assert_text(view->heading, one->text);
}

/* ---- why ------------------------------------------------------------------------------------- */

static void
test_whole(void)
{
    g_autoptr(MeishiQuestion) question = sample_question(
        "explain",
        "{'host': <'a.example'>, 'port': <uint32 443>, 'application': <'exe:/usr/bin/curl'>,"
        " 'application-trust': <'exe'>, 'result-name': <'none'>, 'row': <'nothing fits'>,"
        " 'rule': <'rule r (f:1)'>, 'accepts': <['CN=A', 'CN=B']>, 'n-accepts': <uint32 5>,"
        " 'last-alert': <'the server broke off the connection'>, 'n-candidates': <uint32 4>,"
        " 'candidates': <[{'label': <'Fit'>, 'kind': <'ok'>, 'issuer': <'CN=A'>,"
        " 'place': <'software'>}, {'label': <'Old'>, 'issuer': <'CN=B'>, 'kind': <'soft'>,"
        " 'code': <'EXPIRED'>, 'not-after': <int64 1772323200>}, {'label': <'No\nkey'>, 'kind': "
        "<'hard'>, 'code': <'NO_KEY'>, 'place': <'file'>}]>}",
        1);
    g_autoptr(MeishiExplainView) view = meishi_explain_view_new(question, SAMPLE_NOW);

    g_assert_cmpuint(view->identities->len, ==, 3);
    g_assert_cmpstr(view->text, ==,
                    "No certificate goes to a.example:443\n"
                    "curl, recognised by its file /usr/bin/curl\n"
                    "Because: nothing fits\n"
                    "Policy: rule r (f:1)\n"
                    "Last time: the server broke off the connection\n"
                    "Accepted issuer: CN=A\n"
                    "Accepted issuer: CN=B\n"
                    "Accepted issuer: 3 more\n"
                    "- Fit (A · this computer): Fits\n"
                    "- Old (B): Not offered: it expired on 1 March 2026\n"
                    "- No�key (this computer): Cannot be used: its private key is not here\n"
                    "and 1 more: “meishi why” shows all\n");
}

static void
test_nothing(void)
{
    g_autoptr(MeishiQuestion) question =
        sample_question("explain", "{'result-name': <'none'>, 'rule': <'none'>}", 1);
    g_autoptr(MeishiExplainView) view = meishi_explain_view_new(question, SAMPLE_NOW);

    assert_text(view->heading, "No certificate goes to the server");
    g_assert_cmpuint(view->facts->len, ==, 0);
    g_assert_cmpstr(view->rest, ==, "You have no certificate at all.");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_words_cases("/prompter/explain/", headings, G_N_ELEMENTS(headings), test_heading);
    g_test_add_func("/prompter/explain/whole", test_whole);
    g_test_add_func("/prompter/explain/nothing", test_nothing);
    return g_test_run();
}
