/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The vault's passphrase: when a person is asked for it, how often, and who learns what of it.
 */
#include "daemon/agent/agent-private.h"
#include "daemon/agent/presentation.h"
#include "daemon/base/error.h"
#include "tests/unit/agent/person.h"
#include "tests/unit/agent/world.h"

#include <string.h>

#define PASSPHRASE "open sesame"

typedef struct {
    World *world;
    MeishiApplication *program;
    Person *person;
    GString *told; /* a letter for each: + open, l locked, c cancelled */
} Fixture;

static void
set_up(Fixture *f, gconstpointer unused)
{
    f->world = world_new();
    g_assert_true(world_init_vault(f->world, PASSPHRASE, NULL));
    meishi_agent_vault_lock(f->world->agent);
    f->program = meishi_application_new_unknown();
    f->program->name = g_strdup("exe:/bin/x");
    f->program->pid = 4711;
    f->told = g_string_new(NULL);
    f->person = person_new(f->world->agent->prompters, "unlock");
}

static void
tear_down(Fixture *f, gconstpointer unused)
{
    person_free(f->person);
    meishi_application_unref(f->program);
    g_string_free(f->told, TRUE);
    world_free(f->world);
}

static void
on_told(GObject *source, GAsyncResult *result, gpointer data)
{
    Fixture *f = data;
    g_autoptr(GError) error = NULL;

    if (meishi_agent_ask_to_unlock_finish(MEISHI_AGENT(source), result, &error))
        g_string_append_c(f->told, '+');
    else if (g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_LOCKED))
        g_string_append_c(f->told, 'l');
    else if (g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_CANCELLED))
        g_string_append_c(f->told, 'c');
    else
        g_error("%s", error->message);
}

static void
need(Fixture *f, GCancellable *cancellable)
{
    meishi_agent_ask_to_unlock_async(f->world->agent, f->program, cancellable, on_told, f);
    world_settle();
}

static gboolean
respond(Fixture *f, const char *passphrase, GError **error)
{
    g_autofree char *cookie = g_steal_pointer(&f->person->cookie);
    g_autoptr(MeishiSecret) secret = world_secret(passphrase);
    const MeishiSecretAnswer answer = {.secret = secret};

    g_assert_nonnull(cookie);
    return meishi_prompters_respond_secret(f->world->agent->prompters, f->person, cookie, &answer,
                                           error);
}

/* Answers, and lets the trying begin. */
static void
begin_trying(Fixture *f, const char *passphrase)
{
    g_assert_true(respond(f, passphrase, NULL));
    g_main_context_iteration(NULL, FALSE);
}

/* Answers, and waits for what comes of it: so many told, so many asked. */
static void
give(Fixture *f, const char *passphrase, const char *told, guint n_asked)
{
    g_assert_true(respond(f, passphrase, NULL));
    while (f->told->len < strlen(told) || f->person->n_asked < n_asked)
        g_main_context_iteration(NULL, TRUE);
    world_settle();
    g_assert_cmpstr(f->told->str, ==, told);
    g_assert_cmpuint(f->person->n_asked, ==, n_asked);
}

