/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/question.c and cli/question-text.c: what a person sees when the daemon asks.
 */
#include "cli/question-text.h"

#include "cli/caller-text.h"
#include "tests/unit/cli/sample-question.h"

#include <string.h>

static const MeishiQuestionLayout wide = {.columns = 100, .now = SAMPLE_NOW};
static const MeishiQuestionLayout plain = {.columns = 0, .now = SAMPLE_NOW};

static void
assert_open(const char *dict, guint own_pid, const MeishiQuestionLayout *layout,
            const char *expected)
{
    g_autoptr(MeishiQuestion) question = sample_question("choose", dict, own_pid);
    g_autofree char *text = meishi_question_text_open(question, layout);

    g_assert_cmpstr(text, ==, expected);
}

static void
test_layout(void)
{
    assert_open(
        SAMPLE_CHOOSE, 1, &wide,
        "git.example.com:8443 asks for a certificate (curl, pid 4711, /usr/bin/curl)\n"
        "accepts: CN=Issuing CA 3,O=Example Corp, +1\n"
        "  1) Hana Sato  Issuing CA 3  until 2027-03-02  card “Corp card”  no OU, ..a2b3\n"
        "  2) Hana Sato  Issuing CA 3  until 2026-12-06 (in 15 days)  file  OU=Admins, ..4f2a\n"
        "  o) 1 other not offered    n) send none    N) never here    q) not now    ?) why\n");
}

static void
test_plain(void)
{
    assert_open(
        SAMPLE_CHOOSE, SAMPLE_PID, &plain,
        "git.example.com:8443 asks for a certificate\n"
        "accepts: CN=Issuing CA 3,O=Example Corp, +1\n"
        "  1) Hana Sato, from Issuing CA 3, until 2027-03-02, card “Corp card”, no OU, ..a2b3\n"
        "  2) Hana Sato, from Issuing CA 3, until 2026-12-06 (in 15 days), file, OU=Admins, "
        "..4f2a\n"
        "  o) 1 other not offered\n"
        "  n) send none\n"
        "  N) never here\n"
        "  q) not now\n"
        "  ?) why\n");
}

/* What is out of the ordinary has a line of its own. */
static void
test_circumstances(void)
{
    assert_open("{'host': <'xn--bcher-kva.example'>, 'port': <uint32 443>, 'kind': <'optional'>,"
                " 'row': <'the server asks everybody'>, 'rule': <'rule r (f:1, user)'>,"
                " 'server-verified': <'ok'>, 'server-organisation': <'Buch\\tAG'>,"
                " 'server-name': <'b'>, 'sign-failed': <true>, 'awaited': <false>,"
                " 'tls-clear': <true>, 'last-alert': <'it is revoked'>, 'last-label': <'Old'>,"
                " 'claimed-application': <'Bank\nof'>, 'scopes': <['once', 'always']>}",
                1, &wide,
                "xn--bcher-kva.example:443 (bücher.example) asks for a certificate (an unknown "
                "program, says it is “Bank\\u000Aof”)\n"
                "server: Buch\\u0009AG, verified\n"
                "accepts: it does not say whose certificates\n"
                "last time: it is revoked, with “Old”\n"
                "last time: the key of what was chosen could not be used here\n"
                "why: the server asks everybody\n"
                "policy: rule r (f:1, user)\n"
                "note: before TLS 1.3 your name is visible on the network\n"
                "note: the program does not wait; your answer is for the next time\n"
                "  N) never here    n) send none    q) not now    ?) why\n");
}

static void
test_others(void)
{
    g_autoptr(MeishiQuestion) question = sample_question("choose", SAMPLE_CHOOSE, 1);
    g_autofree char *text = meishi_question_text_others(question, &wide);

    g_autofree char *lines = meishi_question_text_others(question, &plain);

    g_assert_cmpstr(text, ==,
                    "  3) Old  Issuing CA 3  ended 2026-03-01  file\n"
                    "     EXPIRED: ended 2026-03-01\n");
    g_assert_cmpstr(lines, ==,
                    "  3) Old, from Issuing CA 3, ended 2026-03-01, file; EXPIRED: ended "
                    "2026-03-01\n");
}

