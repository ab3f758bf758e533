/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/token/tokens.c and token-use.c: keys of a token in use by many, with a real host and the
 * hostile module, whose signatures are the input with each byte inverted.
 */
#include "daemon/token/tokens.h"

#include "daemon/base/error.h"
#include "module/wire/cryptoki.h"
#include "tests/lib/await.h"
#include "tests/unit/policy/fake-cert.h"

#include <string.h>

typedef struct {
    MeishiTokens *tokens;
    guint n_changed, n_troubles;
    MeishiTokenIdentity identity;
} Fixture;

static void
on_changed(gpointer user_data)
{
    ((Fixture *)user_data)->n_changed++;
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

static void
set_modules(Fixture *fixture, const char *const *words)
{
    g_autoptr(GPtrArray) modules =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_token_module_free);

    for (guint i = 0; words[i] != NULL; i++) {
        MeishiTokenModule *module = g_new0(MeishiTokenModule, 1);

        module->name = g_strdup_printf("hostile%u", i);
        module->path = g_strdup(g_getenv("MEISHI_HOSTILE_MODULE"));
        module->reserved = g_strdup(words[i]);
        g_ptr_array_add(modules, module);
    }
    meishi_tokens_set_modules(fixture->tokens, modules);
}

static void
fixture_init(Fixture *fixture, const char *words)
{
    const char *list[] = {words != NULL ? words : "", NULL};
    const MeishiTokensOptions options = {
        .changed = on_changed, .trouble = on_trouble, .said = on_said, .user_data = fixture};

    *fixture = (Fixture){0};
    fixture->tokens = meishi_tokens_new(&options);
    fixture->identity.cert = fake_cert("CN=me", "CN=ca", 1);
    fixture->identity.id = g_bytes_new("id", 2);
    set_modules(fixture, list);
    while (meishi_tokens_list(fixture->tokens)->len == 0)
        g_main_context_iteration(NULL, TRUE);
}

static void
fixture_clear(Fixture *fixture)
{
    meishi_tokens_free(fixture->tokens);
    meishi_cert_unref(fixture->identity.cert);
    g_bytes_unref(fixture->identity.id);
    while (g_main_context_iteration(NULL, FALSE)) {
    }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fixture, fixture_clear)

static MeishiTokenUse *
first_use(const Fixture *fixture)
{
    GPtrArray *uses = meishi_tokens_list(fixture->tokens);

    g_assert_cmpuint(uses->len, >=, 1);
    return uses->pdata[0];
}

static void
await_change(Fixture *fixture)
{
    guint n = fixture->n_changed;

    while (fixture->n_changed == n)
        g_main_context_iteration(NULL, TRUE);
}

/* Until there is another token than @use, which is lost. */
static MeishiTokenUse *
await_another(Fixture *fixture, const MeishiTokenUse *use)
{
    while (meishi_tokens_list(fixture->tokens)->len == 0 || first_use(fixture) == use)
        g_main_context_iteration(NULL, TRUE);
    return first_use(fixture);
}

static gboolean
log_in(MeishiTokenUse *use, const char *pin, GError **error)
{
    g_autoptr(MeishiSecret) secret = pin != NULL ? meishi_secret_new_copy(pin, strlen(pin)) : NULL;
    g_autoptr(GAsyncResult) result = NULL;

    meishi_token_use_login_async(use, secret, await_note, &result);
    await_result(&result);
    return meishi_token_use_login_finish(result, error);
}

static void
assert_logs_in(MeishiTokenUse *use)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(log_in(use, "1234", &error));
    g_assert_no_error(error);
}

static gboolean
is_inverted(struct meishi_bytes result, gpointer user_data)
{
    static const guint8 expected[] = {(guint8) ~'d', (guint8) ~'a', (guint8) ~'t', (guint8) ~'a'};

    if (user_data != NULL)
        ++*(guint *)user_data;
    return result.len == sizeof expected && memcmp(result.data, expected, result.len) == 0;
}

