/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Hints: whom they reach, for how long, and which of several counts.
 */
#include "daemon/agent/hints.h"

#include "tests/lib/children.h"

#define NOW 1000000

typedef struct {
    MeishiHints *hints;
    MeishiRequest *request;
    ChildrenFamily family;
    MeishiApplication *parent, *child;
} Fixture;

static MeishiApplication *
describe(pid_t pid)
{
    g_autoptr(GError) error = NULL;
    int pidfd = children_pidfd(pid);
    MeishiApplication *application = meishi_application_new(pid, pidfd, &error);

    close(pidfd);
    g_assert_no_error(error);
    return application;
}

static void
set_up(Fixture *f, gconstpointer unused)
{
    f->hints = meishi_hints_new();
    f->request = meishi_request_new();
    f->request->protocol = g_strdup("https");
    f->request->port = 8443;
    g_assert_true(meishi_host_parse("www.example.com", &f->request->host, NULL));
    children_make_family(&f->family);
    f->parent = describe(f->family.parent);
    f->child = describe(f->family.child);
}

static void
tear_down(Fixture *f, gconstpointer unused)
{
    if (f->family.child > 0)
        children_end_family(&f->family);
    if (f->family.parent > 0)
        children_end(f->family.parent, TRUE);
    meishi_application_unref(f->parent);
    meishi_application_unref(f->child);
    meishi_request_free(f->request);
    meishi_hints_free(f->hints);
}

static void
end_parent(Fixture *f)
{
    children_end(f->family.parent, TRUE);
    f->family.parent = 0;
}

static const char *
found_id(Fixture *f, const MeishiApplication *process, gint64 now)
{
    const MeishiHint *hint = meishi_hints_find(f->hints, process, now);

    return hint != NULL ? hint->id : "nothing";
}

static void
test_bound(Fixture *f, gconstpointer unused)
{
    g_autoptr(MeishiApplication) self = describe(getpid());
    const MeishiHint *hint;

    meishi_hints_add(f->hints, MEISHI_HINT_BOUND, f->parent, f->request, "ab", NOW);
    hint = meishi_hints_find(f->hints, f->parent, NOW);
    g_assert_cmpint(hint->kind, ==, MEISHI_HINT_BOUND);
    g_assert_cmpstr(hint->id, ==, "ab");
    g_assert_cmpstr(hint->protocol, ==, "https");
    g_assert_cmpstr(hint->host.text, ==, "www.example.com");
    g_assert_cmpuint(hint->port, ==, 8443);
    g_assert_cmpstr(found_id(f, f->child, NOW), ==, "ab");
    g_assert_cmpstr(found_id(f, self, NOW), ==, "nothing");
    /* It does not grow old, and nobody has to look at the clock for it. */
    g_assert_cmpstr(found_id(f, f->child, NOW + 1000000), ==, "ab");
    g_assert_cmpint(meishi_hints_next_expiry(f->hints), ==, G_MAXINT64);
}

static void
test_bound_to_none(Fixture *f, gconstpointer unused)
{
    meishi_hints_add(f->hints, MEISHI_HINT_BOUND, f->parent, f->request, NULL, NOW);
    g_assert_null(found_id(f, f->child, NOW));
}

/* Of `meishi exec` within `meishi exec`, the inner one counts, whichever came first. */
static void
test_nearest(Fixture *f, gconstpointer unused)
{
    meishi_hints_add(f->hints, MEISHI_HINT_BOUND, f->child, f->request, "inner", NOW);
    meishi_hints_add(f->hints, MEISHI_HINT_BOUND, f->parent, f->request, "outer", NOW);
    g_assert_cmpstr(found_id(f, f->child, NOW), ==, "inner");
    g_assert_cmpstr(found_id(f, f->parent, NOW), ==, "outer");
}

static void
test_orphan(Fixture *f, gconstpointer unused)
{
    meishi_hints_add(f->hints, MEISHI_HINT_BOUND, f->parent, f->request, "ab", NOW);
    end_parent(f);
    g_assert_cmpstr(found_id(f, f->child, NOW), ==, "nothing");
    g_assert_true(meishi_hints_sweep(f->hints, NOW));
    g_assert_false(meishi_hints_sweep(f->hints, NOW));
}

