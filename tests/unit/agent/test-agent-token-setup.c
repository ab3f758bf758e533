/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Setting up a token that is not found again: with a real host and the hostile module, which has
 * two tokens of one name and lets the one vanish that was set up.
 */
#include "daemon/agent/token-setup.h"
#include "daemon/agent/token-shelf.h"
#include "daemon/base/error.h"
#include "daemon/token/host.h"
#include "tests/lib/await.h"
#include "tests/unit/agent/world.h"

#define LABEL "Hostile"

static void
set_module(World *world, const char *words, guint n_tokens)
{
    g_autoptr(GPtrArray) modules =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_token_module_free);
    MeishiTokenModule *module = g_new0(MeishiTokenModule, 1);

    module->name = g_strdup("hostile");
    module->path = g_strdup(g_getenv("MEISHI_HOSTILE_MODULE"));
    module->reserved = g_strdup(words);
    g_ptr_array_add(modules, module);
    meishi_agent_set_token_modules(world->agent, modules);
    while (world->agent->shelf->locks->len < n_tokens)
        g_main_context_iteration(NULL, TRUE);
}

/* FALSE with @error where it fails. */
static gboolean
set_up(World *world, const char *pin, GError **error)
{
    g_autoptr(MeishiSecret) secret = world_secret(pin), officer = world_secret("12345678");
    const MeishiTokenSetup setup = {
        .token = LABEL, .label = LABEL, .so_pin = officer, .pin = secret, .erases = TRUE};
    g_autoptr(GAsyncResult) result = NULL;

    meishi_agent_set_up_token_async(world->agent, &setup, await_note, &result);
    await_result(&result);
    return meishi_agent_set_up_token_finish(world->agent, result, error);
}

static void
test_alone(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GError) error = NULL;

    set_module(world, "", 1);
    g_assert_true(set_up(world, "5678", &error));
    g_assert_no_error(error);
}

/* Its neighbour is not given the PIN that was meant for it. */
static void
test_vanished(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GError) error = NULL;

    set_module(world, "slots=2 init-vanish", 2);
    g_assert_false(set_up(world, "5678", &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_FAILED);
}

int
main(int argc, char **argv)
{
    world_init(&argc, &argv);
    meishi_token_host_set_program(g_getenv("MEISHI_TOKENHOST_PROGRAM"));
    g_test_add_func("/agent/token-setup/alone", test_alone);
    g_test_add_func("/agent/token-setup/vanished", test_vanished);
    return world_run();
}
