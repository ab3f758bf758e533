/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/bus/dictionary.c: known keys once and with their type, unknown ones passed over.
 */
#include "daemon/bus/dictionary.h"

#include "daemon/base/error.h"

typedef struct {
    guint number;
    gboolean flag;
} Seen;

static gboolean
take_number(gpointer data, GVariant *value)
{
    ((Seen *)data)->number = g_variant_get_uint32(value);
    return ((Seen *)data)->number < 10;
}

static gboolean
take_flag(gpointer data, GVariant *value)
{
    ((Seen *)data)->flag = g_variant_get_boolean(value);
    return TRUE;
}

static const MeishiEntry known[] = {
    {"number", "u", "a number below 10", take_number},
    {"flag", "b", "true or false", take_flag},
    {NULL, NULL, NULL, NULL},
};

static void
test_read(void)
{
    const struct {
        const char *dictionary;
        const char *complaint; /* NULL: fine */
        Seen seen;
    } rows[] = {
        {"{}", NULL, {0, FALSE}},
        {"{'number': <uint32 7>, 'flag': <true>}", NULL, {7, TRUE}},
        {"{'Number': <'x'>, '': <1>, 'flag': <true>, 'flags': <()>}", NULL, {0, TRUE}},
        {"{'number': <uint32 10>}", "“number” has to be a number below 10 (D-Bus type u)", {0}},
        {"{'number': <7>}", "“number” has to be a number below 10 (D-Bus type u)", {0}},
        {"{'flag': <<true>>}", "“flag” has to be true or false (D-Bus type b)", {0}},
        {"[{'flag', <true>}, {'flag', <true>}]", "“flag” is given twice", {0}},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GVariant) dictionary =
            g_variant_parse(G_VARIANT_TYPE_VARDICT, rows[i].dictionary, NULL, NULL, NULL);
        g_autoptr(GError) error = NULL;
        Seen seen = {0};

        g_assert_nonnull(dictionary);
        g_assert_cmpint(meishi_dictionary_read(dictionary, known, &seen, &error), ==,
                        rows[i].complaint == NULL);
        if (rows[i].complaint != NULL) {
            g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT);
            g_assert_cmpstr(error->message, ==, rows[i].complaint);
            continue;
        }
        g_assert_cmpuint(seen.number, ==, rows[i].seen.number);
        g_assert_cmpint(seen.flag, ==, rows[i].seen.flag);
    }
}

static void
test_find(void)
{
    g_assert_true(meishi_dictionary_find(known, "flag") == &known[1]);
    g_assert_null(meishi_dictionary_find(known, "flags"));
    g_assert_null(meishi_dictionary_find(known, ""));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bus/dictionary/read", test_read);
    g_test_add_func("/bus/dictionary/find", test_find);
    return g_test_run();
}
