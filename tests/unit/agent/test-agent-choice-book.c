/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The book of choices as stories: what is said and what happens on the left, what is remembered in
 * the end on the right.
 *
 *   set HOST PORT LINEAGE [SCOPE] [reach=R] [app=A] [context=C]   LINEAGE "none": send none
 *   forget [host=H] [port=P] [app=A] [lineage=L] [context=C]      no word: everything
 *   undo, expire, end CONTEXT, end-all, restart, wait SECONDS
 *   use HOST                             the choice for that host was followed
 *   report HOST PORT ID CLASS [context=C]   and how it ended; ID "none": none was sent
 *   refused COMMAND...                      NOT_FOUND
 *
 * A choice reads HOST:PORT=LINEAGE, then "~" for session, "!" for once, "(APP)", "[CONTEXT]", "?"
 * where it is doubted, "??" where it is suspect, "xN" for its uses; a meeting reads
 * ID@HOST:PORT+ACCEPTED with the same question marks.
 */
#include "tests/unit/store/fixture.h"
#include "tests/unit/store/fault-vfs.h"

#include "daemon/agent/choice-book.h"
#include "daemon/base/error.h"

#include <stdlib.h>
#include <string.h>

#define NOW G_GINT64_CONSTANT(1700000000)

typedef struct {
    Fixture store;
    MeishiChoiceBook *book;
    gint64 now;
    const char *name; /* of the story */
} Desk;

/* ---- reading a command --------------------------------------------------------------------- */

/* What follows @name and "=" among @words; NULL. */
static const char *
option(char **words, const char *name)
{
    gsize len = strlen(name);

    for (char **word = words; *word != NULL; word++)
        if (strncmp(*word, name, len) == 0 && (*word)[len] == '=')
            return *word + len + 1;
    return NULL;
}

static guint
find_name(const char *const *names, const char *name)
{
    guint i = 0;

    while (names[i] != NULL && g_strcmp0(names[i], name) != 0)
        i++;
    return i;
}

static MeishiRequest *
make_request(const char *host, const char *port, char **words)
{
    MeishiRequest *request = meishi_request_new();

    request->protocol = g_strdup("https");
    request->port = (guint)atoi(port);
    request->application = g_strdup(option(words, "app"));
    request->context = g_strdup(option(words, "context"));
    g_assert_true(meishi_host_parse(host, &request->host, NULL));
    return request;
}

/* ---- commands ------------------------------------------------------------------------------ */

static gboolean
do_set(Desk *desk, char **words, GError **error)
{
    static const char *const scopes[] = {"once", "session", "always", NULL};
    static const char *const reaches[] = {"domain", "host", "host-port", NULL};
    const char *reach = option(words, "reach");
    g_autoptr(MeishiRequest) request = make_request(words[1], words[2], words);
    MeishiChoice *choice =
        meishi_choice_new(request, g_str_equal(words[3], "none") ? NULL : words[3]);
    guint scope = words[4] != NULL ? find_name(scopes, words[4]) : MEISHI_SCOPE_ALWAYS;
    gint64 id = 0;

    choice->scope = scope <= MEISHI_SCOPE_ALWAYS ? (MeishiScope)scope : MEISHI_SCOPE_ALWAYS;
    if (reach != NULL)
        choice->reach = (MeishiReach)find_name(reaches, reach);
    if (!meishi_choice_book_set(desk->book, choice, desk->now, &id, error))
        return FALSE;
    g_assert_cmpint(id, >, 0);
    return TRUE;
}

static gboolean
do_forget(Desk *desk, char **words, GError **error)
{
    const MeishiChoiceFilter filter = {
        .host = option(words, "host"),
        .port = option(words, "port") != NULL ? (guint)atoi(option(words, "port")) : 0,
        .application = option(words, "app"),
        .lineage = option(words, "lineage"),
        .context = option(words, "context"),
    };
    g_autoptr(GPtrArray) before = meishi_choice_book_list(desk->book, desk->now);
    guint n = 0;

    if (!meishi_choice_book_forget(desk->book, &filter, desk->now, &n, error))
        return FALSE;
    for (guint i = 0; i < before->len; i++)
        n -= meishi_choice_filter_fits(&filter, g_ptr_array_index(before, i));
    g_assert_cmpuint(n, ==, 0);
    return TRUE;
}

