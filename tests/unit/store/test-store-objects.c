/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Keys, certificates, issuers and slots: what goes in comes out, nothing goes in twice or by
 * halves, and what leaves takes along what came with it.
 */
#include "tests/unit/store/fixture.h"

#include "daemon/base/error.h"

#include <string.h>

static void
assert_store(MeishiStore *store, const char *expected)
{
    g_autofree char *found = describe_store(store);

    g_assert_cmpstr(found, ==, expected);
}

#define SLOT_1 "slot 1: 2 17/8/1 - 1700000000 [salt 2] [wrapped 2]\n"
#define SLOT_2 "slot 2: 3 0/0/0 /some/where 1700000000 [salt 3] [wrapped 3]\n"
#define KEY_1  "key 1: key 1 0 1700000001 [spki 1] [sealed 1]\n"
#define KEY_2  "key 2: key 2 0 1700000002 [spki 2] [sealed 2]\n"
#define CERT_1 "cert 1: key 1 cert 1 1700000001 [cert 1]\n"

/* ---- import -------------------------------------------------------------------------------- */

static void
test_without_vault(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) import_error = NULL;
    g_autoptr(GError) rename_error = NULL;
    g_autoptr(GError) remove_error = NULL;
    g_autoptr(GError) slot_error = NULL;
    g_autoptr(MeishiStoreSlot) slot = sample_slot(MEISHI_SLOT_KEY_FILE);
    gint64 id;

    g_assert_false(meishi_store_has_vault(fixture->store));
    g_assert_null(meishi_store_vault_id(fixture->store));
    assert_store(fixture->store, "");
    g_assert_false(meishi_store_import(fixture->store, NULL, NULL, NULL, &import_error));
    g_assert_error(import_error, MEISHI_ERROR, MEISHI_ERROR_NO_VAULT);
    g_assert_false(meishi_store_rename_cert(fixture->store, 1, "x", &rename_error));
    g_assert_error(rename_error, MEISHI_ERROR, MEISHI_ERROR_NO_VAULT);
    g_assert_false(meishi_store_remove_cert(fixture->store, 1, &remove_error));
    g_assert_error(remove_error, MEISHI_ERROR, MEISHI_ERROR_NO_VAULT);
    g_assert_false(meishi_store_add_slot(fixture->store, slot, &id, &slot_error));
    g_assert_error(slot_error, MEISHI_ERROR, MEISHI_ERROR_NO_VAULT);
}

static void
test_import(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) keys = new_key_array();
    g_autoptr(GPtrArray) certs = new_cert_array();
    g_autoptr(GPtrArray) issuers = new_issuer_array();
    MeishiStoreNewCert *second = sample_cert(2, 0, 1, 1);

    g_ptr_array_add(keys, sample_key(1));
    g_ptr_array_add(keys, sample_key(2));
    g_ptr_array_add(certs, sample_cert(1, 1, 1, 2));
    g_ptr_array_add(certs, second);
    g_ptr_array_add(issuers, sample_bytes("issuer", 2));
    g_ptr_array_add(issuers, sample_bytes("issuer", 3));
    g_assert_true(meishi_store_import(fixture->store, keys, certs, issuers, &error));
    g_assert_no_error(error);
    g_assert_cmpint(((MeishiStoreKey *)keys->pdata[1])->id, ==, 2);
    g_assert_cmpint(second->cert.id, ==, 2);
    g_assert_cmpint(second->cert.key_id, ==, 1);
    for (int i = 0; i < 2; i++) {
        assert_store(fixture->store, SLOT_1 KEY_1 KEY_2 "cert 1: key 2 cert 1 1700000001 [cert 1]\n"
                                                        "cert 2: key 1 cert 2 1700000002 [cert 2]\n"
                                                        "issuer 1: [issuer 1]\n"
                                                        "issuer 2: [issuer 2]\n"
                                                        "issuer 3: [issuer 3]\n");
        fixture_reopen(fixture);
    }
}

static void
test_import_cert_for_old_key(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) keys = new_key_array();
    g_autoptr(GPtrArray) certs = new_cert_array();
    MeishiStoreNewCert *cert = sample_cert(1, 99, 0, 0);

    g_ptr_array_add(keys, sample_key(1));
    g_assert_true(meishi_store_import(fixture->store, keys, NULL, NULL, &error));
    assert_store(fixture->store, SLOT_1 KEY_1);
    cert->cert.key_id = 1;
    g_ptr_array_add(certs, cert);
    g_assert_true(meishi_store_import(fixture->store, NULL, certs, NULL, &error));
    assert_store(fixture->store, SLOT_1 KEY_1 CERT_1);
}

