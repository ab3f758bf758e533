/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/prompter/words/confirm-view.c: the words of "may this program use your key?".
 */
#include "daemon/prompter/words/confirm-view.h"
#include "daemon/prompter/words/program.h"

#include "tests/unit/cli/sample-question.h"
#include "tests/unit/prompter/words.h"

static void
test_unknown_target(void)
{
    g_autoptr(MeishiQuestion) question =
        sample_question("confirm", SAMPLE_CONFIRM ", 'each-use': <true>}", 1);
    g_autoptr(MeishiConfirmView) view = meishi_confirm_view_new(question);
    g_autofree char *detail = meishi_program_detail(question);

    assert_text(view->heading, "May org.gnome.Epiphany use your key?");
    assert_text(detail, "sandboxed, its name is certain · process 9");
    assert_text(view->key, "Hana Sato");
    assert_text(view->target, "not known: the program does not say");
    assert_text(view->note, "Whoever uses the key signs in as you.");
    g_assert_false(view->may_session);
}

static void
test_claimed_target(void)
{
    g_autoptr(MeishiQuestion) question = sample_question(
        "confirm",
        "{'host': <'a.example'>, 'port': <uint32 443>, 'deadline': <int64 1795219260>,"
        " 'label': <'L\nL'>}",
        1);
    g_autoptr(MeishiConfirmView) view = meishi_confirm_view_new(question);

    assert_text(view->heading, "May an unknown program use your key?");
    assert_text(view->target, "a.example:443 (as the program says)");
    assert_text(view->key, "L�L");
    assert_text(view->note, "Whoever uses the key signs in as you.");
    g_assert_true(view->may_session);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/prompter/confirm/unknown-target", test_unknown_target);
    g_test_add_func("/prompter/confirm/claimed-target", test_claimed_target);
    return g_test_run();
}
