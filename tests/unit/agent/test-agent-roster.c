/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From rows to identities at a given hour: rank, chain, damaged rows, and when the next change is
 * due.
 */
#include "daemon/agent/roster.h"

#include "daemon/policy/check.h"
#include "tests/unit/agent/world.h"

#include <string.h>

#define DAY G_GINT64_CONSTANT(86400)

typedef struct {
    MeishiRosterRows rows;
    MeishiRoster *roster;
} Desk;

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
set_up(Desk *desk, gconstpointer unused)
{
    desk->roster = meishi_roster_new();
    desk->rows.keys = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_store_key_free);
    desk->rows.certs = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_store_cert_free);
    desk->rows.issuers = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_store_issuer_free);
    desk->rows.lineages = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_store_lineage_free);
}

static void
tear_down(Desk *desk, gconstpointer unused)
{
    g_ptr_array_unref(desk->rows.keys);
    g_ptr_array_unref(desk->rows.certs);
    g_ptr_array_unref(desk->rows.issuers);
    g_ptr_array_unref(desk->rows.lineages);
    meishi_roster_free(desk->roster);
}

/* A key row with the public key of the certificate in @name. */
static void
add_key(Desk *desk, gint64 id, const char *name)
{
    g_autoptr(GBytes) der = der_of(name);
    g_autoptr(MeishiCert) cert = meishi_x509_parse(der, NULL);
    MeishiStoreKey *row = g_new0(MeishiStoreKey, 1);

    row->id = id;
    row->spki = g_bytes_ref(cert->key->spki);
    row->sealed = g_bytes_new_static("", 0);
    row->label = g_strdup("key");
    g_ptr_array_add(desk->rows.keys, row);
}

static void
add_cert(Desk *desk, gint64 id, gint64 key_id, GBytes *der, const char *label)
{
    MeishiStoreCert *row = g_new0(MeishiStoreCert, 1);

    row->id = id;
    row->key_id = key_id;
    row->der = der;
    row->label = g_strdup(label);
    g_ptr_array_add(desk->rows.certs, row);
}

static void
add_issuer(Desk *desk, gint64 id, GBytes *der)
{
    MeishiStoreIssuer *row = g_new0(MeishiStoreIssuer, 1);

    row->id = id;
    row->der = der;
    g_ptr_array_add(desk->rows.issuers, row);
}

static GPtrArray *
build(Desk *desk, gint64 now, guint n_findings)
{
    g_autoptr(GPtrArray) findings = g_ptr_array_new_with_free_func(g_free);
    GPtrArray *identities = meishi_roster_build(desk->roster, &desk->rows, now, findings);

    g_assert_cmpuint(findings->len, ==, n_findings);
    return identities;
}

static void
assert_order(GPtrArray *identities, const char *expected)
{
    g_autoptr(GString) labels = g_string_new(NULL);

    for (guint i = 0; i < identities->len; i++)
        g_string_append(labels, ((MeishiIdentity *)identities->pdata[i])->label);
    g_assert_cmpstr(labels->str, ==, expected);
}

static void
test_rank_changes_with_time(Desk *desk, gconstpointer unused)
{
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    g_autoptr(GPtrArray) today = NULL;
    g_autoptr(GPtrArray) soon = NULL;
    g_autoptr(GPtrArray) late = NULL;

    add_key(desk, 1, "alice.crt");
    add_key(desk, 2, "bob.crt");
    add_cert(desk, 1, 1, der_of("renewed.crt"), "L"); /* 800 days */
    add_cert(desk, 2, 2, der_of("bob.crt"), "S");     /* 400 days, perhaps a second younger */
    today = build(desk, now, 0);
    g_assert_cmpuint(today->len, ==, 2);
    soon = build(desk, now + 380 * DAY, 0);
    late = build(desk, now + 500 * DAY, 0);
    assert_order(late, "LS");
    g_assert_true(((MeishiIdentity *)late->pdata[1])->warnings & MEISHI_WARN_EXPIRED);
    g_assert_false(meishi_roster_is_same(late->pdata[1], today->pdata[0]));
    for (guint i = 0; i < 2; i++) {
        const MeishiIdentity *identity = soon->pdata[i];
        guint expected = identity->cert_id == 2 ? MEISHI_WARN_EXPIRES_SOON : 0;

        g_assert_cmphex(identity->warnings & MEISHI_WARN_EXPIRES_SOON, ==, expected);
    }
}

