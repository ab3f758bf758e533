/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * libgcrypt keeps an RSA key with p < q and u, the inverse of p modulo q; RFC 8017 3.2 has qInv,
 * the inverse of q modulo p.  GNOME Keyring writes the former into the place of the latter.  The
 * numbers are whole, only first and second are exchanged: the other way round they are what they
 * should be. Used as they stand, they would give the primes away with the first signature.
 */
#include "daemon/crypto/key-mend.h"

#include "daemon/crypto/spki.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

/* As RFC 8017 calls them, in the order in which they are read. */
enum {
    N,
    E,
    D,
    P,
    Q,
    DP,
    DQ,
    QINV,
    N_NUMBERS,
};

static const char *const names[N_NUMBERS] = {
    [N] = OSSL_PKEY_PARAM_RSA_N,          [E] = OSSL_PKEY_PARAM_RSA_E,
    [D] = OSSL_PKEY_PARAM_RSA_D,          [P] = OSSL_PKEY_PARAM_RSA_FACTOR1,
    [Q] = OSSL_PKEY_PARAM_RSA_FACTOR2,    [DP] = OSSL_PKEY_PARAM_RSA_EXPONENT1,
    [DQ] = OSSL_PKEY_PARAM_RSA_EXPONENT2, [QINV] = OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
};

/* In which place each number of libgcrypt's goes. */
static const guint places[N_NUMBERS] = {
    [N] = N, [E] = E, [D] = D, [P] = Q, [Q] = P, [DP] = DQ, [DQ] = DP, [QINV] = QINV,
};

typedef struct {
    BIGNUM *number[N_NUMBERS];
} Numbers;

static void
clear_numbers(Numbers *numbers)
{
    for (guint i = 0; i < N_NUMBERS; i++)
        BN_clear_free(numbers->number[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Numbers, clear_numbers)

static gboolean
read_numbers(EVP_PKEY *pkey, Numbers *numbers)
{
    for (guint i = 0; i < N_NUMBERS; i++) {
        numbers->number[i] = BN_secure_new();
        if (!numbers->number[i] || !EVP_PKEY_get_bn_param(pkey, names[i], &numbers->number[i]))
            return FALSE;
    }
    return TRUE;
}

static gboolean
is_inverse(const Numbers *numbers, guint of, guint modulus, BN_CTX *ctx)
{
    g_autoptr(BIGNUM) product = BN_secure_new();

    return product && !BN_is_zero(numbers->number[modulus]) &&
           BN_mod_mul(product, numbers->number[of], numbers->number[QINV], numbers->number[modulus],
                      ctx) &&
           BN_is_one(product);
}

static gboolean
is_of_libgcrypt(const Numbers *numbers)
{
    g_autoptr(BN_CTX) ctx = BN_CTX_secure_new();

    return ctx && !is_inverse(numbers, Q, P, ctx) && is_inverse(numbers, P, Q, ctx);
}

static OSSL_PARAM *
exchange(const Numbers *numbers)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    gboolean is_whole = builder != NULL;

    for (guint i = 0; is_whole && i < N_NUMBERS; i++)
        is_whole = OSSL_PARAM_BLD_push_BN(builder, names[places[i]], numbers->number[i]);
    if (is_whole)
        params = OSSL_PARAM_BLD_to_param(builder);
    OSSL_PARAM_BLD_free(builder);
    return params;
}

/* NULL where that does not work out. */
static EVP_PKEY *
new_exchanged(EVP_PKEY *pkey, const Numbers *numbers)
{
    g_autoptr(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    OSSL_PARAM *params = exchange(numbers);
    EVP_PKEY *mended = NULL;

    if (ctx && params && EVP_PKEY_fromdata_init(ctx) == 1)
        (void)EVP_PKEY_fromdata(ctx, &mended, EVP_PKEY_KEYPAIR, params);
    OSSL_PARAM_free(params);
    return mended;
}

EVP_PKEY *
meishi_key_mend(EVP_PKEY *pkey)
{
    g_auto(Numbers) numbers = {0};
    EVP_PKEY *mended = NULL;

    if (meishi_spki_type(pkey) == MEISHI_KEY_RSA && read_numbers(pkey, &numbers) &&
        is_of_libgcrypt(&numbers))
        mended = new_exchanged(pkey, &numbers);
    if (mended)
        return mended;
    ERR_clear_error();
    EVP_PKEY_up_ref(pkey);
    return pkey;
}