static gboolean
do_undo(Desk *desk, char **words, GError **error)
{
    guint n;

    return meishi_choice_book_undo(desk->book, desk->now, &n, error);
}

static gboolean
do_expire(Desk *desk, char **words, GError **error)
{
    gint64 next = meishi_choice_book_expire(desk->book, desk->now);

    g_assert_cmpint(next, >, desk->now);
    return TRUE;
}

static gboolean
do_end(Desk *desk, char **words, GError **error)
{
    (void)meishi_choice_book_end_context(desk->book, words[1] != NULL ? words[1] : "");
    return TRUE;
}

static gboolean
do_end_all(Desk *desk, char **words, GError **error)
{
    (void)meishi_choice_book_end_context(desk->book, NULL);
    return TRUE;
}

static gboolean
do_restart(Desk *desk, char **words, GError **error)
{
    g_clear_pointer(&desk->book, meishi_choice_book_free);
    fixture_reopen(&desk->store);
    desk->book = meishi_choice_book_new(desk->store.store, error);
    return desk->book != NULL;
}

static gboolean
do_wait(Desk *desk, char **words, GError **error)
{
    desk->now += atoll(words[1]);
    return TRUE;
}

static gint64
find_choice(Desk *desk, const char *host)
{
    g_autoptr(GPtrArray) list = meishi_choice_book_list(desk->book, desk->now);

    for (guint i = 0; i < list->len; i++) {
        const MeishiChoice *choice = g_ptr_array_index(list, i);

        if (g_str_equal(choice->host, host))
            return choice->id;
    }
    return 0;
}

static gboolean
do_use(Desk *desk, char **words, GError **error)
{
    meishi_choice_book_used(desk->book, find_choice(desk, words[1]), desk->now);
    return TRUE;
}

static gboolean
do_report(Desk *desk, char **words, GError **error)
{
    static const char *const classes[] = {"good", "strong", "weak", "local", "required", NULL};
    g_autoptr(MeishiRequest) request = make_request(words[1], words[2], words);
    const MeishiMeeting meeting = {
        .request = request,
        .id = g_str_equal(words[3], "none") ? NULL : words[3],
        .choice_id = find_choice(desk, words[1]),
        .class = (MeishiOutcomeClass)find_name(classes, words[4]),
        .alert = g_str_equal(words[4], "good") ? 0 : 48,
    };

    return meishi_choice_book_report(desk->book, &meeting, desk->now, error);
}

static const struct {
    const char *name;
    gboolean (*run)(Desk *desk, char **words, GError **error);
} commands[] = {
    {"set", do_set}, {"forget", do_forget},   {"undo", do_undo},       {"expire", do_expire},
    {"end", do_end}, {"end-all", do_end_all}, {"restart", do_restart}, {"wait", do_wait},
    {"use", do_use}, {"report", do_report},
};

static gboolean
run_words(Desk *desk, char **words, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
        if (g_str_equal(commands[i].name, words[0]))
            return commands[i].run(desk, words, error);
    g_error("no command \"%s\"", words[0]);
}

static void
run_command(Desk *desk, const char *command)
{
    g_autofree char *stripped = g_strstrip(g_strdup(command));
    g_auto(GStrv) words = g_strsplit(stripped, " ", -1);
    g_autoptr(GError) error = NULL;

    if (g_str_equal(words[0], "refused")) {
        g_assert_false(run_words(desk, words + 1, &error));
        g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
        return;
    }
    if (!run_words(desk, words, &error))
        g_error("%s: %s: %s", desk->name, command, error->message);
}

/* ---- what is remembered -------------------------------------------------------------------- */

static const char *const doubts[] = {"", "?", "??"};

