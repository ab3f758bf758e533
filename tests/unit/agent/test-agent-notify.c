/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is worth telling a person who did not ask, when it is settled, and what the buttons do.
 */
#include "daemon/agent/expiry.h"
#include "daemon/agent/notices.h"
#include "daemon/base/error.h"
#include "tests/unit/agent/asking.h"

#include <string.h>
#include <unistd.h>

#define HOST "www.example.com"
#define DAY  86400

/* ---- a notifier ------------------------------------------------------------------------------ */

typedef struct {
    MeishiAgent *agent;
    GString *log; /* "+needs-user -1 " */
    guint last;
    guint actions; /* of the last one */
    char *label;
    guint step;
} Board;

static void
show(gpointer data, guint id, const MeishiNotice *notice, guint replaces)
{
    static const char *const kinds[] = {"needs-user", "refused", "expiring"};
    Board *board = data;

    board->last = id;
    board->actions = notice->actions;
    board->step = notice->step;
    g_free(board->label);
    board->label = g_strdup(notice->label);
    g_string_append_printf(board->log, "+%s ", kinds[notice->kind]);
}

static void
close_notice(gpointer data, guint id)
{
    g_string_append_printf(((Board *)data)->log, "-%u ", id);
}

static const MeishiNotifierClass class = {show, close_notice};

static Board *
board_new(MeishiAgent *agent)
{
    Board *board = g_new0(Board, 1);

    board->agent = agent;
    board->log = g_string_new(NULL);
    meishi_notices_attach(meishi_agent_notices(agent), &class, board);
    meishi_notices_came(meishi_agent_notices(agent));
    world_settle();
    return board;
}

static void
board_free(Board *board)
{
    meishi_notices_detach(meishi_agent_notices(board->agent), board);
    g_string_free(board->log, TRUE);
    g_free(board->label);
    g_free(board);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Board, board_free)

static void
board_say_shown(Board *board)
{
    meishi_notices_shown(meishi_agent_notices(board->agent), board->last);
}

static void
board_press(Board *board, MeishiNoticeAction action)
{
    meishi_notices_act(meishi_agent_notices(board->agent), board->last, action);
    world_settle();
}

static void
assert_board(Board *board, const char *expected)
{
    world_settle();
    g_assert_cmpstr(board->log->str, ==, expected);
    g_string_truncate(board->log, 0);
}

/* ---- what is told ---------------------------------------------------------------------------- */

static MeishiSelectCall *
in_background(Asking *asking, const char *host)
{
    MeishiSelectCall *call = asking_call(asking, host);

    call->request->interactive = FALSE;
    call->request->purpose = MEISHI_PURPOSE_BACKGROUND;
    return call;
}

typedef struct {
    const char *name;
    const char *policy; /* NULL */
    const char *authority;
    gboolean interactive;
    MeishiVerified verified;
    const char *expected; /* what the call comes to */
    const char *log;
} Case;

static const Case cases[] = {
    {"needs-user", NULL, "Sub", FALSE, MEISHI_VERIFIED_OK, "none - once", "+needs-user "},
    {"single", NULL, "Other", FALSE, MEISHI_VERIFIED_OK, "none - once", "+needs-user "},
    {"nothing-fits", "[Rule r]\nMatch-Host=" HOST "\nIdentity-Subject-CN=*\nAction=restrict\n",
     "Sub", FALSE, MEISHI_VERIFIED_OK, "none - once", ""},
    {"rule-selects", "[Rule r]\nMatch-Host=" HOST "\nIdentity-Subject-CN=Alice\nAction=select\n",
     "Sub", FALSE, MEISHI_VERIFIED_OK, "selected Alice once", ""},
    {"rule-none", "[Rule r]\nMatch-Host=" HOST "\nAction=none\n", "Sub", FALSE, MEISHI_VERIFIED_OK,
     "none - once", ""},
    {"rule-deny", "[Rule r]\nMatch-Host=" HOST "\nAction=deny\n", "Sub", FALSE, MEISHI_VERIFIED_OK,
     "denied - once", ""},
    {"nobody-is-ever-asked", "[Defaults]\nInteractive=never\n", "Sub", FALSE, MEISHI_VERIFIED_OK,
     "none - once", ""},
    {"switched-off", "[Defaults]\nNotify=no\n", "Sub", FALSE, MEISHI_VERIFIED_OK, "none - once",
     ""},
    {"switched-off-here", "[Rule r]\nMatch-Host=" HOST "\nNotify=no\n", "Sub", FALSE,
     MEISHI_VERIFIED_OK, "none - once", ""},
    {"switched-off-elsewhere", "[Rule r]\nMatch-Host=other.example\nNotify=no\n", "Sub", FALSE,
     MEISHI_VERIFIED_OK, "none - once", "+needs-user "},
    {"server-not-verified-yet", NULL, "Sub", FALSE, MEISHI_VERIFIED_NOT_YET, "none - once", ""},
    {"server-not-verified", NULL, "Sub", FALSE, MEISHI_VERIFIED_FAILED, "none - once", ""},
    {"somebody-is-asked", NULL, "Sub", TRUE, MEISHI_VERIFIED_OK, "waiting", ""},
};

