/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A PKCS#12 file without MAC has nothing that shows a change: of twenty single flipped bits,
 * thirteen still load.  What can contradict itself must not: a certificate whose issuer lies in
 * the same file carries its signature, and a key that points at a certificate is that
 * certificate's.
 */
#include "daemon/crypto/reader.h"

static gboolean
is_above(const MeishiCert *cert, const MeishiCert *issuer)
{
    if (!g_bytes_equal(cert->issuer, issuer->subject))
        return FALSE;
    return !cert->authority_key_id || !issuer->subject_key_id ||
           g_bytes_equal(cert->authority_key_id, issuer->subject_key_id);
}

/* One that verifies is enough: a CA may have renewed its key under the same name. */
static gboolean
has_contradiction(const MeishiBundle *bundle, const MeishiCert *cert)
{
    gboolean found = FALSE;

    for (guint i = 0; i < bundle->certs->len; i++) {
        const MeishiBundleCert *other = g_ptr_array_index(bundle->certs, i);

        if (!is_above(cert, other->cert))
            continue;
        if (meishi_x509_is_issued_by(cert, other->cert, NULL))
            return FALSE;
        found = TRUE;
    }
    return found;
}

static gboolean
check_key(const MeishiBundle *bundle, const MeishiBundleKey *key, GError **error)
{
    gboolean points = FALSE;

    for (guint i = 0; i < bundle->certs->len && key->local_key_id; i++) {
        const MeishiBundleCert *cert = g_ptr_array_index(bundle->certs, i);

        if (!cert->local_key_id || !g_bytes_equal(cert->local_key_id, key->local_key_id))
            continue;
        if (g_bytes_equal(cert->cert->key->spki, key->public_key->spki))
            return TRUE;
        points = TRUE;
    }
    if (!points)
        return TRUE;
    g_set_error_literal(error, MEISHI_ERROR, MEISHI_ERROR_KEY_MISMATCH,
                        "The private key is not the one of the certificate beside it, and the file "
                        "has no integrity check: it was probably damaged");
    return FALSE;
}

gboolean
meishi_bundle_integrity_check(const MeishiBundle *bundle, GError **error)
{
    for (guint i = 0; i < bundle->certs->len; i++) {
        const MeishiBundleCert *cert = g_ptr_array_index(bundle->certs, i);

        if (!has_contradiction(bundle, cert->cert))
            continue;
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE,
                    "The certificate “%s” does not carry the signature of its issuer in the same "
                    "file, which has no integrity check: it was probably damaged",
                    cert->cert->subject_text);
        return FALSE;
    }
    for (guint i = 0; i < bundle->keys->len; i++) {
        if (!check_key(bundle, g_ptr_array_index(bundle->keys, i), error))
            return FALSE;
    }
    return TRUE;
}
