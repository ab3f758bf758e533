/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Import from file to store and back, with real certificates, a real store and the vault that the
 * first import makes.
 */
#include "tests/unit/agent/world.h"

#include "daemon/base/error.h"
#include "daemon/policy/check.h"

#include <glib/gstdio.h>
#include <string.h>

static void
assert_import(World *world, const char *files, const char *password, const char *outcomes)
{
    g_autofree char *found = world_import_outcomes(world, files, password);

    g_assert_cmpstr(found, ==, outcomes);
}

static void
assert_labels(World *world, const char *expected)
{
    g_autofree char *labels = world_labels(world);

    g_assert_cmpstr(labels, ==, expected);
}

static void
test_first(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiImportReport) report = world_import(world, "alice.p12", "secret", NULL, &error);
    g_autoptr(MeishiIdentity) alice = NULL;
    const MeishiImportItem *item;

    g_assert_no_error(error);
    g_assert_cmpstr(report->vault_created, ==, "key-file");
    g_assert_nonnull(strstr(report->vault_message, "vault.key"));
    g_assert_nonnull(strstr(report->vault_message, "meishi vault add-slot passphrase"));
    g_assert_cmpuint(report->items->len, ==, 3);
    item = g_ptr_array_index(report->items, 0);
    g_assert_cmpint(item->outcome, ==, MEISHI_IMPORT_ADDED);
    g_assert_cmpstr(item->label, ==, "Alice at work");
    g_assert_cmpstr(item->key_text, ==, "EC P-256");
    g_assert_cmpuint(item->warnings, ==, 0);
    g_assert_cmpstr(item->issuer, ==, item->chain[0]);
    g_assert_cmpuint(g_strv_length(item->chain), ==, 2);
    g_assert_cmpint(item->not_before, >, 0);
    g_assert_cmpint(item->not_before, <, item->not_after);
    g_assert_null(item->renews);
    alice = world_identity(world, "Alice at work");
    g_assert_cmpuint(alice->chain->len, ==, 2);
    g_assert_cmpstr(alice->token_label, ==, "Meishi");
    g_assert_true(g_str_has_prefix(alice->uri, "pkcs11:"));
    g_assert_cmpuint(world->n_added, ==, 1);
    world_settle();
    g_assert_cmpuint(world->n_view, ==, 1);
}

static void
test_again(void)
{
    const MeishiImportOptions relabel = {.label = "Another name"};
    g_autoptr(World) world = world_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiImportReport) report = NULL;

    assert_import(world, "alice.p12", "secret", "AII");
    report = world_import(world, "alice.p12", "secret", &relabel, &error);
    g_assert_no_error(error);
    g_assert_null(report->vault_created);
    g_assert_cmpint(((MeishiImportItem *)report->items->pdata[0])->outcome, ==,
                    MEISHI_IMPORT_UNCHANGED);
    assert_labels(world, "Alice at work");
    g_assert_cmpuint(world->n_added, ==, 1);
    g_assert_cmpuint(world->n_changed, ==, 0);
}

/* Unchanged needs no vault key, so a locked vault is no obstacle. */
static void
test_again_while_locked(void)
{
    g_autoptr(World) world = world_new();

    assert_import(world, "alice.p12", "secret", "AII");
    meishi_agent_vault_lock(world->agent);
    assert_import(world, "alice.p12", "secret", "UUU");
    g_assert_cmpint(meishi_agent_vault_state(world->agent), ==, MEISHI_VAULT_LOCKED);
}

static void
test_dry_run(void)
{
    const MeishiImportOptions dry = {.dry_run = TRUE};
    g_autoptr(World) world = world_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiImportReport) report = world_import(world, "bob.pem", NULL, &dry, &error);
    const MeishiImportItem *item;

    g_assert_no_error(error);
    g_assert_true(report->dry_run);
    item = g_ptr_array_index(report->items, 0);
    g_assert_cmpint(item->outcome, ==, MEISHI_IMPORT_ADDED);
    g_assert_cmpuint(item->warnings, ==, MEISHI_WARN_MISSING_ISSUER);
    g_assert_cmpuint(g_strv_length(item->messages), ==, 1);
    g_assert_cmpint(meishi_agent_vault_state(world->agent), ==, MEISHI_VAULT_ABSENT);
    assert_labels(world, "");
    g_assert_cmpuint(world->n_vault, ==, 0);
}

static void
test_pairs_over_files(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(MeishiIdentity) alice = NULL;
    g_autoptr(MeishiIdentity) bob = NULL;

    assert_import(world, "bob.crt,alice.key,bob.key,alice.crt", NULL, "AA");
    alice = world_identity(world, "Alice");
    bob = world_identity(world, "Bob");
    g_assert_cmpint(alice->key_id, !=, bob->key_id);
}

