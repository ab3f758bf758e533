/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * MeishiCandidate: an identity as the selection engine sees it, the certificate's facts beside
 * those of the place where its key lives.  daemon/agent makes one per identity when something
 * changes; the engine never asks a token anything.
 */
#pragma once

#include <glib.h>

#include "daemon/policy/cert.h"
#include "daemon/policy/sigalg.h"

typedef enum {
    MEISHI_TOKEN_SOFTWARE,
    MEISHI_TOKEN_TPM,
    MEISHI_TOKEN_CARD,
    MEISHI_TOKEN_HSM,
    MEISHI_TOKEN_REMOTE,
} MeishiTokenKind;

/* In the order of preference. */
typedef enum {
    MEISHI_TOKEN_ABSENT,
    MEISHI_TOKEN_LOCKED,
    MEISHI_TOKEN_READY,
} MeishiTokenState;

typedef struct {
    char *id; /* SHA-256 of the certificate, hex */
    char *label;
    char *lineage;       /* what memories name; survives renewal; never NULL */
    MeishiCert *cert;    /* NULL for a key without certificate */
    char *superseded_by; /* id of its successor; NULL */
    char *token_label;
    char *token_serial, *token_model, *token_maker; /* NULL: it has none */
    MeishiTokenKind token_kind;
    MeishiTokenState token_state;
    MeishiSchemes token_schemes; /* what the token's mechanisms can do; ALL for software */
    gboolean has_private_key;
    gboolean hidden;    /* by its owner */
    gboolean duplicate; /* the same certificate is listed with a better key location */
} MeishiCandidate;

/* For @cert (reference taken; NULL is fine): software, ready, with private key, every scheme;
 * its lineage is its id until somebody says otherwise. */
MeishiCandidate *meishi_candidate_new(const char *id, const char *label, MeishiCert *cert);
void meishi_candidate_free(MeishiCandidate *candidate);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MeishiCandidate, meishi_candidate_free)

/* "card"; static. */
const char *meishi_candidate_token_kind_name(MeishiTokenKind kind);
