/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Keys on a token as programs use them: when the person is asked for the PIN, who learns what of
 * the answer, and for how long it holds.  With a real host and the quirky module, whose card has
 * Alice's certificate and key.
 */
#include "daemon/agent/token-keep.h"
#include "daemon/agent/token-pin.h"
#include "daemon/base/error.h"
#include "daemon/token/host.h"
#include "module/wire/cryptoki.h"
#include "tests/unit/agent/person.h"
#include "tests/unit/agent/world.h"

#include <glib/gstdio.h>
#include <string.h>

#define PIN "1234"

typedef struct {
    World *world;
    char *directory; /* of what lies on the card */
    MeishiApplication *program;
    MeishiIdentity *alice;
    Person *person;
    GString *told; /* a letter for each: + signed, l locked, u unavailable, c cancelled */
} Fixture;

static void
set_module(Fixture *f, const char *words)
{
    g_autoptr(GPtrArray) modules =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_token_module_free);
    MeishiTokenModule *module = g_new0(MeishiTokenModule, 1);

    module->name = g_strdup("quirky");
    module->path = g_strdup(g_getenv("MEISHI_QUIRKY_MODULE"));
    module->reserved = g_strdup_printf("dir=%s %s", f->directory, words);
    if (words != NULL)
        g_ptr_array_add(modules, module);
    else
        meishi_token_module_free(module);
    meishi_agent_set_token_modules(f->world->agent, modules);
}

static MeishiIdentity *
await_alice(Fixture *f)
{
    for (;;) {
        g_autoptr(GPtrArray) list = meishi_agent_list(f->world->agent);

        if (list->len == 1)
            return meishi_identity_ref(list->pdata[0]);
        g_main_context_iteration(NULL, TRUE);
    }
}

/* @words: the module's quirks. */
static void
set_up(Fixture *f, gconstpointer words)
{
    g_autoptr(GBytes) cert = world_pki("alice.crt");
    g_autoptr(GBytes) key = world_pki("alice.key");
    g_autofree char *pem = NULL, *path = NULL;

    f->world = world_new();
    f->directory = world_path(f->world, "card");
    g_assert_cmpint(g_mkdir(f->directory, 0700), ==, 0);
    pem = g_strdup_printf("%.*s%.*s", (int)g_bytes_get_size(cert),
                          (const char *)g_bytes_get_data(cert, NULL), (int)g_bytes_get_size(key),
                          (const char *)g_bytes_get_data(key, NULL));
    path = g_build_filename(f->directory, "01.pem", NULL);
    g_assert_true(g_file_set_contents(path, pem, -1, NULL));
    f->program = meishi_application_new_unknown();
    f->program->name = g_strdup("exe:/bin/x");
    f->told = g_string_new(NULL);
    f->person = person_new(f->world->agent->prompters, "pin");
    set_module(f, words);
    f->alice = await_alice(f);
}

static void
tear_down(Fixture *f, gconstpointer words)
{
    person_free(f->person);
    meishi_identity_unref(f->alice);
    meishi_application_unref(f->program);
    g_string_free(f->told, TRUE);
    g_free(f->directory);
    world_free(f->world);
}

/* ---- programs and the person ---------------------------------------------------------------- */

static void
on_used(GObject *source, GAsyncResult *result, gpointer data)
{
    Fixture *f = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiSecret) signature =
        meishi_agent_use_token_finish(MEISHI_AGENT(source), result, &error);

    if (signature != NULL)
        g_string_append_c(f->told, '+');
    else if (g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_LOCKED))
        g_string_append_c(f->told, 'l');
    else if (g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_UNAVAILABLE))
        g_string_append_c(f->told, 'u');
    else if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        g_string_append_c(f->told, 'c');
    else
        g_error("%s", error->message);
}

static void
use(Fixture *f, GCancellable *cancellable)
{
    MeishiMechanism mechanism = {.type = CKM_SHA256_RSA_PKCS};
    g_auto(MeishiAway) away = {0};

    if (f->alice->key->type == MEISHI_KEY_EC)
        mechanism.type = CKM_ECDSA_SHA256;
    g_assert_true(meishi_away_plan(f->alice->key->spki, MEISHI_OP_SIGN, &mechanism,
                                   (const guint8 *)"data", 4, &away, NULL));
    meishi_agent_use_token_async(f->world->agent, f->program, f->alice, MEISHI_OP_SIGN, &away,
                                 cancellable, on_used, f);
}

static void
await_question(Fixture *f, guint n)
{
    while (f->person->n_asked < n || f->person->cookie == NULL)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(f->person->n_asked, ==, n);
}

