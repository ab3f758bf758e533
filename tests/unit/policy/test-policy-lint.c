/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The linter: each error and each warning, with its place; and what is right draws no remark.
 */
#include "daemon/policy/role.h"
#include "daemon/policy/rule-key.h"
#include "daemon/policy/rule-lint.h"
#include "daemon/policy/scan.h"
#include "tests/unit/policy/fake-world.h"

#define HEAD   "[Policy]\nVersion=1\n\n"
#define RULE   "[Rule r]\nMatch-Host=a.example\n"
#define SELECT RULE "Action=select\n"
#define HEX64  "6c5f0f3b3d4b9f5a3a0a8d2f5a9c9d7e1d2c3b4a59687f6e5d4c3b2a19080706"

/* What the linter says about one file: severity, line, key and a piece of the message; a NULL
 * message expects silence. */
typedef struct {
    const char *name, *text;
    MeishiSeverity severity;
    guint line;
    const char *key, *message;
} Case;

#define ERROR   MEISHI_LINT_ERROR
#define WARNING MEISHI_LINT_WARNING

static const Case cases[] = {
    /* the text */
    {"clean", HEAD SELECT, 0, 0, NULL, NULL},
    {"comments-and-blanks", "# a\n\n  # b\n" HEAD, 0, 0, NULL, NULL},
    {"empty-file", "", 0, 0, NULL, NULL},
    {"error/not-utf8", "[Policy]\nDescription=\xff\n", ERROR, 0, NULL, "not UTF-8"},
    {"error/syntax", "[Policy]\nVersion\n", ERROR, 2, NULL, "Key=value"},
    {"error/key-before-group", "Version=1\n", ERROR, 1, "Version", "before the first group"},
    {"error/group-syntax", "[Policy\n", ERROR, 1, NULL, "a group is written"},
    {"error/group-one-bracket", "[\n", ERROR, 1, NULL, "a group is written"},
    {"error/group-with-bracket", "[Rule [x]]\n", ERROR, 1, NULL, "a group is written"},
    {"error/key-with-locale", "[Policy]\nDescription[ja]=x\n", ERROR, 2, "Description[ja]",
     "letters, digits and hyphens"},
    {"error/repeated-key", "[Policy]\nVersion=1\nVersion=1\n", ERROR, 3, "Version", "already"},
    {"error/repeated-group", "[Policy]\n[Lock]\n[Policy]\n", ERROR, 3, NULL, "already"},
    {"warning/bom", "\xef\xbb\xbf" HEAD, WARNING, 0, NULL, "byte order mark"},
    {"warning/windows", "[Policy]\r\nVersion=1\r\n", WARNING, 0, NULL, "Windows"},
    /* groups and keys */
    {"error/unknown-group", "[Import x]\nFile=/x\n", ERROR, 1, NULL, "unknown group"},
    {"error/rule-without-name", "[Rule ]\nMatch-Host=a.example\nAction=none\n", ERROR, 1, NULL,
     "the name must"},
    {"error/rule-name", "[Rule a/b]\nMatch-Host=a.example\nAction=none\n", ERROR, 1, NULL,
     "the name must"},
    {"error/unknown-key", RULE "Colour=red\n", ERROR, 3, "Colour", "unknown key"},
    {"error/unknown-policy-key", "[Policy]\nColour=red\n", ERROR, 2, "Colour", "unknown key"},
    {"error/unknown-defaults-key", "[Defaults]\nAction=select\n", ERROR, 2, "Action",
     "unknown key"},
    {"error/unknown-lock-key", "[Lock]\nKey=x\n", ERROR, 2, "Key", "unknown key"},
    {"error/unknown-role-key", "[Role x]\nColour=x\n", ERROR, 2, "Colour", "unknown key"},
    {"error/version", "[Policy]\nVersion=2\n", ERROR, 2, "Version", "reads version 1"},
    {"error/lock", "[Lock]\nKeys=Rule x/Action\n", ERROR, 2, "Keys", "cannot be locked"},
    {"error/role-label", "[Role x]\nLabel=123456789012345678901234567890123\n", ERROR, 2, "Label",
     "1 to 32"},
    /* values */
    {"error/enum", RULE "Action=allow\n", ERROR, 3, "Action", "not one of select, prompt"},
    {"error/enum-in-defaults", "[Defaults]\nInteractive=no\n", ERROR, 2, "Interactive",
     "not one of yes, never"},
    {"error/notify", RULE "Notify=never\n", ERROR, 3, "Notify", "not one of yes, no"},
    {"error/notify-in-defaults", "[Defaults]\nNotify=never\n", ERROR, 2, "Notify",
     "not one of yes, no"},
    {"clean/notify", "[Defaults]\nNotify=no\n" RULE "Notify=no\n", 0, 0, NULL, NULL},
    {"error/bool", RULE "Enabled=true\n", ERROR, 3, "Enabled", "not one of yes, no"},
    {"error/number", SELECT "Priority=1001\n", ERROR, 4, "Priority", "0 to 1000"},
    {"error/number-sign", SELECT "Priority=-1\n", ERROR, 4, "Priority", "0 to 1000"},
    {"error/list-for-one-value", RULE "Action=select;prompt\n", ERROR, 3, "Action", "one value"},
    {"error/empty-value", RULE "Action=\n", ERROR, 3, "Action", "missing"},
    {"error/empty-item", "[Rule r]\nAction=select\nMatch-Host=a.example;;b.example\n", ERROR, 3,
     "Match-Host", "empty"},
    {"error/hex-length", SELECT "Identity-SPKI-SHA256=abcd\n", ERROR, 4, "Identity-SPKI-SHA256",
     "64 hex"},
    {"error/hex-too-long", SELECT "Identity-Fingerprint-SHA256=" HEX64 "00\n", ERROR, 4,
     "Identity-Fingerprint-SHA256", "longer"},
    {"error/oid", SELECT "Identity-Policy-OID=1.x\n", ERROR, 4, "Identity-Policy-OID",
     "not an OID"},
    {"error/eku", SELECT "Identity-EKU=clientauth\n", ERROR, 4, "Identity-EKU", "nor an OID"},
    {"error/duration", SELECT "Identity-Validity-Left=1 day\n", ERROR, 4, "Identity-Validity-Left",
     "length of time"},
    {"error/cidr", "[Rule r]\nAction=select\nMatch-Host=10.0.0.0/33\n", ERROR, 3, "Match-Host",
     "prefix"},
    {"error/dn", SELECT "Identity-Issuer=Example CA\n", ERROR, 4, "Identity-Issuer", "TYPE=value"},
    {"error/dn-escape", SELECT "Identity-Issuer=O=A\\, Inc\n", ERROR, 4, "Identity-Issuer",
     "backslash is written"},
    {"clean/dn-escape", HEAD SELECT "Identity-Issuer=O=A\\\\, Inc\n", 0, 0, NULL, NULL},
    {"clean/dn-semicolon", HEAD SELECT "Identity-Issuer=O=A\\;O=B\n", 0, 0, NULL, NULL},
    {"error/key-type", SELECT "Identity-Key-Type=rsa:big\n", ERROR, 4, "Identity-Key-Type",
     "key type"},
    {"error/key-type-range", SELECT "Identity-Key-Type=rsa:4096-2048\n", ERROR, 4,
     "Identity-Key-Type", "key type"},
    {"error/curve", SELECT "Identity-Key-Type=ec:P-255\n", ERROR, 4, "Identity-Key-Type",
     "key type"},
    {"error/glob-empty", SELECT "Identity-Issuer-O==\n", ERROR, 4, "Identity-Issuer-O", "empty"},
    {"error/glob-stars", SELECT "Identity-Issuer-O=*a*a*a*a*\n", ERROR, 4, "Identity-Issuer-O",
     "wildcards"},
    {"error/application", SELECT "Match-Application=curl\n", ERROR, 4, "Match-Application",
     "not a program"},
    {"error/application-path", SELECT "Match-Application=exe:curl\n", ERROR, 4, "Match-Application",
     "not a program"},
    {"error/protocol", SELECT "Match-Protocol=HTTPS\n", ERROR, 4, "Match-Protocol", "lower case"},
    {"error/port", SELECT "Match-Port=8443-8080\n", ERROR, 4, "Match-Port", "range of ports"},
    {"error/host-scheme", "[Rule r]\nAction=select\nMatch-Host=https://a.example\n", ERROR, 3,
     "Match-Host", "scheme"},
    {"error/host-path", "[Rule r]\nAction=select\nMatch-Host=a.example/x\n", ERROR, 3, "Match-Host",
     "path"},
    {"error/host-inner-star", "[Rule r]\nAction=select\nMatch-Host=a.*.example\n", ERROR, 3,
     "Match-Host", "first label"},
    {"error/host-except-twice", SELECT "Match-Host-Except=!a.example\n", ERROR, 4,
     "Match-Host-Except", "not a host"},
    {"warning/host-utf8", "[Rule r]\nAction=select\nMatch-Host=bücher.example\n", WARNING, 3,
     "Match-Host", "xn--bcher-kva"},
    {"warning/host-whole-top-level", "[Rule r]\nAction=select\nMatch-Host=*.jp\n", WARNING, 3,
     "Match-Host", "everything below .jp"},
    {"warning/slash-dn", SELECT "Identity-Issuer=/C=JP/O=Kame\n", WARNING, 4, "Identity-Issuer",
     "read as O=Kame,C=JP"},
    /* a rule as a whole */
    {"error/select-everything", "[Rule r]\nAction=select\n", ERROR, 1, "Action", "any identity"},
    {"error/restrict-everything", "[Rule r]\nMatch-Host=!a.example\nAction=restrict\n", ERROR, 1,
     "Action", "every identity"},
    {"error/deny-an-identity", RULE "Identity-Issuer-O=X\nAction=deny\n", ERROR, 1, "Action",
     "speak of a place"},
    {"error/none-for-an-identity", RULE "Identity-Issuer-O=X\nAction=none\n", ERROR, 1, "Action",
     "speak of a place"},
    {"error/preference-without-action", RULE "Group=bank\n", ERROR, 1, NULL, "need Action="},
    {"error/preference-of-deny", RULE "Action=deny\nOn-None=none\n", ERROR, 1, NULL,
     "need Action="},
    {"error/self-signed-with-chain",
     SELECT "Identity-Self-Signed=yes\nIdentity-Chain-Issuer=CN=X\n", ERROR, 1,
     "Identity-Self-Signed", "no chain"},
    {"warning/no-effect", RULE, WARNING, 1, NULL, "no effect"},
    {"warning/select-remembers", SELECT "Remember=session\n", WARNING, 1, "Remember",
     "never looked at"},
    {"clean/select-remembers-nothing", SELECT "Remember=none\n", 0, 0, NULL, NULL},
    {"warning/exe", SELECT "Match-Application=exe:/usr/bin/curl\n", WARNING, 1, "Match-Application",
     "any program"},
    {"clean/exe-with-trust",
     SELECT "Match-Application=exe:/usr/bin/curl\nMatch-Application-Trust=exe\n", 0, 0, NULL, NULL},
    {"warning/cn-only", SELECT "Identity-Issuer-CN=X\n", WARNING, 1, "Identity-Issuer-CN",
     "any authority"},
    {"clean/cn-of-a-constraint", "[Rule r]\nIdentity-Issuer-CN=X\nConfirm=each-use\n", 0, 0, NULL,
     NULL},
    {"clean/cn-and-o", SELECT "Identity-Issuer-CN=X\nIdentity-Issuer-O=Y\n", 0, 0, NULL, NULL},
    {"clean/cn-and-key", SELECT "Identity-Issuer-CN=X\nIdentity-Chain-SPKI-SHA256=" HEX64 "\n", 0,
     0, NULL, NULL},
    {"warning/restrict-positive", RULE "Identity-Issuer-O=X\nAction=restrict\n", WARNING, 1,
     "Match-Host", "write each with !"},
    /* rules beside each other */
    {"error/tie", SELECT "[Rule s]\nMatch-Host=a.example\nAction=prompt\n", ERROR, 4, "Priority",
     "another Priority"},
    {"error/tie/order-of-hosts",
     "[Rule r]\nMatch-Host=a.example;b.example\nAction=select\n"
     "[Rule s]\nMatch-Host=b.example;A.example\nAction=prompt\n",
     ERROR, 4, "Priority", "another Priority"},
    {"clean/no-tie-by-port", SELECT "[Rule s]\nMatch-Host=a.example\nMatch-Port=1\nAction=prompt\n",
     0, 0, NULL, NULL},
    {"warning/shadowed", SELECT "[Rule s]\nMatch-Host=a.example\nPriority=1\nAction=prompt\n",
     WARNING, 4, NULL, "never asked"},
    {"warning/shadowed-by-everything", SELECT "[Rule s]\nPriority=501\nAction=none\n", WARNING, 1,
     NULL, "never asked"},
    {"error/role-without-rule", "[Role x]\nLabel=X\nRule=y\n", ERROR, 1, "Rule", "no [Rule y]"},
    {"error/role-of-a-prompt", RULE "Action=prompt\n[Role x]\nLabel=X\nRule=r\n", ERROR, 4, "Rule",
     "Action=select"},
    {"error/role-of-a-disabled-rule", SELECT "Enabled=no\n[Role x]\nLabel=X\nRule=r\n", ERROR, 5,
     "Rule", "no [Rule r]"},
    {"error/role-without-label", SELECT "[Role x]\nRule=r\n", ERROR, 4, "Label", "needs a Label"},
    {"error/role-label-twice", SELECT "[Role x]\nLabel=X\nRule=r\n[Role y]\nLabel=X\nRule=r\n",
     ERROR, 7, "Label", "[Role x]"},
    {"error/role-label-of-the-vault", SELECT "[Role x]\nLabel=Meishi\nRule=r\n", ERROR, 4, "Label",
     "token of the vault"},
    {"error/role-label-of-the-eddsa-token", SELECT "[Role x]\nLabel=Meishi (EdDSA)\nRule=r\n",
     ERROR, 4, "Label", "token of the vault"},
    {"error/role-label-padded", SELECT "[Role x]\nLabel=Meishi\\s\nRule=r\n", ERROR, 4, "Label",
     "token of the vault"},
    {"warning/confirm-nobody", "[Defaults]\nInteractive=never\n" SELECT "Confirm=each-use\n",
     WARNING, 3, "Confirm", "nobody can confirm"},
};

