/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of hash functions.  OpenSSL 3 looks an algorithm up by name on each implicit use,
 * which costs more than a short digest; here every one is fetched once for the life of the
 * process.
 */
#include "daemon/crypto/digest.h"

#include "module/wire/cryptoki.h"

static MeishiDigest digests[] = {
    {CKM_SHA_1, CKG_MGF1_SHA1, "SHA1", NULL, 20},
    {CKM_SHA224, CKG_MGF1_SHA224, "SHA2-224", NULL, 28},
    {CKM_SHA256, CKG_MGF1_SHA256, "SHA2-256", NULL, 32},
    {CKM_SHA384, CKG_MGF1_SHA384, "SHA2-384", NULL, 48},
    {CKM_SHA512, CKG_MGF1_SHA512, "SHA2-512", NULL, 64},
};

static gsize
fetch_all(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(digests); i++) {
        digests[i].md = EVP_MD_fetch(NULL, digests[i].name, NULL);
        if (!digests[i].md)
            return 2;
    }
    return 1;
}

gboolean
meishi_digest_prepare(void)
{
    static gsize state;

    if (g_once_init_enter(&state))
        g_once_init_leave(&state, fetch_all());
    return state == 1;
}

const MeishiDigest *
meishi_digest_find(guint64 mechanism)
{
    if (!meishi_digest_prepare())
        return NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(digests); i++) {
        if (digests[i].mechanism == mechanism)
            return &digests[i];
    }
    return NULL;
}

const MeishiDigest *
meishi_digest_find_mgf(guint64 mgf)
{
    if (!meishi_digest_prepare())
        return NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(digests); i++) {
        if (digests[i].mgf == mgf)
            return &digests[i];
    }
    return NULL;
}
