/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What stands behind a handle, and what lies in the snapshot beside it.
 */
#include "daemon/server/view.h"

#include "daemon/server/handle.h"
#include "module/wire/cryptoki.h"
#include "module/wire/snapshot.h"
#include "tests/lib/sample-identities.h"
#include "tests/lib/stub-agent.h"

#include <fcntl.h>

typedef struct {
    GPtrArray *identities;
    MeishiPresentation *presentation;
    MeishiView *view;
    struct meishi_snapshot snapshot;
} Sight;

/* Rows 1 to 3 of each kind. */
static void
sight_init(Sight *sight)
{
    sight->identities = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_identity_unref);
    for (SampleKind kind = SAMPLE_EC; kind < SAMPLE_N; kind++)
        g_ptr_array_add(sight->identities, sample_identity_new(kind, (gint64)kind + 1));
}

/* Another certificate of the key in row @key_id. */
static MeishiIdentity *
add_renewed(Sight *sight, gint64 cert_id, gint64 key_id)
{
    MeishiIdentity *identity = sample_identity_new((SampleKind)(key_id - 1), cert_id);

    identity->key_id = key_id;
    g_ptr_array_add(sight->identities, identity);
    return identity;
}

static MeishiPresentation *
present(Sight *sight)
{
    sight->presentation = stub_presentation_new(sight->identities);
    return sight->presentation;
}

static void
look(Sight *sight, MeishiLayout layout)
{
    g_autoptr(GError) error = NULL;

    if (sight->presentation == NULL)
        present(sight);
    sight->view = meishi_view_new(sight->presentation, layout, 1, &error);
    g_assert_no_error(error);
    g_assert_true(meishi_snapshot_map(meishi_view_snapshot(sight->view), &sight->snapshot));
}

static void
sight_clear(Sight *sight)
{
    if (sight->snapshot.base != NULL)
        meishi_snapshot_unmap(&sight->snapshot);
    meishi_view_unref(sight->view);
    meishi_presentation_free(sight->presentation);
    g_ptr_array_unref(sight->identities);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Sight, sight_clear)

static MeishiViewKey
find_private(const Sight *sight, gint64 row)
{
    return meishi_view_find_key(sight->view, meishi_handle_make(MEISHI_HANDLE_PRIVATE_KEY, row));
}

static MeishiViewKey
find_further(const Sight *sight, gint64 row)
{
    return meishi_view_find_key(sight->view,
                                meishi_handle_make(MEISHI_HANDLE_FURTHER_PRIVATE_KEY, row));
}

/* ---- handles ------------------------------------------------------------------------------- */

static void
test_keys(void)
{
    g_auto(Sight) sight = {0};
    MeishiViewKey found;

    sight_init(&sight);
    look(&sight, MEISHI_LAYOUT_VAULT);
    found = find_private(&sight, 1);
    g_assert_true(found.identity == sight.identities->pdata[0]);
    g_assert_true(found.is_private);
    g_assert_false(found.is_withheld);
    g_assert_cmpint(found.confirm, ==, MEISHI_CONFIRM_NEVER);
    found = meishi_view_find_key(sight.view, meishi_handle_make(MEISHI_HANDLE_PUBLIC_KEY, 2));
    g_assert_true(found.identity == sight.identities->pdata[1]);
    g_assert_false(found.is_private);
    g_assert_null(find_private(&sight, 4).identity);
    g_assert_null(meishi_view_find_key(sight.view, meishi_handle_make(MEISHI_HANDLE_CERTIFICATE, 1))
                      .identity);
    g_assert_null(
        meishi_view_find_key(sight.view, meishi_handle_make(MEISHI_HANDLE_PROFILE, 17)).identity);
    g_assert_null(meishi_view_find_key(sight.view, 0).identity);
    g_assert_null(meishi_view_find_key(sight.view, G_MAXUINT64).identity);
}

