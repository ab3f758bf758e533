/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tokens as the agent shows them: seats, labels, what is left of a PIN, and which modules run; with
 * real hosts and the hostile module, which is called "Hostile" wherever it runs.
 */
#include "daemon/agent/token-shelf.h"

#include "daemon/base/error.h"
#include "daemon/token/host.h"
#include "tests/lib/await.h"
#include "tests/unit/agent/world.h"

#include <glib/gstdio.h>
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

static gboolean
log_in(World *world, const char *pin)
{
    const MeishiTokenLock *token = world->agent->shelf->locks->pdata[0];
    g_autoptr(MeishiSecret) secret = world_secret(pin);
    g_autoptr(GAsyncResult) result = NULL;

    meishi_token_use_login_async(token->use, secret, await_note, &result);
    await_result(&result);
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

static gboolean
add_module(World *world, const char *path, GError **error)
{
    g_autoptr(GAsyncResult) result = NULL;

    meishi_agent_add_token_module_async(world->agent, path, await_note, &result);
    await_result(&result);
    return meishi_agent_add_token_module_finish(world->agent, result, error);
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
    g_assert_true(add_module(world, library, NULL));
    there = await_tokens(world, 1);
    g_assert_false(add_module(world, library, &again));
    g_assert_error(again, MEISHI_ERROR, MEISHI_ERROR_EXISTS);
    g_assert_true(meishi_agent_remove_token_module(world->agent, library, NULL));
    gone = await_tokens(world, 0);
    g_assert_false(meishi_agent_remove_token_module(world->agent, library, &absent));
    g_assert_error(absent, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
}

/* A file that is no library, and a program. */
static void
test_add_no_module(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *added = world_path(world, "modules");
    g_autofree char *text = world_path(world, "text.so");
    const char *const allowed[] = {"/", NULL};
    const MeishiTokenPlaces places = {.added_dir = added, .allowed = allowed};
    const char *const paths[] = {text, g_getenv("MEISHI_TOKENHOST_PROGRAM")};

    g_assert_true(g_file_set_contents(text, "no library", -1, NULL));
    meishi_agent_set_token_places(world->agent, &places);
    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_false(add_module(world, paths[i], &error));
        g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE);
        g_assert_false(g_file_test(added, G_FILE_TEST_EXISTS));
    }
}

/* What a module of its own accord does to whoever loads it happens to a host. */
static void
test_add_crashing_module(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *added = world_path(world, "modules");
    const char *const allowed[] = {"/", NULL};
    const MeishiTokenPlaces places = {.added_dir = added, .allowed = allowed};
    g_autoptr(GError) error = NULL;

    meishi_agent_set_token_places(world->agent, &places);
    g_setenv("HOSTILE_CONSTRUCTOR", "crash", TRUE);
    g_assert_false(add_module(world, g_getenv("MEISHI_HOSTILE_MODULE"), &error));
    g_unsetenv("HOSTILE_CONSTRUCTOR");
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_UNAVAILABLE);
    g_assert_nonnull(strstr(error->message, "was not added"));
    g_assert_false(g_file_test(added, G_FILE_TEST_EXISTS));
}

/* ---- policy ---------------------------------------------------------------------------------- */

static void
set_rules(World *world, const char *format, const char *path)
{
    g_auto(GStrv) parts = g_strsplit(format, "%s", 2);
    g_autofree char *text = g_strconcat(parts[0], parts[1] != NULL ? path : NULL, parts[1], NULL);

    world_set_policy(world, text);
}

/* As policy says now, without a new start of the daemon. */
static void
test_policy_on_modules(void)
{
    const char *library = g_getenv("MEISHI_HOSTILE_MODULE");
    g_autoptr(World) world = world_new();
    g_autofree char *configured = world_path(world, "p11-kit");
    g_autofree char *file = world_path(world, "p11-kit/a.module");
    g_autofree char *line = g_strdup_printf("module: %s\n", library);
    const MeishiTokenPlaces places = {.system_dir = configured};
    static const struct {
        const char *text;
        guint n;
    } steps[] = {
        {"[Modules]\nAllow=%s\n", 1}, {"[Modules]\nAllow=%s\nP11-Kit=no\n", 0},
        {"[Modules]\nAllow=/\n", 1},  {"[Modules]\nAllow=/\nDeny=%s\n", 0},
        {"[Modules]\nAllow=%s\n", 1},
    };

    g_assert_cmpint(g_mkdir(configured, 0700), ==, 0);
    g_assert_true(g_file_set_contents(file, line, -1, NULL));
    set_rules(world, steps[0].text, library);
    meishi_agent_set_token_places(world->agent, &places);
    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
        g_autoptr(GPtrArray) remarks = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(GPtrArray) modules = NULL;
        g_autoptr(GPtrArray) tokens = NULL;

        set_rules(world, steps[i].text, library);
        tokens = await_tokens(world, steps[i].n);
        modules = meishi_agent_list_token_modules(world->agent, remarks);
        g_assert_cmpuint(modules->len, ==, steps[i].n);
        g_assert_cmpuint(remarks->len, ==, strstr(steps[i].text, "Deny") != NULL ? 1 : 0);
    }
}

/* ---- troubles -------------------------------------------------------------------------------- */

static void
test_module_facts(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GPtrArray) modules =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_token_module_free);
    MeishiTokenModule *module = g_new0(MeishiTokenModule, 1);

    module->name = g_strdup("bad");
    module->path = g_strdup(g_getenv("MEISHI_HOSTILE_MODULE"));
    module->reserved = g_strdup("init-fail");
    g_ptr_array_add(modules, module);
    meishi_agent_set_token_modules(world->agent, modules);
    for (;;) {
        g_autoptr(GPtrArray) views = meishi_agent_list_token_modules(world->agent, NULL);
        const MeishiModuleView *view = views->pdata[0];

        if (view->trouble != NULL) {
            g_assert_cmpstr(view->name, ==, "bad");
            g_assert_cmpstr(view->state, ==, "failed");
            g_assert_nonnull(strstr(view->trouble, "CKR_GENERAL_ERROR"));
            g_assert_cmpint(view->next_try, >, 0);
            return;
        }
        g_assert_cmpstr(view->state, ==, "starting");
        g_main_context_iteration(NULL, TRUE);
    }
}

static void
test_no_places(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GError) error = NULL;

    g_assert_false(add_module(world, "/lib/x.so", &error));
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
    g_test_add_func("/agent/tokens/modules/add-no-module", test_add_no_module);
    g_test_add_func("/agent/tokens/modules/add-crashing-module", test_add_crashing_module);
    g_test_add_func("/agent/tokens/modules/policy", test_policy_on_modules);
    g_test_add_func("/agent/tokens/modules/facts", test_module_facts);
    g_test_add_func("/agent/tokens/modules/no-places", test_no_places);
    g_test_add_func("/agent/tokens/modules/bad-file", test_bad_file);
    return world_run();
}