static void
test_values_survive(Fixture *fixture, gconstpointer data)
{
    static const char *const labels[] = {"", "  ", "名刺", "'; DROP TABLE keys; --", "a\nb"};
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) keys = new_key_array();
    g_autoptr(GPtrArray) found = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(labels); i++) {
        MeishiStoreKey *key = sample_key((guint)i);

        g_free(key->label);
        key->label = g_strdup(labels[i]);
        key->allow_raw = i % 2 != 0;
        key->created = i % 2 != 0 ? G_MAXINT64 : G_MININT64;
        g_clear_pointer(&key->sealed, g_bytes_unref);
        key->sealed = g_bytes_new_take(g_malloc0(i * 100000), i * 100000);
        g_ptr_array_add(keys, key);
    }
    g_assert_true(meishi_store_import(fixture->store, keys, NULL, NULL, &error));
    fixture_reopen(fixture);
    found = meishi_store_list_keys(fixture->store, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(found->len, ==, keys->len);
    for (guint i = 0; i < found->len; i++) {
        const MeishiStoreKey *in = g_ptr_array_index(keys, i);
        const MeishiStoreKey *out = g_ptr_array_index(found, i);

        g_assert_cmpstr(in->label, ==, out->label);
        g_assert_cmpint(in->allow_raw, ==, out->allow_raw);
        g_assert_cmpint(in->created, ==, out->created);
        g_assert_true(g_bytes_equal(in->sealed, out->sealed));
        g_assert_true(g_bytes_equal(in->spki, out->spki));
    }
}

/* Imports of three keys and three certificates that fail, each at another place. */
typedef enum {
    FIRST_KEY_THERE,
    LAST_KEY_THERE,
    KEY_TWICE,
    FIRST_CERT_THERE,
    LAST_CERT_THERE,
    CERT_TWICE,
    NO_SUCH_INDEX,
    NO_SUCH_KEY,
} Fault;

static const struct {
    const char *name;
    Fault fault;
    int code;
} failing_imports[] = {
    {"first-key-there", FIRST_KEY_THERE, MEISHI_ERROR_EXISTS},
    {"last-key-there", LAST_KEY_THERE, MEISHI_ERROR_EXISTS},
    {"key-twice", KEY_TWICE, MEISHI_ERROR_EXISTS},
    {"first-cert-there", FIRST_CERT_THERE, MEISHI_ERROR_EXISTS},
    {"last-cert-there", LAST_CERT_THERE, MEISHI_ERROR_EXISTS},
    {"cert-twice", CERT_TWICE, MEISHI_ERROR_EXISTS},
    {"no-such-index", NO_SUCH_INDEX, MEISHI_ERROR_INVALID_ARGUMENT},
    {"no-such-key", NO_SUCH_KEY, MEISHI_ERROR_NOT_FOUND},
};

static void
plant_fault(Fault fault, GPtrArray *keys, GPtrArray *certs)
{
    static const guint places[] = {0, 2, 2, 0, 2, 2, 2, 2};
    MeishiStoreKey *key = g_ptr_array_index(keys, places[fault]);
    MeishiStoreNewCert *cert = g_ptr_array_index(certs, places[fault]);

    if (fault <= KEY_TWICE) {
        g_bytes_unref(key->spki);
        key->spki = sample_bytes("spki", fault == KEY_TWICE ? 10 : 1);
    } else if (fault <= CERT_TWICE) {
        g_bytes_unref(cert->cert.der);
        cert->cert.der = sample_bytes("cert", fault == CERT_TWICE ? 10 : 1);
    } else if (fault == NO_SUCH_INDEX) {
        cert->key_index = 3;
    } else {
        cert->cert.key_id = 12345;
    }
}

static void
test_import_rolls_back(Fixture *fixture, gconstpointer data)
{
    g_autofree char *before = NULL;

    import_identity(fixture->store, 1, 1, 2);
    before = describe_store(fixture->store);
    for (gsize n = 0; n < G_N_ELEMENTS(failing_imports); n++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) keys = new_key_array();
        g_autoptr(GPtrArray) certs = new_cert_array();
        g_autoptr(GPtrArray) issuers = new_issuer_array();

        g_test_message("%s", failing_imports[n].name);
        g_ptr_array_add(issuers, sample_bytes("issuer", 30));
        for (guint i = 0; i < 3; i++) {
            g_ptr_array_add(keys, sample_key(10 + i));
            g_ptr_array_add(certs, sample_cert(10 + i, i, 20 + i, 2));
        }
        plant_fault(failing_imports[n].fault, keys, certs);
        g_assert_false(meishi_store_import(fixture->store, keys, certs, issuers, &error));
        g_assert_error(error, MEISHI_ERROR, failing_imports[n].code);
        g_test_message("%s", error->message);
        for (guint i = 0; i < 3; i++) {
            g_assert_cmpint(((MeishiStoreKey *)keys->pdata[i])->id, ==, 0);
            g_assert_cmpint(((MeishiStoreNewCert *)certs->pdata[i])->cert.id, ==, 0);
        }
        assert_store(fixture->store, before);
    }
    fixture_reopen(fixture);
    assert_store(fixture->store, before);
    g_assert_cmpint(import_identity(fixture->store, 2, 1, 2), ==, 2);
}

