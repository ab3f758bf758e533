/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * OpenSSL's start: no configuration file (a key store takes no engine or provider from an
 * environment variable), the secure heap, and the digests.  Nothing here is undone: the heap lives
 * as long as the process.
 */
#include "daemon/crypto/crypto.h"

#include "daemon/crypto/digest.h"
#include "daemon/crypto/ossl.h"
#include "module/wire/cryptoki.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

/* When the heap is full OpenSSL refuses to load keys, it does not fall back; a 2048-bit RSA key
 * takes 1 KiB of it. */
#define SECURE_HEAP_LEN (2u << 20)
#define SECURE_HEAP_MIN 32

gboolean
meishi_crypto_init(GError **error)
{
    if (!OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL)) {
        meishi_ossl_set_error(error, MEISHI_ERROR_FAILED, "OpenSSL does not start");
        return FALSE;
    }
    if (!CRYPTO_secure_malloc_initialized() &&
        CRYPTO_secure_malloc_init(SECURE_HEAP_LEN, SECURE_HEAP_MIN) == 0) {
        meishi_ossl_set_error(error, MEISHI_ERROR_FAILED, "OpenSSL has no secure heap");
        return FALSE;
    }
    if (!meishi_digest_prepare()) {
        meishi_ossl_set_error(error, MEISHI_ERROR_FAILED, "OpenSSL has no SHA-2");
        return FALSE;
    }
    return TRUE;
}

void
meishi_crypto_random(guint8 *buf, gsize len)
{
    g_return_if_fail(len <= G_MAXINT);
    if (RAND_priv_bytes(buf, (int)len) != 1)
        g_error("the kernel gives no randomness");
}

void
meishi_crypto_sha256(gconstpointer data, gsize len, guint8 ret[static MEISHI_SHA256_LEN])
{
    const MeishiDigest *digest = meishi_digest_find(CKM_SHA256);

    if (!digest || !EVP_Digest(data, len, ret, NULL, digest->md, NULL))
        g_error("SHA-256 fails");
}
