/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/dialog.c: what is typed, and the answer that the daemon gets.
 */
#include "cli/dialog.h"

#include "tests/unit/cli/sample-question.h"

#include <string.h>

static const MeishiQuestionLayout layout = {.columns = 100, .now = SAMPLE_NOW};

#define ANSWER(path, scope, reach)                                                       \
    "{'any-application': <true>, 'identity': <objectpath '" path "'>, 'reach': <'" reach \
    "'>, 'scope': <'" scope "'>}"
#define DISMISSED "@a{sv} {}"

/* What is typed, lines apart by "|", "^D" at the end of input; what becomes of it; NULL: it goes on
 * asking. */
typedef struct {
    const char *dict;
    const char *typed;
    const char *answer;
} Row;

#define ONCE_ONLY                                                              \
    "{'pid': <uint32 4711>, 'scopes': <['once']>, 'any-application': <true>, " \
    "'preselected': <objectpath '/i/1'>, " SAMPLE_CANDIDATES "}"
#define OPTIONAL                                                                    \
    "{'pid': <uint32 4711>, 'kind': <'optional'>, 'scopes': <['once', 'always']>, " \
    "'any-application': <true>, 'preselected': <objectpath '/i/1'>, " SAMPLE_CANDIDATES "}"
#define SOFT_PRESELECTED                                                       \
    "{'pid': <uint32 4711>, 'scopes': <['once']>, 'any-application': <true>, " \
    "'preselected': <objectpath '/i/3'>, " SAMPLE_CANDIDATES "}"
#define KNOWN                                                                             \
    "{'pid': <uint32 4711>, 'any-application': <true>, 'scopes': <['once', 'session']>, " \
    "'candidates': <[{'kind': <'ok'>, 'identity': <objectpath '/i/1'>,"                   \
    " 'accepted-here': <uint32 12>}]>}"
#define NONE_FITS                                                              \
    "{'pid': <uint32 4711>, 'scopes': <['once']>, 'any-application': <true>, " \
    "'candidates': <[{'kind': <'soft'>, 'identity': <objectpath '/i/3'>}]>}"

#define BEGUN(scope)                                                      \
    "{'pid': <uint32 4711>, 'any-application': <true>, 'scope': <'" scope \
    "'>, 'scopes': <['once', 'always']>, " SAMPLE_CANDIDATES "}"
#define INSERT                                                         \
    "{'pid': <uint32 4711>, 'kind': <'insert'>, 'scopes': <['once']>," \
    " 'any-application': <true>, 'preselected': <objectpath '/i/1'>, " SAMPLE_CANDIDATES "}"
#define IMPORT                                                         \
    "{'pid': <uint32 4711>, 'kind': <'import'>, 'scopes': <['once']>," \
    " 'any-application': <true>}"