static MeishiTokenJob
make_job(const Fixture *fixture)
{
    return (MeishiTokenJob){
        .who = fixture,
        .identity = &fixture->identity,
        .operation = MEISHI_WIRE_SIGN,
        .ways = {{.mechanism = {.type = CKM_RSA_PKCS}, .data = {(const guint8 *)"data", 4}}},
        .n_ways = 1,
        .verify = is_inverted,
    };
}

static MeishiSecret *
run(MeishiTokenUse *use, const MeishiTokenJob *job, GError **error)
{
    g_autoptr(GAsyncResult) result = NULL;

    meishi_token_use_operate_async(use, job, NULL, await_note, &result);
    await_result(&result);
    return meishi_token_use_operate_finish(result, error);
}

static void
assert_signs(const Fixture *fixture, MeishiTokenUse *use)
{
    const MeishiTokenJob job = make_job(fixture);
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiSecret) result = run(use, &job, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(meishi_secret_len(result), ==, 4);
}

static void
assert_fails(const Fixture *fixture, MeishiTokenUse *use, gint code)
{
    const MeishiTokenJob job = make_job(fixture);
    g_autoptr(GError) error = NULL;

    g_assert_null(run(use, &job, &error));
    g_assert_error(error, MEISHI_ERROR, code);
}

/* ---- logging in ------------------------------------------------------------------------------ */

static void
test_login(void)
{
    g_auto(Fixture) fixture = {0};
    MeishiTokenUse *use;

    fixture_init(&fixture, NULL);
    use = first_use(&fixture);
    g_assert_false(meishi_token_use_is_logged_in(use));
    assert_fails(&fixture, use, MEISHI_ERROR_LOCKED);
    assert_logs_in(use);
    g_assert_true(meishi_token_use_is_logged_in(use));
    assert_signs(&fixture, use);
    assert_logs_in(use); /* once is enough */
    meishi_token_use_logout(use);
    g_assert_false(meishi_token_use_is_logged_in(use));
    assert_fails(&fixture, use, MEISHI_ERROR_LOCKED);
}

static void
test_wrong_pin(void)
{
    g_auto(Fixture) fixture = {0};
    g_autoptr(GError) first = NULL, blocked = NULL, again = NULL;
    MeishiTokenUse *use;

    fixture_init(&fixture, NULL);
    use = first_use(&fixture);
    g_assert_false(log_in(use, "0000", &first));
    g_assert_error(first, MEISHI_ERROR, MEISHI_ERROR_WRONG_SECRET);
    await_change(&fixture);
    g_assert_true(first_use(&fixture) == use);
    g_assert_cmpint(meishi_token_content_pin_tries(meishi_token_use_token(use)), ==,
                    MEISHI_PIN_LOW);
    g_assert_false(log_in(use, "0000", NULL));
    await_change(&fixture);
    g_assert_cmpint(meishi_token_content_pin_tries(meishi_token_use_token(use)), ==,
                    MEISHI_PIN_LAST_TRY);
    g_assert_false(log_in(use, "0000", &blocked));
    g_assert_error(blocked, MEISHI_ERROR, MEISHI_ERROR_LOCKED);
    g_assert_nonnull(strstr(blocked->message, "blocked"));
    g_assert_false(log_in(use, "1234", &again));
    g_assert_error(again, MEISHI_ERROR, MEISHI_ERROR_LOCKED);
}

/* Several give a PIN at once, while there are more tries: the last is not spent by that. */
static void
test_last_try_in_line(void)
{
    g_auto(Fixture) fixture = {0};
    g_autoptr(MeishiSecret) wrong = meishi_secret_new_copy("0000", 4);
    GAsyncResult *results[3] = {NULL};
    const int codes[] = {MEISHI_ERROR_WRONG_SECRET, MEISHI_ERROR_WRONG_SECRET, MEISHI_ERROR_DENIED};
    MeishiTokenUse *use;

    fixture_init(&fixture, NULL);
    use = first_use(&fixture);
    for (gsize i = 0; i < G_N_ELEMENTS(results); i++)
        meishi_token_use_login_async(use, wrong, await_note, &results[i]);
    for (gsize i = 0; i < G_N_ELEMENTS(results); i++) {
        g_autoptr(GError) error = NULL;

        await_result(&results[i]);
        g_assert_false(meishi_token_use_login_finish(results[i], &error));
        g_assert_error(error, MEISHI_ERROR, codes[i]);
        g_object_unref(results[i]);
    }
    g_assert_cmpint(meishi_token_use_pin_tries(use), ==, MEISHI_PIN_LAST_TRY);
    assert_logs_in(use);
}

