/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Questions and prompters: each question goes to one prompter at a time and ends exactly once,
 * whoever comes first.
 */
#include "daemon/base/error.h"
#include "daemon/crypto/crypto.h"
#include "tests/unit/agent/prompting.h"

#include <string.h>

/* ---- ways to end ---- */

static void
test_answered(void)
{
    PROMPTERS;
    g_autoptr(Fake) fake = fake_new(prompters);
    g_auto(Asker) asker = {0};

    ask(prompters, &asker, "a");
    g_assert_cmpstr(fake->seen->str, ==, "");
    settle();
    g_assert_cmpstr(fake->seen->str, ==, "begin:choose:a ");
    assert_end(&asker, NULL);
    fake_answer(fake, "yes");
    settle();
    assert_end(&asker, "answered:yes");
    /* Who answered knows that the question is over. */
    g_assert_cmpstr(fake->seen->str, ==, "begin:choose:a ");
}

static void
test_dismissed(void)
{
    PROMPTERS;
    g_autoptr(Fake) fake = fake_new(prompters);
    g_auto(Asker) asker = {0};

    ask(prompters, &asker, "a");
    settle();
    fake_answer(fake, NULL);
    settle();
    assert_end(&asker, "dismissed");
}

static void
test_nobody(void)
{
    PROMPTERS;
    g_auto(Asker) asker = {0};

    g_assert_false(meishi_prompters_available(prompters, "choose"));
    ask(prompters, &asker, "a");
    settle();
    assert_end(&asker, "nobody");
}

static void
test_timeout(void)
{
    PROMPTERS;
    g_autoptr(Fake) fake = fake_new(prompters);
    g_auto(Asker) asker = {0};

    ask_within(prompters, &asker, "a", 30);
    while (asker.n_ends == 0)
        g_main_context_iteration(NULL, TRUE);
    settle();
    assert_end(&asker, "timeout");
    g_assert_cmpstr(fake->seen->str, ==, "begin:choose:a cancel:timeout ");
}

/* A question that nobody has seen needs nobody to be told. */
static void
test_timeout_in_queue(void)
{
    PROMPTERS;
    g_autoptr(Fake) fake = fake_new(prompters);
    g_auto(Asker) first = {0}, second = {0};

    ask(prompters, &first, "a");
    ask_within(prompters, &second, "b", 30);
    while (second.n_ends == 0)
        g_main_context_iteration(NULL, TRUE);
    assert_end(&second, "timeout");
    g_assert_cmpstr(fake->seen->str, ==, "begin:choose:a ");
    fake_answer(fake, "yes");
    settle();
    assert_end(&first, "answered:yes");
    g_assert_null(fake->cookie);
}

/* ---- cancelling ---- */

static void
test_cancel_shown(void)
{
    PROMPTERS;
    g_autoptr(Fake) fake = fake_new(prompters);
    g_auto(Asker) asker = {0};

    ask(prompters, &asker, "a");
    settle();
    g_cancellable_cancel(asker.cancellable);
    settle();
    assert_end(&asker, "cancelled");
    g_assert_cmpstr(fake->seen->str, ==, "begin:choose:a cancel:caller-gone ");
}

static void
test_cancel_queued(void)
{
    PROMPTERS;
    g_autoptr(Fake) fake = fake_new(prompters);
    g_auto(Asker) asker = {0};

    ask(prompters, &asker, "a");
    g_cancellable_cancel(asker.cancellable);
    settle();
    assert_end(&asker, "cancelled");
    g_assert_cmpstr(fake->seen->str, ==, "");
}

static void
test_cancel_before(void)
{
    PROMPTERS;
    g_autoptr(Fake) fake = fake_new(prompters);
    g_autoptr(GCancellable) cancelled = g_cancellable_new();
    g_auto(Asker) asker = {0};
    GVariantDict dict;

    g_variant_dict_init(&dict, NULL);
    g_variant_dict_insert(&dict, "name", "s", "a");
    g_cancellable_cancel(cancelled);
    meishi_prompters_ask_async(prompters, NULL, "choose", g_variant_dict_end(&dict), 60000,
                               cancelled, asker_take, &asker);
    settle();
    assert_end(&asker, "cancelled");
    g_assert_cmpstr(fake->seen->str, ==, "");
}

