/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Asking for a token's PIN, with a token that counts: when it is tried, with what, and who learns
 * what of it.  The vault's passphrase is in test-agent-unlock.c.
 */
#include "daemon/agent/opening.h"

#include "daemon/agent/agent-private.h"
#include "daemon/base/error.h"
#include "tests/unit/agent/world.h"

#include <string.h>

#define PIN "123456"

/* ---- a token --------------------------------------------------------------------------------- */

typedef struct {
    World *world;
    MeishiOpening *opening;
    MeishiIdentity *bob;
    GPtrArray *programs; /* GCancellable of each */
    GString *log;
    /* The token. */
    guint refs;
    MeishiLockFacts facts;
    guint n_left;
    GTask *typing;        /* at the reader; NULL */
    gboolean is_stubborn; /* the reader takes what was typed, even when told to stop */
    /* The prompters: two, of which the second registers when it is told to. */
    char *cookie;
    gpointer shown_by;
    GVariant *question;
} Fixture;

static gpointer
hold(gpointer lock)
{
    ((Fixture *)lock)->refs++;
    return lock;
}

static void
release(gpointer lock)
{
    ((Fixture *)lock)->refs--;
}

static void
look(gpointer lock, MeishiLockFacts *ret_facts)
{
    static const MeishiLockTries tries[] = {
        MEISHI_LOCK_TRIES_NONE,
        MEISHI_LOCK_TRIES_LAST,
        MEISHI_LOCK_TRIES_FEW,
        MEISHI_LOCK_TRIES_ENOUGH,
    };
    Fixture *f = lock;

    *ret_facts = f->facts;
    ret_facts->tries = tries[MIN(f->n_left, 3)];
}

static void
take_pin(Fixture *f, GTask *task, const char *pin)
{
    if (strcmp(pin, PIN) == 0) {
        f->facts.state = MEISHI_LOCK_OPEN;
        g_task_return_boolean(task, TRUE);
        return;
    }
    f->n_left--;
    g_task_return_new_error(task, MEISHI_ERROR, MEISHI_ERROR_WRONG_SECRET, "wrong");
}

static void
on_stopped(GCancellable *cancellable, gpointer user_data)
{
    Fixture *f = user_data;

    g_string_append(f->log, "stopped ");
}

static void
try_async(gpointer lock, MeishiSecret *secret, GCancellable *cancellable,
          GAsyncReadyCallback callback, gpointer user_data)
{
    Fixture *f = lock;
    g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, user_data);
    g_autofree char *pin = NULL;

    g_assert_null(f->typing);
    if (secret == NULL) {
        g_string_append(f->log, "try:reader ");
        f->typing = g_steal_pointer(&task);
        g_cancellable_connect(cancellable, G_CALLBACK(on_stopped), f, NULL);
        g_task_set_return_on_cancel(f->typing, FALSE);
        g_task_set_check_cancellable(f->typing, FALSE); /* what was typed was typed */
        return;
    }
    pin = g_strndup((const char *)meishi_secret_data(secret), meishi_secret_len(secret));
    g_string_append_printf(f->log, "try:%s ", pin);
    take_pin(f, task, pin);
}

static gboolean
try_finish(gpointer lock, GAsyncResult *result, GError **error)
{
    return g_task_propagate_boolean(G_TASK(result), error);
}

static GError *
new_refusal(gpointer lock, const char *why)
{
    return g_error_new(MEISHI_ERROR, MEISHI_ERROR_LOCKED, "The token is locked, and %s.", why);
}

static const MeishiLockClass token_class = {
    .kind = "pin",
    .ref = hold,
    .unref = release,
    .look = look,
    .try_async = try_async,
    .try_finish = try_finish,
    .new_refusal = new_refusal,
};

/* The person at the reader; NULL: presses its cancel key. */
static void
type(Fixture *f, const char *pin)
{
    g_autoptr(GTask) task = g_steal_pointer(&f->typing);

    g_assert_nonnull(task);
    if (pin != NULL)
        take_pin(f, task, pin);
    else
        g_task_return_new_error(task, MEISHI_ERROR, MEISHI_ERROR_CANCELLED, "cancelled");
}

