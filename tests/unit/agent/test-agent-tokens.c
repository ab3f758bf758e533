/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tokens as the agent shows them: seats, labels, what is left of a PIN, and which modules run; with
 * real hosts and the hostile module, which is called "Hostile" wherever it runs.
 */
#include "daemon/agent/token-shelf.h"

#include "daemon/base/error.h"
#include "daemon/token/host.h"
#include "tests/unit/agent/world.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static void
set_modules(World *world, const char *const *names)
{
    g_autoptr(GPtrArray) modules =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_token_module_free);

    for (guint i = 0; names[i] != NULL; i++) {
        MeishiTokenModule *module = g_new0(MeishiTokenModule, 1);

        module->name = g_strdup(names[i]);
        module->path = g_strdup(g_getenv("MEISHI_HOSTILE_MODULE"));
        g_ptr_array_add(modules, module);
    }
    meishi_agent_set_token_modules(world->agent, modules);
}

/* Until there are @n tokens; all that are there then. */
static GPtrArray *
await_tokens(World *world, guint n)
{
    for (;;) {
        GPtrArray *views = meishi_agent_list_tokens(world->agent);

        if (views->len == n)
            return views;
        g_ptr_array_unref(views);
        g_main_context_iteration(NULL, TRUE);
    }
}

static const MeishiTokenView *
find_view(GPtrArray *views, const char *module)
{
    for (guint i = 0; i < views->len; i++) {
        const MeishiTokenView *view = views->pdata[i];

        if (strcmp(view->module, module) == 0)
            return view;
    }
    g_assert_not_reached();
}

/* ---- what is shown --------------------------------------------------------------------------- */

static void
test_one(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GPtrArray) none = meishi_agent_list_tokens(world->agent);
    g_autoptr(GPtrArray) views = NULL;
    const MeishiTokenView *view;
    guint n_view;

    g_assert_cmpuint(none->len, ==, 0);
    world_settle();
    n_view = world->n_view;
    set_modules(world, (const char *const[]){"a", NULL});
    views = await_tokens(world, 1);
    world_settle();
    g_assert_cmpuint(world->n_view, >, n_view);
    view = find_view(views, "a");
    g_assert_cmpstr(view->place->label, ==, "Hostile");
    g_assert_cmpstr(view->place->slot_label, ==, "Hostile");
    g_assert_cmpint(view->place->kind, ==, MEISHI_TOKEN_CARD);
    g_assert_cmpstr(view->pin, ==, "ok");
    g_assert_false(view->is_logged_in);
    g_assert_false(view->has_pin_pad);
}

static void
test_labels(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GHashTable) labels = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) seats = g_hash_table_new(NULL, NULL);
    g_autoptr(GPtrArray) views = NULL;

    set_modules(world, (const char *const[]){"a", "b", "c", NULL});
    views = await_tokens(world, 3);
    for (guint i = 0; i < views->len; i++) {
        const MeishiTokenPlace *place = ((MeishiTokenView *)views->pdata[i])->place;

        g_assert_cmpuint(place->seat, <, MEISHI_N_SEATS);
        g_hash_table_add(labels, place->slot_label);
        g_hash_table_add(seats, GUINT_TO_POINTER(place->seat));
    }
    g_assert_cmpuint(g_hash_table_size(seats), ==, 3);
    g_assert_true(g_hash_table_contains(labels, "Hostile"));
    g_assert_true(g_hash_table_contains(labels, "Hostile (2)"));
    g_assert_true(g_hash_table_contains(labels, "Hostile (3)"));
}

/* Programs hold on to a slot's number. */
static void
test_same_seat_again(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GPtrArray) before = NULL;
    g_autoptr(GPtrArray) between = NULL;
    g_autoptr(GPtrArray) after = NULL;
    const char *const names[] = {"a", "b"};

    set_modules(world, (const char *const[]){"a", "b", NULL});
    before = await_tokens(world, 2);
    set_modules(world, (const char *const[]){NULL});
    between = await_tokens(world, 0);
    set_modules(world, (const char *const[]){"b", "a", NULL});
    after = await_tokens(world, 2);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        const MeishiTokenPlace *one = find_view(before, names[i])->place;
        const MeishiTokenPlace *two = find_view(after, names[i])->place;

        g_assert_cmpuint(two->seat, ==, one->seat);
        g_assert_cmpuint(two->insertion, !=, one->insertion);
    }
}

/* The slots that programs know from the start are filled first, whatever the tokens are called. */
static void
test_standing_seats_first(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GPtrArray) views = NULL;
    guint n_standing = 0;

    set_modules(world, (const char *const[]){"a", "b", "c", "d", "e", "f", NULL});
    views = await_tokens(world, 6);
    for (guint i = 0; i < views->len; i++)
        n_standing += ((MeishiTokenView *)views->pdata[i])->place->seat < MEISHI_N_STANDING_SEATS;
    g_assert_cmpuint(n_standing, ==, MEISHI_N_STANDING_SEATS);
}

/* The process of the one module. */
static pid_t
only_child(void)
{
    g_autofree char *path = g_strdup_printf("/proc/self/task/%d/children", (int)getpid());
    g_autofree char *pids = NULL;
    char *end = NULL;
    gint64 pid;

    g_assert_true(g_file_get_contents(path, &pids, NULL, NULL));
    pid = g_ascii_strtoll(pids, &end, 10);
    g_assert_cmpint(pid, >, 0);
    g_assert_cmpstr(end, ==, " ");
    return (pid_t)pid;
}

