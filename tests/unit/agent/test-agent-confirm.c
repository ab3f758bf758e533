/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Consent to signatures: what is asked, who waits for which answer, how long it holds.
 */
#include "daemon/agent/agent-private.h"
#include "daemon/agent/presentation.h"
#include "daemon/agent/selector.h"
#include "daemon/base/error.h"
#include "tests/unit/agent/person.h"
#include "tests/unit/agent/world.h"

#include <string.h>

/* ---- a person -------------------------------------------------------------------------------- */

typedef struct {
    World *world;
    MeishiIdentity *bob;
    MeishiApplication *program;
    Person *person;
    GString *told; /* a letter for each signature: + allowed, - denied, c cancelled, b busy */
} Fixture;

static MeishiApplication *
program(const char *name, MeishiTrust trust)
{
    MeishiApplication *application = meishi_application_new_unknown();

    g_strfreev(application->names);
    application->names = g_strsplit(name, " ", -1);
    application->name = g_strdup(name);
    application->trust = trust;
    application->pid = 4711;
    return application;
}

static void
set_up(Fixture *f, gconstpointer unused)
{
    g_autofree char *outcomes = NULL;

    f->world = world_new();
    outcomes = world_import_outcomes(f->world, "bob.pem", NULL);
    g_assert_cmpstr(outcomes, ==, "A");
    f->bob = world_identity(f->world, "Bob");
    f->program = program("exe:/bin/x", MEISHI_TRUST_EXE);
    f->told = g_string_new(NULL);
    f->person = person_new(f->world->agent->prompters, "confirm");
}

static void
tear_down(Fixture *f, gconstpointer unused)
{
    person_free(f->person);
    meishi_application_unref(f->program);
    meishi_identity_unref(f->bob);
    g_string_free(f->told, TRUE);
    world_free(f->world);
}

/* ---- signatures ------------------------------------------------------------------------------ */

static void
on_told(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Fixture *f = user_data;
    g_autoptr(GError) error = NULL;

    if (meishi_agent_confirm_finish(MEISHI_AGENT(source), result, &error))
        g_string_append_c(f->told, '+');
    else if (g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_DENIED))
        g_string_append_c(f->told, '-');
    else if (g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_CANCELLED))
        g_string_append_c(f->told, 'c');
    else if (g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_BUSY))
        g_string_append_c(f->told, 'b');
    else
        g_error("%s", error->message);
}

static void
sign_as(Fixture *f, MeishiApplication *application, MeishiConfirm confirm,
        GCancellable *cancellable)
{
    meishi_agent_confirm_async(f->world->agent, application, f->bob, confirm, cancellable, on_told,
                               f);
    world_settle();
}

static void
sign(Fixture *f, MeishiConfirm confirm)
{
    sign_as(f, f->program, confirm, NULL);
}

#define ASSERT_TOLD(f, expected, n)                    \
    G_STMT_START                                       \
    {                                                  \
        g_assert_cmpstr((f)->told->str, ==, expected); \
        g_assert_cmpuint((f)->person->n_asked, ==, n); \
    }                                                  \
    G_STMT_END

/* ---- tests ----------------------------------------------------------------------------------- */

static void
test_never(Fixture *f, gconstpointer unused)
{
    sign(f, MEISHI_CONFIRM_NEVER);
    ASSERT_TOLD(f, "+", 0);
}

static void
test_each_use(Fixture *f, gconstpointer unused)
{
    sign(f, MEISHI_CONFIRM_EACH_USE);
    ASSERT_TOLD(f, "", 1);
    person_answer(f->person, "once");
    ASSERT_TOLD(f, "+", 1);
    sign(f, MEISHI_CONFIRM_EACH_USE);
    person_answer(f->person, "session"); /* is not for the person to say */
    ASSERT_TOLD(f, "++", 2);
    sign(f, MEISHI_CONFIRM_EACH_USE);
    ASSERT_TOLD(f, "++", 3);
    person_answer(f->person, "no");
    ASSERT_TOLD(f, "++-", 3);
}

