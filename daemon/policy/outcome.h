/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is learned from how a handshake ended.  RFC 9846 "Certificate-Based Client Authentication":
 * the client cannot be sure whether the server took the certificate, so callers report it later.
 *
 * An outcome has a class, and suspicion is a state that the class moves:
 *
 *              good    strong    weak      local     required
 *   clear      clear   suspect   doubted   clear     suspect
 *   doubted    clear   suspect   suspect   doubted   suspect
 *   suspect    clear   suspect   suspect   suspect   suspect
 */
#pragma once

#include <glib.h>

/* How long an identity stays suspect for a target that said no. */
#define MEISHI_OUTCOME_SUSPECT_SECONDS (G_GINT64_CONSTANT(30) * 86400)

typedef enum {
    MEISHI_OUTCOME_ACCEPTED, /* the first application byte was read */
    MEISHI_OUTCOME_ALERT,
    MEISHI_OUTCOME_CLOSED,      /* the connection ended before the first byte */
    MEISHI_OUTCOME_SIGN_FAILED, /* card pulled, PIN cancelled */
    MEISHI_OUTCOME_APP_REFUSED, /* HTTP 401 or 403 */
} MeishiOutcome;

typedef enum {
    MEISHI_OUTCOME_CLASS_GOOD,
    MEISHI_OUTCOME_CLASS_STRONG,
    MEISHI_OUTCOME_CLASS_WEAK,     /* two in a row count as strong */
    MEISHI_OUTCOME_CLASS_LOCAL,    /* says nothing about the server */
    MEISHI_OUTCOME_CLASS_REQUIRED, /* the server wants a certificate after all */
} MeishiOutcomeClass;

typedef enum {
    MEISHI_SUSPICION_CLEAR,
    MEISHI_SUSPICION_DOUBTED,
    MEISHI_SUSPICION_SUSPECT,
} MeishiSuspicion;

/* What one identity met at one target. */
typedef struct {
    MeishiSuspicion suspicion;
    guint accepted;
    gint64 last_accepted;
    gint64 refused_at; /* 0: never */
    guint8 alert;      /* the last one; 0 where there was none */
} MeishiHistory;

/* @alert counts for ALERT alone; @sent_none: the client had sent an empty list. */
MeishiOutcomeClass meishi_outcome_classify(MeishiOutcome outcome, guint8 alert, gboolean sent_none);

MeishiSuspicion meishi_outcome_next(MeishiSuspicion suspicion, MeishiOutcomeClass class);

void
meishi_outcome_apply(MeishiHistory *history, MeishiOutcomeClass class, guint8 alert, gint64 now);

/* Is the identity suspect for the target at @now? */
gboolean meishi_outcome_is_refused(const MeishiHistory *history, gint64 now);

/* An alert in plain words, static: "the server does not know the certificate's issuer". */
const char *meishi_outcome_alert_text(guint8 alert);
