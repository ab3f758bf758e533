/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/pinentry-script.c: what a pinentry is told.
 */
#include "cli/pinentry-script.h"

#include "tests/unit/cli/sample-question.h"

#include <string.h>

static const MeishiPinentryPlace place = {
    .tty = "/dev/tty", .tty_type = "xterm", .lc_ctype = "C.UTF-8", .lc_messages = "C"};

static char *
script_of(const char *kind, const char *dict, const char *problem)
{
    g_autoptr(MeishiQuestion) question = sample_question(kind, dict, 1);
    g_auto(GStrv) lines = meishi_pinentry_script_new(question, &place, problem, SAMPLE_NOW);

    return g_strjoinv("\n", lines);
}

static void
test_pin(void)
{
    g_autofree char *script =
        script_of("pin",
                  "{'application': <'exe:/usr/bin/curl'>, 'host': <'a.example'>,"
                  " 'token': <'100 %'>, 'wrong': <true>, 'deadline': <int64 1795219260>}",
                  NULL);

    g_assert_cmpstr(script, ==,
                    "OPTION ttyname=/dev/tty\n"
                    "OPTION ttytype=xterm\n"
                    "OPTION lc-ctype=C.UTF-8\n"
                    "OPTION lc-messages=C\n"
                    "SETTITLE Meishi\n"
                    "SETDESC This program needs the PIN of “100 %25”.%0A"
                    "  program: curl, /usr/bin/curl%0A  for: a.example\n"
                    "SETERROR That PIN is wrong.\n"
                    "SETPROMPT PIN:\n"
                    "SETCANCEL Not now\n"
                    "SETTIMEOUT 60");
}

static void
test_confirm(void)
{
    g_autofree char *script = script_of("confirm", SAMPLE_CONFIRM "}", NULL);

    g_assert_nonnull(strstr(script, "\nSETDESC May this program use “Hana Sato”?%0A"));
    g_assert_nonnull(strstr(script, "\nSETOK Allow once\nSETNOTOK Deny\nSETCANCEL Not now"));
    g_assert_nonnull(strstr(script, "\nOPTION owner=9/"));
    g_assert_null(strstr(script, "SETTIMEOUT"));
    g_assert_null(strstr(script, "SETERROR"));
}

static void
test_problem(void)
{
    g_autofree char *script =
        script_of("unlock", "{'wrong': <true>, 'tries-left': <uint32 2>}", "Too short.\n");

    g_assert_nonnull(strstr(script, "\nSETERROR Too short.\n"));
    g_assert_nonnull(strstr(script, "\nSETPROMPT Passphrase:\n"));
}

/* No command of a stranger's, and no line that Assuan would not take. */
static void
test_hostile(void)
{
    g_autofree char *much = g_strnfill(3000, '%');
    g_autofree char *dict = g_strdup_printf(
        "{'application': <'exe:/tmp/\\nGETPIN\\r%s'>, 'claimed-application': <'%s'>,"
        " 'host': <'a\\nCONFIRM'>, 'token': <'%s'>, 'label': <'%s'>, 'reader': <'%s'>,"
        " 'deadline': <int64 9223372036854775807>}",
        much, much, much, much, much);
    g_autoptr(MeishiQuestion) question = sample_question("pin", dict, 1);
    MeishiPinentryPlace odd = {.tty = "/dev/tty\nGETPIN", .tty_type = much, .lc_ctype = ""};
    g_auto(GStrv) lines = meishi_pinentry_script_new(question, &odd, much, SAMPLE_NOW);
    gboolean is_described = FALSE;

    for (char **line = lines; *line != NULL; line++) {
        g_assert_cmpuint(strlen(*line), <, 1000);
        g_assert_null(strpbrk(*line, "\r\n"));
        g_assert_true(g_utf8_validate(*line, -1, NULL));
        g_assert_false(g_str_has_prefix(*line, "OPTION tty"));
        is_described |= g_str_has_prefix(*line, "SETDESC ");
    }
    g_assert_true(is_described);
    g_assert_nonnull(strstr(lines[g_strv_length(lines) - 1], "SETTIMEOUT 3600"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/pinentry-script/pin", test_pin);
    g_test_add_func("/cli/pinentry-script/confirm", test_confirm);
    g_test_add_func("/cli/pinentry-script/problem", test_problem);
    g_test_add_func("/cli/pinentry-script/hostile", test_hostile);
    return g_test_run();
}
