/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The world of a test.  Everything below one temporary directory, which is removed at the end.
 */
#include "tests/unit/agent/world.h"

#include "daemon/agent/selector.h"
#include "daemon/agent/slot-make.h"
#include "daemon/base/error.h"
#include "daemon/keyring/keyring.h"
#include "tests/lib/policy-root.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>

static char *pki_dir;
static char *top_dir;

static int
remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    return remove(path);
}

static void
remove_tree(const char *path)
{
    g_assert_cmpint(nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS), ==, 0);
}

static void
run_script(const char *argument)
{
    const char *argv[] = {g_getenv("MEISHI_TEST_PKI"), pki_dir, argument, NULL};
    g_autoptr(GError) error = NULL;
    g_autofree char *output = NULL;
    int status;

    g_assert_nonnull(argv[0]);
    g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, &output,
                 &status, &error);
    g_assert_no_error(error);
    if (!g_spawn_check_wait_status(status, NULL))
        g_error("pki.sh: %s", output);
}

static void
make_pki(void)
{
    pki_dir = g_build_filename(top_dir, "pki", NULL);
    g_assert_cmpint(g_mkdir_with_parents(pki_dir, 0700), ==, 0);
    run_script(NULL);
}

void
world_make_brief(guint seconds)
{
    g_autofree char *text = g_strdup_printf("%u", seconds);

    run_script(text);
}

/* Before any thread: the environment belongs to all of them. */
void
world_init(int *argc, char ***argv)
{
    g_autofree char *config = NULL;
    g_autofree char *runtime = NULL;

    g_test_init(argc, argv, NULL);
    top_dir = g_dir_make_tmp("meishi-test-XXXXXX", NULL);
    config = g_build_filename(top_dir, "config", NULL);
    runtime = g_build_filename(top_dir, "run", NULL);
    g_setenv("XDG_CONFIG_HOME", config, TRUE);
    g_setenv("XDG_RUNTIME_DIR", runtime, TRUE);
    g_unsetenv("DBUS_SESSION_BUS_ADDRESS");
    g_assert_true(meishi_crypto_init(NULL));
    meishi_slot_make_set_scrypt_target(1);
    meishi_keyring_set_helper("/nonexistent/meishi-keyring");
    make_pki();
}

/* OpenSSL keeps a random number generator per thread, in its own heap where leak checkers do not
 * look, and frees it when the thread ends.  GLib's workers idle for half a second before they may
 * be ended. */
static void
end_workers(void)
{
    for (guint i = 0; i < 75; i++) {
        g_thread_pool_stop_unused_threads();
        g_usleep(10000);
    }
}

int
world_run(void)
{
    int status = g_test_run();

    end_workers();
    remove_tree(top_dir);
    g_free(pki_dir);
    g_free(top_dir);
    return status;
}

/* ---- the agent ----------------------------------------------------------------------------- */

static void
count(guint *counter)
{
    ++*counter;
}

static void
open_agent(World *world)
{
    g_autoptr(GError) error = NULL;
    MeishiStore *store = meishi_store_open(world->data, &error);

    g_assert_no_error(error);
    meishi_rulebook_set_root(world->policy);
    world->agent = meishi_agent_new(store, &error);
    g_assert_no_error(error);
    g_signal_connect_swapped(world->agent, "identity-added", G_CALLBACK(count), &world->n_added);
    g_signal_connect_swapped(world->agent, "identity-changed", G_CALLBACK(count),
                             &world->n_changed);
    g_signal_connect_swapped(world->agent, "identity-removed", G_CALLBACK(count),
                             &world->n_removed);
    g_signal_connect_swapped(world->agent, "view-changed", G_CALLBACK(count), &world->n_view);
    g_signal_connect_swapped(world->agent, "vault-changed", G_CALLBACK(count), &world->n_vault);
}

static void
close_agent(World *world)
{
    world_settle();
    g_assert_finalize_object(world->agent);
    world->agent = NULL;
}

World *
world_new(void)
{
    g_autofree char *template = g_build_filename(top_dir, "world-XXXXXX", NULL);
    World *world = g_new0(World, 1);

    world->dir = g_strdup(g_mkdtemp(template));
    world->data = g_build_filename(world->dir, "data", NULL);
    world->policy = g_build_filename(world->dir, "policy", NULL);
    open_agent(world);
    return world;
}

