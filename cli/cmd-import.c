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
#include "cli/move-in/move-in.h"
#include "cli/secret-option.h"
#include "cli/text.h"
#include "daemon/asking/dict.h"

static struct {
    gboolean dry_run;
    char *label;
    char **password_files;
    char **password_fds;
    char *to;
    char *from;
    char *profile;
    MeishiSecretOption pin;
} options = {.pin = MEISHI_SECRET_OPTION_INIT};

/* The label as bytes: GOption would convert a string from the locale, which in C knows ASCII only.
 */
static const GOptionEntry entries[] = {
    {"label", 'l', 0, G_OPTION_ARG_FILENAME, &options.label,
     "Call the identity LABEL instead of what the file calls it", "LABEL"},
    {"to", 't', 0, G_OPTION_ARG_FILENAME, &options.to,
     "Write to the card or token TOKEN instead of keeping it in the vault", "TOKEN"},
    {"from", 0, 0, G_OPTION_ARG_STRING, &options.from,
     "Take over what PROGRAM has: firefox, chromium, thunderbird, gnome-keyring; or nssdb or "
     "openssl, and a DIRECTORY",
     "PROGRAM"},
    {"profile", 0, 0, G_OPTION_ARG_FILENAME, &options.profile,
     "With --from: only the profile called NAME", "NAME"},
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
    if (options.from == NULL && options.profile != NULL) {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                    "A profile is that of a program; name it with --from.");
        return FALSE;
    }
    return options.label == NULL || meishi_text_check_label(options.label, error);
}

static gboolean
check_arguments(char **args, GError **error)
{
    const MeishiMoveInRequest request = {options.from, args[0], options.profile};
    guint n = g_strv_length(args);

    if (options.from == NULL ? n > 0 : n <= 1)
        return options.from == NULL || meishi_move_in_check(&request, error);
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                "%s Usage: meishi import FILE..., or meishi import --from PROGRAM [DIRECTORY]",
                n == 0 ? "Something is missing." : "That is too much.");
    return FALSE;
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

static gboolean
connect_to(MeishiImporting *importing, GError **error)
{
    importing->client = meishi_client_connect(TRUE, error);
    return importing->client != NULL && find_target(importing, error);
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
import_files(char **args, MeishiImporting *importing, GError **error)
{
    g_autoptr(GPtrArray) files = open_files(args, error);
    g_autoptr(GVariant) report = NULL;

    if (files == NULL || !connect_to(importing, error))
        return FALSE;
    importing->files = files;
    report = meishi_importing_run(importing, error);
    importing->files = NULL;
    if (report == NULL)
        return FALSE;
    if (meishi_command_json())
        meishi_import_report_print_json(report);
    else
        meishi_import_report_print(report);
    return TRUE;
}

static gboolean
move_in(char **args, MeishiImporting *importing, GError **error)
{
    const MeishiMoveInRequest request = {options.from, args[0], options.profile};

    return connect_to(importing, error) && meishi_move_in_run(&request, importing, error);
}

static gboolean
run(char **args, GError **error)
{
    g_autoptr(GPtrArray) passwords =
        check_options(error) && check_arguments(args, error)
            ? meishi_secret_option_read_all(options.password_files, options.password_fds, error)
            : NULL;
    g_auto(MeishiImporting) importing = {
        .passwords = passwords,
        .given = options.password_files != NULL || options.password_fds != NULL,
        .is_dry_run = options.dry_run,
        .label = options.label,
    };

    if (passwords == NULL)
        return FALSE;
    return options.from != NULL ? move_in(args, &importing, error)
                                : import_files(args, &importing, error);
}

const MeishiCommand meishi_command_import = {
    .name = "import",
    .usage = "FILE... | --from PROGRAM [DIRECTORY]",
    .summary = "Import certificates and keys",
    .text =
        "Imports certificates and private keys: PKCS#12 (.p12, .pfx), PEM or DER, a certificate "
        "and its key in two files, or a certificate for a key that is here already. FILE may "
        "be - for standard input. All files together are one import: it happens whole or not "
        "at all. Asks for a password where one is needed. With --to it is written to a card or "
        "token that takes keys, and not kept in the vault; the key cannot be read from there "
        "again.\n\nWith --from it takes over what another program has, with the chains, and "
        "changes "
        "nothing there: the profiles of firefox, chromium or thunderbird (also while they run), "
        "gnome-keyring, one NSS database (nssdb DIRECTORY), or all PEM, DER and PKCS#12 files of a "
        "directory and of those in it (openssl DIRECTORY).",
    .example = "meishi import alice.p12\nmeishi import client.crt client.key --label=vpn\n"
               "meishi import alice.p12 --to 'Corp card'\n"
               "meishi import --from firefox --dry-run\nmeishi import --from openssl ~/certs",
    .options = entries,
    .max_args = 64,
    .argument = MEISHI_ARGUMENT_FILE,
    .run = run,
};
