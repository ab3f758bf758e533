/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/token/turns.c: whose turn it is.
 */
#include "daemon/token/turns.h"

#include <string.h>

/* Items are letters; small ones are of one program, capital ones of another, digits of a third. */
static gconstpointer
who(char item)
{
    static const char programs[3];

    return &programs[g_ascii_islower(item) ? 0 : g_ascii_isupper(item) ? 1 : 2];
}

static void
add(MeishiTurns *turns, const char *items)
{
    for (; *items != '\0'; items++)
        meishi_turns_add(turns, who(*items), GINT_TO_POINTER(*items));
}

static char *
take_all(MeishiTurns *turns)
{
    GString *text = g_string_new(NULL);
    gpointer item;

    while ((item = meishi_turns_take(turns)) != NULL)
        g_string_append_c(text, (char)GPOINTER_TO_INT(item));
    return g_string_free(text, FALSE);
}

static void
test_order(void)
{
    static const struct {
        const char *added, *taken;
    } rows[] = {
        {"", ""},
        {"abc", "abc"},
        {"abcA", "aAbc"},
        {"abcABC", "aAbBcC"},
        {"abcdefA1", "aA1bcdef"},
        {"1abA", "1aAb"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(MeishiTurns) turns = meishi_turns_new();
        g_autofree char *taken = NULL;

        add(turns, rows[i].added);
        g_assert_cmpuint(meishi_turns_count(turns), ==, strlen(rows[i].added));
        taken = take_all(turns);
        g_assert_cmpstr(taken, ==, rows[i].taken);
        g_assert_cmpuint(meishi_turns_count(turns), ==, 0);
    }
}

/* Who was served goes to the end, and newcomers come before their next item. */
static void
test_newcomer(void)
{
    g_autoptr(MeishiTurns) turns = meishi_turns_new();
    g_autofree char *rest = NULL;

    add(turns, "abcd");
    g_assert_cmpint(GPOINTER_TO_INT(meishi_turns_take(turns)), ==, 'a');
    add(turns, "A");
    g_assert_cmpint(GPOINTER_TO_INT(meishi_turns_take(turns)), ==, 'b');
    rest = take_all(turns);
    g_assert_cmpstr(rest, ==, "Acd");
}

static void
test_remove(void)
{
    g_autoptr(MeishiTurns) turns = meishi_turns_new();
    g_autofree char *rest = NULL;

    add(turns, "abA");
    g_assert_true(meishi_turns_remove(turns, GINT_TO_POINTER('a')));
    g_assert_true(meishi_turns_remove(turns, GINT_TO_POINTER('A')));
    g_assert_false(meishi_turns_remove(turns, GINT_TO_POINTER('A')));
    g_assert_cmpuint(meishi_turns_count(turns), ==, 1);
    rest = take_all(turns);
    g_assert_cmpstr(rest, ==, "b");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/token/turns/order", test_order);
    g_test_add_func("/token/turns/newcomer", test_newcomer);
    g_test_add_func("/token/turns/remove", test_remove);
    return g_test_run();
}