static void
test_each_session(Fixture *f, gconstpointer unused)
{
    sign(f, MEISHI_CONFIRM_EACH_SESSION);
    person_answer(f->person, "once");
    sign(f, MEISHI_CONFIRM_EACH_SESSION);
    person_answer(f->person, "session");
    ASSERT_TOLD(f, "++", 2);
    sign(f, MEISHI_CONFIRM_EACH_SESSION);
    sign(f, MEISHI_CONFIRM_EACH_SESSION);
    ASSERT_TOLD(f, "++++", 2);
    sign(f, MEISHI_CONFIRM_EACH_USE); /* a session's consent is less than that */
    ASSERT_TOLD(f, "++++", 3);
    person_answer(f->person, "no");
    sign(f, MEISHI_CONFIRM_EACH_SESSION); /* takes nothing back that was said before */
    ASSERT_TOLD(f, "++++-+", 3);
}

/* What does not say yes says no. */
static void
test_other_answers(Fixture *f, gconstpointer unused)
{
    sign(f, MEISHI_CONFIRM_EACH_SESSION);
    person_answer(f->person, NULL);
    world_set_policy(f->world, "[Policy]\nVersion=1\n"); /* so that it is asked again */
    sign(f, MEISHI_CONFIRM_EACH_SESSION);
    person_answer(f->person, "always");
    meishi_agent_vault_lock(f->world->agent);
    sign(f, MEISHI_CONFIRM_EACH_SESSION);
    person_dismiss(f->person);
    ASSERT_TOLD(f, "---", 3);
}

static const char *
asked(Fixture *f, const char *key)
{
    const char *text = NULL;

    g_assert_true(g_variant_lookup(f->person->question, key, "&s", &text));
    return text;
}

static void
test_question(Fixture *f, gconstpointer unused)
{
    g_autofree char *id = meishi_identity_id(f->bob);
    g_autoptr(MeishiRequest) request = meishi_request_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiApplication) self = meishi_application_new(getpid(), -1, &error);
    gboolean each_use = FALSE;
    guint32 pid = 0, port = 0;

    sign(f, MEISHI_CONFIRM_EACH_USE);
    g_assert_cmpstr(asked(f, "application"), ==, "exe:/bin/x");
    g_assert_cmpstr(asked(f, "application-trust"), ==, "exe");
    g_assert_cmpstr(asked(f, "host"), ==, "");
    g_assert_cmpstr(asked(f, "id"), ==, id);
    g_assert_cmpstr(asked(f, "label"), ==, "Bob");
    g_assert_true(g_variant_lookup(f->person->question, "pid", "u", &pid));
    g_assert_cmpuint(pid, ==, 4711);
    g_assert_true(g_variant_lookup(f->person->question, "each-use", "b", &each_use));
    g_assert_true(each_use);
    person_answer(f->person, "no");

    /* What the program was to connect to, where that is known. */
    request->protocol = g_strdup("imap");
    request->port = 993;
    g_assert_true(meishi_host_parse("mail.example", &request->host, NULL));
    meishi_hints_add(f->world->agent->hints, MEISHI_HINT_BOUND, self, request, id,
                     meishi_agent_now());
    sign_as(f, self, MEISHI_CONFIRM_EACH_SESSION, NULL);
    g_assert_cmpstr(asked(f, "application-trust"), ==, "any");
    g_assert_cmpstr(asked(f, "protocol"), ==, "imap");
    g_assert_cmpstr(asked(f, "host"), ==, "mail.example");
    g_assert_true(g_variant_lookup(f->person->question, "port", "u", &port));
    g_assert_cmpuint(port, ==, 993);
    person_answer(f->person, "no");
}

/* A program lies in a file that is called as its owner likes. */
static void
test_name_of_bytes(Fixture *f, gconstpointer unused)
{
    g_autoptr(MeishiApplication) strange = program("exe:/bin/\xff", MEISHI_TRUST_EXE);

    sign_as(f, strange, MEISHI_CONFIRM_EACH_USE, NULL);
    ASSERT_TOLD(f, "", 1);
    g_assert_cmpstr(asked(f, "application"), ==, "exe:/bin/\357\277\275");
    person_answer(f->person, "once");
    ASSERT_TOLD(f, "+", 1);
}

/* Signatures of one program wait for one question, and its answer is good for as many as it says.
 */
