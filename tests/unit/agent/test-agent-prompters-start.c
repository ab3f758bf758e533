/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A prompter that is started because a question misses one: when, how often, and who waits for it.
 */
#include "daemon/crypto/crypto.h"
#include "tests/unit/agent/prompting.h"

/* ---- somebody who is started ---- */

typedef struct {
    MeishiPrompters *prompters;
    gboolean is_unable;
    guint n_starts;
    Fake *window; /* that has come; NULL */
} Starter;

static gboolean
can_start(gpointer data)
{
    return !((Starter *)data)->is_unable;
}

static void
on_start(gpointer data)
{
    ((Starter *)data)->n_starts++;
}

static const MeishiStarterClass patient_class = {can_start, on_start, 60000, 60000, 0};
static const MeishiStarterClass steady_class = {can_start, on_start, 60000, 60000, 60000};
static const MeishiStarterClass impatient_class = {can_start, on_start, 20, 60000, 0};
static const MeishiStarterClass insistent_class = {can_start, on_start, 60000, 0, 0};

static void
starter_clear(Starter *starter)
{
    if (starter->window != NULL)
        fake_free(starter->window);
    meishi_prompters_set_starter(starter->prompters, NULL, NULL);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Starter, starter_clear)

static void
set_starter(Starter *starter, const MeishiStarterClass *class)
{
    meishi_prompters_set_starter(starter->prompters, class, starter);
}

static void
window_comes(Starter *starter)
{
    starter->window = fake_new(starter->prompters);
    settle();
}

static void
window_goes(Starter *starter)
{
    fake_free(g_steal_pointer(&starter->window));
    settle();
}

#define STARTER(class)                                  \
    PROMPTERS;                                          \
    g_auto(Starter) starter = {.prompters = prompters}; \
    set_starter(&starter, class)

static void
test_start(void)
{
    STARTER(&patient_class);
    g_auto(Asker) first = {0}, second = {0}, third = {0};

    g_assert_true(meishi_prompters_available(prompters, "choose"));
    ask(prompters, &first, "a");
    ask(prompters, &second, "b");
    settle();
    assert_end(&first, NULL);
    g_assert_cmpuint(starter.n_starts, ==, 1);
    window_comes(&starter);
    g_assert_cmpstr(starter.window->seen->str, ==, "begin:choose:a ");
    fake_answer(starter.window, "1");
    settle();
    fake_answer(starter.window, "2");
    settle();
    assert_end(&first, "answered:1");
    assert_end(&second, "answered:2");
    window_goes(&starter);
    ask(prompters, &third, "c");
    settle();
    g_assert_cmpuint(starter.n_starts, ==, 2); /* it came, and may come again */
    g_cancellable_cancel(third.cancellable);
    settle();
}

static void
test_start_unable(void)
{
    STARTER(&patient_class);
    g_auto(Asker) asker = {0};

    starter.is_unable = TRUE;
    g_assert_false(meishi_prompters_available(prompters, "choose"));
    ask(prompters, &asker, "a");
    settle();
    assert_end(&asker, "nobody");
    g_assert_cmpuint(starter.n_starts, ==, 0);
}

/* Not again at once, but for a person who does something. */
static void
test_start_fails(void)
{
    STARTER(&patient_class);
    g_auto(Asker) first = {0}, again = {0}, acts = {.has_acted = TRUE}, later = {0};

    ask(prompters, &first, "a");
    settle();
    meishi_prompters_start_failed(prompters);
    settle();
    assert_end(&first, "nobody");
    ask(prompters, &again, "b");
    settle();
    assert_end(&again, "nobody");
    g_assert_cmpuint(starter.n_starts, ==, 1);
    ask(prompters, &acts, "c");
    settle();
    g_assert_cmpuint(starter.n_starts, ==, 2);
    meishi_prompters_start_failed(prompters);
    settle();
    assert_end(&acts, "nobody");
    window_comes(&starter);
    window_goes(&starter);
    ask(prompters, &later, "d");
    settle();
    g_assert_cmpuint(starter.n_starts, ==, 3);
    g_cancellable_cancel(later.cancellable);
    settle();
}

