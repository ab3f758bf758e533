/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What an import comes to on a PKCS#11 token: which objects are to be made there for the keys and
 * certificates of a plan, beside what is on it already.  Pure.
 */
#pragma once

#include "daemon/agent/import-plan.h"
#include "daemon/token/pairing.h"

/* One object. */
typedef struct {
    MeishiSecret *template; /* daemon/token/template.h */
    gboolean is_optional;   /* others do without it */
} MeishiTokenPiece;

typedef struct {
    GPtrArray *pieces; /* MeishiTokenPiece, in the order to make them */
    GPtrArray *certs;  /* MeishiCert: each is to sign once when they are made */
} MeishiTokenPieces;

void meishi_token_pieces_free(MeishiTokenPieces *pieces); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiTokenPieces, meishi_token_pieces_free)

/* For @plan, of an import of what a token with @objects (MeishiTokenObject, as seen by who is
 * logged in) does not have yet.  UNSUPPORTED where a key has no form that tokens take;
 * TOO_EXPENSIVE where it is too large. */
MeishiTokenPieces *meishi_token_pieces_new(const MeishiImportPlan *plan, GPtrArray *objects,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