static void
test_together(Fixture *f, gconstpointer unused)
{
    for (int i = 0; i < 3; i++)
        sign(f, MEISHI_CONFIRM_EACH_SESSION);
    ASSERT_TOLD(f, "", 1);
    person_answer(f->person, "once");
    ASSERT_TOLD(f, "+", 2); /* the other two ask again */
    person_answer(f->person, "session");
    ASSERT_TOLD(f, "+++", 2);

    meishi_agent_vault_lock(f->world->agent);
    sign(f, MEISHI_CONFIRM_EACH_SESSION);
    sign(f, MEISHI_CONFIRM_EACH_SESSION);
    person_answer(f->person, "no");
    ASSERT_TOLD(f, "+++--", 3);
}

static void
test_not_together(Fixture *f, gconstpointer unused)
{
    sign(f, MEISHI_CONFIRM_EACH_USE);
    sign(f, MEISHI_CONFIRM_EACH_USE);
    person_answer(f->person, "once");
    ASSERT_TOLD(f, "+", 2);
    person_answer(f->person, "once");
    ASSERT_TOLD(f, "++", 2);
}

/* ---- once refused ---------------------------------------------------------------------------- */

/* Some programs try again at once. */
static void
test_no_holds(Fixture *f, gconstpointer unused)
{
    g_autoptr(MeishiApplication) other = program("exe:/bin/y", MEISHI_TRUST_EXE);

    sign(f, MEISHI_CONFIRM_EACH_USE);
    person_answer(f->person, "no");
    sign(f, MEISHI_CONFIRM_EACH_USE);
    sign(f, MEISHI_CONFIRM_EACH_SESSION);
    ASSERT_TOLD(f, "---", 1);
    sign_as(f, other, MEISHI_CONFIRM_EACH_USE, NULL);
    ASSERT_TOLD(f, "---", 2);
    person_answer(f->person, "once");
    world_set_policy(f->world, "[Policy]\nVersion=1\n");
    sign(f, MEISHI_CONFIRM_EACH_USE);
    person_answer(f->person, "once");
    ASSERT_TOLD(f, "---++", 3);
}

static void
test_not_now_holds(Fixture *f, gconstpointer unused)
{
    sign(f, MEISHI_CONFIRM_EACH_USE);
    person_dismiss(f->person);
    sign(f, MEISHI_CONFIRM_EACH_USE);
    ASSERT_TOLD(f, "--", 1);
    person_leave(f->person);
    person_come(f->person);
    sign(f, MEISHI_CONFIRM_EACH_USE);
    ASSERT_TOLD(f, "---", 1);
}

/* A window that goes away with its program was closed. */
static void
test_prompter_dies(Fixture *f, gconstpointer unused)
{
    sign(f, MEISHI_CONFIRM_EACH_USE);
    person_leave(f->person);
    world_settle();
    person_come(f->person);
    sign(f, MEISHI_CONFIRM_EACH_USE);
    ASSERT_TOLD(f, "--", 1);
}

/* 5.6: to the next one, once. */
static void
test_handed_over(Fixture *f, gconstpointer unused)
{
    int next, last;

    person_come_as(f->person, &last);
    person_come_as(f->person, &next);
    sign(f, MEISHI_CONFIRM_EACH_USE);
    ASSERT_TOLD(f, "", 1);
    meishi_prompters_remove(f->world->agent->prompters, &next);
    world_settle();
    ASSERT_TOLD(f, "", 2);
    meishi_prompters_remove(f->world->agent->prompters, &last);
    world_settle();
    ASSERT_TOLD(f, "-", 2);
}

/* Nobody is asked five times for what was refused once. */
static void
test_no_for_the_queue(Fixture *f, gconstpointer unused)
{
    g_autoptr(MeishiApplication) other = program("exe:/bin/y", MEISHI_TRUST_EXE);

    for (int i = 0; i < 4; i++)
        sign(f, MEISHI_CONFIRM_EACH_USE);
    sign_as(f, other, MEISHI_CONFIRM_EACH_USE, NULL);
    sign(f, MEISHI_CONFIRM_EACH_SESSION);
    person_answer(f->person, "no");
    ASSERT_TOLD(f, "-----", 2);
    g_assert_cmpstr(f->person->ended->str, ==, ""); /* they were not shown */
    person_answer(f->person, "once");
    ASSERT_TOLD(f, "-----+", 2);
}

