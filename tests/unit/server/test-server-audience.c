/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who shares what with whom, and who is told of a change.
 */
#include "daemon/server/audience.h"

#include "daemon/server/handle.h"
#include "tests/lib/sample-identities.h"
#include "tests/lib/stub-agent.h"

#include <sys/resource.h>
#include <unistd.h>

typedef struct {
    MeishiAgent *agent;
    MeishiAudiences *audiences;
    pid_t restricted; /* row 1 is kept from this process */
    pid_t with_role;  /* and this one has a role's token */
} Room;

static void
apply_policy(MeishiPresentation *presentation, const MeishiApplication *application,
             gpointer user_data)
{
    const Room *room = user_data;

    if (application->pid == room->restricted)
        stub_presentation_withhold(presentation, 1);
    if (application->pid == room->with_role)
        stub_presentation_add_role(presentation, "vpn", "Corp VPN", NULL, MEISHI_CONFIRM_NEVER);
}

static void
set_up(Room *room, gconstpointer unused)
{
    room->restricted = room->with_role = -1;
    room->agent = stub_agent_new();
    for (SampleKind kind = SAMPLE_EC; kind <= SAMPLE_RSA; kind++) {
        g_autoptr(MeishiIdentity) identity = sample_identity_new(kind, (gint64)kind + 1);

        stub_agent_add(room->agent, identity, NULL);
    }
    stub_agent_set_policy(room->agent, apply_policy, room);
    room->audiences = meishi_audiences_new(room->agent);
}

static void
tear_down(Room *room, gconstpointer unused)
{
    g_assert_cmpuint(meishi_audiences_count(room->audiences), ==, 0);
    meishi_audiences_free(room->audiences);
    g_assert_finalize_object(room->agent);
}

static MeishiApplication *
program_new(pid_t pid)
{
    MeishiApplication *program = meishi_application_new_unknown();

    program->pid = pid;
    program->start_time = 7;
    return program;
}

static MeishiAudience *
join(Room *room, pid_t pid, MeishiLayout layout)
{
    g_autoptr(MeishiApplication) program = program_new(pid);
    g_autoptr(GError) error = NULL;
    MeishiAudience *audience = meishi_audiences_join(room->audiences, program, layout, &error);

    g_assert_no_error(error);
    return audience;
}

static guint64
generation(MeishiAudience *audience)
{
    g_autoptr(MeishiView) view = meishi_board_view(meishi_audience_board(audience));

    return meishi_view_generation(view);
}

static gboolean
share_a_view(MeishiAudience *one, MeishiAudience *other)
{
    g_autoptr(MeishiView) first = meishi_board_view(meishi_audience_board(one));
    g_autoptr(MeishiView) second = meishi_board_view(meishi_audience_board(other));

    return first == second;
}

static void
note_moved(MeishiAudience *audience, gpointer user_data)
{
    g_ptr_array_add(user_data, audience);
}

/* Those to whom a token came or went; new. */
static GPtrArray *
refresh(Room *room)
{
    GPtrArray *moved = g_ptr_array_new();

    meishi_audiences_refresh(room->audiences, note_moved, moved);
    return moved;
}

static void
refresh_still(Room *room)
{
    g_autoptr(GPtrArray) moved = refresh(room);

    g_assert_cmpuint(moved->len, ==, 0);
}

/* ---- who is one ---------------------------------------------------------------------------- */

static void
test_one_per_process(Room *room, gconstpointer unused)
{
    g_autoptr(MeishiAudience) one = join(room, 11, MEISHI_LAYOUT_VAULT);
    g_autoptr(MeishiAudience) again = join(room, 11, MEISHI_LAYOUT_VAULT);
    g_autoptr(MeishiAudience) other = join(room, 12, MEISHI_LAYOUT_VAULT);

    g_assert_true(one == again);
    g_assert_true(one != other);
    g_assert_cmpuint(meishi_audiences_count(room->audiences), ==, 2);
    g_assert_cmpint(meishi_board_pulse(meishi_audience_board(one)), !=,
                    meishi_board_pulse(meishi_audience_board(other)));
    g_clear_pointer(&again, meishi_audience_unref);
    g_assert_cmpuint(meishi_audiences_count(room->audiences), ==, 2);
    g_clear_pointer(&one, meishi_audience_unref);
    g_assert_cmpuint(meishi_audiences_count(room->audiences), ==, 1);
}

/* A client that comes back after its last connection ended has the page of a board that is no
 * more: the instance tells it. */
