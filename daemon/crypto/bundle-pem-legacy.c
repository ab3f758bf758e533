/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * OpenSSL's old PEM encryption: RFC 1421 headers, a key from one MD5 pass over password and salt.
 * Written out because OpenSSL's own looks for single DES in the default provider, where it no
 * longer is.
 */
#include "daemon/crypto/bundle-pem-legacy.h"

#include "daemon/crypto/bundle-pbe.h"

#include <string.h>

typedef struct {
    char *cipher;
    guint8 iv[EVP_MAX_IV_LENGTH];
    gsize iv_len;
} DekInfo;

static gboolean
read_hex(const char *hex, DekInfo *dek)
{
    for (dek->iv_len = 0; g_ascii_isxdigit(hex[0]) && g_ascii_isxdigit(hex[1]); hex += 2) {
        if (dek->iv_len == sizeof dek->iv)
            return FALSE;
        dek->iv[dek->iv_len++] =
            (guint8)(g_ascii_xdigit_value(hex[0]) << 4 | g_ascii_xdigit_value(hex[1]));
    }
    return dek->iv_len >= PKCS5_SALT_LEN && !g_ascii_isxdigit(hex[0]);
}

/* OpenSSL's names of ciphers; anything else would go into a message as it is. */
static gboolean
is_cipher_name(const char *name, gsize len)
{
    for (gsize i = 0; i < len; i++) {
        if (!g_ascii_isalnum(name[i]) && name[i] != '-')
            return FALSE;
    }
    return len > 0 && len <= 40;
}

/* "DEK-Info: AES-256-CBC,0123..." */
static gboolean
read_dek_info(const char *header, DekInfo *dek)
{
    const char *p = strstr(header, "DEK-Info:"), *comma;

    if (!p)
        return FALSE;
    p += strlen("DEK-Info:");
    p += strspn(p, " \t");
    comma = strchr(p, ',');
    if (!comma || !is_cipher_name(p, (gsize)(comma - p)) || !read_hex(comma + 1, dek))
        return FALSE;
    dek->cipher = g_strndup(p, (gsize)(comma - p));
    return TRUE;
}

static MeishiSecret *
decrypt(const EVP_CIPHER *cipher, const DekInfo *dek, const MeishiPassword *password,
        const guint8 *data, gsize len)
{
    g_autoptr(EVP_CIPHER_CTX) ctx = EVP_CIPHER_CTX_new();
    guint8 key[EVP_MAX_KEY_LENGTH];
    gboolean ok = EVP_BytesToKey(cipher, EVP_md5(), dek->iv, meishi_secret_data(password->bytes),
                                 (int)meishi_secret_len(password->bytes), 1, key, NULL) > 0 &&
                  ctx && EVP_DecryptInit_ex(ctx, cipher, NULL, key, dek->iv) == 1;

    OPENSSL_cleanse(key, sizeof key);
    return ok ? meishi_bundle_pbe_finish(ctx, data, len) : NULL;
}

static EVP_PKEY *
decode(int type, MeishiSecret *plain)
{
    const unsigned char *p = meishi_secret_data(plain);

    return d2i_PrivateKey(type, NULL, &p, (long)meishi_secret_len(plain));
}

/* RFC 1421 has no integrity check; that the plain text is a key is what tells a fitting one. */
static gboolean
try_passwords(MeishiReader *reader, const EVP_CIPHER *cipher, const DekInfo *dek, int type,
              GBytes *data, GError **error)
{
    for (guint i = 0; i < reader->passwords->len; i++) {
        g_autoptr(MeishiSecret) plain =
            decrypt(cipher, dek, g_ptr_array_index(reader->passwords, i),
                    g_bytes_get_data(data, NULL), g_bytes_get_size(data));
        g_autoptr(EVP_PKEY) pkey = plain ? decode(type, plain) : NULL;

        ERR_clear_error();
        if (pkey)
            return meishi_reader_add_key(reader, pkey, NULL, error);
    }
    meishi_bundle_pbe_refuse(reader, "the private key", error);
    return FALSE;
}

gboolean
meishi_bundle_pem_legacy_read(MeishiReader *reader, int type, const char *header,
                              const guint8 *data, gsize len, GError **error)
{
    DekInfo dek = {0};
    g_autofree char *name = read_dek_info(header, &dek) ? dek.cipher : NULL;
    g_autoptr(EVP_CIPHER) cipher = NULL;
    g_autoptr(GBytes) bytes = g_bytes_new_static(data, len);

    if (!name) {
        g_set_error_literal(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE,
                            "The header of the encrypted private key (DEK-Info) is malformed");
        return FALSE;
    }
    cipher = meishi_bundle_pbe_cipher(reader, name, error);
    if (!cipher)
        return FALSE;
    if (EVP_CIPHER_get_mode(cipher) != EVP_CIPH_CBC_MODE ||
        (gsize)EVP_CIPHER_get_iv_length(cipher) != dek.iv_len) {
        g_set_error(error, MEISHI_ERROR, MEISHI_ERROR_BAD_FILE,
                    "The header of the encrypted private key (DEK-Info) does not fit %s", name);
        return FALSE;
    }
    return try_passwords(reader, cipher, &dek, type, bytes, error);
}