static void
test_too_many(Fixture *f, gconstpointer unused)
{
    g_autoptr(MeishiApplication) other = program("exe:/bin/y", MEISHI_TRUST_EXE);

    for (int i = 0; i < 7; i++)
        sign(f, MEISHI_CONFIRM_EACH_USE);
    ASSERT_TOLD(f, "bb", 1);
    sign_as(f, other, MEISHI_CONFIRM_EACH_USE, NULL);
    ASSERT_TOLD(f, "bb", 1);
    for (guint i = 1; i <= 6; i++)
        person_answer(f->person, "once");
    ASSERT_TOLD(f, "bb++++++", 6);
}

static void
on_selected(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(MeishiAnswer) answer = meishi_agent_select_finish(MEISHI_AGENT(source), result, NULL);

    g_assert_cmpint(answer->result, ==, MEISHI_RESULT_SELECTED);
}

static void
select_bob(Fixture *f, gboolean user_activation)
{
    MeishiSelectCall *call = g_new0(MeishiSelectCall, 1);

    call->request = meishi_request_new();
    call->request->protocol = g_strdup("https");
    call->request->user_activation = user_activation;
    g_assert_true(meishi_host_parse("www.example.com", &call->request->host, NULL));
    call->application = meishi_application_ref(f->program);
    meishi_agent_select_async(f->world->agent, call, NULL, on_selected, NULL);
    world_settle();
}

/* Somebody clicks again where the key is used. */
static void
test_acts(Fixture *f, gconstpointer unused)
{
    world_set_policy(f->world, "[Policy]\nVersion=1\n[Rule r]\nIdentity-Subject-CN=Bob\n"
                               "Action=select\nConfirm=each-use\n");
    sign(f, MEISHI_CONFIRM_EACH_USE);
    person_dismiss(f->person);
    select_bob(f, FALSE);
    sign(f, MEISHI_CONFIRM_EACH_USE);
    ASSERT_TOLD(f, "--", 1);
    select_bob(f, TRUE);
    sign(f, MEISHI_CONFIRM_EACH_USE);
    ASSERT_TOLD(f, "--", 2);
    person_answer(f->person, "no");
}

/* ---- leaving --------------------------------------------------------------------------------- */

static void
test_cancel(Fixture *f, gconstpointer unused)
{
    g_autoptr(GCancellable) first = g_cancellable_new();
    g_autoptr(GCancellable) second = g_cancellable_new();

    sign_as(f, f->program, MEISHI_CONFIRM_EACH_SESSION, first);
    sign_as(f, f->program, MEISHI_CONFIRM_EACH_SESSION, second);
    g_cancellable_cancel(first);
    world_settle();
    ASSERT_TOLD(f, "c", 1);
    g_assert_cmpstr(f->person->ended->str, ==, ""); /* the other one waits still */
    g_cancellable_cancel(second);
    world_settle();
    ASSERT_TOLD(f, "cc", 1);
    g_assert_cmpstr(f->person->ended->str, ==, "caller-gone ");
    sign(f, MEISHI_CONFIRM_EACH_SESSION);
    person_answer(f->person, "session");
    ASSERT_TOLD(f, "cc+", 2);
}

/* Somebody comes in the moment in which the last one goes. */
static void
test_cancel_and_join(Fixture *f, gconstpointer unused)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();

    sign_as(f, f->program, MEISHI_CONFIRM_EACH_SESSION, cancellable);
    g_cancellable_cancel(cancellable);
    sign(f, MEISHI_CONFIRM_EACH_SESSION);
    ASSERT_TOLD(f, "c", 1);
    g_assert_cmpstr(f->person->ended->str, ==, "");
    person_answer(f->person, "once");
    ASSERT_TOLD(f, "c+", 1);
}

static void
test_cancelled_before(Fixture *f, gconstpointer unused)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();

    g_cancellable_cancel(cancellable);
    sign_as(f, f->program, MEISHI_CONFIRM_EACH_USE, cancellable);
    ASSERT_TOLD(f, "c", 0);
}

