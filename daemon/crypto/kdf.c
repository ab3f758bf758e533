/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Keys from passphrases (scrypt, RFC 7914) and from other keys (HKDF-SHA256, RFC 5869).
 */
#include "daemon/crypto/crypto.h"

#include "daemon/crypto/ossl.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <string.h>
#include <time.h>

#define SCRYPT_MAX_MEMORY (1ull << 30)
#define SCRYPT_SLACK      (64ull << 20) /* OpenSSL counts its working blocks as well */

static gboolean
is_cost_sane(const MeishiScrypt *cost)
{
    return cost->log2n >= 10 && cost->log2n <= 24 && cost->r >= 1 && cost->r <= 32 &&
           cost->p >= 1 && cost->p <= 16 && (128ull * cost->r << cost->log2n) <= SCRYPT_MAX_MEMORY;
}

static gboolean
derive(const char *algorithm, const OSSL_PARAM *params, MeishiSecret *result)
{
    g_autoptr(EVP_KDF) kdf = EVP_KDF_fetch(NULL, algorithm, NULL);
    g_autoptr(EVP_KDF_CTX) ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;

    return ctx && EVP_KDF_derive(ctx, meishi_secret_writable(result), meishi_secret_len(result),
                                 params) == 1;
}

static OSSL_PARAM
secret_param(const char *name, MeishiSecret *secret)
{
    return OSSL_PARAM_construct_octet_string(name, (void *)meishi_secret_data(secret),
                                             meishi_secret_len(secret));
}

/* An absent salt is an empty one in both functions. */
static OSSL_PARAM
salt_param(GBytes *salt)
{
    return OSSL_PARAM_construct_octet_string(
        OSSL_KDF_PARAM_SALT,
        salt && g_bytes_get_size(salt) ? (void *)g_bytes_get_data(salt, NULL) : (void *)"",
        salt ? g_bytes_get_size(salt) : 0);
}

MeishiSecret *
meishi_kdf_scrypt(MeishiSecret *passphrase, GBytes *salt, const MeishiScrypt *cost, gsize len,
                  GError **error)
{
    g_autoptr(MeishiSecret) result = meishi_secret_new(len);
    uint64_t n = 1ull << (cost->log2n & 31), r = cost->r, p = cost->p;
    uint64_t memory = SCRYPT_MAX_MEMORY + SCRYPT_SLACK;
    OSSL_PARAM params[] = {
        secret_param(OSSL_KDF_PARAM_PASSWORD, passphrase),
        salt_param(salt),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_R, &r),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_P, &p),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &memory),
        OSSL_PARAM_construct_end(),
    };

    if (!is_cost_sane(cost)) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_PARAM,
                    "The scrypt cost (log2 N %u, r %u, p %u) is out of bounds", cost->log2n,
                    cost->r, cost->p);
        return NULL;
    }
    if (!derive("SCRYPT", params, result)) {
        meishi_ossl_set_error(error, MEISHI_ERROR_FAILED, "scrypt fails");
        return NULL;
    }
    return g_steal_pointer(&result);
}

MeishiSecret *
meishi_kdf_hkdf(MeishiSecret *input, GBytes *salt, const char *info, gsize len)
{
    g_autoptr(MeishiSecret) result = meishi_secret_new(len);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
        secret_param(OSSL_KDF_PARAM_KEY, input),
        salt_param(salt),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)info, strlen(info)),
        OSSL_PARAM_construct_end(),
    };

    if (!derive("HKDF", params, result))
        g_error("HKDF fails");
    return g_steal_pointer(&result);
}

/* ---- calibration ---- */

#define CALIBRATE_MIN 14
#define CALIBRATE_MAX 20

/* Processor time of this thread: a busy machine must not make a slot weaker. */
static gint64
thread_time_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (gint64)now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

static gint64
measure_us(const MeishiScrypt *cost)
{
    g_autoptr(MeishiSecret) sample = meishi_secret_new_copy("calibrate", 9);
    g_autoptr(MeishiSecret) result = NULL;
    gint64 start = thread_time_us();

    result = meishi_kdf_scrypt(sample, NULL, cost, MEISHI_VAULT_KEY_LEN, NULL);
    return result ? thread_time_us() - start : G_MAXINT64 / 2;
}

void
meishi_kdf_scrypt_calibrate(guint target_ms, MeishiScrypt *ret)
{
    MeishiScrypt cost = {CALIBRATE_MIN, 8, 1};
    gint64 target_us = (gint64)target_ms * 1000;

    /* Each step doubles the work: stop where the next would miss by more than this one does. */
    while (cost.log2n < CALIBRATE_MAX && measure_us(&cost) * 3 / 2 < target_us)
        cost.log2n++;
    *ret = cost;
}
