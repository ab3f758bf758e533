/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/permit-text.c: what a person sees who is asked for leave or for a secret.
 */
#include "cli/permit-text.h"

#include "tests/unit/cli/sample-question.h"

#include <string.h>

static const MeishiQuestionLayout wide = {.columns = 100, .now = SAMPLE_NOW};
static const MeishiQuestionLayout plain = {.columns = 0, .now = SAMPLE_NOW};

static void
test_confirm(void)
{
    g_autoptr(MeishiQuestion) question =
        sample_question("confirm", SAMPLE_CONFIRM ", 'each-use': <false>}", 1);
    g_autoptr(MeishiQuestion) strict =
        sample_question("confirm", SAMPLE_CONFIRM ", 'each-use': <true>}", 1);
    g_autofree char *text = meishi_permit_text_open(question, &wide);
    g_autofree char *each = meishi_permit_text_open(strict, &wide);
    g_autofree char *lines = meishi_permit_text_open(question, &plain);

    g_assert_cmpstr(text, ==,
                    "May this program use “Hana Sato”?\n"
                    "  program: org.gnome.Epiphany, sandboxed, pid 9\n"
                    "  for: a server that the program does not name\n"
                    "  y) yes, once    s) for this session    n) no    q) not now\n");
    g_assert_null(strstr(each, "session"));
    g_assert_nonnull(
        strstr(lines, "\n  y) yes, once\n  s) for this session\n  n) no\n  q) not now\n"));
}

static void
test_unlock(void)
{
    g_autoptr(MeishiQuestion) question =
        sample_question("unlock", SAMPLE_CONFIRM ", 'wrong': <false>}", 1);
    g_autoptr(MeishiQuestion) wrong =
        sample_question("unlock", SAMPLE_CONFIRM ", 'wrong': <true>, 'tries-left': <uint32 1>}", 1);
    g_autofree char *text = meishi_permit_text_open(question, &wide);
    g_autofree char *again = meishi_permit_text_open(wrong, &wide);
    g_autofree char *whole =
        g_strconcat("That passphrase does not open the vault; 1 try is left.\n", text, NULL);

    g_assert_cmpstr(text, ==,
                    "The vault is locked, and this program needs a key.\n"
                    "  program: org.gnome.Epiphany, sandboxed, pid 9\n"
                    "  for: a server that the program does not name\n"
                    "  Enter alone: not now\n");
    g_assert_cmpstr(again, ==, whole);
}

static void
assert_pin(const char *facts, const char *text, const char *prompt)
{
    g_autofree char *dict =
        g_strdup_printf("{'application': <'exe:/usr/bin/curl'>, 'pid': <uint32 9>,"
                        " 'host': <'a.example'>, 'port': <uint32 443>, %s}",
                        facts);
    g_autoptr(MeishiQuestion) question = sample_question("pin", dict, 1);
    g_autofree char *open = meishi_permit_text_open(question, &wide);
    g_autofree char *asked = meishi_permit_text_prompt(question);

    g_assert_cmpstr(open, ==, text);
    g_assert_cmpstr(asked, ==, prompt);
}

#define CALLER "  program: curl, pid 9, /usr/bin/curl\n  for: a.example:443\n"

static void
test_pin(void)
{
    assert_pin("'token': <'Corp card'>, 'reader': <'Reader 0'>, 'label': <'Hana'>",
               "This program needs the PIN of “Corp card”.\n" CALLER
               "  key: Hana\n  reader: Reader 0\n  Enter alone: not now\n",
               "PIN of “Corp card”: ");
    assert_pin("'token': <'C'>, 'wrong': <true>, 'tries': <'few'>, 'each-use': <true>",
               "That PIN is wrong.\n"
               "Few tries are left: it blocks itself after too many wrong PINs.\n"
               "This program needs the PIN of “C”, as for each use of the key.\n" CALLER
               "  Enter alone: not now\n",
               "PIN of “C”: ");
    assert_pin("'wrong': <true>, 'tries': <'last'>",
               "That PIN is wrong.\n"
               "This is the last try: one more wrong PIN, and it blocks itself.\n"
               "This program needs the PIN of the token.\n" CALLER "  Enter alone: not now\n",
               "PIN of the token: ");
    assert_pin("'token': <'C'>, 'pad': <true>, 'tries': <'enough'>",
               "This program needs the PIN of “C”.\n" CALLER
               "Type it at the reader; this goes on by itself.\n  q) not now\n",
               "Waiting for the reader: ");
    assert_pin("'token': <'C'>, 'pad': <true>, 'tries': <'last'>",
               "This is the last try: one more wrong PIN, and it blocks itself.\n"
               "This program needs the PIN of “C”.\n" CALLER
               "It is typed at the reader then.\n  Enter alone: not now\n",
               "Waiting for the reader: ");
    assert_pin("'token': <'C'>, 'pad': <true>, 'tries': <'last'>, 'trying': <true>",
               "This is the last try: one more wrong PIN, and it blocks itself.\n"
               "This program needs the PIN of “C”.\n" CALLER
               "Type it at the reader; this goes on by itself.\n  q) not now\n",
               "Waiting for the reader: ");
    assert_pin("'token': <'\\u001b[2J'>, 'reader': <'\\u202e'>",
               "This program needs the PIN of “\\u001B[2J”.\n" CALLER
               "  reader: \\u202E\n  Enter alone: not now\n",
               "PIN of “\\u001B[2J”: ");
}

static void
test_pin_length(void)
{
    static const struct {
        const char *dict;
        gsize len;
        const char *problem;
    } rows[] = {
        {"{'min-length': <uint32 4>, 'max-length': <uint32 8>}", 3, "at least 4 characters"},
        {"{'min-length': <uint32 4>, 'max-length': <uint32 8>}", 4, NULL},
        {"{'min-length': <uint32 4>, 'max-length': <uint32 8>}", 8, NULL},
        {"{'min-length': <uint32 4>, 'max-length': <uint32 8>}", 9, "at most 8 characters"},
        {"@a{sv} {}", 1, NULL},
        {"@a{sv} {}", 4096, NULL},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(MeishiQuestion) question = sample_question("pin", rows[i].dict, 1);
        g_autofree char *problem = meishi_permit_text_check_pin(question, rows[i].len);

        g_assert_true((problem == NULL) == (rows[i].problem == NULL));
        g_assert_true(problem == NULL || strstr(problem, rows[i].problem) != NULL);
    }
}

int
main(int argc, char **argv)
{
    g_setenv("TZ", "UTC", TRUE);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/permit-text/confirm", test_confirm);
    g_test_add_func("/cli/permit-text/unlock", test_unlock);
    g_test_add_func("/cli/permit-text/pin", test_pin);
    g_test_add_func("/cli/permit-text/pin-length", test_pin_length);
    return g_test_run();
}