static void
append_choice(GString *text, const MeishiChoice *choice)
{
    static const char *const scopes[] = {"!", "~", ""};

    g_string_append_printf(text, "%s%s", text->len > 0 ? " " : "", choice->host);
    if (choice->reach == MEISHI_REACH_HOST_PORT)
        g_string_append_printf(text, ":%u", choice->port);
    g_string_append_printf(text, "=%s%s", choice->lineage != NULL ? choice->lineage : "none",
                           scopes[choice->scope]);
    if (choice->application != NULL)
        g_string_append_printf(text, "(%s)", choice->application);
    if (choice->context[0] != '\0')
        g_string_append_printf(text, "[%s]", choice->context);
    g_string_append(text, doubts[choice->suspicion]);
    if (choice->uses > 0)
        g_string_append_printf(text, "x%u", choice->uses);
}

static void
append_met(GString *text, Desk *desk, const char *host, const char *port)
{
    char *none[] = {NULL};
    g_autoptr(MeishiRequest) request = make_request(host, port, none);
    GPtrArray *met = meishi_memory_find_history(meishi_choice_book_memory(desk->book), request);

    for (guint i = 0; met != NULL && i < met->len; i++) {
        const MeishiMet *one = g_ptr_array_index(met, i);

        g_string_append_printf(text, "%s%s@%s:%s+%u%s", text->len > 0 ? " " : "", one->id, host,
                               port, one->history.accepted, doubts[one->history.suspicion]);
    }
}

static char *
describe(Desk *desk)
{
    static const char *const hosts[] = {"a.example", "b.example", "www.c.example"};
    g_autoptr(GPtrArray) list = meishi_choice_book_list(desk->book, desk->now);
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < list->len; i++)
        append_choice(text, g_ptr_array_index(list, i));
    for (gsize i = 0; i < G_N_ELEMENTS(hosts); i++) {
        append_met(text, desk, hosts[i], "443");
        append_met(text, desk, hosts[i], "8443");
    }
    return g_string_free(text, FALSE);
}

/* ---- stories ------------------------------------------------------------------------------- */

#define A  "a.example 443 "
#define B  "b.example 443 "
#define A8 "a.example 8443 "

typedef struct {
    const char *name;
    const char *commands; /* with ";" in between */
    const char *left;
} Story;