/* At each boundary that is announced something is different, and one second before it is not. */
static void
test_next_change(Desk *desk, gconstpointer unused)
{
    gint64 now = g_get_real_time() / G_USEC_PER_SEC - 1000 * DAY;
    guint n_changes = 0;

    add_key(desk, 1, "alice.crt");
    add_cert(desk, 1, 1, der_of("alice.crt"), "A");
    for (;;) {
        g_autoptr(GPtrArray) before = build(desk, now, 0);
        gint64 next = meishi_roster_next_change(before, now);
        g_autoptr(GPtrArray) still = NULL;
        g_autoptr(GPtrArray) after = NULL;

        if (next == G_MAXINT64)
            break;
        g_assert_cmpint(next, >, now);
        still = build(desk, next - 1, 0);
        after = build(desk, next, 0);
        g_assert_true(meishi_roster_is_same(before->pdata[0], still->pdata[0]));
        g_assert_false(meishi_roster_is_same(before->pdata[0], after->pdata[0]));
        n_changes++;
        now = next;
    }
    g_assert_cmpuint(n_changes, ==, 3); /* valid, soon over, over */
}

static void
test_chain(Desk *desk, gconstpointer unused)
{
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    g_autoptr(GPtrArray) without = NULL;
    g_autoptr(GPtrArray) with = NULL;

    add_key(desk, 1, "bob.crt");
    add_cert(desk, 7, 1, der_of("bob.crt"), "B");
    without = build(desk, now, 0);
    add_issuer(desk, 1, der_of("root.crt"));
    add_issuer(desk, 2, der_of("other.crt"));
    add_issuer(desk, 3, der_of("sub.crt"));
    with = build(desk, now, 0);
    g_assert_cmpuint(((MeishiIdentity *)without->pdata[0])->chain->len, ==, 0);
    g_assert_cmpuint(((MeishiIdentity *)with->pdata[0])->chain->len, ==, 2);
    g_assert_cmpuint(meishi_roster_issuers(desk->roster)->len, ==, 3);
    g_assert_false(meishi_roster_is_same(without->pdata[0], with->pdata[0]));
}

/* One bad row costs one identity; a certificate that is unreadable does not make a bare key. */
static void
test_damaged(Desk *desk, gconstpointer unused)
{
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    g_autoptr(GPtrArray) identities = NULL;

    add_key(desk, 1, "alice.crt");
    add_key(desk, 2, "bob.crt");
    add_cert(desk, 1, 1, g_bytes_new_static("no certificate", 14), "broken");
    add_cert(desk, 2, 2, der_of("bob.crt"), "B");
    add_cert(desk, 3, 2, der_of("renewed.crt"), "of another key");
    add_cert(desk, 4, 9, der_of("stranger.crt"), "of no key");
    add_issuer(desk, 1, g_bytes_new_static("no issuer", 9));
    identities = build(desk, now, 4);
    assert_order(identities, "B");
}

static void
test_bare_key(Desk *desk, gconstpointer unused)
{
    g_autoptr(GPtrArray) identities = NULL;
    const MeishiIdentity *identity;
    g_autofree char *id = NULL;

    add_key(desk, 5, "alice.crt");
    identities = build(desk, 0, 0);
    g_assert_cmpuint(identities->len, ==, 1);
    identity = identities->pdata[0];
    g_assert_cmpint(identity->cert_id, ==, 0);
    g_assert_cmpint(identity->key_id, ==, 5);
    g_assert_cmphex(identity->warnings, ==, MEISHI_WARN_NO_CERTIFICATE);
    id = meishi_identity_id(identity);
    g_assert_cmpuint(strlen(id), ==, 64);
    g_assert_cmpint(meishi_roster_next_change(identities, 0), ==, G_MAXINT64);
}

/* The id names one of several only together with the label; and that is a change for the one that
 * was there before. */
