/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * PKCS#12 (RFC 7292), bag by bag.
 *
 * OpenSSL's PKCS12_parse() returns one key of several, trusts localKeyID, spends any iteration
 * count and takes PBMAC1 for a wrong password; so only the ASN.1 is OpenSSL's here.  The order is:
 * read the structure, weigh every cost that it shows, check the MAC, then open the safes.
 */
#include "daemon/crypto/bundle-mac.h"
#include "daemon/crypto/bundle-pbe.h"
#include "daemon/crypto/text.h"

#include <openssl/asn1t.h>
#include <openssl/objects.h>

#define PFX_VERSION       3
#define MAX_DEPTH         8
#define FRIENDLY_NAME_MAX 255

/* PFX ::= SEQUENCE { version, authSafe, macData OPTIONAL }.  OpenSSL's own PKCS12 type hides its
 * members, and the MAC covers the content octets exactly as they stand in the file. */
typedef struct {
    ASN1_INTEGER *version;
    PKCS7 *auth_safe;
    MeishiMacData *mac;
} Pfx;

ASN1_SEQUENCE(MeishiMacData) =
    {
        ASN1_SIMPLE(MeishiMacData, digest_info, X509_SIG),
        ASN1_SIMPLE(MeishiMacData, salt, ASN1_OCTET_STRING),
        ASN1_OPT(MeishiMacData, iterations, ASN1_INTEGER),
} static_ASN1_SEQUENCE_END(MeishiMacData)

        ASN1_SEQUENCE(Pfx) =
            {
                ASN1_SIMPLE(Pfx, version, ASN1_INTEGER),
                ASN1_SIMPLE(Pfx, auth_safe, PKCS7),
                ASN1_OPT(Pfx, mac, MeishiMacData),
} static_ASN1_SEQUENCE_END(Pfx)

                typedef STACK_OF(PKCS12_SAFEBAG) Bags;
typedef STACK_OF(PKCS7) Safes;

static void
free_pfx(Pfx *pfx)
{
    ASN1_item_free((ASN1_VALUE *)pfx, ASN1_ITEM_rptr(Pfx));
}

static void
free_bags(Bags *bags)
{
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
}

static void
free_safes(Safes *safes)
{
    sk_PKCS7_pop_free(safes, PKCS7_free);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pfx, free_pfx)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bags, free_bags)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Safes, free_safes)

static gboolean
fail(GError **error, MeishiErrorCode code, const char *what)
{
    meishi_ossl_set_error(error, code, what);
    return FALSE;
}

/* ---- the outside ---- */

static Pfx *
decode_pfx(MeishiReader *reader, GBytes *file, GError **error)
{
    gsize len;
    const unsigned char *p = g_bytes_get_data(file, &len), *end = p + len;
    g_autoptr(Pfx) pfx = (Pfx *)ASN1_item_d2i(NULL, &p, (long)len, ASN1_ITEM_rptr(Pfx));

    if (!pfx) {
        fail(error, MEISHI_ERROR_BAD_FILE, "The PKCS#12 file is damaged");
        return NULL;
    }
    if (ASN1_INTEGER_get(pfx->version) != PFX_VERSION) {
        fail(error, MEISHI_ERROR_UNSUPPORTED, "The PKCS#12 file is not of version 3");
        return NULL;
    }
    if (p != end)
        meishi_reader_note(reader, "There are bytes behind the end of the PKCS#12 file; they were "
                                   "ignored.");
    return g_steal_pointer(&pfx);
}

/* The octets that hold the safes. */
static const ASN1_OCTET_STRING *
find_content(const Pfx *pfx, GError **error)
{
    const PKCS7 *outer = pfx->auth_safe;

    if (OBJ_obj2nid(outer->type) == NID_pkcs7_signed) {
        fail(error, MEISHI_ERROR_UNSUPPORTED,
             "The PKCS#12 file is protected by a signature instead of a password");
        return NULL;
    }
    if (OBJ_obj2nid(outer->type) != NID_pkcs7_data || !outer->d.data) {
        fail(error, MEISHI_ERROR_BAD_FILE, "The PKCS#12 file has no content");
        return NULL;
    }
    return outer->d.data;
}

