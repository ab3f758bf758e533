/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Sends descriptors; the daemon reads the files.  A password is asked for only once the daemon has
 * said that one is needed, and the vault's passphrase only once it has said that it is locked.
 */
#include "cli/importing.h"

#include "cli/answering.h"
#include "cli/error.h"
#include "cli/input-file.h"
#include "cli/prompt.h"
#include "cli/proof.h"
#include "daemon/asking/imported.h"
#include "daemon/asking/secret-fd.h"
#include "daemon/base/error.h"

#define TRIES 3

void
meishi_importing_clear(MeishiImporting *importing)
{
    g_clear_pointer(&importing->client, meishi_client_free);
    g_clear_pointer(&importing->question, g_free);
    g_clear_pointer(&importing->token, g_free);
    g_clear_pointer(&importing->pin, meishi_secret_unref);
}

/* ---- the call -------------------------------------------------------------------------------- */

static GVariant *
send_files(const MeishiImporting *importing, GUnixFDList *fds, GError **error)
{
    g_auto(GVariantBuilder) builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a(sh)"));

    for (guint i = 0; i < importing->files->len; i++) {
        const MeishiInputFile *file = importing->files->pdata[i];
        gint handle = g_unix_fd_list_append(fds, file->fd, error);

        if (handle < 0)
            return NULL;
        g_variant_builder_add(&builder, "(sh)", file->name, handle);
    }
    return g_variant_ref_sink(g_variant_builder_end(&builder));
}

static GVariant *
send_passwords(const MeishiImporting *importing, GUnixFDList *fds, GError **error)
{
    g_auto(GVariantBuilder) builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("ah"));

    for (guint i = 0; i < importing->passwords->len; i++) {
        gint handle = meishi_secret_fd_append(importing->passwords->pdata[i], fds, error);

        if (handle < 0)
            return NULL;
        g_variant_builder_add(&builder, "h", handle);
    }
    return g_variant_ref_sink(g_variant_builder_end(&builder));
}

static GVariant *
import_options(const MeishiImporting *importing, GUnixFDList *fds, GError **error)
{
    g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(NULL);
    gint pin = importing->pin != NULL ? meishi_secret_fd_append(importing->pin, fds, error) : -1;

    if (importing->pin != NULL && pin < 0)
        return NULL;
    if (importing->pin != NULL)
        g_variant_dict_insert(&dict, "pin", "h", pin);
    if (importing->token != NULL)
        g_variant_dict_insert(&dict, "token", "o", importing->token);
    if (importing->is_dry_run)
        g_variant_dict_insert(&dict, "dry-run", "b", TRUE);
    if (importing->label != NULL)
        g_variant_dict_insert(&dict, "label", "s", importing->label);
    return g_variant_ref_sink(g_variant_dict_end(&dict));
}

/* A call that is waited for, since the daemon may ask us meanwhile. */
typedef struct {
    MeishiAnswering answering;
    GVariant *report;
    GError *error;
} Wait;

static void
on_imported(GObject *source, GAsyncResult *result, gpointer data)
{
    Wait *wait = data;

    (void)meishi_bus_manager_call_import_finish(MEISHI_BUS_MANAGER(source), &wait->report, NULL,
                                                result, &wait->error);
    g_main_loop_quit(wait->answering.loop);
}

/* Takes the arguments over. */
static GVariant *
call_and_answer(const MeishiImporting *importing, GVariant *files, GVariant *passwords,
                GVariant *dict, GUnixFDList *fds, GError **error)
{
    Wait wait = {0};

    if (!meishi_answering_begin(&wait.answering, importing->client->connection,
                                importing->token != NULL && importing->pin == NULL, FALSE, error))
        return NULL;
    meishi_bus_manager_call_import(importing->client->manager, files, passwords, dict, fds, NULL,
                                   on_imported, &wait);
    meishi_answering_run(&wait.answering);
    meishi_answering_end(&wait.answering);
    if (wait.report == NULL && wait.error == NULL)
        g_set_error(&wait.error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_DECLINED, "Interrupted.");
    if (wait.report == NULL) {
        g_propagate_error(error, wait.error);
        meishi_client_failed(error);
    }
    return wait.report;
}