/* What nobody looked at is not known to be right. */
static void
test_taken_pin(void)
{
    g_auto(Fixture) fixture = {0};
    g_autoptr(MeishiSecret) right = meishi_secret_new_copy("1234", 4);
    g_autoptr(MeishiSecret) wrong = meishi_secret_new_copy("0000", 4);
    g_autoptr(MeishiSecret) new = meishi_secret_new_copy("5678", 4);
    g_autoptr(GAsyncResult) first = NULL, second = NULL, change = NULL;
    MeishiTokenUse *use;

    fixture_init(&fixture, NULL);
    use = first_use(&fixture);
    meishi_token_use_login_async(use, right, await_note, &first);
    meishi_token_use_login_async(use, wrong, await_note, &second);
    await_result(&second);
    g_assert_true(meishi_token_use_login_finish(first, NULL));
    g_assert_true(meishi_token_use_taken_pin(first) == right);
    g_assert_true(meishi_token_use_login_finish(second, NULL));
    g_assert_null(meishi_token_use_taken_pin(second));
    meishi_token_use_change_pin_async(use, right, new, await_note, &change);
    await_result(&change);
    g_assert_true(meishi_token_use_set_pin_finish(change, NULL));
    g_assert_true(meishi_token_use_taken_pin(change) == new);
}

static void
test_pin_pad(void)
{
    g_auto(Fixture) fixture = {0};
    g_autoptr(GError) error = NULL;
    MeishiTokenUse *use;

    fixture_init(&fixture, "pinpad");
    use = first_use(&fixture);
    g_assert_true(meishi_token_content_has_pin_pad(meishi_token_use_token(use)));
    g_assert_true(log_in(use, NULL, &error));
    g_assert_no_error(error);
    assert_signs(&fixture, use);
}

/* ---- another PIN ---------------------------------------------------------------------------- */

typedef void SetPin(MeishiTokenUse *use, MeishiSecret *by, MeishiSecret *new,
                    GAsyncReadyCallback callback, gpointer user_data);

/* How it ended: 0, or the error's code. */
static int
set_pin(MeishiTokenUse *use, SetPin *begin, const char *by, const char *new)
{
    g_autoptr(MeishiSecret) old = by != NULL ? meishi_secret_new_copy(by, strlen(by)) : NULL;
    g_autoptr(MeishiSecret) pin = new != NULL ? meishi_secret_new_copy(new, strlen(new)) : NULL;
    g_autoptr(GAsyncResult) result = NULL;
    g_autoptr(GError) error = NULL;

    begin(use, old, pin, await_note, &result);
    await_result(&result);
    if (meishi_token_use_set_pin_finish(result, &error))
        return 0;
    g_test_message("%s", error->message);
    g_assert_true(error->domain == MEISHI_ERROR);
    return error->code;
}

static void
block(MeishiTokenUse *use)
{
    for (int i = 0; i < 3; i++)
        g_assert_false(log_in(use, "0000", NULL));
}

static void
test_change_pin(void)
{
    g_auto(Fixture) fixture = {0};
    MeishiTokenUse *use;

    fixture_init(&fixture, NULL);
    use = first_use(&fixture);
    assert_logs_in(use);
    g_assert_cmpint(set_pin(use, meishi_token_use_change_pin_async, "0000", "5678"), ==,
                    MEISHI_ERROR_WRONG_SECRET);
    g_assert_false(meishi_token_use_is_logged_in(use));
    g_assert_cmpint(meishi_token_content_pin_tries(meishi_token_use_token(use)), ==,
                    MEISHI_PIN_LOW);
    g_assert_cmpint(set_pin(use, meishi_token_use_change_pin_async, "1234", "567"), ==,
                    MEISHI_ERROR_INVALID_ARGUMENT);
    g_assert_cmpint(set_pin(use, meishi_token_use_change_pin_async, "1234", "5678"), ==, 0);
    g_assert_true(meishi_token_use_is_logged_in(use));
    assert_signs(&fixture, use);
    g_assert_cmpint(set_pin(use, meishi_token_use_change_pin_async, "1234", "5678"), ==,
                    MEISHI_ERROR_WRONG_SECRET);
    block(use);
    g_assert_cmpint(set_pin(use, meishi_token_use_change_pin_async, "5678", "1234"), ==,
                    MEISHI_ERROR_LOCKED);
}

