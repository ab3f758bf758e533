/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading what people are given: finds out which kind of file it is, hands it to the file of that
 * format, and takes in what comes out of there.  Everything that gets into a MeishiBundle passes
 * meishi_reader_add_cert() or meishi_reader_add_key(): parsed, checked, counted, not twice.
 *
 * Keys and certificates are not paired here; whoever stores them pairs by public key.
 */
#include "daemon/crypto/bundle-reader.h"

#include "daemon/crypto/bundle-describe.h"
#include "daemon/crypto/spki.h"
#include "daemon/crypto/text.h"

#include <string.h>

#define MAX_FILE_LEN   (16u << 20)
#define MAX_CERTS      1000
#define MAX_KEYS       100
#define NAME_MAX_SHOWN 1024

static gboolean
fail(GError **error, MeishiErrorCode code, const char *what)
{
    meishi_ossl_set_error(error, code, what);
    return FALSE;
}

/* ---- the result ---- */

static void
free_cert(MeishiBundleCert *cert)
{
    g_clear_pointer(&cert->der, g_bytes_unref);
    meishi_cert_unref(cert->cert);
    g_free(cert->friendly_name);
    g_clear_pointer(&cert->local_key_id, g_bytes_unref);
    g_free(cert);
}

static void
free_key(MeishiBundleKey *key)
{
    meishi_secret_unref(key->pkcs8);
    meishi_public_key_free(key->public_key);
    g_free(key->friendly_name);
    g_clear_pointer(&key->local_key_id, g_bytes_unref);
    g_free(key);
}

static MeishiBundle *
new_bundle(void)
{
    MeishiBundle *bundle = g_new0(MeishiBundle, 1);

    bundle->certs = g_ptr_array_new_with_free_func((GDestroyNotify)free_cert);
    bundle->keys = g_ptr_array_new_with_free_func((GDestroyNotify)free_key);
    bundle->notes = g_ptr_array_new_with_free_func(g_free);
    return bundle;
}

void
meishi_bundle_free(MeishiBundle *bundle)
{
    if (!bundle)
        return;
    g_ptr_array_unref(bundle->certs);
    g_ptr_array_unref(bundle->keys);
    g_ptr_array_unref(bundle->notes);
    g_free(bundle);
}

/* ---- the reader ---- */

static void
clear_reader(MeishiReader *reader)
{
    meishi_bundle_free(reader->bundle);
    g_clear_pointer(&reader->passwords, g_ptr_array_unref);
    g_clear_pointer(&reader->known_certs, g_hash_table_unref);
    g_clear_pointer(&reader->known_keys, g_hash_table_unref);
    g_clear_error(&reader->unusable);
    if (reader->provider)
        OSSL_PROVIDER_unload(reader->provider);
    OSSL_LIB_CTX_free(reader->legacy);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MeishiReader, clear_reader)

static void
init_reader(MeishiReader *reader, GPtrArray *passwords, const MeishiLimits *limits)
{
    reader->bundle = new_bundle();
    reader->passwords = meishi_bundle_password_list(passwords);
    reader->password_given = passwords && passwords->len > 0;
    reader->budget.limits = limits;
    reader->known_certs = g_hash_table_new(g_bytes_hash, g_bytes_equal);
    reader->known_keys = g_hash_table_new(g_bytes_hash, g_bytes_equal);
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

/* ---- taking in ---- */

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
        key = check_key(reader, pkey, error);
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

/* ---- the whole ---- */

/* Text up to the first block; a DER file has a control character among its first bytes, though it
 * may begin like the text "0 s:CN=..." and hold a PEM block deep inside. */
static gboolean
is_pem(GBytes *file)
{
    const char *data = g_bytes_get_data(file, NULL);
    const char *begin = g_strstr_len(data, (gssize)g_bytes_get_size(file), "-----BEGIN ");

    for (const char *p = data; begin && p < begin; p++) {
        if (g_ascii_iscntrl(*p) && !g_ascii_isspace(*p))
            return FALSE;
    }
    return begin != NULL;
}

static gboolean
check_size(GBytes *file, GError **error)
{
    if (g_bytes_get_size(file) == 0)
        return fail(error, MEISHI_ERROR_BAD_FILE, "The file is empty");
    if (g_bytes_get_size(file) > MAX_FILE_LEN)
        return fail(error, MEISHI_ERROR_BAD_FILE,
                    "The file is larger than 16 MiB, which no file with certificates is");
    return TRUE;
}

static gboolean
read_format(MeishiReader *reader, GBytes *file, GError **error)
{
    const guint8 *data = g_bytes_get_data(file, NULL);

    if (is_pem(file))
        return meishi_bundle_pem_read(reader, file, error);
    if (data[0] != 0x30)
        return meishi_bundle_describe(file, error);
    if (!meishi_bundle_describe_cut(file, error))
        return FALSE;
    return meishi_bundle_der_is_pkcs12(file) ? meishi_bundle_pkcs12_read(reader, file, error)
                                             : meishi_bundle_der_read(reader, file, error);
}

/* A file that was read well and holds nothing for us: its notes say what it does hold. */
static gboolean
check_content(MeishiReader *reader, GError **error)
{
    const MeishiBundle *bundle = reader->bundle;
    g_autoptr(GString) text = NULL;

    if (!bundle->keys->len && reader->unusable) {
        g_propagate_error(error, g_steal_pointer(&reader->unusable));
        return FALSE;
    }
    if (bundle->keys->len || bundle->certs->len)
        return TRUE;
    text = g_string_new("There is no certificate and no private key in the file.");
    for (guint i = 0; i < bundle->notes->len; i++)
        g_string_append_printf(text, " %s", (char *)g_ptr_array_index(bundle->notes, i));
    g_set_error_literal(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE, text->str);
    return FALSE;
}

static void
prefix_name(GError **error, const char *name)
{
    g_autofree char *shown = meishi_text_clean(name, NAME_MAX_SHOWN);

    g_prefix_error(error, "%s: ", shown ? shown : "the file");
}

MeishiBundle *
meishi_bundle_read_within(GBytes *file, const char *name, GPtrArray *passwords,
                          const MeishiLimits *limits, GError **error)
{
    g_auto(MeishiReader) reader = {0};

    init_reader(&reader, passwords, limits);
    if (!check_size(file, error) || !read_format(&reader, file, error) ||
        !check_content(&reader, error)) {
        prefix_name(error, name);
        ERR_clear_error();
        return NULL;
    }
    ERR_clear_error();
    return g_steal_pointer(&reader.bundle);
}

MeishiBundle *
meishi_bundle_read(GBytes *file, const char *name, GPtrArray *passwords, GError **error)
{
    return meishi_bundle_read_within(file, name, passwords, &meishi_bundle_limits, error);
}
