/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * PKCS#11 3.0 section 4 in tables of calls.  Keys are not private (CKA_PRIVATE is false): a token
 * without CKF_LOGIN_REQUIRED must show its keys to whoever has not logged in, and the daemon
 * decides at the signature.  What a key may do follows from its type and the mechanisms that we
 * have, never from the certificate's key usage, which is the TLS client's to judge.
 *
 * Keys came from a file, so CKA_LOCAL, CKA_ALWAYS_SENSITIVE and CKA_NEVER_EXTRACTABLE are false
 * (4.9, "if the key was created with C_CreateObject"), although it will never leave again.
 */
#include "daemon/server/attrs.h"

#include "module/wire/cryptoki.h"

#include <string.h>
#include <time.h>

enum { CATEGORY_TOKEN_USER = 1, CATEGORY_AUTHORITY = 2 }; /* 4.6.2, table 17 */

#define PRIVATE_USAGE (CKF_SIGN | CKF_SIGN_RECOVER | CKF_DECRYPT | CKF_DERIVE)
#define PUBLIC_USAGE  (CKF_VERIFY | CKF_VERIFY_RECOVER | CKF_ENCRYPT)

/* ---- mechanisms ---------------------------------------------------------------------------- */

gboolean
meishi_attrs_fits(const MeishiMechanismInfo *mechanism, MeishiKeyType type, gboolean allow_raw)
{
    return (mechanism->key_types & 1u << type) != 0 && (allow_raw || !mechanism->raw);
}

guint64
meishi_attrs_usage(MeishiKeyType type, gboolean allow_raw)
{
    gsize n;
    const MeishiMechanismInfo *table = meishi_mechanism_table(&n);
    guint64 usage = 0;

    for (gsize i = 0; i < n; i++)
        if (meishi_attrs_fits(&table[i], type, allow_raw))
            usage |= table[i].flags;
    return usage & (PRIVATE_USAGE | PUBLIC_USAGE);
}

/* CKA_ALLOWED_MECHANISMS: those that have one of the @usage flags. */
static MeishiSnapshotValue
put_mechanisms(MeishiSnapshotWriter *writer, MeishiKeyType type, gboolean allow_raw, guint64 usage)
{
    gsize n;
    const MeishiMechanismInfo *table = meishi_mechanism_table(&n);
    guint64 types[MEISHI_ATTRS_MAX_MECHANISMS];
    gsize n_types = 0;

    for (gsize i = 0; i < n && n_types < G_N_ELEMENTS(types); i++)
        if (meishi_attrs_fits(&table[i], type, allow_raw) && (table[i].flags & usage) != 0)
            types[n_types++] = table[i].type;
    return meishi_snapshot_writer_put(writer, types, n_types * sizeof types[0]);
}

void
meishi_attrs_init(MeishiAttrs *attrs, MeishiSnapshotWriter *writer)
{
    const CK_BBOOL no = CK_FALSE, yes = CK_TRUE;

    attrs->writer = writer;
    attrs->no = meishi_snapshot_writer_put(writer, &no, sizeof no);
    attrs->yes = meishi_snapshot_writer_put(writer, &yes, sizeof yes);
    attrs->empty = meishi_snapshot_writer_put(writer, NULL, 0);
    for (MeishiKeyType type = MEISHI_KEY_UNKNOWN; type <= MEISHI_KEY_ED448; type++)
        for (guint raw = 0; raw < 2; raw++) {
            attrs->private_mechanisms[type][raw] =
                put_mechanisms(writer, type, raw == 1, PRIVATE_USAGE);
            attrs->public_mechanisms[type][raw] =
                put_mechanisms(writer, type, raw == 1, PUBLIC_USAGE);
        }
}

/* ---- small helpers ------------------------------------------------------------------------- */

static void
add_number(MeishiAttrs *attrs, guint64 type, guint64 number)
{
    meishi_snapshot_writer_add(attrs->writer, type,
                               meishi_snapshot_writer_put_number(attrs->writer, number));
}

static void
add_bool(MeishiAttrs *attrs, guint64 type, gboolean is_set)
{
    meishi_snapshot_writer_add(attrs->writer, type, is_set ? attrs->yes : attrs->no);
}

static void
add_bytes(MeishiAttrs *attrs, guint64 type, GBytes *bytes)
{
    meishi_snapshot_writer_add(attrs->writer, type,
                               meishi_snapshot_writer_put_bytes(attrs->writer, bytes));
}