static gboolean
weigh_safe(MeishiReader *reader, const PKCS7 *safe, GError **error)
{
    guint64 cost;

    if (OBJ_obj2nid(safe->type) != NID_pkcs7_encrypted)
        return TRUE;
    if (!safe->d.encrypted || !safe->d.encrypted->enc_data)
        return fail(error, MEISHI_ERROR_BAD_FILE, "A part of the PKCS#12 file is damaged");
    return meishi_bundle_limits_cost(&reader->budget, safe->d.encrypted->enc_data->algorithm, &cost,
                                     error);
}

static Safes *
unpack_safes(MeishiReader *reader, const ASN1_OCTET_STRING *content, GError **error)
{
    g_autoptr(Safes) safes = ASN1_item_unpack(content, ASN1_ITEM_rptr(PKCS12_AUTHSAFES));

    if (!safes) {
        fail(error, MEISHI_ERROR_BAD_FILE, "The content of the PKCS#12 file is damaged");
        return NULL;
    }
    for (int i = 0; i < sk_PKCS7_num(safes); i++) {
        if (!weigh_safe(reader, sk_PKCS7_value(safes, i), error))
            return NULL;
    }
    return g_steal_pointer(&safes);
}

/* ---- bags ---- */

static char *
friendly_name(PKCS12_SAFEBAG *bag)
{
    char *utf8 = PKCS12_get_friendlyname(bag), *clean;

    if (!utf8)
        return NULL;
    clean = meishi_text_clip(utf8, FRIENDLY_NAME_MAX);
    OPENSSL_free(utf8);
    return clean;
}

static GBytes *
local_key_id(const PKCS12_SAFEBAG *bag)
{
    const ASN1_TYPE *id = PKCS12_SAFEBAG_get0_attr(bag, NID_localKeyID);

    if (!id || id->type != V_ASN1_OCTET_STRING)
        return NULL;
    return meishi_ossl_copy_string(id->value.octet_string);
}

static gboolean
take_cert(MeishiReader *reader, PKCS12_SAFEBAG *bag, const MeishiTags *tags, GError **error)
{
    g_autoptr(X509) x509 = NULL;

    if (PKCS12_SAFEBAG_get_bag_nid(bag) != NID_x509Certificate) {
        meishi_reader_note(reader, "A certificate that is not X.509 was passed over.");
        return TRUE;
    }
    x509 = PKCS12_SAFEBAG_get1_cert(bag);
    if (!x509)
        return fail(error, MEISHI_ERROR_BAD_FILE, "A certificate in the file is damaged");
    return meishi_reader_add_x509(reader, x509, tags, error);
}

static gpointer
decode_info(MeishiSecret *plain)
{
    const unsigned char *p = meishi_secret_data(plain), *end = p + meishi_secret_len(plain);
    g_autoptr(PKCS8_PRIV_KEY_INFO) info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)(end - p));

    return p == end ? g_steal_pointer(&info) : NULL;
}

static gboolean
take_shrouded(MeishiReader *reader, const PKCS12_SAFEBAG *bag, const MeishiTags *tags,
              GError **error)
{
    const X509_SIG *shroud = PKCS12_SAFEBAG_get0_pkcs8(bag);
    const X509_ALGOR *algorithm;
    const ASN1_OCTET_STRING *data;
    g_autoptr(PKCS8_PRIV_KEY_INFO) info = NULL;
    g_autofree char *what = tags->friendly_name
                                ? g_strdup_printf("the private key “%s”", tags->friendly_name)
                                : g_strdup("the private key");

    X509_SIG_get0(shroud, &algorithm, &data);
    info = meishi_bundle_pbe_open(reader, algorithm, data, decode_info, what, error);
    return info && meishi_reader_add_info(reader, info, tags, error);
}

static gboolean take_bags(MeishiReader *reader, const Bags *bags, guint depth, GError **error);

static gboolean
take_nested(MeishiReader *reader, const PKCS12_SAFEBAG *bag, guint depth, GError **error)
{
    if (depth >= MAX_DEPTH)
        return fail(error, MEISHI_ERROR_BAD_FILE, "The PKCS#12 file is nested too deeply");
    return take_bags(reader, PKCS12_SAFEBAG_get0_safes(bag), depth + 1, error);
}

