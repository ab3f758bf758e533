/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The window of an import, its waiting and its troubles, and the files that it begins with; see
 * import-steps.h.
 */
#include "daemon/prompter/import-window.h"

#include "daemon/prompter/import-file.h"
#include "daemon/prompter/import-pages.h"
#include "daemon/prompter/import-secret-page.h"
#include "daemon/prompter/import-steps.h"

#include <glib/gi18n.h>

#define PATIENCE_MS 300 /* after which a window says that it waits */

static void
free_import(MeishiImport *import)
{
    g_clear_handle_id(&import->patience_id, g_source_remove);
    g_cancellable_cancel(import->reading);
    g_object_unref(import->reading);
    meishi_import_client_free(import->client);
    meishi_shell_free(import->shell);
    g_ptr_array_unref(import->sources);
    g_clear_pointer(&import->files, g_ptr_array_unref);
    g_ptr_array_unref(import->passwords);
    g_free(import->asked);
    g_free(import->label);
    g_application_release(import->application);
    g_free(import);
}

/* Cancelled, done, closed: all the same from here. */
static void
on_closed(GVariant *answer, MeishiSecret *secret, gpointer data)
{
    free_import(data);
}

/* ---- pages ----------------------------------------------------------------------------------- */

void
meishi_import_turn(MeishiImport *import, const char *heading)
{
    const MeishiShellHead head = {.heading = heading};

    g_clear_handle_id(&import->patience_id, g_source_remove);
    meishi_shell_set_busy(import->shell, FALSE);
    meishi_shell_turn(import->shell, &head);
}

void
meishi_import_show(MeishiImport *import)
{
    meishi_shell_set_compact(import->shell);
    if (!import->is_shown)
        meishi_shell_present(import->shell);
    import->is_shown = TRUE;
}

static gboolean
on_patience_over(gpointer data)
{
    MeishiImport *import = data;

    import->patience_id = 0;
    meishi_import_turn(import, import->wait_heading);
    meishi_import_pages_wait(import->shell, import->wait_text);
    meishi_import_show(import);
    return G_SOURCE_REMOVE;
}

void
meishi_import_wait(MeishiImport *import, const char *heading, const char *text)
{
    import->wait_heading = heading;
    import->wait_text = text;
    meishi_shell_set_busy(import->shell, TRUE);
    g_clear_handle_id(&import->patience_id, g_source_remove);
    import->patience_id = g_timeout_add(PATIENCE_MS, on_patience_over, import);
}

void
meishi_import_show_secret(MeishiImport *import, const MeishiImportSecret *view,
                          void (*given)(MeishiSecret *secret, gpointer data))
{
    const MeishiImportSecretUser user = {.given = given, .data = import};

    meishi_import_turn(import, view->heading);
    meishi_import_secret_page_build(import->shell, view, &user);
    meishi_import_show(import);
}

/* ---- trouble --------------------------------------------------------------------------------- */

static void
try_again(gpointer data)
{
    MeishiImport *import = data;

    meishi_import_wait(import, _("Trying Again"), _("This can take a moment."));
    import->again(import);
}

static void
try_password(gpointer data)
{
    MeishiImport *import = data;

    g_ptr_array_set_size(import->passwords, 0);
    meishi_import_ask_password(import, FALSE);
}

static void
try_passphrase(gpointer data)
{
    meishi_import_make_passphrase(data);
}

static void
show_trouble(MeishiImport *import, const MeishiImportTrouble *trouble, gboolean has_passphrase)
{
    const MeishiImportTroubleUser user = {.retry = try_again,
                                          .password = try_password,
                                          .passphrase = has_passphrase ? try_passphrase : NULL,
                                          .data = import};

    meishi_import_turn(import, trouble->heading);
    meishi_import_pages_trouble(import->shell, trouble, &user);
    meishi_import_show(import);
}

void
meishi_import_show_trouble(MeishiImport *import, const GError *error, const char *file,
                           MeishiImportStep again)
{
    const MeishiImportStage stage = {.used_password = import->passwords->len > 0,
                                     .was_storing = again == meishi_import_store};
    g_autoptr(MeishiImportTrouble) trouble = meishi_import_trouble_new(error, file, stage);

    import->again = again;
    show_trouble(import, trouble, FALSE);
}

void
meishi_import_show_keyring_trouble(MeishiImport *import, const GError *error)
{
    g_autoptr(MeishiImportTrouble) trouble =
        meishi_import_trouble_new(error, NULL, (MeishiImportStage){0});

    import->again = meishi_import_store;
    show_trouble(import, trouble, TRUE);
}

/* ---- the files ------------------------------------------------------------------------------- */

const char *
meishi_import_only_name(const MeishiImport *import)
{
    const MeishiImportFile *first;

    if (import->files->len != 1)
        return NULL;
    first = g_ptr_array_index(import->files, 0);
    return first->name;
}

GPtrArray *
meishi_import_names(const MeishiImport *import)
{
    GPtrArray *names = g_ptr_array_new();

    for (guint i = 0; i < import->files->len; i++)
        g_ptr_array_add(names, ((MeishiImportFile *)import->files->pdata[i])->name);
    g_ptr_array_add(names, NULL);
    return names;
}

gint64
meishi_import_now(void)
{
    return g_get_real_time() / G_USEC_PER_SEC;
}

static void read_files(MeishiImport *import);

static void
on_read(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *name = NULL;
    GPtrArray *files = meishi_import_file_read_finish(result, &name, &error);
    MeishiImport *import = data;

    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return; /* and @import is gone */
    if (files == NULL) {
        meishi_import_show_trouble(import, error, name, read_files);
        return;
    }
    import->files = files;
    meishi_import_inspect(import);
}

static void
read_files(MeishiImport *import)
{
    meishi_import_file_read_async(import->sources, import->reading, on_read, import);
}

void
meishi_import_window_open(GApplication *application, GFile **files, gint n_files)
{
    const MeishiShellHead head = {.title = _("Import Certificates"), .heading = ""};
    MeishiImport *import = g_new0(MeishiImport, 1);

    import->application = application;
    g_application_hold(application);
    import->made = "";
    import->client = meishi_import_client_new();
    import->reading = g_cancellable_new();
    import->passwords = g_ptr_array_new_with_free_func((GDestroyNotify)meishi_secret_unref);
    import->sources = g_ptr_array_new_with_free_func(g_object_unref);
    for (gint i = 0; i < n_files; i++)
        g_ptr_array_add(import->sources, g_object_ref(files[i]));
    import->shell = meishi_shell_new(&head, on_closed, import);
    meishi_import_wait(import, _("Opening the File"), _("Some files take a moment to open."));
    read_files(import);
}
