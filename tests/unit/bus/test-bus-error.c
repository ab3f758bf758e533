/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/bus/error.c: every code has one name of its own, and comes back as what it was.
 */
#include "daemon/bus/error.h"

#include <gio/gio.h>

/* What goes over a connection for @code; new. */
static char *
name_of(MeishiErrorCode code)
{
    g_autoptr(GError) error = g_error_new_literal(MEISHI_ERROR, (int)code, "");

    return g_dbus_error_encode_gerror(error);
}

static void
test_names(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (int code = 0; code < MEISHI_ERROR_N; code++) {
        char *name = name_of((MeishiErrorCode)code);

        g_assert_true(g_str_has_prefix(name, MEISHI_BUS_ERROR_PREFIX));
        g_assert_true(g_dbus_is_error_name(name));
        g_assert_true(g_hash_table_add(seen, name));
    }
}

static void
test_round_trip(void)
{
    meishi_bus_error_register(); /* a second time */
    for (int code = 0; code < MEISHI_ERROR_N; code++) {
        g_autoptr(GError) sent = g_error_new(MEISHI_ERROR, code, "message %d", code);
        g_autofree char *name = g_dbus_error_encode_gerror(sent);
        g_autoptr(GError) received = g_dbus_error_new_for_dbus_error(name, sent->message);

        g_assert_error(received, MEISHI_ERROR, code);
        g_assert_true(g_dbus_error_strip_remote_error(received));
        g_assert_cmpstr(received->message, ==, sent->message);
    }
}

/* Names are interface: these are what other programs compare with. */
static void
test_released_names(void)
{
    g_autofree char *not_found = name_of(MEISHI_ERROR_NOT_FOUND);
    g_autofree char *wrong_password = name_of(MEISHI_ERROR_WRONG_PASSWORD);
    g_autofree char *locked = name_of(MEISHI_ERROR_LOCKED);

    g_assert_cmpstr(not_found, ==, "org.meishi.Agent1.Error.NotFound");
    g_assert_cmpstr(wrong_password, ==, "org.meishi.Agent1.Error.WrongPassword");
    g_assert_cmpstr(locked, ==, "org.meishi.Agent1.Error.Locked");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    meishi_bus_error_register();
    g_test_add_func("/bus/error/names", test_names);
    g_test_add_func("/bus/error/round-trip", test_round_trip);
    g_test_add_func("/bus/error/released-names", test_released_names);
    return g_test_run();
}