static const Story stories[] = {
    /* 3.6: the key is program, context, protocol, host and port. */
    {"set/two-ports", "set " A "one; set " A8 "two", "a.example:443=one a.example:8443=two"},
    {"set/two-programs", "set " A "one always app=x; set " A "two always app=y; set " A "three",
     "a.example:443=three a.example:443=one(x) a.example:443=two(y)"},
    {"set/two-contexts", "set " A "one; set " A "two always context=work",
     "a.example:443=one a.example:443=two[work]"},
    {"set/reaches",
     "set " A "one; set " A "two always reach=host; set www.c.example 443 three"
     " always reach=domain",
     "a.example=two a.example:443=one www.c.example=three"},
    {"set/wider-reach-has-no-port",
     "set " A "one always reach=host; set " A8 "two always reach=host", "a.example=two"},
    {"set/none", "set " A "none", "a.example:443=none"},
    {"set/replaces", "set " A "one; set " A "two", "a.example:443=two"},
    {"set/same-again", "set " A "one; use a.example; set " A "one; refused undo",
     "a.example:443=onex1"},

    /* Shorter-lived beside longer-lived; a longer-lived one ends the shorter. */
    {"scope/session-beside-always", "set " A "one; set " A "two session",
     "a.example:443=one a.example:443=two~"},
    {"scope/always-ends-session", "set " A "one session; set " A "two", "a.example:443=two"},
    {"scope/always-ends-once", "set " A "one once; set " A "two; refused undo",
     "a.example:443=two"},
    {"scope/session-ends-once", "set " A "one once; set " A "two session", "a.example:443=two~"},
    {"scope/once-expires", "set " A "one once; wait 119; set " B "two; wait 1",
     "b.example:443=two"},
    {"scope/once-until-then", "set " A "one once; wait 119; expire", "a.example:443=one!"},
    {"scope/restart-keeps-always",
     "set " A "one; set " B "two session; set " A8 "none once; restart", "a.example:443=one"},
    {"scope/private-is-never-stored",
     "set " A "one always context=private:1; set " B "two always; restart", "b.example:443=two"},
    {"scope/private-lives-on-here", "set " A "one always context=private:1",
     "a.example:443=one~[private:1]"},
    {"context/ends",
     "set " A "one session context=c; set " A "two always context=c; set " B "three session; end c",
     "a.example:443=two[c] b.example:443=three~"},
    {"context/all-end",
     "set " A "one session context=c; set " A "two; set " B "three session;"
     "end-all",
     "a.example:443=two"},
    {"context/ended-is-not-taken-back", "set " A "one session context=c; end c; refused undo", ""},

    /* Forgetting. */
    {"forget/all", "set " A "one; set " B "two session; forget; restart", ""},
    {"forget/host", "set " A "one; set " A8 "two; set " B "three; forget host=a.example; restart",
     "b.example:443=three"},
    {"forget/port", "set " A "one; set " A8 "two; forget host=a.example port=443; restart",
     "a.example:8443=two"},
    {"forget/program", "set " A "one always app=x; set " A "two; forget app=x; restart",
     "a.example:443=two"},
    {"forget/identity", "set " A "one; set " B "two; forget lineage=one; restart",
     "b.example:443=two"},
    {"forget/context", "set " A "one; set " A "two always context=c; forget context=c; restart",
     "a.example:443=one"},
    {"forget/empty-context",
     "set " A "one; set " A "two always context=c; forget context=; restart",
     "a.example:443=two[c]"},
    {"forget/nothing-fits", "set " A "one; forget host=b.example; restart", "a.example:443=one"},

    /* Taking back. */
    {"undo/nothing", "refused undo", ""},
    {"undo/forgotten", "set " A "one; forget; undo", "a.example:443=one"},
    {"undo/forgotten-across-a-restart", "set " A "one; forget; restart; undo; restart",
     "a.example:443=one"},
    {"undo/session-too", "set " A "one session; forget; undo", "a.example:443=one~"},
    {"undo/once-not", "set " A "one once; forget; refused undo", ""},
    {"undo/a-batch-together",
     "set " A "one; set " B "two; set " A8 "three; forget host=a.example;"
     "forget; undo; undo",
     "a.example:443=one a.example:8443=three b.example:443=two"},
    {"undo/the-last-first", "set " A "one; set " B "two; forget host=a.example; forget; undo",
     "b.example:443=two"},
    {"undo/replaced", "set " A "one; set " A "two; undo; restart", "a.example:443=one"},
    {"undo/replaced-twice",
     "set " A "one; set " A "two; set " A "three; undo; undo; refused undo;"
     "restart",
     "a.example:443=one"},
    {"undo/replaced-then-forgotten",
     "set " A "one; set " A "two; forget; restart; undo; undo;"
     "refused undo",
     "a.example:443=one"},
    {"undo/made-since-stays", "set " A "one; forget; set " A "two; undo; restart; refused undo",
     "a.example:443=two"},
    {"undo/made-since-for-another-stays", "set " A "one; forget; set " B "two; undo",
     "a.example:443=one b.example:443=two"},
    {"undo/until-30-days", "set " A "one; forget; wait 2591999; undo", "a.example:443=one"},
    {"undo/not-after-30-days", "set " A "one; forget; wait 2592000; refused undo", ""},
    {"undo/goes-for-good",
     "set " A "one; forget; wait 2592000; expire; wait -2592000; refused undo", ""},
    {"undo/counts-come-back", "set " A "one; use a.example; use a.example; forget; restart; undo",
     "a.example:443=onex2"},

    /* Counting. */
    {"use/counts", "set " A "one; use a.example; use a.example; use a.example; restart",
     "a.example:443=onex3"},
    {"use/unknown", "set " A "one; use b.example", "a.example:443=one"},

    /* 3.7: what an outcome does to a choice that lives on, and to one that does not. */
    {"report/good", "set " A "one; report " A "i good; restart",
     "a.example:443=one i@a.example:443+1"},
    {"report/refused-always", "set " A "one; report " A "i strong; restart",
     "a.example:443=one?? i@a.example:443+0??"},
    {"report/refused-session", "set " A "one session; report " A "i strong", "i@a.example:443+0??"},
    {"report/refused-session-is-not-taken-back",
     "set " A "one session; report " A "i strong;"
     "refused undo",
     "i@a.example:443+0??"},
    {"report/weak", "set " A "one; report " A "i weak; restart",
     "a.example:443=one? i@a.example:443+0?"},
    {"report/weak-twice", "set " A "one; report " A "i weak; restart; report " A "i weak; restart",
     "a.example:443=one?? i@a.example:443+0??"},
    {"report/good-clears", "set " A "one; report " A "i strong; report " A "i good; restart",
     "a.example:443=one i@a.example:443+1"},
    {"report/local-says-nothing", "set " A "one; report " A "i local; restart",
     "a.example:443=one"},
    {"report/required-withdraws-none", "set " A "none; report " A "none required; restart",
     "a.example:443=none??"},
    {"report/without-a-choice", "report " A "i strong; report " A8 "i good; restart",
     "i@a.example:443+0?? i@a.example:8443+1"},
    {"report/counts",
     "report " A "i good; wait 1; report " A "i good; wait 1; report " A "i good; restart",
     "i@a.example:443+3"},
    {"report/by-identity", "report " A "i strong; report " A "j good",
     "i@a.example:443+0?? j@a.example:443+1"},
    {"report/uses-are-counted-by-use", "set " A "one; use a.example; report " A "i good; restart",
     "a.example:443=onex1 i@a.example:443+1"},
    {"report/private-is-never-stored", "report " A "i strong context=private:1; restart", ""},
    {"report/private-holds-here", "report " A "i good; report " A "i strong context=private:1",
     "i@a.example:443+1??"},
    {"report/private-ends",
     "report " A "i good; report " A "i strong context=private:1;"
     "end private:1",
     "i@a.example:443+1"},
    {"report/public-after-private",
     "report " A "i strong context=private:1; report " A "i good;"
     "end private:1",
     "i@a.example:443+1"},

    /* Forgetting takes along what was met there. */
    {"met/forgotten-with-all", "report " A "i good; report " B "i good; forget; restart", ""},
    {"met/forgotten-with-host",
     "report " A "i good; report " A8 "i good; report " B "i good; forget host=a.example; restart",
     "i@b.example:443+1"},
    {"met/forgotten-with-port",
     "report " A "i good; report " A8 "i good; forget host=a.example port=443; restart",
     "i@a.example:8443+1"},
    {"met/forgotten-with-a-choice",
     "set " A "one; report " A "i good; report " A8 "i good; forget lineage=one; restart",
     "i@a.example:8443+1"},
    {"met/forgotten-with-a-choice-of-host",
     "set " A "one always reach=host; report " A "i good; report " A8 "i good; report " B
     "i good; forget lineage=one; restart",
     "i@b.example:443+1"},
    {"met/forgotten-with-a-choice-of-domain",
     "set c.example 443 one always reach=domain;"
     "report www.c.example 443 i good; report " B "i good; forget lineage=one; restart",
     "i@b.example:443+1"},
    {"met/private-forgotten", "report " A "i strong context=private:1; forget host=a.example", ""},
    {"met/does-not-come-back", "set " A "one; report " A "i good; forget; undo",
     "a.example:443=one"},
};