static const Row choices[] = {
    {SAMPLE_CHOOSE, "", NULL},
    {SAMPLE_CHOOSE, "|", ANSWER("/i/1", "once", "host-port")},
    {SAMPLE_CHOOSE, "1|", ANSWER("/i/1", "once", "host-port")},
    {SAMPLE_CHOOSE, " 2 |o", ANSWER("/i/2", "once", "host-port")},
    {SAMPLE_CHOOSE, "2|s", ANSWER("/i/2", "session", "host-port")},
    {SAMPLE_CHOOSE, "2|always", ANSWER("/i/2", "always", "host-port")},
    {SAMPLE_CHOOSE, "2|a+h", ANSWER("/i/2", "always", "host")},
    {SAMPLE_CHOOSE, "2|a+d", ANSWER("/i/2", "always", "domain")},
    {SAMPLE_CHOOSE, "2|+h", ANSWER("/i/2", "once", "host")},
    {SAMPLE_CHOOSE, "2|a+x", NULL},
    {SAMPLE_CHOOSE, "2|a+x|a", ANSWER("/i/2", "always", "host-port")},
    {SAMPLE_CHOOSE, "2|x", NULL},
    {SAMPLE_CHOOSE, "2|q", DISMISSED},
    {SAMPLE_CHOOSE, "2|^D", DISMISSED},
    {SAMPLE_CHOOSE, "n|", ANSWER("/", "once", "host-port")},
    {SAMPLE_CHOOSE, "n|a", ANSWER("/", "always", "host-port")},
    {SAMPLE_CHOOSE, "N", ANSWER("/", "always", "host-port")},
    {SAMPLE_CHOOSE, "q", DISMISSED},
    {SAMPLE_CHOOSE, "^D", DISMISSED},
    {SAMPLE_CHOOSE, "?|q", DISMISSED},
    /* What was not shown cannot be meant, and what was not offered takes two steps. */
    {SAMPLE_CHOOSE, "3", NULL},
    {SAMPLE_CHOOSE, "3|y", NULL},
    {SAMPLE_CHOOSE, "o", NULL},
    {SAMPLE_CHOOSE, "o|3", NULL},
    {SAMPLE_CHOOSE, "o|3|y", NULL},
    {SAMPLE_CHOOSE, "o|3|y|", ANSWER("/i/3", "once", "host-port")},
    {SAMPLE_CHOOSE, "o|3|YES|a", ANSWER("/i/3", "always", "host-port")},
    {SAMPLE_CHOOSE, "o|3||q", DISMISSED},
    {SAMPLE_CHOOSE, "o|3|n|1|", ANSWER("/i/1", "once", "host-port")},
    {SAMPLE_CHOOSE, "o|3|what|n|q", DISMISSED},
    {SAMPLE_CHOOSE, "o|3|^D", DISMISSED},
    {SAMPLE_CHOOSE, "0|4|-1|1x|1 2|+1|99999999999999999999|Q|y", NULL},
    /* Where nothing may be remembered, nothing is asked about it. */
    {ONCE_ONLY, "1", ANSWER("/i/1", "once", "host-port")},
    {ONCE_ONLY, "n", ANSWER("/", "once", "host-port")},
    {ONCE_ONLY, "N", NULL},
    {ONCE_ONLY, "o|3|y", ANSWER("/i/3", "once", "host-port")},
    /* No default where everybody is asked, nor one that would not be offered. */
    {OPTIONAL, "", NULL},
    {OPTIONAL, "|", NULL},
    {OPTIONAL, "|N", ANSWER("/", "always", "host-port")},
    {OPTIONAL, "1|s", NULL},
    {SOFT_PRESELECTED, "|", NULL},
    {NONE_FITS, "1", NULL},
    {NONE_FITS, "o|1|y", ANSWER("/i/3", "once", "host-port")},
    /* Where a card is to be inserted or an identity imported, there is nothing to choose. */
    {INSERT, "||1|o|y", NULL},
    {INSERT, "n", ANSWER("/", "once", "host-port")},
    {INSERT, "?|q", DISMISSED},
    {IMPORT, "||1|o|y", NULL},
    {IMPORT, "n", ANSWER("/", "once", "host-port")},
    /* Where it was used before, the session is the default. */
    {KNOWN, "1|", ANSWER("/i/1", "session", "host-port")},
    /* Or what the daemon begins with, where that is allowed. */
    {BEGUN("always"), "1|", ANSWER("/i/1", "always", "host-port")},
    {BEGUN("session"), "1|", ANSWER("/i/1", "once", "host-port")},
};

/* The state after all of @typed. */
static MeishiDialogState
type_all(MeishiDialog *dialog, const char *typed)
{
    g_auto(GStrv) lines = g_strsplit(typed, "|", -1);
    MeishiDialogState state = MEISHI_DIALOG_ASKING;

    for (char **line = lines; *line != NULL && typed[0] != '\0'; line++) {
        g_autofree char *text = NULL;

        g_assert_cmpint(state, ==, MEISHI_DIALOG_ASKING);
        state = meishi_dialog_take(dialog, g_str_equal(*line, "^D") ? NULL : *line, &text);
        g_assert_true((state == MEISHI_DIALOG_ASKING) ==
                      (g_str_has_suffix(text, ": ") || g_str_has_suffix(text, "[y/N] ")));
    }
    return state;
}

