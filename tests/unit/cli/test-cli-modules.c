/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is said of a module: nothing while it is well, and else what happened and what comes next.
 */
#include "cli/modules.h"

#include <string.h>

#define NOW 1000

static GVariant *
module(const char *state, const char *trouble, gint64 next_try)
{
    GVariantDict dict = G_VARIANT_DICT_INIT(NULL);

    g_variant_dict_insert(&dict, "name", "s", "bad\x1b[31m");
    g_variant_dict_insert(&dict, "state", "s", state);
    if (trouble != NULL)
        g_variant_dict_insert(&dict, "trouble", "s", trouble);
    g_variant_dict_insert(&dict, "next-try", "x", next_try);
    return g_variant_ref_sink(g_variant_dict_end(&dict));
}

static const struct {
    const char *name, *state, *trouble;
    gint64 next_try;
    const char *said; /* after the name; NULL: nothing */
} cases[] = {
    {"well", "running", NULL, 0, NULL},
    {"starting", "starting", NULL, 0, NULL},
    {"soon", "failed", "It crashed.", NOW + 1,
     " does not run: It crashed. The next try is in 1 "
     "second."},
    {"due", "failed", "It crashed.", NOW - 5,
     " does not run: It crashed. The next try is in 1 "
     "second."},
    {"later", "failed", "It hung.", NOW + 30,
     " does not run: It hung. The next try is in 30 "
     "seconds."},
    {"much-later", "failed", "It hung.", NOW + 150,
     " does not run: It hung. The next try is in 3 "
     "minutes."},
    {"now", "starting", "It hung.", 0, " does not run: It hung. It is being started anew."},
    {"again", "running", "It hung.", 0, " was in trouble: It hung. It runs again."},
};

static void
check_case(gconstpointer data)
{
    const gsize i = GPOINTER_TO_SIZE(data);
    g_autoptr(GVariant) it = module(cases[i].state, cases[i].trouble, cases[i].next_try);
    g_autofree char *text = meishi_modules_trouble(it, NOW);

    if (cases[i].said == NULL) {
        g_assert_null(text);
        return;
    }
    g_test_message("%s", text);
    g_assert_true(g_str_has_prefix(text, "The module “bad"));
    g_assert_true(g_str_has_suffix(text, cases[i].said));
    g_assert_null(strchr(text, '\x1b'));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/cli/modules/", cases[i].name, NULL);

        g_test_add_data_func(path, GSIZE_TO_POINTER(i), check_case);
    }
    return g_test_run();
}
