/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/prompter/words/waiting.c: how long there is, and what is said of it when.
 */
#include "daemon/prompter/words/waiting.h"

#include "tests/unit/cli/sample-question.h"

#define DEADLINE 1795219260 /* a minute past midnight */

typedef struct {
    const char *name, *kind, *changes;
    gint64 now;
    const char *text;
    gboolean is_short;
    guint next_change;
} Case;

static const Case cases[] = {
    {"long", "choose", "@a{sv} {}", DEADLINE - 60, "The program waits until 00:01.", FALSE, 41},
    {"limit", "choose", "@a{sv} {}", DEADLINE - 20, "The program waits until 00:01.", FALSE, 1},
    {"short", "choose", "@a{sv} {}", DEADLINE - 19,
     "The program waits for less than 20 seconds more.", TRUE, 0},
    {"over", "pin", "@a{sv} {}", DEADLINE + 5, "The program waits for less than 20 seconds more.",
     TRUE, 0},
    {"extended", "confirm", "{'deadline': <int64 1795219320>}", DEADLINE - 19,
     "The program waits until 00:02.", FALSE, 60},
    {"no-limit", "choose", "{'deadline': <int64 0>}", DEADLINE, "", FALSE, 0},
    {"given-up-choice", "choose", "{'awaited': <false>}", DEADLINE - 5,
     "The program does not wait any more. Your choice will be used next time.", FALSE, 0},
    {"given-up-unlock", "unlock", "{'awaited': <false>}", DEADLINE + 5,
     "The program does not wait any more. The vault can be unlocked for next time.", FALSE, 0},
    {"given-up-pin", "pin", "{'awaited': <false>}", DEADLINE, "The program does not wait any more.",
     FALSE, 0},
};

static void
test_case(gconstpointer data)
{
    const Case *one = data;
    g_autoptr(MeishiQuestion) question =
        sample_question(one->kind, "{'deadline': <int64 1795219260>}", 1);
    g_autoptr(GVariant) changes =
        g_variant_parse(G_VARIANT_TYPE_VARDICT, one->changes, NULL, NULL, NULL);
    g_autofree char *text = NULL;

    g_assert_nonnull(changes);
    meishi_question_update(question, changes);
    text = meishi_waiting_text(question, one->now);
    g_assert_cmpstr(text, ==, one->text);
    g_assert_cmpint(meishi_waiting_is_short(question, one->now), ==, one->is_short);
    g_assert_cmpuint(meishi_waiting_next_change(question, one->now), ==, one->next_change);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/prompter/waiting/%s", cases[i].name);

        g_test_add_data_func(path, &cases[i], test_case);
    }
    return g_test_run();
}