static void
desk_init(Desk *desk)
{
    g_autoptr(GError) error = NULL;

    *desk = (Desk){.now = NOW};
    fixture_set_up_vault(&desk->store, NULL);
    desk->book = meishi_choice_book_new(desk->store.store, &error);
    g_assert_no_error(error);
}

static void
desk_clear(Desk *desk)
{
    g_clear_pointer(&desk->book, meishi_choice_book_free);
    fixture_tear_down(&desk->store, NULL);
}

static void
test_story(gconstpointer data)
{
    const Story *story = data;
    g_auto(GStrv) parts = g_strsplit(story->commands, ";", -1);
    g_autofree char *left = NULL;
    Desk desk;

    desk_init(&desk);
    desk.name = story->name;
    for (char **command = parts; *command != NULL; command++)
        run_command(&desk, *command);
    left = describe(&desk);
    g_assert_cmpstr(left, ==, story->left);
    desk_clear(&desk);
}

/* ---- what a story cannot tell -------------------------------------------------------------- */

static MeishiChoice *
sample(const char *host, guint port, const char *lineage, MeishiScope scope)
{
    char *none[] = {NULL};
    g_autofree char *number = g_strdup_printf("%u", port);
    g_autoptr(MeishiRequest) request = make_request(host, number, none);
    MeishiChoice *choice = meishi_choice_new(request, lineage);

    choice->scope = scope;
    return choice;
}