static void
test_nobody(Fixture *f, gconstpointer unused)
{
    person_leave(f->person);
    sign(f, MEISHI_CONFIRM_EACH_USE);
    sign(f, MEISHI_CONFIRM_EACH_SESSION);
    ASSERT_TOLD(f, "--", 0);
    person_come(f->person);
    sign(f, MEISHI_CONFIRM_EACH_SESSION);
    person_answer(f->person, "session");
    ASSERT_TOLD(f, "--+", 1);
}

/* The session is over for consent when the vault is locked or the rules are others; an answer that
 * comes after that is good for the signature that waits for it. */
static void
test_forgets(Fixture *f, gconstpointer unused)
{
    sign(f, MEISHI_CONFIRM_EACH_SESSION);
    person_answer(f->person, "session");
    meishi_agent_vault_lock(f->world->agent);
    sign(f, MEISHI_CONFIRM_EACH_SESSION);
    ASSERT_TOLD(f, "+", 2);
    person_answer(f->person, "session");
    ASSERT_TOLD(f, "++", 2);
    world_set_policy(f->world, "[Policy]\nVersion=1\n");
    sign(f, MEISHI_CONFIRM_EACH_SESSION);
    ASSERT_TOLD(f, "++", 3);
    world_set_policy(f->world, "[Policy]\nVersion=1\n[Rule r]\nConfirm=each-session\n");
    person_answer(f->person, "session");
    ASSERT_TOLD(f, "+++", 3);
    sign(f, MEISHI_CONFIRM_EACH_SESSION);
    ASSERT_TOLD(f, "+++", 4);
    person_answer(f->person, "no");
}

/* Consent is for one program and one identity.  A name without trust is anybody's, so there it is
 * for the process alone. */
static void
test_whose(Fixture *f, gconstpointer unused)
{
    g_autoptr(MeishiApplication) same = program("exe:/bin/x", MEISHI_TRUST_EXE);
    g_autoptr(MeishiApplication) other = program("exe:/bin/y", MEISHI_TRUST_EXE);
    g_autoptr(MeishiApplication) untrusted = program("exe:/bin/x", MEISHI_TRUST_ANY);
    g_autoptr(MeishiApplication) pretender = program("exe:/bin/x", MEISHI_TRUST_ANY);

    same->pid = pretender->pid = 4712;
    sign(f, MEISHI_CONFIRM_EACH_SESSION);
    person_answer(f->person, "session");
    sign_as(f, same, MEISHI_CONFIRM_EACH_SESSION, NULL);
    ASSERT_TOLD(f, "++", 1);
    sign_as(f, other, MEISHI_CONFIRM_EACH_SESSION, NULL);
    person_answer(f->person, "no");
    ASSERT_TOLD(f, "++-", 2);
    sign_as(f, untrusted, MEISHI_CONFIRM_EACH_SESSION, NULL);
    person_answer(f->person, "session");
    sign_as(f, untrusted, MEISHI_CONFIRM_EACH_SESSION, NULL);
    ASSERT_TOLD(f, "++-++", 3);
    sign_as(f, pretender, MEISHI_CONFIRM_EACH_SESSION, NULL);
    ASSERT_TOLD(f, "++-++", 4);
    person_answer(f->person, "no");
}

#define ADD(path, func) g_test_add("/agent/confirm/" path, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
    world_init(&argc, &argv);
    ADD("never", test_never);
    ADD("each-use", test_each_use);
    ADD("each-session", test_each_session);
    ADD("other-answers", test_other_answers);
    ADD("question", test_question);
    ADD("name-of-bytes", test_name_of_bytes);
    ADD("together", test_together);
    ADD("not-together", test_not_together);
    ADD("no/holds", test_no_holds);
    ADD("no/for-the-queue", test_no_for_the_queue);
    ADD("no/not-now", test_not_now_holds);
    ADD("no/prompter-dies", test_prompter_dies);
    ADD("no/until-the-person-acts", test_acts);
    ADD("handed-over", test_handed_over);
    ADD("too-many", test_too_many);
    ADD("cancel", test_cancel);
    ADD("cancel-and-join", test_cancel_and_join);
    ADD("cancelled-before", test_cancelled_before);
    ADD("nobody", test_nobody);
    ADD("forgets", test_forgets);
    ADD("whose", test_whose);
    return world_run();
}