static char *
print_sorted(GVariant *answer)
{
    static const char *const keys[] = {"allow", "any-application", "identity", "reach", "scope"};
    GVariantBuilder sorted;
    g_autoptr(GVariant) whole = NULL;

    g_variant_builder_init(&sorted, G_VARIANT_TYPE_VARDICT);
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_autoptr(GVariant) value = g_variant_lookup_value(answer, keys[i], NULL);

        if (value != NULL)
            g_variant_builder_add(&sorted, "{sv}", keys[i], value);
    }
    whole = g_variant_ref_sink(g_variant_builder_end(&sorted));
    g_assert_cmpuint(g_variant_n_children(whole), ==, g_variant_n_children(answer));
    return g_variant_print(whole, TRUE);
}

static void
check_row(const char *kind, const Row *row)
{
    g_autoptr(MeishiQuestion) question = sample_question(kind, row->dict, SAMPLE_PID);
    g_autoptr(MeishiDialog) dialog = meishi_dialog_new(question, &layout);
    g_autofree char *opened = meishi_dialog_open(dialog);
    MeishiDialogState state = type_all(dialog, row->typed);
    g_autoptr(GVariant) answer = g_variant_ref_sink(meishi_dialog_answer(dialog));
    g_autofree char *text = print_sorted(answer);

    g_test_message("%s", row->typed);
    if (row->answer == NULL)
        g_assert_cmpint(state, ==, MEISHI_DIALOG_ASKING);
    else if (g_str_equal(row->answer, DISMISSED))
        g_assert_cmpint(state, ==, MEISHI_DIALOG_DISMISSED);
    else
        g_assert_cmpint(state, ==, MEISHI_DIALOG_ANSWERED);
    g_assert_cmpstr(text, ==, row->answer != NULL ? row->answer : DISMISSED);
}

static void
test_choose(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(choices); i++)
        check_row("choose", &choices[i]);
}

