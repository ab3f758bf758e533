/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Taking in what a file holds.  Everything that gets into a MeishiBundle passes
 * meishi_reader_add_cert() or meishi_reader_add_key(): parsed, checked, counted, not twice.  A key
 * that no TLS client could use is passed over as long as there is another.
 */
#include "daemon/crypto/reader.h"

#include "daemon/crypto/key-mend.h"
#include "daemon/crypto/spki.h"

#define MAX_CERTS 1000
#define MAX_KEYS  100

static gboolean
fail(GError **error, MeishiErrorCode code, const char *what)
{
    meishi_ossl_set_error(error, code, what);
    return FALSE;
}

void
meishi_reader_note(MeishiReader *reader, const char *note)
{
    if (!*note || g_ptr_array_find_with_equal_func(reader->bundle->notes, note, g_str_equal, NULL))
        return;
    g_ptr_array_add(reader->bundle->notes, g_strdup(note));
}

/* A context of its own: the old ciphers must not become available to anything else. */
OSSL_LIB_CTX *
meishi_reader_legacy(MeishiReader *reader)
{
    if (reader->legacy || reader->legacy_missing)
        return reader->legacy;
    reader->legacy = OSSL_LIB_CTX_new();
    reader->provider = reader->legacy ? OSSL_PROVIDER_load(reader->legacy, "legacy") : NULL;
    if (!reader->provider) {
        reader->legacy_missing = TRUE;
        g_clear_pointer(&reader->legacy, OSSL_LIB_CTX_free);
    }
    ERR_clear_error();
    return reader->legacy;
}

static void
add_tags(const MeishiTags *tags, char **name, GBytes **id)
{
    if (!tags)
        return;
    if (!*name)
        *name = g_strdup(tags->friendly_name);
    if (!*id && tags->local_key_id)
        *id = g_bytes_ref(tags->local_key_id);
}

gboolean
meishi_reader_add_cert(MeishiReader *reader, GBytes *der, const MeishiTags *tags, GError **error)
{
    MeishiBundleCert *cert = g_hash_table_lookup(reader->known_certs, der);
    g_autoptr(MeishiCert) parsed = NULL;

    if (!cert) {
        if (reader->bundle->certs->len >= MAX_CERTS)
            return fail(error, MEISHI_ERROR_TOO_EXPENSIVE,
                        "There are too many certificates in the file");
        parsed = meishi_x509_parse(der, error);
        if (!parsed)
            return FALSE;
        cert = g_new0(MeishiBundleCert, 1);
        cert->der = g_bytes_ref(der);
        cert->cert = g_steal_pointer(&parsed);
        g_ptr_array_add(reader->bundle->certs, cert);
        g_hash_table_insert(reader->known_certs, cert->der, cert);
    }
    add_tags(tags, &cert->friendly_name, &cert->local_key_id);
    return TRUE;
}

gboolean
meishi_reader_add_x509(MeishiReader *reader, X509 *x509, const MeishiTags *tags, GError **error)
{
    unsigned char *der = NULL;
    int len = i2d_X509(x509, &der);
    g_autoptr(GBytes) bytes = meishi_ossl_take_der(der, len);

    if (!bytes)
        return fail(error, MEISHI_ERROR_BAD_FILE, "A certificate in the file is damaged");
    return meishi_reader_add_cert(reader, bytes, tags, error);
}

/* In one canonical form, whatever the file had: PKCS#8 without attributes. */
static MeishiSecret *
encode_key(EVP_PKEY *pkey)
{
    g_autoptr(PKCS8_PRIV_KEY_INFO) info = EVP_PKEY2PKCS8(pkey);
    int len = info ? i2d_PKCS8_PRIV_KEY_INFO(info, NULL) : 0;
    g_autoptr(MeishiSecret) pkcs8 = len > 0 ? meishi_secret_new((gsize)len) : NULL;
    unsigned char *p = pkcs8 ? meishi_secret_writable(pkcs8) : NULL;

    if (!p || i2d_PKCS8_PRIV_KEY_INFO(info, &p) != len)
        return NULL;
    return g_steal_pointer(&pkcs8);
}

static MeishiBundleKey *
check_key(MeishiReader *reader, EVP_PKEY *pkey, GError **error)
{
    MeishiKeyType type = meishi_spki_type(pkey);
    gboolean is_rsa = type == MEISHI_KEY_RSA || type == MEISHI_KEY_RSA_PSS;
    guint64 cost = meishi_bundle_limits_key_cost(is_rsa, meishi_spki_bits(pkey));
    g_autoptr(MeishiSecret) pkcs8 = NULL;
    g_autoptr(MeishiKey) key = NULL;
    MeishiBundleKey *result;

    if (!meishi_bundle_limits_spend(&reader->budget, cost, error))
        return NULL;
    pkcs8 = encode_key(pkey);
    if (!pkcs8) {
        fail(error, MEISHI_ERROR_BAD_FILE, "A private key in the file is damaged");
        return NULL;
    }
    key = meishi_key_new(pkcs8, TRUE, error);
    if (!key)
        return NULL;
    result = g_new0(MeishiBundleKey, 1);
    result->pkcs8 = g_steal_pointer(&pkcs8);
    result->public_key = meishi_spki_describe(pkey);
    return result;
}

/* Fails later, when it turns out that there is no other key. */
static gboolean
pass_over(MeishiReader *reader, GError *reason)
{
    g_autofree char *note = g_strdup_printf("A private key was passed over: %s.", reason->message);

    meishi_reader_note(reader, note);
    reader->n_unusable++;
    if (!reader->unusable)
        reader->unusable = reason;
    else
        g_error_free(reason);
    return TRUE;
}

gboolean
meishi_reader_add_key(MeishiReader *reader, EVP_PKEY *pkey, const MeishiTags *tags, GError **error)
{
    g_autoptr(EVP_PKEY) mended = NULL;
    g_autoptr(GBytes) spki = NULL;
    MeishiBundleKey *key;
    GError *reason = NULL;

    if (reader->bundle->keys->len + reader->n_unusable >= MAX_KEYS)
        return fail(error, MEISHI_ERROR_TOO_EXPENSIVE, "There are too many keys in the file");
    if (!meishi_spki_check_usable(pkey, &reason))
        return pass_over(reader, reason);
    spki = meishi_spki_encode(pkey);
    key = spki ? g_hash_table_lookup(reader->known_keys, spki) : NULL;
    if (!key) {
        mended = meishi_key_mend(pkey);
        key = check_key(reader, mended, error);
        if (!key)
            return FALSE;
        g_ptr_array_add(reader->bundle->keys, key);
        g_hash_table_insert(reader->known_keys, key->public_key->spki, key);
    }
    add_tags(tags, &key->friendly_name, &key->local_key_id);
    return TRUE;
}

gboolean
meishi_reader_add_info(MeishiReader *reader, const PKCS8_PRIV_KEY_INFO *info,
                       const MeishiTags *tags, GError **error)
{
    g_autoptr(EVP_PKEY) pkey = EVP_PKCS82PKEY(info);

    if (!pkey)
        return fail(error, MEISHI_ERROR_BAD_FILE,
                    "A private key in the file is of a type that cannot be read, or damaged");
    return meishi_reader_add_key(reader, pkey, tags, error);
}