static void
test_change_pin_in_vain(void)
{
    static const struct {
        const char *words;
        int code;
    } cases[] = {
        {"no-set-pin", MEISHI_ERROR_UNSUPPORTED},
        {"forgets-new-pin", MEISHI_ERROR_FAILED},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Fixture) fixture = {0};

        fixture_init(&fixture, cases[i].words);
        g_assert_cmpint(
            set_pin(first_use(&fixture), meishi_token_use_change_pin_async, "1234", "5678"), ==,
            cases[i].code);
        assert_logs_in(first_use(&fixture));
    }
}

static void
test_change_pin_at_pad(void)
{
    g_auto(Fixture) fixture = {0};

    fixture_init(&fixture, "pinpad");
    g_assert_cmpint(set_pin(first_use(&fixture), meishi_token_use_change_pin_async, NULL, NULL), ==,
                    0);
    g_assert_false(meishi_token_use_is_logged_in(first_use(&fixture)));
}

static void
test_unblock_pin(void)
{
    /* Whom a module takes a PUK from: a security officer, or nobody. */
    static const char *const words[] = {"", "no-officer puk"};

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        g_auto(Fixture) fixture = {0};
        MeishiTokenUse *use;

        fixture_init(&fixture, words[i]);
        use = first_use(&fixture);
        block(use);
        g_assert_cmpint(set_pin(use, meishi_token_use_unblock_pin_async, "00000000", "5678"), ==,
                        MEISHI_ERROR_WRONG_SECRET);
        g_assert_cmpint(set_pin(use, meishi_token_use_unblock_pin_async, "12345678", "5678"), ==,
                        0);
        g_assert_true(meishi_token_use_is_logged_in(use));
        assert_signs(&fixture, use);
    }
}

static void
test_unblock_pin_in_vain(void)
{
    static const struct {
        const char *words;
        gboolean is_blocked;
        int code;
    } cases[] = {
        {"no-officer puk", FALSE, MEISHI_ERROR_UNSUPPORTED},
        {"no-officer", TRUE, MEISHI_ERROR_LOCKED},
        {"officer-locked", TRUE, MEISHI_ERROR_LOCKED},
        {"no-officer no-set-pin", TRUE, MEISHI_ERROR_UNSUPPORTED},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Fixture) fixture = {0};
        MeishiTokenUse *use;

        fixture_init(&fixture, cases[i].words);
        use = first_use(&fixture);
        if (cases[i].is_blocked)
            block(use);
        g_assert_cmpint(set_pin(use, meishi_token_use_unblock_pin_async, "12345678", "5678"), ==,
                        cases[i].code);
    }
}

/* Nobody types: the module is ended, since nothing else ends its waiting. */
static void
test_pin_pad_cancelled(void)
{
    g_auto(Fixture) fixture = {0};
    g_autoptr(MeishiTokenUse) old = NULL;
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GAsyncResult) login = NULL, queued = NULL;
    g_autoptr(GError) cancelled = NULL, lost = NULL;
    MeishiTokenJob job;

    fixture_init(&fixture, "pinpad login-hang public-keys");
    job = make_job(&fixture);
    old = meishi_token_use_ref(first_use(&fixture));
    meishi_token_use_login_at_reader_async(old, cancellable, await_note, &login);
    for (gint64 end = g_get_monotonic_time() + G_USEC_PER_SEC / 5; g_get_monotonic_time() < end;)
        g_main_context_iteration(NULL, FALSE);
    g_assert_null(login);
    meishi_token_use_operate_async(old, &job, NULL, await_note, &queued);
    g_cancellable_cancel(cancellable);
    await_result(&login);
    g_assert_false(meishi_token_use_login_finish(login, &cancelled));
    g_assert_error(cancelled, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    await_result(&queued);
    g_assert_null(meishi_token_use_operate_finish(queued, &lost));
    g_assert_error(lost, MEISHI_ERROR, MEISHI_ERROR_UNAVAILABLE);
    (void)await_another(&fixture, old);
    g_assert_cmpuint(fixture.n_troubles, ==, 0);
}

