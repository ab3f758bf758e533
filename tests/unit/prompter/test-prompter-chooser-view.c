/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/prompter/words/chooser-view.c, program.c, details-view.c and answer.c: everything that the
 * chooser says and sends.
 */
#include "daemon/prompter/words/answer.h"
#include "daemon/prompter/words/chooser-view.h"
#include "daemon/prompter/words/program.h"

#include "tests/unit/cli/sample-question.h"
#include "tests/unit/prompter/words.h"

typedef struct {
    MeishiQuestion *question;
    MeishiChooserView *view;
} Fixture;

static Fixture
open_view(const char *dict)
{
    Fixture f = {.question = sample_question("choose", dict, 1)};

    f.view = meishi_chooser_view_new(f.question, SAMPLE_NOW);
    return f;
}

static void
close_view(Fixture *f)
{
    meishi_chooser_view_free(f->view);
    meishi_question_free(f->question);
}

/* ---- head ------------------------------------------------------------------------------------ */

static void
test_head(void)
{
    Fixture f = open_view(SAMPLE_CHOOSE);

    g_assert_cmpstr(f.view->title, ==, "Choose a Client Certificate");
    assert_text(f.view->heading, "git.example.com:8443 asks who you are");
    assert_text(f.view->accepts, "It accepts certificates from “Issuing CA 3” and 1 other.");
    g_assert_cmpuint(f.view->notes->len, ==, 0);
    close_view(&f);
}

static void
test_who(void)
{
    g_autoptr(MeishiQuestion) question = sample_question("choose", SAMPLE_CHOOSE, 1);
    g_autofree char *name = meishi_program_name(question);
    g_autofree char *detail = meishi_program_detail(question);

    assert_text(name, "curl");
    assert_text(detail, "recognised by its file /usr/bin/curl · process 4711");
}

static const WordsCase targets[] = {
    {"unknown", "{'host': <''>}", NULL},
    {"name", "{'host': <'a.example'>, 'port': <uint32 443>}", "a.example:443"},
    {"no-port", "{'host': <'ssid:Office'>}", "ssid:Office"},
    {"v6", "{'host': <'2001:db8::1'>, 'port': <uint32 443>}", "[2001:db8::1]:443"},
    {"unicode", "{'host': <'xn--bcher-kva.example'>, 'port': <uint32 443>}",
     "xn--bcher-kva.example:443 (bücher.example)"},
    {"long",
     "{'port': <uint32 65535>, 'host': "
     "<'git.example.com.0123456789.0123456789.0123456789.0123456789."
     "0123456789.evil.example'>}",
     "…e.com.0123456789.0123456789.0123456789.0123456789.0123456789.evil.example:65535"},
    {"hostile", "{'host': <'ssid:a\u202eb\n'>}", "ssid:a�b�"},
};

static void
test_target(gconstpointer data)
{
    const WordsCase *one = data;
    g_autoptr(MeishiQuestion) question = sample_question("choose", one->given, 1);
    g_autofree char *target = meishi_program_target(question);

    assert_text(target, one->text);
}

static const WordsCase programs[] = {
    {"unknown", "{'claimed-application': <'Bank'>}",
     "who it is could not be found out · says it is “Bank”"},
    {"sandbox", "{'application': <'flatpak:org.gnome.Epiphany'>, 'application-trust': <'sandbox'>}",
     "sandboxed, its name is certain"},
    {"unit", "{'application': <'unit:backup.service'>, 'application-trust': <'unit'>}",
     "recognised by its service backup.service"},
    {"any", "{'application': <'exe:/opt/x'>, 'application-trust': <'any'>, 'pid': <uint32 7>}",
     "its name is not verified · process 7"},
};

static void
test_program(gconstpointer data)
{
    const WordsCase *one = data;
    g_autoptr(MeishiQuestion) question = sample_question("choose", one->given, 1);
    g_autofree char *detail = meishi_program_detail(question);

    assert_text(detail, one->text);
}

static const WordsCase servers[] = {
    {"organisation",
     "{'server-verified': <'ok'>, 'server-name': <'a.example'>, 'server-organisation': <'A\nB'>}",
     "Server verified: A�B"},
    {"name", "{'server-verified': <'ok'>, 'server-name': <'a.example'>}",
     "Server verified: a.example"},
    {"bare", "{'server-verified': <'ok'>}", "Server verified"},
    {"unsaid", "{'server-name': <'a.example'>}", NULL},
    {"overridden", "{'server-verified': <'overridden'>, 'server-organisation': <'A'>}", NULL},
};