static void
test_recent(Fixture *f, gconstpointer unused)
{
    gint64 end = NOW + MEISHI_HINT_RECENT_SECONDS;

    meishi_hints_add(f->hints, MEISHI_HINT_RECENT, f->parent, f->request, "ab", NOW);
    g_assert_cmpint(meishi_hints_next_expiry(f->hints), ==, end);
    g_assert_cmpstr(found_id(f, f->parent, NOW), ==, "ab");
    g_assert_cmpstr(found_id(f, f->parent, end - 1), ==, "ab");
    g_assert_cmpstr(found_id(f, f->parent, end), ==, "nothing");
    g_assert_cmpstr(found_id(f, f->child, NOW), ==, "nothing"); /* it has not asked */
    g_assert_false(meishi_hints_sweep(f->hints, end - 1));
    g_assert_true(meishi_hints_sweep(f->hints, end));
    g_assert_cmpint(meishi_hints_next_expiry(f->hints), ==, G_MAXINT64);
}

static void
test_replaces(Fixture *f, gconstpointer unused)
{
    meishi_hints_add(f->hints, MEISHI_HINT_RECENT, f->parent, f->request, "first", NOW);
    meishi_hints_add(f->hints, MEISHI_HINT_RECENT, f->parent, f->request, "second", NOW + 60);
    g_assert_cmpstr(found_id(f, f->parent, NOW + 60), ==, "second");
    g_assert_cmpint(meishi_hints_next_expiry(f->hints), ==, NOW + 60 + MEISHI_HINT_RECENT_SECONDS);
}

static void
test_renews(Fixture *f, gconstpointer unused)
{
    gint64 end = NOW + MEISHI_HINT_RECENT_SECONDS;

    g_assert_false(
        meishi_hints_renew(f->hints, MEISHI_HINT_RECENT, f->parent, f->request, "ab", NOW));
    meishi_hints_add(f->hints, MEISHI_HINT_RECENT, f->parent, f->request, "ab", NOW);
    g_assert_true(
        meishi_hints_renew(f->hints, MEISHI_HINT_RECENT, f->parent, f->request, "ab", NOW + 60));
    g_assert_cmpstr(found_id(f, f->parent, end + 59), ==, "ab");
    g_assert_false(
        meishi_hints_renew(f->hints, MEISHI_HINT_RECENT, f->parent, f->request, "cd", NOW));
    g_assert_false(
        meishi_hints_renew(f->hints, MEISHI_HINT_RECENT, f->child, f->request, "ab", NOW));
    g_assert_false(
        meishi_hints_renew(f->hints, MEISHI_HINT_BOUND, f->parent, f->request, "ab", NOW));
    f->request->port = 443;
    g_assert_false(
        meishi_hints_renew(f->hints, MEISHI_HINT_RECENT, f->parent, f->request, "ab", NOW));
    g_assert_false(
        meishi_hints_renew(f->hints, MEISHI_HINT_RECENT, f->parent, f->request, "ab", end + 60));
}

/* What a program selects does not free it, nor its child, of what it is bound to. */
static void
test_bound_stays(Fixture *f, gconstpointer unused)
{
    meishi_hints_add(f->hints, MEISHI_HINT_BOUND, f->parent, f->request, "bound", NOW);
    meishi_hints_add(f->hints, MEISHI_HINT_RECENT, f->parent, f->request, "recent", NOW);
    meishi_hints_add(f->hints, MEISHI_HINT_RECENT, f->child, f->request, "recent", NOW);
    g_assert_cmpstr(found_id(f, f->parent, NOW), ==, "bound");
    g_assert_cmpstr(found_id(f, f->child, NOW), ==, "bound");
    meishi_hints_add(f->hints, MEISHI_HINT_BOUND, f->parent, f->request, "anew", NOW);
    g_assert_cmpstr(found_id(f, f->child, NOW), ==, "anew");
}

/* A bound hint follows the process through execve(), a recent one was another program's. */
static void
check_exec(MeishiHintKind kind, const char *expected)
{
    ChildrenGate gate;
    pid_t pid = children_fork_gated(&gate);
    Fixture f = {.hints = meishi_hints_new(), .request = meishi_request_new()};
    g_autoptr(MeishiApplication) before = NULL;
    g_autoptr(MeishiApplication) after = NULL;

    if (pid == 0) {
        children_wait_gate(&gate);
        children_exec_sleep();
    }
    before = describe(pid);
    meishi_hints_add(f.hints, kind, before, f.request, "ab", NOW);
    g_assert_cmpstr(found_id(&f, before, NOW), ==, "ab");
    children_open_gate(&gate);
    children_await_exe(pid, CHILDREN_SLEEP);
    after = describe(pid);
    g_assert_cmpstr(found_id(&f, after, NOW), ==, expected);
    children_end(pid, TRUE);
    meishi_request_free(f.request);
    meishi_hints_free(f.hints);
}

