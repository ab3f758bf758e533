/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which tokens there are, under which names; what they hold.
 */
#include "daemon/server/tokens.h"

#include "daemon/server/handle.h"
#include "module/wire/snapshot.h"
#include "tests/lib/sample-identities.h"
#include "tests/lib/stub-agent.h"

#include <string.h>

typedef struct {
    GPtrArray *identities;
    MeishiPresentation *presentation;
    GPtrArray *tokens;
} Plan;

static void
plan_init(Plan *plan)
{
    plan->identities = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_identity_unref);
}

static void
plan_clear(Plan *plan)
{
    g_clear_pointer(&plan->tokens, g_ptr_array_unref);
    g_clear_pointer(&plan->presentation, meishi_presentation_free);
    g_clear_pointer(&plan->identities, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Plan, plan_clear)

static MeishiIdentity *
add(Plan *plan, SampleKind kind, gint64 row, const char *label)
{
    MeishiIdentity *identity = sample_identity_new(kind, row);

    g_free(identity->label);
    identity->label = g_strdup(label);
    g_ptr_array_add(plan->identities, identity);
    return identity;
}

/* After the identities are there; roles are added before the plan is made. */
static MeishiPresentation *
present(Plan *plan)
{
    plan->presentation = stub_presentation_new(plan->identities);
    return plan->presentation;
}

static void
make(Plan *plan, MeishiLayout layout)
{
    if (plan->presentation == NULL)
        present(plan);
    plan->tokens = meishi_tokens_plan(plan->presentation, layout);
}

static const MeishiToken *
nth(const Plan *plan, guint n)
{
    g_assert_cmpuint(n, <, plan->tokens->len);
    return plan->tokens->pdata[n];
}

static const MeishiIdentity *
held(const MeishiToken *token, guint n)
{
    g_assert_cmpuint(n, <, token->shown->len);
    return ((const MeishiShown *)token->shown->pdata[n])->identity;
}

/* ---- the vault ----------------------------------------------------------------------------- */

static void
test_vault(void)
{
    g_auto(Plan) plan = {0};
    const MeishiToken *vault, *eddsa;

    plan_init(&plan);
    add(&plan, SAMPLE_RSA, 7, "best");
    add(&plan, SAMPLE_ED25519, 3, "apart");
    add(&plan, SAMPLE_EC, 1, "second");
    make(&plan, MEISHI_LAYOUT_VAULT);
    g_assert_cmpuint(plan.tokens->len, ==, 2);
    vault = nth(&plan, 0);
    eddsa = nth(&plan, 1);
    g_assert_cmpuint(vault->slot_id, ==, 1);
    g_assert_cmpuint(eddsa->slot_id, ==, 2);
    g_assert_cmpuint(vault->shown->len, ==, 2);
    g_assert_cmpstr(held(vault, 0)->label, ==, "best");
    g_assert_cmpstr(held(vault, 1)->label, ==, "second");
    g_assert_cmpstr(held(eddsa, 0)->label, ==, "apart");
    g_assert_true(vault->has_digests);
    g_assert_false(eddsa->has_digests);
    g_assert_cmpint(vault->role, ==, -1);
}

static void
test_vault_may_be_empty(void)
{
    g_auto(Plan) plan = {0};

    plan_init(&plan);
    make(&plan, MEISHI_LAYOUT_VAULT);
    g_assert_true(nth(&plan, 0)->is_present);
    g_assert_false(nth(&plan, 1)->is_present);
}

/* ---- tokens behind foreign modules --------------------------------------------------------- */

static void
put_on(MeishiIdentity *identity, guint seat, const char *label)
{
    identity->place = g_new0(MeishiTokenPlace, 1);
    identity->place->refs = 1;
    identity->is_in_vault = FALSE;
    identity->place->seat = seat;
    identity->place->slot_label = g_strdup(label);
    identity->place->serial = g_strdup("0001");
}

static void
test_foreign(void)
{
    g_auto(Plan) plan = {0};

    plan_init(&plan);
    put_on(add(&plan, SAMPLE_RSA, 10, "on a card"), 5, "Corp card");
    add(&plan, SAMPLE_EC, 1, "in the vault");
    put_on(add(&plan, SAMPLE_ED25519, 11, "on it, too"), 5, "Corp card");
    put_on(add(&plan, SAMPLE_EC, 12, "on another"), 0, "TPM");
    make(&plan, MEISHI_LAYOUT_VAULT);
    g_assert_cmpuint(plan.tokens->len, ==, 4);
    g_assert_cmpuint(nth(&plan, 0)->shown->len, ==, 1);
    g_assert_false(nth(&plan, 1)->is_present);
    g_assert_cmpuint(nth(&plan, 2)->slot_id, ==, MEISHI_SLOT_TOKENS);
    g_assert_cmpstr(nth(&plan, 2)->label, ==, "TPM");
    g_assert_cmpuint(nth(&plan, 3)->slot_id, ==, MEISHI_SLOT_TOKENS + 5);
    g_assert_cmpstr(nth(&plan, 3)->label, ==, "Corp card");
    g_assert_cmpstr(nth(&plan, 3)->serial, ==, "0001");
    g_assert_cmpstr(held(nth(&plan, 3), 0)->label, ==, "on a card");
    g_assert_cmpstr(held(nth(&plan, 3), 1)->label, ==, "on it, too");
}

/* ---- roles --------------------------------------------------------------------------------- */

static void
add_role(Plan *plan, const char *name, const char *label, MeishiIdentity *identity)
{
    stub_presentation_add_role(plan->presentation, name, label, identity, MEISHI_CONFIRM_NEVER);
}

/* These are in people's configurations: a change breaks them. */
static void
test_role_names_never_change(void)
{
    g_auto(Plan) plan = {0};
    const MeishiToken *token;

    plan_init(&plan);
    present(&plan);
    add_role(&plan, "vpn", "Corp VPN", NULL);
    make(&plan, MEISHI_LAYOUT_VAULT);
    g_assert_cmpuint(plan.tokens->len, ==, 3);
    token = nth(&plan, 2);
    g_assert_cmpuint(token->slot_id, ==, 27); /* 16 + 0xeb % 32 */
    g_assert_cmpint(token->role, ==, 11);
    g_assert_cmpstr(token->label, ==, "Corp VPN");
    g_assert_cmpstr(token->description, ==, "Meishi: Corp VPN");
    g_assert_cmpstr(token->model, ==, "Meishi role");
    g_assert_cmpstr(token->serial, ==, "ebf20cefc9169e0b"); /* of SHA-256("vpn") */
}

/* An absent token would cost running programs their sessions. */
static void
test_empty_role_is_present(void)
{
    g_auto(Plan) plan = {0};

    plan_init(&plan);
    present(&plan);
    add_role(&plan, "vpn", "Corp VPN", NULL);
    make(&plan, MEISHI_LAYOUT_VAULT);
    g_assert_true(nth(&plan, 2)->is_present);
    g_assert_cmpuint(nth(&plan, 2)->shown->len, ==, 0);
}

/* Whatever it holds today, tomorrow it may be a key of another type. */
static void
test_role_has_all_mechanisms(void)
{
    g_auto(Plan) plan = {0};
    MeishiIdentity *identity;
    guint all = 1u << MEISHI_KEY_RSA | 1u << MEISHI_KEY_EC | 1u << MEISHI_KEY_ED25519;

    plan_init(&plan);
    identity = add(&plan, SAMPLE_ED25519, 3, "x");
    present(&plan);
    add_role(&plan, "vpn", "Corp VPN", identity);
    make(&plan, MEISHI_LAYOUT_VAULT);
    g_assert_cmpuint(nth(&plan, 2)->key_types & all, ==, all);
    g_assert_true(nth(&plan, 2)->has_digests);
    g_assert_true(held(nth(&plan, 2), 0) == identity);
}

/* Every role has a slot of its own, the same each time, up to the number that there is room for. */
static void
test_many_roles(void)
{
    g_auto(Plan) plan = {0};
    g_autoptr(GPtrArray) again = NULL;
    guint64 seen = 0;

    plan_init(&plan);
    present(&plan);
    for (guint i = 0; i < MEISHI_HANDLE_MAX_ROLES + 3; i++) {
        g_autofree char *name = g_strdup_printf("role %02u", i);

        add_role(&plan, name, name, NULL);
    }
    make(&plan, MEISHI_LAYOUT_VAULT);
    again = meishi_tokens_plan(plan.presentation, MEISHI_LAYOUT_VAULT);
    g_assert_cmpuint(plan.tokens->len, ==, 2 + MEISHI_HANDLE_MAX_ROLES);
    for (guint i = 2; i < plan.tokens->len; i++) {
        const MeishiToken *token = nth(&plan, i), *same = again->pdata[i];
        guint64 bit = G_GUINT64_CONSTANT(1) << token->slot_id;

        g_assert_cmpuint(token->slot_id, >=, 16);
        g_assert_cmpuint(token->slot_id, <=, 47);
        g_assert_cmpuint(seen & bit, ==, 0);
        g_assert_cmpuint(token->slot_id, ==, same->slot_id);
        seen |= bit;
    }
}

static void
test_role_label_is_cut(void)
{
    g_auto(Plan) plan = {0};

    plan_init(&plan);
    present(&plan);
    add_role(&plan, "a", "0123456789012345678901234567890名刺",
             NULL); /* 31 bytes and two characters */
    add_role(&plan, "b", "012345678901234567890123456 9012 and so on", NULL);
    add_role(&plan, "c", "0123456789012345678901234567890 2", NULL);
    make(&plan, MEISHI_LAYOUT_VAULT);
    g_assert_cmpstr(nth(&plan, 2)->label, ==, "0123456789012345678901234567890");
    g_assert_cmpstr(nth(&plan, 3)->label, ==, "012345678901234567890123456 9012");
    g_assert_cmpstr(nth(&plan, 4)->label, ==, "0123456789012345678901234567890");
}

/* ---- a slot for each identity -------------------------------------------------------------- */

static void
test_slot_per_identity(void)
{
    g_auto(Plan) plan = {0};

    plan_init(&plan);
    add(&plan, SAMPLE_RSA, 7, "Hana Sato");
    add(&plan, SAMPLE_ED25519, 3, "Test");
    g_ptr_array_add(plan.identities, sample_identity_new_bare(SAMPLE_EC, 9)); /* is no offer */
    make(&plan, MEISHI_LAYOUT_SLOT_PER_IDENTITY);
    g_assert_cmpuint(plan.tokens->len, ==, 2);
    g_assert_cmpuint(nth(&plan, 0)->slot_id, ==, 64 + 7);
    g_assert_cmpuint(nth(&plan, 1)->slot_id, ==, 64 + 3);
    g_assert_cmpstr(nth(&plan, 0)->label, ==, "Hana Sato");
    g_assert_cmpstr(nth(&plan, 0)->model, ==, "Meishi identity");
    g_assert_cmpuint(strlen(nth(&plan, 0)->serial), ==, 16);
    g_assert_cmpuint(nth(&plan, 0)->key_types, ==, 1u << MEISHI_KEY_RSA);
    g_assert_cmpuint(nth(&plan, 1)->shown->len, ==, 1);
    g_assert_true(nth(&plan, 1)->is_present);
}

static void
test_labels_are_unique(void)
{
    g_auto(Plan) plan = {0};

    plan_init(&plan);
    add(&plan, SAMPLE_EC, 5, "Hana Sato");
    add(&plan, SAMPLE_EC, 4, "Hana Sato"); /* is older */
    add(&plan, SAMPLE_EC, 6, "Hana Sato");
    add(&plan, SAMPLE_EC, 7, "Corp VPN");
    add(&plan, SAMPLE_EC, 8, "0123456789012345678901234567890123456789 one");
    add(&plan, SAMPLE_EC, 9, "0123456789012345678901234567890123456789 other");
    present(&plan);
    add_role(&plan, "vpn", "Corp VPN", plan.identities->pdata[0]);
    make(&plan, MEISHI_LAYOUT_SLOT_PER_IDENTITY);
    g_assert_cmpstr(nth(&plan, 0)->label, ==, "Hana Sato (2)");
    g_assert_cmpstr(nth(&plan, 1)->label, ==, "Hana Sato");
    g_assert_cmpstr(nth(&plan, 2)->label, ==, "Hana Sato (3)");
    g_assert_cmpstr(nth(&plan, 3)->label, ==, "Corp VPN (2)");
    g_assert_cmpstr(nth(&plan, 4)->label, ==, "01234567890123456789012345678901");
    g_assert_cmpstr(nth(&plan, 5)->label, ==, "0123456789012345678901234567 (2)");
    g_assert_cmpstr(nth(&plan, 6)->label, ==, "Corp VPN");
}

/* GNOME Web passes over slots that are described like this. */
static void
test_descriptions(void)
{
    static const char *const labels[] = {"/usr/share/p11-kit", "SSH Keys", "Secret Store",
                                         "User Key Storage"};
    g_auto(Plan) plan = {0};

    plan_init(&plan);
    for (guint i = 0; i < G_N_ELEMENTS(labels); i++)
        add(&plan, SAMPLE_EC, (gint64)i + 1, labels[i]);
    present(&plan);
    add_role(&plan, "a", "/etc", plan.identities->pdata[0]);
    make(&plan, MEISHI_LAYOUT_SLOT_PER_IDENTITY);
    for (guint i = 0; i < plan.tokens->len; i++) {
        g_assert_true(g_str_has_prefix(nth(&plan, i)->description, "Meishi: "));
        g_assert_cmpuint(strlen(nth(&plan, i)->description), <=, 64);
    }
    for (guint i = 0; i < G_N_ELEMENTS(labels); i++)
        g_assert_cmpstr(nth(&plan, i)->label, ==, labels[i]);
}

/* A token that is there is an offer. */
static void
test_roles_beside_identities(void)
{
    g_auto(Plan) plan = {0};
    MeishiIdentity *identity;

    plan_init(&plan);
    identity = add(&plan, SAMPLE_EC, 5, "Hana Sato");
    present(&plan);
    add_role(&plan, "a", "Empty", NULL);
    add_role(&plan, "b", "Full", identity);
    make(&plan, MEISHI_LAYOUT_SLOT_PER_IDENTITY);
    g_assert_cmpuint(plan.tokens->len, ==, 3);
    g_assert_cmpuint(nth(&plan, 0)->slot_id, ==, 64 + 5);
    g_assert_false(nth(&plan, 1)->is_present);
    g_assert_true(nth(&plan, 2)->is_present);
    g_assert_true(held(nth(&plan, 2), 0) == identity);
}

/* As many as a snapshot has slots, the best of them. */
static void
test_too_many_identities(void)
{
    g_auto(Plan) plan = {0};

    plan_init(&plan);
    for (gint64 row = 200; row > 100; row--)
        add(&plan, SAMPLE_EC, row, "x");
    present(&plan);
    add_role(&plan, "a", "A", NULL);
    make(&plan, MEISHI_LAYOUT_SLOT_PER_IDENTITY);
    g_assert_cmpuint(plan.tokens->len, ==, MEISHI_SNAPSHOT_MAX_SLOTS);
    g_assert_cmpuint(nth(&plan, 0)->slot_id, ==, 64 + 200);
    g_assert_cmpuint(nth(&plan, 62)->slot_id, ==, 64 + 138);
    g_assert_cmpint(nth(&plan, 63)->role, >=, 0);
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    g_test_init(&argc, &argv, NULL);
    if (!meishi_crypto_init(&error))
        g_error("%s", error->message);
    g_test_add_func("/server/tokens/vault", test_vault);
    g_test_add_func("/server/tokens/foreign", test_foreign);
    g_test_add_func("/server/tokens/vault-may-be-empty", test_vault_may_be_empty);
    g_test_add_func("/server/tokens/role-names-never-change", test_role_names_never_change);
    g_test_add_func("/server/tokens/empty-role-is-present", test_empty_role_is_present);
    g_test_add_func("/server/tokens/role-has-all-mechanisms", test_role_has_all_mechanisms);
    g_test_add_func("/server/tokens/many-roles", test_many_roles);
    g_test_add_func("/server/tokens/role-label-is-cut", test_role_label_is_cut);
    g_test_add_func("/server/tokens/slot-per-identity", test_slot_per_identity);
    g_test_add_func("/server/tokens/labels-are-unique", test_labels_are_unique);
    g_test_add_func("/server/tokens/descriptions", test_descriptions);
    g_test_add_func("/server/tokens/roles-beside-identities", test_roles_beside_identities);
    g_test_add_func("/server/tokens/too-many-identities", test_too_many_identities);
    return g_test_run();
}
