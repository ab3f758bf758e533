/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/typed-line.c: keys, and the line that is made of them.
 */
#include "cli/typed-line.h"

#include <string.h>

#define ERASE "\177"
#define WORD  "\027"
#define KILL  "\025"
#define NEXT  "\026"
#define END   "\004"

static struct termios
sample_modes(gboolean is_utf8)
{
    struct termios modes = {.c_iflag = is_utf8 ? IUTF8 : 0};

    modes.c_cc[VERASE] = 0177;
    modes.c_cc[VWERASE] = 027;
    modes.c_cc[VKILL] = 025;
    modes.c_cc[VLNEXT] = 026;
    modes.c_cc[VEOF] = 004;
    return modes;
}

/* As read(2) would give them, @at_once at a time. */
static MeishiTypedLineState
type(MeishiTypedLine *line, const char *keys, gsize len, gsize at_once)
{
    MeishiTypedLineState state = MEISHI_TYPED_LINE_OPEN;

    while (len > 0 && state == MEISHI_TYPED_LINE_OPEN) {
        gsize room_len;
        guint8 *room = meishi_typed_line_room(line, &room_len);
        gsize n = MIN(MIN(len, at_once), room_len);

        memcpy(room, keys, n);
        state = meishi_typed_line_take(line, n);
        keys += n;
        len -= n;
    }
    return state;
}

static void
test_editing(void)
{
    static const struct {
        const char *keys, *line;
        MeishiTypedLineState state;
    } rows[] = {
        {"abc\n", "abc", MEISHI_TYPED_LINE_DONE},
        {"abc\r", "abc", MEISHI_TYPED_LINE_DONE},
        {"abc", "abc", MEISHI_TYPED_LINE_OPEN},
        {"\n", "", MEISHI_TYPED_LINE_DONE},
        {END, "", MEISHI_TYPED_LINE_END},
        {"a" END, "a", MEISHI_TYPED_LINE_DONE},
        {"a" ERASE END, "", MEISHI_TYPED_LINE_END},
        {"abx" ERASE "c\n", "abc", MEISHI_TYPED_LINE_DONE},
        {"abx\bc\n", "abc", MEISHI_TYPED_LINE_DONE},
        {ERASE ERASE "a\n", "a", MEISHI_TYPED_LINE_DONE},
        {"a\303\274" ERASE "b\n", "ab", MEISHI_TYPED_LINE_DONE},
        {"\200\200" ERASE "b\n", "b", MEISHI_TYPED_LINE_DONE},
        {"one two  " WORD "three\n", "one three", MEISHI_TYPED_LINE_DONE},
        {WORD "a\n", "a", MEISHI_TYPED_LINE_DONE},
        {"  " WORD "a\n", "a", MEISHI_TYPED_LINE_DONE},
        {"all of it" KILL "new\n", "new", MEISHI_TYPED_LINE_DONE},
        {"a" NEXT ERASE "b\n", "a\177b", MEISHI_TYPED_LINE_DONE},
        {"a" NEXT NEXT "b\n", "a\026b", MEISHI_TYPED_LINE_DONE},
        {"a" NEXT "\n", "a", MEISHI_TYPED_LINE_DONE},
        {"a" NEXT END "\n", "a\004", MEISHI_TYPED_LINE_DONE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        for (gsize at_once = 1; at_once <= 64; at_once *= 8) {
            struct termios modes = sample_modes(TRUE);
            g_autoptr(MeishiTypedLine) line = meishi_typed_line_new(&modes);
            const char *keys = rows[i].keys;
            MeishiTypedLineState state = type(line, keys, strlen(keys), at_once);
            g_autoptr(MeishiSecret) typed = meishi_typed_line_steal(line);

            g_assert_cmpint(state, ==, rows[i].state);
            g_assert_cmpmem(meishi_secret_data(typed), meishi_secret_len(typed), rows[i].line,
                            strlen(rows[i].line));
        }
    }
}

/* A terminal of bytes erases bytes; keys that are switched off are letters; a zero is nothing. */
static void
test_terminals(void)
{
    struct termios bytes = sample_modes(FALSE), disabled = {0};
    g_autoptr(MeishiTypedLine) line = meishi_typed_line_new(&bytes);
    g_autoptr(MeishiTypedLine) other = meishi_typed_line_new(&disabled);
    g_autoptr(MeishiSecret) typed = NULL;
    g_autoptr(MeishiSecret) letters = NULL;

    g_assert_cmpint(type(line, "a\303\274" ERASE "\n", 5, 5), ==, MEISHI_TYPED_LINE_DONE);
    typed = meishi_typed_line_steal(line);
    g_assert_cmpmem(meishi_secret_data(typed), meishi_secret_len(typed), "a\303", 2);
    g_assert_cmpint(type(other, "a\0" END KILL WORD "b\n", 7, 7), ==, MEISHI_TYPED_LINE_DONE);
    letters = meishi_typed_line_steal(other);
    g_assert_cmpmem(meishi_secret_data(letters), meishi_secret_len(letters), "a\004\025\027b", 5);
}

static void
test_length(void)
{
    struct termios modes = sample_modes(TRUE);
    g_autoptr(MeishiTypedLine) line = meishi_typed_line_new(&modes);
    g_autofree char *most = g_strnfill(MEISHI_TYPED_LINE_MAX, 'x');
    g_autoptr(MeishiSecret) typed = NULL;

    g_assert_cmpint(type(line, most, strlen(most), 100), ==, MEISHI_TYPED_LINE_OPEN);
    g_assert_cmpint(type(line, "\n", 1, 1), ==, MEISHI_TYPED_LINE_DONE);
    typed = meishi_typed_line_steal(line);
    g_assert_cmpuint(meishi_secret_len(typed), ==, MEISHI_TYPED_LINE_MAX);
    g_assert_cmpint(type(line, most, strlen(most), 256), ==, MEISHI_TYPED_LINE_OPEN);
    g_assert_cmpint(type(line, "xy\n", 3, 3), ==, MEISHI_TYPED_LINE_TOO_LONG);
    meishi_typed_line_clear(line);
    g_assert_cmpint(type(line, "a\n", 2, 2), ==, MEISHI_TYPED_LINE_DONE);
}

/* What was erased, or typed after the end, is not there any more. */
static void
test_wiped(void)
{
    struct termios modes = sample_modes(TRUE);
    g_autoptr(MeishiTypedLine) line = meishi_typed_line_new(&modes);
    gsize len;
    const guint8 *room;

    g_assert_cmpint(type(line, "secret" KILL "\nmore", 12, 12), ==, MEISHI_TYPED_LINE_DONE);
    room = meishi_typed_line_room(line, &len);
    for (gsize i = 0; i < len; i++)
        g_assert_cmpuint(room[i], ==, 0);
    for (gsize i = 1; i <= MEISHI_TYPED_LINE_MAX; i++)
        g_assert_cmpuint(*(room - i), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/typed-line/editing", test_editing);
    g_test_add_func("/cli/typed-line/terminals", test_terminals);
    g_test_add_func("/cli/typed-line/length", test_length);
    g_test_add_func("/cli/typed-line/wiped", test_wiped);
    return g_test_run();
}
