/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tokens with the quirks of real ones (tests/lib/quirky-module.c): what is on them is found, and
 * its keys sign.  From the module in its host to a signature that verifies.
 */
#include "daemon/base/error.h"
#include "daemon/crypto/crypto.h"
#include "daemon/token/tokens.h"
#include "module/wire/cryptoki.h"
#include "tests/lib/await.h"
#include "tests/lib/sample-identities.h"

#include <glib/gstdio.h>
#include <string.h>

#define PIN  "1234"
#define DATA "to be signed"

typedef struct {
    char *directory;
    MeishiTokens *tokens;
    guint n_troubles;
} Fixture;

/* ---- the module ------------------------------------------------------------------------------ */

static void
on_changed(gpointer user_data)
{
}

static void
on_trouble(const char *module, const char *text, gpointer user_data)
{
    g_test_message("%s: %s", module, text);
    ((Fixture *)user_data)->n_troubles++;
}

static void
on_said(const char *module, const char *line, gpointer user_data)
{
    g_test_message("%s says %s", module, line);
}

static const struct {
    const char *name;
    SampleKind kind; /* SAMPLE_N: the issuer */
} files[] = {{"01.pem", SAMPLE_RSA}, {"02.pem", SAMPLE_EC}, {"03.pem", SAMPLE_N}};

static void
write_files(const char *directory)
{
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(directory, files[i].name, NULL);
        const char *pem = files[i].kind == SAMPLE_N ? sample_identity_issuer_pem()
                                                    : sample_identity_pem(files[i].kind);

        g_assert_true(g_file_set_contents(path, pem, -1, NULL));
    }
}

static void
remove_files(const char *directory)
{
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(directory, files[i].name, NULL);

        g_assert_cmpint(g_unlink(path), ==, 0);
    }
    g_assert_cmpint(g_rmdir(directory), ==, 0);
}

static void
set_module(Fixture *fixture, const char *words)
{
    g_autoptr(GPtrArray) modules =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_token_module_free);
    MeishiTokenModule *module = g_new0(MeishiTokenModule, 1);

    module->name = g_strdup("quirky");
    module->path = g_strdup(g_getenv("MEISHI_QUIRKY_MODULE"));
    module->reserved = g_strdup_printf("dir=%s %s", fixture->directory, words);
    g_ptr_array_add(modules, module);
    meishi_tokens_set_modules(fixture->tokens, modules);
}

static void
fixture_init(Fixture *fixture, const char *words)
{
    const MeishiTokensOptions options = {
        .changed = on_changed, .trouble = on_trouble, .said = on_said, .user_data = fixture};

    *fixture = (Fixture){.directory = g_dir_make_tmp("meishi-quirks-XXXXXX", NULL)};
    write_files(fixture->directory);
    fixture->tokens = meishi_tokens_new(&options);
    set_module(fixture, words);
    while (!meishi_tokens_are_settled(fixture->tokens))
        g_main_context_iteration(NULL, TRUE);
}

static void
fixture_clear(Fixture *fixture)
{
    meishi_tokens_free(fixture->tokens);
    while (g_main_context_iteration(NULL, FALSE)) {
    }
    remove_files(fixture->directory);
    g_free(fixture->directory);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fixture, fixture_clear)

static MeishiTokenUse *
nth_use(const Fixture *fixture, guint n)
{
    GPtrArray *uses = meishi_tokens_list(fixture->tokens);

    g_assert_cmpuint(uses->len, >, n);
    return uses->pdata[n];
}

/* ---- identities ------------------------------------------------------------------------------ */

static MeishiCert *
read_cert(GBytes *der, gpointer unused)
{
    return meishi_x509_parse(der, NULL);
}

static GPtrArray *
identities_of(MeishiTokenUse *use)
{
    return meishi_pairing_identities(meishi_token_use_token(use), read_cert, NULL);
}

