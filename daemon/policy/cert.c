/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiCert: life and death of the value, and the questions that need nothing but its members.
 * Reading DER is daemon/crypto/x509.c's work.  A certificate never changes once it is shared, so
 * references may be taken and dropped on any thread.
 */
#include "daemon/policy/cert.h"

MeishiCert *
meishi_cert_ref(MeishiCert *cert)
{
    g_atomic_int_inc(&cert->refs);
    return cert;
}

static void
free_cert(MeishiCert *cert)
{
    g_clear_pointer(&cert->der, g_bytes_unref);
    g_clear_pointer(&cert->serial, g_bytes_unref);
    g_clear_pointer(&cert->subject, g_bytes_unref);
    g_clear_pointer(&cert->issuer, g_bytes_unref);
    g_clear_pointer(&cert->subject_key_id, g_bytes_unref);
    g_clear_pointer(&cert->authority_key_id, g_bytes_unref);
    g_clear_pointer(&cert->ekus, g_strfreev);
    g_clear_pointer(&cert->sans, g_strfreev);
    g_clear_pointer(&cert->key, meishi_public_key_free);
    g_clear_pointer(&cert->subject_name, meishi_name_unref);
    g_clear_pointer(&cert->issuer_name, meishi_name_unref);
    g_clear_pointer(&cert->policies, g_strfreev);
    g_free(cert->serial_hex);
    g_free(cert->subject_text);
    g_free(cert->issuer_text);
    g_free(cert->subject_cn);
    g_free(cert->issuer_cn);
    g_free(cert->signature_algorithm);
    g_free(cert);
}

void
meishi_cert_unref(MeishiCert *cert)
{
    if (cert != NULL && g_atomic_int_dec_and_test(&cert->refs))
        free_cert(cert);
}

void
meishi_public_key_free(MeishiPublicKey *key)
{
    if (key == NULL)
        return;
    g_clear_pointer(&key->spki, g_bytes_unref);
    g_clear_pointer(&key->modulus, g_bytes_unref);
    g_clear_pointer(&key->exponent, g_bytes_unref);
    g_clear_pointer(&key->ec_params, g_bytes_unref);
    g_clear_pointer(&key->ec_point, g_bytes_unref);
    g_free(key->text);
    g_free(key);
}

/* RFC 5280 4.1.2.5: the validity period includes both of its ends. */
gboolean
meishi_cert_is_expired(const MeishiCert *cert, gint64 now)
{
    return now > cert->not_after;
}

gboolean
meishi_cert_is_not_yet_valid(const MeishiCert *cert, gint64 now)
{
    return now < cert->not_before;
}

gboolean
meishi_cert_has_eku(const MeishiCert *cert, const char *oid)
{
    return cert->ekus != NULL && g_strv_contains((const char *const *)cert->ekus, oid);
}

char **
meishi_cert_key_usage_names(const MeishiCert *cert)
{
    static const char *const names[] = {"digitalSignature", "nonRepudiation", "keyEncipherment",
                                        "dataEncipherment", "keyAgreement",   "keyCertSign",
                                        "cRLSign",          "encipherOnly",   "decipherOnly"};
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        if ((cert->key_usage & (1u << i)) != 0)
            g_strv_builder_add(builder, names[i]);
    }
    return g_strv_builder_end(builder);
}