static void
test_key_then_certificate(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(MeishiIdentity) bare = NULL;
    g_autoptr(MeishiIdentity) whole = NULL;

    assert_import(world, "bob.key", NULL, "K");
    bare = world_identity(world, "EC P-256 key");
    g_assert_null(bare->cert);
    g_assert_cmpuint(bare->warnings, ==, MEISHI_WARN_NO_CERTIFICATE);
    assert_import(world, "bob.key", NULL, "U");
    assert_import(world, "bob.crt", NULL, "C");
    assert_labels(world, "Bob");
    whole = world_identity(world, "Bob");
    g_assert_cmpint(whole->key_id, ==, bare->key_id);
    g_assert_cmpuint(world->n_removed, ==, 1);
}

static void
test_key_keeps_its_name(void)
{
    const MeishiImportOptions named = {.label = "For the VPN"};
    g_autoptr(World) world = world_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiImportReport) report = world_import(world, "bob.key", NULL, &named, &error);

    g_assert_no_error(error);
    assert_import(world, "bob.crt", NULL, "C");
    assert_labels(world, "For the VPN");
}

static void
test_renewal(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(MeishiIdentity) old = NULL;
    g_autoptr(MeishiIdentity) new = NULL;

    assert_import(world, "alice.p12", "secret", "AII");
    assert_import(world, "renewed.der", NULL, "C");
    old = world_identity(world, "Alice at work");
    new = world_identity(world, "Alice");
    g_assert_cmpint(old->key_id, ==, new->key_id);
    g_assert_cmpint(old->cert_id, !=, new->cert_id);
    g_assert_cmpuint(new->chain->len, ==, 2);
    assert_labels(world, "Alice,Alice at work"); /* it lasts longer, or is younger */
}

static void
test_unique_labels(void)
{
    g_autoptr(World) world = world_new();

    assert_import(world, "alice.key,alice.crt", NULL, "A");
    assert_import(world, "renewed.crt", NULL, "C");
    assert_labels(world, "Alice (2),Alice");
}

static void
test_issuers_later(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(MeishiIdentity) bob = NULL;

    assert_import(world, "bob.pem", NULL, "A");
    assert_import(world, "chain.pem,other.crt", NULL, "IIP");
    bob = world_identity(world, "Bob");
    g_assert_cmpuint(bob->chain->len, ==, 2);
    g_assert_cmpuint(bob->warnings, ==, 0);
    g_assert_cmpuint(world->n_changed, ==, 1);
    assert_import(world, "chain.pem", NULL, "UU");
}

/* An issuer stays for as long as an identity needs it. */
static void
test_shared_issuers(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiIdentity) alice = NULL;
    g_autoptr(MeishiIdentity) bob = NULL;

    assert_import(world, "alice.p12", "secret", "AII");
    assert_import(world, "bob.pem", NULL, "A");
    alice = world_identity(world, "Alice at work");
    g_assert_true(meishi_agent_remove(world->agent, alice, &error));
    g_assert_no_error(error);
    bob = world_identity(world, "Bob");
    g_assert_cmpuint(bob->chain->len, ==, 2);
    g_assert_true(meishi_agent_remove(world->agent, bob, &error));
    g_assert_no_error(error);
    assert_labels(world, "");
    assert_import(world, "bob.pem,chain.pem", NULL, "AII"); /* they had left with the last */
}

static void
assert_refused(World *world, const char *files, MeishiErrorCode code, const char *says)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiImportReport) report = world_import(world, files, NULL, NULL, &error);

    g_assert_null(report);
    g_assert_error(error, MEISHI_ERROR, (gint)code);
    g_test_message("%s", error->message);
    g_assert_nonnull(strstr(error->message, says));
}

static void
test_refused(void)
{
    g_autoptr(World) world = world_new();

    assert_refused(world, "chain.pem", MEISHI_ERROR_NOT_FOUND,
                   "chain.pem holds 2 CA certificates and no private key");
    assert_refused(world, "bob.crt", MEISHI_ERROR_NOT_FOUND,
                   "bob.crt holds the certificate “Bob” and no private key");
    assert_refused(world, "alice.p12", MEISHI_ERROR_PASSWORD_REQUIRED, "alice.p12");
    assert_refused(world, "alice.csr", MEISHI_ERROR_BAD_FILE, "alice.csr");
    g_assert_cmpint(meishi_agent_vault_state(world->agent), ==, MEISHI_VAULT_ABSENT);
}

static void
test_mismatch(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiImportReport) report =
        world_import(world, "bob.key,stranger.crt", NULL, NULL, &error);
    const MeishiImportItem *key, *cert;

    g_assert_no_error(error);
    g_assert_cmpuint(report->items->len, ==, 2);
    key = g_ptr_array_index(report->items, 0);
    cert = g_ptr_array_index(report->items, 1);
    g_assert_cmpint(key->outcome, ==, MEISHI_IMPORT_KEY_ADDED);
    g_assert_cmpint(cert->outcome, ==, MEISHI_IMPORT_PASSED_OVER);
    g_assert_cmpuint(report->warnings->len, ==, 1);
    g_assert_cmpstr(report->warnings->pdata[0], ==,
                    "The private key in bob.key does not match the certificate “Stranger” in "
                    "stranger.crt.");
    g_assert_nonnull(strstr(cert->messages[0], "bob.key"));
    g_assert_cmpstr(cert->reason, ==, "key-mismatch");
    g_assert_null(key->reason);
    /* Again: now there is nothing to store, and no reason to say that all is well. */
    assert_refused(world, "bob.key,stranger.crt", MEISHI_ERROR_KEY_MISMATCH,
                   "does not match the certificate “Stranger”");
}

