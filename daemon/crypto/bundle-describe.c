/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * People are sent all kinds of files under the name of a certificate.  Each kind that we can name
 * gets a message that names it and says what to do.
 */
#include "daemon/crypto/bundle-describe.h"

#include "daemon/base/error.h"

#include <string.h>

#define MAGIC(text) text, sizeof text - 1

static const struct {
    const char *magic;
    gsize len;
    MeishiErrorCode code;
    const char *message;
} kinds[] = {
    {MAGIC("\xfe\xed\xfe\xed"), MEISHI_ERROR_UNSUPPORTED,
     "This is a Java keystore (JKS). Convert it with: keytool -importkeystore -srckeystore FILE "
     "-destkeystore FILE.p12 -deststoretype PKCS12"},
    {MAGIC("\xce\xce\xce\xce"), MEISHI_ERROR_UNSUPPORTED,
     "This is a Java keystore (JCEKS). Convert it with: keytool -importkeystore -srckeystore FILE "
     "-srcstoretype JCEKS -destkeystore FILE.p12 -deststoretype PKCS12"},
    {MAGIC("PuTTY-User-Key-File"), MEISHI_ERROR_BAD_FILE,
     "This is a PuTTY key, not a certificate or a key for one"},
    {MAGIC("ssh-"), MEISHI_ERROR_BAD_FILE, "This is an SSH public key, not a certificate"},
    {MAGIC("ecdsa-sha2-"), MEISHI_ERROR_BAD_FILE, "This is an SSH public key, not a certificate"},
    {MAGIC("PK\x03\x04"), MEISHI_ERROR_BAD_FILE,
     "This is a ZIP file. Unpack it and import what is "
     "inside"},
    {MAGIC("\x1f\x8b"), MEISHI_ERROR_BAD_FILE,
     "This is a compressed file. Unpack it and import "
     "what is inside"},
    {MAGIC("%PDF-"), MEISHI_ERROR_BAD_FILE, "This is a PDF document, not a certificate"},
    {MAGIC("SQLite format 3"), MEISHI_ERROR_BAD_FILE,
     "This is a database. If it is NSS's (cert9.db, key4.db), export with: pk12util -o FILE.p12 -n "
     "NAME -d DIRECTORY"},
    {MAGIC("\xff\xfe"), MEISHI_ERROR_BAD_FILE, "This is UTF-16 text. Save it as plain text"},
    {MAGIC("\xfe\xff"), MEISHI_ERROR_BAD_FILE, "This is UTF-16 text. Save it as plain text"},
    {MAGIC("<"), MEISHI_ERROR_BAD_FILE,
     "This is a web page or XML, not a certificate: the download probably failed"},
    {MAGIC("MII"), MEISHI_ERROR_BAD_FILE,
     "This is base64 text without its first line (-----BEGIN ...-----). Ask for the whole file"},
};

gboolean
meishi_bundle_describe(GBytes *file, GError **error)
{
    gsize len;
    const char *data = g_bytes_get_data(file, &len);

    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (len < kinds[i].len || memcmp(data, kinds[i].magic, kinds[i].len) != 0)
            continue;
        g_set_error_literal(error, MEISHI_ERROR, kinds[i].code, kinds[i].message);
        return FALSE;
    }
    g_set_error_literal(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE,
                        "This is no certificate, private key or PKCS#12 file");
    return FALSE;
}

/* X.690 8.1.3: one byte, or the number of bytes that follow. */
static guint64
outer_length(const guint8 *der, gsize len)
{
    guint64 value = 0;
    guint n = der[1] & 0x7fu;

    if (der[1] < 0x80)
        return 2u + der[1];
    if (n == 0 || n > 4)
        return 0;
    if (len < 2u + n)
        return 2u + n;
    for (guint i = 0; i < n; i++)
        value = value << 8 | der[2 + i];
    return 2u + n + value;
}

gboolean
meishi_bundle_describe_cut(GBytes *file, GError **error)
{
    gsize len;
    const guint8 *der = g_bytes_get_data(file, &len);
    guint64 needed = len >= 2 ? outer_length(der, len) : 2;

    if (needed <= len)
        return TRUE;
    g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE,
                "The file is cut off: it should have %" G_GUINT64_FORMAT
                " bytes and has %" G_GSIZE_FORMAT ". Fetch it again",
                needed, len);
    return FALSE;
}
