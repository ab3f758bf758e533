/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The agent itself: that the passing of time is a change like any other, and what it tells of.
 */
#include "tests/unit/agent/world.h"

#include "daemon/policy/check.h"

#include <string.h>

/* Imports a certificate that is valid for some seconds more; on a slow machine it may be over
 * before it is in, then the next one lasts longer. */
static World *
world_with_brief(void)
{
    for (guint seconds = 3;; seconds *= 2) {
        World *world = world_new();
        g_autofree char *outcomes = NULL;
        g_autoptr(MeishiIdentity) bob = NULL;

        world_make_brief(seconds);
        outcomes = world_import_outcomes(world, "bob.key,brief.crt", NULL);
        g_assert_cmpstr(outcomes, ==, "A");
        bob = world_identity(world, "Bob");
        if ((bob->warnings & MEISHI_WARN_EXPIRED) == 0)
            return world;
        world_free(world);
    }
}

static void
test_expires_under_our_eyes(void)
{
    g_autoptr(World) world = world_with_brief();
    g_autoptr(MeishiIdentity) bob = NULL;
    gint64 patience = g_get_monotonic_time() + 120 * G_TIME_SPAN_SECOND;

    world_settle();
    world->n_view = 0;
    while (world->n_view == 0 && g_get_monotonic_time() < patience)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(world->n_view, ==, 1);
    g_assert_cmpuint(world->n_changed, ==, 1);
    bob = world_identity(world, "Bob");
    g_assert_true(bob->warnings & MEISHI_WARN_EXPIRED);
    g_assert_false(bob->warnings & MEISHI_WARN_EXPIRES_SOON);
}

/* The view is told of once for all that happened in a turn of the loop, and not at all where
 * nothing did. */
static void
test_view_changed(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(MeishiIdentity) bob = NULL;
    g_autofree char *outcomes = world_import_outcomes(world, "bob.pem,alice.key", NULL);

    g_assert_cmpstr(outcomes, ==, "AK");
    world_settle();
    g_assert_cmpuint(world->n_view, ==, 1);
    bob = world_identity(world, "Bob");
    g_assert_true(meishi_agent_rename(world->agent, bob, "Bobby", NULL));
    g_assert_true(meishi_agent_rename(world->agent, bob, "Bob", NULL));
    g_assert_cmpuint(world->n_view, ==, 1);
    world_settle();
    g_assert_cmpuint(world->n_view, ==, 2);
    g_assert_true(meishi_agent_rename(world->agent, bob, "Bob", NULL));
    world_settle();
    g_assert_cmpuint(world->n_view, ==, 2);
    meishi_agent_vault_lock(world->agent); /* what is public does not change */
    world_settle();
    g_assert_cmpuint(world->n_view, ==, 2);
}

static void
test_find(void)
{
    g_autoptr(World) world = world_new();
    g_autofree char *outcomes = world_import_outcomes(world, "bob.pem,alice.key", NULL);
    g_autoptr(MeishiIdentity) bob = world_identity(world, "Bob");
    g_autoptr(MeishiIdentity) bare = world_identity(world, "EC P-256 key");
    g_autoptr(MeishiIdentity) by_cert = meishi_agent_find(world->agent, bob->cert_id, 0);
    g_autoptr(MeishiIdentity) by_key = meishi_agent_find(world->agent, 0, bare->key_id);

    g_assert_cmpstr(outcomes, ==, "AK");
    g_assert_true(by_cert == bob);
    g_assert_true(by_key == bare);
    g_assert_null(meishi_agent_find(world->agent, 0, bob->key_id)); /* it has a certificate */
    g_assert_null(meishi_agent_find(world->agent, 4711, 0));
}

int
main(int argc, char **argv)
{
    world_init(&argc, &argv);
    g_test_add_func("/agent/agent/expires-under-our-eyes", test_expires_under_our_eyes);
    g_test_add_func("/agent/agent/view-changed", test_view_changed);
    g_test_add_func("/agent/agent/find", test_find);
    return world_run();
}