static void
test_uri(Desk *desk, gconstpointer unused)
{
    g_autoptr(GPtrArray) one = NULL;
    g_autoptr(GPtrArray) two = NULL;

    add_key(desk, 1, "alice.crt");
    add_cert(desk, 1, 1, der_of("alice.crt"), "early");
    one = build(desk, 0, 0);
    add_cert(desk, 2, 1, der_of("renewed.crt"), "the late one");
    two = build(desk, 0, 0);
    g_assert_null(strstr(((MeishiIdentity *)one->pdata[0])->uri, "object="));
    for (guint i = 0; i < 2; i++) {
        const MeishiIdentity *identity = two->pdata[i];
        const char *object = identity->cert_id == 1 ? ";object=early" : ";object=the%20late%20one";

        g_assert_true(g_str_has_suffix(identity->uri, object));
        g_assert_nonnull(strstr(identity->uri, "id=%"));
        g_assert_false(meishi_roster_is_same(identity, one->pdata[0]));
    }
}

/* ---- tokens ---------------------------------------------------------------------------------- */

static MeishiTokenPlace *
new_place(void)
{
    MeishiTokenPlace *place = g_new0(MeishiTokenPlace, 1);

    place->refs = 1;
    place->is_present = TRUE;
    place->kind = MEISHI_TOKEN_CARD;
    place->label = g_strdup("Corp card");
    place->slot_label = g_strdup("Corp card");
    return place;
}

static MeishiRosterOnToken
on_token(gint64 row, const char *file, const char *name, MeishiTokenPlace *place)
{
    g_autoptr(GBytes) der = der_of(file);

    return (MeishiRosterOnToken){MEISHI_FIRST_TOKEN_ROW + row, meishi_x509_parse(der, NULL), name,
                                 place};
}

/* Beside the vault's; one certificate is one identity; labels stay apart; chains come from the
 * vault's issuers and from those on tokens. */
static void
test_on_tokens(Desk *desk, gconstpointer unused)
{
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    MeishiTokenPlace *place = new_place();
    MeishiRosterOnToken alice = on_token(1, "alice.crt", "on the card", place);
    MeishiRosterOnToken bob = on_token(2, "bob.crt", "B", place);
    g_autoptr(GBytes) root = der_of("root.crt");
    g_autoptr(MeishiCert) issuer = meishi_x509_parse(root, NULL);
    g_autoptr(GPtrArray) on_tokens = g_ptr_array_new(), issuers = g_ptr_array_new();
    g_autoptr(GPtrArray) identities = NULL;
    const MeishiIdentity *found = NULL;

    add_key(desk, 1, "alice.crt");
    add_cert(desk, 7, 1, der_of("alice.crt"), "B");
    add_issuer(desk, 1, der_of("sub.crt"));
    g_ptr_array_add(on_tokens, &alice);
    g_ptr_array_add(on_tokens, &bob);
    g_ptr_array_add(issuers, issuer);
    desk->rows.on_tokens = on_tokens;
    desk->rows.token_issuers = issuers;
    identities = build(desk, now, 0);
    g_assert_cmpuint(identities->len, ==, 2);
    for (guint i = 0; i < 2; i++) {
        const MeishiIdentity *identity = identities->pdata[i];

        if (!identity->is_in_vault)
            found = identity;
        else
            g_assert_cmpint(identity->cert_id, ==, 7);
    }
    g_assert_nonnull(found);
    g_assert_cmpint(found->cert_id, ==, MEISHI_FIRST_TOKEN_ROW + 2);
    g_assert_cmpstr(found->label, ==, "B (2)");
    g_assert_cmpstr(found->token_label, ==, "Corp card");
    g_assert_true(g_str_has_prefix(found->uri, "pkcs11:token=Corp%20card;id="));
    g_assert_cmpuint(found->chain->len, ==, 2);
    meishi_cert_unref(alice.cert);
    meishi_cert_unref(bob.cert);
    meishi_token_place_unref(place);
}