static void
await_told(Fixture *f, const char *told)
{
    while (f->told->len < strlen(told))
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpstr(f->told->str, ==, told);
}

static void
give(Fixture *f, const char *pin)
{
    g_autofree char *cookie = g_steal_pointer(&f->person->cookie);
    g_autoptr(MeishiSecret) secret = world_secret(pin);
    const MeishiSecretAnswer answer = {.secret = secret};

    g_assert_true(meishi_prompters_respond_secret(f->world->agent->prompters, f->person, cookie,
                                                  &answer, NULL));
}

static gboolean
says(const Fixture *f, const char *key)
{
    gboolean yes = FALSE;

    g_assert_true(g_variant_lookup(f->person->question, key, "b", &yes));
    return yes;
}

static gboolean
is_logged_in(const Fixture *f)
{
    const MeishiTokenLock *lock = f->world->agent->shelf->locks->pdata[0];

    return meishi_token_use_is_logged_in(lock->use);
}

static void
await_logout(const Fixture *f)
{
    while (is_logged_in(f))
        g_main_context_iteration(NULL, TRUE);
}

/* A program signs, and the person is asked. */
static void
sign_with_question(Fixture *f, guint n, const char *told)
{
    use(f, NULL);
    await_question(f, n);
    give(f, PIN);
    await_told(f, told);
}

/* ---- one PIN for all ------------------------------------------------------------------------ */

static void
test_once(Fixture *f, gconstpointer words)
{
    const char *label = NULL;

    use(f, NULL);
    await_question(f, 1);
    g_assert_false(says(f, "wrong"));
    g_assert_false(says(f, "each-use"));
    g_assert_false(says(f, "pad"));
    g_assert_true(g_variant_lookup(f->person->question, "label", "&s", &label));
    g_assert_cmpstr(label, ==, f->alice->label);
    give(f, PIN);
    await_told(f, "+");
    use(f, NULL);
    await_told(f, "++");
    g_assert_cmpuint(f->person->n_asked, ==, 1);
}

static void
test_one_question_for_all(Fixture *f, gconstpointer words)
{
    for (guint i = 0; i < 10; i++)
        use(f, NULL);
    await_question(f, 1);
    give(f, PIN);
    await_told(f, "++++++++++");
    g_assert_cmpuint(f->person->n_asked, ==, 1);
}

static void
test_wrong(Fixture *f, gconstpointer words)
{
    use(f, NULL);
    await_question(f, 1);
    give(f, "0000");
    await_question(f, 2);
    g_assert_true(says(f, "wrong"));
    give(f, PIN);
    await_told(f, "+");
}

static void
test_not_now(Fixture *f, gconstpointer words)
{
    use(f, NULL);
    use(f, NULL);
    await_question(f, 1);
    person_dismiss(f->person);
    await_told(f, "ll");
    use(f, NULL); /* and is not asked again for a while */
    await_told(f, "lll");
    g_assert_cmpuint(f->person->n_asked, ==, 1);
}

static void
test_nobody(Fixture *f, gconstpointer words)
{
    person_leave(f->person);
    use(f, NULL);
    await_told(f, "l");
    person_come(f->person);
}

static void
test_cancelled(Fixture *f, gconstpointer words)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();

    use(f, cancellable);
    await_question(f, 1);
    g_cancellable_cancel(cancellable);
    await_told(f, "c");
    sign_with_question(f, 2, "c+");
}

static void
test_pulled_while_asked(Fixture *f, gconstpointer words)
{
    use(f, NULL);
    await_question(f, 1);
    set_module(f, NULL);
    await_told(f, "u");
    g_assert_cmpstr(f->person->ended->str, !=, "");
}

/* It is waited for a while, since its module may be starting anew. */
static void
test_absent(Fixture *f, gconstpointer words)
{
    set_module(f, NULL);
    use(f, NULL);
    await_told(f, "u");
    g_assert_cmpuint(f->person->n_asked, ==, 0);
}

/* Alice's certificate, and as many that differ from it in the signature. */
static void
put_more_on_card(Fixture *f, guint n)
{
    gsize len = g_bytes_get_size(f->alice->cert->der);
    g_autofree guint8 *der = g_memdup2(g_bytes_get_data(f->alice->cert->der, NULL), len);

    for (guint i = 1; i <= n; i++) {
        g_autofree char *name = g_strdup_printf("more%u.pem", i);
        g_autofree char *path = g_build_filename(f->directory, name, NULL);
        g_autofree char *text = NULL;
        g_autoptr(GString) pem = g_string_new("-----BEGIN CERTIFICATE-----\n");

        der[len - 1] = (guint8)i;
        der[len - 2] = (guint8)(i >> 8);
        text = g_base64_encode(der, len);
        for (const char *at = text; *at != '\0'; at += MIN(strlen(at), 64))
            g_string_append_printf(pem, "%.64s\n", at);
        g_string_append(pem, "-----END CERTIFICATE-----\n");
        g_assert_true(g_file_set_contents(path, pem->str, -1, NULL));
    }
}

