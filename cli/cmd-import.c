/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi import: opens the files and sends their descriptors; the daemon reads them.  Asks for a
 * password only once the daemon has said that one is needed.
 */
#include "cli/answering.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/error.h"
#include "cli/import-report.h"
#include "cli/input-file.h"
#include "cli/prompt.h"
#include "cli/proof.h"
#include "cli/text.h"
#include "daemon/asking/dict.h"
#include "daemon/asking/imported.h"
#include "daemon/asking/secret-fd.h"
#include "daemon/base/error.h"

#define TRIES 3

static struct {
    gboolean dry_run;
    char *label;
    char **password_files;
    char **password_fds;
    char *to;
    MeishiSecretOption pin;
} options = {.pin = MEISHI_SECRET_OPTION_INIT};

/* The label as bytes: GOption would convert a string from the locale, which in C knows ASCII only.
 */
static const GOptionEntry entries[] = {
    {"label", 'l', 0, G_OPTION_ARG_FILENAME, &options.label,
     "Call the identity LABEL instead of what the file calls it", "LABEL"},
    {"to", 't', 0, G_OPTION_ARG_FILENAME, &options.to,
     "Write to the card or token TOKEN instead of keeping it in the vault", "TOKEN"},
    {"dry-run", 'n', 0, G_OPTION_ARG_NONE, &options.dry_run,
     "Say what would happen, and change nothing", NULL},
    {"password-file", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.password_files,
     "Take a password from FILE; give it again for a further one", "FILE"},
    {"password-fd", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.password_fds,
     "Take a password from descriptor N; likewise", "N"},
    {"pin-file", 0, 0, G_OPTION_ARG_FILENAME, &options.pin.file, "Take the PIN of TOKEN from FILE",
     "FILE"},
    {"pin-fd", 0, 0, G_OPTION_ARG_INT, &options.pin.fd, "Take the PIN of TOKEN from descriptor N",
     "N"},
    G_OPTION_ENTRY_NULL,
};

/* One import on its way: files stay open for another try. */
typedef struct {
    MeishiClient *client;
    GPtrArray *files;     /* MeishiInputFile */
    GPtrArray *passwords; /* MeishiSecret; all of them are sent each time, files may differ */
    char *question;       /* the last one that was asked */
    guint n_asked;        /* how often */
    char *token;          /* object path; NULL: the vault */
    MeishiSecret *pin;    /* NULL: the daemon asks */
} Import;

static void
import_clear(Import *import)
{
    g_free(import->question);
    g_free(import->token);
    meishi_secret_unref(import->pin);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Import, import_clear)

/* ---- the call -------------------------------------------------------------------------------- */

static GVariant *
send_files(const Import *import, GUnixFDList *fds, GError **error)
{
    g_auto(GVariantBuilder) builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a(sh)"));

    for (guint i = 0; i < import->files->len; i++) {
        const MeishiInputFile *file = import->files->pdata[i];
        gint handle = g_unix_fd_list_append(fds, file->fd, error);

        if (handle < 0)
            return NULL;
        g_variant_builder_add(&builder, "(sh)", file->name, handle);
    }
    return g_variant_ref_sink(g_variant_builder_end(&builder));
}

static GVariant *
send_passwords(const Import *import, GUnixFDList *fds, GError **error)
{
    g_auto(GVariantBuilder) builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("ah"));

    for (guint i = 0; i < import->passwords->len; i++) {
        gint handle = meishi_secret_fd_append(import->passwords->pdata[i], fds, error);

        if (handle < 0)
            return NULL;
        g_variant_builder_add(&builder, "h", handle);
    }
    return g_variant_ref_sink(g_variant_builder_end(&builder));
}

static GVariant *
import_options(const Import *import, GUnixFDList *fds, GError **error)
{
    g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(NULL);
    gint pin = import->pin != NULL ? meishi_secret_fd_append(import->pin, fds, error) : -1;

    if (import->pin != NULL && pin < 0)
        return NULL;
    if (import->pin != NULL)
        g_variant_dict_insert(&dict, "pin", "h", pin);
    if (import->token != NULL)
        g_variant_dict_insert(&dict, "token", "o", import->token);
    if (options.dry_run)
        g_variant_dict_insert(&dict, "dry-run", "b", TRUE);
    if (options.label != NULL)
        g_variant_dict_insert(&dict, "label", "s", options.label);
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
call_and_answer(const Import *import, GVariant *files, GVariant *passwords, GVariant *dict,
                GUnixFDList *fds, GError **error)
{
    Wait wait = {0};

    if (!meishi_answering_begin(&wait.answering, import->client->connection,
                                import->token != NULL && import->pin == NULL, FALSE, error))
        return NULL;
    meishi_bus_manager_call_import(import->client->manager, files, passwords, dict, fds, NULL,
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
call_import(const Import *import, GError **error)
{
    g_autoptr(GUnixFDList) fds = g_unix_fd_list_new();
    g_autoptr(GVariant) files = send_files(import, fds, error);
    g_autoptr(GVariant) passwords = files != NULL ? send_passwords(import, fds, error) : NULL;
    g_autoptr(GVariant) dict = passwords != NULL ? import_options(import, fds, error) : NULL;

    return dict != NULL ? call_and_answer(import, files, passwords, dict, fds, error) : NULL;
}

/* ---- and again ------------------------------------------------------------------------------- */

/* Whose password is wanted; NULL where the daemon's sentence does not say. */
static const char *
refused_file(const Import *import, const GError *error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (guint i = 0; i < import->files->len; i++) {
        const MeishiInputFile *file = import->files->pdata[i];

        g_ptr_array_add(names, file->name);
    }
    g_ptr_array_add(names, NULL);
    return meishi_imported_refused((const char *const *)names->pdata, error->message);
}

/* The daemon has passwords and still requires one: that of the key in the file. */
static gboolean
is_further(const Import *import, const GError *error)
{
    return import->passwords->len > 0 &&
           g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_PASSWORD_REQUIRED);
}

static char *
password_question(const Import *import, const GError *error)
{
    const char *file = refused_file(import, error);

    return g_strconcat("Password for ", is_further(import, error) ? "the private key in " : "",
                       file != NULL ? file : "the file", NULL);
}

/* Who was given the passwords by options is not asked to type them once more, only one that was
 * not among them. */
static gboolean
wants_password(const Import *import, const GError *error)
{
    g_autofree char *question = password_question(import, error);
    gboolean given = options.password_files != NULL || options.password_fds != NULL;
    gboolean is_wanted =
        g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_PASSWORD_REQUIRED) ||
        (g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_WRONG_PASSWORD) && !given);

    return is_wanted && (import->n_asked < TRIES || g_strcmp0(question, import->question) != 0);
}

