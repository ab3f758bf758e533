/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is to be restored, from somebody who had a day with it: it becomes a vault that can be read
 * and used, or nothing is changed.
 */
#include "daemon/store/store.h"

#include "daemon/base/error.h"

#include <glib/gstdio.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *dir;
static MeishiStore *store;

static void
clean_up(void)
{
    static const char *const names[] = {"vault.db", "vault.db-wal", "lock"};

    g_clear_pointer(&store, meishi_store_close);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(dir, names[i], NULL);

        g_unlink(path);
    }
    g_rmdir(dir);
    g_clear_pointer(&dir, g_free);
}

static void
make_store(void)
{
    if (dir == NULL) {
        dir = g_dir_make_tmp("meishi-fuzz-XXXXXX", NULL);
        atexit(clean_up);
    }
    if (store == NULL && dir != NULL)
        store = meishi_store_open(dir, NULL);
    if (store == NULL)
        abort();
}

/* Writes the first one over, and takes it out. */
static void
use_choices(GPtrArray *choices)
{
    g_autoptr(GArray) removed = g_array_new(FALSE, FALSE, sizeof(gint64));
    MeishiStoreChoice *choice = choices->len > 0 ? g_ptr_array_index(choices, 0) : NULL;

    if (choice == NULL)
        return;
    choice->uses++;
    g_array_append_val(removed, choice->id);
    if (!meishi_store_write_choices(store, choices, NULL, NULL) ||
        !meishi_store_write_choices(store, NULL, removed, NULL))
        abort();
}

static void
read_remembered(void)
{
    g_autoptr(GPtrArray) lineages = meishi_store_list_lineages(store, NULL);
    g_autoptr(GPtrArray) choices = meishi_store_list_choices(store, NULL);
    g_autoptr(GPtrArray) meetings = meishi_store_list_meetings(store, NULL);

    if (lineages == NULL || choices == NULL || meetings == NULL)
        abort();
    use_choices(choices);
    if (!meishi_store_remove_meetings(store, NULL, 0, NULL, NULL))
        abort();
}

static void
read_all(void)
{
    g_autoptr(GPtrArray) slots = meishi_store_list_slots(store, NULL);
    g_autoptr(GPtrArray) keys = meishi_store_list_keys(store, NULL);
    g_autoptr(GPtrArray) certs = meishi_store_list_certs(store, NULL);
    g_autoptr(GPtrArray) issuers = meishi_store_list_issuers(store, NULL);
    g_autoptr(GBytes) id = meishi_store_vault_id(store);

    if (slots == NULL || slots->len != 1 || keys == NULL || certs == NULL || issuers == NULL ||
        id == NULL || g_bytes_get_size(id) != 16)
        abort(); /* it was said to be sound */
    read_remembered();
    if (certs->len > 0) {
        const MeishiStoreCert *cert = g_ptr_array_index(certs, 0);

        if (!meishi_store_rename_cert(store, cert->id, "new", NULL) ||
            !meishi_store_remove_cert(store, cert->id, NULL))
            abort();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) image = g_bytes_new(data, size);
    g_autoptr(GBytes) wrapped = g_bytes_new_static("wrapped", 7);
    const MeishiStoreSlot slot = {
        .kind = MEISHI_SLOT_PASSPHRASE, .salt = wrapped, .wrapped = wrapped};

    make_store();
    if (meishi_store_load(store, image, &slot, &error)) {
        read_all();
        clean_up();
        return 0;
    }
    if (error == NULL || error->domain != MEISHI_ERROR || meishi_store_has_vault(store))
        abort();
    if (error->code != MEISHI_ERROR_BAD_FILE && error->code != MEISHI_ERROR_NEWER_VERSION)
        abort();
    return 0;
}