static MeishiSnapshotValue
put_text(MeishiAttrs *attrs, const char *text)
{
    return meishi_snapshot_writer_put(attrs->writer, text, strlen(text));
}

/* CKA_UNIQUE_ID: one text per object, the same for ever; @prefix tells the objects of one key or
 * certificate apart. */
static void
add_unique_id(MeishiAttrs *attrs, const char *prefix, const guint8 sha256[MEISHI_SHA256_LEN])
{
    static const char digits[] = "0123456789abcdef";
    char text[16 + 2 * MEISHI_SHA256_LEN];
    gsize len = g_strlcpy(text, prefix, 16);

    for (guint i = 0; i < MEISHI_SHA256_LEN; i++) {
        text[len++] = digits[sha256[i] >> 4];
        text[len++] = digits[sha256[i] & 15];
    }
    meishi_snapshot_writer_add(attrs->writer, CKA_UNIQUE_ID,
                               meishi_snapshot_writer_put(attrs->writer, text, len));
}

/* CK_DATE: eight digits, no terminator; empty for what its four-digit year cannot say. */
static void
add_date(MeishiAttrs *attrs, guint64 type, gint64 when)
{
    time_t seconds = (time_t)when;
    struct tm parts;
    char text[16];
    gsize len = 0;

    if (gmtime_r(&seconds, &parts) != NULL && parts.tm_year >= -1900 && parts.tm_year < 8100)
        len = strftime(text, sizeof text, "%Y%m%d", &parts);
    meishi_snapshot_writer_add(attrs->writer, type,
                               meishi_snapshot_writer_put(attrs->writer, text, len == 8 ? 8 : 0));
}

/* 4.4, common storage object attributes. */
static void
add_storage(MeishiAttrs *attrs, guint64 class)
{
    add_number(attrs, CKA_CLASS, class);
    add_bool(attrs, CKA_TOKEN, TRUE);
    add_bool(attrs, CKA_PRIVATE, FALSE);
    add_bool(attrs, CKA_MODIFIABLE, FALSE);
    add_bool(attrs, CKA_COPYABLE, FALSE);
    add_bool(attrs, CKA_DESTROYABLE, FALSE);
}

/* ---- profiles and certificates ------------------------------------------------------------- */

void
meishi_attrs_add_profile(MeishiAttrs *attrs, guint64 slot_id, guint64 profile)
{
    g_autofree char *unique = g_strdup_printf("profile-%u-%u", (guint)slot_id, (guint)profile);

    add_storage(attrs, CKO_PROFILE);
    meishi_snapshot_writer_add(attrs->writer, CKA_LABEL, attrs->empty);
    meishi_snapshot_writer_add(attrs->writer, CKA_UNIQUE_ID, put_text(attrs, unique));
    add_number(attrs, CKA_PROFILE_ID, profile);
}

/* 4.6.2 and 4.6.3, X.509 public key certificate objects; without label, id and subject. */
static void
add_x509(MeishiAttrs *attrs, const MeishiCert *cert, guint64 category, gboolean is_trusted)
{
    MeishiSnapshotWriter *writer = attrs->writer;

    add_storage(attrs, CKO_CERTIFICATE);
    add_unique_id(attrs, "certificate-", cert->sha256);
    add_bytes(attrs, CKA_VALUE, cert->der);
    add_number(attrs, CKA_CERTIFICATE_TYPE, CKC_X_509);
    add_bytes(attrs, CKA_ISSUER, cert->issuer);
    add_bytes(attrs, CKA_SERIAL_NUMBER, cert->serial);
    add_bool(attrs, CKA_TRUSTED, is_trusted);
    add_number(attrs, CKA_CERTIFICATE_CATEGORY, category);
    add_number(attrs, CKA_JAVA_MIDP_SECURITY_DOMAIN, 0);
    meishi_snapshot_writer_add(writer, CKA_URL, attrs->empty);
    meishi_snapshot_writer_add(writer, CKA_HASH_OF_SUBJECT_PUBLIC_KEY, attrs->empty);
    meishi_snapshot_writer_add(writer, CKA_HASH_OF_ISSUER_PUBLIC_KEY, attrs->empty);
    meishi_snapshot_writer_add(
        writer, CKA_CHECK_VALUE,
        meishi_snapshot_writer_put(writer, cert->sha1_check, sizeof cert->sha1_check));
    add_date(attrs, CKA_START_DATE, cert->not_before);
    add_date(attrs, CKA_END_DATE, cert->not_after);
}

