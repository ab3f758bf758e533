/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reason codes: what the engine says about an identity or a request, by which step, and on which
 * ground.  Their names are part of the interface.
 */
#pragma once

#include <glib.h>

typedef enum {
    MEISHI_CODE_OK,
    /* about the request */
    MEISHI_CODE_INVALID,
    MEISHI_CODE_NOT_AUTHORIZED,
    MEISHI_CODE_RATE_LIMITED,
    MEISHI_CODE_ANONYMOUS,
    MEISHI_CODE_PRECONNECT,
    MEISHI_CODE_SHARED,
    MEISHI_CODE_UNVERIFIED,
    MEISHI_CODE_POLICY_NONE,
    MEISHI_CODE_NEEDS_USER,
    MEISHI_CODE_NO_CANDIDATE,
    MEISHI_CODE_OPTIONAL,
    /* about an identity, in the order of the steps */
    MEISHI_CODE_NO_KEY,
    MEISHI_CODE_HIDDEN,
    MEISHI_CODE_DUPLICATE,
    MEISHI_CODE_SUPERSEDED,
    MEISHI_CODE_TOKEN_ABSENT,
    MEISHI_CODE_NOT_X509,
    MEISHI_CODE_OLD_VERSION,
    MEISHI_CODE_KEY_TYPE,
    MEISHI_CODE_SIGALG,
    MEISHI_CODE_KU,
    MEISHI_CODE_EKU,
    MEISHI_CODE_OID_FILTER,
    MEISHI_CODE_CA_MISMATCH,
    MEISHI_CODE_CHAIN_SIGALG,
    MEISHI_CODE_NOT_YET_VALID,
    MEISHI_CODE_EXPIRED,
    MEISHI_CODE_IS_CA,
    MEISHI_CODE_POLICY_RESTRICT,
    MEISHI_CODE_POLICY_KEY,
    MEISHI_CODE_APP_NOT_GRANTED,
    MEISHI_CODE_REFUSED_BEFORE,
    MEISHI_CODE_TLS12_CLEAR,
    MEISHI_N_CODES,
} MeishiCode;

/* What a code means for an identity. */
typedef enum {
    MEISHI_KIND_OK,
    MEISHI_KIND_INFO,  /* ranking and remarks only */
    MEISHI_KIND_SOFT,  /* never automatic; a person may still choose it */
    MEISHI_KIND_HARD,  /* not selectable by anyone */
    MEISHI_KIND_FINAL, /* ends the request */
    MEISHI_KIND_ERROR, /* the request itself is wrong */
} MeishiKind;

typedef struct {
    const char *name; /* "CA_MISMATCH" */
    guint step;       /* of the pipeline; 18: the decision */
    MeishiKind kind;
    const char *text;   /* a phrase for a person */
    const char *clause; /* the document that says so; NULL: our own */
} MeishiCodeInfo;

const MeishiCodeInfo *meishi_code_info(MeishiCode code);

/* "hard"; static. */
const char *meishi_code_kind_name(MeishiKind kind);
