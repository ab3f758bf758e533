/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/bus/request-path.c: what a caller works out beforehand is where its request lies.
 */
#include "daemon/bus/request-path.h"

#include <gio/gio.h>

static void
test_format(void)
{
    const struct {
        const char *sender;
        const char *token;
        const char *path;
    } rows[] = {
        {":1.42", "t", "/org/meishi/Agent1/request/1_42/t"},
        {":1.0", "Ab_9", "/org/meishi/Agent1/request/1_0/Ab_9"},
        {":9-3.7", "t", "/org/meishi/Agent1/request/9_3_7/t"},
        {NULL, "t", "/org/meishi/Agent1/request/peer/t"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = meishi_request_path_format(rows[i].sender, rows[i].token);

        g_assert_cmpstr(path, ==, rows[i].path);
        g_assert_true(g_variant_is_object_path(path));
    }
}

static void
test_tokens(void)
{
    g_autofree char *longest = g_strnfill(64, 'x');
    g_autofree char *too_long = g_strnfill(65, 'x');
    const char *const good[] = {"a", "_", "0", "Token_1", longest};
    const char *const bad[] = {"", "a/b", "a-b", "a.b", "é", "a ", too_long};

    for (gsize i = 0; i < G_N_ELEMENTS(good); i++)
        g_assert_true(meishi_request_path_is_token(good[i]));
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(meishi_request_path_is_token(bad[i]));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bus/request-path/format", test_format);
    g_test_add_func("/bus/request-path/tokens", test_tokens);
    return g_test_run();
}