/* Programs say that of the person, and could have processes started without end. */
static void
test_start_fails_for_one_who_acts(void)
{
    STARTER(&steady_class);
    g_auto(Asker) first = {.has_acted = TRUE}, again = {.has_acted = TRUE};

    ask(prompters, &first, "a");
    settle();
    meishi_prompters_start_failed(prompters);
    ask(prompters, &again, "b");
    settle();
    assert_end(&first, "nobody");
    assert_end(&again, "nobody");
    g_assert_cmpuint(starter.n_starts, ==, 1);
}

static void
test_start_again(void)
{
    STARTER(&insistent_class);
    g_auto(Asker) first = {0}, second = {0};

    ask(prompters, &first, "a");
    settle();
    meishi_prompters_start_failed(prompters);
    settle();
    assert_end(&first, "nobody");
    ask(prompters, &second, "b");
    settle();
    g_assert_cmpuint(starter.n_starts, ==, 2);
    g_cancellable_cancel(second.cancellable);
    settle();
}

/* Whoever can ask does, if the window does not come in time. */
static void
test_start_too_late(void)
{
    STARTER(&impatient_class);
    const MeishiPrompterPlace elsewhere = {.session = "2", .tty = 7};
    Fake *terminal = fake_new_at(prompters, &elsewhere);
    g_auto(Asker) asker = {0};

    ask(prompters, &asker, "a");
    settle();
    g_assert_null(terminal->cookie);
    while (terminal->cookie == NULL)
        g_main_context_iteration(NULL, TRUE);
    window_comes(&starter); /* the question is elsewhere by now */
    g_assert_cmpstr(starter.window->seen->str, ==, "");
    fake_answer(terminal, "yes");
    settle();
    assert_end(&asker, "answered:yes");
    g_assert_cmpuint(starter.n_starts, ==, 1);
    fake_free(terminal);
}

/* A window comes that cannot ask this. */
static void
test_start_other_kinds(void)
{
    STARTER(&impatient_class);
    static const char *const kinds[] = {"confirm", NULL};
    const MeishiPrompterPlace place = {.kinds = kinds};
    g_auto(Asker) asker = {0};

    ask(prompters, &asker, "a");
    settle();
    starter.window = fake_new_at(prompters, &place);
    while (asker.n_ends == 0)
        g_main_context_iteration(NULL, TRUE);
    assert_end(&asker, "nobody");
    g_assert_cmpuint(starter.n_starts, ==, 1);
}

/* Only where nobody near can ask: what is missed is a window. */
static void
test_start_when(void)
{
    PROMPTERS;
    static const struct {
        const char *name;
        MeishiPrompterPlace place;
        gboolean has_window, is_own;
        guint n_starts;
    } rows[] = {
        {"its terminal", {.session = "1", .tty = 7}, FALSE, FALSE, 0},
        {"its terminal, but it has a window", {.session = "1", .tty = 7}, TRUE, FALSE, 1},
        {"another terminal", {.session = "1", .tty = 8}, FALSE, FALSE, 1},
        {"another session's terminal", {.session = "2", .tty = 8}, FALSE, FALSE, 1},
        {"a window", {.session = "1"}, TRUE, FALSE, 0},
        {"another session's window", {.session = "2"}, FALSE, FALSE, 0},
        {"its own connection", {.session = "1", .tty = 8}, TRUE, TRUE, 0},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(Starter) starter = {.prompters = prompters};
        g_autoptr(MeishiApplication) application = meishi_application_new_unknown();
        g_autoptr(Fake) fake = fake_new_at(prompters, &rows[i].place);
        g_auto(Asker) asker = {
            .owner = rows[i].is_own ? fake : NULL,
            .application = application,
            .has_window = rows[i].has_window,
        };

        g_test_message("%s", rows[i].name);
        set_starter(&starter, &patient_class);
        application->session = g_strdup("1");
        application->tty = 7;
        ask(prompters, &asker, "a");
        settle();
        g_assert_cmpuint(starter.n_starts, ==, rows[i].n_starts);
        g_assert_cmpint(fake->cookie != NULL, ==, rows[i].n_starts == 0);
        g_cancellable_cancel(asker.cancellable);
        settle();
    }
}

