/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One table for each domain of errors.  What is in none of them is said in general words, with what
 * the other side said below.
 */
#include "daemon/prompter/words/import-trouble.h"

#include "daemon/base/error.h"
#include "daemon/base/untrusted.h"

#include <gio/gio.h>
#include <glib/gi18n.h>
#include <string.h>

typedef struct {
    int code;
    gboolean may_retry;
    const char *heading; /* with one %s: the file's name in quotation marks, or "the files" */
    const char *advice;
} Words;

static const Words of_daemon[] = {
    {MEISHI_ERROR_BAD_FILE, FALSE, N_("%s Cannot Be Read"),
     N_("It holds no certificate or key in a form that Meishi knows, or it is damaged. Ask whoever "
        "sent it to you to send it again.")},
    {MEISHI_ERROR_UNSUPPORTED, FALSE, N_("%s Is Not Supported"),
     N_("Ask whoever sent it to you for a PKCS#12 file (.p12) with current encryption.")},
    {MEISHI_ERROR_TOO_EXPENSIVE, FALSE, N_("%s Would Take Too Long to Open"),
     N_("It was made in a way that would keep this computer busy for very long. Ask whoever sent "
        "it to you for another one.")},
    {MEISHI_ERROR_KEY_MISMATCH, FALSE, N_("The Private Key Belongs to Another Certificate"),
     N_("Nothing was imported. Open the certificate together with the key that it was requested "
        "with.")},
    {MEISHI_ERROR_NOT_FOUND, FALSE, N_("There Is Nothing to Import in %s"),
     N_("To sign in with a certificate, its private key is needed. Open the file that holds both, "
        "which often ends in .p12 or .pfx, or the certificate and its key together.")},
    {MEISHI_ERROR_LOCKED, TRUE, N_("The Keyring Is Locked"),
     N_("Nothing was imported. Unlock the keyring of your desktop and try again.")},
    {MEISHI_ERROR_CANCELLED, TRUE, N_("The Vault Stayed Locked"),
     N_("Nothing was imported. Try again when you want to unlock it.")},
    {MEISHI_ERROR_TIMEOUT, TRUE, N_("The Keyring Did Not Answer"),
     N_("Nothing was imported. Unlock the keyring of your desktop and try again.")},
    {MEISHI_ERROR_NO_SPACE, TRUE, N_("The Disk Is Full"),
     N_("Nothing was imported. Make room and try again.")},
    {MEISHI_ERROR_PERMISSIONS, TRUE, N_("The Vault Cannot Be Written"),
     N_("Nothing was imported. The files of the vault have to belong to you and to be closed to "
        "others.")},
    {MEISHI_ERROR_CORRUPT, FALSE, N_("The Vault Is Damaged"),
     N_("Nothing was imported. Restore the vault from a backup.")},
    {MEISHI_ERROR_NEWER_VERSION, FALSE, N_("The Vault Was Written by a Newer Meishi"),
     N_("Nothing was imported. Update Meishi.")},
    {MEISHI_ERROR_DENIED, FALSE, N_("The Import Is Not Allowed"), N_("Nothing was imported.")},
    {MEISHI_ERROR_INVALID_ARGUMENT, FALSE, N_("The Import Did Not Succeed"),
     N_("Nothing was imported.")},
    {MEISHI_ERROR_BUSY, TRUE, N_("Meishi Is Busy"), N_("Nothing was imported. Try again.")},
};

static const Words of_files[] = {
    {G_IO_ERROR_NOT_FOUND, TRUE, N_("%s Is Not There Any More"),
     N_("It was moved, renamed or deleted before it was read.")},
    {G_IO_ERROR_PERMISSION_DENIED, TRUE, N_("You May Not Read %s"),
     N_("Its permissions forbid it. Ask whoever it belongs to.")},
    {G_IO_ERROR_IS_DIRECTORY, FALSE, N_("%s Is a Folder"), N_("Open the file inside it.")},
    {G_IO_ERROR_NOT_REGULAR_FILE, FALSE, N_("%s Is Not a File"),
     N_("It is a device or a pipe. Copy what it gives into a file, and open that.")},
    {G_IO_ERROR_MESSAGE_TOO_LARGE, FALSE, N_("%s Is Too Large"),
     N_("Files with certificates are small, and nothing larger than 16 MiB is read here. It is "
        "probably another file.")},
};

/* The daemon cannot be reached, or has ended. */
static const Words of_bus = {0, TRUE, N_("Meishi Does Not Answer"),
                             N_("Nothing was imported. Try again.")};
static const Words of_bus_while_storing = {
    0, TRUE, N_("Meishi Has Stopped Answering"),
    N_("It is not certain whether the import was finished. Try again: what is here already is not "
       "imported twice.")};
static const Words of_anything = {0, TRUE, N_("The Import Did Not Succeed"),
                                  N_("Try again, or look for help with the words below.")};

static const Words *
look_up(const Words *table, gsize n, int code, const Words *otherwise)
{
    for (gsize i = 0; i < n; i++) {
        if (table[i].code == code)
            return &table[i];
    }
    return otherwise;
}

static const Words *
find_words(const GError *error, gboolean was_storing)
{
    if (error->domain == MEISHI_ERROR)
        return look_up(of_daemon, G_N_ELEMENTS(of_daemon), error->code, &of_anything);
    if (error->domain == G_DBUS_ERROR || g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CLOSED))
        return was_storing ? &of_bus_while_storing : &of_bus;
    if (error->domain == G_IO_ERROR)
        return look_up(of_files, G_N_ELEMENTS(of_files), error->code, &of_anything);
    return &of_anything;
}

static char *
say_heading(const char *text, const char *file)
{
    g_autofree char *name = file != NULL ? meishi_untrusted_isolated(file) : NULL;
    g_autofree char *quoted =
        name != NULL ? g_strdup_printf(_("“%s”"), name) : g_strdup(_("the Files"));
    g_auto(GStrv) parts = g_strsplit(text, "%s", 2);
    char *heading = g_strjoinv(quoted, parts);

    heading[0] = g_ascii_toupper(heading[0]);
    return heading;
}

/* A damaged file and a wrong password are told apart by a check value that not every file has. */
static gboolean
may_be_password(const GError *error, gboolean used_password)
{
    return used_password && g_error_matches(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE);
}

MeishiImportTrouble *
meishi_import_trouble_new(const GError *error, const char *file, MeishiImportStage stage)
{
    MeishiImportTrouble *trouble = g_new0(MeishiImportTrouble, 1);
    const Words *words = find_words(error, stage.was_storing);

    trouble->heading = say_heading(_(words->heading), file);
    trouble->advice = g_strdup(_(words->advice));
    if (error->domain != G_IO_ERROR || words == &of_anything)
        trouble->detail = meishi_untrusted_full(error->message);
    trouble->may_retry = words->may_retry;
    trouble->may_password = may_be_password(error, stage.used_password);
    return trouble;
}

void
meishi_import_trouble_free(MeishiImportTrouble *trouble)
{
    if (trouble == NULL)
        return;
    g_free(trouble->heading);
    g_free(trouble->advice);
    g_free(trouble->detail);
    g_free(trouble);
}