/* Hardware that is there, then the vault, then a token in software. */
static const struct {
    const char *path;
    MeishiTokenKind kind;
    gboolean is_present;
    gboolean is_used;
} places[] = {
    {"/agent/roster/both/card", MEISHI_TOKEN_CARD, TRUE, TRUE},
    {"/agent/roster/both/tpm", MEISHI_TOKEN_TPM, TRUE, TRUE},
    {"/agent/roster/both/hsm", MEISHI_TOKEN_HSM, TRUE, TRUE},
    {"/agent/roster/both/software", MEISHI_TOKEN_SOFTWARE, TRUE, FALSE},
    {"/agent/roster/both/card-away", MEISHI_TOKEN_CARD, FALSE, FALSE},
};

static void
test_in_both(Desk *desk, gconstpointer data)
{
    const gsize n = GPOINTER_TO_SIZE(data);
    MeishiTokenPlace *place = new_place();
    MeishiRosterOnToken alice = on_token(1, "alice.crt", "on the card", place);
    g_autoptr(GPtrArray) on_tokens = g_ptr_array_new();
    g_autoptr(GPtrArray) identities = NULL;
    const MeishiIdentity *identity;

    place->kind = places[n].kind;
    place->is_present = places[n].is_present;
    add_key(desk, 1, "alice.crt");
    add_cert(desk, 7, 1, der_of("alice.crt"), "Alice");
    g_ptr_array_add(on_tokens, &alice);
    desk->rows.on_tokens = on_tokens;
    identities = build(desk, g_get_real_time() / G_USEC_PER_SEC, 0);
    g_assert_cmpuint(identities->len, ==, 1);
    identity = identities->pdata[0];
    g_assert_true(identity->place == (places[n].is_used ? place : NULL));
    g_assert_true(identity->is_in_vault);
    g_assert_cmpint(identity->cert_id, ==, 7); /* what programs have of it is the vault's */
    g_assert_cmpint(identity->key_id, ==, 1);
    g_assert_cmpstr(identity->label, ==, "Alice");
    g_assert_cmpstr(identity->token_label, ==, MEISHI_TOKEN_LABEL);
    meishi_cert_unref(alice.cert);
    meishi_token_place_unref(place);
}

/* Two cards of one kind, of which one is away now and the other then: no label changes hands. */
static void
test_labels_stay(Desk *desk, gconstpointer unused)
{
    MeishiTokenPlace *place = new_place();
    MeishiRosterOnToken alice = on_token(1, "alice.crt", "Authentication", place);
    MeishiRosterOnToken bob = on_token(2, "bob.crt", "Authentication", place);
    MeishiRosterOnToken *const orders[][2] = {{&alice, &bob}, {&bob, &alice}};

    for (gsize n = 0; n < G_N_ELEMENTS(orders); n++) {
        g_autoptr(GPtrArray) on_tokens = g_ptr_array_new();
        g_autoptr(GPtrArray) identities = NULL;

        for (guint i = 0; i < 2; i++)
            g_ptr_array_add(on_tokens, orders[n][i]);
        desk->rows.on_tokens = on_tokens;
        identities = build(desk, g_get_real_time() / G_USEC_PER_SEC, 0);
        for (guint i = 0; i < 2; i++) {
            const MeishiIdentity *identity = identities->pdata[i];
            gboolean is_first = identity->cert_id == MEISHI_FIRST_TOKEN_ROW + 1;

            g_assert_cmpstr(identity->label, ==,
                            is_first ? "Authentication" : "Authentication (2)");
        }
    }
    meishi_cert_unref(alice.cert);
    meishi_cert_unref(bob.cert);
    meishi_token_place_unref(place);
}

int
main(int argc, char **argv)
{
    world_init(&argc, &argv);
#define ADD(name, function) \
    g_test_add("/agent/roster/" name, Desk, NULL, set_up, function, tear_down)
    ADD("rank-changes-with-time", test_rank_changes_with_time);
    ADD("next-change", test_next_change);
    ADD("chain", test_chain);
    ADD("damaged", test_damaged);
    ADD("bare-key", test_bare_key);
    ADD("uri", test_uri);
    ADD("on-tokens", test_on_tokens);
    ADD("labels-stay", test_labels_stay);
    for (gsize i = 0; i < G_N_ELEMENTS(places); i++)
        g_test_add(places[i].path, Desk, GSIZE_TO_POINTER(i), set_up, test_in_both, tear_down);
    return world_run();
}
