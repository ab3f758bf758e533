/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Identities on a card that is away: listed, shown to no program, asked for, and forgotten.  No
 * card ever comes; what a card brings back is imported here, which is the same to a question.
 */
#include "daemon/agent/agent-private.h"

#include "daemon/agent/presentation.h"
#include "daemon/base/error.h"
#include "tests/unit/agent/asking.h"

#include <string.h>

#define HOST "www.example.com"

static GBytes *
der_of(const char *name)
{
    g_autoptr(GBytes) file = world_pki(name);
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiBundle) bundle = meishi_bundle_read(file, name, none, &error);

    g_assert_no_error(error);
    return g_bytes_ref(((MeishiBundleCert *)bundle->certs->pdata[0])->der);
}

static void
remove_identity(Asking *asking, const char *label)
{
    g_autoptr(MeishiIdentity) identity = world_identity(asking->world, label);
    g_autoptr(GError) error = NULL;

    g_assert_true(meishi_agent_remove(asking->agent, identity, &error));
    g_assert_no_error(error);
}

/* A card was in with the certificates @first and (unless NULL) @second on it, and is away. */
static guint
put_away(Asking *asking, const char *first, const char *second)
{
    const char *const files[] = {first, second, NULL};
    g_autoptr(GPtrArray) modules = g_ptr_array_new();
    g_autoptr(GPtrArray) identities =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_store_token_identity_free);
    g_autoptr(GPtrArray) issuers = g_ptr_array_new();
    const MeishiTokenContent facts = {.label = (char *)"Corp card",
                                      .maker = (char *)"ACME",
                                      .model = (char *)"M",
                                      .serial = (char *)"17",
                                      .module = (char *)"opensc"};
    const MeishiTokenSeen seen = {&facts, MEISHI_TOKEN_CARD, {identities, issuers}};
    MeishiTokenBook *book = asking->agent->token_book;
    MeishiKnownToken *known;

    for (guint i = 0; files[i] != NULL; i++) {
        MeishiStoreTokenIdentity *identity = g_new0(MeishiStoreTokenIdentity, 1);

        identity->number = MEISHI_FIRST_TOKEN_ROW + 17 + i;
        identity->der = der_of(files[i]);
        identity->label = g_strdup_printf("Key %u", i + 1);
        g_ptr_array_add(identities, identity);
    }
    known = meishi_token_book_meet(book, &seen);
    meishi_token_book_note(book, known, &seen, 100);
    meishi_token_book_part(book, known, 100);
    meishi_agent_set_token_modules(asking->agent, modules);
    world_settle();
    return known->number;
}

static Asking *
new_asking(void)
{
    Asking *asking = asking_new();

    remove_identity(asking, "Alice");
    remove_identity(asking, "Bob");
    return asking;
}

/* ---- listed ---------------------------------------------------------------------------------- */

static void
test_listed(void)
{
    g_autoptr(Asking) asking = new_asking();
    g_autoptr(MeishiIdentity) found = NULL;
    g_autoptr(GPtrArray) views = NULL;
    const MeishiTokenView *view;
    guint number = put_away(asking, "alice.crt", NULL);

    found = meishi_agent_find(asking->agent, MEISHI_FIRST_TOKEN_ROW + 17, 0);
    g_assert_cmpstr(found->label, ==, "Key 1");
    g_assert_cmpstr(found->place->slot_label, ==, "Corp card");
    g_assert_false(meishi_identity_is_present(found));
    g_assert_false(found->is_in_vault);
    views = meishi_agent_list_tokens(asking->agent);
    g_assert_cmpuint(views->len, ==, 1);
    view = views->pdata[0];
    g_assert_cmpuint(view->place->number, ==, number);
    g_assert_false(view->place->is_present);
    g_assert_cmpint(view->last_seen, ==, 100);
    g_assert_cmpstr(view->pin, ==, "");
    g_assert_cmpuint(view->identities->len, ==, 1);
    g_assert_true(view->identities->pdata[0] == found);
}