static void
test_case(gconstpointer data)
{
    const Case *c = data;
    g_auto(FakeWorld) w;
    g_autoptr(GPtrArray) lints = meishi_lint_list_new();
    g_autoptr(MeishiPolicySet) set = NULL;
    const MeishiLint *lint;

    fake_world_init(&w);
    fake_policy(&w, c->text);
    set = meishi_rule_merge(w.sources, lints);
    fake_print_lints(lints);
    g_assert_cmpuint(lints->len, ==, c->message != NULL);
    g_assert_cmpint(set == NULL, ==, c->message && c->severity == ERROR);
    if (c->message == NULL)
        return;
    lint = g_ptr_array_index(lints, 0);
    g_assert_cmpint(lint->severity, ==, c->severity);
    g_assert_cmpuint(lint->line, ==, c->line);
    g_assert_cmpstr(lint->key, ==, c->key);
    g_assert_nonnull(strstr(lint->message, c->message));
    g_assert_cmpint(meishi_lint_exit_status(lints), ==, c->severity == ERROR ? 2 : 1);
}

static void
test_owner(void)
{
    g_auto(FakeWorld) w;
    g_autoptr(GPtrArray) lints = meishi_lint_list_new();
    MeishiPolicySource *source;

    fake_world_init(&w);
    fake_policy(&w, HEAD);
    source = g_ptr_array_index(w.sources, 0);
    source->owner = 1000;
    source->mode = 0664;
    g_assert_null(meishi_rule_merge(w.sources, lints));
    fake_print_lints(lints);
    g_assert_cmpuint(lints->len, ==, 2);
}

