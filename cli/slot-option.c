/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From a person's description of a key slot to the arguments of Vault.Init, AddSlot and Restore.
 */
#include "cli/slot-option.h"

#include "cli/error.h"
#include "cli/suggest.h"
#include "daemon/asking/secret-fd.h"

static const char *const kinds[] = {"secret-service", "passphrase", "key-file", NULL};

static gboolean
fail_kind(const char *kind, GError **error)
{
    const char *meant = meishi_suggest_word(kind, kinds);

    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                "“%s” is no kind of key slot%s%s%s. There are secret-service, passphrase and "
                "key-file.",
                kind, meant != NULL ? "; did you mean “" : "", meant != NULL ? meant : "",
                meant != NULL ? "”" : "");
    return FALSE;
}

static gboolean
fail_option(const char *name, const char *kind, GError **error)
{
    g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                "%s is only for a key slot of kind %s.", name, kind);
    return FALSE;
}

gboolean
meishi_slot_option_check(const MeishiSlotOption *option, GError **error)
{
    if (option->kind[0] != '\0' && !g_strv_contains(kinds, option->kind))
        return fail_kind(option->kind, error);
    if (option->path != NULL && !g_str_equal(option->kind, "key-file"))
        return fail_option("--key-file", "key-file", error);
    if (meishi_secret_option_is_given(&option->passphrase) &&
        !g_str_equal(option->kind, "passphrase"))
        return fail_option("A passphrase", "passphrase", error);
    return TRUE;
}

static gboolean
send_passphrase(const MeishiSlotOption *option, GVariantDict *options, GUnixFDList *fds,
                GError **error)
{
    g_autoptr(MeishiSecret) secret = meishi_secret_option_read_or_ask(
        &option->passphrase, "New passphrase for the vault", TRUE, error);
    gint handle = secret != NULL ? meishi_secret_fd_append(secret, fds, error) : -1;

    if (handle >= 0)
        g_variant_dict_insert(options, "secret", "h", handle);
    return handle >= 0;
}

gboolean
meishi_slot_option_send(const MeishiSlotOption *option, GVariantDict *options, GUnixFDList *fds,
                        GError **error)
{
    if (option->path != NULL) {
        g_autofree char *absolute = g_canonicalize_filename(option->path, NULL);

        if (!g_utf8_validate(absolute, -1, NULL)) {
            g_set_error(error, MEISHI_CLI_ERROR, MEISHI_CLI_ERROR_USAGE,
                        "The name of a key file has to be UTF-8.");
            return FALSE;
        }
        g_variant_dict_insert(options, "path", "s", absolute);
    }
    return !g_str_equal(option->kind, "passphrase") || send_passphrase(option, options, fds, error);
}