static void
test_case(gconstpointer data)
{
    const Case *one = data;
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Board) board = NULL;
    MeishiSelectCall *call;
    g_autoptr(Call) ended = NULL;

    if (one->policy != NULL)
        world_set_policy(asking->world, one->policy);
    board = board_new(asking->agent);
    call = asking_call_naming(asking, HOST, one->authority);
    call->request->interactive = one->interactive;
    call->request->server_verified = one->verified;
    ended = asking_start(asking, call);
    assert_call(ended, one->expected);
    assert_board(board, one->log);
}

/* Nobody there who could ask: the same, with no button to press. */
static void
test_nobody(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Board) board = board_new(asking->agent);
    g_autoptr(Call) call = NULL, again = NULL;

    asking_unregister(asking);
    call = asking_start(asking, asking_call(asking, HOST));
    assert_call(call, "no-agent - once");
    assert_board(board, "+needs-user ");
    g_assert_cmpuint(board->actions, ==, 0);
    again = asking_start(asking, asking_call(asking, HOST));
    assert_call(again, "no-agent - once");
    assert_board(board, "");
}

/* The one who could ask left before it did. */
static void
test_prompter_left(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Board) board = board_new(asking->agent);
    g_autoptr(Call) call = g_new0(Call, 1);

    call->cancellable = g_cancellable_new();
    asking_unregister(asking);
    asking_register(asking);
    asking_start_with(asking, asking_call(asking, HOST), call->cancellable, call);
    assert_call(call, "waiting");
    asking_unregister(asking);
    asking_wait(call);
    /* It was before the person: a window that was closed is an answer. */
    assert_call(call, "dismissed - once");
    assert_board(board, "");
}

static void
test_put_off(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Board) board = board_new(asking->agent);
    g_autoptr(Call) call = asking_start(asking, asking_call(asking, HOST)), again = NULL;

    asking_dismiss(asking);
    assert_call(call, "dismissed - once");
    again = asking_start(asking, asking_call(asking, HOST));
    assert_call(again, "dismissed - once");
    assert_board(board, "");
}

static void
test_answered(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Board) board = board_new(asking->agent);
    g_autoptr(Call) call = asking_start(asking, asking_call(asking, HOST));

    asking_answer(asking, NULL, "session", "host-port", FALSE);
    assert_call(call, "none - session");
    assert_board(board, "");
}

/* ---- the buttons ----------------------------------------------------------------------------- */

static void
assert_flag(const Asking *asking, const char *key, gboolean expected)
{
    gboolean flag;

    g_assert_true(g_variant_lookup(asking->question, key, "b", &flag));
    g_assert_cmpint(flag, ==, expected);
}