/* ---- changes ------------------------------------------------------------------------------- */

static void
test_rename(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) missing_cert = NULL;
    g_autoptr(GError) missing_key = NULL;

    import_identity(fixture->store, 1, 0, 0);
    g_assert_true(meishi_store_rename_cert(fixture->store, 1, "work", &error));
    g_assert_true(meishi_store_rename_key(fixture->store, 1, "mine", &error));
    g_assert_true(meishi_store_set_allow_raw(fixture->store, 1, TRUE, &error));
    g_assert_false(meishi_store_rename_cert(fixture->store, 2, "x", &missing_cert));
    g_assert_error(missing_cert, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
    g_assert_false(meishi_store_rename_key(fixture->store, 2, "x", &missing_key));
    g_assert_error(missing_key, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
    fixture_reopen(fixture);
    assert_store(fixture->store, SLOT_1 "key 1: mine 1 1700000001 [spki 1] [sealed 1]\n"
                                        "cert 1: key 1 work 1700000001 [cert 1]\n");
}

/* Certificates 1 and 2 share key 1 and issuer 2; 3 is alone but for issuer 4. */
static void
import_family(MeishiStore *store)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) keys = new_key_array();
    g_autoptr(GPtrArray) certs = new_cert_array();

    g_ptr_array_add(keys, sample_key(1));
    g_ptr_array_add(keys, sample_key(2));
    g_ptr_array_add(certs, sample_cert(1, 0, 1, 2)); /* issuers 1, 2 */
    g_ptr_array_add(certs, sample_cert(2, 0, 2, 2)); /* issuers 2, 3 */
    g_ptr_array_add(certs, sample_cert(3, 1, 4, 1)); /* issuer 4 */
    g_assert_true(meishi_store_import(store, keys, certs, NULL, &error));
    g_assert_no_error(error);
}

#define CERT_2    "cert 2: key 1 cert 2 1700000002 [cert 2]\n"
#define CERT_3    "cert 3: key 2 cert 3 1700000003 [cert 3]\n"
#define ISSUER(n) "issuer " #n ": [issuer " #n "]\n"

static void
test_remove_cert(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) again = NULL;

    import_family(fixture->store);
    g_assert_true(meishi_store_remove_cert(fixture->store, 1, &error));
    assert_store(fixture->store, SLOT_1 KEY_1 KEY_2 CERT_2 CERT_3 ISSUER(2) ISSUER(3) ISSUER(4));
    g_assert_true(meishi_store_remove_cert(fixture->store, 2, &error));
    assert_store(fixture->store, SLOT_1 KEY_2 CERT_3 ISSUER(4));
    g_assert_false(meishi_store_remove_cert(fixture->store, 2, &again));
    g_assert_error(again, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
    g_assert_true(meishi_store_remove_cert(fixture->store, 3, &error));
    fixture_reopen(fixture);
    assert_store(fixture->store, SLOT_1);
}

static void
test_issuers_alone_stay(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) issuers = new_issuer_array();
    gint64 id = import_identity(fixture->store, 1, 1, 1);

    g_ptr_array_add(issuers, sample_bytes("issuer", 2));
    g_assert_true(meishi_store_import(fixture->store, NULL, NULL, issuers, &error));
    g_assert_true(meishi_store_remove_cert(fixture->store, id, &error));
    assert_store(fixture->store, SLOT_1 ISSUER(2));
}

static void
test_remove_key(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) used = NULL;
    g_autoptr(GError) missing = NULL;
    g_autoptr(GPtrArray) keys = new_key_array();

    import_identity(fixture->store, 1, 0, 0);
    g_ptr_array_add(keys, sample_key(2));
    g_assert_true(meishi_store_import(fixture->store, keys, NULL, NULL, &error));
    g_assert_false(meishi_store_remove_key(fixture->store, 1, &used));
    g_assert_error(used, MEISHI_ERROR, MEISHI_ERROR_DENIED);
    g_assert_true(meishi_store_remove_key(fixture->store, 2, &error));
    g_assert_false(meishi_store_remove_key(fixture->store, 2, &missing));
    g_assert_error(missing, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
    assert_store(fixture->store, SLOT_1 KEY_1 CERT_1);
}