static void
test_without_vault(void)
{
    Fixture store;
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) always_error = NULL;
    g_autoptr(MeishiChoiceBook) book = NULL;
    g_autoptr(GPtrArray) list = NULL;
    g_autoptr(GBytes) id = sample_vault_id();
    g_autoptr(MeishiStoreSlot) slot = sample_slot(MEISHI_SLOT_PASSPHRASE);

    fixture_set_up(&store, NULL);
    book = meishi_choice_book_new(store.store, &error);
    g_assert_no_error(error);
    g_assert_true(meishi_choice_book_set(book, sample("a.example", 443, NULL, MEISHI_SCOPE_SESSION),
                                         NOW, NULL, &error));
    g_assert_false(meishi_choice_book_set(book, sample("a.example", 443, NULL, MEISHI_SCOPE_ALWAYS),
                                          NOW, NULL, &always_error));
    g_assert_error(always_error, MEISHI_ERROR, MEISHI_ERROR_NO_VAULT);
    g_assert_true(meishi_store_create_vault(store.store, id, slot, &error));
    g_assert_true(meishi_choice_book_set(book, sample("b.example", 443, NULL, MEISHI_SCOPE_ALWAYS),
                                         NOW, NULL, &error));
    g_assert_no_error(error);
    list = meishi_choice_book_list(book, NOW);
    g_assert_cmpuint(list->len, ==, 2);
    g_clear_pointer(&book, meishi_choice_book_free);
    fixture_tear_down(&store, NULL);
}

/* A backup that is restored while the daemon runs brings its choices along. */
static void
test_restored_vault(void)
{
    Desk desk;
    Fixture second;
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiChoiceBook) book = NULL;
    g_autoptr(GBytes) image = NULL;
    g_autoptr(GPtrArray) list = NULL;
    g_autoptr(MeishiStoreSlot) slot = sample_slot(MEISHI_SLOT_PASSPHRASE);
    gint64 id;

    desk_init(&desk);
    run_command(&desk, "set a.example 443 one");
    image = meishi_store_dump(desk.store.store, &error);
    g_assert_no_error(error);
    fixture_set_up(&second, NULL);
    book = meishi_choice_book_new(second.store, &error);
    g_assert_true(meishi_choice_book_set(book, sample("b.example", 443, NULL, MEISHI_SCOPE_SESSION),
                                         NOW, &id, &error));
    g_assert_true(meishi_store_load(second.store, image, slot, &error));
    g_assert_no_error(error);
    list = meishi_choice_book_list(book, NOW);
    g_assert_cmpuint(list->len, ==, 2);
    g_assert_cmpint(((MeishiChoice *)list->pdata[0])->id, !=, id);
    g_clear_pointer(&book, meishi_choice_book_free);
    fixture_tear_down(&second, NULL);
    desk_clear(&desk);
}

