/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * OpenSSL's start: no configuration file (a key store takes no engine or provider from an
 * environment variable), memory that is wiped when freed, the secure heap, and the digests.
 * Nothing here is undone: the heap lives as long as the process.
 */
#include "daemon/crypto/crypto.h"

#include "daemon/crypto/digest.h"
#include "daemon/crypto/ossl.h"
#include "module/wire/cryptoki.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>

#define SECURE_HEAP_MIN 32 /* bytes; the smallest piece of the heap */

/* ---- libcrypto's own memory ------------------------------------------------------------------
 *
 * Its decoders free the DER of a private key without wiping it (decode_der2key.c), so everything
 * that it frees is wiped: some nanoseconds for each block. */

static void *
allocate(size_t size, const char *file, int line)
{
    return malloc(size);
}

static void
wipe_and_free(void *p, const char *file, int line)
{
    if (p == NULL)
        return;
    explicit_bzero(p, malloc_usable_size(p));
    free(p);
}

static void *
move_and_wipe(void *p, size_t size, const char *file, int line)
{
    size_t have = p != NULL ? malloc_usable_size(p) : 0;
    void *moved;

    if (p != NULL && size > 0 && size <= have)
        return p;
    moved = size > 0 ? malloc(size) : NULL;
    if (moved == NULL && size > 0)
        return NULL;
    if (moved != NULL && p != NULL)
        memcpy(moved, p, MIN(have, size));
    wipe_and_free(p, file, line);
    return moved;
}

gboolean
meishi_crypto_init(GError **error)
{
    /* Refused once libcrypto has allocated: a second call finds the first one's functions. */
    (void)CRYPTO_set_mem_functions(allocate, move_and_wipe, wipe_and_free);
    if (!OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL)) {
        meishi_ossl_set_error(error, MEISHI_ERROR_FAILED, "OpenSSL does not start");
        return FALSE;
    }
    if (!CRYPTO_secure_malloc_initialized() &&
        CRYPTO_secure_malloc_init(MEISHI_SECURE_HEAP_LEN, SECURE_HEAP_MIN) == 0) {
        meishi_ossl_set_error(error, MEISHI_ERROR_FAILED, "OpenSSL has no secure heap");
        return FALSE;
    }
    if (!meishi_digest_prepare()) {
        meishi_ossl_set_error(error, MEISHI_ERROR_FAILED, "OpenSSL has no SHA-2");
        return FALSE;
    }
    return TRUE;
}

gboolean
meishi_crypto_is_heap_tight(void)
{
    return CRYPTO_secure_used() >= MEISHI_SECURE_HEAP_TIGHT;
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