static gboolean
take_bag(MeishiReader *reader, PKCS12_SAFEBAG *bag, guint depth, GError **error)
{
    g_autofree char *name = friendly_name(bag);
    g_autoptr(GBytes) id = local_key_id(bag);
    const MeishiTags tags = {name, id};

    switch (PKCS12_SAFEBAG_get_nid(bag)) {
    case NID_certBag:
        return take_cert(reader, bag, &tags, error);
    case NID_keyBag:
        return meishi_reader_add_info(reader, PKCS12_SAFEBAG_get0_p8inf(bag), &tags, error);
    case NID_pkcs8ShroudedKeyBag:
        return take_shrouded(reader, bag, &tags, error);
    case NID_safeContentsBag:
        return take_nested(reader, bag, depth, error);
    case NID_crlBag:
        meishi_reader_note(reader, "A list of revoked certificates was passed over.");
        return TRUE;
    case NID_secretBag:
        meishi_reader_note(reader, "A secret that is not a private key was passed over.");
        return TRUE;
    default:
        meishi_reader_note(reader, "Something of an unknown kind was passed over.");
        return TRUE;
    }
}

static gboolean
take_bags(MeishiReader *reader, const Bags *bags, guint depth, GError **error)
{
    for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); i++) {
        if (!take_bag(reader, sk_PKCS12_SAFEBAG_value(bags, i), depth, error))
            return FALSE;
    }
    return TRUE;
}

/* ---- safes ---- */

static gpointer
decode_bags(MeishiSecret *plain)
{
    const unsigned char *p = meishi_secret_data(plain), *end = p + meishi_secret_len(plain);
    g_autoptr(Bags) bags =
        (Bags *)ASN1_item_d2i(NULL, &p, (long)(end - p), ASN1_ITEM_rptr(PKCS12_SAFEBAGS));

    return p == end ? g_steal_pointer(&bags) : NULL;
}

static gboolean
take_plain(MeishiReader *reader, const PKCS7 *safe, GError **error)
{
    g_autoptr(Bags) bags =
        safe->d.data ? ASN1_item_unpack(safe->d.data, ASN1_ITEM_rptr(PKCS12_SAFEBAGS)) : NULL;

    if (!bags)
        return fail(error, MEISHI_ERROR_BAD_FILE, "A part of the PKCS#12 file is damaged");
    return take_bags(reader, bags, 0, error);
}

static gboolean
take_encrypted(MeishiReader *reader, const PKCS7 *safe, GError **error)
{
    const PKCS7_ENC_CONTENT *content = safe->d.encrypted->enc_data;
    g_autoptr(Bags) bags = meishi_bundle_pbe_open(reader, content->algorithm, content->enc_data,
                                                  decode_bags, "a part of it", error);

    return bags && take_bags(reader, bags, 0, error);
}

static gboolean
take_safe(MeishiReader *reader, const PKCS7 *safe, GError **error)
{
    switch (OBJ_obj2nid(safe->type)) {
    case NID_pkcs7_data:
        return take_plain(reader, safe, error);
    case NID_pkcs7_encrypted:
        return take_encrypted(reader, safe, error);
    case NID_pkcs7_enveloped:
        return fail(error, MEISHI_ERROR_UNSUPPORTED,
                    "A part of the PKCS#12 file is encrypted for the holder of another "
                    "certificate, not under a password");
    default:
        return fail(error, MEISHI_ERROR_BAD_FILE, "A part of the PKCS#12 file is of unknown kind");
    }
}

gboolean
meishi_bundle_pkcs12_read(MeishiReader *reader, GBytes *file, GError **error)
{
    g_autoptr(Pfx) pfx = NULL;
    g_autoptr(Safes) safes = NULL;
    const ASN1_OCTET_STRING *content;

    reader->bundle->format = MEISHI_BUNDLE_PKCS12;
    pfx = decode_pfx(reader, file, error);
    content = pfx ? find_content(pfx, error) : NULL;
    safes = content ? unpack_safes(reader, content, error) : NULL;
    if (!safes || (pfx->mac && !meishi_bundle_mac_check(reader, pfx->mac, content, error)))
        return FALSE;
    reader->bundle->has_mac = pfx->mac != NULL;
    for (int i = 0; i < sk_PKCS7_num(safes); i++) {
        if (!take_safe(reader, sk_PKCS7_value(safes, i), error))
            return FALSE;
    }
    return pfx->mac || meishi_bundle_integrity_check(reader->bundle, error);
}