/* "RSA EC": what is on a token, in its order. */
static char *
describe(MeishiTokenUse *use)
{
    g_autoptr(GPtrArray) identities = identities_of(use);
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < identities->len; i++) {
        const MeishiTokenIdentity *identity = identities->pdata[i];

        g_string_append_printf(text, "%s%s", i > 0 ? " " : "",
                               identity->cert->key->type == MEISHI_KEY_RSA ? "RSA" : "EC");
    }
    return g_string_free(text, FALSE);
}

static void
assert_holds(const Fixture *fixture, guint n, const char *expected)
{
    g_autofree char *found = describe(nth_use(fixture, n));

    g_assert_cmpstr(found, ==, expected);
}

/* ---- signing --------------------------------------------------------------------------------- */

/* What TLS wants of a client: 1.2 by RSA, 1.3 by RSA, either by EC. */
static const MeishiMechanism tls12 = {.type = CKM_SHA256_RSA_PKCS};
static const MeishiMechanism tls13 = {
    .type = CKM_SHA256_RSA_PKCS_PSS, .n_numbers = 3, .numbers = {CKM_SHA256, CKG_MGF1_SHA256, 32}};
static const MeishiMechanism ecdsa = {.type = CKM_ECDSA_SHA256};

typedef struct {
    MeishiTokenUse *use;
    const MeishiTokenIdentity *identity;
    const MeishiMechanism *mechanism;
    MeishiSecret *pin; /* for this use */
} Signing;

static gboolean
verify(struct meishi_bytes result, gpointer user_data)
{
    const Signing *signing = user_data;

    return meishi_public_verify(signing->identity->cert->key->spki, signing->mechanism,
                                (const guint8 *)DATA, strlen(DATA), result.data, result.len, NULL);
}

static MeishiTokenWay
way_of(const MeishiAwayWay *from)
{
    gsize len;
    MeishiTokenWay way = {
        .mechanism = {.type = from->mechanism.type, .n_numbers = from->mechanism.n_numbers}};

    memcpy(way.mechanism.numbers, from->mechanism.numbers, sizeof way.mechanism.numbers);
    way.data.data = g_bytes_get_data(from->data, &len);
    way.data.len = len;
    return way;
}

static gboolean
try(Signing *signing, GError **error)
{
    g_auto(MeishiAway) away = {0};
    g_autoptr(GAsyncResult) result = NULL;
    g_autoptr(MeishiSecret) signature = NULL;
    MeishiTokenJob job = {.who = signing,
                          .identity = signing->identity,
                          .operation = MEISHI_WIRE_SIGN,
                          .pin = signing->pin,
                          .verify = verify,
                          .verify_data = signing};

    g_assert_true(meishi_away_plan(signing->identity->cert->key->spki, MEISHI_OP_SIGN,
                                   signing->mechanism, (const guint8 *)DATA, strlen(DATA), &away,
                                   error));
    job.n_ways = away.n;
    for (guint i = 0; i < away.n; i++)
        job.ways[i] = way_of(&away.ways[i]);
    meishi_token_use_operate_async(signing->use, &job, NULL, await_note, &result);
    await_result(&result);
    signature = meishi_token_use_operate_finish(result, error);
    return signature != NULL;
}

static gboolean
log_in(MeishiTokenUse *use, const char *pin, GError **error)
{
    g_autoptr(MeishiSecret) secret = meishi_secret_new_copy(pin, strlen(pin));
    g_autoptr(GAsyncResult) result = NULL;

    meishi_token_use_login_async(use, secret, await_note, &result);
    await_result(&result);
    return meishi_token_use_login_finish(result, error);
}