/* A question for nobody who waits; the answer is there when the program comes again. */
static void
test_choose(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Board) board = board_new(asking->agent);
    g_autoptr(Call) call = asking_start(asking, in_background(asking, HOST)), again = NULL;

    assert_board(board, "+needs-user ");
    g_assert_cmpuint(board->actions, ==, MEISHI_NOTICE_CHOOSE | MEISHI_NOTICE_EXPLAIN);
    board_press(board, MEISHI_NOTICE_CHOOSE);
    assert_board(board, "-1 ");
    g_assert_cmpuint(asking->n_begun, ==, 1);
    assert_asked(asking, "host", HOST);
    assert_flag(asking, "awaited", FALSE);
    assert_asked(asking, "scope", "session"); /* "once" would be over before the next time */
    assert_offered(asking, "Alice Bob (Stranger)");
    asking_answer(asking, "Alice", "once", "host-port", FALSE);
    again = asking_start(asking, in_background(asking, HOST));
    assert_call(again, "selected Alice once");
    assert_board(board, "");
}

/* "Not now" is no answer, and the matter is not brought up again at once. */
static void
test_choose_not_now(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Board) board = board_new(asking->agent);
    g_autoptr(Call) call = asking_start(asking, in_background(asking, HOST)), again = NULL;

    board_press(board, MEISHI_NOTICE_CHOOSE);
    asking_dismiss(asking);
    again = asking_start(asking, in_background(asking, HOST));
    assert_call(again, "none - once");
    assert_board(board, "+needs-user -1 ");
}

/* Put off three times it is quiet; a press on the button is the person's act. */
static void
test_choose_in_quiet(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Board) board = board_new(asking->agent);
    g_autoptr(Call) background = NULL, quiet = NULL;

    for (guint i = 0; i < 3; i++) {
        MeishiSelectCall *select_call = asking_call(asking, HOST);
        g_autoptr(Call) call = NULL;

        select_call->request->user_activation = TRUE;
        call = asking_start(asking, select_call);
        asking_dismiss(asking);
        assert_call(call, "dismissed - once");
    }
    background = asking_start(asking, in_background(asking, HOST));
    assert_board(board, "+needs-user ");
    board_press(board, MEISHI_NOTICE_CHOOSE);
    g_assert_cmpuint(asking->n_begun, ==, 4);
    asking_answer(asking, "Bob", "always", "host-port", FALSE);
    quiet = asking_start(asking, in_background(asking, HOST));
    assert_call(quiet, "selected Bob always");
}

/* The program comes again while the person still looks at the question: it waits for the answer. */
static void
test_choose_shared(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Board) board = board_new(asking->agent);
    g_autoptr(Call) call = asking_start(asking, in_background(asking, HOST)), again = NULL;
    MeishiSelectCall *asks = asking_call(asking, HOST);

    asks->timeout_ms = MEISHI_SELECT_MAX_TIMEOUT_MS; /* as long as the question is open at most */
    board_press(board, MEISHI_NOTICE_CHOOSE);
    again = asking_start(asking, asks);
    assert_call(again, "waiting");
    g_assert_cmpuint(asking->n_begun, ==, 1);
    g_assert_cmpstr(asking->updates->str, ==, "awaited ");
    asking_answer(asking, "Alice", "session", "host-port", FALSE);
    assert_call(again, "selected Alice session");
}

/* The agent may end while it is open; the sanitizers look on. */
static void
test_choose_left_open(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Board) board = board_new(asking->agent);
    g_autoptr(Call) call = asking_start(asking, in_background(asking, HOST));

    board_press(board, MEISHI_NOTICE_CHOOSE);
    g_assert_nonnull(asking->cookie);
}

