/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiCert: the facts about one certificate that a rule or a person may look at.  Values only;
 * daemon/crypto/x509.c fills them in.
 */
#pragma once

#include <glib.h>

#include "daemon/policy/name.h"

#define MEISHI_SHA256_LEN 32

typedef enum {
    MEISHI_KEY_UNKNOWN,
    MEISHI_KEY_RSA,     /* rsaEncryption */
    MEISHI_KEY_RSA_PSS, /* id-RSASSA-PSS: may sign with PSS only */
    MEISHI_KEY_EC,      /* a Weierstrass curve, by name */
    MEISHI_KEY_ED25519,
    MEISHI_KEY_ED448,
} MeishiKeyType;

/* RFC 5280 4.2.1.3; bit n of the BIT STRING is 1 << n. */
typedef enum {
    MEISHI_KU_DIGITAL_SIGNATURE = 1 << 0,
    MEISHI_KU_NON_REPUDIATION = 1 << 1,
    MEISHI_KU_KEY_ENCIPHERMENT = 1 << 2,
    MEISHI_KU_DATA_ENCIPHERMENT = 1 << 3,
    MEISHI_KU_KEY_AGREEMENT = 1 << 4,
    MEISHI_KU_KEY_CERT_SIGN = 1 << 5,
    MEISHI_KU_CRL_SIGN = 1 << 6,
    MEISHI_KU_ENCIPHER_ONLY = 1 << 7,
    MEISHI_KU_DECIPHER_ONLY = 1 << 8,
} MeishiKeyUsage;

/* Facts about a public key; the last five are what PKCS#11 attributes are made of. */
typedef struct {
    MeishiKeyType type;
    guint bits;
    const char *curve; /* "P-256", "brainpoolP256r1", "ed25519"; NULL for RSA; static */
    char *text;        /* "RSA 2048", "EC P-256", "Ed25519" */
    GBytes *spki;      /* DER SubjectPublicKeyInfo */
    guint8 spki_sha256[MEISHI_SHA256_LEN];
    guint8 key_id[20]; /* SHA-1 of the public key BIT STRING, RFC 5280 4.2.1.2 method (1) */
    GBytes *modulus;   /* RSA: big-endian, no leading zero */
    GBytes *exponent;
    GBytes *ec_params; /* DER of EcpkParameters, or of the curve's PrintableString for EdDSA */
    GBytes *ec_point;  /* as CKA_EC_POINT wants it: DER OCTET STRING for Weierstrass curves and,
                          as PKCS#11 3.0 2.3.5 text, for Edwards keys too (clients expect it) */
} MeishiPublicKey;

/* Immutable and reference counted (thread-safe); every member but dates may be NULL or empty
 * where the certificate lacks it. */
typedef struct {
    gint refs;
    GBytes *der;
    guint8 sha256[MEISHI_SHA256_LEN];
    guint8 sha1_check[3]; /* CKA_CHECK_VALUE: first bytes of SHA-1 of the DER */
    int version;          /* 1 to 3 */
    GBytes *serial;       /* DER INTEGER */
    char *serial_hex;
    GBytes *subject; /* DER Name */
    GBytes *issuer;
    char *subject_text; /* RFC 4514, UTF-8, control characters escaped */
    char *issuer_text;
    char *subject_cn; /* the most specific common name; NULL */
    char *issuer_cn;
    gint64 not_before; /* seconds since 1970, UTC */
    gint64 not_after;
    gboolean has_key_usage;
    guint key_usage;         /* MeishiKeyUsage */
    char **ekus;             /* dotted OIDs, NULL-terminated; NULL: no extension */
    gboolean is_ca;          /* basicConstraints cA */
    gboolean is_self_issued; /* subject equals issuer */
    gboolean is_self_signed; /* and its own key verifies the signature */
    GBytes *subject_key_id;
    GBytes *authority_key_id;
    char **sans;                /* "dns:...", "email:...", "uri:...", "upn:...", "ip:..." */
    char *signature_algorithm;  /* OpenSSL's long name, "sha256WithRSAEncryption" */
    gboolean signature_is_weak; /* MD5 or SHA-1 */
    MeishiPublicKey *key;
    /* What selection looks at besides. */
    MeishiName *subject_name; /* @subject and @issuer with their attributes */
    MeishiName *issuer_name;
    char **policies; /* certificatePolicies, RFC 5280 4.2.1.4: dotted OIDs; NULL: no extension */
} MeishiCert;

MeishiCert *meishi_cert_ref(MeishiCert *cert);
void meishi_cert_unref(MeishiCert *cert); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiCert, meishi_cert_unref)

/* Frees a MeishiPublicKey made by daemon/crypto; NULL is fine. */
void meishi_public_key_free(MeishiPublicKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiPublicKey, meishi_public_key_free)

gboolean meishi_cert_is_expired(const MeishiCert *cert, gint64 now);
gboolean meishi_cert_is_not_yet_valid(const MeishiCert *cert, gint64 now);
gboolean meishi_cert_has_eku(const MeishiCert *cert, const char *oid);

/* The names of RFC 5280 4.2.1.3 for what the certificate's key may be used for; new. */
char **meishi_cert_key_usage_names(const MeishiCert *cert);
