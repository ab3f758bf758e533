/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * meishi export: certificate and chain as PEM; with --key, all of it as PKCS#12.
 */
#include "cli/client.h"
#include "cli/command.h"
#include "cli/error.h"
#include "cli/json.h"
#include "cli/out-file.h"
#include "cli/proof.h"
#include "cli/text.h"
#include "daemon/asking/secret-fd.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct {
    gboolean key;
    gboolean force;
    char *output;
    MeishiSecretOption password;
    MeishiProof proof;
} options = {.password = MEISHI_SECRET_OPTION_INIT, .proof.option = MEISHI_SECRET_OPTION_INIT};

static const GOptionEntry entries[] = {
    {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
     "Write to FILE (made readable for you alone) instead of standard output", "FILE"},
    {"force", 'f', 0, G_OPTION_ARG_NONE, &options.force, "Replace FILE where it exists", NULL},
    {"key", 0, 0, G_OPTION_ARG_NONE, &options.key,
     "Export the private key as well, as PKCS#12 under a password of your choice", NULL},
    {"password-file", 0, 0, G_OPTION_ARG_FILENAME, &options.password.file,
     "Take the new password from FILE", "FILE"},
    {"password-fd", 0, 0, G_OPTION_ARG_INT, &options.password.fd,
     "Take the new password from descriptor N", "N"},
    {"proof-file", 0, 0, G_OPTION_ARG_FILENAME, &options.proof.option.file,
     "Take the vault's passphrase from FILE", "FILE"},
    {"proof-fd", 0, 0, G_OPTION_ARG_INT, &options.proof.option.fd,
     "Take the vault's passphrase from descriptor N", "N"},
    G_OPTION_ENTRY_NULL,
};

/* ---- where it goes --------------------------------------------------------------------------- */

static gboolean
check_options(GError **error)
{
    gboolean secrets = meishi_secret_option_is_given(&options.password) ||
                       meishi_secret_option_is_given(&options.proof.option);

    if (options.key && options.output == NULL && meishi_command_json()) {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                    "PKCS#12 does not go into JSON. Say where to write it with -o FILE.");
        return FALSE;
    }
    if (options.key && options.output == NULL && isatty(STDOUT_FILENO)) {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                    "PKCS#12 is nothing for a terminal. Say where to write it with -o FILE.");
        return FALSE;
    }
    if (!options.key && secrets) {
        g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                    "A password is only for --key; certificates are public.");
        return FALSE;
    }
    return TRUE;
}

static gboolean
write_stdout(gconstpointer data, gsize len, GError **error)
{
    if (fwrite(data, 1, len, stdout) == len && fflush(stdout) == 0)
        return TRUE;
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_FAILED,
                "Cannot write to standard output.");
    return FALSE;
}

static void
report_file(const MeishiCard *card)
{
    g_autofree char *quoted = meishi_card_quoted(card);
    g_autofree char *shown = g_filename_display_name(options.output);
    g_autofree char *clean = meishi_text_clean(shown);

    if (meishi_command_json())
        meishi_json_print_pairs("id", meishi_card_text(card, "Id"), "file", shown, NULL);
    else
        g_print("Wrote %s %s to %s.\n", options.key ? "key and certificates of" : "certificates of",
                quoted, clean);
}

/* @file NULL: standard output. */
static gboolean
deliver(const MeishiCard *card, MeishiOutFile *file, gconstpointer data, gsize len, GError **error)
{
    if (file == NULL)
        return write_stdout(data, len, error);
    if (!meishi_out_file_write(file, data, len, error) || !meishi_out_file_commit(file, error))
        return FALSE;
    report_file(card);
    return TRUE;
}

/* ---- what goes ------------------------------------------------------------------------------- */

static gboolean
export_certificates(const MeishiCard *card, MeishiBusIdentity *object, MeishiOutFile *file,
                    GError **error)
{
    g_autofree char *pem = NULL;

    if (!meishi_bus_identity_call_export_certificates_sync(object, &pem, NULL, error))
        return meishi_client_failed(error);
    if (file == NULL && meishi_command_json()) {
        meishi_json_print_pairs("id", meishi_card_text(card, "Id"), "pem", pem, NULL);
        return TRUE;
    }
    return deliver(card, file, pem, strlen(pem), error);
}

static GVariant *
call_export_key(MeishiBusIdentity *object, MeishiSecret *password, GError **error)
{
    g_autoptr(GUnixFDList) fds = g_unix_fd_list_new();
    g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(NULL);
    gint handle = meishi_secret_fd_append(password, fds, error);
    GVariant *pkcs12 = NULL;

    if (handle < 0 || !meishi_proof_send(&options.proof, "proof", &dict, fds, error))
        return NULL;
    if (!meishi_bus_identity_call_export_key_sync(object, g_variant_new_handle(handle),
                                                  g_variant_dict_end(&dict), fds, &pkcs12, NULL,
                                                  NULL, error))
        meishi_client_failed(error);
    return pkcs12;
}

static GVariant *
fetch_key(MeishiClient *client, MeishiBusIdentity *object, GError **error)
{
    g_autoptr(MeishiSecret) password = NULL;

    if (!meishi_proof_prepare(&options.proof, client, error))
        return NULL;
    password = meishi_secret_option_read_or_ask(&options.password, "New password for the file",
                                                TRUE, error);
    if (password == NULL)
        return NULL;
    for (;;) {
        g_autoptr(GError) cause = NULL;
        GVariant *pkcs12 = call_export_key(object, password, &cause);

        if (pkcs12 != NULL)
            return pkcs12;
        if (!meishi_proof_try_again(&options.proof, client, &cause)) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return NULL;
        }
    }
}

static gboolean
export_key(MeishiClient *client, const MeishiCard *card, MeishiBusIdentity *object,
           MeishiOutFile *file, GError **error)
{
    g_autoptr(GVariant) pkcs12 = fetch_key(client, object, error);

    meishi_proof_clear(&options.proof);
    return pkcs12 != NULL &&
           deliver(card, file, g_variant_get_data(pkcs12), g_variant_get_size(pkcs12), error);
}

static gboolean
run(char **args, GError **error)
{
    g_autoptr(MeishiClient) client = NULL;
    g_autoptr(MeishiBusIdentity) object = NULL;
    g_autoptr(MeishiCard) card = NULL;
    g_autoptr(MeishiOutFile) file = NULL;

    if (!check_options(error))
        return FALSE;
    client = meishi_client_connect(TRUE, error);
    card = client != NULL ? meishi_client_find(client, args[0], &object, error) : NULL;
    if (card == NULL)
        return FALSE;
    if (options.output != NULL) {
        file = meishi_out_file_new(options.output, options.force, error);
        if (file == NULL)
            return FALSE;
    }
    return options.key ? export_key(client, card, object, file, error)
                       : export_certificates(card, object, file, error);
}

const MeishiCommand meishi_command_export = {
    .name = "export",
    .usage = "NAME [-o FILE]",
    .summary = "Write certificates, or all of an identity, to a file",
    .text = "Writes the certificate and its chain as PEM. With --key, writes the private key too, "
            "as PKCS#12 under a new password; the vault wants its own confirmation for that, "
            "whether it is locked or not.",
    .example = "meishi export alice > alice.pem\nmeishi export alice --key -o alice.p12",
    .options = entries,
    .min_args = 1,
    .max_args = 1,
    .argument = MEISHI_ARGUMENT_IDENTITY,
    .run = run,
};