/* The reader stops when it is told to. */
static void
obey(Fixture *f)
{
    if (f->typing == NULL || !g_cancellable_is_cancelled(g_task_get_cancellable(f->typing)))
        return;
    type(f, f->is_stubborn ? "0000" : NULL);
    world_settle();
}

/* ---- a person at the screen ------------------------------------------------------------------ */

static gboolean
has(GVariant *question, const char *key)
{
    gboolean flag = FALSE;

    g_assert_true(g_variant_lookup(question, key, "b", &flag));
    return flag;
}

static void
on_begin(Fixture *f, gpointer prompter, const char *cookie, const char *kind, GVariant *question)
{
    const char *tries;

    g_assert_cmpstr(kind, ==, "pin");
    g_assert_null(f->cookie);
    g_assert_true(g_variant_lookup(question, "tries", "&s", &tries));
    g_string_append_printf(f->log, "ask:%s%s%s%s%s ", tries, has(question, "wrong") ? ",wrong" : "",
                           has(question, "pad") ? ",pad" : "",
                           has(question, "trying") ? ",trying" : "",
                           has(question, "each-use") ? ",each" : "");
    f->cookie = g_strdup(cookie);
    f->shown_by = prompter;
    g_clear_pointer(&f->question, g_variant_unref);
    f->question = g_variant_ref(question);
}

static void
begin_first(gpointer data, const char *cookie, const char *kind, GVariant *question)
{
    on_begin(data, data, cookie, kind, question);
}

static void
begin_second(gpointer data, const char *cookie, const char *kind, GVariant *question)
{
    on_begin(data, &((Fixture *)data)->shown_by, cookie, kind, question);
}

static void
cancel(gpointer data, const char *cookie, const char *reason)
{
    Fixture *f = data;

    g_assert_cmpstr(cookie, ==, f->cookie);
    g_string_append_printf(f->log, "end:%s ", reason);
    g_clear_pointer(&f->cookie, g_free);
}

static void
come(Fixture *f)
{
    static const MeishiPrompterClass first = {.begin = begin_first, .cancel = cancel};

    g_assert_true(meishi_prompters_add(f->world->agent->prompters, f, NULL, &first, f, NULL));
}

static void
come_second(Fixture *f)
{
    static const MeishiPrompterClass second = {.begin = begin_second, .cancel = cancel};
    static const char *const kinds[] = {"pin", NULL};
    const MeishiPrompterPlace place = {.tty = 1, .kinds = kinds}; /* further off */

    g_assert_true(
        meishi_prompters_add(f->world->agent->prompters, &f->shown_by, &place, &second, f, NULL));
}

static void
leave(Fixture *f)
{
    g_clear_pointer(&f->cookie, g_free);
    meishi_prompters_remove(f->world->agent->prompters, f);
}

static void
respond(Fixture *f, const char *pin, gboolean last_try)
{
    g_autofree char *cookie = g_steal_pointer(&f->cookie);
    GVariantDict dict = G_VARIANT_DICT_INIT(NULL);
    g_autoptr(GVariant) answer = NULL;
    g_autoptr(MeishiSecret) secret = world_secret(pin);
    MeishiSecretAnswer given = {.secret = secret};
    MeishiPrompters *prompters = f->world->agent->prompters;

    if (last_try)
        g_variant_dict_insert(&dict, "last-try", "b", TRUE);
    answer = given.answer = g_variant_ref_sink(g_variant_dict_end(&dict));
    g_assert_nonnull(cookie);
    if (pin != NULL)
        g_assert_true(
            meishi_prompters_respond_secret(prompters, f->shown_by, cookie, &given, NULL));
    else
        g_assert_true(meishi_prompters_respond(prompters, f->shown_by, cookie,
                                               MEISHI_REPLY_ANSWERED, answer, NULL));
}

static void
dismiss(Fixture *f)
{
    g_autofree char *cookie = g_steal_pointer(&f->cookie);

    g_assert_true(meishi_prompters_respond(f->world->agent->prompters, f->shown_by, cookie,
                                           MEISHI_REPLY_DISMISSED, NULL, NULL));
}

/* ---- programs -------------------------------------------------------------------------------- */

