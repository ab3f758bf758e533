/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The words of the prompter in Japanese, with the catalogue as it is installed.
 */
#include "daemon/prompter/words/chooser-view.h"

#include "tests/unit/cli/sample-question.h"
#include "tests/unit/prompter/words.h"

#include <libintl.h>
#include <locale.h>
#include <string.h>

static void
test_words(void)
{
    g_autoptr(MeishiQuestion) question = sample_question("choose", SAMPLE_CHOOSE, 1);
    g_autoptr(MeishiChooserView) view = meishi_chooser_view_new(question, SAMPLE_NOW);
    const MeishiRow *row = meishi_chooser_view_row(view, 1);

    g_assert_nonnull(strstr(view->title, "個人証明書"));
    g_assert_nonnull(strstr(view->title, "クライアント証明書"));
    assert_text(view->heading, "git.example.com:8443 が本人確認を求めています");
    assert_text(view->accepts, "「Issuing CA 3」ほか 1 件の発行者の証明書を受け入れます。");
    assert_text(view->others, "その他の証明書（1）: 期限切れ 1 件");
    assert_text(row->validity, "まもなく期限切れ: 2026年12月6日（15 日後）");
    assert_text(row->difference, "部署 Admins、番号 …4f2a");
}

/* What the daemon says is looked up as it stands. */
static void
test_alert(void)
{
    g_autoptr(MeishiQuestion) question = sample_question(
        "choose", "{'last-alert': <'the server cannot use the certificate'>, 'last-label': <'L'>}",
        1);
    g_autoptr(MeishiChooserView) view = meishi_chooser_view_new(question, SAMPLE_NOW);
    const MeishiNote *note = g_ptr_array_index(view->notes, 0);

    assert_text(note->text,
                "前回サーバーは「L」を拒否しました: サーバーはこの証明書を使えません。");
}

int
main(int argc, char **argv)
{
    const char *catalogues = g_getenv("MEISHI_LOCALE_DIR");

    g_assert_nonnull(catalogues);
    /* A locale that every machine has; the language alone chooses the catalogue. */
    g_setenv("LANGUAGE", "ja", TRUE);
    g_assert_nonnull(setlocale(LC_ALL, "C.UTF-8"));
    bindtextdomain("meishi", catalogues);
    bind_textdomain_codeset("meishi", "UTF-8");
    textdomain("meishi");
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/prompter/translated/words", test_words);
    g_test_add_func("/prompter/translated/alert", test_alert);
    return g_test_run();
}
