/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tokens and what lay on them: what goes in comes out, is written over by its id, and leaves when
 * it is told to or, where it is damaged, with the next one that is written.
 */
#include "tests/unit/store/fixture.h"

#include "daemon/base/error.h"

#include <string.h>

/* Everything, of a store that has no complaint. */
static char *
describe_sound(MeishiStore *store)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) findings = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *all = describe_store(store);

    g_assert_true(meishi_store_check(store, findings, &error));
    g_assert_cmpuint(findings->len, ==, 0);
    return g_steal_pointer(&all);
}

static void
assert_tokens(MeishiStore *store, const char *expected)
{
    g_autofree char *found = describe_sound(store);
    const char *tokens = strstr(found, "token ");

    g_assert_cmpstr(tokens != NULL ? tokens : "", ==, expected);
}

static void
write_token(MeishiStore *store, MeishiStoreToken *token, MeishiStoreTokenContent *content)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(meishi_store_write_token(store, token, content, &error));
    g_assert_no_error(error);
}

static void
test_without_vault(Fixture *fixture, gconstpointer data)
{
    g_autoptr(MeishiStoreToken) token = sample_token(1);
    g_autoptr(GError) write_error = NULL;
    g_autoptr(GError) remove_error = NULL;

    assert_tokens(fixture->store, "");
    g_assert_false(meishi_store_write_token(fixture->store, token, NULL, &write_error));
    g_assert_error(write_error, MEISHI_ERROR, MEISHI_ERROR_NO_VAULT);
    g_assert_cmpint(token->id, ==, 0);
    g_assert_false(meishi_store_remove_token(fixture->store, 1, &remove_error));
    g_assert_error(remove_error, MEISHI_ERROR, MEISHI_ERROR_NO_VAULT);
}

#define TOKEN_1 "token 1: 1 [card 1] [ACME] [] [serial 1] opensc 1700000201 1 1\n"
#define TOKEN_2 "token 2: 2 [card 2] [ACME] [two] [serial 2] opensc 1700000202 2 2\n"
#define ON_1    "on token 1: 2097162 - [on token 10]\non token 1: 2097163 Key 1 [on token 11]\n"
#define ON_2    "on token 2: 2097172 - [on token 20]\n"
#define CA_1    "issuer on 1: [issuer on token 1]\n"
#define CA_2    "issuer on 2: [issuer on token 2]\n"

static void
test_written_over(Fixture *fixture, gconstpointer data)
{
    g_autoptr(MeishiStoreToken) one = sample_token(1);
    g_autoptr(MeishiStoreToken) two = sample_token(2);
    g_autoptr(MeishiStoreTokenContent) on_one = sample_content(1, 2);
    g_autoptr(MeishiStoreTokenContent) on_two = sample_content(2, 1);

    write_token(fixture->store, one, on_one);
    write_token(fixture->store, two, on_two);
    g_assert_cmpint(one->id, ==, 1);
    g_assert_cmpint(two->id, ==, 2);
    fixture_reopen(fixture);
    assert_tokens(fixture->store, TOKEN_1 TOKEN_2 ON_1 ON_2 CA_1 CA_2);

    /* Without content what there is stays, */
    one->pin_keep = 3;
    one->pin_minutes = 10;
    write_token(fixture->store, one, NULL);
    assert_tokens(fixture->store,
                  "token 1: 1 [card 1] [ACME] [] [serial 1] opensc 1700000201 3 10\n" TOKEN_2 ON_1
                      ON_2 CA_1 CA_2);

    /* with content it is taken from that token alone.  A certificate may lie on two. */
    write_token(fixture->store, one, on_two);
    fixture_reopen(fixture);
    assert_tokens(fixture->store,
                  "token 1: 1 [card 1] [ACME] [] [serial 1] opensc 1700000201 3 10\n" TOKEN_2
                  "on token 1: 2097172 - [on token 20]\n" ON_2
                  "issuer on 1: [issuer on token 2]\n" CA_2);
}

/* An id is never used twice: D-Bus paths are made from it. */
static void
test_removed(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiStoreToken) one = sample_token(1);
    g_autoptr(MeishiStoreToken) two = sample_token(2);
    g_autoptr(MeishiStoreToken) three = sample_token(3);
    g_autoptr(MeishiStoreTokenContent) on_one = sample_content(1, 2);
    g_autoptr(MeishiStoreTokenContent) on_two = sample_content(2, 1);

    write_token(fixture->store, one, on_one);
    write_token(fixture->store, two, on_two);
    g_assert_true(meishi_store_remove_token(fixture->store, 2, &error));
    g_assert_true(meishi_store_remove_token(fixture->store, 2, &error));
    fixture_reopen(fixture);
    assert_tokens(fixture->store, TOKEN_1 ON_1 CA_1);
    write_token(fixture->store, three, NULL);
    g_assert_cmpint(three->id, ==, 3);
    g_assert_no_error(error);
}

/* Which card somebody carries must not be left lying about. */
static void
test_removed_is_overwritten(Fixture *fixture, gconstpointer data)
{
    static const char *const names[] = {"vault.db", "vault.db-wal"};
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiStoreToken) token = sample_token(1);
    g_autoptr(MeishiStoreTokenContent) content = sample_content(1, 1);

    g_free(token->label);
    token->label = g_strdup("secret employer");
    write_token(fixture->store, token, content);
    g_assert_true(meishi_store_remove_token(fixture->store, token->id, &error));
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *file = NULL;
        gsize len;

        fixture_read(fixture, names[i], &file, &len);
        g_assert_null(memmem(file, len, "secret employer", 15));
        g_assert_null(memmem(file, len, "on token 10", 11));
    }
}

/* A damaged entry is no reason to bother anybody: the card itself knows what was in it. */
static void
test_damaged_leave_with_the_next(Fixture *fixture, gconstpointer data)
{
    g_autoptr(MeishiStoreToken) one = sample_token(1);
    g_autoptr(MeishiStoreToken) two = sample_token(2);
    g_autoptr(MeishiStoreTokenContent) on_one = sample_content(1, 2);
    g_autoptr(MeishiStoreTokenContent) on_two = sample_content(2, 1);

    write_token(fixture->store, one, on_one);
    fixture_run_sql(fixture, "UPDATE tokens SET serial = 'x'");
    write_token(fixture->store, two, on_two);
    assert_tokens(fixture->store, TOKEN_2 ON_2 CA_2);
}

#define ADD(path, set_up, func) \
    g_test_add("/store/tokens/" path, Fixture, NULL, set_up, func, fixture_tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("without-vault", fixture_set_up, test_without_vault);
    ADD("written-over", fixture_set_up_vault, test_written_over);
    ADD("removed", fixture_set_up_vault, test_removed);
    ADD("removed-is-overwritten", fixture_set_up_vault, test_removed_is_overwritten);
    ADD("damaged-leave-with-the-next", fixture_set_up_vault, test_damaged_leave_with_the_next);
    return g_test_run();
}
