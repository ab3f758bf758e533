/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/prompter/words/secret-view.c: the words with which secrets are asked for.
 */
#include "daemon/prompter/words/secret-view.h"
#include "daemon/prompter/words/program.h"

#include "tests/unit/cli/sample-question.h"
#include "tests/unit/prompter/words.h"

#define WHO   "'application': <'exe:/usr/bin/curl'>, 'application-trust': <'exe'>, 'pid': <uint32 9>"
#define TOKEN "'token': <'Corp card'>"

static MeishiSecretView *
view_of(const char *kind, const char *dict)
{
    g_autoptr(MeishiQuestion) question = sample_question(kind, dict, 1);

    return meishi_secret_view_new(question);
}

static void
test_unlock(void)
{
    static const struct {
        const char *dict, *heading, *problem;
    } rows[] = {
        {"{" WHO "}", "curl needs your keys", NULL},
        {"{}", "An unknown program needs your keys", NULL},
        {"{'pid': <uint32 1>}", "Your keys are locked", NULL},
        {"{" WHO ", 'tries-left': <uint32 3>}", "curl needs your keys", NULL},
        {"{" WHO ", 'wrong': <true>}", "curl needs your keys", "That passphrase is wrong."},
        {"{" WHO ", 'wrong': <true>, 'tries-left': <uint32 1>}", "curl needs your keys",
         "That passphrase is wrong. You can try 1 more time."},
        {"{" WHO ", 'wrong': <true>, 'tries-left': <uint32 2>}", "curl needs your keys",
         "That passphrase is wrong. You can try 2 more times."},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(MeishiSecretView) view = view_of("unlock", rows[i].dict);

        assert_text(view->heading, rows[i].heading);
        assert_text(view->problem, rows[i].problem);
        assert_text(view->field, "_Passphrase");
        assert_text(view->yes, "_Unlock");
        g_assert_null(view->insist);
        g_assert_null(view->warning);
    }
}

static void
test_who(void)
{
    g_autoptr(MeishiQuestion) question = sample_question("unlock", "{" WHO "}", 1);
    g_autoptr(MeishiQuestion) own = sample_question("unlock", "{'pid': <uint32 1>}", 1);
    g_autofree char *name = meishi_program_name(question);
    g_autofree char *detail = meishi_program_detail(question);

    assert_text(name, "curl");
    assert_text(detail, "recognised by its file /usr/bin/curl · process 9");
    g_assert_true(meishi_program_asks(question));
    g_assert_false(meishi_program_asks(own));
}

static void
test_facts(void)
{
    g_autoptr(MeishiSecretView) none = view_of("unlock", "{" WHO "}");
    g_autoptr(MeishiSecretView) all =
        view_of("pin", "{" WHO ", " TOKEN ", 'label': <'Hana\nSato'>, 'reader': <'ACME'>,"
                       " 'host': <'a.example'>, 'port': <uint32 443>}");
    static const char *const expected[][2] = {
        {"Key", "Hana�Sato"},
        {"Reader", "ACME"},
        {"Server", "a.example:443 (as the program says)"},
    };

    g_assert_cmpuint(none->facts->len, ==, 0);
    g_assert_cmpuint(all->facts->len, ==, G_N_ELEMENTS(expected));
    for (guint i = 0; i < all->facts->len; i++) {
        const MeishiSecretFact *fact = g_ptr_array_index(all->facts, i);

        assert_text(fact->name, expected[i][0]);
        assert_text(fact->value, expected[i][1]);
    }
}