/* 32 are fine; the next one is named. */
static void
test_roles(void)
{
    for (guint n = MEISHI_ROLE_MAX; n <= MEISHI_ROLE_MAX + 2; n++) {
        g_auto(FakeWorld) w;
        g_autoptr(GPtrArray) lints = meishi_lint_list_new();
        g_autoptr(GString) text = g_string_new(SELECT);
        g_autoptr(MeishiPolicySet) set = NULL;

        for (guint i = 0; i < n; i++)
            g_string_append_printf(text, "[Role x%u]\nLabel=X%u\nRule=r\n", i, i);
        fake_world_init(&w);
        fake_policy(&w, text->str);
        set = meishi_rule_merge(w.sources, lints);
        fake_print_lints(lints);
        g_assert_cmpuint(lints->len, ==, n > MEISHI_ROLE_MAX);
        if (n > MEISHI_ROLE_MAX)
            g_assert_cmpuint(((MeishiLint *)lints->pdata[0])->line, ==, 4 + 3 * MEISHI_ROLE_MAX);
    }
}

static void
test_size(void)
{
    g_auto(FakeWorld) w;
    g_autoptr(GPtrArray) lints = meishi_lint_list_new();
    g_autofree char *text = g_strnfill(MEISHI_SCAN_MAX_BYTES + 1, '#');

    fake_world_init(&w);
    fake_policy(&w, text);
    g_assert_null(meishi_rule_merge(w.sources, lints));
    g_assert_cmpuint(lints->len, ==, 1);
}

