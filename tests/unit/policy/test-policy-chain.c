/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * daemon/policy/chain.c: which issuers follow a leaf, in which order.  Each case names its pool in
 * the order given and expects serial numbers.
 */
#include "daemon/policy/chain.h"

#include "tests/unit/policy/fake-cert.h"

static GPtrArray *
new_pool(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)meishi_cert_unref);
}

static MeishiCert *
add(GPtrArray *pool, const char *subject, const char *issuer, guint8 serial)
{
    MeishiCert *cert = fake_cert(subject, issuer, serial);

    g_ptr_array_add(pool, cert);
    return cert;
}

/* @expected: the serials as characters, "23". */
static void
assert_chain(GPtrArray *chain, const char *expected)
{
    g_autoptr(GString) found = g_string_new(NULL);

    for (guint i = 0; i < chain->len; i++) {
        const MeishiCert *cert = g_ptr_array_index(chain, i);

        g_string_append_c(found, (char)cert->sha256[0]);
    }
    g_assert_cmpstr(found->str, ==, expected);
}

static void
assert_built(MeishiCert *leaf, GPtrArray *pool, const char *expected)
{
    g_autoptr(GPtrArray) chain = meishi_chain_build(leaf, pool, FAKE_NOW, NULL, NULL);

    assert_chain(chain, expected);
}

static void
test_any_order(void)
{
    g_autoptr(MeishiCert) leaf = fake_cert("leaf", "sub", '1');
    g_autoptr(GPtrArray) pool = new_pool();

    add(pool, "root", "root", '3');
    add(pool, "unrelated", "root", '9');
    g_ptr_array_add(pool, meishi_cert_ref(leaf));
    add(pool, "sub", "root", '2');
    assert_built(leaf, pool, "23");
}

static void
test_ends(void)
{
    g_autoptr(MeishiCert) leaf = fake_cert("leaf", "sub", '1');
    g_autoptr(MeishiCert) self_signed = fake_cert("self", "self", '5');
    g_autoptr(GPtrArray) pool = new_pool();

    assert_built(leaf, pool, "");
    add(pool, "self", "self", '6');
    assert_built(self_signed, pool, "");
    add(pool, "sub", "absent", '2');
    assert_built(leaf, pool, "2");
}

static void
test_loop(void)
{
    g_autoptr(MeishiCert) leaf = fake_cert("leaf", "a", '1');
    g_autoptr(GPtrArray) pool = new_pool();

    add(pool, "a", "b", '2');
    add(pool, "b", "a", '3');
    assert_built(leaf, pool, "23");
}

static void
test_longest(void)
{
    g_autoptr(MeishiCert) leaf = fake_cert("n0", "n1", 200);
    g_autoptr(GPtrArray) pool = new_pool();
    g_autoptr(GPtrArray) chain = NULL;

    for (guint8 i = 1; i <= 40; i++) {
        g_autofree char *subject = g_strdup_printf("n%d", i);
        g_autofree char *issuer = g_strdup_printf("n%d", i + 1);

        add(pool, subject, issuer, i);
    }
    chain = meishi_chain_build(leaf, pool, FAKE_NOW, NULL, NULL);
    g_assert_cmpuint(chain->len, ==, 20);
}

static void
test_key_ids(void)
{
    g_autoptr(MeishiCert) leaf = fake_cert("leaf", "ca", '1');
    g_autoptr(GPtrArray) pool = new_pool();
    MeishiCert *other = add(pool, "ca", "root", '2');

    leaf->authority_key_id = g_bytes_new_static("new", 3);
    other->subject_key_id = g_bytes_new_static("old", 3);
    assert_built(leaf, pool, "");
    add(pool, "ca", "root", '4'); /* says nothing about its key */
    assert_built(leaf, pool, "4");
}

static void
test_prefers(void)
{
    g_autoptr(MeishiCert) leaf = fake_cert("leaf", "ca", '1');
    g_autoptr(GPtrArray) pool = new_pool();
    MeishiCert *expired = add(pool, "ca", "root", '2');
    MeishiCert *old, *same;

    expired->not_before = FAKE_NOW - FAKE_DAY / 2;
    expired->not_after = FAKE_NOW - 1;
    assert_built(leaf, pool, "2"); /* better than nothing */
    old = add(pool, "ca", "root", '4');
    old->not_before = FAKE_NOW - 9 * FAKE_DAY;
    assert_built(leaf, pool, "4"); /* valid before expired */
    add(pool, "ca", "root", '5');
    assert_built(leaf, pool, "5"); /* issued last */
    same = add(pool, "ca", "root", '3');
    same->not_after += FAKE_DAY;
    assert_built(leaf, pool, "3"); /* lasts longer */
}

static gboolean
refuse_serial(const MeishiCert *cert, const MeishiCert *issuer, gpointer user_data)
{
    return issuer->sha256[0] != *(const char *)user_data;
}

static void
test_signature_decides(void)
{
    g_autoptr(MeishiCert) leaf = fake_cert("leaf", "ca", '1');
    g_autoptr(GPtrArray) pool = new_pool();
    g_autoptr(GPtrArray) chain = NULL;
    char refused = '2';

    add(pool, "ca", "root", '2')->not_after += FAKE_DAY;
    add(pool, "ca", "root", '3');
    assert_built(leaf, pool, "2");
    chain = meishi_chain_build(leaf, pool, FAKE_NOW, refuse_serial, &refused);
    assert_chain(chain, "3");
}

static void
test_rollover(void)
{
    g_autoptr(MeishiCert) leaf = fake_cert("leaf", "ca", '1');
    g_autoptr(GPtrArray) pool = new_pool();
    MeishiCert *rollover = add(pool, "ca", "ca", '2');

    rollover->is_self_signed = FALSE; /* new key, signed with the old one: RFC 4210 4.4 */
    add(pool, "ca", "ca", '3')->not_before -= FAKE_DAY;
    assert_built(leaf, pool, "23");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/policy/chain/any-order", test_any_order);
    g_test_add_func("/policy/chain/ends", test_ends);
    g_test_add_func("/policy/chain/loop", test_loop);
    g_test_add_func("/policy/chain/longest", test_longest);
    g_test_add_func("/policy/chain/key-ids", test_key_ids);
    g_test_add_func("/policy/chain/prefers", test_prefers);
    g_test_add_func("/policy/chain/signature-decides", test_signature_decides);
    g_test_add_func("/policy/chain/rollover", test_rollover);
    return g_test_run();
}