void
meishi_attrs_share(MeishiAttrs *attrs, const MeishiIdentity *identity, MeishiAttrsShared *ret)
{
    const MeishiPublicKey *key = identity->key;

    ret->identity = identity;
    ret->id = meishi_snapshot_writer_put(attrs->writer, key->key_id, sizeof key->key_id);
    ret->label = put_text(attrs, identity->label != NULL ? identity->label : "");
    ret->subject = identity->cert != NULL
                       ? meishi_snapshot_writer_put_bytes(attrs->writer, identity->cert->subject)
                       : attrs->empty;
    ret->spki = meishi_snapshot_writer_put_bytes(attrs->writer, key->spki);
}

static void
add_shared(MeishiAttrs *attrs, const MeishiAttrsShared *shared)
{
    meishi_snapshot_writer_add(attrs->writer, CKA_ID, shared->id);
    meishi_snapshot_writer_add(attrs->writer, CKA_LABEL, shared->label);
    meishi_snapshot_writer_add(attrs->writer, CKA_SUBJECT, shared->subject);
    meishi_snapshot_writer_add(attrs->writer, CKA_PUBLIC_KEY_INFO, shared->spki);
}

void
meishi_attrs_add_certificate(MeishiAttrs *attrs, const MeishiAttrsShared *shared,
                             gboolean is_trusted)
{
    add_x509(attrs, shared->identity->cert, CATEGORY_TOKEN_USER, is_trusted);
    add_shared(attrs, shared);
}

static const char *
issuer_label(const MeishiCert *issuer)
{
    if (issuer->subject_cn != NULL)
        return issuer->subject_cn;
    return issuer->subject_text != NULL ? issuer->subject_text : "";
}

void
meishi_attrs_add_issuer(MeishiAttrs *attrs, const MeishiCert *issuer, const guint8 *id,
                        gsize id_len)
{
    MeishiSnapshotWriter *writer = attrs->writer;

    add_x509(attrs, issuer, CATEGORY_AUTHORITY, TRUE);
    meishi_snapshot_writer_add(writer, CKA_ID, meishi_snapshot_writer_put(writer, id, id_len));
    meishi_snapshot_writer_add(writer, CKA_LABEL, put_text(attrs, issuer_label(issuer)));
    add_bytes(attrs, CKA_SUBJECT, issuer->subject);
    add_bytes(attrs, CKA_PUBLIC_KEY_INFO, issuer->key != NULL ? issuer->key->spki : NULL);
}

/* ---- keys ---------------------------------------------------------------------------------- */

static guint64
key_type(MeishiKeyType type)
{
    switch (type) {
    case MEISHI_KEY_RSA:
    case MEISHI_KEY_RSA_PSS:
        return CKK_RSA;
    case MEISHI_KEY_EC:
        return CKK_EC;
    case MEISHI_KEY_ED25519:
    case MEISHI_KEY_ED448:
        return CKK_EC_EDWARDS;
    default:
        return CKK_VENDOR_DEFINED;
    }
}

/* By the key; a further object of it by the certificate that it goes with. */
static void
add_key_unique_id(MeishiAttrs *attrs, const char *prefix, const MeishiAttrsShared *shared)
{
    g_autofree char *further = g_strconcat(prefix, "of-", NULL);

    if (shared->is_further)
        add_unique_id(attrs, further, shared->identity->cert->sha256);
    else
        add_unique_id(attrs, prefix, shared->identity->key->spki_sha256);
}

/* 4.7, common key attributes; and the public components, which libp11 and NSS read from the
 * private key as well as from the public one. */
static void
add_key(MeishiAttrs *attrs, const MeishiPublicKey *key)
{
    add_number(attrs, CKA_KEY_TYPE, key_type(key->type));
    add_bool(attrs, CKA_LOCAL, FALSE);
    add_number(attrs, CKA_KEY_GEN_MECHANISM, CK_UNAVAILABLE_INFORMATION);
    meishi_snapshot_writer_add(attrs->writer, CKA_START_DATE, attrs->empty);
    meishi_snapshot_writer_add(attrs->writer, CKA_END_DATE, attrs->empty);
    if (key->modulus != NULL) {
        add_bytes(attrs, CKA_MODULUS, key->modulus);
        add_bytes(attrs, CKA_PUBLIC_EXPONENT, key->exponent);
    }
    if (key->ec_params != NULL) {
        add_bytes(attrs, CKA_EC_PARAMS, key->ec_params);
        add_bytes(attrs, CKA_EC_POINT, key->ec_point);
    }
}

