/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/prompter/words/strength.c: words that promise no more than length and variety can.
 */
#include "daemon/prompter/words/strength.h"

#include <string.h>

static void
test_judge(void)
{
    static const struct {
        const char *text;
        MeishiStrength strength;
    } cases[] = {
        {"", MEISHI_STRENGTH_NONE},
        {"a", MEISHI_STRENGTH_VERY_WEAK},
        {"password", MEISHI_STRENGTH_VERY_WEAK},
        {"1234", MEISHI_STRENGTH_VERY_WEAK},
        /* Repeating and counting on add little. */
        {"aaaaaaaaaaaaaaaaaaaaaaaa", MEISHI_STRENGTH_VERY_WEAK},
        {"abcdefghijklmnopqrstuvwx", MEISHI_STRENGTH_VERY_WEAK},
        {"87654321", MEISHI_STRENGTH_VERY_WEAK},
        {"correct horse", MEISHI_STRENGTH_WEAK},
        {"80412967", MEISHI_STRENGTH_WEAK},
        {"Tr0ub4dor", MEISHI_STRENGTH_WEAK},
        {"four words of mine", MEISHI_STRENGTH_WEAK},
        {"xK9#pL2$vQ7!", MEISHI_STRENGTH_FAIR},
        {"orbit ladle sixty moss", MEISHI_STRENGTH_FAIR},
        {"orbit ladle sixty moss tunic egg", MEISHI_STRENGTH_GOOD},
        {"名刺と鍵を守る合言葉は長いほうがよい", MEISHI_STRENGTH_WEAK},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].text);
        g_assert_cmpint(meishi_strength_judge(cases[i].text, strlen(cases[i].text)), ==,
                        cases[i].strength);
    }
}

/* More of the same kind is never worse. */
static void
test_longer_is_not_worse(void)
{
    const char *text = "orbit ladle sixty moss tunic egg";
    MeishiStrength last = MEISHI_STRENGTH_NONE;

    for (gsize len = 0; len <= strlen(text); len++) {
        MeishiStrength strength = meishi_strength_judge(text, len);

        g_assert_cmpint(strength, >=, last);
        last = strength;
    }
}

static void
test_words(void)
{
    g_assert_cmpstr(meishi_strength_text(MEISHI_STRENGTH_NONE), ==, "");
    g_assert_cmpstr(meishi_strength_text(MEISHI_STRENGTH_GOOD), ==,
                    "Hard to guess, as far as its length and variety tell.");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/prompter/strength/judge", test_judge);
    g_test_add_func("/prompter/strength/longer-is-not-worse", test_longer_is_not_worse);
    g_test_add_func("/prompter/strength/words", test_words);
    return g_test_run();
}
