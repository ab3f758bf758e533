/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * After "Import": a vault that is open, then the import, then what was stored.  A vault is made
 * here and not left to the import, which would take a key file where there is no keyring: at a
 * screen there is a person who can choose a passphrase.
 */
#include "daemon/prompter/import-steps.h"

#include "daemon/asking/imported.h"
#include "daemon/base/error.h"
#include "daemon/prompter/import-pages.h"

#include <glib/gi18n.h>

static void
wait(MeishiImport *import)
{
    meishi_import_wait(import, _("Importing"), _("This can take a moment."));
}

/* ---- storing --------------------------------------------------------------------------------- */

static void
show_result(MeishiImport *import, GVariant *report)
{
    g_autoptr(MeishiImported) imported = meishi_imported_new(report);
    g_autoptr(MeishiImportView) view =
        meishi_import_view_result(imported, import->made, meishi_import_now());

    g_ptr_array_set_size(import->passwords, 0); /* the page may be looked at for long */
    meishi_import_turn(import, view->heading);
    meishi_import_pages_result(import->shell, view);
    meishi_import_show(import);
}

static void
on_stored(GVariant *report, const GError *error, gpointer data)
{
    MeishiImport *import = data;

    if (report != NULL)
        show_result(import, report);
    else
        meishi_import_show_trouble(import, error, meishi_import_only_name(import),
                                   meishi_import_store);
}

static void
store(MeishiImport *import)
{
    const MeishiImportOrder order = {
        .files = import->files, .passwords = import->passwords, .label = import->label};

    meishi_import_client_import(import->client, &order, on_stored, import);
}

/* ---- a new vault ----------------------------------------------------------------------------- */

static void
on_made_with_passphrase(const GError *error, gpointer data)
{
    MeishiImport *import = data;

    if (error == NULL)
        import->made = "passphrase";
    if (error == NULL || g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_EXISTS))
        meishi_import_store(import);
    else
        meishi_import_show_trouble(import, error, NULL, meishi_import_store);
}

static void
on_new_passphrase(MeishiSecret *secret, gpointer data)
{
    MeishiImport *import = data;

    wait(import);
    meishi_import_client_make_vault(import->client, secret, on_made_with_passphrase, import);
}

void
meishi_import_make_passphrase(MeishiImport *import)
{
    g_autoptr(MeishiImportSecret) view =
        meishi_import_secret_new(MEISHI_IMPORT_SECRET_NEW_VAULT, NULL, FALSE);

    meishi_import_show_secret(import, view, on_new_passphrase);
}

/* Where no keyring is there after all, the person's passphrase takes its place.  Where one is there
 * and does not open, whether to wait for it or to do without is for the person to say. */
static void
on_made_with_keyring(const GError *error, gpointer data)
{
    MeishiImport *import = data;

    if (error == NULL)
        import->made = "secret-service";
    if (error == NULL || g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_EXISTS))
        meishi_import_store(import);
    else if (g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_UNAVAILABLE))
        meishi_import_make_passphrase(import);
    else if (error->domain == MEISHI_ERROR)
        meishi_import_show_keyring_trouble(import, error);
    else
        meishi_import_show_trouble(import, error, NULL, meishi_import_store);
}

/* ---- the vault that there is ----------------------------------------------------------------- */

static void ask_passphrase(MeishiImport *import, gboolean is_wrong);

static void
on_unlocked(const GError *error, gpointer data)
{
    MeishiImport *import = data;

    if (error == NULL)
        store(import);
    else if (g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_WRONG_SECRET))
        ask_passphrase(import, TRUE);
    else
        meishi_import_show_trouble(import, error, NULL, meishi_import_store);
}

static void
on_passphrase(MeishiSecret *secret, gpointer data)
{
    MeishiImport *import = data;

    wait(import);
    meishi_import_client_unlock(import->client, secret, on_unlocked, import);
}

static void
ask_passphrase(MeishiImport *import, gboolean is_wrong)
{
    g_autoptr(MeishiImportSecret) view =
        meishi_import_secret_new(MEISHI_IMPORT_SECRET_VAULT, NULL, is_wrong);

    meishi_import_show_secret(import, view, on_passphrase);
}

static void
on_opened_by_itself(const GError *error, gpointer data)
{
    MeishiImport *import = data;

    if (error == NULL)
        store(import);
    else if (import->door.has_passphrase && error->domain == MEISHI_ERROR)
        ask_passphrase(import, FALSE);
    else
        meishi_import_show_trouble(import, error, NULL, meishi_import_store);
}

/* A keyring and a key file come first: they ask for nothing, or in a window of their own. */
static void
on_door(const MeishiImportDoor *door, const GError *error, gpointer data)
{
    MeishiImport *import = data;

    if (door == NULL) {
        meishi_import_show_trouble(import, error, NULL, meishi_import_store);
        return;
    }
    import->door = *door;
    if (door->state == MEISHI_IMPORT_VAULT_NEW_PASSPHRASE)
        meishi_import_make_passphrase(import);
    else if (door->state == MEISHI_IMPORT_VAULT_NEW_KEYRING)
        meishi_import_client_make_vault(import->client, NULL, on_made_with_keyring, import);
    else if (door->is_locked && door->has_other)
        meishi_import_client_unlock(import->client, NULL, on_opened_by_itself, import);
    else if (door->is_locked)
        ask_passphrase(import, FALSE);
    else
        store(import);
}

/* The door is looked at once more: much can have happened while the person read. */
void
meishi_import_store(MeishiImport *import)
{
    meishi_import_client_find_door(import->client, on_door, import);
}