/* Both in one turn of the main loop: the answer was first, and nothing follows it. */
static void
test_cancel_and_answer(void)
{
    PROMPTERS;
    g_autoptr(Fake) fake = fake_new(prompters);
    g_auto(Asker) asker = {0};

    ask(prompters, &asker, "a");
    settle();
    g_cancellable_cancel(asker.cancellable);
    fake_answer(fake, "yes");
    settle();
    assert_end(&asker, "answered:yes");
    g_assert_cmpstr(fake->seen->str, ==, "begin:choose:a ");
}

static void
test_free_ends_all(void)
{
    MeishiPrompters *prompters = meishi_prompters_new();
    Fake *fake = fake_new(prompters);
    g_auto(Asker) first = {0}, second = {0};

    ask(prompters, &first, "a");
    ask(prompters, &second, "b");
    settle();
    meishi_prompters_free(prompters);
    settle();
    assert_end(&first, "cancelled");
    assert_end(&second, "cancelled");
    g_assert_cmpstr(fake->seen->str, ==, "begin:choose:a cancel:withdrawn ");
    g_string_free(fake->seen, TRUE);
    g_free(fake);
}

/* Another way to the answer: the window closes, and says why. */
static void
test_withdraw(void)
{
    PROMPTERS;
    g_autoptr(Fake) fake = fake_new(prompters);
    g_autoptr(GCancellable) unused = g_cancellable_new();
    g_auto(Asker) first = {0}, second = {0};

    ask(prompters, &first, "a");
    ask(prompters, &second, "b");
    settle();
    meishi_prompters_withdraw(prompters, unused);
    meishi_prompters_withdraw(prompters, second.cancellable);
    settle();
    assert_end(&first, NULL);
    assert_end(&second, "cancelled");
    meishi_prompters_withdraw(prompters, first.cancellable);
    settle();
    assert_end(&first, "cancelled");
    g_assert_cmpstr(fake->seen->str, ==, "begin:choose:a cancel:answered ");
}

/* ---- late and foreign answers ---- */