/* Why nothing was sent: as it was decided, and with all identities. */
static void
test_explain(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Board) board = NULL;
    g_autoptr(Call) call = NULL;
    g_autoptr(GVariant) candidates = NULL, hard = NULL;
    const char *kind, *reason;
    guint n;

    world_set_policy(asking->world,
                     "[Rule r]\nMatch-Host=" HOST "\nIdentity-Subject-CN=Bob\nAction=restrict\n");
    board = board_new(asking->agent);
    call = asking_start(asking, in_background(asking, HOST));
    asking->expects = "explain";
    board_press(board, MEISHI_NOTICE_EXPLAIN);
    assert_board(board, "+needs-user -1 ");
    assert_asked(asking, "result-name", "none");
    assert_asked(asking, "code", "NEEDS_USER");
    assert_asked(asking, "row", "no rule, no memory, nobody to ask");
    candidates = g_variant_lookup_value(asking->question, "candidates", G_VARIANT_TYPE("aa{sv}"));
    g_assert_cmpuint(g_variant_n_children(candidates), ==, 3);
    g_assert_true(g_variant_lookup(asking->question, "n-candidates", "u", &n));
    g_assert_cmpuint(n, ==, 3);
    hard = g_variant_get_child_value(candidates, 2);
    g_assert_true(g_variant_lookup(hard, "kind", "&s", &kind));
    g_assert_true(g_variant_lookup(hard, "reason", "&s", &reason));
    g_assert_cmpstr(kind, ==, "hard");
    g_assert_cmpstr(reason, !=, "");
    asking_dismiss(asking);
    /* To read is not to put off. */
    asking->expects = NULL;
    g_clear_pointer(&call, call_free);
    call = asking_start(asking, asking_call(asking, HOST));
    assert_call(call, "waiting");
}

/* ---- settled --------------------------------------------------------------------------------- */

static void
set_choice(Asking *asking)
{
    g_autofree char *id = asking_id(asking, "Alice");
    const MeishiChoiceSpec spec = {
        .reach = MEISHI_REACH_HOST_PORT,
        .host = HOST,
        .port = 443,
        .id = id,
        .scope = MEISHI_SCOPE_ALWAYS,
    };

    g_assert_true(meishi_agent_choose(asking->agent, &spec, NULL, NULL));
}

static void
set_rule(Asking *asking)
{
    world_set_policy(asking->world, "[Rule r]\nMatch-Host=" HOST "\nAction=none\n");
}

static void
switch_off(Asking *asking)
{
    world_set_policy(asking->world, "[Defaults]\nNotify=no\n");
}

static void
remove_all(Asking *asking)
{
    g_autoptr(GPtrArray) list = meishi_agent_list(asking->agent);

    for (guint i = 0; i < list->len; i++)
        g_assert_true(meishi_agent_remove(asking->agent, list->pdata[i], NULL));
}

static void
end_context(Asking *asking)
{
    meishi_agent_end_context(asking->agent, "private:1");
}

static void
end_all_contexts(Asking *asking)
{
    meishi_agent_end_context(asking->agent, NULL);
}

static void
end_other_context(Asking *asking)
{
    meishi_agent_end_context(asking->agent, "private:2");
}

static void
rename_one(Asking *asking)
{
    g_autoptr(MeishiIdentity) bob = world_identity(asking->world, "Alice");

    g_assert_true(meishi_agent_rename(asking->agent, bob, "Alice the first", NULL));
}

static const struct {
    const char *name;
    const char *context; /* NULL */
    void (*act)(Asking *asking);
    const char *log;
} settlements[] = {
    {"by-a-choice", NULL, set_choice, "-1 "},
    {"by-a-rule", NULL, set_rule, "-1 "},
    {"switched-off", NULL, switch_off, "-1 "},
    {"nothing-left-to-choose", NULL, remove_all, "-1 "},
    {"not-by-a-name", NULL, rename_one, ""},
    {"not-by-another-context", NULL, end_all_contexts, ""},
    {"private/with-its-context", "private:1", end_context, "-1 "},
    {"private/with-all", "private:1", end_all_contexts, "-1 "},
    {"private/not-with-another", "private:1", end_other_context, ""},
};

static void
test_settled(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Board) board = board_new(asking->agent);
    MeishiSelectCall *select_call = in_background(asking, HOST);
    g_autoptr(Call) call = NULL;

    select_call->request->context = g_strdup(settlements[i].context);
    call = asking_start(asking, select_call);
    assert_board(board, "+needs-user ");
    settlements[i].act(asking);
    assert_board(board, settlements[i].log);
}

/* ---- refused --------------------------------------------------------------------------------- */

