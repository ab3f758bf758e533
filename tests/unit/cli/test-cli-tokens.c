/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which token a person means.
 */
#include "cli/tokens.h"

#include "cli/error.h"

static void
add(GPtrArray *tokens, const char *label, const char *serial)
{
    GVariantDict dict;

    g_variant_dict_init(&dict, NULL);
    g_variant_dict_insert(&dict, "Label", "s", label);
    g_variant_dict_insert(&dict, "SerialNumber", "s", serial);
    g_ptr_array_add(tokens, g_variant_ref_sink(g_variant_dict_end(&dict)));
}

static GPtrArray *
some_tokens(void)
{
    GPtrArray *tokens = g_ptr_array_new_with_free_func((GDestroyNotify)g_variant_unref);

    add(tokens, "work", "1");
    add(tokens, "Work", "2");
    add(tokens, "Ämter", "3");
    add(tokens, "2", "");
    add(tokens, "Twin (2)", "4");
    add(tokens, "Twin", "4");
    return tokens;
}

/* @index -1: none. */
static void
check(const char *name, int index)
{
    g_autoptr(GPtrArray) tokens = some_tokens();
    g_autoptr(GError) error = NULL;
    GVariant *found = meishi_tokens_resolve(tokens, name, &error);

    if (index >= 0) {
        g_assert_no_error(error);
        g_assert_true(found == tokens->pdata[index]);
    } else {
        g_assert_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_NAME);
        g_assert_null(found);
    }
}

static void
test_label(void)
{
    check("work", 0);
    check("Work", 1);
    check("ÄMTER", 2);
    check("Twin", 5);
}

static void
test_serial(void)
{
    check("3", 2);
    check("1", 0);
    check("2", 3); /* a label comes before a serial number */
}

static void
test_nobody(void)
{
    check("WORK", -1); /* two */
    check("4", -1);    /* two */
    check("", -1);
    check("wor", -1);
}

static void
test_sorted(void)
{
    g_autoptr(GPtrArray) tokens = g_ptr_array_new_with_free_func((GDestroyNotify)g_variant_unref);

    add(tokens, "b", "1");
    add(tokens, "a", "2");
    meishi_tokens_sort(tokens);
    g_assert_true(meishi_tokens_resolve(tokens, "a", NULL) == tokens->pdata[0]);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/tokens/label", test_label);
    g_test_add_func("/cli/tokens/serial", test_serial);
    g_test_add_func("/cli/tokens/nobody", test_nobody);
    g_test_add_func("/cli/tokens/sorted", test_sorted);
    return g_test_run();
}