static gboolean
is_among(GPtrArray *identities, const char *label)
{
    for (guint i = 0; i < identities->len; i++) {
        if (g_str_equal(((const MeishiIdentity *)identities->pdata[i])->label, label))
            return TRUE;
    }
    return FALSE;
}

/* Nothing can be done with it, so it is there for nobody; nor is anybody refused anything. */
static void
test_not_presented(void)
{
    g_autoptr(Asking) asking = new_asking();
    g_autoptr(MeishiPresentation) presentation = NULL;

    put_away(asking, "alice.crt", NULL);
    presentation = meishi_agent_present(asking->agent, asking->me);
    for (guint i = 0; i < presentation->shown->len; i++)
        g_assert_true(meishi_identity_is_present(
            ((const MeishiShown *)presentation->shown->pdata[i])->identity));
    g_assert_false(is_among(presentation->withheld, "Key 1"));
}

/* The same certificate in the vault: that one, and nothing of the card. */
static void
test_in_vault_as_well(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(MeishiIdentity) alice = world_identity(asking->world, "Alice");
    g_autoptr(MeishiIdentity) still = NULL;
    g_autoptr(Call) call = NULL;

    remove_identity(asking, "Bob");
    put_away(asking, "alice.crt", NULL);
    still = world_identity(asking->world, "Alice");
    g_assert_cmpint(still->cert_id, ==, alice->cert_id);
    g_assert_null(still->place);
    g_assert_null(meishi_agent_find(asking->agent, MEISHI_FIRST_TOKEN_ROW + 17, 0));
    call = asking_start(asking, asking_call(asking, HOST));
    assert_asked(asking, "kind", "single");
    asking_dismiss(asking);
}