static void
test_no_login_needed(void)
{
    g_auto(Fixture) fixture = {0};

    fixture_init(&fixture, "public-keys");
    assert_signs(&fixture, first_use(&fixture));
}

/* A PIN for each use: the login alone is not enough. */
static void
test_always_authenticate(void)
{
    g_auto(Fixture) fixture = {0};
    g_autoptr(MeishiSecret) right = meishi_secret_new_copy("1234", 4);
    g_autoptr(MeishiSecret) wrong = meishi_secret_new_copy("0000", 4);
    g_autoptr(MeishiSecret) result = NULL;
    g_autoptr(GError) error = NULL, missed = NULL;
    MeishiTokenUse *use;
    MeishiTokenJob job;

    fixture_init(&fixture, "always");
    use = first_use(&fixture);
    assert_logs_in(use);
    assert_fails(&fixture, use, MEISHI_ERROR_PASSWORD_REQUIRED);
    job = make_job(&fixture);
    job.pin = wrong;
    g_assert_null(run(use, &job, &missed));
    g_assert_error(missed, MEISHI_ERROR, MEISHI_ERROR_WRONG_SECRET);
    job.pin = right;
    result = run(use, &job, &error);
    g_assert_no_error(error);
}

/* ---- the right key --------------------------------------------------------------------------- */

