/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/bus/options.c: nothing is silently passed over.
 */
#include "daemon/bus/options.h"

#include "daemon/base/error.h"

static const MeishiOption known[] = {{"flag", "b"}, {"text", "s"}, {NULL, NULL}};

static void
test_check(void)
{
    const struct {
        const char *options;
        const char *complaint; /* NULL: fine */
    } rows[] = {
        {"{}", NULL},
        {"{'flag': <true>}", NULL},
        {"{'flag': <false>, 'text': <'x'>}", NULL},
        {"{'flags': <true>}", "There is no option “flags”"},
        {"{'flag': <'true'>}", "Option “flag” has the wrong type"},
        {"{'text': <'x'>, '': <1>}", "There is no option “”"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GVariant) options =
            g_variant_parse(G_VARIANT_TYPE_VARDICT, rows[i].options, NULL, NULL, NULL);
        g_autoptr(GError) error = NULL;

        g_assert_nonnull(options);
        g_assert_cmpint(meishi_options_check(options, known, &error), ==,
                        rows[i].complaint == NULL);
        if (rows[i].complaint == NULL)
            continue;
        g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT);
        g_assert_cmpstr(error->message, ==, rows[i].complaint);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bus/options/check", test_check);
    return g_test_run();
}