static void
test_text(void)
{
    g_autoptr(GPtrArray) lints = meishi_lint_list_new();
    MeishiLintPlace place = {.file = "10.conf", .line = 3, .group = "Rule r", .key = "Action"};
    g_autofree char *text = NULL;

    g_assert_cmpint(meishi_lint_exit_status(lints), ==, 0);
    meishi_lint_add(lints, ERROR, &place, "is %s", "wrong");
    text = meishi_lint_to_text(g_ptr_array_index(lints, 0));
    g_assert_cmpstr(text, ==, "10.conf:3: error: [Rule r] Action: is wrong");
}

/* Remarks that need the store. */
static void
test_inventory(void)
{
    g_auto(FakeWorld) w;
    g_autoptr(GPtrArray) lints = meishi_lint_list_new();
    MeishiCandidate *expired;

    fake_world_init(&w);
    expired = fake_identity(&w, "a", "CN=I");
    memset(expired->cert->sha256, 0x11, MEISHI_SHA256_LEN);
    expired->cert->not_after = FAKE_NOW - 1;
    fake_identity(&w, "short", "CN=Short")->cert->not_after = FAKE_NOW + FAKE_DAY;
    fake_policy(&w, "[Rule here]\nMatch-Host=a.example\nAction=select\nIdentity-Fingerprint-SHA256="
                    "1111111111111111111111111111111111111111111111111111111111111111\n"
                    "[Rule gone]\nMatch-Host=b.example\nAction=select\nIdentity-Fingerprint-SHA256="
                    "2222222222222222222222222222222222222222222222222222222222222222\n"
                    "[Rule short]\nMatch-Host=c.example\nAction=select\n"
                    "Identity-Issuer=CN=Short\nIdentity-Validity-Left=30d\n");
    fake_world_end(&w);
    meishi_rule_lint_inventory(w.policy, w.inventory, FAKE_NOW, lints);
    fake_print_lints(lints);
    g_assert_cmpuint(lints->len, ==, 3);
    g_assert_nonnull(strstr(((MeishiLint *)lints->pdata[0])->message, "expired"));
    g_assert_nonnull(strstr(((MeishiLint *)lints->pdata[1])->message, "no certificate"));
    g_assert_nonnull(strstr(((MeishiLint *)lints->pdata[2])->message, "whole life"));
}

