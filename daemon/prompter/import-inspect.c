/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files hold: a dry run, a password for as long as the daemon wants one, and the page that
 * shows it.  Nothing is stored here.
 */
#include "daemon/prompter/import-steps.h"

#include "daemon/asking/imported.h"
#include "daemon/base/error.h"
#include "daemon/prompter/import-pages.h"

#include <glib/gi18n.h>

static void
on_import(const char *label, gpointer data)
{
    MeishiImport *import = data;

    g_free(import->label);
    import->label = g_strdup(label);
    meishi_import_wait(import, _("Importing"), _("Your keyring may ask you to unlock it."));
    meishi_import_store(import);
}

static void
show_plan(MeishiImport *import, GVariant *report)
{
    const MeishiImportPlanUser user = {.import = on_import, .data = import};
    g_autoptr(MeishiImported) plan = meishi_imported_new(report);
    g_autoptr(GPtrArray) names = meishi_import_names(import);
    g_autoptr(MeishiImportView) view = meishi_import_view_plan(
        plan, import->door.state, (const char *const *)names->pdata, meishi_import_now());

    meishi_import_turn(import, view->heading);
    meishi_import_pages_plan(import->shell, view, &user);
    meishi_import_show(import);
}

/* ---- passwords ------------------------------------------------------------------------------- */

static void
on_password(MeishiSecret *secret, gpointer data)
{
    MeishiImport *import = data;

    g_ptr_array_add(import->passwords, meishi_secret_ref(secret));
    meishi_import_wait(import, _("Opening the File"), _("Some files take a moment to open."));
    meishi_import_inspect(import);
}

/* One that fits already means that the key has a further one. */
void
meishi_import_ask_password(MeishiImport *import, gboolean is_wrong)
{
    gboolean is_further = !is_wrong && import->passwords->len > 0;
    g_autoptr(MeishiImportSecret) view = meishi_import_secret_new(
        is_further ? MEISHI_IMPORT_SECRET_KEY : MEISHI_IMPORT_SECRET_FILE, import->asked, is_wrong);

    meishi_import_show_secret(import, view, on_password);
}

/* FALSE where it is not a password that is wanted.  One that was typed for this file and does not
 * fit is not tried again. */
static gboolean
want_password(MeishiImport *import, const GError *error)
{
    gboolean is_refused = g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_WRONG_PASSWORD);
    g_autoptr(GPtrArray) names = meishi_import_names(import);
    const char *file = meishi_imported_refused((const char *const *)names->pdata, error->message);
    gboolean is_wrong = is_refused && import->has_asked && g_strcmp0(file, import->asked) == 0;

    if (!is_refused && !g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_PASSWORD_REQUIRED))
        return FALSE;
    if (is_wrong && import->passwords->len > 0)
        g_ptr_array_remove_index(import->passwords, import->passwords->len - 1);
    g_free(import->asked);
    import->asked = g_strdup(file);
    import->has_asked = TRUE;
    meishi_import_ask_password(import, is_wrong);
    return TRUE;
}

/* ---- the dry run ----------------------------------------------------------------------------- */

/* The one that the daemon names, else the only one. */
static const char *
guilty_file(const MeishiImport *import, const GError *error)
{
    g_autoptr(GPtrArray) names = meishi_import_names(import);
    const char *name = meishi_imported_refused((const char *const *)names->pdata, error->message);

    return name != NULL ? name : meishi_import_only_name(import);
}

static void
on_inspected(GVariant *report, const GError *error, gpointer data)
{
    MeishiImport *import = data;

    if (report != NULL)
        show_plan(import, report);
    else if (!want_password(import, error))
        meishi_import_show_trouble(import, error, guilty_file(import, error),
                                   meishi_import_inspect);
}

static void
on_door(const MeishiImportDoor *door, const GError *error, gpointer data)
{
    MeishiImport *import = data;
    const MeishiImportOrder order = {
        .files = import->files, .passwords = import->passwords, .is_dry_run = TRUE};

    if (door == NULL) {
        meishi_import_show_trouble(import, error, NULL, meishi_import_inspect);
        return;
    }
    import->door = *door;
    meishi_import_client_import(import->client, &order, on_inspected, import);
}

/* The door first, so that the page can say where everything goes. */
void
meishi_import_inspect(MeishiImport *import)
{
    meishi_import_client_find_door(import->client, on_door, import);
}
