/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Writing PKCS#12 as today's programs do: AES-256, PBKDF2-HMAC-SHA256 and a SHA-256 MAC, with the
 * iteration count that NSS writes, so that whatever opens Firefox's exports opens these.
 */
#include "daemon/crypto/crypto.h"

#include "daemon/crypto/ossl.h"

#include <string.h>

#define ITERATIONS 600000

typedef STACK_OF(X509) X509List;

static void
free_list(X509List *list)
{
    sk_X509_pop_free(list, X509_free);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509List, free_list)

static X509 *
decode_cert(const MeishiCert *cert)
{
    const unsigned char *p = g_bytes_get_data(cert->der, NULL);

    return d2i_X509(NULL, &p, (long)g_bytes_get_size(cert->der));
}

/* Everything after the first. */
static X509List *
decode_chain(GPtrArray *certs)
{
    g_autoptr(X509List) chain = sk_X509_new_null();

    for (guint i = 1; i < certs->len; i++) {
        X509 *x509 = decode_cert(g_ptr_array_index(certs, i));

        if (!x509 || !sk_X509_push(chain, x509)) {
            X509_free(x509);
            return NULL;
        }
    }
    return g_steal_pointer(&chain);
}

static EVP_PKEY *
decode_key(MeishiSecret *pkcs8)
{
    const unsigned char *p = meishi_secret_data(pkcs8);
    g_autoptr(PKCS8_PRIV_KEY_INFO) info =
        d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)meishi_secret_len(pkcs8));

    return info ? EVP_PKCS82PKEY(info) : NULL;
}

/* OpenSSL wants a string that ends with a zero. */
static MeishiSecret *
terminate(MeishiSecret *password)
{
    gsize len = meishi_secret_len(password);
    MeishiSecret *string = meishi_secret_new(len + 1);

    memcpy(meishi_secret_writable(string), meishi_secret_data(password), len);
    return string;
}

GBytes *
meishi_bundle_write_pkcs12(MeishiSecret *pkcs8, GPtrArray *certs, const char *label,
                           MeishiSecret *password, GError **error)
{
    g_autoptr(EVP_PKEY) pkey = decode_key(pkcs8);
    g_autoptr(X509) leaf = certs->len ? decode_cert(g_ptr_array_index(certs, 0)) : NULL;
    g_autoptr(X509List) chain = decode_chain(certs);
    g_autoptr(MeishiSecret) string = terminate(password);
    g_autoptr(PKCS12) pkcs12 = NULL;
    unsigned char *der = NULL;
    GBytes *file;
    int len = 0;

    if (pkey && chain && (leaf || !certs->len))
        pkcs12 = PKCS12_create((const char *)meishi_secret_data(string), label, pkey, leaf, chain,
                               NID_aes_256_cbc, NID_aes_256_cbc, ITERATIONS, ITERATIONS, 0);
    if (pkcs12)
        len = i2d_PKCS12(pkcs12, &der);
    file = meishi_ossl_take_der(der, len);
    if (!file)
        meishi_ossl_set_error(error, MEISHI_ERROR_FAILED, "The PKCS#12 file cannot be written");
    return file;
}