static void
test_withheld(void)
{
    g_auto(Sight) sight = {0};

    sight_init(&sight);
    add_renewed(&sight, 11, 2);
    stub_presentation_withhold(present(&sight), 1);
    stub_presentation_withhold(sight.presentation, 11);
    look(&sight, MEISHI_LAYOUT_VAULT);
    g_assert_true(find_private(&sight, 1).is_withheld);
    g_assert_nonnull(find_private(&sight, 1).identity);
    g_assert_true(find_further(&sight, 11).is_withheld);
    g_assert_false(find_private(&sight, 2).is_withheld); /* by its older certificate */
    g_assert_null(meishi_snapshot_object(&sight.snapshot,
                                         meishi_handle_make(MEISHI_HANDLE_PRIVATE_KEY, 1), NULL));
    g_assert_null(meishi_snapshot_object(&sight.snapshot,
                                         meishi_handle_make(MEISHI_HANDLE_CERTIFICATE, 11), NULL));
}

/* A signature does not say which certificate goes with it. */
static void
test_strictest_confirmation_of_a_key(void)
{
    g_auto(Sight) sight = {0};

    sight_init(&sight);
    add_renewed(&sight, 11, 1);
    stub_presentation_confirm(present(&sight), 11, MEISHI_CONFIRM_EACH_SESSION);
    stub_presentation_confirm(sight.presentation, 2, MEISHI_CONFIRM_EACH_USE);
    look(&sight, MEISHI_LAYOUT_VAULT);
    g_assert_cmpint(find_private(&sight, 1).confirm, ==, MEISHI_CONFIRM_EACH_SESSION);
    g_assert_cmpint(find_further(&sight, 11).confirm, ==, MEISHI_CONFIRM_EACH_SESSION);
    g_assert_cmpint(find_further(&sight, 1).confirm, ==, MEISHI_CONFIRM_EACH_SESSION);
    g_assert_cmpint(find_private(&sight, 2).confirm, ==, MEISHI_CONFIRM_EACH_USE);
    g_assert_cmpint(find_private(&sight, 3).confirm, ==, MEISHI_CONFIRM_NEVER);
}

/* ---- roles --------------------------------------------------------------------------------- */

static guint64
role_handle(const Sight *sight, gint64 row)
{
    g_autoptr(GPtrArray) tokens = meishi_tokens_plan(sight->presentation, MEISHI_LAYOUT_VAULT);
    const MeishiToken *token = tokens->pdata[2];

    return meishi_handle_make_in_role(MEISHI_HANDLE_ROLE_PRIVATE_KEY, (guint)token->role, row);
}

static void
test_role(void)
{
    g_auto(Sight) sight = {0};
    MeishiViewKey found;

    sight_init(&sight);
    stub_presentation_add_role(present(&sight), "vpn", "Corp VPN", sight.identities->pdata[0],
                               MEISHI_CONFIRM_EACH_USE);
    look(&sight, MEISHI_LAYOUT_VAULT);
    found = meishi_view_find_key(sight.view, role_handle(&sight, 1));
    g_assert_true(found.identity == sight.identities->pdata[0]);
    g_assert_true(found.is_private);
    g_assert_cmpint(found.confirm, ==, MEISHI_CONFIRM_EACH_USE); /* on the role's terms */
    g_assert_cmpint(find_private(&sight, 1).confirm, ==, MEISHI_CONFIRM_NEVER);
    g_assert_nonnull(meishi_snapshot_object(&sight.snapshot, role_handle(&sight, 1), NULL));
    /* what it held before: the program sees it in the vault */
    found = meishi_view_find_key(sight.view, role_handle(&sight, 2));
    g_assert_true(found.identity == sight.identities->pdata[1]);
    g_assert_null(meishi_view_find_key(sight.view, role_handle(&sight, 99)).identity);
}