static void
test_server(gconstpointer data)
{
    const WordsCase *one = data;
    Fixture f = open_view(one->given);

    assert_text(f.view->verified, one->text);
    close_view(&f);
}

/* ---- notes ----------------------------------------------------------------------------------- */

static const WordsCase notes[] = {
    {"last-time",
     "{'last-alert': <'the server cannot use the certificate'>, 'last-label': <'Old'>}",
     "! Last time the server refused “Old”: the server cannot use the certificate."},
    {"last-none", "{'last-alert': <'the server wants a certificate and got none'>}",
     "! Last time the connection failed: the server wants a certificate and got none."},
    {"clear", "{'tls-clear': <true>}",
     "! Your name will be visible on the network: the connection uses TLS 1.2 or older."},
    {"policy", "{'rule': <'rule r (f:1, admin)'>, 'scopes': <['once', 'session', 'always']>}",
     "- Policy has a part in this choice: rule r (f:1, admin)."},
    {"limited", "{'rule': <'rule r (f:1, admin)'>, 'scopes': <['once']>}",
     "- Policy limits this choice: rule r (f:1, admin)."},
    {"no-policy", "{'rule': <'none'>}", ""},
    {"limited-to-session", "{'scopes': <['once', 'session']>}",
     "- Policy lets this choice be remembered for the session only."},
    {"limited-to-once", "{'rule': <'none'>, 'scopes': <['once']>}",
     "- Policy does not let this choice be remembered."},
    {"unverified", "{'server-verified': <'overridden'>, 'server-name': <'other'>}",
     "! The server could not be verified, and you went on all the same: it may be another one than "
     "it says."},
    {"optional", "{'kind': <'optional'>}",
     "- It asks every visitor. Many such sites work without a certificate."},
    {"soft", "{'kind': <'soft'>}", "- None of your certificates is quite what it asks for."},
    {"again", "{'kind': <'again'>}", "- What you chose for it before does not fit any more."},
    {"sign-failed", "{'kind': <'again'>, 'sign-failed': <true>}",
     "- The last time, the certificate that you chose for it could not be used to sign in."},
    {"import", "{'kind': <'import'>}",
     "- Policy wants a certificate here that you do not have. Import it, then connect again."},
    {"insert",
     "{'kind': <'insert'>, 'candidates': <[{'identity': <objectpath '/i/1'>, 'label': <'Hana'>,"
     " 'place': <'card “Corp”'>, 'kind': <'soft'>}]>}",
     "- The certificate for this server, “Hana”, is on a card or token that is not inserted. This "
     "window closes by itself once it is."},
    {"insert-several", "{'kind': <'insert'>, 'candidates': <[{'label': <'a'>}, {'label': <'b'>}]>}",
     "- The certificates for this server are on cards or tokens that are not inserted. This window "
     "closes by itself once one is."},
};

static void
test_note(gconstpointer data)
{
    const WordsCase *one = data;
    Fixture f = open_view(one->given);
    GString *text = g_string_new(NULL);
    g_autofree char *all = NULL;

    for (guint i = 0; i < f.view->notes->len; i++) {
        const MeishiNote *note = g_ptr_array_index(f.view->notes, i);

        g_string_append_printf(text, "%s%s", note->is_warning ? "! " : "- ", note->text);
    }
    all = g_string_free(text, FALSE);
    assert_text(all, one->text);
    close_view(&f);
}

/* ---- the list -------------------------------------------------------------------------------- */

static void
test_list(void)
{
    Fixture f = open_view(SAMPLE_CHOOSE);
    g_autofree char *insist = meishi_chooser_view_insist(f.view, 2);

    g_assert_true(f.view->has_list);
    g_assert_cmpuint(f.view->rows->len, ==, 3);
    g_assert_cmpuint(f.view->n_offered, ==, 2);
    g_assert_cmpuint(f.view->selected, ==, 0);
    assert_text(f.view->others, "Other certificates (1): 1 expired");
    assert_text(insist, "“Old” was not offered: it expired on 1 March 2026. Use it all the same?");
    close_view(&f);
}

static void
test_no_list(void)
{
    Fixture import = open_view("{'kind': <'import'>, " SAMPLE_CANDIDATES "}");
    Fixture empty = open_view("{'kind': <'choose'>}");

    g_assert_false(import.view->has_list || empty.view->has_list);
    close_view(&import);
    close_view(&empty);
}

