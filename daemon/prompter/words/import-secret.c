/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which secret, and what becomes of it: whoever types a file's password where the vault's is wanted
 * has told it to the wrong one, so each page says in its first words whose it is.
 */
#include "daemon/prompter/words/import-secret.h"

#include "daemon/base/untrusted.h"

#include <glib/gi18n.h>

static const struct {
    const char *text, *wrong, *field, *again, *accept, *means;
    gboolean is_consent;
} words[] = {
    [MEISHI_IMPORT_SECRET_FILE] =
        {N_("The file is locked with the password that was chosen when it was made. Whoever sent "
            "you the file knows it. It is used this once and not kept."),
         N_("That is not the password of the file."), N_("_Password"), NULL, N_("_Open"),
         N_("Shows what the file holds. Nothing is stored yet"), FALSE},
    [MEISHI_IMPORT_SECRET_KEY] =
        {N_("The private key in the file has a password of its own. It is used this once and not "
            "kept."),
         N_("That is not the password of the private key."), N_("_Password"), NULL, N_("_Open"),
         N_("Shows what the file holds. Nothing is stored yet"), FALSE},
    [MEISHI_IMPORT_SECRET_VAULT] =
        {N_("This is the passphrase that you chose when your vault was made, not the password of "
            "the file."),
         N_("That is not the passphrase of your vault."), N_("_Passphrase"), NULL,
         N_("Unlock and _Import"), N_("Unlocks the vault and stores the import in it"), TRUE},
    [MEISHI_IMPORT_SECRET_NEW_VAULT] =
        {N_("It protects your keys even from somebody who gets your files, as far as it is hard to "
            "guess. Several words that have nothing to do with each other are good. Without it, "
            "the keys are lost."),
         NULL, N_("New _Passphrase"), N_("_Repeat the Passphrase"), N_("Create and _Import"),
         N_("Makes the vault and stores the import in it"), TRUE},
};

static char *
heading_of(MeishiImportSecretKind kind, const char *file)
{
    g_autofree char *name = meishi_untrusted_isolated(file != NULL ? file : "");

    switch (kind) {
    case MEISHI_IMPORT_SECRET_FILE:
        return file != NULL ? g_strdup_printf(_("Password of “%s”"), name)
                            : g_strdup(_("Password of the File"));
    case MEISHI_IMPORT_SECRET_KEY:
        return file != NULL ? g_strdup_printf(_("Password of the Private Key in “%s”"), name)
                            : g_strdup(_("Password of the Private Key"));
    case MEISHI_IMPORT_SECRET_VAULT:
        return g_strdup(_("Passphrase of Your Vault"));
    default:
        return g_strdup(_("Choose a Passphrase for Your Vault"));
    }
}

static const char *
translate(const char *text)
{
    return text != NULL ? _(text) : NULL;
}

MeishiImportSecret *
meishi_import_secret_new(MeishiImportSecretKind kind, const char *file, gboolean was_wrong)
{
    MeishiImportSecret *secret = g_new0(MeishiImportSecret, 1);

    secret->kind = kind;
    secret->heading = heading_of(kind, file);
    secret->text = translate(words[kind].text);
    secret->wrong = was_wrong ? translate(words[kind].wrong) : NULL;
    secret->field = translate(words[kind].field);
    secret->again = translate(words[kind].again);
    secret->accept = translate(words[kind].accept);
    secret->means = translate(words[kind].means);
    secret->is_consent = words[kind].is_consent;
    return secret;
}

void
meishi_import_secret_free(MeishiImportSecret *secret)
{
    if (secret == NULL)
        return;
    g_free(secret->heading);
    g_free(secret);
}