/* One key, two certificates: the role does not go round what the other one wants. */
static void
test_role_shares_key(void)
{
    g_auto(Sight) sight = {0};
    MeishiIdentity *renewed;

    sight_init(&sight);
    renewed = add_renewed(&sight, 9, 1);
    stub_presentation_confirm(present(&sight), 1, MEISHI_CONFIRM_EACH_USE);
    stub_presentation_add_role(sight.presentation, "vpn", "Corp VPN", renewed,
                               MEISHI_CONFIRM_NEVER);
    look(&sight, MEISHI_LAYOUT_VAULT);
    g_assert_cmpint(find_private(&sight, 1).confirm, ==, MEISHI_CONFIRM_EACH_USE);
    g_assert_cmpint(meishi_view_find_key(sight.view, role_handle(&sight, 9)).confirm, ==,
                    MEISHI_CONFIRM_EACH_USE);
}

/* A role may hold what is kept from the program elsewhere. */
static void
test_role_alone(void)
{
    g_auto(Sight) sight = {0};

    sight_init(&sight);
    stub_presentation_withhold(present(&sight), 1);
    g_ptr_array_set_size(sight.presentation->withheld, 0); /* as meishi_agent_present() has it */
    stub_presentation_add_role(sight.presentation, "vpn", "Corp VPN", sight.identities->pdata[0],
                               MEISHI_CONFIRM_NEVER);
    look(&sight, MEISHI_LAYOUT_VAULT);
    g_assert_false(meishi_view_find_key(sight.view, role_handle(&sight, 1)).is_withheld);
    g_assert_true(find_private(&sight, 1).is_withheld);
    g_assert_null(meishi_snapshot_object(&sight.snapshot,
                                         meishi_handle_make(MEISHI_HANDLE_PRIVATE_KEY, 1), NULL));
}

static void
test_role_moved_on(void)
{
    g_auto(Sight) sight = {0};

    sight_init(&sight);
    stub_presentation_withhold(present(&sight), 1);
    stub_presentation_add_role(sight.presentation, "vpn", "Corp VPN", sight.identities->pdata[1],
                               MEISHI_CONFIRM_NEVER);
    look(&sight, MEISHI_LAYOUT_VAULT);
    g_assert_true(meishi_view_find_key(sight.view, role_handle(&sight, 1)).is_withheld);
}

/* ---- the snapshot -------------------------------------------------------------------------- */

static guint
count_objects(const Sight *sight, guint64 slot_id)
{
    const struct meishi_snapshot_slot *slot = meishi_snapshot_slot(&sight->snapshot, slot_id);

    g_assert_nonnull(slot);
    return slot->n_objects;
}

static void
assert_handles_are_unique(const Sight *sight)
{
    guint32 n_objects = meishi_snapshot_header(&sight->snapshot)->n_objects;

    for (guint32 n = 0; n < n_objects; n++) {
        const struct meishi_snapshot_object *object =
            meishi_snapshot_object_at(&sight->snapshot, n);
        guint32 found;

        g_assert_cmpuint(object->handle, !=, 0);
        g_assert_cmpuint(object->handle, <, G_GUINT64_CONSTANT(1) << 31);
        g_assert_nonnull(meishi_snapshot_object(&sight->snapshot, object->handle, &found));
        g_assert_cmpuint(found, ==, n);
    }
}

/* Leaf, two issuers, two keys, three profiles. */
static void
test_slot_per_identity(void)
{
    g_auto(Sight) sight = {0};

    sight_init(&sight);
    add_renewed(&sight, 11, 1); /* in a slot of its own, under a handle of its own */
    for (gint64 row = 20; row < 75; row++)
        g_ptr_array_add(sight.identities, sample_identity_new(SAMPLE_EC, row));
    stub_presentation_add_role(present(&sight), "vpn", "Corp VPN", sight.identities->pdata[0],
                               MEISHI_CONFIRM_NEVER);
    look(&sight, MEISHI_LAYOUT_SLOT_PER_IDENTITY);
    g_assert_null(meishi_snapshot_slot(&sight.snapshot, MEISHI_SLOT_VAULT));
    g_assert_cmpuint(count_objects(&sight, 64 + 1), ==, 8);
    g_assert_cmpuint(count_objects(&sight, 64 + 2), ==, 8);
    g_assert_cmpuint(count_objects(&sight, 64 + 11), ==, 8);
    g_assert_cmpuint(count_objects(&sight, 64 + 74), ==, 8);
    g_assert_true(meishi_view_is_present(sight.view, 64 + 11));
    g_assert_false(meishi_view_is_present(sight.view, 64 + 12));
    g_assert_false(meishi_view_is_present(sight.view, MEISHI_SLOT_VAULT));
    assert_handles_are_unique(&sight);
    g_assert_nonnull(find_further(&sight, 11).identity);
}