static void
test_numbers(void)
{
    Desk desk;
    g_autoptr(GError) error = NULL;
    gint64 stored, passing, again;

    desk_init(&desk);
    g_assert_true(meishi_choice_book_set(
        desk.book, sample("a.example", 443, "one", MEISHI_SCOPE_ALWAYS), NOW, &stored, &error));
    g_assert_true(meishi_choice_book_set(
        desk.book, sample("a.example", 443, "one", MEISHI_SCOPE_SESSION), NOW, &passing, &error));
    g_assert_cmpint(stored, !=, passing);
    run_command(&desk, "restart");
    g_assert_true(meishi_choice_book_set(
        desk.book, sample("a.example", 443, "one", MEISHI_SCOPE_ALWAYS), NOW, &again, &error));
    g_assert_cmpint(again, ==, stored);
    g_assert_true(meishi_choice_book_set(
        desk.book, sample("a.example", 443, "two", MEISHI_SCOPE_ALWAYS), NOW, &again, &error));
    g_assert_cmpint(again, >, stored);
    g_assert_no_error(error);
    desk_clear(&desk);
}

/* The engine's memory is what the list says, and follows each change. */
static void
test_memory(void)
{
    Desk desk;
    char *none[] = {NULL};
    const MeishiConstraints limits = {0};
    g_autoptr(MeishiRequest) request = make_request("a.example", "443", none);
    const MeishiChoice *choice;

    desk_init(&desk);
    run_command(&desk, "set a.example 443 one");
    choice = meishi_memory_find(meishi_choice_book_memory(desk.book), request, &limits, NOW);
    g_assert_cmpstr(choice->lineage, ==, "one");
    run_command(&desk, "set a.example 443 two session");
    choice = meishi_memory_find(meishi_choice_book_memory(desk.book), request, &limits, NOW);
    g_assert_cmpstr(choice->lineage, ==, "two");
    meishi_choice_book_used(desk.book, choice->id, NOW + 5);
    g_assert_cmpuint(choice->uses, ==, 1); /* the same memory: nothing that decides has changed */
    run_command(&desk, "forget");
    g_assert_null(meishi_memory_find(meishi_choice_book_memory(desk.book), request, &limits, NOW));
    desk_clear(&desk);
}

static void
test_expiry_is_told(void)
{
    Desk desk;

    desk_init(&desk);
    g_assert_cmpint(meishi_choice_book_expire(desk.book, NOW), ==, G_MAXINT64);
    run_command(&desk, "set a.example 443 one");
    g_assert_cmpint(meishi_choice_book_expire(desk.book, NOW), ==, G_MAXINT64);
    run_command(&desk, "set a.example 443 two once");
    g_assert_cmpint(meishi_choice_book_expire(desk.book, NOW), ==,
                    NOW + MEISHI_CHOICE_ONCE_SECONDS);
    g_assert_cmpint(meishi_choice_book_expire(desk.book, NOW + MEISHI_CHOICE_ONCE_SECONDS), ==,
                    G_MAXINT64);
    run_command(&desk, "forget");
    g_assert_cmpint(meishi_choice_book_expire(desk.book, NOW), ==,
                    NOW + MEISHI_CHOICE_UNDO_SECONDS);
    desk_clear(&desk);
}

/* Beyond the cap the least recently used goes, here and in the store. */
static void
test_cap(void)
{
    Desk desk;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) choices = new_choice_array();
    g_autoptr(GPtrArray) list = NULL;

    desk_init(&desk);
    for (guint i = 0; i < MEISHI_CHOICE_MAX; i++) {
        MeishiStoreChoice *choice = sample_choice(1);

        choice->port = i;
        choice->created = NOW;
        choice->last_used = NOW + (i == 77 ? 0 : i + 1);
        g_ptr_array_add(choices, choice);
    }
    g_assert_true(meishi_store_write_choices(desk.store.store, choices, NULL, &error));
    run_command(&desk, "restart");
    run_command(&desk, "wait 20000");
    run_command(&desk, "set a.example 443 one");
    run_command(&desk, "restart");
    list = meishi_choice_book_list(desk.book, desk.now);
    g_assert_cmpuint(list->len, ==, MEISHI_CHOICE_MAX);
    for (guint i = 0; i < list->len; i++)
        g_assert_cmpuint(((MeishiChoice *)list->pdata[i])->port, !=, 77);
    desk_clear(&desk);
}