static void
test_wrong_key_is_noticed(void)
{
    g_auto(Fixture) fixture = {0};
    g_autoptr(MeishiSecret) first = NULL, second = NULL;
    g_autoptr(GError) error = NULL;
    guint n = 0;
    MeishiTokenJob job;

    fixture_init(&fixture, "two-keys public-keys");
    job = make_job(&fixture);
    job.verify_data = &n;
    first = run(first_use(&fixture), &job, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(n, ==, 2); /* the first guess was wrong ... */
    second = run(first_use(&fixture), &job, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(n, ==, 3); /* ... and is not made again */
}

static gboolean
refuse(struct meishi_bytes result, gpointer user_data)
{
    return FALSE;
}

static void
test_no_key_verifies(void)
{
    g_auto(Fixture) fixture = {0};
    g_autoptr(GError) error = NULL;
    MeishiTokenJob job;

    fixture_init(&fixture, "two-keys public-keys");
    job = make_job(&fixture);
    job.verify = refuse;
    g_assert_null(run(first_use(&fixture), &job, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_KEY_MISMATCH);
}

static void
test_no_key(void)
{
    g_auto(Fixture) fixture = {0};

    fixture_init(&fixture, NULL);
    assert_logs_in(first_use(&fixture));
    fixture.identity.cert->key->type = MEISHI_KEY_EC;
    assert_fails(&fixture, first_use(&fixture), MEISHI_ERROR_NOT_FOUND);
}

/* The key's handle became another one behind our back. */
static void
test_handle_of_old(void)
{
    g_auto(Fixture) fixture = {0};

    fixture_init(&fixture, "forget-handles");
    assert_logs_in(first_use(&fixture));
    assert_signs(&fixture, first_use(&fixture));
    assert_signs(&fixture, first_use(&fixture));
}

static void
test_ways(void)
{
    g_auto(Fixture) fixture = {0};
    g_autoptr(GError) error = NULL, none = NULL;
    g_autoptr(MeishiSecret) result = NULL;
    MeishiTokenJob job;

    fixture_init(&fixture, "public-keys");
    job = make_job(&fixture);
    job.ways[1] = job.ways[0];
    job.ways[0].mechanism.type = CKM_RSA_PKCS_PSS; /* the token has no such */
    job.ways[0].data = (struct meishi_bytes){(const guint8 *)"other", 5};
    job.n_ways = 2;
    result = run(first_use(&fixture), &job, &error);
    g_assert_no_error(error);
    job.n_ways = 1;
    g_assert_null(run(first_use(&fixture), &job, &none));
    g_assert_error(none, MEISHI_ERROR, MEISHI_ERROR_MECHANISM);
}

/* ---- tokens that go -------------------------------------------------------------------------- */

static void
test_pulled(void)
{
    g_auto(Fixture) fixture = {0};
    g_autoptr(MeishiTokenUse) old = NULL;
    MeishiTokenUse *fresh;

    fixture_init(&fixture, "vanish=2");
    old = meishi_token_use_ref(first_use(&fixture));
    assert_logs_in(old);
    assert_signs(&fixture, old);
    assert_fails(&fixture, old, MEISHI_ERROR_UNAVAILABLE);
    fresh = await_another(&fixture, old);
    g_assert_true(meishi_token_use_is_lost(old));
    assert_fails(&fixture, old, MEISHI_ERROR_UNAVAILABLE);
    g_assert_false(meishi_token_use_is_logged_in(fresh));
    assert_logs_in(fresh);
    assert_signs(&fixture, fresh);
}

/* A module that has lost its mind is started anew, once; then it is left alone for a while. */
static void
test_confused(void)
{
    g_auto(Fixture) fixture = {0};
    g_autoptr(MeishiTokenUse) old = NULL;
    MeishiTokenUse *fresh;
    guint n;

    fixture_init(&fixture, "sign-confused public-keys");
    old = meishi_token_use_ref(first_use(&fixture));
    assert_fails(&fixture, old, MEISHI_ERROR_UNAVAILABLE);
    fresh = await_another(&fixture, old);
    n = fixture.n_changed;
    assert_fails(&fixture, fresh, MEISHI_ERROR_UNAVAILABLE);
    assert_fails(&fixture, fresh, MEISHI_ERROR_UNAVAILABLE);
    g_assert_false(meishi_token_use_is_lost(fresh));
    g_assert_cmpuint(fixture.n_changed, ==, n);
}

static void
test_hangs(void)
{
    g_auto(Fixture) fixture = {0};
    g_autoptr(MeishiTokenUse) old = NULL;

    meishi_token_host_set_pace(700, 20);
    fixture_init(&fixture, "sign-hang public-keys");
    old = meishi_token_use_ref(first_use(&fixture));
    assert_fails(&fixture, old, MEISHI_ERROR_TIMEOUT);
    (void)await_another(&fixture, old);
    g_assert_cmpuint(fixture.n_troubles, ==, 1);
    meishi_token_host_set_pace(30000, 20);
}

/* A module in trouble is nobody else's trouble. */
static void
test_other_modules_go_on(void)
{
    static const char *const words[] = {"public-keys", "token-crash", "init-hang", "slots-garble",
                                        NULL};
    g_auto(Fixture) fixture = {0};

    meishi_token_host_set_pace(700, 20);
    fixture_init(&fixture, "public-keys");
    set_modules(&fixture, words);
    for (int i = 0; i < 200; i++)
        assert_signs(&fixture, first_use(&fixture));
    while (fixture.n_troubles < 3)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(meishi_tokens_list(fixture.tokens)->len, ==, 1);
    assert_signs(&fixture, first_use(&fixture));
    meishi_token_host_set_pace(30000, 20);
}

/* What runs already runs on. */
static void
test_set_modules(void)
{
    static const char *const two[] = {"public-keys", "slots=3", NULL};
    static const char *const second[] = {"slots=3", NULL};
    static const char *const none[] = {NULL};
    g_auto(Fixture) fixture = {0};
    g_autoptr(MeishiTokenUse) use = NULL;

    fixture_init(&fixture, "public-keys");
    use = meishi_token_use_ref(first_use(&fixture));
    set_modules(&fixture, two);
    g_assert_false(meishi_tokens_are_settled(fixture.tokens));
    while (!meishi_tokens_are_settled(fixture.tokens))
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(meishi_tokens_list(fixture.tokens)->len, ==, 4);
    g_assert_true(first_use(&fixture) == use);
    set_modules(&fixture, second);
    g_assert_true(meishi_token_use_is_lost(use));
    assert_fails(&fixture, use, MEISHI_ERROR_UNAVAILABLE);
    set_modules(&fixture, none);
    g_assert_cmpuint(meishi_tokens_list(fixture.tokens)->len, ==, 0);
    g_assert_true(meishi_tokens_are_settled(fixture.tokens));
}

/* ---- many at once ---------------------------------------------------------------------------- */

#define N_PROGRAMS 10
#define N_EACH     20

/* Ten programs, a card with one session that can sign one thing at a time. */
static void
test_sharing(void)
{
    g_auto(Fixture) fixture = {0};
    GAsyncResult *results[N_PROGRAMS][N_EACH] = {{NULL}};
    static const char programs[N_PROGRAMS];
    MeishiTokenJob job;

    fixture_init(&fixture, "sessions=1 serial");
    assert_logs_in(first_use(&fixture));
    job = make_job(&fixture);
    for (guint i = 0; i < N_PROGRAMS * N_EACH; i++) {
        job.who = &programs[i / N_EACH];
        meishi_token_use_operate_async(first_use(&fixture), &job, NULL, await_note,
                                       &results[i / N_EACH][i % N_EACH]);
    }
    for (guint i = 0; i < N_PROGRAMS * N_EACH; i++) {
        GAsyncResult **result = &results[i / N_EACH][i % N_EACH];
        g_autoptr(GError) error = NULL;
        g_autoptr(MeishiSecret) signature = NULL;

        await_result(result);
        signature = meishi_token_use_operate_finish(*result, &error);
        g_assert_no_error(error);
        g_clear_object(result);
    }
    g_assert_cmpuint(fixture.n_troubles, ==, 0);
}

/* ---- many rounds ----------------------------------------------------------------------------- */

static guint
count_descriptors(void)
{
    g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
    guint n = 0;

    while (g_dir_read_name(dir) != NULL)
        n++;
    return n;
}

static void
wait_for_troubles(Fixture *fixture, guint n)
{
    while (fixture->n_troubles < n)
        g_main_context_iteration(NULL, TRUE);
}

/* The processes that end hold theirs until they have. */
static void
await_descriptors(guint n)
{
    gint64 end = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;

    while (count_descriptors() > n && g_get_monotonic_time() < end) {
        g_main_context_iteration(NULL, FALSE);
        g_usleep(1000);
    }
    g_assert_cmpuint(count_descriptors(), <=, n);
}

/* A bad neighbour comes, does its worst and goes; a good one works on, and nothing is left behind.
 * MEISHI_ROUNDS rounds; a few without. */
static void
test_rounds(void)
{
    static const char *const alone[] = {"public-keys", NULL};
    static const char *const bad[] = {
        "token-crash", "slots-abort", "slots-exit", "slots-garble", "slots-close", "init-abort",
        "init-fail",   "find-lie",    "slots-huge", "value-lie",    "print-much",  "fork leak",
    };
    const char *wanted = g_getenv("MEISHI_ROUNDS");
    guint n_rounds = wanted != NULL ? (guint)g_ascii_strtoull(wanted, NULL, 10) : 24;
    g_auto(Fixture) fixture = {0};
    g_autoptr(MeishiTokenUse) use = NULL;
    guint n_before;

    fixture_init(&fixture, "public-keys");
    use = meishi_token_use_ref(first_use(&fixture));
    n_before = count_descriptors();
    for (guint i = 0; i < n_rounds; i++) {
        const char *words[] = {"public-keys", bad[i % G_N_ELEMENTS(bad)], NULL};
        guint n_troubles = fixture.n_troubles;

        set_modules(&fixture, words);
        assert_signs(&fixture, use);
        if (i % G_N_ELEMENTS(bad) < 7)
            wait_for_troubles(&fixture, n_troubles + 1);
        assert_signs(&fixture, use);
    }
    g_assert_false(meishi_token_use_is_lost(use));
    set_modules(&fixture, alone);
    await_descriptors(n_before);
}

static void
test_cancelled_in_line(void)
{
    g_auto(Fixture) fixture = {0};
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GAsyncResult) first = NULL, second = NULL;
    g_autoptr(MeishiSecret) signature = NULL;
    g_autoptr(GError) error = NULL, cancelled = NULL;
    MeishiTokenJob job;

    fixture_init(&fixture, "sign-slow=200 public-keys");
    job = make_job(&fixture);
    meishi_token_use_operate_async(first_use(&fixture), &job, NULL, await_note, &first);
    meishi_token_use_operate_async(first_use(&fixture), &job, cancellable, await_note, &second);
    g_cancellable_cancel(cancellable);
    await_result(&first);
    signature = meishi_token_use_operate_finish(first, &error);
    g_assert_no_error(error);
    await_result(&second);
    g_assert_null(meishi_token_use_operate_finish(second, &cancelled));
    g_assert_nonnull(cancelled);
}

static void
test_free_while_busy(void)
{
    g_auto(Fixture) fixture = {0};
    g_autoptr(GAsyncResult) first = NULL, second = NULL;
    g_autoptr(GError) error = NULL, lost = NULL;
    MeishiTokenJob job;

    fixture_init(&fixture, "sign-hang public-keys");
    job = make_job(&fixture);
    meishi_token_use_operate_async(first_use(&fixture), &job, NULL, await_note, &first);
    meishi_token_use_operate_async(first_use(&fixture), &job, NULL, await_note, &second);
    for (int i = 0; i < 3; i++)
        g_main_context_iteration(NULL, FALSE);
    g_clear_pointer(&fixture.tokens, meishi_tokens_free);
    await_result(&second);
    g_assert_null(meishi_token_use_operate_finish(second, &lost));
    g_assert_error(lost, MEISHI_ERROR, MEISHI_ERROR_UNAVAILABLE);
    await_result(&first);
    g_assert_null(meishi_token_use_operate_finish(first, &error));
    g_assert_nonnull(error);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    meishi_token_host_set_program(g_getenv("MEISHI_TOKENHOST_PROGRAM"));
    meishi_token_host_set_pace(30000, 20);
    meishi_module_watch_set_pace(60);
    g_test_add_func("/token/use/login", test_login);
    g_test_add_func("/token/use/wrong-pin", test_wrong_pin);
    g_test_add_func("/token/use/last-try-in-line", test_last_try_in_line);
    g_test_add_func("/token/use/taken-pin", test_taken_pin);
    g_test_add_func("/token/use/pin-pad", test_pin_pad);
    g_test_add_func("/token/use/change-pin", test_change_pin);
    g_test_add_func("/token/use/change-pin/in-vain", test_change_pin_in_vain);
    g_test_add_func("/token/use/change-pin/at-pad", test_change_pin_at_pad);
    g_test_add_func("/token/use/unblock-pin", test_unblock_pin);
    g_test_add_func("/token/use/unblock-pin/in-vain", test_unblock_pin_in_vain);
    g_test_add_func("/token/use/pin-pad-cancelled", test_pin_pad_cancelled);
    g_test_add_func("/token/use/no-login-needed", test_no_login_needed);
    g_test_add_func("/token/use/always-authenticate", test_always_authenticate);
    g_test_add_func("/token/use/wrong-key-is-noticed", test_wrong_key_is_noticed);
    g_test_add_func("/token/use/no-key-verifies", test_no_key_verifies);
    g_test_add_func("/token/use/no-key", test_no_key);
    g_test_add_func("/token/use/handle-of-old", test_handle_of_old);
    g_test_add_func("/token/use/ways", test_ways);
    g_test_add_func("/token/use/pulled", test_pulled);
    g_test_add_func("/token/use/confused", test_confused);
    g_test_add_func("/token/use/hangs", test_hangs);
    g_test_add_func("/token/use/other-modules-go-on", test_other_modules_go_on);
    g_test_add_func("/token/use/set-modules", test_set_modules);
    g_test_add_func("/token/use/sharing", test_sharing);
    g_test_add_func("/token/use/rounds", test_rounds);
    g_test_add_func("/token/use/cancelled-in-line", test_cancelled_in_line);
    g_test_add_func("/token/use/free-while-busy", test_free_while_busy);
    return g_test_run();
}