static void
on_told(GObject *source, GAsyncResult *result, gpointer data)
{
    Fixture *f = data;
    g_autoptr(GError) error = NULL;

    if (meishi_opening_ask_finish(result, &error))
        g_string_append(f->log, "+ ");
    else if (g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_LOCKED))
        g_string_append(f->log, "locked ");
    else if (g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_CANCELLED))
        g_string_append(f->log, "cancelled ");
    else if (g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_BUSY))
        g_string_append(f->log, "busy ");
    else
        g_error("%s", error->message);
}

static void
need(Fixture *f)
{
    g_autoptr(MeishiApplication) program = meishi_application_new_unknown();
    const MeishiOpeningCall call = {.application = program, .identity = f->bob};
    GCancellable *cancellable = g_cancellable_new();

    program->name = g_strdup("exe:/bin/x");
    g_ptr_array_add(f->programs, cancellable);
    meishi_opening_ask_async(f->opening, &call, cancellable, on_told, f);
}

static void
give_up(Fixture *f)
{
    g_autoptr(GCancellable) last = g_ptr_array_steal_index(f->programs, f->programs->len - 1);

    g_cancellable_cancel(last);
}

/* ---- what happens ---------------------------------------------------------------------------- */

static void
set_state(Fixture *f, MeishiLockState state)
{
    f->facts.state = state;
    meishi_opening_look_again(f->opening);
}

/* Somebody else gives a wrong PIN. */
static void
spend(Fixture *f)
{
    f->n_left--;
    meishi_opening_look_again(f->opening);
}

static void
spend_secretly(Fixture *f)
{
    f->n_left--;
}

static void
open_elsewhere(Fixture *f)
{
    set_state(f, MEISHI_LOCK_OPEN);
}

static void
lock(Fixture *f)
{
    set_state(f, MEISHI_LOCK_LOCKED);
}

static void
pull(Fixture *f)
{
    set_state(f, MEISHI_LOCK_GONE);
}

static void
look_again(Fixture *f)
{
    meishi_opening_look_again(f->opening);
}

static void
be_stubborn(Fixture *f)
{
    f->is_stubborn = TRUE;
}

static void
press_cancel(Fixture *f)
{
    type(f, NULL);
}

static void
say_nothing(Fixture *f)
{
    respond(f, NULL, FALSE);
}

static void
consent(Fixture *f)
{
    respond(f, NULL, TRUE);
}

static const struct {
    const char *name;
    void (*act)(Fixture *f);
} acts[] = {
    {"need", need},           {"give-up", give_up},
    {"dismiss", dismiss},     {"say-nothing", say_nothing},
    {"consent", consent},     {"come", come},
    {"second", come_second},  {"leave", leave},
    {"spend", spend},         {"spend-secretly", spend_secretly},
    {"open", open_elsewhere}, {"lock", lock},
    {"pull", pull},           {"press-cancel", press_cancel},
    {"look", look_again},     {"stubborn", be_stubborn},
};

/* What it is at the reader changes before it is known why. */
static void
type_noticed(Fixture *f, const char *pin)
{
    f->n_left = 2;
    meishi_opening_look_again(f->opening);
    f->n_left = 3;
    type(f, pin);
}

/* "give=PIN", "last=PIN" (the person knows that it is the last try), "type=PIN" (at the reader),
 * "noticed=PIN" (likewise, a wrong one), or the name of an act. */
static void
act(Fixture *f, const char *step)
{
    const char *pin = strchr(step, '=');

    if (pin != NULL && step[0] == 'n') {
        type_noticed(f, pin + 1);
        return;
    }
    if (pin != NULL && step[0] == 't') {
        type(f, pin + 1);
        return;
    }
    if (pin != NULL) {
        respond(f, pin + 1, step[0] == 'l');
        return;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(acts); i++) {
        if (strcmp(acts[i].name, step) == 0) {
            acts[i].act(f);
            return;
        }
    }
    g_error("no such act: %s", step);
}

/* ---- the table ------------------------------------------------------------------------------- */

typedef struct {
    const char *name;
    guint n_left; /* tries of the token */
    gboolean is_pad, each_use;
    const char *steps;
    const char *log; /* all that is asked, tried and told */
} Row;

