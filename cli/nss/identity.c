/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * RFC 7292 as NSS writes it: the key shrouded, the certificates in the clear (they are public),
 * and the whole under a MAC.  The key is never outside of NSS without its shroud.
 */
#include "cli/nss/identity.h"

#include <p12.h>
#include <secport.h>

/* The MAC's key is derived from UCS-2 (RFC 7292 appendix B.1), which NSS leaves to its caller; our
 * password is ASCII. */
static PRBool
widen(PRBool to_unicode, unsigned char *in, guint in_len, unsigned char *out, guint max_out_len,
      guint *out_len, PRBool swap)
{
    if (!to_unicode || in_len > max_out_len / 2)
        return PR_FALSE;
    for (guint i = 0; i < in_len; i++) {
        out[2 * i] = 0;
        out[2 * i + 1] = in[i];
    }
    *out_len = 2 * in_len;
    return PR_TRUE;
}

void
meishi_nss_identity_init(void)
{
    PORT_SetUCS2_ASCIIConversionFunction(widen);
}

static void
collect(void *array, const char *data, unsigned long len)
{
    g_byte_array_append(array, (const guint8 *)data, (guint)len);
}

/* Whether all that goes in went in. */
static gboolean
fill(SEC_PKCS12ExportContext *context, CERTCertificate *cert, SECItem *seal)
{
    SEC_PKCS12SafeInfo *keys = NULL, *certs = NULL;

    if (SEC_PKCS12AddPasswordIntegrity(context, seal, SEC_OID_SHA256) != SECSuccess)
        return FALSE;
    keys = SEC_PKCS12CreateUnencryptedSafe(context);
    certs = SEC_PKCS12CreateUnencryptedSafe(context);
    return keys != NULL && certs != NULL &&
           SEC_PKCS12AddCertAndKey(context, certs, NULL, cert, CERT_GetDefaultCertDB(), keys, NULL,
                                   PR_TRUE, seal, SEC_OID_AES_256_CBC) == SECSuccess;
}

GByteArray *
meishi_nss_identity_export(PK11SlotInfo *slot, CERTCertificate *cert, const MeishiSecret *seal)
{
    SECItem password = {siBuffer, (unsigned char *)meishi_secret_data(seal),
                        (unsigned int)meishi_secret_len(seal)};
    SEC_PKCS12ExportContext *context = SEC_PKCS12CreateExportContext(NULL, NULL, slot, NULL);
    g_autoptr(GByteArray) file = g_byte_array_new();
    gboolean is_done = context != NULL && fill(context, cert, &password) &&
                       SEC_PKCS12Encode(context, collect, file) == SECSuccess;

    if (context != NULL)
        SEC_PKCS12DestroyExportContext(context);
    return is_done ? g_steal_pointer(&file) : NULL;
}
