/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/token/module-watch.c with a real host: tokens that come, go, change, and modules that
 * cannot wait for them, or lose their mind meanwhile.
 */
#include "daemon/token/module-watch.h"

#include "module/wire/cryptoki.h"

#include <string.h>

#define POLL_MS 60

typedef struct {
    MeishiModuleWatch *watch;
    guint n_changed, n_troubles;
} Fixture;

static void
on_changed(MeishiModuleWatch *watch, gpointer user_data)
{
    ((Fixture *)user_data)->n_changed++;
}

static void
on_trouble(MeishiModuleWatch *watch, const char *text, gpointer user_data)
{
    g_test_message("trouble: %s", text);
    ((Fixture *)user_data)->n_troubles++;
}

static void
on_said(MeishiModuleWatch *watch, const char *line, gpointer user_data)
{
}

static void
fixture_init(Fixture *fixture, const char *words)
{
    g_autofree char *reserved = g_strdup(words);
    const MeishiTokenModule module = {.name = (char *)"hostile",
                                      .path = (char *)g_getenv("MEISHI_HOSTILE_MODULE"),
                                      .reserved = reserved};
    const MeishiModuleWatchOptions options = {
        .changed = on_changed, .trouble = on_trouble, .said = on_said, .user_data = fixture};

    g_assert_nonnull(module.path);
    *fixture = (Fixture){0};
    fixture->watch = meishi_module_watch_new(&module, &options);
}

static void
fixture_clear(Fixture *fixture)
{
    meishi_module_watch_free(fixture->watch);
    while (g_main_context_iteration(NULL, FALSE)) {
    }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fixture, fixture_clear)

static void
await_changes(Fixture *fixture, guint n)
{
    while (fixture->n_changed < n)
        g_main_context_iteration(NULL, TRUE);
}

static void
await_settled(Fixture *fixture)
{
    while (!meishi_module_watch_is_settled(fixture->watch))
        g_main_context_iteration(NULL, TRUE);
}

static gboolean
on_time(gpointer is_over)
{
    *(gboolean *)is_over = TRUE;
    return G_SOURCE_REMOVE;
}

static void
run_for(guint ms)
{
    gboolean is_over = FALSE;

    g_timeout_add(ms, on_time, &is_over);
    while (!is_over)
        g_main_context_iteration(NULL, TRUE);
}

static const MeishiTokenContent *
first_token(const Fixture *fixture)
{
    GPtrArray *tokens = meishi_module_watch_tokens(fixture->watch);

    g_assert_cmpuint(tokens->len, >=, 1);
    return tokens->pdata[0];
}

static void
test_token(void)
{
    g_auto(Fixture) fixture = {0};
    const MeishiTokenContent *token;

    fixture_init(&fixture, NULL);
    g_assert_cmpuint(meishi_module_watch_tokens(fixture.watch)->len, ==, 0);
    await_changes(&fixture, 1);
    g_assert_true(meishi_module_watch_is_settled(fixture.watch));
    token = first_token(&fixture);
    g_assert_cmpstr(token->module, ==, "hostile");
    g_assert_cmpstr(token->label, ==, "Hostile");
    g_assert_cmpstr(token->model, ==, "M1");
    g_assert_cmpstr(token->reader, ==, "Hostile reader");
    g_assert_true(meishi_token_content_needs_login(token));
    g_assert_false(meishi_token_content_has_pin_pad(token));
    g_assert_cmpuint(token->objects->len, ==, 2);
    g_assert_true(meishi_token_content_has_mechanism(token, CKM_RSA_X_509, CKF_SIGN));
    g_assert_false(meishi_token_content_has_mechanism(token, CKM_RSA_PKCS_PSS, 0));
    g_assert_true(meishi_module_watch_find(fixture.watch, token->presence) == token);
    g_assert_null(meishi_module_watch_find(fixture.watch, 4711));
}

static void
test_no_tokens(void)
{
    g_auto(Fixture) fixture = {0};

    fixture_init(&fixture, "slots=0");
    await_settled(&fixture);
    g_assert_cmpuint(meishi_module_watch_tokens(fixture.watch)->len, ==, 0);
    g_assert_cmpuint(fixture.n_changed, ==, 0);
}

/* The module's slot list grows with each look; nobody tells that but the looks. */
static void
test_polls(void)
{
    g_auto(Fixture) fixture = {0};

    fixture_init(&fixture, "slots-grow");
    await_changes(&fixture, 3);
    g_assert_cmpuint(meishi_module_watch_tokens(fixture.watch)->len, >, 2);
    g_assert_cmpuint(fixture.n_troubles, ==, 0);
}

/* The same noticed by waiting. */
static void
test_waits(void)
{
    g_auto(Fixture) fixture = {0};
    gint64 began = g_get_monotonic_time();

    meishi_module_watch_set_pace(60000);
    fixture_init(&fixture, "slots-grow wait=600");
    await_changes(&fixture, 2);
    meishi_module_watch_set_pace(POLL_MS);
    g_assert_cmpint(g_get_monotonic_time() - began, >, 600 * 1000);
}