/* As the agent does it: tries, gives the PIN that is missing, and tries once more. */
static gboolean
sign(Signing *signing, GError **error)
{
    g_autoptr(MeishiSecret) pin = meishi_secret_new_copy(PIN, strlen(PIN));
    g_autoptr(GError) first = NULL;

    if (try(signing, &first))
        return TRUE;
    if (g_error_matches(first, MEISHI_ERROR, MEISHI_ERROR_LOCKED)) {
        g_clear_error(&first);
        if (!log_in(signing->use, PIN, error))
            return FALSE;
        if (try(signing, &first))
            return TRUE;
    }
    if (!g_error_matches(first, MEISHI_ERROR, MEISHI_ERROR_PASSWORD_REQUIRED)) {
        g_propagate_error(error, g_steal_pointer(&first));
        return FALSE;
    }
    signing->pin = pin;
    return try(signing, error);
}

static void
assert_signs_by(MeishiTokenUse *use, const MeishiTokenIdentity *identity,
                const MeishiMechanism *mechanism)
{
    Signing signing = {.use = use, .identity = identity, .mechanism = mechanism};
    g_autoptr(GError) error = NULL;

    (void)sign(&signing, &error);
    g_assert_no_error(error);
}

static void
assert_all_sign(MeishiTokenUse *use)
{
    g_autoptr(GPtrArray) identities = identities_of(use);

    for (guint i = 0; i < identities->len; i++) {
        const MeishiTokenIdentity *identity = identities->pdata[i];

        if (identity->cert->key->type == MEISHI_KEY_RSA) {
            assert_signs_by(use, identity, &tls12);
            assert_signs_by(use, identity, &tls13);
        } else {
            assert_signs_by(use, identity, &ecdsa);
        }
    }
}

/* ---- tokens that are no less good for it ----------------------------------------------------- */

static const char *const harmless[] = {
    "none",
    /* objects */
    "no-ids",
    "one-id",
    "no-ids no-labels",
    "no-ids no-labels no-public-keys no-key-values",
    "one-id no-public-keys no-key-values",
    "keys-shown",
    "keys-shown no-public-keys no-key-values no-ids",
    "no-public-keys",
    "plain-point",
    "point-in-bits",
    "explicit-curve",
    "other-handles",
    "other-handles keys-shown",
    /* texts and sizes */
    "padded",
    "nul-padded",
    "no-ids no-public-keys nul-padded",
    "short-numbers",
    "sizes-lie",
    "sizes-first",
    "sizes-too-long",
    "one-by-one",
    /* mechanisms */
    "raw-only",
    "no-raw",
    "no-pss",
    "pss-only-said",
    "own-salt",
    "hashing-only",
    "no-mechanisms-said",
    "no-mechanisms-said no-pss",
    "short-keys-said",
    /* sessions and logins */
    "read-only",
    "sessions=1",
    "initialized",
    "logged-in",
    "always",
    "always sessions=1",
    "always stays-active",
    "always stays-active sessions=1",
    "slow-token=50",
};

static void
test_harmless(gconstpointer words)
{
    g_auto(Fixture) fixture = {0};

    fixture_init(&fixture, words);
    g_assert_cmpuint(meishi_tokens_list(fixture.tokens)->len, ==, 1);
    assert_holds(&fixture, 0, "RSA EC");
    assert_all_sign(nth_use(&fixture, 0));
    g_assert_cmpuint(fixture.n_troubles, ==, 0);
}

/* Whatever a module fills its fields up with. */
static void
test_names(gconstpointer words)
{
    g_auto(Fixture) fixture = {0};
    g_autoptr(GPtrArray) identities = NULL;
    const MeishiTokenContent *token;

    fixture_init(&fixture, words);
    token = meishi_token_use_token(nth_use(&fixture, 0));
    g_assert_cmpstr(token->label, ==, "Card");
    g_assert_cmpstr(token->serial, ==, "0000000000000000");
    identities = identities_of(nth_use(&fixture, 0));
    g_assert_cmpuint(identities->len, ==, 2);
    g_assert_cmpstr(((MeishiTokenIdentity *)identities->pdata[0])->label, ==, "Ada RSA");
}

/* ---- sessions and logins --------------------------------------------------------------------- */

static void
assert_signs(MeishiTokenUse *use)
{
    g_autoptr(GPtrArray) identities = identities_of(use);

    assert_signs_by(use, identities->pdata[0], &tls12);
}