/* Two roles with the same content, and the vault. */
static void
test_handles_beside_roles(void)
{
    g_auto(Sight) sight = {0};

    sight_init(&sight);
    stub_presentation_add_role(present(&sight), "a", "A", sight.identities->pdata[0],
                               MEISHI_CONFIRM_NEVER);
    stub_presentation_add_role(sight.presentation, "b", "B", sight.identities->pdata[0],
                               MEISHI_CONFIRM_NEVER);
    look(&sight, MEISHI_LAYOUT_VAULT);
    assert_handles_are_unique(&sight);
}

static void
test_same_tokens(void)
{
    g_auto(Sight) one = {0};
    g_auto(Sight) other = {0};

    sight_init(&one);
    look(&one, MEISHI_LAYOUT_VAULT);
    sight_init(&other);
    stub_presentation_withhold(present(&other), 1);
    look(&other, MEISHI_LAYOUT_VAULT);
    g_assert_true(meishi_view_has_same_tokens(one.view, other.view));
    meishi_snapshot_unmap(&other.snapshot);
    g_clear_pointer(&other.view, meishi_view_unref);
    stub_presentation_withhold(other.presentation, 3); /* the only one in the second token */
    look(&other, MEISHI_LAYOUT_VAULT);
    g_assert_false(meishi_view_has_same_tokens(one.view, other.view));
}

/* No room for the snapshot: what is shown stays, what is allowed does not. */
static void
test_unseen(void)
{
    g_auto(Sight) sight = {0};
    g_autoptr(MeishiPresentation) stricter = NULL;
    g_autoptr(MeishiView) view = NULL;

    sight_init(&sight);
    look(&sight, MEISHI_LAYOUT_VAULT);
    stricter = stub_presentation_new(sight.identities);
    stricter->fingerprint = g_strdup("stricter");
    stub_presentation_withhold(stricter, 1);
    view = meishi_view_new_unseen(sight.view, stricter, MEISHI_LAYOUT_VAULT);
    g_assert_cmpuint(meishi_view_generation(view), ==, meishi_view_generation(sight.view));
    g_assert_cmpint(meishi_view_snapshot(view), ==, meishi_view_snapshot(sight.view));
    g_assert_true(
        meishi_view_find_key(view, meishi_handle_make(MEISHI_HANDLE_PRIVATE_KEY, 1)).is_withheld);
    g_assert_false(meishi_view_is_for(view, "stricter", MEISHI_LAYOUT_VAULT)); /* is tried again */
    g_clear_pointer(&sight.view, meishi_view_unref);
    g_assert_cmpint(fcntl(meishi_view_snapshot(view), F_GETFD), >=, 0);
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    g_test_init(&argc, &argv, NULL);
    if (!meishi_crypto_init(&error))
        g_error("%s", error->message);
    g_test_add_func("/server/view/keys", test_keys);
    g_test_add_func("/server/view/withheld", test_withheld);
    g_test_add_func("/server/view/strictest-confirmation-of-a-key",
                    test_strictest_confirmation_of_a_key);
    g_test_add_func("/server/view/role", test_role);
    g_test_add_func("/server/view/role-shares-key", test_role_shares_key);
    g_test_add_func("/server/view/role-alone", test_role_alone);
    g_test_add_func("/server/view/role-moved-on", test_role_moved_on);
    g_test_add_func("/server/view/slot-per-identity", test_slot_per_identity);
    g_test_add_func("/server/view/handles-beside-roles", test_handles_beside_roles);
    g_test_add_func("/server/view/same-tokens", test_same_tokens);
    g_test_add_func("/server/view/unseen", test_unseen);
    return g_test_run();
}