/* The rows are there to be looked at. */
static void
test_insert(void)
{
    Fixture one = open_view("{'kind': <'insert'>, 'host': <'a.example'>, 'scopes': <['always']>,"
                            " 'candidates': <[{'label': <'a'>, 'kind': <'soft'>,"
                            " 'code': <'TOKEN_ABSENT'>, 'place': <'card “Corp card”'>}]>}");
    Fixture several = open_view("{'kind': <'insert'>, " SAMPLE_CANDIDATES "}");

    g_assert_cmpstr(one.view->title, ==, "Insert a Card");
    assert_text(one.view->heading, "Insert “Corp card”");
    assert_text(one.view->asks, "a.example asks who you are.");
    assert_text(several.view->heading, "Insert the card with your certificate");
    g_assert_true(one.view->has_list && one.view->is_waiting && !one.view->may_never);
    g_assert_null(several.view->others);
    g_assert_cmpuint(several.view->n_offered, ==, 3);
    g_assert_cmpuint(several.view->selected, ==, G_MAXUINT);
    assert_text(meishi_chooser_view_row(one.view, 0)->reason, "");
    g_assert_false(meishi_chooser_view_row(one.view, 0)->is_usable);
    close_view(&one);
    close_view(&several);
}

/* Nothing is selected for the person where the server asks everybody. */
static void
test_optional(void)
{
    Fixture f = open_view("{'kind': <'optional'>, 'preselected': <objectpath '/i/1'>,"
                          " 'scopes': <['once', 'always']>, " SAMPLE_CANDIDATES "}");

    g_assert_cmpuint(f.view->selected, ==, G_MAXUINT);
    g_assert_true(f.view->never_first && f.view->may_never);
    close_view(&f);
}

static void
test_kinds_of_others(void)
{
    Fixture f = open_view("{'n-candidates': <uint32 9>, 'candidates': <["
                          "{'label': <'a'>, 'kind': <'soft'>, 'code': <'EXPIRED'>},"
                          "{'label': <'b'>, 'kind': <'soft'>, 'code': <'NEW_ONE'>},"
                          "{'label': <'c'>, 'kind': <'soft'>, 'code': <'EXPIRED'>}]>}");

    assert_text(f.view->others, "Other certificates (9): 2 expired, 1 not offered");
    close_view(&f);
}

static void
test_type_ahead(void)
{
    Fixture f = open_view(SAMPLE_CHOOSE);

    g_assert_cmpuint(meishi_chooser_view_find(f.view, "h", 0, 2), ==, 0);
    g_assert_cmpuint(meishi_chooser_view_find(f.view, "HANA S", 1, 2), ==, 1);
    g_assert_cmpuint(meishi_chooser_view_find(f.view, "iss", 2, 2), ==, 0);
    g_assert_cmpuint(meishi_chooser_view_find(f.view, "old", 0, 2), ==, G_MAXUINT);
    g_assert_cmpuint(meishi_chooser_view_find(f.view, "old", 0, 3), ==, 2);
    g_assert_cmpuint(meishi_chooser_view_find(f.view, "h", 0, 0), ==, G_MAXUINT);
    close_view(&f);
}

/* ---- remembering ----------------------------------------------------------------------------- */

static void
assert_options(const GArray *options, const char *expected)
{
    GString *text = g_string_new(NULL);
    g_autofree char *all = NULL;

    for (guint i = 0; i < options->len; i++) {
        const MeishiOption *option = &g_array_index(options, MeishiOption, i);

        g_string_append_printf(text, "%s%s=%s", i > 0 ? "; " : "", option->word, option->label);
    }
    all = g_string_free(text, FALSE);
    assert_text(all, expected);
}

static void
test_remember_all(void)
{
    Fixture f = open_view(SAMPLE_CHOOSE);

    assert_options(f.view->scopes,
                   "once=Once, do not remember; session=For this session; always=Always");
    assert_options(f.view->reaches, "host-port=git.example.com:8443; host=git.example.com, every "
                                    "port; domain=All of example.com");
    assert_options(f.view->programs, "this=This program only; any=Every program");
    g_assert_cmpuint(f.view->scope, ==, 0);
    g_assert_true(f.view->may_never);
    close_view(&f);
}

static void
test_remember_limited(void)
{
    Fixture f = open_view("{'host': <'a.example'>, 'port': <uint32 1>, 'scopes': <['once']>,"
                          " 'reaches': <['host-port']>, " SAMPLE_CANDIDATES "}");

    assert_options(f.view->scopes, "once=Once, do not remember");
    assert_options(f.view->reaches, "host-port=a.example:1");
    assert_options(f.view->programs, "this=This program only");
    g_assert_false(f.view->may_never);
    close_view(&f);
}