/* A window that died with a question is not started for that one again. */
static void
test_start_after_death(void)
{
    STARTER(&patient_class);
    g_auto(Asker) shown = {0}, queued = {0};

    window_comes(&starter);
    ask(prompters, &shown, "a");
    ask(prompters, &queued, "b");
    settle();
    window_goes(&starter);
    assert_end(&shown, "dismissed");
    assert_end(&queued, NULL);
    g_assert_cmpuint(starter.n_starts, ==, 1);
    window_comes(&starter);
    fake_answer(starter.window, "yes");
    settle();
    assert_end(&queued, "answered:yes");
}

/* Asks, and the window that comes for it dies. */
static void
lose(Starter *starter, gboolean has_acted)
{
    g_auto(Asker) asker = {.has_acted = has_acted};

    ask(starter->prompters, &asker, "a");
    settle();
    window_comes(starter);
    g_assert_nonnull(starter->window->cookie);
    window_goes(starter);
    assert_end(&asker, "dismissed");
}

/* Each question is another one, and would have another one started that dies. */
static void
test_start_after_deaths(void)
{
    STARTER(&patient_class);
    g_auto(Asker) again = {0};

    lose(&starter, FALSE);
    lose(&starter, FALSE);
    ask(prompters, &again, "b");
    settle();
    assert_end(&again, "nobody");
    g_assert_cmpuint(starter.n_starts, ==, 2);
    lose(&starter, TRUE);
    g_assert_cmpuint(starter.n_starts, ==, 3);
}

static void
test_start_after_deaths_between(void)
{
    STARTER(&patient_class);

    for (guint i = 1; i <= 3; i++) {
        g_auto(Asker) asker = {0};

        lose(&starter, FALSE);
        ask(prompters, &asker, "b");
        settle();
        window_comes(&starter);
        fake_answer(starter.window, "yes");
        window_goes(&starter);
        assert_end(&asker, "answered:yes");
        g_assert_cmpuint(starter.n_starts, ==, 2 * i);
    }
}

/* Whoever can start one goes while somebody waits for it. */
static void
test_starter_goes(void)
{
    STARTER(&patient_class);
    g_auto(Asker) asker = {0};

    ask(prompters, &asker, "a");
    settle();
    meishi_prompters_set_starter(prompters, NULL, NULL);
    settle();
    assert_end(&asker, "nobody");
    g_assert_false(meishi_prompters_available(prompters, "choose"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_true(meishi_crypto_init(NULL));
    g_test_add_func("/prompters/start/comes", test_start);
    g_test_add_func("/prompters/start/unable", test_start_unable);
    g_test_add_func("/prompters/start/fails", test_start_fails);
    g_test_add_func("/prompters/start/fails-for-one-who-acts", test_start_fails_for_one_who_acts);
    g_test_add_func("/prompters/start/again", test_start_again);
    g_test_add_func("/prompters/start/too-late", test_start_too_late);
    g_test_add_func("/prompters/start/other-kinds", test_start_other_kinds);
    g_test_add_func("/prompters/start/when", test_start_when);
    g_test_add_func("/prompters/start/after-death", test_start_after_death);
    g_test_add_func("/prompters/start/after-deaths", test_start_after_deaths);
    g_test_add_func("/prompters/start/after-deaths-between", test_start_after_deaths_between);
    g_test_add_func("/prompters/start/starter-goes", test_starter_goes);
    return g_test_run();
}