static GVariant *
call_import(const MeishiImporting *importing, GError **error)
{
    g_autoptr(GUnixFDList) fds = g_unix_fd_list_new();
    g_autoptr(GVariant) files = send_files(importing, fds, error);
    g_autoptr(GVariant) passwords = files != NULL ? send_passwords(importing, fds, error) : NULL;
    g_autoptr(GVariant) dict = passwords != NULL ? import_options(importing, fds, error) : NULL;

    return dict != NULL ? call_and_answer(importing, files, passwords, dict, fds, error) : NULL;
}

/* ---- and again ------------------------------------------------------------------------------- */

/* Whose password is wanted; NULL where the daemon's sentence does not say. */
static const char *
refused_file(const MeishiImporting *importing, const GError *error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (guint i = 0; i < importing->files->len; i++) {
        const MeishiInputFile *file = importing->files->pdata[i];

        g_ptr_array_add(names, file->name);
    }
    g_ptr_array_add(names, NULL);
    return meishi_imported_refused((const char *const *)names->pdata, error->message);
}

/* The daemon has passwords and still requires one: that of the key in the file. */
static gboolean
is_further(const MeishiImporting *importing, const GError *error)
{
    return importing->passwords->len > 0 &&
           g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_PASSWORD_REQUIRED);
}

static char *
password_question(const MeishiImporting *importing, const GError *error)
{
    const char *file = refused_file(importing, error);

    return g_strconcat("Password for ", is_further(importing, error) ? "the private key in " : "",
                       file != NULL ? file : "the file", NULL);
}

/* Who was given the passwords by options is not asked to type them once more, only one that was
 * not among them. */
static gboolean
wants_password(const MeishiImporting *importing, const GError *error)
{
    g_autofree char *question = password_question(importing, error);
    gboolean is_wanted =
        g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_PASSWORD_REQUIRED) ||
        (g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_WRONG_PASSWORD) && !importing->given);

    return is_wanted &&
           (importing->n_asked < TRIES || g_strcmp0(question, importing->question) != 0);
}

/* The daemon's sentence is shown where the question alone would not say why it comes again. */
static gboolean
ask_password(MeishiImporting *importing, GError **error)
{
    g_autofree char *question = password_question(importing, *error);
    MeishiSecret *password;

    if (g_strcmp0(question, importing->question) == 0) {
        meishi_error_print(*error);
    } else {
        g_free(importing->question);
        importing->question = g_strdup(question);
        importing->n_asked = 0;
    }
    g_clear_error(error);
    importing->n_asked++;
    password = meishi_prompt_secret(question, error);
    if (password == NULL)
        return FALSE;
    g_ptr_array_add(importing->passwords, password);
    return TRUE;
}

/* What the daemon cannot know: why nobody was asked. */
static void
explain_no_terminal(const MeishiImporting *importing, GError **error)
{
    const char *how = is_further(importing, *error) ? "a further " : "";
    gboolean wants_pin = g_error_matches(*error, MEISHI_ERROR, MEISHI_ERROR_LOCKED) &&
                         importing->token != NULL && importing->pin == NULL &&
                         !meishi_prompt_is_possible();
    g_autoptr(GError) cause = NULL;
    g_autofree char *said = NULL;

    if (!wants_pin && !g_error_matches(*error, MEISHI_ERROR, MEISHI_ERROR_PASSWORD_REQUIRED))
        return;
    cause = g_steal_pointer(error);
    said = meishi_error_sentence(cause->message);
    g_set_error(error, cause->domain, cause->code,
                "%s There is no terminal to ask on; use %s--%s-file or --%s-fd.", said,
                wants_pin ? "" : how, wants_pin ? "pin" : "password",
                wants_pin ? "pin" : "password");
}

GVariant *
meishi_importing_run(MeishiImporting *importing, GError **error)
{
    for (;;) {
        g_autoptr(GError) cause = NULL;
        GVariant *report = call_import(importing, &cause);
        gboolean again = FALSE;

        if (report != NULL)
            return report;
        if (wants_password(importing, cause) && meishi_prompt_is_possible())
            again = ask_password(importing, &cause);
        else if (importing->token == NULL)
            again = meishi_proof_unlock_after(importing->client, &cause);
        if (!again) {
            explain_no_terminal(importing, &cause);
            g_propagate_error(error, g_steal_pointer(&cause));
            return NULL;
        }
    }
}