void
meishi_attrs_add_public_key(MeishiAttrs *attrs, const MeishiAttrsShared *shared)
{
    const MeishiIdentity *identity = shared->identity;
    const MeishiPublicKey *key = identity->key;
    guint64 usage = meishi_attrs_usage(key->type, identity->allow_raw);

    add_storage(attrs, CKO_PUBLIC_KEY);
    add_key_unique_id(attrs, "public-key-", shared);
    add_shared(attrs, shared);
    add_key(attrs, key);
    if (key->modulus != NULL)
        add_number(attrs, CKA_MODULUS_BITS, key->bits);
    add_bool(attrs, CKA_TRUSTED, FALSE);
    add_bool(attrs, CKA_ENCRYPT, (usage & CKF_ENCRYPT) != 0);
    add_bool(attrs, CKA_VERIFY, (usage & CKF_VERIFY) != 0);
    add_bool(attrs, CKA_VERIFY_RECOVER, (usage & CKF_VERIFY_RECOVER) != 0);
    add_bool(attrs, CKA_WRAP, FALSE);
    add_bool(attrs, CKA_DERIVE, FALSE);
    meishi_snapshot_writer_add(attrs->writer, CKA_ALLOWED_MECHANISMS,
                               attrs->public_mechanisms[key->type][identity->allow_raw ? 1 : 0]);
}

/* 6.1.3 and 6.3.4: they exist, C_GetAttributeValue answers CKR_ATTRIBUTE_SENSITIVE. */
static void
add_private_components(MeishiAttrs *attrs, const MeishiPublicKey *key)
{
    static const guint64 rsa[] = {CKA_PRIVATE_EXPONENT, CKA_PRIME_1,    CKA_PRIME_2,
                                  CKA_EXPONENT_1,       CKA_EXPONENT_2, CKA_COEFFICIENT};

    if (key->modulus == NULL) {
        meishi_snapshot_writer_add_sensitive(attrs->writer, CKA_VALUE);
        return;
    }
    for (guint i = 0; i < G_N_ELEMENTS(rsa); i++)
        meishi_snapshot_writer_add_sensitive(attrs->writer, rsa[i]);
}

void
meishi_attrs_add_private_key(MeishiAttrs *attrs, const MeishiAttrsShared *shared)
{
    const MeishiIdentity *identity = shared->identity;
    const MeishiPublicKey *key = identity->key;
    guint64 usage = meishi_attrs_usage(key->type, identity->allow_raw);

    add_storage(attrs, CKO_PRIVATE_KEY);
    add_key_unique_id(attrs, "private-key-", shared);
    add_shared(attrs, shared);
    add_key(attrs, key);
    add_private_components(attrs, key);
    add_bool(attrs, CKA_SENSITIVE, TRUE);
    add_bool(attrs, CKA_ALWAYS_SENSITIVE, FALSE);
    add_bool(attrs, CKA_EXTRACTABLE, FALSE);
    add_bool(attrs, CKA_NEVER_EXTRACTABLE, FALSE);
    add_bool(attrs, CKA_WRAP_WITH_TRUSTED, FALSE);
    add_bool(attrs, CKA_ALWAYS_AUTHENTICATE, FALSE);
    add_bool(attrs, CKA_SIGN, (usage & CKF_SIGN) != 0);
    add_bool(attrs, CKA_SIGN_RECOVER, (usage & CKF_SIGN_RECOVER) != 0);
    add_bool(attrs, CKA_DECRYPT, (usage & CKF_DECRYPT) != 0);
    add_bool(attrs, CKA_UNWRAP, FALSE);
    add_bool(attrs, CKA_DERIVE, (usage & CKF_DERIVE) != 0);
    meishi_snapshot_writer_add(attrs->writer, CKA_ALLOWED_MECHANISMS,
                               attrs->private_mechanisms[key->type][identity->allow_raw ? 1 : 0]);
}
