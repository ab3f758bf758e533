/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * NSS's calls for opening a database.  NSS_INIT_NOMODDB keeps it from reading pkcs11.txt and so
 * from loading whatever stands there, ourselves among it.  Not NSS_INIT_READONLY: where a crash
 * left a journal, SQLite has to write to take it back.
 */
#include "cli/nss/database.h"

#include <nss.h>
#include <prerror.h>
#include <secerr.h>
#include <string.h>

const char *
meishi_nss_database_error(void)
{
    const char *name = PR_ErrorToName(PR_GetError());

    return name != NULL ? name : "unknown error";
}

/* NSS may ask in the middle of anything; what there is to be said was said before. */
static char *
answer_nothing(PK11SlotInfo *slot, PRBool is_retry, void *unused)
{
    return NULL;
}

const char *
meishi_nss_database_open(const char *directory)
{
    g_autofree char *configuration = g_strconcat("sql:", directory, NULL);
    const PRUint32 flags = NSS_INIT_NOMODDB | NSS_INIT_NOROOTINIT;

    PK11_SetPasswordFunc(answer_nothing);
    if (NSS_Initialize(configuration, "", "", "", flags) != SECSuccess)
        return meishi_nss_database_error();
    return NULL;
}

PK11SlotInfo *
meishi_nss_database_slot(void)
{
    return PK11_GetInternalKeySlot();
}

/* PK11_CheckUserPassword() wants a string: the copy is in locked memory, too. */
gboolean
meishi_nss_database_login(PK11SlotInfo *slot, const MeishiSecret *password)
{
    g_autoptr(MeishiSecret) text = NULL;

    if (!PK11_NeedLogin(slot))
        return TRUE;
    if (password == NULL)
        return FALSE;
    text = meishi_secret_new(meishi_secret_len(password) + 1);
    memcpy(meishi_secret_writable(text), meishi_secret_data(password), meishi_secret_len(password));
    return PK11_CheckUserPassword(slot, (const char *)meishi_secret_data(text)) == SECSuccess;
}