static const Row rows[] = {
    {"right", 9, FALSE, FALSE, "need give=" PIN, "ask:enough try:" PIN " + "},
    {"one-question-for-all", 9, FALSE, FALSE, "need need need give=" PIN,
     "ask:enough try:" PIN " + + + "},
    {"open", 9, FALSE, FALSE, "open need", "+ "},
    {"wrong-and-right", 9, FALSE, FALSE, "need give=0000 give=" PIN,
     "ask:enough try:0000 ask:enough,wrong try:" PIN " + "},
    {"wrong-three-times", 9, FALSE, FALSE, "need give=1111 give=2222 give=3333 need",
     "ask:enough try:1111 ask:enough,wrong try:2222 ask:enough,wrong try:3333 locked locked "},
    {"fewer-and-fewer", 3, FALSE, FALSE, "need give=1111 give=2222 last=" PIN,
     "ask:enough try:1111 ask:few,wrong try:2222 ask:last,wrong try:" PIN " + "},

    /* The last try. */
    {"last/right", 1, FALSE, FALSE, "need last=" PIN, "ask:last try:" PIN " + "},
    {"last/without-a-word", 1, FALSE, FALSE, "need give=" PIN, "ask:last locked "},
    {"last/wrong", 1, FALSE, FALSE, "need last=0000 need", "ask:last try:0000 locked locked "},
    {"last/blocked", 0, FALSE, FALSE, "need", "locked "},
    {"last/blocked-meanwhile", 2, FALSE, FALSE, "need spend-secretly spend-secretly give=" PIN,
     "ask:few locked "},
    {"last/by-somebody-else", 2, FALSE, FALSE, "need spend last=" PIN,
     "ask:few end:answered ask:last try:" PIN " + "},
    {"last/before-it-is-tried", 2, FALSE, FALSE, "need spend-secretly give=" PIN " last=" PIN,
     "ask:few ask:last try:" PIN " + "},
    {"last/word-for-another", 2, FALSE, FALSE, "need spend-secretly last=" PIN " dismiss",
     "ask:few ask:last locked "},

    /* What is no answer. */
    {"answer/none", 9, FALSE, FALSE, "need say-nothing", "ask:enough locked "},
    {"answer/too-short", 9, FALSE, FALSE, "need give=123 give=" PIN,
     "ask:enough ask:enough,wrong try:" PIN " + "},
    {"answer/too-long", 9, FALSE, FALSE, "need give=123456789 give=" PIN,
     "ask:enough ask:enough,wrong try:" PIN " + "},
    {"answer/not-now", 9, FALSE, FALSE, "need need dismiss need",
     "ask:enough locked locked locked "},
    {"answer/not-now-and-opened", 9, FALSE, FALSE, "need dismiss open lock need give=" PIN,
     "ask:enough locked ask:enough try:" PIN " + "},
    {"answer/nobody", 9, FALSE, FALSE, "leave need come need give=" PIN,
     "locked ask:enough try:" PIN " + "},
    {"answer/closed-with-its-program", 9, FALSE, FALSE, "need leave come need",
     "ask:enough locked locked "},
    {"answer/from-the-next", 9, FALSE, FALSE, "second need leave give=" PIN " come",
     "ask:enough ask:enough try:" PIN " + "},

    /* Who does not wait any more. */
    {"leaving/last", 9, FALSE, FALSE, "need give-up", "ask:enough end:caller-gone cancelled "},
    {"leaving/not-the-last", 9, FALSE, FALSE, "need need give-up give=" PIN,
     "ask:enough cancelled try:" PIN " + "},
    {"leaving/and-coming", 9, FALSE, FALSE, "need give-up need give=" PIN,
     "ask:enough end:caller-gone cancelled ask:enough try:" PIN " + "},

    /* Another way. */
    {"elsewhere/opened", 9, FALSE, FALSE, "need need open", "ask:enough end:answered + + "},
    {"elsewhere/pulled", 9, FALSE, FALSE, "need pull need lock need give=" PIN,
     "ask:enough end:answered locked locked ask:enough try:" PIN " + "},
    {"elsewhere/as-before", 9, FALSE, FALSE, "need look give=" PIN, "ask:enough try:" PIN " + "},

    /* Typed at the reader. */
    {"reader/right", 9, TRUE, FALSE, "need type=" PIN,
     "ask:enough,pad,trying try:reader end:answered + "},
    {"reader/wrong", 9, TRUE, FALSE, "need type=0000 type=" PIN,
     "ask:enough,pad,trying try:reader end:answered ask:enough,wrong,pad,trying try:reader "
     "end:answered + "},
    {"reader/closed", 9, TRUE, FALSE, "need dismiss need",
     "ask:enough,pad,trying try:reader stopped locked locked "},
    {"reader/closed-after-wrong", 9, TRUE, FALSE, "stubborn need dismiss",
     "ask:enough,pad,trying try:reader stopped locked "},
    {"reader/cancel-key", 9, TRUE, FALSE, "need press-cancel need",
     "ask:enough,pad,trying try:reader end:answered locked locked "},
    {"reader/prompter-dies", 9, TRUE, FALSE, "need leave come",
     "ask:enough,pad,trying try:reader stopped locked "},
    {"reader/next-prompter", 9, TRUE, FALSE, "second need leave type=" PIN " come",
     "ask:enough,pad,trying try:reader ask:enough,pad,trying end:answered + "},
    {"reader/nobody-waits", 9, TRUE, FALSE, "need give-up",
     "ask:enough,pad,trying try:reader end:caller-gone cancelled stopped "},
    {"reader/pulled", 9, TRUE, FALSE, "need pull",
     "ask:enough,pad,trying try:reader end:answered stopped locked "},
    {"reader/opened-elsewhere", 9, TRUE, FALSE, "need open",
     "ask:enough,pad,trying try:reader end:answered stopped + "},
    {"reader/given-here", 9, TRUE, FALSE, "need give=" PIN,
     "ask:enough,pad,trying try:reader stopped locked "},
    {"reader/wrong-and-noticed", 9, TRUE, FALSE, "need noticed=0000 type=" PIN,
     "ask:enough,pad,trying try:reader end:answered stopped ask:few,wrong,pad,trying "
     "try:reader end:answered + "},
    {"reader/last", 1, TRUE, FALSE, "need consent type=" PIN,
     "ask:last,pad ask:last,pad,trying try:reader end:answered + "},
    {"reader/last-without-a-word", 1, TRUE, FALSE, "need say-nothing", "ask:last,pad locked "},
    {"reader/last-after-wrong", 2, TRUE, FALSE, "need type=0000 consent type=" PIN,
     "ask:few,pad,trying try:reader end:answered ask:last,wrong,pad ask:last,wrong,pad,trying "
     "try:reader end:answered + "},
    {"reader/last-consent-is-for-one", 1, TRUE, FALSE, "need consent type=0000 need",
     "ask:last,pad ask:last,pad,trying try:reader end:answered locked locked "},
    {"reader/last-by-somebody-else", 2, TRUE, FALSE, "need spend dismiss",
     "ask:few,pad,trying try:reader end:answered stopped ask:last,pad locked "},

    /* For each use. */
    {"each-use/one-each", 9, FALSE, TRUE, "need need give=" PIN " give=" PIN,
     "ask:enough,each try:" PIN " + ask:enough,each try:" PIN " + "},
    {"each-use/open-is-not-enough", 9, FALSE, TRUE, "open need give=" PIN,
     "ask:enough,each try:" PIN " + "},
    {"each-use/too-many", 9, FALSE, TRUE,
     "need need need need need need give-up dismiss dismiss dismiss dismiss dismiss",
     "ask:enough,each busy locked ask:enough,each locked ask:enough,each locked ask:enough,each "
     "locked ask:enough,each locked "},
    {"each-use/pulled", 9, FALSE, TRUE, "need need pull",
     "ask:enough,each end:answered locked "
     "locked "},
};