static void
assert_refused(MeishiPrompters *prompters, gpointer owner, const char *cookie)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(
        meishi_prompters_respond(prompters, owner, cookie, MEISHI_REPLY_DISMISSED, NULL, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
}

static void
test_late(void)
{
    PROMPTERS;
    g_autoptr(Fake) fake = fake_new(prompters);
    g_auto(Asker) asker = {0};
    g_autofree char *cookie = NULL;

    ask(prompters, &asker, "a");
    settle();
    cookie = g_strdup(fake->cookie);
    fake_answer(fake, "yes");
    settle();
    assert_refused(prompters, fake, cookie);
    settle();
    assert_end(&asker, "answered:yes");
}

static void
test_foreign(void)
{
    PROMPTERS;
    g_autoptr(Fake) one = fake_new(prompters);
    g_autoptr(Fake) other = fake_new(prompters);
    g_auto(Asker) asker = {.owner = one};

    ask(prompters, &asker, "a");
    settle();
    assert_refused(prompters, other, one->cookie);
    assert_refused(prompters, one, "1-00000000000000000000000000000000");
    assert_refused(prompters, one, "");
    assert_refused(prompters, NULL, one->cookie);
    assert_end(&asker, NULL);
    fake_answer(one, "yes");
    settle();
    assert_end(&asker, "answered:yes");
}

/* An answer that is none leaves the question open. */
static void
test_malformed(void)
{
    PROMPTERS;
    g_autoptr(Fake) fake = fake_new(prompters);
    g_autoptr(GVariant) text = g_variant_ref_sink(g_variant_new_string("yes"));
    g_autoptr(GError) error = NULL, no_answer = NULL, bad_result = NULL;
    g_auto(Asker) asker = {0};

    ask(prompters, &asker, "a");
    settle();
    g_assert_false(meishi_prompters_respond(prompters, fake, fake->cookie, MEISHI_REPLY_ANSWERED,
                                            text, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT);
    g_assert_false(meishi_prompters_respond(prompters, fake, fake->cookie, MEISHI_REPLY_ANSWERED,
                                            NULL, &no_answer));
    g_assert_error(no_answer, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT);
    g_assert_false(meishi_prompters_respond(prompters, fake, fake->cookie, MEISHI_REPLY_NOBODY,
                                            NULL, &bad_result));
    g_assert_error(bad_result, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT);
    fake_answer(fake, "yes");
    settle();
    assert_end(&asker, "answered:yes");
}

/* A secret for a question that wants none is refused; so is one of somebody else's. */
static void
test_unwanted_secret(void)
{
    PROMPTERS;
    g_autoptr(Fake) fake = fake_new(prompters);
    g_autoptr(MeishiSecret) secret = meishi_secret_new(4);
    const MeishiSecretAnswer answer = {.secret = secret};
    g_autoptr(GError) unwanted = NULL, unknown = NULL, before = NULL;
    g_auto(Asker) asker = {0};

    ask(prompters, &asker, "a");
    settle();
    g_assert_false(meishi_prompters_check_secret(prompters, fake, fake->cookie, &before));
    g_assert_error(before, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT);
    g_assert_false(
        meishi_prompters_respond_secret(prompters, fake, fake->cookie, &answer, &unwanted));
    g_assert_error(unwanted, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT);
    g_assert_false(meishi_prompters_respond_secret(prompters, fake, "1-0", &answer, &unknown));
    g_assert_error(unknown, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
    assert_end(&asker, NULL);
    fake_answer(fake, "yes");
    settle();
    assert_end(&asker, "answered:yes");
}

static void
test_cookies(void)
{
    PROMPTERS;
    g_autoptr(Fake) fake = fake_new(prompters);
    g_autofree char *before = NULL;
    g_auto(Asker) first = {0}, second = {0};

    ask(prompters, &first, "a");
    ask(prompters, &second, "b");
    settle();
    before = g_strdup(fake->cookie);
    fake_answer(fake, "yes");
    settle();
    g_assert_cmpstr(before, !=, fake->cookie);
    /* 128 bits in hex behind the number. */
    g_assert_cmpuint(strlen(strchr(before, '-') + 1), ==, 32);
    g_assert_cmpstr(strchr(before, '-'), !=, strchr(fake->cookie, '-'));
    fake_answer(fake, "yes");
    settle();
}

/* ---- where they are ---- */

/* Asked by @application, which of @fakes (n) is it? */
static guint
find_asked(MeishiPrompters *prompters, Fake *const *fakes, guint n,
           const MeishiApplication *application)
{
    g_auto(Asker) asker = {.application = application};
    guint asked = G_MAXUINT;

    ask(prompters, &asker, "a");
    settle();
    for (guint i = 0; i < n; i++) {
        if (fakes[i]->cookie == NULL)
            continue;
        g_assert_cmpuint(asked, ==, G_MAXUINT);
        asked = i;
        fake_answer(fakes[i], "yes");
    }
    settle();
    assert_end(&asker, asked != G_MAXUINT ? "answered:yes" : "nobody");
    return asked;
}

static void
test_nearest(void)
{
    PROMPTERS;
    static const MeishiPrompterPlace places[] = {
        {.session = "1"},           {.session = "2"},  {.session = "2", .tty = 7},
        {.session = "1", .tty = 8}, {.session = NULL},
    };
    static const struct {
        const char *session;
        dev_t tty;
        guint asked;
    } rows[] = {
        {"1", 0, 0},               /* a window of the session */
        {"1", 8, 3},               /* the terminal itself */
        {"1", 9, 0},               /* another terminal of a session with a window */
        {"2", 7, 2},               /* the terminal itself, in a session with a window */
        {"2", 0, 1}, {"1", 7, 2},  /* the terminal counts, wherever one is logged in */
        {"3", 0, 4}, {NULL, 0, 4}, /* nowhere: whoever came last */
    };
    Fake *fakes[G_N_ELEMENTS(places)];

    for (gsize i = 0; i < G_N_ELEMENTS(places); i++)
        fakes[i] = fake_new_at(prompters, &places[i]);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(MeishiApplication) application = meishi_application_new_unknown();

        g_test_message("row %" G_GSIZE_FORMAT, i);
        application->session = g_strdup(rows[i].session);
        application->tty = rows[i].tty;
        g_assert_cmpuint(find_asked(prompters, fakes, G_N_ELEMENTS(fakes), application), ==,
                         rows[i].asked);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(fakes); i++)
        fake_free(fakes[i]);
}

/* Nobody is asked what they cannot ask. */
static void
test_kinds(void)
{
    PROMPTERS;
    static const char *const some[] = {"confirm", "choose", NULL}, *const other[] = {"unlock",
                                                                                     NULL};
    const MeishiPrompterPlace places[] = {{.kinds = some}, {.kinds = other}};
    Fake *fakes[] = {fake_new_at(prompters, &places[0]), fake_new_at(prompters, &places[1])};

    g_assert_true(meishi_prompters_available(prompters, "unlock"));
    g_assert_false(meishi_prompters_available(prompters, "pin"));
    g_assert_cmpuint(find_asked(prompters, fakes, 2, NULL), ==, 0);
    fake_free(fakes[0]);
    g_assert_false(meishi_prompters_available(prompters, "choose"));
    g_assert_cmpuint(find_asked(prompters, fakes + 1, 1, NULL), ==, G_MAXUINT);
    fake_free(fakes[1]);
}

/* ---- who is asked ---- */

static void
test_own_first(void)
{
    PROMPTERS;
    g_autoptr(Fake) own = fake_new(prompters);
    g_autoptr(Fake) last = fake_new(prompters);
    g_auto(Asker) mine = {.owner = own}, other = {.owner = &other};

    ask(prompters, &mine, "mine");
    ask(prompters, &other, "other");
    settle();
    g_assert_cmpstr(own->seen->str, ==, "begin:choose:mine ");
    g_assert_cmpstr(last->seen->str, ==, "begin:choose:other ");
    g_assert_true(meishi_prompters_has_own(prompters, own));
    g_assert_false(meishi_prompters_has_own(prompters, &other));
    g_assert_true(meishi_prompters_available(prompters, "choose"));
    fake_answer(own, "1");
    fake_answer(last, "2");
    settle();
    assert_end(&mine, "answered:1");
    assert_end(&other, "answered:2");
}

static void
test_one_each(void)
{
    PROMPTERS;
    static const MeishiPrompterClass class = {.begin = NULL};
    g_autoptr(Fake) fake = fake_new(prompters);
    g_autoptr(GError) error = NULL;

    g_assert_false(meishi_prompters_add(prompters, fake, NULL, &class, fake, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_BUSY);
}

static void
test_one_at_a_time(void)
{
    PROMPTERS;
    g_autoptr(Fake) fake = fake_new(prompters);
    g_auto(Asker) a = {0}, b = {0}, c = {0};

    ask(prompters, &a, "a");
    ask(prompters, &b, "b");
    ask(prompters, &c, "c");
    settle();
    g_assert_cmpstr(fake->seen->str, ==, "begin:choose:a ");
    fake_answer(fake, "1");
    settle();
    g_assert_cmpstr(fake->seen->str, ==, "begin:choose:a begin:choose:b ");
    fake_answer(fake, "2");
    settle();
    fake_answer(fake, "3");
    settle();
    assert_end(&a, "answered:1");
    assert_end(&b, "answered:2");
    assert_end(&c, "answered:3");
}

/* ---- prompters that go away ---- */

static void
test_dies_next(void)
{
    PROMPTERS;
    g_autoptr(Fake) next = fake_new(prompters);
    Fake *dying = fake_new(prompters);
    g_auto(Asker) asker = {0};
    g_autofree char *cookie = NULL;

    ask(prompters, &asker, "a");
    settle();
    cookie = g_strdup(dying->cookie);
    fake_free(dying);
    settle();
    assert_end(&asker, NULL);
    g_assert_cmpstr(next->seen->str, ==, "begin:choose:a ");
    fake_answer(next, "yes");
    settle();
    assert_end(&asker, "answered:yes");
}

/* To the next once, and no further: 5.6. */
static void
test_dies_twice(void)
{
    PROMPTERS;
    g_autoptr(Fake) third = fake_new(prompters);
    Fake *second = fake_new(prompters), *first = fake_new(prompters);
    g_auto(Asker) asker = {0};

    ask(prompters, &asker, "a");
    settle();
    fake_free(first);
    settle();
    g_assert_nonnull(second->cookie);
    fake_free(second);
    settle();
    assert_end(&asker, "dismissed");
    g_assert_cmpstr(third->seen->str, ==, "");
}

/* A window that goes away with its program is one that was closed: "not now". */
static void
test_dies_alone(void)
{
    PROMPTERS;
    Fake *only = fake_new(prompters);
    g_auto(Asker) shown = {0}, queued = {0};

    ask(prompters, &shown, "a");
    ask(prompters, &queued, "b");
    settle();
    fake_free(only);
    settle();
    assert_end(&shown, "dismissed");
    assert_end(&queued, "nobody");
}

/* What waited behind the question of one that died is asked by the next, and may be passed on once
 * itself. */
static void
test_dies_queue(void)
{
    PROMPTERS;
    g_autoptr(Fake) next = fake_new(prompters);
    Fake *dying = fake_new(prompters);
    g_auto(Asker) a = {0}, b = {0};

    ask(prompters, &a, "a");
    ask(prompters, &b, "b");
    settle();
    fake_free(dying);
    settle();
    g_assert_cmpstr(next->seen->str, ==, "begin:choose:a ");
    fake_answer(next, "1");
    settle();
    fake_answer(next, "2");
    settle();
    assert_end(&a, "answered:1");
    assert_end(&b, "answered:2");
}

/* ---- what changes while it is open ---- */

static GVariant *
not_awaited(void)
{
    GVariantDict dict = G_VARIANT_DICT_INIT(NULL);

    g_variant_dict_insert(&dict, "awaited", "b", FALSE);
    return g_variant_dict_end(&dict);
}

/* Who shows it is told; who shows it later finds it in the question. */
static void
test_update(void)
{
    PROMPTERS;
    g_autoptr(Fake) next = fake_new(prompters);
    Fake *first = fake_new(prompters);
    g_autoptr(GCancellable) unused = g_cancellable_new();
    g_auto(Asker) asker = {0};

    ask(prompters, &asker, "a");
    settle();
    meishi_prompters_update(prompters, unused, not_awaited());
    g_assert_cmpstr(first->seen->str, ==, "begin:choose:a ");
    meishi_prompters_update(prompters, asker.cancellable, not_awaited());
    g_assert_cmpstr(first->seen->str, ==, "begin:choose:a update:not-awaited ");
    fake_free(first);
    settle();
    g_assert_cmpstr(next->seen->str, ==, "begin:choose:a (not awaited) ");
    g_assert_cmpuint(asker.n_begun, ==, 2);
    fake_answer(next, "yes");
    settle();
}

static void
extend(Fake *fake)
{
    g_assert_true(meishi_prompters_extend(fake->prompters, fake, fake->cookie, NULL));
}

/* "deadline+59" where the second is about to end. */
static void
assert_minute(const Fake *fake)
{
    if (strcmp(fake->seen->str, "begin:choose:a update:deadline+59 ") != 0)
        g_assert_cmpstr(fake->seen->str, ==, "begin:choose:a update:deadline+60 ");
}

static void
test_extend(void)
{
    PROMPTERS;
    g_autoptr(Fake) fake = fake_new(prompters);
    g_autoptr(GError) error = NULL;
    g_auto(Asker) asker = {0};
    gint64 end = g_get_monotonic_time() + 200 * G_TIME_SPAN_MILLISECOND;

    ask_within(prompters, &asker, "a", 100);
    settle();
    g_assert_false(meishi_prompters_extend(prompters, fake, "1-0", &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
    extend(fake);
    assert_minute(fake);
    while (g_get_monotonic_time() < end)
        g_main_context_iteration(NULL, FALSE);
    assert_end(&asker, NULL);
    fake_answer(fake, "yes");
    settle();
    assert_end(&asker, "answered:yes");
}

/* Never shorter than it was. */
static void
test_extend_long(void)
{
    PROMPTERS;
    g_autoptr(Fake) fake = fake_new(prompters);
    g_auto(Asker) asker = {0};

    ask_within(prompters, &asker, "a", 100500);
    settle();
    extend(fake);
    if (strcmp(fake->seen->str, "begin:choose:a update:deadline+100 ") != 0)
        g_assert_cmpstr(fake->seen->str, ==, "begin:choose:a update:deadline+101 ");
    fake_answer(fake, "yes");
    settle();
}

/* Who waits for the answer has a time of its own. */
static void
test_extend_asker(void)
{
    PROMPTERS;
    g_autoptr(Fake) fake = fake_new(prompters);
    g_auto(Asker) asker = {.sees_to_time = TRUE};

    ask_within(prompters, &asker, "a", 600000);
    settle();
    extend(fake);
    g_assert_cmpstr(fake->seen->str, ==, "begin:choose:a ");
    g_assert_cmpint(ABS(asker.deadline - g_get_real_time() / G_USEC_PER_SEC - 60), <=, 1);
    fake_answer(fake, "yes");
    settle();
}

/* ---- limits ---- */

static gboolean
has_room(MeishiPrompters *prompters, const char *kind, const MeishiApplication *application)
{
    g_autoptr(GError) error = NULL;
    gboolean has = meishi_prompters_check_room(prompters, kind, application, &error);

    if (!has)
        g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_BUSY);
    return has;
}

static void
test_room(void)
{
    PROMPTERS;
    g_autoptr(Fake) fake = fake_new(prompters);
    g_autoptr(MeishiApplication) one = meishi_application_new_unknown();
    g_autoptr(MeishiApplication) other = meishi_application_new_unknown();
    Asker askers[5] = {0};

    one->name = g_strdup("exe:/bin/one");
    for (gsize i = 0; i < G_N_ELEMENTS(askers); i++) {
        g_assert_true(has_room(prompters, "choose", one));
        askers[i].application = one;
        ask(prompters, &askers[i], "a");
    }
    settle();
    g_assert_false(has_room(prompters, "choose", one));
    g_assert_true(has_room(prompters, "confirm", one));
    g_assert_true(has_room(prompters, "choose", other));
    fake_answer(fake, "yes");
    settle();
    g_assert_true(has_room(prompters, "choose", one));
    for (gsize i = 1; i < G_N_ELEMENTS(askers); i++) {
        fake_answer(fake, "yes");
        settle();
    }
    for (gsize i = 0; i < G_N_ELEMENTS(askers); i++)
        asker_clear(&askers[i]);
}

/* ---- from inside of an answer ---- */

typedef struct {
    Asker first, second;
    MeishiPrompters *prompters;
} Chain;

static void
on_first(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Chain *chain = user_data;

    asker_take(source, result, &chain->first);
    ask(chain->prompters, &chain->second, "b");
}

static void
test_ask_from_answer(void)
{
    PROMPTERS;
    g_autoptr(Fake) fake = fake_new(prompters);
    Chain chain = {.prompters = prompters};
    GVariantDict dict;

    g_variant_dict_init(&dict, NULL);
    g_variant_dict_insert(&dict, "name", "s", "a");
    meishi_prompters_ask_async(prompters, NULL, "choose", g_variant_dict_end(&dict), 60000, NULL,
                               on_first, &chain);
    settle();
    fake_answer(fake, "1");
    settle();
    g_assert_cmpstr(fake->seen->str, ==, "begin:choose:a begin:choose:b ");
    fake_answer(fake, "2");
    settle();
    assert_end(&chain.first, "answered:1");
    assert_end(&chain.second, "answered:2");
    asker_clear(&chain.first);
    asker_clear(&chain.second);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_true(meishi_crypto_init(NULL));
    g_test_add_func("/prompters/end/answered", test_answered);
    g_test_add_func("/prompters/end/dismissed", test_dismissed);
    g_test_add_func("/prompters/end/nobody", test_nobody);
    g_test_add_func("/prompters/end/timeout", test_timeout);
    g_test_add_func("/prompters/end/timeout-in-queue", test_timeout_in_queue);
    g_test_add_func("/prompters/cancel/shown", test_cancel_shown);
    g_test_add_func("/prompters/cancel/queued", test_cancel_queued);
    g_test_add_func("/prompters/cancel/before", test_cancel_before);
    g_test_add_func("/prompters/cancel/and-answer", test_cancel_and_answer);
    g_test_add_func("/prompters/cancel/free", test_free_ends_all);
    g_test_add_func("/prompters/cancel/withdraw", test_withdraw);
    g_test_add_func("/prompters/answer/late", test_late);
    g_test_add_func("/prompters/answer/foreign", test_foreign);
    g_test_add_func("/prompters/answer/malformed", test_malformed);
    g_test_add_func("/prompters/answer/unwanted-secret", test_unwanted_secret);
    g_test_add_func("/prompters/answer/nearest", test_nearest);
    g_test_add_func("/prompters/answer/kinds", test_kinds);
    g_test_add_func("/prompters/answer/cookies", test_cookies);
    g_test_add_func("/prompters/who/own-first", test_own_first);
    g_test_add_func("/prompters/who/one-each", test_one_each);
    g_test_add_func("/prompters/who/one-at-a-time", test_one_at_a_time);
    g_test_add_func("/prompters/dies/next", test_dies_next);
    g_test_add_func("/prompters/dies/twice", test_dies_twice);
    g_test_add_func("/prompters/dies/alone", test_dies_alone);
    g_test_add_func("/prompters/dies/queue", test_dies_queue);
    g_test_add_func("/prompters/change/update", test_update);
    g_test_add_func("/prompters/change/extend", test_extend);
    g_test_add_func("/prompters/change/extend-long", test_extend_long);
    g_test_add_func("/prompters/change/extend-asker", test_extend_asker);
    g_test_add_func("/prompters/room", test_room);
    g_test_add_func("/prompters/ask-from-answer", test_ask_from_answer);
    return g_test_run();
}