static MeishiVaultState
state(const Fixture *f)
{
    return meishi_agent_vault_state(f->world->agent);
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void
test_right(Fixture *f, gconstpointer unused)
{
    gboolean is_wrong = TRUE;
    guint n_left = 0, pid = 0;
    const char *application = NULL;

    need(f, NULL);
    g_assert_cmpuint(f->person->n_asked, ==, 1);
    g_assert_true(g_variant_lookup(f->person->question, "wrong", "b", &is_wrong));
    g_assert_false(is_wrong);
    g_assert_true(g_variant_lookup(f->person->question, "tries-left", "u", &n_left));
    g_assert_cmpuint(n_left, ==, 3);
    g_assert_true(g_variant_lookup(f->person->question, "application", "&s", &application));
    g_assert_cmpstr(application, ==, "exe:/bin/x");
    g_assert_true(g_variant_lookup(f->person->question, "pid", "u", &pid));
    g_assert_cmpuint(pid, ==, 4711);
    give(f, PASSPHRASE, "+", 1);
    g_assert_cmpint(state(f), ==, MEISHI_VAULT_UNLOCKED);
    need(f, NULL);
    g_assert_cmpstr(f->told->str, ==, "++");
    g_assert_cmpuint(f->person->n_asked, ==, 1);
}

static void
test_one_question_for_all(Fixture *f, gconstpointer unused)
{
    for (guint i = 0; i < 10; i++)
        need(f, NULL);
    g_assert_cmpuint(f->person->n_asked, ==, 1);
    give(f, PASSPHRASE, "++++++++++", 1);
}

static void
test_wrong(Fixture *f, gconstpointer unused)
{
    gboolean is_wrong = FALSE;
    guint n_left = 0;

    need(f, NULL);
    give(f, "x", "", 2);
    g_assert_true(g_variant_lookup(f->person->question, "wrong", "b", &is_wrong));
    g_assert_true(is_wrong);
    g_assert_true(g_variant_lookup(f->person->question, "tries-left", "u", &n_left));
    g_assert_cmpuint(n_left, ==, 2);
    give(f, PASSPHRASE, "+", 2);
}

static void
test_wrong_three_times(Fixture *f, gconstpointer unused)
{
    need(f, NULL);
    need(f, NULL);
    give(f, "x", "", 2);
    give(f, "y", "", 3);
    give(f, "z", "ll", 3);
    need(f, NULL); /* quiet */
    g_assert_cmpstr(f->told->str, ==, "lll");
    g_assert_cmpuint(f->person->n_asked, ==, 3);
}

static void
test_dismissed(Fixture *f, gconstpointer unused)
{
    need(f, NULL);
    need(f, NULL);
    person_dismiss(f->person);
    g_assert_cmpstr(f->told->str, ==, "ll");
    need(f, NULL);
    g_assert_cmpstr(f->told->str, ==, "lll");
    g_assert_cmpuint(f->person->n_asked, ==, 1);
}

/* Who opens the vault may be asked when it is locked again. */
static void
test_quiet_ends_with_unlocking(Fixture *f, gconstpointer unused)
{
    need(f, NULL);
    person_dismiss(f->person);
    g_assert_true(world_unlock(f->world, PASSPHRASE, NULL));
    meishi_agent_vault_lock(f->world->agent);
    need(f, NULL);
    g_assert_cmpuint(f->person->n_asked, ==, 2);
    give(f, PASSPHRASE, "l+", 2);
}

static void
test_nobody_to_ask(Fixture *f, gconstpointer unused)
{
    person_leave(f->person);
    need(f, NULL);
    g_assert_cmpstr(f->told->str, ==, "l");
    person_come(f->person);
    need(f, NULL); /* nobody said "not now" */
    g_assert_cmpuint(f->person->n_asked, ==, 1);
    person_dismiss(f->person);
}

/* 5.6: to the next one, once; its secret is as good as that of the first. */
static void
test_handed_over(Fixture *f, gconstpointer unused)
{
    int next;

    person_come_as(f->person, &next);
    need(f, NULL);
    g_assert_cmpuint(f->person->n_asked, ==, 1);
    meishi_prompters_remove(f->world->agent->prompters, &next);
    world_settle();
    g_assert_cmpuint(f->person->n_asked, ==, 2);
    give(f, PASSPHRASE, "+", 2);
}

static void
test_withdrawn_with_the_last(Fixture *f, gconstpointer unused)
{
    g_autoptr(GCancellable) first = g_cancellable_new(), second = g_cancellable_new();

    need(f, first);
    need(f, second);
    g_cancellable_cancel(first);
    world_settle();
    g_assert_cmpstr(f->told->str, ==, "c");
    g_assert_cmpstr(f->person->ended->str, ==, "");
    g_cancellable_cancel(second);
    world_settle();
    g_assert_cmpstr(f->told->str, ==, "cc");
    g_assert_cmpstr(f->person->ended->str, ==, "caller-gone ");
    need(f, NULL); /* that was nobody's "not now" */
    g_assert_cmpuint(f->person->n_asked, ==, 2);
    give(f, PASSPHRASE, "cc+", 2);
}

/* The right answer opens the vault, whoever still waits for that. */
static void
test_deserted_while_trying(Fixture *f, gconstpointer unused)
{
    g_autoptr(GCancellable) first = g_cancellable_new();

    need(f, first);
    begin_trying(f, PASSPHRASE);
    g_cancellable_cancel(first);
    while (state(f) != MEISHI_VAULT_UNLOCKED || f->told->len == 0)
        g_main_context_iteration(NULL, TRUE);
    world_settle();
    g_assert_cmpstr(f->told->str, ==, "c");
    need(f, NULL);
    g_assert_cmpstr(f->told->str, ==, "c+");
    g_assert_cmpuint(f->person->n_asked, ==, 1);
}

static void
test_opened_elsewhere(Fixture *f, gconstpointer unused)
{
    need(f, NULL);
    g_assert_true(world_unlock(f->world, PASSPHRASE, NULL));
    world_settle();
    g_assert_cmpstr(f->told->str, ==, "+");
    g_assert_cmpstr(f->person->ended->str, ==, "answered ");
}

static void
test_locked_while_trying(Fixture *f, gconstpointer unused)
{
    need(f, NULL);
    begin_trying(f, PASSPHRASE);
    meishi_agent_vault_lock(f->world->agent);
    while (f->told->len == 0)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpstr(f->told->str, ==, "l");
    g_assert_cmpint(state(f), ==, MEISHI_VAULT_LOCKED);
}

/* An answer without the secret is one that cannot be understood. */
static void
test_answer_without_secret(Fixture *f, gconstpointer unused)
{
    need(f, NULL);
    person_answer(f->person, NULL);
    g_assert_cmpstr(f->told->str, ==, "l");
}

static void
test_vault_without_passphrase(void)
{
    g_autoptr(World) world = world_new();
    Fixture f = {.world = world, .told = g_string_new(NULL)};

    f.program = meishi_application_new_unknown();
    g_assert_true(world_init_vault(world, NULL, NULL));
    f.person = person_new(world->agent->prompters, "unlock");
    meishi_agent_vault_lock(world->agent);
    g_assert_false(meishi_agent_opens_with_passphrase(world->agent));
    need(&f, NULL);
    g_assert_cmpstr(f.told->str, ==, "l");
    g_assert_cmpuint(f.person->n_asked, ==, 0);
    person_free(f.person);
    meishi_application_unref(f.program);
    g_string_free(f.told, TRUE);
}

int
main(int argc, char **argv)
{
    world_init(&argc, &argv);
#define ADD(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)
    ADD("/agent/unlock/right", test_right);
    ADD("/agent/unlock/one-question-for-all", test_one_question_for_all);
    ADD("/agent/unlock/wrong", test_wrong);
    ADD("/agent/unlock/wrong-three-times", test_wrong_three_times);
    ADD("/agent/unlock/dismissed", test_dismissed);
    ADD("/agent/unlock/quiet-ends-with-unlocking", test_quiet_ends_with_unlocking);
    ADD("/agent/unlock/nobody-to-ask", test_nobody_to_ask);
    ADD("/agent/unlock/handed-over", test_handed_over);
    ADD("/agent/unlock/withdrawn-with-the-last", test_withdrawn_with_the_last);
    ADD("/agent/unlock/deserted-while-trying", test_deserted_while_trying);
    ADD("/agent/unlock/opened-elsewhere", test_opened_elsewhere);
    ADD("/agent/unlock/locked-while-trying", test_locked_while_trying);
    ADD("/agent/unlock/answer-without-secret", test_answer_without_secret);
    g_test_add_func("/agent/unlock/vault-without-passphrase", test_vault_without_passphrase);
    return world_run();
}