static void
test_why(void)
{
    g_autoptr(MeishiQuestion) question = sample_question("choose", SAMPLE_CHOOSE, 1);
    g_autofree char *text = meishi_question_text_why(question, &plain);

    g_assert_nonnull(strstr(text, "why: several identities fit\n"));
    g_assert_nonnull(strstr(text, "accepts: CN=B\n"));
    g_assert_nonnull(strstr(text, "  2) Hana Sato\n"
                                  "     subject: CN=Hana Sato,OU=Admins,O=Example Corp\n"
                                  "     issuer: CN=Issuing CA 3,O=Example Corp\n"
                                  "     names: email:hana@example.com\n"
                                  "     serial: 994f2a\n"
                                  "     key: EC P-256\n"
                                  "     place: file\n"));
    g_assert_nonnull(strstr(text, "     not offered: ended 2026-03-01\n"));
}

/* Each facet in which two rows of one name can differ, and those alone. */
static void
test_difference(void)
{
    static const struct {
        const char *first, *second, *shown;
    } rows[] = {
        {"'subject': <'OU=A'>", "'subject': <'OU=B'>", "OU=A\n"},
        {"'key': <'RSA 2048'>", "'key': <'EC P-256'>", "RSA 2048\n"},
        {"'serial': <'1234567'>", "'serial': <'7654321'>", "..4567\n"},
        {"'serial': <'12'>", "'serial': <'21'>", "..12\n"},
        {"'names': <['dns:a']>", "'names': <['dns:b']>", "dns:a\n"},
        {"'not-before': <int64 1764000000>", "'not-before': <int64 1732000000>",
         "issued 2025-11-24\n"},
        {"'issuer': <'CN=I,O=A'>", "'issuer': <'CN=I,O=B'>", "by CN=I,O=A\n"},
        {"'place': <'vault'>", "'place': <'card'>", "vault\n"},
        {"'label': <'x'>, 'serial': <'1'>", "'label': <'x (2)'>, 'serial': <'2'>", "..1\n"},
        {"'label': <'x (12)'>, 'serial': <'1'>", "'label': <'x (2)'>, 'serial': <'2'>", "..1\n"},
        {"'label': <'x (a)'>, 'serial': <'1'>", "'label': <'x (2)'>, 'serial': <'2'>", "no end\n"},
        {"'label': <'(1)'>, 'serial': <'1'>", "'label': <'(2)'>, 'serial': <'2'>", "no end\n"},
        {"'label': <'x'>, 'serial': <'1'>", "'label': <'y'>, 'serial': <'2'>", "no end\n"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *dict =
            g_strdup_printf("{'candidates': <[{'kind': <'ok'>, %s}, {'kind': <'ok'>, %s}]>}",
                            rows[i].first, rows[i].second);
        g_autoptr(MeishiQuestion) question = sample_question("choose", dict, 1);
        g_autofree char *text = meishi_question_text_open(question, &wide);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        g_autofree char *row = g_strconcat(lines[2], "\n", NULL);

        g_assert_true(g_str_has_prefix(row, "  1) "));
        g_assert_true(g_str_has_suffix(row, rows[i].shown));
    }
}

/* Nothing that a certificate or a program says moves the cursor or goes on for ever. */
static void
test_hostile(void)
{
    g_autofree char *much = g_strnfill(5000, 'x');
    g_autofree char *dict = g_strdup_printf(
        "{'application': <'exe:/tmp/\033[2J%s'>, 'pid': <uint32 1>, 'host': <'h\u202e%s'>,"
        " 'accepts': <['\033]0;%s']>, 'n-accepts': <uint32 1>, 'last-alert': <'\r%s'>,"
        " 'row': <'\t%s'>, 'kind': <'again'>, 'rule': <'\a%s'>, 'scopes': <['once']>,"
        " 'candidates': <[{'kind': <'ok'>, 'label': <'\033[1m%s'>, 'issuer': <'CN=\\\\1b%s'>,"
        " 'place': <'\n%s'>, 'subject': <'OU=\v%s'>}, {'kind': <'soft'>, 'reason': <'\b%s'>}]>}",
        much, much, much, much, much, much, much, much, much, much, much);
    g_autoptr(MeishiQuestion) question = sample_question("choose", dict, 2);
    g_autofree char *open = meishi_question_text_open(question, &wide);
    g_autofree char *others = meishi_question_text_others(question, &wide);
    g_autofree char *why = meishi_question_text_why(question, &wide);
    g_autofree char *all = g_strconcat(open, others, why, NULL);

    for (const char *p = all; *p != '\0'; p = g_utf8_next_char(p)) {
        g_assert_true(*p == '\n' || !g_unichar_iscntrl(g_utf8_get_char(p)));
        g_assert_cmphex(g_utf8_get_char(p), !=, 0x202e);
    }
    g_assert_cmpuint(strlen(open), <, 1500);
}

/* A network's name has one form, and an address and a name without other letters have one too. */
static void
test_hosts(void)
{
    static const struct {
        const char *host, *shown;
    } rows[] = {
        {"ssid:Office", "ssid:Office:1"},
        {"ssid:xn--bcher-kva", "ssid:xn--bcher-kva:1"},
        {"ssid:\\u001b[m", "ssid:\\u001B[m:1"},
        {"WWW.example.com", "WWW.example.com:1"},
        {"xn--bcher-kva.example", "xn--bcher-kva.example:1 (bücher.example)"},
        {"xn--0", "xn--0:1"},
        {"2001:db8::1", "[2001:db8::1]:1"},
        {"192.0.2.1", "192.0.2.1:1"},
        {"", "a server that the program does not name"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *dict =
            g_strdup_printf("{'host': <'%s'>, 'port': <uint32 1>}", rows[i].host);
        g_autoptr(MeishiQuestion) question = sample_question("choose", dict, 1);
        g_autofree char *text = meishi_caller_text_host(question);

        g_assert_cmpstr(text, ==, rows[i].shown);
    }
}

/* Kinds that speak in another way than by a list. */
static void
test_kinds(void)
{
    assert_open("{'host': <'a.example'>, 'kind': <'single'>, 'row': <'one fits'>,"
                " 'candidates': <[{'kind': <'ok'>, 'label': <'Hana'>, 'issuer': <'CN=I'>}]>}",
                1, &wide,
                "a.example asks for a certificate (an unknown program)\n"
                "accepts: it does not say whose certificates\n"
                "  1) Hana  I  no end\n"
                "  n) send none    q) not now    ?) why\n");
    assert_open("{'host': <'a.example'>, 'kind': <'soft'>, 'row': <'nothing fits well'>,"
                " 'candidates': <[{'kind': <'soft'>, 'label': <'Hana'>}]>}",
                1, &wide,
                "a.example asks for a certificate (an unknown program)\n"
                "accepts: it does not say whose certificates\n"
                "why: nothing fits well\n"
                "  o) 1 other not offered    n) send none    q) not now    ?) why\n");
    assert_open("{'host': <'a.example'>, 'kind': <'insert'>, 'row': <'x'>,"
                " 'candidates': <[{'kind': <'soft'>, 'label': <'Hana'>,"
                " 'place': <'card “Corp card”'>}]>}",
                1, &plain,
                "a.example asks for a certificate (an unknown program)\n"
                "accepts: it does not say whose certificates\n"
                "insert: card “Corp card”, for “Hana”; this goes on by itself when it is there\n"
                "  n) send none\n  q) not now\n  ?) why\n");
    assert_open("{'host': <'a.example'>, 'kind': <'insert'>}", 1, &wide,
                "a.example asks for a certificate (an unknown program)\n"
                "accepts: it does not say whose certificates\n"
                "insert: the card or token that your certificate is on\n"
                "  n) send none    q) not now    ?) why\n");
    assert_open("{'host': <'a.example'>, 'kind': <'import'>, 'row': <'x'>, 'rule': <'rule r'>}", 1,
                &wide,
                "a.example asks for a certificate (an unknown program)\n"
                "accepts: it does not say whose certificates\n"
                "policy: rule r\n"
                "import: policy wants a certificate here that you do not have; "
                "`meishi import FILE` adds it, then connect again\n"
                "  n) send none    q) not now    ?) why\n");
    assert_open("{'host': <'a.example'>, 'kind': <'again'>, 'row': <'it was refused'>,"
                " 'last-alert': <'it is revoked'>}",
                1, &wide,
                "a.example asks for a certificate (an unknown program)\n"
                "accepts: it does not say whose certificates\n"
                "last time: it is revoked\n"
                "why: it was refused\n"
                "  n) send none    q) not now    ?) why\n");
}

/* As many as the daemon sends at most, all alike but for the serial number. */
static void
test_many(void)
{
    g_autoptr(GString) dict = g_string_new("{'candidates': <[");
    g_autoptr(MeishiQuestion) question = NULL;
    g_autofree char *text = NULL;
    gint64 start;

    for (guint i = 0; i < 2560; i++)
        g_string_append_printf(dict,
                               "%s{'kind': <'ok'>, 'label': <'x (%u)'>, 'issuer': <'CN=I,O=O'>,"
                               " 'serial': <'%04x'>}",
                               i > 0 ? ", " : "", i, i);
    g_string_append(dict, "]>}");
    question = sample_question("choose", dict->str, 1);
    start = g_get_monotonic_time();
    text = meishi_question_text_open(question, &wide);
    g_assert_cmpint(g_get_monotonic_time() - start, <, 5 * G_USEC_PER_SEC);
    g_assert_nonnull(strstr(text, "  1) x (0)     I  no end  ..0000\n"));
    g_assert_nonnull(strstr(text, "2560) x (2559)  I  no end  ..09ff\n"));
}

static void
test_remember(void)
{
    static const struct {
        const char *dict, *text;
    } rows[] = {
        {"{" SAMPLE_REMEMBER "'kind': <'choose'>}",
         "Remember: o)nce s)ession a)lways; +h every port; +d all of example.com [o]: "},
        {"{'scopes': <['once', 'session']>, 'reaches': <['host-port']>}",
         "Remember: o)nce s)ession [o]: "},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(MeishiQuestion) question = sample_question("choose", rows[i].dict, 1);
        g_autofree char *text = meishi_question_text_remember(question, "once");

        g_assert_cmpstr(text, ==, rows[i].text);
    }
}

/* What the daemon leaves out, or says in another type, is empty and nothing worse. */
static void
test_odd(void)
{
    static const char *const dicts[] = {
        "@a{sv} {}",
        "{'pid': <'x'>, 'host': <uint32 1>, 'scopes': <'always'>, 'candidates': <['a']>}",
        "{'candidates': <[@a{sv} {}]>, 'preselected': <objectpath '/none'>}",
        "{'candidates': <[{'kind': <'soft'>}]>, 'n-candidates': <uint32 9>}",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(dicts); i++) {
        g_autoptr(MeishiQuestion) question = sample_question("choose", dicts[i], 1);
        g_autofree char *open = meishi_question_text_open(question, &wide);
        g_autofree char *others = meishi_question_text_others(question, &plain);
        g_autofree char *why = meishi_question_text_why(question, &wide);

        g_assert_nonnull(strstr(open, "asks for a certificate"));
    }
    g_assert_null(sample_question("telepathy", "@a{sv} {}", 1));
}

int
main(int argc, char **argv)
{
    g_setenv("TZ", "UTC", TRUE);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/question-text/layout", test_layout);
    g_test_add_func("/cli/question-text/plain", test_plain);
    g_test_add_func("/cli/question-text/circumstances", test_circumstances);
    g_test_add_func("/cli/question-text/others", test_others);
    g_test_add_func("/cli/question-text/why", test_why);
    g_test_add_func("/cli/question-text/difference", test_difference);
    g_test_add_func("/cli/question-text/hostile", test_hostile);
    g_test_add_func("/cli/question-text/hosts", test_hosts);
    g_test_add_func("/cli/question-text/kinds", test_kinds);
    g_test_add_func("/cli/question-text/many", test_many);
    g_test_add_func("/cli/question-text/remember", test_remember);
    g_test_add_func("/cli/question-text/odd", test_odd);
    return g_test_run();
}