/* A module that says that there is more than anybody has. */
static void
test_many(Fixture *f, gconstpointer words)
{
    guint n = 1;

    put_more_on_card(f, 150);
    set_module(f, NULL);
    set_module(f, words);
    while (n == 1) {
        g_autoptr(GPtrArray) list = NULL;

        g_main_context_iteration(NULL, TRUE);
        list = meishi_agent_list(f->world->agent);
        n = list->len;
    }
    g_assert_cmpuint(n, ==, 128);
}

/* ---- other ways ----------------------------------------------------------------------------- */

static void
test_each_use(Fixture *f, gconstpointer words)
{
    use(f, NULL);
    await_question(f, 1); /* to see the key at all */
    g_assert_false(says(f, "each-use"));
    give(f, PIN);
    for (guint n = 2; n < 4; n++) {
        await_question(f, n);
        g_assert_true(says(f, "each-use"));
        give(f, n == 2 ? PIN : "0000");
        if (n == 3)
            break;
        await_told(f, "+");
        use(f, NULL);
    }
    await_question(f, 4);
    g_assert_true(says(f, "each-use") && says(f, "wrong"));
    give(f, PIN);
    await_told(f, "++");
}

/* The login ends while the person types the second time. */
static void
test_each_use_logged_out(Fixture *f, gconstpointer words)
{
    MeishiTokenLock *lock = f->world->agent->shelf->locks->pdata[0];

    use(f, NULL);
    await_question(f, 1);
    give(f, PIN);
    await_question(f, 2);
    meishi_token_use_logout(lock->use);
    await_logout(f);
    give(f, PIN);
    await_told(f, "+");
    g_assert_cmpuint(f->person->n_asked, ==, 2);
}

static void
test_each_use_not_now(Fixture *f, gconstpointer words)
{
    use(f, NULL);
    await_question(f, 1);
    give(f, PIN);
    await_question(f, 2);
    person_dismiss(f->person);
    await_told(f, "l");
    g_assert_true(is_logged_in(f));
}

static void
test_at_the_reader(Fixture *f, gconstpointer words)
{
    use(f, NULL);
    await_told(f, "+");
    g_assert_cmpuint(f->person->n_asked, ==, 1);
    g_assert_true(says(f, "pad") && says(f, "trying"));
    use(f, NULL);
    await_told(f, "++");
    g_assert_cmpuint(f->person->n_asked, ==, 1);
}

/* ---- for how long it holds ------------------------------------------------------------------ */

static gboolean
keep(Fixture *f, const char *text, GError **error)
{
    g_autoptr(GPtrArray) views = meishi_agent_list_tokens(f->world->agent);
    const MeishiTokenView *view = views->pdata[0];
    MeishiPinKeep wanted;

    g_assert_true(meishi_pin_keep_parse(text, &wanted, NULL));
    return meishi_agent_set_pin_keep(f->world->agent, view->place->slot_label, &wanted, error);
}

static void
assert_keep(Fixture *f, const char *expected)
{
    g_autoptr(GPtrArray) views = meishi_agent_list_tokens(f->world->agent);
    g_autofree char *text =
        meishi_pin_keep_format(&((const MeishiTokenView *)views->pdata[0])->pin_keep);

    g_assert_cmpstr(text, ==, expected);
}

static void
test_keep_never(Fixture *f, gconstpointer words)
{
    assert_keep(f, "removal");
    g_assert_true(keep(f, "never", NULL));
    assert_keep(f, "never");
    for (guint i = 0; i < 5; i++)
        use(f, NULL);
    await_question(f, 1);
    give(f, PIN);
    await_told(f, "+++++");
    await_logout(f);
    sign_with_question(f, 2, "++++++");
    await_logout(f);
}

/* Who waited has gone, and nobody uses the login. */
static void
test_keep_never_unused(Fixture *f, gconstpointer words)
{
    MeishiTokenLock *lock = f->world->agent->shelf->locks->pdata[0];

    g_assert_true(keep(f, "never", NULL));
    sign_with_question(f, 1, "+");
    await_logout(f);
    meishi_token_keep_note_login(lock);
    g_assert_nonnull(lock->keep->timer);
}