static void
test_pin_heading(void)
{
    static const struct {
        const char *dict, *heading;
    } rows[] = {
        {"{" WHO ", " TOKEN "}", "curl needs the PIN of “Corp card”"},
        {"{" WHO "}", "A card or token needs your PIN"},
        {"{" TOKEN "}", "“Corp card” needs your PIN"},
        {"{'pid': <uint32 1>, " TOKEN "}", "“Corp card” needs your PIN"},
        {"{'token': <'a\u202eb'>}", "“a�b” needs your PIN"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(MeishiSecretView) view = view_of("pin", rows[i].dict);

        assert_text(view->heading, rows[i].heading);
    }
}

static void
test_pin_length(void)
{
    static const struct {
        const char *dict, *hint;
    } rows[] = {
        {"{}", NULL},
        {"{'min-length': <uint32 1>}", "At least 1 character"},
        {"{'min-length': <uint32 4>}", "At least 4 characters"},
        {"{'max-length': <uint32 8>}", "At most 8 characters"},
        {"{'min-length': <uint32 4>, 'max-length': <uint32 8>}", "4 to 8 characters"},
        {"{'min-length': <uint32 6>, 'max-length': <uint32 6>}", "6 characters"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(MeishiSecretView) view = view_of("pin", rows[i].dict);

        assert_text(view->hint, rows[i].hint);
    }
}

static void
test_check(void)
{
    static const struct {
        const char *kind, *dict;
        gsize len;
        const char *problem;
    } rows[] = {
        {"pin", "{}", 1, NULL},
        {"pin", "{'min-length': <uint32 4>}", 4, NULL},
        {"pin", "{'min-length': <uint32 4>}", 3,
         "A PIN of this token has at least 4 characters. It was not sent."},
        {"pin", "{'max-length': <uint32 8>}", 8, NULL},
        {"pin", "{'max-length': <uint32 8>}", 9,
         "A PIN of this token has at most 8 characters. It was not sent."},
        {"unlock", "{'min-length': <uint32 4>, 'max-length': <uint32 8>}", 1, NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(MeishiQuestion) question = sample_question(rows[i].kind, rows[i].dict, 1);
        g_autofree char *problem = meishi_secret_view_check(question, rows[i].len);

        assert_text(problem, rows[i].problem);
    }
}

/* The last one is never spent silently; the reader is told by the person, or by nobody. */
static void
test_tries(void)
{
    static const struct {
        const char *dict, *warning, *yes, *insist_yes;
        gboolean has_field;
    } rows[] = {
        {"{}", NULL, "_Use PIN", NULL, TRUE},
        {"{'tries': <'enough'>}", NULL, "_Use PIN", NULL, TRUE},
        {"{'tries': <'few'>}", "Few tries are left. After too many wrong PINs it blocks itself.",
         "_Use PIN", NULL, TRUE},
        {"{'tries': <'last'>}", "This is the last try. After one more wrong PIN it blocks itself.",
         "_Use PIN", "Use the _Last Try", TRUE},
        {"{'pad': <true>}", NULL, NULL, NULL, FALSE},
        {"{'pad': <true>, 'tries': <'few'>}",
         "Few tries are left. After too many wrong PINs it blocks itself.", NULL, NULL, FALSE},
        {"{'pad': <true>, 'tries': <'last'>}",
         "This is the last try. After one more wrong PIN it blocks itself.", "_Go On",
         "Use the _Last Try", FALSE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(MeishiSecretView) view = view_of("pin", rows[i].dict);

        assert_text(view->warning, rows[i].warning);
        assert_text(view->yes, rows[i].yes);
        assert_text(view->insist_yes, rows[i].insist_yes);
        g_assert_cmpint(view->insist != NULL, ==, rows[i].insist_yes != NULL);
        g_assert_cmpint(view->field != NULL, ==, rows[i].has_field);
    }
}

static void
test_pin_notes(void)
{
    g_autoptr(MeishiSecretView) each = view_of("pin", "{'each-use': <true>}");
    g_autoptr(MeishiSecretView) pad = view_of("pin", "{'pad': <true>, 'wrong': <true>}");
    g_autoptr(MeishiSecretView) once = view_of("pin", "{}");

    assert_text(each->note, "This key wants its PIN each time it is used.");
    g_assert_true(g_str_has_prefix(pad->note, "Type the PIN at the reader."));
    assert_text(pad->problem, "That PIN is wrong.");
    g_assert_null(once->note);
    g_assert_null(once->problem);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/prompter/secret/unlock", test_unlock);
    g_test_add_func("/prompter/secret/who", test_who);
    g_test_add_func("/prompter/secret/facts", test_facts);
    g_test_add_func("/prompter/secret/pin-heading", test_pin_heading);
    g_test_add_func("/prompter/secret/pin-length", test_pin_length);
    g_test_add_func("/prompter/secret/check", test_check);
    g_test_add_func("/prompter/secret/tries", test_tries);
    g_test_add_func("/prompter/secret/pin-notes", test_pin_notes);
    return g_test_run();
}