static void
test_instance(Room *room, gconstpointer unused)
{
    MeishiAudience *audience = join(room, 11, MEISHI_LAYOUT_VAULT);
    guint64 before = meishi_board_instance(meishi_audience_board(audience));

    g_assert_cmpuint(before, !=, 0);
    meishi_audience_unref(audience);
    audience = join(room, 11, MEISHI_LAYOUT_VAULT);
    g_assert_cmpuint(meishi_board_instance(meishi_audience_board(audience)), !=, before);
    meishi_audience_unref(audience);
}

static void
test_one_per_layout(Room *room, gconstpointer unused)
{
    g_autoptr(MeishiAudience) one = join(room, 11, MEISHI_LAYOUT_VAULT);
    g_autoptr(MeishiAudience) other = join(room, 11, MEISHI_LAYOUT_SLOT_PER_IDENTITY);

    g_assert_true(one != other);
    g_assert_cmpint(meishi_audience_layout(other), ==, MEISHI_LAYOUT_SLOT_PER_IDENTITY);
    g_assert_false(share_a_view(one, other));
}

/* Nobody knows whether two programs of which nothing is known are the same. */
static void
test_unknown(Room *room, gconstpointer unused)
{
    g_autoptr(MeishiAudience) one = join(room, 0, MEISHI_LAYOUT_VAULT);
    g_autoptr(MeishiAudience) other = join(room, 0, MEISHI_LAYOUT_VAULT);

    g_assert_true(one != other);
    g_assert_cmpuint(meishi_audiences_count(room->audiences), ==, 2);
}

static void
test_refusals(Room *room, gconstpointer unused)
{
    g_autoptr(MeishiAudience) one = join(room, 11, MEISHI_LAYOUT_VAULT);
    g_autoptr(MeishiAudience) other = join(room, 12, MEISHI_LAYOUT_VAULT);
    g_autoptr(GPtrArray) identities = meishi_agent_list(room->agent);
    g_autofree char *text = meishi_audience_describe(one);

    g_assert_true(meishi_audience_note_refusal(one, identities->pdata[0]));
    g_assert_false(meishi_audience_note_refusal(one, identities->pdata[0]));
    g_assert_true(meishi_audience_note_refusal(one, identities->pdata[1]));
    g_assert_true(meishi_audience_note_refusal(other, identities->pdata[0]));
    g_assert_cmpstr(text, ==, "process 11 (unknown program)");
}

/* ---- who sees what ------------------------------------------------------------------------- */

static void
test_views_are_shared(Room *room, gconstpointer unused)
{
    g_autoptr(MeishiAudience) one = join(room, 11, MEISHI_LAYOUT_VAULT);
    g_autoptr(MeishiAudience) other = join(room, 12, MEISHI_LAYOUT_VAULT);
    g_autoptr(MeishiAudience) third = NULL;

    g_assert_true(share_a_view(one, other));
    room->restricted = 11;
    refresh_still(room);
    g_assert_false(share_a_view(one, other));
    room->restricted = -1;
    refresh_still(room);
    g_assert_true(share_a_view(one, other));
    third = join(room, 13, MEISHI_LAYOUT_VAULT);
    g_assert_true(share_a_view(one, third));
}

/* One `curl` after the other: what was made for the first is there for the next. */
static void
test_short_lived_programs_share(Room *room, gconstpointer unused)
{
    guint64 first;
    MeishiAudience *audience = join(room, 11, MEISHI_LAYOUT_VAULT);

    first = generation(audience);
    meishi_audience_unref(audience);
    audience = join(room, 12, MEISHI_LAYOUT_VAULT);
    g_assert_cmpuint(generation(audience), ==, first);
    meishi_audience_unref(audience);
}

static void
test_publishes_where_something_changed(Room *room, gconstpointer unused)
{
    g_autoptr(MeishiAudience) one = join(room, 11, MEISHI_LAYOUT_VAULT);
    g_autoptr(MeishiAudience) other = join(room, 12, MEISHI_LAYOUT_VAULT);
    guint64 before = generation(one);

    refresh_still(room);
    g_assert_cmpuint(generation(one), ==, before);
    room->restricted = 12;
    refresh_still(room);
    g_assert_cmpuint(generation(one), ==, before);
    g_assert_cmpuint(generation(other), !=, before);
}