static void
test_further_certificate(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiImportReport) first =
        world_import(world, "alice.key,alice.crt", NULL, NULL, &error);
    g_autoptr(MeishiImportReport) second = world_import(world, "renewed.crt", NULL, NULL, &error);
    const MeishiImportItem *old = g_ptr_array_index(first->items, 0);
    const MeishiImportItem *added;

    g_assert_no_error(error);
    added = g_ptr_array_index(second->items, 0);
    g_assert_cmpint(added->outcome, ==, MEISHI_IMPORT_COMPLETED);
    g_assert_null(old->key_of);
    g_assert_cmpstr(added->key_of, ==, old->label);
    g_assert_cmpstr(added->label, !=, old->label);
}

static void
test_one_label_for_two(void)
{
    const MeishiImportOptions named = {.label = "Both"};
    const MeishiImportOptions bad = {.label = "a\nb"};
    g_autoptr(World) world = world_new();
    g_autoptr(GError) error = NULL;

    g_assert_null(world_import(world, "bob.pem,alice.key,alice.crt", NULL, &named, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT);
    g_clear_error(&error);
    g_assert_null(world_import(world, "bob.pem", NULL, &bad, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT);
    g_assert_cmpint(meishi_agent_vault_state(world->agent), ==, MEISHI_VAULT_ABSENT);
}

static void
test_survives_restart(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiIdentity) alice = NULL;
    g_autoptr(MeishiKey) key = NULL;
    g_autoptr(GBytes) spki = NULL;

    assert_import(world, "alice.p12", "secret", "AII");
    world_restart(world);
    alice = world_identity(world, "Alice at work");
    g_assert_cmpint(meishi_agent_vault_state(world->agent), ==, MEISHI_VAULT_LOCKED);
    key = world_load_key(world, alice->key_id, &error);
    g_assert_no_error(error);
    spki = meishi_key_spki(key);
    g_assert_true(g_bytes_equal(spki, alice->cert->key->spki));
}

/* Both find no vault; one makes it, the other uses it. */
static void
on_imported(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiImportReport) report =
        meishi_agent_import_finish(MEISHI_AGENT(source), result, &error);

    g_assert_no_error(error);
    *(guint *)user_data += report->vault_created != NULL ? 101 : 1;
}

static void
start_import(World *world, const char *name, guint *done)
{
    const MeishiImportOptions plain = {0};
    MeishiImportFile *file = g_new0(MeishiImportFile, 1);
    g_autoptr(GPtrArray) passwords = g_ptr_array_new();
    g_autoptr(GPtrArray) files =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_import_file_free);

    file->name = g_strdup(name);
    file->data = world_pki(name);
    g_ptr_array_add(files, file);
    meishi_agent_import_async(world->agent, files, passwords, &plain, NULL, on_imported, done);
}

static void
test_two_at_once(void)
{
    g_autoptr(World) world = world_new();
    guint done = 0;

    start_import(world, "bob.pem", &done);
    start_import(world, "alice.key", &done);
    while (done % 100 < 2)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(done, ==, 102);
    assert_labels(world, "Bob,EC P-256 key");
}

int
main(int argc, char **argv)
{
    world_init(&argc, &argv);
    g_test_add_func("/agent/import/first", test_first);
    g_test_add_func("/agent/import/again", test_again);
    g_test_add_func("/agent/import/again-while-locked", test_again_while_locked);
    g_test_add_func("/agent/import/dry-run", test_dry_run);
    g_test_add_func("/agent/import/pairs-over-files", test_pairs_over_files);
    g_test_add_func("/agent/import/key-then-certificate", test_key_then_certificate);
    g_test_add_func("/agent/import/key-keeps-its-name", test_key_keeps_its_name);
    g_test_add_func("/agent/import/renewal", test_renewal);
    g_test_add_func("/agent/import/unique-labels", test_unique_labels);
    g_test_add_func("/agent/import/issuers-later", test_issuers_later);
    g_test_add_func("/agent/import/shared-issuers", test_shared_issuers);
    g_test_add_func("/agent/import/refused", test_refused);
    g_test_add_func("/agent/import/mismatch", test_mismatch);
    g_test_add_func("/agent/import/further-certificate", test_further_certificate);
    g_test_add_func("/agent/import/one-label-for-two", test_one_label_for_two);
    g_test_add_func("/agent/import/survives-restart", test_survives_restart);
    g_test_add_func("/agent/import/two-at-once", test_two_at_once);
    return world_run();
}