static void
test_confirm(void)
{
    static const char *const lax = SAMPLE_CONFIRM ", 'each-use': <false>}";
    static const char *const strict = SAMPLE_CONFIRM ", 'each-use': <true>}";
    const Row rows[] = {
        {lax, "y", "{'allow': <'once'>}"},
        {lax, "YES", "{'allow': <'once'>}"},
        {lax, "s", "{'allow': <'session'>}"},
        {lax, "n", "{'allow': <'no'>}"},
        {lax, "q", DISMISSED},
        {lax, "^D", DISMISSED},
        {lax, "1", NULL},
        {strict, "y", "{'allow': <'once'>}"},
        {strict, "s", NULL},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        check_row("confirm", &rows[i]);
}

/* Enter alone says no: nobody signs by resting a finger. */
static void
test_confirm_default(void)
{
    g_autoptr(MeishiQuestion) question = sample_question("confirm", SAMPLE_CONFIRM "}", 1);
    g_autoptr(MeishiDialog) dialog = meishi_dialog_new(question, &layout);
    g_autofree char *text = NULL;
    g_autoptr(GVariant) answer = NULL;
    const char *allow;

    g_assert_cmpint(meishi_dialog_take(dialog, "", &text), ==, MEISHI_DIALOG_ANSWERED);
    answer = g_variant_ref_sink(meishi_dialog_answer(dialog));
    g_assert_true(g_variant_lookup(answer, "allow", "&s", &allow));
    g_assert_cmpstr(allow, ==, "no");
}

/* Nothing that is typed as a line is taken for the secret. */
static void
test_unlock(void)
{
    g_autoptr(MeishiQuestion) choice = sample_question("choose", SAMPLE_CHOOSE, 1);
    g_autoptr(MeishiQuestion) question = sample_question("unlock", SAMPLE_CONFIRM "}", 1);
    g_autoptr(MeishiDialog) choosing = meishi_dialog_new(choice, &layout);
    g_autoptr(MeishiDialog) dialog = meishi_dialog_new(question, &layout);
    g_autofree char *open = meishi_dialog_open(dialog), *text = NULL;
    g_autoptr(GVariant) answer = NULL;

    g_assert_true(g_str_has_suffix(open, "\nPassphrase of the vault: "));
    g_assert_true(meishi_dialog_wants_secret(dialog));
    g_assert_false(meishi_dialog_wants_secret(choosing));
    g_assert_cmpint(meishi_dialog_take(dialog, "open sesame", &text), ==, MEISHI_DIALOG_DISMISSED);
    answer = g_variant_ref_sink(meishi_dialog_answer(dialog));
    g_assert_cmpuint(g_variant_n_children(answer), ==, 0);
}

/* What is typed before a secret, and what is left to be typed then. */
static void
test_pin_turns(void)
{
    static const struct {
        const char *dict, *typed;
        MeishiDialogState state;
        gboolean secret, last;
    } rows[] = {
        {"@a{sv} {}", "", MEISHI_DIALOG_ASKING, TRUE, FALSE},
        {"@a{sv} {}", "1234", MEISHI_DIALOG_DISMISSED, FALSE, FALSE},
        {"{'tries': <'few'>}", "", MEISHI_DIALOG_ASKING, TRUE, FALSE},
        /* The last try takes the whole word. */
        {"{'tries': <'last'>}", "", MEISHI_DIALOG_ASKING, FALSE, FALSE},
        {"{'tries': <'last'>}", "y", MEISHI_DIALOG_ASKING, FALSE, FALSE},
        {"{'tries': <'last'>}", "1234|l|yes|lastt", MEISHI_DIALOG_ASKING, FALSE, FALSE},
        {"{'tries': <'last'>}", "|", MEISHI_DIALOG_DISMISSED, FALSE, FALSE},
        {"{'tries': <'last'>}", "q", MEISHI_DIALOG_DISMISSED, FALSE, FALSE},
        {"{'tries': <'last'>}", "^D", MEISHI_DIALOG_DISMISSED, FALSE, FALSE},
        {"{'tries': <'last'>}", "Last", MEISHI_DIALOG_ASKING, TRUE, FALSE},
        {"{'tries': <'last'>}", "last|^D", MEISHI_DIALOG_DISMISSED, FALSE, FALSE},
        /* At the reader nothing is typed here. */
        {"{'pad': <true>}", "", MEISHI_DIALOG_ASKING, FALSE, FALSE},
        {"{'pad': <true>}", "||1234|y", MEISHI_DIALOG_ASKING, FALSE, FALSE},
        {"{'pad': <true>}", "q", MEISHI_DIALOG_DISMISSED, FALSE, FALSE},
        {"{'pad': <true>, 'tries': <'last'>}", "y", MEISHI_DIALOG_ASKING, FALSE, FALSE},
        {"{'pad': <true>, 'tries': <'last'>}", "last", MEISHI_DIALOG_ANSWERED, FALSE, TRUE},
        {"{'pad': <true>, 'tries': <'last'>, 'trying': <true>}", "last", MEISHI_DIALOG_ASKING,
         FALSE, FALSE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(MeishiQuestion) question = sample_question("pin", rows[i].dict, 1);
        g_autoptr(MeishiDialog) dialog = meishi_dialog_new(question, &layout);
        const char *typed = rows[i].typed;
        /* "|" alone is one empty line. */
        MeishiDialogState state = type_all(dialog, g_str_equal(typed, "|") ? " " : typed);
        g_autoptr(GVariant) answer = g_variant_ref_sink(meishi_dialog_answer(dialog));
        gboolean last = FALSE;

        g_test_message("%s %s", rows[i].dict, typed);
        g_assert_cmpint(state, ==, rows[i].state);
        g_assert_cmpint(meishi_dialog_wants_secret(dialog), ==, rows[i].secret);
        g_assert_cmpint(g_variant_lookup(answer, "last-try", "b", &last), ==, rows[i].last);
        g_assert_cmpint(last, ==, rows[i].last);
        g_assert_cmpuint(g_variant_n_children(answer), ==, rows[i].last ? 1 : 0);
    }
}

static MeishiDialogState
take_secret(MeishiDialog *dialog, gsize len, const char *prefix)
{
    g_autofree char *text = NULL;
    MeishiDialogState state = meishi_dialog_take_secret(dialog, len, &text);

    g_assert_true(g_str_has_prefix(text, prefix));
    g_assert_true((state == MEISHI_DIALOG_ASKING) == g_str_has_suffix(text, "PIN of “C”: "));
    return state;
}

/* A PIN that cannot be right is not sent, and the last try is said to be meant where it is. */
static void
test_pin_secret(void)
{
    g_autoptr(MeishiQuestion) question = sample_question(
        "pin",
        "{'token': <'C'>, 'tries': <'last'>, 'min-length': <uint32 4>, 'max-length': "
        "<uint32 6>}",
        1);
    g_autoptr(MeishiDialog) dialog = meishi_dialog_new(question, &layout);
    g_autoptr(MeishiDialog) other = meishi_dialog_new(question, &layout);
    g_autoptr(GVariant) answer = NULL;
    gboolean last = FALSE;

    g_assert_cmpint(type_all(dialog, "last"), ==, MEISHI_DIALOG_ASKING);
    g_assert_cmpint(take_secret(dialog, 3, "A PIN of this"), ==, MEISHI_DIALOG_ASKING);
    g_assert_cmpint(take_secret(dialog, 7, "A PIN of this"), ==, MEISHI_DIALOG_ASKING);
    g_assert_true(meishi_dialog_wants_secret(dialog));
    g_assert_cmpint(take_secret(dialog, 6, ""), ==, MEISHI_DIALOG_ANSWERED);
    answer = g_variant_ref_sink(meishi_dialog_answer(dialog));
    g_assert_true(g_variant_lookup(answer, "last-try", "b", &last) && last);
    g_assert_cmpint(type_all(other, "last"), ==, MEISHI_DIALOG_ASKING);
    g_assert_cmpint(take_secret(other, 0, ""), ==, MEISHI_DIALOG_DISMISSED);
}

/* A passphrase has the length that it has. */
static void
test_unlock_secret(void)
{
    g_autoptr(MeishiQuestion) question = sample_question("unlock", "{'min-length': <uint32 9>}", 1);
    g_autoptr(MeishiDialog) dialog = meishi_dialog_new(question, &layout);
    g_autoptr(GVariant) answer = NULL;

    g_assert_cmpint(take_secret(dialog, 1, ""), ==, MEISHI_DIALOG_ANSWERED);
    answer = g_variant_ref_sink(meishi_dialog_answer(dialog));
    g_assert_cmpuint(g_variant_n_children(answer), ==, 0);
}

/* Whatever is typed closes it, and the answer is nothing. */
static void
test_explain(void)
{
    static const Row rows[] = {
        {"@a{sv} {}", "", NULL},
        {"@a{sv} {}", " ", "@a{sv} {} "},
        {"@a{sv} {}", "q", "@a{sv} {} "},
        {"@a{sv} {}", "^D", DISMISSED},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(MeishiQuestion) question = sample_question("explain", rows[i].dict, 1);
        g_autoptr(MeishiDialog) dialog = meishi_dialog_new(question, &layout);
        g_autofree char *open = meishi_dialog_open(dialog);
        g_autoptr(GVariant) answer = NULL;
        MeishiDialogState state = type_all(dialog, rows[i].typed);

        g_assert_true(g_str_has_suffix(open, "\nEnter closes: "));
        answer = g_variant_ref_sink(meishi_dialog_answer(dialog));
        g_assert_cmpuint(g_variant_n_children(answer), ==, 0);
        g_assert_cmpint(state, ==,
                        rows[i].answer == NULL                   ? MEISHI_DIALOG_ASKING
                        : g_str_equal(rows[i].answer, DISMISSED) ? MEISHI_DIALOG_DISMISSED
                                                                 : MEISHI_DIALOG_ANSWERED);
    }
}

/* A choice for somebody else's program is for that program; one's own is for any. */
static void
test_whose(void)
{
    g_autoptr(MeishiQuestion) question = sample_question("choose", SAMPLE_CHOOSE, SAMPLE_PID + 1);
    g_autoptr(MeishiDialog) dialog = meishi_dialog_new(question, &layout);
    g_autoptr(GVariant) answer = NULL;
    gboolean any = TRUE;

    g_assert_cmpint(type_all(dialog, "1|"), ==, MEISHI_DIALOG_ANSWERED);
    answer = g_variant_ref_sink(meishi_dialog_answer(dialog));
    g_assert_true(g_variant_lookup(answer, "any-application", "b", &any));
    g_assert_false(any);
}

static void
test_prompts(void)
{
    static const struct {
        const char *dict, *prompt;
    } rows[] = {
        {SAMPLE_CHOOSE, "Use [1]: "},
        {OPTIONAL, "Use: "},
        {SOFT_PRESELECTED, "Use: "},
        {KNOWN, "Use: "},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(MeishiQuestion) question = sample_question("choose", rows[i].dict, 1);
        g_autoptr(MeishiDialog) dialog = meishi_dialog_new(question, &layout);
        g_autofree char *text = meishi_dialog_open(dialog);

        g_assert_true(g_str_has_suffix(text, rows[i].prompt));
    }
}

static void
test_refusals(void)
{
    g_autoptr(MeishiQuestion) question = sample_question("choose", SAMPLE_CHOOSE, 1);
    g_autoptr(MeishiDialog) dialog = meishi_dialog_new(question, &layout);
    g_autofree char *text = NULL;
    g_autofree char *insist = NULL;
    g_autofree char *unused = NULL;

    g_assert_cmpint(meishi_dialog_take(dialog, "\033[A", &text), ==, MEISHI_DIALOG_ASKING);
    g_assert_cmpstr(text, ==, "“\\u001B[A” is none of the answers.\nUse [1]: ");
    g_assert_cmpint(meishi_dialog_take(dialog, "o", &unused), ==, MEISHI_DIALOG_ASKING);
    g_assert_cmpint(meishi_dialog_take(dialog, "3", &insist), ==, MEISHI_DIALOG_ASKING);
    g_assert_cmpstr(insist, ==,
                    "“Old” was not offered: ended 2026-03-01. Use it all the same? [y/N] ");
}

int
main(int argc, char **argv)
{
    g_setenv("TZ", "UTC", TRUE);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/dialog/choose", test_choose);
    g_test_add_func("/cli/dialog/confirm", test_confirm);
    g_test_add_func("/cli/dialog/confirm-default", test_confirm_default);
    g_test_add_func("/cli/dialog/unlock", test_unlock);
    g_test_add_func("/cli/dialog/pin-turns", test_pin_turns);
    g_test_add_func("/cli/dialog/pin-secret", test_pin_secret);
    g_test_add_func("/cli/dialog/unlock-secret", test_unlock_secret);
    g_test_add_func("/cli/dialog/explain", test_explain);
    g_test_add_func("/cli/dialog/whose", test_whose);
    g_test_add_func("/cli/dialog/prompts", test_prompts);
    g_test_add_func("/cli/dialog/refusals", test_refusals);
    return g_test_run();
}
