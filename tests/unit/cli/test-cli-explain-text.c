/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/explain-text.c: what a person sees who wants to know why.
 */
#include "cli/explain-text.h"

#include "tests/unit/cli/sample-question.h"

#include <string.h>

static void
assert_text(const char *dict, const char *expected)
{
    g_autoptr(MeishiQuestion) question = sample_question("explain", dict, 1);
    g_autofree char *text = meishi_explain_text(question);

    g_assert_cmpstr(text, ==, expected);
}

/* Those that fit first, those that never will last, whatever order they came in. */
static void
test_verdicts(void)
{
    assert_text("{'application': <'exe:/usr/bin/curl'>, 'pid': <uint32 9>, 'host': <'a.example'>,"
                " 'port': <uint32 443>, 'result-name': <'selected'>, 'row': <'a rule says so'>,"
                " 'rule': <'rule r (f:1, user)'>, 'accepts': <['CN=A', 'CN=B']>,"
                " 'n-accepts': <uint32 5>, 'last-alert': <'it is revoked'>, 'candidates': <["
                "{'kind': <'hard'>, 'label': <'Sign'>, 'code': <'KU'>, 'reason': <'cannot sign'>},"
                "{'kind': <'soft'>, 'label': <'Old'>, 'issuer': <'CN=I'>, 'code': <'EXPIRED'>,"
                " 'not-after': <int64 1772323200>, 'reason': <'ended 2026-03-01'>},"
                "{'kind': <'ok'>, 'label': <'Hana'>, 'issuer': <'CN=I'>, 'place': <'vault'>,"
                " 'not-after': <int64 1803945600>, 'code': <'OK'>}]>, 'n-candidates': <uint32 4>}",
                "Why a.example:443 gets what it gets (curl, pid 9, /usr/bin/curl)\n"
                "decided: selected (a rule says so)\n"
                "policy: rule r (f:1, user)\n"
                "accepts: CN=A\n"
                "accepts: CN=B\n"
                "accepts: 3 more\n"
                "last time: it is revoked\n"
                "  1) fits: Hana, from I, until 2027-03-02, vault\n"
                "  2) not offered: Old, from I, until 2026-03-01; EXPIRED: ended 2026-03-01\n"
                "  3) cannot be used: Sign; KU: cannot sign\n"
                "     and 1 more; `meishi why` shows all\n");
}

static void
test_empty(void)
{
    assert_text("{'host': <'a.example'>, 'rule': <'none'>}",
                "Why a.example gets what it gets (an unknown program)\n"
                "accepts: it does not say whose certificates\n"
                "There is no identity at all.\n");
}

static void
test_hostile(void)
{
    g_autoptr(MeishiQuestion) question = sample_question(
        "explain",
        "{'host': <'\\u001b'>, 'result-name': <'\\u001b'>, 'row': <'\\n'>, 'rule': <'\\r'>,"
        " 'accepts': <['\\u202e']>, 'last-alert': <'\\a'>, 'candidates': <[{'kind': <'hard'>,"
        " 'label': <'\\n  1) fits'>, 'issuer': <'CN=\\t'>, 'place': <'\\v'>, 'code': <'\\f'>,"
        " 'reason': <'\\b'>, 'not-after': <int64 1>}]>}",
        1);
    g_autofree char *text = meishi_explain_text(question);

    for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p)) {
        g_assert_true(*p == '\n' || !g_unichar_iscntrl(g_utf8_get_char(p)));
        g_assert_cmphex(g_utf8_get_char(p), !=, 0x202e);
    }
    g_assert_null(strstr(text, "\n  1) fits"));
}

int
main(int argc, char **argv)
{
    g_setenv("TZ", "UTC", TRUE);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/explain-text/verdicts", test_verdicts);
    g_test_add_func("/cli/explain-text/empty", test_empty);
    g_test_add_func("/cli/explain-text/hostile", test_hostile);
    return g_test_run();
}