/* Rule 5: what the daemon says, as far as it is offered, and never by itself. */
static void
test_remember_first(void)
{
    static const struct {
        const char *dict;
        guint scope;
    } cases[] = {
        {"{'scopes': <['once', 'session', 'always']>, 'scope': <'session'>}", 1},
        {"{'scopes': <['once', 'session', 'always']>, 'scope': <'always'>}", 2},
        {"{'scopes': <['once']>, 'scope': <'always'>}", 0},
        {"{'scopes': <['once', 'session', 'always']>, 'candidates': <[{'kind': <'ok'>,"
         " 'accepted-here': <uint32 2>}]>}",
         0},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        Fixture f = open_view(cases[i].dict);

        g_assert_cmpuint(f.view->scope, ==, cases[i].scope);
        close_view(&f);
    }
}

/* ---- details and answers --------------------------------------------------------------------- */

static void
assert_detail(const GPtrArray *details, const char *name, const char *value)
{
    for (guint i = 0; i + 1 < details->len; i += 2) {
        if (g_str_equal(g_ptr_array_index(details, i), name)) {
            g_assert_cmpstr(g_ptr_array_index(details, i + 1), ==, value);
            return;
        }
    }
    g_test_message("no detail %s", name);
    g_test_fail();
}

static void
test_details(void)
{
    g_autoptr(MeishiQuestion) question = sample_question("choose", SAMPLE_CHOOSE, 1);
    g_autoptr(GPtrArray) details = meishi_chooser_view_details(question, 1);
    g_autoptr(GPtrArray) nobody = meishi_chooser_view_details(question, G_MAXUINT);

    assert_detail(details, "Subject", "CN=Hana Sato,OU=Admins,O=Example Corp");
    assert_detail(details, "SHA-256", "bb22");
    assert_detail(details, "Valid", "from 24 November 2025 to 6 December 2026");
    assert_detail(details, "Server", "git.example.com");
    assert_detail(details, "Port", "8443");
    assert_detail(details, "Stored", "this computer");
    assert_detail(details, "Program", "exe:/usr/bin/curl");
    assert_detail(nobody, "Server", "git.example.com");
}

static void
test_answers(void)
{
    g_autoptr(MeishiQuestion) question = sample_question("choose", SAMPLE_CHOOSE, 1);
    const MeishiRemembering how = {.scope = "always", .reach = "host", .any_application = TRUE};
    g_autoptr(GVariant) use = g_variant_ref_sink(meishi_answer_choice(question, 1, &how));
    g_autoptr(GVariant) none = g_variant_ref_sink(meishi_answer_choice(question, G_MAXUINT, &how));
    g_autoptr(GVariant) allow = g_variant_ref_sink(meishi_answer_allow("session"));
    const char *path, *scope, *word;

    g_assert_true(g_variant_lookup(use, "identity", "&o", &path));
    g_assert_cmpstr(path, ==, "/i/2");
    g_assert_true(g_variant_lookup(use, "scope", "&s", &scope));
    g_assert_cmpstr(scope, ==, "always");
    g_assert_true(g_variant_lookup(none, "identity", "&o", &path));
    g_assert_cmpstr(path, ==, "/");
    g_assert_true(g_variant_lookup(allow, "allow", "&s", &word));
    g_assert_cmpstr(word, ==, "session");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_words_cases("/prompter/chooser/target/", targets, G_N_ELEMENTS(targets), test_target);
    add_words_cases("/prompter/chooser/program/", programs, G_N_ELEMENTS(programs), test_program);
    add_words_cases("/prompter/chooser/verified/", servers, G_N_ELEMENTS(servers), test_server);
    add_words_cases("/prompter/chooser/note/", notes, G_N_ELEMENTS(notes), test_note);
    g_test_add_func("/prompter/chooser/head", test_head);
    g_test_add_func("/prompter/chooser/who", test_who);
    g_test_add_func("/prompter/chooser/list", test_list);
    g_test_add_func("/prompter/chooser/no-list", test_no_list);
    g_test_add_func("/prompter/chooser/insert", test_insert);
    g_test_add_func("/prompter/chooser/optional", test_optional);
    g_test_add_func("/prompter/chooser/others", test_kinds_of_others);
    g_test_add_func("/prompter/chooser/type-ahead", test_type_ahead);
    g_test_add_func("/prompter/chooser/remember/all", test_remember_all);
    g_test_add_func("/prompter/chooser/remember/limited", test_remember_limited);
    g_test_add_func("/prompter/chooser/remember/first", test_remember_first);
    g_test_add_func("/prompter/chooser/details", test_details);
    g_test_add_func("/prompter/chooser/answers", test_answers);
    return g_test_run();
}