/* Nobody pulled the token: programs keep their sessions with it. */
static void
test_module_that_dies(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GPtrArray) before = NULL;
    g_autoptr(GPtrArray) after = NULL;
    g_autoptr(MeishiTokenLock) lock = NULL;

    set_modules(world, (const char *const[]){"a", NULL});
    before = await_tokens(world, 1);
    lock = meishi_token_lock_ref(world->agent->shelf->locks->pdata[0]);
    g_assert_cmpint(kill(only_child(), SIGKILL), ==, 0);
    while (world->agent->shelf->locks->len == 0 || world->agent->shelf->locks->pdata[0] == lock)
        g_main_context_iteration(NULL, TRUE);
    after = await_tokens(world, 1);
    g_assert_cmpuint(find_view(after, "a")->place->insertion, ==,
                     find_view(before, "a")->place->insertion);
}

/* ---- the PIN --------------------------------------------------------------------------------- */

static void
on_result(GObject *source, GAsyncResult *result, gpointer user_data)
{
    *(GAsyncResult **)user_data = g_object_ref(result);
}

static gboolean
log_in(World *world, const char *pin)
{
    const MeishiTokenLock *token = world->agent->shelf->locks->pdata[0];
    g_autoptr(MeishiSecret) secret = world_secret(pin);
    g_autoptr(GAsyncResult) result = NULL;

    meishi_token_use_login_async(token->use, secret, on_result, &result);
    while (result == NULL)
        g_main_context_iteration(NULL, TRUE);
    return meishi_token_use_login_finish(result, NULL);
}

static void
assert_pin(World *world, const char *pin, gboolean is_logged_in)
{
    g_autoptr(GPtrArray) views = await_tokens(world, 1);
    const MeishiTokenView *view = find_view(views, "a");

    g_assert_cmpstr(view->pin, ==, pin);
    g_assert_cmpint(view->is_logged_in, ==, is_logged_in);
}

static void
test_pin_given(void)
{
    g_autoptr(World) world = world_new();

    set_modules(world, (const char *const[]){"a", NULL});
    assert_pin(world, "ok", FALSE);
    g_assert_true(log_in(world, "1234"));
    assert_pin(world, "ok", TRUE);
}

static void
test_pin_wrong(void)
{
    g_autoptr(World) world = world_new();

    set_modules(world, (const char *const[]){"a", NULL});
    assert_pin(world, "ok", FALSE);
    g_assert_false(log_in(world, "4321"));
    assert_pin(world, "few", FALSE);
    g_assert_false(log_in(world, "4321"));
    assert_pin(world, "last", FALSE);
    g_assert_false(log_in(world, "4321"));
    assert_pin(world, "locked", FALSE);
}

/* ---- modules --------------------------------------------------------------------------------- */

static void
count_trouble(MeishiAgent *agent, const char *text, gpointer n)
{
    g_test_message("%s", text);
    ++*(guint *)n;
}

static void
test_add_module(void)
{
    const char *library = g_getenv("MEISHI_HOSTILE_MODULE");
    g_autofree char *dir = g_path_get_dirname(library);
    const char *const allowed[] = {dir, NULL};
    g_autoptr(World) world = world_new();
    g_autofree char *added = world_path(world, "modules");
    const MeishiTokenPlaces places = {.added_dir = added, .allowed = allowed};
    g_autoptr(GPtrArray) there = NULL;
    g_autoptr(GPtrArray) gone = NULL;
    g_autoptr(GError) again = NULL, absent = NULL;

    meishi_agent_set_token_places(world->agent, &places);
    g_assert_true(meishi_agent_add_token_module(world->agent, library, NULL));
    there = await_tokens(world, 1);
    g_assert_false(meishi_agent_add_token_module(world->agent, library, &again));
    g_assert_error(again, MEISHI_ERROR, MEISHI_ERROR_EXISTS);
    g_assert_true(meishi_agent_remove_token_module(world->agent, library, NULL));
    gone = await_tokens(world, 0);
    g_assert_false(meishi_agent_remove_token_module(world->agent, library, &absent));
    g_assert_error(absent, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
}

static void
test_no_places(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GError) error = NULL;

    g_assert_false(meishi_agent_add_token_module(world->agent, "/lib/x.so", &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_UNAVAILABLE);
}

/* One bad file takes nobody's card away, and is said. */
static void
test_bad_file(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *added = world_path(world, "modules");
    g_autofree char *file = g_build_filename(added, "bad.module", NULL);
    const MeishiTokenPlaces places = {.added_dir = added};
    guint n_troubles = 0;

    g_assert_cmpint(g_mkdir_with_parents(added, 0700), ==, 0);
    g_assert_true(g_file_set_contents(file, "nothing of use\n", -1, NULL));
    g_signal_connect(world->agent, "token-trouble", G_CALLBACK(count_trouble), &n_troubles);
    meishi_agent_set_token_places(world->agent, &places);
    g_assert_cmpuint(n_troubles, ==, 1);
}

int
main(int argc, char **argv)
{
    world_init(&argc, &argv);
    meishi_token_host_set_program(g_getenv("MEISHI_TOKENHOST_PROGRAM"));
    g_test_add_func("/agent/tokens/one", test_one);
    g_test_add_func("/agent/tokens/labels", test_labels);
    g_test_add_func("/agent/tokens/same-seat-again", test_same_seat_again);
    g_test_add_func("/agent/tokens/standing-seats-first", test_standing_seats_first);
    g_test_add_func("/agent/tokens/module-that-dies", test_module_that_dies);
    g_test_add_func("/agent/tokens/pin/given", test_pin_given);
    g_test_add_func("/agent/tokens/pin/wrong", test_pin_wrong);
    g_test_add_func("/agent/tokens/modules/add", test_add_module);
    g_test_add_func("/agent/tokens/modules/no-places", test_no_places);
    g_test_add_func("/agent/tokens/modules/bad-file", test_bad_file);
    return world_run();
}
