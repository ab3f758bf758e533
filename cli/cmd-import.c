/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi import: opens the files and sends their descriptors; the daemon reads them.  Asks for a
 * password only once the daemon has said that one is needed.
 */
#include "cli/client.h"
#include "cli/command.h"
#include "cli/error.h"
#include "cli/import-report.h"
#include "cli/importing.h"
#include "cli/input-file.h"
#include "cli/secret-option.h"
#include "cli/text.h"
#include "daemon/asking/dict.h"

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
find_target(MeishiImporting *importing, GError **error)
{
    g_autoptr(MeishiBusToken) object = NULL;
    g_autoptr(GVariant) token = NULL;

    if (options.to == NULL)
        return TRUE;
    token = meishi_client_find_token(importing->client, options.to, &object, error);
    if (token == NULL)
        return FALSE;
    importing->token = g_strdup(meishi_dict_text(token, MEISHI_TOKEN_PATH));
    if (!meishi_secret_option_is_given(&options.pin))
        return TRUE;
    importing->pin = meishi_secret_option_read(&options.pin, error);
    return importing->pin != NULL;
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
    g_auto(MeishiImporting) importing = {
        .client = client,
        .files = files,
        .passwords = passwords,
        .given = options.password_files != NULL || options.password_fds != NULL,
        .is_dry_run = options.dry_run,
        .label = options.label,
    };
    g_autoptr(GVariant) report = NULL;

    if (client != NULL && find_target(&importing, error))
        report = meishi_importing_run(&importing, error);
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