/* Numbers that no version of ours writes do not lead out of a table. */
static void
test_strange_numbers(void)
{
    Desk desk;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) choices = new_choice_array();
    g_autofree char *left = NULL;
    const MeishiStoreMeeting meeting = {
        .host = (char *)"b.example", .port = 443, .identity = (char *)"i", .suspicion = -7};
    MeishiStoreChoice *choice = sample_choice(1);

    desk_init(&desk);
    g_free(choice->host);
    choice->host = g_strdup("a.example");
    choice->suspicion = 1234;
    choice->reach = -1;
    g_ptr_array_add(choices, choice);
    g_assert_true(meishi_store_write_choices(desk.store.store, choices, NULL, &error));
    g_assert_true(meishi_store_write_meeting(desk.store.store, &meeting, &error));
    run_command(&desk, "restart");
    left = describe(&desk);
    g_assert_cmpstr(left, ==, "a.example=lineage 1(exe:/usr/bin/curl)??x1 i@b.example:443+0");
    desk_clear(&desk);
}

/* What there is to forget takes several writes, of which number @nth fails; whether it did. */
static gboolean
forget_on_a_bad_disk(FaultKind kind, guint nth)
{
    static const MeishiChoiceFilter of_one = {.lineage = "one"};
    Desk desk;
    g_autoptr(GError) error = NULL;
    g_autofree char *here = NULL;
    g_autofree char *there = NULL;
    gboolean is_forgotten, has_failed;
    guint n;

    desk_init(&desk);
    run_command(&desk, "set a.example 443 one");
    run_command(&desk, "set c.example 443 one always reach=domain");
    run_command(&desk, "report a.example 443 i good");
    run_command(&desk, "report www.c.example 443 i good");
    run_command(&desk, "report c.example 443 i good");
    fault_vfs_arm(kind, nth);
    is_forgotten = meishi_choice_book_forget(desk.book, &of_one, NOW, &n, &error);
    has_failed = fault_vfs_disarm();
    here = describe(&desk);
    run_command(&desk, "restart");
    there = describe(&desk);
    g_assert_cmpstr(here, ==, there);
    g_assert_true(is_forgotten == g_str_equal(here, ""));
    g_assert_true(has_failed || is_forgotten);
    desk_clear(&desk);
    return has_failed;
}

/* Whichever write fails, the next start says what this one goes on to say. */
static void
test_forget_on_a_bad_disk(void)
{
    static const FaultKind kinds[] = {FAULT_FULL, FAULT_TORN};

    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        guint nth = 0;

        while (forget_on_a_bad_disk(kinds[i], nth))
            nth++;
        g_assert_cmpuint(nth, >=, 4); /* three targets, then the choices */
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fault_vfs_install();
    for (gsize i = 0; i < G_N_ELEMENTS(stories); i++) {
        g_autofree char *path = g_strconcat("/agent/choice-book/", stories[i].name, NULL);

        g_test_add_data_func(path, &stories[i], test_story);
    }
    g_test_add_func("/agent/choice-book/without-vault", test_without_vault);
    g_test_add_func("/agent/choice-book/restored-vault", test_restored_vault);
    g_test_add_func("/agent/choice-book/numbers", test_numbers);
    g_test_add_func("/agent/choice-book/memory", test_memory);
    g_test_add_func("/agent/choice-book/expiry-is-told", test_expiry_is_told);
    g_test_add_func("/agent/choice-book/cap", test_cap);
    g_test_add_func("/agent/choice-book/strange-numbers", test_strange_numbers);
    g_test_add_func("/agent/choice-book/forget-on-a-bad-disk", test_forget_on_a_bad_disk);
    return g_test_run();
}
