/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The state of one reading of one file, and the steps that the formats share.  Private to
 * daemon/crypto/ (the fuzz target lowers the limits through meishi_bundle_read_within()).
 */
#pragma once

#include "daemon/crypto/bundle-limits.h"
#include "daemon/crypto/bundle-password.h"
#include "daemon/crypto/crypto.h"
#include "daemon/crypto/ossl.h"

#include <openssl/provider.h>

typedef struct {
    MeishiBundle *bundle;    /* what has been found so far */
    GPtrArray *passwords;    /* MeishiPassword, in the order to try them */
    gboolean password_given; /* by a person; the absent and the empty one are always tried */
    guint fitting;           /* index of the one that fitted last: tried first next time */
    MeishiBudget budget;
    OSSL_LIB_CTX *legacy;    /* with RC2, RC4 and DES; made on first need */
    OSSL_PROVIDER *provider; /* of that context */
    gboolean legacy_missing; /* the provider is not installed */
    GHashTable *known_certs; /* GBytes (DER) -> MeishiBundleCert */
    GHashTable *known_keys;  /* GBytes (SPKI) -> MeishiBundleKey */
    guint n_unusable;        /* keys that we cannot use */
    GError *unusable;        /* why, for the first of them */
} MeishiReader;

/* What a bag or block says beside its content; members may be NULL. */
typedef struct {
    const char *friendly_name;
    GBytes *local_key_id;
} MeishiTags;

/* meishi_bundle_read() with limits of one's own. */
MeishiBundle *
meishi_bundle_read_within(GBytes *file, const char *name, GPtrArray *passwords,
                          const MeishiLimits *limits, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- reader.c ---- */

/* Each takes one thing in: checks it, drops exact duplicates, counts.  FALSE ends the reading. */
gboolean meishi_reader_add_cert(MeishiReader *reader, GBytes *der, const MeishiTags *tags,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean meishi_reader_add_x509(MeishiReader *reader, X509 *x509, const MeishiTags *tags,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean meishi_reader_add_key(MeishiReader *reader, EVP_PKEY *pkey, const MeishiTags *tags,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean meishi_reader_add_info(MeishiReader *reader, const PKCS8_PRIV_KEY_INFO *info,
                                const MeishiTags *tags, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds the sentence @note unless it is there already. */
void meishi_reader_note(MeishiReader *reader, const char *note);

/* The context that has the old ciphers, or NULL. */
OSSL_LIB_CTX *meishi_reader_legacy(MeishiReader *reader);

/* ---- bundle-pkcs12.c, bundle-pem.c, bundle-der.c: the formats ---- */

gboolean meishi_bundle_pkcs12_read(MeishiReader *reader, GBytes *file,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean meishi_bundle_pem_read(MeishiReader *reader, GBytes *file,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean meishi_bundle_der_read(MeishiReader *reader, GBytes *file,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Does it look like PKCS#12 from outside? */
gboolean meishi_bundle_der_is_pkcs12(GBytes *file);

/* PEM blocks hold what DER files hold. */
gboolean meishi_bundle_der_read_pkcs7(MeishiReader *reader, const guint8 *der, gsize len,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean meishi_bundle_der_read_pkcs8(MeishiReader *reader, const guint8 *der, gsize len,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean meishi_bundle_der_read_encrypted(MeishiReader *reader, const guint8 *der, gsize len,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean meishi_bundle_der_read_traditional(MeishiReader *reader, int type, const guint8 *der,
                                            gsize len, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- bundle-integrity.c ---- */

/* For PKCS#12 without MAC: do the parts fit each other?  BAD_FILE, KEY_MISMATCH. */
gboolean
meishi_bundle_integrity_check(const MeishiBundle *bundle, GError **error) G_GNUC_WARN_UNUSED_RESULT;