static void
test_after_a_restart(void)
{
    g_autoptr(Asking) asking = new_asking();
    g_autoptr(MeishiTokenBook) book = NULL;
    g_autoptr(GError) error = NULL;

    put_away(asking, "alice.crt", NULL);
    book = meishi_token_book_new(asking->agent->store, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(meishi_token_book_list(book)->len, ==, 1);
}

/* ---- asked for ------------------------------------------------------------------------------- */

static void
import(Asking *asking, const char *files)
{
    g_autofree char *outcomes = world_import_outcomes(asking->world, files, "secret");

    g_assert_nonnull(strchr(outcomes, 'A'));
    world_settle();
}

static void
test_insert_is_the_answer(void)
{
    g_autoptr(Asking) asking = new_asking();
    g_autoptr(Call) call = NULL;

    put_away(asking, "alice.crt", NULL);
    call = asking_start(asking, asking_call(asking, HOST));
    assert_asked(asking, "kind", "insert");
    assert_offered(asking, "(Key 1) (Stranger)");
    import(asking, "alice.p12");
    assert_call(call, "selected Alice at work once");
    g_assert_cmpstr(asking->cancelled->str, ==, "answered ");
    g_assert_cmpuint(asking->n_begun, ==, 1);
}

static void
test_several_are_asked_about(void)
{
    g_autoptr(Asking) asking = new_asking();
    g_autoptr(Call) call = NULL;

    put_away(asking, "alice.crt", "bob.crt");
    call = asking_start(asking, asking_call(asking, HOST));
    assert_asked(asking, "kind", "insert");
    import(asking, "alice.p12,bob.pem");
    assert_call(call, "waiting");
    g_assert_cmpstr(asking->cancelled->str, ==, "answered ");
    assert_asked(asking, "kind", "choose");
    asking_answer(asking, "Alice at work", "once", "host-port", FALSE);
    assert_call(call, "selected Alice at work once");
}

/* Somebody inserts another card, which fits as well. */
static void
test_another_card(void)
{
    g_autoptr(Asking) asking = new_asking();
    g_autoptr(Call) call = NULL;

    put_away(asking, "alice.crt", NULL);
    call = asking_start(asking, asking_call(asking, HOST));
    import(asking, "bob.pem");
    assert_call(call, "waiting");
    assert_asked(asking, "kind", "single");
    asking_dismiss(asking);
}

/* One that does not fit changes nothing. */
static void
test_a_useless_card(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(Call) call = NULL;

    remove_identity(asking, "Alice");
    remove_identity(asking, "Stranger");
    remove_identity(asking, "Bob");
    put_away(asking, "alice.crt", NULL);
    call = asking_start(asking, asking_call(asking, HOST));
    import(asking, "stranger.crt,stranger.key");
    assert_call(call, "waiting");
    assert_asked(asking, "kind", "insert");
    g_assert_cmpuint(asking->n_begun, ==, 1);
    asking_dismiss(asking);
}

/* ---- forgotten ------------------------------------------------------------------------------- */

static void
choose(Asking *asking, const char *label)
{
    g_autofree char *id = asking_id(asking, label);
    g_autoptr(GError) error = NULL;
    const MeishiChoiceSpec spec = {.reach = MEISHI_REACH_HOST_PORT,
                                   .host = HOST,
                                   .port = 443,
                                   .id = id,
                                   .scope = MEISHI_SCOPE_ALWAYS};

    g_assert_true(meishi_agent_choose(asking->agent, &spec, NULL, &error));
    g_assert_no_error(error);
}

static void
test_forgotten(void)
{
    g_autoptr(Asking) asking = new_asking();
    g_autoptr(GPtrArray) views = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) again = NULL;
    guint number = put_away(asking, "alice.crt", NULL);

    choose(asking, "Key 1");
    assert_choices(asking, "Key 1 always " HOST ":443 any");
    g_assert_true(meishi_agent_forget_token(asking->agent, number, &error));
    g_assert_no_error(error);
    g_assert_null(meishi_agent_find(asking->agent, MEISHI_FIRST_TOKEN_ROW + 17, 0));
    views = meishi_agent_list_tokens(asking->agent);
    g_assert_cmpuint(views->len, ==, 0);
    assert_choices(asking, "");
    g_assert_false(meishi_agent_forget_token(asking->agent, number, &again));
    g_assert_error(again, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
}

/* ---- connections ------------------------------------------------------------------------------
 */

/* Of choices, and of what was selected in the last hour; each target once. */
static void
test_connections_end(void)
{
    g_autoptr(Asking) asking = asking_new();
    g_autoptr(GPtrArray) pulled =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_identity_unref);
    g_autoptr(Call) call = asking_start(asking, asking_call(asking, "a.example.com"));
    g_autoptr(Call) other = NULL;
    g_autoptr(Call) twice = NULL;

    asking_answer(asking, "Alice", "once", "host-port", FALSE);
    assert_call(call, "selected Alice once");
    other = asking_start(asking, asking_call(asking, "b.example.com"));
    asking_answer(asking, "Bob", "once", "host-port", FALSE);
    choose(asking, "Alice");
    twice = asking_start(asking, asking_call(asking, HOST));
    assert_call(twice, "selected Alice always");
    g_string_truncate(asking->flushed, 0);
    g_ptr_array_add(pulled, world_identity(asking->world, "Alice"));
    meishi_agent_tell_pulled(asking->agent, pulled);
    g_assert_cmpstr(asking->flushed->str, ==, HOST ":443 a.example.com:443 ");
}

int
main(int argc, char **argv)
{
    world_init(&argc, &argv);
    g_test_add_func("/agent/absent/listed", test_listed);
    g_test_add_func("/agent/absent/not-presented", test_not_presented);
    g_test_add_func("/agent/absent/in-vault-as-well", test_in_vault_as_well);
    g_test_add_func("/agent/absent/after-a-restart", test_after_a_restart);
    g_test_add_func("/agent/absent/question/insert-is-the-answer", test_insert_is_the_answer);
    g_test_add_func("/agent/absent/question/several", test_several_are_asked_about);
    g_test_add_func("/agent/absent/question/another-card", test_another_card);
    g_test_add_func("/agent/absent/question/a-useless-card", test_a_useless_card);
    g_test_add_func("/agent/absent/forgotten", test_forgotten);
    g_test_add_func("/agent/absent/connections-end", test_connections_end);
    return world_run();
}