static void
report(Asking *asking, const Call *call, MeishiOutcome outcome, guint8 alert)
{
    const MeishiReport what = {.outcome = outcome, .alert = alert};

    g_assert_true(
        meishi_agent_report(asking->agent, asking->me, call->answer->selection_id, &what, NULL));
}

static const struct {
    const char *name;
    const char *policy;
    const char *label; /* that was sent; NULL: none */
    MeishiOutcome outcome;
    guint8 alert;
    const char *log;
} refusals[] = {
    {"unknown-ca", NULL, "Alice", MEISHI_OUTCOME_ALERT, 48, "+refused "},
    {"revoked", NULL, "Alice", MEISHI_OUTCOME_ALERT, 44, "+refused "},
    {"weak", NULL, "Alice", MEISHI_OUTCOME_ALERT, 40, ""},
    {"closed", NULL, "Alice", MEISHI_OUTCOME_CLOSED, 0, ""},
    {"local", NULL, "Alice", MEISHI_OUTCOME_SIGN_FAILED, 0, ""},
    {"accepted", NULL, "Alice", MEISHI_OUTCOME_ACCEPTED, 0, ""},
    {"none-was-sent", NULL, NULL, MEISHI_OUTCOME_ALERT, 116, ""},
    {"switched-off", "[Defaults]\nNotify=no\n", "Alice", MEISHI_OUTCOME_ALERT, 48, ""},
    {"switched-off-for-it", "[Rule r]\nIdentity-Subject-CN=Alice\nNotify=no\n", "Alice",
     MEISHI_OUTCOME_ALERT, 48, ""},
    {"another-is-sent-the-next-time",
     "[Rule r]\nMatch-Host=" HOST "\nIdentity-Issuer-CN=Sub\nAction=select\nOn-Multiple=prompt\n",
     "Alice", MEISHI_OUTCOME_ALERT, 48, ""},
};

static void
test_refused(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Board) board = NULL;
    g_autoptr(Call) call = NULL;

    if (refusals[i].policy != NULL)
        world_set_policy(asking->world, refusals[i].policy);
    board = board_new(asking->agent);
    call = asking_start(asking, asking_call(asking, HOST));
    asking_answer(asking, refusals[i].label, "session", "host-port", FALSE);
    report(asking, call, refusals[i].outcome, refusals[i].alert);
    assert_board(board, refusals[i].log);
    if (refusals[i].log[0] != '\0')
        g_assert_cmpstr(board->label, ==, refusals[i].label);
}

/* The same question once more, with what the server asked for and what it refused. */
static void
test_choose_another(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Board) board = board_new(asking->agent);
    g_autoptr(Call) call = asking_start(asking, asking_call(asking, HOST)), again = NULL;

    asking_answer(asking, "Alice", "always", "host-port", FALSE);
    report(asking, call, MEISHI_OUTCOME_ALERT, 48);
    report(asking, call, MEISHI_OUTCOME_ALERT, 48);
    assert_board(board, "+refused ");
    g_assert_cmpuint(board->actions, ==, MEISHI_NOTICE_CHOOSE | MEISHI_NOTICE_EXPLAIN);
    board_press(board, MEISHI_NOTICE_CHOOSE);
    assert_asked(asking, "last-label", "Alice");
    assert_offered(asking, "Bob (Alice) (Stranger)");
    asking_answer(asking, "Bob", "always", "host-port", FALSE);
    again = asking_start(asking, in_background(asking, HOST));
    assert_call(again, "selected Bob always");
    assert_board(board, "-1 ");
}

static void
test_refused_and_settled(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Board) board = board_new(asking->agent);
    g_autoptr(Call) call = asking_start(asking, asking_call(asking, HOST));
    g_autofree char *bob = asking_id(asking, "Bob");
    const MeishiChoiceSpec spec = {.reach = MEISHI_REACH_HOST_PORT,
                                   .host = HOST,
                                   .port = 443,
                                   .id = bob,
                                   .scope = MEISHI_SCOPE_ALWAYS};

    asking_answer(asking, "Alice", "session", "host-port", TRUE);
    report(asking, call, MEISHI_OUTCOME_ALERT, 48);
    assert_board(board, "+refused ");
    g_assert_true(meishi_agent_choose(asking->agent, &spec, NULL, NULL));
    assert_board(board, "-1 ");
}