static Fixture *
fixture_new(const Row *row)
{
    Fixture *f = g_new0(Fixture, 1);
    g_autofree char *outcomes = NULL;

    f->world = world_new();
    outcomes = world_import_outcomes(f->world, "bob.pem", NULL);
    f->bob = world_identity(f->world, "Bob");
    f->programs = g_ptr_array_new_with_free_func(g_object_unref);
    f->log = g_string_new(NULL);
    f->n_left = row->n_left;
    f->facts = (MeishiLockFacts){
        .state = MEISHI_LOCK_LOCKED,
        .token = "Corp card",
        .reader = "Reader 1",
        .min_length = 4,
        .max_length = 8,
        .is_pad = row->is_pad,
        .each_use = row->each_use,
    };
    f->opening = meishi_opening_new(f->world->agent, &token_class, f);
    come(f);
    return f;
}

static void
fixture_free(Fixture *f)
{
    leave(f);
    meishi_prompters_remove(f->world->agent->prompters, &f->shown_by);
    world_settle();
    obey(f);
    g_assert_cmpuint(f->refs, ==, 0); /* nobody waits any more */
    g_assert_null(f->typing);
    meishi_opening_free(f->opening);
    g_clear_pointer(&f->question, g_variant_unref);
    meishi_identity_unref(f->bob);
    g_ptr_array_unref(f->programs);
    g_string_free(f->log, TRUE);
    world_free(f->world);
    g_free(f);
}

