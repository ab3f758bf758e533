/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The attributes of one PKCS#11 object: what a profile, a certificate, a public and a private key
 * look like to a client.  Which objects there are and in which order is objects.c's business.
 */
#pragma once

#include "daemon/agent/identity.h"
#include "daemon/crypto/crypto.h"
#include "daemon/server/snapshot-writer.h"

/* The mechanisms that a key of a type can do: a bit per row of meishi_mechanism_table(). */
#define MEISHI_ATTRS_MAX_MECHANISMS 64

/* Writes attributes with values that many objects share, each stored once. */
typedef struct {
    MeishiSnapshotWriter *writer;
    MeishiSnapshotValue no, yes, empty;
    MeishiSnapshotValue private_mechanisms[MEISHI_KEY_ED448 + 1][2]; /* by type, allow_raw */
    MeishiSnapshotValue public_mechanisms[MEISHI_KEY_ED448 + 1][2];
} MeishiAttrs;

void meishi_attrs_init(MeishiAttrs *attrs, MeishiSnapshotWriter *writer);

/* What the three objects of an identity have in common, stored once. */
typedef struct {
    const MeishiIdentity *identity;
    MeishiSnapshotValue id, label, subject, spki;
    gboolean is_further; /* its key has an older certificate */
} MeishiAttrsShared;

void meishi_attrs_share(MeishiAttrs *attrs, const MeishiIdentity *identity, MeishiAttrsShared *ret);

/* Each of these adds the attributes of the object that was begun last. */
void meishi_attrs_add_profile(MeishiAttrs *attrs, guint64 slot_id, guint64 profile);
/* @is_trusted: GnuTLS looks for issuers with CKA_TRUSTED alone. */
void meishi_attrs_add_certificate(MeishiAttrs *attrs, const MeishiAttrsShared *shared,
                                  gboolean is_trusted);
void meishi_attrs_add_issuer(MeishiAttrs *attrs, const MeishiCert *issuer, const guint8 *id,
                             gsize id_len);
void meishi_attrs_add_public_key(MeishiAttrs *attrs, const MeishiAttrsShared *shared);
void meishi_attrs_add_private_key(MeishiAttrs *attrs, const MeishiAttrsShared *shared);

/* The CKF_SIGN, CKF_DECRYPT ... of every mechanism that fits keys of @type. */
guint64 meishi_attrs_usage(MeishiKeyType type, gboolean allow_raw);

/* Does a mechanism fit a key? */
gboolean
meishi_attrs_fits(const MeishiMechanismInfo *mechanism, MeishiKeyType type, gboolean allow_raw);