/* ---- certificates that end ------------------------------------------------------------------- */

#define BY_RULE "[Rule r]\nIdentity-Subject-CN=Bob\nAction=select\n"

static const struct {
    const char *name;
    const char *policy;
    const char *also; /* imported, too; NULL */
    guint left;       /* seconds */
    guint step;       /* that is told; FAR: nothing */
} ends[] = {
    {"far", BY_RULE, NULL, 40 * DAY, MEISHI_EXPIRY_FAR},
    {"month", BY_RULE, NULL, 20 * DAY, MEISHI_EXPIRY_SOON},
    {"week", BY_RULE, NULL, 5 * DAY, MEISHI_EXPIRY_WEEK},
    {"day", BY_RULE, NULL, DAY / 2, MEISHI_EXPIRY_DAY},
    {"rule-warns-earlier", BY_RULE "Warn-Validity-Left=60d\n", NULL, 40 * DAY, MEISHI_EXPIRY_SOON},
    {"rule-wants-longer", BY_RULE "Identity-Validity-Left=30d\n", NULL, 20 * DAY,
     MEISHI_EXPIRY_SOON},
    {"not-in-use", NULL, NULL, 5 * DAY, MEISHI_EXPIRY_FAR},
    {"rule-does-not-select", "[Rule r]\nIdentity-Subject-CN=Bob\nConfirm=each-use\n", NULL, 5 * DAY,
     MEISHI_EXPIRY_FAR},
    {"renewed", BY_RULE, "bob.crt", 5 * DAY, MEISHI_EXPIRY_FAR},
    {"switched-off", "[Defaults]\nNotify=no\n" BY_RULE, NULL, 5 * DAY, MEISHI_EXPIRY_FAR},
    {"switched-off-for-it", BY_RULE "Notify=no\n", NULL, 5 * DAY, MEISHI_EXPIRY_FAR},
    {"switched-off-for-a-place", BY_RULE "[Rule p]\nMatch-Host=a.example\nNotify=no\n", NULL,
     5 * DAY, MEISHI_EXPIRY_WEEK},
};

static World *
world_with_end(guint seconds, const char *policy, const char *also)
{
    World *world = world_new();
    g_autofree char *first = NULL, *second = NULL;

    world_make_brief(seconds);
    first = world_import_outcomes(world, "bob.key,brief.crt", NULL);
    if (also != NULL)
        second = world_import_outcomes(world, also, NULL);
    if (policy != NULL)
        world_set_policy(world, policy);
    world_settle();
    return world;
}

static void
test_end(gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE(data);
    g_autoptr(World) world = world_with_end(ends[i].left, ends[i].policy, ends[i].also);
    g_autoptr(Board) board = board_new(world->agent);

    assert_board(board, ends[i].step != MEISHI_EXPIRY_FAR ? "+expiring " : "");
    g_assert_cmpuint(board->step, ==, ends[i].step);
}

/* Once it was shown it is not told again, by no daemon. */
static void
test_end_once(void)
{
    g_autoptr(World) world = world_with_end(5 * DAY, BY_RULE, NULL);
    Board *board = board_new(world->agent);
    g_autofree char *file = g_build_filename(world->data, "notices", NULL);

    assert_board(board, "+expiring ");
    board_free(board);
    /* Nobody saw that one. */
    g_assert_false(g_file_test(file, G_FILE_TEST_EXISTS));
    board = board_new(world->agent);
    assert_board(board, "+expiring ");
    board_say_shown(board);
    g_assert_true(g_file_test(file, G_FILE_TEST_EXISTS));
    board_free(board);
    world_restart(world);
    world_set_policy(world, BY_RULE);
    board = board_new(world->agent);
    assert_board(board, "");
    board_free(board);
}

