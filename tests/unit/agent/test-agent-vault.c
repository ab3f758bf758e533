/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The vault as the agent shows it: made, locked, unlocked, its slots, its keys, its care.
 */
#include "tests/unit/agent/world.h"

#include "daemon/base/error.h"

#include <glib/gstdio.h>
#include <string.h>

static void
assert_state(World *world, MeishiVaultState state)
{
    g_assert_cmpint(meishi_agent_vault_state(world->agent), ==, state);
}

static MeishiIdentity *
import_bob(World *world)
{
    g_autofree char *outcomes = world_import_outcomes(world, "bob.pem", NULL);

    g_assert_cmpstr(outcomes, ==, "A");
    return world_identity(world, "Bob");
}

static void
test_passphrase(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GError) error = NULL;

    assert_state(world, MEISHI_VAULT_ABSENT);
    g_assert_false(world_unlock(world, "anything", &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_NO_VAULT);
    g_clear_error(&error);
    g_assert_true(world_init_vault(world, "open sesame", &error));
    assert_state(world, MEISHI_VAULT_UNLOCKED);
    world_restart(world);
    assert_state(world, MEISHI_VAULT_LOCKED);
    g_assert_false(world_unlock(world, "close sesame", &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_WRONG_SECRET);
    g_clear_error(&error);
    g_assert_false(world_unlock(world, NULL, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_LOCKED);
    assert_state(world, MEISHI_VAULT_LOCKED);
    g_assert_true(world_unlock(world, "open sesame", NULL));
    assert_state(world, MEISHI_VAULT_UNLOCKED);
    g_assert_cmpuint(world->n_vault, ==, 2);
}

static void
test_one_vault(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GError) error = NULL;

    g_assert_true(world_init_vault(world, "first", &error));
    g_assert_false(world_init_vault(world, "second", &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_EXISTS);
    world_restart(world);
    g_clear_error(&error);
    g_assert_false(world_init_vault(world, NULL, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_EXISTS);
}

static void
test_empty_passphrase(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GError) error = NULL;

    g_assert_false(world_init_vault(world, "", &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT);
    assert_state(world, MEISHI_VAULT_ABSENT);
}

/* A key file that is gone, open to others, or another one never leads to a new vault. */
static void
test_key_file(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *path = world_path(world, "vault.key");
    g_autofree char *aside = world_path(world, "aside.key");

    g_assert_true(world_init_vault(world, NULL, &error));
    world_restart(world);
    g_assert_cmpint(g_chmod(path, 0640), ==, 0);
    g_assert_false(world_unlock(world, NULL, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_LOCKED);
    g_assert_nonnull(strstr(error->message, "chmod 600"));
    g_clear_error(&error);
    g_assert_cmpint(g_rename(path, aside), ==, 0);
    g_assert_false(world_unlock(world, NULL, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_LOCKED);
    g_clear_error(&error);
    g_assert_null(world_import(world, "bob.pem", NULL, NULL, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_LOCKED);
    g_clear_error(&error);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    g_assert_cmpint(g_rename(aside, path), ==, 0);
    g_assert_cmpint(g_chmod(path, 0600), ==, 0);
    g_assert_true(world_unlock(world, NULL, &error));
    g_assert_no_error(error);
}

static void
test_slots(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *path = world_path(world, "second.key");
    g_autoptr(GPtrArray) slots = NULL;

    g_assert_true(world_init_vault(world, "one", &error));
    g_assert_true(world_add_slot(world, NULL, path, "one", &error));
    g_assert_true(world_add_slot(world, "two", NULL, NULL, &error));
    slots = meishi_agent_vault_slots(world->agent);
    g_assert_cmpuint(slots->len, ==, 3);
    g_assert_cmpstr(((MeishiStoreSlot *)slots->pdata[1])->location, ==, path);
    for (guint i = 0; i < 2; i++)
        g_assert_true(world_remove_slot(world, ((MeishiStoreSlot *)slots->pdata[i])->id, &error));
    g_assert_false(world_remove_slot(world, ((MeishiStoreSlot *)slots->pdata[2])->id, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_DENIED);
    g_clear_error(&error);
    g_assert_false(world_remove_slot(world, 4711, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
    g_clear_error(&error);
    meishi_agent_vault_lock(world->agent);
    g_assert_false(world_unlock(world, "one", &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_WRONG_SECRET);
    g_assert_true(world_unlock(world, "two", NULL));
}

/* A slot that does not open anything any more is no reason to let go of the one that does. */
static void
test_last_slot_that_opens(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *path = world_path(world, "lost.key");
    g_autofree char *aside = world_path(world, "found.key");
    g_autoptr(GPtrArray) slots = NULL;
    const MeishiStoreSlot *passphrase;

    g_assert_true(world_init_vault(world, "one", &error));
    g_assert_true(world_add_slot(world, NULL, path, "one", &error));
    slots = meishi_agent_vault_slots(world->agent);
    passphrase = slots->pdata[0];
    g_assert_cmpint(g_rename(path, aside), ==, 0);
    g_assert_false(world_remove_slot(world, passphrase->id, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_DENIED);
    g_clear_error(&error);
    g_assert_cmpint(g_rename(aside, path), ==, 0);
    g_assert_true(world_remove_slot(world, passphrase->id, &error));
    g_assert_no_error(error);
}

static void
test_add_slot_while_locked(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GError) error = NULL;

    g_assert_true(world_init_vault(world, "one", &error));
    world_restart(world);
    g_assert_false(world_add_slot(world, "two", NULL, NULL, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_DENIED);
    g_clear_error(&error);
    g_assert_false(world_add_slot(world, "two", NULL, "three", &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_WRONG_SECRET);
    g_clear_error(&error);
    g_assert_false(world_add_slot(world, NULL, "relative.key", "one", &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT);
    g_assert_true(world_add_slot(world, "two", NULL, "one", NULL));
    assert_state(world, MEISHI_VAULT_LOCKED);
}

/* Whoever finds the vault open may use it; a slot or a backup would be the keys themselves. */
static void
test_open_vault_gives_nothing_away(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) backup = NULL;

    g_assert_true(world_init_vault(world, "one", &error));
    assert_state(world, MEISHI_VAULT_UNLOCKED);
    g_assert_false(world_add_slot(world, "mine", NULL, NULL, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_DENIED);
    g_clear_error(&error);
    g_assert_null(world_backup(world, "mine", NULL, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_DENIED);
    g_clear_error(&error);
    g_assert_null(world_backup(world, "mine", "guess", &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_WRONG_SECRET);
    g_clear_error(&error);
    backup = world_backup(world, "mine", "one", &error);
    g_assert_no_error(error);
}

static void
test_load_key(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiIdentity) bob = import_bob(world);
    MeishiKeyCache *cache = meishi_agent_key_cache(world->agent);
    g_autoptr(MeishiKey) key = NULL;
    g_autoptr(MeishiKey) again = NULL;

    g_assert_null(meishi_key_cache_lookup(cache, bob->key_id));
    key = world_load_key(world, bob->key_id, &error);
    g_assert_no_error(error);
    again = meishi_key_cache_lookup(cache, bob->key_id);
    g_assert_true(again == key);
    g_assert_null(world_load_key(world, 4711, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
}

/* A key file opens the vault for whoever comes, but not behind the back of who locked it. */
static void
test_lock_holds(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiIdentity) bob = import_bob(world);
    MeishiKeyCache *cache = meishi_agent_key_cache(world->agent);
    g_autoptr(MeishiKey) key = world_load_key(world, bob->key_id, &error);

    g_assert_nonnull(key);
    g_assert_false(meishi_agent_vault_stays_locked(world->agent));
    meishi_agent_vault_lock(world->agent);
    g_assert_true(meishi_agent_vault_stays_locked(world->agent));
    g_assert_null(meishi_key_cache_lookup(cache, bob->key_id));
    g_assert_null(world_load_key(world, bob->key_id, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_LOCKED);
    g_assert_nonnull(strstr(error->message, "meishi unlock"));
    g_assert_true(world_unlock(world, NULL, NULL));
    g_assert_false(meishi_agent_vault_stays_locked(world->agent));
    g_clear_pointer(&key, meishi_key_unref);
    key = world_load_key(world, bob->key_id, NULL);
    g_assert_nonnull(key);
}

static void
test_remove_drops_key(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(MeishiIdentity) bob = import_bob(world);
    g_autoptr(MeishiKey) key = world_load_key(world, bob->key_id, NULL);
    MeishiKeyCache *cache = meishi_agent_key_cache(world->agent);

    g_assert_nonnull(key);
    g_assert_true(meishi_agent_remove(world->agent, bob, NULL));
    g_assert_null(meishi_key_cache_lookup(cache, bob->key_id));
}

/* ---- many at once -------------------------------------------------------------------------- */

static void
on_loaded(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiKey) key = meishi_agent_load_key_finish(MEISHI_AGENT(source), result, &error);

    *(guint *)user_data += key != NULL ? 1 : 1000;
}

static void
test_unlock_once(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(MeishiIdentity) bob = import_bob(world);
    guint done = 0;

    world_restart(world);
    world->n_vault = 0;
    for (guint i = 0; i < 8; i++)
        meishi_agent_load_key_async(world->agent, bob->key_id, NULL, on_loaded, &done);
    while (done < 8)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(done, ==, 8);
    g_assert_cmpuint(world->n_vault, ==, 1);
}

static void
test_lock_wins(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(MeishiIdentity) bob = import_bob(world);
    guint done = 0;

    world_restart(world);
    meishi_agent_load_key_async(world->agent, bob->key_id, NULL, on_loaded, &done);
    meishi_agent_vault_lock(world->agent);
    while (done == 0)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(done, ==, 1000);
    assert_state(world, MEISHI_VAULT_LOCKED);
}

static void
test_lock_after_unlock_before_use(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(MeishiIdentity) bob = import_bob(world);
    guint done = 0;

    meishi_agent_load_key_async(world->agent, bob->key_id, NULL, on_loaded, &done);
    meishi_agent_vault_lock(world->agent); /* it was unlocked; the answer is on its way */
    while (done == 0)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(done, ==, 1000);
}

/* ---- what leaves ---------------------------------------------------------------------------- */

static void
assert_opens(GBytes *file, const char *password, guint n_certs)
{
    g_autoptr(GPtrArray) passwords =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_secret_unref);
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiBundle) bundle = NULL;

    g_ptr_array_add(passwords, world_secret(password));
    bundle = meishi_bundle_read(file, "exported", passwords, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(bundle->keys->len, ==, 1);
    g_assert_cmpuint(bundle->certs->len, ==, n_certs);
}

static void
test_export_key(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiIdentity) alice = NULL;
    g_autoptr(GBytes) by_file = NULL;
    g_autoptr(GBytes) by_passphrase = NULL;
    g_autofree char *outcomes = world_import_outcomes(world, "alice.p12", "secret");

    g_assert_cmpstr(outcomes, ==, "AII");
    alice = world_identity(world, "Alice at work");
    by_file = world_export_key(world, alice, NULL, "out", &error);
    g_assert_no_error(error);
    assert_opens(by_file, "out", 3);
    g_assert_null(world_export_key(world, alice, "guess", "out", &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND); /* there is no passphrase */
    g_clear_error(&error);
    g_assert_true(world_add_slot(world, "proof", NULL, NULL, &error));
    g_assert_null(world_export_key(world, alice, "guess", "out", &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_WRONG_SECRET);
    meishi_agent_vault_lock(world->agent);
    by_passphrase = world_export_key(world, alice, "proof", "other", NULL);
    assert_opens(by_passphrase, "other", 3);
    assert_state(world, MEISHI_VAULT_LOCKED);
}

static void
test_export_needs_password(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiIdentity) bob = NULL;

    g_assert_true(world_init_vault(world, "proof", &error));
    bob = import_bob(world);
    g_assert_null(world_export_key(world, bob, "proof", "", &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT);
}

/* A rule about the identity holds for an export, whatever targets it names. */
static void
test_export_forbidden(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(MeishiIdentity) bob = NULL;
    g_autoptr(GBytes) out = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_true(world_init_vault(world, "proof", NULL));
    bob = import_bob(world);
    world_set_policy(world, "[Policy]\nVersion=1\n"
                            "[Rule stays]\nMatch-Host=vpn.example.com\n"
                            "Identity-Subject-CN=Bob\nForbid=export\n");
    g_assert_null(world_export_key(world, bob, "proof", "out", &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_DENIED);
    g_assert_nonnull(strstr(error->message, "rule stays"));
    world_set_policy(world, "[Policy]\nVersion=1\n"
                            "[Rule stays]\nIdentity-Subject-CN=Alice\nForbid=export\n");
    out = world_export_key(world, bob, "proof", "out", NULL);
    g_assert_nonnull(out);
}

static void
test_export_needs_proof(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiIdentity) bob = NULL;

    g_assert_true(world_init_vault(world, "proof", &error));
    bob = import_bob(world);
    g_assert_null(world_export_key(world, bob, NULL, "out", &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_DENIED);
}

static void
test_export_certificates(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiIdentity) alice = NULL;
    g_autoptr(MeishiIdentity) bare = NULL;
    g_autofree char *pem = NULL;
    g_autofree char *outcomes = world_import_outcomes(world, "alice.p12,bob.key", "secret");
    g_auto(GStrv) parts = NULL;

    g_assert_cmpstr(outcomes, ==, "AKII");
    alice = world_identity(world, "Alice at work");
    meishi_agent_vault_lock(world->agent);
    pem = meishi_agent_export_certificates(world->agent, alice, &error);
    g_assert_no_error(error);
    parts = g_strsplit(pem, "-----BEGIN CERTIFICATE-----", -1);
    g_assert_cmpuint(g_strv_length(parts), ==, 4);
    bare = world_identity(world, "EC P-256 key");
    g_assert_null(meishi_agent_export_certificates(world->agent, bare, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_NOT_FOUND);
}

static void
test_check(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) well = NULL;
    g_autoptr(GPtrArray) ill = NULL;
    g_autofree char *key_file = world_path(world, "extra.key");
    g_autofree char *outcomes = world_import_outcomes(world, "alice.p12", "secret");
    guint n_records = 0;

    g_assert_cmpstr(outcomes, ==, "AII");
    g_assert_true(world_add_slot(world, NULL, key_file, NULL, &error));
    well = world_check(world, &n_records, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(well->len, ==, 0);
    g_assert_cmpuint(n_records, ==, 1 + 1 + 2 + 2);
    g_assert_true(g_file_set_contents(key_file, "thirty-two bytes, but not those!", -1, NULL));
    g_assert_cmpint(g_chmod(key_file, 0600), ==, 0);
    ill = world_check(world, &n_records, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(ill->len, ==, 1);
    g_assert_nonnull(strstr(ill->pdata[0], "does not open this vault"));
    meishi_agent_vault_lock(world->agent);
    g_assert_null(world_check(world, &n_records, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_LOCKED);
}

static void
test_backup(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(World) elsewhere = world_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiIdentity) bob = import_bob(world);
    g_autoptr(GBytes) backup = world_backup(world, "far away", NULL, &error);
    g_autoptr(MeishiIdentity) restored = NULL;
    g_autoptr(MeishiKey) key = NULL;
    g_autoptr(GPtrArray) slots = NULL;

    g_assert_no_error(error);
    g_assert_false(world_restore(elsewhere, backup, "near by", "new", &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_WRONG_SECRET);
    assert_state(elsewhere, MEISHI_VAULT_ABSENT);
    g_clear_error(&error);
    g_assert_true(world_restore(elsewhere, backup, "far away", "new", &error));
    g_assert_no_error(error);
    restored = world_identity(elsewhere, "Bob");
    world_restart(elsewhere);
    g_assert_true(world_unlock(elsewhere, "new", &error));
    key = world_load_key(elsewhere, restored->key_id, &error);
    g_assert_no_error(error);
    slots = meishi_agent_vault_slots(elsewhere->agent);
    g_assert_cmpuint(slots->len, ==, 1);
    g_assert_false(world_restore(elsewhere, backup, "far away", "new", &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_EXISTS);
}

static void
test_rename(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiIdentity) bob = import_bob(world);
    g_autoptr(MeishiIdentity) bare = NULL;
    g_autofree char *outcomes = world_import_outcomes(world, "alice.key", NULL);
    g_autofree char *labels = NULL;

    g_assert_cmpstr(outcomes, ==, "K");
    bare = world_identity(world, "EC P-256 key");
    g_assert_true(meishi_agent_rename(world->agent, bob, "Robert", &error));
    g_assert_true(meishi_agent_rename(world->agent, bare, "Wonderland", &error));
    g_assert_false(meishi_agent_rename(world->agent, bare, "Robert", &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_EXISTS);
    g_clear_error(&error);
    g_assert_false(meishi_agent_rename(world->agent, bare, " ", &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT);
    labels = world_labels(world);
    g_assert_cmpstr(labels, ==, "Robert,Wonderland");
    g_assert_cmpuint(world->n_changed, ==, 2);
}

static void
test_allow_raw(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiIdentity) bob = import_bob(world);

    g_assert_false(meishi_agent_set_allow_raw(world->agent, bob, TRUE, &error));
    g_assert_error(error, MEISHI_ERROR, MEISHI_ERROR_INVALID_ARGUMENT); /* an EC key */
}

int
main(int argc, char **argv)
{
    world_init(&argc, &argv);
    g_test_add_func("/agent/vault/passphrase", test_passphrase);
    g_test_add_func("/agent/vault/one-vault", test_one_vault);
    g_test_add_func("/agent/vault/empty-passphrase", test_empty_passphrase);
    g_test_add_func("/agent/vault/key-file", test_key_file);
    g_test_add_func("/agent/vault/slots", test_slots);
    g_test_add_func("/agent/vault/last-slot-that-opens", test_last_slot_that_opens);
    g_test_add_func("/agent/vault/add-slot-while-locked", test_add_slot_while_locked);
    g_test_add_func("/agent/vault/open-vault-gives-nothing-away",
                    test_open_vault_gives_nothing_away);
    g_test_add_func("/agent/vault/load-key", test_load_key);
    g_test_add_func("/agent/vault/lock-holds", test_lock_holds);
    g_test_add_func("/agent/vault/remove-drops-key", test_remove_drops_key);
    g_test_add_func("/agent/vault/unlock-once", test_unlock_once);
    g_test_add_func("/agent/vault/lock-wins", test_lock_wins);
    g_test_add_func("/agent/vault/lock-before-use", test_lock_after_unlock_before_use);
    g_test_add_func("/agent/vault/export-key", test_export_key);
    g_test_add_func("/agent/vault/export-forbidden", test_export_forbidden);
    g_test_add_func("/agent/vault/export-needs-proof", test_export_needs_proof);
    g_test_add_func("/agent/vault/export-needs-password", test_export_needs_password);
    g_test_add_func("/agent/vault/export-certificates", test_export_certificates);
    g_test_add_func("/agent/vault/check", test_check);
    g_test_add_func("/agent/vault/backup", test_backup);
    g_test_add_func("/agent/vault/rename", test_rename);
    g_test_add_func("/agent/vault/allow-raw", test_allow_raw);
    return world_run();
}
