/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading what people are given: finds out which kind of file it is and hands it to the file of
 * that format, which puts what it finds into the bundle through reader.c.
 *
 * Keys and certificates are not paired here; whoever stores them pairs by public key.
 */
#include "daemon/crypto/reader.h"

#include "daemon/crypto/bundle-describe.h"
#include "daemon/crypto/text.h"

#include <string.h>

#define MAX_FILE_LEN   (16u << 20)
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

/* ---- reading ---- */

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
    g_autofree char *shown = meishi_text_clip(name, NAME_MAX_SHOWN);

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