void
world_free(World *world)
{
    close_agent(world);
    remove_tree(world->dir);
    g_free(world->data);
    g_free(world->policy);
    g_free(world->dir);
    g_free(world);
}

void
world_restart(World *world)
{
    close_agent(world);
    open_agent(world);
}

char *
world_path(World *world, const char *name)
{
    return g_build_filename(world->dir, name, NULL);
}

void
world_set_policy(World *world, const char *text)
{
    g_autoptr(GError) error = NULL;

    if (text != NULL)
        policy_root_write(world->policy, POLICY_ADMIN, "10-test.conf", text);
    else
        policy_root_remove(world->policy, POLICY_ADMIN, "10-test.conf");
    g_assert_true(meishi_rulebook_reload(meishi_agent_rulebook(world->agent), &error));
    g_assert_no_error(error);
    world_settle();
}

void
world_settle(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

GBytes *
world_pki(const char *name)
{
    g_autofree char *path = g_build_filename(pki_dir, name, NULL);
    g_autoptr(GError) error = NULL;
    char *data;
    gsize len;

    g_file_get_contents(path, &data, &len, &error);
    g_assert_no_error(error);
    return g_bytes_new_take(data, len);
}

MeishiSecret *
world_secret(const char *text)
{
    return text != NULL ? meishi_secret_new_copy(text, strlen(text)) : NULL;
}

char *
world_labels(World *world)
{
    g_autoptr(GPtrArray) identities = meishi_agent_list(world->agent);
    GString *labels = g_string_new(NULL);

    for (guint i = 0; i < identities->len; i++) {
        const MeishiIdentity *identity = g_ptr_array_index(identities, i);

        g_string_append_printf(labels, "%s%s", i > 0 ? "," : "", identity->label);
    }
    return g_string_free(labels, FALSE);
}

MeishiIdentity *
world_identity(World *world, const char *label)
{
    g_autoptr(GPtrArray) identities = meishi_agent_list(world->agent);

    for (guint i = 0; i < identities->len; i++) {
        MeishiIdentity *identity = g_ptr_array_index(identities, i);

        if (strcmp(identity->label, label) == 0)
            return meishi_identity_ref(identity);
    }
    g_error("there is no identity called %s", label);
}

/* ---- waiting ------------------------------------------------------------------------------- */

static void
on_ready(GObject *source, GAsyncResult *result, gpointer user_data)
{
    *(GAsyncResult **)user_data = g_object_ref(result);
}

static GAsyncResult *
wait_for(GAsyncResult **result)
{
    while (*result == NULL)
        g_main_context_iteration(NULL, TRUE);
    return *result;
}

static GPtrArray *
import_files(const char *names)
{
    GPtrArray *files = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_import_file_free);
    g_auto(GStrv) list = g_strsplit(names, ",", -1);

    for (char **name = list; *name != NULL; name++) {
        MeishiImportFile *file = g_new0(MeishiImportFile, 1);

        file->name = g_strdup(*name);
        file->data = world_pki(*name);
        g_ptr_array_add(files, file);
    }
    return files;
}

MeishiImportReport *
world_import(World *world, const char *names, const char *password,
             const MeishiImportOptions *options, GError **error)
{
    const MeishiImportOptions plain = {0};
    g_autoptr(GPtrArray) files = import_files(names);
    g_autoptr(GPtrArray) passwords =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_secret_unref);
    g_autoptr(GAsyncResult) result = NULL;

    if (password != NULL)
        g_ptr_array_add(passwords, world_secret(password));
    meishi_agent_import_async(world->agent, files, passwords, options != NULL ? options : &plain,
                              NULL, on_ready, &result);
    return meishi_agent_import_finish(world->agent, wait_for(&result), error);
}

char *
world_import_outcomes(World *world, const char *names, const char *password)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MeishiImportReport) report = world_import(world, names, password, NULL, &error);
    GString *letters = g_string_new(NULL);

    g_assert_no_error(error);
    for (guint i = 0; i < report->items->len; i++) {
        const MeishiImportItem *item = g_ptr_array_index(report->items, i);

        g_string_append_c(letters, "AKCUIP"[item->outcome]);
    }
    return g_string_free(letters, FALSE);
}

static gboolean
finish_vault(World *world, GAsyncResult **result, GError **error)
{
    return meishi_agent_vault_finish(world->agent, wait_for(result), error);
}