static void
test_exec(void)
{
    check_exec(MEISHI_HINT_BOUND, "ab");
    check_exec(MEISHI_HINT_RECENT, "nothing");
}

static void
test_dead(Fixture *f, gconstpointer unused)
{
    end_parent(f);
    meishi_hints_add(f->hints, MEISHI_HINT_RECENT, f->parent, f->request, "ab", NOW);
    g_assert_cmpint(meishi_hints_next_expiry(f->hints), ==, G_MAXINT64);
}

/* The oldest makes room. */
static void
test_many(void)
{
    enum {
        N = 257,
    };
    g_autoptr(MeishiRequest) request = meishi_request_new();
    MeishiHints *hints = meishi_hints_new();
    MeishiApplication *children[N];

    for (int i = 0; i < N; i++) {
        g_autofree char *id = g_strdup_printf("%d", i);

        children[i] = describe(children_fork());
        meishi_hints_add(hints, MEISHI_HINT_RECENT, children[i], request, id, NOW);
    }
    g_assert_null(meishi_hints_find(hints, children[0], NOW));
    g_assert_cmpstr(meishi_hints_find(hints, children[1], NOW)->id, ==, "1");
    g_assert_cmpstr(meishi_hints_find(hints, children[N - 1], NOW)->id, ==, "256");
    for (int i = 0; i < N; i++) {
        children_end(children[i]->pid, TRUE);
        meishi_application_unref(children[i]);
    }
    meishi_hints_free(hints);
}

/* Who is bound stays bound, however many select. */
static void
test_many_and_bound(void)
{
    enum {
        N = 257,
    };
    g_autoptr(MeishiRequest) request = meishi_request_new();
    MeishiHints *hints = meishi_hints_new();
    MeishiApplication *children[N + 1];

    for (int i = 0; i <= N; i++) {
        children[i] = describe(children_fork());
        meishi_hints_add(hints, i == 0 ? MEISHI_HINT_BOUND : MEISHI_HINT_RECENT, children[i],
                         request, "ab", NOW);
    }
    g_assert_cmpint(meishi_hints_find(hints, children[0], NOW)->kind, ==, MEISHI_HINT_BOUND);
    g_assert_null(meishi_hints_find(hints, children[1], NOW));
    for (int i = 1; i < N - 1; i++)
        g_assert_true(meishi_hints_add(hints, MEISHI_HINT_BOUND, children[i], request, "ab", NOW));
    g_assert_false(meishi_hints_add(hints, MEISHI_HINT_BOUND, children[N - 1], request, "ab", NOW));
    g_assert_false(meishi_hints_add(hints, MEISHI_HINT_RECENT, children[N], request, "ab", NOW));
    g_assert_cmpint(meishi_hints_find(hints, children[0], NOW)->kind, ==, MEISHI_HINT_BOUND);
    for (int i = 0; i <= N; i++) {
        children_end(children[i]->pid, TRUE);
        meishi_application_unref(children[i]);
    }
    meishi_hints_free(hints);
}

/* The clock was a day ahead when the hint was given. */
static void
test_clock_set_back(Fixture *f, gconstpointer unused)
{
    meishi_hints_add(f->hints, MEISHI_HINT_RECENT, f->parent, f->request, "ab", NOW + 86400);
    g_assert_cmpstr(found_id(f, f->parent, NOW + 86399), ==, "ab");
    g_assert_cmpstr(found_id(f, f->parent, NOW), ==, "nothing");
    g_assert_true(meishi_hints_sweep(f->hints, NOW));
}

#define ADD(path, func) g_test_add("/agent/hints/" path, Fixture, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("bound", test_bound);
    ADD("bound-to-none", test_bound_to_none);
    ADD("nearest", test_nearest);
    ADD("orphan", test_orphan);
    ADD("recent", test_recent);
    ADD("replaces", test_replaces);
    ADD("renews", test_renews);
    ADD("bound-stays", test_bound_stays);
    ADD("dead", test_dead);
    ADD("clock-set-back", test_clock_set_back);
    g_test_add_func("/agent/hints/exec", test_exec);
    g_test_add_func("/agent/hints/many", test_many);
    g_test_add_func("/agent/hints/many-and-bound", test_many_and_bound);
    return g_test_run();
}