static void
test_ids_are_never_reused(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    for (guint i = 1; i <= 4; i++) {
        g_assert_cmpint(import_identity(fixture->store, 1, 1, 1), ==, i);
        g_assert_true(meishi_store_remove_cert(fixture->store, i, &error));
        if (i % 2 == 0)
            fixture_reopen(fixture);
    }
    import_identity(fixture->store, 1, 1, 1);
    assert_store(fixture->store, SLOT_1 "key 5: key 1 0 1700000001 [spki 1] [sealed 1]\n"
                                        "cert 5: key 5 cert 1 1700000001 [cert 1]\n"
                                        "issuer 5: [issuer 1]\n");
}

/* Nothing of a removed key is left in the files, not even in the log. */
static void
test_removed_is_overwritten(Fixture *fixture, gconstpointer data)
{
    static const char *const names[] = {"vault.db", "vault.db-wal"};
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) keys = new_key_array();
    g_autoptr(GPtrArray) certs = new_cert_array();
    MeishiStoreKey *key = sample_key(1);

    g_bytes_unref(key->sealed);
    key->sealed = g_bytes_new_static("a sealed key that has to go", 27);
    g_ptr_array_add(keys, key);
    g_ptr_array_add(certs, sample_cert(1, 0, 0, 0));
    g_assert_true(meishi_store_import(fixture->store, keys, certs, NULL, &error));
    import_identity(fixture->store, 2, 0, 0);
    g_assert_true(meishi_store_remove_cert(fixture->store, 1, &error));
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *content = NULL;
        gsize len;

        fixture_read(fixture, names[i], &content, &len);
        g_assert_null(memmem(content, len, "a sealed key that has to go", 27));
        g_assert_null(memmem(content, len, "cert 1", 6));
    }
}

/* ---- slots --------------------------------------------------------------------------------- */

static void
test_slots(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) last = NULL;
    g_autoptr(GError) missing = NULL;
    g_autoptr(MeishiStoreSlot) slot = sample_slot(MEISHI_SLOT_KEY_FILE);
    gint64 id = 0;

    g_assert_false(meishi_store_remove_slot(fixture->store, 1, &last));
    g_assert_error(last, MEISHI_ERROR, MEISHI_ERROR_DENIED);
    g_assert_true(meishi_store_add_slot(fixture->store, slot, &id, &error));
    g_assert_cmpint(id, ==, 2);
    g_assert_cmpint(slot->id, ==, 0);
    assert_store(fixture->store, SLOT_1 SLOT_2);
    g_assert_false(meishi_store_remove_slot(fixture->store, 3, &missing));
    g_assert_error(missing, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
    g_assert_true(meishi_store_remove_slot(fixture->store, 1, &error));
    fixture_reopen(fixture);
    assert_store(fixture->store, SLOT_2);
}

static void
test_many(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) keys = new_key_array();
    g_autoptr(GPtrArray) certs = new_cert_array();
    g_autoptr(GPtrArray) listed = NULL;
    g_autoptr(GTimer) timer = NULL;

    for (guint i = 0; i < 10000; i++) {
        MeishiStoreNewCert *cert = sample_cert(i, i, i % 50, 1);

        g_bytes_unref(cert->cert.der);
        cert->cert.der = g_bytes_new_take(g_strdup_printf("%01500u", i), 1500);
        g_ptr_array_add(keys, sample_key(i));
        g_ptr_array_add(certs, cert);
    }
    g_assert_true(meishi_store_import(fixture->store, keys, certs, NULL, &error));
    g_assert_no_error(error);
    timer = g_timer_new();
    fixture_reopen(fixture);
    listed = meishi_store_list_certs(fixture->store, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(listed->len, ==, 10000);
    g_test_message("10 000 certificates opened and listed in %.0f ms",
                   g_timer_elapsed(timer, NULL) * 1000);
}

#define ADD(path, set_up, func) \
    g_test_add("/store/" path, Fixture, NULL, set_up, func, fixture_tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("objects/without-vault", fixture_set_up, test_without_vault);
    ADD("import/all", fixture_set_up_vault, test_import);
    ADD("import/certificate-for-old-key", fixture_set_up_vault, test_import_cert_for_old_key);
    ADD("import/values-survive", fixture_set_up_vault, test_values_survive);
    ADD("import/rolls-back", fixture_set_up_vault, test_import_rolls_back);
    ADD("objects/rename", fixture_set_up_vault, test_rename);
    ADD("objects/remove-certificate", fixture_set_up_vault, test_remove_cert);
    ADD("objects/issuers-alone-stay", fixture_set_up_vault, test_issuers_alone_stay);
    ADD("objects/remove-key", fixture_set_up_vault, test_remove_key);
    ADD("objects/ids-are-never-reused", fixture_set_up_vault, test_ids_are_never_reused);
    ADD("objects/removed-is-overwritten", fixture_set_up_vault, test_removed_is_overwritten);
    ADD("objects/many", fixture_set_up_vault, test_many);
    ADD("slots/last-stays", fixture_set_up_vault, test_slots);
    return g_test_run();
}