/* Nobody has looked at a PIN that was given while somebody was logged in. */
static void
test_logged_in_already(void)
{
    g_auto(Fixture) fixture = {0};
    g_autoptr(GError) wrong = NULL, error = NULL;
    MeishiTokenUse *use;

    fixture_init(&fixture, "logged-in");
    use = nth_use(&fixture, 0);
    g_assert_false(log_in(use, "9999", &wrong));
    g_assert_error(wrong, MEISHI_ERROR, MEISHI_ERROR_WRONG_SECRET);
    g_assert_true(log_in(use, PIN, &error));
    g_assert_no_error(error);
    assert_signs(use);
}

/* An operation that fails costs no login, not on a card with one session either. */
static void
test_failure_keeps_login(gconstpointer words)
{
    g_auto(Fixture) fixture = {0};
    g_autoptr(GPtrArray) identities = NULL;
    g_autoptr(GError) refused = NULL, error = NULL;
    Signing signing = {.mechanism = &ecdsa};

    fixture_init(&fixture, words);
    signing.use = nth_use(&fixture, 0);
    identities = identities_of(signing.use);
    signing.identity = identities->pdata[1];
    g_assert_true(sign(&signing, &error));
    g_assert_false(try(&signing, &refused));
    g_assert_error(refused, MEISHI_ERROR, MEISHI_ERROR_BAD_DATA);
    g_assert_true(meishi_token_use_is_logged_in(signing.use));
    g_assert_true(try(&signing, &error));
    g_assert_no_error(error);
}

/* One session, and an operation in it that does not end: the login cannot be kept.  Perhaps another
 * program is quicker to have the next one. */
static void
test_stuck_session(gconstpointer words)
{
    g_auto(Fixture) fixture = {0};
    g_autoptr(GPtrArray) identities = NULL;
    g_autoptr(GError) refused = NULL, error = NULL;
    Signing signing = {.mechanism = &ecdsa};

    fixture_init(&fixture, words);
    signing.use = nth_use(&fixture, 0);
    identities = identities_of(signing.use);
    signing.identity = identities->pdata[1];
    g_assert_true(sign(&signing, &error));
    g_assert_false(try(&signing, &refused));
    g_assert_true(sign(&signing, &error)); /* with the PIN, once more */
    g_assert_no_error(error);
    g_assert_cmpuint(meishi_tokens_list(fixture.tokens)->len, ==, 1);
    g_assert_true(nth_use(&fixture, 0) == signing.use);
}

/* Another program has all sessions when the card is put in; when it ends, the card is read. */
static void
test_sessions_taken(void)
{
    g_auto(Fixture) fixture = {0};
    guint life;

    fixture_init(&fixture, "taken=3");
    assert_holds(&fixture, 0, "");
    life = meishi_token_use_token(nth_use(&fixture, 0))->life;
    while (meishi_token_use_token(nth_use(&fixture, 0))->objects->len == 0)
        g_main_context_iteration(NULL, TRUE);
    assert_holds(&fixture, 0, "RSA EC");
    assert_signs(nth_use(&fixture, 0));
    g_assert_cmpuint(meishi_token_use_token(nth_use(&fixture, 0))->life, ==, life);
}

/* Certificates behind the PIN are there when it was given, and stay when the login ends. */
static void
test_private_certificates(void)
{
    g_auto(Fixture) fixture = {0};
    g_autoptr(GError) error = NULL;
    MeishiTokenUse *use;

    fixture_init(&fixture, "private-certificates");
    use = nth_use(&fixture, 0);
    assert_holds(&fixture, 0, "");
    g_assert_true(log_in(use, PIN, &error));
    g_assert_no_error(error);
    g_assert_true(nth_use(&fixture, 0) == use);
    assert_holds(&fixture, 0, "RSA EC");
    assert_all_sign(use);
    meishi_token_use_logout(use);
    assert_all_sign(use);
    assert_holds(&fixture, 0, "RSA EC");
}

