/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How long a PIN may be kept: the words for it, and what [Token NAME] groups allow.
 */
#include "daemon/policy/token-rule.h"

#include "daemon/base/error.h"
#include "tests/unit/policy/fake-world.h"

/* ---- words ---------------------------------------------------------------------------------- */

static void
test_words(void)
{
    static const char *const good[] = {"never", "1m", "10m", "1440m", "removal", "keyring"};
    static const char *const bad[] = {"",    "always", "0m",      "1441m", "10",    "10s",  "m",
                                      "-1m", "1 m",    "minutes", "10h",   "Never", "0x1m", "10mm"};
    MeishiPinKeep keep;

    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autofree char *text = NULL;

        g_assert_true(meishi_pin_keep_parse(good[i], &keep, NULL));
        text = meishi_pin_keep_format(&keep);
        g_assert_cmpstr(text, ==, good[i]);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_false(meishi_pin_keep_parse(bad[i], &keep, &error));
        g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT);
    }
    g_assert_true(meishi_pin_keep_parse("45min", &keep, NULL));
    g_assert_cmpint(keep.kind, ==, MEISHI_PIN_MINUTES);
    g_assert_cmpuint(keep.minutes, ==, 45);
    g_assert_cmpstr(meishi_pin_keep_kind_name(keep.kind), ==, "minutes");
}

/* From loose to strict. */
static void
test_order(void)
{
    static const char *const words[] = {"keyring", "removal", "60m", "10m", "never"};

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        for (gsize j = 0; j < G_N_ELEMENTS(words); j++) {
            MeishiPinKeep keep, limit;

            g_assert_true(meishi_pin_keep_parse(words[i], &keep, NULL));
            g_assert_true(meishi_pin_keep_parse(words[j], &limit, NULL));
            g_assert_cmpint(meishi_pin_keep_exceeds(&keep, &limit), ==, i < j);
            meishi_pin_keep_tighten(&keep, &limit);
            g_assert_false(meishi_pin_keep_exceeds(&keep, &limit));
        }
    }
}

/* ---- groups --------------------------------------------------------------------------------- */

#define GROUP(keys) "[Token t]\n" keys "\n"

/* What holds for a card of Gemalto's, "Corp Card", number A1, without a model. */
static const struct {
    const char *name;
    const char *admin, *user;
    const char *limit, *said_by; /* NULL: none */
} limits[] = {
    {"nothing", "", "", "keyring", NULL},
    {"everything", GROUP("PIN-Keep=removal"), "", "removal", "t"},
    {"kind", GROUP("Token-Kind=tpm;card\nPIN-Keep=never"), "", "never", "t"},
    {"another-kind", GROUP("Token-Kind=tpm\nPIN-Keep=never"), "", "keyring", NULL},
    {"label", GROUP("Token-Label=corp *\nPIN-Keep=5m"), "", "5m", "t"},
    {"exact-label", GROUP("Token-Label==corp card\nPIN-Keep=5m"), "", "keyring", NULL},
    {"serial", GROUP("Token-Serial=B?;A?\nPIN-Keep=5m"), "", "5m", "t"},
    {"maker", GROUP("Token-Manufacturer=Gem*\nPIN-Keep=5m"), "", "5m", "t"},
    {"model", GROUP("Token-Model=x\nPIN-Keep=5m"), "", "keyring", NULL},
    {"no-model", GROUP("Token-Model=*\nPIN-Keep=5m"), "", "5m", "t"},
    {"all-keys-have-to-fit", GROUP("Token-Kind=card\nToken-Label=x\nPIN-Keep=5m"), "", "keyring",
     NULL},
    {"the-strictest", GROUP("PIN-Keep=30m") "[Token u]\nPIN-Keep=5m\n", "", "5m", "u"},
    {"a-user-can-be-stricter", GROUP("PIN-Keep=30m"), GROUP("PIN-Keep=never"), "never", "t"},
    {"and-not-looser", GROUP("PIN-Keep=5m"), GROUP("PIN-Keep=keyring"), "5m", "t"},
};

static void
check_limit(gconstpointer data)
{
    const gsize i = GPOINTER_TO_SIZE(data);
    const MeishiTokenFacts card = {
        .kind = MEISHI_TOKEN_CARD,
        .texts = {[MEISHI_TOKEN_TEXT_LABEL] = "Corp Card",
                  [MEISHI_TOKEN_TEXT_SERIAL] = "A1",
                  [MEISHI_TOKEN_TEXT_MAKER] = "Gemalto"},
    };
    g_autoptr(GPtrArray) lints = meishi_lint_list_new();
    g_autofree char *text = NULL;
    const MeishiTokenRule *rule;
    MeishiPinKeep limit;
    FakeWorld w;

    fake_world_init(&w);
    fake_policy_at(&w, MEISHI_LAYER_ADMIN, "a", limits[i].admin);
    fake_policy_at(&w, MEISHI_LAYER_USER, "b", limits[i].user);
    w.policy = meishi_rule_merge(w.sources, lints);
    g_assert_cmpint(meishi_lint_exit_status(lints), ==, 0);
    limit = meishi_token_rule_limit(w.policy->tokens, &card, &rule);
    text = meishi_pin_keep_format(&limit);
    g_assert_cmpstr(text, ==, limits[i].limit);
    g_assert_cmpstr(rule != NULL ? rule->name : NULL, ==, limits[i].said_by);
    fake_world_clear(&w);
}

static const struct {
    const char *name, *text, *message;
    int status;
} remarks[] = {
    {"says-nothing", GROUP("Token-Kind=card"), "PIN-Keep is missing", 1},
    {"bad-word", GROUP("PIN-Keep=always"), "none of never", 2},
    {"list", GROUP("PIN-Keep=never;removal"), "takes one value", 2},
    {"bad-kind", GROUP("Token-Kind=usb\nPIN-Keep=never"), "usb", 2},
    {"unknown-key", GROUP("PIN-Length=8"), "unknown key", 2},
    {"no-name", "[Token ]\nPIN-Keep=never\n", "1 to 64 bytes", 2},
    {"twins", GROUP("PIN-Keep=never") "[Token  t]\nPIN-Keep=5m\n", "of this name stands in", 2},
};

static void
check_remark(gconstpointer data)
{
    const gsize i = GPOINTER_TO_SIZE(data);
    g_autoptr(GPtrArray) lints = meishi_lint_list_new();
    const MeishiLint *lint;
    FakeWorld w;

    fake_world_init(&w);
    fake_policy_at(&w, MEISHI_LAYER_ADMIN, "a", remarks[i].text);
    w.policy = meishi_rule_merge(w.sources, lints);
    g_assert_cmpint(meishi_lint_exit_status(lints), ==, remarks[i].status);
    lint = remarks[i].status == 2 ? meishi_lint_first_error(lints) : g_ptr_array_index(lints, 0);
    g_test_message("%s", lint->message);
    g_assert_nonnull(strstr(lint->message, remarks[i].message));
    fake_world_clear(&w);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/policy/token-rule/words", test_words);
    g_test_add_func("/policy/token-rule/order", test_order);
    for (gsize i = 0; i < G_N_ELEMENTS(limits); i++) {
        g_autofree char *path = g_strconcat("/policy/token-rule/limit/", limits[i].name, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), check_limit);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(remarks); i++) {
        g_autofree char *path = g_strconcat("/policy/token-rule/remark/", remarks[i].name, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), check_remark);
    }
    return g_test_run();
}