/* A module that says at once that something happened, and again: it is not taken at its word. */
static void
test_waits_too_short(void)
{
    g_auto(Fixture) fixture = {0};
    guint64 n;

    meishi_module_watch_set_pace(60000);
    fixture_init(&fixture, "wait=1");
    await_changes(&fixture, 1);
    run_for(2500);
    n = meishi_token_host_n_answers(meishi_module_watch_host(fixture.watch));
    run_for(500);
    meishi_module_watch_set_pace(POLL_MS);
    g_assert_cmpuint(meishi_token_host_n_answers(meishi_module_watch_host(fixture.watch)), ==, n);
}

/* What did not change tells nobody anything. */
static void
test_quiet(void)
{
    g_auto(Fixture) fixture = {0};

    fixture_init(&fixture, NULL);
    await_changes(&fixture, 1);
    run_for(5 * POLL_MS);
    g_assert_cmpuint(fixture.n_changed, ==, 1);
}

static void
test_look(void)
{
    g_auto(Fixture) fixture = {0};

    meishi_module_watch_set_pace(60000);
    fixture_init(&fixture, "slots-grow");
    await_changes(&fixture, 1);
    meishi_module_watch_look(fixture.watch);
    await_changes(&fixture, 2);
    meishi_module_watch_set_pace(POLL_MS);
}

/* A module that cannot tell is started anew when somebody wants to know; its tokens do not go
 * meanwhile. */
static void
test_refresh(void)
{
    g_auto(Fixture) fixture = {0};
    guint64 presence;

    fixture_init(&fixture, NULL);
    await_changes(&fixture, 1);
    presence = first_token(&fixture)->presence;
    meishi_module_watch_refresh(fixture.watch);
    g_assert_cmpuint(meishi_module_watch_tokens(fixture.watch)->len, ==, 1);
    g_assert_cmpuint(first_token(&fixture)->presence, ==, presence);
    await_changes(&fixture, 2);
    g_assert_cmpuint(meishi_module_watch_tokens(fixture.watch)->len, ==, 1);
    g_assert_cmpuint(first_token(&fixture)->life, ==, 2);
    g_assert_cmpuint(fixture.n_troubles, ==, 0);
}

/* Trouble is told once in a row, and the tokens of a module that does not come back are gone. */
static void
test_trouble(void)
{
    g_auto(Fixture) fixture = {0};

    fixture_init(&fixture, "token-crash");
    while (fixture.n_troubles < 1)
        g_main_context_iteration(NULL, TRUE);
    run_for(300);
    g_assert_cmpuint(fixture.n_troubles, ==, 1);
    g_assert_cmpuint(fixture.n_changed, ==, 0);
}

static void
test_lost_for_good(void)
{
    g_auto(Fixture) fixture = {0};

    fixture_init(&fixture, "open-crash slots=2");
    run_for(600);
    g_assert_cmpuint(meishi_module_watch_tokens(fixture.watch)->len, ==, 0);
}

/* A module that can do nothing beside waiting is made to wait no more. */
static void
test_cannot_wait_beside(void)
{
    g_auto(Fixture) fixture = {0};

    meishi_token_host_set_pace(700, 20);
    fixture_init(&fixture, "wait-hang lock-waiting slots-grow");
    await_changes(&fixture, 1);
    run_for(100); /* until it waits */
    meishi_module_watch_look(fixture.watch);
    await_changes(&fixture, 4);
    g_assert_cmpuint(fixture.n_troubles, ==, 1);
    meishi_token_host_set_pace(30000, 20);
}

/* Freed in the middle of everything. */
static void
test_free(void)
{
    for (int i = 0; i < 6; i++) {
        g_auto(Fixture) fixture = {0};

        fixture_init(&fixture, "slots=3 wait=20");
        for (int turn = 0; turn < 4 * i; turn++)
            g_main_context_iteration(NULL, FALSE);
        run_for((guint)i * 10);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    meishi_token_host_set_program(g_getenv("MEISHI_TOKENHOST_PROGRAM"));
    meishi_token_host_set_pace(30000, 20);
    meishi_module_watch_set_pace(POLL_MS);
    g_test_add_func("/token/module-watch/token", test_token);
    g_test_add_func("/token/module-watch/no-tokens", test_no_tokens);
    g_test_add_func("/token/module-watch/polls", test_polls);
    g_test_add_func("/token/module-watch/waits", test_waits);
    g_test_add_func("/token/module-watch/waits-too-short", test_waits_too_short);
    g_test_add_func("/token/module-watch/quiet", test_quiet);
    g_test_add_func("/token/module-watch/look", test_look);
    g_test_add_func("/token/module-watch/refresh", test_refresh);
    g_test_add_func("/token/module-watch/trouble", test_trouble);
    g_test_add_func("/token/module-watch/lost-for-good", test_lost_for_good);
    g_test_add_func("/token/module-watch/cannot-wait-beside", test_cannot_wait_beside);
    g_test_add_func("/token/module-watch/free", test_free);
    return g_test_run();
}