static void
test_tells_those_whose_tokens_changed(Room *room, gconstpointer unused)
{
    g_autoptr(MeishiAudience) one = join(room, 11, MEISHI_LAYOUT_VAULT);
    g_autoptr(MeishiAudience) other = join(room, 12, MEISHI_LAYOUT_VAULT);
    g_autoptr(GPtrArray) moved = NULL;

    room->with_role = 12;
    moved = refresh(room);
    g_assert_cmpuint(moved->len, ==, 1);
    g_assert_true(moved->pdata[0] == other);
    g_assert_cmpuint(meishi_board_slot_events(meishi_audience_board(one)), ==, 0);
    g_assert_cmpuint(meishi_board_slot_events(meishi_audience_board(other)), ==, 1);
}

/* ---- out of room --------------------------------------------------------------------------- */

static struct rlimit
allow_descriptors(rlim_t n)
{
    struct rlimit limit, before;

    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &before), ==, 0);
    limit = before;
    limit.rlim_cur = n;
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &limit), ==, 0);
    return before;
}

static void
test_no_room(Room *room, gconstpointer unused)
{
    g_autoptr(MeishiAudience) audience = join(room, 11, MEISHI_LAYOUT_VAULT);
    g_autoptr(MeishiApplication) program = program_new(12);
    g_autoptr(MeishiView) view = NULL;
    g_autoptr(GError) error = NULL;
    guint64 before = generation(audience);
    struct rlimit limit = allow_descriptors(0);
    GLogLevelFlags fatal;

    g_assert_null(meishi_audiences_join(room->audiences, program, MEISHI_LAYOUT_VAULT, &error));
    g_assert_nonnull(error);
    room->restricted = 11;
    fatal = g_log_set_always_fatal(G_LOG_FATAL_MASK); /* there is a warning */
    refresh_still(room);
    g_log_set_always_fatal(fatal);
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &limit), ==, 0);
    view = meishi_board_view(meishi_audience_board(audience));
    g_assert_cmpuint(meishi_view_generation(view), ==, before);
    g_assert_true(
        meishi_view_find_key(view, meishi_handle_make(MEISHI_HANDLE_PRIVATE_KEY, 1)).is_withheld);
    refresh_still(room); /* there is room again */
    g_assert_cmpuint(generation(audience), !=, before);
}

/* ---- threads ------------------------------------------------------------------------------- */

/* Lets audiences go, as a worker does with a connection that ended.  They come through a pipe,
 * which ThreadSanitizer follows, until it is closed. */
static gpointer
let_go(gpointer user_data)
{
    MeishiAudience *audience;

    while (read(GPOINTER_TO_INT(user_data), &audience, sizeof audience) == sizeof audience) {
        g_autoptr(MeishiView) view = meishi_board_view(meishi_audience_board(audience));

        g_assert_cmpuint(meishi_view_generation(view), >, 0);
        meishi_audience_unref(audience);
    }
    return NULL;
}

static void
test_threads(Room *room, gconstpointer unused)
{
    GThread *threads[4];
    int pipe_fds[2];

    g_assert_cmpint(pipe(pipe_fds), ==, 0);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("worker", let_go, GINT_TO_POINTER(pipe_fds[0]));
    for (guint i = 0; i < 400; i++) {
        MeishiAudience *audience = join(room, (pid_t)(20 + i % 7), MEISHI_LAYOUT_VAULT);

        g_assert_cmpint(write(pipe_fds[1], &audience, sizeof audience), ==, sizeof audience);
        room->restricted = 20 + (pid_t)(i % 5);
        if (i % 3 == 0)
            refresh_still(room);
    }
    close(pipe_fds[1]);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    close(pipe_fds[0]);
}

#define ADD(name, func) g_test_add("/server/audience/" name, Room, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    g_test_init(&argc, &argv, NULL);
    if (!meishi_crypto_init(&error))
        g_error("%s", error->message);
    ADD("one-per-process", test_one_per_process);
    ADD("instance", test_instance);
    ADD("one-per-layout", test_one_per_layout);
    ADD("unknown", test_unknown);
    ADD("refusals", test_refusals);
    ADD("views-are-shared", test_views_are_shared);
    ADD("short-lived-programs-share", test_short_lived_programs_share);
    ADD("publishes-where-something-changed", test_publishes_where_something_changed);
    ADD("tells-those-whose-tokens-changed", test_tells_those_whose_tokens_changed);
    ADD("no-room", test_no_room);
    ADD("threads", test_threads);
    return g_test_run();
}
