/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How much work a file may ask for.  Private to daemon/crypto/.
 */
#pragma once

#include "daemon/crypto/ossl.h"

/* An iteration is one of PBKDF2: about half a microsecond. */
typedef struct {
    guint64 iterations;       /* in one derivation */
    guint64 total_iterations; /* in one file, whatever the number of passwords */
    guint64 scrypt_memory;    /* bytes */
} MeishiLimits;

extern const MeishiLimits meishi_bundle_limits;

typedef struct {
    const MeishiLimits *limits;
    guint64 spent;
} MeishiBudget;

/* Reads an iteration count, NULL for the default 1.  BAD_FILE for zero and less, TOO_EXPENSIVE. */
gboolean meishi_bundle_limits_count(const MeishiBudget *budget, const ASN1_INTEGER *count,
                                    guint64 *ret, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What decrypting under @algorithm (PBES1, PKCS#12 PBE, PBES2) costs, without doing any of it.
 * TOO_EXPENSIVE above the limit, UNSUPPORTED for what is no password encryption, BAD_FILE. */
gboolean meishi_bundle_limits_cost(const MeishiBudget *budget, const X509_ALGOR *algorithm,
                                   guint64 *ret_cost, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Takes @cost out of the file's total; TOO_EXPENSIVE where it does not hold that much. */
gboolean meishi_bundle_limits_spend(MeishiBudget *budget, guint64 cost,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What checking a private key of @bits costs, in iterations. */
guint64 meishi_bundle_limits_key_cost(gboolean is_rsa, guint bits);