static void
test_row(gconstpointer data)
{
    const Row *row = data;
    Fixture *f = fixture_new(row);
    g_auto(GStrv) steps = g_strsplit(row->steps, " ", -1);

    for (gsize i = 0; steps[i] != NULL; i++) {
        act(f, steps[i]);
        world_settle();
        obey(f);
    }
    g_assert_cmpstr(f->log->str, ==, row->log);
    fixture_free(f);
}

/* ---- the question ---------------------------------------------------------------------------- */

static void
assert_text(const Fixture *f, const char *key, const char *expected)
{
    const char *text = NULL;

    g_assert_true(g_variant_lookup(f->question, key, "&s", &text));
    g_assert_cmpstr(text, ==, expected);
}

static void
test_question(void)
{
    static const Row row = {.n_left = 9};
    Fixture *f = fixture_new(&row);
    g_autofree char *id = meishi_identity_id(f->bob);
    guint32 min = 0, max = 0;

    f->facts.token = "Corp\xff card";
    need(f);
    world_settle();
    assert_text(f, "token", "Corp\357\277\275 card");
    assert_text(f, "reader", "Reader 1");
    assert_text(f, "id", id);
    assert_text(f, "label", "Bob");
    assert_text(f, "application", "exe:/bin/x");
    g_assert_true(g_variant_lookup(f->question, "min-length", "u", &min));
    g_assert_true(g_variant_lookup(f->question, "max-length", "u", &max));
    g_assert_cmpuint(min, ==, 4);
    g_assert_cmpuint(max, ==, 8);
    dismiss(f);
    world_settle();
    fixture_free(f);
}

/* ---- consent --------------------------------------------------------------------------------- */

static void
on_other_answered(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GVariant) answer = NULL;
    MeishiReply reply;

    g_assert_true(meishi_prompters_ask_finish(result, &reply, &answer, NULL));
}

/* About another token; takes the prompter's time. */
static void
ask_about_other(Fixture *f)
{
    GVariantDict dict = G_VARIANT_DICT_INIT(NULL);
    static const char *const flags[] = {"wrong", "pad", "trying", "each-use"};

    g_variant_dict_insert(&dict, "tries", "s", "other");
    for (gsize i = 0; i < G_N_ELEMENTS(flags); i++)
        g_variant_dict_insert(&dict, flags[i], "b", FALSE);
    meishi_prompters_ask_async(f->world->agent->prompters, NULL, "pin", g_variant_dict_end(&dict),
                               60000, NULL, on_other_answered, f);
}

static void
set_left(Fixture *f, guint n_left)
{
    f->n_left = n_left;
    meishi_opening_look_again(f->opening);
    world_settle();
}

/* What was agreed to while the token was another is agreed to no more. */
static void
test_consent_of_another_time(void)
{
    static const Row row = {.n_left = 1, .is_pad = TRUE};
    Fixture *f = fixture_new(&row);

    need(f);
    world_settle();
    ask_about_other(f);
    consent(f);
    world_settle();
    set_left(f, 3); /* before the person has seen what follows */
    set_left(f, 1);
    dismiss(f);
    world_settle();
    g_assert_cmpstr(f->log->str, ==, "ask:last,pad ask:other ask:last,pad ");
    dismiss(f);
    world_settle();
    fixture_free(f);
}

int
main(int argc, char **argv)
{
    world_init(&argc, &argv);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strconcat("/agent/opening/", rows[i].name, NULL);

        g_test_add_data_func(path, &rows[i], test_row);
    }
    g_test_add_func("/agent/opening/question", test_question);
    g_test_add_func("/agent/opening/consent-of-another-time", test_consent_of_another_time);
    return world_run();
}
