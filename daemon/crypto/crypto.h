/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Everything that the rest of the daemon may ask of cryptography and of ASN.1.  Only the files of
 * this directory include OpenSSL.  No call keeps state between calls except meishi_crypto_init();
 * all may be used from any thread.
 */
#pragma once

#include <glib.h>

#include "daemon/base/secret.h"
#include "daemon/policy/cert.h"
#include "daemon/policy/request.h"

/* Sets up OpenSSL: the secure heap (2 MiB, locked as far as the limit allows), the default
 * provider, and no configuration file.  Call once, before any thread starts; FALSE when OpenSSL
 * will not work at all. */
gboolean meishi_crypto_init(GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Do keys take so much of the secure heap that those at hand should make room?  True some way
 * before meishi_key_new() says BUSY. */
gboolean meishi_crypto_is_heap_tight(void);

void meishi_crypto_random(guint8 *buf, gsize len); /* aborts when the kernel has no randomness */
void meishi_crypto_sha256(gconstpointer data, gsize len, guint8 ret[static MEISHI_SHA256_LEN]);

/* ---- x509.c: certificates ------------------------------------------------------------------ */

/* Reads one DER certificate; BAD_FILE says what is wrong with it.  RFC 5280. */
MeishiCert *meishi_x509_parse(GBytes *der, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Does @issuer's key verify the signature on @cert?  Fits MeishiChainVerify. */
gboolean
meishi_x509_is_issued_by(const MeishiCert *cert, const MeishiCert *issuer, gpointer unused);

/* Facts about a DER SubjectPublicKeyInfo; UNSUPPORTED for key types that cannot sign. */
MeishiPublicKey *meishi_public_key_parse(GBytes *spki, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A DER Name, as in CertificateRequest's certificate_authorities (RFC 9846 "Certificate
 * Authorities"); BAD_FILE. */
MeishiName *meishi_x509_parse_name(GBytes *der, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One entry of the oid_filters extension (RFC 9846 "OID Filters"): @values is the DER of the
 * certificate extension's value.  What cannot be read, or is of an extension that we do not match,
 * comes back with known FALSE. */
MeishiOidFilter *meishi_x509_parse_oid_filter(const char *oid, GBytes *values);

/* @certs (MeishiCert) as PEM, in order, each under a comment line with its subject. */
char *meishi_x509_to_pem(GPtrArray *certs);

/* ---- bundle.c: files that people are given ------------------------------------------------- */

typedef struct {
    GBytes *der; /* one X.509 certificate, parsed already: */
    MeishiCert *cert;
    char *friendly_name; /* cleaned UTF-8, at most 255 bytes; NULL */
    GBytes *local_key_id;
} MeishiBundleCert;

typedef struct {
    MeishiSecret *pkcs8; /* DER PrivateKeyInfo */
    MeishiPublicKey *public_key;
    char *friendly_name;
    GBytes *local_key_id;
} MeishiBundleKey;

typedef enum {
    MEISHI_BUNDLE_PKCS12,
    MEISHI_BUNDLE_PEM,
    MEISHI_BUNDLE_DER_CERTIFICATE,
    MEISHI_BUNDLE_DER_KEY,
} MeishiBundleFormat;

typedef struct {
    MeishiBundleFormat format;
    GPtrArray *certs; /* MeishiBundleCert, file order, exact duplicates dropped */
    GPtrArray *keys;  /* MeishiBundleKey, exact duplicates dropped */
    GPtrArray *notes; /* char *: sentences about what was passed over (CRL, secret bag, X25519) */
    gboolean has_mac; /* PKCS#12 with an integrity check */
} MeishiBundle;

void meishi_bundle_free(MeishiBundle *bundle);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiBundle, meishi_bundle_free)

/* Reads PKCS#12 (RFC 7292; modern and, in a library context of its own, RC2/RC4/3DES), PEM with
 * any number of certificates and keys (PKCS#8, encrypted PKCS#8, PKCS#1, SEC1, traditional
 * encryption), or DER of one certificate or key.  @name is for messages.  @passwords (MeishiSecret,
 * UTF-8 bytes, may be empty) are tried in turn; an absent and an empty password are always tried,
 * and a non-ASCII one also in the encodings that old programs used.
 *
 * Every key returned has passed the checks of meishi_key_new(): structure, consistency and a trial
 * signature.  Iteration counts and memory are bounded before any work is done.
 *
 * PASSWORD_REQUIRED, WRONG_PASSWORD (only where the file's own MAC, or for files without one the
 * decryption, says so), BAD_FILE, UNSUPPORTED, TOO_EXPENSIVE, KEY_MISMATCH; the message says what
 * the file holds and what to do.  Blocks for up to some seconds: call it on a worker thread. */
MeishiBundle *meishi_bundle_read(GBytes *file, const char *name, GPtrArray *passwords,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A PKCS#12 file (AES-256, PBKDF2-HMAC-SHA256, MAC SHA-256) of @pkcs8, @certs (MeishiCert, leaf
 * first, may be empty) under @password. */
GBytes *
meishi_bundle_write_pkcs12(MeishiSecret *pkcs8, GPtrArray *certs, const char *label,
                           MeishiSecret *password, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- key.c: private keys ------------------------------------------------------------------- */

/* An unsealed private key, in OpenSSL's secure heap.  Immutable, reference counted, thread-safe. */
typedef struct MeishiKey MeishiKey;

/* Takes a DER PrivateKeyInfo.  @thorough also runs OpenSSL's full check and one trial signature
 * (import, vault check); without it only the structure is read (first use).  BAD_FILE,
 * KEY_MISMATCH (inconsistent key), UNSUPPORTED (cannot sign), BUSY (the secure heap is full: some
 * thousand keys). */
MeishiKey *
meishi_key_new(MeishiSecret *pkcs8, gboolean thorough, GError **error) G_GNUC_WARN_UNUSED_RESULT;
MeishiKey *meishi_key_ref(MeishiKey *key);
void meishi_key_unref(MeishiKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiKey, meishi_key_unref)

/* The key's own SubjectPublicKeyInfo, to be compared with a certificate's. */
GBytes *meishi_key_spki(MeishiKey *key);

/* ---- key-parts.c: private keys for PKCS#11 tokens ------------------------------------------ */

#define MEISHI_KEY_MAX_PARTS 6

/* What a private key object is made of beside what its public key says (MeishiPublicKey). */
typedef struct {
    guint n;
    struct {
        guint64 type; /* CKA_PRIVATE_EXPONENT, CKA_VALUE ... */
        MeishiSecret *value;
    } part[MEISHI_KEY_MAX_PARTS];
} MeishiKeyParts;

/* UNSUPPORTED. */
gboolean
meishi_key_parts(MeishiKey *key, MeishiKeyParts *ret, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void meishi_key_parts_clear(MeishiKeyParts *parts);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MeishiKeyParts, meishi_key_parts_clear)

/* ---- mechanism.c, operate.c: what a key can do ---------------------------------------------- */

typedef enum {
    MEISHI_OP_SIGN = 1, /* the numbers are those of enum meishi_wire_operation */
    MEISHI_OP_SIGN_RECOVER,
    MEISHI_OP_VERIFY,
    MEISHI_OP_ENCRYPT,
    MEISHI_OP_DECRYPT,
    MEISHI_OP_DERIVE,
    MEISHI_OP_DIGEST,
    MEISHI_OP_VERIFY_RECOVER,
} MeishiOperation;

/* A mechanism with its parameters, flat:
 *   CKM_RSA_PKCS_PSS, CKM_SHAn_RSA_PKCS_PSS  numbers hashAlg, mgf, sLen
 *   CKM_RSA_PKCS_OAEP                        numbers hashAlg, mgf, source; string 0 label
 *   CKM_ECDH1_DERIVE                         numbers kdf; string 0 public data, 1 shared data
 *   CKM_EDDSA                                none, or numbers phFlag; string 0 context
 *   anything else                            none, or string 0 the parameter as it was */
typedef struct {
    guint64 type;
    guint n_numbers;
    guint64 numbers[4];
    struct {
        const guint8 *data;
        gsize len;
    } strings[2];
    guint n_strings;
} MeishiMechanism;

/* The algorithm behind a mechanism; the hash before it is a column of its own. */
typedef enum {
    MEISHI_SCHEME_RSA_PKCS1, /* RFC 8017 7.2, 8.2 */
    MEISHI_SCHEME_RSA_PSS,   /* RFC 8017 8.1 */
    MEISHI_SCHEME_RSA_OAEP,  /* RFC 8017 7.1 */
    MEISHI_SCHEME_RSA_RAW,
    MEISHI_SCHEME_ECDSA,
    MEISHI_SCHEME_EDDSA, /* RFC 8032 */
    MEISHI_SCHEME_ECDH,
    MEISHI_SCHEME_DIGEST,
} MeishiScheme;

/* One row of the table that both C_GetMechanismList and the operations are made from. */
typedef struct {
    guint64 type;  /* CKM_... */
    guint64 flags; /* CKF_SIGN, CKF_DECRYPT, CKF_EC_NAMEDCURVE ... */
    guint min_bits, max_bits;
    guint key_types; /* 1 << MeishiKeyType; 0 for digests */
    MeishiScheme scheme;
    guint64 hash; /* CKM_SHA... that it hashes its input with; 0 */
    gboolean raw; /* CKM_RSA_X_509: only for keys that are marked for it */
} MeishiMechanismInfo;

/* The whole table, static. */
const MeishiMechanismInfo *meishi_mechanism_table(gsize *ret_n);

/* One row; NULL for a mechanism that we do not have. */
const MeishiMechanismInfo *meishi_mechanism_find(guint64 type);

/* Runs a private-key operation (SIGN, SIGN_RECOVER, DECRYPT, DERIVE).  @data is the whole input;
 * hashing mechanisms hash it.  The result goes to @out, whose capacity @inout_len holds at first
 * and its length afterwards; 16384 bytes suffice for everything.  @allow_raw: the key is marked
 * for CKM_RSA_X_509.  MECHANISM, PARAM, KEY_TYPE, NOT_PERMITTED, BAD_DATA, DATA_LENGTH.
 * Signatures come out as PKCS#11 wants them (ECDSA: r and s, fixed length). */
gboolean meishi_key_operate(MeishiKey *key, MeishiOperation op, const MeishiMechanism *mechanism,
                            gboolean allow_raw, const guint8 *data, gsize len, guint8 *out,
                            gsize *inout_len, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A public-key operation (ENCRYPT, VERIFY_RECOVER) or, with @spki NULL, DIGEST. */
gboolean meishi_public_operate(GBytes *spki, MeishiOperation op, const MeishiMechanism *mechanism,
                               const guint8 *data, gsize len, guint8 *out, gsize *inout_len,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* TRUE where @signature is right; BAD_SIGNATURE and SIGNATURE_LENGTH where it is not. */
gboolean meishi_public_verify(GBytes *spki, const MeishiMechanism *mechanism, const guint8 *data,
                              gsize len, const guint8 *signature, gsize signature_len,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- away.c: private keys that lie elsewhere ------------------------------------------------- */

#define MEISHI_AWAY_MAX_WAYS 3
#define MEISHI_AWAY_MAX_DATA 61440 /* what goes to a token; only EdDSA takes all that is signed */

/* One way in which whoever has the key comes to the result: a mechanism and its input. */
typedef struct {
    MeishiMechanism mechanism; /* its strings lie in @strings */
    GBytes *strings[2];
    GBytes *data;
} MeishiAwayWay;

typedef struct {
    guint n;
    MeishiAwayWay ways[MEISHI_AWAY_MAX_WAYS];
} MeishiAway;

void meishi_away_clear(MeishiAway *away);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MeishiAway, meishi_away_clear)

/* Says how SIGN, SIGN_RECOVER, DECRYPT or DERIVE with the private key to @spki can be done by a
 * token, the likeliest way first: hashed here, since few tokens hash; padded here for those that
 * have raw RSA alone and lack PSS, which TLS 1.3 needs.  Errors are those of meishi_key_operate().
 */
gboolean meishi_away_plan(GBytes *spki, MeishiOperation op, const MeishiMechanism *mechanism,
                          const guint8 *data, gsize len, MeishiAway *ret,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- seal.c: keys at rest ------------------------------------------------------------------- */

#define MEISHI_VAULT_KEY_LEN 32

/* AES-256-GCM, a fresh 96-bit nonce: version (1 byte) | nonce | ciphertext | tag (16).  @aad is
 * bound to the result without being in it. */
GBytes *meishi_seal(MeishiSecret *key, const guint8 *aad, gsize aad_len, MeishiSecret *plain);

/* The reverse; WRONG_SECRET where the tag disagrees (wrong key, changed bytes, wrong @aad). */
MeishiSecret *meishi_unseal(MeishiSecret *key, const guint8 *aad, gsize aad_len, GBytes *sealed,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* scrypt, RFC 7914; memory is 128 * r * 2^log2n bytes.  PARAM where the cost is out of bounds
 * (log2n 10 to 24, r 1 to 32, p 1 to 16, at most 1 GiB). */
typedef struct {
    guint log2n;
    guint r;
    guint p;
} MeishiScrypt;

MeishiSecret *meishi_kdf_scrypt(MeishiSecret *passphrase, GBytes *salt, const MeishiScrypt *cost,
                                gsize len, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The cost that takes about @target_ms on this machine, with r 8 and p 1, between log2n 14 and 20.
 * Takes about twice as long itself. */
void meishi_kdf_scrypt_calibrate(guint target_ms, MeishiScrypt *ret);

/* HKDF-SHA256, RFC 5869. */
MeishiSecret *meishi_kdf_hkdf(MeishiSecret *input, GBytes *salt, const char *info, gsize len);