/* meishi-policy(5) documents every key of a rule, and none that does not exist. */
static void
test_manual(void)
{
    g_autofree char *path =
        g_test_build_filename(G_TEST_DIST, "..", "..", "doc", "man", "meishi-policy.5", NULL);
    g_autofree char *page = NULL;
    g_autoptr(GRegex) words = g_regex_new(
        "(?<![A-Za-z-])(?:Match|Identity|On|Remember|Require|Forbid|Warn)-[A-Z][A-Za-z0-9-]*", 0, 0,
        NULL);
    g_autoptr(GMatchInfo) match = NULL;
    gsize n;
    const MeishiRuleKey *table = meishi_rule_key_table(&n);

    g_assert_true(g_file_get_contents(path, &page, NULL, NULL));
    for (gsize i = 0; i < n; i++) {
        g_test_message("%s", table[i].name);
        g_assert_nonnull(strstr(page, table[i].name));
    }
    g_assert_true(g_regex_match(words, page, 0, &match));
    for (; g_match_info_matches(match); g_match_info_next(match, NULL)) {
        g_autofree char *word = g_match_info_fetch(match, 0);

        g_test_message("%s", word);
        g_assert_nonnull(meishi_rule_key_find(word));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/policy/lint/", cases[i].name, NULL);

        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/policy/lint/error/owner-and-mode", test_owner);
    g_test_add_func("/policy/lint/error/roles", test_roles);
    g_test_add_func("/policy/lint/error/size", test_size);
    g_test_add_func("/policy/lint/text", test_text);
    g_test_add_func("/policy/lint/manual", test_manual);
    g_test_add_func("/policy/lint/warning/inventory", test_inventory);
    return g_test_run();
}