static void
test_keep_minutes(Fixture *f, gconstpointer words)
{
    meishi_token_keep_set_pace(100);
    g_assert_true(keep(f, "2m", NULL));
    sign_with_question(f, 1, "+");
    use(f, NULL);
    await_told(f, "++");
    g_assert_cmpuint(f->person->n_asked, ==, 1);
    await_logout(f);
    sign_with_question(f, 2, "+++");
    meishi_token_keep_set_pace(60000);
}

/* Programs that use it without a break do not make it hold for longer. */
static void
check_busy(Fixture *f, const char *kept, guint minute_ms)
{
    const gint64 end = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;
    guint n = 0;

    meishi_token_keep_set_pace(minute_ms);
    g_assert_true(keep(f, kept, NULL));
    for (; n < 10; n++)
        use(f, NULL);
    await_question(f, 1);
    give(f, PIN);
    while (f->person->n_asked < 2 && g_get_monotonic_time() < end) {
        for (; n < f->told->len + 10; n++)
            use(f, NULL);
        g_main_context_iteration(NULL, TRUE);
    }
    g_assert_cmpuint(f->person->n_asked, ==, 2);
    person_dismiss(f->person);
    while (f->told->len < n)
        g_main_context_iteration(NULL, TRUE);
    g_assert_false(is_logged_in(f));
    meishi_token_keep_set_pace(60000);
}

static void
test_keep_minutes_busy(Fixture *f, gconstpointer words)
{
    check_busy(f, "1m", 300);
}

static void
test_keep_never_busy(Fixture *f, gconstpointer words)
{
    check_busy(f, "never", 600);
}

/* What was said while it holds, holds. */
static void
test_keep_less(Fixture *f, gconstpointer words)
{
    sign_with_question(f, 1, "+");
    g_assert_true(is_logged_in(f));
    meishi_token_keep_set_pace(50);
    g_assert_true(keep(f, "1m", NULL));
    await_logout(f);
    meishi_token_keep_set_pace(60000);
}

static void
test_close(Fixture *f, gconstpointer words)
{
    sign_with_question(f, 1, "+");
    meishi_agent_vault_lock(f->world->agent);
    await_logout(f);
    sign_with_question(f, 2, "++");
    use(f, NULL);
    await_told(f, "+++");
    g_assert_cmpuint(f->person->n_asked, ==, 2);
}

static void
test_policy(Fixture *f, gconstpointer words)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(keep(f, "keyring", NULL));
    assert_keep(f, "keyring");
    world_set_policy(f->world, "[Token Cards]\nToken-Kind=card;hsm;tpm\nPIN-Keep=5m\n");
    assert_keep(f, "5m");
    g_assert_false(keep(f, "removal", &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_DENIED);
    g_assert_nonnull(strstr(error->message, "Cards"));
    g_assert_true(keep(f, "3m", NULL));
    assert_keep(f, "3m");
    world_set_policy(f->world, NULL);
    assert_keep(f, "3m");
}

static void
test_keep_of_nothing(Fixture *f, gconstpointer words)
{
    const MeishiPinKeep never = {.kind = MEISHI_PIN_NEVER};
    g_autoptr(GError) error = NULL;

    g_assert_false(meishi_agent_set_pin_keep(f->world->agent, "No such card", &never, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
}

#define ADD(path, words, test) \
    g_test_add("/agent/token-use/" path, Fixture, words, set_up, test, tear_down)

int
main(int argc, char **argv)
{
    world_init(&argc, &argv);
    meishi_token_host_set_program(g_getenv("MEISHI_TOKENHOST_PROGRAM"));
    ADD("once", "", test_once);
    ADD("one-question-for-all", "", test_one_question_for_all);
    ADD("wrong", "", test_wrong);
    ADD("not-now", "", test_not_now);
    ADD("nobody", "", test_nobody);
    ADD("cancelled", "", test_cancelled);
    ADD("pulled-while-asked", "", test_pulled_while_asked);
    ADD("absent", "", test_absent);
    ADD("many", "", test_many);
    ADD("each-use", "always", test_each_use);
    ADD("each-use-not-now", "always", test_each_use_not_now);
    ADD("each-use-logged-out", "always", test_each_use_logged_out);
    ADD("at-the-reader", "pad=100", test_at_the_reader);
    ADD("keep/never", "", test_keep_never);
    ADD("keep/never-unused", "", test_keep_never_unused);
    ADD("keep/minutes", "", test_keep_minutes);
    ADD("keep/minutes-busy", "", test_keep_minutes_busy);
    ADD("keep/never-busy", "", test_keep_never_busy);
    ADD("keep/less", "", test_keep_less);
    ADD("keep/closed", "", test_close);
    ADD("keep/policy", "", test_policy);
    ADD("keep/of-nothing", "", test_keep_of_nothing);
    return world_run();
}