/* The daemon's sentence is shown where the question alone would not say why it comes again. */
static gboolean
ask_password(Import *import, GError **error)
{
    g_autofree char *question = password_question(import, *error);
    MeishiSecret *password;

    if (g_strcmp0(question, import->question) == 0) {
        meishi_error_print(*error);
    } else {
        g_free(import->question);
        import->question = g_strdup(question);
        import->n_asked = 0;
    }
    g_clear_error(error);
    import->n_asked++;
    password = meishi_prompt_secret(question, error);
    if (password == NULL)
        return FALSE;
    g_ptr_array_add(import->passwords, password);
    return TRUE;
}

/* What the daemon cannot know: why nobody was asked. */
static void
explain_no_terminal(const Import *import, GError **error)
{
    const char *how = is_further(import, *error) ? "a further " : "";
    gboolean wants_pin = g_error_matches(*error, MEISHI_ERROR, MEISHI_ERROR_LOCKED) &&
                         import->token != NULL && import->pin == NULL &&
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

static GVariant *
run_import(Import *import, GError **error)
{
    for (;;) {
        g_autoptr(GError) cause = NULL;
        GVariant *report = call_import(import, &cause);
        gboolean again = FALSE;

        if (report != NULL)
            return report;
        if (wants_password(import, cause) && meishi_prompt_is_possible())
            again = ask_password(import, &cause);
        else if (import->token == NULL)
            again = meishi_proof_unlock_after(import->client, &cause);
        if (!again) {
            explain_no_terminal(import, &cause);
            g_propagate_error(error, g_steal_pointer(&cause));
            return NULL;
        }
    }
}

/* ---- the command ----------------------------------------------------------------------------- */

static gboolean
check_options(GError **error)
{
    if (options.to == NULL && meishi_secret_option_is_given(&options.pin)) {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                    "A PIN is that of a token; name it with --to.");
        return FALSE;
    }
    return options.label == NULL || meishi_text_check_label(options.label, error);
}

static gboolean
find_target(Import *import, GError **error)
{
    g_autoptr(MeishiBusToken) object = NULL;
    g_autoptr(GVariant) token = NULL;

    if (options.to == NULL)
        return TRUE;
    token = meishi_client_find_token(import->client, options.to, &object, error);
    if (token == NULL)
        return FALSE;
    import->token = g_strdup(meishi_dict_text(token, MEISHI_TOKEN_PATH));
    if (!meishi_secret_option_is_given(&options.pin))
        return TRUE;
    import->pin = meishi_secret_option_read(&options.pin, error);
    return import->pin != NULL;
}

static GPtrArray *
open_files(char **args, GError **error)
{
    g_autoptr(GPtrArray) files =
        g_ptr_array_new_with_free_func((GDestroyNotify)meishi_input_file_free);

    for (; *args != NULL; args++) {
        MeishiInputFile *file = meishi_input_file_new(*args, error);

        if (file == NULL)
            return NULL;
        g_ptr_array_add(files, file);
    }
    return g_steal_pointer(&files);
}

static gboolean
run(char **args, GError **error)
{
    g_autoptr(GPtrArray) passwords =
        check_options(error)
            ? meishi_secret_option_read_all(options.password_files, options.password_fds, error)
            : NULL;
    g_autoptr(GPtrArray) files = passwords != NULL ? open_files(args, error) : NULL;
    g_autoptr(MeishiClient) client = files != NULL ? meishi_client_connect(TRUE, error) : NULL;
    g_auto(Import) import = {.client = client, .files = files, .passwords = passwords};
    g_autoptr(GVariant) report = NULL;

    if (client != NULL && find_target(&import, error))
        report = run_import(&import, error);
    if (report == NULL)
        return FALSE;
    if (meishi_command_json())
        meishi_import_report_print_json(report);
    else
        meishi_import_report_print(report);
    return TRUE;
}

const MeishiCommand meishi_command_import = {
    .name = "import",
    .usage = "FILE...",
    .summary = "Import certificates and keys",
    .text =
        "Imports certificates and private keys: PKCS#12 (.p12, .pfx), PEM or DER, a certificate "
        "and its key in two files, or a certificate for a key that is here already. FILE may "
        "be - for standard input. All files together are one import: it happens whole or not "
        "at all. Asks for a password where one is needed. With --to it is written to a card or "
        "token that takes keys, and not kept in the vault; the key cannot be read from there "
        "again.",
    .example = "meishi import alice.p12\nmeishi import client.crt client.key --label=vpn\n"
               "meishi import alice.p12 --to 'Corp card'",
    .options = entries,
    .min_args = 1,
    .max_args = 64,
    .argument = MEISHI_ARGUMENT_FILE,
    .run = run,
};