/* The last step; and a renewal settles it. */
static void
test_end_and_renewal(void)
{
    g_autoptr(World) world = world_with_end(1, BY_RULE, NULL);
    g_autoptr(Board) board = NULL;
    g_autofree char *outcomes = NULL;

    g_usleep(2100000);
    board = board_new(world->agent);
    assert_board(board, "+expiring ");
    g_assert_cmpuint(board->step, ==, MEISHI_EXPIRY_ENDED);
    g_assert_cmpuint(board->actions, ==, 0);
    outcomes = world_import_outcomes(world, "bob.crt", NULL);
    assert_board(board, "-1 ");
}

/* In use without a rule: what a choice names. */
static void
test_end_of_chosen(void)
{
    g_autoptr(World) world = world_with_end(5 * DAY, NULL, NULL);
    g_autoptr(Board) board = board_new(world->agent);
    g_autoptr(MeishiIdentity) bob = world_identity(world, "Bob");
    g_autofree char *id = meishi_identity_id(bob);
    const MeishiChoiceSpec spec = {.reach = MEISHI_REACH_HOST_PORT,
                                   .host = HOST,
                                   .port = 443,
                                   .id = id,
                                   .scope = MEISHI_SCOPE_SESSION};

    assert_board(board, "");
    g_assert_true(meishi_agent_choose(world->agent, &spec, NULL, NULL));
    assert_board(board, "+expiring ");
    g_assert_cmpstr(board->label, ==, "Bob");
}

/* And what a server has taken. */
static void
test_end_of_taken(void)
{
    g_autoptr(World) world = world_with_end(5 * DAY, NULL, NULL);
    g_autoptr(Board) board = NULL;
    g_autoptr(MeishiIdentity) bob = world_identity(world, "Bob");
    g_autofree char *id = meishi_identity_id(bob);
    g_autoptr(MeishiRequest) request = meishi_request_new();
    const MeishiMeeting meeting = {
        .request = request,
        .id = id,
        .class = MEISHI_OUTCOME_CLASS_GOOD,
    };

    g_assert_true(meishi_host_parse(HOST, &request->host, NULL));
    g_assert_true(meishi_choice_book_report(meishi_agent_choice_book(world->agent), &meeting,
                                            g_get_real_time() / G_USEC_PER_SEC, NULL));
    board = board_new(world->agent);
    assert_board(board, "+expiring ");
}

int
main(int argc, char **argv)
{
    world_init(&argc, &argv);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/notify/case/", cases[i].name, NULL);

        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/notify/nobody", test_nobody);
    g_test_add_func("/notify/prompter-left", test_prompter_left);
    g_test_add_func("/notify/put-off", test_put_off);
    g_test_add_func("/notify/answered", test_answered);
    g_test_add_func("/notify/choose/answered", test_choose);
    g_test_add_func("/notify/choose/not-now", test_choose_not_now);
    g_test_add_func("/notify/choose/in-quiet", test_choose_in_quiet);
    g_test_add_func("/notify/choose/shared", test_choose_shared);
    g_test_add_func("/notify/choose/left-open", test_choose_left_open);
    g_test_add_func("/notify/explain", test_explain);
    for (gsize i = 0; i < G_N_ELEMENTS(settlements); i++) {
        g_autofree char *path = g_strconcat("/notify/settled/", settlements[i].name, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_settled);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(refusals); i++) {
        g_autofree char *path = g_strconcat("/notify/refused/", refusals[i].name, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_refused);
    }
    g_test_add_func("/notify/refused/choose-another", test_choose_another);
    g_test_add_func("/notify/refused/settled", test_refused_and_settled);
    for (gsize i = 0; i < G_N_ELEMENTS(ends); i++) {
        g_autofree char *path = g_strconcat("/notify/end/", ends[i].name, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_end);
    }
    g_test_add_func("/notify/end/once", test_end_once);
    g_test_add_func("/notify/end/ended-and-renewed", test_end_and_renewal);
    g_test_add_func("/notify/end/chosen", test_end_of_chosen);
    g_test_add_func("/notify/end/taken", test_end_of_taken);
    return world_run();
}
