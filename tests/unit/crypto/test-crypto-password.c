/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The forms of a password that are tried, and their order.
 */
#include "tests/unit/crypto/fixture.h"

#include "daemon/crypto/bundle-password.h"

#include <string.h>

typedef struct {
    const char *text; /* NULL: absent */
    const char *bytes;
} Form;

static void
assert_form(const MeishiPassword *password, const Form *form)
{
    if (!form->text)
        g_assert_null(password->text);
    else
        g_assert_cmpmem(meishi_secret_data(password->text), meishi_secret_len(password->text),
                        form->text, strlen(form->text));
    g_assert_cmpmem(meishi_secret_data(password->bytes), meishi_secret_len(password->bytes),
                    form->bytes, strlen(form->bytes));
}

/* After @forms always the absent and the empty one. */
static void
assert_list(const char *given, const Form *forms, guint n)
{
    static const Form last[] = {{NULL, ""}, {"", ""}};
    g_autoptr(GPtrArray) passwords =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_secret_unref);
    g_autoptr(GPtrArray) list = NULL;

    if (given)
        g_ptr_array_add(passwords, fixture_secret(given));
    list = meishi_bundle_password_list(passwords);
    g_assert_cmpuint(list->len, ==, n + 2);
    for (guint i = 0; i < n; i++)
        assert_form(g_ptr_array_index(list, i), &forms[i]);
    for (guint i = 0; i < 2; i++)
        assert_form(g_ptr_array_index(list, n + i), &last[i]);
}

static void
test_none(void)
{
    g_autoptr(GPtrArray) list = meishi_bundle_password_list(NULL);

    g_assert_cmpuint(list->len, ==, 2);
    assert_list(NULL, NULL, 0);
    assert_list("", NULL, 0);
}

static void
test_ascii(void)
{
    const Form forms[] = {{"secret", "secret"}};

    assert_list("secret", forms, G_N_ELEMENTS(forms));
}

static void
test_latin1(void)
{
    const Form forms[] = {
        {"ü", "ü"},
        {"Ã¼", "ü"},
        {"ü", "\xfc"},
    };

    assert_list("ü", forms, G_N_ELEMENTS(forms));
}

static void
test_cp1252(void)
{
    const Form forms[] = {
        {"€", "€"},
        {"â\xc2\x82\xc2\xac", "€"},
        {"€", "\x80"},
        {"\xc2\x80", "\x80"},
    };

    assert_list("€", forms, G_N_ELEMENTS(forms));
}

static void
test_beyond(void)
{
    const Form forms[] = {{"я", "я"}, {"Ñ\xc2\x8f", "я"}};

    assert_list("я", forms, G_N_ELEMENTS(forms));
}

static void
test_not_utf8(void)
{
    const Form forms[] = {{"gr\xc3\xbc\xc3\x9f", "gr\xfc\xdf"}};

    assert_list("gr\xfc\xdf", forms, G_N_ELEMENTS(forms));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/crypto/password/none", test_none);
    g_test_add_func("/crypto/password/ascii", test_ascii);
    g_test_add_func("/crypto/password/latin1", test_latin1);
    g_test_add_func("/crypto/password/cp1252", test_cp1252);
    g_test_add_func("/crypto/password/beyond-western-sets", test_beyond);
    g_test_add_func("/crypto/password/not-utf8", test_not_utf8);
    return g_test_run();
}
