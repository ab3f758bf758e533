/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * cli/setup/module-text.c: one line of p11-kit's file about us.
 */
#include "cli/setup/module-text.h"

#define MODULE "/usr/lib/pkcs11/meishi-pkcs11.so"

static const struct {
    const char *before, *after;
} rows[] = {
    {"", "# Written by `meishi setup`; `meishi setup --undo` takes it away.\n"
         "module: " MODULE "\npriority: 10\ntrust-policy: no\n"},
    {"module: /old.so\n", "module: " MODULE "\n"},
    {"# mine\nmodule:/old.so\ndisable-in: firefox",
     "# mine\nmodule: " MODULE "\ndisable-in: firefox\n"},
    {"priority: 5\n", "priority: 5\nmodule: " MODULE "\n"},
    {"priority: 5", "priority: 5\nmodule: " MODULE "\n"},
    {"x-module: /other.so\n", "x-module: /other.so\nmodule: " MODULE "\n"},
};

static void
test_rows(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *set = meishi_module_text_set(rows[i].before, MODULE);
        g_autofree char *again = meishi_module_text_set(set, MODULE);

        g_assert_cmpstr(set, ==, rows[i].after);
        g_assert_cmpstr(again, ==, rows[i].after);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/module-text/rows", test_rows);
    return g_test_run();
}