/* A key that is seen without a login, and that somebody took away. */
static void
test_key_taken_away(void)
{
    g_auto(Fixture) fixture = {0};
    g_autoptr(GPtrArray) identities = NULL;
    g_autoptr(GError) error = NULL, gone = NULL;
    Signing signing = {.mechanism = &ecdsa};

    fixture_init(&fixture, "keys-shown open fewer-keys-after=1");
    signing.use = nth_use(&fixture, 0);
    identities = identities_of(signing.use);
    signing.identity = identities->pdata[1];
    g_assert_true(try(&signing, &error));
    g_assert_no_error(error);
    g_assert_false(try(&signing, &gone));
    g_assert_error(gone, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
}

/* ---- slots ----------------------------------------------------------------------------------- */

static void
await_slots(const Fixture *fixture, guint n)
{
    while (meishi_tokens_list(fixture->tokens)->len != n)
        g_main_context_iteration(NULL, TRUE);
}

/* What was in a slot that went is not what is in it when it comes again. */
static void
test_slot_comes_and_goes(void)
{
    g_auto(Fixture) fixture = {0};
    g_autoptr(MeishiTokenUse) first = NULL, second = NULL;

    fixture_init(&fixture, "comes-and-goes");
    first = meishi_token_use_ref(nth_use(&fixture, 0));
    await_slots(&fixture, 2);
    second = meishi_token_use_ref(nth_use(&fixture, 1));
    assert_holds(&fixture, 0, "RSA");
    assert_holds(&fixture, 1, "EC");
    assert_signs(first);
    await_slots(&fixture, 1);
    g_assert_true(meishi_token_use_is_lost(second));
    await_slots(&fixture, 2);
    assert_holds(&fixture, 1, "EC");
    g_assert_cmpuint(meishi_token_use_token(nth_use(&fixture, 1))->presence, !=,
                     meishi_token_use_token(second)->presence);
    g_assert_true(nth_use(&fixture, 0) == first);
    g_assert_true(meishi_token_use_is_logged_in(first));
    assert_signs(first);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_true(meishi_crypto_init(NULL));
    meishi_token_host_set_program(g_getenv("MEISHI_TOKENHOST_PROGRAM"));
    meishi_token_host_set_pace(30000, 20);
    meishi_module_watch_set_pace(60);
    for (gsize i = 0; i < G_N_ELEMENTS(harmless); i++) {
        g_autofree char *path = g_strdup_printf("/token/quirks/%s", harmless[i]);

        g_test_add_data_func(path, harmless[i], test_harmless);
    }
    g_test_add_data_func("/token/quirks/names/padded", "padded", test_names);
    g_test_add_data_func("/token/quirks/names/nul-padded", "nul-padded", test_names);
    g_test_add_func("/token/quirks/logged-in-already", test_logged_in_already);
    g_test_add_data_func("/token/quirks/failure-keeps-login/sessions", "refuses=2",
                         test_failure_keeps_login);
    g_test_add_data_func("/token/quirks/failure-keeps-login/one-session", "refuses=2 sessions=1",
                         test_failure_keeps_login);
    g_test_add_data_func("/token/quirks/failure-keeps-login/stays-active", "refuses=2 stays-active",
                         test_failure_keeps_login);
    g_test_add_data_func("/token/quirks/stuck-session/alone", "sessions=1 stays-active refuses=2",
                         test_stuck_session);
    g_test_add_data_func("/token/quirks/stuck-session/taken",
                         "sessions=1 stays-active refuses=2 taken-later=3", test_stuck_session);
    g_test_add_func("/token/quirks/sessions-taken", test_sessions_taken);
    g_test_add_func("/token/quirks/private-certificates", test_private_certificates);
    g_test_add_func("/token/quirks/key-taken-away", test_key_taken_away);
    g_test_add_func("/token/quirks/slot-comes-and-goes", test_slot_comes_and_goes);
    return g_test_run();
}