gboolean
world_init_vault(World *world, const char *passphrase, GError **error)
{
    g_autoptr(MeishiSecret) secret = world_secret(passphrase);
    g_autofree char *path = world_path(world, "vault.key");
    const MeishiSlotRequest request = {
        .kind = passphrase != NULL ? MEISHI_SLOT_PASSPHRASE : MEISHI_SLOT_KEY_FILE,
        .secret = secret,
        .path = passphrase != NULL ? NULL : path,
    };
    g_autoptr(GAsyncResult) result = NULL;

    meishi_agent_vault_init_async(world->agent, &request, NULL, on_ready, &result);
    return finish_vault(world, &result, error);
}

gboolean
world_unlock(World *world, const char *passphrase, GError **error)
{
    g_autoptr(MeishiSecret) secret = world_secret(passphrase);
    g_autoptr(GAsyncResult) result = NULL;

    meishi_agent_vault_unlock_async(world->agent, secret, NULL, on_ready, &result);
    return finish_vault(world, &result, error);
}

gboolean
world_add_slot(World *world, const char *passphrase, const char *key_file, const char *proof,
               GError **error)
{
    g_autoptr(MeishiSecret) secret = world_secret(passphrase);
    g_autoptr(MeishiSecret) proof_secret = world_secret(proof);
    const MeishiSlotRequest request = {
        .kind = passphrase != NULL ? MEISHI_SLOT_PASSPHRASE : MEISHI_SLOT_KEY_FILE,
        .secret = secret,
        .path = key_file,
    };
    g_autoptr(GAsyncResult) result = NULL;

    meishi_agent_vault_add_slot_async(world->agent, &request, proof_secret, NULL, on_ready,
                                      &result);
    return finish_vault(world, &result, error);
}

gboolean
world_remove_slot(World *world, gint64 id, GError **error)
{
    g_autoptr(GAsyncResult) result = NULL;

    meishi_agent_vault_remove_slot_async(world->agent, id, NULL, on_ready, &result);
    return finish_vault(world, &result, error);
}

MeishiKey *
world_load_key(World *world, gint64 key_id, GError **error)
{
    g_autoptr(GAsyncResult) result = NULL;

    meishi_agent_load_key_async(world->agent, key_id, NULL, on_ready, &result);
    return meishi_agent_load_key_finish(world->agent, wait_for(&result), error);
}

GBytes *
world_export_key(World *world, MeishiIdentity *identity, const char *proof, const char *password,
                 GError **error)
{
    g_autoptr(MeishiSecret) proof_secret = world_secret(proof);
    g_autoptr(MeishiSecret) password_secret = world_secret(password);
    g_autoptr(GAsyncResult) result = NULL;

    meishi_agent_export_key_async(world->agent, identity, proof_secret, password_secret, NULL,
                                  on_ready, &result);
    return meishi_agent_export_key_finish(world->agent, wait_for(&result), error);
}

GPtrArray *
world_check(World *world, guint *ret_n_records, GError **error)
{
    g_autoptr(GAsyncResult) result = NULL;

    meishi_agent_vault_check_async(world->agent, NULL, on_ready, &result);
    return meishi_agent_vault_check_finish(world->agent, wait_for(&result), ret_n_records, error);
}

GBytes *
world_backup(World *world, const char *passphrase, const char *proof, GError **error)
{
    g_autoptr(MeishiSecret) secret = world_secret(passphrase);
    g_autoptr(MeishiSecret) proof_secret = world_secret(proof);
    g_autoptr(GAsyncResult) result = NULL;

    meishi_agent_vault_backup_async(world->agent, secret, proof_secret, NULL, on_ready, &result);
    return meishi_agent_vault_backup_finish(world->agent, wait_for(&result), error);
}

gboolean
world_restore(World *world, GBytes *backup, const char *passphrase, const char *new_passphrase,
              GError **error)
{
    g_autoptr(MeishiSecret) secret = world_secret(passphrase);
    g_autoptr(MeishiSecret) new_secret = world_secret(new_passphrase);
    const MeishiSlotRequest request = {.kind = MEISHI_SLOT_PASSPHRASE, .secret = new_secret};
    g_autoptr(GAsyncResult) result = NULL;

    meishi_agent_vault_restore_async(world->agent, backup, secret, &request, NULL, on_ready,
                                     &result);
    return finish_vault(world, &result, error);
}
